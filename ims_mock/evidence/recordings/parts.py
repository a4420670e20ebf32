"""A part of a recording: members that have the type that is asked for, or an error that says where they do not."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from ims_mock.contract.wording import shown
from ims_mock.evidence.recordings.errors import RecordingError

_NAMES = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}


class Part:
    """A JSON object in a recording.

    `entry` is where in the recording it stands, `place` where in the entry, such as "request.postData".
    """

    def __init__(self, value: Any, entry: str, place: str = "") -> None:
        self.entry = entry
        self.place = place
        self.members: dict[str, Any] = self.checked(value, dict, place)

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def get(self, name: str) -> Any:
        """Return a member of any type; None where there is none."""
        return self.members.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; the default where it is missing or null, if there is a default."""
        found: str = self._member(name, str, default)
        return found

    def base64(self, name: str) -> bytes:
        """Return the bytes of a text in base64."""
        try:
            return base64.b64decode("".join(self.text(name).split()), validate=True)
        except ValueError as error:
            raise self.error(name, f"must be base64: {error}") from None

    def number(self, name: str, default: int | None = None) -> int:
        """Return a whole number; the default where it is missing or null, if there is a default."""
        value = self.get(name)
        # JavaScript and others write whole numbers with a point.
        found: int = int(value) if isinstance(value, float) and value.is_integer() else self._member(name, int, default)
        return found

    def json(self, name: str) -> Any:
        """Return a value of JSON, which what stands in YAML need not be."""
        try:
            return json.loads(json.dumps(self.get(name)))
        except (TypeError, ValueError):
            raise self.error(name, f"must be a value of JSON, got {_shown(self.get(name))}") from None

    def part(self, name: str) -> Part:
        """Return an object."""
        return Part(self.get(name), self.entry, self._place(name))

    def optional(self, name: str) -> Part | None:
        """Return an object; None where it is missing or null."""
        return None if self.get(name) is None else self.part(name)

    def items(self, name: str) -> list[Any]:
        """Return a list of anything; an empty one where it is missing or null."""
        found: list[Any] = self._member(name, list, [])
        return found

    def parts(self, name: str) -> Iterator[Part]:
        """Yield the objects of a list, none where it is missing or null."""
        for index, item in enumerate(self.items(name)):
            yield Part(item, self.entry, f"{self._place(name)}[{index}]")

    def checked(self, value: Any, kind: type, place: str) -> Any:
        """Return a value that has a type; raise RecordingError for any other."""
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise RecordingError(self.entry, f"{place or 'it'} must be {_NAMES[kind]}, got {_shown(value)}")
        return value

    def error(self, name: str, text: str) -> RecordingError:
        """Return an error about a member."""
        return RecordingError(self.entry, f"{self._place(name)} {text}")

    def _member(self, name: str, kind: type, default: Any) -> Any:
        value = self.get(name)
        return default if value is None and default is not None else self.checked(value, kind, self._place(name))

    def _place(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name


def headers_of(part: Part, name: str, key: str, value: str) -> list[tuple[str, str]]:
    """Return the headers of a list of objects with a name and a value each."""
    return [(item.text(key), item.text(value, "")) for item in part.parts(name)]


def headers_in(part: Part, name: str) -> list[tuple[str, str]]:
    """Return the headers of an object whose values are texts, numbers, or lists of them for those that are repeated."""
    found = part.optional(name)
    return [] if found is None else [pair for header in found.members for pair in _header(found, header)]


def _header(part: Part, name: str) -> Iterator[tuple[str, str]]:
    if not isinstance(name, str):
        raise RecordingError(part.entry, f"{part.place} has a name that is no text: {_shown(name)}")
    value = part.get(name)
    for one in value if isinstance(value, list) else [value]:
        if one is None or isinstance(one, dict | list):
            raise part.error(name, f"must be a text or a list of them, got {_shown(value)}")
        # A header has bytes where a client gave them so, and latin-1 is how they were sent.
        yield name, one.decode("latin-1") if isinstance(one, bytes) else str(one)


def _shown(value: Any) -> str:
    """Return a value as an error shows it; YAML has some that JSON does not."""
    try:
        return shown(value)
    except (TypeError, ValueError):
        return repr(type(value))
