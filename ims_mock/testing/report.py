"""What a failed test shows of the mock: on the screen, and in a file."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ims_mock.contract.wording import counted
from ims_mock.evidence.har import to_har
from ims_mock.evidence.journal import Entry, Mark
from ims_mock.service.bundle import bundle
from ims_mock.service.service import Service
from ims_mock.state.real import RealFiles
from ims_mock.state.times import timestamp

LAST = 20
"""How many requests are shown."""

_REASONS = 5
"""How many different reasons are shown before all else."""

_SHOWN = 500
"""How many bytes of a body are shown."""

_LONGEST_NAME = 200


def describe(service: Service, began: Mark, command: str, no_request: str = "") -> str:
    """Return why requests of a test were rejected, then seed, clock, rules, and the last requests.

    `command` runs the test again, if that is known. `no_request` says why there may be none.
    """
    received, entries = service.journal.since(began)
    shown = entries[-LAST:]
    left_out = received - len(shown)
    return "\n".join(
        [
            *_reasons(entries),
            *([no_request] if no_request and not received else []),
            _printable(f"seed {service.store.seed}, {_time(service, entries)}, {counted(received, 'request')}"),
            *(_printable(f"rule {rule}") for rule in service.faults),
            *([f"... {counted(left_out, 'request')} before"] if left_out else []),
            *(line for entry in shown for line in _lines(entry)),
            *(f"in progress: {entry}" for entry in service.journal.in_progress()),
            *([f"run it again: {command}"] if command else []),
        ]
    )


def _time(service: Service, entries: list[Entry]) -> str:
    """Return the time of the clock; where a test has frozen the time, that of its last request."""
    if entries and getattr(service.store.clock, "has_followed", False):
        return f"clock {timestamp(entries[-1].responded_at)} at the last request"
    return f"clock {service.store.timestamp()}"


def _reasons(entries: list[Entry]) -> list[str]:
    """Return the last reasons why requests were rejected or lost, each once, with the status."""
    reasons = dict.fromkeys(f"{entry.status}: {entry.reason}" for entry in reversed(entries) if entry.reason)
    return [f"reason for {_printable(reason)}" for reason in list(reasons)[:_REASONS]]


def _lines(entry: Entry) -> list[str]:
    """Return what is shown of a request: its line, what was not read, and the bodies."""
    notes = [f"    not read: {_printable(', '.join(entry.ignored))}"] if entry.ignored else []
    bodies = (("    >", entry.request_body), ("    <", entry.response_body))
    return [str(entry), *notes, *(f"{arrow} {_text(body)}" for arrow, body in bodies if body)]


def _text(body: bytes) -> str:
    """Return the beginning of a body on one line."""
    text = _printable(body[:_SHOWN].decode("utf-8", "backslashreplace"))
    return text + "..." if len(body) > _SHOWN else text


def _printable(text: str) -> str:
    """Return a text with what a terminal would obey, such as escapes and ends of lines, written out."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


@dataclass(frozen=True)
class FailedTest:
    """A test that failed: its name, pytest's report of the error, when it began, and the line that repeats it."""

    name: str
    error: str
    began: Mark
    command: str


def write_bundle(folder: str | Path, service: Service, test: FailedTest) -> Path:
    """Write everything about a failed test into a file, and its requests into an HTTP archive beside it.

    Returns the path of the first; the archive has the same name, and ends in .har. Passwords and tokens that were sent
    are masked; the error is pytest's, and stands there as it is. Raises OSError when the files cannot be written.
    """
    received, entries = service.journal.since(test.began)
    document = {
        "test": test.name,
        "command": test.command,
        "error": test.error,
        **bundle(service, received, entries),
    }
    path = Path(folder, _file_name(test.name) + ".json")
    for file, content in ((path, document), (path.with_suffix(".har"), to_har(entries))):
        RealFiles.write(str(file), _dumped(content).encode())
    return path


def _file_name(test: str) -> str:
    """Return a unique file name: the name of the test, with a checksum where it needs other characters."""
    plain = re.sub("::|/", "-", test)
    name = re.sub(r"[^0-9A-Za-z.\[\]_-]+", "-", plain)[-_LONGEST_NAME:]
    return name if name == plain else f"{name}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"


def _dumped(document: Any) -> str:
    return json.dumps(document, indent=1, default=repr)
