"""The fast path of validation: functions derived from JSON Schemas that accept what is surely valid.

jsonschema accepts whatever the fast path accepts, and decides about the rest. The fast path knows the keywords that the
project's schemas use; for a schema with another keyword it accepts nothing. Loops are written out, because all() over a
generator takes twice as long.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from functools import cache, partial
from math import inf
from typing import Any, NamedTuple

from ims_mock.contract.fast_columns import LONG, new_columns
from ims_mock.contract.patterns import compiled

FastPath = Callable[[Any], bool]
Resolve = Callable[[str], Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": operator.ge,
    "maximum": operator.le,
    "exclusiveMinimum": operator.gt,
}

# Keywords that apply to a text alone.
_OF_TEXT = {"pattern", "minLength", "maxLength"}

# Keywords that say nothing about whether a value is valid, or that are read with their neighbour.
_SILENT = {
    "title",
    "description",
    "$comment",
    "default",
    "readOnly",
    "writeOnly",
    "example",
    "examples",
    "items",
    "additionalProperties",
    "then",
    "else",
    "$defs",
    "contentEncoding",
}

# Keywords whose check covers that of the type, where the type is the one named.
_TYPED = {
    "string": {"enum", "const", "pattern", "minLength", "maxLength"},
    "integer": {"minimum", "maximum"},
    "array": {"items", "minItems", "maxItems"},
    "object": {"properties", "additionalProperties", "required", "propertyNames", "minProperties", "maxProperties"},
}


def new_fast_path(schema: Any, resolve: Resolve, *, writing: bool) -> FastPath:
    """Return the fast path of a JSON Schema 2020-12: a function that returns True for what is surely valid.

    `resolve` returns the schema that a `$ref` names. With `writing`, as in a request's body, a readOnly property is
    not accepted.
    """
    if schema is True:
        return _accept
    if schema is False or (writing and schema.get("readOnly")):
        return _reject
    compile_ = partial(new_fast_path, resolve=resolve, writing=writing)
    together = _together(schema)
    checks: list[FastPath] = [_bounded(schema)] if together else []
    for keyword, value in schema.items():
        if keyword in _SILENT or keyword in together or keyword.startswith("x-"):
            continue
        if keyword == "type" and isinstance(value, str) and _TYPED.get(value, set()) & schema.keys():
            continue
        if keyword in ("$ref", "allOf"):
            checks += map(compile_, value if keyword == "allOf" else [resolve(value)])
        elif keyword in _COMPARISONS and schema.get("type") == "number":
            checks.append(_compared(_COMPARISONS[keyword], value))
        elif keyword in {*_COMPARISONS, *_OF_TEXT} and isinstance(schema.get("type"), list):
            checks.append(_of_one_type(keyword, value))
        elif keyword in _KEYWORDS:
            checks.append(_KEYWORDS[keyword](value))
        elif keyword in _WITH_SCHEMAS:
            checks.append(_WITH_SCHEMAS[keyword](value, compile_))
        elif keyword == "if":
            checks.append(_if(*(compile_(schema.get(name, True)) for name in ("if", "then", "else"))))
        elif keyword != "properties":
            return _reject
    if "items" in schema:
        checks.append(_items(schema["items"], resolve, compile_))
    if "properties" in schema or "additionalProperties" in schema:
        checks.append(_object(schema, compile_, writing=writing))
    return _all(checks)


def _object(schema: Any, compile_: Callable[[Any], FastPath], *, writing: bool) -> FastPath:
    """Accept an object whose members their own schemas accept."""
    plain, properties = {}, {}
    for name, value in schema.get("properties", {}).items():
        found = _plain(value)
        if found is None or (writing and value.get("readOnly")):
            properties[name] = compile_(value)
        else:
            plain[name] = found
    return _properties(plain, properties, compile_(schema.get("additionalProperties", True)))


def _accept(_: Any) -> bool:
    return True


def _reject(_: Any) -> bool:
    return False


def _all(checks: list[FastPath]) -> FastPath:
    if not checks:
        return _accept
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks
        return lambda value: first(value) and second(value)

    def accept(value: Any) -> bool:
        for check in checks:
            if not check(value):
                return False
        return True

    return accept


def _type(names: str | list[str]) -> FastPath:
    types = {type_ for name in ([names] if isinstance(names, str) else names) for type_ in _TYPES[name]}
    return lambda value: type(value) in types


def _enum(values: list[Any]) -> FastPath:
    if all(type(value) is int for value in values):
        numbers = frozenset(values)
        return lambda value: type(value) is int and value in numbers
    if not all(type(value) is str or value is None for value in values):
        return _reject
    known = frozenset(values)
    return lambda value: (type(value) is str or value is None) and value in known


def _const(value: Any) -> FastPath:
    if type(value) is int:
        return lambda item: type(item) is int and item == value
    return _enum([value])


def _is_enum(schema: Any) -> bool:
    """Return whether a schema only lists the valid values."""
    return isinstance(schema, dict) and {name for name in schema if not name.startswith("x-")} == {"enum"}


def _together(schema: dict[str, Any]) -> set[str]:
    """Return keywords of a schema that one check covers: a call costs more than what it checks."""
    if schema.get("type") == "string":
        found = {"pattern", "minLength", "maxLength"} & schema.keys()
    else:
        found = {"minimum", "maximum"} & schema.keys() if schema.get("type") == "integer" else set()
    return found if len(found) > 1 else set()


def _bounded(schema: dict[str, Any]) -> FastPath:
    """Accept a text or an integer that keeps all the bounds of a schema."""
    if schema["type"] == "integer":
        lowest, highest = schema["minimum"], schema["maximum"]
        return lambda value: type(value) is int and lowest <= value <= highest
    search = compiled(schema.get("pattern", "")).search
    least, most = schema.get("minLength", 0), schema.get("maxLength", sys.maxsize)
    return lambda value: type(value) is str and least <= len(value) <= most and search(value) is not None


def _pattern(pattern: str) -> FastPath:
    search = compiled(pattern).search
    return lambda value: type(value) is str and search(value) is not None


def _compared(compare: Callable[[Any, Any], bool], bound: float) -> FastPath:
    return lambda value: type(value) in (int, float) and compare(value, bound)


def _of_one_type(keyword: str, value: Any) -> FastPath:
    """Accept what satisfies a keyword that applies to texts, or to numbers, alone, and values of other types."""
    if keyword in _OF_TEXT:
        return _where((str,), _KEYWORDS[keyword](value))
    return _where((int, float), _compared(_COMPARISONS[keyword], value))


def _where(types: tuple[type, ...], check: FastPath) -> FastPath:
    """Accept values of other types, to which a keyword does not apply, and the values that it accepts."""
    return lambda value: not isinstance(value, types) or check(value)


def _if(condition: FastPath, then: FastPath, otherwise: FastPath) -> FastPath:
    """Accept what satisfies the branch that applies, or both branches where the condition is not surely met."""
    return lambda value: then(value) if condition(value) else then(value) and otherwise(value)


def _any(schemas: list[Any], compile_: Callable[[Any], FastPath]) -> FastPath:
    if all(_is_enum(schema) for schema in schemas):
        return _enum([item for schema in schemas for item in schema["enum"]])
    branches = list(map(compile_, schemas))
    return lambda value: any(branch(value) for branch in branches)


def _dependent(schemas: dict[str, Any], compile_: Callable[[Any], FastPath]) -> FastPath:
    """Accept an object whose schemas accept it, of those that hold where it has a member."""
    checks = {name: compile_(schema) for name, schema in schemas.items()}
    return lambda value: isinstance(value, dict) and all(checks[name](value) for name in checks if name in value)


def _unique(is_wanted: bool) -> FastPath:
    """Accept a list of different texts, or of different integers: values of two types may be equal."""
    if not is_wanted:
        return _accept
    return lambda value: type(value) is list and {*map(type, value)} in _OF_ONE_TYPE and len({*value}) == len(value)


_OF_ONE_TYPE: tuple[set[type], ...] = (set(), {str}, {int})


def _required(names: list[str]) -> FastPath:
    needed = frozenset(names)
    return lambda value: isinstance(value, dict) and needed <= value.keys()


def _names(schema: dict[str, Any], compile_: Callable[[Any], FastPath]) -> FastPath:
    """Accept an object whose keys a schema accepts; where it only limits their length, without a call for each key."""
    if schema.keys() == {"maxLength"}:
        most = schema["maxLength"]
        return lambda value: isinstance(value, dict) and max(map(len, value), default=0) <= most
    check = compile_(schema)
    return lambda value: isinstance(value, dict) and all(map(check, value))


def _items(schema: Any, resolve: Resolve, compile_: Callable[[Any], FastPath]) -> FastPath:
    """Accept a list of valid items; a long one is checked by the columns of its objects, which few lists ask for."""
    check = compile_(schema)
    of_all = cache(partial(new_columns, schema, resolve, compile_, _SILENT - {"items", "additionalProperties"}))
    return lambda value: type(value) is list and (of_all()(value) if len(value) >= LONG else all(map(check, value)))


class Plain(NamedTuple):
    """What a schema says of one value alone, checked without a call.

    A value has one of the `types`; where they are given, is one of the `texts`; has a match of a pattern, by `search`;
    and has a length, or as a number a value, from `least` to `most`.
    """

    types: frozenset[type]
    texts: frozenset[str] | None = None
    search: Callable[[str], object] | None = None
    least: float | None = None
    most: float = inf


def _plain(schema: Any) -> Plain | None:
    """Return what a schema says that says nothing else; None of any other."""
    if not isinstance(schema, dict) or schema.keys() & {"items", "additionalProperties"}:
        return None
    says = {keyword: value for keyword, value in schema.items() if keyword not in _SILENT and keyword[:2] != "x-"}
    texts = _texts(says)
    if texts is not None:
        is_text = says.get("type", "string") == "string" and all(type(text) is str for text in texts)
        return Plain(frozenset({str}), frozenset(texts)) if is_text and not says.keys() - {"type"} else None
    name = says.pop("type", None)
    known = _BOUNDS.get(name, {}) if isinstance(name, str) else {}
    if name is None or says.keys() - known.keys():
        return None
    types = frozenset(type_ for one in ([name] if isinstance(name, str) else name) for type_ in _TYPES[one])
    bounds: dict[str, Any] = {known[keyword]: value for keyword, value in says.items()}
    if "search" in bounds:
        bounds["search"] = compiled(bounds["search"]).search
    return Plain(types, **({"least": -inf} if says else {}) | bounds)


_BOUNDS: dict[str, dict[str, str]] = {
    "string": {"pattern": "search", "minLength": "least", "maxLength": "most"},
    "integer": {"minimum": "least", "maximum": "most"},
}
"""The keywords that bound a value of a type, each with the field of Plain that has the bound."""


def _texts(says: dict[str, Any]) -> list[Any] | None:
    """Take from what a schema says the list of the valid values; None where it has none."""
    if "enum" in says:
        texts: list[Any] = says.pop("enum")
        return texts
    if "const" in says:
        return [says.pop("const")]
    if "anyOf" in says and all(_is_enum(branch) for branch in says["anyOf"]):
        return [item for branch in says.pop("anyOf") for item in branch["enum"]]
    return None


def _properties(plain: dict[str, Plain], properties: dict[str, FastPath], additional: FastPath) -> FastPath:
    def accept(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for name, item in value.items():
            simple = plain.get(name)
            if simple is None:
                check = properties.get(name, additional)
                if check is not _accept and not check(item):
                    return False
                continue
            types, texts, search, least, most = simple
            if type(item) not in types or (texts is not None and item not in texts):
                return False
            if least is not None:
                if not least <= (len(item) if type(item) is str else item) <= most:
                    return False
                if search is not None and search(item) is None:
                    return False
        return True

    return accept


_KEYWORDS: dict[str, Callable[[Any], FastPath]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minLength": lambda bound: lambda value: type(value) is str and len(value) >= bound,
    "maxLength": lambda bound: lambda value: type(value) is str and len(value) <= bound,
    "minimum": lambda bound: lambda value: type(value) is int and value >= bound,
    "maximum": lambda bound: lambda value: type(value) is int and value <= bound,
    "minItems": lambda bound: lambda value: type(value) is list and len(value) >= bound,
    "maxItems": lambda bound: lambda value: type(value) is list and len(value) <= bound,
    "minProperties": lambda bound: lambda value: isinstance(value, dict) and len(value) >= bound,
    "maxProperties": lambda bound: lambda value: isinstance(value, dict) and len(value) <= bound,
    "required": _required,
    "uniqueItems": _unique,
}

_WITH_SCHEMAS: dict[str, Callable[[Any, Callable[[Any], FastPath]], FastPath]] = {
    "anyOf": _any,
    "dependentSchemas": _dependent,
    "propertyNames": _names,
}
"""Keywords whose value has schemas in it, which are compiled for them."""
