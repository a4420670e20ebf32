"""How far a sweep goes, and which plans it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.wording import shown
from ims_mock.sweep.plans import Plan, plan_of

_SECONDS = re.compile(r"([0-9]+(?:\.[0-9]+)?)s")

_NUMBERS: tuple[tuple[str, float, type], ...] = (
    ("pairs", 0, int),
    ("steps", 1, int),
    ("patience", 0, float),
    ("requests", 1, int),
    ("real_seconds", 0.1, float),
)
"""The bounds that are numbers: the least, and of which kind."""


@dataclass(frozen=True)
class Bounds:
    """How far a sweep goes.

    `only` and `skip` are globs of plan ids and of families, such as "wire", "*: 503*" or "glance_upload_image*". The
    plans are those that one of `only` matches, if there are any, and none of `skip` does. `budget` is how many of them
    are run at most, or in how many real seconds, "30s"; None is without end. `pairs` is how many pairs of plans that
    were survived are run at most. Of more than `steps` requests of one operation, half so many at the beginning and at
    the end meet failures. A run may wait `patience` seconds of the clock more than ten times the good one, send
    `requests` times as many requests as that, and some more, and take `real_seconds` longer than ten times as long.
    With `plan`, the id of a plan, that one alone is run. With `fail_fast` no other plan is begun after the first
    failure. Raises InvalidError naming what is wrong.
    """

    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    budget: int | str | None = None
    pairs: int = 30
    steps: int = 20
    patience: float = 120.0
    requests: int = 10
    real_seconds: float = 10.0
    plan: str | None = None
    fail_fast: bool = False

    def __post_init__(self) -> None:
        for name in ("only", "skip"):
            globs = getattr(self, name)
            if not isinstance(globs, (list, tuple)) or not all(isinstance(glob, str) for glob in globs):
                raise wrong_setting(name, "type", f"must be a list of globs, got {shown(globs)}", globs)
        for name, least, kind in _NUMBERS:
            _check_number(name, getattr(self, name), least, kind)
        if self.budget is not None and self.plans is None and self.seconds is None:
            text = f'must be a number of plans, or seconds such as "30s", got {shown(self.budget)}'
            raise wrong_setting("budget", "format", text, self.budget)
        if not isinstance(self.fail_fast, bool):
            text = f"must be True or False, got {shown(self.fail_fast)}"
            raise wrong_setting("fail_fast", "type", text, self.fail_fast)
        self._check_plan()

    def _check_plan(self) -> None:
        if self.plan is None:
            return
        if not isinstance(self.plan, str):
            raise wrong_setting("plan", "type", f"must be the id of a plan, got {shown(self.plan)}", self.plan)
        try:
            plan_of(self.plan)
        except ValueError as error:
            raise wrong_setting("plan", "format", str(error), self.plan) from None

    @property
    def plans(self) -> int | None:
        """How many plans are run at most."""
        is_number = isinstance(self.budget, int) and not isinstance(self.budget, bool) and self.budget > 0
        return self.budget if is_number and isinstance(self.budget, int) else None

    @property
    def seconds(self) -> float | None:
        """In how many real seconds plans are run."""
        match = _SECONDS.fullmatch(self.budget) if isinstance(self.budget, str) else None
        return float(match[1]) if match else None

    def has(self, plan: Plan) -> bool:
        """Return whether a plan is one of those that are run."""
        names = [plan.id, *plan.families]

        def is_named(globs: Sequence[str]) -> bool:
            return any(fnmatchcase(name, glob) for name in names for glob in globs)

        return (not self.only or is_named(self.only)) and not is_named(self.skip)

    def asks_for(self, plan_id: str) -> bool:
        """Return whether a sweep that is not ended before runs the plan with an id, where the work meets it."""
        if self.plan is not None:
            return plan_of(self.plan).id == plan_id
        try:
            plan = plan_of(plan_id)
        except ValueError:
            # It is none, or none any more.
            return True
        if len(plan.injections) == 1:
            return self.has(plan)
        # A pair is one of plans that were run.
        return self.pairs > 0 and all(map(self.has, [plan, *(Plan((one,)) for one in plan.injections)]))


NAMES = tuple(item.name for item in fields(Bounds))
"""The names of all bounds."""


def bounds_of(settings: Mapping[str, Any]) -> Bounds:
    """Return the bounds with these settings; raise TypeError for a name that is none, InvalidError as Bounds does."""
    for name in settings:
        if name not in NAMES:
            raise TypeError(f"a sweep has no bound {name!r}; the bounds are {', '.join(NAMES)}")
    return Bounds(**settings)


def _check_number(name: str, value: Any, least: float, kind: type) -> None:
    is_one = isinstance(value, (int, kind)) and not isinstance(value, bool)
    if not is_one or not value >= least:
        text = "a whole number" if kind is int else "a number"
        raise wrong_setting(name, "minimum", f"must be {text}, {least} or more, got {shown(value)}", value)
