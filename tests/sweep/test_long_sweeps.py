"""Sweeps that take long: what they show, what is left of one that is interrupted, and how often a fault must fire."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.sweep.checkpoints import Checkpoint
from ims_mock.sweep.plans import Plan
from ims_mock.sweep.progress import Progress
from ims_mock.sweep.report import InterruptedSweep
from ims_mock.sweep.rows import Group, Judged, Row
from ims_mock.sweep.runs import Run
from ims_mock.sweep.shrinking import smaller
from ims_mock.sweep.virtual_time import VirtualTime
from tests.sweep.reports import NOTHING, BackupError, Client, plan_of, report_of

ONLY = ["glance_create_image_metadata: 503*"]


def test_second_interrupt_leaves_nothing_undone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a sweep ends gives up the report; the time of the process and the mock are as before."""
    ends: dict[type, Any] = {
        kind: getattr(kind, name) for kind, name in ((Checkpoint, "end"), (VirtualTime, "__exit__"))
    }
    before = (client.mock.clock.now(), time.sleep, list(client.mock.images))
    interrupts: list[type] = []

    def interrupted(kind: type) -> Callable[..., None]:
        def end(*args: object) -> None:
            if kind not in interrupts:
                interrupts.append(kind)
                raise KeyboardInterrupt
            ends[kind](*args)

        return end

    monkeypatch.setattr(Checkpoint, "end", interrupted(Checkpoint))
    monkeypatch.setattr(VirtualTime, "__exit__", interrupted(VirtualTime))
    with pytest.raises(KeyboardInterrupt):
        client.mock.sweep(client.back_up, allowed=[BackupError], budget=1)
    assert interrupts == [VirtualTime, Checkpoint]
    assert (client.mock.clock.now(), time.sleep, list(client.mock.images)) == before


def test_interrupted_sweep_has_the_report_so_far(client: Client) -> None:
    """Ctrl-C raises a KeyboardInterrupt with the table of what is known; the mock is as before."""
    runs = []

    def work() -> object:
        runs.append(1)
        if len(runs) == 4:
            raise KeyboardInterrupt
        return client.back_up()

    client.mock.reset()
    with pytest.raises(InterruptedSweep) as raised:
        client.mock.sweep(work, only=ONLY)
    report = raised.value.report
    assert isinstance(raised.value, KeyboardInterrupt)
    assert ([row.plan.id for row in report.rows], report.is_whole) == ([f"{ONLY[0][:-1]} x1"], False)
    assert str(raised.value).splitlines()[:2] == ["the sweep was interrupted; so far:", "1 crash"]
    assert not client.mock.images
    assert not len(client.mock.faults)


def test_progress_is_called_after_each_plan(client: Client) -> None:
    """The function gets how many plans were run, and how many faults there are at least."""
    seen: list[tuple[int, int]] = []
    report = client.mock.sweep(client.back_up, only=ONLY, progress=lambda done, known: seen.append((done, known)))
    assert seen == [(number + 1, 2) for number in range(len(report.rows))]


def test_progress_is_printed_now_and_then() -> None:
    """A line is printed when the time has passed, and none before."""
    out, moments = io.StringIO(), iter([0.0, 4.9, 5.0, 5.0, 9.0, 10.0, 10.0])
    show = Progress(out, every=5, now=lambda: next(moments))
    for done in (1, 2, 3, 40):
        show(done, 30)
    assert out.getvalue() == "sweep: 2 plans of at least 30 were run\nsweep: 40 plans were run\n"


def retrying(client: Client, tries: int, give_up: Exception) -> Callable[[], object]:
    """Return work that tries so often, and then fails."""

    def work() -> object:
        for _ in range(tries):
            try:
                return client.back_up()
            except BackupError:
                continue
        raise give_up

    return work


@pytest.mark.parametrize("tries", [3, 4, 7])
def test_times_are_the_fewest_that_fail(client: Client, tries: int) -> None:
    """Where work tries again so often, the smallest plan that fails lets each try fail, and none more."""
    report = client.mock.sweep(retrying(client, tries, KeyError("size")), only=["*metadata: 503 *", "*metadata: 503"])
    (group,) = [item for item in report.groups() if item.verdict.name == "crash"]
    assert group.smallest.plan.id == f"glance_create_image_metadata: 503 x{tries}"


def test_budget_is_kept_where_times_are_sought(client: Client) -> None:
    """The plans that are tried for fewer times count as any other."""
    work = retrying(client, 60, KeyError("size"))
    report = client.mock.sweep(work, only=["*metadata: 503 *", "*metadata: 503"], requests=100, budget=4)
    assert (len(report.rows), report.is_whole) == (4, False)


def test_work_that_never_gives_up_is_not_sought(client: Client) -> None:
    """A fault that fires more often than anybody counts is shown as one for ever."""
    work = retrying(client, 70, KeyError("size"))
    report = client.mock.sweep(work, only=["*metadata: 503 *", "*metadata: 503"], requests=100)
    assert [row.plan.injections[0].times for row in report.rows] == [1, 2, None]


def test_mock_passes_progress_on() -> None:
    """Without a function nothing is called, and the sweep is the same."""
    with ImsMock() as mock:
        assert mock.sweep(Client(mock).back_up, only=ONLY, pairs=0).rows


def group_of(plan: Plan, run: Run, hits: int) -> Group:
    """Return a group of one failure."""
    report = report_of(Row(plan, run, hits=hits))
    return report.groups()[0]


def test_no_times_are_sought_of_work_that_hangs() -> None:
    """Work that does not end hangs however often the fault fires, and is not run for it again."""
    hung = group_of(plan_of(times=None), Run(hung="it waited", state=NOTHING), 10)
    assert list(smaller(hung, lambda plan: pytest.fail(f"{plan.id} was run"))) == []


def test_no_times_are_shown_that_do_not_fail() -> None:
    """Where none of the plans with fewer times fails alike, the search ends."""

    def judge(plan: Plan) -> Judged:
        return report_of().judge(Row(plan, Run(state=NOTHING)))

    found = smaller(group_of(plan_of(times=None), Run(error=KeyError("a"), state=NOTHING), 9), judge)
    assert [row.plan.injections[0].times for row in found] == [5, 7, 8, 9]
