"""The body of a request: read once, kept, and no longer than it may be."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO

from ims_mock.contract import json_text
from ims_mock.contract.errors import ImsError
from ims_mock.contract.problems import wrong_at

MAX_BODY = 12 * 1024 * 1024
"""Largest body, in bytes, that the gateway takes for a JSON operation, and for any that is signed with an AK/SK."""

PIECE = 256 * 1024
"""Most bytes that are read at once of a body in pieces."""


@dataclass
class Body:
    """The body of one request, as it comes from a stream.

    `length` is how many bytes it has, None where that is not known yet; with `ends` the stream ends where the body
    does, and without it there is no body without a length. `raw` are the bytes that have been read, b"" before, and
    `json` is their JSON value once `parse` has read it, None before.
    """

    stream: BinaryIO = field(default_factory=io.BytesIO, repr=False)
    length: int | None = None
    ends: bool = True
    raw: bytes = field(default=b"", init=False, repr=False)
    json: Any = field(default=None, init=False, repr=False)
    _limit: int | None = field(default=MAX_BODY, init=False)
    _too_long: ImsError | None = field(default=None, init=False)
    _is_read: bool = field(default=False, init=False)

    def limit(self, most: int | None, too_long: ImsError | None = None) -> None:
        """Take no more than so many bytes, or any number; raise `too_long` at once where the length is known."""
        self._limit, self._too_long = most, too_long
        if most is not None and self.length is not None and self.length > most:
            raise self._excess()

    def _excess(self) -> ImsError:
        return self._too_long or ImsError(413, reason=wrong_at((), "maxLength", f"must be at most {self._limit} bytes"))

    def read(self) -> bytes:
        """Return all of the body, and keep it; raise 413 when it is too long, 400 when it is cut short."""
        if not self._is_read:
            self.raw = self._all()
            self.length = len(self.raw)
            self._is_read = True
        return self.raw

    def _all(self) -> bytes:
        if self.ends and self.length is not None and (self._limit is None or self.length <= self._limit):
            # One read, where a body in pieces takes several.
            try:
                return bytes(self.stream.read())
            except OSError as error:
                raise _cut_short(error) from None
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """Yield the body in pieces, which are not kept; where it has been read, all at once.

        Raise as `read` does, while the pieces are taken.
        """
        if self._is_read:
            yield self.raw
            return
        if self._limit is not None and self.length is not None and self.length > self._limit:
            raise self._excess()
        taken = 0
        while piece := self._piece(taken):
            taken += len(piece)
            if self._limit is not None and taken > self._limit:
                raise self._excess()
            yield piece

    def _piece(self, taken: int) -> bytes:
        """Return the next piece after so many bytes; b"" at the end."""
        left = PIECE if self.ends else min(PIECE, (self.length or 0) - taken)
        try:
            piece = self.stream.read(left) if left else b""
        except OSError as error:
            raise _cut_short(error) from None
        if left and not piece and not self.ends:
            raise _cut_short(f"the body ended {(self.length or 0) - taken} bytes early")
        return piece

    def parse(self) -> Any:
        """Return the JSON value of the bytes that have been read, which is `json` from now on.

        Raise 400 for what is no JSON.
        """
        self.json = json_text.parse(self.raw)
        return self.json

    @cached_property
    def loose_json(self) -> Any:
        """The JSON value of what has been read, valid or not by the operation's schema; None where it is none."""
        try:
            return json.loads(self.raw)
        except (ValueError, RecursionError):
            return None


def _cut_short(error: object) -> ImsError:
    return ImsError(400, reason=wrong_at((), "complete", str(error)))
