"""The fixtures `ims_mock_factory` and `ims_mock_env`, and what concerns every mock: port, markers, reports."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from ims_mock.pytest_fixtures import has_mock, server_of, settings_of
from ims_mock.pytest_markers import FixtureMarker, failed
from ims_mock.pytest_reports import bundles, shown_parts
from ims_mock.pytest_shared import check_factory, new_world, no_world, server_url, world_name
from ims_mock.started import Marks, Mock, Watch, note_start, watching

if TYPE_CHECKING:
    from pathlib import Path

    from ims_mock.factory import ImsMockFactory
    from ims_mock.mock import ImsMock

_WATCH = pytest.StashKey[Watch]()
"""Of a test that is being run, the mocks that it may use."""


_ADVICE = "use the fixture ims_mock: take it, or give the settings to ims_mock_factory(...) or ImsMock(...)"
_MARKER = FixtureMarker("ims_mock", _ADVICE, has_mock)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the port."""
    text = "the port of the server behind the ims_mock fixture; 0, the default, takes a free one"
    parser.getgroup("ims_mock").addoption("--ims-mock-port", metavar="PORT", type=_port, default=0, help=text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ArgumentTypeError(f"must be a whole number from 0 to 65535, got {text!r}")
    return int(text)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse one port for many workers of pytest-xdist, each of which has a server of its own."""
    workers = len(config.getoption("tx", None) or ())
    if config.getoption("ims_mock_port") and workers > 1:
        text = f"pytest-xdist runs {workers} workers, each with a server of its own, and one port is for one server"
        raise pytest.UsageError(f"--ims-mock-port: {text}; give -n 0, or leave out --ims-mock-port")


@pytest.fixture(scope="session")
def ims_mock_factory(request: pytest.FixtureRequest) -> Iterator[ImsMockFactory]:
    """Make mocks with servers of their own: `ims_mock_factory(**settings)` takes what `ImsMock` takes.

    None is reset between tests. Each is closed at the end of its `with`, or at the end of the session. A setting that
    the call does not give comes from the ini file or the command line.
    """
    from ims_mock.contract.wording import shown
    from ims_mock.mock import ImsMock

    common, numbers = settings_of(request.config), count(1)
    with ExitStack() as stack:

        def new(*unnamed: Any, **settings: Any) -> ImsMock:
            if unnamed:
                text = f"takes settings by name, such as ims_mock_factory(seed=7), got {shown(unnamed[0])}"
                raise TypeError(f"ims_mock_factory {text}")
            given = {**common, **settings}
            if settings.get("clock") is not None:
                # The clock says where it starts and how fast it runs; both are refused.
                given = {name: given[name] for name in given if name in settings or name not in ("start", "speed")}
            if not server_url(request.config):
                return stack.enter_context(ImsMock(**given))
            check_factory(settings)
            try:
                world = new_world(request.config, f"{world_name(request.config)}-{next(numbers)}", given)
            except ConnectionError as error:
                raise no_world(error) from None
            note_start(world)
            return stack.enter_context(world)

        yield new


@pytest.fixture
def ims_mock_env(ims_mock: ImsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set the environment variables that point clients at the mock, until the test ends.

    They are for huaweicloudsdk and OpenStack's clients, as the default user. A clouds.yaml has a cloud `ims_mock`.
    Where the mock serves HTTPS, they name a file with its authority, and those that the machine trusts.
    Returns the variables.
    """
    from ims_mock.command.environment import AUTHORITIES, Target, clouds_yaml, openstack_variables, sdk_variables
    from ims_mock.identity.accounts import Redacted

    ca_file = _authority_of(ims_mock, tmp_path)
    accounts, regions = ims_mock.accounts, list(ims_mock.regions)
    target = Target(ims_mock.url, accounts, accounts.default_user, ca_file, regions=regions)
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(clouds_yaml(target), "utf-8")
    variables = Redacted({**sdk_variables(target), **openstack_variables(target), "OS_CLIENT_CONFIG_FILE": str(clouds)})
    variables.update(dict.fromkeys(AUTHORITIES, ca_file) if ca_file else {})
    for name in ("NO_PROXY", "no_proxy"):
        variables[name] = ",".join(filter(None, (os.environ.get(name), variables[name])))
    # What else is set, such as OS_CLOUD, would lead a client elsewhere.
    for name in [name for name in os.environ if name.startswith(("OS_", "HUAWEICLOUD_SDK_"))]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def _authority_of(mock: ImsMock, folder: Path) -> str | None:
    """Write a file with the authority of a mock that serves HTTPS, and return its path; None where it has none."""
    if not mock.ca_pem:
        return None
    from ims_mock.web.tls import known_authorities

    file = folder / "ims-mock-ca.pem"
    # Some of the variables take the place of the authorities that a client knows.
    file.write_bytes(mock.ca_pem + known_authorities(file))
    return str(file)


@pytest.hookimpl(tryfirst=True)  # Before tests are deselected: those may take the fixture.
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note the classes and modules with a marker of which no test takes the fixture."""
    _MARKER.note(config, items)


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test, when it has otherwise passed, with a marker that sets nothing, or with a rule that never fired."""
    _MARKER.check(item)
    _check_fired(item)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Fail the last test of a mock that a fixture has stopped, with rules that never fired."""
    _check_fired(item)


def _check_fired(item: pytest.Item) -> None:
    """Fail a test where a mock was stopped, and is not the session's, with rules that should have fired."""
    watch = item.stash.get(_WATCH, None)
    idle = {mock: rules for mock, rules in watch.idle.items() if mock is not server_of(item)} if watch else {}
    if idle:
        from ims_mock.unfired_rules import check_unfired

        for mock, rules in idle.items():
            try:
                check_unfired(rules, f"ims_mock at {mock.url}")
            except AssertionError as error:
                raise failed(str(error)) from None


@pytest.hookimpl(hookwrapper=True, tryfirst=True)  # The older form, which every pytest since 7.0 takes.
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, None]:
    """Hold the mocks of a test until its reports are made."""
    with watching() as item.stash[_WATCH]:
        yield
    del item.stash[_WATCH]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Watch the mocks from here on: another plugin may run a test more than once."""
    watch = item.stash.get(_WATCH, None)
    if watch is not None:
        try:
            # A mock in another process is one of the factory; a test without the factory does not depend on it.
            watch.begin(with_remote="ims_mock_factory" in getattr(item, "fixturenames", ()))
        except ConnectionError as error:
            raise failed(str(error)) from None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show what a failed test has asked of mocks that are not the fixture's."""
    outcome = yield
    report, watch = outcome.get_result(), item.stash.get(_WATCH, None)
    if report.passed or watch is None:
        return
    try:
        used = _used(item, watch)
        if report.failed and used:
            report.sections += _sections(item, report, used)
        for part in (part for mock in used for part in mock._parts().values()):
            for rule in part.faults:
                rule.optional = True
    except ConnectionError as error:
        report.sections.append(("ims_mock_factory", f"there is nothing to show: {error}"))
    # A rule fails no test that has another end.
    watch.idle.clear()


def _used(item: pytest.Item, watch: Watch) -> dict[Mock, Marks]:
    """Return the mocks that a test has started, sent requests to, or has from a fixture or its class."""
    places = [getattr(item, "funcargs", None) or {}, *map(vars, getattr(getattr(item, "cls", None), "__mro__", ()))]
    held = [value for place in places for value in place.values()]
    earlier = {
        mock: began
        for mock, began in watch.earlier.items()
        if len(shown_parts(mock, began)) > 1
        or mock.service.journal.since(began[""])[0]
        or any(value is mock for value in held)
    }
    return {mock: began for mock, began in {**earlier, **watch.new}.items() if mock is not server_of(item)}


def _sections(item: pytest.Item, report: pytest.TestReport, used: dict[Mock, Marks]) -> Iterator[tuple[str, str]]:
    """Yield what each mock shows, and where its files are, if the options ask for files."""
    from ims_mock.testing.proxies import no_request
    from ims_mock.testing.report import describe

    for number, (mock, marks) in enumerate(used.items(), 1):
        parts = shown_parts(mock, marks)
        for name, (part, began) in parts.items():
            yield f"ims_mock at {part.url}", describe(part.service, began, "", "" if name else no_request(mock.url))
        yield from bundles(item.config, report, parts, "", f"-mock-{number}")
