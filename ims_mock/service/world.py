"""One mock of a server that has several, and what a bound of them can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ims_mock.service.memory import Weight
from ims_mock.service.region_choice import PREFIX
from ims_mock.service.service import Service
from ims_mock.service.world_names import DEFAULT


class Kept(Enum):
    """What stands for a bound that stays as it is."""

    KEPT = "as it is"


KEPT = Kept.KEPT


@dataclass(eq=False)
class World:
    """One mock of a server, by its name; `settings` are those that it was made with, beside the server's.

    A world that `is_locked` stays until it is deleted. `used_at` is when it was last asked for, in real seconds of
    which only differences mean anything. After `idle` of them it is removed; None is as the server says.
    """

    name: str
    service: Service
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_locked: bool = False
    used_at: float = 0.0
    idle: float | None = None

    def __post_init__(self) -> None:
        self.weight = Weight(self.service)
        self._regions: dict[Service, World] = {}

    @property
    def path(self) -> str:
        """What its URLs begin with, behind the host; "" for the default world."""
        return "" if self.name == DEFAULT else f"{PREFIX}{self.name}"

    def of_region(self, service: Service) -> World:
        """Return this world as one of its regions has it, whose service is given."""
        if service is self.service:
            return self
        if service not in self._regions:
            self._regions = {one: world for one, world in self._regions.items() if one in self.service.further}
            self._regions[service] = World(self.name, service, self.settings, self.is_locked)
        return self._regions[service]

    @property
    def last_used(self) -> float:
        """When a request for it came or ended last, in real seconds of which only differences mean anything."""
        return max(self.used_at, *(one.journal.closed_at for one in (self.service, *self.service.further)))

    @property
    def is_in_use(self) -> bool:
        """Whether a request for it is on its way."""
        return any(one.journal.in_progress() for one in (self.service, *self.service.further))
