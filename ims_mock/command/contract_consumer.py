"""`ims-mock contract consumer`, and consumers in `ims-mock contract check`: what clients need."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ims_mock.command.arguments import print_error
from ims_mock.command.contract_changes import read_document, show_operations
from ims_mock.command.contract_output import Judged, exit_status
from ims_mock.command.wanted_hosts import WantedHosts
from ims_mock.contract import Finding, RecordedExchange
from ims_mock.contract.findings import is_allowed
from ims_mock.contract.operations import load_contract
from ims_mock.evidence.consumers.contract import ConsumerContract, find_consumer, known_consumers
from ims_mock.evidence.consumers.judging import ConsumerJudge
from ims_mock.evidence.consumers.learning import consumer_contract
from ims_mock.evidence.consumers.releases import judge_release
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.files import read_recording

UNREADABLE = 3
"""The exit status for a file that cannot be read as what it is to be."""


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Print the contract of a consumer, learnt of recordings and merged of contracts; return 0, or 3 for bad input."""
    if not options.name and not all(_is_contract(name) for name in options.files):
        parser.error("a recording does not say whose it is: give --name, such as that of the client's project")
    hosts = WantedHosts(options.only_host)
    try:
        contract = _merged([_contract(name, hosts, options) for name in options.files], options.name, parser)
    except (OSError, RecordingError, ValueError) as error:
        print_error(parser, _text(error))
        return UNREADABLE
    hosts.check(parser)
    if options.consumer_format == "contract":
        print(contract.to_text(), end="")
    else:
        version = int(options.consumer_format.removeprefix("pact"))
        print(json.dumps(contract.to_pact(version), indent=2, ensure_ascii=False))
    return 0


def _contract(name: str, hosts: WantedHosts, options: argparse.Namespace) -> ConsumerContract:
    """Return the contract that a file has, or the one that is learnt of a recording; raise with the file's name."""
    if _is_contract(name):
        return find_consumer(name)
    try:
        return consumer_contract(hosts.of(read_recording(Path(name))), options.name or "")
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror or error}") from None
    except (RecordingError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from None


def _is_contract(name: str) -> bool:
    """Return whether a file has a contract, or a name is that of a known one, and no recording."""
    if name in known_consumers() and not Path(name).exists():
        return True
    try:
        document = json.loads(Path(name).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"consumer", "operations"} <= document.keys()


def _merged(contracts: list[ConsumerContract], name: str | None, parser: argparse.ArgumentParser) -> ConsumerContract:
    names = {contract.consumer for contract in contracts}
    if name is None and len(names) > 1:
        parser.error(f"contracts of different consumers ({', '.join(sorted(names))}) need --name")
    first, *others = contracts
    return first.merge(*others, name=name)


def _text(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return str(error)


class Consumers:
    """The consumers that `contract check` is asked for: their judges, and what they find."""

    def __init__(self, names: Iterable[str]) -> None:
        """Read the contracts; raise OSError, or ValueError for what is none."""
        self.contracts = [(name, find_consumer(name)) for name in names]
        self._judges = [ConsumerJudge(contract) for _, contract in self.contracts]

    def findings(self, exchange: RecordedExchange) -> list[Finding]:
        """Return what the clients cannot live with in an exchange."""
        return [finding for judge in self._judges for finding in judge.findings(exchange)]

    def not_seen(self, allowed: Sequence[str]) -> Iterator[Judged]:
        """Yield the operations that were not to be seen, as they are shown, but for findings that are allowed."""
        for (name, contract), judge in zip(self.contracts, self._judges, strict=True):
            for finding in judge.not_seen():
                if not is_allowed(finding, allowed):
                    yield _judged(name, contract, str(finding.operation), [finding])


def read_consumers(names: Iterable[str], parser: argparse.ArgumentParser) -> Consumers | None:
    """Return the consumers of files and names; None, and say why, where one is no contract."""
    try:
        return Consumers(names)
    except (OSError, ValueError) as error:
        print_error(parser, _text(error))
        return None


def _judged(file: str, contract: ConsumerContract, operation: str, findings: list[Finding]) -> Judged:
    """Return what is found of an operation, whichever exchange it was in."""
    known = load_contract().operations[operation]
    return Judged(file, contract.consumer, f"{known.method} {known.path}", operation, findings, is_exchange=False)


def check_release(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Judge a release of the API by what consumers need; return as `contract check` does."""
    if not options.consumer:
        parser.error("--contract needs --consumer; ims-mock contract changes compares two documents")
    if options.files:
        parser.error("--contract takes no recordings: leave out --contract, or FILE")
    consumers = read_consumers(options.consumer, parser)
    if consumers is None:
        return UNREADABLE
    try:
        document = read_document(options.contract)
    except ValueError as error:
        print_error(parser, error)
        return UNREADABLE
    try:
        judged = [item for named in consumers.contracts for item in _of_release(*named, document, options.allow)]
    except ValueError as error:
        print_error(parser, f"{options.contract}: {error}")
        return UNREADABLE
    except (AttributeError, KeyError, IndexError, TypeError):
        text = "is not valid OpenAPI; a validator, such as openapi-spec-validator, says where"
        print_error(parser, f"{options.contract}: {text}")
        return UNREADABLE
    for line in show_operations(judged, options.check_format, strict=options.strict):
        print(line)
    return exit_status(judged, strict=options.strict)


def _of_release(name: str, contract: ConsumerContract, document: Any, allowed: Sequence[str]) -> Iterator[Judged]:
    found = [finding for finding in judge_release(contract, document) if not is_allowed(finding, allowed)]
    for operation in contract.operations:
        findings = [finding for finding in found if finding.operation == operation]
        yield _judged(name, contract, operation, findings)
