"""The state of one mock."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
import weakref
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ims_mock.contract import schema_files
from ims_mock.contract.errors import ImsError
from ims_mock.state.clock import ManualClock
from ims_mock.state.files import File
from ims_mock.state.ids import new_image_id
from ims_mock.state.images import LEGAL_MOVES
from ims_mock.state.life_cycle import add_image, saving, set_members
from ims_mock.state.members import new_member
from ims_mock.state.packed import place_of
from ims_mock.state.real import RealThreads
from ims_mock.state.store import Store
from ims_mock.state.views import RecordsView
from tests import stores
from tests.stores import added, become, changed, delete, keep_file, set_delays, share


@pytest.fixture
def clock() -> ManualClock:
    """A clock at the beginning of time."""
    return ManualClock(0)


@pytest.fixture
def store(clock: ManualClock) -> Store:
    """A store with that clock."""
    return Store(clock)


MOVES = {
    ("queued", "saving"),
    ("queued", "deleted"),
    ("saving", "active"),
    ("saving", "killed"),
    ("saving", "queued"),
    ("active", "deleted"),
    ("killed", "deleted"),
}


@pytest.mark.parametrize("before", LEGAL_MOVES)
@pytest.mark.parametrize("after", LEGAL_MOVES)
def test_legal_moves(store: Store, before: str, after: str) -> None:
    """An image becomes what Glance lets it become, but for being deleted while it is saving."""
    image = added(store, status=before)
    if (before, after) in MOVES:
        assert become(store, image, after)["status"] == after
        return
    with pytest.raises(ImsError, match=f"an image that is {before} cannot become {after}") as caught:
        become(store, image, after)
    assert caught.value.status == 409
    assert store.images[image["id"]] == image


def test_moves_name_every_status() -> None:
    """The table has each status of the contract, and only those."""
    known = schema_files.read("models/image_attributes.json")["properties"]["status"]["enum"]
    assert set(known) == LEGAL_MOVES.keys()
    assert {after for moves in LEGAL_MOVES.values() for after in moves} <= set(known)


def test_change_replaces_the_record(store: Store, clock: ManualClock) -> None:
    """A record that somebody has taken stays as it was."""
    image = added(store, name="a")
    clock.advance(1)
    after = changed(store, image, name="b")
    assert (image["name"], after["name"], after["updated_at"]) == ("a", "b", "1970-01-01T00:00:01Z")
    assert store.images[image["id"]] == after != image


def test_deleted_images_are_remembered_but_not_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last ones are kept with the time of their deletion; the oldest is dropped for each one more."""
    monkeypatch.setattr("ims_mock.state.image_collection.MAX_DELETED", 2)
    ids = [added(store)["id"] for _ in range(3)]
    for image_id in ids:
        delete(store, image_id)
    assert list(store.deleted) == ids[1:]
    gone = store.deleted[ids[2]]["image"]
    assert (gone["status"], gone["deleted"], gone["deleted_at"]) == ("deleted", True, "1970-01-01T00:00:00Z")


def test_new_id_passes_over_that_of_a_deleted_image(store: Store) -> None:
    """An id that was an image's is not made again."""
    taken = new_image_id(Store(ManualClock(0)))
    added(store, id=taken)
    delete(store, taken)
    assert new_image_id(store) != taken


def test_image_has_nothing_of_another_that_had_its_id(store: Store) -> None:
    """An image that takes the id of one which a test took out has neither its file nor its members."""
    image = added(store)
    with store.transaction():
        store.files.put(image["id"], File())
        set_members(store, image, {"q": new_member(image["id"], "q", "now")})
        store.images.remove(image["id"])
        add_image(store, {"id": image["id"]}, "p")
    assert (dict(store.files), store.members.of(image["id"]), store.members.images_of("q")) == ({}, {}, set())


def test_failure_while_saving_leaves_the_image_queued(store: Store) -> None:
    """Whatever breaks an upload off, the image takes the next one."""
    image = added(store)

    def pieces() -> Iterator[bytes]:
        yield b"x"
        assert store.images[image["id"]]["status"] == "saving"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), saving(store, image["id"], "p"):
        File(pieces())
    assert store.images[image["id"]]["status"] == "queued"


def test_upload_to_an_image_that_a_test_takes_out(store: Store) -> None:
    """What is not there any more takes no file, and is not changed."""
    image = added(store)
    with pytest.raises(ImsError) as caught, saving(store, image["id"], "p") as upload:
        keep_file(store, RecordsView(store).pop(image["id"])["id"], upload, File())
    assert caught.value.status == 404
    assert (len(store.images), len(store.files)) == (0, 0)


@pytest.mark.parametrize("is_whole", [True, False])
def test_upload_that_outlives_a_reset(store: Store, is_whole: bool) -> None:
    """An upload from before a reset, whole or broken off, does nothing to the image that has its id by then."""
    image = added(store)
    late = pytest.raises(ImsError, match="404") if is_whole else pytest.raises(KeyboardInterrupt)
    with late, saving(store, image["id"], "p") as upload:
        store.reset(store.clock, store.seed)
        assert added(store)["id"] == image["id"]
        new = saving(store, image["id"], "p")
        new_upload = new.__enter__()
        if not is_whole:
            raise KeyboardInterrupt
        keep_file(store, image["id"], upload, File([b"old"]))
    assert store.images[image["id"]]["status"] == "saving"
    keep_file(store, image["id"], new_upload, File([b"new"]))
    assert b"".join(store.files[image["id"]].read()) == b"new"
    new.__exit__(None, None, None)


def test_members_of_an_image_that_a_test_takes_out(store: Store) -> None:
    """A project with which an image was shared that is not there any more sees the others."""
    gone, kept = (added(store) for _ in range(2))
    for image in (gone, kept):
        share(store, image, {"q": new_member(image["id"], "q", "now")})
    del RecordsView(store)[gone["id"]]
    seen = stores.seen_by(store, "q")
    assert [image["id"] for image in seen] == [kept["id"]]


@pytest.mark.parametrize("count", [2, 5])
def test_many_records_are_let_go_after_a_reset(count: int, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reset waits until few records are out of memory, and leaves many to a thread."""
    begun: list[Callable[[], object]] = []
    monkeypatch.setattr(RealThreads, "begin", lambda work, _: begun.append(work))
    monkeypatch.setattr("ims_mock.state.store.MANY", 6)
    image_ids = [added(store)["id"] for _ in range(count)]
    file = File([b"x"])
    with store.transaction():
        store.files.put(image_ids[0], file)
    is_there = weakref.ref(file)
    del file
    store.reset(store.clock, store.seed)
    assert (len(store.images), len(store.files)) == (0, 0)
    assert (is_there() is not None) == bool(begun) == (count == 5)
    for work in begun:
        work()
    assert is_there() is None


# What the state was


View = dict[str, Any]
"""All that reads can show of a state: what each project lists, both ways, and the members and the deleted ones."""

PROJECTS = ("p", "q", "r")


def view_of(store: Store) -> View:
    """Return all that reads can show of a state."""
    listed = {
        f"{project} {newest_first}": [
            copy.deepcopy(image) for image in stores.seen_by(store, project, newest_first=newest_first)
        ]
        for project in PROJECTS
        for newest_first in (True, False)
    }
    placed = [(stores.place_of(store, image_id), image_id) for image_id in store.images]
    deleted = [(place_of(placed), placed["image"]["id"]) for placed in store.deleted.values()]
    return {
        **listed,
        "by id": {image_id: copy.deepcopy(image) for image_id, image in sorted(store.images.items())},
        "members": {image_id: list(store.members.of(image_id).values()) for image_id in sorted(store.images)},
        "with the deleted ones": [image_id for _, image_id in sorted(placed + deleted)],
    }


class Changes:
    """Changes of any kind, each of an image by number, and what each left behind."""

    def __init__(self) -> None:
        self.clock = ManualClock(0)
        self.store = Store(self.clock)
        set_delays(self.store, queued=2, saving=3)
        self.images = RecordsView(self.store)
        self.first = added(self.store, name="first")
        self.store.remember_changes()
        self.history: list[tuple[int, float, View]] = []

    def make(self, kind: str, number: int) -> None:
        """Make a change, and write down what the state shows then."""
        ids = list(self.store.images)
        image_id = ids[number % len(ids)] if ids else ""
        with contextlib.suppress(ImsError):
            if kind == "create" or image_id:
                getattr(self, kind)(image_id, number)
        self.note()

    def note(self) -> None:
        """Write down what the state shows."""
        self.history.append((self.store.version, self.clock.now(), view_of(self.store)))

    def create(self, _: str, number: int) -> None:
        """Add an image, of any project and visibility."""
        visibility = ("private", "public")[number % 2]
        added(self.store, PROJECTS[number % 3], visibility=visibility)

    def change(self, image_id: str, number: int) -> None:
        """Change an image."""
        changed(self.store, self.store.images[image_id], name=f"name {number}")

    def edit(self, image_id: str, number: int) -> None:
        """Edit a record in place, as tests do; also where it stands in the order."""
        self.images[image_id].update(name=f"edited {number}", created_at=f"197{number % 10}-01-01T00:00:00Z")

    def put(self, image_id: str, number: int) -> None:
        """Put another record in the place of one, as tests do."""
        self.images[image_id] = {**self.store.images[image_id], "owner": PROJECTS[number % 3]}

    def take_out(self, image_id: str, _: int) -> None:
        """Take an image out, as tests do."""
        del self.images[image_id]

    def clear(self, _: str, number: int) -> None:
        """Take every image out, now and then."""
        if number % 5 == 0:
            self.images.clear()

    def delete(self, image_id: str, _: int) -> None:
        """Delete an image."""
        delete(self.store, image_id, self.store.images[image_id]["owner"])

    def share(self, image_id: str, number: int) -> None:
        """Share an image with one more project, or with nobody any more."""
        members = {} if number % 4 == 0 else {"r": new_member(image_id, "r", str(number))}
        share(self.store, self.store.images[image_id], members)

    def upload(self, image_id: str, _: int) -> None:
        """Send a file."""
        owner = self.store.images[image_id]["owner"]
        with saving(self.store, image_id, owner) as upload:
            keep_file(self.store, image_id, upload, File([b"x"]))

    def advance(self, image_id: str, number: int) -> None:
        """Let time pass, second by second."""
        for _ in range(number):
            self.clock.advance(1)
            self.note()


KINDS = ("create", "change", "edit", "put", "take_out", "clear", "delete", "share", "upload", "advance")
changes = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9)), min_size=1, max_size=25)


@settings(deadline=None)
@given(changes)
def test_earlier_versions_are_what_they_were(made: list[tuple[str, int]]) -> None:
    """Reads show each version of the state later as they showed it then, whatever has changed since."""
    all_changes = Changes()
    for kind, number in made:
        all_changes.make(kind, number)
    for version, _, then in all_changes.history:
        assert view_of(all_changes.store.at(version)) == then


@settings(deadline=None)
@given(changes, st.integers(0, 200))
def test_version_of_a_moment(made: list[tuple[str, int]], moment: int) -> None:
    """The state as it was at a moment is what it last showed until then."""
    all_changes = Changes()
    all_changes.note()
    for kind, number in made:
        all_changes.make(kind, number)
    store = all_changes.store
    at = moment % (int(all_changes.clock.now()) + 1)
    then = [view for _, when, view in all_changes.history if when <= at][-1]
    assert view_of(store.at(store.version_at(at))) == then


def test_what_was_due_has_changed_when_it_was_due(store: Store, clock: ManualClock) -> None:
    """What happened within a large step of the clock has a version at the moment when it was due."""
    set_delays(store, queued=10, saving=20)
    image = added(store)
    store.remember_changes()
    with saving(store, image["id"], "p") as upload:
        keep_file(store, image["id"], upload, File([b"x"]))
    clock.advance(1000)
    found = [store.at(store.version_at(moment)).images[image["id"]]["status"] for moment in (9, 10, 29, 30, 1000)]
    assert found == ["queued", "saving", "saving", "active", "active"]


def test_earlier_version_is_not_changed_by_edits_since(store: Store) -> None:
    """What a test does to a record that was replaced is not done to what was before."""
    image = RecordsView(store)[added(store, name="a")["id"]]
    seen = store.remember_changes()
    changed(store, image, name="b")
    image["name"] = "c"
    image["tags"].append("d")
    earlier = store.at(seen).images[image["id"]]
    assert (earlier["name"], earlier["tags"]) == ("a", [])


def test_earliest_version_that_is_remembered(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a version that is too old for the memory, reads show the oldest that is in it."""
    monkeypatch.setattr("ims_mock.state.changes.MAX_CHANGES", 3)
    image = added(store, name="0")
    seen = store.remember_changes()
    for number in range(1, 6):
        changed(store, image, name=str(number))
    assert store.at(seen).images[image["id"]]["name"] == "2"
    assert store.at(store.version_at(-1)).images[image["id"]]["name"] == "2"


def test_nothing_is_remembered_unasked(store: Store) -> None:
    """Changes cost nothing as long as nobody asks for earlier versions."""
    seen = store.version
    image = added(store)
    changed(store, image, name="b")
    assert store.version == seen == 0


def test_second_who_asks_drops_nothing(store: Store) -> None:
    """Who asks later for earlier versions does not take them from who has asked before."""
    image = added(store, name="a")
    seen = store.remember_changes()
    changed(store, image, name="b")
    assert store.remember_changes() == seen + 1
    assert store.at(seen).images[image["id"]]["name"] == "a"


def test_earlier_version_can_be_read_alone(store: Store) -> None:
    """What is done to an earlier version is not done to the state."""
    image = added(store)
    seen = store.remember_changes()
    changed(store, image, name="b")
    earlier = store.at(seen)
    with earlier.transaction():
        earlier.images.remove(image["id"])
        earlier.members.put(image["id"], {"q": new_member(image["id"], "q", "now")})
    assert store.images[image["id"]]["name"] == "b"
    assert store.members.of(image["id"]) == {}


def test_nothing_is_remembered_of_before_a_reset(store: Store, clock: ManualClock) -> None:
    """A reset is the beginning of another state, and nothing is remembered until somebody asks again."""
    store.remember_changes()
    added(store)
    store.reset(clock, 0)
    added(store)
    assert (store.version, len(store.at(0).images)) == (0, 1)


# Images


def named(names: str, stamps: str = "") -> RecordsView:
    """Return images of one letter each, created at seconds of one digit each, all of project p."""
    images = RecordsView(Store(ManualClock(0)))
    for name, stamp in zip(names, stamps or "0" * len(names), strict=True):
        images[name] = {"id": name, "owner": "p", "created_at": stamp}
    return images


def walked(
    images: RecordsView, after: str | None = None, *, newest_first: bool = True, project: str = "p", shared: str = ""
) -> str:
    """Return the letters of the images that a project sees."""
    store = images.store
    with store.transaction():
        for name in store.images:
            member = {project: new_member(name, project, "now")}
            store.members.put(name, member if name in shared else {})
    found = stores.seen_by(store, project, after, newest_first=newest_first)
    return "".join(image["id"] for image in found)


@pytest.mark.parametrize(
    ("stamps", "newest_first"), [("0000", "dcba"), ("0123", "dcba"), ("3210", "abcd"), ("1010", "cadb")]
)
def test_order(stamps: str, newest_first: str) -> None:
    """Images go by time of creation, and within a second by when they were put in."""
    images = named("abcd", stamps)
    assert walked(images) == newest_first
    assert walked(images, newest_first=False) == newest_first[::-1]
    for index, name in enumerate(newest_first):
        assert walked(images, name) == newest_first[index + 1 :]
        assert walked(images, name, newest_first=False) == newest_first[:index][::-1]


def test_each_project_walks_what_it_sees() -> None:
    """A project's images, the public ones and those shared with it come in one order, each once."""
    images = named("abcdef", "123456")
    images["b"] = {**images["b"], "owner": "q", "visibility": "public"}
    images["d"] = {**images["d"], "owner": "q"}
    images["e"] = {**images["e"], "visibility": "public"}
    assert walked(images) == "fecba"
    assert walked(images, project="q") == "edb"
    assert walked(images, project="r") == "eb"
    assert walked(images, project="r", shared="ab") == "eba"
    assert walked(images, "c", project="r", shared="ab") == "ba"


def test_images_are_a_dict() -> None:
    """Whatever a dict can do to its items, the order follows."""
    images = named("abcd")
    del images["b"]
    assert images.pop("c")["id"] == "c"
    assert images.pop("c", None) is None
    images.update({"e": {"id": "e", "owner": "p"}, "a": {**images["a"], "changed": True}})
    images |= {"f": {"id": "f", "owner": "p", "created_at": "9"}}
    assert images.setdefault("f", {})["created_at"] == "9"
    assert images.setdefault("g", {"id": "g", "owner": "p", "created_at": "8"})["id"] == "g"
    assert list(images) == ["a", "d", "e", "f", "g"]
    assert walked(images) == "fgdae"
    assert images.popitem()[0] == "g"
    assert images["a"]["changed"] is True
    assert isinstance(images, MutableMapping)
    assert json.loads(json.dumps(images.copy())) == images == dict(images)
    images.clear()
    assert walked(images) == ""
    with pytest.raises(KeyError):
        images["a"]
    with pytest.raises(KeyError):
        images.popitem()


@pytest.mark.parametrize(
    ("change", "order"),
    [
        (lambda image: image.update(created_at="9"), "badc"),
        (lambda image: image.__setitem__("created_at", "9"), "badc"),
        (lambda image: image.__ior__({"created_at": "9"}), "badc"),
        (lambda image: image.pop("owner"), "dca"),
        (lambda image: image.__delitem__("owner"), "dca"),
        (lambda image: image.update(owner="q"), "dca"),
        (lambda image: image.update(owner="q", visibility="public"), "dcba"),
        (lambda image: image.update(name="x"), "dcba"),
        (lambda image: image.clear(), "dca"),
    ],
)
def test_record_that_is_changed_in_place(change: Callable[[dict[str, Any]], object], order: str) -> None:
    """A test may change a record where it is, and the image stands where it then belongs."""
    images = named("abcd", "1234")
    change(images["b"])
    assert "".join(image.get("id", "b") for image in stores.seen_by(images.store, "p")) == order.replace("badc", "bdca")


def test_record_that_was_taken_out_changes_nothing() -> None:
    """A record that is not in the collection any more can be changed without harm."""
    images = named("ab")
    gone = images.pop("a")
    gone["owner"] = "q"
    images["a"] = {"id": "a", "owner": "p"}
    gone["owner"] = "r"
    assert walked(images) == "ba"
    assert walked(images, project="r") == ""


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_are_plain_dicts(copied: Callable[[Any], Any]) -> None:
    """A copy of a record, or of all of them, has nothing to do with the collection."""
    images = named("ab")
    record, every = copied(images["a"]), copied(images)
    assert (type(record), type(every)) == (dict, dict)
    record["owner"] = "q"
    assert walked(images) == "ba"
