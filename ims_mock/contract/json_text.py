"""JSON text, read strictly by RFC 8259."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.problems import InvalidError, Keys, Problem, wrong_at

MAX_DEPTH = 64
"""Deepest nesting of arrays and objects that is read; the API's own bodies need 3."""


class _UnfitError(Exception):
    """Raised where a text has something that is not a JSON number; a second reading puts it into the document."""


def _float(text: str) -> float | int:
    """Read 40.0 as the integer 40, as JSON means it; a number too large for a double is unfit.

    A whole number of more digits than `_integer` reads stays a float, so that it can be written and read again.
    """
    number = float(text)
    if math.isinf(number):
        raise _UnfitError("is too large a number")
    return int(number) if number.is_integer() and abs(number) < 1e308 else number


def _integer(text: str) -> int:
    # A double holds at most 308 digits, and the interpreter reads at most 4300.
    if len(text) > 308 and len(text.lstrip("-")) > 308:
        raise _UnfitError("is too large a number")
    return int(text)


def _constant(text: str) -> None:
    raise _UnfitError(f"{text} is not a JSON number")


def _or_unfit(read_number: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a reader that leaves an unfit number in the document, where its pointer can be found."""

    def read_or_mark(text: str) -> Any:
        try:
            return read_number(text)
        except _UnfitError as unfit:
            return unfit

    return read_or_mark


_decoder = json.JSONDecoder(parse_float=_float, parse_int=_integer, parse_constant=_constant)
_marking_decoder = json.JSONDecoder(
    parse_float=_or_unfit(_float), parse_int=_or_unfit(_integer), parse_constant=_or_unfit(_constant)
)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def encoded(document: Any) -> bytes:
    """Return a JSON document as the bytes that are sent, without needless blanks."""
    return _encode(document).encode()


def parse(raw: bytes) -> Any:
    """Return the value of a JSON text; raise 400 saying where the text is wrong.

    UTF-8 without a byte order mark; a whole float is an integer; no NaN, no Infinity, no half of a surrogate pair,
    nothing deeper than MAX_DEPTH. Where a key is given twice, the last one counts, as with Glance.
    """
    if not raw:
        raise ImsError(400, "IMG.0007", reason=wrong_at((), "json", "is empty; send JSON"))
    try:
        text = raw.decode("utf-8")
        value, is_suspicious = _decoded(text)
    except UnicodeDecodeError as error:
        raise _malformed((), f"is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}") from None
    except json.JSONDecodeError as error:
        raise _malformed((), f"is not JSON: {error.msg}, at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise _too_deep() from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(value)
    # Only an escape can be half of a pair.
    if is_suspicious or "\\u" in text:
        _check_fit(value)
    return value


def plain(value: Any) -> Any:
    """Return a value of Python as `parse` would have read it, and sharing nothing with it.

    Raise InvalidError with the place of what JSON does not have, such as NaN.
    """
    try:
        return parse(json.dumps(value).encode())
    except ImsError as error:
        raise InvalidError(*error.problems) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidError(Problem(_unfit_path(value), "json", f"is not JSON: {error}")) from None


def _unfit_path(value: Any) -> Keys:
    """Return where in a value of Python the first thing is that JSON does not have; () where that is all of it."""
    children: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list | tuple):
        children = enumerate(value)
    for key, child in children:
        try:
            json.dumps(child)
        except (TypeError, ValueError, RecursionError):
            return (key, *_unfit_path(child)) if isinstance(key, str | int) else ()
    return ()


def _decoded(text: str) -> tuple[Any, bool]:
    """Return the value of a JSON text, and whether it has marks of invalid numbers."""
    try:
        return _decoder.decode(text), False
    except _UnfitError:
        return _marking_decoder.decode(text), True


_CONTAINERS = frozenset((dict, list))


def _check_depth(value: Any) -> None:
    """Go down a parsed document level by level; raise 400 when it has more of them than MAX_DEPTH."""
    level, depth = [value] if isinstance(value, (dict, list)) else [], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        parts = (item.values() if type(item) is dict else item for item in level)
        level = [child for child in chain.from_iterable(parts) if type(child) in _CONTAINERS]


def _check_fit(value: Any) -> None:
    """Walk a parsed document without recursion; raise 400 at the first thing in it that JSON cannot say."""
    waiting: list[tuple[Keys, Any]] = [((), value)]
    while waiting:
        path, item = waiting.pop()
        children: Iterable[tuple[str | int, Any]] = ()
        if isinstance(item, dict):
            children = item.items()
        elif isinstance(item, list):
            children = enumerate(item)
        elif isinstance(item, _UnfitError):
            raise _malformed(path, str(item))
        for text in (item, path[-1] if path else ""):
            if isinstance(text, str) and not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
                raise _malformed(path, "has half of a surrogate pair, which is not a character")
        waiting.extend(reversed([((*path, key), child) for key, child in children]))


def _malformed(path: Keys, text: str) -> ImsError:
    return ImsError(400, "IMG.0001", reason=wrong_at(path, "json", text))


def _too_deep() -> ImsError:
    return _malformed((), f"is nested more than {MAX_DEPTH} deep")
