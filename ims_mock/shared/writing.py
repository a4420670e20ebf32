"""How what has changed in a mock is written to the store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from ims_mock.shared.attempt import Attempt, Changes, Key
from ims_mock.shared.documents import Documents
from ims_mock.shared.entries import Entries
from ims_mock.shared.files import SharedFile, SharedFiles
from ims_mock.shared.journal import text_of
from ims_mock.shared.keys import ACCESS, channel_of
from ims_mock.shared.link import Link, StoreError
from ims_mock.shared.scripts import COMMIT
from ims_mock.shared.turn import Mock

MOST_CHANGES = 10_000
"""About how many changes the store keeps for servers that are behind; one that is further behind loads all records."""


class Base(Protocol):
    """What changes are made from."""

    version: int
    commit: str


class Writer:
    """Writes what has changed in one world; `places` say in which order records are, `touched` when parts changed."""

    def __init__(self, link: Link, name: str, keys: tuple[str, str, str], mock: Mock, files: SharedFiles) -> None:
        self.places: dict[Key, int] = {}
        self.touched: dict[str, int] = {}
        self.documents = Documents(mock, files)
        self.files: dict[str, SharedFile] = {}
        """The files of images and snapshots, by their ids, as far as this server has seen."""
        self._link = link
        self._name = name
        self._keys = keys
        self._mock = mock
        self._files = files

    def collect(self, attempt: Attempt, version: int) -> Changes:
        """Return what is to be written of an attempt as a version."""
        store, changes = self._mock.store, Changes(attempt)
        if attempt.is_whole:
            for name in store.collection_names:
                changes.add_all(store.collection(name), self.documents.written)
        else:
            for name, keys in attempt.by_collection().items():
                changes.add(store.collection(name), keys, self.places, self.documents.written)
        if attempt.is_touched or attempt.is_whole:
            changes.documents = self.documents.changed()
            if attempt.is_whole:
                changes.documents = {**self.documents.known, **changes.documents}
        changes.number_places(version)
        return changes

    def write(self, changes: Changes, base: Base, entries: Entries, meta: Mapping[str, Any]) -> Any:
        """Write changes to a base in one step, and return the reply of the script."""
        journal = self._mock.journal
        touched = {**self.touched, **dict.fromkeys(changes.parts(), base.version + 1)}
        fields = {**meta, "touched": json.dumps(touched)}
        if "journal" in changes.documents or meta:
            fields |= {"clearings": journal.clearings, "kept": 2 * journal.size + 10}
            if self.documents.clearings != journal.clearings:
                fields["received"] = 0
        texts = [text_of(entry) for entry in changes.attempt.entries]
        return self._link.run(
            COMMIT,
            [*self._keys, entries.key, ACCESS],
            [
                *(base.version, changes.id, changes.text(), MOST_CHANGES, channel_of(self._name)),
                *(int(changes.attempt.is_whole), base.commit, self._name if changes.has_access else ""),
                *_counted([item for pair in fields.items() for item in pair], 2),
                *_counted(changes.fields(), 2),
                *_counted(changes.removed_fields(), 1),
                *_counted(texts, 1),
                *_counted(self._files.keys_of(self.documents.files()) if changes.has_files else (), 1),
            ],
        )

    def settle(self, changes: Changes, version: int, entries: Entries) -> None:
        """Remember what has been written."""
        cleared = self.documents.clearings
        if changes.attempt.is_whole:
            self.places, self.documents.known = {}, {}
        self.places.update(changes.places)
        for key in changes.removed:
            self.places.pop(key, None)
        self.documents.settle(changes.documents)
        self.touched.update(dict.fromkeys(changes.parts(), version))
        with suppress(StoreError):  # What is left over costs space, and the change is written.
            self._clean(changes, cleared, entries)

    def _clean(self, changes: Changes, cleared: int, entries: Entries) -> None:
        """Delete what nothing refers to any more: the journal of before, and files."""
        if cleared != self.documents.clearings:
            self._link.ask(("UNLINK", entries.key_after(cleared)))
        if changes.has_files:
            before, self.files = self.files, self.documents.files()
            for file_id in before.keys() - self.files.keys():
                self._files.remove(before[file_id])


def _counted(items: Iterable[Any], size: int) -> list[Any]:
    """Return items behind how many groups of a size they are."""
    listed = list(items)
    return [len(listed) // size, *listed]
