"""What came of a plan: from the worst to the best."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from ims_mock.sweep.runs import Failure, Run
from ims_mock.sweep.states import State, shown

VERDICTS = ("crash", "hang", "wrong_success", "left_behind", "bad_manners", "failed_cleanly", "survived")
"""Every verdict, the worst first."""

GOOD = ("survived", "failed_cleanly")
"""The verdicts with which a sweep passes."""

_MOST, _END = 400, 100
"""How many characters of a reason are shown, and how many of its end, which names the place."""

Allowed = tuple[type[BaseException], ...]
"""The exceptions with which the work may end."""


class Verdict(NamedTuple):
    """A verdict, and in words what it rests on."""

    name: str
    detail: str


def verdict_on(run: Run, baseline: Run, before: State, allowed: Allowed) -> Verdict:
    """Return what came of a run, held against the good one and the state before."""
    if run.hung:
        return Verdict("hang", run.hung)
    failure = _death(run, baseline, allowed) or run.failure
    found = _of_failure(failure, run, baseline, before, allowed) if failure else _of_success(run, baseline)
    if run.unended and found.name in (*GOOD, "left_behind"):
        text = f"it has not ended what it began: {', '.join(run.unended)}"
        return Verdict("left_behind", f"{text}; {found.detail}" if found.detail else text)
    if found.name in GOOD:
        lacking = [text for rule, text in run.manners.items() if rule not in baseline.manners]
        if lacking:
            return Verdict("bad_manners", "; ".join(lacking))
    return found


def _death(run: Run, baseline: Run, allowed: Allowed) -> Failure | None:
    """Return the error that has ended a thread, where it is the worst of a run: the good one has lost no thread."""
    failure, death = run.failure, run.died
    is_clean = failure is None or issubclass(failure.kind, allowed)
    if death is None or baseline.died is not None or issubclass(death.kind, allowed) or not is_clean:
        return None
    return replace(death, text=f"a thread ended with {death.text}")


def _of_failure(failure: Failure, run: Run, baseline: Run, before: State, allowed: Allowed) -> Verdict:
    text = failure.text
    if not issubclass(failure.kind, allowed):
        name = "wrong_success" if failure.is_judgement else "crash"
        return Verdict(name, f"{text} ({failure.frame})" if failure.frame else text)
    left = list(_left_behind(run, baseline, before))
    return Verdict("left_behind", f"{'; '.join(left)} (after {text})") if left else Verdict("failed_cleanly", text)


def _of_success(run: Run, baseline: Run) -> Verdict:
    assert run.state is not None
    assert baseline.state is not None
    missing, more = baseline.state.without(run.state), run.state.without(baseline.state).excusing(run.excused)
    if missing:
        return Verdict("wrong_success", f"it succeeded, but there is no {'; no '.join(_described(missing))}")
    if more:
        return Verdict("left_behind", f"it succeeded, but there is also {'; '.join(_described(more))}")
    if baseline.is_steady and run.outcome.plain != baseline.outcome.plain:
        return Verdict("wrong_success", f"it returned {run.outcome.in_place_of(baseline.outcome)}")
    return Verdict("survived", "")


def _left_behind(run: Run, baseline: Run, before: State) -> Iterator[str]:
    """Yield what a run that failed has left: what is neither as before, nor a whole part of what was to be."""
    assert run.state is not None
    assert baseline.state is not None
    new = run.state.without(before)
    for image in new.images - run.excused:
        is_whole = json.loads(image).get("status") == "active"
        if not is_whole or run.state.images[image] > baseline.state.images[image]:
            yield shown(image)
    yield from (f"record {_short(text)}" for text in new.others - baseline.state.others)
    for image in before.without(run.state).images:
        if baseline.state.images[image] > run.state.images[image]:
            yield f"{shown(image)} is missing"


def _described(state: State) -> list[str]:
    jobs = (f"successful job {job}" for job in state.jobs)
    return [*map(shown, state.images), *jobs, *(f"record {_short(text)}" for text in state.others)]


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "..."


def shortened(text: str) -> str:
    """Return a reason without its middle where it is too long to be read: some errors quote a whole document."""
    return text if len(text) <= _MOST else f"{text[: _MOST - _END]} ... {text[-_END:]}"
