"""Pact files of the versions 2 to 4: what a client sends, and what it relies on in the response.

https://github.com/pact-foundation/pact-specification, seen with pact-python 4.2.0. The response has in it what the
client reads, so that what it lacks says nothing. A value that has a matching rule is an example of its type.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from ims_mock.contract.judging import header_of
from ims_mock.contract.problems import Keys
from ims_mock.contract.recorded import (
    NOT_RECORDED,
    Absence,
    JsonBody,
    RecordedExchange,
    RecordedHeaders,
    RecordedRequest,
    RecordedResponse,
)
from ims_mock.evidence.recordings import bodies
from ims_mock.evidence.recordings.parts import Part, headers_in

_HTTP = "Synchronous/HTTP"
"""The interactions that are no messages."""

_JSON = re.compile(r"application/(?:.+\+)?json", re.IGNORECASE)
"""The types of which Pact keeps a value of JSON; of another one, as that of a JSON patch, it keeps a text."""

_STEP = re.compile(r"""\.([^.\[\]'"]+)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[([0-9]+|\*)\]""")
_ANY = object()
"""The step that is every key of an object, or every index of a list."""

_BELOW = {"type", "values", "eachKey", "eachValue", "arrayContains"}
"""The rules that hold for what is in a value too."""


def is_one(document: Any) -> bool:
    """Return whether a document is a pact."""
    has_both_sides = isinstance(document, dict) and {"consumer", "provider"} <= document.keys()
    return has_both_sides and ("interactions" in document or "messages" in document)


def read(document: Any) -> Iterator[RecordedExchange]:
    """Yield the exchanges of a pact, without its messages."""
    pact = Part(document, "")
    is_v4 = _version(pact).startswith("4")
    for number, value in enumerate(pact.items("interactions"), 1):
        part = Part(value, f"interaction {number}")
        part.entry = f"interaction {number} ({part.text('description', '')})"
        if part.text("type", _HTTP) == _HTTP:
            yield _exchange(part, is_v4=is_v4)


def _version(pact: Part) -> str:
    metadata = pact.optional("metadata")
    if metadata is None:
        return ""
    # The second is what older writers have.
    known = metadata.optional("pactSpecification") or metadata.optional("pact-specification")
    return known.text("version", "") if known else metadata.text("pactSpecificationVersion", "")


def _exchange(part: Part, *, is_v4: bool) -> RecordedExchange:
    request, response = part.part("request"), part.part("response")
    sent, returned = headers_in(request, "headers"), headers_in(response, "headers")
    method = request.text("method", "GET").upper()
    return RecordedExchange(
        RecordedRequest(method, _url(request), sent, _body(request, sent, is_v4=is_v4)),
        RecordedResponse(
            response.number("status", 200), returned, _body(response, returned, is_v4=is_v4), is_partial=True
        ),
        part.entry,
    )


def _url(request: Part) -> str:
    """Return the path with the query, which is a text in version 2, and has lists in the later ones."""
    path, query = request.text("path"), request.get("query")
    if isinstance(query, dict):
        pairs = [(name, value) for name, values in query.items() for value in _texts(values)]
        query = urlencode(pairs, errors="replace")
    return f"{path}?{request.checked(query, str, 'request.query')}" if query else path


def _texts(values: Any) -> list[str]:
    return ["" if value is None else str(value) for value in (values if isinstance(values, list) else [values])]


def _body(part: Part, headers: RecordedHeaders, *, is_v4: bool) -> bytes | JsonBody | Absence:
    """Return a body, which is bare before version 4; null is none, and what is not mentioned may be any."""
    content_type = header_of(headers, "content-type") or ""
    body = part.get("body")
    if body is None:
        return b"" if "body" in part else NOT_RECORDED
    holder, name = part, "body"
    if is_v4 and isinstance(body, dict):
        holder, name = part.part("body"), "content"
        content_type, body = holder.text("contentType", content_type), holder.get("content")
        # The other value is false.
        if isinstance(holder.get("encoded"), str):
            return bodies.from_bytes(holder.base64("content"), headers)
    if isinstance(body, str) and not _JSON.fullmatch(content_type.partition(";")[0].strip()):
        return _from_text(body, content_type, headers)
    value = holder.json(name)
    return JsonBody(value, frozenset(_examples(part, value)))


def _from_text(text: str, content_type: str, headers: RecordedHeaders) -> bytes | Absence:
    """Return the bytes of a text: of what is no text it is base64, which nothing says before version 4."""
    if content_type and not bodies.is_text(content_type):
        with suppress(ValueError):
            return bodies.from_bytes(base64.b64decode(text, validate=True), headers)
    return bodies.from_text(text, content_type, headers)


def _examples(part: Part, body: Any) -> set[Keys]:
    """Return the places in a body whose values stand for their type: those that a rule or a generator is for."""
    found: set[Keys] = set()
    exact: set[Keys] = set()
    for path, matchers in _rules(part):
        places = list(_places(body, _steps(path)))
        if matchers == {"equality"}:
            exact |= set(places)
            continue
        found |= set(places)
        if matchers & _BELOW:
            found |= {place for start in places for place in _below(_value_at(body, start), start)}
    return found - exact


def _rules(part: Part) -> Iterator[tuple[str, set[str]]]:
    """Yield the paths in a body that rules or generators are for, each with the names of its rules."""
    rules, generators = _members_of(part.json("matchingRules")), _members_of(part.json("generators"))
    for path, rule in rules.items():
        if path.startswith("$.body"):
            yield "$" + path.removeprefix("$.body"), _names([rule])
    for path, rule in _members_of(rules.get("body")).items():
        yield path, _names(_members_of(rule).get("matchers"))
    for path in _members_of(generators.get("body")):
        yield path, {"generator"}


def _members_of(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(matchers: Any) -> set[str]:
    found = matchers if isinstance(matchers, list) else []
    return {str(item.get("match", "type")) for item in found if isinstance(item, dict)}


def _steps(path: str) -> list[Any]:
    """Return the steps of a path such as "$.images[*]['id']"."""
    steps: list[Any] = []
    for name, quoted, double, index in _STEP.findall(path):
        step = name or quoted or double or index
        is_name = bool(quoted or double)
        steps.append(_ANY if step == "*" and not is_name else int(step) if index and step != "*" else step)
    return steps


def _places(value: Any, steps: list[Any], at: Keys = ()) -> Iterator[Keys]:
    """Yield the places in a value that steps lead to."""
    if not steps:
        yield at
        return
    step, *rest = steps
    for key, item in _members(value):
        if step is _ANY or step == key:
            yield from _places(item, rest, (*at, key))


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    yield from value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()


def _value_at(value: Any, place: Keys) -> Any:
    for key in place:
        value = value[key]
    return value


def _below(value: Any, at: Keys) -> Iterator[Keys]:
    for key, item in _members(value):
        yield (*at, key)
        yield from _below(item, (*at, key))
