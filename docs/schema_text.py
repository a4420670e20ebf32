"""JSON Schemas in words, for the pages of the reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Schema = Mapping[str, Any]

_BOUNDS = (
    ("minimum", "maximum", "", ""),
    ("minLength", "maxLength", " character", " characters"),
    ("minItems", "maxItems", " item", " items"),
    ("minProperties", "maxProperties", " property", " properties"),
)
_DEPTH = 4


class Row(NamedTuple):
    """A place in a body or a parameter: its name, whether it must be there, what it may be, what it means."""

    name: str
    is_required: bool
    rule: str
    meaning: str
    codes: str


def as_table(rows: list[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table, without the column of codes if no row has any."""
    columns = ["name", "value", "meaning", *(["code"] if any(row.codes for row in rows) else [])]
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        rule = f"**required**; {as_text(row.rule)}" if row.is_required else as_text(row.rule)
        cells = [f"`{row.name}`", rule, as_text(row.meaning), row.codes]
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells[: len(columns)])} |"


def as_text(text: str) -> str:
    """Return a text in which Markdown sees no emphasis and no tags, but code."""
    return re.sub(r"(`[^`]*`)|([*_<])", lambda match: match[1] or f"\\{match[2]}", text)


def plain(value: Any) -> str:
    """Return a value as JSON in code font."""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


class Words:
    """The schemas of one document in words: it follows the references in them."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def whole(self, schema: Schema) -> Schema:
        """Return a schema with what it refers to, under what stands beside the reference."""
        if "$ref" not in schema:
            return schema
        return _merged(self.whole(self.at(schema["$ref"])), {key: schema[key] for key in schema if key != "$ref"})

    def at(self, reference: str) -> Any:
        """Return the part of the document that a reference leads to."""
        part: Any = self._document
        for key in reference.split("/")[1:]:
            part = part[key.replace("~1", "/").replace("~0", "~")]
        return part

    def rule(self, schema: Schema, depth: int = 0) -> str:
        """Return what a value may be."""
        schema = self.whole(schema)
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices and depth < _DEPTH and "type" not in schema:
            return ", or ".join(dict.fromkeys(self.rule(choice, depth + 1) for choice in choices))
        if "const" in schema:
            return plain(schema["const"])
        if "enum" in schema:
            return ", ".join(map(plain, schema["enum"])) + _default(schema)
        kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", ["any value"])
        text = " or ".join(self._kind(kind, schema, depth) for kind in kinds)
        return text + "".join(f", {part}" for part in self._limits(schema)) + _default(schema)

    def _kind(self, kind: str, schema: Schema, depth: int) -> str:
        if kind == "array" and depth < _DEPTH and "items" in schema:
            return f"list of: {self.rule(schema['items'], depth + 1)}"
        return {"array": "list", "null": "null"}.get(kind, kind)

    def _limits(self, schema: Schema) -> Iterator[str]:
        for least, most, one, more in _BOUNDS:
            low, high = (f"{schema[key]:.15g}" if key in schema else "" for key in (least, most))
            unit = one if (high or low) == "1" else more
            if low and high:
                yield f"{low} to {high}{unit}"
            elif low or high:
                yield f"at least {low}{unit}" if low else f"at most {high}{unit}"
        if "exclusiveMinimum" in schema:
            yield f"more than {schema['exclusiveMinimum']}"
        if "x-pattern-rule" in schema:
            yield str(schema["x-pattern-rule"])
        elif "pattern" in schema and len(schema["pattern"]) <= 80:
            yield f"matches `{schema['pattern']}`"
        if "format" in schema:
            yield f"format {schema['format']}"

    def rows(self, schema: Schema, name: str = "", depth: int = 0) -> Iterator[Row]:
        """Yield a row for each property that a client may send, and for those inside of it and of lists of objects."""
        schema = self.whole(schema)
        for choice in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
            if depth < _DEPTH:
                yield from self.rows(choice, name, depth + 1)
        for key, item in schema.get("properties", {}).items():
            if not isinstance(item, Mapping):
                continue
            place, part = f"{name}{key}", self.whole(item)
            if part.get("readOnly"):
                continue
            meaning = str(part.get("description", "")).replace("\n", " ")
            yield Row(place, key in schema.get("required", ()), self.rule(item), meaning, codes_of(part))
            if depth < _DEPTH:
                yield from self.rows(part, f"{place}.", depth + 1)
                yield from self.rows(part.get("items", {}), f"{place}[].", depth + 1)


def codes_of(schema: Schema) -> str:
    """Return the codes with which a value is rejected."""
    given = schema.get("x-code", ())
    codes = [given] if isinstance(given, str) else list(dict(given).values())
    missing = [schema["x-missing"]] if isinstance(schema.get("x-missing"), str) else []
    return ", ".join(f"`{code}`" for code in dict.fromkeys([*codes, *missing]) if isinstance(code, str))


def _default(schema: Schema) -> str:
    return f"; {plain(schema['default'])} if not given" if "default" in schema else ""


def _merged(under: Schema, over: Schema) -> Schema:
    """Return a schema with another one over it; properties are merged one by one."""
    both = {**under, **over}
    if "properties" in under and "properties" in over:
        both["properties"] = {
            **under["properties"],
            **{name: _over(under["properties"].get(name), item) for name, item in over["properties"].items()},
        }
    return both


def _over(under: Any, item: Any) -> Any:
    return {**under, **item} if isinstance(under, Mapping) and isinstance(item, Mapping) else item
