"""Fewer times: where a fault that lasts for ever fails and one that fires twice does not, how often it must fire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ims_mock.sweep.plans import TIMES, Plan
from ims_mock.sweep.rows import Group, Judged, Row

MOST_TIMES = 64
"""A fault that fires more often than this is one that lasts for ever, such as that of work which does not give up."""


def smaller(group: Group, judge: Callable[[Plan], Judged]) -> Iterator[Row]:
    """Yield the rows of the plans that are tried, by halving, to find the one that fires the fewest times.

    `judge` runs a plan and returns what came of it. Of work that hangs no smaller plan is sought: it does not end.
    """
    first = group.members[0]
    tried = max(times for times in TIMES if times is not None)
    hits = first.row.hits
    if [injection.times for injection in first.row.plan.injections] != [None] or not tried < hits <= MOST_TIMES:
        return
    if first.verdict.name == "hang":
        return
    (injection,) = first.row.plan.injections
    survived, failing, is_seen = tried, hits, False
    while failing - survived > 1 or not is_seen:
        times = (survived + failing) // 2 if failing - survived > 1 else failing
        found = judge(Plan((replace(injection, times=times),)))
        yield found.row
        if found.reason == first.reason:
            failing, is_seen = times, True
        elif times == failing:
            return
        else:
            survived = times
