"""`ims-mock contract check`: recordings held against the contract."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from ims_mock.command.arguments import print_error
from ims_mock.command.contract_consumer import Consumers, check_release, read_consumers
from ims_mock.command.contract_output import Judged, exit_status, junit
from ims_mock.command.contract_page import FORMATS
from ims_mock.command.wanted_hosts import WantedHosts
from ims_mock.contract import Finding, RecordedExchange, find_operation, judge
from ims_mock.contract.findings import is_allowed
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.files import read_recording

UNREADABLE = 3
"""The exit status for a file that is no recording, or an entry that cannot be read."""


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Judge each exchange of each file; return 0, 1 for a break, 2 for drift alone with --strict, 3 for bad input."""
    if options.contract:
        return check_release(options, parser)
    if not options.files:
        parser.error("the following arguments are required: FILE")
    consumers = read_consumers(options.consumer, parser)
    if consumers is None:
        return UNREADABLE
    judged: list[Judged] = []
    hosts = WantedHosts(options.only_host)
    for name in options.files:
        try:
            judged += _judge(name, hosts, options.allow, consumers)
        except (OSError, RecordingError) as error:
            text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            judged.append(Judged(name, "", "cannot be read", None, [], is_exchange=False, error=text))
            print_error(parser, f"{name or repr(name)}: {text}")
    is_readable = not any(item.error for item in judged)
    if is_readable:
        hosts.check(parser)
    judged += consumers.not_seen(options.allow)
    show = FORMATS[options.check_format]
    if show is junit and options.strict:
        show = partial(junit, failing=("break", "drift"))
    for line in show(judged):
        print(line)
    return exit_status(judged, strict=options.strict) if is_readable else UNREADABLE


def _judge(name: str, hosts: WantedHosts, allowed: Sequence[str], consumers: Consumers) -> Iterator[Judged]:
    """Yield the exchanges of a recording, judged by the contract or, where there are any, by consumers alone."""
    for exchange in hosts.of(read_recording(Path(name))):
        found = consumers.findings(exchange) if consumers.contracts else judge(exchange)
        findings = [finding for finding in found if not is_allowed(finding, allowed)]
        yield judged_exchange(name, exchange, findings)


def judged_exchange(file: str, exchange: RecordedExchange, findings: list[Finding]) -> Judged:
    """Return an exchange as it is shown."""
    request, response = exchange.request, exchange.response
    operation = find_operation(request.method.upper(), request.url)
    status = response.status if response else "(no response)"
    url = request.url.partition("?")[0]
    path = url if url.startswith("/") else "/" + url.partition("://")[2].partition("/")[2]
    summary = f"{request.method} {path} {status}"
    return Judged(file, exchange.entry, summary, operation.id if operation else None, findings)
