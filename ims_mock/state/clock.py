"""Time, as something that is passed in: the only module that reads the wall clock, beside that of waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

from ims_mock.contract.problems import wrong_setting
from ims_mock.state.frozen import MODULES, Frozen, frozen_time, unfrozen_time
from ims_mock.state.real import RealTime, new_reentrant_lock
from ims_mock.state.signal import NOBODY
from ims_mock.state.times import LAST, checked_time, later
from ims_mock.state.waiting import wait_for, wait_in_real_time

MAX_SPEED = 1e6
"""Most seconds that pass in a real one."""

_FOR_EVER = 1e15
"""Seconds after which no clock shows a time any more."""


class Clock(Protocol):
    """Where the mock takes its time from."""

    def now(self) -> float:
        """Return the time in seconds since 1970-01-01T00:00:00Z."""

    def wait(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Return after `seconds` by this clock, or earlier if `is_over` returns True."""


def check_clock(clock: Any) -> None:
    """Raise InvalidError for what is no clock."""
    methods = (getattr(clock, name, None) for name in ("now", "wait"))
    if isinstance(clock, type) or not all(map(callable, methods)):
        raise wrong_setting("clock", "type", f"must be a clock, such as SystemClock(), got {clock!r}", clock)


class SystemClock:
    """The machine's own time. Only freezegun and time-machine can move it."""

    def now(self) -> float:
        """Return the machine's time; it goes on by itself."""
        frozen = frozen_time()
        return RealTime.now() if frozen is None else frozen.seconds

    def wait(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Return after `seconds` by this clock, or earlier if `is_over` returns True."""
        wait_in_real_time(seconds, is_over)


class ManualClock:
    """A clock that can be moved, and stands still unless it runs.

    It starts at `start`, seconds since 1970-01-01T00:00:00Z, or at the real time when that is None. `speed` is how many
    of its seconds pass in a real one; 0 stands still. `moved` is called after each move by hand, `mover` with what
    moves it, and `waiter`, if there is one, in place of each wait. `moves` counts how often its time or its speed was
    set, after which `signal` is given.

    Without a `start` it follows freezegun and time-machine. While a test has frozen the time, the clock shows the
    frozen time, and what it was moved by since then. Afterwards it shows what it would show without.
    """

    def __init__(self, start: float | None = None, speed: float = 0.0) -> None:
        self._changed = threading.Condition(new_reentrant_lock())
        self._base = later(checked_time(unfrozen_time() if start is None else start), 0)
        self._since = RealTime.monotonic()
        self._speed = _checked_speed(speed)
        self._jumps = self.moves = 0
        self.signal = NOBODY
        self._is_closed = False
        self.waiting = 0
        """How many wait for it to move."""
        self.moved: Callable[[], None] = _nothing
        self.mover: Callable[[Callable[[], None]], object] = _move
        self.waiter: Callable[[float, Callable[[], bool]], None] | None = None
        self._follows = start is None
        self._frozen: Frozen | None = None
        self._frozen_at = 0.0
        self.has_followed = False

    @property
    def speed(self) -> float:
        """How many of its seconds pass in a real second. `run` and `freeze` set it."""
        return self._speed

    def now(self) -> float:
        """Return the time to which the clock was last moved, and what has passed since if it runs."""
        # Without a call: it is asked several times in each request.
        is_plain = "freezegun.api" not in MODULES and "time_machine" not in MODULES and self._frozen is None
        if not self._speed and (not self._follows or is_plain or frozen_time() is self._frozen is None):
            return self._base
        with self._changed:
            return self._now()

    def unfrozen(self) -> float:
        """Return the time that the clock would show if no test had frozen the time."""
        if not self._speed:
            return self._base
        return min(later(self._base, (RealTime.monotonic() - self._since) * self._speed), LAST)

    def _now(self) -> float:
        return self._shown(self.unfrozen())

    def _shown(self, own: float) -> float:
        """Return what the clock shows where it would show its `own` time if no test had frozen the time."""
        frozen = frozen_time() if self._follows else None
        if frozen != self._frozen:
            self._follow(frozen, own)
        return own if frozen is None else min(later(frozen.seconds, own - self._frozen_at), LAST)

    def _follow(self, frozen: Frozen | None, own: float) -> None:
        """Take up that a test has frozen the time, moved it, or ended that."""
        if (frozen and frozen.by) is not (self._frozen and self._frozen.by):
            self._frozen_at = own
            self._jumps += 1
        self._frozen = frozen
        self.has_followed = True
        self.moves += 1

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`, with the precision of a microsecond.

        Raises ValueError, and does not move, if `seconds` is negative or leads beyond the year 9999.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
            raise ValueError(f"a clock only moves forward: seconds must be a number, 0 or more, got {seconds!r}")
        self.mover(partial(self._advance, seconds))

    def _advance(self, seconds: float) -> None:
        with self._changed:
            # A whole number can be larger than any float.
            seconds, own = min(seconds, _FOR_EVER), self.unfrozen()
            shown = checked_time(later(self._shown(own), seconds))
            self._set(shown if self._frozen is None else min(later(own, seconds), LAST))
            self._show(shown)
        self.moved()

    def jump_to(self, seconds: float, speed: float) -> None:
        """Go to another time, forward or back. The caller restores the state of that time.

        Every wait ends. Raises ValueError for a time or a speed that is not allowed, and then changes nothing.
        """
        seconds, speed = checked_time(seconds), _checked_speed(speed)
        with self._changed:
            self._now()
            self._set(seconds if self._frozen is None else self.unfrozen())
            self._show(seconds)
            self._speed = speed
            self._jumps += 1

    def begin_again(self, seconds: float, speed: float) -> None:
        """Go to another time, as `jump_to` does. While a test has frozen the time, show exactly the frozen time."""
        seconds, speed = checked_time(seconds), _checked_speed(speed)
        with self._changed:
            self._frozen, self.has_followed = None, False
            self._set(seconds)
            self._speed = speed
            self._jumps += 1

    def _show(self, seconds: float) -> None:
        """Let a frozen time be shown as another one, from which it goes on."""
        if self._frozen is not None:
            self._frozen_at = self.unfrozen() + self._frozen.seconds - seconds

    @contextmanager
    def staying(self) -> Iterator[None]:
        """Show the same time after a block as before it, even if the block moves the time that a test has frozen."""
        with self._changed:
            shown = self._now()
            yield
            self._now()
            self._show(shown)

    def setting(self) -> tuple[float, float, float]:
        """Return a time that the clock has shown, its speed, and when that was, in real seconds since 1970."""
        with self._changed:
            return self._base, self._speed, RealTime.now() - (RealTime.monotonic() - self._since)

    def set_as(self, seconds: float, speed: float, since: float) -> None:
        """Show the time that another clock of this `setting` shows, and go on as it does."""
        with self._changed:
            self._set(seconds)
            self._speed = speed
            self._since -= RealTime.now() - since

    def close(self) -> None:
        """End every wait on this clock, because another clock replaces it."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def freeze(self) -> None:
        """Stop the clock at its present time."""
        self.run(0.0)

    def run(self, speed: float = 1.0) -> None:
        """Start the clock: `speed` of its seconds pass in a real second. Raise ValueError if `speed` is negative."""
        self.mover(partial(self._run, _checked_speed(speed)))

    def _run(self, speed: float) -> None:
        with self._changed:
            self._set(self.unfrozen())
            self._speed = speed

    def _set(self, seconds: float) -> None:
        self._base, self._since = seconds, RealTime.monotonic()
        self.moves += 1
        self._changed.notify_all()
        self.signal.give()

    def wait(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Return after `seconds` by this clock, or earlier if `is_over` returns True.

        While the clock stands still, the real seconds count, so that nobody waits for ever; moving it so far ends the
        wait, and so does a jump to another time. `is_over` is called without the clock's lock.
        """
        if self.waiter is not None:
            self.waiter(seconds, is_over)
            return
        with self._changed:
            until, jumps = self._now() + seconds, self._jumps
            self.waiting += 1
        real_until = RealTime.monotonic() + seconds

        def has_passed() -> bool:
            is_late = not self._speed and RealTime.monotonic() >= real_until
            return self._now() >= until or is_late or self._jumps != jumps or self._is_closed

        try:
            wait_for(self._changed, has_passed, is_over)
        finally:
            with self._changed:
                self.waiting -= 1


def _nothing() -> None:
    pass


def _move(move: Callable[[], None]) -> None:
    move()


real_seconds = RealTime.monotonic
"""Seconds of real time, of which differences alone mean anything."""


def _checked_speed(speed: float) -> float:
    if isinstance(speed, bool) or not isinstance(speed, (int, float)) or not 0 <= speed <= MAX_SPEED:
        raise ValueError(f"speed must be a number from 0 to {MAX_SPEED:g}, got {speed!r}")
    return float(speed)
