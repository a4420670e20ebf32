"""The time that a test has frozen with freezegun or time-machine, neither of which is imported here."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any, NamedTuple

from ims_mock.state.real import RealTime

MODULES = sys.modules
_EPOCH = datetime(1970, 1, 1)
_PACKAGE = "ims_mock"


class Frozen(NamedTuple):
    """A frozen time, in seconds since 1970-01-01T00:00:00Z, and the object of the library that holds it."""

    by: object
    seconds: float


def frozen_time() -> Frozen | None:
    """Return the time that a test has frozen, the innermost one; None where none is, or where it is not for the mock.

    freezegun leaves a package alone that is in its `ignore`. A frozen time that ticks is read without a tick.
    """
    # The clock looks here several times in each request.
    freezegun, time_machine = MODULES.get("freezegun.api"), MODULES.get("time_machine")
    if freezegun is None and time_machine is None:
        return None
    try:
        return _freezegun(freezegun) or _time_machine(time_machine)
    except IndexError:  # It has ended meanwhile, in another thread.
        return None


def _freezegun(api: Any) -> Frozen | None:
    factories = getattr(api, "freeze_factories", None)
    if not factories or _PACKAGE in (api.ignore_lists[-1] or ()):
        return None
    factory = factories[-1]
    # A call of one that ticks by itself returns the time; a call of one that ticks at each look would move it.
    moment = factory() if hasattr(factory, "start") else factory.time_to_freeze
    return Frozen(factory, (moment - _EPOCH).total_seconds())


def _time_machine(module: Any) -> Frozen | None:
    stack = _stack_of(module)
    return Frozen(stack[-1], stack[-1].time_ns() / 1e9) if stack else None


def _stack_of(module: Any) -> Any:
    """Return what time-machine has frozen, the innermost last; the second name is that of its version 2."""
    stack = getattr(module, "traveller_stack", None)
    return getattr(module, "coordinates_stack", None) if stack is None else stack


def unfrozen_time() -> float:
    """Return the machine's time, whatever a test has frozen."""
    # time-machine changes the function itself, which freezegun puts another in the place of.
    original: Any = getattr(MODULES.get("_time_machine"), "original_time", RealTime.now)
    return float(original() if _stack_of(MODULES.get("time_machine")) else RealTime.now())
