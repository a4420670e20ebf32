"""An in-memory mock of Huawei Cloud's Image Management Service (IMS) for tests.

The public names are resolved when they are first used, so that importing the package loads no Flask.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ims_mock.version import __version__

if TYPE_CHECKING:
    from ims_mock.contract.errors import ImsError
    from ims_mock.evidence.audit import Finding
    from ims_mock.evidence.consumers.contract import ConsumerContract
    from ims_mock.evidence.journal import Entry
    from ims_mock.faults.connections import Drip, Hangup, LoseResponse, Reset, Stall, Truncate
    from ims_mock.faults.delays import Delay, LognormalDelay
    from ims_mock.faults.jobs import BadJob, FailJob, StickJob
    from ims_mock.faults.responses import Fail, Garble, LoopingMarker, Mutate, Redirect, Throttle
    from ims_mock.faults.rules import Rule
    from ims_mock.faults.sequences import Sequence
    from ims_mock.faults.stored import BadUpload, Stale
    from ims_mock.mock import ImsMock
    from ims_mock.service.snapshots import Snapshot
    from ims_mock.state.clock import ManualClock, SystemClock

__all__ = [
    "BadJob",
    "BadUpload",
    "ConsumerContract",
    "Delay",
    "Drip",
    "Entry",
    "Fail",
    "FailJob",
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
    "StickJob",
    "SystemClock",
    "Throttle",
    "Truncate",
    "__version__",
]


_HOMES = {
    "ConsumerContract": "evidence.consumers.contract",
    "Entry": "evidence.journal",
    "Finding": "evidence.audit",
    "ImsError": "contract.errors",
    "ImsMock": "mock",
    "ManualClock": "state.clock",
    "Rule": "faults.rules",
    "Snapshot": "service.snapshots",
    "SystemClock": "state.clock",
}
"""Where each name is at home; the others are faults, each in the module of its family."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"ims_mock.{_HOMES[name]}"), name)
    kinds: Mapping[str, type] = import_module("ims_mock.faults.kinds").KINDS if name[:1].isupper() else {}
    for fault in kinds.values():
        if fault.__name__ == name:
            return fault
    raise AttributeError(f"module 'ims_mock' has no attribute {name!r}")
