"""The piece of work that a server does on a shared state, and what it has changed so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ims_mock.shared.attempt import Attempt
from ims_mock.state.changes import Logged
from ims_mock.state.store import Store

if TYPE_CHECKING:
    from ims_mock.evidence.journal import Entry


class Work:
    """The attempt of one world that is being made, with the lock held; most change nothing, and leave none behind.

    `is_applying` while records change as the store says, which is no change of it; `planned` is the entry that is to be
    written together with what changes.
    """

    def __init__(self, store: Store) -> None:
        self.is_open = False
        self.is_applying = False
        self.planned: Entry | None = None
        self._store = store
        self._attempt: Attempt | None = None
        self._last_number = 0

    def begin(self, *, is_touched: bool) -> None:
        """Begin an attempt; `is_touched` says that it may change something else than records."""
        self.is_open, self.planned = True, None
        self._last_number = self._store.images.last_number
        if is_touched:
            self.touch()

    def end(self) -> Attempt | None:
        """End it, and return what has changed; None for nothing."""
        attempt, self._attempt, self.is_open = self._attempt, None, False
        if attempt is not None and self.planned is not None:
            attempt.entries.append(self.planned)
        return attempt

    def present(self) -> Attempt:
        """Return what has changed so far; raise RuntimeError outside of an attempt."""
        if not self.is_open:
            raise RuntimeError("a shared state can only be changed in an attempt: store.attempt(...)")
        if self._attempt is None:
            self._attempt = Attempt(self._last_number)
        return self._attempt

    def note(self, collection: Logged, key: str) -> None:
        """Note that a record is about to be written or removed."""
        if not self.is_applying:
            self.present().note(collection, key)

    def note_load(self) -> None:
        """Note that all records of a collection are others."""
        if not self.is_applying:
            self.present().is_whole = True

    def touch(self) -> None:
        """Note that something has changed that is not a record."""
        if not self.is_applying:
            self.present().is_touched = True
