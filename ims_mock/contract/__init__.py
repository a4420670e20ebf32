"""What the documents say, as data, and the judge that holds exchanges of any origin against it.

The public names are resolved when they are first used, so that importing a module of the package imports no other.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ims_mock.contract.assertions import assert_conforms
    from ims_mock.contract.clients import exchange_of
    from ims_mock.contract.findings import Finding
    from ims_mock.contract.recorded import (
        DAMAGED,
        NOT_RECORDED,
        JsonBody,
        RecordedExchange,
        RecordedRequest,
        RecordedResponse,
    )
    from ims_mock.contract.routes import find_operation
    from ims_mock.contract.verdicts import judge

__all__ = [
    "DAMAGED",
    "NOT_RECORDED",
    "Finding",
    "JsonBody",
    "RecordedExchange",
    "RecordedRequest",
    "RecordedResponse",
    "assert_conforms",
    "exchange_of",
    "find_operation",
    "judge",
]

_HOMES = {
    "Finding": "findings",
    "assert_conforms": "assertions",
    "exchange_of": "clients",
    "find_operation": "routes",
    "judge": "verdicts",
}
"""The module of each name; the others are in `recorded`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'ims_mock.contract' has no attribute {name!r}")
    return getattr(import_module(f"ims_mock.contract.{_HOMES.get(name, 'recorded')}"), name)
