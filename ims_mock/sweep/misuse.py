"""Work that cannot be swept, and what to do instead."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from ims_mock.evidence.journal import Mark
from ims_mock.faults.rules import Rule
from ims_mock.service.service import Service


def checked_work(work: Any) -> Callable[[], Any]:
    """Return work that can be called; raise TypeError for what cannot."""
    if inspect.iscoroutine(work):
        check_done(work)
    if not callable(work):
        raise TypeError(f"work: must be a function without parameters, such as lambda: back_up(url), got {work!r:.80}")
    called: Callable[[], Any] = work
    return called


def checked_kinds(allowed: Any) -> tuple[type[BaseException], ...]:
    """Return the exceptions that are allowed; raise TypeError for what are none."""
    kinds = allowed if isinstance(allowed, (list, tuple, set, frozenset)) else [None]
    if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
        raise TypeError(f"allowed: must be a list of exceptions, such as [BackupError], got {allowed!r}")
    return tuple(kinds)


def check_switches(virtual_time: Any, progress: Any) -> None:
    """Raise TypeError for what is neither True nor False, and for a progress that cannot be called."""
    if not isinstance(virtual_time, bool):
        raise TypeError(f"virtual_time: must be True or False, got {virtual_time!r:.80}")
    if progress is not None and not callable(progress):
        text = "a function that takes how many plans were run and how many there are, such as Progress(sys.stderr)"
        raise TypeError(f"progress: must be {text}, got {progress!r:.80}")


def check_untouched(service: Service, mark: Mark, rules: Iterable[Rule]) -> None:
    """Raise ValueError where the work took from the mock what the sweep needs: its rules, or requests since a mark."""
    if service.journal.mark().clearings != mark.clearings:
        text = "the work resets the mock, or clears its journal, so the sweep does not see its requests"
        raise ValueError(f"{text}; do that before the sweep: each run begins with the mock as it was then")
    armed = list(service.faults)
    if any(rule not in armed for rule in rules):
        text = "the work removes the rules of the mock, and with them those of the sweep"
        raise ValueError(f"{text}; let it remove only its own: with faults.add(...)")


def check_served(before: bool, after: bool) -> None:
    """Raise ValueError where the mock was served before the work, and is not after it."""
    if before and not after:
        raise ValueError("the work stops the mock, so the next run cannot reach it; stop it after the sweep")


def check_done(value: Any) -> None:
    """Raise TypeError where the value of the work is work that has not been done."""
    if inspect.iscoroutine(value):
        value.close()
        text = f"{value.__qualname__} is a coroutine that was not awaited: sweep lambda: asyncio.run(...)"
    elif inspect.isgenerator(value):
        text = f"{value.__qualname__} is a generator that was not run: sweep lambda: list(...)"
    elif inspect.isasyncgen(value) or inspect.isawaitable(value):
        text = f"{type(value).__name__} is work that was not awaited: sweep lambda: asyncio.run(...)"
    else:
        return
    raise TypeError(f"work: must be done when it returns; {text}")
