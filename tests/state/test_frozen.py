"""A clock without a start shows the time that a test has frozen, with freezegun or time-machine."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import freezegun
import pytest
import time_machine

from ims_mock import ManualClock, SystemClock
from ims_mock.state.real import RealTime

BEFORE = datetime(2012, 1, 14, tzinfo=timezone.utc)
SECONDS = BEFORE.timestamp()
LATER = datetime(2030, 1, 1, tzinfo=timezone.utc)


class Frozen:
    """What a library returns that has frozen the time, by one set of names."""

    def __init__(self, frozen: Any) -> None:
        self._frozen = frozen

    def tick(self, seconds: float) -> None:
        """Move the frozen time."""
        move = self._frozen.tick if hasattr(self._frozen, "tick") else self._frozen.shift
        move(timedelta(seconds=seconds))

    def move_to(self, moment: datetime) -> None:
        """Freeze another time."""
        self._frozen.move_to(moment)


@contextmanager
def frozen_by(library: str, moment: datetime, *, tick: bool = False) -> Iterator[Frozen]:
    """Freeze the time."""
    if library == "freezegun":
        with freezegun.freeze_time(moment, tick=tick) as frozen:
            yield Frozen(frozen)
    else:
        with time_machine.travel(moment, tick=tick) as travelled:
            yield Frozen(travelled)


@pytest.fixture(params=["freezegun", "time-machine"])
def library(request: pytest.FixtureRequest) -> str:
    """Each library that freezes the time."""
    name: str = request.param
    return name


def test_frozen_time_is_shown(library: str) -> None:
    """The clock shows the frozen time, and afterwards what it showed before."""
    clock = ManualClock()
    before = clock.now()
    with frozen_by(library, BEFORE):
        assert clock.now() == SECONDS
    assert clock.now() == before
    assert clock.has_followed


def test_frozen_time_moves(library: str) -> None:
    """A test that moves the frozen time moves the clock."""
    clock = ManualClock()
    with frozen_by(library, BEFORE) as frozen:
        frozen.tick(90)
        assert clock.now() == SECONDS + 90
        frozen.move_to(LATER)
        assert clock.now() == LATER.timestamp()
        frozen.move_to(BEFORE)
        assert clock.now() == SECONDS


def test_advance_adds_to_the_frozen_time(library: str) -> None:
    """What the clock is moved by counts beside what the test moves the frozen time by; it counts afterwards too."""
    clock = ManualClock()
    before = clock.now()
    clock.advance(5)
    with frozen_by(library, BEFORE) as frozen:
        clock.advance(0.25)
        assert clock.now() == SECONDS + 0.25
        frozen.tick(60)
        clock.advance(1)
        assert clock.now() == SECONDS + 61.25
    assert clock.now() == before + 6.25


def test_clock_that_is_made_in_a_frozen_time(library: str) -> None:
    """It shows that time, and afterwards the real one."""
    with frozen_by(library, BEFORE):
        clock = ManualClock()
        assert clock.now() == SECONDS
    assert clock.now() == pytest.approx(RealTime.now(), abs=3600)


@pytest.mark.parametrize("outer", ["freezegun", "time-machine"])
def test_frozen_time_in_another(outer: str) -> None:
    """The innermost time is shown, and then the outer one again; time-machine refuses to start in freezegun."""
    clock = ManualClock()
    with frozen_by(outer, BEFORE):
        clock.advance(10)
        with frozen_by("freezegun" if outer == "freezegun" else "time-machine", LATER):
            assert clock.now() == LATER.timestamp()
        assert clock.now() == SECONDS


def test_next_frozen_time_is_shown_exactly(library: str) -> None:
    """What the clock was moved by in one frozen time does not count in the next, seen in between or not."""
    clock = ManualClock()
    with frozen_by(library, BEFORE):
        clock.advance(10)
    with frozen_by(library, BEFORE):
        assert clock.now() == SECONDS


def test_clock_with_a_start_follows_nobody(library: str) -> None:
    """Who says where a clock starts has it there, whatever a test freezes."""
    clock = ManualClock(start=1464853788)
    with frozen_by(library, BEFORE):
        assert clock.now() == 1464853788
    assert not clock.has_followed


def test_running_clock(library: str) -> None:
    """A clock that runs goes on from the frozen time."""
    clock = ManualClock(speed=1e6)
    with frozen_by(library, BEFORE):
        first = clock.now()
        while clock.now() < first + 1:
            pass
        clock.freeze()
        assert clock.now() >= SECONDS + 1
        assert clock.now() == clock.now() < LATER.timestamp()


def test_time_that_ticks(library: str) -> None:
    """A time that a test lets go on from another one goes on for the clock."""
    clock = ManualClock()
    with frozen_by(library, BEFORE, tick=True):
        first = clock.now()
        while clock.now() == first:
            pass
        assert SECONDS <= first < clock.now() < SECONDS + 3600


@pytest.fixture
def no_gc_callbacks() -> Iterator[None]:
    """Nobody looks at the time when garbage is collected, as hypothesis does from its first test on."""
    callbacks = gc.callbacks[:]
    gc.callbacks.clear()
    yield
    gc.callbacks[:] = callbacks


@pytest.mark.usefixtures("no_gc_callbacks")
def test_looks_tick_nothing() -> None:
    """A time of freezegun that ticks at each look of the test does not tick at those of the clock."""
    clock = ManualClock()
    with freezegun.freeze_time(BEFORE, auto_tick_seconds=15) as frozen:
        assert clock.now() == clock.now() == SECONDS
        frozen()
        assert clock.now() == SECONDS + 15


def test_package_that_freezegun_ignores() -> None:
    """A test that has freezegun ignore the package has the clock stay."""
    clock = ManualClock()
    before = clock.now()
    with freezegun.freeze_time(BEFORE, ignore=["ims_mock"]):
        assert clock.now() == before


def test_jump_in_a_frozen_time(library: str) -> None:
    """A clock that goes back to another time goes on from there, and is afterwards where it would be."""
    clock = ManualClock()
    before = clock.now()
    with frozen_by(library, BEFORE) as frozen:
        clock.jump_to(1464853788, 0)
        assert clock.now() == 1464853788
        frozen.tick(60)
        assert clock.now() == 1464853848
    assert clock.now() == before


def test_clock_that_begins_again_in_a_frozen_time(library: str) -> None:
    """A clock that is set back for the next test shows what that test has frozen, and then where it was set."""
    clock = ManualClock()
    with frozen_by(library, BEFORE):
        clock.advance(60)
        clock.begin_again(1464853788, 0)
        assert not clock.has_followed
        assert clock.now() == SECONDS
    assert clock.now() == 1464853788


def test_end_of_time(library: str) -> None:
    """No frozen time brings a clock beyond the year 9999, or is brought there by it."""
    clock = ManualClock()
    with frozen_by(library, datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)):
        with pytest.raises(ValueError, match="between the years 1 and 9999"):
            clock.advance(1)
        assert clock.now() == 253402300799
    clock.advance(1)
    with frozen_by(library, BEFORE):
        clock.advance(253402300799 - SECONDS)
        assert clock.now() == 253402300799


def test_wait_ends_where_the_time_is_frozen(library: str) -> None:
    """A wait for a clock that runs does not go on until the clock is there again, which may take years."""
    clock = ManualClock(speed=1)
    looks = 0
    with ExitStack() as stack:

        def is_over() -> bool:
            nonlocal looks
            looks += 1
            if looks == 2:
                stack.enter_context(frozen_by(library, BEFORE))
            return looks > 100

        clock.wait(1e9, is_over)
    assert looks == 2


def test_moves_are_counted(library: str) -> None:
    """Who shows the clock sees that it shows another time."""
    clock = ManualClock()
    with frozen_by(library, BEFORE) as frozen:
        clock.now()
        first = clock.moves
        frozen.tick(60)
        clock.now()
        assert clock.moves > first


def test_time_of_the_machine(library: str) -> None:
    """SystemClock shows the frozen time as the test sees it."""
    clock = SystemClock()
    with frozen_by(library, BEFORE):
        assert clock.now() == SECONDS
    assert clock.now() == pytest.approx(RealTime.now(), abs=3600)


IMPORTED = """
import time
before = time.time, time.perf_counter, time.time_ns, time.localtime, time.strftime, time.perf_counter
import freezegun
with freezegun.freeze_time("2012-01-14"):
    from ims_mock.state.real import RealTime
    from ims_mock import ImsMock
    mock = ImsMock()
real = RealTime
print(before == (real.now, real.monotonic, real.now_in_nanoseconds, real.localtime, real.strftime, real.clocks[1]))
print(mock.clock.now() > 1.7e9)
"""


def test_import_in_a_frozen_time() -> None:
    """A mock that is imported while the time is frozen has the machine's own functions all the same."""
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "True"]
