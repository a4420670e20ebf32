"""The transaction of a store that shares its state, as code of Python opens it."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from ims_mock.state.store import Store, Transaction


class Attempts(Protocol):
    """Where attempts begin and end."""

    def begin(self) -> bool:
        """Begin an attempt; False inside of another. The lock of the store is held."""

    def end(self) -> None:
        """Write what has changed since the attempt has begun."""


class SharedTransaction(Transaction):
    """A transaction of a store that shares its state: at the end of the outermost one it is written."""

    def __init__(self, store: Store, sharing: Attempts) -> None:
        super().__init__(store)
        self._sharing = sharing
        self._begun: list[bool] = []

    def __enter__(self) -> Store:
        with self._store.lock:
            self._begun.append(self._sharing.begin())
            return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._store.lock:
            super().__exit__(kind, error, trace)
            if self._begun.pop():
                self._sharing.end()
