"""One server's part in a mock whose state is kept in Redis: it changes there in one step, or not at all."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ims_mock.service.settings import Settings
from ims_mock.shared.attempt import Attempt, Outcome, SharedChanges
from ims_mock.shared.entries import Entries
from ims_mock.shared.files import SharedFiles
from ims_mock.shared.journal import Versions
from ims_mock.shared.keys import keys_of, world_of
from ims_mock.shared.link import StoreError
from ims_mock.shared.loading import load
from ims_mock.shared.notes import Notes
from ims_mock.shared.series import Series
from ims_mock.shared.transaction import SharedTransaction
from ims_mock.shared.turn import Mock, StaleError, Turn
from ims_mock.shared.work import Work
from ims_mock.shared.writing import Writer
from ims_mock.state.clock import ManualClock
from ims_mock.state.life_cycle import break_off
from ims_mock.state.store import Store, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ims_mock.evidence.journal import Entry
    from ims_mock.state.files import File

MOST_ATTEMPTS = 100
"""Most times that a piece of work is done again because another server was faster."""

T = TypeVar("T")

logger = logging.getLogger("ims_mock")


class SharedState:
    """The state of one world as a server has it, and the way to the newest one.

    `version` is how often it has changed, `commit` the id of the last change, `epoch` says since when it counts.
    """

    def __init__(self, notes: Notes, name: str, mock: Mock, files: SharedFiles) -> None:
        self.link = notes.link
        self.name = name
        self.epoch = ""
        self.version = 0
        self.commit = ""
        self.turn = Turn()
        self.is_there: Callable[[], bool] = lambda: True
        """Whether the world was not deleted."""
        self._mock = mock
        assert isinstance(mock.store.changes, SharedChanges), "a service that shares has such a log"
        self._changes = mock.store.changes
        self._files = files
        self.keys = keys_of(name)
        self._work = Work(mock.store)
        self.writer = Writer(notes.link, name, self.keys, mock, files)
        self._entries = Entries(notes, name, self.keys[0], mock.journal)
        self._series = Series(notes)
        self.notes = notes

    def attach(self) -> None:
        """Begin to share: have the state that the store has, or give it this one where it has none."""
        mock = self._mock
        self._changes.watcher = self._work
        mock.store.sharing = self
        mock.store.open_with(SharedTransaction(mock.store, self))
        if isinstance(mock.store.clock, ManualClock):
            mock.store.clock.mover = self.move
        mock.journal.sharing = self
        mock.faults.sharing = mock.permissions.sharing = self
        self.look()
        self.notes.watch.add(self)
        self.notes.looks[self.keys[0]] = self.look

    def detach(self) -> None:
        """Share no more: what changes from now on is of this server alone."""
        mock = self._mock
        self.notes.looks.pop(self.keys[0], None)
        with mock.store.lock:
            self._changes.watcher = None
            mock.store.sharing = mock.journal.sharing = None
            mock.faults.sharing = mock.permissions.sharing = None
            mock.store.open_with(Transaction(mock.store))
            if isinstance(mock.store.clock, ManualClock):
                mock.store.clock.mover = lambda move: move()

    def look(self) -> None:
        """Have the newest state: one cheap look at its version where nothing has changed."""
        self.take_up(self.link.ask(self.question)[0])
        self.turn.is_current = True

    @property
    def question(self) -> tuple[str, ...]:
        """What asks the store for the version, for `take_up`."""
        return "HMGET", self.keys[0], "version", "commit"

    def take_up(self, reply: Any) -> None:
        """Have the newest state where the reply to the question is not this one."""
        if reply != [str(self.version).encode(), self.commit.encode()]:
            with self._mock.store.lock:
                self._catch_up()

    def _catch_up(self) -> None:
        """Have the newest state; called with the lock."""
        meta, log = self.keys[0], self.keys[2]
        reply, changes = self.link.ask(
            ("HMGET", meta, "version", "commit"), ("XRANGE", log, f"{max(self.version, 1)}-0", "+")
        )
        version = int(reply[0] or 0)
        if not version:
            self._begin()
            return
        versions = [int(place.partition(b"-")[0]) for place, _ in changes]
        # It begins with what this server has, unless the store went back to an earlier state.
        is_known = self.version > 0 and bool(changes) and changes[0][1][1].decode() == self.commit
        if not is_known or versions != list(range(self.version, versions[-1] + 1)) or versions[-1] < version:
            self._reload()
            return
        for at, (_, fields) in zip(versions[1:], changes[1:], strict=True):
            document = json.loads(fields[3])
            if document is None:
                self._reload()
                return
            self._apply(document, at)
            self.commit = fields[1].decode()

    @contextmanager
    def _applying(self) -> Iterator[Store]:
        """Change records as the store says, which is no change of it."""
        store = self._mock.store
        self._work.is_applying = was = True
        try:
            was, store.changes.is_open = store.changes.is_open, True
            yield store
        finally:
            store.changes.is_open = was
            self._work.is_applying = False
            store.signal.give()

    def _apply(self, document: Mapping[str, Any], version: int) -> None:
        """Do what another server has done."""
        with self._applying() as store:
            for name, key, stored, place in document["records"]:
                collection = store.collection(name)
                if stored is None:
                    self.writer.places.pop((name, key), None)
                    collection.take(key, None)
                    continue
                if self.writer.places.get((name, key), place) != place:
                    collection.take(key, None)
                self.writer.places[name, key] = place
                collection.take(key, self.writer.documents.stored(name, stored))
            self.writer.documents.load(document["documents"])
            if document["documents"] or any(name == "files" for name, *_ in document["records"]):
                self.writer.files = self.writer.documents.files()
        self.version = version
        self.writer.touched.update(dict.fromkeys(document["parts"], version))

    def _reload(self, *, may_begin: bool = True) -> None:
        """Have all records of the store; where it has none, begin, or raise StoreError."""
        loaded = load(self.link, self.keys, self.writer.documents.stored)
        if loaded is None:
            if not may_begin:
                raise self._removed()
            self._begin()
            return
        self.writer.places = loaded.places
        self._have(loaded.records, loaded.documents)
        self.writer.files = self.writer.documents.files()
        self.version, self.commit, self.epoch = loaded.version, loaded.commit, loaded.epoch
        self.writer.touched = loaded.touched

    def _have(self, records: dict[str, dict[str, Any]], documents: Mapping[str, Any]) -> None:
        mock = self._mock
        with self._applying() as store:
            settings = Settings().changed(records["settings"])
            mock.apply(settings.changed(documents["settings"]))
            everything = {name: records.get(name, {}) for name in store.collection_names}
            store.put_back({**everything, "settings": settings.saved()})
            self.writer.documents.have(documents)

    def _begin(self) -> None:
        """Give the store the state that this server has, as the first; where another was faster, have that."""
        if not self.is_there():
            raise self._removed()
        if self.version > 0:
            logger.warning("%s no longer has the world %s, which begins again", self.link.name, world_of(self.name))
            self._mock.journal.load(self._mock.journal.clearings + 1, self._mock.journal.size)
        self.version, self.commit, epoch, attempt = 0, "", secrets.token_hex(6), Attempt(0)
        attempt.is_whole = True
        if self._commit(attempt, {"epoch": epoch}):
            self.epoch = epoch
        else:
            self._reload(may_begin=False)

    def _removed(self) -> StoreError:
        return StoreError(
            f"the world {world_of(self.name)} was removed while this request was on its way; send it again"
        )

    def attempt(self, work: Callable[[], T], *, is_touched: bool = False) -> T:
        """Do work in a transaction, again where another server was faster, and return what it returns.

        `is_touched` says that it may change something else than records. Raises StoreError where the store is out of
        reach; then nothing has changed.
        """
        store = self._mock.store
        with store.lock:
            if self._work.is_open or self._work.is_applying:
                if is_touched:
                    self._work.touch()
                with store.transaction():
                    return work()
            for _ in range(MOST_ATTEMPTS):
                outcome = self._once(work, is_touched)
                if outcome is not None:
                    if outcome.error is not None:
                        raise outcome.error
                    return outcome.result
                self._catch_up()
        raise StoreError(f"other servers were faster {MOST_ATTEMPTS} times")

    def _once(self, work: Callable[[], T], is_touched: bool) -> Outcome[T] | None:
        """Do work once, and write what it has changed; None where another server was faster."""
        store, outcome = self._mock.store, Outcome[T]()
        # The fault of a rule may draw, or remember something.
        self._work.begin(is_touched=is_touched or bool(self._mock.faults.armed))
        try:
            with store.transaction():
                outcome.result = work()
        except Exception as error:
            # What was settled, counted or drawn before stays so.
            outcome.error = error
        except BaseException:
            attempt = self._work.end()
            if attempt is not None:
                self._undo(attempt)
            raise
        attempt = self._work.end()
        if attempt is None or self._commit_or_undo(attempt):
            return outcome
        if self.turn.is_request and not self.turn.is_current:
            raise StaleError
        return None

    def begin(self) -> bool:
        """Begin an attempt that code of Python has opened by itself; False inside of another. The lock is held."""
        if self._work.is_open or self._work.is_applying:
            return False
        self.look()
        self._work.begin(is_touched=True)
        return True

    def end(self) -> None:
        """End what `begin` has begun; raise StoreError where another server was faster, as it is not done again."""
        attempt = self._work.end()
        assert attempt is not None, "it has begun"
        if not self._commit_or_undo(attempt):
            raise StoreError("another server was faster; do it again")

    def draw(self, kind: str) -> int:
        """Return the number of the next draw of a kind."""
        if kind == "requests":
            return self._series.next_request()
        if not self._work.is_open:
            return self.attempt(lambda: self.draw(kind))
        drawn = self._mock.store.drawn
        self._work.present().note(drawn, kind)
        counts = drawn.records
        number: int = counts.get(kind, 0) + 1
        counts[kind] = number
        return number

    def move(self, move: Callable[[], None]) -> None:
        """Move the clock of all servers."""
        self.attempt(move, is_touched=True)

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for a change, or for the clock."""
        clock = self._mock.store.clock
        return self._mock.store.signal.waiting > 0 or (isinstance(clock, ManualClock) and clock.waiting > 0)

    def heard(self) -> None:
        """Have the newest state where somebody waits for a change that another server has reported of."""
        if self.is_awaited:
            self.look()
            self._mock.store.signal.give()

    def tend(self) -> None:
        """Let the images be queued again whose files came to servers that are gone."""
        store = self._mock.store
        for image_id, upload in self._series.abandoned(store.uploads.records):
            logger.warning("the upload of the image %s has ended: its server is gone", image_id)
            self.attempt(partial(break_off, store, image_id, upload))

    def next_upload(self) -> int:
        """Return the number of an upload that begins: no other server has it."""
        return self._series.next_upload()

    def send_file(self, file: File) -> File:
        """Return a file as every server can read it."""
        return self._files.shared(file)

    def plan_entry(self, entry: Entry) -> None:
        """Write an entry together with the changes that are being made."""
        self._work.planned = entry

    def note_entry(self, entry: Entry) -> None:
        """Write an entry whose response is about to leave; raise StaleError where that is from older records."""
        self._entries.note(entry, self.turn)

    def note_cleared(self) -> None:
        """Repeat a request whose entry was cleared meanwhile, unless its response is of the newest state."""
        if self.turn.is_request and not (self.turn.is_current or self.turn.is_out):
            raise StaleError

    def read_entries(self) -> tuple[int, int, Versions]:
        """Return how many requests there were, the revision, and what was written since the last call."""
        return self._entries.read(self.look)

    def _commit_or_undo(self, attempt: Attempt) -> bool:
        """Write changes in one step, or undo them; return whether no other server was faster."""
        is_done = False
        try:
            is_done = self._commit(attempt, {})
        finally:
            # After an error it may have been written all the same: the next look finds out.
            if not is_done:
                self._undo(attempt)
        return is_done

    def _commit(self, attempt: Attempt, meta: Mapping[str, Any]) -> bool:
        """Write changes in one step; return whether no other server was faster."""
        writer, version = self.writer, self.version + 1
        try:
            changes = writer.collect(attempt, version)
            if changes.is_empty:
                return True
            reply = writer.write(changes, self, self._entries, meta)
        except StoreError:
            self.turn.is_out = True
            raise
        if not reply[0]:
            return False
        self.notes.confirm(self.keys[0], self.commit)
        self.version, self.commit = version, changes.id
        self.turn.is_current = True
        for entry, number in zip(attempt.entries, reply[2].split(), strict=False):
            entry.number = int(number)
        writer.settle(changes, version, self._entries)
        return True

    def _undo(self, attempt: Attempt) -> None:
        """Let everything be as it was before an attempt."""
        if attempt.is_whole:
            # The store has it.
            self.version, self.commit = -1, "none"
            return
        disordered = set()
        with self._applying() as store:
            for (name, key), before in reversed(attempt.before.items()):
                collection = store.collection(name)
                if before is not None and ((name, key) in attempt.moved or key not in collection.records):
                    disordered.add(name)
                collection.take(key, before)
            for name in disordered:
                store.collection(name).order_by({key: at for (of, key), at in self.writer.places.items() if of == name})
            store.images.last_number = attempt.last_number
            if attempt.is_touched:
                self.writer.documents.go_back()
