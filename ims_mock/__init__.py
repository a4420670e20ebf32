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
    from ims_mock.evidence.journal import Entry, Journal
    from ims_mock.factory import ImsMockFactory
    from ims_mock.faults.connections import Drip, Hangup, LoseResponse, Reset, Stall, Truncate
    from ims_mock.faults.delays import Delay, LognormalDelay
    from ims_mock.faults.jobs import BadJob, FailJob, StickJob
    from ims_mock.faults.responses import Fail, Garble, LoopingMarker, Mutate, Redirect, Throttle
    from ims_mock.faults.rule_set import Faults
    from ims_mock.faults.rules import Rule
    from ims_mock.faults.sequences import Sequence
    from ims_mock.faults.stored import BadUpload, Stale
    from ims_mock.mock import ImsMock
    from ims_mock.remote.connecting import connect
    from ims_mock.service.setting_types import Settings
    from ims_mock.service.snapshots import Snapshot
    from ims_mock.state.clock import ManualClock, SystemClock
    from ims_mock.state.images import Image
    from ims_mock.state.job_collection import Job

__all__ = [
    "BadJob",
    "BadUpload",
    "ConsumerContract",
    "Delay",
    "Drip",
    "Entry",
    "Fail",
    "FailJob",
    "Faults",
    "Finding",
    "Garble",
    "Hangup",
    "Image",
    "ImsError",
    "ImsMock",
    "ImsMockFactory",
    "Job",
    "Journal",
    "LognormalDelay",
    "LoopingMarker",
    "LoseResponse",
    "ManualClock",
    "Mutate",
    "Redirect",
    "Reset",
    "Rule",
    "Sequence",
    "Settings",
    "Snapshot",
    "Stale",
    "Stall",
    "StickJob",
    "SystemClock",
    "Throttle",
    "Truncate",
    "__version__",
    "connect",
]


pytest_plugins = ("ims_mock.pytest_plugin",)
"""What `pytest -p ims_mock` loads."""

_HOMES = {
    "ConsumerContract": "evidence.consumers.contract",
    "Entry": "evidence.journal",
    "Faults": "faults.rule_set",
    "Finding": "evidence.audit",
    "Image": "state.images",
    "ImsError": "contract.errors",
    "ImsMock": "mock",
    "ImsMockFactory": "factory",
    "Job": "state.job_collection",
    "Journal": "evidence.journal",
    "ManualClock": "state.clock",
    "Rule": "faults.rules",
    "Settings": "service.setting_types",
    "Snapshot": "service.snapshots",
    "SystemClock": "state.clock",
    "connect": "remote.connecting",
}
"""Where each name is at home; the others are faults, each in the module of its family."""


if not TYPE_CHECKING:  # With it, no misspelt name would be an error of types.

    def __getattr__(name: str) -> Any:
        if name in _HOMES:
            return getattr(import_module(f"ims_mock.{_HOMES[name]}"), name)
        kinds: Mapping[str, type] = import_module("ims_mock.faults.kinds").KINDS if name[:1].isupper() else {}
        for fault in kinds.values():
            if fault.__name__ == name:
                return fault
        raise AttributeError(f"module 'ims_mock' has no attribute {name!r}")
