"""The file of an image: received piece by piece, kept, and read again, whole or in part."""

from __future__ import annotations

import hashlib
import io
import re
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from io import BufferedWriter
from typing import IO, Any

from ims_mock.contract.errors import ImsError
from ims_mock.state.real import RealFiles

MAX_IN_MEMORY = 1024 * 1024
"""Largest file, in bytes, that is kept in memory; a larger one is in a temporary file."""

PIECE = 256 * 1024
"""Most bytes that are read at once."""

_RANGE = re.compile(r"bytes=(?P<first>[0-9]*)-(?P<last>[0-9]*)", re.IGNORECASE)
_RANGES = re.compile(r"bytes=[0-9,\s-]*,[0-9,\s-]*", re.IGNORECASE)


class File:
    """The bytes of one image, which do not change; readers may be many and at once.

    `size` is in bytes, `checksum` the MD5 in hexadecimal digits. It is deleted with the last reference to it.
    """

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._path: str | None = None
        self._kept = b""
        # What Glance says of a file; it protects against nobody.
        digest = hashlib.md5(usedforsecurity=False)
        with ExitStack() as stack:
            target: io.BytesIO | BufferedWriter = io.BytesIO()
            for piece in pieces:
                self.size += len(piece)
                digest.update(piece)
                if self._path is None and self.size > MAX_IN_MEMORY:
                    target = stack.enter_context(self._moved_out(target))
                target.write(piece)
            if isinstance(target, io.BytesIO):
                self._kept = target.getvalue()
        self.checksum = digest.hexdigest()

    def _moved_out(self, kept: IO[bytes]) -> BufferedWriter:
        """Return a temporary file that begins with what has been kept in memory, and goes with this object."""
        self._path, file = RealFiles.create()
        weakref.finalize(self, RealFiles.remove, self._path)
        kept.seek(0)
        file.write(kept.read())
        return file

    @property
    def in_memory(self) -> int:
        """How many of its bytes are in memory: all or none."""
        return len(self._kept)

    def described(self) -> dict[str, Any]:
        """Return what an image says of its file."""
        return {
            "checksum": self.checksum,
            "size": self.size,
            "__image_size": str(self.size),
            "__root_origin": "file",
        }

    def check_announced(self, size: int | None) -> None:
        """Raise 400 when the size that a client has announced is not the size that it sent."""
        if size not in (None, self.size):
            raise ImsError(400, reason=f"/X-OpenStack-Image-Size: is {size}, and {self.size} bytes came")

    def read(self, wanted: range | None = None) -> Iterator[bytes]:
        """Yield the bytes in pieces, or those of them that are wanted."""
        wanted = range(self.size) if wanted is None else wanted
        with RealFiles.open(self._path) if self._path else io.BytesIO(self._kept) as source:
            source.seek(wanted.start)
            for start in range(wanted.start, wanted.stop, PIECE):
                yield source.read(min(PIECE, wanted.stop - start))


def wanted_range(header: str | None, size: int) -> range | None:
    """Return which bytes of a file of `size` a Range header asks for; None for the whole file.

    Raise 416 for bytes that are not there, 400 for more than one range, as Glance does. A header that is no range of
    bytes is passed over (RFC 9110 section 14.2).
    """
    if header and _RANGES.fullmatch(header):
        raise ImsError(400, reason=f"/Range: must be one range, got {header!r}")
    match = _RANGE.fullmatch(header or "")
    if match is None or not (match["first"] or match["last"]):
        return None
    if not match["first"]:
        wanted = range(max(size - _number(match["last"]), 0), size)
    else:
        first = _number(match["first"])
        if match["last"] and _number(match["last"]) < first:
            return None
        wanted = range(first, min(_number(match["last"]) + 1 if match["last"] else size, size))
    if not wanted:
        raise ImsError(
            416,
            "IMG.0105",
            reason=f"/Range: the file has {size} bytes, got {header!r}",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return wanted


def _number(digits: str) -> int:
    """Return a number, or one that is larger than any file for digits without end."""
    return int(digits[-19:]) if len(digits.lstrip("0")) < 19 else 10**19
