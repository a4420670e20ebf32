"""What blocks a thread of the work, as it is in virtual time: locks of conditions, other threads, loops of asyncio."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from ims_mock.sweep.sockets import Sockets
from ims_mock.sweep.waits import HangError, Waits

Patch = tuple[Any, str, Any]
"""A module or class, the name in it, and what is put in its place."""


class _Lock:
    """The lock by which a thread waits for a condition; so do events, queues, futures, semaphores and timers."""

    def __init__(self, real: Any, waits: Waits) -> None:
        self._real = real
        self._waits = waits
        self.release = real.release

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # As a lock has it.
        """Take the lock, as soon as it is free."""
        if not blocking:
            return bool(self._real.acquire(False))
        return self._waits.wait(
            lambda seconds: self._real.acquire(True, seconds), None if timeout < 0 else timeout, is_measured=True
        )


class Blocking:
    """Replaces what blocks; `is_of_work` returns whether the calling thread is one of the work, in a run.

    Its child processes live in real time: while `has_children`, time does not jump.
    """

    def __init__(self, waits: Waits, sockets: Sockets, is_of_work: Callable[[], bool]) -> None:
        self._waits = waits
        self._sockets = sockets
        self._is_of_work = is_of_work
        self._children: WeakSet[subprocess.Popen[Any]] = WeakSet()

    def patches(self) -> Iterator[Patch]:
        """Yield what is put in which place."""
        thread = threading.Thread
        yield threading, "_allocate_lock", self._allocating(threading._allocate_lock)  # type: ignore[attr-defined]
        yield thread, "start", self._starting(thread.start)
        yield thread, "join", self._joining(thread.join)
        yield subprocess.Popen, "__init__", self._opening(subprocess.Popen.__init__)
        for name in ("SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector", "KqueueSelector"):
            kind = getattr(selectors, name, None)
            if kind is not None:
                yield kind, "select", self._selecting(kind.select)

    def has_children(self) -> bool:
        """Return whether a child process of the work has not ended, as far as anybody has looked."""
        return any(child.returncode is None and _runs(child.pid) for child in list(self._children))

    def _allocating(self, real: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: _Lock(real(), self._waits) if self._is_of_work() else real()

    def _starting(self, real: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
        def start(thread: threading.Thread) -> None:
            # A mock that the work starts has its own threads.
            if self._is_of_work() and not thread.name.startswith("ims_mock"):
                thread.run = _ending(thread.run)  # type: ignore[method-assign]
                with self._waits.starting(thread):
                    real(thread)
            else:
                real(thread)

        return start

    def _joining(self, real: Callable[..., None]) -> Callable[..., None]:
        def join(thread: threading.Thread, timeout: float | None = None) -> None:
            if not self._is_of_work():
                real(thread, timeout)
                return

            def attempt(seconds: float) -> bool:
                real(thread, seconds)
                return not thread.is_alive()

            self._waits.wait(attempt, timeout)

        return join

    def _opening(self, real: Callable[..., None]) -> Callable[..., None]:
        def opened(child: subprocess.Popen[Any], *args: Any, **kwargs: Any) -> None:
            real(child, *args, **kwargs)
            if self._is_of_work():
                self._children.add(child)

        return opened

    def _selecting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def select(selector: selectors.BaseSelector, timeout: float | None = None) -> Any:
            is_loop = sys._getframe(1).f_globals.get("__name__") == "asyncio.base_events"
            if not is_loop or (timeout is not None and timeout <= 0) or not self._is_of_work():
                return real(selector, timeout)
            found: list[Any] = []

            def attempt(seconds: float) -> bool:
                found[:] = real(selector, seconds)
                return bool(found)

            self._waits.wait(attempt, timeout, lambda: self._is_outside(selector), is_measured=True)
            return found

        return select

    def _is_outside(self, selector: selectors.BaseSelector) -> bool:
        """Return whether a loop waits for what is not the mock's."""
        return any(not self._is_of_mock(key.fd) for key in selector.get_map().values())

    def _is_of_mock(self, descriptor: int) -> bool:
        with suppress(OSError):
            connection = socket.socket(fileno=descriptor)
            try:
                return self._sockets.is_of_mock(connection)
            finally:
                connection.detach()
        return False


def _ending(run: Callable[[], object]) -> Callable[[], None]:
    """Return what a thread runs so that it ends without a word where the work is ended."""

    def until_the_end() -> None:
        with suppress(HangError):
            run()

    return until_the_end


def _runs(process: int) -> bool:
    """Return whether a child process has not ended; it is left for the code that began it to wait for it."""
    if not hasattr(os, "waitid"):
        return True
    with suppress(ChildProcessError):
        return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    return False
