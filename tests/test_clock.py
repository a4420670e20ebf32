"""Time that is passed in."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock import ManualClock, SystemClock
from ims_mock.clock import http_date, timestamp


def test_manual_clock_stands_still_until_advanced() -> None:
    """A manual clock shows where it was started, and moves by what it is told."""
    clock = ManualClock(1000)
    assert (clock.now(), clock.now()) == (1000, 1000)
    clock.advance(1.5)
    assert clock.now() == 1001.5


@pytest.mark.parametrize("seconds", [-1, float("nan"), "5", None, True])
def test_clock_only_moves_forward(seconds: Any) -> None:
    """Moving backward is refused, and the clock stays."""
    clock = ManualClock(0)
    with pytest.raises(ValueError, match="a clock only moves forward"):
        clock.advance(seconds)
    assert clock.now() == 0


@pytest.mark.parametrize("seconds", [1e12, float("inf")])
def test_clock_stays_within_the_calendar(seconds: float) -> None:
    """A time that has no time stamp is refused, and the clock stays."""
    clock = ManualClock(0)
    with pytest.raises(ValueError, match="must lie between the years 1 and 9999"):
        clock.advance(seconds)
    assert clock.now() == 0


def test_manual_clock_starts_at_the_real_time() -> None:
    """Without a start, a manual clock takes the machine's time once."""
    before = SystemClock().now()
    assert before <= ManualClock().now() <= SystemClock().now()


def test_timestamps() -> None:
    """The service writes whole seconds of UTC with a Z, HTTP its own form."""
    assert timestamp(1464853788.9) == "2016-06-02T07:49:48Z"
    assert timestamp(-62135596800) == "0001-01-01T00:00:00Z"
    assert http_date(1464853788.9) == "Thu, 02 Jun 2016 07:49:48 GMT"
