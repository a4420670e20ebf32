"""The journal of this mock: what its control API shows, and the lines that it logs as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

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

_CUT = re.compile("bytes were sent|hangup|reset")
_ESCAPED = re.compile(r"\\x[89a-f][0-9a-f]")
"""A byte that was no UTF-8, or else the same written out, which cannot be known."""

_LISTS = ("entries", "requests")
"""The members with the entries: of what the control API shows, and of the file about a failed test."""


def is_cut(delivery: str) -> bool:
    """Return whether a response came in part, or from a connection that then broke."""
    return _CUT.search(delivery) is not None


def is_one(document: Any) -> bool:
    """Return whether a document is a journal, one entry of it, or a list of entries."""
    entries = _entries(document)
    return any(map(_is_entry, entries)) or _is_empty(document)


def read(document: Any) -> Iterator[RecordedExchange]:
    """Yield the exchanges of a journal; a line of the log has no headers and no bodies."""
    for number, value in enumerate(_entries(document), 1):
        part = Part(value, f"entry {number}")
        if "message" not in part:
            yield _exchange(part)


def _entries(document: Any) -> list[Any]:
    if isinstance(document, dict):
        found = next((document[name] for name in _LISTS if name in document), [document])
        return found if isinstance(found, list) else []
    return document if isinstance(document, list) else []


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and {"request_id", "method", "path", "status", "delivery"} <= value.keys()


def _is_empty(document: Any) -> bool:
    """Return whether a document is a journal without entries."""
    return isinstance(document, dict) and "received" in document and any(document.get(name) == [] for name in _LISTS)


def _exchange(entry: Part) -> RecordedExchange:
    method = entry.text("method")
    path = entry.text("path")
    url = entry.text("base_url", "") + (path if path.startswith("/") else f"/{path}")
    headers = _headers(entry, "request_headers")
    body = _body(entry, "request", headers)
    request = RecordedRequest(
        method,
        url,
        headers,
        body,
        has_all_headers=not isinstance(headers, Absence),
        caller=entry.text("caller", ""),
        project=entry.text("project_id", ""),
    )
    return RecordedExchange(request, _response(entry, method), entry.entry)


def _response(entry: Part, method: str) -> RecordedResponse | None:
    status, delivery = entry.number("status"), entry.text("delivery")
    if status <= 0 or delivery.startswith("nothing was sent"):
        return None
    headers = _headers(entry, "response_headers")
    # The journal keeps for HEAD the body that GET would have got.
    body = b"" if method == "HEAD" else DAMAGED if is_cut(delivery) else _body(entry, "response", headers)
    return RecordedResponse(status, headers, body, has_all_headers=not isinstance(headers, Absence))


def _headers(entry: Part, name: str) -> RecordedHeaders | Absence:
    return headers_in(entry, name) if name in entry else NOT_RECORDED


def _body(entry: Part, side: str, headers: RecordedHeaders | Absence) -> bytes | JsonBody | Absence:
    """Return a body; a file is not recorded, and one that was cut, or that was no text, is not faithfully."""
    if isinstance(headers, Absence) or f"{side}_body" not in entry:
        return NOT_RECORDED
    names = {name.lower(): value for name, value in headers}
    text, length = entry.text(f"{side}_body"), names.get("content-length", "")
    data = bodies.encoded(text)
    if not text:
        has_some = length not in ("", "0") or "transfer-encoding" in names
        return NOT_RECORDED if has_some else b""
    return DAMAGED if data is None or _ESCAPED.search(text) else bodies.from_journal(data, headers)
