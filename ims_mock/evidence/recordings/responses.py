"""Files of the recorder of `responses`, which have no request but its method and URL.

https://github.com/getsentry/responses, seen with 0.26.3. A body is text whatever it was, so that bytes are lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ims_mock.contract.recorded import NOT_RECORDED, RecordedExchange, RecordedRequest, RecordedResponse
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
        body = NOT_RECORDED if part.get("body") is None else bodies.from_text(part.text("body"), kind)
        response = RecordedResponse(part.number("status"), headers, body)
        yield RecordedExchange(RecordedRequest(part.text("method"), part.text("url")), response, part.entry)
