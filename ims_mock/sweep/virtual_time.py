"""Waiting that costs nothing: while a sweep runs, sleeps move the mock's clock, and the time of the process with it."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from ims_mock.state.clock import ManualClock
from ims_mock.state.real import RealTime, new_lock

_PATIENCE = 0.002
"""Real seconds that an event is waited for before time is moved."""

SHORT, LESS_SHORT = 0.05, 0.25
"""Real seconds that stand for the timeout of a socket where a response will not come, and on a machine that is busy."""

_GRACE = 0.03
"""Real seconds after which a client that has not given up has no timeout."""

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
    connection: `_GRACE` real seconds stand for either. `hang` is called where that is longer than it may wait.
    `settle` is called where the work sleeps after it has closed a connection.
    """

    def __init__(self) -> None:
        self.clock: ManualClock | None = None
        self.others: Sequence[ManualClock] = ()
        self.slept = 0.0
        self.limit = float("inf")
        self.hang: Callable[[str], object] = lambda _why: None
        self.settle: Callable[[], object] = lambda: None
        self._has_closed = False
        self._timeout: float | None = None
        self._short: float | None = None
        self._run = 0
        self._lock = new_lock()
        self._offset = 0.0
        self._real = {name: getattr(time, name) for name in ("sleep", "time", "monotonic", "perf_counter")}
        self._undo: list[Callable[[], object]] = []

    def begin(self, clock: ManualClock, limit: float, *, short: float | None) -> None:
        """Count from 0 for one run; `short` is how long timeouts of sockets are where a response will not come."""
        self.end()
        self.clock, self.limit, self.slept = clock, limit, 0.0
        self._timeout, self._short = None, short
        clock.waiter = self._wait_for_client

    def end(self) -> None:
        """End the run: what still waits for its client lets no time pass any more."""
        with self._lock:
            self._run += 1

    def sleep(self, seconds: float) -> None:
        """Let so much time pass, in which requests end whose client is gone; raise as `pass_time` does."""
        if self._has_closed:
            self._has_closed = False
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
        # A client that has set a timeout in this run gives up, however busy the machine is.
        short = (self._short or SHORT) if self._timeout is None else 20 * LESS_SHORT
        until = RealTime.monotonic() + _GRACE + short
        while run == self._run and not is_over() and RealTime.monotonic() < until:
            RealTime.sleep(_PATIENCE)
        waited = min(seconds, self._timeout or seconds) if is_over() else seconds
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
        self._set(socket.socket, "settimeout", self._setting(socket.socket.settimeout))
        self._set(socket.socket, "close", self._closing(socket.socket.close))
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

    def _setting(self, real: Callable[..., None]) -> Callable[..., None]:
        def settimeout(connection: socket.socket, value: float | None) -> None:
            if value and _is_of_work():
                self._timeout = value
                value = min(value, self._short or value)
            real(connection, value)

        return settimeout

    def _closing(self, real: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
        def close(connection: socket.socket) -> None:
            self._has_closed = self._has_closed or _is_of_work()
            real(connection)

        return close

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


def _is_of_work() -> bool:
    """Return whether an event is waited for by the work, and not by the mock or by what threads are made of."""
    name = sys._getframe(2).f_globals.get("__name__", "")
    return not _keeps_real_time(name)
