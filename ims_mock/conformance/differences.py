"""Where another service is known to differ from IMS, each with its reason: schemas/profiles/<profile>.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from ims_mock.contract import schema_files
from ims_mock.contract.findings import Finding


class Differences:
    """The known differences of a profile. `met` are those that a run has met: the reasons, by what they are of."""

    def __init__(self, known: Sequence[Mapping[str, Any]]) -> None:
        self._known = known
        self.met: dict[str, str] = {}

    def has(self, finding: Finding) -> bool:
        """Return whether a finding is known, and remember that it was met."""
        wanted = (finding.operation or "", finding.id, finding.pointer, str(finding.got))
        return self._find(*wanted) is not None

    def of_status(self, operation: str, wanted: int, got: int) -> str | None:
        """Return why an operation returns another status than is wanted; None where no reason is known."""
        return self._find(operation, "status", str(wanted), str(got))

    def of_value(self, operation: str, name: str, got: Any) -> str | None:
        """Return why an attribute has another value than is wanted; None where no reason is known."""
        return self._find(operation, "value", name, str(got))

    def _find(self, operation: str, name: str, at: str, got: str) -> str | None:
        for known in self._known:
            globs = (known["operation"], known["id"], known.get("at", "*"), known.get("got", "*"))
            if all(fnmatchcase(value, glob) for value, glob in zip((operation, name, at, got), globs, strict=True)):
                reason: str = known["reason"]
                shown = f"{at} is {got}" if name == "status" else f"{name} {at}".strip()
                self.met[f"{operation}: {shown}"] = reason
                return reason
        return None


@cache
def _known(profile: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(schema_files.read(f"profiles/{profile}.json")["differences"])


def differences_of(profile: str) -> Differences:
    """Return the differences of a profile: none of Huawei's, which is what the contract describes."""
    return Differences(() if profile == "huawei" else _known(profile))
