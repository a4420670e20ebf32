"""What a run has reached of the contract, and what it has seen that no document has: coverage, both ways."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from ims_mock.contract.findings import Finding
from ims_mock.contract.operations import Operation, load_contract

_UNDOCUMENTED = ("response.undocumented_status", "response.undocumented_code", "response.unknown_attribute")
"""The findings of what a service has and no document."""

_INDEX = re.compile("/[0-9]+(?=/|$)")
"""The index of an item in a JSON pointer."""


class Reached:
    """Collects the exchanges of a run, and those of a test in `log`; what another process has collected is added."""

    def __init__(self) -> None:
        self.statuses: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.codes: Counter[str] = Counter()
        self.findings: list[dict[str, Any]] = []
        self.log: list[str] = []
        self._seen: set[tuple[str, ...]] = set()

    def add(self, operation: str, status: int, code: str, findings: list[Finding]) -> None:
        """Add an exchange: its operation, its status, the code of an error or "", and what was found."""
        self.statuses[operation][status] += 1
        if code:
            self.codes[code] += 1
        for finding in findings:
            self._add_finding(dict(finding.as_json()))

    def _add_finding(self, finding: dict[str, Any]) -> None:
        """Keep the first finding of a kind at a place, of all items of a list and all responses of an operation."""
        got = str(finding["got"]) if not finding["pointer"] or finding["id"].endswith("_code") else ""
        key = (finding["operation"], finding["id"], _INDEX.sub("/*", finding["pointer"]), got)
        if key not in self._seen:
            self._seen.add(key)
            self.findings.append(finding)

    def as_json(self) -> dict[str, Any]:
        """Return what was collected as JSON values."""
        statuses = {name: {str(status): n for status, n in found.items()} for name, found in self.statuses.items()}
        return {"statuses": statuses, "codes": dict(self.codes), "findings": self.findings}

    def add_json(self, other: Mapping[str, Any]) -> None:
        """Add what another process has collected, as its `as_json` has it."""
        for name, found in other["statuses"].items():
            self.statuses[name].update({int(status): count for status, count in found.items()})
        self.codes.update(other["codes"])
        for finding in other["findings"]:
            self._add_finding(finding)

    def report(self, profile: str) -> dict[str, Any]:
        """Return the coverage of a profile's operations as JSON values, and all findings."""
        operations = {item.id: self._operation(item) for item in operations_of(profile)}
        of_service = sum(code.startswith("IMG.") for code in self.codes)
        return {
            "profile": profile,
            "operations": operations,
            "not_reached": [name for name, found in operations.items() if not found["reached"]],
            "codes": dict(sorted(self.codes.items())),
            "service_codes_reached": of_service,
            "undocumented": [finding for finding in self.findings if finding["id"] in _UNDOCUMENTED],
            "findings": self.findings,
        }

    def _operation(self, operation: Operation) -> dict[str, Any]:
        document = load_contract().composed["paths"][operation.path][operation.method.lower()]
        documented = sorted(int(status) for status in document["responses"])
        reached: Mapping[int, int] = self.statuses.get(operation.id, {})
        return {
            "reached": {str(status): reached[status] for status in sorted(reached)},
            "not_reached": [status for status in documented if status not in reached],
            "undocumented": [status for status in sorted(reached) if status not in documented],
        }


def operations_of(profile: str) -> list[Operation]:
    """Return the operations that a profile's service has; those of other services are not IMS's to have."""
    known = [item for item in load_contract().operations.values() if item.dialect in ("", "iam")]
    return known if profile == "huawei" else [item for item in known if is_native(item)]


def is_native(operation: Operation) -> bool:
    """Return whether an operation is one of Glance's own API."""
    return operation.resource in ("images", "files", "members", "tags", "schemas", "versions")


def lines(report: Mapping[str, Any]) -> list[str]:
    """Return a report as the terminal has it."""
    operations = report["operations"]
    reached = [found for found in operations.values() if found["reached"]]
    statuses = sum(len(found["reached"]) - len(found["undocumented"]) for found in operations.values())
    documented = statuses + sum(len(found["not_reached"]) for found in operations.values())
    text = [
        f"{len(reached)} of {len(operations)} operations were reached, {statuses} of {documented} documented statuses, "
        f"and {len(report['codes'])} codes of errors",
    ]
    if reached and report["not_reached"]:
        text.append(f"not reached: {', '.join(report['not_reached'])}")
    text += [f"undocumented: {_undocumented(finding)}" for finding in report["undocumented"]]
    by_reason: defaultdict[str, set[str]] = defaultdict(set)
    for what, reason in report["known_differences"].items():
        by_reason[reason].add(what.partition(":")[0])
    text += [f"known difference: {reason} ({', '.join(sorted(by_reason[reason]))})" for reason in sorted(by_reason)]
    others = [finding for finding in report["findings"] if finding["id"] not in _UNDOCUMENTED]
    return text + [f"{finding['severity']}: {_undocumented(finding)}" for finding in others]


def _undocumented(finding: Mapping[str, Any]) -> str:
    at = f" {finding['pointer']}" if finding["pointer"] else ""
    return f"{finding['operation']}: {finding['side']}{at}: {finding['message']} [{finding['id']}]"
