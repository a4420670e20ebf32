"""The machine's own time, files and locks, whatever a test has put in their places: it patches modules, not classes."""

from __future__ import annotations

import _thread
import os
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader, BufferedWriter, FileIO
from pathlib import Path, PurePath
from typing import Any


def _original(name: str) -> Any:
    """Return a function of the module `time`, also where freezegun has put another in its place by now."""
    return getattr(sys.modules.get("freezegun.api"), f"real_{name}", getattr(time, name))


class RealTime:
    """The clocks of the machine, and waiting."""

    now: Callable[[], float] = staticmethod(_original("time"))
    # Versions of time-machine before 3 stop time.monotonic too, for every thread, and a wait by it would never end.
    monotonic: Callable[[], float] = staticmethod(_original("perf_counter"))
    sleep = staticmethod(time.sleep)
    now_in_nanoseconds = staticmethod(_original("time_ns"))
    localtime = staticmethod(_original("localtime"))
    strftime = staticmethod(_original("strftime"))
    clocks = (_original("monotonic"), _original("perf_counter"))
    clocks_of_nanoseconds = (_original("monotonic_ns"), _original("perf_counter_ns"))
    calendars = (_original("gmtime"), _original("localtime"), time.ctime)


class RealFiles:
    """The files of the machine."""

    _open = staticmethod(os.open)
    _mkdir = staticmethod(os.mkdir)
    _unlink = staticmethod(os.unlink)
    _random = staticmethod(os.urandom)
    _folder = str(Path(tempfile.gettempdir()).absolute())

    @classmethod
    def create(cls) -> tuple[str, BufferedWriter]:
        """Return the path of a new file that nobody else may read, and what writes to it."""
        path = os.path.join(cls._folder, f"ims_mock-{cls._random(8).hex()}")
        return path, BufferedWriter(FileIO(path, "x", opener=lambda name, flags: cls._open(name, flags, 0o600)))

    @staticmethod
    def open(path: str) -> BufferedReader:
        """Return what reads a file."""
        return BufferedReader(FileIO(path))

    @classmethod
    def write(cls, path: str, content: bytes) -> None:
        """Write a file, in a folder that need not be there; raise OSError where that cannot be."""
        for folder in reversed(PurePath(path).parents):
            with suppress(OSError):  # It is there, or the file below says what is wrong.
                cls._mkdir(str(folder))
        with BufferedWriter(FileIO(path, "w")) as file:
            file.write(content)

    @classmethod
    def remove(cls, path: str) -> None:
        """Delete a file that may be gone already."""
        with suppress(FileNotFoundError):
            cls._unlink(path)


class RealThreads:
    """Threads that nobody waits for: unlike threading.Thread, not for their beginning either."""

    begin = staticmethod(_thread.start_new_thread)


_locks: weakref.WeakSet[Any] = weakref.WeakSet()


def new_lock() -> threading.Lock:
    """Return a lock that is free in a forked child, whichever thread of the parent held it."""
    lock = threading.Lock()
    _locks.add(lock)
    return lock


def new_reentrant_lock() -> Any:
    """Return a lock that the thread which holds it may take again; it is free in a forked child."""
    lock = threading.RLock()
    _locks.add(lock)
    return lock


def _free_locks() -> None:
    # The threads that held them are not in the child.
    for lock in list(_locks):
        lock._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_locks)
