"""What the plugin checks and shows of the worlds and regions of a mock, in both ways."""

from __future__ import annotations

import pytest

from ims_mock import ImsMock
from ims_mock.remote.pool import Pool
from tests.both_ways import run_both_ways, shared_farm, shared_server, way  # noqa: F401 (fixtures)
from tests.test_pytest_plugin import run

OWN = "the test has a server of its own"
HERE_ALONE = {"test_dead_server_fails_no_other": OWN, "test_other_tests_send_nothing": OWN}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests that run pytest in both ways."""
    run_both_ways(metafunc, HERE_ALONE)


def test_unfired_rules_of_worlds(pytester: pytest.Pytester) -> None:
    """A rule that never fired fails its test in a world, also of a mock of the factory, and the error names it."""
    body = """
def test_world(ims_mock):
    ims_mock.world("b").faults.add(Fail(503), times=1)

def test_factory(ims_mock_factory):
    with ims_mock_factory() as mock:
        mock.world("c").faults.add(Fail(500))
"""
    result = run(pytester, body, "-p", "no:randomly")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["world b: rules never fired:", "ims_mock at *, world c: rules never fired:"])


def test_unfired_rules_of_regions(pytester: pytest.Pytester) -> None:
    """A rule that never fired fails its test in a region, also of a further world, and the error names both."""
    body = """
@pytest.mark.ims_mock(regions=["cn-north-4", "cn-south-1"])
def test_region(ims_mock):
    ims_mock.region("cn-south-1").faults.add(Fail(502))

def test_region_of_a_world(ims_mock):
    world = ims_mock.world("b", regions=["cn-north-4", "cn-south-1"])
    world.region("cn-south-1").faults.add(Fail(504))
"""
    result = run(pytester, body, "-p", "no:randomly")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["region cn-south-1: rules never fired:", "world b, region cn-south-1: rules never fired:"]
    )


def test_fired_rules_of_worlds_pass(pytester: pytest.Pytester) -> None:
    """A rule that fired passes, and so do those of a world that is locked, which another test has armed."""
    body = """
def test_world(ims_mock):
    world = ims_mock.world("b")
    world.faults.add(Fail(503), times=1)
    assert create(world).status_code == 503

def test_armed(ims_mock):
    ims_mock.world("kept", locked=True).faults.add(Fail(503), name="kept")
    raise AssertionError

def test_next(ims_mock):
    assert len(ims_mock.world("kept").faults) == 1

def test_last(ims_mock):
    ims_mock.delete_world("kept")
"""
    run(pytester, body, "-p", "no:randomly").assert_outcomes(passed=3, failed=1)


def test_rule_of_a_setting_fires_in_one_region(pytester: pytest.Pytester) -> None:
    """A rule of the setting `faults`, which each region has, is to fire in one of them."""
    body = """
pytestmark = pytest.mark.ims_mock(regions=["cn-north-4", "cn-south-1"], faults=["glance_create_image_metadata: 503 x1"])

def test_fires(ims_mock):
    assert create(ims_mock.region("cn-south-1")).status_code == 503

def test_never(ims_mock):
    assert len(ims_mock.region("cn-south-1").faults) == 1
"""
    result = run(pytester, body, "-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=1)
    assert result.stdout.str().count("rules never fired") == 1


def test_report_shows_worlds_and_regions(pytester: pytest.Pytester) -> None:
    """The report of a failed test has the requests of worlds and regions that it used, and their files."""
    body = """
@pytest.mark.ims_mock(regions=["cn-north-4", "cn-south-1"])
def test_it(ims_mock):
    ims_mock.world("unused")
    create(ims_mock.world("b"), min_disk=39)
    create(ims_mock.region("cn-south-1"), min_disk=38)
    raise AssertionError

def test_factory(ims_mock_factory):
    with ims_mock_factory() as mock:
        create(mock.world("c"), min_disk=37)
        raise AssertionError
"""
    result = run(pytester, body, "-p", "no:randomly", "--ims-mock-bundle=files")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*- ims_mock -*",
            "*- ims_mock region cn-south-1 -*",
            "reason for 400: /min_disk: must be at least 40, got 38 *",
            "*- ims_mock world b -*",
            "reason for 400: /min_disk: must be at least 40, got 39 *",
            "*- ims_mock at *",
            "*- ims_mock at *c -*",
            "reason for 400: /min_disk: must be at least 40, got 37 *",
        ]
    )
    assert "- ims_mock world unused -" not in result.stdout.str()
    files = {
        path.name.removeprefix("test_report_shows_worlds_and_regions.py-") for path in pytester.path.glob("files/*")
    }
    assert {"test_it.json", "test_it-world-b.har", "test_it-region-cn-south-1.json"} <= files
    assert {"test_factory-mock-1.json", "test_factory-mock-1-world-c.json"} <= files


STOPPED = """
from ims_mock import started

def test_one(ims_mock, ims_mock_factory):
    ims_mock_factory()
    [server] = [found() for found in started._SERVING.keyrefs() if found().url == "URL"]
    server.stop()
    raise AssertionError

def test_two(tmp_path):
    pass

def test_three():
    raise AssertionError("of itself")
"""


def test_dead_server_fails_no_other(pytester: pytest.Pytester) -> None:
    """A test without the mock passes, or fails for its own reason, where the server has ended."""
    with ImsMock() as server:
        body = STOPPED.replace("URL", server.url)
        result = run(pytester, body, f"--ims-mock-server={server.url}", "-p", "no:randomly")
    result.assert_outcomes(failed=2, passed=1)
    assert result.stdout.str().count("there is nothing to show: no mock responds") == 2  # Both of the first test.


COUNTED = """
from ims_mock.remote.pool import Pool

sent = []

def test_first(ims_mock, ims_mock_factory):
    ims_mock_factory()
    plain = Pool.request
    Pool.request = lambda *given: (sent.append(given), plain(*given))[1]

def test_second():
    assert sent
    sent.clear()

def test_third():
    assert sent == []
"""


def test_other_tests_send_nothing(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test without the mock costs the server no request."""
    monkeypatch.setattr(Pool, "request", Pool.request)  # What the run replaces is put back.
    with ImsMock() as server:
        result = run(pytester, COUNTED, f"--ims-mock-server={server.url}", "-p", "no:randomly")
    result.assert_outcomes(passed=3)
