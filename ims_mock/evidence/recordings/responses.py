"""Files of the recorder of `responses`, which have no request but its method and URL.

https://github.com/getsentry/responses, seen with 0.26.3. A body is text whatever it was, so that bytes are lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ims_mock.contract.recorded import (
    DAMAGED,
    NOT_RECORDED,
    Absence,
    RecordedExchange,
    RecordedRequest,
    RecordedResponse,
)
from ims_mock.evidence.recordings import bodies
from ims_mock.evidence.recordings.parts import Part, headers_in


def is_one(document: Any) -> bool:
    """Return whether a document is a list of responses, each below a member of that name."""
    items = document.get("responses") if isinstance(document, dict) else None
    return isinstance(items, list) and all(isinstance(item, dict) and "response" in item for item in items)


def read(document: Any) -> Iterator[RecordedExchange]:
    """Yield the exchanges, their requests without headers and bodies."""
    for number, item in enumerate(document["responses"], 1):
        part = Part(item, f"response {number}").part("response")
        kind = part.text("content_type", "")
        headers = [*headers_in(part, "headers"), *([("Content-Type", kind)] if kind else [])]
        response = RecordedResponse(part.number("status"), headers, _body(part, kind))
        yield RecordedExchange(RecordedRequest(part.text("method"), part.text("url")), response, part.entry)


def _body(part: Part, content_type: str) -> bytes | Absence:
    """Return a body; of bytes that are no text only that there were some, since how they became one is a guess."""
    if part.get("body") is None:
        return NOT_RECORDED
    text = part.text("body")
    return bodies.from_text(text, content_type) if not text or bodies.is_text(content_type) else DAMAGED
