"""Sizes in bytes, as people write them: 512MiB, 2GB."""

from __future__ import annotations

import re
from typing import Any

from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.wording import shown

LEAST = 1024 * 1024
"""Fewest bytes to which the worlds of a server can be bounded."""

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([KMGT]i?B|B|)", re.IGNORECASE)
_UNITS = {
    **dict.fromkeys(("", "b"), 1),
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}


def bytes_of(size: Any, name: str) -> int:
    """Return the bytes of a size, such as 1048576 or "1.5GiB"; raise InvalidError, with the name, for what is none."""
    count = size if type(size) is int else None
    match = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if match is not None:
        count = int(float(match[1]) * _UNITS[match[2].lower()])
    if count is None:
        text = f"must be a size, such as 512MiB or 2GiB, or a number of bytes, got {shown(size)}"
        raise wrong_setting(name, "pattern", text, size)
    if count < LEAST:
        raise wrong_setting(name, "minimum", f"must be at least {in_words(LEAST)}, got {shown(size)}", size)
    return count


def in_words(count: int) -> str:
    """Return bytes as people read them, such as "1.5GiB"."""
    unit = next((unit for unit in ("GiB", "MiB", "KiB") if count >= _UNITS[unit.lower()]), "")
    return f"{round(count / _UNITS[unit.lower()], 1):g}{unit or ' bytes'}"
