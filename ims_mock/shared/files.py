"""Where the files of images are kept, so that each server reaches them."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from ims_mock.contract.errors import ImsError
from ims_mock.shared.link import Link, StoreError
from ims_mock.state.files import PIECE, File

MOST_IN_STORE = 16 * 1024 * 1024
"""Largest file, in bytes, that the store itself keeps; a larger one needs a place beside it."""

_UNUSED = 3600
"""Real seconds after which the store drops a file that no image was given."""

_READING = 60
"""Real seconds for which the store keeps a file that no image has any more."""

logger = logging.getLogger("ims_mock")


class Place(Protocol):
    """A place for large files beside the store, such as a folder or a bucket, that all servers have."""

    def write(self, name: str, pieces: Iterator[bytes]) -> None:
        """Keep a file under a name that no other has; raise OSError where that cannot be."""

    def read(self, name: str, wanted: range) -> Iterator[bytes]:
        """Return the wanted bytes of a file in pieces; raise OSError at once where it cannot be read."""

    def remove(self, name: str) -> None:
        """Delete a file, no error where it is not there; raise OSError where that cannot be."""


class SharedFile(File):
    """The bytes of an image that every server can read: in the store, or in the place beside it."""

    def __init__(self, files: SharedFiles, document: Mapping[str, Any]) -> None:
        self.id: str = document["id"]
        self.size = document["size"]
        self.checksum = document["checksum"]
        self._files = files

    def read(self, wanted: range | None = None) -> Iterator[bytes]:
        """Return the bytes in pieces, or those of them that are wanted; raise 503 where they cannot be reached."""
        return self._files.read(self, range(self.size) if wanted is None else wanted)

    def remove(self) -> None:
        """Delete the bytes, to which nothing refers any more."""
        self._files.remove(self)


class SharedFiles:
    """The files of the images of one world: small ones in the store, larger ones in a place beside it."""

    def __init__(self, link: Link, prefix: str, place: Place | None = None) -> None:
        self._link = link
        self._prefix = prefix
        self._place = place

    def shared(self, file: File) -> SharedFile:
        """Return a file as every server can read it; it is sent where only this process has it.

        Raises 413 for a file that is too large for the store where there is no place beside it, 503 where it cannot be
        sent.
        """
        if isinstance(file, SharedFile):
            return file
        sent = SharedFile(self, {"id": secrets.token_hex(16), "size": file.size, "checksum": file.checksum})
        if file.size <= MOST_IN_STORE:
            key = self._key(sent.id)
            for number, piece in enumerate(file.read()):
                # Until an image has it, it goes by itself.
                self._link.ask(("HSET", key, number, piece), ("EXPIRE", key, _UNUSED))
        elif self._place is not None:
            try:
                self._place.write(sent.id, file.read())
            except OSError as error:
                raise StoreError(f"the file cannot be written to {self._place}: {error}") from None
        else:
            most = MOST_IN_STORE // 1024**2
            text = f"body: must be at most {most} MiB, which the store keeps; --files names a place for larger ones"
            raise ImsError(413, "IMG.0059", reason=text)
        return sent

    def loaded(self, document: Mapping[str, Any]) -> SharedFile:
        """Return the file that a document says."""
        return SharedFile(self, document)

    def read(self, file: SharedFile, wanted: range) -> Iterator[bytes]:
        """Return the wanted bytes of a file; raise 503, before the first, where it cannot be reached."""
        if file.size > MOST_IN_STORE:
            if self._place is None:
                raise StoreError("the file is in a place beside the store, which this server was not given: --files")
            try:
                return self._place.read(file.id, wanted)
            except OSError as error:
                raise StoreError(f"the file cannot be read from {self._place}: {error}") from None
        pieces = self._pieces(file, wanted)
        first = next(pieces, b"")
        return _again(first, pieces)

    def _pieces(self, file: SharedFile, wanted: range) -> Iterator[bytes]:
        """Yield the wanted bytes of a file in the store."""
        at = wanted.start
        while at < wanted.stop:
            number, begin = divmod(at, PIECE)
            piece = self._link.ask(("HGET", self._key(file.id), number))[0]
            if piece is None:
                raise StoreError(f"{self._link.name} has lost bytes of the file from {at} on")
            yield piece[begin : begin + wanted.stop - at]
            at = (number + 1) * PIECE

    def remove(self, file: SharedFile) -> None:
        """Delete a file that nothing refers to any more."""
        if file.size <= MOST_IN_STORE:
            # Somebody may be reading it.
            self._link.ask(("EXPIRE", self._key(file.id), _READING))
        elif self._place is not None:
            try:
                self._place.remove(file.id)
            except OSError as error:
                # The image is gone; the file costs space alone.
                logger.warning("the file %s cannot be deleted from %s: %s", file.id, self._place, error)

    def keys_of(self, files: Mapping[str, SharedFile]) -> list[str]:
        """Return the keys under which the store has files."""
        return [self._key(file_id) for file_id, file in files.items() if file.size <= MOST_IN_STORE]

    def _key(self, file_id: str) -> str:
        return f"{self._prefix}:file:{file_id}"


def document_of(file: SharedFile) -> dict[str, Any]:
    """Return where a file is, and what an image says of it."""
    return {"id": file.id, "size": file.size, "checksum": file.checksum}


def _again(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def place_of(text: str) -> Place:
    """Return the place that a text names: "s3://BUCKET" or "s3://BUCKET/PREFIX" for a bucket, else a folder.

    Raises ValueError for a folder that is not there, and ImportError where the bucket needs a library that is not.
    """
    if not text.startswith("s3://"):
        return Folder(Path(text))
    # Imported here: boto3 takes half a second to import.
    from ims_mock.shared.bucket import Bucket

    return Bucket(text)


class Folder:
    """A folder that every server has, such as one on NFS or a volume that they share."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise ValueError(f"--files: {path} is no folder; make it, or name another one")
        self._path = path

    def __str__(self) -> str:
        return f"the folder {self._path}"

    def write(self, name: str, pieces: Iterator[bytes]) -> None:
        """Keep a file under a name that no other has; raise OSError where that cannot be."""
        arriving = self._path / f"{name}.part"
        with arriving.open("wb") as target:
            target.writelines(pieces)
        # Another server finds it whole, or not at all.
        arriving.rename(self._path / name)

    def read(self, name: str, wanted: range) -> Iterator[bytes]:
        """Return the wanted bytes of a file in pieces; raise OSError at once where it cannot be read."""
        source = (self._path / name).open("rb")
        size = os.fstat(source.fileno()).st_size
        if size < wanted.stop:
            source.close()
            raise OSError(f"{name} has {size} bytes there, and should have at least {wanted.stop}")
        source.seek(wanted.start)
        return _read(source, len(wanted))

    def remove(self, name: str) -> None:
        """Delete a file; no error where it is not there."""
        (self._path / name).unlink(missing_ok=True)


def _read(source: Any, size: int) -> Iterator[bytes]:
    with source:
        while size:
            piece = source.read(min(size, PIECE))
            if not piece:
                raise OSError("the file has fewer bytes than it had")
            size -= len(piece)
            yield piece
