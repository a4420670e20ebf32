"""The body of a request: its bytes, bounded, and its JSON, read as RFC 8259 has it and no more leniently."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from ims_mock.errors import ImsError
from ims_mock.validation import Problem

MAX_DEPTH = 64
"""Deepest nesting of arrays and objects that is read; the API's own bodies need 3."""


MAX_BODY = 12 * 1024 * 1024
"""Largest body, in bytes, that the gateway takes for a JSON operation."""


def read(environ: Mapping[str, Any]) -> bytes:
    """Return the body of a WSGI request; raise 413 when it is longer than MAX_BODY, 400 when it is cut short."""
    length, stream = int(environ.get("CONTENT_LENGTH") or -1), environ["wsgi.input"]
    try:
        if length > MAX_BODY:
            raise _too_long()
        if not environ.get("wsgi.input_terminated"):
            # The input may go on after the body; without a length, there is no body.
            return bytes(stream.read(max(length, 0)))
        return bytes(stream.read()) if length >= 0 else _read_to_end(stream)
    except OSError as error:
        raise ImsError(400, reason=f"body: {error}") from None


def _too_long() -> ImsError:
    return ImsError(413, reason=f"body: must be at most {MAX_BODY} bytes, as the gateway takes no more")


def _read_to_end(stream: BinaryIO) -> bytes:
    """Read a body of unknown length; raise 413 as soon as it is too long."""
    parts, length = [], 0
    while part := stream.read(65536):
        parts.append(part)
        length += len(part)
        if length > MAX_BODY:
            raise _too_long()
    return b"".join(parts)


@dataclass(frozen=True)
class _Unfit:
    """Stands in a parsed document for what is no JSON number, and says why."""

    reason: str


def _float(text: str) -> float | int | _Unfit:
    """Read 40.0 as the integer 40, which in JSON it is; a number that no double holds is unfit."""
    number = float(text)
    if math.isinf(number):
        return _Unfit(f"the number {text[:20]} is too large")
    return int(number) if number.is_integer() else number


def _integer(text: str) -> int | _Unfit:
    # Past 308 digits no double holds it, and past 4300 the interpreter refuses to read it.
    return int(text) if len(text.lstrip("-")) <= 308 else _Unfit(f"the number {text[:20]}... is too large")


# One of these stands in every text that needs a closer look: an escape or a constant, an exponent or an endless number.
_SUSPICIOUS = ("\\u", "NaN", "Infinity")
_SUSPICIOUS_NUMBER = re.compile(r"[0-9][eE]|[0-9]{309}")

_decoder = json.JSONDecoder(
    parse_float=_float,
    parse_int=_integer,
    parse_constant=lambda text: _Unfit(f"{text} is no JSON number"),
)


def parse(raw: bytes) -> Any:
    """Return the value of a JSON text; raise 400 saying where the text is wrong.

    UTF-8 without a byte order mark; a whole float is an integer; no NaN, no Infinity, no half of a surrogate pair,
    nothing deeper than MAX_DEPTH. Of keys that are given twice the last counts, as with Glance.
    """
    if not raw:
        raise ImsError(400, "IMG.0007", reason="body: is empty; send a JSON object, {} for all defaults")
    try:
        text = raw.decode("utf-8")
        value = _decoder.decode(text)
    except UnicodeDecodeError as error:
        raise _malformed((), f"is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}") from None
    except json.JSONDecodeError as error:
        raise _malformed((), f"is not JSON: {error.msg}, at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise _too_deep() from None
    if (
        any(word in text for word in _SUSPICIOUS)
        or _SUSPICIOUS_NUMBER.search(text)
        or text.count("[") + text.count("{") > MAX_DEPTH
    ):
        _check_fit(value)
    return value


def _check_fit(value: Any) -> None:
    """Walk a parsed document without recursion; raise 400 at the first thing in it that JSON cannot say."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        path, item = waiting.pop()
        children: Iterable[tuple[str | int, Any]] = ()
        if isinstance(item, dict):
            children = item.items()
        elif isinstance(item, list):
            children = enumerate(item)
        elif isinstance(item, _Unfit):
            raise _malformed(path, item.reason)
        for text in (item, path[-1] if path else ""):
            if isinstance(text, str) and not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
                raise _malformed(path, "has half of a surrogate pair, which is no character")
        if len(path) >= MAX_DEPTH and isinstance(item, (dict, list)):
            raise _too_deep()
        waiting.extend(reversed([((*path, key), child) for key, child in children]))


def _malformed(path: tuple[str | int, ...], text: str) -> ImsError:
    return ImsError(400, "IMG.0001", reason=str(Problem(path, "json", text)))


def _too_deep() -> ImsError:
    return _malformed((), f"is nested more than {MAX_DEPTH} deep")
