"""Work that does not end by itself is ended, however it resists, and nothing is raised after it."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.service.service import Service
from ims_mock.sweep import watching
from ims_mock.sweep.runs import Run
from ims_mock.sweep.waits import HangError
from ims_mock.sweep.watching import Watch
from tests.sweep.client import Client

TOO_LONG = "it waited for more than 120 s"


@pytest.fixture
def watch() -> Iterator[Watch]:
    """A watch of the thread of the test, for an hour."""
    watch = Watch(Service(), lambda: None)
    watch.begin(1000, 3600)
    yield watch
    watch.end()
    watch.close()


def ended(mock: ImsMock, go_on: Callable[[], object]) -> Run:
    """Return the run of work that goes on where its request fails."""

    def work() -> None:
        with Client(mock.url, mock.token) as client:
            status = client.send("GET", "/v2/images?limit=1")[0]
        if status != 200:
            go_on()

    return mock.sweep(work, plan="glance_list_images: 503").rows[0].run


def wait() -> None:
    """Wait for ever."""
    while True:
        time.sleep(100)


def swallow() -> None:
    """Go on twice where it is ended, and then wait for ever."""
    for _ in range(2):
        with suppress(BaseException):
            wait()
    wait()


def wait_on_the_way_out() -> None:
    """Wait for minutes where it is ended, as clients do that close gracefully."""
    try:
        wait()
    finally:
        time.sleep(300)
        time.sleep(300)


def in_a_thread() -> None:
    """Let another thread wait for ever."""
    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()


def in_a_loop() -> None:
    """Let a task of asyncio wait for ever, and put something back."""

    async def work() -> None:
        try:
            await asyncio.sleep(1e5)
        finally:
            await asyncio.sleep(1)

    asyncio.run(work())


@pytest.mark.parametrize("go_on", [wait, swallow, wait_on_the_way_out, in_a_thread, in_a_loop])
def test_work_that_waits_for_ever_is_ended(ims_mock: ImsMock, go_on: Callable[[], object]) -> None:
    """It hangs, whether or not it catches everything, or waits elsewhere."""
    assert ended(ims_mock, go_on).hung == TOO_LONG


def test_sweep_in_another_thread(ims_mock: ImsMock) -> None:
    """No signal reaches it, and the error does."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(ended(ims_mock, swallow).hung))
    thread.start()
    thread.join()
    assert found == [TOO_LONG]


def test_sweep_while_steps_are_followed(ims_mock: ImsMock) -> None:
    """A profiler, as coverage and debuggers are tracers, sees the same, wherever the work runs."""
    found: list[Any] = []

    def work() -> None:
        sys.setprofile(lambda *_: None)
        found.append(ended(ims_mock, swallow).hung)
        sys.setprofile(None)
        found.append(sum(range(100_000)))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(60)
    assert found == [TOO_LONG, 4999950000]


def test_nothing_is_raised_after_the_end(watch: Watch) -> None:
    """What was to be raised is taken back, or was raised before the end."""
    with suppress(HangError):
        watch.end_work("it is enough")
    watch.end()
    assert sum(range(100_000)) == 4999950000
    assert watch.why == "it is enough"


def test_nothing_is_raised_after_the_end_in_a_thread() -> None:
    """So it is in a thread, where it waits for the next step."""
    seen: list[str] = []

    def look() -> None:
        watch = Watch(Service(), lambda: None)
        watch.begin(1000, 3600)
        with suppress(HangError):
            watch.end_work("it is enough")
        watch.end()
        seen.append(watch.why)
        watch.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == ["it is enough"]


def test_work_that_cannot_be_ended_is_shown(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where work goes on for long, stderr has the place, for no error can end it."""
    monkeypatch.setattr(watching, "_PATIENCE", 0.0)
    monkeypatch.setattr(watching, "_AGAIN", 0.0)
    monkeypatch.setattr(Watch, "_raise", lambda _: None)
    watch.end_work("it is enough")
    shown = ""
    while "cannot be ended" not in shown:
        shown += capsys.readouterr().err
    assert "it is enough, and cannot be ended: it catches BaseException" in shown
    assert "in test_work_that_cannot_be_ended_is_shown" in shown


def test_work_that_asks_without_end_has_the_same_row_each_time(ims_mock: ImsMock) -> None:
    """How many requests it sends until somebody sees that it is too many is not in the report."""

    def ask() -> int:
        status = 503
        with Client(ims_mock.url, ims_mock.token) as client:
            while status == 503:
                status = client.send("GET", "/v2/images?limit=1")[0]
        return status

    (row,) = ims_mock.sweep(ask, plan="glance_list_images: 503").rows
    assert row.run.hung == "it sent more than 30 requests"
    assert row.requests == ("GET /v2/images?limit=1 503! x31",)
    assert row.hits == 31


def test_end_of_a_run_does_not_end_the_next(watch: Watch) -> None:
    """What is known of one run's limits is of no other, though that has begun meanwhile."""
    watch.end()
    watch.begin(1000, 3600)
    watch.end_work("it took more real time than a run may", run=1)
    assert watch.why == ""
    with suppress(HangError):
        watch.end_work("it is enough", run=2)
        wait()
    assert watch.why == "it is enough"
