"""The body of a request: read once, kept, and bounded."""

from __future__ import annotations

import io
from typing import Any

import pytest

from ims_mock.contract.errors import ImsError
from ims_mock.exchange.body import MAX_BODY, PIECE, Body


class BrokenStream(io.BytesIO):
    """A stream whose connection has ended."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Raise what a server raises."""
        raise OSError("the body ended 3 bytes early")


def reason_of(work: Any) -> tuple[int, str]:
    """Return the status and the reason of the rejection that some work raises."""
    with pytest.raises(ImsError) as caught:
        work()
    return caught.value.status, caught.value.reason


@pytest.mark.parametrize(("length", "ends"), [(3, True), (None, True), (3, False)])
def test_body_is_read_once_and_kept(length: int | None, ends: bool) -> None:
    """What has been read is returned again, whole and in pieces, though the stream is at its end."""
    body = Body(io.BytesIO(b"abc"), length, ends=ends)
    assert body.raw == b""
    assert body.read() == body.read() == body.raw == b"abc"
    assert list(body.pieces()) == [b"abc"]


def test_body_without_a_length_is_empty_where_the_stream_goes_on() -> None:
    """What follows on a stream that does not end with the body belongs to the next request."""
    assert Body(io.BytesIO(b"next"), ends=False).read() == b""


def test_body_ends_at_its_length_where_the_stream_goes_on() -> None:
    """Of a stream that does not end with the body, no more is read than the body has."""
    stream = io.BytesIO(b"abcnext")
    assert Body(stream, 3, ends=False).read() == b"abc"
    assert stream.read() == b"next"


def test_pieces_are_not_kept() -> None:
    """A file comes in pieces of bounded length, and nothing of it stays."""
    body = Body(io.BytesIO(b"x" * (PIECE + 1)))
    assert [len(piece) for piece in body.pieces()] == [PIECE, 1]
    assert body.raw == b""


@pytest.mark.parametrize("length", [None, MAX_BODY + 1])
def test_body_is_bounded(length: int | None) -> None:
    """A body is read up to a bound, whether or not its length is known before."""
    body = Body(io.BytesIO(b"x" * (MAX_BODY + 1)), length)
    assert reason_of(body.read) == (413, f"body: must be at most {MAX_BODY} bytes")


def test_limit_rejects_at_once_what_is_known_to_be_longer() -> None:
    """A length that is too large is rejected before anything is read."""
    assert reason_of(lambda: Body(BrokenStream(), 4).limit(3)) == (413, "body: must be at most 3 bytes")


def test_limit_rejects_in_its_own_words() -> None:
    """The rejection of a body that is too long is the one that was given with the limit."""
    body = Body(io.BytesIO(b"abcd"))
    body.limit(3, ImsError(413, reason="too long"))
    assert reason_of(lambda: list(body.pieces())) == (413, "too long")


def test_body_without_a_limit() -> None:
    """Without a limit a body of any length is taken."""
    body = Body(io.BytesIO(b"x" * (MAX_BODY + 1)))
    body.limit(None)
    assert sum(map(len, body.pieces())) == MAX_BODY + 1


@pytest.mark.parametrize("length", [3, None])
def test_body_that_breaks_off(length: int | None) -> None:
    """A connection that ends inside the body is the client's mistake."""
    assert reason_of(Body(BrokenStream(), length).read) == (400, "body: the body ended 3 bytes early")


def test_body_that_is_shorter_than_its_length() -> None:
    """A stream that ends before the body does is the client's mistake."""
    assert reason_of(Body(io.BytesIO(b"a"), 4, ends=False).read) == (400, "body: the body ended 3 bytes early")


def test_json_is_known_once_parsed() -> None:
    """The JSON value is None until the body has been parsed."""
    body = Body(io.BytesIO(b'{"a": 1.0}'))
    body.read()
    assert body.json is None
    assert body.parse() == body.json == {"a": 1}


@pytest.mark.parametrize(("raw", "value"), [(b'{"a": NaN}', True), (b"[1]", True), (b"{", False), (b"", False)])
def test_loose_json(raw: bytes, value: bool) -> None:
    """Rules look also at JSON that no operation would take; what is none at all is None."""
    body = Body(io.BytesIO(raw))
    body.read()
    assert (body.loose_json is not None) is value
