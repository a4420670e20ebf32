"""Time, as something that is passed in: the only room that reads the wall clock."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from email.utils import formatdate
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Where the mock takes its time from."""

    def now(self) -> float:
        """Return the time in seconds since 1970-01-01T00:00:00Z."""


class SystemClock:
    """The machine's own time; what the command line uses."""

    def now(self) -> float:
        """Return the machine's time; it goes on by itself."""
        return time.time()


class ManualClock:
    """A clock that stands still until it is told to move; what the fixture uses.

    It starts at `start`, seconds since 1970-01-01T00:00:00Z, or at the real time when that is None.
    """

    def __init__(self, start: float | None = None) -> None:
        self._now = _checked(time.time() if start is None else float(start))

    def now(self) -> float:
        """Return the time to which the clock was last moved."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`; raise ValueError, and stay, when that is backward or beyond the year 9999."""
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
            raise ValueError(f"a clock only moves forward: seconds must be a number, 0 or more, got {seconds!r}")
        self._now = _checked(self._now + seconds)


LAST = 253402300799.0
"""The last second that a time stamp can be made of: the end of the year 9999."""


def _checked(seconds: float) -> float:
    """Return a time; raise ValueError for one that no time stamp can be made of."""
    try:
        timestamp(seconds)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"a time must lie between the years 1 and 9999, got {seconds!r} seconds since 1970") from None
    return seconds


def timestamp(seconds: float) -> str:
    """Write a time as the service does: UTC, whole seconds, with a Z."""
    return _timestamp(int(seconds))


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
    return _http_date(int(seconds))


@lru_cache(maxsize=16)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
