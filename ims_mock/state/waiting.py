"""How a thread waits for time to pass, and stops waiting when nobody needs it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ims_mock.state.real import RealTime

_GLANCE = 0.02
"""Seconds between two looks at whether a wait is over."""


def wait_in_real_time(seconds: float, is_over: Callable[[], bool]) -> None:
    """Return when so many real seconds have passed, or before when `is_over` says so."""
    until = RealTime.monotonic() + seconds
    while (left := until - RealTime.monotonic()) > 0 and not is_over():
        RealTime.sleep(min(left, _GLANCE))


def wait_for(changed: threading.Condition, has_passed: Callable[[], bool], is_over: Callable[[], bool]) -> None:
    """Return when `has_passed` says so, called with the lock of `changed`, or `is_over`, called without it."""
    while not is_over():
        with changed:
            if has_passed():
                return
            changed.wait(_GLANCE)
