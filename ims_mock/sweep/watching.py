"""The end of work that does not end by itself."""

from __future__ import annotations

import ctypes
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress

from ims_mock.service.service import Service
from ims_mock.state.real import RealTime
from ims_mock.sweep.frames import current_frames
from ims_mock.sweep.waits import HangError
from ims_mock.sweep.waking import Waker

_GLANCE = 0.02
"""Real seconds between two looks at the work."""

_AGAIN = 0.3
"""Real seconds in which work that is ended can put things back, before it is ended again."""

_PATIENCE = 20.0
"""Real seconds after which work that cannot be ended is reported, each time."""


class Watch:
    """Ends work that asks more, or takes more real time, than it may: HangError is raised in its thread.

    `drop` closes the connections of the server, so that a thread which waits for a response goes on. The main thread is
    woken from whatever it waits for, such as a lock; in another one the error is raised at the next step in Python.
    Work that does not end by that, as it catches the error or waits once more, meets it again and again.
    """

    def __init__(self, service: Service, drop: Callable[[], object]) -> None:
        self._service = service
        self._drop = drop
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread_id = 0
        self._until = self._raised = self._ended = 0.0
        self._requests = self._run = 0
        self._waker = Waker(self._raise_here)
        self._is_over, self._is_raised = True, False
        self.why = ""
        threading.Thread(target=self._look, name="ims_mock sweep", daemon=True).start()

    def begin(self, requests: int, seconds: float) -> None:
        """Watch the calling thread from now on, for so many requests and real seconds."""
        with self._lock:
            self._run += 1
            self.why, self._is_over, self._is_raised = "", False, False
            self._requests, self._until = requests, RealTime.monotonic() + seconds
            self._thread_id = threading.get_ident()
            self._waker.begin()

    def end(self) -> None:
        """Watch nothing any more; what was to be raised is not raised after this."""
        # Without the lock: the thread that has it may be about to wake this thread.
        self._is_over = True
        is_ended = is_raised = False
        while not is_ended:
            try:
                with self._lock:
                    is_raised, self._is_raised = self._is_raised, False
                    self._thread_id = 0
                    self._waker.end()
                is_ended = True
            except HangError:
                # It was raised in this moment.
                continue
        if is_raised:
            _meet(HangError)

    def close(self) -> None:
        """End the watching thread."""
        self._wake.set()

    def end_work(self, why: str, *, is_raised: bool = False, run: int | None = None) -> None:
        """End the work now, or later where it was raised just now; it may be called from any thread.

        Where a `run` is given by its number, no other one is ended.
        """
        with self._lock:
            if not self._thread_id or self.why or run not in (None, self._run):
                return
            self.why = why
            self._ended = self._raised = RealTime.monotonic()
            if not is_raised:
                self._raise()
        if not is_raised:
            self._drop()

    def _raise(self) -> None:
        """Raise HangError in the work; the caller has the lock.

        In the main thread by its signal alone: before Python 3.12, what is to be raised in a thread that is about to
        start another is raised in the other, which ends, and the thread waits for it for ever.
        """
        self._raised = RealTime.monotonic()
        if not self._waker.wake():
            self._is_raised = True
            _raise_in(self._thread_id, HangError)

    def _raise_here(self) -> None:
        if self.why and not self._is_over:
            raise HangError(self.why)

    def _look(self) -> None:
        while not self._wake.wait(_GLANCE):
            if self.why:
                self._end_again()
                continue
            with self._lock:
                # The limits are those of this run, which may have ended when the work is.
                run, why = self._run, self._excess() if self._thread_id else ""
            if why:
                self.end_work(why, run=run)

    def _excess(self) -> str:
        """Return which of its limits the run is beyond; "" for none."""
        if self._service.journal.received > self._requests:
            return f"it sent more than {self._requests} requests"
        return "it took more real time than a run may" if RealTime.monotonic() > self._until else ""

    def _end_again(self) -> None:
        """End work once more that has not ended, and say where it is when it does not for long."""
        now = RealTime.monotonic()
        with self._lock:
            thread_id = self._thread_id
            if not thread_id or now < self._raised + _AGAIN:
                return
            self._raise()
        self._drop()
        if now > self._ended + _PATIENCE:
            self._ended = now
            sys.stderr.write(self._described(thread_id))

    def _described(self, thread_id: int) -> str:
        """Return where work is that cannot be ended."""
        frame = current_frames().get(thread_id)
        lines = "".join(traceback.format_stack(frame)) if frame is not None else ""
        text = f"{self.why}, and cannot be ended: it catches BaseException, or is in code that no error reaches"
        return f"ims_mock: the sweep waits until its work goes on: {text}:\n{lines}"


def _raise_in(thread_id: int, kind: type[BaseException]) -> None:
    """Raise an exception in a thread at its next step in Python, in place of one that has not been raised so far."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(kind))


def _meet(kind: type[BaseException]) -> None:
    """Let what may still be to be raised in this thread be raised here.

    Taken back, it would leave Python 3.11 looking for it at each step, and for ever where a tracer follows the steps.
    """
    with suppress(kind):
        _raise_in(threading.get_ident(), kind)
        while True:
            pass
