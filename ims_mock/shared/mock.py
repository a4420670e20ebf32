"""A mock that shares its state with others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ims_mock.mock import ImsMock
from ims_mock.service.settings import Settings
from ims_mock.shared.notes import Notes
from ims_mock.shared.worlds import SharedWorlds, worlds_in
from ims_mock.state.clock import Clock

if TYPE_CHECKING:
    from typing_extensions import Self

    from ims_mock.mock_world import MockWorld


class Replica(ImsMock):
    """One of any number of servers that have one state, in the Redis or Valkey of a URL.

    >>> with Replica("redis://127.0.0.1:6379/0") as first, Replica("redis://127.0.0.1:6379/0") as second:

    `files` is a folder or a bucket for files above 16 MiB; `options` are what ImsMock takes. Settings are those of a
    new world: one that the store has keeps its own. Raises ValueError for a URL or a place that cannot be one, and
    StoreError where the store is out of reach.
    """

    def __init__(self, store: str, files: str | None = None, **options: Any) -> None:
        self._place = store, files
        super().__init__(**options)

    def _new_worlds(self, settings: Settings, clock: Clock | None) -> tuple[SharedWorlds, Notes]:
        worlds, self._notes = worlds_in(*self._place, settings, clock)
        return worlds, self._notes

    def _others(self) -> dict[str, MockWorld]:
        """Return none: a world may be that of another server, and the store may be out of reach."""
        return {}

    def start(self, *, prepared: bool = True) -> Self:
        """Start to serve; raise OSError if the port is not available."""
        self._notes.watch.begin()
        return super().start(prepared=prepared)

    def stop(self) -> None:
        """Stop serving, and close every connection; what others change is looked up, and not heard of."""
        super().stop()
        self._notes.watch.end()
        self._notes.link.close()
