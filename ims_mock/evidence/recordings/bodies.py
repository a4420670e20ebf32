"""What a recorder makes of a body, and what of it can be turned back."""

from __future__ import annotations

import zlib

from ims_mock.contract.recorded import DAMAGED, Absence

MOST_BYTES = 64 * 1024 * 1024
"""Most bytes that a packed body may unpack to."""

_TEXTS = ("json", "text/", "xml", "x-www-form-urlencoded", "javascript", "yaml")


def is_text(content_type: str) -> bool:
    """Return whether a type is one of text, so that a U+FFFD in it may be what was sent."""
    return any(word in content_type.lower() for word in _TEXTS)


def from_text(text: str, content_type: str = "") -> bytes | Absence:
    """Return the bytes of a body that is kept as text; DAMAGED where the recorder replaced some of them.

    A lone surrogate from U+DC80 to U+DCFF is one byte; U+FFFD is a lost one, unless the type is one of text.
    """
    data = encoded(text)
    is_lost = "\ufffd" in text and not is_text(content_type)
    return DAMAGED if is_lost or data is None else from_bytes(data)


def encoded(text: str, encoding: str = "utf-8") -> bytes | None:
    """Return a text as bytes, a lone surrogate from U+DC80 to U+DCFF as one; None where that cannot be."""
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return None


def from_bytes(data: bytes) -> bytes | Absence:
    """Return a body unpacked where it begins as gzip does, whatever a header says; DAMAGED where that fails."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(data, MOST_BYTES)
    except zlib.error:
        return DAMAGED
    return unpacked if unpacker.eof else DAMAGED
