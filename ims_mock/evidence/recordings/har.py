"""HTTP archives (HAR 1.2), each with the habits of its writer: mitmproxy, Playwright, Schemathesis, browsers, ours."""

from __future__ import annotations

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
from ims_mock.evidence.recordings import bodies, companions
from ims_mock.evidence.recordings.companions import ReadFile
from ims_mock.evidence.recordings.journal import is_cut
from ims_mock.evidence.recordings.parts import Part, headers_of

_MITMPROXY, _PLAYWRIGHT, _OURS = "mitmproxy", "Playwright", "ims_mock"

_CHROMIUM = "WebInspector"
"""Its archives leave out Authorization and cookies, unless one asks for them."""

_FUZZER = "harfile"
"""Schemathesis, which does not say here which of its requests are meant to be wrong."""

_COUNT_BYTES = (_MITMPROXY, _PLAYWRIGHT)
"""Whose bodySize of a request is the number of bytes that were sent; Firefox, for one, counts characters."""

_CALLS = ("xhr", "fetch", "other")
"""The types of what the code of a page asks for; the others are the page itself, and what it consists of."""

_MOST_DIGITS = 18

_WITHOUT_BODY = ("GET", "HEAD", "DELETE", "OPTIONS")
"""The methods whose requests have no body where nothing says that they have."""


def is_one(document: Any) -> bool:
    """Return whether a document is an HTTP archive."""
    return isinstance(document, dict) and isinstance(log := document.get("log"), dict) and "entries" in log


def read(document: Any) -> Iterator[RecordedExchange]:
    """Yield the exchanges of an archive, without the pages that a browser shows, and what they load."""
    log = Part(document["log"], "", "log")
    creator = log.optional("creator")
    writer = creator.text("name", "") if creator else ""
    for number, value in enumerate(log.items("entries"), 1):
        entry = Part(value, f"entry {number}")
        if entry.text("_resourceType", "fetch") in _CALLS:
            yield _exchange(entry, writer)


def attach(document: Any, read_file: ReadFile) -> None:
    """Put the files that Playwright has written beside an archive, or with it in a .zip, into it."""
    for number, value in enumerate(Part(document["log"], "", "log").items("entries"), 1):
        entry = Part(value, f"entry {number}")
        for part, name in ((entry.optional("request"), "postData"), (entry.optional("response"), "content")):
            companions.attach(part.optional(name) if part else None, "_file", read_file)


def _exchange(entry: Part, writer: str) -> RecordedExchange:
    request, response = entry.part("request"), entry.part("response")
    method, headers = request.text("method"), _headers(request)
    return RecordedExchange(
        RecordedRequest(
            method,
            request.text("url").partition("#")[0],
            headers,
            _request_body(request, headers, writer),
            has_all_headers=writer != _CHROMIUM,
            meant_wrong=writer == _FUZZER,
            caller=entry.text("_caller", "") if writer == _OURS else "",
        ),
        _response(response, method, writer),
        entry.entry,
    )


def _headers(part: Part) -> list[tuple[str, str]]:
    """Return headers without those of HTTP/2 that are no headers, such as ":authority"."""
    return [item for item in headers_of(part, "headers", "name", "value") if not item[0].startswith(":")]


def _header(headers: list[tuple[str, str]], name: str) -> str:
    return next((value for known, value in headers if known.lower() == name), "")


def _length(headers: list[tuple[str, str]]) -> int:
    """Return the length of a body on the wire by its headers: at least 1 where it is chunked, -1 where none says."""
    text = _header(headers, "content-length")
    if text.isascii() and text.isdecimal():
        # No body is as long as a number of more digits says, and the interpreter reads at most 4300.
        return int(text[:_MOST_DIGITS])
    return 1 if _header(headers, "transfer-encoding") else -1


def _request_body(request: Part, headers: list[tuple[str, str]], writer: str) -> bytes | JsonBody | Absence:
    posted, size = request.optional("postData"), request.number("bodySize", -1)
    length = max(size, _length(headers))
    text = posted.get("text") if posted else None
    if posted is None or (text is None and "_file" not in posted):
        is_empty = length == 0 or (length < 0 and request.text("method") in _WITHOUT_BODY)
        return b"" if is_empty and not (posted and posted.items("params")) else NOT_RECORDED
    if isinstance(posted.get("_file"), bytes):
        return bodies.from_bytes(posted.get("_file"), headers)
    if not text and length > 0:
        return NOT_RECORDED
    if writer == _OURS:
        return _kept(posted, is_base64=posted.get("_encoding") == "base64", headers=headers)
    content_type = posted.text("mimeType", "") or _header(headers, "content-type")
    if writer not in _COUNT_BYTES or size < 0:
        return bodies.from_text(posted.text("text"), content_type, headers)
    # mitmproxy has decoded as latin-1 what is no JSON; only the right encoding gives the right number of bytes.
    encodings = ("utf-8",) if "json" in content_type else ("utf-8", "latin-1")
    texts = [bodies.encoded(posted.text("text"), encoding) for encoding in encodings]
    return next((bodies.from_bytes(data, headers) for data in texts if data is not None and len(data) == size), DAMAGED)


def _kept(part: Part, *, is_base64: bool, headers: RecordedHeaders) -> bytes | JsonBody | Absence:
    """Return what the journal of this mock, or its proxy, has kept of a body."""
    data = part.base64("text") if is_base64 else bodies.encoded(part.text("text", ""))
    return DAMAGED if data is None else bodies.from_journal(data, headers)


def _response(response: Part, method: str, writer: str) -> RecordedResponse | None:
    """Return a response; a status of 0 or -1 is that of none."""
    status = response.number("status", 0)
    if status <= 0:
        return None
    headers = _headers(response)
    body = b"" if method == "HEAD" else _response_body(response, headers, writer)
    return RecordedResponse(status, headers, body, has_all_headers=True)


def _response_body(response: Part, headers: list[tuple[str, str]], writer: str) -> bytes | JsonBody | Absence:
    content = response.optional("content")
    if response.get("_failureText") or is_cut(response.text("_error", "")):
        return DAMAGED
    if content is None:
        return NOT_RECORDED
    if isinstance(content.get("_file"), bytes):
        return bodies.from_bytes(content.get("_file"), headers)
    text, size = content.text("text", ""), content.number("size", -1)
    if not text and (size > 0 or ("text" not in content and (size < 0 or _length(headers) > 0))):
        return NOT_RECORDED
    is_base64 = content.text("encoding", "").lower() == "base64"
    if writer == _OURS:
        return _kept(content, is_base64=is_base64, headers=headers)
    if is_base64:
        return bodies.from_bytes(content.base64("text"), headers)
    return bodies.from_text(text, content.text("mimeType", ""), headers)
