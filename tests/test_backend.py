"""The state of one mock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ims_mock import schema_files
from ims_mock.backend import Backend
from ims_mock.clock import ManualClock
from ims_mock.errors import ImsError
from ims_mock.files import File
from ims_mock.images import LEGAL_MOVES, Images, new_image


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


@pytest.mark.parametrize("before", LEGAL_MOVES)
@pytest.mark.parametrize("after", LEGAL_MOVES)
def test_moves_are_those_of_the_table(backend: Backend, before: str, after: str) -> None:
    """An image becomes what the table has for its status, and nothing else."""
    image = added(backend, status=before)
    if after in LEGAL_MOVES[before]:
        assert backend.become(image, after)["status"] == after
        return
    with pytest.raises(ImsError, match=f"an image that is {before} cannot become {after}") as caught:
        backend.become(image, after)
    assert caught.value.status == 409
    assert backend.images[image["id"]] is image


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
    assert backend.images[image["id"]] is changed


def test_deleted_images_are_remembered_but_not_all(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last ones are kept with the time of their deletion; the oldest is forgotten for each one more."""
    monkeypatch.setattr("ims_mock.backend.MAX_DELETED", 2)
    ids = [added(backend)["id"] for _ in range(3)]
    for image_id in ids:
        backend.delete_image(image_id, "p")
    assert list(backend.deleted) == ids[1:]
    _, gone = backend.deleted[ids[2]]
    assert (gone["status"], gone["deleted"], gone["deleted_at"]) == ("deleted", True, "1970-01-01T00:00:00Z")


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


def test_failure_while_saving_of_an_image_that_has_gone(backend: Backend) -> None:
    """What is not there any more is not changed."""
    image = added(backend)
    with pytest.raises(ImsError), backend.saving(image["id"], "p"):
        backend.keep_file(backend.images.pop(image["id"])["id"], File())
    assert len(backend.images) == 0


# Images


def named(names: str, stamps: str = "") -> Images:
    """Return images of one letter each, created at seconds of one digit each."""
    images = Images()
    for name, stamp in zip(names, stamps or "0" * len(names), strict=True):
        images[name] = {"id": name, "created_at": stamp}
    return images


@pytest.mark.parametrize(
    ("stamps", "newest_first"), [("0000", "dcba"), ("0123", "dcba"), ("3210", "abcd"), ("1010", "cadb")]
)
def test_order(stamps: str, newest_first: str) -> None:
    """Images go by time of creation, and within a second by when they were put in."""
    images = named("abcd", stamps)
    assert "".join(image["id"] for image in images.from_newest()) == newest_first
    assert "".join(image["id"] for image in images.from_oldest()) == newest_first[::-1]
    for index, name in enumerate(newest_first):
        assert "".join(image["id"] for image in images.from_newest(name)) == newest_first[index + 1 :]
        assert "".join(image["id"] for image in images.from_oldest(name)) == newest_first[:index][::-1]


def test_images_are_a_dict() -> None:
    """Whatever a dict can do to its items, the order follows."""
    images = named("abcd")
    del images["b"]
    assert images.pop("c")["id"] == "c"
    images.update({"e": {"id": "e"}, "a": {"id": "a", "created_at": "0", "changed": True}})
    images.setdefault("f", {"id": "f", "created_at": "9"})
    assert list(images) == ["a", "d", "e", "f"]
    assert "".join(image["id"] for image in images.from_newest()) == "fdae"
    assert images["a"]["changed"] is True
    assert ("a" in images, "b" in images, len(images)) == (True, False, 4)
    assert repr(named("a")) == "{'a': {'id': 'a', 'created_at': '0'}}"
    assert images == dict(images)
    images.clear()
    assert list(images.from_newest()) == []
    with pytest.raises(KeyError):
        images["a"]
