"""The time that the work sees: the machine's, and what has passed by the mock's clock in this run."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from typing import Any

from ims_mock.state.clock import ManualClock
from ims_mock.state.real import RealTime
from ims_mock.sweep.replacing import Replacement, Replacing


class Clocks:
    """What the clocks of the machine show to the work.

    `passed` returns how many seconds have passed by the mock's clock in this run, and before it; the calendar goes
    back at the beginning of each run, as the mock's clock does, and what only counts seconds never goes back.
    `is_of_work` returns whether the calling thread is the work's; the time of others is the real one. `moved` returns
    the clocks of mocks, which are moved with it.
    """

    def __init__(
        self,
        passed: Callable[[], tuple[float, float]],
        is_of_work: Callable[[], bool],
        moved: Callable[[], Sequence[ManualClock]],
    ) -> None:
        self._passed = passed
        self._moved = moved
        self._is_of_work = is_of_work
        self._began = self._run_began = RealTime.monotonic()
        self._frozen: Any = None
        self._frozen_by = 0.0

    def begin(self) -> None:
        """Begin a run, in which the calendar begins as at first."""
        self.end()
        self._run_began = RealTime.monotonic()

    def end(self) -> None:
        """Put a frozen time of freezegun back."""
        if self._frozen is not None:
            self._move(self._frozen, -self._frozen_by)
        self._frozen, self._frozen_by = None, 0.0

    def follow(self) -> None:
        """Move a time that freezegun has frozen to what has passed; time-machine has none of its own."""
        factories = getattr(sys.modules.get("freezegun.api"), "freeze_factories", None)
        # One that ticks goes by the calendar below it.
        frozen = factories[-1] if factories and not hasattr(factories[-1], "start") else None
        passed = self._passed()[0]
        if frozen is None:
            return
        if frozen is self._frozen:
            self._move(frozen, passed - self._frozen_by)
            self._frozen_by = passed
        else:
            self._frozen, self._frozen_by = frozen, 0.0
            self.follow()

    def _move(self, frozen: Any, seconds: float) -> None:
        """Move a frozen time; the mock's clocks, which follow it, have been moved already."""
        with ExitStack() as stack:
            for clock in self._moved():
                stack.enter_context(clock.staying())
            frozen.time_to_freeze += timedelta(seconds=seconds)

    def replacements(self) -> Iterator[Replacement]:
        """Yield what stands for the functions of the module `time`."""
        yield from (Replacement(clock, self._count) for clock in RealTime.clocks)
        yield from (Replacement(clock, self._count_nanoseconds) for clock in RealTime.clocks_of_nanoseconds)
        yield Replacement(RealTime.now, self._show)
        yield Replacement(RealTime.now_in_nanoseconds, self._show_nanoseconds)
        yield from (Replacement(form, self._show_as) for form in RealTime.calendars)
        yield Replacement(RealTime.strftime, self._format)

    def _count(self, real: Callable[[], float]) -> float:
        return real() + sum(self._passed()) if self._is_of_work() else real()

    def _count_nanoseconds(self, real: Callable[[], int]) -> int:
        return real() + int(sum(self._passed()) * 1e9) if self._is_of_work() else real()

    def _show(self, real: Callable[[], float]) -> float:
        return real() + self._since() if self._is_of_work() else real()

    def _show_nanoseconds(self, real: Callable[[], int]) -> int:
        return real() + int(self._since() * 1e9) if self._is_of_work() else real()

    def _show_as(self, real: Callable[..., Any], seconds: float | None = None) -> Any:
        return real(self._show(RealTime.now) if seconds is None else seconds)

    def _format(self, real: Callable[..., str], form: str, *when: Any) -> str:
        return real(form, *(when or [RealTime.localtime(self._show(RealTime.now))]))

    def _since(self) -> float:
        """Return by how much the calendar of this run is away from the machine's."""
        return self._passed()[0] - (self._run_began - self._began)

    def replace_datetime(self, replacing: Replacing) -> None:
        """Let `datetime.now` and `utcnow` show the work its time; the class, and so all that is made of it, stays."""
        # freezegun puts a class in its place, below which it is.
        real = next(kind for kind in datetime.__mro__ if kind.__module__ == "datetime")
        attributes = gc.get_referents(real.__dict__)[0]
        real_now, real_utcnow = attributes["now"], attributes["utcnow"]

        def now(cls: type[datetime], tz: Any = None) -> datetime:
            seconds = self._since() if self._is_of_work() else 0.0
            if not seconds:
                return real_now.__get__(None, cls)(tz)  # type: ignore[no-any-return]
            return cls.fromtimestamp(RealTime.now() + seconds, tz)

        def utcnow(cls: type[datetime]) -> datetime:
            seconds = self._since() if self._is_of_work() else 0.0
            if not seconds:
                return real_utcnow.__get__(None, cls)()  # type: ignore[no-any-return]
            return cls.fromtimestamp(RealTime.now() + seconds, timezone.utc).replace(tzinfo=None)

        def put(*methods: Any) -> None:
            attributes["now"], attributes["utcnow"] = methods
            ctypes.pythonapi.PyType_Modified(ctypes.py_object(real))

        # A class of C takes no attributes, and a class in its place would not be the one that others have.
        put(classmethod(now), classmethod(utcnow))
        replacing.call_at_end(lambda: put(real_now, real_utcnow))
