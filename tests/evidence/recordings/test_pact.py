"""Pact files of the versions 2 to 4."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ims_mock.contract import NOT_RECORDED, JsonBody, RecordedExchange, judge
from ims_mock.evidence.consumers.pact import to_pact
from ims_mock.evidence.recordings import pact
from tests.conftest import ROOT
from tests.evidence.recordings.conftest import OCTETS, PATCH, conforming

DATA = ROOT / "tests/data/recordings/pact"
VERSIONS = ["v2", "v3", "v4"]
BYTES = b"QFI\xfb\x00\xff\xfe\x80 abc"


def exchanges_of(version: str) -> dict[str, RecordedExchange]:
    """Return the exchanges of a file of pact-python, by description."""
    return {item.entry.partition("(")[2][:-1]: item for item in conforming(DATA / f"{version}.json")}


def read(version: str, request: Any = (), response: Any = ()) -> RecordedExchange:
    """Return the exchange of a pact with one interaction."""
    interaction = {
        "description": "it",
        "request": {"method": "GET", "path": "/v2/images", **dict(request)},
        "response": {"status": 200, **dict(response)},
    }
    metadata = {"pactSpecification": {"version": version}}
    document = {"consumer": {}, "provider": {}, "interactions": [interaction], "metadata": metadata}
    assert pact.is_one(document)
    (exchange,) = pact.read(document)
    return exchange


@pytest.mark.parametrize("version", VERSIONS)
def test_interactions(version: str) -> None:
    """Each version has the same requests and responses, and those of version 4 without its message."""
    found = exchanges_of(version)
    assert found.keys() == {"a new image", "a list", "a file", "a name", "an end"}
    created, listed = found["a new image"], found["a list"]
    assert created.request.body == JsonBody({"name": "an image", "min_disk": 40})
    assert sorted(created.request.headers) == [  # type: ignore[arg-type]
        ("Content-Type", "application/json"),
        ("X-Auth-Token", "token"),
    ]
    assert not created.request.has_all_headers
    assert listed.request.url == "/v2/images?limit=2&tag=a"
    assert created.response
    assert (created.response.status, created.response.is_partial) == (201, True)


@pytest.mark.parametrize("version", VERSIONS)
def test_bytes(version: str) -> None:
    """Bytes are in base64, which only version 4 says; a JSON patch is a text, or in base64 too."""
    found = exchanges_of(version)
    assert found["a file"].request.body == BYTES
    assert json.loads(found["a name"].request.body) == [  # type: ignore[arg-type]
        {"op": "replace", "path": "/name", "value": "x"}
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_values_with_a_rule_are_examples(version: str) -> None:
    """Values under rules stand for their type, in each item of a list, and those under none are meant."""
    found = exchanges_of(version)
    assert found["a new image"].response
    body = found["a new image"].response.body
    assert isinstance(body, JsonBody)
    assert body.examples == {("id",), ("name",), ("min_disk",), ("tags",), ("tags", 0)}
    assert found["a list"].response
    listed = found["a list"].response.body
    assert isinstance(listed, JsonBody)
    assert {("images",), ("images", 0, "id"), ("images", 0, "tags", 0)} <= listed.examples


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("$.a[*].b", {("a", 0, "b"), ("a", 1, "b")}),
        ("$.a[1].b", {("a", 1, "b")}),
        ("$['a'][0]['b']", {("a", 0, "b")}),
        ('$["x.y"]', {("x.y",)}),
        ("$.z.*", {("z", "m"), ("z", "n")}),
        ("$.missing.b", set()),
        ("$", {()}),
    ],
)
def test_paths_of_rules(path: str, places: set[Any]) -> None:
    """Paths of rules have names, quoted names, indexes, and stars for all of them."""
    value = {"a": [{"b": 1}, {"b": 2}], "x.y": 3, "z": {"m": 1, "n": 2}}
    rules = {"body": {path: {"combine": "AND", "matchers": [{"match": "regex", "regex": "."}]}}}
    exchange = read("3.0.0", response={"body": value, "matchingRules": rules})
    assert exchange.response
    assert exchange.response.body == JsonBody(value, frozenset(places))


def test_rule_of_type_holds_below() -> None:
    """A rule of type is for what is in a value too, but where a rule says that a value is meant."""
    rules = {"$.body": {"match": "type"}, "$.body.b": {"match": "equality"}, "$.headers.a": {"match": "type"}}
    exchange = read("2.0.0", response={"body": {"a": [1], "b": 2}, "matchingRules": rules})
    assert exchange.response
    assert exchange.response.body == JsonBody({"a": [1], "b": 2}, frozenset({(), ("a",), ("a", 0)}))


def test_generated_values_are_examples() -> None:
    """A value that a generator makes is an example."""
    generators = {"body": {"$.a": {"type": "Uuid"}}}
    exchange = read("3.0.0", {"body": {"a": "x"}, "generators": generators})
    assert exchange.request.body == JsonBody({"a": "x"}, frozenset({("a",)}))


def test_wrong_type_of_an_example_is_found() -> None:
    """An example stands for its type: a number for a name is a break, and a status that is none of the enum is not."""
    rules = {"$.body": {"match": "type"}}
    exchange = read("2.0.0", response={"body": {"images": [{"name": 5, "status": "any"}]}, "matchingRules": rules})
    assert [(item.id, item.pointer) for item in judge(exchange)] == [("response.type", "/images/0/name")]


@pytest.mark.parametrize(
    ("version", "part", "body"),
    [
        ("2.0.0", {}, NOT_RECORDED),
        ("2.0.0", {"body": None}, b""),
        ("2.0.0", {"body": "", "headers": {"Content-Type": "application/json"}}, JsonBody("")),
        ("3.0.0", {"body": "abcd", "headers": {"Content-Type": "text/plain"}}, b"abcd"),
        ("3.0.0", {"body": "YWI=", "headers": {"content-type": OCTETS}}, b"ab"),
        ("3.0.0", {"body": "not base64", "headers": {"Content-Type": OCTETS}}, b"not base64"),
        ("3.0.0", {"body": {"content": "a", "encoded": False}}, JsonBody({"content": "a", "encoded": False})),
        ("4.0", {"body": {"content": "a", "contentType": "text/plain", "encoded": False}}, b"a"),
        ("4.0", {"body": {"content": "YWI=", "contentType": PATCH, "encoded": "base64"}}, b"ab"),
        ("4.0", {"body": {"content": "", "contentType": "application/json", "encoded": False}}, JsonBody("")),
    ],
)
def test_bodies(version: str, part: Any, body: Any) -> None:
    """A body is what its version and its type say: a value of JSON, a text, base64, none, or any."""
    exchange = read(version, part, part)
    assert exchange.request.body == body
    assert exchange.response
    assert exchange.response.body == body


def test_query_of_version_4_may_have_no_value() -> None:
    """A parameter without a value is null."""
    assert read("4.0", {"query": {"a": [None], "b": ["1", "2"]}}).request.url == "/v2/images?a=&b=1&b=2"


def test_messages_are_no_exchanges(tmp_path: Path) -> None:
    """A pact of messages has no exchanges."""
    document: Any = {"consumer": {}, "provider": {}, "messages": [{"contents": {}}], "metadata": {}}
    assert pact.is_one(document)
    assert list(pact.read(document)) == []


@pytest.mark.parametrize("metadata", [{"pact-specification": {"version": "4.0"}}, {"pactSpecificationVersion": "4.0"}])
def test_older_names_of_the_version(metadata: Any) -> None:
    """Older writers have other names for the version."""
    body = {"content": "a", "contentType": "text/plain", "encoded": False}
    interaction = {"request": {"path": "/", "body": body}, "response": {}}
    document = {"consumer": {}, "provider": {}, "interactions": [interaction], "metadata": metadata}
    (exchange,) = pact.read(document)
    assert exchange.request.body == b"a"


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("path", sorted((ROOT / "schemas/consumers").glob("*.json")), ids=lambda path: path.stem)
def test_own_pacts(path: Path, version: int) -> None:
    """What this package writes of a consumer is read, and conforms."""
    document = to_pact(json.loads(path.read_text("utf-8")), version)
    exchanges = list(pact.read(document))
    assert len(exchanges) == len(document["interactions"])
    assert [str(finding) for item in exchanges for finding in judge(item) if finding.severity == "break"] == []
