"""The fixtures `ims_mock_factory` and `ims_mock_env`, and what concerns every mock: port, markers, reports."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from ims_mock.pytest_fixtures import has_mock, server_of, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from ims_mock.factory import ImsMockFactory
    from ims_mock.mock import ImsMock

_BEGAN = pytest.StashKey["dict[ImsMock, Any]"]()
"""Of a test, the moment of the journal at which it began, of each mock that was there before it."""


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

    None is reset between tests. Each is closed at the end of the session, or of a `with` before that. The settings of
    the ini file and the command line apply, where the call does not give them.
    """
    from ims_mock.mock import ImsMock

    common = settings_of(request.config)
    with ExitStack() as stack:

        def new(**settings: Any) -> ImsMock:
            given = {**common, **settings}
            if settings.get("clock") is not None:
                # The clock says where it starts; both are refused.
                given = {name: value for name, value in given.items() if name in settings or name != "start"}
            return stack.enter_context(ImsMock(**given))

        yield new


@pytest.fixture
def ims_mock_env(ims_mock: ImsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings that point clients at the mock, in the environment for as long as the test runs.

    Those of huaweicloudsdk and of OpenStack's clients as the default user, and a clouds.yaml with a cloud `ims_mock`.
    Returns the variables that are set.
    """
    from ims_mock.command.environment import Target, clouds_yaml, openstack_variables, sdk_variables
    from ims_mock.identity.accounts import Redacted

    target = Target(ims_mock.url, ims_mock.accounts, ims_mock.accounts.default_user)
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(clouds_yaml(target), "utf-8")
    variables = Redacted({**sdk_variables(target), **openstack_variables(target), "OS_CLIENT_CONFIG_FILE": str(clouds)})
    for name in ("NO_PROXY", "no_proxy"):
        variables[name] = ",".join(filter(None, (os.environ.get(name), variables[name])))
    # What else is set, such as OS_CLOUD, would lead a client elsewhere.
    for name in [name for name in os.environ if name.startswith(("OS_", "HUAWEICLOUD_SDK_"))]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test, when it has otherwise passed, with a marker of its own that sets nothing."""
    if has_mock(item) or not any(marker.name == "ims_mock" for marker in item.own_markers):
        return
    text = "has no effect, since the test does not use the fixture ims_mock"
    advice = "take that fixture, or give the settings to ims_mock_factory(...) or ImsMock(...)"
    raise pytest.fail.Exception(f"@pytest.mark.ims_mock {text}: {advice}", pytrace=False)


def _started() -> list[ImsMock]:
    """Return every mock of the process that was started, in that order; nothing is imported to know it."""
    module = sys.modules.get("ims_mock.mock")
    return module.started_mocks() if module is not None else []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember where in the journal of each mock a test begins."""
    item.stash[_BEGAN] = {mock: mock.journal.mark() for mock in _started()}


@pytest.hookimpl(hookwrapper=True)  # The older form, which every pytest since 7.0 takes.
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show what a failed test has asked of mocks that are not the fixture's."""
    outcome = yield
    report = outcome.get_result()
    if not report.failed or not _started():
        return
    from ims_mock.evidence.journal import Mark
    from ims_mock.testing.proxies import no_request
    from ims_mock.testing.report import describe

    before = item.stash.get(_BEGAN, {})
    for mock in _started():
        began = before.get(mock, Mark())
        is_own = mock not in before or mock.journal.since(began)[0] > 0
        if mock is not server_of(item) and is_own:
            report.sections.append((f"ims_mock at {mock.url}", describe(mock.service, began, "", no_request(mock.url))))
