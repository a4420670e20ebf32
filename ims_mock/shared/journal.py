"""The journal of a mock that several servers respond for: each writes what it has received, and reads it all."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, fields
from operator import attrgetter
from typing import Any, Protocol

from ims_mock.evidence.delivery import WHOLE, Delivery
from ims_mock.evidence.journal import MAX_BODY, Entry, Journal, Mark
from ims_mock.evidence.redaction import masked
from ims_mock.shared.link import StoreError
from ims_mock.state.packed import Packed

logger = logging.getLogger("ims_mock")

_LOCAL = ("base_url", "arrived", "is_open", "revision", "image", "number")
"""What of an entry is not in its document: the store knows it, or it says nothing to other servers."""

_BODIES = ("request_body", "response_body")

Versions = list[tuple[int, int, Entry]]
"""Versions of entries, each with the number of its entry and a revision."""


class Notes(Protocol):
    """What a journal needs of the state that it is a part of."""

    def plan_entry(self, entry: Entry) -> None:
        """Write an entry together with the changes that are being made."""

    def note_entry(self, entry: Entry) -> None:
        """Write an entry whose response is about to leave."""

    def note_cleared(self) -> None:
        """Take up that a response is about to leave whose entry was cleared meanwhile."""

    def read_entries(self) -> tuple[int, int, Versions]:
        """Return how many requests there were, the revision, and what was written since the last call."""

    def attempt(self, work: Callable[[], None], *, is_touched: bool) -> None:
        """Do work as one step for all servers."""


class SharedJournal(Journal):
    """The last requests of one mock, whichever server has received them."""

    def __init__(self) -> None:
        self.sharing: Notes | None = None
        self._by_id: dict[str, Entry] = {}
        self.emptied = 0
        """How often this server has emptied it, as it was cleared or went back to before that."""
        super().__init__()

    @property
    def clearings(self) -> int:
        """How often the journal was cleared."""
        return self._clearings

    def clear(self, size: int | None = None) -> None:
        """Clear every request, also those that are still in progress."""
        if self.sharing is None:
            self._empty(size)
        else:
            self.sharing.attempt(lambda: self._empty(size), is_touched=True)

    def _empty(self, size: int | None) -> None:
        self._by_id = {}
        self.emptied += 1
        super().clear(size)

    def load(self, clearings: int, size: int) -> None:
        """Be empty, as another server has left the journal, unless this is the clearing that is known."""
        if clearings != self._clearings or size != self.size:
            self._empty(size)
            self._clearings = clearings

    def record(self, entry: Entry) -> None:
        """Put an entry in its place with the changes of its request."""
        if self.sharing is None:
            super().record(entry)
        elif entry.is_open:
            self.sharing.plan_entry(entry)

    def close(
        self,
        entry: Entry,
        headers: Iterable[tuple[str, str]],
        body: bytes = b"",
        image: tuple[bytes, Packed] | None = None,
    ) -> None:
        """Complete the entry of a request whose response leaves with some headers, and put it in its place."""
        if self.sharing is None:
            super().close(entry, headers, body, image)
            return
        entry.response_headers = masked(headers)
        entry.response_body = body[:MAX_BODY]
        self.closed_at = entry.arrived + entry.seconds
        try:
            if entry.is_open:
                self.sharing.note_entry(entry)
            else:
                self.sharing.note_cleared()
        finally:
            self.drop(entry)

    def drop(self, entry: Entry) -> None:
        """Drop an entry that was opened, as if its request had not come."""
        with self._lock:
            self._open.pop(id(entry), None)
            entry.is_open = False

    def catch_up(self) -> None:
        """Take up what has been written by any server, as far as the store can be reached."""
        if self.sharing is None:
            return
        try:
            received, revision, versions = self.sharing.read_entries()
        except StoreError as error:
            logger.warning("the journal has what this server knows alone: %s", error.reason)
            return
        with self._lock:
            for number, revision_of, entry in versions:
                self._take(number, revision_of, entry)
            self.received, self._revision = received, revision

    def _take(self, number: int, revision: int, entry: Entry) -> None:
        entry.number, entry.revision = number, revision
        known = self._by_id.get(entry.request_id)
        self._by_id[entry.request_id] = entry
        if known is not None:
            entry.number = known.number
            # Most are at the end, and comparing entries takes long.
            at = next((at for at in reversed(range(len(self._entries))) if self._entries[at] is known), None)
            if at is not None:
                self._entries[at] = entry
            return
        if len(self._entries) == self.size and self._entries:
            self._by_id.pop(self._entries[0].request_id, None)
        self._entries.append(entry)

    # What is asked of the journal is asked of all servers.

    def mark(self) -> Mark:
        """Return the present position in the journal, for `since`."""
        self.catch_up()
        return super().mark()

    def after(self, number: int) -> tuple[Mark, list[Entry]]:
        """Return the present position, and the entries that are kept with a higher number than this, of one moment."""
        self.catch_up()
        return super().after(number)

    def since(self, mark: Mark) -> tuple[int, list[Entry]]:
        """Return how many requests were received since a moment, and those kept."""
        self.catch_up()
        return super().since(mark)

    @property
    def state(self) -> str:
        """A text that changes with each change of the journal."""
        self.catch_up()
        return super().state

    def changed_since(self, revision: int) -> tuple[int, int, list[Entry]]:
        """Return how often it was cleared, its revision, and the entries that have changed since one, by revision."""
        self.catch_up()
        return super().changed_since(revision)

    def __iter__(self) -> Iterator[Entry]:
        self.catch_up()
        return super().__iter__()

    def __len__(self) -> int:
        self.catch_up()
        return super().__len__()


def text_of(entry: Entry) -> str:
    """Return an entry as JSON, with bytes as Latin-1; what is as in every entry is left out."""
    # Every default is false, but that of the delivery.
    document: dict[str, Any] = {name: value for name, value in zip(_NAMES, _VALUES(entry), strict=True) if value}
    for name in _BODIES:
        if name in document:
            document[name] = document[name].decode("latin-1")
    if entry.delivery is WHOLE:
        del document["delivery"]
    else:
        document["delivery"] = asdict(entry.delivery)
    return _encode(document)


_encode = json.JSONEncoder(separators=(",", ":")).encode

_NAMES = [item.name for item in fields(Entry) if item.name not in _LOCAL]

_VALUES = attrgetter(*_NAMES)


def entry_of(text: bytes) -> Entry:
    """Return the entry that `text_of` has made a text of."""
    values: dict[str, Any] = {"operation": None, **json.loads(text)}
    for name in _BODIES:
        values[name] = values.get(name, "").encode("latin-1")
    for name in ("rules", "ignored"):
        values[name] = tuple(values.get(name, ()))
    if "delivery" in values:
        values["delivery"] = Delivery(**values["delivery"])
    return Entry(**values)
