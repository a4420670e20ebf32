"""JSON pointers, and whether two JSON values are one."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.contract.pointers import has_values, is_same, parts_of, pointer_to, value_at

DOCUMENT = {
    "name": "web",
    "tags": ["a", "b"],
    "disk": {"size": 40, "0": "zero"},
    "a/b": 1,
    "m~n": 2,
    "~1": 3,
    "": 4,
    "none": None,
}


@pytest.mark.parametrize(
    ("pointer", "parts"),
    [
        ("", []),
        ("/", [""]),
        ("/name", ["name"]),
        ("/tags/0", ["tags", "0"]),
        ("/a~1b", ["a/b"]),
        ("/m~0n", ["m~n"]),
        ("/~01", ["~1"]),
    ],
)
def test_pointer_and_parts(pointer: str, parts: list[str]) -> None:
    """A pointer and its parts lead to each other, as RFC 6901 escapes them."""
    assert (parts_of(pointer), pointer_to(tuple(parts))) == (parts, pointer)


def test_pointer_to_an_index() -> None:
    """An index is a part like any other."""
    assert pointer_to(("images", 0, "name")) == "/images/0/name"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/name", "web"),
        ("/tags/1", "b"),
        ("/disk/size", 40),
        ("/disk/0", "zero"),
        ("/a~1b", 1),
        ("/m~0n", 2),
        ("/~01", 3),
        ("/", 4),
        ("/none", None),
    ],
)
def test_value_at_a_place(pointer: str, value: Any) -> None:
    """A pointer finds members of objects by name and of lists by index."""
    assert value_at(DOCUMENT, parts_of(pointer), "nothing") == value


@pytest.mark.parametrize(
    "pointer",
    ["/other", "/name/0", "/tags/2", "/tags/-1", "/tags/01", "/tags/-", "/tags/a", "/tags/²", "/tags/" + "9" * 5000],
)
def test_nothing_at_a_place(pointer: str) -> None:
    """Where nothing stands the default is returned, however odd the index is."""
    assert value_at(DOCUMENT, parts_of(pointer), "nothing") == "nothing"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1.0, True),
        ("1", 1, False),
        (True, 1, False),
        (0, False, False),
        (None, False, False),
        ([1, "a"], [1, "a"], True),
        ([1], [True], False),
        ([1], [1, 2], False),
        ({"a": [0]}, {"a": [False]}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        ({}, [], False),
    ],
)
def test_same(one: Any, other: Any, expected: bool) -> None:
    """Values are one when JSON has them so: true is not 1, at any depth, and the order of members says nothing."""
    assert (is_same(one, other), is_same(other, one)) == (expected, expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, True),
        ({"/name": "web", "/tags/0": "a"}, True),
        ({"/name": "web", "/tags/0": "b"}, False),
        ({"/tags": ["a", "b"]}, True),
        ({"/none": None}, True),
        ({"/other": None}, False),
        ({"/disk/size": True}, False),
    ],
)
def test_has_values(values: dict[str, Any], expected: bool) -> None:
    """A document has values when all of them are there; null is not the same as nothing."""
    assert has_values(DOCUMENT, values) is expected
