"""What has changed in a mock since somebody looked, for a page that shows it as it happens.

Nothing here is a look at a job, moves the clock, or is written into the journal.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ims_mock.evidence.journal import Journal
from ims_mock.faults.rule_set import Faults
from ims_mock.identity.permissions import Permissions
from ims_mock.state.clock import ManualClock
from ims_mock.state.real import new_lock
from ims_mock.state.store import Store

MOST_WAITING = 16
"""Most pages that wait at once; one more is responded to at once, and asks again after a pause of its own."""

MOST_REMOVED = 10_000
"""Most removed records that are remembered; a page that has missed more of them loads all records again."""


def _never() -> bool:
    return False


_NOTHING: tuple[int, tuple[Any, ...]] = (0, ())
"""What was there of a record that is new."""


def is_count(text: str) -> bool:
    """Return whether a text is a number in ASCII digits, of which there are not too many."""
    return text.isascii() and text.isdecimal() and len(text) < 16


@dataclass(frozen=True, slots=True)
class Page:
    """Records that have changed since a `cursor` was handed out, oldest change first, and the cursor behind them.

    With `is_whole` they are all, and what the reader had from before is out of date. `removed` are keys. With
    `has_more` there are others, which the next page has.
    """

    cursor: str
    records: list[Any]
    removed: list[str]
    is_whole: bool
    has_more: bool


class Seen:
    """The records of a mapping as they were at the last look, each with the number of its last change.

    Records are replaced and never edited, so that another object is a change.
    """

    def __init__(self, instance: str) -> None:
        self._instance = instance
        self._lock = new_lock()
        self._records: dict[str, tuple[int, tuple[Any, ...]]] = {}
        self._removed: dict[str, int] = {}
        self._number = 0
        self._complete_since = 0

    def page(self, records: Mapping[str, tuple[Any, ...]], after: str, limit: int) -> Page:
        """Return what differs between a cursor and the records as they are now."""
        with self._lock:
            self._update(records)
            since = self._number_of(after)
            changed = self._changed_since(since)
            part = changed[:limit]
            has_more = len(changed) > limit
            number = part[-1][0] if has_more else self._number
            removed = [] if since == 0 else [key for key, at in self._removed.items() if since < at <= number]
            cursor = f"{self._instance}-{number}"
            return Page(cursor, [(key, record) for _, key, record in part], removed, since == 0, has_more)

    def _number_of(self, cursor: str) -> int:
        """Return the number of a cursor; 0, from which everything is new, for one that is not known any more."""
        instance, _, digits = cursor.rpartition("-")
        number = int(digits) if instance == self._instance and is_count(digits) else 0
        return number if self._complete_since <= number <= self._number else 0

    def _changed_since(self, number: int) -> list[tuple[int, str, tuple[Any, ...]]]:
        """Return the records with a higher number, by number."""
        found = []
        # The last changed ones are at the end.
        for key, (changed_at, record) in reversed(self._records.items()):
            if changed_at <= number:
                break
            found.append((changed_at, key, record))
        return found[::-1]

    def _update(self, records: Mapping[str, tuple[Any, ...]]) -> None:
        known = self._records
        # The same objects are equal without a closer look; a backing that is not in memory makes others each time.
        changed = [key for key, record in records.items() if known.get(key, _NOTHING)[1] != record]
        gone = [key for key in known if key not in records] if len(known) + len(changed) > len(records) else []
        for key in gone:
            del known[key]
            self._number += 1
            self._removed[key] = self._number
        for key in changed:
            known.pop(key, None)
            self._removed.pop(key, None)
            self._number += 1
            known[key] = self._number, records[key]
        while len(self._removed) > MOST_REMOVED:
            self._complete_since = self._removed.pop(next(iter(self._removed)))


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """The place of one page that waits."""

    has_gone: Callable[[], bool]


class Feed:
    """What a page asks again and again: which parts of a mock have changed, and what is new in them.

    `instance` is another one for each mock, so that a page sees that the mock was restarted.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        faults: Faults,
        permissions: Permissions,
        snapshots: Mapping[str, Any],
    ) -> None:
        self.instance = secrets.token_hex(6)
        self._store = store
        self._journal = journal
        self._faults = faults
        self._permissions = permissions
        self._snapshots = snapshots
        self._images = Seen(self.instance)
        self._waiting: dict[object, _Place] = {}
        self._lock = new_lock()

    def parts(self) -> dict[str, str]:
        """Return the state of each part as a text, which is another one after each change of the part."""
        store, clock = self._store, self._store.clock
        images = (store.images, store.members, store.files, store.uploads)
        moves = clock.moves if isinstance(clock, ManualClock) else 0
        kept = list(self._snapshots.items())
        return {
            "journal": self._journal.state,
            "images": str(sum(collection.edits for collection in images)),
            "jobs": str(store.jobs.edits),
            "rules": f"{self._faults.edits}.{sum(rule.hits for rule in self._faults)}",
            "clock": f"{id(clock):x}.{moves}",
            "accounts": f"{store.projects.edits + store.users.edits}.{self._permissions.edits}",
            "snapshots": f"{hash(tuple((name, id(snapshot)) for name, snapshot in kept)):x}",
            "settings": str(store.settings.edits),
        }

    def wait(
        self, after: str, page: str, seconds: float, has_gone: Callable[[], bool] = _never
    ) -> tuple[str, dict[str, str], bool]:
        """Return a cursor, the parts, and whether too many wait, once the parts differ from those of a cursor.

        What a page waited for before, ends: it asks once at a time. A client that has gone gives its place to the next.
        """
        is_busy = seconds > 0 and not self._wait(after, page, seconds, _Place(has_gone))
        parts = self.parts()
        return self._cursor(parts), parts, is_busy

    def _wait(self, after: str, page: str, seconds: float, mine: _Place) -> bool:
        """Wait for a change; return False, at once, where too many wait."""
        key = page or mine
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                self._waiting = {name: place for name, place in self._waiting.items() if not place.has_gone()}
            if key not in self._waiting and len(self._waiting) >= MOST_WAITING:
                return False
            self._waiting[key] = mine
        signal = self._store.signal
        signal.give()
        try:
            signal.wait(lambda: self._waiting.get(key) is not mine or self._cursor() != after, seconds)
        finally:
            with self._lock:
                if self._waiting.get(key) is mine:
                    del self._waiting[key]
        return True

    def _cursor(self, parts: Mapping[str, str] | None = None) -> str:
        return "_".join([self.instance, *(self.parts() if parts is None else parts).values()])

    def requests(self, after: str, limit: int) -> Page:
        """Return the entries of the journal that have come or changed since a cursor."""
        instance, _, state = after.partition("-")
        cleared, _, number = state.partition(".")
        since = int(number) if instance == self.instance and is_count(number) else 0
        clearings, revision, entries = self._journal.changed_since(since)
        if cleared != str(clearings) or since > revision:
            since, (clearings, revision, entries) = 0, self._journal.changed_since(0)
        has_more = len(entries) > limit
        part = entries[:limit]
        last = part[-1].revision if has_more else revision
        return Page(f"{self.instance}-{clearings}.{last}", part, [], since == 0, has_more)

    def images(self, after: str, limit: int) -> Page:
        """Return what is stored of the images that have changed since a cursor, with their members and their files."""
        with self._store.transaction() as store:
            packed, members, files = list(store.images.records.items()), store.members.records, store.files.records
            records = {key: (image, members.get(key), files.get(key)) for key, image in packed}
        return self._images.page(records, after, limit)
