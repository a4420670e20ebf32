"""The entries of requests that are responded together, written to the store in one turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, NamedTuple

from ims_mock.shared.keys import channel_of
from ims_mock.shared.link import Command, Link, StoreError
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

    def command(self, entries: list[str], *, is_again: bool = False) -> Command:
        """Return what writes entries, each behind its number or ""; `is_again` where they may have arrived before."""
        about = self.commit, self.clearings, channel_of(self.world), int(is_again)
        return NOTE.call((self.meta, self.journal), (*about, *entries))


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
        book = {place: [number, text]}
        return bool(self.link.ask(*_commands(book), again=_again(book))[0])

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
        begun = self.link.begin(*_commands(books), again=_again(books)) if books else list
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


def _commands(books: Mapping[Notebook, list[str]], *, is_again: bool = False) -> list[Command]:
    return [place.command(entries, is_again=is_again) for place, entries in books.items()]


def _again(books: Mapping[Notebook, list[str]]) -> Callable[[], list[Command]]:
    """Return what returns the commands for entries that may have arrived before."""
    return partial(_commands, books, is_again=True)


def _nothing() -> None:
    pass
