"""The collections of a store: records by key, replaced and not edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from itertools import count
from operator import is_
from typing import Any

from ims_mock.state.changes import ChangeLog

Transition = dict[str, Any]
"""What is due later: `due` in seconds since 1970, a `number`, the `collection` and the `id` of a record, the `status`
that it is to have, and other `attributes`."""

REMOVED = "removed"
"""The status of a transition after which there is no record."""


class Collection(Mapping[str, Any]):
    """The records of one kind by key, in the order in which they were added; read as a mapping.

    A record is replaced, and not edited, so that one which has been read can be used without the lock. `put`, `remove`
    and `clear` need a transaction of the store; with `is_logged` the change log has what was before. `is_dumped` says
    whether a snapshot has the collection; `edits` counts how often anything was written. `records` are what is
    stored, by key, to be read.
    """

    def __init__(
        self,
        name: str,
        records: MutableMapping[str, Any],
        changes: ChangeLog,
        *,
        is_logged: bool = False,
        is_dumped: bool = True,
    ) -> None:
        self.name = name
        self.is_logged = is_logged
        self.is_dumped = is_dumped
        self.edits = 0
        self.records = records
        self._changes = changes

    def __getitem__(self, key: str) -> Any:
        return self.records[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return a record, or the default where there is none."""
        return self.records.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self.records

    def __iter__(self) -> Iterator[str]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def put(self, key: str, record: Any) -> None:
        """Add a record, or put it in the place of the one that has its key."""
        self._write(key, record)

    def _write(self, key: str, stored: Any) -> None:
        self._note(key)
        self.records[key] = stored

    def remove(self, key: str) -> None:
        """Remove a record; no error where there is none."""
        if key in self.records:
            self._note(key)
            del self.records[key]

    def _note(self, key: str) -> None:
        changes = self._changes
        if not changes.is_open:
            raise RuntimeError("the store can only be changed in a transaction: with store.transaction(): ...")
        self.edits += 1
        if changes.is_on:
            changes.note(self, key)

    def clear(self) -> None:
        """Remove every record."""
        for key in list(self.records):
            self.remove(key)

    def settle(self, transition: Transition) -> Iterable[Transition]:
        """Apply a due transition to a record, which may be gone by now, and return the transitions that follow.

        The record has the new status and attributes, or is gone where the status is REMOVED.
        """
        record = self.get(transition["id"])
        if transition["status"] == REMOVED:
            self.remove(transition["id"])
        elif record is not None:
            self.put(transition["id"], {**record, **transition["attributes"], "status": transition["status"]})
        return ()

    def held(self) -> list[Any]:
        """Return what holds the records, which may be large."""
        return [self.records]

    def take(self, key: str, stored: Any) -> None:
        """Have under a key what another store of the same state has, as it is stored; None is no record."""
        if stored is None:
            self.remove(key)
        else:
            self.put(key, stored)

    def order_by(self, places: Mapping[str, Any]) -> None:
        """Have the records in the order of their places; one without a place stands at the end."""
        last = max(places.values(), default=0)
        in_order = sorted(self.records, key=lambda key: places.get(key, last))
        self.records = {key: self.records[key] for key in in_order}

    def load(self, stored: Mapping[str, Any]) -> None:
        """Replace all records with these; the change log does not note it."""
        # In one step: a reader without the lock always finds a record that was there before and stays.
        if isinstance(self.records, dict):
            self.records = dict(stored)
        else:
            self._load_in_place(stored)
        self.edits += 1
        self._changes.note_load(self)

    def _load_in_place(self, stored: Mapping[str, Any]) -> None:
        """Replace all records where they are kept in another place; only in another order are all away for a moment."""
        self.records.update(stored)
        for key in [key for key in self.records if key not in stored]:
            del self.records[key]
        if list(self.records) != list(stored):
            self.records.clear()
            self.records.update(stored)

    def is_as(self, stored: Mapping[str, Any]) -> bool:
        """Return whether these records, in this order, are those that are stored."""
        records = self.records
        return list(records) == list(stored) and all(map(is_, records.values(), stored.values()))

    def document_of(self, stored: Mapping[str, Any]) -> Any:
        """Return records as a saved state has them."""
        return dict(stored)

    def stored_of(self, document: Any) -> dict[str, Any]:
        """Return the records that `document_of` made a document of."""
        return dict(document)


class Access(Collection):
    """Records by which somebody is known: users and projects, tokens and keys.

    `version` is another one after each change in any of them, in any store: what was found in them is good as long.
    """

    version = 0
    _versions = count(1)

    @classmethod
    def change(cls) -> None:
        """Note that something has changed, once it has."""
        # Of several threads any may be the last, with a number that nobody else has.
        Access.version = next(Access._versions)

    def _write(self, key: str, stored: Any) -> None:
        super()._write(key, stored)
        self.change()

    def remove(self, key: str) -> None:
        """Remove a record; no error where there is none."""
        super().remove(key)
        self.change()

    def load(self, stored: Mapping[str, Any]) -> None:
        """Replace all records with these; the change log does not note it."""
        super().load(stored)
        self.change()
