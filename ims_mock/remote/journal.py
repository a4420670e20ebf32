"""The journal of a mock in another process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ims_mock.evidence.entry_documents import from_document
from ims_mock.evidence.journal import Entry, Journal, Mark
from ims_mock.remote.connection import Connection
from ims_mock.state.packed import Packed

_NONE = 2**53
"""A number that no entry has."""


class RemoteJournal(Journal):
    """The requests of a world in another process. Each access asks the server, and returns entries as they are then."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _whole(self, after: int = 0) -> Any:
        return self._connection.get("journal", form="whole", after=after)

    @property
    def received(self) -> int:  # type: ignore[override]
        """How many requests were received since the journal was cleared."""
        return self.mark().received

    @property
    def size(self) -> int:  # type: ignore[override]
        """How many requests are kept."""
        size: int = self._connection.get("settings")["journal_size"]
        return size

    def clear(self, size: int | None = None) -> None:
        """Clear every request, also those that are still in progress."""
        if size is not None:
            raise TypeError("the size of a journal in another process is a setting: reset(journal_size=...)")
        self._connection.delete("journal")

    def in_progress(self) -> list[Entry]:
        """Return the requests that have been received but are not complete."""
        return list(map(from_document, self._whole(_NONE)["in_progress"]))

    def mark(self) -> Mark:
        """Return the present position in the journal, for `since`."""
        document = self._connection.get("journal", after=_NONE)
        return Mark(document["clearings"], document["received"])

    def after(self, number: int) -> tuple[Mark, list[Entry]]:
        """Return the present position, and the entries that are kept with a higher number than this, of one moment."""
        document = self._whole(number)
        entries = [entry for entry in map(from_document, document["entries"]) if entry.number > number]
        return Mark(document["clearings"], document["received"]), entries

    def since(self, mark: Mark) -> tuple[int, list[Entry]]:
        """Return how many requests were received since a moment, or since the journal was last cleared, and those kept.

        What was received after the moment and before a clearing is gone.
        """
        now, entries = self.after(0)
        before = mark.received if mark.clearings == now.clearings else 0
        return now.received - before, [entry for entry in entries if entry.number > before]

    @property
    def state(self) -> str:
        """A text that changes with each change of the journal."""
        mark = self.mark()
        return f"{mark.clearings}.{mark.received}"

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.after(0)[1])

    def __len__(self) -> int:
        return len(self.after(0)[1])

    def changed_since(self, revision: int) -> tuple[int, int, list[Entry]]:
        """Refuse: only the server knows the revisions of entries."""
        raise _of_the_server("changed_since")

    def open(self, entry: Entry, headers: Iterable[tuple[str, str]]) -> Entry:
        """Refuse: the server writes its journal."""
        raise _of_the_server("open")

    def record(self, entry: Entry) -> None:
        """Refuse: the server writes its journal."""
        raise _of_the_server("record")

    def close(
        self,
        entry: Entry,
        headers: Iterable[tuple[str, str]],
        body: bytes = b"",
        image: tuple[bytes, Packed] | None = None,
    ) -> None:
        """Refuse: the server writes its journal."""
        raise _of_the_server("close")


def _of_the_server(name: str) -> TypeError:
    return TypeError(f"journal.{name} works only in the process of the mock, and this one is in another; use ImsMock()")
