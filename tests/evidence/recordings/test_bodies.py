"""Bodies of recordings: what is unpacked, what stays as it is, and what a recorder has damaged."""

from __future__ import annotations

import gzip
import zlib

import pytest

from ims_mock.contract import DAMAGED
from ims_mock.contract.recorded import Absence, RecordedHeaders
from ims_mock.evidence.recordings import bodies

TEXT = b'{"images": []}'
FILE = bytes(range(256))
RAW = zlib.compressobj(wbits=-15)
DEFLATED = RAW.compress(FILE) + RAW.flush()


def headers(**values: str) -> RecordedHeaders:
    """Return headers: type="x" is Content-Type, encoding="x" Content-Encoding."""
    return [(f"content-{name}", value) for name, value in values.items()]


@pytest.mark.parametrize(
    ("data", "of", "expected"),
    [
        pytest.param(gzip.compress(TEXT), headers(), TEXT, id="gzip"),
        pytest.param(gzip.compress(TEXT), headers(type="application/json", encoding="gzip"), TEXT, id="gzip-said"),
        pytest.param(
            gzip.compress(TEXT), headers(type="application/octet-stream", encoding="GZIP"), TEXT, id="gzip-of-a-file"
        ),
        pytest.param(gzip.compress(TEXT[:5]) + gzip.compress(TEXT[5:]), headers(), TEXT, id="members"),
        pytest.param(gzip.compress(TEXT) + bytes(9), headers(), TEXT, id="padded"),
        pytest.param(TEXT, headers(encoding="gzip"), TEXT, id="unpacked-gzip"),
        pytest.param(TEXT, headers(encoding="br"), TEXT, id="unpacked-brotli"),
        pytest.param(zlib.compress(FILE), headers(encoding="deflate"), FILE, id="zlib"),
        pytest.param(DEFLATED, headers(encoding="deflate"), FILE, id="deflate"),
        pytest.param(FILE, headers(encoding="identity"), FILE, id="identity"),
        pytest.param(FILE, headers(type="application/octet-stream"), FILE, id="file"),
    ],
)
def test_packed(data: bytes, of: RecordedHeaders, expected: bytes) -> None:
    """A body that is packed is unpacked, by gzip whatever the headers say; one that a recorder has unpacked stays."""
    assert bodies.from_bytes(data, of) == expected


def test_file_that_was_packed_before_it_was_sent() -> None:
    """An image that is a gzip file stays one."""
    packed = gzip.compress(FILE)
    assert bodies.from_bytes(packed, headers(type="application/octet-stream")) == packed


@pytest.mark.parametrize(
    ("data", "of"),
    [
        pytest.param(gzip.compress(TEXT)[:-9], headers(), id="cut-off"),
        pytest.param(b"\x1f\x8bnot gzip", headers(), id="no-gzip"),
        pytest.param(FILE, headers(encoding="br"), id="brotli"),
        pytest.param(FILE, headers(encoding="zstd"), id="zstandard"),
        pytest.param(FILE, headers(encoding="deflate"), id="no-deflate"),
        pytest.param(zlib.compress(FILE)[:-9], headers(encoding="deflate"), id="zlib-cut-off"),
    ],
)
def test_what_cannot_be_unpacked(data: bytes, of: RecordedHeaders) -> None:
    """A body that is cut off, or packed in a way that is not read, is not recorded faithfully."""
    assert bodies.from_bytes(data, of) is DAMAGED


def test_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small body that unpacks to more than the bound is not read, also where its parts are smaller."""
    monkeypatch.setattr(bodies, "MOST_BYTES", 100)
    assert bodies.from_bytes(gzip.compress(bytes(100))) == bytes(100)
    assert bodies.from_bytes(gzip.compress(bytes(101))) is DAMAGED
    assert bodies.from_bytes(gzip.compress(bytes(51)) * 2) is DAMAGED


@pytest.mark.parametrize(
    ("text", "content_type", "expected"),
    [
        ("\ufffd", "application/octet-stream", DAMAGED),
        ("\ufffd", "", DAMAGED),
        ("\ufffd", "application/json; charset=utf-8", "\ufffd".encode()),
        ("a\udcff\udc80", "application/octet-stream", b"a\xff\x80"),
        ("\x1f\udc8b\x08", "", DAMAGED),
        ("\ud800", "application/json", DAMAGED),
    ],
)
def test_text(text: str, content_type: str, expected: bytes | Absence) -> None:
    """U+FFFD is a lost byte unless the type is one of text; the low surrogates are bytes that can be turned back."""
    assert bodies.from_text(text, content_type) == expected
