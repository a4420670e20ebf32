"""The state of one mock."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ims_mock import schema_files
from ims_mock.backend import Backend
from ims_mock.clock import ManualClock
from ims_mock.errors import ImsError
from ims_mock.files import File
from ims_mock.images import LEGAL_MOVES, Images, new_image
from ims_mock.members import new_member


@pytest.fixture
def clock() -> ManualClock:
    """A clock at the beginning of time."""
    return ManualClock(0)


@pytest.fixture
def backend(clock: ManualClock) -> Backend:
    """A backend with that clock."""
    return Backend(clock)


def added(backend: Backend, **attributes: Any) -> dict[str, Any]:
    """Add an image and return it."""
    image = new_image(attributes, backend.new_image_id(), "p", backend.timestamp())
    backend.add(image)
    return image


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
def test_legal_moves(backend: Backend, before: str, after: str) -> None:
    """An image becomes what Glance lets it become, but for being deleted while it is saving."""
    image = added(backend, status=before)
    if (before, after) in MOVES:
        assert backend.become(image, after)["status"] == after
        return
    with pytest.raises(ImsError, match=f"an image that is {before} cannot become {after}") as caught:
        backend.become(image, after)
    assert caught.value.status == 409
    assert backend.images[image["id"]] == image


def test_moves_name_every_status() -> None:
    """The table has each status of the contract, and only those."""
    known = schema_files.read("models/image_attributes.json")["properties"]["status"]["enum"]
    assert set(known) == LEGAL_MOVES.keys()
    assert {after for moves in LEGAL_MOVES.values() for after in moves} <= set(known)


def test_change_replaces_the_record(backend: Backend, clock: ManualClock) -> None:
    """A record that somebody has taken stays as it was."""
    image = added(backend, name="a")
    clock.advance(1)
    changed = backend.change(image, name="b")
    assert (image["name"], changed["name"], changed["updated_at"]) == ("a", "b", "1970-01-01T00:00:01Z")
    assert backend.images[image["id"]] is changed is not image


def test_deleted_images_are_remembered_but_not_all(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last ones are kept with the time of their deletion; the oldest is forgotten for each one more."""
    monkeypatch.setattr("ims_mock.backend.MAX_DELETED", 2)
    ids = [added(backend)["id"] for _ in range(3)]
    for image_id in ids:
        backend.delete_image(image_id, "p")
    assert list(backend.deleted) == ids[1:]
    _, gone = backend.deleted[ids[2]]
    assert (gone["status"], gone["deleted"], gone["deleted_at"]) == ("deleted", True, "1970-01-01T00:00:00Z")


def test_new_id_passes_over_that_of_a_deleted_image(backend: Backend) -> None:
    """An id that was an image's is not made again."""
    taken = Backend(ManualClock(0)).new_image_id()
    backend.add(new_image({}, taken, "p", backend.timestamp()))
    backend.delete_image(taken, "p")
    assert backend.new_image_id() != taken


def test_image_has_nothing_of_another_that_had_its_id(backend: Backend) -> None:
    """An image that takes the id of one which a test took out has neither its file nor its members."""
    image = added(backend)
    backend.files[image["id"]] = File()
    backend.set_members(image, {"q": new_member(image["id"], "q", "now")})
    del backend.images[image["id"]]
    backend.add(image)
    assert (backend.files, backend.members.of(image["id"]), backend.members.images_of("q")) == ({}, {}, set())


def test_failure_while_saving_leaves_the_image_queued(backend: Backend) -> None:
    """Whatever breaks an upload off, the image takes the next one."""
    image = added(backend)

    def pieces() -> Iterator[bytes]:
        yield b"x"
        assert backend.images[image["id"]]["status"] == "saving"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), backend.saving(image["id"], "p"):
        File(pieces())
    assert backend.images[image["id"]]["status"] == "queued"


def test_upload_to_an_image_that_a_test_takes_out(backend: Backend) -> None:
    """What is not there any more takes no file, and is not changed."""
    image = added(backend)
    with pytest.raises(ImsError) as caught, backend.saving(image["id"], "p") as upload:
        backend.keep_file(backend.images.pop(image["id"])["id"], upload, File())
    assert caught.value.status == 404
    assert (len(backend.images), backend.files) == (0, {})


@pytest.mark.parametrize("is_whole", [True, False])
def test_upload_that_outlives_a_reset(backend: Backend, is_whole: bool) -> None:
    """An upload from before a reset, whole or broken off, does nothing to the image that has its id by then."""
    image = added(backend)
    late = pytest.raises(ImsError, match="404") if is_whole else pytest.raises(KeyboardInterrupt)
    with late, backend.saving(image["id"], "p") as upload:
        backend.reset(backend.clock, backend.seed)
        assert added(backend)["id"] == image["id"]
        new = backend.saving(image["id"], "p")
        new_upload = new.__enter__()
        if not is_whole:
            raise KeyboardInterrupt
        backend.keep_file(image["id"], upload, File([b"old"]))
    assert backend.images[image["id"]]["status"] == "saving"
    backend.keep_file(image["id"], new_upload, File([b"new"]))
    assert b"".join(backend.files[image["id"]].read()) == b"new"
    new.__exit__(None, None, None)


# Images


def named(names: str, stamps: str = "") -> Images:
    """Return images of one letter each, created at seconds of one digit each, all of project p."""
    images = Images(threading.RLock())
    for name, stamp in zip(names, stamps or "0" * len(names), strict=True):
        images[name] = {"id": name, "owner": "p", "created_at": stamp}
    return images


def walked(
    images: Images, after: str | None = None, *, newest_first: bool = True, project: str = "p", shared: str = ""
) -> str:
    """Return the letters of the images that a project sees."""
    found = images.seen_by(project, shared, after, newest_first=newest_first)
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
    assert isinstance(images, dict)
    assert json.loads(json.dumps(images)) == images == dict(images)
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
    assert "".join(image.get("id", "b") for image in images.seen_by("p", "", None, newest_first=True)) == order.replace(
        "badc", "bdca"
    )


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
