"""Ending work that waits where Python takes no step, such as for a lock that nobody releases."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

_SIGNAL = getattr(signal, "SIGURG", None) if hasattr(signal, "pthread_kill") else None
"""What wakes the main thread: a signal that does nothing where nobody wants it. Windows has none."""


class Waker:
    """Wakes the main thread from whatever it waits for, so that `then` is called in it, which may raise.

    Python wakes no other thread: work that waits for a lock there is not ended.
    """

    def __init__(self, then: Callable[[], object]) -> None:
        self._then = then
        self._before: Any = None
        self._is_on = False

    def begin(self) -> None:
        """Prepare the calling thread, if it is the main one, to be woken."""
        if _SIGNAL is not None and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(_SIGNAL, self._wake)
            self._is_on = True

    def end(self) -> None:
        """Put back what was there before."""
        if self._is_on and _SIGNAL is not None:
            self._is_on = False
            signal.signal(_SIGNAL, signal.SIG_DFL if self._before is None else self._before)

    def wake(self) -> bool:
        """Wake the main thread, and return whether it can be; it may be called from any thread."""
        main = threading.main_thread().ident
        if not self._is_on or _SIGNAL is None or main is None:
            return False
        with suppress(ProcessLookupError):
            signal.pthread_kill(main, _SIGNAL)
        return True

    def _wake(self, _number: int, _frame: FrameType | None) -> None:
        self._then()
