"""Times as the service, signatures and HTTP write them; a time is a number of seconds since 1970-01-01T00:00:00Z."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from functools import lru_cache

LAST = 253402300799.0
"""The last second that a time stamp can be made of: the end of the year 9999."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def later(moment: float, seconds: float) -> float:
    """Return a later moment, to the microsecond, so that ten times 0.1 seconds later is one second later."""
    return round(moment + seconds, 6)


def checked_time(seconds: float) -> float:
    """Return a time; raise ValueError for one that no time stamp can be made of."""
    try:
        timestamp(seconds)
        moment = float(seconds)
    except (TypeError, ValueError, OverflowError, OSError):
        raise ValueError(f"a time must lie between the years 1 and 9999, got {seconds!r} seconds since 1970") from None
    # What lies within the last second has a time stamp, and nothing after it.
    return min(moment, LAST)


@lru_cache(maxsize=16)
def timestamp(seconds: float) -> str:
    """Write a time as the service does: UTC, whole seconds, with a Z."""
    return _timestamp(math.floor(seconds))


def ceiling_timestamp(seconds: float) -> str:
    """Write the first whole second that is not before a time."""
    return _timestamp(math.ceil(seconds))


def exact_timestamp(seconds: float) -> str:
    """Write a time with a fraction where it has one, so that it is equal to no whole second."""
    return timestamp(seconds) if seconds.is_integer() else precise_timestamp(seconds)


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


@lru_cache(maxsize=16)
def http_date(seconds: int) -> str:
    """Write a time as HTTP does in a Date header (RFC 9110 section 5.6.7)."""
    # email.utils takes longer to import than a server to start, and looks datetime up where a test may have patched it.
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year:04} {moment:%H:%M:%S} GMT"
