"""Putting things back, also where Ctrl-C comes more than once; and the end of work that Python ignores."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from ims_mock.sweep.waits import HangError


def surely(put_back: Callable[[], object]) -> None:
    """Put something back until that has come to its end, and raise the KeyboardInterrupt that came meanwhile."""
    interrupt: KeyboardInterrupt | None = None
    while True:
        try:
            put_back()
            break
        except KeyboardInterrupt as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt


@contextmanager
def surely_left(entered: AbstractContextManager[object]) -> Iterator[None]:
    """Enter a context that can be left twice, and leave it until that has come to its end."""
    entered.__enter__()
    try:
        yield
    finally:
        surely(lambda: entered.__exit__(None, None, None))


@contextmanager
def unreported_hangs() -> Iterator[None]:
    """Let Python not report that it has ignored a HangError, as where one comes in a finalizer; pytest would warn."""
    before = sys.unraisablehook

    def report(ignored: Any) -> None:
        if not isinstance(ignored.exc_value, HangError):
            before(ignored)

    sys.unraisablehook = report
    try:
        yield
    finally:
        sys.unraisablehook = before
