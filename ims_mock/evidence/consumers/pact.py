"""Contracts of consumers as Pact files, which a verifier of Pact runs and a broker holds.

https://github.com/pact-foundation/pact-specification
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ims_mock.contract.operations import load_contract
from ims_mock.contract.patterns import compiled
from ims_mock.contract.pointers import parts_of
from ims_mock.contract.problems import wrong_setting
from ims_mock.evidence.consumers.combining import described
from ims_mock.evidence.consumers.documents import schema_of
from ims_mock.evidence.consumers.places import ANY
from ims_mock.evidence.consumers.requests import body_of, documented_response, examples_at, path_of
from ims_mock.evidence.consumers.stand_ins import IMAGE, TOKEN

Document = Mapping[str, Any]

VERSIONS = {3: "3.0.0", 4: "4.0"}
"""The versions of Pact's specification that are written, with their numbers in a file."""

_SUBJECT = "X-Subject-Token"
_BINARY = "application/octet-stream"
_TEXTS = ("text", IMAGE, "2016-06-02T07:49:48Z", "0", "true")
"""Texts of which one has the form that an attribute is to have."""

_MATCHERS = {
    "array": {"match": "type"},
    "boolean": {"match": "boolean"},
    "integer": {"match": "integer"},
    "null": {"match": "null"},
    "number": {"match": "number"},
    "object": {"match": "type"},
    "string": {"match": "type"},
}
_EXAMPLES: Document = {"array": [], "boolean": True, "integer": 1, "null": None, "number": 1.5, "object": {}}


def to_pact(document: Document, version: int = 4, provider: str = "IMS") -> dict[str, Any]:
    """Return a contract, a document of schemas/consumer.json, as a Pact file of a version.

    Each request is an interaction. Of its response a Pact file says what the client needs in every case: Pact has no
    words for what may be missing, nor for what counts under a condition. Raises InvalidError for another version.
    """
    if version not in VERSIONS:
        known = " or ".join(map(str, VERSIONS))
        raise wrong_setting("version", "enum", f"must be {known}, the version of Pact's specification, got {version!r}")
    interactions: dict[str, dict[str, Any]] = {}
    for name, operation in document["operations"].items():
        for request in operation.get("requests", ()):
            text = f"{name} {described(request)}"
            same = sum(item.startswith(text) for item in interactions)
            description = f"{text} ({same + 1})" if same else text
            attributes = operation.get("responses", {}).get(str(request["status"]), {})
            interactions[description] = _interaction(name, request, attributes, version)
    return {
        "consumer": {"name": document["consumer"]},
        "provider": {"name": provider},
        "interactions": [{"description": text, **interactions[text]} for text in sorted(interactions)],
        "metadata": {"pactSpecification": {"version": VERSIONS[version]}},
    }


def _interaction(name: str, request: Document, attributes: Document, version: int) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "Synchronous/HTTP"} if version == 4 else {}
    if request.get("given"):
        found["providerStates"] = [{"name": request["given"]}]
    return {
        **found,
        "request": _request(name, request, version),
        "response": _response(name, request, attributes, version),
    }


def _request(name: str, request: Document, version: int) -> dict[str, Any]:
    sent = () if load_contract().operations[name].is_anonymous else request.get("headers", ())
    headers = {**({"X-Auth-Token": TOKEN} if sent else {}), **({_SUBJECT: TOKEN} if _SUBJECT in sent else {})}
    if "media_type" in request:
        headers["Content-Type"] = request["media_type"]
    found: dict[str, Any] = {"method": load_contract().operations[name].method, "path": path_of(name, request)}
    if request.get("query"):
        query = request["query"].items()
        found["query"] = {key: value if isinstance(value, list) else [value] for key, value in query}
    if headers:
        found["headers"] = {key: [value] for key, value in headers.items()} if version == 4 else headers
    body = body_of(name, request)
    if body is not None:
        is_binary = "body" not in request
        content = base64.b64encode(body).decode("ascii") if is_binary else request["body"]
        found["body"] = _body(content, request.get("media_type", _BINARY), version, is_binary=is_binary)
    return found


def _body(content: Any, media_type: str, version: int, *, is_binary: bool = False) -> Any:
    if version == 3:
        return content
    return {"content": content, "contentType": media_type, "encoded": "base64" if is_binary else False}


def _response(name: str, request: Document, attributes: Document, version: int) -> dict[str, Any]:
    needed = {
        place: attribute
        for place, attribute in sorted(attributes.items())
        if attribute["use"] == "needed" and "when" not in attribute
    }
    found: dict[str, Any] = {"status": request["status"]}
    if needed:
        documented = documented_response(name, request["status"])
        content: Any = None
        rules = {}
        for place, attribute in needed.items():
            example = _example(attribute, examples_at(documented, place))
            content = _with(content, parts_of(place), example)
            rules[_path(place)] = {"combine": "OR", "matchers": _matchers(attribute, example)}
        found["body"] = _body(content, "application/json", version)
        found["matchingRules"] = {"body": dict(sorted(rules.items()))}
    return found


def _with(value: Any, parts: list[str], example: Any) -> Any:
    """Return an example of a body that has another example at a place; of a list, in its one item."""
    if not parts:
        return example if value is None else value
    part, *rest = parts
    if part == ANY:
        return [_with(value[0] if isinstance(value, list) and value else None, rest, example)]
    known = value if isinstance(value, dict) else {}
    return {**known, part: _with(known.get(part), rest, example)}


def _example(attribute: Document, documented: Iterable[Any]) -> Any:
    """Return a value that a client takes of an attribute, if possible one that the documents have."""
    types = attribute.get("type") or ["string"]
    type_ = next((item for item in types if item != "null"), "null")
    usual = _TEXTS if type_ == "string" else (_EXAMPLES[type_],)
    # Of an array or an object what is in it has places of its own.
    known = () if type_ in ("array", "object") else documented
    candidates = [value for value in (*known, *attribute.get("enum", ()), *usual) if value is not None]
    taken = (value for value in candidates if schema_of(attribute).is_surely_valid(value))
    return next(taken, usual[0])


def _matchers(attribute: Document, example: Any) -> list[dict[str, Any]]:
    """Return Pact's matchers for what a client takes of an attribute, of which one has to fit."""
    values, pattern = attribute.get("enum", ()), attribute.get("pattern", "")
    if values and all(isinstance(value, str) for value in values):
        return [{"match": "regex", "regex": f"(?:{'|'.join(map(re.escape, values))})"}]
    # A consumer's side of Pact holds its own example against the expression.
    if pattern and compiled(pattern).search(str(example)):
        # Pact holds its expression against the whole text, and a schema's pattern is looked for in it.
        return [{"match": "regex", "regex": rf"[\s\S]*(?:{pattern})[\s\S]*"}]
    matchers = [_MATCHERS[type_] for type_ in attribute.get("type") or ["string"]]
    return [dict(item) for item in {json.dumps(item): item for item in matchers}.values()]


def _path(place: str) -> str:
    """Return a place as the JSON path that Pact has."""
    names = ("[*]" if part == ANY else f".{part}" if part.isidentifier() else f"['{part}']" for part in parts_of(place))
    return "$" + "".join(names)
