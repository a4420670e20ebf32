"""Places in JSON values of one form: JSON pointers in which a * is any item of an array, or any member that has an id
for its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ims_mock.contract.pointers import parts_of
from ims_mock.contract.problems import Keys

ANY = "*"
"""The part of a place that is any item, or any member that has an id for its name."""

MISSING = object()
"""The value of what is not there."""

_ID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")


def place_of(pointer: str) -> str:
    """Return the place of a JSON pointer: "/images/*/id" of "/images/0/id"."""
    return place_from([ANY if part.isdecimal() else part for part in parts_of(pointer)])


def place_from(parts: Sequence[str]) -> str:
    """Return the place of its parts."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def type_of(value: Any) -> str:
    """Return the JSON type of a value; an integer is "integer"."""
    return next(name for name, is_one in _TYPES.items() if is_one(value))


_TYPES: Mapping[str, Any] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) or (isinstance(value, float) and value.is_integer()),
    "number": lambda value: isinstance(value, float),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: True,
}


def walk(value: Any, parts: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the places in a value, from the whole on, each as often as there is a value at it.

    A member whose name is a * has none.
    """
    yield place_from(parts), value
    if isinstance(value, dict):
        for name, item in value.items():
            if name != ANY:
                yield from walk(item, (*parts, ANY if _ID.fullmatch(name) else name))
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, (*parts, ANY))


def values_at(value: Any, place: str) -> Iterator[tuple[Keys, Any]]:
    """Yield the values at a place, each with the keys that lead to it; MISSING where an item has none.

    The keys to what is missing are those of the first part that is not there.
    """
    yield from _values_at(value, parts_of(place), ())


def _values_at(value: Any, parts: list[str], keys: Keys) -> Iterator[tuple[Keys, Any]]:
    if not parts:
        yield keys, value
        return
    part, *rest = parts
    if part == ANY and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _values_at(item, rest, (*keys, index))
    elif part == ANY and isinstance(value, dict):
        for name, item in value.items():
            if _ID.fullmatch(name):
                yield from _values_at(item, rest, (*keys, name))
    elif isinstance(value, dict) and part in value:
        yield from _values_at(value[part], rest, (*keys, part))
    else:
        yield (*keys, part), MISSING


def beside(place: str, other: str, keys: Keys) -> list[str]:
    """Return the keys of another place, with the items of `keys`, which lead to a value at `place`, in order."""
    items = [str(key) for part, key in zip(parts_of(place), keys, strict=False) if part == ANY]
    found = []
    for part in parts_of(other):
        found.append(items.pop(0) if part == ANY and items else part)
    return found
