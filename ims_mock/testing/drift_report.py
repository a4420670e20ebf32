"""What a comparison of two conversations has found: of each exchange, of each operation, and how often each rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal

from ims_mock.contract.wording import counted
from ims_mock.evidence.correspondence import RULES
from ims_mock.evidence.differences import Difference

Verdict = Literal["same", "same by rules", "differs", "not compared"]

_MOST_REPEATED = 20
"""Most differences that are shown as those of several exchanges."""

VERDICTS: tuple[Verdict, ...] = ("same", "same by rules", "differs", "not compared")


@dataclass(frozen=True, slots=True)
class Compared:
    """One exchange of the first side, and whether the second has the same.

    `operation` is None where the request is of no operation. `rules` are those that were applied, with how often.
    `note` says why nothing was compared, or what else there is to know; `allowed` are differences that are accepted.
    """

    entry: str
    operation: str | None
    request: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    rules: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    allowed: tuple[Difference, ...] = ()

    def allowing(self, globs: Sequence[str]) -> Compared:
        """Return the same with those differences accepted whose id, or operation and id, matches a glob."""
        allowed = [item for item in self.differences if self._is_allowed(item, globs)]
        left = tuple(item for item in self.differences if item not in allowed)
        verdict: Verdict = self.verdict if left or not allowed else "same by rules"
        return replace(self, verdict=verdict, differences=left, allowed=tuple(allowed))

    def _is_allowed(self, difference: Difference, globs: Sequence[str]) -> bool:
        names = (difference.id, f"{self.operation}:{difference.id}")
        return any(fnmatchcase(name, glob) for name in names for glob in globs)

    def lines(self) -> Iterator[str]:
        """Yield the lines of a report about the exchange."""
        where = f"{self.entry}: " if self.entry else ""
        rules = [*self.rules, *(["what is allowed"] if self.allowed else [])]
        by = f": {', '.join(rules)}" if self.verdict == "same by rules" else ""
        note = f" ({self.note})" if self.note else ""
        yield f"{where}{self.request}: {self.operation or 'no operation'}: {self.verdict}{by}{note}"
        for difference in self.differences:
            yield f"    {difference}"

    def as_json(self) -> dict[str, Any]:
        """Return the exchange as JSON values."""
        return {
            "entry": self.entry,
            "operation": self.operation,
            "request": self.request,
            "verdict": self.verdict,
            "rules": dict(self.rules),
            "note": self.note,
            "differences": [difference.as_json() for difference in self.differences],
            "allowed": [difference.as_json() for difference in self.allowed],
        }


@dataclass
class Drift:
    """How a second side differs from a first one: every exchange in order, and `notes` about the whole."""

    first: str = ""
    second: str = ""
    exchanges: list[Compared] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def allowing(self, globs: Sequence[str]) -> Drift:
        """Return the same with some differences accepted: by globs of their ids, or of operations and ids.

        >>> drift.allowing(["body*/virtual_size:missing", "glance_list_images:*"])
        """
        return replace(self, exchanges=[exchange.allowing(globs) for exchange in self.exchanges])

    @property
    def differing(self) -> list[Compared]:
        """The exchanges that are not the same."""
        return [exchange for exchange in self.exchanges if exchange.verdict == "differs"]

    @property
    def rules(self) -> Counter[str]:
        """How often each rule was applied."""
        total: Counter[str] = Counter()
        for exchange in self.exchanges:
            total.update(exchange.rules)
        return total

    def count(self, verdict: Verdict) -> int:
        """Return how many exchanges have a verdict."""
        return sum(exchange.verdict == verdict for exchange in self.exchanges)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was compared."""
        return self.count("not compared") == len(self.exchanges)

    def by_operation(self) -> dict[str, Counter[str]]:
        """Return how many exchanges of each operation have each verdict."""
        found: dict[str, Counter[str]] = {}
        for exchange in self.exchanges:
            found.setdefault(exchange.operation or "no operation", Counter())[exchange.verdict] += 1
        return found

    def lines(self, *, shows_all: bool = False) -> Iterator[str]:
        """Yield the lines of a report: what differs and what was not compared, or every exchange, and summaries."""
        for exchange in self.exchanges:
            if shows_all or exchange.verdict in ("differs", "not compared"):
                yield from exchange.lines()
        yield from table_of(Counter((item.operation or "no operation", item.verdict) for item in self.exchanges))
        yield from self._repeated(shows_all=shows_all)
        yield from rule_lines(self.rules)
        allowed = sum(len(exchange.allowed) for exchange in self.exchanges)
        notes = [*self.notes, *([f"{allowed} differences are allowed"] if allowed else [])]
        yield from ("", *notes) if notes else ()
        counts_of_all = ", ".join(f"{self.count(verdict)} {verdict}" for verdict in VERDICTS)
        yield f"{self.first} and {self.second}: {counted(len(self.exchanges), 'exchange')}: {counts_of_all}"

    def by_id(self) -> dict[str, list[Compared]]:
        """Return the exchanges that have a difference, by its id, the most frequent first."""
        found: dict[str, list[Compared]] = {}
        for exchange in self.exchanges:
            for id_ in dict.fromkeys(difference.id for difference in exchange.differences):
                found.setdefault(id_, []).append(exchange)
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))

    def _repeated(self, *, shows_all: bool) -> Iterator[str]:
        """Yield a line for each difference that several exchanges have, as --allow accepts it."""
        found = [(id_, exchanges) for id_, exchanges in self.by_id().items() if len(exchanges) > 1]
        if found:
            yield from ("", "differences of several exchanges:")
        for id_, exchanges in found if shows_all else found[:_MOST_REPEATED]:
            operations = list(dict.fromkeys(exchange.operation or "no operation" for exchange in exchanges))
            more = f" and {len(operations) - 2} more" if len(operations) > 2 else ""
            yield f"    {id_} {len(exchanges)} times: {', '.join(operations[:2])}{more}"
        if len(found) > _MOST_REPEATED and not shows_all:
            yield f"    and {len(found) - _MOST_REPEATED} more; --all shows them"

    def as_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        return {
            "first": self.first,
            "second": self.second,
            "counts": {verdict: self.count(verdict) for verdict in VERDICTS},
            "operations": {name: dict(counts) for name, counts in sorted(self.by_operation().items())},
            "rules": dict(sorted(self.rules.items())),
            "notes": self.notes,
            "exchanges": [exchange.as_json() for exchange in self.exchanges],
        }


def table_of(counts: Mapping[tuple[str, Verdict], int]) -> Iterator[str]:
    """Yield the lines of a table of how many exchanges of each operation have each verdict."""
    operations = sorted({operation for operation, _ in counts})
    if operations:
        width = max(map(len, operations))
        yield f"{'operation':<{width}}  {'  '.join(VERDICTS)}"
        for name in operations:
            cells = (f"{counts.get((name, verdict), 0):>{len(verdict)}}" for verdict in VERDICTS)
            yield f"{name:<{width}}  {'  '.join(cells)}"


def rule_lines(rules: Mapping[str, int]) -> Iterator[str]:
    """Yield the lines of a report about the rules that were applied."""
    if rules:
        yield from ("", "rules that were applied:")
        yield from (f"    {name} {count} times: {RULES[name]}" for name, count in sorted(rules.items()))
