"""An in-memory mock of Huawei Cloud's Image Management Service (IMS) for tests.

The public names are resolved when they are first used, so that importing the package loads no Flask.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ims_mock.version import __version__

if TYPE_CHECKING:
    from ims_mock.contract.errors import ImsError
    from ims_mock.evidence.audit import Finding
    from ims_mock.evidence.journal import Entry
    from ims_mock.faults.connections import Drip, Hangup, LoseResponse, Reset, Stall, Truncate
    from ims_mock.faults.delays import Delay, LognormalDelay
    from ims_mock.faults.responses import Fail, Garble, LoopingMarker, Mutate, Redirect, Throttle
    from ims_mock.faults.rules import Rule
    from ims_mock.faults.sequences import Sequence
    from ims_mock.faults.stored import BadUpload, Stale
    from ims_mock.mock import ImsMock
    from ims_mock.service.snapshots import Snapshot
    from ims_mock.state.clock import ManualClock, SystemClock

__all__ = [
    "BadUpload",
    "Delay",
    "Drip",
    "Entry",
    "Fail",
    "Finding",
    "Garble",
    "Hangup",
    "ImsError",
    "ImsMock",
    "LognormalDelay",
    "LoopingMarker",
    "LoseResponse",
    "ManualClock",
    "Mutate",
    "Redirect",
    "Reset",
    "Rule",
    "Sequence",
    "Snapshot",
    "Stale",
    "Stall",
    "SystemClock",
    "Throttle",
    "Truncate",
    "__version__",
]


_HOMES = {
    "Entry": "evidence.journal",
    "Finding": "evidence.audit",
    "ImsError": "contract.errors",
    "ImsMock": "mock",
    "ManualClock": "state.clock",
    "Rule": "faults.rules",
    "Snapshot": "service.snapshots",
    "SystemClock": "state.clock",
}
"""Where each name is at home; the faults, which are the others, in the module of that name."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'ims_mock' has no attribute {name!r}")
    return getattr(import_module(f"ims_mock.{_HOMES.get(name, 'faults.kinds')}"), name)
