"""Sizes in bytes, as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.contract.sizes import bytes_of, in_words


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (2**20, 2**20),
        ("1048576", 2**20),
        ("1MiB", 2**20),
        ("1.5 GiB", 3 * 2**29),
        ("2gb", 2 * 10**9),
        ("2000KB", 2 * 10**6),
        ("1TiB", 2**40),
    ],
)
def test_sizes(size: int | str, expected: int) -> None:
    """A size is a number of bytes, or one with a unit of 1000 or of 1024."""
    assert bytes_of(size, "memory") == expected


@pytest.mark.parametrize(
    "size", ["", "2", 0, -1, True, 1.5, "GiB", "2 apples", "-1MiB", "1e9", "512M", None, "1023KiB"]
)
def test_what_is_no_size(size: Any) -> None:
    """What is no size, or too small for a world, is refused with what it has to be."""
    with pytest.raises(ValueError, match=r"memory must be (a size, such as 512MiB or 2GiB|at least 1MiB)"):
        bytes_of(size, "memory")


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5KiB"), (2**31, "2GiB"), (2**41, "2048GiB")]
)
def test_bytes_in_words(count: int, words: str) -> None:
    """Bytes are written with the unit in which they are short."""
    assert in_words(count) == words
