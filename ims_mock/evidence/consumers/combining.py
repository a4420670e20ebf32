"""Contracts of consumers put together and held against each other, as documents of schemas/consumer.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ims_mock.evidence.consumers.shapes import distinct, shape_of

Document = Mapping[str, Any]

USES = ("seen", "read", "needed")
"""What a client does with an attribute, the strongest last."""

_MEMBERS = ("version", "consumer", "description", "sources", "operations")
_OF_OPERATION = ("requests", "values", "accepts", "responses")
_OF_REQUEST = ("status", "given", "path", "query", "headers", "media_type", "body")
_OF_ATTRIBUTE = ("use", "type", "enum", "pattern", "when")


def ordered(document: Document) -> dict[str, Any]:
    """Return a document in the one order that all with the same content have, without what is empty."""
    operations = {name: _operation(item) for name, item in sorted(document["operations"].items())}
    return _members({**document, "operations": operations}, _MEMBERS) | {"operations": operations}


def _operation(item: Document) -> dict[str, Any]:
    found = {
        "requests": [_members(request, _OF_REQUEST) for request in distinct(map(_request, item.get("requests", ())))],
        "values": {place: _values(values) for place, values in sorted(item.get("values", {}).items())},
        "accepts": sorted(item.get("accepts", ())),
        "responses": {
            status: {place: _attribute(attribute) for place, attribute in sorted(attributes.items())}
            for status, attributes in sorted(item.get("responses", {}).items())
        },
    }
    # A response without attributes says that the status came.
    return _members(found, _OF_OPERATION)


def _request(request: Document) -> dict[str, Any]:
    found = {**request, "headers": sorted(set(request.get("headers", ())), key=str.lower)}
    found["query"] = dict(sorted(request.get("query", {}).items()))
    if "body" in request:
        found["body"] = json.loads(json.dumps(request["body"], sort_keys=True))
    return {name: value for name, value in found.items() if value not in ([], {}) or name == "body"}


def _attribute(attribute: Document) -> dict[str, Any]:
    found = {**attribute, "type": sorted(attribute.get("type", ()))}
    if "enum" in attribute:
        found["enum"] = _values(attribute["enum"])
    return _members(found, _OF_ATTRIBUTE)


def _members(value: Document, names: Iterable[str]) -> dict[str, Any]:
    return {name: value[name] for name in names if name in value and (name == "body" or value[name] not in ([], {}))}


def _values(values: Iterable[Any]) -> list[Any]:
    """Return each value once, in an order of their own; true is not 1."""
    by_text = {json.dumps(value, sort_keys=True): value for value in values}
    return [by_text[text] for text in sorted(by_text)]


def merged(one: Document, other: Document) -> dict[str, Any]:
    """Return a document with what two say; of what can be said once alone, the first one counts."""
    names = [*one["operations"], *other["operations"]]
    operations = {name: _both(one["operations"].get(name, {}), other["operations"].get(name, {})) for name in names}
    sources = _values([*one.get("sources", ()), *other.get("sources", ())])
    return {**other, **one, "sources": sources, "operations": operations}


def _both(one: Document, other: Document) -> dict[str, Any]:
    values, responses = (
        {
            name: (one.get(key, {}).get(name), other.get(key, {}).get(name))
            for item in (one, other)
            for name in item.get(key, {})
        }
        for key in ("values", "responses")
    )
    return {
        "requests": [*one.get("requests", ()), *other.get("requests", ())],
        "values": {place: [*(first or ()), *(second or ())] for place, (first, second) in values.items()},
        "accepts": {*one.get("accepts", ()), *other.get("accepts", ())},
        "responses": {status: _attributes(first or {}, second or {}) for status, (first, second) in responses.items()},
    }


def _attributes(one: Document, other: Document) -> dict[str, Any]:
    return {place: _merged_attribute(one.get(place), other.get(place)) for place in [*one, *other]}


def _merged_attribute(one: Document | None, other: Document | None) -> Document:
    """Return an attribute of two runs: what the client is known to do with it counts more than what was only seen."""
    if one is None or other is None:
        return one or other or {}
    weak, strong = sorted((one, other), key=lambda item: USES.index(item["use"]))
    if weak["use"] == "seen" != strong["use"]:
        return {**strong, "type": strong.get("type") or weak.get("type", ())}
    found = {"use": strong["use"], "type": {*weak.get("type", ()), *strong.get("type", ())}}
    if not (weak.get("type") and strong.get("type")):
        found.pop("type")  # One of them takes any.
    if "enum" in weak and "enum" in strong:
        found["enum"] = [*weak["enum"], *strong["enum"]]
    same = {name: weak[name] for name in ("pattern", "when") if name in weak and weak.get(name) == strong.get(name)}
    return {**found, **same}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a newer contract of a consumer has in addition, no longer, or in another way.

    `what` is "operation", "request", "value", "status" or "attribute"; `place` is a status, a pointer, or a shape in
    words, and "" for an operation. `before` and `after` are what the contracts have there, None where nothing.
    """

    kind: Literal["added", "removed", "changed"]
    operation: str
    what: str
    place: str
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        sides = {
            "added": f": {_text(self.after)}",
            "removed": "",
            "changed": f": {_text(self.before)} -> {_text(self.after)}",
        }
        place = f" {self.place}" if self.place else ""
        return f"{self.operation}: {self.what}{place} {self.kind}{sides[self.kind] if self.place else ''}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def changes_between(one: Document, other: Document) -> list[Change]:
    """Return how another document differs from one, operation by operation."""
    names = sorted({*one["operations"], *other["operations"]})
    return [change for name in names for change in _of_operation(name, one["operations"], other["operations"])]


def _of_operation(name: str, one: Document, other: Document) -> Iterator[Change]:
    if name not in one:
        yield Change("added", name, "operation", "", after=other[name])
    elif name not in other:
        yield Change("removed", name, "operation", "", before=one[name])
    else:
        before, after = _facts(one[name]), _facts(other[name])
        for key in sorted(before.keys() | after.keys()):
            was, is_now = before.get(key), after.get(key)
            if key not in before:
                yield Change("added", name, *key[:2], after=is_now)
            elif key not in after:
                yield Change("removed", name, *key[:2], before=was)
            elif was != is_now and key[0] != "request":
                yield Change("changed", name, *key[:2], was, is_now)


def _facts(operation: Document) -> dict[tuple[str, str, str], Any]:
    """Return what is said of an operation, fact by fact: what it is, where, and a shape by which requests differ."""
    found: dict[tuple[str, str, str], Any] = {}
    for request in operation.get("requests", ()):
        found["request", described(request), shape_of(request)] = request
    for place, values in operation.get("values", {}).items():
        found["value", place, ""] = values
    if "accepts" in operation:
        found["status", "accepted", ""] = operation["accepts"]
    for status, attributes in operation.get("responses", {}).items():
        found["status", status, ""] = "got"
        for place, attribute in attributes.items():
            found["attribute", f"{status} {place}", ""] = attribute
    return found


def described(request: Document) -> str:
    """Return a request in words: what it sends, and the status that it got."""
    query = "".join(f"{'&' if index else '?'}{name}" for index, name in enumerate(request.get("query", ())))
    body = request.get("body")
    names = ", ".join(sorted(_named(body))) if body is not None else request.get("media_type", "")
    sent = " ".join(
        part
        for part in (query, names and f"with {names}", request.get("given", "") and f"given {request['given']}")
        if part
    )
    return f"{sent or 'alone'} -> {request['status']}"


def _named(body: Any) -> Iterator[str]:
    """Yield the names of what a body has at the top, or of what a patch changes."""
    if isinstance(body, dict):
        yield from body
    for item in body if isinstance(body, list) else ():
        if isinstance(item, dict) and "op" in item:
            yield f"{item['op']} {item.get('path', '')}"
