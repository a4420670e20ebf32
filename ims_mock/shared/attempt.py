"""What one attempt at a piece of work has changed in a mock, to be written to the store or undone."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ims_mock.state.changes import ChangeLog, Logged

if TYPE_CHECKING:
    from ims_mock.evidence.journal import Entry
    from ims_mock.state.collections import Collection

T = TypeVar("T")

Key = tuple[str, str]
"""A collection and the key of a record in it."""


class Attempt:
    """Changes of records: what each was `before`, None for none, and which stand at the end of their collection now.

    `is_touched` says that something else may have changed than records, and `is_whole` that all records are others.
    """

    def __init__(self, last_number: int) -> None:
        self.before: dict[Key, Any] = {}
        self.moved: set[Key] = set()
        self.entries: list[Entry] = []
        self.is_touched = False
        self.is_whole = False
        self.last_number = last_number

    def note(self, collection: Logged, key: str) -> None:
        """Note that a record is about to be written or removed."""
        of = collection.name, key
        stored = collection.records.get(key)
        if of not in self.before:
            self.before[of] = stored
        if stored is None:
            self.moved.add(of)

    @property
    def is_empty(self) -> bool:
        """Whether nothing can have changed."""
        return not (self.before or self.is_touched or self.is_whole)

    def by_collection(self) -> dict[str, list[str]]:
        """Return the keys of the records that were written or removed, by collection."""
        found: dict[str, list[str]] = {}
        for name, key in self.before:
            found.setdefault(name, []).append(key)
        return found


class Outcome(Generic[T]):
    """What work has returned or raised."""

    result: T
    error: Exception | None = None


Write = Callable[[str, str, Any], Any]
"""Returns what is written of a record, from its collection, its key and what is stored."""

_PARTS = {
    **dict.fromkeys(("images", "members", "files", "uploads"), "images"),
    "jobs": "jobs",
    **dict.fromkeys(("projects", "users", "denials"), "accounts"),
    **{name: name for name in ("rules", "clock", "snapshots", "settings")},
}
"""The part of a mock, as a page knows it, that a collection or a document is of."""

_ACCESS = ("projects", "users", "tokens", "temporary_credentials")
"""The collections from which it follows who is let in."""


class Changes:
    """What is to be written of an attempt: records with their places, keys that are `removed`, and `documents`."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.id = secrets.token_hex(8)
        self.removed: list[Key] = []
        self.documents: dict[str, str | None] = {}
        self.places: dict[Key, int] = {}
        self._records: dict[Key, str] = {}
        self._new: list[Key] = []

    def add_all(self, collection: Collection, write: Write) -> None:
        """Add every record of a collection, in their order."""
        for key, stored in list(collection.records.items()):
            self._records[collection.name, key] = _encode(write(collection.name, key, stored))
            self._new.append((collection.name, key))

    def add(self, collection: Collection, keys: list[str], places: Mapping[Key, int], write: Write) -> None:
        """Add the records of some keys, as far as they are others than before."""
        name, attempt, records = collection.name, self.attempt, collection.records
        moved = [key for key in keys if (name, key) in attempt.moved and key in records]
        # What was added last stands at the end.
        self._new += [(name, key) for key in list(islice(reversed(dict_of(collection)), len(moved)))[::-1]]
        for key in keys:
            of, stored = (name, key), records.get(key)
            if stored is None:
                if attempt.before[of] is not None:
                    self.removed.append(of)
            elif stored is not attempt.before[of] or of in attempt.moved:
                self._records[of] = _encode(write(name, key, stored))
                if of not in attempt.moved:
                    self.places[of] = places[of]

    def number_places(self, version: int) -> None:
        """Give the new records their places, behind those of every earlier version."""
        for number, of in enumerate(self._new):
            self.places[of] = version * _MOST_NEW + number

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be written."""
        return not (self._records or self.removed or self.documents or self.attempt.is_whole)

    def parts(self) -> set[str]:
        """Return the parts of the mock that are others, as a page knows them."""
        if self.attempt.is_whole:
            return set(_PARTS.values())
        names = [name for name, _ in [*self._records, *self.removed]]
        names += [name.replace("snapshot ", "snapshots ").partition(" ")[0] for name in self.documents]
        return {_PARTS[name] for name in names if name in _PARTS}

    def text(self) -> str:
        """Return the changes for the log; "null" where a server has to load all records."""
        if self.attempt.is_whole:
            return "null"
        # In their order, since what is added stands at the end.
        records = sorted(self._records.items(), key=lambda item: self.places[item[0]])
        texts = [_encode([*of, None, 0]) for of in self.removed]
        texts += [f"[{_encode(of[0])},{_encode(of[1])},{text},{self.places[of]}]" for of, text in records]
        documents = ",".join(f"{_encode(name)}:{text or 'null'}" for name, text in self.documents.items())
        parts = _encode(sorted(self.parts()))
        return f'{{"records":[{",".join(texts)}],"documents":{{{documents}}},"parts":{parts}}}'

    def fields(self) -> Iterator[str]:
        """Yield the fields of the state that are written, each with its value."""
        for of, text in self._records.items():
            yield "/".join(of)
            yield f"[{self.places[of]},{text}]"
        for name, document in self.documents.items():
            if document is not None:
                yield f"document/{name}"
                yield document

    def removed_fields(self) -> list[str]:
        """Return the fields of the state that are removed."""
        gone = [f"document/{name}" for name, text in self.documents.items() if text is None]
        return ["/".join(of) for of in self.removed] + gone

    @property
    def has_files(self) -> bool:
        """Whether there may be other files than before."""
        names = {name for name, _ in [*self._records, *self.removed]}
        return self.attempt.is_whole or "files" in names or any(name.startswith("snapshot ") for name in self.documents)

    @property
    def has_access(self) -> bool:
        """Whether another credential or project may be known than before."""
        names = {name for name, _ in [*self._records, *self.removed]}
        return self.attempt.is_whole or not names.isdisjoint(_ACCESS) or "settings" in self.documents


def dict_of(collection: Collection) -> dict[str, Any]:
    """Return the records of a collection that is kept in this process."""
    assert isinstance(collection.records, dict), "a shared state has its records in memory too"
    return collection.records


_MOST_NEW = 1_000_000_000
"""More records than one step adds."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Watcher(Protocol):
    """Who hears of each change of a record."""

    def note(self, collection: Logged, key: str) -> None:
        """Note that a record is about to be written or removed."""

    def note_load(self) -> None:
        """Note that all records of a collection are others."""


class SharedChanges(ChangeLog):
    """A change log that also reports a `watcher` of each change, once there is one."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now)
        self.watcher: Watcher | None = None
        self._is_asked = False

    # Somebody always listens; whether earlier versions are kept is another question.
    @property
    def is_on(self) -> bool:
        """Whether changes are noted."""
        return self._is_asked or self.watcher is not None

    @is_on.setter
    def is_on(self, is_on: bool) -> None:
        self._is_asked = is_on

    def begin(self) -> None:
        """Remember changes from now on; what is remembered already is kept."""
        if not self._is_asked:
            self._let_go()
        self._is_asked = True

    def cut(self) -> None:
        """Drop what is remembered: from now on the records are those of another state."""
        if self._is_asked:
            super().cut()

    def note(self, collection: Logged, key: str) -> None:
        """Remember what a record is before it changes, and report it."""
        if self._is_asked:
            super().note(collection, key)
        if self.watcher is not None:
            self.watcher.note(collection, key)

    def note_load(self, collection: Logged) -> None:
        """Report that all records of a collection are others now."""
        if self.watcher is not None:
            self.watcher.note_load()
