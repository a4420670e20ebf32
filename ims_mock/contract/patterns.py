"""The patterns of schemas, with the meaning of ECMA-262, for Python's `re`.

JSON Schema takes its patterns from ECMA-262, with the flag `u`
(https://json-schema.org/draft/2020-12/json-schema-core#name-regular-expressions). Python reads the same text with other
meanings: `$` also matches before a last line break, `\\d` and `\\w` match digits and letters of any script.
"""

from __future__ import annotations

import re
from functools import cache

Ranges = tuple[tuple[int, int], ...]

_SETS: dict[str, Ranges] = {
    "d": ((0x30, 0x39),),
    "w": ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)),
    "s": (
        *((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
        *((0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
    ),
}
"""The characters of each class, by code point (https://tc39.es/ecma262/#sec-characterclassescape)."""

_LAST = 0x10FFFF

_WORD = r"\p{L}\p{N}_"
"""Letters and numbers of any script: inside a class, what Python's `\\w` is."""

_TOKEN = re.compile(
    r"\\p\{L\}\\p\{N\}_|\\u\{(?P<code>[0-9a-fA-F]+)\}|\\(?P<escape>.)|\(\?<(?![=!])|\[\^?\]?|.",
    re.DOTALL,
)

_ESCAPES = set("bBfnrtvxu0123456789")
"""Escapes of letters and digits that mean the same to Python."""


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a schema's pattern; it is to be searched for, as it is not anchored."""
    return re.compile(python_pattern(pattern))


def python_pattern(pattern: str) -> str:
    """Return a pattern of ECMA-262 as Python writes it; raise ValueError for what has no translation here."""
    parts: list[str] = []
    in_class = False
    for match in _TOKEN.finditer(pattern):
        token = match[0]
        if token.startswith("\\"):
            parts.append(_escaped(match, in_class=in_class))
        elif in_class:
            in_class = token != "]"  # noqa: S105 (a token of a text)
            # Two of these in a row are to become operators of Python's classes.
            parts.append("\\" + token if token[0] in "[&|~" else token)
        elif token in _PLAIN:
            parts.append(_PLAIN[token])
        else:
            in_class = token[0] == "["
            parts.append(token)
    return "".join(parts)


_PLAIN = {
    "$": r"\Z",
    ".": r"[^\n\r\u2028\u2029]",
    "(?<": "(?P<",
    "[]": "(?!)",
    "[^]": r"[\s\S]",
}
"""What means something else to Python, outside a class."""


def _escaped(match: re.Match[str], *, in_class: bool) -> str:
    """Return an escape as Python writes it."""
    token, letter = match[0], match["escape"] or ""
    if token == _WORD and in_class:
        return r"\w"
    if match["code"]:
        return f"\\U{int(match['code'], 16):08x}"
    if letter and letter.lower() in _SETS:
        text = _class(_SETS[letter] if letter in _SETS else _others(_SETS[letter.lower()]))
        return text if in_class else f"[{text}]"
    if letter == "/":
        return "/"
    if letter in _ESCAPES or (letter and not letter.isalnum()):
        return token
    raise ValueError(f"a pattern has {token}, which contract/patterns.py does not translate; write it in another way")


def _others(ranges: Ranges) -> Ranges:
    """Return the characters that a class does not have."""
    begins = [0, *(last + 1 for _, last in ranges)]
    ends = [*(first - 1 for first, _ in ranges), _LAST]
    return tuple(zip(begins, ends, strict=True))


def _class(ranges: Ranges) -> str:
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
