"""The rows of the table: what they are called, what they are to be, and how what was measured is written."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A line of the table.

    `unit` is "" for a ratio. A row `against_today` divides by what the other build has.
    """

    key: str
    label: str
    target: float
    is_at_least: bool = False
    unit: str = ""
    against_today: bool = False

    def meets(self, value: float) -> bool:
        """Return whether a value is on the target's side."""
        return value >= self.target if self.is_at_least else value <= self.target


def at_least(key: str, label: str, target: float) -> Row:
    """Return a row whose ratio is to be at least its target."""
    return Row(key, label, target, is_at_least=True)


@dataclass(frozen=True)
class Figure:
    """What was measured for a row: a value a round, of this build and of the other one, and what they are made of."""

    row: Row
    ours: Sequence[float]
    today: Sequence[float] = ()
    note: str = ""

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.ours)

    @property
    def verdict(self) -> str:
        """Whether the target is met: ok or missed."""
        return "ok" if self.row.meets(self.value) else "missed"

    def cells(self) -> list[str]:
        """Return the cells of the line, as HEAD names them."""
        row = self.row
        today = "1" if row.against_today else written(statistics.median(self.today)) if self.today else "-"
        return [
            row.label,
            row.key,
            written(self.value) + (f" {row.unit}" if row.unit else ""),
            f"{written(min(self.ours))} - {written(max(self.ours))}",
            today,
            f"{'>=' if row.is_at_least else '<='} {row.target:g}",
            self.verdict,
            self.note,
        ]


HEAD = ("work", "key", "now", "rounds", "today", "target", "", "medians")


def written(value: float) -> str:
    """Return a number with three digits that count, or all that it has before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    digits = 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}" if value else "0"


def ratios(ours: Iterable[float], theirs: Iterable[float]) -> list[float]:
    """Return the ratio of each round."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def in_text(cells: Sequence[str]) -> str:
    """Return a line of the table for a terminal."""
    widths = (57, 26, 13, 15, 6, 7, 6)
    padded = [f"{cell:{width}}" for cell, width in zip(cells, widths, strict=False)]
    return " ".join([*padded, *cells[len(widths) :]]).rstrip()


def in_markdown(cells: Sequence[str]) -> str:
    """Return a line of the table in Markdown."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
