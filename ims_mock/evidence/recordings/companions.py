"""Files that a recording refers to: beside it in a folder, or with it in a .zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.parts import Part

MOST_BYTES = 256 * 1024 * 1024
"""Most bytes that a member of a .zip may unpack to."""

ReadFile = Callable[[str], "bytes | None"]
"""Returns what stands under a name; None where nothing does."""


def attach(part: Part | None, name: str, read_file: ReadFile) -> None:
    """Put the file that a member of a part names in the place of its name; one that is missing leaves the name."""
    if part is None or part.get(name) is None:
        return
    path = PurePosixPath(part.text(name).replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in str(path):
        raise part.error(name, f"must be a file with the recording, got {str(path)!r}")
    data = read_file(str(path))
    if data is not None:
        part.members[name] = data


def beside(*folders: Path) -> ReadFile:
    """Return what reads a file in the first of these folders that has it."""

    def read_file(name: str) -> bytes | None:
        found = next((folder / name for folder in folders if (folder / name).is_file()), None)
        return found.read_bytes() if found else None

    return read_file


def is_packed(data: bytes) -> bool:
    """Return whether a file is a .zip."""
    return data.startswith(b"PK\x03\x04")


def unpacked(data: bytes) -> tuple[bytes, ReadFile]:
    """Return the HTTP archive in a .zip, and what reads the files with it."""
    try:
        members = zipfile.ZipFile(io.BytesIO(data))
        names = [name for name in members.namelist() if name.endswith(".har") and "/" not in name]
    except zipfile.BadZipFile as error:
        raise RecordingError("", f"is not a whole .zip: {error}") from None
    if len(names) != 1:
        raise RecordingError("", f"must have one file that ends in .har, has {len(names)}")
    found = set(members.namelist())

    def read_file(name: str) -> bytes | None:
        return _member(members, name) if name in found else None

    return _member(members, names[0]), read_file


def _member(members: zipfile.ZipFile, name: str) -> bytes:
    if members.getinfo(name).file_size > MOST_BYTES:
        raise RecordingError("", f"{name} unpacks to more than {MOST_BYTES} bytes")
    try:
        return members.read(name)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise RecordingError("", f"{name} cannot be unpacked: {error}") from None
