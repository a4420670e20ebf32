"""Cassettes of vcrpy, as YAML or JSON, and so those of pytest-recording.

https://vcrpy.readthedocs.io; seen with vcrpy 5.1.0 to 9.4.2. With aiohttp the headers of a request are those that the
caller gave, and a body in JSON is a mapping; with httpx and vcrpy 5 the response has its text as `content`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.json_text import parse
from ims_mock.contract.judging import header_of, media_type_of
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
from ims_mock.evidence.recordings import bodies
from ims_mock.evidence.recordings.parts import Part, headers_in


def is_one(document: Any) -> bool:
    """Return whether a document is a cassette of vcrpy."""
    return isinstance(document, dict) and isinstance(document.get("interactions"), list)


def read(document: Any) -> Iterator[RecordedExchange]:
    """Yield the exchanges of a cassette."""
    for number, item in enumerate(document["interactions"], 1):
        entry = Part(item, f"interaction {number}")
        request = _request(entry.part("request"))
        yield RecordedExchange(request, _response(entry.part("response")), entry.entry)


def _request(part: Part) -> RecordedRequest:
    headers = headers_in(part, "headers")
    names = {name.lower() for name, _ in headers}
    # What every client sends by itself is missing where a cassette has only what the caller gave.
    is_whole = {"user-agent", "accept-encoding"} <= names
    body = _body(part, "body", headers)
    # aiohttp sends a method in upper case, however it was given.
    return RecordedRequest(part.text("method").upper(), _url(part), headers, body, has_all_headers=is_whole)


def _url(part: Part) -> str:
    """Return a URL, or the path of one: with aiohttp a path below the base of the session may have no slash."""
    url = part.text("uri")
    return url if "://" in url or url.startswith("/") else f"/{url}"


def _response(part: Part) -> RecordedResponse:
    headers = headers_in(part, "headers")
    if "status_code" in part:
        # httpx with vcrpy 5: a body that is not UTF-8 lost bytes without a trace.
        is_whole = bodies.is_text(header_of(headers, "content-type") or "") or not part.get("content")
        body = _body(part, "content", headers) if is_whole else DAMAGED
        return RecordedResponse(part.number("status_code"), headers, body, has_all_headers=True)
    kept = part.optional("body")
    # With aiohttp the text is missing where the client could not read it.
    body = _body(kept, "string", headers) if kept and "string" in kept else NOT_RECORDED
    return RecordedResponse(part.part("status").number("code"), headers, body, has_all_headers=True)


def _body(part: Part, name: str, headers: RecordedHeaders) -> bytes | JsonBody | Absence:
    """Return a body: None is none, text is UTF-8, and a mapping or a list is what was given as JSON."""
    value = part.get(name)
    if isinstance(value, dict | list):
        return _given(value, headers)
    if isinstance(value, bytes):
        return bodies.from_bytes(value, headers)
    return bodies.from_text(part.text(name, ""), "text/", headers)


def _given(value: Any, headers: RecordedHeaders) -> bytes | JsonBody | Absence:
    """Return what aiohttp was given; a form, of which only the fields are recorded, where that shows."""
    if "form" in media_type_of(headers):
        return NOT_RECORDED
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        return NOT_RECORDED
    try:
        return JsonBody(parse(text.encode()))
    except ImsError:
        # Numbers such as NaN, which are no JSON, have gone out as they are.
        return text.encode()
