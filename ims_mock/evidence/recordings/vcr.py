"""Cassettes of vcrpy, as YAML or JSON, and so those of pytest-recording.

https://vcrpy.readthedocs.io; seen with vcrpy 5.1.0 to 9.4.2. With aiohttp the headers of a request are those that the
caller gave, and a body in JSON is a mapping; with httpx and vcrpy 5 the response has its text as `content`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ims_mock.contract.recorded import (
    DAMAGED,
    NOT_RECORDED,
    Absence,
    JsonBody,
    RecordedExchange,
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
    # What every client sends by itself is missing where a cassette has only what the caller gave.
    is_whole = any(name.lower() == "user-agent" for name, _ in headers)
    return RecordedRequest(
        part.text("method"), part.text("uri"), headers, _body(part, "body"), has_all_headers=is_whole
    )


def _response(part: Part) -> RecordedResponse:
    headers = headers_in(part, "headers")
    if "status_code" in part:
        # httpx with vcrpy 5: a body that is not UTF-8 lost bytes without a trace.
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        body = _body(part, "content") if bodies.is_text(kind) or not part.get("content") else DAMAGED
        return RecordedResponse(part.number("status_code"), headers, body, has_all_headers=True)
    body = _body(part.part("body"), "string") if part.get("body") is not None else NOT_RECORDED
    return RecordedResponse(part.part("status").number("code"), headers, body, has_all_headers=True)


def _body(part: Part, name: str) -> bytes | JsonBody | Absence:
    """Return a body: None is none, text is UTF-8, and a mapping or a list is what was given as JSON."""
    value = part.get(name)
    if isinstance(value, dict | list):
        return JsonBody(value)
    if isinstance(value, bytes):
        return bodies.from_bytes(value)
    return bodies.from_text(part.text(name, ""), "text/")
