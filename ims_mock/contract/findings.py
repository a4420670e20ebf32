"""What a judge finds in an exchange: each finding as data, with a stable id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

Severity = Literal["break", "drift", "note"]
"""How bad it is.

break: a client that relies on the contract can fail. drift: undocumented, and harmless to most. note: worth knowing.
"""

Side = Literal["request", "response"]

SEVERITIES: tuple[Severity, ...] = ("break", "drift", "note")
"""From the worst on."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between an exchange and the contract.

    `id` is stable ("response.type"). `operation` is the operation's id, None where the request matches none. `pointer`
    is a JSON pointer (RFC 6901) into the body, which "" is the whole of; "?limit" for a parameter of the query,
    "{image_id}" for one of the path, and the name of a header for a header. `rule` is what the contract says, `got`
    what there was, and `message` both in one sentence. `entry` is where in a recording the exchange stands.
    """

    id: str
    severity: Severity
    operation: str | None
    side: Side
    pointer: str
    rule: str
    got: Any
    message: str
    entry: str = ""

    def __str__(self) -> str:
        at = f" {self.pointer}" if self.pointer else ""
        where = f"{self.entry}: " if self.entry else ""
        return (
            f"{where}{self.severity}: {self.operation or 'no operation'}: {self.side}{at}: {self.message} [{self.id}]"
        )

    def as_json(self) -> Mapping[str, Any]:
        """Return the finding as JSON values."""
        return asdict(self)


def worst(findings: Iterable[Finding]) -> Severity | None:
    """Return the worst severity of findings; None where there are none."""
    found = {finding.severity for finding in findings}
    return next((severity for severity in SEVERITIES if severity in found), None)


def is_allowed(finding: Finding, allowed: Iterable[str]) -> bool:
    """Return whether a finding is one of those that are accepted: an id, or an operation and an id, as globs."""
    names = (finding.id, f"{finding.operation}:{finding.id}")
    return any(fnmatchcase(name, glob) for glob in allowed for name in names)
