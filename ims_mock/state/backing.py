"""Where a store keeps its records: in dicts, unless another place is given."""

from __future__ import annotations

from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Protocol

from ims_mock.state.real import new_reentrant_lock


class Lock(Protocol):
    """A lock that a thread which holds it may take again, such as threading.RLock."""

    def acquire(self, blocking: bool = True) -> bool:
        """Take the lock; unless `blocking`, return False at once where another thread has it."""

    def release(self) -> None:
        """Give the lock back."""

    def __enter__(self) -> bool:
        """Take the lock."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Give the lock back."""


class Backing(Protocol):
    """What a store needs of the place where its records are kept: a mapping for each collection, and one lock.

    A mapping is anything with the five methods of MutableMapping, so a second place has seven methods to write. Its
    keys are texts, its values JSON (files excepted), and it yields its keys in the order in which they were added.
    """

    def collection(self, name: str) -> MutableMapping[str, Any]:
        """Return the records of a collection, by key."""

    @property
    def lock(self) -> Lock:
        """The lock around every change; a thread that holds it may take it again."""


class Memory:
    """Records in dicts of this process."""

    def __init__(self) -> None:
        self.lock: Lock = new_reentrant_lock()

    def collection(self, name: str) -> MutableMapping[str, Any]:
        """Return a new dict: nothing else holds a collection of this name."""
        return {}
