"""How time passes for a request: a manual clock is advanced, a running clock is waited for."""

from __future__ import annotations

from collections.abc import Callable

from ims_mock.state.clock import Clock, ManualClock
from ims_mock.state.times import LAST


def pass_time(
    clock: Clock, seconds: float, has_gone: Callable[[], bool], *, real_time: bool, late: float = 0.0
) -> None:
    """Advance a clock that stands still, unless in `real_time`; otherwise wait while the client is there.

    A wait for a clock that runs is over a little late. `late` is by how many seconds those before were, so that they do
    not add up.
    """
    if isinstance(clock, ManualClock) and not clock.speed and not real_time:
        clock.advance(min(seconds, LAST - clock.now()))
    else:
        clock.wait(max(seconds - late, 0.0), has_gone)
