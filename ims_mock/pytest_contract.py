"""The fixture `ims_mock_contract`, a part of the plugin of its own; it imports the contract when it is used."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ims_mock.pytest_markers import FixtureMarker

if TYPE_CHECKING:
    from ims_mock.testing.stubs import WatchedStubs

_WATCHED = pytest.StashKey["WatchedStubs"]()
"""Of a test, its stubs."""

_IS_USED = pytest.StashKey[bool]()
"""Of a test, whether it has the fixture."""

_ADVICE = "use the fixture ims_mock_contract: take it"
_MARKER = FixtureMarker("ims_mock_contract", _ADVICE, lambda item: item.stash.get(_IS_USED, False))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini options."""
    of_all = "for every test with ims_mock_contract: "
    parser.addini("ims_mock_contract_allow", f"{of_all}ids of findings that do not fail it", "linelist")
    parser.addini("ims_mock_contract_drift", f"{of_all}whether what nobody documents fails it", "bool", default=False)
    parser.addini("ims_mock_contract_only_host", f"{of_all}the hosts whose stubs are judged", "linelist")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, so that --strict-markers knows it."""
    text = "ims_mock_contract(allow=(), drift=False, only_host=()): settings of the ims_mock_contract fixture."
    config.addinivalue_line("markers", text)


@pytest.fixture
def ims_mock_contract(request: pytest.FixtureRequest) -> Iterator[WatchedStubs]:
    """Fail the test if its stubs of IMS return what IMS does not.

    Watches `responses`, `respx`, `requests_mock` and `pytest_httpserver`. Has `findings` and `exchanges`.
    """
    from ims_mock.testing.stubs import SETTINGS, WatchedStubs, settings_of

    ini = {name: request.config.getini(f"ims_mock_contract_{name}") for name in SETTINGS}
    try:
        watched = WatchedStubs(**settings_of(ini, request.node.iter_markers("ims_mock_contract")))
    except (TypeError, ValueError) as error:
        raise pytest.fail.Exception(f"@pytest.mark.ims_mock_contract: {error}", pytrace=False) from None
    request.node.stash[_WATCHED] = watched
    request.node.stash[_IS_USED] = True
    with watched:
        yield watched
    del request.node.stash[_WATCHED]
    # What fixtures that end before this one have still asked for.
    _check(watched)


def _check(watched: WatchedStubs) -> None:
    """Fail a test without a traceback, which would lead into the plugin."""
    try:
        watched.check()
    except AssertionError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.hookimpl(tryfirst=True)  # Before tests are deselected: those may take the fixture.
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note the classes and modules with a marker of which no test takes the fixture."""
    _MARKER.note(config, items)


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test, when it has otherwise passed, whose stubs are wrong, or whose marker sets nothing."""
    _MARKER.check(item)
    watched = item.stash.get(_WATCHED, None)
    if watched is not None:
        _check(watched)


@pytest.hookimpl(hookwrapper=True)  # The older form, which every pytest since 7.0 takes.
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show what is wrong with the stubs of a test that fails for another reason, once."""
    outcome = yield
    report = outcome.get_result()
    watched = item.stash.get(_WATCHED, None)
    if watched is not None and not report.passed:
        text = watched.report()
        if text and report.failed:
            report.sections.append(("ims_mock contract", text))
