"""What `ims-mock contract` prints of findings: text, JSON, JUnit, SARIF, and annotations of GitHub."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from ims_mock.contract.findings import SEVERITIES, Finding, Severity, worst
from ims_mock.contract.wording import counted, in_xml
from ims_mock.version import __version__

NOT_RECORDED = "consumer.not_recorded"
"""The id of a finding about an operation of which there is no exchange."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One exchange with its findings; `summary` is its request in a line, `file` where it was read from.

    Without `is_exchange` it is an operation of which there was none or, with `error`, what could not be read.
    """

    file: str
    entry: str
    summary: str
    operation: str | None
    findings: Sequence[Finding]
    is_exchange: bool = True
    error: str = ""

    @property
    def verdict(self) -> str:
        """The worst severity of the findings, or "ok"."""
        return worst(self.findings) or "ok"


def exit_status(judged: Sequence[Judged], *, strict: bool) -> int:
    """Return 1 where there is a break, 2 where there is drift alone and that counts, and otherwise 0."""
    found = {finding.severity for item in judged for finding in item.findings}
    return 1 if "break" in found else 2 if strict and "drift" in found else 0


def text(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield a line for each exchange with its findings below, and a summary by operation."""
    file = None
    for item in judged:
        if all(finding.id == NOT_RECORDED for finding in item.findings) and not item.is_exchange:
            continue  # The summary has it.
        if item.file != file:
            file = item.file
            yield file
        yield f"  {item.verdict:<6}{item.entry}: {item.summary} {item.operation or '(no operation)'}"
        for line in lines_of(item.findings):
            yield f"        {line}"
    yield from _summary(judged)


def lines_of(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield a line for each finding, the worst first; attributes that one object lacks are in one line."""
    lacking: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        if finding.id.endswith(".missing_attribute"):
            lacking.setdefault(_object_of(finding), []).append(finding.pointer.rpartition("/")[2])
    for finding in sorted(findings, key=lambda item: SEVERITIES.index(item.severity)):
        at = f" {finding.pointer}" if finding.pointer else ""
        message = finding.message
        if finding.id.endswith(".missing_attribute"):
            names = lacking.pop(_object_of(finding), [])
            if len(names) > 1:
                at, message = f" {_object_of(finding)[1]}".rstrip(), f"the attributes {', '.join(names)} are missing"
            elif not names:
                continue
        yield f"{finding.severity} {finding.side}{at}: {message} [{finding.id}]"


def _object_of(finding: Finding) -> tuple[str, str]:
    return finding.side, finding.pointer.rpartition("/")[0]


class Tally:
    """How many exchanges each operation had, and how many findings of which severity."""

    def __init__(self) -> None:
        self._exchanges: Counter[str] = Counter()
        self._found: Counter[tuple[str, Severity]] = Counter()

    def add(self, operation: str | None, findings: Iterable[Finding], exchanges: int = 1) -> None:
        """Count an exchange with its findings, or none with those of its operation."""
        name = operation or "(no operation)"
        self._exchanges[name] += exchanges
        self._found.update((name, finding.severity) for finding in findings)

    def count(self, severity: Severity) -> int:
        """Return how many findings are of a severity."""
        return sum(count for (_, found), count in self._found.items() if found == severity)

    def lines(self) -> Iterator[str]:
        """Yield a table of the operations, with how many exchanges and findings each has, and a line with the sums."""
        width = max(map(len, self._exchanges), default=0)
        yield f"{'operation':{width}} exchanges  break  drift   note"
        for name, count in sorted(self._exchanges.items()):
            yield f"{name:{width}} {count:9}" + "".join(f"{self._found[name, severity]:7}" for severity in SEVERITIES)
        total = ", ".join(f"{self.count(severity)} {severity}" for severity in SEVERITIES)
        yield f"{counted(self._exchanges.total(), 'exchange')}: {total}"


def _summary(judged: Sequence[Judged]) -> Iterator[str]:
    tally = Tally()
    for item in judged:
        if not item.error:
            tally.add(item.operation, item.findings, int(item.is_exchange))
    return tally.lines()


def as_json(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield the findings as one object."""
    yield json.dumps(document_of(judged), indent=2, default=str)


def document_of(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return how many exchanges there were, every finding, and what could not be read, if anything."""
    findings = [{**finding.as_json(), "file": item.file} for item in judged for finding in item.findings]
    unread = [{"file": item.file, "message": item.error} for item in judged if item.error]
    document = {"exchanges": sum(item.is_exchange for item in judged), "findings": findings}
    return {**document, **({"unreadable": unread} if unread else {})}


def junit(judged: Sequence[Judged], *, failing: Sequence[Severity] = ("break",)) -> Iterator[str]:
    """Yield a report in which each file is a suite and each exchange a test; what does not fail it is its output.

    What could not be read is a test with an error.
    """
    root = ElementTree.Element("testsuites", name="ims-mock contract")
    for file in dict.fromkeys(item.file for item in judged):
        cases = [item for item in judged if item.file == file]
        suite = ElementTree.SubElement(root, "testsuite", name=file, tests=str(len(cases)))
        failures = 0
        for item in cases:
            if item.error:
                case = ElementTree.SubElement(suite, "testcase", classname="no operation", name=item.summary)
                ElementTree.SubElement(case, "error", message=in_xml(item.error))
                continue
            attributes = {"classname": item.operation or "no operation", "name": f"{item.entry}: {item.summary}"}
            case = ElementTree.SubElement(suite, "testcase", attributes)
            bad = [finding for finding in item.findings if finding.severity in failing]
            if bad:
                failures += 1
                failure = ElementTree.SubElement(case, "failure", message=in_xml(next(lines_of(bad))))
                failure.text = in_xml("\n".join(lines_of(bad)))
            rest = [finding for finding in item.findings if finding.severity not in failing]
            if rest:
                ElementTree.SubElement(case, "system-out").text = in_xml("\n".join(lines_of(rest)))
        suite.set("failures", str(failures))
        suite.set("errors", str(sum(bool(item.error) for item in cases)))
    ElementTree.indent(root)
    yield ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


_LEVELS: dict[Severity, str] = {"break": "error", "drift": "warning", "note": "note"}


def sarif(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield a log of SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html"""
    found = [(item, finding) for item in judged for finding in item.findings]
    ids = sorted({finding.id for _, finding in found})
    driver = {"name": "ims_mock", "version": __version__, "rules": [{"id": name} for name in ids]}
    results = [_result(item, finding, ids.index(finding.id)) for item, finding in found]
    unread = [_notification(item) for item in judged if item.error]
    ended = {"executionSuccessful": not unread, **({"toolExecutionNotifications": unread} if unread else {})}
    run = {"tool": {"driver": driver}, "invocations": [ended], "results": results}
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    yield json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2)


def _notification(item: Judged) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": {"uri": _uri(item.file)}}}
    return {"level": "error", "message": {"text": item.error}, "locations": [place]}


def _result(item: Judged, finding: Finding, index: int) -> dict[str, Any]:
    place = f"{finding.operation or 'no operation'}/{finding.side}{finding.pointer}"
    return {
        "ruleId": finding.id,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{item.entry}: {item.summary}: {_place(finding)}: {finding.message}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(item.file)}},
                "logicalLocations": [{"fullyQualifiedName": place}],
            }
        ],
    }


def _uri(file: str) -> str:
    """Return a path as a URI, a relative one as a relative reference."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def github(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield workflow commands, each an annotation of the file, and the summary."""
    names: dict[Severity, str] = {"break": "error", "drift": "warning", "note": "notice"}
    for item in judged:
        if item.error:
            yield f"::error file={_property(item.file)},title={_property(item.summary)}::{_data(item.error)}"
        for finding in item.findings:
            message = f"{item.entry}: {item.summary}: {_place(finding)}: {finding.message}"
            settings = f"file={_property(item.file)},title={_property(finding.id)}"
            yield f"::{names[finding.severity]} {settings}::{_data(message)}"
    yield from _summary(judged)


def _place(finding: Finding) -> str:
    return f"{finding.side} {finding.pointer}".rstrip()


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
