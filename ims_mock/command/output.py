"""What the process writes to stdout and stderr, without ever waiting for who reads it."""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from typing import TextIO

from ims_mock.state.real import new_reentrant_lock

MAX_WAITING = 1024 * 1024
"""Most characters that wait to be written; what finds no space is dropped."""

_PATIENCE = 0.5
"""Seconds without a line being taken, after which the end of the process waits no longer for a reader."""


class Output:
    """A stream of the process; a thread of its own writes to it, and waits for its reader in place of everybody else.

    Lines that find no space, or that the stream does not take, are dropped and counted. `note` makes the line that says
    how many; it is written in their place, as soon as there is space again. `failed` is called with the error of a
    stream that takes nothing. Where the stream is closed, and so None, nothing is written.
    """

    def __init__(
        self,
        stream: TextIO | None,
        note: Callable[[int], str] | None = None,
        failed: Callable[[OSError], None] = lambda _: None,
    ) -> None:
        self._stream = stream
        self._note = note
        self._failed = failed
        self._changed = threading.Condition(new_reentrant_lock())
        self._waiting: deque[tuple[str, int]] = deque()  # Each with the number of lines that are lost with it.
        self._size = 0
        self._dropped = 0
        self._is_writing = False
        self._is_closed = False
        if stream is not None:
            threading.Thread(target=self._write_all, name="ims_mock output", daemon=True).start()

    def write(self, line: str) -> None:
        """Write a line soon, or drop it; return at once."""
        if self._stream is None:
            return
        with self._changed:
            # Once full, half of it has to be free again: one note is to stand for many lines.
            limit = MAX_WAITING // 2 if self._dropped else MAX_WAITING
            if self._size + len(line) > limit:
                self._dropped += 1
                return
            self._add_note()
            self._add(line, 1)

    def close(self) -> None:
        """Write nothing more; return when everything is written, or when nobody has taken a line for a moment."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            while (self._waiting or self._is_writing) and self._changed.wait(_PATIENCE):
                pass

    def _add(self, line: str, stands_for: int) -> None:
        self._waiting.append((line, stands_for))
        self._size += len(line)
        self._changed.notify_all()

    def _add_note(self) -> None:
        if self._dropped and self._note:
            self._add(self._note(self._dropped), self._dropped)
            self._dropped = 0

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                if not self._waiting:
                    return
                line, stands_for = self._waiting.popleft()
                self._size -= len(line)
                self._is_writing = True
            error = self._write(line)
            with self._changed:
                self._is_writing = False
                if error is not None:
                    self._dropped += stands_for
                elif not self._waiting:
                    self._add_note()
                self._changed.notify_all()

    def _write(self, line: str) -> OSError | None:
        """Write a line, however long that takes; return the error of a stream that does not take it."""
        assert self._stream is not None
        try:
            try:
                descriptor = self._stream.fileno()
            except OSError:  # It is in memory.
                self._stream.write(line + "\n")
            else:
                _write_whole(descriptor, (line + "\n").encode(errors="backslashreplace"))
        except OSError as error:
            self._failed(error)
            return error
        return None


def _write_whole(descriptor: int, data: bytes) -> None:
    """Write to a descriptor, and not to the stream above it: a thread that waits in there keeps Python from ending."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:  # Another process that shares the descriptor does not want to wait.
            select.select([], [descriptor], [])
