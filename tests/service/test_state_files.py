"""The text of a saved state, held against what json makes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ims_mock.service.state_files import text_of
from ims_mock.state.packed import Packed, pack, placed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
IMAGES = st.dictionaries(st.sampled_from(["id", "name", "%s", '"', "tags", "created_at"]) | st.text(), VALUES)
DOCUMENT: dict[str, Any] = {"version": 1, "clock": {"now": 0.5}, "deleted": [{"number": 1}], "jobs": {}, "members": {}}


def packed_of(images: list[dict[str, Any]]) -> list[Packed]:
    """Return images as they are stored, every other one with its own id."""
    return [
        pack({**image, "id": f"id-{number}"} if number % 2 else image, f"id-{number}", number, {})
        for number, image in enumerate(images)
    ]


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(IMAGES, max_size=4))
def test_text_is_the_json_of_the_document(images: list[dict[str, Any]]) -> None:
    """Whatever images have, also what a test alone can store, the text has the same, the id under which each stands."""
    stored = packed_of(images)
    document = {**DOCUMENT, "images": list(map(placed, stored))}
    read = json.loads(text_of({**DOCUMENT, "images": []}, stored))
    assert json.dumps(read, sort_keys=True) == json.dumps(document, sort_keys=True)
    assert [list(item["image"]) for item in read["images"]] == [list(item["image"]) for item in document["images"]]


def test_each_record_has_a_line() -> None:
    """The text has a line for each image, so that two files can be compared by their lines."""
    lines = text_of(DOCUMENT, packed_of([{"name": "a"}, {"name": "b"}])).splitlines()
    assert [line for line in lines if '"image"' in line] == [
        '  {"number":0,"created_at":"","image":{"name":"a","id":"id-0"}},',
        '  {"number":1,"created_at":"","image":{"name":"b","id":"id-1"}}',
    ]
    assert ' "jobs": {},' in lines
