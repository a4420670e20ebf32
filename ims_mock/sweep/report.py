"""What a sweep found: a row for each plan, with the line that repeats it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from pathlib import PurePath
from typing import Any

from ims_mock.contract.wording import counted
from ims_mock.evidence.consumers.contract import ConsumerContract
from ims_mock.state.real import RealFiles
from ims_mock.sweep.bounds import Bounds
from ims_mock.sweep.junit import junit
from ims_mock.sweep.known import KnownFailures, changes
from ims_mock.sweep.misuse import checked_kinds
from ims_mock.sweep.needs import contract_of, needs_of, outcomes_of
from ims_mock.sweep.page import page
from ims_mock.sweep.rows import Group, Judged, Row, groups_of, requests_of
from ims_mock.sweep.runs import Run
from ims_mock.sweep.secrets import hidden
from ims_mock.sweep.states import State
from ims_mock.sweep.table import MOST, table
from ims_mock.sweep.verdicts import VERDICTS, Allowed, Verdict, shortened, verdict_on


@dataclass
class SweepReport:
    """The rows of a sweep, the good run, and the state `before`.

    `saved` counts the plans that could not differ from others, and were not run; `unsteady` says what was not the same
    when the work was run well twice; `ended` says at what a sweep ended whose report is not whole, as in "at its
    budget". `left_out` counts the requests of each operation that met no failure, as there were so many. `secrets` are
    texts that no form of the report shows; `known` are failures that are accepted; `bounds` say which plans there were.
    """

    baseline: Run
    before: State
    allowed: Allowed = ()
    rows: list[Row] = field(default_factory=list)
    saved: int = 0
    unsteady: list[str] = field(default_factory=list)
    ended: str = ""
    left_out: Counter[str] = field(default_factory=Counter)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    known: KnownFailures = field(default_factory=KnownFailures)
    bounds: Bounds = field(default_factory=Bounds)

    @property
    def is_whole(self) -> bool:
        """Whether all plans were run."""
        return not self.ended

    def allowing(self, *allowed: type[BaseException]) -> SweepReport:
        """Return the report in which the work may end with these exceptions too."""
        return replace(self, allowed=(*self.allowed, *checked_kinds(allowed))) if allowed else self

    def accepting(self, baseline: str | PathLike[str] | KnownFailures | None) -> SweepReport:
        """Return the report in which failures are accepted: known ones, or those in a file that `save_baseline` wrote.

        Raises FileNotFoundError where there is none, and ValueError for a file of another kind.
        """
        if baseline is None:
            return self
        known = baseline if isinstance(baseline, KnownFailures) else KnownFailures.load(baseline)
        return replace(self, known=known)

    def verdict(self, row: Row, allowed: Iterable[type[BaseException]] = ()) -> Verdict:
        """Return the verdict on a row, if these exceptions are allowed beside those of the sweep."""
        name, detail = verdict_on(row.run, self.baseline, self.before, (*self.allowed, *allowed))
        return Verdict(name, shortened(hidden(detail, self.secrets)))

    def judged(self) -> list[Judged]:
        """Return every row with what came of it, in the order in which they were run."""
        return [self.judge(row) for row in self.rows]

    def judge(self, row: Row) -> Judged:
        """Return a row with what came of it, and whether that is known."""
        verdict = self.verdict(row)
        return Judged(row, verdict, self.known.has(row.plan.id, verdict.name))

    def groups(self) -> list[Group]:
        """Return the failures, the worst first; those with the same reason at the same request are one."""
        return groups_of(self.judged())

    def counts(self, allowed: Iterable[type[BaseException]] = ()) -> dict[str, int]:
        """Return how many rows have each verdict, the worst first."""
        found = Counter(item.verdict.name for item in self.allowing(*allowed).judged())
        return {name: found[name] for name in VERDICTS}

    @property
    def has_failed(self) -> bool:
        """Whether a plan was neither survived, nor failed cleanly, nor is its failure a known one; or none was run."""
        return not self.rows or any(item.fails for item in self.judged())

    @property
    def unrun(self) -> str:
        """Why no plan was run, which says nothing of the work; "" where some were."""
        if self.rows:
            return ""
        if self.ended:
            why = f"the sweep ended {self.ended}"
        elif not any(entry.operation for entry in self.baseline.entries):
            why = "the work sends no request to the mock"
        else:
            why = "only and skip leave no failure for its requests; new_sweep(...).plans(), or --list, shows all plans"
        return f"no plan was run: {why}"

    def assert_survives(
        self, allowed: Iterable[type[BaseException]] = (), *, baseline: str | PathLike[str] | None = None
    ) -> None:
        """Raise AssertionError with the table unless every plan was survived or failed cleanly, and one was run.

        `baseline` is a file of failures that are accepted, as `save_baseline` writes it.
        """
        __tracebackhide__ = True
        report = self.allowing(*checked_kinds(allowed)).accepting(baseline)
        if report.unrun:
            raise AssertionError(report.unrun)
        if report.has_failed:
            raise AssertionError("\n".join(["the work does not survive every failure", *report.lines()]))

    def lines(self, allowed: Iterable[type[BaseException]] = (), *, most: int = MOST) -> Iterator[str]:
        """Yield the table, the worst verdict first; rows that failed alike are one, and at `most` so many are shown."""
        report = self.allowing(*allowed)
        yield from report.summary()
        yield from table(report.groups(), most)

    def summary(self) -> Iterator[str]:
        """Yield what was run, and how many plans have each verdict."""
        yield ", ".join(f"{count} {name}" for name, count in self.counts().items() if count) or "no plans"
        end = f"; the sweep ended {self.ended}, before all plans were run" if self.ended else ""
        requests, plans = counted(len(self.baseline.entries), "request"), counted(len(self.rows), "plan")
        yield f"{requests}, {plans}, {self.saved} saved{end}"
        for operation, count in self.left_out.items():
            yield f"{count} other requests of {operation} met no failure; a greater steps=N lets more of them meet one"
        if self.unsteady:
            end = "" if self.baseline.is_steady else "; what it returns is not compared"
            yield f"without any failure, {' and '.join(self.unsteady)} was not the same in two runs{end}"
        if self.baseline.threads:
            names = ", ".join(self.baseline.threads)
            yield f"threads of the work go on after it, and meet the failures of later runs: {names}"
        if self.known.verdicts:
            judged = self.judged()
            known, new = sum(item.is_known for item in judged), sum(item.fails for item in judged)
            yield f"{known} failures are known, {new} are new"
            verdicts = {item.row.plan.id: item.verdict.name for item in judged}
            yield from changes(self.known, verdicts, lambda plan_id: plan_id not in verdicts and self._covers(plan_id))

    def as_json(self, allowed: Iterable[type[BaseException]] = ()) -> dict[str, Any]:
        """Return the report as JSON has it: the baseline, the counts, and every plan with its verdict."""
        report = self.allowing(*allowed)
        baseline = {
            "requests": requests_of(self.baseline.entries),
            "seconds": self.baseline.slept,
            "logged": [hidden(line, self.secrets) for line in self.baseline.logged],
            "unsteady": self.unsteady,
            "threads": self.baseline.threads,
            "saved": self.saved,
            "is_whole": self.is_whole,
            "ended": self.ended,
            "left_out": dict(self.left_out),
        }
        plans = [_as_json(item) for item in report.judged()]
        return {"baseline": baseline, "counts": report.counts(), "plans": plans}

    def save_baseline(self, path: str | PathLike[str]) -> None:
        """Write the failures of this sweep into a file, to be accepted from now on; see `accepting`.

        Those that are known already stay in it where the sweep did not ask for their plans, or ended before them.
        """
        judged = self.judged()
        run = {item.row.plan.id for item in judged}
        kept = {name: of for name, of in self.known.verdicts.items() if name not in run and not self._covers(name)}
        KnownFailures(kept | {item.row.plan.id: item.verdict.name for item in judged if not item.is_good}).save(path)

    def _covers(self, plan_id: str) -> bool:
        """Return whether the sweep has run the plan with an id, or would have, had the work met it."""
        return self.is_whole and self.bounds.asks_for(plan_id)

    def needs(self) -> dict[str, list[str]]:
        """Return the optional attributes, by operation, without which the work does not do what it does with them.

        They are places such as "/images/*/size". A sweep with `only` or a budget may have looked at a part of them.
        """
        return needs_of(outcomes_of(self.judged()))

    def consumer_contract(self, name: str) -> ConsumerContract:
        """Return the contract of a client called so: the good run's requests, and what the sweep says of attributes.

        One that cannot be dropped is needed, one that can but not be null or of another type is read, and the types
        are those that the client takes. Raises ValueError for an empty name.
        """
        return contract_of(self.baseline.entries, name, outcomes_of(self.judged()))

    def as_junit(self) -> str:
        """Return the report as a file of JUnit, with one test a plan."""
        return junit(self.judged(), self.summary())

    def as_html(self) -> str:
        """Return the report as one page that needs nothing else."""
        return page(self.judged(), self.summary(), self.as_json())

    def save(self, path: str | PathLike[str]) -> None:
        """Write the report into a file, in the form that the name ends with: .html, .json, .xml (JUnit) or .txt.

        Raises ValueError for another ending, OSError where the file cannot be written.
        """
        write = _FORMS.get(PurePath(path).suffix.lower())
        if write is None:
            raise ValueError(f"path: must end in {', '.join(_FORMS)}, got {fspath(path)!r}")
        RealFiles.write(fspath(path), write(self).encode("utf-8", "backslashreplace"))


class InterruptedSweep(KeyboardInterrupt):
    """Raised where a sweep is interrupted; `report` is what is known so far, and the text is its table."""

    def __init__(self, report: SweepReport) -> None:
        super().__init__("\n".join(["the sweep was interrupted; so far:", *report.lines()]))
        self.report = report


_FORMS: Mapping[str, Callable[[SweepReport], str]] = {
    ".html": SweepReport.as_html,
    ".json": lambda report: json.dumps(report.as_json(), indent=2) + "\n",
    ".xml": SweepReport.as_junit,
    ".txt": lambda report: "\n".join(report.lines(most=len(report.rows))) + "\n",
}
"""What writes a report, by the end of the file's name."""


def _as_json(item: Judged) -> dict[str, Any]:
    row = item.row
    return {
        "id": row.plan.id,
        "faults": [json.loads(json.dumps(injection.rule().settings())) for injection in row.plan.injections],
        "verdict": item.verdict.name,
        "detail": item.verdict.detail,
        "requests": list(row.requests),
        "reproduce": row.reproduce,
    }
