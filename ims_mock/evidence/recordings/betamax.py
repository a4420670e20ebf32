"""Cassettes of betamax, and of VCR for Ruby whose form it has, and the VCR report of Schemathesis.

https://betamax.readthedocs.io, seen with betamax 0.9.0, Schemathesis 4.32.5, and vcr 5.0.0 for Ruby. The `encoding`
of a body says nothing: its text is decoded already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

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

_HIDDEN = "[Filtered]"
_CODE = re.compile("[0-9]{3}")


def is_one(document: Any) -> bool:
    """Return whether a document has interactions as betamax writes them."""
    return isinstance(document, dict) and isinstance(document.get("http_interactions"), list)


def read(document: Any) -> Iterator[RecordedExchange]:
    """Yield the exchanges; of Schemathesis also those that got no response."""
    for number, item in enumerate(document["http_interactions"], 1):
        entry = Part(item, f"interaction {number}")
        response = entry.optional("response")
        recorded = _response(response) if response else None
        yield RecordedExchange(_request(entry.part("request"), entry), recorded, entry.entry)


def _request(part: Part, entry: Part) -> RecordedRequest:
    generation = entry.optional("generation")
    meant_wrong = generation is not None and generation.get("mode") == "negative"
    headers = headers_in(part, "headers")
    body = _body(part, headers)
    url = _without_hidden(part.text("uri"))
    # VCR for Ruby writes methods in lower case.
    method = part.text("method").upper()
    return RecordedRequest(method, url, headers, body, has_all_headers=True, meant_wrong=meant_wrong)


def _without_hidden(url: str) -> str:
    """Return a URL without what Schemathesis hides: the user, and values of keys and tokens, sort_key too."""
    base, mark, query = url.partition("?")
    kept = [pair for pair in query.split("&") if unquote(pair.partition("=")[2]) != _HIDDEN]
    return base.replace(f"//{_HIDDEN}@", "//", 1) + (mark + "&".join(kept) if kept else "")


def _response(part: Part) -> RecordedResponse:
    headers = headers_in(part, "headers")
    # Schemathesis keeps the beginning of a long body.
    body = DAMAGED if part.get("truncated_from") else _body(part, headers) if "body" in part else NOT_RECORDED
    return RecordedResponse(_code(part.part("status")), headers, body, has_all_headers=True)


def _code(status: Part) -> int:
    """Return a status code, which Schemathesis writes as text."""
    code = status.get("code")
    return int(code) if isinstance(code, str) and _CODE.fullmatch(code) else status.number("code")


def _body(part: Part, headers: RecordedHeaders) -> bytes | Absence:
    """Return a body; a text in which bytes were replaced is damaged."""
    kind = header_of(headers, "content-type") or ""
    if isinstance(part.get("body"), str):
        return bodies.from_text(part.text("body"), kind, headers)
    body = part.optional("body")
    if body is None:
        return b""
    if "base64_string" in body:
        return bodies.from_bytes(body.base64("base64_string"), headers)
    if isinstance(body.get("string"), bytes):
        # Ruby's, of any body with a letter that is not of ASCII.
        return bodies.from_bytes(body.get("string"), headers)
    return bodies.from_text(body.text("string", ""), kind, headers) if "string" in body else NOT_RECORDED
