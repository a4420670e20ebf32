"""The body of a request, as it comes from a connection: it ends where the request does."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ims_mock.web.head import FIELD, MAX_LINE, TOKEN

MAX_DRAIN = 64 * 1024 * 1024
"""Most bytes of an unread request body that are read and dropped to keep the connection, and the client in step."""

_QUOTED = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_CHUNK = re.compile(
    rf"([0-9A-Fa-f]{{1,15}})(?:[\t ]*;[\t ]*{TOKEN}(?:[\t ]*=[\t ]*(?:{TOKEN}|{_QUOTED}))?)*".encode("latin-1")
)
"""The first line of a chunk (RFC 9112 section 7.1)."""

_TRAILER = re.compile(FIELD.encode("latin-1"))


class BodyError(OSError):
    """The request's body ends too early, or is not framed as HTTP has it."""


class RequestBody(io.RawIOBase):
    """A body that ends where the request does; `length` is None for a chunked one.

    Chunk extensions and trailers are read and dropped (RFC 9112 section 7.1). The interim response that a client waits
    for is sent when the body is first read, so that a rejection for its length or its route costs no upload.
    """

    def __init__(self, rfile: io.BufferedIOBase, length: int | None, send_continue: Callable[[], None] | None) -> None:
        self._rfile = rfile
        self._chunked = length is None
        self._left = length or 0
        self._send_continue = send_continue
        self.ended = length == 0
        self.is_broken = False

    @property
    def awaited(self) -> bool:
        """Whether the client still waits for leave to send the body."""
        return self._send_continue is not None

    def readable(self) -> bool:
        """Return True: io.BufferedReader asks."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes, without chunks' sizes; raise BodyError where the body is cut short or broken."""
        if self._send_continue is not None and not self.ended:
            self._send_continue()
            self._send_continue = None
        if self.is_broken:
            raise BodyError("the body is broken")
        if self._chunked and not self._left and not self.ended:
            self._begin_chunk()
        if self.ended:
            return 0
        read = self._rfile.readinto(memoryview(buffer)[: self._left])
        if not read:
            raise self._broken(f"the body ended {self._left} bytes early")
        self._left -= read
        if not self._left:
            self._end_part()
        return read

    def readall(self) -> bytes:
        """Read all that is left; raise as `readinto` does."""
        if not self._chunked and not self.ended and self._send_continue is None:
            # One read, where the base class would make one after the other until there is nothing.
            body = self._rfile.read(self._left)
            self._left -= len(body)
            if self._left:
                raise self._broken(f"the body ended {self._left} bytes early")
            self.ended = True
            return body
        return super().readall() or b""

    def drain(self) -> bool:
        """Read and drop what is left, up to MAX_DRAIN, unless the client waits for leave; say whether that was all."""
        left = MAX_DRAIN
        with suppress(BodyError):
            while left > 0 and not self.ended and not self.awaited:
                left -= len(self.read(65536) or b"")
        return self.ended

    def refuse_leave(self) -> None:
        """Take a body as it comes, from a client that need not send it any more."""
        self._send_continue = None

    def _broken(self, fault: str) -> BodyError:
        """Return the error of a body whose end cannot be known any more."""
        self.is_broken = True
        return BodyError(fault)

    def _begin_chunk(self) -> None:
        line = self._line()
        match = _CHUNK.fullmatch(line)
        if match is None:
            raise self._broken(f"{line[:20]!r} must be the size of a chunk in hexadecimal, with or without extensions")
        self._left = int(match[1], 16)
        if not self._left:
            self._pass_trailers()
            self.ended = True

    def _pass_trailers(self) -> None:
        size = 0
        while line := self._line():
            size += len(line)
            if size > MAX_LINE:
                raise self._broken("the trailers are too long")
            if not _TRAILER.fullmatch(line):
                raise self._broken("a trailer is not of the form 'name: value'")

    def _end_part(self) -> None:
        if not self._chunked:
            self.ended = True
        elif self._line():
            raise self._broken("a chunk is longer than its size says")

    def _line(self) -> bytes:
        line = self._rfile.readline(MAX_LINE)
        if not line.endswith(b"\r\n"):
            raise self._broken("a chunk's line is cut short, too long, or does not end with CR LF")
        return line[:-2]
