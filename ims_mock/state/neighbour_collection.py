"""What other services have, as a store remembers it, and what jobs add to it."""

from __future__ import annotations

from collections.abc import Iterable

from ims_mock.state.collections import Collection, Transition


class Neighbours(Collection):
    """Servers, disks, files and the like, by kind and id; service/neighbours.py says what each has."""

    def settle(self, transition: Transition) -> Iterable[Transition]:
        """Add what a job has made: the attributes of its transition are the whole record."""
        self.put(transition["id"], transition["attributes"])
        return ()
