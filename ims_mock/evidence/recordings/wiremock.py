"""Stub mappings of WireMock, which it has recorded or somebody has written.

https://wiremock.org/docs/stubbing, seen with WireMock 3.13.2. A mapping says what a request shall match, so that a
request is known in part, and which response is sent, which is known wholly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from ims_mock.contract.errors import ImsError
from ims_mock.contract.json_text import parse
from ims_mock.contract.judging import header_of
from ims_mock.contract.problems import Keys
from ims_mock.contract.recorded import (
    DAMAGED,
    NOT_RECORDED,
    Absence,
    JsonBody,
    RecordedExchange,
    RecordedHeaders,
    RecordedRequest,
    RecordedResponse,
)
from ims_mock.evidence.recordings import bodies, companions
from ims_mock.evidence.recordings.companions import ReadFile
from ims_mock.evidence.recordings.parts import Part, headers_in
from ims_mock.evidence.recordings.stubs import method_of

_LITERAL = re.compile(r"(?:[A-Za-z0-9_~:.,-]|\\.)*")
"""A part of a pattern that is one text; a dot that is not escaped is meant to be one too."""

_OF_ONE_PART = re.compile(r"\[\^[/?]{1,2}\]|\[(?!\^)[^\]/]*\]|[A-Za-z0-9_~:,.-]|[(){}+*?|^$]|\\[^DSW]")
"""What a pattern may have that does not reach into the next part of a path."""

_STAND_IN = "00000000-0000-0000-0000-000000000000"
"""What stands for a part of a path that may be anything: an id."""

_TEMPLATE = "{{"
"""What a value begins with that WireMock works out when it responds."""

_FAILED = b"Network failure trying to make a proxied request from WireMock"
"""What WireMock responds, and records, where the service did not."""

_ANY = "ANY"


def is_one(document: Any) -> bool:
    """Return whether a document is a mapping, or an object with a list of them."""
    if not isinstance(document, dict):
        return False
    if isinstance(document.get("mappings"), list):
        return True
    request = document.get("request")
    return isinstance(request, dict) and "response" in document and any(name in request for name in _NAMES)


_NAMES = ("url", "urlPath", "urlPathTemplate", "urlPattern", "urlPathPattern", "method", "bodyPatterns")


def read(document: Any) -> Iterator[RecordedExchange]:
    """Yield the exchanges of the mappings of which one path, and one method, can be said, the first call first.

    A recording has its last call first. What WireMock lists (with `meta`), and what somebody has written, has not.
    """
    mappings = list(_mappings(document))
    is_recorded = "meta" not in document and all("uuid" in mapping for mapping in mappings)
    for mapping in reversed(mappings) if is_recorded else mappings:
        request = _request(mapping.optional("request"))
        if request is not None:
            yield RecordedExchange(request, _response(mapping, request.method), mapping.entry)


def place_of(document: Any) -> int:
    """Return where a file of a folder stands among the others: the last call has the lowest index."""
    index = document.get("insertionIndex") if isinstance(document, dict) else None
    return -index if isinstance(index, int) else 0


def attach(document: Any, read_file: ReadFile) -> None:
    """Put the files of bodies that mappings name into them."""
    for mapping in _mappings(document):
        companions.attach(mapping.optional("response"), "bodyFileName", read_file)


def _mappings(document: Any) -> Iterator[Part]:
    for number, value in enumerate(document.get("mappings", [document]), 1):
        part = Part(value, f"mapping {number}")
        name = part.text("name", "")
        part.entry += f" ({name})" if name else ""
        yield part


def _request(request: Part | None) -> RecordedRequest | None:
    """Return what a mapping matches; None where that is not one path, or may be several methods."""
    path = _path(request) if request else None
    if request is None or path is None:
        return None
    given = request.text("method", _ANY)
    method = method_of("" if given.upper() == _ANY else given, path)
    if method is None:
        return None
    query = urlencode(list(_equal_to(request, "queryParameters")), errors="replace")
    headers = list(_equal_to(request, "headers"))
    url = f"{path}?{query}" if query else path
    return RecordedRequest(method, url, headers, _request_body(request, headers), is_partial=True)


def _path(request: Part) -> str | None:
    """Return the path, with its query where that is a text; None where it may be one of many."""
    for name in ("url", "urlPath"):
        if name in request:
            return request.text(name)
    if "urlPathTemplate" in request:
        return _filled(request.text("urlPathTemplate"), dict(_equal_to(request, "pathParameters")))
    if "urlPathPattern" in request:
        return _of_pattern(request.text("urlPathPattern"))
    # What a pattern has behind the path is a pattern of the query.
    return _of_pattern(re.split(r"\\\?", request.text("urlPattern", ""))[0])


def _filled(template: str, values: dict[str, str]) -> str:
    """Return a path for a template, with the values that are known of its variables."""
    return re.sub(
        r"\{([^{}/]+)\}", lambda match: quote(values.get(match[1], _STAND_IN), safe="", errors="replace"), template
    )


def _of_pattern(pattern: str) -> str | None:
    """Return a path that a pattern matches, if each of its parts is a text or may be one part of any kind."""
    text = pattern.removeprefix("^").removesuffix("$")
    parts = re.split(r"(?<!\^)/(?![^\[]*\])", text)
    if parts[0] or len(parts) == 1 or not all(_is_of_one_part(part) for part in parts):
        return None
    return "/".join(re.sub(r"\\(.)", r"\1", part) if _LITERAL.fullmatch(part) else _STAND_IN for part in parts)


def _is_of_one_part(pattern: str) -> bool:
    if _LITERAL.fullmatch(pattern):
        return True
    try:
        re.compile(pattern)
    except re.error:
        return False
    # A dot that may be repeated matches slashes too.
    return (
        re.search(r"(?<!\\)\.[*+{]", pattern) is None
        and re.fullmatch(f"(?:{_OF_ONE_PART.pattern})+", pattern) is not None
    )


def _equal_to(request: Part, name: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values that have to be equal to a text."""
    matchers = request.optional(name)
    for key in matchers.members if matchers else ():
        matcher = matchers.json(key) if matchers else None
        exact = matcher.get("hasExactly", [matcher]) if isinstance(matcher, dict) else []
        for one in exact if isinstance(exact, list) else []:
            if isinstance(one, dict) and isinstance(one.get("equalTo"), str):
                yield str(key), one["equalTo"]


def _request_body(request: Part, headers: RecordedHeaders) -> bytes | JsonBody | Absence:
    """Return the body that a request has to have; where it has to have something in it alone, it is not recorded."""
    for pattern in request.parts("bodyPatterns"):
        if "equalToJson" in pattern:
            return _equal_json(pattern)
        if "binaryEqualTo" in pattern:
            return bodies.from_bytes(pattern.base64("binaryEqualTo"), headers)
        for name in ("equalTo", "equalToXml"):
            if name in pattern:
                return bodies.from_text(pattern.text(name), header_of(headers, "content-type") or "", headers)
        if pattern.get("absent") is True:
            return b""
    return NOT_RECORDED


def _equal_json(pattern: Part) -> JsonBody | Absence:
    """Return a JSON value, which is a text with JSON in recordings, without placeholders for anything."""
    value = pattern.json("equalToJson")
    if isinstance(value, str):
        try:
            value = parse(value.encode("utf-8", "replace"))
        except ImsError:
            return DAMAGED
    return DAMAGED if "${json-unit." in json.dumps(value) else JsonBody(value)


def _response(mapping: Part, method: str) -> RecordedResponse | None:
    """Return the response; None where WireMock hangs up, or asks another server."""
    response = mapping.optional("response")
    if response is None or "fault" in response or "proxyBaseUrl" in response:
        return None
    headers, status = headers_in(response, "headers"), response.number("status", 200)
    body = b"" if method == "HEAD" else _response_body(response, headers)
    if isinstance(body, bytes) and body.startswith(_FAILED):
        return None
    # A transformer of one's own may add headers; that of templates does not.
    known = {"response-template"}
    is_whole = known.issuperset(str(name) for name in response.items("transformers"))
    plain = [(name, value) for name, value in headers if _TEMPLATE not in value]
    return RecordedResponse(status, plain, body, has_all_headers=is_whole and plain == headers)


def _response_body(response: Part, headers: RecordedHeaders) -> bytes | JsonBody | Absence:
    if "jsonBody" in response:
        value = response.json("jsonBody")
        return JsonBody(value, frozenset(_templates(value)))
    if "base64Body" in response:
        return bodies.from_bytes(response.base64("base64Body"), headers)
    file = response.get("bodyFileName")
    if file is not None:
        return _text_body(bodies.from_bytes(file, headers)) if isinstance(file, bytes) else NOT_RECORDED
    return _text_body(bodies.from_text(response.text("body", ""), "text/", headers))


def _text_body(body: bytes | Absence) -> bytes | JsonBody | Absence:
    """Return a body: values of JSON that are templates are examples, and no other text is known that has some."""
    if isinstance(body, Absence) or _TEMPLATE.encode() not in body:
        return body
    try:
        value = parse(body)
    except ImsError:
        return DAMAGED
    return JsonBody(value, frozenset(_templates(value)))


def _templates(value: Any, at: Keys = ()) -> Iterator[Keys]:
    """Yield the places of the texts in a value that are templates."""
    if isinstance(value, str) and _TEMPLATE in value:
        yield at
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _templates(item, (*at, key))
