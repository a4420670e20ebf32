"""What the work sees of the time, and whoever has replaced it before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import freezegun
import pytest
import time_machine
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkims.v2 import ImsClient, ListImagesRequest

from ims_mock import ImsMock, ManualClock
from ims_mock.sweep.virtual_time import VirtualTime

HOUR = 3600.0
FROZEN = datetime(2030, 5, 4, 3, 2, 1, tzinfo=timezone.utc)


@pytest.fixture
def virtual() -> Iterator[VirtualTime]:
    """A virtual time in a run."""
    with VirtualTime() as virtual:
        virtual.begin(ManualClock(), 1e9, short=None)
        yield virtual


def of_day(text: str) -> float:
    """Return the seconds of a local time as time.ctime writes it."""
    return time.mktime(time.strptime(text))


CALENDARS: dict[str, Callable[[], float]] = {
    "time": lambda: time.time(),
    "time_ns": lambda: time.time_ns() / 1e9,
    "gmtime": lambda: time.mktime(time.gmtime()),
    "localtime": lambda: time.mktime(time.localtime()),
    "ctime": lambda: of_day(time.ctime()),
    "strftime": lambda: time.mktime(time.strptime(time.strftime("%Y%m%d%H%M%S"), "%Y%m%d%H%M%S")),
    "now": lambda: datetime.now().timestamp(),
    "now(utc)": lambda: datetime.now(timezone.utc).timestamp(),
    "utcnow": lambda: datetime.utcnow().timestamp(),
    "today": lambda: datetime.today().timestamp(),
}
COUNTERS: dict[str, Callable[[], float]] = {
    "monotonic": lambda: time.monotonic(),
    "monotonic_ns": lambda: time.monotonic_ns() / 1e9,
    "perf_counter": lambda: time.perf_counter(),
    "perf_counter_ns": lambda: time.perf_counter_ns() / 1e9,
}


# Python 3.12 warns of it, and clients call it.
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
@pytest.mark.parametrize("name", [*CALENDARS, *COUNTERS])
def test_clocks_show_what_was_slept(virtual: VirtualTime, name: str) -> None:
    """Every clock of the process goes on by an hour when the work sleeps so long."""
    clock = {**CALENDARS, **COUNTERS}[name]
    before = clock()
    time.sleep(HOUR)
    assert clock() - before == pytest.approx(HOUR, abs=60)


def test_formats_of_given_times_stay(virtual: VirtualTime) -> None:
    """What shows a time that it is given shows that one."""
    time.sleep(HOUR)
    assert time.gmtime(0)[:4] == (1970, 1, 1, 0)
    assert time.strftime("%Y", time.gmtime(0)) == "1970"


def test_days_pass(virtual: VirtualTime) -> None:
    """A date is that of the virtual time."""
    before = date.today()
    time.sleep(48 * HOUR)
    assert date.today() - before == timedelta(days=2)


def test_clock_that_is_moved_is_seen(virtual: VirtualTime) -> None:
    """Where the test, or a slow response, moves the mock's clock, the work sees that."""
    assert virtual.clock is not None
    before = time.monotonic()
    virtual.clock.advance(HOUR)
    assert time.monotonic() - before == pytest.approx(HOUR, abs=60)
    assert virtual.slept == 0


def test_calendar_goes_back_for_each_run(virtual: VirtualTime) -> None:
    """Each run begins at the time of the first; what counts seconds never goes back."""
    day, seconds = time.time(), time.monotonic()
    time.sleep(HOUR)
    virtual.end()
    virtual.begin(ManualClock(), 1e9, short=None)
    assert time.time() - day == pytest.approx(0, abs=60)
    assert time.monotonic() - seconds == pytest.approx(HOUR, abs=60)


def test_kind_of_datetime_stays(virtual: VirtualTime) -> None:
    """A subclass has moments of its own kind, in the zone that is asked for."""

    class Moment(datetime):
        pass

    time.sleep(HOUR)
    zone = timezone(timedelta(hours=8))
    moment = Moment.now(zone)
    assert (type(moment), moment.tzinfo) == (Moment, zone)
    assert type(datetime.now()) is datetime


@pytest.mark.parametrize("tick", [False, True])
@pytest.mark.parametrize("library", ["freezegun", "time-machine"])
def test_other_time_moves_with_the_sleeps(library: str, *, tick: bool) -> None:
    """A test that has its own time keeps it, and sleeps move it; afterwards it is as before."""
    other: Any = (
        freezegun.freeze_time(FROZEN, tick=tick) if library == "freezegun" else time_machine.travel(FROZEN, tick=tick)
    )
    with other:
        with VirtualTime() as virtual:
            for _ in range(2):
                virtual.begin(ManualClock(), 1e9, short=None)
                time.sleep(HOUR)
                for seen in (time.time(), datetime.now(timezone.utc).timestamp()):
                    assert seen - FROZEN.timestamp() == pytest.approx(HOUR, abs=60)
                virtual.end()
        assert time.time() - FROZEN.timestamp() == pytest.approx(0, abs=60)


@pytest.mark.ims_mock(auth="strict")
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_signatures_stay_valid(ims_mock: ImsMock) -> None:
    """A client that signs after it has slept for hours signs with the time that the mock's clock has."""
    credentials = BasicCredentials("demo-ak", "demo-sk", "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c")
    client = ImsClient.new_builder().with_credentials(credentials).with_endpoint(ims_mock.url).build()

    def work() -> int:
        count = 0
        for _ in range(3):
            count += len(client.list_images(ListImagesRequest(limit=1)).images)
            time.sleep(HOUR)
        return count

    report = ims_mock.sweep(work, only=["*: 404*"], pairs=0)
    assert report.baseline.slept == 3 * HOUR
