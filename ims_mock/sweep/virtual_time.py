"""Waiting that costs nothing: while a sweep runs, sleeps move the mock's clock, and the time of the process with it."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from ims_mock.state.clock import ManualClock
from ims_mock.state.real import new_lock
from ims_mock.sweep.sockets import Sockets

_PATIENCE = 0.002
"""Real seconds that an event is waited for before time is moved."""

_OWN = ("ims_mock.", "threading", "asyncio", "selectors", "socketserver", "concurrent.futures")
"""Modules that keep the real time: the mock itself, and what threads are made of."""


class HangError(BaseException):
    """Raised inside of the work when it has waited, asked, or run longer than it may."""


class VirtualTime:
    """Replaces, while it is entered, what waits and what shows the time.

    `time.sleep`, `asyncio.sleep` and `threading.Event.wait` with a timeout move the clock, whatever name a module has
    for them, and urllib3's, tenacity's and other back-off does by that. `time.time` and `time.monotonic` show the real
    time and what was slept. `slept` counts it in seconds; beyond `limit` the work is ended with HangError. `others` are
    the clocks of other regions, which move too.

    Where a response does not come, the work waits as long as its socket's timeout says, or until the mock closes the
    connection: see Sockets. `hang` is called where that is longer than it may wait. `settle` is called where the work
    sleeps after it has closed a connection.
    """

    def __init__(self) -> None:
        self.clock: ManualClock | None = None
        self.others: Sequence[ManualClock] = ()
        self.slept = 0.0
        self.limit = float("inf")
        self.hang: Callable[[str], object] = lambda _why: None
        self.settle: Callable[[], object] = lambda: None
        self.sockets = Sockets(self.pass_time, lambda: _is_of_work(3))
        self._run = 0
        self._lock = new_lock()
        self._offset = 0.0
        self._real = {name: getattr(time, name) for name in ("sleep", "time", "monotonic", "perf_counter")}
        self._undo: list[Callable[[], object]] = []

    def begin(self, clock: ManualClock, limit: float, *, short: float | None) -> None:
        """Count from 0 for one run; `short` is how long timeouts of sockets are where a response will not come."""
        self.end()
        self.clock, self.limit, self.slept = clock, limit, 0.0
        self.sockets.begin(short)
        clock.waiter = self._wait_for_client

    def end(self) -> None:
        """End the run: what still waits for its client lets no time pass any more."""
        with self._lock:
            self._run += 1

    def sleep(self, seconds: float) -> None:
        """Let so much time pass, in which requests end whose client is gone; raise as `pass_time` does."""
        if self.sockets.has_closed:
            self.sockets.has_closed = False
            self.settle()
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass at once; raise HangError where that is more than the work may wait."""
        if not seconds >= 0:
            raise ValueError("sleep length must be non-negative")
        self.slept += seconds
        self._offset += seconds
        if self.clock is not None:
            for clock in (self.clock, *self.others):
                clock.advance(seconds)
        if self.slept > self.limit:
            raise HangError(self._too_long())

    def _too_long(self) -> str:
        return f"it waited for more than {self.limit:g} s"

    def _wait_for_client(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Wait in a thread of the mock until the client gives up, or as long as a client without a timeout would."""
        run = self._run
        waited = self.sockets.hold(seconds, is_over, lambda: run == self._run)
        try:
            with self._lock:
                if run == self._run:
                    self.pass_time(waited)
        except HangError as error:
            self.hang(str(error))

    def __enter__(self) -> VirtualTime:
        real = self._real
        replaced: dict[int, Any] = {id(real["sleep"]): self.sleep, id(asyncio.sleep): self._sleep_async}
        for name in ("time", "monotonic", "perf_counter"):
            replaced[id(real[name])] = self._shifted(real[name])
        for module in list(sys.modules.values()):
            if module is not None and not _keeps_real_time(getattr(module, "__name__", "")):
                self._replace(module, replaced)
        # The loop keeps its real time, and whoever asks the package sleeps by the mock's.
        self._set(asyncio, "sleep", self._sleep_async)
        self._set(threading.Event, "wait", self._waiting(threading.Event.wait))
        for holder, name, value in self.sockets.patches():
            self._set(holder, name, value)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        if self.clock is not None:
            self.clock.waiter = None

    def _replace(self, module: Any, replaced: dict[int, Any]) -> None:
        for name, value in list(vars(module).items()):
            # By what it is: to be hashed or compared, an object of a user's module may do anything.
            if id(value) in replaced:
                self._set(module, name, replaced[id(value)])

    def _set(self, holder: Any, name: str, value: Any) -> None:
        before = getattr(holder, name)
        setattr(holder, name, value)
        self._undo.append(lambda: setattr(holder, name, before))

    def _shifted(self, real: Callable[[], float]) -> Callable[[], float]:
        return lambda: real() + self._offset

    async def _sleep_async(self, delay: float, result: Any = None) -> Any:
        """Move the clock, and let the other tasks go on."""
        self.pass_time(max(delay, 0))
        # The real one yields once for 0.
        await _YIELD(0)
        return result

    def _waiting(self, real: Callable[..., bool]) -> Callable[..., bool]:
        def wait(event: threading.Event, timeout: float | None = None) -> bool:
            if timeout is None or not _is_of_work():
                return real(event, timeout)
            if not real(event, min(timeout, _PATIENCE)) and timeout > 0:
                self.pass_time(timeout)
            return event.is_set()

        return wait


_YIELD = asyncio.sleep


def _keeps_real_time(module: str) -> bool:
    return any(module == name.rstrip(".") or module.startswith(name) for name in _OWN)


def _is_of_work(depth: int = 2) -> bool:
    """Return whether the caller, so many frames away, is the work, and not the mock or what threads are made of."""
    name = sys._getframe(depth).f_globals.get("__name__", "")
    return not _keeps_real_time(name)
