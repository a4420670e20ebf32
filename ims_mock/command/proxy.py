"""`python -m ims_mock proxy`: from its options to the signal that ends it."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ims_mock.command.contract_check import judged_exchange
from ims_mock.command.contract_output import Tally, lines_of
from ims_mock.command.greeting import greet, lines_of_proxy
from ims_mock.command.output import Output
from ims_mock.command.standalone import Wait, bind_failure, request_log, signals, write_whole
from ims_mock.evidence.recorder import Recorder
from ims_mock.testing.cloud_proxy import CloudProxy, Seen, Watch
from ims_mock.testing.drift_report import Verdict, rule_lines, table_of
from ims_mock.testing.mirror import Mirror
from ims_mock.testing.proxy import ForwardProxy, ImsProxy, MockCloud
from ims_mock.web.passing import Passing
from ims_mock.web.tls import known_authorities, verifying

WRONG_USE, NOT_RECORDED = 2, 3
"""The exit statuses for what cannot be, and for a recording that is not whole."""


def to_mock(options: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Serve until a signal ends it, and return 0; return 2 with a line that says what to do when that cannot be."""
    with signals() as wait, request_log(options.log_format, options.quiet) as log, _errors(log) as errors:
        proxy = ImsProxy(host=options.host, port=options.port, allow_hosts=options.let_through, **settings)
        _serve(proxy, options, log, wait)
    return WRONG_USE if errors else 0


def to_cloud(options: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Pass on until a signal ends it, and print what was found.

    Return 1 for a break and where the mirror differs, 2 for drift alone with --strict, 3 for a recording that is not
    whole, 0 otherwise; 2 also when it cannot be. `settings` are those of the mocks of --mirror.
    """
    with signals() as wait, request_log(options.log_format, options.quiet) as log, _errors(log) as errors:
        report = _Report(options, log)
        with closing(report):
            mocks = MockCloud(**settings) if options.mirror else None
            watch = Watch(report.add, Mirror(mocks) if mocks else None)
            where = {"host": options.host, "port": options.port, "allow_hosts": options.let_through}
            passing = Passing(verifying(options.upstream_ca), watch)
            _serve(CloudProxy(passing, mocks=mocks, **where), options, log, wait)
        _print(report.lines(), log)
    return WRONG_USE if errors else report.exit_status


@contextmanager
def _errors(log: Output) -> Iterator[list[Exception]]:
    """Yield a list, in which the error is that keeps the proxy from serving; it is logged."""
    errors: list[Exception] = []
    try:
        yield errors
    except (ImportError, OSError, ValueError) as error:
        log.write(f"ims-mock proxy: error: {error}\ntry 'ims-mock proxy --help'")
        errors.append(error)


class _Report:
    """What has been found so far: logged at once, counted for the end, and recorded."""

    def __init__(self, options: argparse.Namespace, log: Output) -> None:
        self._tally = Tally()
        self._compared: Counter[tuple[str, Verdict]] = Counter()
        self._rules: Counter[str] = Counter()
        self._options = options
        self._log = log
        self._is_lost = False
        self._recorder = _recorder(options.record)

    @property
    def exit_status(self) -> int:
        """The exit status for what has been found."""
        if self._is_lost:
            return NOT_RECORDED
        if self._tally.count("break") or any(verdict == "differs" for _, verdict in self._compared):
            return 1
        return 2 if self._options.strict and self._tally.count("drift") else 0

    def lines(self) -> Iterator[str]:
        """Yield what has been found, counted by operation."""
        yield from self._tally.lines()
        if self._options.mirror:
            yield from ("", *table_of(self._compared), *rule_lines(self._rules))

    def add(self, seen: Seen) -> None:
        """Report an exchange."""
        self._tally.add(seen.operation, seen.findings)
        compared = seen.compared
        if compared is not None:
            self._compared[compared.operation or "no operation", compared.verdict] += 1
            self._rules.update(compared.rules)
        is_of_note = bool(seen.findings) or (compared is not None and compared.verdict == "differs")
        if is_of_note or not self._options.quiet:
            self._log.write(_as_json(seen) if self._options.log_format == "json" else _as_text(seen))
        if self._recorder is not None and not self._is_lost:
            try:
                self._recorder.add(seen.exchange, seen.passed.began, seen.passed.seconds)
            except OSError as error:
                self._is_lost = True
                text = f"cannot write {self._options.record}: {error.strerror}; what passes from now on is not in it"
                self._log.write(f"ims-mock: --record: {text}")

    def close(self) -> None:
        """Close the recording."""
        if self._recorder is not None:
            self._recorder.close()


def _as_json(seen: Seen) -> str:
    judged = judged_exchange("", seen.exchange, list(seen.findings))
    findings = [finding.as_json() for finding in seen.findings]
    shown = {"time": seen.passed.began, "exchange": seen.number, "summary": judged.summary}
    mirror = {"mirror": seen.compared.as_json()} if seen.compared else {}
    return json.dumps({**shown, "operation": seen.operation, "findings": findings, **mirror}, default=str)


def _as_text(seen: Seen) -> str:
    judged = judged_exchange("", seen.exchange, list(seen.findings))
    line = f"{judged.verdict:<6}{judged.entry}: {judged.summary} {judged.operation or '(no operation)'}"
    lines = [line, *(f"      {finding}" for finding in lines_of(seen.findings))]
    compared = seen.compared
    if compared is not None and compared.verdict == "not compared":
        lines.append(f"      the mock was not asked: it {compared.note}")
    if compared is not None:
        lines += [f"      the mock differs: {difference}" for difference in compared.differences]
    return "\n".join(lines)


def _recorder(path: Path | None) -> Recorder | None:
    try:
        return None if path is None else Recorder(path)
    except OSError as error:
        raise OSError(f"--record: cannot write {path}: {error.strerror}") from None


def _print(lines: Iterator[str], log: Output) -> None:
    def failed(error: OSError) -> None:
        log.write(f"ims-mock: cannot write to stdout: {error.strerror}")

    with closing(Output(sys.stdout, failed=failed)) as output:
        for line in lines:
            output.write(line)


def _serve(proxy: ForwardProxy, options: argparse.Namespace, log: Output, wait: Wait) -> None:
    """Serve until `wait` has seen the signal; raise OSError or ValueError, with what to do, when that cannot be."""
    try:
        proxy.start()
    except OSError as error:
        raise OSError(bind_failure(error, options)) from None

    def failed(error: OSError) -> None:
        log.write(f"ims-mock: cannot write to stdout: {error.strerror}; the proxy is at {proxy.url}")

    with closing(Output(sys.stdout, failed=failed)) as output:
        try:
            write_whole("--ca-file", Path(options.ca_file), _authorities(proxy, options))
            if options.url_file:
                write_whole("--url-file", options.url_file, f"{proxy.url}\n".encode())
            output.write(proxy.url)
            mock = proxy.mock() if isinstance(proxy, ImsProxy) else None
            greet(log, lines_of_proxy(proxy.url, mock, options), options)
            # What is loaded now stays; the collector need not look at it again.
            gc.freeze()
            wait(None)
        finally:
            proxy.stop()


def _authorities(proxy: ForwardProxy, options: argparse.Namespace) -> bytes:
    """Return the authority of the proxy and, where hosts are let through to, those that this machine trusts.

    The variables that name a file of authorities take the place of those that a client knows.
    """
    return proxy.ca_pem + (known_authorities(Path(options.ca_file)) if options.let_through else b"")
