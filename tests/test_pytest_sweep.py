"""The marker `ims_mock_sweep`, in test files of its users."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from tests.test_pytest_plugin import LEAN, WORKERS

pytestmark = pytest.mark.slow

HEADER = """
import os, pytest, requests, unittest

class BackupError(Exception): pass

def count(mock):
    response = requests.get(f"{mock.url}/v2/images", headers={"X-Auth-Token": mock.token}, timeout=10)
    if response.status_code != 200:
        raise BackupError
    return len(response.json()["images"])

runs = []
sweep = pytest.mark.ims_mock_sweep
"""

BAD = """
@sweep(only=["*: 50[03]*"], pairs=0)
def test_it(ims_mock):
    count(ims_mock)
"""


def run(pytester: pytest.Pytester, body: str, *arguments: str, **options: bool) -> pytest.RunResult:
    """Run pytest on a test file, with no other plugin than this one and those that the arguments name."""
    pytester.makepyfile(HEADER + body)
    return pytester.runpytest_inprocess("-W", "error", "--strict-markers", *LEAN, *arguments, **options)


@pytest.mark.parametrize("arguments", [[], WORKERS])
def test_marked_test_is_run_well_and_under_each_failure(pytester: pytest.Pytester, arguments: list[str]) -> None:
    """Each failure comes once to a test that does not try again; it passes where it survives, or fails as allowed."""
    result = run(
        pytester,
        """
@sweep(allowed=[BackupError], only=["*: 50[03] *", "*: 50[03]"])
@pytest.mark.parametrize("number", [0, 1])
def test_it(ims_mock, number):
    runs.append(number)
    assert count(ims_mock) == 0

def test_runs(ims_mock):
    assert runs in ([0] * 4 + [1] * 4, [0] * 4, [1] * 4, [])
    assert (len(ims_mock.faults), len(ims_mock.journal)) == (0, 0)
""",
        *arguments,
    )
    result.assert_outcomes(passed=3)


def test_failed_sweep_has_the_line_that_repeats_it(pytester: pytest.Pytester) -> None:
    """The table, the marker that does it, the requests of the worst plan, and a line that runs this one alone."""
    result = run(pytester, BAD)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "the work does not survive every failure",
            "3 crash",
            "crash: BackupError:  (test_*.py:8 in count) [[]3 plans[]]",
            "*@pytest.mark.ims_mock(faults=*glance_list_images: 500 x1*",
            "run the first one again: python -m pytest test_*.py::test_it *",
            "*- ims_mock -*",
            "* GET /v2/images -> 500 glance_list_images (rule 1): fault: *",
        ]
    )
    (line,) = set(re.findall(r"(?m)^run it again: python -m pytest (.*)", result.stdout.str()))
    again = pytester.runpytest_inprocess(*LEAN, *shlex.split(line))
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["1 crash", "1 request, 1 plan, 0 saved"])


def test_failed_sweep_shows_the_end_of_what_was_printed(pytester: pytest.Pytester) -> None:
    """The last lines are of the run that is shown, and those of all others would hide the report."""
    printing = BAD.replace(
        "    count(", "    print(*(f'line {number}' for number in range(29)), 'last', sep='\\n')\n    count("
    )
    result = run(pytester, printing)
    result.stdout.fnmatch_lines(["*Captured stdout call*", "... 210 lines before", "line 0", "line 28", "last"])
    assert result.stdout.str().count("line 28") == 1


def test_bundle_has_the_requests_of_the_plan(pytester: pytest.Pytester) -> None:
    """The files of a failed sweep are those of the worst plan."""
    run(pytester, BAD, "--ims-mock-bundle=found").assert_outcomes(failed=1)
    (path,) = pytester.path.glob("found/*-plan.json")
    bundle = json.loads(path.read_text("utf-8"))
    assert [request["status"] for request in bundle["requests"]] == [500]
    assert "--ims-mock-sweep-plan 'glance_list_images: 500 x1'" in bundle["command"]


def test_assertion_of_the_test_is_a_wrong_success(pytester: pytest.Pytester) -> None:
    """What is tested has ended well, and the test says that it did something else."""
    result = run(
        pytester,
        """
def assertion(found):
    assert found == 0

def failure(found):
    found == 0 or pytest.fail("no")

@sweep(only=["*: 503 x1"])
@pytest.mark.parametrize("check", [assertion, failure, lambda found: unittest.TestCase().assertEqual(found, 0)])
def test_it(ims_mock, check):
    try:
        found = count(ims_mock)
    except BackupError:
        found = -1
    check(found)
""",
    )
    result.assert_outcomes(failed=3)
    for text in ("assert -1 == 0", "no", "-1 != 0"):
        result.stdout.fnmatch_lines([f"wrong_success: the test says: {text} (test_*.py:* in*"])


def test_assertion_in_what_is_tested_is_a_crash(pytester: pytest.Pytester) -> None:
    """An assertion of the user's code is an error that is not allowed."""
    pytester.makepyfile(backup="def check(status):\n    assert status == 200")
    result = run(
        pytester,
        """
import backup

@sweep(only=["*: 503 x1"])
def test_it(ims_mock):
    backup.check(requests.get(ims_mock.url + "/v2/images", headers={"X-Auth-Token": ims_mock.token}).status_code)
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["crash: AssertionError* (backup.py:2 in check)"])


def test_assertion_in_code_without_a_file_is_a_crash(pytester: pytest.Pytester) -> None:
    """Code that was made while the test ran is not the test's own file."""
    check = "exec('assert found == 0', {'found': found})"
    result = run(
        pytester,
        f"""
@sweep(only=["*: 503 x1"])
def test_it(ims_mock):
    try:
        found = count(ims_mock)
    except BackupError:
        found = -1
    {check}
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["crash: AssertionError*"])


def test_timeout_of_the_whole_test_ends_the_sweep(pytester: pytest.Pytester) -> None:
    """What pytest-timeout raises is about all runs together, and no verdict on one."""
    pytester.makepyfile(pytest_timeout="import pytest\ndef end(*_): pytest.fail('Timeout')")
    result = run(
        pytester,
        """
import pytest_timeout, signal

@sweep(only=["*: 50*"])
def test_it(ims_mock):
    before = signal.signal(signal.SIGALRM, pytest_timeout.end)
    runs.append(1)
    if len(runs) == 4:
        signal.raise_signal(signal.SIGALRM)
    signal.signal(signal.SIGALRM, before)
    try:
        count(ims_mock)
    except BackupError:
        pass

def test_runs():
    assert len(runs) < 5
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*Failed: Timeout"])


NO_PLAN = """
@sweep(%s)
def test_it(ims_mock):
    count(ims_mock)
"""


def test_marker_that_leaves_no_plan_fails(pytester: pytest.Pytester) -> None:
    """A test of which nothing was tried survives nothing."""
    result = run(pytester, NO_PLAN % "only=['no-such-failure']")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["@pytest.mark.ims_mock_sweep: no plan was run: only and skip leave no failure *"])


def test_option_that_leaves_no_plan_of_a_test_skips_it(pytester: pytest.Pytester) -> None:
    """The option chooses plans of all tests, and not all of them have such."""
    result = run(pytester, NO_PLAN % "", "--ims-mock-sweep-only", "glance_show_image*", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED *: ims_mock_sweep: no plan was run: only and skip leave no failure *"])


def test_test_that_fails_alone_fails_as_ever(pytester: pytest.Pytester) -> None:
    """Without any failure, the traceback is the test's own, and the requests are those of the good run."""
    result = run(pytester, "@sweep\ndef test_it(ims_mock):\n    assert count(ims_mock) == 3")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [">       assert count(ims_mock) == 3", "E       assert 0 == 3", "* GET /v2/images -> 200*"]
    )


def test_skipped_test_is_skipped(pytester: pytest.Pytester) -> None:
    """A test that skips itself has no sweep; under a failure alone it is no clean end."""
    result = run(
        pytester,
        """
@sweep
def test_skips(ims_mock):
    pytest.skip("not here")

@sweep(only=["*: 503 x1"])
def test_skips_under_failure(ims_mock):
    try:
        count(ims_mock)
    except BackupError:
        pytest.skip("is down")
""",
    )
    result.assert_outcomes(skipped=1, failed=1)
    result.stdout.fnmatch_lines(["crash: Skipped: is down*"])


def test_each_run_begins_as_the_first(pytester: pytest.Pytester) -> None:
    """Images of fixtures, files below tmp_path, patches, the environment and the folder are those before the test."""
    result = run(
        pytester,
        """
@pytest.fixture
def image(ims_mock, tmp_path):
    (tmp_path / "own" / "deep").mkdir(parents=True)
    (tmp_path / "own" / "file").write_text("own")
    return ims_mock.add_image(name="own")

@sweep(allowed=[BackupError], only=["*: 503 x1"])
def test_it(ims_mock, image, tmp_path, monkeypatch):
    assert list(ims_mock.images) == [image["id"]]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "file", "own"]
    assert (tmp_path / "own" / "file").read_text() == "own"
    assert not {"SET", "PATCHED"} & os.environ.keys()
    assert os.getcwd() != str(tmp_path)
    assert os.sep == "/"
    (tmp_path / "own" / "file").write_text("changed")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file").write_text("new")
    (tmp_path / "link").symlink_to("own")
    monkeypatch.setattr(os, "sep", "|")
    monkeypatch.setenv("PATCHED", "1")
    os.environ["SET"] = "1"
    os.chdir(tmp_path)
    runs.append(1)
    monkeypatch.undo()
    count(ims_mock)

def test_after():
    assert len(runs) == 3
""",
    )
    result.assert_outcomes(passed=2)


def test_empty_folder_is_there_and_empty(pytester: pytest.Pytester) -> None:
    """A test that fills tmp_path, removes it, or leaves it alone finds it empty each time."""
    result = run(
        pytester,
        """
import shutil

@sweep(only=["*: 503 x1"])
@pytest.mark.parametrize("change", [shutil.rmtree, lambda path: (path / "file").touch(), str])
def test_it(ims_mock, tmp_path, change):
    assert list(tmp_path.iterdir()) == []
    change(tmp_path)
    try:
        count(ims_mock)
    except BackupError:
        pass
""",
    )
    result.assert_outcomes(passed=3)


def test_test_that_hangs_alone_fails(pytester: pytest.Pytester) -> None:
    """A test that waits for days without any failure has no sweep."""
    result = run(pytester, "import time\n@sweep\ndef test_it(ims_mock): time.sleep(1e6)")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["the work fails although no rule was armed: it waited for more than 12000 s"])


def test_patches_of_fixtures_stay(pytester: pytest.Pytester) -> None:
    """What a fixture has patched is so in every run, and is undone at the end."""
    result = run(
        pytester,
        """
@pytest.fixture
def patched(monkeypatch):
    monkeypatch.setenv("OF_A_FIXTURE", "1")

@sweep(allowed=[BackupError], only=["*: 503 x1"])
def test_it(patched, ims_mock, monkeypatch):
    assert os.environ["OF_A_FIXTURE"] == "1"
    count(ims_mock)

def test_after():
    assert "OF_A_FIXTURE" not in os.environ
""",
    )
    result.assert_outcomes(passed=2)


def test_methods_of_unittest(pytester: pytest.Pytester) -> None:
    """A test of unittest has its setUp for each run."""
    result = run(
        pytester,
        """
class TestIt(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def give_mock(self, ims_mock):
        self.mock = ims_mock

    def setUp(self):
        self.found = []

    @sweep(allowed=[BackupError], only=["*: 503 x1"])
    def test_good(self):
        self.found.append(count(self.mock))
        self.assertEqual(self.found, [0])

    @sweep(only=["*: 503 x1"])
    def test_bad(self):
        count(self.mock)
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["crash: BackupError:  (test_*.py:* in count)"])


def test_coroutines(pytester: pytest.Pytester) -> None:
    """A coroutine is swept by whichever plugin runs it."""
    pytester.makeconftest(
        """
import asyncio

def pytest_pyfunc_call(pyfuncitem):
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}))
    return True
"""
    )
    result = run(pytester, BAD.replace("def test", "async def test"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["3 crash"])


WRONG = {
    "(1)": "takes keyword arguments alone, got (1,)",
    "(alowed=[])": "has no setting 'alowed'; the settings are allowed, baseline, only, *",
    "(allowed=ValueError)": "allowed: must be a list of exceptions, such as [[]BackupError], got *",
    "(allowed=['x'])": "allowed: must be a list of exceptions, such as [[]BackupError], got [[]'x']",
    "(budget='1 h')": "budget must be a number of plans, or seconds*",
    "(plan='show_job: 503')": "plan: 'show_job: 503' never fired; the requests of the work are none",
    "(baseline='none.json')": "*none.json*",
}
"""Markers that cannot be, and what is said of them."""


def test_wrong_markers_are_reported(pytester: pytest.Pytester) -> None:
    """A marker that cannot be fails its test, with what is wrong."""
    tests = [f"@sweep{marker}\ndef test_{number}(ims_mock): pass" for number, marker in enumerate(WRONG)]
    result = run(pytester, "\n".join([*tests, "@sweep\ndef test_without(tmp_path): pass"]))
    result.assert_outcomes(failed=len(WRONG) + 1)
    for message in (*WRONG.values(), "the test must have the fixture ims_mock, and has not"):
        result.stdout.fnmatch_lines([f"@pytest.mark.ims_mock_sweep: {message}"])


def test_rules_of_the_other_marker_are_rejected(pytester: pytest.Pytester) -> None:
    """A sweep arms its own rules, and would not see what others do."""
    result = run(pytester, "@sweep\n@pytest.mark.ims_mock(faults=['*: 503'])\ndef test_it(ims_mock): pass")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["@pytest.mark.ims_mock_sweep: a sweep arms its own rules, and *503* is armed*"])


def test_closest_marker_counts_most(pytester: pytest.Pytester) -> None:
    """A class says what is allowed, a test how far it goes."""
    result = run(
        pytester,
        """
@sweep(allowed=[BackupError], only=["nothing"])
class TestIt:
    @sweep(only=["*: 503 x1"])
    def test_it(self, ims_mock):
        runs.append(count(ims_mock))

def test_runs():
    assert len(runs) == 2
""",
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("arguments", "ini", "summary"),
    [
        (["--ims-mock-sweep-only=*: 503 x1"], "", "1 request, 1 plan, *"),
        (["--ims-mock-sweep-only=*: 503 x1", "--ims-mock-sweep-only=*: 500 x1"], "", "1 request, 2 plans, *"),
        (["--ims-mock-sweep-plan=glance_list_images: 502 x1"], "", "1 request, 1 plan, 0 saved"),
        (
            ["--ims-mock-sweep-budget=1"],
            "ims_mock_sweep_budget = 2",
            "1 request, 1 plan, *; the sweep ended at its budget, before*",
        ),
        ([], "ims_mock_sweep_budget = 2", "1 request, 2 plans, *; the sweep ended at its budget, before*"),
        (["--ims-mock-sweep-budget=600s"], "", "1 request, 3 plans, 6 saved"),
    ],
)
def test_options(pytester: pytest.Pytester, arguments: list[str], ini: str, summary: str) -> None:
    """Options count more than markers, and these more than the ini file."""
    pytester.makeini(f"[pytest]\n{ini}\n")
    run(pytester, BAD, *arguments).stdout.fnmatch_lines([summary])


@pytest.mark.parametrize(
    ("arguments", "ini", "message"),
    [
        (["--ims-mock-sweep-budget=0"], "", "*--ims-mock-sweep-...: budget must be a number of plans, or seconds*"),
        (["--ims-mock-sweep-plan=reset"], "", "*--ims-mock-sweep-...: plan must name the operation of each fault*"),
        ([], "ims_mock_sweep_budget = long", "*ini ims_mock_sweep_budget: budget must be a number of plans*"),
    ],
)
def test_wrong_option_is_reported_before_the_tests(
    pytester: pytest.Pytester, arguments: list[str], ini: str, message: str
) -> None:
    """An option that cannot be ends the run before its first test."""
    pytester.makeini(f"[pytest]\n{ini}\n")
    result = run(pytester, BAD, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_known_failures_are_accepted(pytester: pytest.Pytester) -> None:
    """A file of known failures lets a test pass that has no other."""
    result = run(
        pytester,
        """
def test_first(ims_mock, pytestconfig):
    report = ims_mock.sweep(lambda: count(ims_mock), only=["*: 503 x1"])
    assert report.counts()["crash"] == 1
    report.save_baseline("known.json")

@sweep(only=["*: 503 x1"], baseline="known.json")
def test_known(ims_mock):
    count(ims_mock)
""",
    )
    result.assert_outcomes(passed=2)


def test_ctrl_c_shows_what_is_known(pytester: pytest.Pytester) -> None:
    """A run that is interrupted ends with the table of the sweep that was under way."""
    result = run(
        pytester,
        """
@sweep(only=["*: 50[03] *"])
def test_it(ims_mock):
    runs.append(1)
    if len(runs) == 4:
        raise KeyboardInterrupt
    count(ims_mock)
""",
        no_reraise_ctrlc=True,
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        ["*= ims_mock sweep =*", "test_*.py::test_it: the sweep was interrupted; so far:", "1 crash", "*1 plan,*"]
    )


def test_progress_is_shown_while_output_is_captured(pytester: pytest.Pytester) -> None:
    """A long sweep says now and then how far it is."""
    pytester.makeconftest(
        """
import functools, pytest

@pytest.fixture(autouse=True)
def always(monkeypatch):
    import ims_mock.sweep.progress as progress
    monkeypatch.setattr(progress, "Progress", functools.partial(progress.Progress, every=0))
"""
    )
    result = run(pytester, BAD)
    result.stdout.fnmatch_lines(["sweep: 1 plans of at least 3 were run", "sweep: 3 plans were run"])


def test_marker_is_registered(pytester: pytest.Pytester) -> None:
    """`pytest --markers` shows it."""
    result = pytester.runpytest_inprocess(*LEAN, "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.ims_mock_sweep(allowed=(), baseline=None, only=(), *"])
