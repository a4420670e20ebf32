"""The sweep: the work is run well, its requests are learnt, and it is run again under every plan."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from ims_mock.contract.operations import load_contract
from ims_mock.evidence.journal import Entry
from ims_mock.service.service import Service
from ims_mock.state.clock import ManualClock
from ims_mock.state.real import RealTime
from ims_mock.sweep.bounds import Bounds
from ims_mock.sweep.checkpoints import MOST_REQUESTS, Checkpoint
from ims_mock.sweep.deaths import Deaths
from ims_mock.sweep.interrupts import surely, surely_left, unreported_hangs
from ims_mock.sweep.known import KnownFailures
from ims_mock.sweep.logs import logged
from ims_mock.sweep.misuse import check_done, check_served, check_untouched
from ims_mock.sweep.plans import Plan, faults_for, plan_of, plans_of
from ims_mock.sweep.report import InterruptedSweep, SweepReport
from ims_mock.sweep.rows import Judged, Row, pairs_of
from ims_mock.sweep.runs import Run, Work, look_at, run_work
from ims_mock.sweep.secrets import secrets_of
from ims_mock.sweep.shrinking import smaller
from ims_mock.sweep.sockets import LESS_SHORT, SHORT
from ims_mock.sweep.states import Start, plain_text, state_of
from ims_mock.sweep.steps import ends_of, steps_of
from ims_mock.sweep.verdicts import GOOD, Allowed, verdict_on
from ims_mock.sweep.virtual_time import VirtualTime
from ims_mock.sweep.waits import HangError
from ims_mock.sweep.watching import Watch

_PARTING, _PAUSE = 0.25, 0.2
"""Real seconds in which the mock sees that a client is gone: at the end of the work, and where it sleeps."""


_UNDER_WAY: WeakSet[Service] = WeakSet()
"""The mocks that are swept now."""


class BaselineError(AssertionError):
    """Raised where the work fails without any failure, or is not the same when it is run again."""


class _SpentError(Exception):
    """Raised where a plan was to be run, and the budget is spent."""


@dataclass
class Sweep:
    """One sweep of some work against a mock.

    `drop` closes the connections of the server; `virtual` is whether the sleeps of the work move the mock's clock;
    `progress` is called with what has been run and how many plans there are at least; `has_unread` returns whether the
    server has something to read, and `port` is where it listens; `watch` has it call what is given with each connection
    that a thread begins to serve. `known` are failures that are accepted; `file` is that of the test whose work it is.
    `is_served` returns whether there is a server.
    """

    service: Service
    work: Work
    drop: Callable[[], object]
    bounds: Bounds = field(default_factory=Bounds)
    allowed: Allowed = ()
    virtual: bool = True
    progress: Callable[[int, int], object] = lambda _done, _known: None
    has_unread: Callable[[], bool] = lambda: False
    is_served: Callable[[], bool] = lambda: True
    port: int = 0
    watch: Callable[[Callable[[Any], object]], object] = lambda _on_hand_over: None
    known: KnownFailures = field(default_factory=KnownFailures)
    file: str = ""

    def run(self) -> SweepReport:
        """Return the report of every plan; the mock is left as it was before.

        Raises BaselineError where the work alone fails, ValueError where rules are armed, or the work takes the mock
        from the sweep, TypeError for work that returns before it is done, such as a coroutine, and InterruptedSweep,
        which has what is known so far, for Ctrl-C.
        """
        self._prepare()
        try:
            with surely_left(self._time), unreported_hangs(), surely_left(self._deaths), ExitStack() as stack:
                stack.callback(self._watch.close)
                self._watch_server(stack)
                report = self._begin()
                self._fill(report)
                return report
        finally:
            surely(self._end)

    def _fill(self, report: SweepReport) -> None:
        """Run the plans, and append their rows to the report."""
        try:
            for row in self._rows(report):
                report.rows.append(row)
                self.progress(len(report.rows), self._known)
        except KeyboardInterrupt:
            report.ended = "by an interrupt"
            raise InterruptedSweep(report) from None

    def plans(self) -> list[Plan]:
        """Return the plans that a run would begin with, after the baseline alone."""
        self._prepare()
        try:
            with surely_left(self._time), unreported_hangs(), surely_left(self._deaths), ExitStack() as stack:
                stack.callback(self._watch.close)
                self._watch_server(stack)
                report = self._begin()
                if self.bounds.plan is not None:
                    return [plan_of(self.bounds.plan)]
                return [plan for plans in self._single(report) for plan in plans]
        finally:
            surely(self._end)

    def _prepare(self) -> None:
        service = self.service
        if any(len(region.faults) for region in service.regions):
            raise ValueError("rules are armed, and a sweep arms its own; remove them first: faults.clear()")
        if not all(isinstance(region.store.clock, ManualClock) for region in service.regions):
            raise ValueError(
                "a sweep moves the mock's own clock, but this mock was given another one; leave out clock="
            )
        if service in _UNDER_WAY:
            raise RuntimeError(
                "a sweep of this mock is under way, so its work cannot begin another one; remove the inner sweep"
            )
        if self.virtual:
            VirtualTime.check_free()
        self._checkpoint = Checkpoint(service)
        self._was_served = self.is_served()
        self._watch, self._deaths = Watch(service, self.drop), Deaths()
        self._time: AbstractContextManager[object] = VirtualTime() if self.virtual else ExitStack()
        self._ended = RealTime.monotonic() + (float("inf") if self.bounds.seconds is None else self.bounds.seconds)
        self._known = 0
        _UNDER_WAY.add(service)

    def _end(self) -> None:
        self._checkpoint.end()
        _UNDER_WAY.discard(self.service)

    def _watch_server(self, stack: ExitStack) -> None:
        if isinstance(self._time, VirtualTime):
            self.watch(self._time.sockets.busy.add)
            stack.callback(self.watch, lambda _connection: None)

    def _begin(self) -> SweepReport:
        """Run the work well twice, and return the report without any plan."""
        self._checkpoint.rewind()
        self._start = Start(self.service)
        before = state_of(self.service, self._start)
        self._limits = (MOST_REQUESTS, self.bounds.patience * 100, self.bounds.real_seconds)
        began = RealTime.monotonic()
        baseline, again = self._good_run(), self._good_run()
        self._start.touch(self.service)
        self._limits = (
            min(self.bounds.requests * len(baseline.entries) + 20, MOST_REQUESTS),
            self.bounds.patience + 10 * baseline.slept,
            # Two runs, and five times that; where time is real, real_seconds is all that there is.
            self.bounds.real_seconds + (5 * (RealTime.monotonic() - began) if self.virtual else 0),
        )
        unsteady = _differences(baseline, again)
        baseline.is_steady = again.is_steady = baseline.outcome.plain == again.outcome.plain
        report = SweepReport(baseline, before, self.allowed, unsteady=unsteady, known=self.known, bounds=self.bounds)
        report.secrets = secrets_of(self.service)
        return report

    def _good_run(self) -> Run:
        with logged() as lines:
            run = self._once(None)
        run.logged = lines
        if run.error is not None or run.hung:
            raise BaselineError(
                f"the work fails although no rule was armed: {run.hung or repr(run.error)}"
            ) from run.error
        check_done(run.value)
        return run

    def _once(self, plan: Plan | None, *, short: float = SHORT) -> Run:
        """Run the work under a plan, from the state before; the plan's rules say how often they fired."""
        service = self.service
        self._checkpoint.rewind()
        mark = service.journal.mark()
        self._start.move_at_next_request(service)
        self._rules = [service.faults.arm(injection.rule()) for injection in plan.injections] if plan else []
        requests, seconds, real_seconds = self._limits
        asked = sum(injection.asked_wait for injection in plan.injections) if plan else 0.0
        seconds += asked
        self._begin_time(seconds, short if plan is not None and plan.is_silent else None)
        self._watch.begin(requests, real_seconds + (0 if self.virtual else asked))
        run = self._watched(self.file if plan else None)
        check_untouched(service, mark, self._rules)
        check_served(self._was_served, self.is_served())
        run.hung = self._watch.why or run.hung
        run.slept = self._time.slept if isinstance(self._time, VirtualTime) else 0.0
        run.unended = self._end_requests()
        look_at(run, service, self._start, is_real=not self.virtual)
        # How many more there are depends on the moment at which somebody sees that.
        run.entries = run.entries[: requests + 1] if run.hung else run.entries
        return run

    def _begin_time(self, limit: float, short: float | None) -> None:
        """Begin the virtual time of a run, if it is virtual."""
        clock, virtual = self.service.store.clock, self._time
        if isinstance(virtual, VirtualTime) and isinstance(clock, ManualClock):
            virtual.begin(clock, limit, short=short)
            virtual.others = [other for other in self._clocks() if other is not clock]
            virtual.hang = self._watch.end_work
            virtual.settle = lambda: self._wait_for_requests(_PAUSE)
            virtual.sockets.is_taking = self._is_taking
            virtual.sockets.port = self.port
            virtual.waits.is_busy = lambda: (
                self._is_taking() or len(self._in_progress()) > len(virtual.sockets.silences)
            )

    def _watched(self, file: str | None) -> Run:
        """Run the work until it ends, or is ended; nothing is raised in it, and no time passes, after this."""
        run = Run()
        self._deaths.begin(file or "")
        try:
            try:
                run = run_work(self.work, f"{self.service.store.seed}", file)
            finally:
                self._watch.end()
        except HangError:
            # It was raised where the work had ended.
            self._watch.end()
        finally:
            left = self._time.end() if isinstance(self._time, VirtualTime) else []
        run.threads, run.died = sorted(thread.name for thread in left), self._deaths.first
        return run

    def _end_requests(self) -> list[str]:
        """Let requests end whose client is gone already; end those whose client is not, and return them."""
        self._wait_for_requests(_PARTING)
        found = [entry.operation or entry.path for entry in self._in_progress()]
        if found:
            self.drop()
            self._wait_for_requests(1)
        return found

    def _in_progress(self) -> list[Entry]:
        return [entry for region in self.service.regions for entry in region.journal.in_progress()]

    def _clocks(self) -> list[ManualClock]:
        clocks = (region.store.clock for region in self.service.regions)
        return [clock for clock in clocks if isinstance(clock, ManualClock)]

    def _wait_for_requests(self, seconds: float) -> None:
        """Wait until no request is under way, also none that was sent and not read yet."""
        until = RealTime.monotonic() + seconds
        looks = 1
        while looks and RealTime.monotonic() < until:
            # In real time nobody sees what the mock has read a moment ago, and what becomes a request in the next.
            looks = (1 if self.virtual else 3) if self._is_busy() else looks - 1
            RealTime.sleep(0.0005 if looks else 0)

    def _is_busy(self) -> bool:
        # In this order, which is that of a request on its way.
        return self._is_taking() or bool(self._in_progress())

    def _is_taking(self) -> bool:
        """Return whether the mock has not read all that was sent, or does something with what it has read."""
        return self.has_unread() or (isinstance(self._time, VirtualTime) and self._time.sockets.is_busy)

    def _single(self, report: SweepReport) -> Iterator[list[Plan]]:
        """Yield the plans of one fault each, those of one fault at one request together."""
        operations = load_contract().operations
        every = steps_of(report.baseline.entries)
        steps = ends_of(every, self.bounds.steps)
        report.left_out = Counter(step.operation for step, _ in every) - Counter(step.operation for step, _ in steps)
        for step, entry in steps:
            for fault in faults_for(operations[step.operation], entry, is_real=not self.virtual):
                plans = [plan for plan in plans_of(step, fault) if self.bounds.has(plan)]
                if plans:
                    yield plans

    def _rows(self, report: SweepReport) -> Iterator[Row]:
        if self.bounds.plan is not None:
            yield self._only_row(plan_of(self.bounds.plan), report)
            return
        groups = list(self._single(report))
        self._known = len(groups)
        for plans in groups:
            yield from self._of_fault(plans, report)
        for plan in self._pairs(report):
            if self._is_over(report):
                break
            yield self._row(plan, report)
        with suppress(_SpentError):
            for group in report.groups():
                yield from smaller(group, lambda plan: self._judged(plan, report))

    def _only_row(self, plan: Plan, report: SweepReport) -> Row:
        """Return the row of the one plan that is asked for; raise ValueError where it changes nothing."""
        row = self._row(plan, report)
        if not any(rule.hits for rule in self._rules):
            asked = ", ".join(dict.fromkeys(entry.operation or entry.path for entry in report.baseline.entries))
            raise ValueError(f"plan: {plan.id!r} never fired; the requests of the work are {asked or 'none'}")
        return row

    def _judged(self, plan: Plan, report: SweepReport) -> Judged:
        if self._is_spent(report):
            raise _SpentError
        return report.judge(self._row(plan, report))

    def _of_fault(self, plans: list[Plan], report: SweepReport) -> Iterator[Row]:
        """Yield the rows of one fault at one request; a plan that cannot differ from the one before is saved."""
        for index, plan in enumerate(plans):
            if self._is_over(report):
                return
            row = self._row(plan, report)
            (rule,) = self._rules
            if not rule.hits:
                report.saved += len(plans) - index
                return
            yield row
            # What comes after the last hit would meet the fault with a larger plan alone.
            if rule.times is None or rule.hits < rule.times or not self._asked_again():
                report.saved += len(plans) - index - 1
                return

    def _asked_again(self) -> bool:
        """Return whether the operation was requested after the last hit."""
        (rule,) = self._rules
        fired = [entry.number for entry in self.service.journal if rule.id in entry.rules]
        return any(
            entry.operation == rule.operation and entry.number > fired[-1] for entry in self.service.journal if fired
        )

    def _row(self, plan: Plan, report: SweepReport) -> Row:
        """Run the work under a plan; once more, with longer timeouts, where those were perhaps too short for it."""
        row = Row.of(plan, self._once(plan), report.baseline)
        has_guessed = isinstance(self._time, VirtualTime) and self._time.sockets.has_guessed
        if has_guessed and plan.is_silent and report.verdict(row).name not in GOOD:
            return Row.of(plan, self._once(plan, short=LESS_SHORT), report.baseline)
        return row

    def _is_over(self, report: SweepReport) -> bool:
        """Return whether no other plan is begun; the report is not whole then, and says why."""
        if self.bounds.fail_fast and report.rows and report.judge(report.rows[-1]).fails:
            report.ended = report.ended or "at its first failure"
        return self._is_spent(report) or not report.is_whole

    def _is_spent(self, report: SweepReport) -> bool:
        """Return whether the budget is spent; the report is not whole then."""
        most = self.bounds.plans
        is_spent = (most is not None and len(report.rows) >= most) or RealTime.monotonic() > self._ended
        if is_spent:
            report.ended = report.ended or "at its budget"
        return is_spent

    def _pairs(self, report: SweepReport) -> Iterator[Plan]:
        """Yield pairs of plans that were survived, each of other families or other requests, where both can fire."""
        survived: dict[tuple[str, int, str], Row] = {}
        for row in report.rows:
            (injection,) = row.plan.injections
            verdict = verdict_on(row.run, report.baseline, report.before, self.allowed)
            if verdict.name in GOOD and injection.times == 1:
                key = (injection.step.operation, injection.step.number, injection.fault.family)
                survived.setdefault(key, row)
        pairs = (
            Plan((*one.plan.injections, *other.plan.injections)) for one, other in pairs_of(list(survived.values()))
        )
        yield from itertools.islice(filter(self.bounds.has, pairs), min(self.bounds.pairs, len(survived) ** 2))


def _differences(one: Run, other: Run) -> list[str]:
    """Return what was not the same in two good runs."""
    asked = [[_asked(entry) for entry in run.entries] for run in (one, other)]
    found = []
    if asked[0] != asked[1]:
        number = next((i for i, pair in enumerate(zip(*asked, strict=False)) if pair[0] != pair[1]), len(asked[0]))
        found.append(f"request {number + 1}")
    if one.state != other.state:
        found.append("what is there at the end")
    if one.outcome.plain != other.outcome.plain:
        found.append("what it returned")
    return found


def _asked(entry: Entry) -> tuple[str, str, str]:
    """Return what a request asks for, whatever ids and times it has."""
    body = entry.request_body.decode("utf-8", "replace")
    with suppress(ValueError, RecursionError):
        # Members of an object have no order, and each process of a command may write them in another.
        body = json.dumps(json.loads(body), sort_keys=True)
    return entry.method, plain_text(entry.path), plain_text(body)
