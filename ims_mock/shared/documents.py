"""The records and documents of a mock, as the store has them and as a server has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ims_mock.service.snapshots import Snapshot
from ims_mock.shared.files import SharedFile, SharedFiles, document_of
from ims_mock.shared.parts import clock_document, load_clock, settings_document
from ims_mock.shared.turn import Mock
from ims_mock.state.packed import as_packed


class Documents:
    """What a mock has beside its records, as documents by name; `known` are their texts, as the store has them."""

    def __init__(self, mock: Mock, files: SharedFiles) -> None:
        self.known: dict[str, str] = {}
        self._mock = mock
        self._files = files
        self._texts: dict[str, tuple[Any, str]] = {}
        self._moves: tuple[Any, ...] = ()

    def written(self, name: str, key: str, stored: Any) -> Any:
        """Return a record as the store has it; a file is sent to where every server reaches it."""
        if name != "files":
            return stored
        file = self._files.shared(stored)
        self._mock.store.files.records[key] = file
        return document_of(file)

    def files(self) -> dict[str, SharedFile]:
        """Return the files of images and of snapshots, by their ids."""
        places = [self._mock.store.files.records, *(kept.records["files"] for kept in self._mock.snapshots.values())]
        found = [file for place in places for file in list(place.values())]
        return {file.id: file for file in map(self._files.shared, found)}

    def stored(self, name: str, written: Any) -> Any:
        """Return a record as a collection has it."""
        if name == "files":
            return self._files.loaded(written)
        return as_packed(written) if name == "images" else written

    def changed(self) -> dict[str, str | None]:
        """Return the documents that are others than the store has, as JSON; None for one that is gone."""
        mock = self._mock
        documents: dict[str, str | None] = {
            "settings": _encode(settings_document(mock.settings)),
            "rules": _encode(mock.faults.document()),
            "denials": _encode(mock.permissions.document()),
            "needs": _encode(mock.permissions.needs_document()),
            "journal": _encode([mock.journal.clearings, mock.journal.size]),
        }
        moves = getattr(mock.store.clock, "moves", 0), id(mock.store.clock), mock.store.started_at
        if moves != self._moves:
            # A clock that runs is written once; each server knows how it goes on.
            self._moves = moves
            documents["clock"] = _encode(clock_document(mock.store))
        for name, snapshot in mock.snapshots.items():
            documents[f"snapshot {name}"] = self._snapshot_text(name, snapshot)
        gone = [name for name in self.known if name.startswith("snapshot ") and name not in documents]
        known = self.known
        return {name: text for name, text in documents.items() if known.get(name) != text} | dict.fromkeys(gone)

    def _snapshot_text(self, name: str, snapshot: Snapshot) -> str:
        known = self._texts.get(name)
        if known is None or known[0] is not snapshot:
            records = {
                of: [[key, self._written_again(of, stored)] for key, stored in kept.items()]
                for of, kept in snapshot.records.items()
            }
            known = self._texts[name] = snapshot, _encode({"clock": dict(snapshot.clock), "records": records})
        return known[1]

    def _written_again(self, name: str, stored: Any) -> Any:
        return document_of(self._files.shared(stored)) if name == "files" else stored

    def load(self, documents: Mapping[str, Any]) -> None:
        """Have what the documents say; None removes one."""
        mock = self._mock
        for name, document in documents.items():
            kind, _, rest = name.partition(" ")
            if document is None:
                self.known.pop(name, None)
                mock.snapshots.pop(rest, None)
                continue
            text = self.known[name] = _encode(document)
            if kind == "snapshot":
                self._load_snapshot(rest, document, text)
            elif kind == "journal":
                mock.journal.load(*document)
            elif kind == "clock":
                load_clock(mock.store, document)
                self._moves = getattr(mock.store.clock, "moves", 0), id(mock.store.clock), mock.store.started_at
            elif kind == "settings":
                pass  # They are applied with those that are records.
            elif kind == "rules":
                mock.faults.load(document)
            elif kind == "denials":
                mock.permissions.load(document)
            else:
                mock.permissions.load_needs(document)

    def _load_snapshot(self, name: str, document: Mapping[str, Any], text: str) -> None:
        known = self._texts.get(name)
        if known is not None and known[1] == text and name in self._mock.snapshots:
            return
        records = {
            of: {key: self.stored(of, stored) for key, stored in kept} for of, kept in document["records"].items()
        }
        snapshot = Snapshot(document["clock"], records, world=self._mock.store.world)
        self._texts[name] = snapshot, text
        self._mock.snapshots[name] = snapshot

    def have(self, documents: Mapping[str, Any]) -> None:
        """Have what these documents say, and nothing else."""
        self.known = {}
        snapshots = self._mock.snapshots
        for name in [name for name in snapshots if f"snapshot {name}" not in documents]:
            del snapshots[name]
        self.load(documents)

    def go_back(self) -> None:
        """Have what the store has."""
        self.have({name: json.loads(text) for name, text in self.known.items()})

    def settle(self, written: Mapping[str, str | None]) -> None:
        """Remember what was written."""
        for name, text in written.items():
            if text is None:
                self.known.pop(name, None)
            else:
                self.known[name] = text

    @property
    def clearings(self) -> int:
        """How often the journal had been cleared when that was written."""
        known: int = json.loads(self.known.get("journal", "[0]"))[0]
        return known


_encode = json.JSONEncoder(separators=(",", ":")).encode
