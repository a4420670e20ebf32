"""The fast path of long lists: objects with the same names are checked by columns, where most values are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

FastPath = Callable[[Any], bool]
OfAll = Callable[[Sequence[Any]], bool]
Compile = Callable[[Any], FastPath]
Resolve = Callable[[str], Any]

LONG = 32
"""Fewest items of a list that are checked by columns."""

# Keywords by which an object is judged from its names alone; what is said of its members is checked apart.
_OF_NAMES = {"type", "required", "propertyNames", "minProperties", "maxProperties"}
_OF_MEMBERS = {"$ref", "allOf", "properties", "additionalProperties"}
_SCALARS: tuple[set[type], ...] = ({str}, {int}, {bool}, {float}, {type(None)})


def new_columns(schema: Any, resolve: Resolve, compile_: Compile, silent: set[str]) -> OfAll:
    """Return a function that returns True for values of which each is surely valid by a schema.

    `resolve` returns the schema that a `$ref` names, and `compile_` the fast path of a schema; `silent` are keywords
    that say nothing about whether a value is valid.
    """
    accepts = compile_(schema)
    parts = _parts(schema, resolve, silent)
    columns: dict[str, list[OfAll]] = {}

    def column(name: str) -> list[OfAll]:
        if name not in columns:
            if len(columns) > _MOST_COLUMNS:
                columns.clear()
            columns[name] = [new_columns(one, resolve, compile_, silent) for one in _members(parts or (), name)]
        return columns[name]

    def accept(values: Sequence[Any]) -> bool:
        kinds = set(map(type, values))
        if kinds in _SCALARS:
            return all(map(accepts, set(values)))
        if kinds != {dict} or parts is None:
            return all(map(accepts, values))
        for names, rows in _by_names(values).items():
            # The first one shows that the names are valid; without names there is nothing else.
            if not accepts(rows[0]):
                return False
            for name in names:
                checks = column(name)
                found = [row[name] for row in rows] if checks else []
                if not all(check(found) for check in checks):
                    return False
        return True

    return accept


_MOST_COLUMNS = 1000


def _parts(schema: Any, resolve: Resolve, silent: set[str]) -> list[Mapping[str, Any]] | None:
    """Return the schemas that hold for the same object; None where one of them says more than columns show."""
    if not isinstance(schema, dict):
        return None
    if any(name not in _OF_NAMES | _OF_MEMBERS | silent and name[:2] != "x-" for name in schema):
        return None
    found: list[Mapping[str, Any]] = [schema]
    for other in (*schema.get("allOf", ()), *([resolve(schema["$ref"])] if "$ref" in schema else ())):
        below = _parts(other, resolve, silent)
        if below is None:
            return None
        found += below
    return found


def _members(parts: Iterable[Mapping[str, Any]], name: str) -> Iterator[Any]:
    """Yield the schemas of a member, without those that accept anything."""
    for part in parts:
        schema = part.get("properties", {}).get(name, part.get("additionalProperties", True))
        if schema is not True:
            yield schema


def _by_names(values: Sequence[dict[str, Any]]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for value in values:
        found.setdefault(tuple(value), []).append(value)
    return found
