"""Where a store keeps its records: in dicts, unless another place is given."""

from __future__ import annotations

import threading
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Backing(Protocol):
    """What a store needs of the place where its records are kept: a mapping for each collection, and one lock.

    A mapping is anything with the five methods of MutableMapping, so a second place has seven methods to write. Its
    keys are texts, its values JSON (files excepted), and it yields its keys in the order in which they were added.
    """

    def collection(self, name: str) -> MutableMapping[str, Any]:
        """Return the records of a collection, by key."""

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """The lock around every change; a thread that holds it may take it again."""


class Memory:
    """Records in dicts of this process."""

    def __init__(self) -> None:
        self.lock = threading.RLock()

    def collection(self, name: str) -> MutableMapping[str, Any]:
        """Return a new dict: nothing else holds a collection of this name."""
        return {}
