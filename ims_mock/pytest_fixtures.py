"""The fixtures `ims_mock_server` and `ims_mock`, with their options, settings and reports.

https://docs.pytest.org/en/stable/how-to/writing_plugins.html
"""

from __future__ import annotations

import os
import shlex
import warnings
from collections.abc import Generator, Iterator
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from ims_mock.pytest_markers import failed
from ims_mock.pytest_policy import note_needed
from ims_mock.pytest_reports import bundles, shown_parts
from ims_mock.pytest_shared import address_of_report, own_world, server_url

if TYPE_CHECKING:
    from ims_mock.faults.rules import Rule
    from ims_mock.mock import ImsMock
    from ims_mock.mock_world import MockWorld
    from ims_mock.started import Marks
    from ims_mock.state.clock import Clock
    from ims_mock.web.tls import Tls

_OPTIONS = ("seed", "start")
"""The settings that have an option too: what the line of a report sets that runs a failed test again."""

_SERVER = pytest.StashKey["ImsMock"]()
_CLOCK = pytest.StashKey["tuple[float, float] | None"]()
"""Where the clock is a fixture's: the time and the speed with which each test begins, if it can be moved."""

_BEGAN = pytest.StashKey["Marks"]()
"""Of a test, the moments of the journals at which it began."""

_RULES = pytest.StashKey["list[Rule]"]()
"""Of a test, the rules that were armed before it."""

_IS_USED = pytest.StashKey[bool]()
"""Of a test, whether it has the fixture `ims_mock`, however it came to it."""

_SEED = pytest.StashKey["int | str"]()
"""Of a test, the seed with which it began."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command line, those of the conformance suite too, and an ini option for each setting."""
    from ims_mock.conformance.options import add_options

    add_options(parser)
    group = parser.getgroup("ims_mock")
    settings = _schemas()
    for name in _OPTIONS:
        description = settings[name]["description"].replace("%", "%%")
        group.addoption(f"--ims-mock-{name}", metavar=name.upper(), help=f"{description}, where no marker says it")
    for name, schema in settings.items():
        kind: Any = "linelist" if schema["type"] == "array" else "string"
        parser.addini(f"ims_mock_{name}", f"of every test whose marker does not say it: {schema['description']}", kind)
    group.addoption(
        "--ims-mock-bundle",
        metavar="DIR",
        help="write the journal and all else of each failed test to a file of this folder, and an HTTP archive to one",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, so that --strict-markers knows it."""
    _check_options(config)
    keywords = ", ".join(f"{name}={schema['default']!r}" for name, schema in _schemas().items())
    config.addinivalue_line("markers", f"ims_mock({keywords}): settings of the ims_mock fixture for one test.")
    if config.getoption("ims_endpoint") is not None:
        from ims_mock.conformance.plugin import register

        register(config)


@cache
def _schemas() -> dict[str, Any]:
    """Return the schema of each setting; what can be set is read without the modules that need it."""
    from ims_mock.contract import schema_files

    properties: dict[str, Any] = schema_files.read("settings.json")["properties"]
    return properties


def _check_options(config: pytest.Config) -> None:
    """Refuse a wrong option before the first test; where there is none, nothing is imported."""
    for place, given in (("ims_mock_", _ini_texts(config)), ("--ims-mock-", _option_texts(config))):
        if given:
            from ims_mock.service.settings import Settings

            try:
                Settings(**_values(config, given))
            except ValueError as error:
                raise pytest.UsageError(f"{place}{error}") from None


def _ini_texts(config: pytest.Config) -> dict[str, Any]:
    """Return the settings that the ini file gives to every test: texts, and lists of lines."""
    given = {name: config.getini(f"ims_mock_{name}") for name in _schemas()}
    return {name: text for name, text in given.items() if text}


def _option_texts(config: pytest.Config) -> dict[str, Any]:
    """Return the settings that the command line gives to every test."""
    given = {name: config.getoption(f"ims_mock_{name}") for name in _OPTIONS}
    return {name: text for name, text in given.items() if text is not None}


def settings_of(config: pytest.Config) -> dict[str, Any]:
    """Return the settings that the ini file and the command line give to every mock of the session."""
    return _values(config, {**_ini_texts(config), **_option_texts(config)})


def _values(config: pytest.Config, given: dict[str, Any]) -> dict[str, Any]:
    """Return the values that texts stand for; a file is seen from the folder of the ini file."""
    from ims_mock.service.settings import read_lines

    return read_lines(given, config.inipath.parent if config.inipath else config.rootpath)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Refuse a line of the ini file that is named like a setting, and that no plugin and no conftest.py has added."""
    config = session.config
    with warnings.catch_warnings():
        # Newer versions of pytest warn of it; where there is none, what stays is pytest's own warning.
        warnings.simplefilter("ignore")
        given = list(getattr(config, "inicfg", ()))
    unknown = [name for name in given if name.startswith("ims_mock_") and not _is_known(config, name)]
    if unknown and not hasattr(config, "workerinput"):
        from ims_mock.service.settings import Settings

        try:
            Settings(**{name.removeprefix("ims_mock_"): None for name in unknown})
        except ValueError as error:
            raise pytest.UsageError(f"{unknown[0]}: {error}") from None


def _is_known(config: pytest.Config, name: str) -> bool:
    """Return whether somebody has added an ini option."""
    try:
        config.getini(name)
    except ValueError:
        return False
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember where in the journals of the session's server a test begins that uses it, and what was armed before."""
    server, names = item.session.stash.get(_SERVER, None), getattr(item, "fixturenames", ())
    if server is not None and "ims_mock_server" in names:
        try:
            # The fixture ims_mock does this again after its reset.
            parts: dict[str, MockWorld] = {"": server} if "ims_mock" in names else server._parts()
            _begin(item, server, parts, parts)
        except ConnectionError as error:
            raise failed(str(error)) from None


def _begin(item: pytest.Item, mock: ImsMock, parts: dict[str, MockWorld], armed: dict[str, MockWorld]) -> None:
    """Remember the moments of the journals of some parts, and the rules of those that are not the test's own."""
    from ims_mock.started import marks

    began: Marks = marks(parts)
    rules: list[Rule] = [rule for part in armed.values() for rule in part.faults]
    item.stash[_BEGAN], item.stash[_RULES] = began, rules
    item.stash[_SEED] = mock.service.store.seed


@pytest.fixture(scope="session")
def ims_mock_listen_address(request: pytest.FixtureRequest) -> tuple[str, int]:
    """The host and the port of the session's server. Override it to change them; port 0 takes a free port."""
    return "127.0.0.1", request.config.getoption("ims_mock_port")


@pytest.fixture(scope="session")
def ims_mock_tls() -> bool | Tls:
    """What `ImsMock(tls=...)` takes. Override it with True to serve HTTPS; clients then trust `ims_mock.ca_pem`."""
    return False


@pytest.fixture(scope="session")
def ims_mock_clock() -> Clock | None:
    """What `ImsMock(clock=...)` takes. Override it with another clock, such as SystemClock().

    A clock that can be moved is set back for each test.
    """
    return None


@pytest.fixture(scope="session")
def ims_mock_server(
    request: pytest.FixtureRequest,
    ims_mock_listen_address: tuple[str, int],
    ims_mock_tls: bool | Tls,
    ims_mock_clock: Clock | None,
) -> Iterator[ImsMock]:
    """An IMS for the whole session, on a free port of this machine; `ims_mock` is the same, cleared for each test."""
    # The report of a failed test is made while what the test has patched is still in place.
    import ims_mock.testing.report  # noqa: F401
    from ims_mock.state.clock import ManualClock

    config, stash = request.config, request.session.stash
    settings = settings_of(config)
    if server_url(config):
        changed = {} if ims_mock_listen_address == ("127.0.0.1", 0) else {"ims_mock_listen_address": True}
        fixtures = {**changed, "ims_mock_tls": ims_mock_tls, "ims_mock_clock": ims_mock_clock}
        mock: ImsMock = own_world(config, fixtures, settings)
    else:
        mock = _new_server(ims_mock_listen_address, tls=ims_mock_tls, clock=ims_mock_clock, **settings)
    with mock:
        stash[_SERVER] = mock
        if ims_mock_clock is not None:
            is_movable = isinstance(mock.clock, ManualClock)
            stash[_CLOCK] = (mock.clock.unfrozen(), mock.clock.speed) if is_movable else None
        yield mock
        with suppress(ConnectionError):  # A server in another process may have ended.
            note_needed(config, mock.service.permissions.ever_needed)


_FIXTURES = {"host": "ims_mock_listen_address", "port": "ims_mock_listen_address", "tls": "ims_mock_tls"}
"""The fixtures that bring arguments of ImsMock; the others are of ims_mock_clock, or are in conflict with it."""


def _new_server(address: Any, **options: Any) -> ImsMock:
    """Return a mock that serves; fail, naming the fixture, where it cannot."""
    from ims_mock.contract.problems import InvalidError
    from ims_mock.mock import ImsMock

    if not isinstance(address, tuple) or len(address) != 2:
        text = f"must be a host and a port, such as ('127.0.0.1', 0), got {address!r}"
        raise failed(f"ims_mock_listen_address: {text}")
    try:
        return ImsMock(host=address[0], port=address[1], **options).start()
    except InvalidError as error:
        raise failed(f"{_FIXTURES.get(str(error.problems[0].path[0]), 'ims_mock_clock')}: {error}") from None
    except ImportError as error:
        raise failed(f"ims_mock_tls: {error}") from None
    except (OSError, ValueError) as error:
        raise failed(f"ims_mock_listen_address {address!r}: {error}") from None


@pytest.fixture
def ims_mock(request: pytest.FixtureRequest, ims_mock_server: ImsMock, monkeypatch: pytest.MonkeyPatch) -> ImsMock:
    """An IMS without images, faults or journal, with the settings of the test's `ims_mock` markers.

    Its `url` and `token` are for the program under test, its `images`, `faults`, `journal` and `clock` for the test.
    """
    began = request.session.stash.get(_CLOCK, None)
    if began is not None:
        ims_mock_server.clock.begin_again(*began)
    try:
        ims_mock_server.reset(**_settings(request.node))
    except ConnectionError as error:
        raise failed(str(error)) from None
    except (TypeError, ValueError) as error:  # The former for what only a server of this process can be given.
        ims_mock_server.reset()  # So that the report of wrong settings has nothing of the test before.
        raise failed(f"@pytest.mark.ims_mock: {error}") from None
    from ims_mock.testing.proxies import variables_without_proxy

    for name, value in variables_without_proxy(ims_mock_server.url).items():
        monkeypatch.setenv(name, value)
    request.node.stash[_IS_USED] = True
    others = ims_mock_server._others()  # They are locked, and not reset.
    _begin(request.node, ims_mock_server, {"": ims_mock_server, **others}, others)
    return ims_mock_server


def _settings(node: pytest.Item) -> dict[str, Any]:
    """Return the settings of a test's markers, the closest to the test counting most; raise ValueError for others."""
    settings: dict[str, Any] = {}
    for marker in node.iter_markers("ims_mock"):
        if marker.args:
            raise ValueError(f"takes keyword arguments alone, got {marker.args!r}")
        settings = {**marker.kwargs, **settings}
    return settings


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test, when it has otherwise passed, that has a rule that never fired."""
    mock = mock_of(item)
    if mock is None:
        return
    from ims_mock.unfired_rules import check_unfired, unfired

    before: list[Rule] = item.stash.get(_RULES, [])
    try:
        check_unfired(unfired(mock, before))
    except (AssertionError, ConnectionError) as error:
        raise failed(str(error)) from None


@pytest.hookimpl(hookwrapper=True)  # The older form, which every pytest since 7.0 takes.
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show what a failed test has asked of the mock, and how to run the same again."""
    outcome = yield
    report = outcome.get_result()
    mock = mock_of(item)
    if report.failed and mock is not None:
        from ims_mock.testing.proxies import no_request
        from ims_mock.testing.report import describe

        try:
            command, parts = command_of(item), shown_parts(mock, item.stash.get(_BEGAN, {}))
            for name, (part, began) in parts.items():
                text = describe(part.service, began, "" if name else command, "" if name else no_request(mock.url))
                text += "" if name else address_of_report(item.config, mock)
                report.sections.append((f"ims_mock {name}".strip(), text))
            report.sections += bundles(item.config, report, parts, command)
            for part, _ in parts.values():
                for rule in part.faults:
                    # One that a fixture still holds as a context manager is not to fail the test again at its end.
                    rule.optional = True
        except ConnectionError as error:
            report.sections.append(("ims_mock", f"there is nothing to show: {error}"))


def server_of(item: pytest.Item) -> ImsMock | None:
    """Return the session's mock, where there is one."""
    return item.session.stash.get(_SERVER, None)


def has_mock(item: pytest.Item) -> bool:
    """Return whether a test has the fixture `ims_mock`, however it came to it."""
    return item.stash.get(_IS_USED, False)


def mock_of(item: pytest.Item) -> ImsMock | None:
    """Return the session's mock, where a test has to do with it, also where it asked while it ran."""
    mock = server_of(item)
    names = getattr(item, "fixturenames", ())
    has_asked = mock is not None and ("ims_mock_server" in names or has_mock(item))
    return mock if has_asked else None


def command_of(item: pytest.Item) -> str:
    """Return the line that runs a test again as it ran, ids, times and chances included.

    The seed is that of the test's beginning: a state that it has gone back to has brought its own. The start is that of
    the last reset, since what the test resets itself begins there again; a clock with a start would not follow a time
    that the test freezes.
    """
    store = item.session.stash[_SERVER].service.store
    options = [f"--ims-mock-seed={item.stash.get(_SEED, store.seed)}"]
    has_start = _CLOCK not in item.session.stash and not getattr(store.clock, "has_followed", False)
    options += [f"--ims-mock-start={store.started_at!r}"] if has_start else []
    server = item.config.getoption("ims_mock_server")
    options += [f"--ims-mock-server={server}"] if server else []
    authority = item.config.getoption("ims_mock_server_ca")
    options += [f"--ims-mock-server-ca={authority}"] if authority else []
    order = item.config.getoption("randomly_seed", None)
    options += [f"--randomly-seed={order}"] if isinstance(order, int) else []
    # The id begins at pytest's root, which need not be where it was started.
    file = os.path.relpath(item.path, item.config.invocation_params.dir)
    test = "::".join([file, *item.nodeid.split("::", 1)[1:]])
    return shlex.join(["python", "-m", "pytest", test, *options])
