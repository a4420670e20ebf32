"""Stores of which tests look at the inside: each call is a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ims_mock.state import life_cycle
from ims_mock.state.clock import ManualClock
from ims_mock.state.files import File
from ims_mock.state.image_orders import ALL
from ims_mock.state.images import Image
from ims_mock.state.members import Member
from ims_mock.state.moments import Moment
from ims_mock.state.packed import Place, unpacked
from ims_mock.state.store import Store


def new_store(clock: ManualClock, **delays: float) -> Store:
    """Return a store with that clock, in which uploads take so many seconds."""
    store = Store(clock)
    set_delays(store, **delays)
    return store


def set_delays(store: Store, **delays: float) -> None:
    """Set how many seconds an upload leaves an image in a status."""
    with store.transaction():
        store.settings.put("delays", delays)


def added(store: Store, owner: str = "p", **attributes: Any) -> Image:
    """Add an image and return it."""
    with store.transaction():
        return life_cycle.add_image(store, attributes, owner)


def changed(store: Store, image: Image, **attributes: Any) -> Image:
    """Change an image and return it."""
    with store.transaction():
        return life_cycle.change(store, image, **attributes)


def become(store: Store, image: Image, status: str) -> Image:
    """Move an image to another status and return it."""
    with store.transaction():
        return life_cycle.become(store, image, status)


def delete(store: Store, image_id: str, project_id: str = "p") -> None:
    """Delete an image."""
    with store.transaction():
        life_cycle.delete_image(store, image_id, project_id)


def share(store: Store, image: Image, members: dict[str, Member]) -> None:
    """Set the members of an image."""
    with store.transaction():
        life_cycle.set_members(store, image, members)


def keep_file(store: Store, image_id: str, upload: life_cycle.Upload, file: File) -> None:
    """Give an image its file."""
    with store.transaction():
        life_cycle.keep_file(store, image_id, upload, file)


def seen_by(store: Store, project_id: str, after: str | None = None, *, newest_first: bool = True) -> list[Image]:
    """Return the images that a project sees, from behind one on."""
    with store.transaction():
        moment = Moment(store, project_id)
        start = None if after is None else store.images.packed(after)
    return list(map(unpacked, moment.walk(ALL, start, newest_first=newest_first)))


def place_of(store: Store, image_id: str) -> Place:
    """Return the place of an image in the order of creation."""
    packed = store.images.packed(image_id)
    assert packed is not None
    return packed[:3]


def restore(store: Store, document: Mapping[str, Any]) -> None:
    """Replace all records of a store with those that its `dump` returned."""
    store.put_back(store.records_of(document))
