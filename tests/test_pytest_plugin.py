"""The plugin, in test files of its users."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEADER = """
import pytest, requests
from ims_mock import Fail

def create(mock, **attributes):
    return requests.post(f"{mock.url}/v2/images", json=attributes, headers={"X-Auth-Token": mock.token})
"""


def run(pytester: pytest.Pytester, body: str, *arguments: str) -> pytest.RunResult:
    """Run pytest on a test file in a process of its own, where the installed plugin is found by its entry point."""
    pytester.makepyfile(HEADER + body)
    # Schemathesis, where it is installed, takes each run a second to load.
    return pytester.runpytest_subprocess("-W", "error", "--strict-markers", "-p", "no:schemathesis", *arguments)


def test_fixture_serves(pytester: pytest.Pytester) -> None:
    """A test has a mock under a URL, and sees what was created."""
    result = run(
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


@pytest.mark.parametrize("arguments", [[], ["-p", "no:randomly"], ["-n", "2"]])
def test_each_test_begins_clean(pytester: pytest.Pytester, arguments: list[str]) -> None:
    """Images, faults and journal of one test are not in the next, in any order and on any worker."""
    result = run(
        pytester,
        """
@pytest.mark.parametrize("number", range(6))
def test_it(ims_mock, number):
    assert (ims_mock.images, len(ims_mock.faults), len(ims_mock.journal)) == ({}, 0, 0)
    create(ims_mock)
    ims_mock.faults.add(Fail(503))
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
        "-p",
        "no:xdist",
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
    assert len(ims_mock.images) == 20
    headers = {"X-Auth-Token": ims_mock.token, "Content-Type": "application/octet-stream"}
    file = ims_mock.url + ims_mock.add_image(name="a")["file"]
    assert requests.put(file, data=b"1234", headers=headers).status_code == 413

def test_module(ims_mock):
    assert len(ims_mock.images) == 0
    image = create(ims_mock).json()
    assert len(image["owner"]) == 32
    assert image["id"] != ids["closest"]
""",
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("sed=1", "*ims_mock has no setting 'sed'; there are seed, start,*"),
        ("seed=None", "*seed must be an integer or a string, got None*"),
        ("1", "*@pytest.mark.ims_mock takes keyword arguments alone, got (1,)*"),
    ],
)
def test_wrong_marker_is_told(pytester: pytest.Pytester, marker: str, message: str) -> None:
    """A marker that cannot be is an error of the test that has it."""
    result = run(pytester, f"@pytest.mark.ims_mock({marker})\ndef test_it(ims_mock): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


def test_marker_is_registered(pytester: pytest.Pytester) -> None:
    """`pytest --markers` shows it."""
    pytester.runpytest_subprocess("--markers", "-p", "no:schemathesis").stdout.fnmatch_lines(
        ["@pytest.mark.ims_mock(seed=0, *"]
    )


def test_failing_test_shows_its_requests(pytester: pytest.Pytester) -> None:
    """The report of a failed test has its requests, with answers and reasons; that of a passed one has none."""
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
        *("-p", "no:randomly", "-p", "no:xdist"),
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*- ims_mock -*", "seed 0, clock *, 1 requests", "*> *its-own*"])


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
    """A test run that does not use the mock imports nothing of it but the plugin."""
    pytester.makepyfile(
        """
import sys

def test_it():
    heavy = {"flask", "werkzeug", "jsonschema", "ims_mock.mock", "ims_mock.contract"}
    assert heavy & sys.modules.keys() == set()
"""
    )
    code = "import sys, pytest; sys.exit(pytest.main(['-p', 'no:schemathesis', '-p', 'no:requests_mock', '-q']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
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
    assert os.environ["OS_AUTH_URL"] == ims_mock.url + "/v3"
    assert os.environ["HUAWEICLOUD_SDK_IAM_ENDPOINT"] == ims_mock.url
    assert os.environ["HUAWEICLOUD_SDK_REGION_IMS_CN_NORTH_4"] == ims_mock.url
    assert os.environ["OS_CLIENT_CONFIG_FILE"] == str(tmp_path / "clouds.yaml")
    assert ims_mock_env["OS_USERNAME"] == os.environ["OS_USERNAME"] == "demo"

def test_outside():
    assert os.environ["OS_CLOUD"] == "mine"
    assert "OS_AUTH_URL" not in os.environ
    assert "HUAWEICLOUD_SDK_AK" not in os.environ
""",
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("arguments", [["-p", "no:xdist"], ["-n", "2"]])
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


@pytest.mark.parametrize("arguments", [["-p", "no:xdist"], ["-n", "2"]])
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
