"""The regions of one cloud in one process: a store each, so that what is copied from one arrives in another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ims_mock.state.store import Store


def first_of(store: Store) -> Store:
    """Return the store of the first region of a cloud; the store itself, where it is no region of any."""
    return store if store.cloud is None else store.cloud.stores[0]


class Regions:
    """The stores of the regions of one cloud; a region has the name that its settings say.

    All of them have one lock, that of the first. `new` is called with the name of a region that is asked for and is not
    there; it may add it, with its lock held.
    """

    def __init__(self, first: Store, *, is_of_one_server: bool = False) -> None:
        self.is_of_one_server = is_of_one_server
        """Whether the URL of each region is that of the first one with the region's name behind it."""
        self.new: Callable[[str], object] = lambda _: None
        self._stores: list[Store] = []
        self._is_settling = False
        self.add(first)

    def add(self, store: Store) -> None:
        """Add the store of one more region, which nobody uses yet; raise ValueError where there is one of its name."""
        region = store.settings["region"]
        if region in self.names:
            raise ValueError(f"the cloud has a region {region!r} already; give the other one another name")
        # Two regions of one seed would give their images the same ids.
        store.series = f"{region}/" if self._stores else ""
        self._stores.append(store)
        store.lock = self._stores[0].lock
        store.cloud = self

    def remove(self, store: Store) -> None:
        """Remove a region; a mock whose regions are gone is of no cloud again, and may copy to any region."""
        self._stores.remove(store)
        if self.is_of_one_server and len(self._stores) == 1:
            self._stores[0].cloud = None

    @property
    def stores(self) -> Sequence[Store]:
        """The stores of the regions, the first one first."""
        return tuple(self._stores)

    @property
    def names(self) -> list[str]:
        """The names of the regions, the first one first."""
        return [store.settings["region"] for store in self._stores]

    def find(self, region: str) -> Store | None:
        """Return the store of a region by its name; None where there is none."""
        if region not in self.names:
            self.new(region)
        return next((store for store in self._stores if store.settings["region"] == region), None)

    def settle(self) -> None:
        """Settle what is due in any region: a copy that has arrived is seen also by who looks at its target alone."""
        if self._is_settling:
            return
        self._is_settling = True
        try:
            for store in self._stores:
                store.settle()
        finally:
            self._is_settling = False
