"""Which requests of the good run meet failures."""

from __future__ import annotations

from collections import Counter

from ims_mock.evidence.journal import Entry
from ims_mock.sweep.plans import Step


def steps_of(entries: list[Entry]) -> list[tuple[Step, Entry]]:
    """Return the requests of the work as steps; of equal ones in a row, such as polls, the first and the last."""
    counts: Counter[str] = Counter()
    steps: list[tuple[Step, Entry]] = []
    for entry in entries:
        if entry.operation is None:
            continue
        counts[entry.operation] += 1
        step = Step(entry.operation, counts[entry.operation])
        if len(steps) > 1 and _is_same(steps[-2][1], steps[-1][1]) and _is_same(steps[-1][1], entry):
            steps.pop()
        steps.append((step, entry))
    return steps


def ends_of(steps: list[tuple[Step, Entry]], most: int) -> list[tuple[Step, Entry]]:
    """Return steps without those in the middle of more than so many of one operation, such as of a walk over images."""
    counts = Counter(step.operation for step, _ in steps)
    numbers: Counter[str] = Counter()
    found = []
    for step, entry in steps:
        number = numbers[step.operation]
        numbers[step.operation] += 1
        if number < (most + 1) // 2 or number >= counts[step.operation] - most // 2:
            found.append((step, entry))
    return found


def _is_same(one: Entry, other: Entry) -> bool:
    return (one.method, one.path, one.request_body) == (other.method, other.path, other.request_body)
