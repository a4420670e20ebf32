"""`ims-mock sweep`: a command, run well, and then under every failure that its requests can meet."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ims_mock.command.arguments import print_error, print_note
from ims_mock.command.endings import ending_signals
from ims_mock.command.environment import Target, openstack_variables, sdk_variables
from ims_mock.command.standalone import bind_failure, new_mock, write_whole
from ims_mock.contract.problems import InvalidError
from ims_mock.mock import ImsMock
from ims_mock.state.clock import ManualClock
from ims_mock.state.real import RealTime
from ims_mock.sweep.commands import AllowedExitError, Command
from ims_mock.sweep.engine import BaselineError, Sweep
from ims_mock.sweep.known import KnownFailures
from ims_mock.sweep.progress import Progress
from ims_mock.sweep.report import InterruptedSweep, SweepReport
from ims_mock.sweep.runs import ExitError
from ims_mock.web.tls import known_authorities

FAILED, WRONG_USE, NO_BASELINE, INTERRUPTED = 1, 2, 3, 130
"""The exit statuses beside 0."""

_FOREIGN = ("OS_", "HUAWEICLOUD_SDK_")
"""How variables of the clients begin, of which another would lead them elsewhere."""


_OPTIONS = (("budget",), ("only",), ("plan",), ("skip",))
"""What a sweep calls as its options are called, as the path of a problem."""


class _UnwrittenError(Exception):
    """Raised with the error of a stdout that takes nothing, which concerns the whole command."""

    def __init__(self, of_stdout: OSError) -> None:
        super().__init__(str(of_stdout))
        self.of_stdout = of_stdout


class _WrongUseError(Exception):
    """Raised where the sweep cannot begin, with what to do."""


def sweep(options: argparse.Namespace, settings: dict[str, Any], parser: argparse.ArgumentParser) -> int:
    """Return 0 where every plan was survived or failed cleanly, 1 where some were not, 2 for wrong use.

    3 is for a command that fails without any failure, 130 for a sweep that was interrupted.
    """
    try:
        with _interruptible():
            return _sweep(options, settings, parser)
    except _UnwrittenError as error:
        raise error.of_stdout from None
    except (_WrongUseError, ImportError, OSError, ValueError) as error:
        is_of_option = isinstance(error, InvalidError) and error.problems[0].path[:1] in _OPTIONS
        print_error(parser, f"--{error}" if is_of_option else error)
        return WRONG_USE
    except BaselineError as error:
        return _show_baseline(error, parser)
    except KeyboardInterrupt:
        print_note(parser, "interrupted before any plan was run")
        return INTERRUPTED


def _sweep(options: argparse.Namespace, settings: dict[str, Any], parser: argparse.ArgumentParser) -> int:
    known = _known(options)
    _check(options)
    options.port = options.sweep_port
    mock = new_mock(options, {**settings, "speed": options.sweep_speed})
    with ExitStack() as stack:
        try:
            mock.start()
        except OSError as error:
            raise OSError(bind_failure(error, options)) from None
        stack.callback(mock.stop)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ims_mock-"))
        is_now = settings["start"] is None and options.state is None
        command = Command(
            words=options.words,
            environ=variables(mock, Path(folder), os.environ),
            allowed=frozenset(options.allow_exit),
            is_value=options.compare_stdout,
            before=_to_now(mock) if is_now else lambda: None,
        )
        work = _new_sweep(mock, command, options, known)
        if options.list_plans:
            _list(work, options)
            return 0
        return _finish(work, options, known, parser)


def _finish(work: Sweep, options: argparse.Namespace, known: KnownFailures, parser: argparse.ArgumentParser) -> int:
    """Run the plans, and write the report, also of an interrupted sweep."""
    try:
        report, is_whole = work.run(), True
    except InterruptedSweep as error:
        report, is_whole = error.report, False
    if options.update_baseline and is_whole:
        report.accepting(known).save_baseline(options.baseline)
        report = report.accepting(options.baseline)
    _write(_FORMS[options.sweep_format](report), report, options)
    if not is_whole:
        print_note(parser, "interrupted; the report is of what was run")
        return INTERRUPTED
    if report.unrun:
        hint = "" if report.baseline.entries else "; a command finds it by IMS_MOCK_URL and IMS_MOCK_TOKEN"
        print_error(parser, f"{report.unrun}{hint}")
        return WRONG_USE
    if not options.allow_exit and (codes := _crash_codes(report)):
        text = "where the command ends so on purpose, allow it:"
        print_note(parser, f"exit code {codes[0]} is a crash; {text} --allow-exit {codes[0]}")
    return FAILED if report.has_failed else 0


def _crash_codes(report: SweepReport) -> list[int]:
    """Return the exit codes with which the command has crashed, and no error that nobody caught."""
    details = (item.verdict.detail for item in report.judged() if item.verdict.name == "crash" and item.fails)
    return sorted({int(found[1]) for detail in details if (found := re.match(r"exit code (\d+)", detail))})


def _check(options: argparse.Namespace) -> None:
    """Raise _WrongUseError for what would be found out when the sweep is over."""
    if shutil.which(options.words[0]) is None:
        raise _WrongUseError(f"{options.words[0]}: no such command; the command and its arguments stand after --")
    if options.sweep_output and not options.sweep_output.absolute().parent.is_dir():
        raise _WrongUseError(f"--output: cannot write {options.sweep_output}: its folder is not there")
    if options.sweep_output and options.sweep_output.is_dir():
        raise _WrongUseError(f"--output: cannot write {options.sweep_output}: it is a folder")
    if options.list_plans and options.sweep_format in ("junit", "html"):
        raise _WrongUseError(f"--list prints text or json, not {options.sweep_format}")


def _known(options: argparse.Namespace) -> KnownFailures:
    if options.update_baseline and not options.baseline:
        raise _WrongUseError("--update-baseline writes the file of --baseline: name one")
    if options.update_baseline and options.fail_fast:
        raise _WrongUseError("--update-baseline writes every failure, and --fail-fast ends at the first: leave one out")
    if not options.baseline or (options.update_baseline and not os.path.exists(options.baseline)):
        return KnownFailures()
    try:
        return KnownFailures.load(options.baseline)
    except OSError as error:
        text = f"cannot read {options.baseline}: {error.strerror}" if error.strerror else str(error)
        raise _WrongUseError(f"--baseline: {text}") from None
    except ValueError as error:
        raise _WrongUseError(f"--baseline: {error}") from None


def _new_sweep(mock: ImsMock, command: Command, options: argparse.Namespace, known: KnownFailures) -> Sweep:
    return mock.new_sweep(
        command,
        [AllowedExitError],
        virtual_time=False,
        progress=Progress(sys.stderr) if sys.stderr is not None and sys.stderr.isatty() else None,
        only=options.sweep_only,
        skip=options.sweep_skip,
        budget=options.budget,
        pairs=options.pairs,
        plan=options.plan,
        fail_fast=options.fail_fast,
        baseline=KnownFailures() if options.update_baseline else known,
        real_seconds=options.sweep_timeout,
    )


def variables(mock: ImsMock, folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a command: those that are there, and all that lead its clients to the mock.

    A certificate authority is written into the folder.
    """
    ca_file = None
    if mock.ca_pem:
        file = folder / "ca.pem"
        # Some of the variables take the place of the authorities that a client knows.
        file.write_bytes(mock.ca_pem + known_authorities(file))
        ca_file = f"{file}"
    accounts = mock.service.accounts
    target = Target(mock.url, accounts, accounts.default_user, ca_file, regions=list(mock.regions))
    own = {**sdk_variables(target), **openstack_variables(target)}
    own |= {name: ",".join(filter(None, [environ.get(name), own[name]])) for name in ("NO_PROXY", "no_proxy")}
    if ca_file:
        own |= dict.fromkeys(("IMS_MOCK_CA_FILE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"), ca_file)
    for name, value in (("URL", mock.url), ("TOKEN", mock.token)):
        own |= dict.fromkeys((f"IMS_MOCK_{name}", f"IMS_{name}"), value)
    own["TF_VAR_ims_mock_url"] = mock.url
    return {name: value for name, value in environ.items() if not name.startswith(_FOREIGN)} | own


def _to_now(mock: ImsMock) -> Callable[[], None]:
    """Return what moves the mock's clock to the real time, by which a command signs and tokens expire."""

    def move() -> None:
        clock = mock.service.store.clock
        if isinstance(clock, ManualClock):
            clock.advance(max(RealTime.now() - clock.now(), 0))

    return move


def _list(work: Sweep, options: argparse.Namespace) -> None:
    plans = [plan.id for plan in work.plans()]
    text = (
        f"{json.dumps(plans, indent=2)}\n" if options.sweep_format == "json" else "".join(f"{name}\n" for name in plans)
    )
    if options.sweep_output:
        write_whole("--output", options.sweep_output, text.encode())
    else:
        _print(text)


def _print(text: str) -> None:
    try:
        print(text, end="", flush=True)
    except OSError as error:
        raise _UnwrittenError(error) from None


def _write(text: str, report: SweepReport, options: argparse.Namespace) -> None:
    if options.sweep_output:
        write_whole("--output", options.sweep_output, text.encode("utf-8", "backslashreplace"))
        text = "\n".join(report.summary()) + "\n"
    # What the command has printed can have characters that this terminal, or file, does not.
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    _print(text.encode(encoding, "backslashreplace").decode(encoding))


def _show_baseline(error: BaselineError, parser: argparse.ArgumentParser) -> int:
    """Say why the command fails without any failure; one that cannot be run at all is wrong use."""
    cause = error.__cause__
    if isinstance(cause, OSError):
        print_error(parser, f"the command cannot be run: {cause}")
        return WRONG_USE
    if isinstance(cause, ExitError):
        if sys.stderr is not None:
            print(cause.stderr, end="" if cause.stderr.endswith("\n") or not cause.stderr else "\n", file=sys.stderr)
        print_error(parser, f"the command fails without any failure: {cause}")
    else:
        print_error(parser, f"{error}; --timeout lets a run take more")
    return NO_BASELINE


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM, and a terminal that is closed, end the sweep as Ctrl-C does, so that no process is left.

    What comes after the first is ignored: the command is ended, and the report written, in a moment.
    """
    is_interrupted = False

    def interrupt(*_: object) -> None:
        nonlocal is_interrupted
        if not is_interrupted:
            is_interrupted = True
            raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ending_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_FORMS: Mapping[str, Callable[[SweepReport], str]] = {
    "text": lambda report: "\n".join(report.lines()) + "\n",
    "json": lambda report: json.dumps(report.as_json(), indent=2) + "\n",
    "junit": SweepReport.as_junit,
    "html": SweepReport.as_html,
}
"""What writes a report, by the name of its form."""
