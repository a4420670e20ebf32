"""What was received, what was answered, and why."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from ims_mock.clock import timestamp
from ims_mock.errors import header_text

MAX_ENTRIES = 1000
MAX_BODY = 65536
"""Most bytes that are kept of a body."""


@dataclass(slots=True)
class Entry:
    """One request and its answer. Headers are not kept, and so no credential is.

    `received_at` is in seconds of the mock's clock; `operation` is None for a request that matched no route; `path` is
    the target as it was sent, with its query; `reason` is "" unless the request was refused; `rules` are the ids of the
    fault rules that struck.
    """

    number: int
    request_id: str
    received_at: float
    method: str
    path: str
    operation: str | None
    project_id: str | None = None
    request_body: bytes = b""
    rules: tuple[str, ...] = ()
    status: int = 0
    response_body: bytes = b""
    reason: str = ""

    def note(self, rule_id: str) -> None:
        """Write down that a fault rule has struck this request."""
        self.rules += (rule_id,)

    def __str__(self) -> str:
        # A target may hold any byte, and a line of a log is to stay one.
        asked = header_text(f"{self.method} {self.path}")
        line = f"{timestamp(self.received_at)} {asked} -> {self.status} {self.operation or 'no route'}"
        return f"{line}: {self.reason}" if self.reason else line


class Journal:
    """The last MAX_ENTRIES requests of one mock, oldest first; `received` counts them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget every request."""
        with self._lock:
            self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
            self.received = 0

    def open(self, request_id: str, received_at: float, method: str, path: str, operation: str | None) -> Entry:
        """Begin the entry of a request that has just been received."""
        with self._lock:
            self.received += 1
            entry = Entry(self.received, request_id, received_at, method, path, operation)
            self._entries.append(entry)
        return entry

    def calls(self, operation: str | None = None) -> list[Entry]:
        """Return the requests of one operation, or all of them, oldest first."""
        return [entry for entry in self if operation is None or entry.operation == operation]

    def __iter__(self) -> Iterator[Entry]:
        with self._lock:
            return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
