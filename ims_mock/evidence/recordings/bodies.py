"""What a recorder makes of a body, and what of it can be turned back."""

from __future__ import annotations

import zlib

from ims_mock.contract.judging import header_of, media_type_of
from ims_mock.contract.recorded import DAMAGED, Absence, JsonBody, RecordedHeaders
from ims_mock.evidence.exchanges import kept_body

MOST_BYTES = 64 * 1024 * 1024
"""Most bytes that a packed body may unpack to."""

_TEXTS = ("json", "text/", "xml", "x-www-form-urlencoded", "javascript", "yaml")
_GZIP = b"\x1f\x8b"
_ZLIB, _RAW, _ANY_GZIP = zlib.MAX_WBITS, -zlib.MAX_WBITS, zlib.MAX_WBITS + 16


def is_text(content_type: str) -> bool:
    """Return whether a type is one of text, so that a U+FFFD in it may be what was sent."""
    return any(word in content_type.lower() for word in _TEXTS)


def from_text(text: str, content_type: str = "", headers: RecordedHeaders = ()) -> bytes | Absence:
    """Return the bytes of a body that is kept as text; DAMAGED where the recorder replaced some of them.

    A lone surrogate from U+DC80 to U+DCFF is one byte; U+FFFD is a lost one, unless the type is one of text.
    """
    data = encoded(text)
    is_lost = "\ufffd" in text and not is_text(content_type)
    return DAMAGED if is_lost or data is None else from_bytes(data, headers)


def encoded(text: str, encoding: str = "utf-8") -> bytes | None:
    """Return a text as bytes, a lone surrogate from U+DC80 to U+DCFF as one; None where that cannot be."""
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return None


def from_bytes(data: bytes, headers: RecordedHeaders = ()) -> bytes | Absence:
    """Return a body unpacked where it begins as gzip does, whatever a header says; DAMAGED where that fails.

    A file that was packed before it was sent stays as it is, and so does what a recorder has unpacked. What is packed
    otherwise, such as with Brotli, cannot be read.
    """
    encoding = (header_of(headers, "content-encoding") or "").strip().lower()
    if data.startswith(_GZIP):
        is_file = not encoding and media_type_of(headers) == "application/octet-stream"
        return data if is_file else _unpacked(data, _ANY_GZIP)
    if encoding in ("", "identity", "gzip", "x-gzip") or _is_utf_8(data):
        return data
    if encoding != "deflate":
        return DAMAGED
    # The name is that of zlib's format, and some send what is inside of it.
    body = _unpacked(data, _ZLIB)
    return _unpacked(data, _RAW) if body is DAMAGED else body


def from_journal(data: bytes, headers: RecordedHeaders) -> bytes | JsonBody | Absence:
    """Return what the journal of this mock has kept of a body, unpacked."""
    kept = kept_body(dict(headers), data)
    return from_bytes(kept, headers) if isinstance(kept, bytes) else kept


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unpacked(data: bytes, window: int) -> bytes | Absence:
    """Return what is packed in one or several members; DAMAGED where it is cut off, is none, or is too large."""
    body = b""
    while data:
        unpacker = zlib.decompressobj(window)
        try:
            body += unpacker.decompress(data, MOST_BYTES - len(body) + 1)
        except zlib.error:
            return DAMAGED
        if not unpacker.eof or len(body) > MOST_BYTES:
            return DAMAGED
        data = unpacker.unused_data if unpacker.unused_data.startswith(_GZIP) else b""
    return body
