"""The state before the work, to which every run goes back at once: records are replaced, so that none is copied."""

from __future__ import annotations

from typing import Any

from ims_mock.service.service import Service
from ims_mock.state.clock import ManualClock


class Checkpoint:
    """What a mock remembered at a moment, with its clock and what is denied; `rewind` goes back there."""

    def __init__(self, service: Service) -> None:
        self._service = service
        store = service.store
        with store.transaction():
            self._records: dict[str, dict[str, Any]] = store.snapshot_records()
            self._denials = service.permissions.denials
            self._now, self._speed = store.clock.now(), getattr(store.clock, "speed", 0.0)

    def rewind(self) -> None:
        """Go back; rules and the journal are cleared."""
        service, store = self._service, self._service.store
        with store.transaction():
            if isinstance(store.clock, ManualClock):
                store.clock.jump_to(self._now, self._speed)
            store.put_back(self._records)
            service.journal.clear()
            service.faults.reset()
            service.permissions.put_back(self._denials)
