"""The state before the work, to which every run goes back at once: records are replaced, so that none is copied."""

from __future__ import annotations

from typing import Any

from ims_mock.service.service import Service
from ims_mock.state.clock import ManualClock

MOST_REQUESTS = 100_000
"""How many requests a run may have, all of which the sweep has to see."""


class Checkpoint:
    """What a mock, and each region that it is joined to, remembered at a moment; `rewind` goes back there.

    Clocks and what is denied are part of it. A region that was made later is made empty. Until `end`, the journals keep
    all requests of a run, however many the mock keeps otherwise.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        with service.store.transaction():
            self._regions = {region: _Remembered(region) for region in service.regions}

    def rewind(self) -> None:
        """Go back; rules and the journals are cleared."""
        self._go_back()
        for region in self._service.regions:
            region.journal.clear(MOST_REQUESTS)

    def end(self) -> None:
        """Go back, with journals that keep as much as before."""
        self._go_back()
        for region in self._service.regions:
            region.journal.clear(region.settings.journal_size)
            region.before_next = []

    def _go_back(self) -> None:
        with self._service.store.transaction():
            regions = self._service.regions
            for region in regions:
                if region not in self._regions:
                    region.reset()
            # All of them before any record is put back: nothing is due any more, which one would change in another.
            for region in regions:
                self._regions.get(region, self._regions[self._service]).set_clock(region)
            for region in regions:
                if region in self._regions:
                    self._regions[region].put_back(region)


class _Remembered:
    """What one region remembered; the caller holds the lock."""

    def __init__(self, region: Service) -> None:
        store = region.store
        self._records: dict[str, dict[str, Any]] = store.snapshot_records()
        self._denials = region.permissions.denials
        self._now, self._speed = store.clock.now(), getattr(store.clock, "speed", 0.0)

    def set_clock(self, region: Service) -> None:
        """Set the clock of a region to the time of this one."""
        if isinstance(region.store.clock, ManualClock):
            region.store.clock.jump_to(self._now, self._speed)

    def put_back(self, region: Service) -> None:
        """Put everything back but the clock."""
        region.store.put_back(self._records)
        region.faults.reset()
        region.permissions.put_back(self._denials)
