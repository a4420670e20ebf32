"""The marker `ims_mock_sweep`, a part of the plugin of its own: a test, once well and once under each failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ims_mock.mock import ImsMock
    from ims_mock.sweep.report import SweepReport
    from ims_mock.testing.sweeps import SweptTest

_SHOWN = pytest.StashKey[str]()
"""Of a test whose sweep has failed, what the mock shows of the good run, or of the worst plan."""

_LAST = 30
"""How many lines are shown of what the runs of a test have printed and logged."""

_INTERRUPTED = pytest.StashKey[str]()
"""Of a session, what is known of the sweep that was interrupted."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, which count more than what markers set."""
    group = parser.getgroup("ims_mock")
    of_all = "of every test that is marked ims_mock_sweep"
    group.addoption(
        "--ims-mock-sweep-only",
        metavar="GLOB",
        action="append",
        help=f"run those plans {of_all} whose id or family matches, such as 'wire' or 'glance_show_image: 503*'",
    )
    group.addoption(
        "--ims-mock-sweep-plan", metavar="ID", help=f"run this plan alone {of_all}, such as 'glance_show_image: 503 x2'"
    )
    budget = "at most so many plans, or in so many seconds, such as 30s"
    group.addoption("--ims-mock-sweep-budget", metavar="BUDGET", help=f"run {budget}, {of_all}")
    parser.addini("ims_mock_sweep_budget", f"run {budget}, {of_all}, where no marker says it")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, so that --strict-markers knows it; refuse wrong options before the first test."""
    text = "run the test, once well and once under each failure that its requests to ims_mock can meet."
    bounds = "only=(), skip=(), budget=None, pairs=30, patience=120.0"
    config.addinivalue_line("markers", f"ims_mock_sweep(allowed=(), baseline=None, {bounds}): {text}")
    given = {"ini ims_mock_sweep_budget": _ini(config), "--ims-mock-sweep-...": _options(config)}
    for place, options in given.items():
        if options:
            from ims_mock.sweep.bounds import Bounds

            try:
                Bounds(**options)
            except ValueError as error:
                raise pytest.UsageError(f"{place}: {error}") from None


def _ini(config: pytest.Config) -> dict[str, Any]:
    text = config.getini("ims_mock_sweep_budget")
    return {"budget": _budget(text)} if text else {}


def _options(config: pytest.Config) -> dict[str, Any]:
    """Return what the command line says."""
    given = {name: config.getoption(f"ims_mock_sweep_{name}") for name in ("only", "plan", "budget")}
    if given["budget"] is not None:
        given["budget"] = _budget(given["budget"])
    return {name: value for name, value in given.items() if value is not None}


def _budget(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Let a marked test be swept where it would be run, however it is run: as a function, a method, or a coroutine."""
    if item.get_closest_marker("ims_mock_sweep") is None:
        yield
        return
    runtest: Callable[[], object] = item.runtest
    item.runtest = lambda: _sweep(item, runtest)  # type: ignore[method-assign]
    try:
        yield
    finally:
        del item.runtest


def _sweep(item: pytest.Item, runtest: Callable[[], object]) -> None:
    __tracebackhide__ = True
    from ims_mock.sweep.engine import BaselineError
    from ims_mock.sweep.report import InterruptedSweep

    settings, mock = _settings(item), _mock(item)
    with ExitStack() as stack:
        test = _test(item, runtest, mock, stack)
        stack.callback(_show, item, test)
        try:
            report = test.sweep(settings, _progress(item.config))
        except InterruptedSweep as error:
            item.config.stash[_INTERRUPTED] = f"{item.nodeid}: {error}"
            raise KeyboardInterrupt from None
        except BaselineError as error:
            if error.__cause__ is None:
                raise _failed(str(error)) from None
            failure = error.__cause__
        except (TypeError, ValueError, OSError) as error:
            raise _failed(f"@pytest.mark.ims_mock_sweep: {error}") from None
        else:
            _check(item, test, settings, report)
            return
    # As the test itself fails, with its own traceback.
    raise failure


def _check(item: pytest.Item, test: SweptTest, settings: dict[str, Any], report: SweepReport) -> None:
    """Fail a test that does not survive, with the line that runs the worst plan again."""
    if report.unrun and "only" in _options(item.config):
        pytest.skip(f"ims_mock_sweep: {report.unrun}")
    if report.unrun:
        raise _failed(f"@pytest.mark.ims_mock_sweep: {report.unrun}")
    try:
        report.assert_survives()
    except AssertionError as error:
        worst = next(group.smallest for group in report.groups() if not group.is_known)
        command = test.command_of(worst.plan.id)
        text = f"{error}\n\nrun the first one again: {command}"
        test.shown[:] = [test.describe(worst.plan.id, settings, lambda: _bundle(item, test.mock, text, command))]
        raise _failed(text) from None


def _bundle(item: pytest.Item, mock: ImsMock, text: str, command: str) -> None:
    """Write the files of the run that is shown, where the options ask for files."""
    if item.config.getoption("ims_mock_bundle") is None:
        return
    from ims_mock.evidence.journal import Mark
    from ims_mock.testing.report import FailedTest, write_bundle

    test = FailedTest(f"{item.nodeid}-plan", text, Mark(), command)
    # Where this is not possible, the report of the test says so.
    with suppress(OSError):
        write_bundle(item.config.invocation_params.dir / item.config.getoption("ims_mock_bundle"), mock.service, test)


def _show(item: pytest.Item, test: SweptTest) -> None:
    """Keep for the report what the mock shows of the run that failed."""
    if test.shown:
        item.stash[_SHOWN] = test.shown[-1]


def _settings(item: pytest.Item) -> dict[str, Any]:
    from ims_mock.testing.sweeps import settings_of

    try:
        settings = settings_of(item.iter_markers("ims_mock_sweep"), _options(item.config))
    except (TypeError, ValueError) as error:
        raise _failed(f"@pytest.mark.ims_mock_sweep: {error}") from None
    return {**_ini(item.config), **settings}


def _mock(item: pytest.Item) -> ImsMock:
    from ims_mock.pytest_fixtures import mock_of

    mock = mock_of(item)
    if mock is None:
        raise _failed("@pytest.mark.ims_mock_sweep: the test must have the fixture ims_mock, and has not")
    if len(mock.faults):
        rules = ", ".join(map(str, mock.faults))
        text = f"a sweep arms its own rules, and {rules} is armed; take it from the marker ims_mock, or the fixture"
        raise _failed(f"@pytest.mark.ims_mock_sweep: {text}")
    return mock


def _test(item: pytest.Item, runtest: Callable[[], object], mock: ImsMock, stack: ExitStack) -> SweptTest:
    """Return the test as it is swept; what it keeps is dropped at the end of the stack."""
    from ims_mock.pytest_fixtures import command_of
    from ims_mock.testing.sweeps import KeptFolder, SweptTest, kept_environment

    folder = getattr(item, "funcargs", {}).get("tmp_path")
    files = stack.enter_context(KeptFolder(folder)) if folder is not None else None

    @contextmanager
    def kept() -> Iterator[None]:
        with kept_environment(), _new_monkeypatch(item), files.put_back() if files else ExitStack():
            yield

    def run() -> None:
        runtest()
        # What fails a test of unittest is noted, and not raised.
        noted: Any = item.__dict__.pop("_excinfo", None)
        if noted:
            raise noted[0].value

    return SweptTest(mock, run, os.fspath(item.path), kept, lambda: command_of(item))


@contextmanager
def _new_monkeypatch(item: pytest.Item) -> Iterator[None]:
    """Give a test that has the fixture `monkeypatch` a new one, which is undone afterwards."""
    arguments: dict[str, Any] = getattr(item, "funcargs", {})
    if not isinstance(arguments.get("monkeypatch"), pytest.MonkeyPatch):
        yield
        return
    before = arguments["monkeypatch"]
    with pytest.MonkeyPatch.context() as patch:
        arguments["monkeypatch"] = patch
        try:
            yield
        finally:
            arguments["monkeypatch"] = before


def _failed(message: str) -> BaseException:
    """Return what fails a test with a message, and without a traceback through the plugin."""
    return pytest.fail.Exception(message, pytrace=False)


class _Terminal:
    """What is written here is shown at once, whatever pytest captures."""

    def __init__(self, config: pytest.Config) -> None:
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        self._capture: Any = config.pluginmanager.get_plugin("capturemanager")

    def write(self, text: str) -> None:
        with self._capture.global_and_fixture_disabled() if self._capture else ExitStack():
            self._reporter.ensure_newline()
            self._reporter.write(text)

    def flush(self) -> None:
        """Do nothing: the terminal has it."""


def _progress(config: pytest.Config) -> Callable[[int, int], object] | None:
    """Return what shows how far a long sweep is; a worker of pytest-xdist has no terminal."""
    if config.pluginmanager.get_plugin("terminalreporter") is None:
        return None
    from ims_mock.sweep.progress import Progress

    out: Any = _Terminal(config)
    return Progress(out)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show, where the sweep of a test has failed, the requests of the worst plan: the journal of the mock is empty."""
    outcome = yield
    report, text = outcome.get_result(), item.stash.get(_SHOWN, None)
    if text is not None and report.when == "call":
        shown = {name: text if name == "ims_mock" else _end(content) for name, content in report.sections}
        report.sections[:] = shown.items()


def _end(text: str) -> str:
    """Return the last lines of captured output: they are of the run that the report shows."""
    lines = text.splitlines(keepends=True)
    left_out = len(lines) - _LAST
    return "".join([f"... {left_out} lines before\n", *lines[-_LAST:]]) if left_out > 0 else text


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what is known of a sweep that was interrupted."""
    text = config.stash.get(_INTERRUPTED, None)
    if text is not None:
        terminalreporter.section("ims_mock sweep")
        terminalreporter.write_line(text)
