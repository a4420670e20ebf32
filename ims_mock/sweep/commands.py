"""Work that is a command: a process of its own, in a group of its own, of which nothing is left at the end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from ims_mock.sweep.logs import note
from ims_mock.sweep.runs import ExitError
from ims_mock.sweep.traces import ends_a_thread, find_trace

MOST_KEPT = 65_536
"""How many bytes are kept of the end of what a command prints."""

_MOST_SHOWN = 200
_LOOK = 0.02
_LAST_WORDS = 1.0
"""Real seconds in which what was printed is read when the process has ended."""

_HAS_GROUPS = hasattr(os, "killpg")

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class AllowedExitError(ExitError):
    """Raised where a command ends with an exit code that is allowed, and no error that nobody caught."""


class CrashError(ExitError):
    """Raised where a command ends with another exit code, by a signal, or with an error that nobody caught."""


@dataclass(frozen=True)
class Command:
    """A command with its variables, and the exit codes beside 0 with which it may end.

    A call runs it and returns None, or what it has printed where that `is_value`, without ids and times as reports
    compare it. `before` is called first.
    """

    words: Sequence[str]
    environ: Mapping[str, str]
    allowed: frozenset[int] = frozenset()
    is_value: bool = False
    before: Callable[[], object] = lambda: None

    def __call__(self) -> str | None:
        """Run the command to its end; raise AllowedExitError or CrashError where it fails, OSError where it cannot."""
        self.before()
        beginning = _Beginning(self.words, self.environ)
        try:
            process = beginning.process()
            stdout, stderr = _Tail(process.stdout), _Tail(process.stderr)
            while process.poll() is None:
                # In steps, as a sweep ends a run by an exception between two of them; the end of stderr comes at once.
                if stderr.ends_in(_LOOK):
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(_LOOK)
        finally:
            beginning.end()
        printed, errors = stdout.text(), _COLOUR.sub("", stderr.text())
        if process.returncode or ends_a_thread(errors):
            raise self._failure(process.returncode, errors)
        note(errors.splitlines())
        return printed if self.is_value else None

    def _failure(self, code: int, stderr: str) -> ExitError:
        trace = find_trace(stderr)
        if trace:
            return CrashError(_shown(trace.text), trace.frame, stderr)
        # Terraform, for one, ends with a frame around its errors.
        last = next((line for line in reversed(stderr.splitlines()) if any(map(str.isalnum, line))), "")
        text = f"signal {_signal_name(-code)}" if code < 0 else f"exit code {code}"
        kind = AllowedExitError if code in self.allowed else CrashError
        return kind(_shown(f"{text}: {last.strip()}" if last else text), "", stderr)


class _Beginning:
    """Begins a process in a thread of its own, where no signal comes.

    In the main thread, Ctrl-C while a process begins would leave it: nobody has it yet.
    """

    def __init__(self, words: Sequence[str], environ: Mapping[str, str]) -> None:
        self._words, self._environ = words, environ
        self._begun: list[subprocess.Popen[bytes]] = []
        self._error: OSError | ValueError | None = None
        self._thread = threading.Thread(target=self._begin, name="ims_mock command begins", daemon=True)

    def _begin(self) -> None:
        try:
            process = subprocess.Popen(  # noqa: S603 (it is the user's own command)
                self._words,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=_HAS_GROUPS,
            )
        except (OSError, ValueError) as error:
            self._error = error
        else:
            self._begun.append(process)

    def process(self) -> subprocess.Popen[bytes]:
        """Return the process when it has begun; raise OSError or ValueError where it cannot."""
        self._thread.start()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._begun[0]

    def end(self) -> None:
        """End the process, and all that it has begun in its group, whether or not anybody has it yet."""
        if self._thread.ident is not None:
            self._thread.join()
        for process in self._begun:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, and all that it has begun in its group."""
    with suppress(ProcessLookupError, PermissionError):
        if _HAS_GROUPS:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"{number}"


def _shown(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "..."


class _Tail:
    """Reads what a process prints, and keeps the end of it."""

    def __init__(self, pipe: IO[Any] | None) -> None:
        assert pipe is not None
        self._pipe = pipe
        self._kept = bytearray()
        self._thread = threading.Thread(target=self._read, name="ims_mock command", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._pipe:
            while chunk := os.read(self._pipe.fileno(), MOST_KEPT):
                self._kept += chunk
                del self._kept[:-MOST_KEPT]

    def ends_in(self, seconds: float) -> bool:
        """Return whether everything is read, or is so in so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def text(self) -> str:
        """Return the end of what was printed; what a process that has left the group prints is not waited for."""
        self.ends_in(_LAST_WORDS)
        return bytes(self._kept).decode("utf-8", "replace")
