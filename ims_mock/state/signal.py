"""How somebody who waits for a change is woken by it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ims_mock.state.real import RealTime, new_lock


class Signal:
    """Given after each change of what one mock has; it costs next to nothing while nobody waits.

    The thread that gives it may hold locks of the mock: what a waiter asks is asked without the lock of the signal.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(new_lock())
        self._given = 0
        self._releases = 0
        self.waiting = 0
        """How many wait."""

    def give(self) -> None:
        """Let everybody who waits look again."""
        if self.waiting:
            with self._changed:
                self._given += 1
                self._changed.notify_all()

    def release(self) -> None:
        """Let everybody who waits stop waiting."""
        with self._changed:
            self._releases += 1
            self._changed.notify_all()

    def wait(self, is_over: Callable[[], bool], seconds: float) -> None:
        """Return when something is over, which is asked after each change, or so many real seconds have passed."""
        until = RealTime.monotonic() + seconds
        with self._changed:
            # Before the first look: what changes after it is signalled.
            self.waiting += 1
            given, releases = self._given, self._releases
        try:
            while not is_over():
                with self._changed:
                    while given == self._given:
                        left = until - RealTime.monotonic()
                        if left <= 0 or self._releases != releases:
                            return
                        self._changed.wait(left)
                    given = self._given
        finally:
            with self._changed:
                self.waiting -= 1


NOBODY = Signal()
"""A signal for which nobody waits."""
