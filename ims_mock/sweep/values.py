"""What the work returned, as it is compared and shown: the next run may change the value itself."""

from __future__ import annotations

import hashlib
import json
import re
import reprlib
from collections.abc import Set
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from itertools import zip_longest
from pathlib import PurePath
from typing import Any

from ims_mock.sweep.states import plain_text

_MOST_KEPT, _MOST_SHOWN = 4096, 80
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

_REPR = reprlib.Repr()
_REPR.maxlist = _REPR.maxtuple = _REPR.maxset = _REPR.maxfrozenset = _REPR.maxdict = _REPR.maxdeque = 20
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = _MOST_SHOWN + 2


@dataclass(frozen=True)
class Value:
    """A value as it was when the work returned it: `plain`, without ids and times, and `shown` in short."""

    plain: str
    shown: str

    @classmethod
    def of(cls, value: Any) -> Value:
        """Return what there is to say of a value now."""
        return cls(_kept(plain_value(value)), _shown(value))

    def in_place_of(self, other: Value) -> str:
        """Return in words what is there in place of another value: their first difference, where both begin alike."""
        if self.shown != other.shown:
            return f"{self.shown} in place of {other.shown}"
        pairs = enumerate(zip_longest(self.plain, other.plain))
        start = max(next((number for number, (one, two) in pairs if one != two), 0) - _MOST_SHOWN // 4, 0)
        one, two = (_excerpt(value.plain, start) for value in (self, other))
        return f"{one} in place of {two}"


def plain_value(value: Any) -> str:
    """Return a value as it is compared: without ids and times, and by its type where it is no data."""
    try:
        return plain_text(json.dumps(value, sort_keys=True, ensure_ascii=False, default=_plain))
    except Exception:  # The methods of a user's object may raise anything, and that is no failure of the work.
        return f"{type(value)}"


def _plain(value: Any) -> Any:
    """Return a value that is no JSON as JSON has it: sets, bytes, data classes, and what is known by its text."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"bytes": bytes(value).decode("utf-8", "backslashreplace")}
    if isinstance(value, Set):
        return {"set": sorted(map(plain_value, value))}
    if is_dataclass(value) and not isinstance(value, type):
        compared = {item.name: getattr(value, item.name) for item in fields(value) if item.compare}
        return {f"{type(value)}": compared}
    if isinstance(value, Enum):
        return f"{type(value)} {value.name}"
    if isinstance(value, (Decimal, PurePath)):
        return f"{type(value)} {value}"
    if hasattr(value, "isoformat") and not isinstance(value, type):
        return f"{type(value)} {value.isoformat()}"
    return f"{type(value)}"


def _kept(text: str) -> str:
    """Return a text, or its length and hash where it is long: a report keeps those of all its runs."""
    if len(text) <= _MOST_KEPT:
        return text
    return f"{len(text)} characters, {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _excerpt(text: str, start: int) -> str:
    """Return some characters of a text from a place on, with dots where there are more."""
    end = start + _MOST_SHOWN
    return f"{'...' if start else ''}{text[start:end]}{'...' if text[end:] else ''}"


def _shown(value: Any) -> str:
    try:
        text = _ADDRESS.sub("", _REPR.repr(value))
    except Exception:  # As above.
        return f"a value of {type(value)}"
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "..."
