"""What a list of images asks for."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.contract.errors import ImsError
from ims_mock.service.listing import filters, sorting
from ims_mock.state.image_orders import as_text


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ('"a,b"', {"a,b"}),
        ('"a,b",c', {"a,b", "c"}),
        ("a,b", {"a"}),
        (r'"q\"q"', {'q"q'}),
        (r'"b\\"', {"b\\"}),
        ('""', {""}),
        ("a,", {"a", ""}),
        ("", {""}),
    ],
)
def test_in_filter(values: str, names: set[str]) -> None:
    """Values stand between commas; one in quotes may have commas and, behind a backslash, quotes."""
    (chosen,) = filters({"name": f"in:{values}"})
    known = ("a,b", "a", 'q"q', "b\\", "c", "")
    assert {name for name in known if chosen.test({"name": name})} == names


@pytest.mark.parametrize("values", ['"a', 'a"', '"a"b', 'a"b"', '"a""b"', '"', r'"a\"'])
def test_wrong_quotes(values: str) -> None:
    """Quotes that are open, or do not stand around a whole value, are refused by the filter's name."""
    with pytest.raises(ImsError, match="/name: the quotes of"):
        filters({"name": f"in:{values}"})


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (True, "true"), (5, "5"), (None, "null")])
def test_as_text(value: Any, text: str) -> None:
    """What is no text is compared as JSON writes it."""
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("query", "sort"),
    [
        ({}, [("created_at", "desc")]),
        ({"sort_dir": ["asc"]}, [("created_at", "asc")]),
        ({"sort_key": ["name", "id"]}, [("name", "desc"), ("id", "desc")]),
        ({"sort_key": ["name", "id"], "sort_dir": ["asc"]}, [("name", "asc"), ("id", "asc")]),
        ({"sort_key": ["name", "id"], "sort_dir": ["asc", "desc"]}, [("name", "asc"), ("id", "desc")]),
        ({"sort": ["name:asc", "id"]}, [("name", "asc"), ("id", "desc")]),
    ],
)
def test_sorting(query: dict[str, list[str]], sort: list[tuple[str, str]]) -> None:
    """Both ways of asking for an order give keys with directions; one direction is for all keys, the default desc."""
    assert sorting(query) == sort
