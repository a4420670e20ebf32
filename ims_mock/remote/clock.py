"""The clock of a mock in another process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ims_mock.remote.connection import Connection
from ims_mock.state.clock import ManualClock
from ims_mock.state.waiting import wait_in_real_time


class RemoteClock(ManualClock):
    """The clock of a world in another process: it shows the server's time, and moves it.

    It does not follow freezegun and time-machine, which freeze the time of this process alone.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(0.0)
        self._connection = connection

    @property
    def speed(self) -> float:
        """How many of its seconds pass in a real second. `run` and `freeze` set it."""
        speed = self._connection.get("clock")["speed"]
        return 1.0 if speed is None else float(speed)

    def now(self) -> float:
        """Return the time to which the clock was last moved, and what has passed since if it runs."""
        return float(self._connection.get("clock")["now"])

    def unfrozen(self) -> float:
        """Return the time that the clock would show if no test had frozen the time."""
        return self.now()

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`, with the precision of a microsecond.

        Raises ValueError, and does not move, if `seconds` is negative or leads beyond the year 9999.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
            raise ValueError(f"a clock only moves forward: seconds must be a number, 0 or more, got {seconds!r}")
        self._connection.send("POST", "clock", {"advance": min(seconds, 1e15)})

    def run(self, speed: float = 1.0) -> None:
        """Start the clock: `speed` of its seconds pass in a real second. Raise ValueError if `speed` is negative."""
        check = ManualClock(0.0)
        check.run(speed)
        self._connection.send("POST", "clock", {"run": speed})

    def wait(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Return after `seconds` by this clock, or earlier if `is_over` returns True.

        While the clock stands still, the real seconds count.
        """
        until = self.now() + seconds
        wait_in_real_time(seconds, lambda: is_over() or self.now() >= until)

    def jump_to(self, seconds: float, speed: float) -> None:
        """Refuse: a snapshot is what goes back in time."""
        raise _of_the_server("jump_to")

    def begin_again(self, seconds: float, speed: float) -> None:
        """Refuse: a reset begins again."""
        raise _of_the_server("begin_again")

    def staying(self) -> Any:
        """Refuse: the clock does not follow the time that a test has frozen."""
        raise _of_the_server("staying")

    def close(self) -> None:
        """Do nothing: the clock is the server's."""


def _of_the_server(name: str) -> TypeError:
    return TypeError(f"clock.{name} works only in the process of the mock, and this one is in another; use ImsMock()")
