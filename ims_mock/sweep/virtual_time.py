"""Waiting that costs nothing: while a sweep runs, waits move the mock's clock, and the time of the process with it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import ClassVar

from ims_mock.state.clock import ManualClock
from ims_mock.state.real import RealTime, new_lock
from ims_mock.sweep.blocking import Blocking
from ims_mock.sweep.clocks import Clocks
from ims_mock.sweep.replacing import Replacement, Replacing
from ims_mock.sweep.sockets import Sockets
from ims_mock.sweep.waits import HangError, Waits

_NOTICED = 1e-5
"""Seconds that the mock's clock has to be moved by others to be noticed: it counts microseconds."""


class VirtualTime:
    """Replaces, while it is entered, what waits and what shows the time, for the work alone, in its runs alone.

    The work is the thread that begins a run, and the threads that it starts. `time.sleep` lets time pass at once, and
    so does each other wait as soon as everybody waits (see Waits): back-off of urllib3, tenacity and others, events,
    queues, futures, and loops of asyncio. That moves the mock's `clock`, the `others`, which are of other regions, and
    what the process shows (see Clocks). `slept` counts the seconds of a run; beyond `limit` the work is ended with
    HangError, and `hang` is called with the reason, and whether that `is_raised` in the thread of the run. After this,
    the mock's clock stands still, so that the work can put things back.

    Where a response does not come, the work waits as long as its socket's timeout says, or until the mock closes the
    connection: see Sockets. `settle` is called where the work sleeps after it has closed a connection.
    """

    _entered: ClassVar[VirtualTime | None] = None

    def __init__(self) -> None:
        self.clock: ManualClock | None = None
        self.others: Sequence[ManualClock] = ()
        self.slept = 0.0
        self.limit = float("inf")
        self.hang: Callable[..., object] = _nothing
        self.settle: Callable[[], object] = lambda: None
        self.waits = Waits(self.pass_time, self._passed_now)
        self.sockets = Sockets(self.waits, self.is_of_work)
        self.waits.silences = lambda: self.sockets.silences
        self.blocking = Blocking(self.waits, self.sockets, self.is_of_work)
        self.waits.is_real = self.blocking.has_children
        self._clocks = Clocks(lambda: (self._passed_now(), self._passed_before), self.is_of_work, self._moved)
        self._replacing = Replacing()
        self._run = 0
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._lock = new_lock()
        self._began = self._passed_before = self._taken = 0.0
        self._is_ended = self._has_raised = False

    @classmethod
    def check_free(cls) -> None:
        """Raise RuntimeError where there is a virtual time in this process."""
        if cls._entered is not None:
            text = "a sweep is under way in this process, and its virtual time is for all of it"
            raise RuntimeError(f"{text}; end that one first, or give this one virtual_time=False")

    def begin(self, clock: ManualClock, limit: float, *, short: float | None) -> None:
        """Count from 0 for one run in this thread; `short` is how long timeouts are where a response will not come."""
        self.end()
        self.clock, self.limit, self.slept, self._taken = clock, limit, 0.0, 0.0
        self._is_ended = self._has_raised = False
        self._began = clock.unfrozen()
        self.sockets.begin(short)
        self.waits.begin()
        self._clocks.begin()
        clock.waiter = self._wait_for_client
        self._thread = threading.current_thread()

    def end(self) -> list[threading.Thread]:
        """End the run, and return its threads that go on: they are in real time, and move nothing any more."""
        with self._lock:
            self._run += 1
            if self._thread is None:
                return []
            self._passed_before += self._passed_now()
            self._thread = None
        self._clocks.end()
        return self.waits.end()

    def is_of_work(self) -> bool:
        """Return whether the calling thread is the work, in a run; a child that was forked is not."""
        if self._thread is None or os.getpid() != self._process:
            return False
        return self.waits.has(threading.current_thread())

    def _passed_now(self) -> float:
        """Return how many seconds have passed in this run beside the real ones: slept, or moved by hand."""
        if self._thread is None or self.clock is None:
            return 0.0
        by_others = self.clock.unfrozen() - self._began - self.slept
        return self.slept - self._taken + (by_others if by_others > _NOTICED else 0.0)

    def sleep(self, seconds: float) -> None:
        """Let so much time pass, in which requests end whose client is gone; raise as `pass_time` does."""
        if self.sockets.has_closed:
            self.sockets.has_closed = False
            self.settle()
        if self.waits.others():
            self.waits.wait(RealTime.sleep, seconds)
        else:
            self.pass_time(seconds)

    def _sleep(self, real: Callable[[float], None], seconds: float) -> None:
        # It raises for what is no length, and lets other threads go on.
        is_virtual = self.is_of_work() and not self.blocking.has_children()
        real(min(seconds, 0) if is_virtual else seconds)
        if is_virtual and seconds:
            self.sleep(seconds)

    def pass_time(self, seconds: float, taken: float = 0.0) -> None:
        """Let so much time pass at once; raise HangError where that is more than the work may wait.

        The real seconds that the work has `taken` before pass for the mock alone: it has not seen them.
        """
        self.slept += seconds + taken
        self._taken += taken
        self.sockets.pass_time(seconds)
        if not self._is_ended:
            for clock in self._moved():
                clock.advance(seconds + taken)
        self._clocks.follow()
        if self.slept > self.limit:
            self._end_work(f"it waited for more than {self.limit:g} s")

    def _moved(self) -> list[ManualClock]:
        """Return the clocks that the waits move."""
        return [self.clock, *self.others] if self.clock is not None else []

    def _end_work(self, why: str) -> None:
        """Raise HangError, once in the thread of the run; who waits for it to end raises it again."""
        is_here = threading.current_thread() is self._thread
        self._is_ended = True
        self.hang(why, is_raised=is_here)
        if not (is_here and self._has_raised):
            self._has_raised = self._has_raised or is_here
            raise HangError(why)

    def _wait_for_client(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Wait in a thread of the mock until the client gives up, or as long as a client without a timeout would."""
        run = self._run
        waited = self.sockets.hold(seconds, is_over, lambda: run == self._run)
        with suppress(HangError), self._lock:
            if run == self._run and waited:
                self.pass_time(waited)

    def __enter__(self) -> VirtualTime:
        self.check_free()
        VirtualTime._entered = self
        try:
            self._replace()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _replace(self) -> None:
        sleeps = {id(sleep): sleep for sleep in (RealTime.sleep, time.sleep)}
        self._replacing.replace(
            [*(Replacement(sleep, self._sleep) for sleep in sleeps.values()), *self._clocks.replacements()]
        )
        self._clocks.replace_datetime(self._replacing)
        for holder, name, value in (*self.blocking.patches(), *self.sockets.patches()):
            self._replacing.set(holder, name, value)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        VirtualTime._entered = None
        self._replacing.undo()
        if self.clock is not None:
            self.clock.waiter = None


def _nothing(*_: object, **__: object) -> None:
    pass
