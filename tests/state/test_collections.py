"""The collections of a store: declared once, written in transactions, kept wherever a backing keeps them."""

from __future__ import annotations

import gc
import json
import sys
import threading
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import pytest

from ims_mock.state.backing import Lock
from ims_mock.state.changes import ChangeLog
from ims_mock.state.clock import ManualClock
from ims_mock.state.collections import Collection, Transition
from ims_mock.state.files import File
from ims_mock.state.life_cycle import saving
from ims_mock.state.members import new_member
from ims_mock.state.store import Store
from ims_mock.state.transitions import Transitions
from tests import stores


@pytest.fixture
def store() -> Store:
    """A store whose clock stands at the beginning of time."""
    return Store(ManualClock(0))


def advance(store: Store, seconds: float) -> None:
    """Move the manual clock of a store."""
    assert isinstance(store.clock, ManualClock)
    store.clock.advance(seconds)


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.images.put("a", {"id": "a"}),
        lambda store: store.tokens.put("a", {}),
        lambda store: store.members.put("a", {"q": new_member("a", "q", "now")}),
        lambda store: store.transitions.add({"due": 1, "collection": "images", "id": "a"}),
        lambda store: store.users.remove("demo"),
        lambda store: store.users.clear(),
    ],
)
def test_records_are_written_in_a_transaction_only(store: Store, write: Callable[[Store], None]) -> None:
    """A write outside of a transaction is an error that says what to do, and changes nothing."""
    with store.transaction():
        store.users.put("demo", {"name": "demo"})
    before = store.dump()
    with pytest.raises(RuntimeError, match=r"with store\.transaction\(\)"):
        write(store)
    assert store.dump() == before


def test_transaction_may_be_entered_inside_of_itself(store: Store) -> None:
    """The end of an inner transaction is not that of the outer one."""
    with store.transaction():
        with store.transaction():
            store.users.put("a", {})
        store.users.put("b", {})
    assert list(store.users) == ["a", "b"]


def test_seed_is_there_while_a_store_is_reset(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that comes during a reset, and holds no lock, has an id all the same."""
    drawn: list[str] = []
    load = Collection.load

    def load_and_draw(collection: Collection, stored: Any) -> None:
        drawn.append(store.draw("requests"))
        load(collection, stored)
        drawn.append(store.draw("requests"))

    monkeypatch.setattr(Collection, "load", load_and_draw)
    store.reset(store.clock, 1)
    assert len(drawn) > 10


def test_token_is_there_while_tokens_change_places(store: Store) -> None:
    """Whoever reads without the lock finds a record at any moment of a restore, also of one with another order."""
    with store.transaction():
        for name in ("a", "b", "c"):
            store.tokens.put(name, {})
    found: set[bool] = set()

    def look(_frame: object, _event: str, _argument: object) -> None:
        found.add("a" in store.tokens.records and "seed" in store.settings.records)

    document = store.dump()
    sys.setprofile(look)
    try:
        stores.restore(
            store, {**document, "tokens": {"c": {}, "a": {}}, "settings": {"auth": "off", **document["settings"]}}
        )
    finally:
        sys.setprofile(None)
    assert (list(store.tokens), found) == (["c", "a"], {True})


def test_transaction_ends_where_an_error_leaves_it(store: Store) -> None:
    """After an error the lock is free again, and nothing can be written."""
    with pytest.raises(KeyError), store.transaction():
        raise KeyError
    thread = threading.Thread(target=stores.added, args=(store,))
    thread.start()
    thread.join()
    assert len(store.images) == 1
    with pytest.raises(RuntimeError):
        store.users.put("a", {})


def test_transaction_settles_what_is_due(store: Store) -> None:
    """Inside of a transaction everything is as it is at the clock's time."""
    stores.set_delays(store, saving=5)
    image = stores.added(store)
    with saving(store, image["id"], "p") as upload:
        stores.keep_file(store, image["id"], upload, File([b"x"]))
    assert isinstance(store.clock, ManualClock)
    store.clock.moved = lambda: None
    store.clock.advance(5)
    assert store.images[image["id"]]["status"] == "saving"
    with store.transaction():
        assert store.images[image["id"]]["status"] == "active"


class _MoreStore(Store):
    """A store with one more collection, which takes one more line."""

    def __init__(self) -> None:
        super().__init__(ManualClock(0))
        self.notes = self._declare("notes", Collection, is_logged=True)


def test_collection_is_declared_in_one_line() -> None:
    """What is declared is dumped, restored, cleared, reset, found in earlier versions, and can have what is due."""
    store = _MoreStore()
    with store.transaction():
        store.notes.put("a", {"status": "new"})
    dumped, seen = json.loads(json.dumps(store.dump())), store.remember_changes()
    with store.transaction():
        store.plan({"due": 5, "collection": "notes", "id": "a", "status": "old", "attributes": {"by": "time"}})
        store.plan({"due": 6, "collection": "notes", "id": "gone", "status": "old", "attributes": {}})
    advance(store, 9)
    assert dict(store.notes) == {"a": {"status": "old", "by": "time"}}
    earlier = store.at(seen)
    assert isinstance(earlier, Store)
    assert earlier.dump()["notes"] == dumped["notes"] == {"a": {"status": "new"}}
    stores.restore(store, dumped)
    assert store.dump() == dumped
    store.reset(store.clock, 0)
    assert len(store.notes) == 0


# Another place for the records.


class _JsonRecords(MutableMapping[str, Any]):
    """Records kept as texts of JSON, as another process would keep them."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def __getitem__(self, key: str) -> Any:
        return json.loads(self._texts[key])

    def __setitem__(self, key: str, record: Any) -> None:
        self._texts[key] = json.dumps(record)

    def __delitem__(self, key: str) -> None:
        del self._texts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


class _JsonBacking:
    """A second place for records: the methods that Backing names, and no others."""

    def __init__(self) -> None:
        self.lock: Lock = threading.RLock()

    def collection(self, name: str) -> MutableMapping[str, Any]:
        """Return new records; files are no JSON."""
        return {} if name == "files" else _JsonRecords()


def _use(store: Store) -> dict[str, Any]:
    """Do something of every kind to a store, and return what it has then."""
    stores.set_delays(store, queued=2, saving=3)
    first, second, third = (stores.added(store, name=name) for name in "abc")
    stores.changed(store, first, name="d")
    stores.share(store, second, {"q": new_member(second["id"], "q", "now")})
    with saving(store, first["id"], "p") as upload:
        stores.keep_file(store, first["id"], upload, File([b"x"]))
    stores.delete(store, third["id"])
    advance(store, 4)
    seen = [image["id"] for image in stores.seen_by(store, "q")]
    return {"seen": seen, **store.dump()}


def test_records_may_be_kept_elsewhere() -> None:
    """A store over another backing has the same records: all of them are JSON, and none is edited in place."""
    assert _use(Store(ManualClock(0), backing=_JsonBacking())) == _use(Store(ManualClock(0)))


# What is due.


def _transitions(number: int) -> tuple[Transitions, ChangeLog]:
    """Return so many pending transitions, each of a record of its own, the later ones added first."""
    changes = ChangeLog(lambda: 0.0)
    pending = Transitions("transitions", {}, changes)
    changes.is_open = True
    for due in range(number, 0, -1):
        pending.add({"due": float(due), "collection": "images", "id": str(due), "status": "active", "attributes": {}})
    return pending, changes


def _calls(work: Callable[[], object]) -> int:
    """Return how many functions are called by some work."""
    called = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal called
        called += event in ("call", "c_call")

    # What the collector of garbage calls is not the work's.
    gc.disable()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return called


@pytest.mark.parametrize(
    "work",
    [
        lambda pending: pending.of("images", "50"),
        lambda pending: pending.pop_due(1),
        lambda pending: pending.pop_due(0),
        lambda pending: pending.remove_of("images", "50"),
        lambda pending: pending.add({"due": 0.5, "collection": "images", "id": "50", "status": "x", "attributes": {}}),
    ],
)
def test_pending_transitions_cost_nothing(work: Callable[[Transitions], object]) -> None:
    """Among 10,000 pending transitions each is found by its record and by its time as among 100."""
    few, many = _transitions(100)[0], _transitions(10_000)[0]
    assert _calls(lambda: work(many)) == _calls(lambda: work(few))


def test_transitions_are_taken_in_due_order() -> None:
    """What is due first is taken first; at the same moment, what was added first; and what is not due is not taken."""
    pending, _ = _transitions(5)
    same: Transition = {"due": 3.0, "collection": "images", "id": "later", "status": "x", "attributes": {}}
    pending.add(same)
    pending.remove_of("images", "2")
    taken = []
    while (transition := pending.pop_due(4)) is not None:
        taken.append(transition["id"])
    assert taken == ["1", "3", "later", "4"]
    assert [transition["id"] for transition in pending.values()] == ["5"]


def test_removed_transitions_leave_nothing_behind() -> None:
    """However many are added and removed, the order by time grows no longer than what is pending needs."""
    pending, _ = _transitions(3)
    for number in range(5000):
        pending.add({"due": 9.0, "collection": "images", "id": f"x{number}", "status": "x", "attributes": {}})
        pending.remove_of("images", f"x{number}")
    assert len(pending.by_time) < 100
    assert [transition["due"] for transition in pending.document_of(pending)] == [1.0, 2.0, 3.0]
