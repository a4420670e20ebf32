"""The option `--ims-mock-server`: a run uses a world of a server, and leaves nothing behind."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ims_mock import ImsMock, connect
from ims_mock.pytest_shared import IDLE
from ims_mock.state.real import RealTime
from tests.test_pytest_plugin import LEAN, WORKERS, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[ImsMock]:
    """A server whose clock runs, with settings of its own, as somebody may have started it."""
    with ImsMock(speed=60, seed=9, auth="strict") as mock:
        yield mock


WORLD = """
def test_it(ims_mock, request):
    assert "/~" in ims_mock.url
    assert ims_mock.service.settings.auth == "lenient"
    assert (ims_mock.service.store.seed, ims_mock.clock.speed) == (0, 0)
    assert create(ims_mock).status_code == 201
    with open(request.config.rootpath / "seen", "a") as file:
        file.write(ims_mock.url + chr(10))

@pytest.mark.ims_mock(auth="strict", seed=3)
def test_marker(ims_mock):
    assert ims_mock.images == {}
    assert (ims_mock.service.settings.auth, ims_mock.service.store.seed) == ("strict", 3)
"""


def test_run_has_a_world_of_its_own(pytester: pytest.Pytester, server: ImsMock) -> None:
    """Each run has a new world with a readable name and its own settings, which is deleted at the end."""
    for _ in range(2):
        run(pytester, WORLD, f"--ims-mock-server={server.url}").assert_outcomes(passed=2)
    first, second = (pytester.path / "seen").read_text("utf-8").split()
    assert first != second
    for url in (first, second):
        assert re.fullmatch(re.escape(server.url) + "/~test-run-has-a-world-of-[0-9a-f]{8}-main", url)
    assert list(server.worlds) == ["default"]


def test_ini_file_names_the_server(pytester: pytest.Pytester, server: ImsMock) -> None:
    """The ini file can have the URL and settings."""
    pytester.makeini(f"[pytest]\nims_mock_server = {server.url}\nims_mock_seed = 5")
    test = 'def test_it(ims_mock):\n    assert ("/~" in ims_mock.url, ims_mock.service.store.seed) == (True, 5)'
    run(pytester, test).assert_outcomes(passed=1)


def test_workers_have_a_world_each(pytester: pytest.Pytester, server: ImsMock) -> None:
    """The workers of pytest-xdist have worlds of the same run, which do not meet."""
    body = """
@pytest.mark.parametrize("number", range(8))
def test_it(ims_mock, number, worker_id):
    assert ims_mock.url.endswith(worker_id)
    assert [create(ims_mock).status_code, len(ims_mock.images)] == [201, 1]
"""
    [arguments] = WORKERS.values
    assert isinstance(arguments, list)
    run(pytester, body, f"--ims-mock-server={server.url}", *arguments).assert_outcomes(passed=8)
    assert list(server.worlds) == ["default"]


def test_report_shows_the_world(pytester: pytest.Pytester, server: ImsMock) -> None:
    """A failed test has its requests, the URL of its world, and the line that runs it again."""
    body = "def test_it(ims_mock):\n    create(ims_mock, min_disk=39)\n    assert False"
    result = run(pytester, body, f"--ims-mock-server={server.url}", "--ims-mock-bundle=files")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "reason for 400: /min_disk: must be at least 40, got 39 *",
            f"run it again: *--ims-mock-server={server.url}*",
            f"world: {server.url}/~*-main/_ims_mock/",
            "*files*test_it.json*",
        ]
    )


def test_rule_that_never_fired_fails_its_test(pytester: pytest.Pytester, server: ImsMock) -> None:
    """A rule that never fires fails its test, also one that was removed, and one of a mock of the factory."""
    body = """
def test_armed(ims_mock):
    ims_mock.faults.add(Fail(503))

def test_factory(ims_mock_factory):
    with ims_mock_factory(seed=4) as mock:
        assert (create(mock).status_code, mock.service.store.seed) == (201, 4)
        mock.faults.add(Fail(502))
    assert len(mock.journal) == 1
"""
    result = run(pytester, body, f"--ims-mock-server={server.url}", "-p", "no:randomly")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*rules never fired*", "*Fail(status=503)*", "*Fail(status=502)*"])
    assert list(server.worlds) == ["default"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ims-mock-server=http://127.0.0.1:1"], "*--ims-mock-server: no mock responds at http://127.0.0.1:1*"),
        (
            ["--ims-mock-server=http://127.0.0.1:1", "--ims-mock-server-ca=nowhere.pem"],
            "*--ims-mock-server-ca: ca must be the path of a file with a certificate*nowhere.pem*",
        ),
        (["--ims-mock-server="], "*--ims-mock-server: must be the URL of a server, got an empty text; *leave out*"),
        (
            ["--ims-mock-server-ca=nowhere.pem"],
            "*--ims-mock-server-ca: there is no server *give --ims-mock-server too*",
        ),
        (["--ims-mock-server=nowhere"], '*--ims-mock-server: url: must be the root of a server*got "nowhere"'),
        (
            ["--ims-mock-server=http://127.0.0.1:1", "--ims-mock-port=1"],
            "*--ims-mock-port: the server of*its port*",
        ),
    ],
)
def test_wrong_server_is_named(pytester: pytest.Pytester, arguments: list[str], message: str) -> None:
    """A server that cannot be used is reported with the option, and what to do."""
    result = run(pytester, "def test_it(ims_mock):\n    pass", *arguments)
    assert result.ret != 0
    assert re.search(message.replace("(", r"\(").replace("*", ".*"), result.stdout.str() + result.stderr.str())


def test_factory_names_a_server_that_is_not_there(pytester: pytest.Pytester) -> None:
    """Where no server responds, the factory fails its test in one line."""
    body = "def test_it(ims_mock_factory):\n    ims_mock_factory()"
    result = run(pytester, body, "--ims-mock-server=http://127.0.0.1:1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["--ims-mock-server: no mock responds at http://127.0.0.1:1*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_files_of_a_test_are_replaced(pytester: pytest.Pytester, server: ImsMock) -> None:
    """A test with pyfakefs, which has no file of the package, uses the mock all the same."""
    body = """
def test_it(ims_mock, fs):
    before = ims_mock.snapshot()
    ims_mock.faults.add(Fail(503), optional=True)
    ims_mock.add_image(name="web")
    ims_mock.world("b", auth="strict").restore(before)
    assert len(before.compare(ims_mock.snapshot())) == 1
    assert ims_mock.audit() is not None
"""
    pytester.makepyfile("from ims_mock import Fail\n" + body)
    # Not in this process, in which the server has read the files already.
    options = (f"--ims-mock-server={server.url}", "-p", "pyfakefs.pytest_plugin")
    pytester.runpytest_subprocess(*LEAN, *options).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("fixture", "value"),
    [("ims_mock_tls", "True"), ("ims_mock_clock", "object()"), ("ims_mock_listen_address", '("localhost", 0)')],
)
def test_fixtures_of_a_server_are_refused(pytester: pytest.Pytester, server: ImsMock, fixture: str, value: str) -> None:
    """What only a server of the process can have fails at once, with the fixture's name."""
    body = f"""
@pytest.fixture(scope="session")
def {fixture}():
    return {value}

def test_it(ims_mock):
    pass
"""
    result = run(pytester, body, f"--ims-mock-server={server.url}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{fixture}: it is for a server of this process, and --ims-mock-server names*"])


def test_factory_refuses_what_is_of_a_server(pytester: pytest.Pytester, server: ImsMock) -> None:
    """The factory names the argument that only a server of the process can have."""
    body = "def test_it(ims_mock_factory):\n    ims_mock_factory(tls=True)"
    result = run(pytester, body, f"--ims-mock-server={server.url}")
    result.stdout.fnmatch_lines(["*TypeError: tls is for a mock with a server of this process*"])


def test_marker_with_what_is_of_a_server(pytester: pytest.Pytester, server: ImsMock) -> None:
    """A marker with an argument that only a server of the process can have fails its test in one line."""
    body = "@pytest.mark.ims_mock(clock=None)\ndef test_it(ims_mock):\n    pass"
    result = run(pytester, body, f"--ims-mock-server={server.url}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["@pytest.mark.ims_mock: clock is for a mock with a server of this process*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*document_of*")


def test_sweep_is_refused(pytester: pytest.Pytester, server: ImsMock) -> None:
    """A sweep says at once that it needs the mock in the process of the test."""
    body = "@pytest.mark.ims_mock_sweep\ndef test_it(ims_mock):\n    create(ims_mock)"
    result = run(pytester, body, f"--ims-mock-server={server.url}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*@pytest.mark.ims_mock_sweep: sweep needs the mock in the process of the test*"])


def test_world_of_a_crashed_run_expires(server: ImsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A world that a run has left behind is removed by the server after an hour without a request."""
    left = connect(server.url, "left-behind", idle=IDLE)
    assert "left-behind" in server.worlds
    began = RealTime.monotonic()
    monkeypatch.setattr("ims_mock.service.worlds.RealTime.monotonic", lambda: began + IDLE + 1)
    assert "left-behind" not in server.worlds
    left._connection.close()


def test_world_that_is_gone_fails_its_tests(pytester: pytest.Pytester, server: ImsMock) -> None:
    """Where the world of a run was removed, its tests do not go on in another one of the same name."""
    body = """
import requests

def test_one(ims_mock):
    url = ims_mock.url.replace("/~", "/_ims_mock/worlds/")
    assert requests.delete(url).status_code == 204

@pytest.mark.parametrize("number", [1, 2])
def test_next(ims_mock, number):
    pass
"""
    result = run(pytester, body, f"--ims-mock-server={server.url}", "-p", "no:randomly")
    result.assert_outcomes(failed=1, errors=2)
    result.stdout.fnmatch_lines(
        ["*the world test-world-that-is-gone* was deleted, or removed as unused*run the tests*"]
    )
    assert list(server.worlds) == ["default"]


def test_server_that_ends_fails_tests_with_its_name(pytester: pytest.Pytester) -> None:
    """Where the server ends during the run, each test fails with that, and the report is made all the same."""
    with ImsMock() as server:
        body = f"""
import ims_mock.started

def test_one(ims_mock):
    [mock] = [mock for mock in ims_mock_started() if mock.url == "{server.url}"]
    mock.stop()
    create(ims_mock)

def test_two(ims_mock):
    pass

def ims_mock_started():
    return [reference() for reference in ims_mock.started._SERVING.keyrefs()]
"""
        result = run(pytester, body, f"--ims-mock-server={server.url}", "-p", "no:randomly")
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines([f"there is nothing to show: no mock responds at {server.url}*"])


def test_authority_of_the_server(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is seen from where pytest was started, and the line that runs a failed test again names it."""
    pytester.makeini("[pytest]")
    file = pytester.makepyfile("def test_it(ims_mock):\n    assert not ims_mock.add_image(name='x')")
    below = pytester.mkdir("below")
    monkeypatch.chdir(below)
    with ImsMock(tls=True) as server:
        (below / "authority.pem").write_bytes(server.ca_pem)
        options = (f"--ims-mock-server={server.url}", "--ims-mock-server-ca=authority.pem")
        # Not in this process, in which a library of TLS would be imported twice.
        result = pytester.runpytest_subprocess(*LEAN, str(file), *options)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*python -m pytest ../*::test_it *--ims-mock-server-ca=authority.pem*"])
