"""The file of an image."""

from __future__ import annotations

import gc
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ims_mock.contract.errors import ImsError
from ims_mock.state.files import MAX_IN_MEMORY, PIECE, File, wanted_range
from ims_mock.state.real import RealFiles


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, MAX_IN_MEMORY + 1])
def test_whole_file(size: int) -> None:
    """A file is read as it was received, in memory or not, and knows its size and checksum."""
    content = bytes(index % 251 for index in range(size))
    file = File([content[:10], content[10:]])
    assert b"".join(file.read()) == content
    assert (file.size, file.checksum) == (size, hashlib.md5(content).hexdigest())


def test_part_of_a_file() -> None:
    """A range is read in pieces too."""
    content = bytes(index % 251 for index in range(3 * PIECE))
    assert b"".join(File([content]).read(range(5, 2 * PIECE + 5))) == content[5 : 2 * PIECE + 5]


def test_readers_do_not_disturb_each_other() -> None:
    """Several readers at once each get the whole file."""
    content = bytes(range(256)) * 8192
    file = File([content])
    read: list[bytes] = []
    threads = [threading.Thread(target=lambda: read.append(b"".join(file.read()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [content] * 8


def test_nothing_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A large file is in the folder for temporary files, and gone from there with the last reference."""
    monkeypatch.setattr(RealFiles, "_folder", str(tmp_path))
    small, large = File([b"x" * MAX_IN_MEMORY]), File([b"x" * MAX_IN_MEMORY, b"x"])
    assert len(list(tmp_path.iterdir())) == 1
    del small, large
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_file_that_is_broken_off_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When the pieces end in an error, what has been written is removed too."""
    monkeypatch.setattr(RealFiles, "_folder", str(tmp_path))

    def pieces() -> Iterator[bytes]:
        yield b"x" * (MAX_IN_MEMORY + 1)
        raise ValueError("broken off")

    with pytest.raises(ValueError, match="broken off"):
        File(pieces())
    gc.collect()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, None),
        ("bytes=0-3", range(4)),
        ("bytes=4-", range(4, 10)),
        ("bytes=4-100", range(4, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-100", range(10)),
        ("bytes=9-9", range(9, 10)),
        ("Bytes=0-3", range(4)),
        (f"bytes=0-{'9' * 5000}", range(10)),
        (f"bytes=-{'9' * 5000}", range(10)),
        (f"bytes={'0' * 5000}4-5", range(4, 6)),
        ("bytes=3-2", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes", None),
        ("items=0-3", None),
        ("", None),
    ],
)
def test_range(header: str | None, wanted: range | None) -> None:
    """A range of bytes is served; what is none is passed over (RFC 9110 section 14.2)."""
    assert wanted_range(header, 10) == wanted


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=20-30", "bytes=-0", f"bytes={'9' * 5000}-"])
def test_range_that_is_not_there(header: str) -> None:
    """Bytes behind the end are 416, and Content-Range has the size."""
    with pytest.raises(ImsError) as caught:
        wanted_range(header, 10)
    assert (caught.value.status, caught.value.headers) == (416, {"Content-Range": "bytes */10"})


@pytest.mark.parametrize("header", ["bytes=0-1,3-4", "bytes=0-1, -3", "bytes=,"])
def test_several_ranges(header: str) -> None:
    """More than one range is 400, as with Glance."""
    with pytest.raises(ImsError, match="/Range: must be one range") as caught:
        wanted_range(header, 10)
    assert caught.value.status == 400
