"""A bucket of an S3-compatible storage, for the large files of images."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from ims_mock.state.files import PIECE

try:
    import boto3
    import botocore.exceptions as errors
except ImportError:
    raise ImportError("--files s3://...: needs boto3; install it with: pip install 'ims_mock[s3]'") from None

_ERRORS = (errors.BotoCoreError, errors.ClientError, boto3.exceptions.Boto3Error)


class Bucket:
    """A bucket, and what the names of its objects begin with; its address and keys are those of the environment.

    Raises ValueError for a URL that names none, and for a bucket that cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if not self._bucket:
            raise ValueError(f"--files: must be s3://BUCKET or s3://BUCKET/PREFIX, got {url!r}")
        self._prefix = prefix.rstrip("/") + "/" if prefix else ""
        try:
            self._client = boto3.client("s3")
            self._client.head_bucket(Bucket=self._bucket)
        except _ERRORS as error:
            text = "make the bucket, and set the variables of the environment for AWS"
            raise ValueError(f"--files {url}: {error}; {text}") from None

    def __str__(self) -> str:
        return f"the bucket {self._bucket}"

    def write(self, name: str, pieces: Iterator[bytes]) -> None:
        """Keep a file under a name that no other has; raise OSError where that cannot be."""
        try:
            self._client.upload_fileobj(_Pieces(pieces), self._bucket, self._prefix + name)
        except _ERRORS as error:
            raise OSError(str(error)) from None

    def read(self, name: str, wanted: range) -> Iterator[bytes]:
        """Return the wanted bytes of a file in pieces; raise OSError at once where it cannot be read."""
        if not wanted:
            return iter(())
        about = {"Bucket": self._bucket, "Key": self._prefix + name}
        try:
            found = self._client.get_object(**about, Range=f"bytes={wanted.start}-{wanted.stop - 1}")
        except _ERRORS as error:
            raise OSError(str(error)) from None
        if found["ContentLength"] != len(wanted):
            raise OSError(f"{name} is shorter there than it should be")
        pieces: Iterator[bytes] = found["Body"].iter_chunks(PIECE)
        return pieces

    def remove(self, name: str) -> None:
        """Delete a file; no error where it is not there, or cannot be deleted now."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)
        except _ERRORS as error:
            raise OSError(str(error)) from None


class _Pieces(io.RawIOBase):
    """Pieces, to be read as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with what comes next; 0 at the end."""
        if not self._rest:
            self._rest = next(self._pieces, b"")
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count
