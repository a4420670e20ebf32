"""What clients need of IMS: contracts of consumers, found out from what a client sent and got, or written by hand.

The public names are resolved when they are first used, so that importing a module of the package imports no other.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ims_mock.evidence.consumers.contract import ConsumerContract, find_consumer, known_consumer, known_consumers
    from ims_mock.evidence.consumers.judging import judge_consumer
    from ims_mock.evidence.consumers.learning import consumer_contract
    from ims_mock.evidence.consumers.releases import judge_release

__all__ = [
    "ConsumerContract",
    "consumer_contract",
    "find_consumer",
    "judge_consumer",
    "judge_release",
    "known_consumer",
    "known_consumers",
]

_HOMES = {"consumer_contract": "learning", "judge_consumer": "judging", "judge_release": "releases"}
"""The module of each name; the others are in `contract`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'ims_mock.evidence.consumers' has no attribute {name!r}")
    return getattr(import_module(f"ims_mock.evidence.consumers.{_HOMES.get(name, 'contract')}"), name)
