"""The entries of requests that are responded together, written to the store in one turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from ims_mock.shared.link import CHANNEL, Command, Link, StoreError
from ims_mock.shared.scripts import NOTE
from ims_mock.shared.watching import Watch
from ims_mock.web.together import Outcome


class Notebook(NamedTuple):
    """Where the entries of responses go that have something in common.

    The keys of a world and of its journal, the commit that the responses are of ("" for any), how often the journal
    had been cleared, and the name of the world.
    """

    meta: str
    journal: str
    commit: str
    clearings: int
    world: str

    def command(self, entries: list[str]) -> Command:
        """Return what writes entries, each behind its number or ""."""
        return NOTE.call((self.meta, self.journal), (self.commit, self.clearings, CHANNEL, self.world, *entries))


class _Kept(threading.local):
    notes: list[tuple[Notebook, str, str]] | None = None


class Notes:
    """What the requests of a thread have to write before their responses leave, kept to be written together."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.watch = Watch(link)
        self._kept = _Kept()
        self.looks: dict[str, Callable[[], None]] = {}
        """What has the newest state of a world, by the key of what is said of it."""

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Keep what this thread has to write, inside of a block."""
        self._kept.notes = []
        try:
            yield
        finally:
            self._kept.notes = None

    def is_good(self, place: Notebook, number: str, text: str) -> bool:
        """Write an entry, or keep it; return False where its response is of records that are not the newest."""
        if self._kept.notes is not None:
            self._kept.notes.append((place, number, text))
            return True
        return bool(self.link.ask(place.command([number, text]))[0])

    @property
    def is_gathering(self) -> bool:
        """Whether this thread keeps what it has to write."""
        return self._kept.notes is not None

    def confirm(self, meta: str, commit: str) -> None:
        """Note that what is kept of a commit was of the newest: this server has just added one to it."""
        notes = self._kept.notes or []
        for number, (place, of, text) in enumerate(notes):
            if place.meta == meta and place.commit == commit:
                notes[number] = place._replace(commit=""), of, text

    def __len__(self) -> int:
        return len(self._kept.notes or ())

    def write(self) -> Callable[[], list[Outcome]]:
        """Begin to write all that is kept, and return what waits for that and returns what came of each.

        What is out of date is up to date afterwards.
        """
        notes = self._kept.notes or []
        books: dict[Notebook, list[str]] = {}
        for place, number, text in notes:
            books.setdefault(place, []).extend((number, text))
        begun = self.link.begin(*(place.command(entries) for place, entries in books.items())) if books else list
        return lambda: self._outcomes(notes, books, begun)

    def _outcomes(
        self, notes: list[tuple[Notebook, str, str]], books: dict[Notebook, list[str]], begun: Callable[[], list[Any]]
    ) -> list[Outcome]:
        try:
            replies = begun()
            outcomes = {
                place: Outcome.GOOD if reply else Outcome.STALE for place, reply in zip(books, replies, strict=True)
            }
        except StoreError:
            # A response after a change may leave: the change is written.
            outcomes = {place: Outcome.LOST if place.commit else Outcome.GOOD for place in books}
        for meta in {place.meta for place, outcome in outcomes.items() if outcome is Outcome.STALE}:
            with suppress(StoreError):  # The request says so itself, once it is done again.
                self.looks.get(meta, _nothing)()
        return [outcomes[place] for place, _, _ in notes]


def _nothing() -> None:
    pass
