"""JSON pointers (RFC 6901): places in a JSON value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ims_mock.contract.image_ids import in_lower_case

_INDEX = re.compile("0|[1-9][0-9]{0,8}")


def parts_of(pointer: str) -> list[str]:
    """Return the keys of a pointer, such as ["a/b", "0"] of "/a~1b/0"."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def pointer_to(parts: tuple[str | int, ...]) -> str:
    """Return the pointer of keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def value_at(document: Any, parts: list[str], default: Any = None) -> Any:
    """Return the value at a place in a JSON value, or the default where there is none."""
    for part in parts:
        if isinstance(document, list) and _INDEX.fullmatch(part) and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            return default
    return document


def references(value: Any) -> Iterator[str]:
    """Yield what the references in a part of a document lead to, but for those in examples."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for key, item in value.items():
            if key not in ("example", "examples"):
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def has_values(document: Any, values: dict[str, Any]) -> bool:
    """Return whether a JSON value has certain values at the places that pointers lead to; a UUID in either spelling."""
    nothing = object()
    return all(
        is_same(_spelt(value_at(document, parts_of(pointer), nothing)), _spelt(value))
        for pointer, value in values.items()
    )


def _spelt(value: Any) -> Any:
    return in_lower_case(value) if isinstance(value, str) else value


def is_same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; unlike in Python, true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
