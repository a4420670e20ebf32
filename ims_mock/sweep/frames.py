"""Where the threads of the process are."""

from __future__ import annotations

import gc
import sys
from types import FrameType

from ims_mock.state.real import new_reentrant_lock

_LOCK = new_reentrant_lock()
_OFF: list[bool] = []
"""Has something while garbage is not collected for this module, which an error that comes amid that may leave so."""


def current_frames() -> dict[int, FrameType]:
    """Return the frame of every thread, by its id, without a collection of garbage meanwhile.

    Python 3.11 has a lock of all threads while it makes the frames. A finalizer that is run amid that, such as one that
    closes connections, lets another thread go on, which waits for that lock and keeps the first one from going on.
    """
    with _LOCK:
        is_wanted = gc.isenabled() or bool(_OFF)
        try:
            _OFF[:] = [True] if is_wanted else []
            gc.disable()
            return sys._current_frames()
        finally:
            if is_wanted:
                gc.enable()
            _OFF.clear()
