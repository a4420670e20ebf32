"""The images of a store, with an index of who sees what, in the order of creation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from typing import Any

from ims_mock.state.collections import REMOVED, Collection, Transition
from ims_mock.state.image_orders import (
    ALL,
    Among,
    Facet,
    Order,
    Place,
    Row,
    SortKey,
    Viewed,
    places_within,
    row_of,
    viewers_of,
    walk,
)
from ims_mock.state.images import LEGAL_MOVES, Image, become
from ims_mock.state.index import Index
from ims_mock.state.times import timestamp

MAX_DELETED = 10_000
"""Most deleted images that are remembered."""

MAX_ORDERS = 32
"""Most orders; the one that was not asked for longest is dropped for one more."""

Placed = dict[str, Any]
"""What is stored of an image: its `number` among all, the time `created_at` by which it is listed, and the `image`."""


def place_of(placed: Placed) -> Place:
    """Return the place of an image among the others."""
    return placed["created_at"], placed["number"], placed["image"]["id"]


class Images(Collection):
    """The images of a store: read as a mapping from id to record.

    Of two images created in the same second, the one that was added later is newer. A walk costs nothing for the
    images that a project does not see, or that are not of the values that it asks for: such an order is made when it
    is first asked for, and kept.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.last_number = -1
        self._places: dict[str, Place] = {}
        self._orders: dict[tuple[tuple[SortKey, ...], tuple[Facet, ...]], Order] = {}
        self._by_backup = Index()
        self._members: Collection | None = None

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
        place = self._places[image_id] = _place(image_id, placed)
        if self._orders:
            viewers = self._viewers(image_id, image)
            for order in self._orders.values():
                order.put(place, image, viewers)
        if before is not None or "__backup_id" in image:
            self._by_backup.put(image_id, _backup_of(image))

    def remove(self, image_id: str) -> None:
        """Remove an image; no error where there is none."""
        super().remove(image_id)
        self._by_backup.remove(image_id)
        if self._places.pop(image_id, None):
            for order in self._orders.values():
                order.remove(image_id)

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
            return _removals(image_id)
        image = self.get(image_id, {})
        if status == "deleted" and image:
            return self._delete(image_id, transition["due"])
        if not status and image:
            changed = {**image, **transition["attributes"]}
            if changed != image:
                self.put(image_id, {**changed, "updated_at": timestamp(transition["due"])})
        elif status in LEGAL_MOVES.get(image.get("status", ""), ()):
            self.put(image_id, become(image, status, transition["due"], transition["attributes"]))
        return ()

    def _delete(self, image_id: str, at: float) -> list[Transition]:
        """Remove an image, and return how its belongings go, and how it comes among the deleted ones."""
        gone = {"status": "deleted", "deleted": True, "deleted_at": timestamp(at), "updated_at": timestamp(at)}
        placed = self.placed(image_id)
        self.remove(image_id)
        deleted = {**placed, "image": {**placed["image"], **gone}}
        return [
            {"collection": "deleted", "id": image_id, "status": "deleted", "attributes": deleted},
            *_removals(image_id),
        ]

    def load(self, stored: Mapping[str, Any]) -> None:
        """Replace all images with these."""
        super().load(stored)
        self.last_number = max((placed["number"] for placed in stored.values()), default=-1)
        self._places = {image_id: _place(image_id, placed) for image_id, placed in self.records.items()}
        self._orders.clear()
        self._by_backup.clear()
        for image_id in self.records:
            self._by_backup.put(image_id, _backup_of(self[image_id]))

    def see(self, members: Collection) -> None:
        """From now on, let an image be seen by its members too."""
        self._members = members
        self.see_again()

    def see_again(self, image_id: str | None = None) -> None:
        """Let an image, or each of them, be seen by the members that it has by now."""
        if image_id is None:
            self._orders.clear()
        elif image_id in self._places:
            image = self[image_id]
            for order in self._orders.values():
                order.put(self._places[image_id], image, self._viewers(image_id, image))

    def _viewers(self, image_id: str, image: Image) -> list[str]:
        return viewers_of(image, self._members.records.get(image_id, ()) if self._members is not None else ())

    def _viewed(self) -> Iterator[Viewed]:
        for image_id, place in self._places.items():
            image = self[image_id]
            yield place, image, self._viewers(image_id, image)

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

    def seen_by(self, project_id: str, after: str | None, *, newest_first: bool, among: Among = ALL) -> Iterator[Image]:
        """Yield the images of a project, the public ones, and those shared with it, from behind `after` on.

        With `among`, in another order, and those that are alike; `newest_first` then says whether the order descends.
        The caller holds the lock.
        """
        start = self._row(among, after)
        walks = [
            walk(rows, start, among.span, descending=newest_first)
            for rows in self._order(among).seen_by(project_id, among)
        ]
        last = None
        for row in merge(*walks, reverse=newest_first):
            # An image that is seen for two reasons is seen once.
            if row != last:
                yield self[row[1][2]]
            last = row

    def of(self, ids: Iterable[str], after: str | None, *, newest_first: bool, among: Among) -> Iterator[Image]:
        """Yield the images of some ids in order, from behind `after` on, whoever sees them."""
        rows = self._rows_of(ids, among)
        return (self[row[1][2]] for row in walk(rows, self._row(among, after), descending=newest_first))

    def of_backup(self, backup_id: str) -> list[str]:
        """Return the ids of the images of a backup, whoever sees them."""
        return list(self._by_backup.of(backup_id.lower()))

    def count_seen_by(self, project_id: str, among: Among) -> int:
        """Return how many images a project sees of those that are asked for; one seen for two reasons counts twice."""
        return sum(len(places_within(rows, among.span)) for rows in self._order(among).seen_by(project_id, among))

    def count_owned_by(self, project_id: str, among: Among) -> int:
        """Return how many images a project owns of those that are asked for."""
        return sum(map(len, self._order(among).owned_by(project_id, among)))

    def _row(self, among: Among, image_id: str | None) -> Row | None:
        return None if image_id is None else row_of(among.sort_keys, self._places[image_id], self[image_id])

    def _rows_of(self, ids: Iterable[str], among: Among) -> list[Row]:
        return sorted(row_of(among.sort_keys, self._places[one], self[one]) for one in ids if one in self._places)

    def _order(self, among: Among) -> Order:
        """Return the order of some images; it is made where it is not there yet."""
        asked = among.sort_keys, among.facets
        order = self._orders.pop(asked, None)
        if order is None:
            order = Order(*asked)
            order.load(self._viewed())
        self._orders[asked] = order
        if len(self._orders) > MAX_ORDERS:
            del self._orders[next(iter(self._orders))]
        return order


def _removals(image_id: str) -> list[Transition]:
    """Return how what belongs to an image goes with it."""
    return [
        {"collection": name, "id": image_id, "status": REMOVED, "attributes": {}}
        for name in ("files", "uploads", "members")
    ]


def _backup_of(image: Image) -> str:
    return str(image.get("__backup_id") or "").lower()


def _place(image_id: str, placed: Placed) -> Place:
    return placed["created_at"], placed["number"], image_id


class DeletedImages(Collection):
    """The last images that were deleted, with their places; their ids are not given out again."""

    def put(self, image_id: str, placed: Placed) -> None:
        """Remember a deleted image; the oldest is dropped for each one more than MAX_DELETED."""
        super().put(image_id, placed)
        if len(self) > MAX_DELETED:
            self.remove(next(iter(self)))

    def settle(self, transition: Transition) -> Iterable[Transition]:
        """Remember an image that a transition has deleted; `attributes` are what was stored of it."""
        self.put(transition["id"], transition["attributes"])
        return ()

    def dump(self) -> list[Placed]:
        """Return the images with their places, as a snapshot has them."""
        return list(self.records.values())

    def restore(self, document: list[Placed]) -> None:
        """Replace all images with those that `dump` returned."""
        self.load({placed["image"]["id"]: placed for placed in document})
