"""Schemas of an OpenAPI document as they are compared: references followed, allOf merged, each type a branch.

OpenAPI 3.0 is read as well, in the words of 3.1.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from math import prod
from typing import Any
from urllib.parse import unquote

from ims_mock.contract.pointers import parts_of, value_at

Schema = Mapping[str, Any]

NOTHING: Schema = {"not": {}}
"""The schema that no value is valid by."""

_MOST = 64
"""Most branches of a schema. What would make more stays as it is, and is compared as a whole."""

_TYPES = {"null": type(None), "boolean": bool, "object": dict, "array": list, "string": str}


_TOGETHER: dict[str, Callable[[Any, Any], Any]] = {
    "required": lambda one, other: [*one, *(name for name in other if name not in one)],
    "enum": lambda one, other: [value for value in one if value in other],
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
    **dict.fromkeys(("readOnly", "writeOnly", "uniqueItems"), operator.or_),
}
"""What two values of a keyword mean together."""


class FlatSchemas:
    """The schemas of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._flat: dict[int, tuple[Any, list[Schema]]] = {}
        self._targets: dict[int, tuple[Any, Any]] = {}
        self._together: dict[frozenset[int], Schema] = {}
        self._members: dict[int, list[Any]] = {}

    def target(self, part: Any) -> Any:
        """Return what a part of the document refers to, or the part itself: the same object each time.

        Raise ValueError for a reference that leads out of the document, or to nothing.
        """
        known = self._targets.get(id(part))
        if known is None:  # What was given is kept, so that its id stays its own.
            self._targets[id(part)] = known = (part, self._target(part))
        return known[1]

    def _target(self, part: Any) -> Any:
        seen: set[str] = set()
        while isinstance(part, Mapping) and isinstance(part.get("$ref"), str) and part["$ref"] not in seen:
            seen.add(part["$ref"])
            found = self._found(part["$ref"])
            rest = {key: value for key, value in part.items() if key not in ("$ref", "summary", "description")}
            part = {"allOf": [found, rest]} if rest else found
        return part

    def _found(self, reference: str) -> Any:
        if not reference.startswith("#"):
            raise ValueError(f"$ref {reference!r} leads to another document; bundle them into one first")
        found = value_at(self._document, parts_of(unquote(reference)), NOTHING)
        if found is NOTHING:
            raise ValueError(f"$ref {reference!r} leads to nothing")
        return found

    def branches(self, schema: Any) -> list[Schema]:
        """Return schemas without anyOf, oneOf, allOf and lists of types: a value is valid by one of them."""
        known = self._flat.get(id(schema))
        if known is None:
            self._flat[id(schema)] = known = (schema, list(self._branches(schema, frozenset())))
        return known[1]

    def _branches(self, schema: Any, above: frozenset[str]) -> Iterable[Schema]:
        if not isinstance(schema, Mapping):
            return [NOTHING] if schema is False else [{}]
        reference = schema.get("$ref", "")
        if reference in above:
            return [{}]
        if reference:
            return self._branches(self.target(schema), above | {reference})
        groups, rest = [self._own(schema)], {}
        for keyword, group in self._groups(schema, above):
            if prod(map(len, groups)) * len(group) > _MOST:
                rest[keyword] = schema[keyword]
            else:
                groups.append(group)
        found = [merged for chosen in product(*groups, [rest]) if (merged := self._merged(chosen)) is not None]
        return _joined(found) or [NOTHING]

    def _groups(self, schema: Schema, above: frozenset[str]) -> Iterator[tuple[str, list[Schema]]]:
        """Yield what is valid by one of several schemas each, with the keywords that they stand in."""
        for part in schema.get("allOf", ()):
            yield "allOf", [*self._branches(part, above)]
        for keyword in ("anyOf", "oneOf"):
            if schema.get(keyword):
                yield keyword, [branch for part in schema[keyword] for branch in self._branches(part, above)]

    def _own(self, schema: Schema) -> list[Schema]:
        """Return what a schema says by itself, a branch for each of its types."""
        rest = {key: value for key, value in schema.items() if key not in ("allOf", "anyOf", "oneOf", "nullable")}
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if isinstance(rest.get(exclusive), bool):  # As in OpenAPI 3.0.
                is_exclusive = rest.pop(exclusive)
                if is_exclusive and bound in rest:
                    rest[exclusive] = rest.pop(bound)
        types = rest.get("type")
        types = types if isinstance(types, list) else [types] if types else _types_of(rest)
        if schema.get("nullable") and types:
            types = [*types, "null"]
        return [_of_type(rest, one) for one in dict.fromkeys(types)] or [rest]

    def _merged(self, schemas: Iterable[Schema]) -> Schema | None:
        """Return the schema of what is valid by all of some schemas, or None where no value is."""
        found: dict[str, Any] = {}
        for schema in schemas:
            for keyword, value in schema.items():
                if keyword not in found or found[keyword] == value:
                    found[keyword] = value
                elif keyword == "type":
                    if {found[keyword], value} != {"integer", "number"}:
                        return None
                    found[keyword] = "integer"
                else:
                    found[keyword] = self._both(keyword, found[keyword], value)
        return None if found.get("enum") == [] else found

    def _both(self, keyword: str, one: Any, other: Any) -> Any:
        """Return what two values of one keyword mean together; where that cannot be said, the second."""
        if keyword in ("properties", "patternProperties", "dependentSchemas"):
            both = one.keys() & other.keys()
            return {**one, **other, **{name: self._all_of(one[name], other[name]) for name in both}}
        if keyword in ("items", "additionalProperties", "propertyNames"):
            return self._all_of(one, other)
        return _TOGETHER[keyword](one, other) if keyword in _TOGETHER else other

    def _all_of(self, *schemas: Any) -> Any:
        """Return the schema of what is valid by all of some schemas: the same object for the same ones.

        So a schema that has itself inside, in whatever company, is met again and not made again.
        """
        members: dict[int, Any] = {}
        for target in map(self.target, schemas):
            members |= {id(member): member for member in self._members.get(id(target), [target])}
        key = frozenset(members)
        if len(members) > 1 and key not in self._together:
            self._together[key] = {"allOf": [*members.values()]}
            self._members[id(self._together[key])] = [*members.values()]
        return self._together[key] if len(members) > 1 else next(iter(members.values()))


def values_of(schema: Schema) -> list[Any] | None:
    """Return the values that a schema lists, or None where it lists none."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def is_of_type(value: Any, name: str) -> bool:
    """Return whether a value of JSON is of a type."""
    if name in ("integer", "number"):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and (name == "number" or value == int(value))
    return isinstance(value, _TYPES.get(name, object))


def _types_of(schema: Schema) -> list[str]:
    """Return the types of the values that a schema without a type lists, or that of the properties it has."""
    values = values_of(schema)
    if values is None:
        return ["object"] if "properties" in schema else []
    found = [name for name in (*_TYPES, "integer") if any(is_of_type(value, name) for value in values)]
    return [*found, "number"] if any(isinstance(value, float) and value != int(value) for value in values) else found


def _of_type(schema: Schema, name: str) -> Schema:
    """Return the branch of a type, with the values of that type alone."""
    found = {**schema, "type": name}
    values = values_of(schema)
    if values is not None:
        found.pop("const", None)
        found["enum"] = [value for value in values if is_of_type(value, name)]
    return found


def _joined(branches: list[Schema]) -> list[Schema]:
    """Return branches, with one in the place of those that differ in the values they list alone."""
    found: list[Schema] = []
    for branch in branches:
        rest = {key: value for key, value in branch.items() if key not in ("enum", "title", "description")}
        for index, other in enumerate(found):
            if "enum" in branch and "enum" in other and rest == {key: other[key] for key in other if key in rest}:
                found[index] = {**other, "enum": [*other["enum"], *branch["enum"]]}
                break
        else:
            found.append(branch)
    return found
