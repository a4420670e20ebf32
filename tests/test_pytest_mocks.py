"""Mocks that a test makes itself, the port, proxies and markers, in test files of the plugin's users."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.factory import ImsMockFactory
from tests.both_ways import run_both_ways, shared_farm, shared_server, way  # noqa: F401 (fixtures)
from tests.test_pytest_plugin import HEADER, LEAN, run

pytestmark = pytest.mark.slow

PROXY = "http://127.0.0.1:9"


def test_factory_keeps_state_through_a_module(pytester: pytest.Pytester) -> None:
    """A fixture of a module that makes a mock keeps its images, beside the fixture that is cleared."""
    result = run(
        pytester,
        """
@pytest.fixture(scope="module")
def cloud(ims_mock_factory):
    with ims_mock_factory(seed=7, region="cn-east-3") as mock:
        yield mock

def test_first(cloud, ims_mock):
    create(cloud, name="kept")
    assert (len(cloud.images), len(ims_mock.images), cloud.url != ims_mock.url) == (1, 0, True)

def test_second(cloud):
    assert [image["name"] for image in cloud.images.values()] == ["kept"]
    assert cloud.service.settings.seed == 7
""",
    )
    result.assert_outcomes(passed=2)


def test_factory_closes_its_mocks_with_the_session(pytester: pytest.Pytester) -> None:
    """What nobody closes is closed at the end, and the settings of the command line apply to it."""
    result = run(
        pytester,
        """
import json
import re
import socket
made = []

@pytest.fixture(scope="session", autouse=True)
def afterwards():
    yield
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", made[0]))

def test_it(ims_mock_factory):
    mock = ims_mock_factory()
    made.append(int(mock.url.rpartition(":")[2]))
    assert create(mock).status_code == 201
    assert mock.service.settings.seed == 3
""",
        "--ims-mock-seed=3",
    )
    result.assert_outcomes(passed=1)


def test_port(pytester: pytest.Pytester) -> None:
    """The server listens on the port of the command line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = run(pytester, f"def test_it(ims_mock): assert ims_mock.url.endswith(':{port}')", f"--ims-mock-port={port}")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("port", ["70000", "-1", "x"])
def test_wrong_port(pytester: pytest.Pytester, port: str) -> None:
    """A port that cannot be is rejected before the first test."""
    result = run(pytester, "def test_it(): pass", f"--ims-mock-port={port}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--ims-mock-port: must be a whole number from 0 to 65535, got '{port}'*"])


def test_one_port_for_many_workers(pytester: pytest.Pytester) -> None:
    """One port for two workers of pytest-xdist is rejected, with what to do."""
    result = run(pytester, "def test_it(): pass", "--ims-mock-port=8080", "-p", "xdist", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--ims-mock-port: pytest-xdist runs 2 workers*give -n 0*"])


def test_factory_takes_settings_by_name(ims_mock_factory: ImsMockFactory) -> None:
    """What the factory is given without a name is refused, and says what to do."""
    with pytest.raises(TypeError, match=r"settings by name, such as ims_mock_factory\(seed=7\), got 7"):
        ims_mock_factory(7)  # type: ignore[call-arg, arg-type]


@pytest.mark.parametrize("fixtures", ["", "ims_mock_server", "ims_mock_factory"])
def test_marker_without_effect(pytester: pytest.Pytester, fixtures: str) -> None:
    """A marker on a test without the fixture fails it, and says what to do."""
    result = run(pytester, f"@pytest.mark.ims_mock(seed=1)\ndef test_it({fixtures}): pass")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["@pytest.mark.ims_mock has no effect, since the test does not use the fixture*"])


def test_marker_of_a_fixture_asked_for_in_the_test(pytester: pytest.Pytester) -> None:
    """A marker counts where the test asks for the fixture as it runs; that of a module is also for tests without it."""
    result = run(
        pytester,
        """
pytestmark = pytest.mark.ims_mock(region="cn-east-3")

@pytest.mark.ims_mock(seed=1)
def test_it(request):
    assert request.getfixturevalue("ims_mock").service.settings.seed == 1

def test_without(): pass
""",
    )
    result.assert_outcomes(passed=2)


def test_report_of_other_mocks(pytester: pytest.Pytester) -> None:
    """The report of a failed test shows each mock that it entered, also of unittest, and none that it did not use."""
    result = run(
        pytester,
        """
import unittest
from ims_mock import ImsMock

idle = ImsMock().start()

class TestUnit(unittest.TestCase):
    def setUp(self):
        self.mock = ImsMock().start()
        self.addCleanup(self.mock.stop)

    def test_it(self):
        create(self.mock, name="unit", min_disk=1)
        self.fail("no")

def test_second_region(ims_mock):
    with ImsMock(region="cn-east-3") as east:
        create(east, name="east")
        raise AssertionError

def test_end():
    idle.stop()
""",
    )
    result.assert_outcomes(failed=2, passed=1)
    text = result.stdout.str()
    assert text.count("- ims_mock at http://127.0.0.1:") == 2
    assert '> {"name": "unit"' in text
    assert '> {"name": "east"' in text
    section = text.partition("- ims_mock at ")[2].splitlines()
    assert section[1].startswith("reason for 400: /min_disk: must be at least 40, got 1")


def test_report_names_the_proxy(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no request came and a proxy is set, the report says so; the fixture itself keeps its host out of it."""
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    result = run(
        pytester,
        """
from ims_mock import ImsMock

def test_own():
    with ImsMock() as mock:
        with pytest.raises(requests.exceptions.ProxyError):
            create(mock)
        raise AssertionError

def test_fixture(ims_mock):
    assert False
""",
    )
    result.assert_outcomes(failed=2)
    line = "no request came, and HTTP_PROXY is set, to which clients may have sent theirs; put 127.0.0.1 into NO_PROXY"
    assert result.stdout.str().count(line) == 1


def test_fixture_keeps_its_host_out_of_proxies(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of four libraries reach the fixture though a proxy is set; afterwards the environment is as before."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, PROXY)
    monkeypatch.setenv("NO_PROXY", "example.com")
    # urlopen keeps its first opener, with the proxies of that moment, for all tests of the process.
    monkeypatch.setattr("urllib.request._opener", None)
    monkeypatch.delenv("no_proxy", raising=False)
    result = run(
        pytester,
        """
import asyncio, os, urllib.request
import aiohttp, httpx

async def status(url):
    async with aiohttp.ClientSession(trust_env=True) as session, session.get(url) as response:
        return response.status

def test_it(ims_mock):
    url = f"{ims_mock.url}/_ims_mock/health"
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "example.com,127.0.0.1"
    # urlopen() would keep its proxies for the tests after this one.
    opener = urllib.request.build_opener()
    assert opener.open(url).status == requests.get(url).status_code == httpx.get(url).status_code == 200
    assert asyncio.run(status(url)) == 200

def test_after():
    assert (os.environ["NO_PROXY"], os.environ.get("no_proxy")) == ("example.com", None)
""",
    )
    result.assert_outcomes(passed=2)


def test_plugin_can_be_left_out(pytester: pytest.Pytester) -> None:
    """`-p no:ims_mock` leaves every part of the plugin out: fixtures, markers and options."""
    pytester.makepyfile("def test_it(pytestconfig): assert not pytestconfig.pluginmanager.hasplugin('ims_mock.mock')")
    plugins = ["--disable-plugin-autoload", "-p", "no:ims_mock", "-p", "ims_mock.pytest_plugin"]
    for option in ("--fixtures", "--markers", "--help"):
        result = pytester.runpytest_inprocess("-W", "error", *plugins, option)
        assert result.ret == 0
        assert not re.search("ims.mock", result.stdout.str().replace("plugins: ims_mock-", ""))
    # It is asked for twice, also by a conftest.py.
    pytester.makeconftest("pytest_plugins = ['ims_mock.pytest_plugin']")
    pytester.runpytest_inprocess("-W", "error", *plugins).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "order",
    [("@pytest.mark.ims_mock(seed=7)", "@pytest.fixture"), ("@pytest.fixture", "@pytest.mark.ims_mock(seed=7)")],
)
def test_marker_on_a_fixture(pytester: pytest.Pytester, order: tuple[str, str]) -> None:
    """A marker on a fixture, where it would have no effect, is rejected by pytest before any test."""
    body = "\n".join([*order, "def cloud(ims_mock): return ims_mock", "def test_it(cloud): pass"])
    result = run(pytester, body)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*Marks *fixtures*"])


def test_report_of_a_mock_that_the_test_has_dropped(pytester: pytest.Pytester) -> None:
    """A mock that nobody holds any more when the test fails has its section all the same."""
    result = run(
        pytester,
        """
import gc
from ims_mock import ImsMock

def fetch():
    with ImsMock() as mock:
        return create(mock, min_disk=1).status_code

def test_it():
    status = fetch()
    gc.collect()
    assert status == 201
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- ims_mock at http://127.0.0.1:*", "reason for 400: /min_disk: *"])


def test_mock_of_an_earlier_test_is_gone(pytester: pytest.Pytester) -> None:
    """No mock outlives its test, passed or failed, and no report has those of an earlier test."""
    # In this process, pytester itself would keep the traceback of the failure.
    pytester.makepyfile(
        HEADER
        + """
import gc, weakref
from ims_mock import ImsMock
made = []

@pytest.fixture
def mock():
    with ImsMock() as mock:
        yield mock

@pytest.mark.parametrize("number", range(3))
def test_it(mock, number):
    create(mock)
    with ImsMock() as other:
        made.extend(map(weakref.ref, (mock, other)))

@pytest.mark.xfail(raises=ZeroDivisionError)
def test_failed(mock):
    made.append(weakref.ref(mock))
    1 / 0

def test_later():
    import sys
    sys.last_exc = sys.last_value = sys.last_traceback = None
    gc.collect()
    assert [reference() for reference in made] == [None] * 7
"""
    )
    result = pytester.runpytest_subprocess("-W", "error", *LEAN)
    result.assert_outcomes(passed=4, xfailed=1)


def test_report_of_many_mocks_has_the_last(pytester: pytest.Pytester) -> None:
    """A test that starts many mocks one after another shows the last ones, and those that still serve."""
    result = run(
        pytester,
        """
from ims_mock import ImsMock

def test_it(ims_mock_factory):
    create(ims_mock_factory(), name="serves")
    for number in range(30):
        with ImsMock() as mock:
            create(mock, name=f"n{number}")
    assert False
""",
    )
    text = result.stdout.str()
    assert text.count("- ims_mock at http://127.0.0.1:") == 6
    assert re.findall(r'> {"name": "(\w+)"', text) == ["serves", "n25", "n26", "n27", "n28", "n29"]


def test_report_of_a_wider_mock_without_requests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mock of a module or a class is in the report of each test that has it, though no request came to it."""
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    result = run(
        pytester,
        """
import unittest
from ims_mock import ImsMock

@pytest.fixture(scope="module")
def cloud(ims_mock_factory):
    with ims_mock_factory() as mock:
        yield mock

def test_first(cloud): pass
def test_second(cloud): create(cloud)

class TestUnit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mock = ImsMock().start()
        cls.addClassCleanup(cls.mock.stop)

    def test_a(self): pass
    def test_b(self): create(self.mock)
""",
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(passed=2, failed=2)
    text = result.stdout.str()
    assert text.count("no request came, and HTTP_PROXY is set") == text.count("- ims_mock at http://127.0.0.1:") == 2


def test_bundle_of_other_mocks(pytester: pytest.Pytester) -> None:
    """A failed test leaves files of each mock that it used, and the report says where."""
    result = run(
        pytester,
        """
import unittest
from ims_mock import ImsMock

class TestUnit(unittest.TestCase):
    def test_it(self):
        with ImsMock() as one, ImsMock() as two:
            create(one, name="one")
            create(two, name="two")
            self.fail("no")
""",
        "--ims-mock-bundle=failed",
    )
    result.stdout.fnmatch_lines(["*- ims_mock bundle at http://127.0.0.1:*", "*TestUnit-test_it-mock-1.json"])
    files = sorted(pytester.path.joinpath("failed").iterdir())
    assert [file.name.rpartition("test_it-")[2] for file in files] == [
        "mock-1.har",
        "mock-1.json",
        "mock-2.har",
        "mock-2.json",
    ]
    names = [json.loads(file.read_text("utf-8"))["images"][0]["name"] for file in files[1::2]]
    assert names == ["one", "two"]


def test_rule_of_another_mock_that_never_fired(pytester: pytest.Pytester) -> None:
    """A rule of any mock has to fire before the mock is stopped; a test that has another end does not fail for it."""
    result = run(
        pytester,
        """
import unittest
from ims_mock import ImsMock

@pytest.fixture
def cloud(ims_mock_factory):
    with ims_mock_factory() as mock:
        mock.faults.add(Fail(503), name="idle")
        yield mock

@pytest.fixture(scope="class")
def wide(ims_mock_factory):
    with ims_mock_factory() as mock:
        mock.faults.add(Fail(503), name="wide", times=1)
        mock.faults.add(Fail(504), name="optional", optional=True)
        yield mock

def test_own():
    with ImsMock() as mock:
        mock.faults.add(Fail(503), name="own")

class TestUnit(unittest.TestCase):
    def test_unit(self):
        mock = ImsMock().start()
        self.addCleanup(mock.stop)
        mock.faults.add(Fail(503), name="unit")

def test_cloud(cloud): pass
def test_cloud_fires(cloud): assert create(cloud).status_code == 503
def test_skipped(cloud): pytest.skip("no")
def test_failed(cloud): assert False

class TestWide:
    def test_first(self, wide): pass
    def test_second(self, wide): assert create(wide).status_code == 503

class TestWideIdle:
    def test_first(self, wide): pass
    def test_second(self, wide): pass
""",
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(passed=6, failed=3, errors=2, skipped=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_cloud *", "ims_mock at http*: rules never fired:", "*idle: *"]
    )
    result.stdout.fnmatch_lines(["*ERROR at teardown of TestWideIdle.test_second *", "*rules never fired:", "*wide: *"])
    result.stdout.fnmatch_lines(["*test_own *", "ims_mock at http*: rules never fired:", "*own: *"])
    result.stdout.fnmatch_lines(["*test_unit *", "ims_mock at http*: rules never fired:", "*unit: *"])


def test_factory_with_a_clock_ignores_the_time_of_the_project(pytester: pytest.Pytester) -> None:
    """A clock that a call gives replaces the start and the speed of the ini file."""
    result = run(
        pytester,
        """
from ims_mock import ManualClock

def test_it(ims_mock_factory):
    assert ims_mock_factory(clock=ManualClock(start=5.0)).clock.now() == 5.0
""",
        *("-o", "ims_mock_speed=5", "-o", "ims_mock_start=2016-06-02T07:49:48Z"),
    )
    result.assert_outcomes(passed=1)


def test_hosts_that_are_no_names() -> None:
    """A host that is no text is rejected with the name of the argument."""
    hosts: Any = [1]
    with pytest.raises(ValueError, match="allow_hosts must be a list of host names, got"):
        ImsMock(allow_hosts=hosts)


CLASSES = """
import unittest
import pytest

class TestFactory:
    pytestmark = pytest.mark.ims_mock(auth="strict")

    def test_one(self, ims_mock_factory):
        pass

    def test_two(self):
        pass

@pytest.mark.ims_mock(auth="strict")
class Case(unittest.TestCase):
    def test_case(self):
        pass

@pytest.mark.ims_mock(auth="strict")
class TestUsed:
    def test_used(self, ims_mock):
        pass

    def test_other(self):
        pass

@pytest.mark.ims_mock(auth="strict")
class TestAsked:
    def test_asked(self, request):
        request.getfixturevalue("ims_mock")

    def test_other(self):
        pass
"""


def test_marker_above_tests_that_do_not_use_it(pytester: pytest.Pytester) -> None:
    """A marker of a class fails where none of its tests uses the fixture; one test of several may do without."""
    result = run(pytester, CLASSES)
    result.assert_outcomes(passed=5, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*@pytest.mark.ims_mock of TestFactory has no effect: its tests do not use the fixture ims_mock*",
            "*@pytest.mark.ims_mock of Case has no effect: *",
        ]
    )


def test_marker_above_a_part_of_its_tests(pytester: pytest.Pytester) -> None:
    """Where only some tests of a class are run, others may use the fixture."""
    path = pytester.makepyfile(test_classes=CLASSES)
    run(pytester, "", f"{path}::TestFactory::test_one", f"{path}::TestUsed::test_other").assert_outcomes(passed=2)
    run(pytester, CLASSES, "-k", "test_other").assert_outcomes(passed=4, deselected=10)


def test_plugin_by_the_name_of_the_package(pytester: pytest.Pytester) -> None:
    """`-p ims_mock` loads the plugin where pytest loads none by itself."""
    pytester.makepyfile("def test_it(ims_mock): assert ims_mock.url")
    result = pytester.runpytest_subprocess("-W", "error", "--disable-plugin-autoload", "-p", "ims_mock")
    result.assert_outcomes(passed=1)


HERE_ALONE = {
    "test_port": "a port is of a server of the process",
    "test_factory_closes_its_mocks_with_the_session": "it looks at the port of a server of the process",
    "test_factory_with_a_clock_ignores_the_time_of_the_project": "a clock is an object of the process",
    "test_plugin_can_be_left_out": "without the plugin there is no option",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test in both ways."""
    run_both_ways(metafunc, HERE_ALONE)
