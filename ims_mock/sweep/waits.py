"""The waits of the work: time jumps to the end of the first one when everybody waits."""

from __future__ import annotations

import concurrent.futures.thread
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from typing import Any

from ims_mock.state.real import RealFiles, RealTime, new_lock
from ims_mock.sweep.frames import current_frames

_GLANCE = 0.001
"""Real seconds between two looks at whether a wait has ended."""

_STILL = (0.003, 3)
"""Real seconds, and looks, in which nothing happens, where several threads wait, before time jumps."""

_OUTSIDE = (0.2, 100)
"""The same where something is waited for that nobody sees, such as another server.

On a busy machine the looks count: who is not seen to take a step in so many of them is not kept from it.
"""

_ROUNDING = 1e-9

Attempt = Callable[[float], object]
"""Waits at most so many real seconds for what is waited for, and returns whether that has come."""


class HangError(BaseException):
    """Raised inside of the work when it has waited, asked, or run longer than it may."""


@dataclass(eq=False)
class _Wait:
    """A wait of a thread in a run, until so many seconds of it have passed.

    `seen` is what it saw last, and it has seen nothing else `since`, and in so many `looks` after that.
    """

    until: float
    run: int
    is_outside: Callable[[], bool]
    is_measured: bool
    thread_id: int = field(default_factory=threading.get_ident)
    seen: Any = None
    since: float = 0.0
    looks: int = 0


class Waits:
    """The threads of the work, and what they wait for.

    `pass_time` lets time pass, and gets the real seconds that the work has taken before; `passed` returns how many
    seconds have passed in this run, `is_busy` whether the mock does something, and `silences` after how many seconds it
    ends each connection on which it is silent. `is_real` returns whether time goes by itself now.
    """

    def __init__(self, pass_time: Callable[[float, float], None], passed: Callable[[], float]) -> None:
        self._pass_time = pass_time
        self._passed = passed
        self.is_busy: Callable[[], bool] = lambda: False
        self.silences: Callable[[], list[float]] = list
        self.is_real: Callable[[], bool] = lambda: False
        self._threads: dict[int, threading.Thread] = {}
        self._starting: dict[int, threading.Thread] = {}
        self._lock = new_lock()
        self._waits: dict[_Wait, None] = {}
        self._changes = self._run = 0
        self.has_connections = False
        self._jumped = RealTime.monotonic()

    def begin(self) -> None:
        """Begin a run in the calling thread."""
        self._threads = {}
        for thread in [threading.current_thread(), *_threads_of_pools()]:
            self.add(thread)
        self._run += 1
        self.has_connections = False
        self._jumped = RealTime.monotonic()

    def end(self) -> list[threading.Thread]:
        """End the run, and return its threads that go on; they, and what waits still, wait in real time."""
        self._run += 1
        left = [thread for thread in self.others() if thread not in _threads_of_pools()]
        self._threads = {}
        return left

    def add(self, thread: threading.Thread) -> None:
        """Know a thread as one of the work."""
        self._threads[id(thread)] = thread

    @contextmanager
    def starting(self, thread: threading.Thread) -> Iterator[None]:
        """Know a thread that is started inside; until that has come to its end, somebody does something."""
        self.add(thread)
        self._starting[id(thread)] = thread
        try:
            yield
        finally:
            del self._starting[id(thread)]

    def has(self, thread: threading.Thread) -> bool:
        """Return whether a thread is of the work."""
        return id(thread) in self._threads

    def others(self) -> list[threading.Thread]:
        """Return the other threads of the work that do something, or wait for it."""
        if len(self._threads) < 2:
            return []
        own, frames = threading.get_ident(), current_frames()
        threads = [one for one in list(self._threads.values()) if one.is_alive() and one.ident != own]
        return [thread for thread in threads if not _is_idle(frames.get(thread.ident or 0))]

    def wait(
        self,
        attempt: Attempt,
        seconds: float | None,
        is_outside: Callable[[], bool] | None = None,
        *,
        is_measured: bool = False,
    ) -> bool:
        """Wait for something, at most so many seconds, which need not be real ones; return whether it has come.

        `is_outside`, of connections, returns whether they are to others than the mock. Seconds that are measured are
        what a clock that the work has read leaves of more; what it has read of real seconds, the mock has not.
        """
        if attempt(0):
            return True
        if seconds is not None and seconds <= 0:
            return False
        self.has_connections = self.has_connections or is_outside is not None
        longest = inf if seconds is None else seconds
        wait = _Wait(self._passed() + longest, self._run, is_outside or _no, is_measured)
        real_until = RealTime.monotonic() + longest
        self._change(lambda: self._waits.update({wait: None}))
        try:
            return self._wait(wait, attempt, real_until)
        finally:
            self._change(lambda: self._waits.pop(wait))

    def _wait(self, wait: _Wait, attempt: Attempt, real_until: float) -> bool:
        while True:
            end = self._end(wait)
            if attempt(_GLANCE if end is None else 0):
                return True
            if end is not None:
                self._jump(wait, end)
            is_over = wait.run == self._run and self._passed() >= wait.until - _ROUNDING
            if is_over or RealTime.monotonic() >= real_until:
                return bool(attempt(0))

    def _change(self, change: Callable[[], object]) -> None:
        with self._lock:
            change()
            self._changes += 1

    def _end(self, wait: _Wait) -> float | None:
        """Return the seconds after which the first wait ends, if it is this one's turn to end it; None if not."""
        if self.is_real() or wait.run != self._run or self._starting:
            return None
        with self._lock:
            waits = [other for other in self._waits if other.run == self._run]
            is_first = min(waits, key=lambda other: other.until) is wait
            seen = self._seen() if is_first else None
        if seen is None:
            wait.seen = None
            return None
        now = RealTime.monotonic()
        wait.looks += 1
        if seen != wait.seen:
            wait.seen, wait.since, wait.looks = seen, now, 0
        others, unknown = seen[1:]
        seconds, looks = _OUTSIDE if unknown or wait.is_outside() else _STILL if others else (0.0, 0)
        if now - wait.since < seconds or wait.looks < looks or self.is_busy():
            return None
        end = min([wait.until, *(self._passed() + seconds for seconds in self.silences())])
        # Once more: a silence may have ended between the two.
        return end if end < inf and not self.is_busy() else None

    def _seen(self) -> tuple[int, int, Any]:
        """Return what changes when something happens: how many waits, how many threads, and where the others are."""
        waiting, frames = {wait.thread_id for wait in self._waits}, current_frames()
        others = self.others()
        unknown = [
            (frame.f_code, frame.f_lasti, _used(thread))
            for thread in others
            if thread.ident not in waiting and (frame := frames.get(thread.ident or 0)) is not None
        ]
        return self._changes, len(others), unknown

    def _jump(self, wait: _Wait, end: float) -> None:
        with self._lock:
            if wait.seen[0] != self._changes:
                return
            self._changes += 1
            now = RealTime.monotonic()
            taken, self._jumped = now - self._jumped, now
        self._pass_time(max(end - self._passed(), 0.0), taken if wait.is_measured else 0.0)


def _used(thread: threading.Thread) -> bytes:
    """Return how long a thread has run so far, as Linux says it: C code may run for long at one step of Python."""
    with suppress(OSError), RealFiles.open(f"/proc/self/task/{thread.native_id}/schedstat") as file:
        return file.read().partition(b" ")[0]
    return b""


def _no() -> bool:
    return False


def _threads_of_pools() -> list[threading.Thread]:
    """Return the threads of all pools: they work for every thread that asks."""
    return list(getattr(concurrent.futures.thread, "_threads_queues", ()))


def _is_idle(frame: Any) -> bool:
    """Return whether a thread of a pool waits for work."""
    return (
        frame is not None
        and frame.f_code.co_name == "_worker"
        and frame.f_globals.get("__name__") == "concurrent.futures.thread"
    )
