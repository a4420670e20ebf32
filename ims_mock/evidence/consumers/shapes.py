"""The shape of a request: what of it a client's code decides, and not the values that it happens to have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from ims_mock.evidence.consumers.places import type_of, walk

MOST = 30
"""Most requests of one operation, but for those that have an attribute which no other has."""


def shape_of(request: Mapping[str, Any]) -> str:
    """Return a text that two requests share exactly where they have the same shape.

    That is the status that they got, what there had to be, the names of parameters, headers and attributes, the types
    of the attributes, whether a text is empty, and the operations of a patch.
    """
    query = {name: _text(value) for name, value in request.get("query", {}).items()}
    rest = {name: request.get(name) for name in ("status", "given", "path", "headers", "media_type")}
    body = [_shape(request["body"])] if "body" in request else []
    return json.dumps([rest, query, body], sort_keys=True)


def _text(value: str | list[str]) -> str:
    return "list" if isinstance(value, list) else "" if value == "" else "text"


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        is_change = "op" in value and "path" in value
        return {
            name: item if is_change and name in ("op", "path") else _shape(item) for name, item in sorted(value.items())
        }
    if isinstance(value, list):
        return ["list", *sorted({_digest(_shape(item)) for item in value})]
    return "" if value == "" else type_of(value)


def _digest(shape: Any) -> str:
    """Return a text for a shape that is as long for any: JSON in JSON would be twice as long at each level."""
    return sha256(json.dumps(shape).encode()).hexdigest()


def without_repetition(value: Any) -> Any:
    """Return a body in which each array has one item of each shape, as long as it is no list of texts of a patch."""
    if isinstance(value, dict):
        return {name: without_repetition(item) for name, item in value.items()}
    if isinstance(value, list):
        found: dict[str, Any] = {}
        for item in map(without_repetition, value):
            found.setdefault(_digest(_shape(item)), item)
        return list(found.values())
    return value


def distinct(requests: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return one request of each shape in an order of their own; of very many, those that add an attribute."""
    by_shape: dict[str, Mapping[str, Any]] = {}
    for request in sorted(requests, key=_key):
        by_shape.setdefault(shape_of(request), request)
    found: list[Mapping[str, Any]] = []
    places: set[str] = set()
    for request in by_shape.values():
        own = _places(request)
        if len(found) < MOST or not own <= places:
            found.append(request)
            places |= own
    return found


def _key(request: Mapping[str, Any]) -> tuple[int, str]:
    text = json.dumps(request, sort_keys=True)
    return len(text), text


def _places(request: Mapping[str, Any]) -> set[str]:
    body = {f"{place} {type_of(value)}" for place, value in walk(request["body"])} if "body" in request else set()
    names = {f"?{name}" for name in request.get("query", {})} | set(request.get("headers", ()))
    return body | names | {str(request["status"]), request.get("media_type", "")}
