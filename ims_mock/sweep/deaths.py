"""Threads of the work that end by an error which nobody catches: Python reports it, and the work goes on."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

from ims_mock.sweep.runs import Failure


class Deaths:
    """The errors by which threads that were begun in a run have ended, as Python reports them while this is entered."""

    def __init__(self) -> None:
        self._before: Any = None
        self._others: set[threading.Thread] = set()
        self._found: list[Failure] = []
        self._file = ""

    def begin(self, file: str) -> None:
        """Note the threads that are begun from now on; `file` is that of the test."""
        self._others, self._found, self._file = set(threading.enumerate()), [], file

    @property
    def first(self) -> Failure | None:
        """The first error, by its text, as threads end in any order; None where there is none."""
        return min(self._found, key=lambda failure: (failure.text, failure.frame), default=None)

    def _note(self, ended: Any) -> None:
        if isinstance(ended.exc_value, Exception) and ended.thread not in self._others:
            self._found.append(Failure.of(ended.exc_value, self._file))
        self._before(ended)

    def __enter__(self) -> Deaths:
        self._before, threading.excepthook = threading.excepthook, self._note
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # One that the work has put there since stays.
        if threading.excepthook == self._note:
            threading.excepthook = self._before
