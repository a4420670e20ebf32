"""A sweep as a whole: what it needs, in which order it runs plans, and how it leaves the mock."""

from __future__ import annotations

import asyncio
import gc
import itertools
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

import pytest

from ims_mock import Fail, ImsMock, SystemClock
from ims_mock.sweep import watching
from ims_mock.sweep.engine import BaselineError, Sweep
from ims_mock.sweep.known import KnownFailures
from ims_mock.sweep.watching import Watch
from tests.sweep.client import Client, ImsError

Work = Callable[[], Any]


@pytest.fixture
def work(ims_mock: ImsMock) -> Work:
    """Work of two requests, which names an image and leaves it queued."""

    def create() -> Any:
        with Client(ims_mock.url, ims_mock.token) as client:
            client.ask("POST", "/v2/images", b'{"name": "web"}')
            return len(client.find("web"))

    return create


def ids(ims_mock: ImsMock, work: Work, **bounds: Any) -> list[str]:
    """Return the ids of the plans that a sweep runs."""
    return [row.plan.id for row in ims_mock.sweep(work, allowed=[ImsError], **bounds).rows]


def test_armed_rules_are_rejected(ims_mock: ImsMock, work: Work) -> None:
    """A sweep arms its own rules, and says so where there are others."""
    ims_mock.faults.add(Fail(503), optional=True)
    with pytest.raises(ValueError, match=r"remove them first: faults\.clear\(\)"):
        ims_mock.sweep(work)
    assert len(ims_mock.faults) == 1


def test_foreign_clock_is_rejected(work: Work) -> None:
    """A sweep moves the clock, which it can only where it is the mock's."""

    with (
        ImsMock(clock=SystemClock()) as ims_mock,
        pytest.raises(ValueError, match="leave out clock="),
    ):
        ims_mock.sweep(work)


def test_work_that_fails_alone_has_no_sweep(ims_mock: ImsMock) -> None:
    """The error says why, and its cause is the error of the work."""

    def broken() -> None:
        raise LookupError("no such disk")

    with pytest.raises(BaselineError, match="no such disk") as caught:
        ims_mock.sweep(broken)
    assert isinstance(caught.value.__cause__, LookupError)


def test_work_that_hangs_alone_has_no_sweep(ims_mock: ImsMock) -> None:
    """Work that waits for days is ended, though nothing fails."""
    with pytest.raises(BaselineError, match="it waited for more than"):
        ims_mock.sweep(lambda: time.sleep(1e6))


def test_work_that_goes_on_after_its_end_is_ended_again(ims_mock: ImsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who catches everything gets the error again, by the signal of the main thread and not from outside of Python."""
    raised = []
    monkeypatch.setattr(watching, "_raise_in", lambda _, kind: raised.append(kind))

    def stubborn() -> None:
        with Client(ims_mock.url, ims_mock.token) as client:
            while client.send("GET", "/v2/images?limit=1")[0] != 200:
                with suppress(BaseException):
                    time.sleep(1)

    report = ims_mock.sweep(stubborn, plan="glance_list_images: 503")
    assert [report.verdict(row).name for row in report.rows] == ["hang"]
    assert set(raised) <= {None}


def test_work_without_requests_has_no_plans(ims_mock: ImsMock) -> None:
    """There is nothing to try where nothing is asked."""
    report = ims_mock.sweep(lambda: 1)
    assert (report.rows, report.is_whole) == ([], True)


@pytest.mark.parametrize(
    ("path", "value", "unsteady"),
    [
        ("/v2/images?limit={number}", "", ["request 1"]),
        ("/v2/images?limit=9", "{number}", ["what it returned"]),
        ("/v2/images?limit=9", "", []),
        ("/v2/images/00000000-0000-0000-0000-00000000000{number}", "", []),
    ],
)
def test_unsteady_work_is_reported(ims_mock: ImsMock, path: str, value: str, unsteady: list[str]) -> None:
    """What differs between two good runs is named; ids alone may differ."""
    numbers = itertools.count(1)

    def count() -> str:
        number = next(numbers)
        with Client(ims_mock.url, ims_mock.token) as client:
            client.send("GET", path.format(number=number))
        return value.format(number=number)

    assert ims_mock.sweep(count, only=["nothing"]).unsteady == unsteady


def test_value_that_differs_by_itself_is_not_compared(ims_mock: ImsMock) -> None:
    """A duration, or a count of calls, is another one in each run, and no plan is to blame for it."""
    calls = itertools.count()

    def work() -> int:
        with Client(ims_mock.url, ims_mock.token) as client:
            client.find("web")
        return next(calls)

    report = ims_mock.sweep(work, allowed=[ImsError], only=["*: 503* x1"])
    report.assert_survives()
    assert "what it returned was not the same in two runs; what it returns is not compared" in "".join(report.summary())


@pytest.mark.parametrize(("code", "verdict"), [(None, "survived"), (0, "survived"), (3, "crash"), ("no", "crash")])
def test_exit_of_the_work(ims_mock: ImsMock, code: Any, verdict: str) -> None:
    """sys.exit ends a program well without a code, or with 0."""

    def work() -> None:
        with Client(ims_mock.url, ims_mock.token) as client:
            status = client.send("GET", "/v2/images?limit=1")[0]
        sys.exit(code if status != 200 else 0)

    (row,) = ims_mock.sweep(work, plan="glance_list_images: 404 x1").judged()
    assert row.verdict.name == verdict


def test_what_the_work_adds_without_a_request_was_there_before(ims_mock: ImsMock) -> None:
    """It is not left behind where the work fails to delete it, and every read sees it; what it sends is its own."""

    def tidy() -> int:
        ims_mock.add_image(name="web", status="active")
        with Client(ims_mock.url, ims_mock.token) as client:
            found = client.ask("GET", "/v2/images?limit=9")["images"]
            client.ask("POST", "/v2/images", b'{"name": "web"}')
            for image in found:
                client.ask("DELETE", f"/v2/images/{image['id']}")
            return len(found)

    only = ["glance_delete_image: 403 x1", "glance_list_images: stale*", "glance_create_image_metadata: 403 x1"]
    report = ims_mock.sweep(tidy, allowed=[ImsError], only=only, pairs=0)
    assert [(row.plan.id, report.verdict(row)[0]) for row in report.rows] == [
        ("glance_list_images: stale(reads=1) x1", "survived"),
        ("glance_list_images: stale(reads=2) x1", "survived"),
        ("glance_create_image_metadata: 403 x1", "failed_cleanly"),
        ("glance_delete_image: 403 x1", "left_behind"),
    ]
    assert "image 'web' queued" in report.verdict(report.rows[-1]).detail
    assert "active" not in report.verdict(report.rows[-1]).detail


def test_order_of_members_is_no_difference(ims_mock: ImsMock) -> None:
    """A client may write the members of its JSON in another order each time."""
    bodies = itertools.cycle([b'{"name": "web", "min_disk": 40}', b'{"min_disk": 40, "name": "web"}'])

    def create() -> None:
        with Client(ims_mock.url, ims_mock.token) as client:
            client.ask("POST", "/v2/images", next(bodies))

    assert ims_mock.sweep(create, only=["nothing"]).unsteady == []


def test_unsteady_state_is_reported(ims_mock: ImsMock) -> None:
    """So is an image that is there after the second run alone."""
    names = itertools.count(1)

    def create() -> None:
        with Client(ims_mock.url, ims_mock.token) as client:
            client.ask("POST", "/v2/images", b'{"name": "web%d"}' % next(names))

    assert ims_mock.sweep(create, only=["nothing"]).unsteady == ["request 1", "what is there at the end"]


def test_smaller_plans_come_first(ims_mock: ImsMock, work: Work) -> None:
    """A fault is tried once before twice, and that before for ever."""
    found = ids(ims_mock, work, only=["glance_list_images: 503*", "glance_list_images: 502*"], pairs=0)
    assert found[:3] == ["glance_list_images: 502 x1", "glance_list_images: 502 x2", "glance_list_images: 502"]
    assert found[3:9] == [plan.replace("502", "503") for plan in found[:3]] + [
        "glance_list_images: 503(retry_after=30) x1",
        "glance_list_images: 503(retry_after=30) x2",
        "glance_list_images: 503(retry_after=30)",
    ]


def test_plan_that_cannot_differ_is_saved(ims_mock: ImsMock, work: Work) -> None:
    """Where the create is not tried again, a second failure of it would meet nothing."""
    report = ims_mock.sweep(work, allowed=[ImsError], only=["glance_create_image_metadata: 500*"])
    assert [row.plan.id for row in report.rows] == ["glance_create_image_metadata: 500 x1"]
    assert report.saved == 2


def test_pairs_are_of_plans_that_were_survived(ims_mock: ImsMock, work: Work) -> None:
    """Two failures together are tried where each alone has done no harm, and does not keep the work from the other."""
    found = ids(ims_mock, work, only=["*500 x1*", "*hangup*x1*"], skip=["*lose*"], pairs=9)
    assert [plan for plan in found if ";" in plan] == ["glance_list_images: 500 x1; glance_list_images: hangup x1"]


@pytest.mark.parametrize(("pairs", "run"), [(0, 0), (2, 2), (10**30, 3)])
def test_pairs_are_bounded(pairs: int, run: int, ims_mock: ImsMock, work: Work) -> None:
    """No more pairs are run than the bounds say, and than there are."""
    found = ids(ims_mock, work, only=["glance_list*: 500 x1", "glance_list*hangup*x1"], pairs=pairs)
    assert len([plan for plan in found if ";" in plan]) == run


def test_bounds_that_are_none_are_named(ims_mock: ImsMock, work: Work) -> None:
    """A misspelt bound is named, with the known ones."""
    with pytest.raises(TypeError, match=r"a sweep has no bound 'onyl'; the bounds are only, skip, budget, "):
        ims_mock.sweep(work, onyl=["status"])


@pytest.mark.parametrize(("budget", "is_whole"), [(1, False), (5, False), (6, True), (7, True)])
def test_budget_in_plans(budget: int, ims_mock: ImsMock, work: Work, *, is_whole: bool) -> None:
    """So many plans are run at most, and the report says whether those were all."""
    report = ims_mock.sweep(work, allowed=[ImsError], budget=budget, only=["glance_create*: 5*"], pairs=0)
    assert (len(report.rows), report.is_whole) == (min(budget, 6), is_whole)


def test_fail_fast_ends_at_the_first_failure(ims_mock: ImsMock, work: Work) -> None:
    """After the first plan that is not survived no other is begun, and the report says that it is not whole."""
    report = ims_mock.sweep(work, fail_fast=True, pairs=0)
    assert [report.verdict(row).name for row in report.rows] == ["crash"]
    assert "the sweep ended at its first failure, before all plans were run" in list(report.summary())[1]


def test_fail_fast_finds_the_smallest_plan(ims_mock: ImsMock) -> None:
    """A client that tries four times fails first where a fault lasts for ever, and four times is enough."""

    def retried() -> None:
        with Client(ims_mock.url, ims_mock.token) as client:
            for wait in (1, 2, 4, 0):
                if client.send("GET", "/v2/images?limit=1")[0] == 200:
                    return
                time.sleep(wait)
            raise LookupError

    report = ims_mock.sweep(retried, fail_fast=True, only=["*: 50[02]*"], pairs=0)
    (group,) = report.groups()
    assert group.smallest.plan.id == "glance_list_images: 500 x4"
    assert {row.plan.injections[0].short for row in report.rows} == {"500"}


def test_fail_fast_goes_on_after_known_failures(ims_mock: ImsMock, work: Work) -> None:
    """What is accepted is no failure, so that all plans are run."""
    only = ["glance_create*: 50[02]*"]
    known = KnownFailures({f"glance_create_image_metadata: {status} x1": "crash" for status in (500, 502)})
    report = ims_mock.sweep(work, fail_fast=True, only=only, pairs=0, baseline=known)
    assert (len(report.rows), report.is_whole, report.has_failed) == (2, True, False)


def test_budget_in_seconds_ends_a_sweep(ims_mock: ImsMock, work: Work) -> None:
    """A sweep whose time is over runs no more plans."""
    report = ims_mock.sweep(work, budget="0.0s")
    assert (report.rows, report.is_whole) == ([], False)


@pytest.mark.parametrize("plan", ["glance_list_images: 503 x7", "glance_list_images: 503 x1; show_job: reset x1"])
def test_one_plan_alone(plan: str, ims_mock: ImsMock, work: Work) -> None:
    """A plan is run by its id, whether or not a sweep would have it, and nothing else."""
    assert ids(ims_mock, work, plan=plan) == [plan]


def test_work_of_more_requests_than_the_journal_keeps(ims_mock: ImsMock) -> None:
    """A sweep sees them all; plans are bounded, and the report says so. The journal keeps as many as before again."""
    ims_mock.reset(journal_size=5)

    def many() -> None:
        with Client(ims_mock.url, ims_mock.token) as client:
            for number in range(30):
                client.ask("GET", f"/v2/images?limit={number + 1}")

    report = ims_mock.sweep(many, allowed=[ImsError], only=["*: 503 x1*"], pairs=0)
    assert [row.plan.injections[0].step.number for row in report.rows] == [*range(1, 11), *range(21, 31)]
    assert list(report.summary())[1:] == [
        "30 requests, 20 plans, 0 saved",
        "10 other requests of glance_list_images met no failure; a greater steps=N lets more of them meet one",
    ]
    assert ims_mock.journal.size == 5


def test_real_time_is_by_the_good_run(ims_mock: ImsMock, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run may take real_seconds, and ten times what the good one took."""
    begin, given = Watch.begin, []

    def note(watch: Watch, requests: int, seconds: float) -> None:
        given.append(seconds)
        begin(watch, requests, seconds)

    monkeypatch.setattr(Watch, "begin", note)
    ims_mock.sweep(work, allowed=[ImsError], only=["*: 503 x1"], pairs=0, real_seconds=5)
    assert given[0] == 5
    assert all(seconds > 5 for seconds in given[2:])


def test_one_plan_that_never_fires_is_reported(ims_mock: ImsMock, work: Work) -> None:
    """A plan that changes nothing is not survived."""
    with pytest.raises(
        ValueError, match="'show_job: 503' never fired; the requests of the work are glance_create_image_meta"
    ):
        ids(ims_mock, work, plan="show_job: 503")


def test_plans_are_seen_without_being_run(ims_mock: ImsMock, work: Work) -> None:
    """The list is that with which a sweep begins, and needs the good runs alone."""
    runs = itertools.count()
    sweep = Sweep(ims_mock.service, lambda: (next(runs), work())[1], lambda: None)
    plans = sweep.plans()
    assert len(plans) > 100
    assert next(runs) == 2
    assert ids(ims_mock, work, budget=1) == [plans[0].id]


def left(ims_mock: ImsMock) -> Any:
    """Return what a mock remembers, its clock, what is denied, and the id of the image that is made next."""
    denied = [denial.action for denial in ims_mock.service.permissions.denials]
    state = ims_mock.service.store.snapshot_records()
    return ims_mock.clock.now(), denied, state, len(ims_mock.faults), len(ims_mock.journal)


class Interrupt(BaseException):
    """What a test raises in the middle of a sweep."""


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt, Interrupt])
@pytest.mark.parametrize("where", ["work", "progress"])
def test_mock_is_as_before(error: type[BaseException] | None, where: str, ims_mock: ImsMock, work: Work) -> None:
    """After a sweep, however it ends, the mock has the state, the clock and the denials of before, and no rules."""
    ims_mock.add_image(name="kept", data=b"x")
    ims_mock.deny("ims:images:delete")
    ims_mock.clock.advance(5)
    before, runs = left(ims_mock), itertools.count()

    def fail(*_: object) -> None:
        if error is not None and next(runs) == 2:
            raise error

    def disturbed() -> Any:
        fail()
        return work()

    with pytest.raises(error) if error and not (where == "work" and error is RuntimeError) else nullcontext():
        if where == "work":
            ims_mock.sweep(disturbed, allowed=[ImsError], budget=5)
        else:
            ims_mock.sweep(work, allowed=[ImsError], budget=5, progress=fail)
    assert left(ims_mock) == before


def test_rewound_mock_gives_the_same_ids(ims_mock: ImsMock, work: Work) -> None:
    """The image that is made after a sweep has the id that it would have without one."""
    expected = ims_mock.add_image(name="kept")["id"]
    ims_mock.reset()
    ims_mock.sweep(work, allowed=[ImsError], budget=3)
    assert ims_mock.add_image(name="kept")["id"] == expected


def test_work_meets_what_is_denied(ims_mock: ImsMock) -> None:
    """What a test has denied stays so in every run."""
    ims_mock.deny("ims:images:list")

    def listed() -> int:
        with Client(ims_mock.url, ims_mock.token) as client:
            return client.send("GET", "/v2/images?limit=1")[0]

    assert ims_mock.sweep(listed, budget=2).baseline.value == 403


def test_work_of_two_threads(ims_mock: ImsMock) -> None:
    """Requests of threads that the work starts, and waits for, meet the faults too."""

    def in_threads() -> list[int]:
        found: list[int] = []

        def look() -> None:
            with Client(ims_mock.url, ims_mock.token) as client:
                found.append(client.send("GET", "/v2/images?limit=1")[0])

        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(found)

    report = ims_mock.sweep(in_threads, only=["*: 503 x1*"], pairs=0)
    assert [row.run.value for row in report.rows] == [[200, 503], [200, 503]]
    assert report.unsteady == []


def test_work_of_coroutines(ims_mock: ImsMock) -> None:
    """Work may be a loop of asyncio, in which requests and sleeps overlap."""

    async def look(seconds: float) -> int:
        await asyncio.sleep(seconds)
        reader, writer = await asyncio.open_connection(*ims_mock.url.removeprefix("http://").split(":"))
        writer.write(
            b"GET /v2/images?limit=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Auth-Token: %s\r\n\r\n"
            % ims_mock.token.encode()
        )
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return int(line.split()[1])

    async def both() -> list[int]:
        return list(await asyncio.gather(look(3600), look(1)))

    report = ims_mock.sweep(lambda: asyncio.run(both()), only=["*: 503 x1*"], pairs=0, patience=4000)
    assert [sorted(row.run.value) for row in report.rows] == [[200, 503], [200, 503]]
    assert report.baseline.slept >= 3600


@pytest.mark.thorough
def test_memory_is_flat_over_many_plans(ims_mock: ImsMock) -> None:
    """After 10,000 plans there are no more objects than after the first thousand."""

    def listed() -> None:
        with Client(ims_mock.url, ims_mock.token) as client:
            client.ask("GET", "/v2/images?limit=1")

    def run(plans: int) -> int:
        done = 0
        while done < plans:
            report = ims_mock.sweep(listed, allowed=[ImsError], skip=["*stall*", "*timeout*", "*drip*"], pairs=0)
            done += len(report.rows)
        del report
        gc.collect()
        return len(gc.get_objects())

    first = run(1000)
    assert run(9000) < first + 1000


@pytest.mark.parametrize("tries", [1, 2])
def test_work_that_waits_for_a_lock_is_ended(ims_mock: ImsMock, work: Work, tries: int) -> None:
    """Nobody releases the lock, and the thread takes no step; a second one is waited for on the way out."""
    lock = threading.Lock()

    def stuck(left: int = tries) -> None:
        try:
            if left:
                lock.acquire()
        finally:
            if left:
                stuck(left - 1)

    def waits() -> None:
        lock.acquire(blocking=False)
        try:
            work()
        except ImsError:
            stuck()

    before = signal.getsignal(signal.SIGURG)
    report = ims_mock.sweep(waits, plan="glance_create_image_metadata: 503", real_seconds=0.5)
    assert [report.verdict(row) for row in report.rows] == [("hang", "it took more real time than a run may")]
    assert signal.getsignal(signal.SIGURG) == before


def test_end_that_a_finalizer_has_met_comes_again(
    ims_mock: ImsMock, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python ignores what a finalizer raises, and reports it, which pytest takes for a warning of the test."""
    reported: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", reported.append)

    class Endless:
        def __del__(self) -> None:
            while True:
                pass

    def stuck() -> None:
        try:
            work()
        except ImsError:
            Endless()
            while True:
                pass

    report = ims_mock.sweep(stuck, plan="glance_create_image_metadata: 503", real_seconds=0.5)
    assert [report.verdict(row) for row in report.rows] == [("hang", "it took more real time than a run may")]
    assert reported == []
