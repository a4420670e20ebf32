"""The images of a store as they are at a moment, to be walked while others change them."""

from __future__ import annotations

from collections.abc import Iterator

from ims_mock.state import rows
from ims_mock.state.image_collection import walked
from ims_mock.state.image_orders import ALL, Among, Order, Seen, viewed
from ims_mock.state.packed import Packed
from ims_mock.state.rows import Pieces, Row
from ims_mock.state.store import Store


class Moment:
    """The images that a project sees, the public ones, and those shared with it, as they are now.

    It is made with the lock of the store held, and read without it. `asked` are the orders that may be asked for. One
    that is not there is made of the images as they were, brought up to date, and kept.
    """

    def __init__(self, store: Store, project_id: str, *asked: Among) -> None:
        images = store.images
        self._store = store
        self._project_id = project_id
        self._found: dict[Among, list[Pieces]] = {}
        self._missing: set[Among] = set()
        for among in (ALL, *asked):
            self._find(among, images.kept(among))
        if self._missing:
            of_creation = images.kept(ALL)
            self._seen: Seen | None = None if of_creation is None else of_creation.seen()
            self._all = images.all_seen() if of_creation is None else ([], {})
            self._watch = images.watch()

    def _find(self, among: Among, order: Order | None) -> None:
        if order is None:
            self._missing.add(among)
        else:
            self._found[among] = order.seen_by(self._project_id, among)

    def walk(self, among: Among, after: Row | None = None, *, newest_first: bool = True) -> Iterator[Packed]:
        """Yield the images in an order, from behind a row on; `newest_first` says whether the order descends."""
        yield from walked(self._groups(among), among, after, descending=newest_first)

    def count(self, among: Among) -> int:
        """Return how many images there are; one that is seen for two reasons counts twice."""
        return sum(rows.count(pieces, among.bounds) for pieces in self._groups(among))

    def _groups(self, among: Among) -> list[Pieces]:
        if among not in self._found:
            self._make(among)
        return self._found[among]

    def _make(self, among: Among) -> None:
        """Make an order, for each list that has asked for it."""
        if self._seen is None:
            self._seen = viewed(*self._all)
            self._keep(ALL, Order.by_creation(self._seen))
        order = Order.of(among, self._seen)
        for other in self._missing:
            if other.has_order_of(among):
                self._find(other, order)
        if not among.has_order_of(ALL):
            self._keep(among, order)

    def _keep(self, among: Among, order: Order) -> None:
        """Keep a new order, with what has changed since; not where others have taken the place of all images."""
        images = self._store.images
        with self._store.lock:
            if self._watch.changes is not None:
                for before, after in self._watch.changes:
                    order.put(before, after)
                images.keep(among, order)
