"""An in-memory mock of Huawei Cloud's Image Management Service (IMS) for tests.

The public names are resolved when they are first used, so that importing the package loads no Flask.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ims_mock.clock import ManualClock, SystemClock
    from ims_mock.errors import ImsError
    from ims_mock.faults import Fail
    from ims_mock.mock import ImsMock

__version__ = "0.1.0"

__all__ = ["Fail", "ImsError", "ImsMock", "ManualClock", "SystemClock", "__version__"]

_HOMES = {
    "Fail": "faults",
    "ImsError": "errors",
    "ImsMock": "mock",
    "ManualClock": "clock",
    "SystemClock": "clock",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ims_mock' has no attribute {name!r}")
    return getattr(import_module(f"ims_mock.{_HOMES[name]}"), name)
