"""What records were before they changed, as far as somebody asked to remember it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

MAX_CHANGES = 10_000
"""Most changes that are remembered."""


class Logged(Protocol):
    """A collection whose records change."""

    name: str
    is_logged: bool

    @property
    def records(self) -> Mapping[str, Any]:
        """What is stored, by key."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a record was before a change at a time, in seconds since 1970; None when there was none."""

    at: float
    collection: str
    key: str
    before: Any


class ChangeLog:
    """The last changes of a store, oldest first; `version` counts them all.

    `now` returns the time of a change. Changes are remembered while the log `is_on`. `is_open` is whether the store may
    be changed now: it may, inside of a transaction.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._changes: deque[Change] = deque()
        self.is_on = False
        self.version = 0
        self.is_open = False

    def begin(self) -> None:
        """Remember changes from now on; what is remembered already is kept."""
        if not self.is_on:
            self._let_go()
            self.is_on = True

    def _let_go(self) -> None:
        self._changes = deque(maxlen=MAX_CHANGES)

    def end(self) -> None:
        """Remember nothing any more, and count from 0 again."""
        self._changes.clear()
        self.is_on, self.version = False, 0

    def cut(self) -> None:
        """Drop what is remembered: from now on the records are those of another state."""
        if self.is_on:
            self._changes.clear()
            self.version += 1

    def note(self, collection: Logged, key: str) -> None:
        """Remember what a record is before it changes, unless nobody asks of its kind; a copy, which nobody edits."""
        if collection.is_logged:
            self._changes.append(Change(self._now(), collection.name, key, deepcopy(collection.records.get(key))))
            self.version += 1

    def note_load(self, collection: Logged) -> None:
        """Take up that all records of a collection are others now: `cut` drops what was."""

    def version_at(self, moment: float) -> int:
        """Return the version at a moment, or the earliest that is remembered."""
        return self.version - sum(change.at > moment for change in self._changes)

    def before(self, version: int) -> dict[tuple[str, str], Any]:
        """Return what records were in a version, by collection and key, of those that have changed since."""
        changes = list(self._changes)
        undone = changes[max(len(changes) - (self.version - version), 0) :]
        # Of several changes of a record the first says what it was before.
        return {(change.collection, change.key): change.before for change in reversed(undone)}
