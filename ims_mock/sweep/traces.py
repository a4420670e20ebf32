"""What a command's stderr shows of an error that nobody caught."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ims_mock.sweep.runs import short_path

_FRAME = re.compile(r'^  File "(?P<path>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<name>.+))?$', re.MULTILINE)
_INSTALLED = re.compile(r"[/\\](?:site-packages|dist-packages|lib[/\\]python3)[/\\.]|^<")
_PLACE = re.compile(r"(?P<path>(?:[A-Za-z]:)?[^\s():]+\.(?:[cm]?[jt]s|go)):(?P<line>\d+)")
_NOT_OWN = re.compile(r"node_modules|node:|/go/src/|/pkg/mod/")
"""Where code stands that is of Node and of Go, or installed."""

_PYTHON = "Traceback (most recent call last):"

_OTHERS = (
    re.compile(r"^(?P<text>panic: .*)\n(?:.*\n)*?goroutine \d+ \[", re.MULTILINE),  # Go
    re.compile(r"^(?P<text>fatal error: .*)\n(?:.*\n)*?goroutine \d+ ", re.MULTILINE),  # Go
    re.compile(r'^(?P<text>Exception in thread "[^"\n]*" .*)', re.MULTILINE),  # Java
    re.compile(r"^(?:Uncaught )?(?P<text>\w*Error\b.*)\n(?:.*\n){0,8}?\s+at (?=\S)", re.MULTILINE),  # Node
    re.compile(r"^(?P<text>thread '.*' .*panicked at .*)", re.MULTILINE),  # Rust
    re.compile(r"^(?P<text>Unhandled exception\. .*)", re.MULTILINE),  # .NET
)


@dataclass(frozen=True)
class Trace:
    """An error in a line, such as "KeyError: 'size'", and the line of the command's own code, if that is known."""

    text: str
    frame: str = ""


def ends_a_thread(stderr: str) -> bool:
    """Return whether an error has ended a thread, of Python or Java, while the process may have gone on."""
    return re.search(r"^Exception in thread ", stderr, re.MULTILINE) is not None


def find_trace(stderr: str) -> Trace | None:
    """Return the last error that nobody caught, of Python, or one of Go, Java, Node, Rust or .NET; None without one."""
    stderr = stderr.replace("\r\n", "\n")
    start = stderr.rfind(_PYTHON)
    if start >= 0:
        return _of_python(stderr[start:])
    for pattern in _OTHERS:
        found = pattern.search(stderr)
        if found:
            return Trace(found["text"].strip(), _place(stderr[found.end() :]))
    return None


def _place(frames: str) -> str:
    """Return the first line of the command's own code in frames of Node or Go; "" where none is there."""
    own = (found for found in _PLACE.finditer(frames) if not _NOT_OWN.search(found["path"]))
    found = next(own, None)
    return f"{short_path(found['path'])}:{found['line']}" if found else ""


def _of_python(text: str) -> Trace:
    lines = text.splitlines()[1:]
    message = next((line for line in lines if line and not line.startswith((" ", "\t"))), "an error")
    frames = [found for found in _FRAME.finditer(text) if not _INSTALLED.search(found["path"])]
    frame = frames[-1] if frames else None
    where = f"{short_path(frame['path'])}:{frame['line']} in {frame['name'] or '<module>'}" if frame else ""
    return Trace(message, where)
