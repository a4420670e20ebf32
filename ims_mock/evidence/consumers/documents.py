"""What an OpenAPI document, and the contract of a consumer, say of a place in a body: the schemas that apply there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from ims_mock.contract.pointers import parts_of, value_at
from ims_mock.contract.validation import Schema
from ims_mock.evidence.consumers.places import ANY, place_from, type_of

KEYWORDS = ("type", "enum", "pattern")
"""What an attribute of a consumer's contract has of JSON Schema."""

_BRANCHES = ("allOf", "anyOf", "oneOf")
_DEPTH = 20
"""Most references that are followed from one schema to the next, as one may refer to itself."""


def schemas_at(document: Mapping[str, Any], schema: Any, place: str) -> list[Mapping[str, Any]]:
    """Return what a schema says of a place in a value, each branch by itself; [] where it has no name for it."""
    found = list(_parts(document, schema))
    for part in parts_of(place):
        found = [branch for parent in found for below in _below(parent, part) for branch in _parts(document, below)]
    return found


def _parts(document: Mapping[str, Any], schema: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield a schema, what it refers to, and its branches."""
    if not isinstance(schema, Mapping) or depth > _DEPTH:
        return
    yield schema
    if isinstance(schema.get("$ref"), str):
        yield from _parts(document, value_at(document, parts_of(schema["$ref"])), depth + 1)
    for keyword in _BRANCHES:
        for branch in schema.get(keyword, ()):
            yield from _parts(document, branch, depth + 1)


def _below(schema: Mapping[str, Any], part: str) -> Iterator[Any]:
    """Yield the schemas of a member, or of the items, of what a schema describes by itself."""
    properties = schema.get("properties", {})
    if part in properties:
        yield properties[part]
    elif part == ANY and "items" in schema:
        yield schema["items"]
    elif part == ANY and isinstance(schema.get("additionalProperties"), Mapping):
        yield schema["additionalProperties"]


def schema_of(attribute: Mapping[str, Any]) -> Schema:
    """Return the schema of the values that a client takes of an attribute of its contract."""
    return _schema_of(json.dumps({name: attribute[name] for name in KEYWORDS if name in attribute}))


@cache
def _schema_of(keywords: str) -> Schema:
    return Schema({"attribute": json.loads(keywords)}, "#/attribute")


def is_described(document: Mapping[str, Any], schema: Any, place: str) -> bool:
    """Return whether a schema says what there is beside a place, so that what it does not name is not documented."""
    for length in range(len(parts_of(place)) - 1, -1, -1):
        above = place_from(parts_of(place)[:length])
        found = schemas_at(document, schema, above)
        if found:
            return any("properties" in item or "items" in item for item in found)
    return False


def types_in(schemas: list[Mapping[str, Any]]) -> set[str]:
    """Return the JSON types that a value can have by its schemas; none where they do not say."""
    found: set[str] = set()
    for schema in schemas:
        given = schema.get("type", ())
        found |= {given} if isinstance(given, str) else set(given)
        found |= {
            type_of(value) for value in (*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ()))
        }
        found |= {"null"} if schema.get("nullable") else set()
    return found


def is_listed(schemas: list[Mapping[str, Any]], value: Any) -> bool:
    """Return whether a value is one that the document itself lists, so that it says nothing of its user."""
    return any(
        type(value) is type(known) and value == known
        for schema in schemas
        for known in (*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ()))
    )


def references(value: Any) -> Iterator[str]:
    """Yield what a document refers to, wherever in it."""
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for name, item in value.items():
            if name not in ("example", "examples"):
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def with_null(value: Any) -> Any:
    """Return a document of OpenAPI 3.0 in which what is nullable says so in JSON Schema's words."""
    if isinstance(value, list):
        return [with_null(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {name: item if name in ("example", "examples") else with_null(item) for name, item in value.items()}
    if value.get("nullable") is True and isinstance(value.get("type"), str):
        found["type"] = [value["type"], "null"]
        if "enum" in found:
            found["enum"] = [*found["enum"], None]
    return found
