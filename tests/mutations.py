"""Documents with one place changed into something that JSON can hold and nobody expects there."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Place = tuple["str | int", ...]
"""The keys and indexes that lead to a place in a document; () is the whole."""

GONE = object()
"""What stands for a member that is left out."""

ODD: list[Any] = [
    *(GONE, None, True, False, 0, 1, -1, 0.5, -(10**12), 10**30, 10**307, 1e308, 5e-324, -62135596800, 253402300799),
    *(float("nan"), float("inf"), "", " ", "a\nb", "a\r\nX-Injected: yes", "\x00", "\x7f", "\u0085", "\u2028", "größe"),
    *("\udc00", "\ud800x", "\U0001f600", "x" * 300, "/", "..", "%0a", "2016-06-02T07:49:48Z", "9999-99-99T99:99:99Z"),
    *("0001-01-01T00:00:00+23:00", "ABCDEF01-0000-4000-8000-00000000000A", "active", "deleted", "public", "shared"),
    *([], [[]], [None], ["a"], ["a", "a"], [{}], [["a"], {"b": "c"}], {}, {"": ""}, {"a": None}, {"a": {"b": ["c"]}}),
    *({"\udc00": 1}, {"a\nb": "c"}, {"a": "\ud800"}, {"id": 5}, {"name": ["x"]}, {"status": "melted"}),
]
"""Values of every JSON type: wrong ones, empty ones, far too large ones, and texts that no header can have."""


def nested(depth: int) -> Any:
    """Return a value that is nested so deep."""
    value: Any = "x"
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


VALUES = [*ODD, nested(40), nested(63), nested(100)]


def places(document: Any, path: Place = ()) -> Iterator[Place]:
    """Yield every place of a document."""
    yield path
    if isinstance(document, (dict, list)):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield from places(value, (*path, key))


def changed(document: Any, path: Place, value: Any) -> Any:
    """Return a document with another value at a place, or without a member; the document itself stays as it is."""
    if not path:
        return {} if value is GONE else copy.deepcopy(value)
    copied = copy.deepcopy(document)
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    if value is GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = copy.deepcopy(value)
    return copied


def renamed(document: Any, path: Place, key: str) -> Any:
    """Return a document with another key for the member at a place."""
    copied = copy.deepcopy(document)
    holder = copied
    for part in path[:-1]:
        holder = holder[part]
    holder[key] = holder.pop(path[-1])
    return copied
