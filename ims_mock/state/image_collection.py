"""The images of a store, with an index of who sees what, in the order of creation."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from typing import Any

from ims_mock.state.collections import REMOVED, Collection, Transition
from ims_mock.state.images import LEGAL_MOVES, Image, become
from ims_mock.state.times import timestamp

MAX_DELETED = 10_000
"""Most deleted images that are remembered."""

Place = tuple[str, int, str]
"""The place of an image among the others: time of creation, number, id."""

Placed = dict[str, Any]
"""What is stored of an image: its `number` among all, the time `created_at` by which it is listed, and the `image`."""

_PUBLIC = "public image"
"""The index of what everybody sees; no project has such an id."""


def place_of(placed: Placed) -> Place:
    """Return the place of an image among the others."""
    return placed["created_at"], placed["number"], placed["image"]["id"]


class Images(Collection):
    """The images of a store: read as a mapping from id to record.

    Of two images created in the same second, the one that was added later is newer. A walk costs nothing for the
    images that a project does not see.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.last_number = -1
        self._places: dict[str, Place] = {}
        self._indexes: dict[str, list[Place]] = {}
        self._indexed: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, image_id: str) -> Image:
        image: Image = self.records[image_id]["image"]
        return image

    def get(self, image_id: str, default: Any = None) -> Any:
        """Return an image, or the default where there is none."""
        placed = self.records.get(image_id)
        return default if placed is None else placed["image"]

    def put(self, image_id: str, image: Image) -> None:
        """Add an image, or put it in the place of the one that has its id."""
        before = self.records.get(image_id)
        if before is None:
            self.last_number += 1
        number = self.last_number if before is None else before["number"]
        placed = {"number": number, "created_at": str(image.get("created_at", "")), "image": image}
        self._write(image_id, placed)
        self._index(image_id, placed)

    def remove(self, image_id: str) -> None:
        """Remove an image; no error where there is none."""
        super().remove(image_id)
        if image_id in self._places:
            self._unindex(image_id)
            del self._places[image_id]

    def placed(self, image_id: str) -> Placed:
        """Return what is stored of an image."""
        placed: Placed = self.records[image_id]
        return placed

    def place(self, image_id: str) -> Place:
        """Return an image's place in the order of creation."""
        return self._places[image_id]

    def settle(self, transition: Transition) -> Iterable[Transition]:
        """Apply a due transition to an image, unless a test has given it a status that does not allow it.

        One without a status changes attributes alone.
        """
        image_id, status = transition["id"], transition["status"]
        if status == REMOVED:
            self.remove(image_id)
            return [
                {"collection": name, "id": image_id, "status": REMOVED, "attributes": {}}
                for name in ("files", "members")
            ]
        image = self.get(image_id, {})
        if not status and image:
            changed = {**image, **transition["attributes"]}
            if changed != image:
                self.put(image_id, {**changed, "updated_at": timestamp(transition["due"])})
        elif status in LEGAL_MOVES.get(image.get("status", ""), ()):
            self.put(image_id, become(image, status, transition["due"], transition["attributes"]))
        return ()

    def load(self, stored: Mapping[str, Any]) -> None:
        """Replace all images with these."""
        super().load(stored)
        self.last_number = max((placed["number"] for placed in stored.values()), default=-1)
        for index in (self._places, self._indexes, self._indexed):
            index.clear()
        for image_id, placed in self.records.items():
            place, keys = self._places[image_id], self._indexed[image_id] = _place_and_keys(image_id, placed)
            for key in keys:
                self._indexes.setdefault(key, []).append(place)
        for places in self._indexes.values():
            places.sort()

    def dump(self) -> list[Placed]:
        """Return the images with their places, as a snapshot has them; each with the id under which it stands."""
        return [
            {**placed, "image": {**placed["image"], "id": image_id}}
            if placed["image"].get("id") != image_id
            else placed
            for image_id, placed in self.records.items()
        ]

    def restore(self, document: list[Placed]) -> None:
        """Replace all images with those that `dump` returned."""
        in_order = sorted(document, key=lambda placed: placed["number"])
        self.load({placed["image"]["id"]: placed for placed in in_order})

    def seen_by(
        self, project_id: str, shared: Iterable[str], after: str | None, *, newest_first: bool
    ) -> Iterator[Image]:
        """Yield the images of a project, the public ones, and those of `shared`, from behind `after` on.

        The caller holds the lock.
        """
        start = None if after is None else self._places[after]
        # A test that removed an image has left its members.
        others = sorted(self._places[image_id] for image_id in shared if image_id in self._places)
        walks = [
            _walk(places, start, newest_first=newest_first)
            for places in (self._indexes.get(project_id, []), self._indexes.get(_PUBLIC, []), others)
        ]
        last = None
        for place in merge(*walks, reverse=newest_first):
            # An image that is seen for two reasons is seen once.
            if place != last:
                yield self[place[2]]
            last = place

    def _index(self, image_id: str, placed: Placed) -> None:
        """Index an image by its owner, its visibility and its time of creation."""
        place, keys = _place_and_keys(image_id, placed)
        if self._places.get(image_id) == place and self._indexed[image_id] == keys:
            return
        if image_id in self._places:
            self._unindex(image_id)
        self._places[image_id] = place
        for key in keys:
            insort(self._indexes.setdefault(key, []), place)
        self._indexed[image_id] = keys

    def _unindex(self, image_id: str) -> None:
        for key in self._indexed.pop(image_id):
            places = self._indexes[key]
            del places[bisect_left(places, self._places[image_id])]


def _place_and_keys(image_id: str, placed: Placed) -> tuple[Place, tuple[str, ...]]:
    """Return the place of an image among the others, and the indexes that it is in."""
    # A test may add any record; nobody sees an image without an owner.
    image = placed["image"]
    keys: tuple[str, ...] = (str(image["owner"]),) if "owner" in image else ()
    keys += (_PUBLIC,) if image.get("visibility") == "public" else ()
    return (placed["created_at"], placed["number"], image_id), keys


class DeletedImages(Collection):
    """The last images that were deleted, with their places; their ids are not given out again."""

    def put(self, image_id: str, placed: Placed) -> None:
        """Remember a deleted image; the oldest is dropped for each one more than MAX_DELETED."""
        super().put(image_id, placed)
        if len(self) > MAX_DELETED:
            self.remove(next(iter(self)))

    def dump(self) -> list[Placed]:
        """Return the images with their places, as a snapshot has them."""
        return list(self.records.values())

    def restore(self, document: list[Placed]) -> None:
        """Replace all images with those that `dump` returned."""
        self.load({placed["image"]["id"]: placed for placed in document})


def _walk(places: list[Place], after: Place | None, *, newest_first: bool) -> Iterator[Place]:
    """Yield places in order, or those that come behind `after`."""
    if newest_first:
        end = len(places) if after is None else bisect_left(places, after)
        return map(places.__getitem__, range(end - 1, -1, -1))
    start = 0 if after is None else bisect_right(places, after)
    return map(places.__getitem__, range(start, len(places)))
