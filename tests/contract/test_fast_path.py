"""The fast path never accepts what jsonschema rejects."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ims_mock.contract.fast_path import new_fast_path
from ims_mock.contract.operations import load_contract
from ims_mock.contract.validation import Schema
from ims_mock.state.images import OS_VERSIONS
from tests.conftest import ROOT

EXAMPLE = json.loads((ROOT / "schemas/operations/images/glance_create_image_metadata.json").read_text())
ATTRIBUTES = list(json.loads((ROOT / "schemas/models/image_attributes.json").read_text())["properties"])

near_text = st.sampled_from(
    ["", "a", " a", "a\n", "private", "public", "vhd", "bare", "true", "n" * 255, "n" * 256, *OS_VERSIONS]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 300) | st.floats(allow_nan=False) | st.text(max_size=5) | near_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
changes = st.dictionaries(st.sampled_from(ATTRIBUTES) | st.text(max_size=3) | st.just("k" * 256), values, max_size=4)


def judged(schema: Schema, value: Any) -> tuple[bool, bool]:
    """Return whether the fast path accepts a value, and whether jsonschema does."""
    return schema.is_surely_valid(value), schema._validator.is_valid(value)


@settings(deadline=None)
@given(changes)
def test_request_is_never_accepted_wrongly(body: dict[str, Any]) -> None:
    """The fast path accepts no request body that jsonschema rejects."""
    model = load_contract().operations["glance_create_image_metadata"].bodies["application/json"]
    assert model is not None
    accepted, valid = judged(model.schema, body)
    assert valid or not accepted


@settings(deadline=None)
@given(changes, st.sets(st.sampled_from(ATTRIBUTES), max_size=2))
def test_response_is_never_accepted_wrongly(changed: dict[str, Any], missing: set[str]) -> None:
    """The fast path accepts no response that jsonschema rejects."""
    schema = load_contract().operations["glance_show_image"].response_body
    assert schema is not None
    example = EXAMPLE["responses"]["201"]["content"]["application/json"]["example"]
    image = {key: value for key, value in {**example, **changed}.items() if key not in missing}
    accepted, valid = judged(schema, image)
    assert valid or not accepted


@pytest.mark.parametrize("name", ["requestBody", "responses"])
def test_examples_are_accepted(name: str) -> None:
    """The page's own examples pass without jsonschema: the fast path is worth having."""
    operation = load_contract().operations["glance_create_image_metadata"]
    model = operation.bodies["application/json"]
    assert model is not None
    assert operation.response_body is not None
    if name == "requestBody":
        schema, example = model.schema, EXAMPLE["requestBody"]["content"]["application/json"]["example"]
    else:
        schema, example = operation.response_body, EXAMPLE["responses"]["201"]["content"]["application/json"]["example"]
    assert judged(schema, example) == (True, True)


SCHEMAS: list[Any] = [
    True,
    False,
    {},
    {"type": "string"},
    {"type": ["integer", "null"]},
    {"type": "integer", "minimum": 1, "maximum": 3},
    {"minimum": 1},
    {"type": ["integer", "null"], "minimum": 1},
    {"type": ["string", "null"], "maxLength": 2},
    {"type": ["string", "null"], "pattern": "^a"},
    {"enum": ["a", None]},
    {"type": ["number", "string"], "minimum": 1, "maximum": 2.5},
    {"type": ["boolean", "number"], "exclusiveMinimum": 1},
    {"enum": ["a", "b"]},
    {"enum": [1, "a"]},
    {"enum": [0, 1]},
    {"type": "integer", "enum": [0, 1]},
    {"const": "a"},
    {"const": 1},
    {"const": True},
    {"const": None},
    {"pattern": "^a$"},
    {"type": "string", "minLength": 1, "maxLength": 2},
    {"type": "array", "items": {"type": "string"}},
    {"type": "object", "additionalProperties": False},
    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    {"properties": {"a": {"type": "string"}}},
    {"propertyNames": {"maxLength": 1}},
    {"type": "object", "minProperties": 1},
    {"type": "object", "maxProperties": 1},
    {"minProperties": 1, "maxProperties": 1},
    {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"properties": {"b": {"const": 1}}}]},
    {"$defs": {"a": False}, "type": "string"},
    {"allOf": [{"type": "string"}, {"maxLength": 1}]},
    {"anyOf": [{"type": "string"}, {"type": "null"}]},
    {"type": "string", "format": "unknown to the fast path"},
    {"not": {"type": "string"}},
    {"type": "array", "maxItems": 1},
    {"type": "array", "minItems": 1},
    {"if": {"type": "string"}, "then": {"maxLength": 1}, "else": {"type": "integer"}},
    {"if": {"properties": {"a": {"const": "a"}}}, "else": {"required": ["b"]}},
    {"if": {"not": {"type": "string"}}, "then": {"type": "integer"}},
    {"type": "array", "uniqueItems": True},
    {"type": "array", "uniqueItems": False},
    {"type": "array", "uniqueItems": True, "items": {"type": "integer"}},
    {"anyOf": [{"required": ["a"]}, {"type": "integer", "minimum": 1}, {"not": {}}]},
    {"type": "object", "dependentSchemas": {"a": {"required": ["b"]}}},
    {"type": "string", "contentEncoding": "base64"},
]


@pytest.mark.slow
@pytest.mark.parametrize("schema", SCHEMAS)
@settings(max_examples=50, deadline=None)
@given(value=values)
def test_keyword_is_never_accepted_wrongly(schema: Any, value: Any) -> None:
    """For each keyword the fast path accepts no more than jsonschema; it leaves it the keywords it does not know."""
    for whole, instance in ((schema, value), ({"properties": {"a": schema}}, {"a": value})):
        accept = new_fast_path(whole, lambda _: {}, writing=False)
        if accept(instance):
            jsonschema.Draft202012Validator(whole).validate(instance)


@pytest.mark.slow
@pytest.mark.parametrize("schema", SCHEMAS)
@settings(max_examples=10, deadline=None)
@given(found=st.lists(values, min_size=1, max_size=3), place=st.integers(0, 39))
def test_long_list_is_never_accepted_wrongly(schema: Any, found: list[Any], place: int) -> None:
    """Of a long list, which is checked by columns, no more is accepted than jsonschema accepts, and no less."""
    check_long_list(schema, found, place)


@pytest.mark.thorough
@pytest.mark.parametrize("schema", SCHEMAS)
@settings(max_examples=100, deadline=None)
@given(found=st.lists(values, min_size=1, max_size=3), place=st.integers(0, 39))
def test_many_long_lists_are_never_accepted_wrongly(schema: Any, found: list[Any], place: int) -> None:
    """As above, ten times as often."""
    check_long_list(schema, found, place)


def check_long_list(schema: Any, found: list[Any], place: int) -> None:
    """Hold a list that has one item many times, and others at a place, against jsonschema."""
    of_object = {"type": "object", "properties": {"a": schema}}
    for of_item, items in ((schema, found), (of_object, [{"a": one} for one in found])):
        many = items[:1] * 40
        many[place : place + len(items)] = items
        whole = {"type": "array", "items": of_item}
        is_accepted = new_fast_path(whole, lambda _: {}, writing=False)(many)
        if is_accepted:
            jsonschema.Draft202012Validator(whole).validate(many)
        assert is_accepted == all(map(new_fast_path(of_item, lambda _: {}, writing=False), many))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "enum": [32, 64]}, 64),
        ({"type": "array", "uniqueItems": True}, ["a", "b"]),
        ({"type": "array", "uniqueItems": True}, [1, 2]),
        ({"type": "array", "uniqueItems": True}, []),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"b": 1}),
        ({"type": "object", "dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1, "b": 1}),
        ({"type": "object", "dependentSchemas": {"a": {"required": ["b"]}}}, {}),
        ({"type": "string", "contentEncoding": "base64"}, "MDEy"),
    ],
)
def test_keyword_is_known(schema: Any, value: Any) -> None:
    """What a keyword allows is accepted at once."""
    assert new_fast_path(schema, lambda _: {}, writing=False)(value)


@pytest.mark.parametrize("value", [["a", "a"], [1, True], [1, 1], [[], []], ["a", 1]])
def test_list_that_may_repeat_itself_is_left(value: list[Any]) -> None:
    """Equal items, and items of two types, are left to jsonschema."""
    assert not new_fast_path({"type": "array", "uniqueItems": True}, lambda _: {}, writing=False)(value)


def test_read_only_is_left_when_writing() -> None:
    """What only the service sets is accepted in a response, not in a request."""
    schema = {"properties": {"status": {"type": "string", "readOnly": True}}}
    assert new_fast_path(schema, lambda _: {}, writing=False)({"status": "a"})
    assert not new_fast_path(schema, lambda _: {}, writing=True)({"status": "a"})
