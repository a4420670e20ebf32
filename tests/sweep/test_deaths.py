"""Threads of the work that end by an error which nobody catches."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.sweep.report import SweepReport
from tests.sweep.client import Client, ImsError, RefusedError


@pytest.fixture(autouse=True)
def reported(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let pytest not warn of the threads; return what Python reports of them."""
    found: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda ended: found.append(ended.exc_type))
    return found


def in_thread(look: Callable[[], object]) -> None:
    """Call something in a thread, and wait for that, as a program does that does not ask what came of it."""
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()


def swept(ims_mock: ImsMock, end: Callable[[], object] = lambda: None, **settings: Any) -> SweepReport:
    """Return the report of work whose thread looks at the images, and does not catch errors; `end` is what follows."""

    def look() -> None:
        with Client(ims_mock.url, ims_mock.token) as client:
            client.ask("GET", "/v2/images?limit=1")

    def work() -> None:
        in_thread(look)
        end()

    return ims_mock.sweep(work, only=["*: 404 x1"], pairs=0, **settings)


def verdicts(report: SweepReport) -> list[str]:
    """Return the verdicts of a report."""
    return [report.verdict(row).name for row in report.rows]


def test_error_that_ends_a_thread_is_a_crash(ims_mock: ImsMock, reported: list[Any]) -> None:
    """The report says that it was a thread, which error, and where; Python reports it as ever."""
    before = threading.excepthook
    report = swept(ims_mock)
    (row,) = report.rows
    name, detail = report.verdict(row)
    assert name == "crash"
    assert detail.startswith("a thread ended with RefusedError: the service responded 404 (")
    assert "client.py:" in detail
    assert reported == [RefusedError]
    assert threading.excepthook == before


def test_allowed_error_may_end_a_thread(ims_mock: ImsMock) -> None:
    """With an allowed error the verdict is by what the work returns and leaves."""
    assert verdicts(swept(ims_mock, allowed=[ImsError])) == ["survived"]


def test_allowed_end_of_the_work_does_not_hide_it(ims_mock: ImsMock) -> None:
    """Work whose thread has crashed, and that ends with an allowed error by itself, has crashed."""

    def end() -> None:
        if any(entry.status == 404 for entry in ims_mock.journal):
            raise LookupError("nothing found")

    assert verdicts(swept(ims_mock, end, allowed=[LookupError])) == ["crash"]


def test_thread_that_ends_so_without_failure_is_no_crash(ims_mock: ImsMock) -> None:
    """What a thread does in the good run too is not held against the work."""

    def end() -> None:
        in_thread(lambda: [].pop())

    assert verdicts(swept(ims_mock, end)) == ["survived"]


def test_threads_of_others_are_not_the_works(ims_mock: ImsMock) -> None:
    """A thread that was there before the run may end as it does."""
    go_on = threading.Event()

    def fail() -> None:
        go_on.wait()
        raise KeyError("name")

    other = threading.Thread(target=fail)
    other.start()

    def end() -> None:
        if any(entry.status == 404 for entry in ims_mock.journal):
            go_on.set()
            other.join()

    assert verdicts(swept(ims_mock, end, allowed=[ImsError])) == ["survived"]
