"""The entries of the journal of a world, on their way to the store and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ims_mock.evidence.journal import Entry
from ims_mock.shared.journal import SharedJournal, Versions, entry_of, text_of
from ims_mock.shared.link import StoreError
from ims_mock.shared.notes import Notebook, Notes
from ims_mock.shared.turn import StaleError, Turn


class Entries:
    """The entries of a world's journal in the store; `look` has the newest state, where another server was faster."""

    def __init__(self, notes: Notes, name: str, meta: str, journal: SharedJournal) -> None:
        self._notes = notes
        self._name = name
        self._meta = meta
        self._journal = journal
        self._place = Notebook(meta, "", "", -1, name)
        self._last_read: tuple[int, int, bytes] = (-1, 0, b"-")

    def note(self, entry: Entry, turn: Turn) -> None:
        """Write an entry whose response is about to leave; raise StaleError where that is from older records."""
        if turn.is_out:
            return
        expected = turn.commit if turn.is_request and not turn.is_current else ""
        place = self._place
        if place.commit != expected or place.clearings != self._journal.clearings:
            clearings = self._journal.clearings
            place = self._place = Notebook(self._meta, self.key_after(clearings), expected, clearings, self._name)
        try:
            is_good = self._notes.is_good(place, str(entry.number or ""), text_of(entry))
        except StoreError:
            if expected:
                raise
            # What is responded is certain: a change that is written, or what no state decides.
            return
        if not is_good:
            raise StaleError

    def read(self, look: Callable[[], None]) -> tuple[int, int, Versions]:
        """Return how many requests there were, the revision, and what was written since the last call."""
        emptied = self._journal.emptied
        fields, found, clearings = self._ask()
        if int(fields[2] or 0) != clearings:
            # Another server has cleared it.
            look()
            emptied = self._journal.emptied
            fields, found, clearings = self._ask()
        if found:
            self._last_read = clearings, emptied, found[-1][0]
        versions = [(int(item[1]), int(item[3]), entry_of(item[5])) for _, item in found]
        return int(fields[0] or 0), int(fields[1] or 0), versions

    def _ask(self) -> tuple[Any, Any, int]:
        clearings = self._journal.clearings
        after = self._last_read[2] if self._last_read[:2] == (clearings, self._journal.emptied) else b"-"
        fields, found = self._notes.link.ask(
            ("HMGET", self._meta, "received", "revision", "clearings"),
            ("XRANGE", self.key, after if after == b"-" else b"(" + after, "+"),
        )
        return fields, found, clearings

    @property
    def key(self) -> str:
        """The key of the journal, which is another one after each time that it was cleared."""
        return self.key_after(self._journal.clearings)

    def key_after(self, clearings: int) -> str:
        """Return the key of the journal after so many times."""
        return f"{self._meta}:journal:{clearings}"
