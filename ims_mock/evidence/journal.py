"""What was received, what was returned, and why."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import Any

from ims_mock.contract.errors import header_text
from ims_mock.contract.image_ids import in_lower_case
from ims_mock.contract.json_text import encoded
from ims_mock.contract.pointers import has_values, parts_of, value_at
from ims_mock.evidence.delivery import WHOLE, Delivery
from ims_mock.evidence.redaction import MASK, is_secret, masked
from ims_mock.state.packed import Packed, unpacked
from ims_mock.state.real import new_lock
from ims_mock.state.signal import NOBODY
from ims_mock.state.times import timestamp

MAX_ENTRIES = 1000
"""How many entries are kept, unless it is set."""

MAX_BODY = 65536
"""Most bytes that are kept of a body."""

_MOST_HEADERS = 64
"""Most headers of requests that are kept to be shared."""

_NEAREST = 3
_LONGEST = 200
"""Most characters that a failed assertion shows of what a request had."""

_GLOBS = ("operation", "method", "path", "caller")
_FILTERS: dict[str, type] = {
    **dict.fromkeys(_GLOBS, str),
    "status": int,
    **dict.fromkeys(("project_id", "rule"), str),
    **dict.fromkeys(("headers", "json"), Mapping),
}


@dataclass(slots=True)
class Entry:
    """One request and its response.

    `received_at` and `responded_at` are in seconds of the mock's clock, `arrived` in real ones, of which only
    differences mean anything, and `seconds` are the real ones until the response. `is_open` is whether the entry waits
    for its place, and the journal was not cleared since; `revision` is the journal's, when the entry last changed.
    `is_done` is whether the work was done, also where the response was lost. `operation` is None for a request that
    matched no route, `caller` the name of the user whose credential it was; `path` is the target as it was sent, with
    its query. Credentials in headers and in the query are masked. Of a body MAX_BODY bytes are kept, and of a file
    none. `rules` are the ids of the fault rules that fired, `ignored` is what nothing read: JSON pointers into the
    body, parameters of the query with a "?" before them, and headers. `reason` is "" unless the request was rejected or
    a fault has changed the response; `delivery` is how the response left. Two entries are equal when everything is
    except `base_url`, `arrived` and `seconds`, which depend on the machine.
    """

    request_id: str
    received_at: float
    method: str
    path: str
    operation: str | None
    base_url: str = field(default="", compare=False)
    number: int = 0
    caller: str | None = None
    project_id: str | None = None
    request_headers: dict[str, str] = field(default_factory=dict)
    request_body: bytes = b""
    rules: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    status: int = 0
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: bytes = b""
    reason: str = ""
    delivery: Delivery = WHOLE
    is_done: bool = False
    responded_at: float = 0.0
    arrived: float = field(default=0.0, compare=False)
    seconds: float = field(default=0.0, compare=False)
    is_open: bool = field(default=False, repr=False, compare=False)
    revision: int = field(default=0, repr=False, compare=False)
    image: Packed | None = field(default=None, repr=False, compare=False)

    def keep_response_body(self, body: bytes, image: tuple[bytes, Packed] | None) -> None:
        """Keep the body of the response; where it says what is stored of an `image`, that, which takes no memory."""
        if image is not None and image[0] is body and len(body) <= MAX_BODY:
            self.image = image[1]
            del self.response_body
        else:
            self.response_body = body[:MAX_BODY]

    def __getattr__(self, name: str) -> bytes:
        """Return the body of the response where an image is kept in its place."""
        if name != "response_body" or self.image is None:
            raise AttributeError(f"an entry has no {name!r}")
        return encoded(unpacked(self.image))

    def note(self, rule_id: str) -> None:
        """Write down that a rule has fired for this request."""
        self.rules += (rule_id,)

    @property
    def json(self) -> Any:
        """The JSON value of the request's body; None where the body is not JSON, or was cut."""
        return _parsed(self.request_body)

    @property
    def response_json(self) -> Any:
        """The JSON value of the response's body; None where the body is not JSON, or was cut."""
        return _parsed(self.response_body)

    def to_json(self) -> dict[str, Any]:
        """Return the entry as the control API shows it; bodies are text, other bytes than UTF-8 escaped."""
        return {name: _in_json(getattr(self, name)) for name in self.__slots__ if name not in _INNER}

    def __str__(self) -> str:
        # A target may hold any byte, and a line of a log is to stay one.
        asked = header_text(f"{self.method} {self.path}")
        line = f"{timestamp(self.received_at)} {asked} -> {self.status or 'nothing'} {self.operation or 'no route'}"
        notes = [note for note in (str(self.delivery), *(f"rule {rule_id}" for rule_id in self.rules)) if note]
        left = f" ({', '.join(notes)})" if notes else ""
        return f"{line}{left}: {self.reason}" if self.reason else line + left


_INNER = ("is_open", "revision", "image")
"""What an entry has for the journal alone."""


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _in_json(value: Any) -> Any:
    """Return what an entry has as JSON has it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Delivery):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Mark:
    """A moment of a journal: how often it had been cleared, and how many requests it had received since."""

    clearings: int = 0
    received: int = 0


class Journal:
    """The last requests of one mock in the order in which they took effect; `received` counts them all.

    `size` is how many are kept, `signal` is given when a request is complete, and when all are cleared. A request that
    changes something is recorded in the same hold of the store's lock.
    """

    def __init__(self, size: int = MAX_ENTRIES) -> None:
        self._lock = new_lock()
        self._clearings = self._revision = 0
        self.closed_at = 0.0
        """When the last response left, in real seconds of which only differences mean anything."""
        self.is_ended = False
        """Whether no request is to take effect any more."""
        self.signal = NOBODY
        self._open: dict[int, Entry] = {}
        self._headers: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        self.size = size
        self.clear()

    def clear(self, size: int | None = None) -> None:
        """Clear every request, also those that are still in progress."""
        with self._lock:
            self.size = self.size if size is None else size
            self._entries: deque[Entry] = deque(maxlen=self.size)
            for entry in self._open.values():
                entry.is_open = False
            self._open.clear()
            self._clearings += 1
            self.received = 0
        self.signal.give()

    def end(self) -> None:
        """Clear every request, and let none take effect from now on."""
        self.is_ended = True
        self.clear()

    def open(self, entry: Entry, headers: Iterable[tuple[str, str]]) -> Entry:
        """Begin the entry of a request that has just been received with some headers."""
        kept = masked(headers)
        with self._lock:
            if len(self._headers) >= _MOST_HEADERS:
                self._headers.clear()
            # Those of one client hardly differ: the texts are shared, and each entry has a dict of its own.
            entry.request_headers = self._headers.setdefault(tuple(kept.items()), kept).copy()
            if not self.is_ended:
                self._open[id(entry)] = entry
                entry.is_open = True
        return entry

    def record(self, entry: Entry) -> None:
        """Put an entry in its place, once; drop one that was opened before the journal was cleared."""
        with self._lock:
            self._revision += 1
            entry.revision = self._revision
            if self._open.pop(id(entry), None) is not None:
                entry.is_open = False
                self.received += 1
                entry.number = self.received
                self._entries.append(entry)

    def close(
        self,
        entry: Entry,
        headers: Iterable[tuple[str, str]],
        body: bytes = b"",
        image: tuple[bytes, Packed] | None = None,
    ) -> None:
        """Complete the entry of a request whose response leaves with some headers, and put it in its place.

        `image` is the body where it says what is stored of an image, and that.
        """
        entry.response_headers = masked(headers)
        entry.keep_response_body(body, image)
        self.closed_at = entry.arrived + entry.seconds
        self.record(entry)
        if self.signal.waiting:
            self.signal.give()

    def in_progress(self) -> list[Entry]:
        """Return the requests that have been received but are not complete."""
        with self._lock:
            return list(self._open.values())

    def mark(self) -> Mark:
        """Return the present position in the journal, for `since`."""
        with self._lock:
            return Mark(self._clearings, self.received)

    def after(self, number: int) -> tuple[Mark, list[Entry]]:
        """Return the present position, and the entries that are kept with a higher number than this, of one moment."""
        with self._lock:
            return Mark(self._clearings, self.received), [entry for entry in self._entries if entry.number > number]

    def since(self, mark: Mark) -> tuple[int, list[Entry]]:
        """Return how many requests were received since a moment, or since the journal was last cleared, and those kept.

        What was received after the moment and before a clearing is gone.
        """
        with self._lock:
            before = mark.received if mark.clearings == self._clearings else 0
            return self.received - before, [entry for entry in self._entries if entry.number > before]

    @property
    def state(self) -> str:
        """A text that changes with each change of the journal."""
        return f"{self._clearings}.{self._revision}"

    def changed_since(self, revision: int) -> tuple[int, int, list[Entry]]:
        """Return how often it was cleared, its revision, and the entries that have changed since one, by revision."""
        with self._lock:
            changed = [entry for entry in self._entries if entry.revision > revision]
            return self._clearings, self._revision, sorted(changed, key=attrgetter("revision"))

    def find(self, number: int) -> Entry | None:
        """Return the entry with a number; None for one that is not kept, or never was."""
        return next((entry for entry in self if entry.number == number), None)

    def calls(self, operation: str | None = None, **wanted: Any) -> list[Entry]:
        """Return the requests of one operation, or all of them, oldest first.

        `operation` is a glob. `wanted` are further filters: `method`, `path` (with the query or without it)
        and `caller` (globs), `status`, `project_id`, `rule` (the id of one that fired), `headers` (from names to
        globs), `json` (from JSON pointers into the request's body to values). A filter that is None does not count.
        Raises TypeError for another filter, and ValueError for the value of a header that is masked.
        """
        asked = _checked({"operation": operation, **wanted})
        return [entry for entry in self if not _differences(entry, asked)]

    def assert_called(self, operation: str | None = None, *, times: int | None = None, **wanted: Any) -> list[Entry]:
        """Return the calls, as `calls` does; raise AssertionError if there are none, or not exactly `times`.

        The error shows the nearest calls, and how they differ.
        """
        found = self.calls(operation, **wanted)
        if len(found) == times or (times is None and found):
            return found
        asked = _checked({"operation": operation, **wanted})
        words = " and ".join(f"{name}={value!r}" for name, value in asked.items()) or "anything"
        count = "at least one" if times is None else str(times)
        lines = [f"expected {count} with {words}, got {len(found)}", *(f"    {entry}" for entry in found)]
        raise AssertionError("\n".join([*lines, *self._nearest(asked)]))

    def _nearest(self, wanted: Mapping[str, Any]) -> list[str]:
        """Return lines about the requests that differ least from what is wanted."""
        others = [(entry, differences) for entry in self if (differences := _differences(entry, wanted))]
        others.sort(key=lambda item: len(item[1]))
        shown = [
            f"    {entry}\n        differs in {', '.join(differences)}" for entry, differences in others[:_NEAREST]
        ]
        return ["nearest:", *shown] if shown else ["no other request is in the journal"]

    def unmatched(self) -> list[Entry]:
        """Return the requests that matched no route."""
        return [entry for entry in self if entry.operation is None and entry.status >= 400]

    def ignored(self) -> list[Entry]:
        """Return the requests that contain something which the mock ignores; `ignored` of each entry says what."""
        return [entry for entry in self if entry.ignored]

    def __iter__(self) -> Iterator[Entry]:
        with self._lock:
            return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)


def _checked(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters without those that are None; raise for an invalid filter."""
    for name in wanted:
        if name not in _FILTERS:
            raise TypeError(f"requests cannot be filtered by {name!r}; the filters are {', '.join(_FILTERS)}")
        if wanted[name] is not None and not isinstance(wanted[name], _FILTERS[name]):
            raise TypeError(f"{name} must be of type {_FILTERS[name].__name__}, got {wanted[name]!r}")
    for name, glob in (wanted.get("headers") or {}).items():
        if is_secret(name) and not fnmatchcase(MASK, glob) and not glob.startswith("SDK-"):
            raise ValueError(f"{name} is masked in the journal; ask for the caller, the project_id, or for '*'")
    return {name: value for name, value in wanted.items() if value is not None}


def _differences(entry: Entry, wanted: Mapping[str, Any]) -> list[str]:
    """Return how an entry differs from what is wanted, with the actual values."""
    return [text for name, value in wanted.items() for text in [_difference(entry, name, value)] if text]


def _difference(entry: Entry, name: str, value: Any) -> str:
    """Return how an entry differs from one wanted value; "" when it does not."""
    actual: Any
    if name == "json":
        is_same, actual = has_values(entry.json, value), _values_at(entry.json, value)
    elif name == "headers":
        sent = {header.lower(): text for header, text in entry.request_headers.items()}
        actual = {header: sent.get(header.lower()) for header in value}
        is_same = all(text is not None and fnmatchcase(text, value[header]) for header, text in actual.items())
    elif name == "rule":
        is_same, actual = value in entry.rules, entry.rules
    else:
        actual = getattr(entry, name)
        is_same = _matches(name, actual, value) if name in _GLOBS else actual == value
    shown = repr(actual)
    return "" if is_same else f"{name} ({shown if len(shown) <= _LONGEST else shown[:_LONGEST] + '...'})"


def _matches(name: str, actual: str | None, glob: str) -> bool:
    """Return whether a glob matches; None never matches, and a path matches with or without its query."""
    if actual is None:
        return False
    if name != "path":
        return fnmatchcase(actual, glob)
    # A UUID may be in either spelling.
    path, glob = in_lower_case(actual), in_lower_case(glob)
    return fnmatchcase(path, glob) or fnmatchcase(path.partition("?")[0], glob)


def _values_at(document: Any, pointers: Iterable[str]) -> dict[str, Any]:
    """Return the values in a body at those places that exist."""
    nothing = object()
    found = {pointer: value_at(document, parts_of(pointer), nothing) for pointer in pointers}
    return {pointer: value for pointer, value in found.items() if value is not nothing}
