"""The file of an image: received piece by piece, kept, and read again, whole or in part."""

from __future__ import annotations

import hashlib
import re
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

from ims_mock.errors import ImsError

MAX_IN_MEMORY = 1024 * 1024
"""Largest file, in bytes, that is kept in memory; a larger one is in a temporary file that has no name."""

PIECE = 256 * 1024
"""Most bytes that are read or written at once."""

_RANGE = re.compile(r"bytes=(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})")


class File:
    """The bytes of one image, which do not change; readers may be many and at once.

    `size` is in bytes, `checksum` the MD5 in hexadecimal digits. Nothing remains of it when the last reference is gone.
    """

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        spool = tempfile.SpooledTemporaryFile(max_size=MAX_IN_MEMORY)  # noqa: SIM115 (it is closed with this object)
        weakref.finalize(self, spool.close)
        self._spool = spool
        self._lock = threading.Lock()
        self.size = 0
        # What Glance tells of a file; it protects against nobody.
        digest = hashlib.md5(usedforsecurity=False)
        for piece in pieces:
            spool.write(piece)
            digest.update(piece)
            self.size += len(piece)
        self.checksum = digest.hexdigest()

    def described(self) -> dict[str, Any]:
        """Return what an image tells of its file."""
        return {
            "checksum": self.checksum,
            "size": self.size,
            "__image_size": str(self.size),
            "__root_origin": "file",
        }

    def read(self, wanted: range | None = None) -> Iterator[bytes]:
        """Yield the bytes in pieces, or those of them that are wanted."""
        wanted = range(self.size) if wanted is None else wanted
        for start in range(wanted.start, wanted.stop, PIECE):
            with self._lock:
                self._spool.seek(start)
                piece = self._spool.read(min(PIECE, wanted.stop - start))
            yield piece


def wanted_range(header: str | None, size: int) -> range | None:
    """Return which bytes of a file of `size` a Range header asks for; None for the whole file.

    Raise 416 for bytes that are not there, 400 for more than one range, as Glance does. A header that is no range of
    bytes is passed over (RFC 9110 section 14.2).
    """
    if header and re.fullmatch(r"bytes=[0-9,\s-]*,[0-9,\s-]*", header):
        raise ImsError(400, reason=f"/Range: must be one range, got {header!r}")
    match = _RANGE.fullmatch(header or "")
    if match is None or not (match["first"] or match["last"]):
        return None
    if match["first"]:
        first = int(match["first"])
        last = min(int(match["last"] or size), size - 1)
        if match["last"] and int(match["last"]) < first:
            return None
    else:
        first, last = max(size - int(match["last"]), 0), size - 1
    if first > last:
        raise ImsError(
            416,
            "IMG.0105",
            reason=f"/Range: the file has {size} bytes, got {header!r}",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return range(first, last + 1)
