"""The plugin, in test files of its users."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from ims_mock import ImsMock
from tests.both_ways import run_both_ways, shared_farm, shared_server, way  # noqa: F401 (fixtures)

pytestmark = pytest.mark.slow

# What a run inside a test imports is dropped at its end, and half of requests is worse than none: the whole stays.
assert requests

LEAN = ("--disable-plugin-autoload", "-p", "ims_mock.pytest_plugin")
"""What has a run load this plugin alone: all that is installed takes seconds."""

WORKERS = pytest.param(["-p", "xdist", "-n", "2"], marks=pytest.mark.slow)
"""What has a run spread its tests over two workers."""

HEADER = """
import pytest, requests
from ims_mock import Delay, Fail

def create(mock, **attributes):
    return requests.post(f"{mock.url}/v2/images", json=attributes, headers={"X-Auth-Token": mock.token})
"""


def run(pytester: pytest.Pytester, body: str, *arguments: str) -> pytest.RunResult:
    """Run pytest on a test file, with no other plugin than this one and those that the arguments name."""
    pytester.makepyfile(HEADER + body)
    return pytester.runpytest_inprocess("-W", "error", "--strict-markers", *LEAN, *arguments)


def run_installed(pytester: pytest.Pytester, body: str, *arguments: str) -> pytest.RunResult:
    """Run pytest as a user does: every plugin that is installed is found by its entry point."""
    pytester.makepyfile(HEADER + body)
    return pytester.runpytest_subprocess("-W", "error", "--strict-markers", *arguments)


def test_fixture_serves(pytester: pytest.Pytester) -> None:
    """A test has a mock under a URL, and sees what was created."""
    result = run_installed(
        pytester,
        """
def test_it(ims_mock):
    image_id = create(ims_mock, name="a").json()["id"]
    assert ims_mock.images[image_id]["name"] == "a"
    assert [entry.status for entry in ims_mock.journal.calls("glance_create_image_metadata")] == [201]
    ims_mock.clock.advance(5)
    rule = ims_mock.faults.add(Fail(503), operation="glance_create_image_metadata", times=2)
    assert [create(ims_mock).status_code for _ in range(3)] == [503, 503, 201]
    assert rule.hits == 2
    ims_mock.reset()
    assert ims_mock.images == {}
""",
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("arguments", [["-p", "randomly"], [], WORKERS])
def test_each_test_begins_clean(pytester: pytest.Pytester, arguments: list[str]) -> None:
    """Images, faults and journal of one test are not in the next, in any order and on any worker."""
    result = run(
        pytester,
        """
@pytest.mark.parametrize("number", range(6))
def test_it(ims_mock, number):
    assert (ims_mock.images, len(ims_mock.faults), len(ims_mock.journal)) == ({}, 0, 0)
    create(ims_mock)
    ims_mock.faults.add(Fail(503), optional=True)
""",
        *arguments,
    )
    result.assert_outcomes(passed=6)


def test_server_is_the_sessions(pytester: pytest.Pytester) -> None:
    """Both fixtures are one mock, the same for every test."""
    result = run(
        pytester,
        """
urls = set()

@pytest.mark.parametrize("number", range(3))
def test_it(ims_mock, ims_mock_server, number):
    assert ims_mock is ims_mock_server
    urls.add(ims_mock.url)
    assert len(urls) == 1
""",
    )
    result.assert_outcomes(passed=3)


def test_marker_sets_settings(pytester: pytest.Pytester) -> None:
    """Markers set every setting; the closest to the test counts most."""
    result = run(
        pytester,
        """
pytestmark = pytest.mark.ims_mock(seed=1, start="2016-06-02T07:49:48Z")
ids = {}

@pytest.mark.ims_mock(seed=2, auth="strict", token="t", project_id="p")
def test_closest(ims_mock):
    image = create(ims_mock).json()
    assert (image["created_at"], image["owner"], ims_mock.token) == ("2016-06-02T07:49:48Z", "p", "t")
    assert requests.get(f"{ims_mock.url}/v2/images", headers={"X-Auth-Token": "other"}).status_code == 401
    ids["closest"] = image["id"]

@pytest.mark.ims_mock(public_images=True, max_image_size=3)
def test_images(ims_mock):
    assert len(ims_mock.images) == 42
    headers = {"X-Auth-Token": ims_mock.token, "Content-Type": "application/octet-stream"}
    file = ims_mock.url + ims_mock.add_image(name="a")["file"]
    assert requests.put(file, data=b"1234", headers=headers).status_code == 413

def test_module(ims_mock):
    assert len(ims_mock.images) == 0
    image = create(ims_mock).json()
    assert len(image["owner"]) == 32
    assert image["id"] != ids["closest"]
""",
    )
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("sed=1", "*ims_mock has no setting 'sed'; the settings are seed, start,*"),
        ("seed=None", "*seed must be of type integer or string, got null*"),
        ("1", "*@pytest.mark.ims_mock: takes keyword arguments alone, got (1,)*"),
    ],
)
def test_wrong_marker_is_reported(pytester: pytest.Pytester, marker: str, message: str) -> None:
    """A marker that cannot be is an error of the test that has it."""
    result = run(pytester, f"@pytest.mark.ims_mock({marker})\ndef test_it(ims_mock): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


def test_marker_is_registered(pytester: pytest.Pytester) -> None:
    """`pytest --markers` shows it."""
    pytester.runpytest_inprocess(*LEAN, "--markers").stdout.fnmatch_lines(["@pytest.mark.ims_mock(seed=0, *"])


def test_failing_test_shows_its_requests(pytester: pytest.Pytester) -> None:
    """The report of a failed test has its requests, with responses and reasons; that of a passed one has none."""
    result = run(
        pytester,
        """
def test_bad(ims_mock):
    create(ims_mock, name="good")
    assert create(ims_mock, min_disk=1).status_code == 201

def test_good(ims_mock):
    create(ims_mock, name="passed")
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- ims_mock -*",
            "seed 0, clock *, 2 requests",
            "* POST /v2/images -> 201 glance_create_image_metadata",
            '    > {"name": "good"}',
            '    < {"name":"good",*',
            "* POST /v2/images -> 400 glance_create_image_metadata: /min_disk: must be at least 40, got 1 *",
            '    > {"min_disk": 1}',
            '    < {"error":{"code":"IMG.0055",*',
        ]
    )
    assert "passed" not in result.stdout.str().partition("- ims_mock -")[2].partition("short test summary")[0]


def test_failing_test_of_the_server_shows_its_own_requests(pytester: pytest.Pytester) -> None:
    """A test that uses the session's server alone has the section too, with no request of the tests before it."""
    result = run(
        pytester,
        """
def test_before(ims_mock_server):
    create(ims_mock_server, name="before")

def test_bad(ims_mock_server):
    assert create(ims_mock_server, name="its-own").status_code == 200
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*- ims_mock -*", "seed 0, clock *, 1 request", "*> *its-own*"])


def test_failing_fixture_shows_its_requests(pytester: pytest.Pytester) -> None:
    """A fixture of the user's that fails in its set-up has the section too."""
    result = run(
        pytester,
        """
@pytest.fixture
def image(ims_mock):
    return create(ims_mock, name=" ").json()["id"]

def test_it(image): pass
""",
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*- ims_mock -*", "* -> 400 glance_create_image_metadata: /name: must be letters*"])


def test_loading_costs_nothing(pytester: pytest.Pytester) -> None:
    """A test run that does not use the mock imports nothing of it but the plugin, and reads one file."""
    pytester.makepyfile(
        """
import sys

def test_it():
    heavy = {"flask", "werkzeug", "jsonschema", "ims_mock.mock", "ims_mock.contract.operations"}
    assert heavy & sys.modules.keys() == set()
    assert sys.modules["ims_mock.contract.schema_files"]._text.cache_info().currsize == 1
"""
    )
    done = subprocess.run([sys.executable, "-m", "pytest", *LEAN, "-q"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_env_points_clients_at_the_mock(pytester: pytest.Pytester) -> None:
    """`ims_mock_env` sets what each client reads for the test, nothing else, and restores what was there before."""
    result = run(
        pytester,
        """
import os

os.environ["OS_CLOUD"] = "mine"

def test_inside(ims_mock, ims_mock_env, tmp_path):
    assert "OS_CLOUD" not in os.environ
    assert os.environ["OS_AUTH_URL"] == ims_mock.url + "/identity"
    assert os.environ["HUAWEICLOUD_SDK_IAM_ENDPOINT"] == ims_mock.url
    assert os.environ["HUAWEICLOUD_SDK_REGION_IMS_CN_NORTH_4"] == ims_mock.url
    assert os.environ["OS_CLIENT_CONFIG_FILE"] == str(tmp_path / "clouds.yaml")
    assert ims_mock_env["OS_USERNAME"] == os.environ["OS_USERNAME"] == "demo"

def test_outside():
    assert os.environ["OS_CLOUD"] == "mine"
    assert "OS_AUTH_URL" not in os.environ
    assert "HUAWEICLOUD_SDK_AK" not in os.environ
""",
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("arguments", [[], WORKERS])
def test_policy_of_a_run(pytester: pytest.Pytester, arguments: list[str]) -> None:
    """`--ims-mock-policy` prints what all tests together have needed, of every worker."""
    result = run(
        pytester,
        """
def test_create(ims_mock):
    create(ims_mock)

def test_list(ims_mock):
    requests.get(f"{ims_mock.url}/v2/images", headers={"X-Auth-Token": "t"})
""",
        "--ims-mock-policy",
        *arguments,
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*= ims_mock policy =*", '*"ims:images:create",', '*"ims:images:list"'])


def test_passwords_are_in_no_report(pytester: pytest.Pytester) -> None:
    """The report of a failed test shows a log-in without its password, and no token."""
    result = run(
        pytester,
        """
def test_bad(ims_mock):
    user = {"name": "demo", "password": "secret", "domain": {"name": "Default"}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    token = requests.post(f"{ims_mock.url}/v3/auth/tokens", json=body).headers["X-Subject-Token"]
    ims_mock.tokens = token
    requests.get(f"{ims_mock.url}/v2/images", headers={"X-Auth-Token": token})
    raise AssertionError("failed")
""",
    )
    result.assert_outcomes(failed=1)
    report = result.stdout.str().partition("- ims_mock -")[2]
    assert '"name": "demo", "password": "***"' in report
    assert "secret" not in report


@pytest.mark.parametrize("arguments", [[], WORKERS])
def test_policy_has_what_fixtures_need_and_what_was_before_a_reset(
    pytester: pytest.Pytester, arguments: list[str]
) -> None:
    """The policy is of every request of the run, in a test or around it."""
    result = run(
        pytester,
        """
@pytest.fixture
def image(ims_mock):
    image = create(ims_mock).json()
    yield image
    requests.delete(f"{ims_mock.url}/v2/images/{image['id']}", headers={"X-Auth-Token": "t"})

def test_image(image):
    pass

def test_reset(ims_mock):
    requests.get(f"{ims_mock.url}/v2/images", headers={"X-Auth-Token": "t"})
    ims_mock.reset(auth="strict")
""",
        "--ims-mock-policy",
        *arguments,
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(['*"ims:images:create",', '*"ims:images:delete",', '*"ims:images:list"'])


def test_secret_keys_are_in_no_report(pytester: pytest.Pytester) -> None:
    """pytest shows the arguments and variables of a failed test; what the mock gives out shows no secret there."""
    result = run(
        pytester,
        """
def test_bad(ims_mock, ims_mock_env):
    temporary = ims_mock.new_temporary_credentials()
    assert temporary["secret"] == "", ims_mock_env["HUAWEICLOUD_SDK_SK"][:4]
""",
        "--showlocals",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ims_mock_env*'HUAWEICLOUD_SDK_SK': [*][*][*]*", "*'security_token': [*][*][*]*"])
    assert "demo-sk" not in result.stdout.str()


def test_env_keeps_hosts_without_a_proxy(pytester: pytest.Pytester) -> None:
    """Hosts that had no proxy have none."""
    result = run(
        pytester,
        """
import os

def test_it(monkeypatch, request):
    monkeypatch.setenv("NO_PROXY", ".corp")
    request.getfixturevalue("ims_mock_env")
    assert os.environ["NO_PROXY"] == ".corp,127.0.0.1"
""",
    )
    result.assert_outcomes(passed=1)


# Rules that have never fired.

NEVER = "rules never fired:"


@pytest.mark.parametrize("arguments", [[], WORKERS])
def test_rule_that_never_fired_fails_its_test(pytester: pytest.Pytester, arguments: list[str]) -> None:
    """A test that passes, and whose fault has never fired, fails in its call with the rule and what to do."""
    result = run(
        pytester,
        """
def test_idle(ims_mock):
    ims_mock.faults.add(Fail(503), operation="glance_list_images", times=2, name="busy")

@pytest.mark.ims_mock(faults=["glance_*: 503 x2"])
def test_idle_of_the_marker(ims_mock):
    pass

def test_fired(ims_mock):
    ims_mock.faults.add(Fail(503))
    assert create(ims_mock).status_code == 503

def test_optional(ims_mock):
    ims_mock.faults.add(Fail(503), optional=True)

def test_added_over_http(ims_mock):
    requests.post(ims_mock.url + "/_ims_mock/faults", json="reset")
""",
        *arguments,
    )
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines_random(
        [
            NEVER,
            "    busy: Fail(status=503), operation='glance_list_images', times=2; 0 hits",
            "    1: Fail(status=503), operation='glance_[*]', times=2; 0 hits",
            "    1: Reset(); 0 hits",
            "set optional=True where that is expected",
        ]
    )
    assert "During handling" not in result.stdout.str()


def test_rule_fails_no_test_that_has_another_end(pytester: pytest.Pytester) -> None:
    """A test that has failed fails for its own reason, once; one that is skipped is skipped."""
    result = run(
        pytester,
        """
@pytest.fixture
def held(ims_mock):
    with ims_mock.faults.add(Fail(503)):
        yield

def test_failed(ims_mock):
    ims_mock.faults.add(Fail(503))
    raise AssertionError("its own")

def test_failed_with_a_rule_that_a_fixture_holds(held):
    raise AssertionError("its own")

def test_skipped(ims_mock):
    ims_mock.faults.add(Fail(503))
    pytest.skip("not here")

@pytest.fixture
def broken(ims_mock):
    ims_mock.faults.add(Fail(503))
    raise AssertionError("its own")

def test_error(broken):
    pass
""",
    )
    result.assert_outcomes(failed=2, skipped=1, errors=1)
    assert NEVER not in result.stdout.str()


def test_rule_that_a_fixture_holds_fails_once(pytester: pytest.Pytester) -> None:
    """A rule that has not fired when a test ends fails it in its call, and not once more when the fixture ends."""
    result = run(
        pytester,
        """
@pytest.fixture
def held(ims_mock):
    with ims_mock.faults.add(Fail(503)):
        yield

def test_it(held):
    pass
""",
    )
    result.assert_outcomes(failed=1)


def test_rule_of_another_test_fails_none(pytester: pytest.Pytester) -> None:
    """Where tests share the session's server, each is responsible for the rules that it has armed itself."""
    result = run(
        pytester,
        """
def test_first(ims_mock_server):
    ims_mock_server.faults.add(Fail(503), operation="glance_list_images")

def test_second(ims_mock_server):
    assert len(ims_mock_server.faults) == 1
""",
    )
    result.assert_outcomes(failed=1, passed=1)


def test_mock_that_is_asked_for_late_is_looked_at_too(pytester: pytest.Pytester) -> None:
    """A test that takes the fixture while it runs has the report, and is responsible for its rules."""
    result = run(
        pytester,
        """
def test_it(request):
    request.getfixturevalue("ims_mock").faults.add(Fail(503))
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([NEVER, "*- ims_mock -*"])


# The report.


def test_report_has_everything(pytester: pytest.Pytester) -> None:
    """A failed test's report has seed, clock, rules with hits, requests with reasons, and the line to run it again."""
    result = run(
        pytester,
        """
@pytest.mark.ims_mock(seed=5, start="2016-06-02T07:49:48Z", faults=["glance_create_*: 503 x1"])
def test_it(ims_mock):
    ims_mock.faults.add(Delay(3), operation="glance_create_*")
    assert [create(ims_mock).status_code for _ in range(2)] == [201, 201]
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- ims_mock -*",
            "seed 5, clock 2016-06-02T07:49:51Z, 2 requests",
            "rule 1: Fail(status=503), operation='glance_create_[*]', times=1; 1 hits",
            "rule 2: Delay(seconds=3), operation='glance_create_[*]'; 1 hits",
            "2016-06-02T07:49:48Z POST /v2/images -> 503 * (rule 1): fault: Fail(status=503)",
            "2016-06-02T07:49:48Z POST /v2/images -> 201 glance_create_image_metadata (rule 2)",
            "run it again: python -m pytest test_report_has_everything.py::test_it --ims-mock-seed=5 "
            "--ims-mock-start=1464853788.0*",
        ]
    )


def test_report_of_a_journal_that_was_cleared(pytester: pytest.Pytester) -> None:
    """A test that clears the journal of a server that others have used has its own requests in its report."""
    result = run(
        pytester,
        """
def test_before(ims_mock_server):
    for _ in range(5):
        create(ims_mock_server)

def test_it(ims_mock_server):
    ims_mock_server.journal.clear()
    assert create(ims_mock_server, name="its-own").status_code == 200
""",
    )
    result.stdout.fnmatch_lines(["seed 0, clock *, 1 request", "*> *its-own*"])


def test_marker_sets_faults_delays_and_the_journals_size(pytester: pytest.Pytester) -> None:
    """The marker arms rules, slows uploads down, and says how many requests are remembered."""
    result = run(
        pytester,
        """
@pytest.mark.ims_mock(faults=["glance_*: 503 x2", Delay(1)], delays={"queued": 5, "saving": 60}, journal_size=5)
def test_it(ims_mock):
    assert [create(ims_mock).status_code for _ in range(3)] == [503, 503, 201]
    (image_id,) = ims_mock.images
    headers = {"X-Auth-Token": ims_mock.token, "Content-Type": "application/octet-stream"}
    requests.put(f"{ims_mock.url}/v2/images/{image_id}/file", b"1", headers=headers)
    seen = []
    for seconds in (0, 5, 60):
        ims_mock.clock.advance(seconds)
        seen.append(ims_mock.images[image_id]["status"])
    assert seen == ["queued", "saving", "active"]
    for _ in range(9):
        create(ims_mock)
    assert (len(ims_mock.journal), ims_mock.journal.received) == (5, 13)
""",
    )
    result.assert_outcomes(passed=1)


def test_marker_and_ini_file_explain(pytester: pytest.Pytester) -> None:
    """The marker, and the ini file, put the reasons of rejections into the bodies."""
    pytester.makeini("[pytest]\nims_mock_explain = true")
    result = run(
        pytester,
        """
def test_ini(ims_mock):
    assert "(ims_mock: " in create(ims_mock, min_disk=-1).text

@pytest.mark.ims_mock(explain=False)
def test_marker(ims_mock):
    assert "(ims_mock: " not in create(ims_mock, min_disk=-1).text
""",
    )
    result.assert_outcomes(passed=2)


# Running it again.

AGAIN = """
@pytest.fixture
def image(ims_mock):
    return create(ims_mock, name="of the fixture").json()

class TestThem:
    @pytest.mark.parametrize("name", ["it's $HOME"])
    def test_it(self, ims_mock, image, name):
        ims_mock.faults.add(Fail(503), probability=0.5, optional=True)
        responses = [create(ims_mock, name=name) for _ in range(8)]
        assert False, [image["id"], image["created_at"], *(response.text for response in responses)]
"""


def report_of(result: pytest.RunResult) -> tuple[str, list[str]]:
    """Return the line that runs a failed test again, and what else its report says of the mock."""
    report = result.stdout.str().partition("- ims_mock -")[2].splitlines()
    number = next(number for number, line in enumerate(report) if line.startswith("run it again: "))
    return report[number].removeprefix("run it again: "), report[1:number]


def run_again(line: str, folder: Path) -> tuple[str, list[str]]:
    """Run the line of a report as a shell would, in a folder, and return the report of that run."""
    python, *arguments = shlex.split(line)
    assert python == "python"
    command = [sys.executable, *arguments, *LEAN, "-p", "randomly", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "1 failed" in done.stdout, done.stdout + done.stderr
    return report_of(pytest.RunResult(1, done.stdout.splitlines(), [], 0))


@pytest.mark.parametrize("options", [[], ["--ims-mock-seed=elsewhere", "--ims-mock-start=2020-02-29T12:00:00.250Z"]])
def test_line_of_the_report_runs_the_same_again(pytester: pytest.Pytester, options: list[str]) -> None:
    """The line gives the same ids, times, chances and requests, though the start was the real time."""
    result = run(pytester, AGAIN, "-p", "randomly", *options)
    result.assert_outcomes(failed=1)
    line, entries = report_of(result)
    again, entries_again = run_again(line, pytester.path)
    assert entries_again == entries
    assert again == line
    assert len([entry for entry in entries if "POST" in entry]) == 9


def test_line_of_the_report_runs_from_where_pytest_was_started(pytester: pytest.Pytester) -> None:
    """In a folder below pytest's root, the line names the file as it is seen from there."""
    folder = pytester.mkdir("inner")
    pytester.makeini("[pytest]")
    (folder / "test_inner.py").write_text(HEADER + AGAIN, "utf-8")
    again, entries = run_again("python -m pytest test_inner.py", folder)
    assert shlex.split(again)[3:5] == ["test_inner.py::TestThem::test_it[it's $HOME]", "--ims-mock-seed=0"]
    assert run_again(again, folder) == (again, entries)


def test_line_of_the_report_is_of_the_tests_beginning(pytester: pytest.Pytester) -> None:
    """A state that a test goes back to has a seed of its own, which the test does not begin with."""
    result = run(
        pytester,
        """
from ims_mock import ImsMock

def test_it(ims_mock):
    create(ims_mock)
    with ImsMock(seed="of the state") as other:
        ims_mock.restore(other.snapshot())
    raise AssertionError("failed")
""",
        "--ims-mock-seed=mine",
    )
    assert report_of(result)[0].partition(" --ims-mock-start")[0].endswith(" --ims-mock-seed=mine")


def test_options_hold_for_resets_too(pytester: pytest.Pytester) -> None:
    """What a test resets itself, and the session's server, begin where the options say."""
    result = run(
        pytester,
        """
def test_server(ims_mock_server):
    assert (ims_mock_server.service.store.seed, ims_mock_server.clock.now()) == (7, 1.5)

def test_reset(ims_mock):
    first = create(ims_mock).json()
    ims_mock.reset()
    assert create(ims_mock).json() == first
    assert (ims_mock.service.store.seed, first["created_at"]) == (7, "1970-01-01T00:00:01Z")

@pytest.mark.ims_mock(seed=8)
def test_marker(ims_mock):
    assert (ims_mock.service.store.seed, ims_mock.clock.now()) == (8, 1.5)
""",
        *("--ims-mock-seed=7", "--ims-mock-start=1.5"),
    )
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--ims-mock-start=yesterday", "*--ims-mock-start must be seconds since 1970 or text like '2016-*"),
        ("--ims-mock-start=nan", "*--ims-mock-start must be seconds since 1970 or text like*"),
    ],
)
def test_wrong_option_is_reported_before_the_tests(pytester: pytest.Pytester, option: str, message: str) -> None:
    """An option that cannot be ends the run before its first test."""
    result = run(pytester, "def test_it(): pass", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_seed_that_looks_like_a_fraction_is_text(pytester: pytest.Pytester) -> None:
    """A seed is an integer or a text, and any text is one."""
    result = run(
        pytester,
        "def test_it(ims_mock): assert ims_mock.service.store.seed == '1e3'",
        "--ims-mock-seed=1e3",
    )
    result.assert_outcomes(passed=1)


# The ini file, and fixtures that are overridden.


def test_ini_file_sets_what_no_marker_does(pytester: pytest.Pytester) -> None:
    """A setting of a whole project stands in its ini file; an option and a marker count more."""
    (pytester.mkdir("tests") / "accounts.json").write_text('{"users": [{"name": "ci", "roles": {"demo": ["member"]}}]}')
    pytester.makeini(
        """
[pytest]
ims_mock_auth = strict
ims_mock_seed = 7
ims_mock_public_images = yes
ims_mock_delays = queued=5,saving=60
ims_mock_accounts = tests/accounts.json
ims_mock_faults =
    glance_list_images: 503 x1
    glance_list_images: 429 x1
"""
    )
    result = run(
        pytester,
        """
def statuses(mock, token):
    headers = {"X-Auth-Token": token}
    return [requests.get(f"{mock.url}/v2/images", headers=headers).status_code for _ in range(3)]

def test_ini(ims_mock):
    assert statuses(ims_mock, "other") == [503, 429, 401]
    settings = ims_mock.service.settings
    assert (settings.seed, settings.delays, len(ims_mock.images)) == (8, {"queued": 5, "saving": 60}, 42)
    assert ims_mock.new_token("ci")

@pytest.mark.ims_mock(auth="off", faults=[], seed=9)
def test_marker(ims_mock):
    assert statuses(ims_mock, "other") == [200, 200, 200]
    assert ims_mock.service.settings.seed == 9
""",
        "--ims-mock-seed=8",
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("options", [[], WORKERS])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ims_mock_aut", "*ims_mock has no setting 'aut'; the settings are seed,*; did you mean \"auth\"[?]"),
        ("ims_mock_xyz", "*ims_mock has no setting 'xyz'; the settings are seed,*"),
    ],
)
def test_unknown_name_in_the_ini_file(pytester: pytest.Pytester, options: list[str], name: str, message: str) -> None:
    """A line of the ini file that names no setting ends the run before its first test."""
    pytester.makeini(f"[pytest]\n{name} = strict\n")
    pytester.makepyfile("def test_it(): print('has run')")
    result = pytester.runpytest_subprocess("-s", *LEAN, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*has run*")


def test_ini_option_of_a_project_may_have_such_a_name(pytester: pytest.Pytester) -> None:
    """A name that a conftest.py has added is nobody's slip."""
    pytester.makeini("[pytest]\nims_mock_bucket = images\n")
    pytester.makeconftest("def pytest_addoption(parser): parser.addini('ims_mock_bucket', 'ours')")
    run(pytester, "def test_it(): pass").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ims_mock_auth = none", '*ims_mock_auth: must be "off" or "lenient" or "strict", got "none"'),
        ("ims_mock_start = noon", '*ims_mock_start must be seconds since 1970 or text like *, got "noon"'),
        ("ims_mock_faults = nonsense", "*ims_mock_faults/0: must be a status such as 503*"),
    ],
)
def test_wrong_line_of_the_ini_file_is_reported_first(pytester: pytest.Pytester, line: str, message: str) -> None:
    """A line that cannot be ends the run before its first test."""
    pytester.makeini(f"[pytest]\n{line}\n")
    result = run(pytester, "def test_it(): pass", "-p", "no:xdist")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_address_tls_and_clock_can_be_overridden(pytester: pytest.Pytester) -> None:
    """A project gives the session's server another address, HTTPS, and a clock, by fixtures of its own."""
    result = run(
        pytester,
        """
from ims_mock import SystemClock

@pytest.fixture(scope="session")
def ims_mock_listen_address():
    return "localhost", 0

@pytest.fixture(scope="session")
def ims_mock_tls():
    return True

@pytest.fixture(scope="session")
def ims_mock_clock():
    return SystemClock()

@pytest.mark.parametrize("number", range(2))
def test_it(ims_mock, tmp_path, number):
    assert ims_mock.url.startswith("https://localhost:")
    (tmp_path / "ca.pem").write_bytes(ims_mock.ca_pem)
    assert requests.get(ims_mock.url, verify=str(tmp_path / "ca.pem")).status_code == 300
    assert isinstance(ims_mock.clock, SystemClock)
""",
    )
    result.assert_outcomes(passed=2)


CLOCK = """
from ims_mock import ManualClock

@pytest.fixture(scope="session")
def ims_mock_clock():
    return ManualClock(1000.0)
"""


def test_clock_of_a_project_is_set_back_for_each_test(pytester: pytest.Pytester) -> None:
    """Each test begins at the time of the clock that the fixture returns, whatever the one before has done."""
    test = """
@pytest.mark.parametrize("number", range(2))
def test_it(ims_mock, number):
    assert ims_mock.clock.now() == 1000
    ims_mock.clock.advance(5)
    ims_mock.clock.run(2)
"""
    run(pytester, CLOCK + test).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (
            '@pytest.mark.ims_mock(faults=["nonsense"])',
            "@pytest.mark.ims_mock: faults/0: must be a status such as 503*",
        ),
        ("@pytest.mark.ims_mock(auth=5)", "@pytest.mark.ims_mock: auth must be *, got 5"),
        (
            f"{CLOCK}\n@pytest.mark.ims_mock(start=5)",
            "@pytest.mark.ims_mock: start must be left out: the time is that of the clock that was given",
        ),
        ('@pytest.mark.ims_mock("strict")', "@pytest.mark.ims_mock: takes keyword arguments alone, got ('strict',)"),
    ],
)
def test_wrong_marker_is_said_in_a_line(pytester: pytest.Pytester, test: str, message: str) -> None:
    """A marker that cannot be is an error of its test, without a traceback."""
    result = run(pytester, f"{test}\ndef test_it(ims_mock): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*ims_mock/pytest_*.py:*")
    result.stdout.no_fnmatch_line("*another exception*")


@pytest.mark.parametrize("arguments", ["auth=5", '"strict"'])
def test_report_of_a_wrong_marker_has_nothing_of_the_test_before(pytester: pytest.Pytester, arguments: str) -> None:
    """The report is of the mock as the test would have found it, not as the test before has left it."""
    first = "@pytest.mark.ims_mock(seed=7)\ndef test_first(ims_mock): pass\n"
    wrong = f"@pytest.mark.ims_mock({arguments})\ndef test_wrong(ims_mock_server, ims_mock): pass\n"
    result = run(pytester, first + wrong, "-p", "no:randomly")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["seed 0, clock *"])


@pytest.mark.parametrize(
    ("fixture", "value"),
    [
        ("clock", '"x"'),
        ("clock", "5"),
        ("clock", "type"),
        ("listen_address", "None"),
        ("listen_address", '"x"'),
        ("listen_address", "(1,)"),
        ("listen_address", '("", 0)'),
        ("listen_address", '("127.0.0.1", 70000)'),
        ("tls", "None"),
        ("tls", '"cert.pem"'),
    ],
)
def test_wrong_fixture_is_named(pytester: pytest.Pytester, fixture: str, value: str) -> None:
    """A fixture that returns what the mock cannot take is named in a line, with what it must be."""
    code = f"@pytest.fixture(scope='session')\ndef ims_mock_{fixture}(): return {value}\ndef test_it(ims_mock): pass\n"
    result = run(pytester, code)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"ims_mock_{fixture}: *must be *, got *"])
    result.stdout.no_fnmatch_line("*ims_mock/pytest_*.py:*")


def test_port_that_is_taken_names_the_fixture(pytester: pytest.Pytester, ims_mock: ImsMock) -> None:
    """An address that the mock cannot have is an error in a line, which names the fixture."""
    address = f"('127.0.0.1', {ims_mock.url.rpartition(':')[2]})"
    code = f"@pytest.fixture(scope='session')\ndef ims_mock_listen_address(): return {address}\n"
    result = run(pytester, f"{code}def test_it(ims_mock): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"ims_mock_listen_address {address}: *already in use*"])


@pytest.mark.parametrize("options", [["--ims-mock-start=5"], ["-o", "ims_mock_speed=2"]])
def test_time_of_a_project_with_its_own_clock(pytester: pytest.Pytester, options: list[str]) -> None:
    """Options of time and a clock of the project's own exclude each other."""
    result = run(pytester, f"{CLOCK}\ndef test_it(ims_mock): pass\n", *options)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["ims_mock_clock: * must be left out: the time is that of the clock that was given"])


def test_line_of_the_report_with_a_clock_of_the_project(pytester: pytest.Pytester) -> None:
    """The line that runs a test again leaves out the time where the clock is the project's."""
    result = run(pytester, f"{CLOCK}\ndef test_it(ims_mock): assert 0\n")
    result.stdout.fnmatch_lines(["run it again: python -m pytest *::test_it --ims-mock-seed=0"])


# The bundle.


@pytest.mark.parametrize("arguments", [[], WORKERS])
def test_bundle_of_each_failed_test(pytester: pytest.Pytester, arguments: list[str]) -> None:
    """`--ims-mock-bundle` writes two files that parse for each test that has failed, and says where they are."""
    result = run(
        pytester,
        """
@pytest.mark.parametrize("name", ["a", "b"])
def test_bad(ims_mock, name):
    create(ims_mock, name=name)
    raise AssertionError("failed with " + name)

def test_good(ims_mock):
    create(ims_mock)
""",
        *("--ims-mock-bundle", "out/bundles", *arguments),
    )
    result.assert_outcomes(passed=1, failed=2)
    folder = pytester.path / "out" / "bundles"
    written: dict[str, Any] = {file.name: json.loads(file.read_text("utf-8")) for file in folder.iterdir()}
    names = [f"test_bundle_of_each_failed_test.py-test_bad[{name}]" for name in "ab"]
    assert sorted(written) == [f"{name}{end}" for name in names for end in (".har", ".json")]
    for name, letter in zip(names, "ab", strict=True):
        assert [entry["request_body"] for entry in written[name + ".json"]["requests"]] == [f'{{"name": "{letter}"}}']
        assert f"failed with {letter}" in written[name + ".json"]["error"]
        assert len(written[name + ".har"]["log"]["entries"]) == 1
    result.stdout.fnmatch_lines(["*- ims_mock bundle -*", "*out/bundles/*test_bad*.json"])


def test_bundle_of_a_test_that_fails_twice(pytester: pytest.Pytester) -> None:
    """What fails in a fixture's end does not take the place of what has failed in the test."""
    result = run(
        pytester,
        """
@pytest.fixture
def broken(ims_mock):
    yield
    raise AssertionError("at the end")

def test_it(broken):
    raise AssertionError("in the test")
""",
        "--ims-mock-bundle=out",
    )
    result.assert_outcomes(failed=1, errors=1)
    errors = {file.name: json.loads(file.read_text("utf-8"))["error"] for file in Path("out").glob("*.json")}
    assert len(errors) == 2
    for name, error in errors.items():
        assert ("at the end" if "teardown" in name else "in the test") in error


def test_bundle_that_cannot_be_written(pytester: pytest.Pytester) -> None:
    """A folder that is none is named in the report, and the run goes on."""
    pytester.makefile("", file="")
    result = run(
        pytester, "def test_bad(ims_mock): assert False\ndef test_good(): pass", "--ims-mock-bundle=file/inner"
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["could not be written: *"])


PATCHED = {
    "imports": "monkeypatch.setattr(sys, 'path', []); monkeypatch.setattr(sys, 'meta_path', [])",
    "open": "monkeypatch.setattr(io, 'open', broken)",
    "os": "monkeypatch.setattr(os, 'mkdir', broken); monkeypatch.setattr(os, 'open', broken)",
    "cwd": "(tmp_path / 'other').mkdir(); monkeypatch.chdir(tmp_path / 'other')",
}


@pytest.mark.parametrize("what", PATCHED)
def test_report_of_a_test_that_has_patched_the_world(pytester: pytest.Pytester, what: str) -> None:
    """A failed test has its report and its bundle, whatever it has put in the place of files, imports or the folder."""
    test = f"""
import io, os, sys
def broken(*_, **__): raise RuntimeError("patched")
def test_it(ims_mock, monkeypatch, tmp_path):
    create(ims_mock, name="a")
    {PATCHED[what]}
    assert 0
"""
    pytester.makepyfile(HEADER + test)
    result = pytester.runpytest_subprocess("-W", "error", *LEAN, "--ims-mock-bundle=kept")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["* -> 201 glance_create_image_metadata", "run it again: *", "*kept*.json"])
    assert len(list((pytester.path / "kept").iterdir())) == 2


def test_secrets_are_in_no_bundle(pytester: pytest.Pytester) -> None:
    """Neither of the files has a token, a password or a key that a test has sent."""
    result = run(
        pytester,
        """
def test_bad(ims_mock):
    user = {"name": "demo", "password": "hunter2", "domain": {"name": "Default"}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    requests.post(f"{ims_mock.url}/v3/auth/tokens", json=body)
    requests.get(f"{ims_mock.url}/v2/images", headers={"X-Auth-Token": "very" + "secret"}, cookies={"a": "c" + "rumb"})
    ims_mock.new_temporary_credentials()
    pytest.fail("failed", pytrace=False)
""",
        "--ims-mock-bundle=out",
    )
    result.assert_outcomes(failed=1)
    written = "".join(file.read_text("utf-8") for file in Path("out").iterdir())
    assert "X-Auth-Token" in written
    assert re.findall("hunter2|verysecret|crumb|demo-sk", written) == []


HERE_ALONE = {
    "test_wrong_fixture_is_named": "the fixtures are for a server of the process",
    "test_address_tls_and_clock_can_be_overridden": "the fixtures are for a server of the process",
    "test_port_that_is_taken_names_the_fixture": "a port is of a server of the process",
    "test_clock_of_a_project_is_set_back_for_each_test": "a clock is an object of the process",
    "test_time_of_a_project_with_its_own_clock": "a clock is an object of the process",
    "test_line_of_the_report_with_a_clock_of_the_project": "a clock is an object of the process",
    "test_wrong_marker_is_said_in_a_line": "one of its projects has a clock of its own",
}
"""The tests that run in one way alone, with the reason."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test in both ways."""
    run_both_ways(metafunc, HERE_ALONE)
