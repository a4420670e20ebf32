"""What is due later: transitions of records, found by the record and by the time."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any

from ims_mock.state.collections import Collection, Transition


class Transitions(Collection):
    """The transitions that are pending; each is found without a walk over the others.

    `by_time` is a heap of due times and numbers; numbers of removed transitions may still be in it.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._last = 0
        self.by_time: list[tuple[float, int]] = []
        self._by_record: dict[tuple[str, str], list[str]] = {}

    def add(self, transition: Transition) -> None:
        """Add a transition, which is given its number."""
        self._last += 1
        numbered = {**transition, "number": self._last}
        self.put(str(self._last), numbered)
        self._index(numbered)

    def take(self, key: str, stored: Any) -> None:
        """Have a transition as another store of the same state has it; None is no transition."""
        self.remove(key)
        if stored is not None:
            self._last = max(self._last, stored["number"])
            self.put(key, stored)
            self._index(stored)

    def of(self, collection: str, record_id: str) -> list[Transition]:
        """Return the transitions of a record, in the order in which they are due."""
        keys = self._by_record.get((collection, record_id), ())
        return sorted((self.records[key] for key in keys), key=_order)

    def remove(self, key: str) -> None:
        """Remove a transition; no error where there is none."""
        transition = self.records.get(key)
        if transition is None:
            return
        super().remove(key)
        record = transition["collection"], transition["id"]
        self._by_record[record].remove(key)
        if not self._by_record[record]:
            del self._by_record[record]
        # Numbers of removed transitions are dropped once they are the larger part.
        if len(self.by_time) > 2 * len(self.records) + 64:
            self.by_time = sorted(map(_order, self.records.values()))

    def remove_of(self, collection: str, record_id: str) -> None:
        """Remove the transitions of a record."""
        for key in list(self._by_record.get((collection, record_id), ())):
            self.remove(key)

    def pop_due(self, now: float) -> Transition | None:
        """Remove and return the transition that is due first, or None where none is due yet."""
        while self.by_time and self.by_time[0][0] <= now:
            key = str(heapq.heappop(self.by_time)[1])
            transition: Transition | None = self.records.get(key)
            if transition is not None:
                self.remove(key)
                return transition
        return None

    def load(self, stored: Mapping[str, Any]) -> None:
        """Replace all transitions with these."""
        super().load(stored)
        self.by_time, self._by_record = [], {}
        self._last = max((transition["number"] for transition in stored.values()), default=0)
        for transition in self.records.values():
            self._index(transition)

    def document_of(self, stored: Mapping[str, Any]) -> list[Transition]:
        """Return transitions as a saved state has them, in the order in which they are due."""
        return sorted(stored.values(), key=_order)

    def stored_of(self, document: list[Transition]) -> dict[str, Transition]:
        """Return the transitions that `document_of` made a document of."""
        return {str(transition["number"]): transition for transition in sorted(document, key=_order)}

    def _index(self, transition: Transition) -> None:
        heapq.heappush(self.by_time, _order(transition))
        record = transition["collection"], transition["id"]
        self._by_record.setdefault(record, []).append(str(transition["number"]))


def _order(transition: Transition) -> tuple[float, int]:
    return transition["due"], transition["number"]
