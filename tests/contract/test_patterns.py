"""Patterns mean in Python what ECMA-262 means by them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from ims_mock.contract import schema_files
from ims_mock.contract.patterns import compiled, python_pattern
from ims_mock.contract.validation import Schema


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("^a$", ["a"], ["a\n", "\na", "a\r"]),
        ("a", ["bab"], ["b"]),
        (r"^\d$", ["0"], ["\u0660", "\uff11"]),
        (r"^[\d-]$", ["0", "-"], ["\u0660"]),
        (r"^\w$", ["a", "_", "7"], ["\u00e9", "-"]),
        (r"^[^\w]$", ["\u00e9", "-"], ["a"]),
        (r"^\W$", ["\u00e9", "\U0001f600"], ["a"]),
        (r"^\s$", [" ", "\ufeff", "\u2028", "\u00a0", "\n"], ["\x1c", "\x85", "a"]),
        (r"^\S$", ["\x1c", "a"], [" ", "\ufeff"]),
        (r"^[\s\S]*$", ["", "a\n\x1c\ufeff"], []),
        ("^.$", ["a", "\x85", "\U0001f600"], ["\n", "\r", "\u2028", "\u2029"]),
        (r"^\$[$.]$", ["$$", "$."], ["$a"]),
        (r"^a\/b$", ["a/b"], ["a\\/b"]),
        ("^(?<year>[0-9]{4})$", ["2016"], ["16"]),
        ("^(?<! )a(?<= |a)$", ["a"], ["b"]),
        ("^[[&&a]$", ["[", "&", "a"], ["]", "b"]),
        ("^[^]$", ["\n"], ["", "ab"]),
        ("^[]$", [], ["", "]"]),
        (r"^\u{1F600}\u0041$", ["\U0001f600A"], ["A"]),
        (r"^[\p{L}\p{N}_]$", ["a", "\u00e9", "\u4e00", "\u0660", "\u00b2", "_"], ["-", "\u0300", " "]),
    ],
)
def test_meaning(pattern: str, matching: list[str], others: list[str]) -> None:
    """Anchors, classes and escapes match what they match in ECMA-262, in the fast path and in jsonschema alike."""
    schema = Schema({"type": "string", "pattern": pattern}, "#")
    for text in matching + others:
        is_matching = text in matching
        assert (compiled(pattern).search(text) is not None) is is_matching, text
        assert schema.is_surely_valid(text) is is_matching, text
        assert schema._validator.is_valid(text) is is_matching, text


@pytest.mark.parametrize("pattern", [r"\p{Lu}", r"[\P{L}]", r"\cA", r"\k<a>", r"\p{L}\p{N}_"])
def test_what_has_no_translation(pattern: str) -> None:
    """What Python would read in another way is refused when the schema is compiled, and not when it is used."""
    with pytest.raises(ValueError, match=r"does not translate; write it in another way"):
        python_pattern(pattern)


def test_letters_and_numbers_of_any_script() -> None:
    """The class of letters and numbers has the characters of the categories L and N, and no other."""
    search = compiled(r"^[\p{L}\p{N}_]$").search
    for char in map(chr, range(0x3000)):
        assert (search(char) is not None) is (unicodedata.category(char)[0] in "LN" or char == "_"), hex(ord(char))


def patterns(value: Any) -> Iterator[str]:
    """Yield the patterns of a schema, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from patterns(item)


def test_every_pattern_of_the_schemas() -> None:
    """The patterns in schemas/ are of ECMA-262, without anything that only Python would need."""
    found = {pattern for name in schema_files.names("") for pattern in patterns(schema_files.read(name))}
    assert len(found) > 15
    for pattern in found:
        if re.fullmatch(r"IMG\.[0-9]{4}", pattern):
            continue  # A code, by the keyword that it is for.
        assert compiled(pattern)
        assert r"$(?!\n)" not in pattern
        assert r"\Z" not in pattern
        assert json.loads(json.dumps(pattern)) == pattern


def test_every_pattern_of_a_model_has_words() -> None:
    """A finding says the rule in words, and shows no regular expression."""
    wordless: list[str] = []
    waiting = [(f"#/{name}", schema_files.read(name)) for name in schema_files.names("models")]
    while waiting:
        place, item = waiting.pop()
        if isinstance(item, dict) and isinstance(item.get("pattern"), str) and "x-code" not in place.split("/"):
            wordless += [] if "x-pattern-rule" in item else [place]
        children = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        waiting += [(f"{place}/{key}", child) for key, child in children]
    assert wordless == []
