"""Time that is passed in."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ims_mock import ManualClock, SystemClock
from ims_mock.state.clock import Clock
from ims_mock.state.times import LAST, http_date, later, precise_timestamp, timestamp
from tests.conftest import PAGE, Api


class RealTime(SimpleNamespace):
    """The machine's time as a test has it: what looks at it, or sleeps, lets `step` seconds pass."""

    def __init__(self, step: float = 0.0) -> None:
        self.passed, self.step = 0.0, step

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        self.passed += self.step
        return self.passed

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.passed += seconds

    def now(self) -> float:
        """Return the time of the day."""
        return self.passed


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> RealTime:
    """The real time, which passes when the test says so."""
    made = RealTime()
    monkeypatch.setattr("ims_mock.state.clock.RealTime", made)
    monkeypatch.setattr("ims_mock.state.waiting.RealTime", made)
    return made


def never() -> bool:
    """Say that nothing is over."""
    return False


class Waiter:
    """A thread that waits for a clock; what it waits for has begun when this is made."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._looked, self._stop = threading.Semaphore(0), threading.Event()
        self._thread = threading.Thread(target=clock.wait, args=(seconds, self._is_over), daemon=True)
        self._thread.start()
        self.look()

    def _is_over(self) -> bool:
        self._looked.release()
        return self._stop.is_set()

    def look(self) -> None:
        """Return when the thread has looked once more at whether it is over."""
        assert self._looked.acquire(timeout=10)

    @property
    def has_ended(self) -> bool:
        """Whether the wait ends."""
        self._thread.join(10)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Say that it is over."""
        self._stop.set()
        self._thread.join(10)


# Standing still


def test_manual_clock_stands_still_until_advanced() -> None:
    """A manual clock shows where it was started, and moves by the seconds it is given."""
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


@pytest.mark.parametrize("seconds", [1e12, float("inf"), 10**400])
def test_clock_stays_within_the_calendar(seconds: float) -> None:
    """A time that has no time stamp is refused, and the clock stays."""
    clock = ManualClock(0)
    with pytest.raises(ValueError, match="must lie between the years 1 and 9999"):
        clock.advance(seconds)
    assert clock.now() == 0


@pytest.mark.parametrize("start", [1e12, -1e12, float("inf"), float("nan"), 10**400, "5"])
def test_clock_starts_within_the_calendar(start: Any) -> None:
    """A clock that shows no time is refused when it is made."""
    with pytest.raises(ValueError, match="must lie between the years 1 and 9999"):
        ManualClock(start)


def test_small_steps_are_one_large_one() -> None:
    """Where a clock is moved to does not depend on in how many steps: no step loses what floats lose."""
    one, many = ManualClock(1464853788), ManualClock(1464853788)
    one.advance(100)
    for _ in range(1000):
        many.advance(0.1)
    assert many.now() == one.now() == 1464853888


def test_manual_clock_starts_at_the_real_time() -> None:
    """Without a start, a manual clock takes the machine's time once."""
    before = SystemClock().now()
    assert before <= ManualClock().now() <= SystemClock().now()


def test_moved_is_called_after_the_move() -> None:
    """A listener of a clock hears of a move by hand when it has been made."""
    clock = ManualClock(0)
    seen: list[float] = []
    clock.moved = lambda: seen.append(clock.now())
    clock.advance(5)
    clock.advance(0)
    assert seen == [5, 5]


@pytest.mark.parametrize(
    "move", [lambda clock: clock.advance(-1), lambda clock: clock.advance(1e12), lambda clock: clock.jump_to(5, 0)]
)
def test_moved_is_not_called(move: Callable[[ManualClock], None]) -> None:
    """A rejected move is none, and a jump to another time calls no listener: its state comes after it."""
    clock = ManualClock(0)
    seen: list[float] = []
    clock.moved = lambda: seen.append(clock.now())
    try:
        move(clock)
    except ValueError:
        assert clock.now() == 0
    assert seen == []


# Running


def test_clock_that_runs(real: RealTime) -> None:
    """From `run` on so many seconds pass in a real one, and none before."""
    clock = ManualClock(1000)
    real.passed = 5
    clock.run(2.0)
    assert (clock.now(), clock.speed) == (1000, 2.0)
    real.passed = 8
    assert clock.now() == 1006


def test_clock_runs_as_time_does_by_default(real: RealTime) -> None:
    """Without a speed a second is a second."""
    clock = ManualClock(0)
    clock.run()
    real.passed = 7
    assert clock.now() == 7


def test_another_speed_keeps_what_has_passed(real: RealTime) -> None:
    """A clock goes on at another speed from where it is."""
    clock = ManualClock(0, speed=10)
    real.passed = 1
    clock.run(1)
    assert clock.now() == 10
    real.passed = 3
    assert clock.now() == 12


def test_freeze(real: RealTime) -> None:
    """A clock that is frozen shows where it was, however long."""
    clock = ManualClock(0, speed=1)
    real.passed = 5
    clock.freeze()
    real.passed = 100
    assert (clock.now(), clock.speed) == (5, 0)


def test_clock_that_runs_can_be_moved(real: RealTime) -> None:
    """A move comes on top of what has passed, and the clock runs on."""
    clock = ManualClock(0, speed=1)
    real.passed = 5
    clock.advance(100)
    real.passed = 6
    assert clock.now() == 106


def test_clock_stops_at_the_end_of_the_calendar(real: RealTime) -> None:
    """A clock that runs shows the last second for ever after."""
    clock = ManualClock(LAST - 1, speed=1e6)
    real.passed = 5
    assert clock.now() == LAST
    assert timestamp(clock.now()) == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize("speed", [-1, 1e7, float("nan"), float("inf"), "1", None, True])
def test_speed_that_cannot_be(speed: Any, real: RealTime) -> None:
    """A speed that is none is refused, and the clock goes on at its own."""
    clock = ManualClock(0, speed=2)
    for misuse in (clock.run, lambda wrong: ManualClock(0, wrong), lambda wrong: clock.jump_to(7, wrong)):
        with pytest.raises(ValueError, match="speed must be a number from 0 to 1e"):
            misuse(speed)
    real.passed = 1
    assert (clock.now(), clock.speed) == (2, 2)


def test_speed_is_set_by_run_alone() -> None:
    """A speed that is set past the clock would let it leap, and cannot be."""
    with pytest.raises(AttributeError):
        ManualClock(0).speed = 5  # type: ignore[misc]  # What is tested is that it is refused.


# Another time


def test_jump_to(real: RealTime) -> None:
    """A clock can be sent to another time, also back, and goes on from there."""
    clock = ManualClock(1000)
    clock.jump_to(10, 1)
    real.passed = 5
    assert (clock.now(), clock.speed) == (15, 1)


@pytest.mark.parametrize("seconds", [1e12, float("nan"), 10**400])
def test_jump_to_nowhere(seconds: Any) -> None:
    """A time that cannot be is refused, and neither time nor speed change."""
    clock = ManualClock(5)
    with pytest.raises(ValueError, match="must lie between"):
        clock.jump_to(seconds, 3)
    assert (clock.now(), clock.speed) == (5, 0)


# Waiting


def test_wait_ends_when_the_clock_is_moved() -> None:
    """Who waits at a clock that stands still is done once it has been moved so far."""
    clock = ManualClock(0)
    waiter = Waiter(clock, 3600)
    clock.advance(3600)
    assert waiter.has_ended


def test_wait_goes_on_when_the_clock_is_moved_less() -> None:
    """A move of less than what is waited for ends no wait."""
    clock = ManualClock(0)
    waiter = Waiter(clock, 3600)
    clock.advance(3599)
    waiter.look()
    waiter.look()
    clock.advance(1)
    assert waiter.has_ended


def test_wait_ends_when_it_is_over() -> None:
    """Who has nobody left to wait for waits no longer, and the clock is where it was."""
    clock = ManualClock(0)
    clock.wait(3600, lambda: True)
    assert clock.now() == 0


def test_wait_ends_when_the_clock_goes_to_another_time() -> None:
    """Going back in time does not let anybody wait until the time comes again."""
    clock = ManualClock(1000)
    waiter = Waiter(clock, 3600)
    clock.jump_to(0, 1)
    assert waiter.has_ended


def test_wait_at_a_clock_that_stands_still(real: RealTime) -> None:
    """Real seconds count while no others pass, so that nobody waits for ever."""
    clock = ManualClock(0)
    real.step = 1
    clock.wait(3, never)
    assert (clock.now(), real.passed) == (0, 4)


def test_wait_at_a_clock_that_runs(real: RealTime) -> None:
    """At a clock that runs its own seconds count: 100 are over in one real second at speed 100."""
    clock = ManualClock(0, speed=100)
    real.step = 0.25
    clock.wait(100, never)
    assert 100 <= clock.now() < 200


def test_is_over_is_asked_without_the_clocks_lock() -> None:
    """Others read the clock while somebody who waits looks whether it is over, however long that takes."""
    clock = ManualClock(0)
    read: list[float] = []

    def is_over() -> bool:
        reader = threading.Thread(target=lambda: read.append(clock.now()), daemon=True)
        reader.start()
        reader.join(10)
        return True

    clock.wait(3600, is_over)
    assert read == [0]


def test_wait_at_the_system_clock(real: RealTime) -> None:
    """The machine's time is waited for in short sleeps."""
    SystemClock().wait(1, never)
    assert real.passed == pytest.approx(1)


def test_wait_at_the_system_clock_ends_when_it_is_over(real: RealTime) -> None:
    """The machine's time is not waited for when nobody does any more."""
    looks = itertools.count()
    SystemClock().wait(3600, lambda: next(looks) == 2)
    assert real.passed < 1


# As text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1464853788.9, "2016-06-02T07:49:48Z"),
        (-62135596800, "0001-01-01T00:00:00Z"),
        (LAST, "9999-12-31T23:59:59Z"),
        (-0.5, "1969-12-31T23:59:59Z"),
    ],
)
def test_timestamps(seconds: float, text: str) -> None:
    """The service writes whole seconds of UTC with a Z, the one in which a moment lies."""
    assert timestamp(seconds) == text


def test_http_date() -> None:
    """HTTP has its own form."""
    assert http_date(1464853788) == "Thu, 02 Jun 2016 07:49:48 GMT"


def test_precise_timestamp() -> None:
    """What happened is shown to the millisecond."""
    assert precise_timestamp(1464853788.25) == "2016-06-02T07:49:48.250Z"


def test_later() -> None:
    """A moment so many seconds later has no more digits than microseconds need."""
    assert later(1464853788.1, 0.2) == 1464853788.3
    assert later(1795704941.0333197, 0) == 1795704941.03332


# Over the control API


def test_show_clock(api: Api) -> None:
    """The clock is shown as seconds, as text, and with its speed."""
    assert api("GET", "/_ims_mock/clock").get_json() == {"now": 1464853788, "time": PAGE, "speed": 0}


def test_move_clock(api: Api) -> None:
    """Any language can advance the clock, and gets back what it then shows."""
    response = api("POST", "/_ims_mock/clock", {"advance": 12.5})
    assert (response.status_code, response.get_json()) == (
        200,
        {"now": 1464853800.5, "time": "2016-06-02T07:50:00Z", "speed": 0},
    )
    assert api.create()["created_at"] == "2016-06-02T07:50:00Z"


def test_run_and_freeze_clock(api: Api, real: RealTime) -> None:
    """The clock is set to run, and to stand still."""
    assert api("POST", "/_ims_mock/clock", {"run": 3}).get_json()["speed"] == 3
    real.passed = 10
    assert api("POST", "/_ims_mock/clock", {"freeze": True}).get_json() == {
        "now": 1464853818,
        "time": "2016-06-02T07:50:18Z",
        "speed": 0,
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "body: must have one of advance, run and freeze, got {}"),
        ({"freeze": False}, "/freeze: must be true, got false"),
        ({"freeze": True, "run": 1}, 'body: must have one of advance, run and freeze, got {"freeze": true, "run": 1}'),
        ({"advance": 1, "run": 1}, 'body: must have one of advance, run and freeze, got {"advance": 1, "run": 1}'),
        ({"advance": -1}, "/advance: must be at least 0, got -1"),
        ({"advance": None}, "/advance: must be of type number, got null"),
        ({"advance": 1e300}, "a time must lie between the years 1 and 9999"),
        (b'{"advance": 1' + b"0" * 300 + b"}", "a time must lie between the years 1 and 9999"),
        ({"run": -1}, "/run: must be at least 0, got -1"),
        ({"run": True}, "/run: must be of type number, got true"),
        (
            {"advanse": 1},
            'body: has an unknown member "advanse"; the known members are advance, run, freeze; did you mean "advance"',
        ),
        ([], "body: must be of type object, got []"),
        (b"", "body: is empty"),
    ],
)
def test_clock_that_cannot_be_moved_so(api: Api, body: Any, message: str) -> None:
    """What is no move is refused by its name, and the clock stays."""
    response = api("POST", "/_ims_mock/clock", body)
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(message)
    assert (api.clock.now(), api.clock.speed) == (1464853788, 0)
