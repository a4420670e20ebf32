"""What a value breaks of its schema."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.contract.validation import Schema


@pytest.mark.parametrize("value", [[1] * 4, [None] * 100_000])
def test_list_that_is_too_long(value: list[Any]) -> None:
    """A list that is too long is the only problem: its items are not gone through."""
    problems = Schema({"type": "array", "maxItems": 3, "items": {"type": "string"}}, "#").find_problems(value)
    assert [problem.text for problem in problems] == [f"must have at most 3 items, got {len(value)}"]


def test_list_that_is_as_long_as_it_may_be() -> None:
    """The items of a list that is not too long are gone through."""
    schema = Schema({"type": "array", "maxItems": 3, "items": {"type": "string"}}, "#")
    assert [problem.path for problem in schema.find_problems([1, "a", 2])] == [(0,), (2,)]


def test_many_problems_of_one_kind() -> None:
    """However many items lack a member, that they do is found, and what the whole lacks too."""
    item = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    properties = {"items": {"type": "array", "items": item}}
    schema = Schema({"type": "object", "properties": properties, "required": ["items", "first"]}, "#")
    problems = schema.find_problems({"items": [{}] * 1500})
    assert [(problem.path, problem.missing) for problem in problems[:2]] == [
        ((), ("first",)),
        (("items", 0), ("name",)),
    ]
    assert len(problems) > 50
