"""What a comparison of two conversations has found: of each exchange, of each operation, and how often each rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ims_mock.evidence.correspondence import RULES
from ims_mock.evidence.differences import Difference

Verdict = Literal["same", "same by rules", "differs", "not compared"]

VERDICTS: tuple[Verdict, ...] = ("same", "same by rules", "differs", "not compared")


@dataclass(frozen=True, slots=True)
class Compared:
    """One exchange of the first side, and whether the second has the same.

    `operation` is None where the request is of no operation. `rules` are those that were applied, with how often.
    `note` says why nothing was compared, or what else there is to know.
    """

    entry: str
    operation: str | None
    request: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    rules: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    def lines(self) -> Iterator[str]:
        """Yield the lines of a report about the exchange."""
        where = f"{self.entry}: " if self.entry else ""
        by = f": {', '.join(self.rules)}" if self.verdict == "same by rules" else ""
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
            "differences": [{**difference.as_json(), "message": str(difference)} for difference in self.differences],
        }


@dataclass
class Drift:
    """How a second side differs from a first one: every exchange in order, and `notes` about the whole."""

    first: str
    second: str
    exchanges: list[Compared] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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
        operations = sorted(self.by_operation().items())
        if operations:
            width = max(len(name) for name, _ in operations)
            yield from ("", f"{'operation':<{width}}  {'  '.join(VERDICTS)}")
            for name, counts in operations:
                yield f"{name:<{width}}  {'  '.join(f'{counts[verdict]:>{len(verdict)}}' for verdict in VERDICTS)}"
        if self.rules:
            yield from ("", "rules that were applied:")
            yield from (f"    {name} {count} times: {RULES[name]}" for name, count in sorted(self.rules.items()))
        yield from ("", *self.notes) if self.notes else ()
        counts_of_all = ", ".join(f"{self.count(verdict)} {verdict}" for verdict in VERDICTS)
        yield f"{self.first} and {self.second}: {len(self.exchanges)} exchanges: {counts_of_all}"

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
