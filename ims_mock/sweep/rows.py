"""A plan, the run under it, and what came of it; those that failed alike are a group."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, groupby, product

from ims_mock.contract.operations import Operation, load_contract, page_of
from ims_mock.evidence.journal import Entry
from ims_mock.sweep.plans import Injection, Plan, Step
from ims_mock.sweep.runs import Run
from ims_mock.sweep.states import plain_text
from ims_mock.sweep.verdicts import GOOD, VERDICTS, Verdict

_NUMBER = re.compile(r"\d+(?:\.\d+)?")

_INSTEAD = {"status", "garbled", "lost", "wire"}
"""The families of what a work gets in place of a response."""


@dataclass(frozen=True)
class Row:
    """A plan and the run under it, its `requests` in short, and how often the plan's faults fired.

    `asked` is how often each operation was requested.
    """

    plan: Plan
    run: Run
    requests: tuple[str, ...] = ()
    hits: int = 0
    asked: Mapping[str | None, int] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, run: Run, good: Run) -> Row:
        """Return the row of a run, without what reports do not need; `good` is the run without any failure."""
        hits = sum(bool(entry.rules) for entry in run.entries)
        asked = Counter(entry.operation for entry in run.entries)
        return cls(plan, run.slim(good), tuple(requests_of(run.entries)), hits, asked)

    @property
    def reproduce(self) -> str:
        """The option of the command line that does the same."""
        return " ".join(f"--fault {shlex.quote(str(injection))}" for injection in self.plan.injections)

    @property
    def marker(self) -> str:
        """The marker of a test that does the same."""
        return f"@pytest.mark.ims_mock(faults={[str(injection) for injection in self.plan.injections]!r})"

    @property
    def size(self) -> tuple[int, float, int]:
        """By what the smallest of several plans is found: its faults, how often they fire, and at which request."""
        times = (injection.times or float("inf") for injection in self.plan.injections)
        return len(self.plan.injections), sum(times), max(injection.step.number for injection in self.plan.injections)


def can_both_fire(one: Row, other: Row) -> bool:
    """Return whether each of two plans of one fault is met where the other one alone has fired.

    At the same request, one of both keeps the work from the other, unless it tries again.
    """
    (first,), (second,) = one.plan.injections, other.plan.injections
    if first.step == second.step and {first.fault.family, second.fault.family} & _INSTEAD:
        return max(row.asked.get(first.step.operation, 0) for row in (one, other)) > first.step.number
    pairs = ((one, second), (other, first))
    return all(row.asked.get(item.step.operation, 0) >= item.step.number for row, item in pairs)


def pairs_of(rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Yield the pairs of plans of one fault that can both fire, in turn by the two requests that they are at."""
    by_step: dict[Step, list[Row]] = {}
    for row in rows:
        by_step.setdefault(row.plan.injections[0].step, []).append(row)
    one_step = (combinations(found, 2) for found in by_step.values())
    two_steps = (product(one, other) for one, other in combinations(by_step.values(), 2))
    turns = [filter(lambda pair: can_both_fire(*pair), pairs) for pairs in (*two_steps, *one_step)]
    while turns:
        found = [(pairs, next(pairs, None)) for pairs in turns]
        yield from (pair for _, pair in found if pair is not None)
        turns = [pairs for pairs, pair in found if pair is not None]


@dataclass(frozen=True)
class Judged:
    """A row with what came of it; a failure that `is_known` is accepted in a file."""

    row: Row
    verdict: Verdict
    is_known: bool = False

    @property
    def is_good(self) -> bool:
        """Whether the plan was survived, or failed cleanly."""
        return self.verdict.name in GOOD

    @property
    def fails(self) -> bool:
        """Whether the sweep fails for it."""
        return not self.is_good and not self.is_known

    @property
    def reason(self) -> tuple[str, ...]:
        """By what failures are alike: the verdict, the request, and the reason without what differs from run to run.

        Of a crash the reason is the kind of the error and the line of the user, as messages quote the response; those
        of Python's own errors, such as KeyError, do not. Where no line is known, the message is all there is.
        """
        failure, detail = self.row.run.failure, self.verdict.detail
        frame = failure.frame if failure is not None and self.verdict.name in ("crash", "wrong_success") else ""
        if self.verdict.name == "crash" and failure is not None and failure.kind.__module__ != "builtins" and frame:
            detail = failure.text.partition(":")[0]
        requests = (injection.step.operation for injection in self.row.plan.injections)
        # Numbers in words differ from run to run; that of the user's line is one of the line.
        return self.verdict.name, *requests, frame, _NUMBER.sub("0", plain_text(detail.partition(" (after ")[0]))


@dataclass(frozen=True)
class Group:
    """Failures that are alike, the smallest plan first."""

    members: tuple[Judged, ...]

    @property
    def smallest(self) -> Row:
        """The plan with the fewest faults, the fewest times, at the earliest request."""
        return self.members[0].row

    @property
    def verdict(self) -> Verdict:
        """What came of the smallest plan."""
        return self.members[0].verdict

    @property
    def is_known(self) -> bool:
        """Whether each of the failures is accepted in a file."""
        return all(member.is_known for member in self.members)

    @property
    def causes(self) -> list[str]:
        """Why a client meets the smallest plan: what the documents say, or the network."""
        return list(dict.fromkeys(one.fault.cause_on(_operation(one)) for one in self.smallest.plan.injections))

    @property
    def pages(self) -> list[str]:
        """The official pages of the operations that the smallest plan is at, where they have any."""
        pages = (page_of(_operation(injection)) for injection in self.smallest.plan.injections)
        return list(dict.fromkeys(filter(None, pages)))

    @property
    def others(self) -> list[str]:
        """The other plans that fail alike, in short: each fault once, without how often it fires."""
        own = _faults(self.smallest.plan)
        return list(dict.fromkeys(text for item in self.members if (text := _faults(item.row.plan)) != own))


def _operation(injection: Injection) -> Operation:
    return load_contract().operations[injection.step.operation]


def _faults(plan: Plan) -> str:
    return " and ".join(injection.short for injection in plan.injections)


def groups_of(judged: Iterable[Judged]) -> list[Group]:
    """Return the failures, those that are alike as one, the worst verdict first; known ones are last of their kind."""
    found: dict[tuple[str, ...], list[Judged]] = {}
    for item in judged:
        if not item.is_good:
            found.setdefault((f"{item.is_known}", *item.reason), []).append(item)
    groups = [Group(tuple(sorted(members, key=lambda item: item.row.size))) for members in found.values()]
    return sorted(groups, key=lambda group: (VERDICTS.index(group.verdict.name), group.is_known))


def requests_of(entries: Iterable[Entry]) -> list[str]:
    """Return requests in short, equal ones in a row as one: "GET /v2/images/<id> 200! x3"; the "!" is for a fault."""
    lines = (
        f"{entry.method} {plain_text(entry.path)} {entry.status or 'nothing'}{'!' if entry.rules else ''}"
        for entry in entries
    )
    counted = ((line, sum(1 for _ in same)) for line, same in groupby(lines))
    return [f"{line} x{count}" if count > 1 else line for line, count in counted]
