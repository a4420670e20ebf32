"""Everything that one mock remembers: collections of records, changed in transactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from itertools import count
from types import TracebackType
from typing import Any, Protocol, TypeVar

from ims_mock.state.backing import Backing, Lock, Memory
from ims_mock.state.changes import ChangeLog
from ims_mock.state.clock import Clock, ManualClock
from ims_mock.state.collections import REMOVED, Access, Collection, Transition
from ims_mock.state.image_collection import DeletedImages, Images
from ims_mock.state.job_collection import Job, Jobs, ending_of
from ims_mock.state.members import Members
from ims_mock.state.neighbour_collection import Neighbours
from ims_mock.state.real import RealThreads, new_lock
from ims_mock.state.sharing import Sharing
from ims_mock.state.signal import Signal
from ims_mock.state.times import later, timestamp
from ims_mock.state.transitions import Transitions

MANY = 5_000
"""Fewest records that are let go by a thread of its own."""

C = TypeVar("C", bound=Collection)
V = TypeVar("V", bound="Store")
T = TypeVar("T")


class Cloud(Protocol):
    """The regions of one cloud, each with a store of its own; all of them have one lock."""

    is_of_one_server: bool
    """Whether the URL of each region is that of the first one with the region's name behind it."""

    @property
    def stores(self) -> Sequence[Store]:
        """The stores of the regions, the first one first."""

    @property
    def names(self) -> list[str]:
        """The names of the regions, the first one first."""

    def add(self, store: Store) -> None:
        """Add the store of one more region."""

    def find(self, region: str) -> Store | None:
        """Return the store of a region by its name; None where there is none."""

    def remove(self, store: Store) -> None:
        """Remove a region."""

    def settle(self) -> None:
        """Settle what is due in any of the regions; called with the lock held."""


class Store:
    """Everything that one mock remembers. Two stores share nothing, unless they are versions or views of one.

    The collections: `settings` by name; `projects` and `users` by name; `images` by id, with their `members`, their
    `files`, the `uploads` under way and the `deleted` ones; `transitions` that are due later; `jobs` by id;
    `neighbours`, which other services have; `tokens`, `temporary_credentials` by access key, and `wrong_signatures`,
    how often in a row each key came with one; `drawn` counts what was made from the seed. A new one is one more line in
    `__init__`: it is in snapshots, resets, state files and earlier versions by that. Records are JSON, files excepted.

    `lock` is held by code that reads more than one thing; `signal` is given when something may have changed. The
    clock was at `started_at` at the last reset. `cloud` has the stores of the other regions, None where there are
    none; `series` parts their ids. `world` is the name of the world that this is the store of, "" for the only one
    of a server; what gives access is parted by it. `removed` says what was removed with it, such as "world ci".
    `sharing` has the other servers with this state, None where it is kept in this process alone.
    """

    cloud: Cloud | None = None
    sharing: Sharing | None = None
    series = ""
    world = ""
    removed = ""

    def __init__(
        self,
        clock: Clock,
        seed: int | str = 0,
        backing: Backing | None = None,
        new_log: Callable[[Callable[[], float]], ChangeLog] = ChangeLog,
    ) -> None:
        self._backing = Memory() if backing is None else backing
        self.lock: Lock = self._backing.lock
        self.changes = new_log(self._time_of_change)
        self._collections: dict[str, Collection] = {}
        self.settings = self._declare("settings", Collection)
        self.projects = self._declare("projects", Access)
        self.users = self._declare("users", Access)
        self.images = self._declare("images", Images, is_logged=True)
        self.deleted = self._declare("deleted", DeletedImages, is_logged=True)
        self.members = self._declare("members", Members, is_logged=True)
        self.images.see(self.members)
        self.members.changed = self.images.see_again
        self.files = self._declare("files", Collection, is_dumped=False)
        self.uploads = self._declare("uploads", Collection, is_dumped=False)
        self.transitions = self._declare("transitions", Transitions)
        self.jobs = self._declare("jobs", Jobs)
        self.neighbours = self._declare("neighbours", Neighbours)
        self.tokens = self._declare("tokens", Access)
        self.temporary_credentials = self._declare("temporary_credentials", Access)
        self.wrong_signatures = self._declare("wrong_signatures", Collection)
        self.drawn = self._declare("drawn", Collection)
        self._upload_numbers = count(1)
        self._drawing = new_lock()
        self.signal = Signal()
        self._transaction = Transaction(self)
        self._settling_at: float | None = None
        self.clock = clock
        self.reset(clock, seed)

    def _declare(self, name: str, kind: type[C], **options: bool) -> C:
        collection = kind(name, self._backing.collection(name), self.changes, **options)
        self._collections[name] = collection
        return collection

    @property
    def collections(self) -> Sequence[Collection]:
        """All collections."""
        return list(self._collections.values())

    def draw(self, kind: str) -> str:
        """Return the next 64 hexadecimal digits of a kind, which follow from the seed; it needs no transaction."""
        if self.sharing is not None:
            number = self.sharing.draw(kind)
        else:
            with self._drawing:
                counts = self.drawn.records
                number = counts[kind] = counts.get(kind, 0) + 1
        return sha256(f"{self.settings.records['seed']!r}/{self.series}{kind}/{number}".encode()).hexdigest()

    def take_back(self, kind: str, count: int | None) -> None:
        """Go on in the series of a kind behind so many; None where none had been drawn."""
        with self._drawing:
            counts = self.drawn.records
            counts.pop(kind, None)
            if count is not None:
                counts[kind] = count

    @property
    def seed(self) -> int | str:
        """The seed of ids, chances and delays."""
        seed: int | str = self.settings.records["seed"]
        return seed

    def reset(self, clock: Clock, seed: int | str) -> None:
        """Start again, as if just made, with a clock and a seed."""
        with self.lock:
            if self.clock is not clock and isinstance(self.clock, ManualClock):
                self.clock.close()
            self.clock, self.started_at = clock, clock.now()
            # The seed is there at any time: requests draw from it without the lock.
            self.settings.load({"seed": seed})
            self.clear()
            self.changes.end()
            if isinstance(clock, ManualClock):
                clock.moved = self.settle
                if self.sharing is not None:
                    clock.mover = self.sharing.move
                clock.signal = self.signal
            self.signal.give()

    def clear(self) -> None:
        """Remove every record but the settings; the time, and the count of versions, go on."""
        with self.lock:
            collections = [collection for name, collection in self._collections.items() if name != "settings"]
            size, left = sum(map(len, collections)), [collection.held() for collection in collections]
            for collection in collections:
                collection.load({})
            self.changes.cut()
        if size >= MANY:
            # It takes 50 ms until 100,000 images are out of memory, for which nobody needs to wait.
            RealThreads.begin(left.clear, ())

    def timestamp(self) -> str:
        """Return the clock's time as the service writes it."""
        return timestamp(self.clock.now())

    def transaction(self) -> Transaction:
        """Return a context manager that takes the lock and settles what is due; only inside can records be changed."""
        return self._transaction

    def check_there(self) -> None:
        """Raise ValueError where the world or the region of the store was removed."""
        if self.removed:
            kind, name = self.removed.split()
            raise ValueError(f"the {self.removed} was removed; get it again with ims_mock.{kind}({name!r})")

    def open_with(self, transaction: Transaction) -> None:
        """Let `transaction` return another one from now on."""
        self._transaction = transaction

    def attempt(self, work: Callable[[], T]) -> T:
        """Do work in a transaction, and return what it returns.

        Where other servers share the state and one of them was faster, the work is undone and done again: it may not do
        anything that cannot be done twice.
        """
        if self.sharing is not None:
            return self.sharing.attempt(work)
        with self._transaction:
            return work()

    def settle(self) -> None:
        """Settle everything that is due, in due order and at the time when it was."""
        if self.transitions or self.cloud is not None:
            with self._transaction:
                pass

    def settle_due(self) -> None:
        """Settle what is due; called with the lock held, by the transaction."""
        if self._settling_at is not None:
            return
        now = self.clock.now()
        try:
            while (transition := self.transitions.pop_due(now)) is not None:
                self._settling_at = transition["due"]
                self._apply(transition)
        finally:
            self._settling_at = None

    def _apply(self, transition: Transition) -> None:
        """Apply a transition, and those that follow from it at the same time.

        An image that is gone by now gets no members. What is of another `region` is applied there.
        """
        other = self.find_region(transition["region"]) if "region" in transition else None
        if other is not None:
            with other.transaction():
                other._apply({name: value for name, value in transition.items() if name != "region"})
            return
        is_of_image = transition["collection"] == "members" and transition["status"] != REMOVED
        if is_of_image and transition["id"] not in self.images:
            return
        for following in self._collections[transition["collection"]].settle(transition):
            self._apply({**following, "due": transition["due"]})

    @property
    def regions(self) -> Sequence[Store]:
        """The stores of the regions of the cloud; this one, where it is no region of any."""
        return self.cloud.stores if self.cloud is not None else [self]

    def find_region(self, name: str) -> Store | None:
        """Return the store of another region of the cloud by its name; None where there is none."""
        found = self.cloud.find(name) if self.cloud is not None else None
        return None if found is self else found

    def _time_of_change(self) -> float:
        return self.clock.now() if self._settling_at is None else self._settling_at

    def next_upload(self) -> int:
        """Return the number of an upload that begins: never the same, also after a reset."""
        return next(self._upload_numbers) if self.sharing is None else self.sharing.next_upload()

    def plan(self, transition: Transition) -> None:
        """Add a transition that is due later; one that is due at once is settled by the next transaction."""
        self.transitions.add(transition)

    def begin_job(self, job: Job) -> None:
        """Add a job; where its duration is in seconds, it ends by the clock."""
        self.jobs.put(job["id"], job)
        if "seconds" in job["duration"] and job["end"]["status"]:
            due = later(job["began"], job["duration"]["seconds"] * job["end"]["at"])
            self.plan(ending_of(job, due))

    def end_job(self, job: Job) -> None:
        """End a job now."""
        self._apply(ending_of(job, self.clock.now()))

    def snapshot_records(self) -> dict[str, dict[str, Any]]:
        """Return the records of every collection as they are now, none copied; the caller holds the lock."""
        return {name: dict(collection.records) for name, collection in self._collections.items()}

    def put_back(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace all records with those that `snapshot_records` returned; the time stays as it is."""
        with self.lock:
            for name, collection in self._collections.items():
                if not collection.is_as(records[name]):
                    collection.load(records[name])
            self.changes.cut()
            numbers = (placed["number"] for placed in self.deleted.values())
            self.images.last_number = max(self.images.last_number, *numbers, -1)

    @property
    def collection_names(self) -> list[str]:
        """The names of the collections."""
        return list(self._collections)

    def collection(self, name: str) -> Collection:
        """Return a collection by its name."""
        return self._collections[name]

    def document_of(self, records: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return records that `snapshot_records` returned as a saved state has them, by name; it shares them."""
        return {
            name: collection.document_of(records[name])
            for name, collection in self._collections.items()
            if collection.is_dumped
        }

    def records_of(self, document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the records that `document_of` made a document of; there are none of what is not saved."""
        return {
            name: collection.stored_of(document[name]) if collection.is_dumped else {}
            for name, collection in self._collections.items()
        }

    def dump(self) -> dict[str, Any]:
        """Return the collections as a saved state has them, by name; the caller holds the lock."""
        return self.document_of(self.snapshot_records())

    def seen_as(self, kind: type[V]) -> V:
        """Return a view: this store, all of it, with the methods of a subclass in place of its own."""
        view = kind.__new__(kind)
        view.__dict__ = self.__dict__
        return view

    # Earlier versions.

    @property
    def version(self) -> int:
        """The number of changes since changes are remembered."""
        return self.changes.version

    def remember_changes(self) -> int:
        """Keep, from now on and until a reset, what each changed record was before; return the current version."""
        with self.lock:
            self.changes.begin()
            return self.version

    def version_at(self, moment: float) -> int:
        """Return the version at a moment, or the earliest that is remembered."""
        return self.changes.version_at(moment)

    def at(self, version: int) -> Store:
        """Return an earlier version, or the earliest that is remembered, to be read with the lock held."""
        before = self.changes.before(version)
        earlier = EarlierStore.__new__(EarlierStore)
        earlier.__dict__.update(self.__dict__)
        earlier._collections = dict(self._collections)
        earlier._transaction = Transaction(earlier)
        earlier.changes = ChangeLog(self.clock.now)
        for name, collection in self._collections.items():
            if collection.is_logged:
                undone = {key: stored for (of, key), stored in before.items() if of == name}
                stored = {key: record for key, record in collection.records.items() if key not in undone}
                stored |= {key: record for key, record in undone.items() if record is not None}
                copied = type(collection)(name, {}, earlier.changes)
                copied.load(stored)
                earlier._collections[name] = earlier.__dict__[name] = copied
        earlier.images.see(earlier.members)
        return earlier


class EarlierStore(Store):
    """An earlier version of a store, in which nothing becomes due."""

    def settle_due(self) -> None:
        """Settle nothing: what is due has been settled in the store itself."""


class Transaction:
    """The lock of a store, taken to change it: see Store.transaction. It may be entered again inside of itself."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._depth = 0

    def __enter__(self) -> Store:
        store = self._store
        store.lock.acquire()
        self._depth += 1
        store.changes.is_open = True
        try:
            if store.transitions.by_time:
                store.settle_due()
            if store.cloud is not None:
                store.cloud.settle()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return store

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        store = self._store
        if not self._depth:
            store.changes.is_open = False
            if store.signal.waiting:
                store.signal.give()
        store.lock.release()
