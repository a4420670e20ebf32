"""What a new schema takes away from clients: values that it rejects, or values that they had no reason to expect.

A request is compared from the old schema to the new one, a response from the new one to the old one: in both, what the
first one (`wide`) has and the second one (`narrow`) does not have can break a client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ims_mock.contract.findings import Side
from ims_mock.contract.flat_schemas import NOTHING, FlatSchemas, Schema, values_of
from ims_mock.contract.patterns import compiled
from ims_mock.contract.pointers import is_same, pointer_to


class Change(NamedTuple):
    """One difference at a place: `pointer` is a JSON pointer, in which "*" is each item or each other attribute."""

    pointer: str
    kind: str
    old: Any
    new: Any


NOTES = ("attribute_added",)
"""The kinds of changes that take nothing away."""

_BOUNDS = (
    (("number", "integer"), ("minimum", "maximum")),
    (("string",), ("minLength", "maxLength")),
    (("array",), ("minItems", "maxItems")),
    (("object",), ("minProperties", "maxProperties")),
)
"""The keywords of the least and the most, with the types that they are about."""

_Bound = tuple[float, bool] | None
"""A bound so that more is narrower (the most is negative), and whether it is exclusive."""

_UNDECIDED = (
    *(
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "patternProperties",
        "dependentSchemas",
        "dependentRequired",
        "propertyNames",
    ),
    *("contains", "minContains", "maxContains", "prefixItems", "unevaluatedProperties", "unevaluatedItems"),
    *("multipleOf", "format", "pattern", "contentEncoding", "contentMediaType", "contentSchema"),
)
"""Keywords of which it is not decided whether one takes more than another: a difference is shown as it is."""

_WORDS = ("title", "description", "examples", "example", "default", "deprecated", "externalDocs", "$comment")
"""Keywords that no value is held to."""


class SchemaChanges:
    """Compares schemas of two documents on one side of an exchange."""

    def __init__(self, old: FlatSchemas, new: FlatSchemas, side: Side) -> None:
        self._is_request = side == "request"
        self._wide, self._narrow = (old, new) if self._is_request else (new, old)
        self._known: dict[tuple[int, int], list[Change]] = {}

    def changes(self, old: Any, new: Any) -> list[Change]:
        """Return what is different in a schema of the old document and one of the new, as clients see it."""
        return self._compare(*self._ordered(old, new))

    def _ordered(self, one: Any, other: Any) -> tuple[Any, Any]:
        """Return old and new as wide and narrow, or these as those."""
        return (one, other) if self._is_request else (other, one)

    def _change(self, pointer: str, kind: str, wide: Any, narrow: Any) -> Change:
        return Change(pointer, kind, *self._ordered(wide, narrow))

    def _compare(self, wide: Any, narrow: Any) -> list[Change]:
        # A reference is what it refers to, so that this is compared once, and a circle ends.
        wide, narrow = self._wide.target(wide), self._narrow.target(narrow)
        key = (id(wide), id(narrow))
        if key not in self._known:
            self._known[key] = []
            found: list[Change] = []
            for branch in self._wide.branches(wide):
                found += [
                    change for change in self._closest(branch, self._narrow.branches(narrow)) if change not in found
                ]
            self._known[key] = found
        return self._known[key]

    def _closest(self, wide: Schema, branches: list[Schema]) -> list[Change]:
        """Return the changes from one branch to the one that is most like it."""
        alike = [narrow for narrow in branches if _has_type_of(wide, narrow)]
        if not alike:
            return [self._change("", "type", _type(wide), " or ".join(map(_type, branches)))]
        found = [list(self._of_branches(wide, narrow)) for narrow in alike]
        return min(found, key=lambda changes: (sum(change.kind not in NOTES for change in changes), len(changes)))

    def _of_branches(self, wide: Schema, narrow: Schema) -> Iterator[Change]:
        values = values_of(wide)
        yield from self._of_values(values, values_of(narrow), narrow)
        if values is None:
            yield from self._of_bounds(wide, narrow)
        yield from self._of_keywords(wide, narrow, has_values=values is not None)
        yield from self._of_array(wide, narrow)
        yield from self._of_object(wide, narrow)
        if self._is_request and not is_same(wide.get("default"), narrow.get("default")):
            yield self._change("", "default", wide.get("default"), narrow.get("default"))

    def _of_values(self, wide: list[Any] | None, narrow: list[Any] | None, schema: Schema) -> Iterator[Change]:
        if narrow is None:
            if any(not _is_within(value, schema) for value in wide or ()):
                yield self._change("", "enum", wide, _short(schema))
        elif wide is None:
            if not (schema.get("type") == "boolean" and len(narrow) > 1):
                yield self._change("", "enum", None, narrow)
        elif any(not any(is_same(value, other) for other in narrow) for value in wide):
            yield self._change("", "enum", wide, narrow)

    def _of_bounds(self, wide: Schema, narrow: Schema) -> Iterator[Change]:
        for kind, one, other in _bounds(wide, narrow):
            if other is not None and (one is None or one < other):
                yield self._change("", kind, _value(one, kind), _value(other, kind))
        if narrow.get("uniqueItems") and not wide.get("uniqueItems"):
            yield self._change("", "uniqueItems", None, True)

    def _of_keywords(self, wide: Schema, narrow: Schema, *, has_values: bool) -> Iterator[Change]:
        for keyword in _UNDECIDED:
            if keyword not in narrow or (has_values and keyword == "pattern"):
                continue
            if self._is_same(wide.get(keyword), narrow[keyword]):
                continue
            refused, before = _refused(narrow[keyword]), _refused(wide.get(keyword, {}))
            if keyword == "propertyNames" and refused is not None:
                for name in refused:
                    if name not in (before or ()):
                        yield self._change(pointer_to((name,)), "attribute_refused", None, name)
            else:
                yield self._change("", keyword, wide.get(keyword), narrow[keyword])

    def _is_same(self, wide: Any, narrow: Any) -> bool:
        """Return whether two values of a keyword say the same, whatever their words and names."""
        wide, narrow = self._wide.target(wide), self._narrow.target(narrow)
        if isinstance(wide, Mapping) and isinstance(narrow, Mapping):
            names = (wide.keys() | narrow.keys()) - {*_WORDS}
            return all(name in wide and name in narrow and self._is_same(wide[name], narrow[name]) for name in names)
        if isinstance(wide, list) and isinstance(narrow, list):
            return len(wide) == len(narrow) and all(map(self._is_same, wide, narrow))
        return is_same(wide, narrow)

    def _of_array(self, wide: Schema, narrow: Schema) -> Iterator[Change]:
        if "items" in narrow and wide.get("type", "array") == "array":
            yield from self._inside("*", wide.get("items", {}), narrow["items"])

    def _of_object(self, wide: Schema, narrow: Schema) -> Iterator[Change]:
        if wide.get("type", "object") != "object":
            return
        before, after = self._ordered(wide.get("properties", {}), narrow.get("properties", {}))
        for name in narrow.get("required", ()):
            is_gone = name in before and name not in after
            if name not in wide.get("required", ()) and not is_gone and not self._is_never_there(narrow, name):
                yield self._change(pointer_to((name,)), "required", False, True)
        for name in dict.fromkeys([*before, *after]):
            yield from self._of_attribute(name, before, after)
        yield from self._of_others(wide, narrow)

    def _is_never_there(self, schema: Schema, name: str) -> bool:
        """Return whether an attribute is of the other side alone."""
        part = self._narrow.target(schema.get("properties", {}).get(name, {}))
        return self._is_of_other_side(part)

    def _is_of_other_side(self, part: Any) -> bool:
        return isinstance(part, Mapping) and bool(part.get("readOnly" if self._is_request else "writeOnly"))

    def _of_attribute(self, name: str, before: Schema, after: Schema) -> Iterator[Change]:
        pointer = pointer_to((name,))
        if name in before and name in after:
            if self._is_of_other_side(after[name]) and not self._is_of_other_side(before[name]):
                yield Change(pointer, "attribute_removed", True, False)
            else:
                yield from self._inside(name, *self._ordered(before[name], after[name]))
        elif name in before and not self._is_of_other_side(before[name]):
            yield Change(pointer, "attribute_removed", True, False)
        elif name in after and not self._is_of_other_side(after[name]):
            yield Change(pointer, "attribute_added", False, True)

    def _of_others(self, wide: Schema, narrow: Schema) -> Iterator[Change]:
        """Yield the changes of attributes that have no name in the schema."""
        one, other = wide.get("additionalProperties", True), narrow.get("additionalProperties", True)
        if one is False or other is True:
            return
        if other is False:
            yield self._change("/*", "other_attributes", True, False)
        else:
            yield from self._inside("*", one, other)

    def _inside(self, name: str, wide: Any, narrow: Any) -> Iterator[Change]:
        for change in self._compare(wide, narrow):
            yield change._replace(pointer=pointer_to((name,)) + change.pointer)


def _has_type_of(wide: Schema, narrow: Schema) -> bool:
    if narrow == NOTHING:
        return wide == NOTHING
    one, other = wide.get("type"), narrow.get("type")
    return wide == NOTHING or other is None or one == other or (one, other) == ("integer", "number")


def _type(schema: Schema) -> str:
    return "nothing" if schema == NOTHING else str(schema.get("type", "anything"))


def _short(schema: Schema) -> dict[str, Any]:
    """Return what a schema says of its values, without words."""
    return {key: value for key, value in schema.items() if key not in _WORDS}


def _refused(schema: Any) -> list[str] | None:
    """Return the names that a propertyNames rejects, or None where it says something else."""
    rest = schema.get("not") if isinstance(schema, Mapping) and schema.keys() <= {"not", "type"} else None
    return rest["enum"] if isinstance(rest, Mapping) and rest.keys() == {"enum"} else None


def _bounds(wide: Schema, narrow: Schema) -> Iterator[tuple[str, _Bound, _Bound]]:
    """Yield the bounds of two schemas by their keywords."""
    kind = wide.get("type", narrow.get("type"))
    for types, keywords in _BOUNDS:
        if kind is None or kind in types:
            for keyword, sign in zip(keywords, (1, -1), strict=True):
                yield keyword, _bound(wide, keyword, sign), _bound(narrow, keyword, sign)


def _bound(schema: Schema, keyword: str, sign: int) -> _Bound:
    """Return a bound; of whole numbers one that is exclusive is the next number."""
    exclusive = schema.get("exclusive" + keyword[0].upper() + keyword[1:])
    given = [(sign * schema[keyword], False)] if keyword in schema else []
    if exclusive is not None:
        is_whole = schema.get("type") == "integer"
        given.append((sign * exclusive + 1, False) if is_whole else (sign * exclusive, True))
    if not given and keyword in ("minLength", "minItems", "minProperties"):
        return (0, False)
    return max(given, default=None)


def _value(bound: _Bound, keyword: str) -> float | None:
    """Return the number that a bound is."""
    return None if bound is None else bound[0] * (1 if keyword.startswith("min") else -1)


def _is_within(value: Any, schema: Schema) -> bool:
    """Return whether a listed value keeps the bounds and the pattern of a schema."""
    if isinstance(value, str):
        is_long_enough = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        return is_long_enough and ("pattern" not in schema or _is_like(value, schema["pattern"]))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return not any(other and one and one < other for _, one, other in _bounds(_only(value), schema))
    return True


def _is_like(value: str, pattern: str) -> bool:
    """Return whether a text has a pattern; what Python cannot read as one is taken for kept."""
    try:
        return compiled(pattern).search(value) is not None
    except (ValueError, re.error):
        return True


def _only(value: float) -> Schema:
    return {"type": "number", "minimum": value, "maximum": value}
