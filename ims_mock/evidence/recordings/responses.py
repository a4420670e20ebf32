"""Files of the recorder of `responses`, which have no request but its method and URL.

https://github.com/getsentry/responses, seen with 0.26.3. A body is text whatever it was, so that bytes are lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ims_mock.contract.judging import header_of
from ims_mock.contract.recorded import (
    DAMAGED,
    NOT_RECORDED,
    Absence,
    RecordedExchange,
    RecordedHeaders,
    RecordedRequest,
    RecordedResponse,
)
from ims_mock.evidence.recordings import bodies
from ims_mock.evidence.recordings.parts import Part, headers_in

_NO_TYPE = "text/plain"
"""What the recorder writes where a response had no type."""


def is_one(document: Any) -> bool:
    """Return whether a document is a list of responses, each below a member of that name."""
    items = document.get("responses") if isinstance(document, dict) else None
    return isinstance(items, list) and all(isinstance(item, dict) and "response" in item for item in items)


def read(document: Any) -> Iterator[RecordedExchange]:
    """Yield the exchanges, their requests without headers and bodies."""
    for number, item in enumerate(document["responses"], 1):
        part = Part(item, f"response {number}").part("response")
        headers = _headers(part)
        response = RecordedResponse(part.number("status"), headers, _body(part, headers))
        yield RecordedExchange(RecordedRequest(part.text("method"), part.text("url")), response, part.entry)


def _headers(part: Part) -> list[tuple[str, str]]:
    """Return the headers; the type is not recorded where it is what stands for none."""
    headers, kind = headers_in(part, "headers"), part.text("content_type", "")
    is_recorded = kind not in ("", _NO_TYPE) and header_of(headers, "content-type") is None
    return [*headers, ("Content-Type", kind)] if is_recorded else headers


def _body(part: Part, headers: RecordedHeaders) -> bytes | Absence:
    """Return a body; DAMAGED where the recorder may have guessed how bytes become a text."""
    if part.get("body") is None:
        return NOT_RECORDED
    text, kind = part.text("body"), header_of(headers, "content-type")
    is_guessed = not bodies.is_text(kind) if kind else not text.isascii()
    return DAMAGED if text and is_guessed else bodies.from_text(text, kind or "")
