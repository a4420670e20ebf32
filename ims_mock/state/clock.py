"""Time, as something that is passed in: the only room that reads the wall clock."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import formatdate
from functools import lru_cache
from typing import Protocol

MAX_SPEED = 1e6
"""Most seconds that pass in a real one."""

_GLANCE = 0.02
"""Seconds between two looks at whether a wait is over."""

_FOR_EVER = 1e15
"""Seconds after which no clock shows a time any more."""


class Clock(Protocol):
    """Where the mock takes its time from."""

    def now(self) -> float:
        """Return the time in seconds since 1970-01-01T00:00:00Z."""

    def wait(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Return when so much time has passed, or before when `is_over` says so."""


class SystemClock:
    """The machine's own time, which nobody can move."""

    def now(self) -> float:
        """Return the machine's time; it goes on by itself."""
        return time.time()

    def wait(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Return when so much time has passed, or before when `is_over` says so."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not is_over():
            time.sleep(min(left, _GLANCE))


class ManualClock:
    """A clock that can be moved, and stands still unless it is told to run.

    It starts at `start`, seconds since 1970-01-01T00:00:00Z, or at the real time when that is None. `speed` is how many
    of its seconds pass in a real one; 0 stands still. `moved` is called after each move by hand.
    """

    def __init__(self, start: float | None = None, speed: float = 0.0) -> None:
        self._changed = threading.Condition()
        self._base = later(_checked(time.time() if start is None else start), 0)
        self._since = time.monotonic()
        self._speed = _checked_speed(speed)
        self._jumps = 0
        self._is_retired = False
        self.moved: Callable[[], None] = _nothing

    @property
    def speed(self) -> float:
        """How many of its seconds pass in a real one; `run` and `freeze` set it."""
        return self._speed

    def now(self) -> float:
        """Return the time to which the clock was last moved, and what has passed since if it runs."""
        with self._changed:
            return self._now()

    def _now(self) -> float:
        if not self._speed:
            return self._base
        return min(later(self._base, (time.monotonic() - self._since) * self._speed), LAST)

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`, to the microsecond.

        Raises ValueError, and stays, when that is backward or beyond the year 9999.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
            raise ValueError(f"a clock only moves forward: seconds must be a number, 0 or more, got {seconds!r}")
        with self._changed:
            # A whole number can be larger than any float.
            self._set(_checked(later(self._now(), min(seconds, _FOR_EVER))))
        self.moved()

    def go_to(self, seconds: float, speed: float) -> None:
        """Go to another time, be it back, and on from there; what is in the state should be of that time too.

        Whoever waits, waits no longer. Raises ValueError, and stays, for a time or a speed that cannot be.
        """
        seconds, speed = _checked(seconds), _checked_speed(speed)
        with self._changed:
            self._set(seconds)
            self._speed = speed
            self._jumps += 1

    def retire(self) -> None:
        """Let nobody wait any more by this clock, which another one has taken the place of."""
        with self._changed:
            self._is_retired = True
            self._changed.notify_all()

    def freeze(self) -> None:
        """Stand still from now on."""
        self.run(0.0)

    def run(self, speed: float = 1.0) -> None:
        """Run from now on, so many seconds in a real one; raise ValueError for less than none."""
        speed = _checked_speed(speed)
        with self._changed:
            self._set(self._now())
            self._speed = speed

    def _set(self, seconds: float) -> None:
        self._base, self._since = seconds, time.monotonic()
        self._changed.notify_all()

    def wait(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Return when so much time has passed, or before when `is_over` says so.

        While the clock stands still, the real seconds count, so that nobody waits for ever; moving it so far ends the
        wait, and so does sending it to another time. `is_over` is called without the clock's lock.
        """
        with self._changed:
            until, jumps = self._now() + seconds, self._jumps
        real_until = time.monotonic() + seconds
        while not is_over():
            with self._changed:
                has_passed = self._now() >= until or (not self._speed and time.monotonic() >= real_until)
                if has_passed or self._jumps != jumps or self._is_retired:
                    return
                self._changed.wait(_GLANCE)


def _nothing() -> None:
    pass


def real_seconds() -> float:
    """Return seconds of real time, of which differences alone mean anything."""
    return time.monotonic()


def later(moment: float, seconds: float) -> float:
    """Return a later moment, to the microsecond, so that ten times 0.1 seconds later is one second later."""
    return round(moment + seconds, 6)


def _checked_speed(speed: float) -> float:
    if isinstance(speed, bool) or not isinstance(speed, (int, float)) or not 0 <= speed <= MAX_SPEED:
        raise ValueError(f"speed must be a number from 0 to {MAX_SPEED:g}, got {speed!r}")
    return float(speed)


LAST = 253402300799.0
"""The last second that a time stamp can be made of: the end of the year 9999."""


def _checked(seconds: float) -> float:
    """Return a time; raise ValueError for one that no time stamp can be made of."""
    try:
        timestamp(seconds)
        moment = float(seconds)
    except (TypeError, ValueError, OverflowError, OSError):
        raise ValueError(f"a time must lie between the years 1 and 9999, got {seconds!r} seconds since 1970") from None
    # What lies within the last second has a time stamp, and nothing after it.
    return min(moment, LAST)


def timestamp(seconds: float) -> str:
    """Write a time as the service does: UTC, whole seconds, with a Z."""
    return _timestamp(math.floor(seconds))


def precise_timestamp(seconds: float) -> str:
    """Write a time with its milliseconds: UTC, with a Z."""
    moment = datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"


@lru_cache(maxsize=16)
def _timestamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None).isoformat() + "Z"


def parse_time(text: str) -> float:
    """Return the seconds since 1970 of a time as ISO 8601 writes it, in UTC unless it says otherwise.

    Raise ValueError for what is no time.
    """
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def parse_basic_time(text: str) -> float:
    """Return the seconds since 1970 of a time as signatures have it: YYYYMMDDTHHMMSSZ. Raise ValueError for another."""
    if not re.fullmatch("[0-9]{8}T[0-9]{6}Z", text):
        raise ValueError(f"must be of the form YYYYMMDDTHHMMSSZ, got {text!r}")
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()


def http_date(seconds: float) -> str:
    """Write a time as HTTP does in a Date header (RFC 9110 section 5.6.7)."""
    return _http_date(math.floor(seconds))


@lru_cache(maxsize=16)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
