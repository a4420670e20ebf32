"""Builds a client, and runs its program against a mock of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from signal import SIGKILL
from typing import Any

from interop.client import HERE, Client
from interop.server import Started

BUILT = HERE.parent / "build" / "interop"
"""The folder of the copies in which clients are built and run; what was built before is used again."""

stopping = threading.Event()
"""Set when all programs are to end: Ctrl-C does not reach them, as each has a session of its own."""

_LEAD_ELSEWHERE = ("HW_", "HUAWEI", "OS_")
"""How the variables begin that would lead a client to a cloud."""

_IN_BASH = 'eval "$1"; shift; exec "$@"'


class ProgramError(Exception):
    """Raised where a program cannot be built, or does not do what its folder promises."""


class StoppedError(Exception):
    """Raised where a program is ended because all are."""


@dataclass(frozen=True)
class Ended:
    """How a program has ended: the lines of JSON that it printed, and its exit code."""

    printed: Sequence[Mapping[str, Any]]
    exit_code: int | None
    """None if it was ended because of its time."""

    log: str
    """The end of what it wrote besides."""


def build(client: Client) -> None:
    """Copy a client's folder to the folder of builds, and run its commands there.

    A command that fails is run once more: most load packages, and a registry may fail for a moment.

    Raises:
        ProgramError: a command fails twice
    """
    copy = _copied(client)
    for command in client.build:
        words = [word.replace("{python}", sys.executable) for word in command]
        exit_code, output = _built(words, copy)
        if exit_code:
            exit_code, output = _built(words, copy)
        if exit_code:
            raise ProgramError(f"{' '.join(command)} ended twice, with {exit_code} in the end:\n{output[-3000:]}")


def _built(words: Sequence[str], folder: Path) -> tuple[int | None, str]:
    """Run a command of a build; return its exit code, and what it printed."""
    try:
        process = subprocess.Popen(
            words, cwd=folder, start_new_session=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except OSError as error:
        raise ProgramError(f"{' '.join(words)}: {error}") from error
    output, _log, exit_code = _ended(process)
    return exit_code, output


def _copied(client: Client) -> Path:
    """Copy a client's folder, without what was in it at the last copy and is no longer; what was built stays."""
    copy = BUILT / client.name
    listed = BUILT / f"{client.name}.json"
    files = [str(file.relative_to(client.folder)) for file in client.folder.rglob("*") if file.is_file()]
    for name in json.loads(listed.read_text()) if listed.exists() else ():
        if name not in files:
            Path(copy, name).unlink(missing_ok=True)
    shutil.copytree(client.folder, copy, dirs_exist_ok=True)
    listed.write_text(json.dumps(files))
    return copy


def run(client: Client, mock: Started, call: str = "", longest: float = inf) -> Ended:
    """Run a client's program, or a single call of it, in the environment that `ims-mock env` prints.

    It is ended after the client's timeout, and `longest` seconds after the mock has its first request.

    Raises:
        ProgramError: it prints a line that is not JSON
    """
    copy = BUILT / client.name
    lines = mock.environment(client.env)
    if client.env_file:
        Path(copy, client.env_file).write_text(lines)
        lines = ""
    words = [word.replace("{python}", sys.executable).replace("{url}", mock.url) for word in client.run]
    others = {name: value for name, value in os.environ.items() if not name.startswith(_LEAD_ELSEWHERE)}
    own = {"IMS_MOCK_URL": mock.url, "IMS_MOCK_CA": mock.ca_file}
    command = ["bash", "-c", _IN_BASH, "bash", lines, *words, *([call] if call else [])]
    # A session of its own, so that what the program has started ends with it.
    process = subprocess.Popen(
        command, cwd=copy, env={**others, **own}, start_new_session=True, text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    output, log, exit_code = _ended(process, client.timeout, mock if longest < inf else None, longest)
    return Ended([_line_of(client, line) for line in output.splitlines() if line.strip()], exit_code, log[-3000:])


def _ended(
    process: subprocess.Popen[str], timeout: float = inf, mock: Started | None = None, longest: float = inf
) -> tuple[str, str, int | None]:
    """Wait for a process, and end it after its time: its output, its log, and its exit code, None if it was ended.

    Raises:
        StoppedError: all programs are to end
    """
    before = mock.control.journal.received if mock else 0
    began, first = time.monotonic(), inf
    while True:
        try:
            output, log = process.communicate(timeout=0.5)
        except subprocess.TimeoutExpired:
            now = time.monotonic()
            if mock and first == inf and mock.control.journal.received > before:
                first = now
            if now < min(began + timeout, first + longest) and not stopping.is_set():
                continue
            os.killpg(process.pid, SIGKILL)
            output, log = process.communicate()
            if stopping.is_set():
                raise StoppedError from None
            return output, log or "", None
        return output, log or "", process.returncode


def _line_of(client: Client, text: str) -> Mapping[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    if not isinstance(line, dict):
        raise ProgramError(f"{client.name} printed a line that is no object in JSON: {text[:300]!r}")
    return line
