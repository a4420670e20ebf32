"""The images of a store, with an index of who sees what, in the order of creation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from operator import itemgetter
from typing import Any
from weakref import WeakSet

from ims_mock.state import rows
from ims_mock.state.collections import REMOVED, Collection, Transition
from ims_mock.state.image_orders import ALL, Among, Facet, Order, SortKey, Viewed, viewed, viewers_of
from ims_mock.state.images import LEGAL_MOVES, Image, become
from ims_mock.state.index import Index
from ims_mock.state.packed import Packed, Placed, as_packed, pack, placed, unpacked, value_of
from ims_mock.state.rows import Pieces, Row
from ims_mock.state.times import timestamp

MAX_DELETED = 10_000
"""Most deleted images that are remembered."""

MAX_ORDERS = 32
"""Most orders beside that of creation; the one that was not asked for longest is dropped for one more."""

MAX_MOVED = 500
"""Most images that are moved in the orders when others take their place; where more do, the orders are dropped."""

_Asked = tuple[tuple[SortKey, ...], tuple[Facet, ...]]


class Watch:
    """What happens to images while somebody makes an order of them as they were before."""

    def __init__(self) -> None:
        self.changes: list[tuple[Viewed | None, Viewed | None]] | None = []
        """What images were, and are by now, each with who sees it; None once others have taken the place of all."""


class Images(Collection):
    """The images of a store: read as a mapping from id to record.

    Of two images created in the same second, the one that was added later is newer. A walk costs nothing for the
    images that a project does not see, or that are not of the values that it asks for: such an order is made when it
    is first asked for, and kept.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.last_number = -1
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._orders: dict[_Asked, Order] = {}
        self._watches: WeakSet[Watch] = WeakSet()
        self._by_backup: Index | None = None
        self._members: Collection | None = None

    def __getitem__(self, image_id: str) -> Image:
        return unpacked(self.records[image_id])

    def get(self, image_id: str, default: Any = None) -> Any:
        """Return an image, or the default where there is none."""
        packed = self.records.get(image_id)
        return default if packed is None else unpacked(packed)

    def packed(self, image_id: str) -> Packed | None:
        """Return what is stored of an image, which is another object after each change; None where there is none."""
        stored = self.records.get(image_id)
        return None if stored is None else as_packed(stored)

    def number_of(self, image_id: str) -> int:
        """Return the number of an image, which no other has that was there; raise KeyError where there is none."""
        return as_packed(self.records[image_id])[1]

    def put(self, image_id: str, image: Image) -> None:
        """Add an image, or put it in the place of the one that has its id."""
        before = self.packed(image_id)
        if before is None:
            self.last_number += 1
        number = self.last_number if before is None else before[1]
        after = pack(image, image_id, number, self._names)
        self._write(image_id, after)
        self._move(before, after)

    def remove(self, image_id: str) -> None:
        """Remove an image; no error where there is none."""
        before = self.packed(image_id)
        super().remove(image_id)
        self._move(before, None)

    def take(self, key: str, stored: Any) -> None:
        """Have an image as another store of the same state has it stored; None is no image."""
        before, after = self.packed(key), None if stored is None else as_packed(stored)
        if after is None:
            super().remove(key)
        else:
            self.last_number = max(self.last_number, after[1])
            self._write(key, after)
        self._move(before, after)

    def _move(self, before: Packed | None, after: Packed | None) -> None:
        """Let an image stand in each order where it belongs by now."""
        if self._orders or self._watches:
            self._note_view(self._viewed(before), self._viewed(after))
        index, either = self._by_backup, after or before
        if index is not None and either is not None:
            index.put(either[2], _backup_of(after) if after is not None else "")

    def _viewed(self, packed: Packed | None) -> Viewed | None:
        return None if packed is None else (packed, viewers_of(packed, self._members_of(packed[2])))

    def _note_view(self, before: Viewed | None, after: Viewed | None) -> None:
        for order in self._orders.values():
            order.put(before, after)
        for watch in self._watches:
            if watch.changes is not None:
                watch.changes.append((before, after))

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
        document = placed(as_packed(self.records[image_id]))
        self.remove(image_id)
        deleted = {**document, "image": {**document["image"], **gone}}
        return [
            {"collection": "deleted", "id": image_id, "status": "deleted", "attributes": deleted},
            *_removals(image_id),
        ]

    def held(self) -> list[Any]:
        """Return what holds the images."""
        return [self.records, self._orders, self._names, self._by_backup]

    def load(self, stored: Mapping[str, Any]) -> None:
        """Replace all images with these; orders stay where few differ."""
        changed = self._changed_by(stored) if self._orders else None
        super().load(stored)
        self.last_number = max(map(itemgetter(1), stored.values()), default=-1)
        self._names = {}
        self._by_backup = None
        if changed is None:
            self.see_again()
        for before, after in changed or ():
            self._move(before, after)

    def _changed_by(self, stored: Mapping[str, Any]) -> list[tuple[Packed | None, Packed | None]] | None:
        """Return what images are, and would be, of those that others would take the place of; None where many are."""
        ids = [image_id for image_id, packed in stored.items() if self.records.get(image_id) is not packed]
        if len(self.records) > len(stored) - len(ids):
            ids += [image_id for image_id in self.records if image_id not in stored]
        if len(ids) > MAX_MOVED:
            return None
        return [(self.packed(one), as_packed(stored[one]) if one in stored else None) for one in ids]

    def see(self, members: Collection) -> None:
        """From now on, let an image be seen by its members too."""
        self._members = members
        self.see_again()

    def see_again(self, image_id: str | None = None, members_before: Mapping[str, Any] | None = None) -> None:
        """Let an image, or each of them, be seen by the members that it has by now."""
        if image_id is None:
            self._orders = {}
            for watch in self._watches:
                watch.changes = None
            return
        packed = self.packed(image_id)
        if packed is not None and (self._orders or self._watches):
            self._note_view((packed, viewers_of(packed, members_before or {})), self._viewed(packed))

    def _members_of(self, image_id: str) -> Mapping[str, Any]:
        return self._members.records.get(image_id, {}) if self._members is not None else {}

    def document_of(self, stored: Mapping[str, Any]) -> list[Placed]:
        """Return images with their places, as a saved state has them; each with the id under which it stands."""
        return [placed(as_packed(packed)) for packed in stored.values()]

    def stored_of(self, document: list[Placed]) -> dict[str, Packed]:
        """Return the images that `document_of` made a document of, in the order in which they were added."""
        in_order = sorted(document, key=itemgetter("number"))
        names: dict[tuple[str, ...], tuple[str, ...]] = {}
        images = (pack(item["image"], item["image"]["id"], item["number"], names) for item in in_order)
        return {packed[2]: packed for packed in images}

    def of_backup(self, backup_id: str) -> list[str]:
        """Return the ids of the images of a backup, also of those that the caller does not see."""
        if self._by_backup is None:
            self._by_backup = Index()
            for image_id, stored in self.records.items():
                self._by_backup.put(image_id, _backup_of(stored))
        return list(self._by_backup.of(backup_id.lower()))

    def count_owned_by(self, project_id: str, among: Among) -> int:
        """Return how many images a project owns of those that are asked for."""
        return sum(map(rows.count, self._order(among).owned_by(project_id, among)))

    def _order(self, among: Among) -> Order:
        """Return the order of some images; it is made where it is not there yet."""
        order = self.kept(among)
        if order is None:
            of_creation = self.kept(ALL) or self.keep(ALL, Order.by_creation(viewed(*self.all_seen())))
            order = of_creation if among.has_order_of(ALL) else self.keep(among, Order.of(among, of_creation.seen()))
        return order

    # Orders that somebody makes without the lock.

    def kept(self, among: Among) -> Order | None:
        """Return an order that is kept up to date; None where it is not there yet."""
        asked = among.sort_keys, among.facets
        order = self._orders.pop(asked, None)
        if order is not None:
            self._orders[asked] = order
        return order

    def keep(self, among: Among, order: Order) -> Order:
        """Keep an order of the images as they are now up to date, and return it."""
        self._orders[among.sort_keys, among.facets] = order
        if len(self._orders) > MAX_ORDERS + 1:
            # That of creation is what the others are made of.
            del self._orders[next(asked for asked in self._orders if asked != _BY_CREATION)]
        return order

    def all_seen(self) -> tuple[list[Any], dict[str, Mapping[str, Any]]]:
        """Return what is stored of all images, and the members of each by its id, as they are now."""
        return list(self.records.values()), dict(self._members.records) if self._members is not None else {}

    def watch(self) -> Watch:
        """Return what notes the changes from now on, as long as somebody holds it."""
        watch = Watch()
        self._watches.add(watch)
        return watch


_BY_CREATION: _Asked = (ALL.sort_keys, ALL.facets)


def walked(groups: Iterable[Pieces], among: Among, after: Row | None, *, descending: bool) -> Iterator[Packed]:
    """Yield the images of some groups in order, from behind a row on, each once."""
    walks = [rows.walk(pieces, after, among.bounds, descending=descending) for pieces in groups]
    if len(walks) == 1:
        yield from map(among.image_at, walks[0])
        return
    last = None
    for row in merge(*walks, reverse=descending):
        packed = among.image_at(row)
        # An image that is seen for two reasons is seen once.
        if last is None or packed[2] != last:
            yield packed
        last = packed[2]


def _removals(image_id: str) -> list[Transition]:
    """Return how what belongs to an image goes with it."""
    return [
        {"collection": name, "id": image_id, "status": REMOVED, "attributes": {}}
        for name in ("files", "uploads", "members")
    ]


def _backup_of(packed: Packed) -> str:
    return str(value_of(packed, "__backup_id") or "").lower()


class DeletedImages(Collection):
    """The last images that were deleted, with their places; their ids are not given out again."""

    def put(self, image_id: str, deleted: Placed) -> None:
        """Remember a deleted image; the oldest is dropped for each one more than MAX_DELETED."""
        super().put(image_id, deleted)
        if len(self) > MAX_DELETED:
            self.remove(next(iter(self)))

    def settle(self, transition: Transition) -> Iterable[Transition]:
        """Remember an image that a transition has deleted; `attributes` are what was stored of it."""
        self.put(transition["id"], transition["attributes"])
        return ()

    def document_of(self, stored: Mapping[str, Any]) -> list[Placed]:
        """Return images with their places, as a saved state has them."""
        return list(stored.values())

    def stored_of(self, document: list[Placed]) -> dict[str, Placed]:
        """Return the images that `document_of` made a document of."""
        return {item["image"]["id"]: item for item in document}
