"""Failure on command: the faults, and the rules that say where and how often."""

from __future__ import annotations

import dataclasses
import itertools
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Protocol

from ims_mock.contract import load_contract
from ims_mock.errors import ImsError, documented_message
from ims_mock.messages import Response
from ims_mock.validation import nearest, shown

Work = Callable[[], Response]


class Fault(Protocol):
    """Settings, and one method that is wrapped around the rest of a request."""

    def around(self, work: Work) -> Response:
        """Answer instead of `work`, or around it."""


@dataclass(frozen=True)
class Fail:
    """Refuse with a status from 400 to 599 in its documented body; the work is never done.

    `code` and `message` replace the documented ones; an IMG code makes the body the service's, an APIGW code the
    gateway's. Raises ValueError for a status out of range and for an undocumented code without a message.
    """

    status: int
    code: str | None = None
    message: str | None = None

    def __post_init__(self) -> None:
        _check_integer("status", self.status, 400, 599)
        for name in ("code", "message"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise ValueError(f"{name} must be a string or left out, got {shown(value)}")
        if self.code is not None and not re.fullmatch(r"(IMG|APIGW)\.[0-9]{4}", self.code):
            raise ValueError(f"code must be of the form IMG.nnnn or APIGW.nnnn, got {shown(self.code)}")
        if self.code is not None and self.message is None:
            documented_message(self.code, self.status)

    def around(self, work: Work) -> Response:
        """Raise the refusal; `work` is left undone."""
        raise ImsError(self.status, self.code, self.message, reason=f"fault: {self}")


_KINDS: dict[str, type[Any]] = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in (Fail,)}


@dataclass
class Rule:
    """Where and how often a fault strikes.

    It matches requests of the operations that the glob `operation` names. Of these it lets `skip` pass, then strikes
    `times` of them, or all when that is None. `hits` counts the strikes. Raises ValueError when it could never match.
    """

    fault: Fault
    operation: str = "*"
    times: int | None = None
    skip: int = 0
    id: str = ""
    hits: int = field(default=0, init=False)
    _matched: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        if type(self.fault) not in _KINDS.values():
            raise ValueError(
                f"fault must be one of {', '.join(kind.__name__ for kind in _KINDS.values())}, got {self.fault!r}"
            )
        if not isinstance(self.operation, str):
            raise ValueError(f"operation must be a string, got {shown(self.operation)}")
        operations = list(load_contract().operations)
        if not any(fnmatchcase(operation, self.operation) for operation in operations):
            known = ", ".join(operations)
            hint = nearest(self.operation, operations) or f"; there are {known}"
            raise ValueError(f"operation {shown(self.operation)} matches none{hint}")
        if self.times is not None:
            _check_integer("times", self.times, 1)
        _check_integer("skip", self.skip, 0)

    def strikes(self, operation: str) -> bool:
        """Count a request of an operation, and tell whether the fault strikes it; the caller holds the lock."""
        if not fnmatchcase(operation, self.operation):
            return False
        self._matched += 1
        if self._matched <= self.skip or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True

    def to_json(self) -> dict[str, Any]:
        """Return the rule as the control API shows it."""
        kind = next(name for name, kind in _KINDS.items() if type(self.fault) is kind)
        fault: Any = self.fault
        return {
            "id": self.id,
            "operation": self.operation,
            "times": self.times,
            "skip": self.skip,
            "hits": self.hits,
            "fault": {"kind": kind, **dataclasses.asdict(fault)},
        }


class Faults:
    """The rules of one mock, in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def add(self, fault: Fault, *, operation: str = "*", times: int | None = None, skip: int = 0) -> Rule:
        """Arm a fault and return its rule, whose `hits` counts; raise ValueError for one that could never strike."""
        rule = Rule(fault, operation, times, skip)
        with self._lock:
            rule.id = str(next(self._ids))
            self._rules[rule.id] = rule
        return rule

    def remove(self, rule_id: str) -> None:
        """Disarm one rule; raise KeyError when there is none of that id."""
        with self._lock:
            del self._rules[rule_id]

    def clear(self) -> None:
        """Disarm every rule."""
        with self._lock:
            self._ids = itertools.count(1)
            self._rules: dict[str, Rule] = {}

    def __iter__(self) -> Iterator[Rule]:
        with self._lock:
            return iter(list(self._rules.values()))

    def __len__(self) -> int:
        return len(self._rules)

    def around(self, operation: str, work: Work, struck: Callable[[str], None]) -> Work:
        """Return the work of a request with every rule around it, the first added outermost.

        A rule counts the requests that reach it, so of two that would strike, the inner one waits for its turn.
        `struck` is told the id of each rule that strikes.
        """
        if not self._rules:
            return work
        for rule in reversed(list(self)):
            work = partial(self._through, rule, operation, work, struck)
        return work

    def _through(self, rule: Rule, operation: str, work: Work, struck: Callable[[str], None]) -> Response:
        with self._lock:
            strikes = rule.strikes(operation)
        if not strikes:
            return work()
        struck(rule.id)
        return rule.fault.around(work)


def rule_arguments(document: Any) -> tuple[Fault, dict[str, Any]]:
    """Return what Faults.add takes for a rule in JSON; raise ValueError naming what is wrong."""
    settings = object_members(document, "", {"fault", "operation", "times", "skip"})
    fault = object_members(settings.pop("fault", None), "/fault", None)
    kind = _KINDS.get(str(fault.pop("kind", None)))
    if kind is None:
        raise ValueError(f"/fault/kind: must be one of {', '.join(_KINDS)}")
    known = {item.name: item.default for item in dataclasses.fields(kind)}
    missing = [name for name, default in known.items() if default is dataclasses.MISSING and name not in fault]
    if missing:
        raise ValueError(f"/fault/{missing[0]}: is needed")
    given = object_members(fault, "/fault", set(known))
    try:
        return kind(**given), settings
    except ValueError as error:
        raise ValueError(f"/fault: {error}") from None


def parse_rule(text: str) -> tuple[Fault, dict[str, Any]]:
    """Return what Faults.add takes for a rule of the command line: "[OPERATION:] STATUS [xTIMES] [skip N]"."""
    match = re.fullmatch(
        r"\s*(?:(?P<operation>[^:\s]+)\s*:)?\s*(?P<status>\d{3})(?:\s+x(?P<times>\d+))?(?:\s+skip\s+(?P<skip>\d+))?\s*",
        text,
    )
    if match is None:
        raise ValueError(
            f"{text!r} is no fault: write [OPERATION:] STATUS [xTIMES] [skip N], such as 'glance_*: 503 x2'"
        )
    settings: dict[str, Any] = {"operation": match["operation"] or "*", "skip": int(match["skip"] or 0)}
    if match["times"]:
        settings["times"] = int(match["times"])
    return Fail(int(match["status"])), settings


def object_members(value: Any, pointer: str, known: set[str] | None) -> dict[str, Any]:
    """Return a copy of a JSON object; raise ValueError for anything else, and for a member that is not known."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{pointer or 'body'}: must be an object, got {shown(value)}")
    for name in value:
        if known is not None and name not in known:
            raise ValueError(
                f"{pointer}/{name}: is unknown; there are {', '.join(sorted(known))}{nearest(name, list(known))}"
            )
    return dict(value)


def _check_integer(name: str, value: Any, low: int, high: int | None = None) -> None:
    if type(value) is not int or value < low or (high is not None and value > high):
        wanted = f"from {low} to {high}" if high is not None else f"of {low} or more"
        raise ValueError(f"{name} must be an integer {wanted}, got {shown(value)}")
