"""Imposters of mountebank, recorded and written by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ims_mock.contract import DAMAGED, NOT_RECORDED, JsonBody, RecordedExchange
from ims_mock.evidence.recordings import mountebank
from ims_mock.evidence.recordings.files import read_recording
from tests.conftest import ROOT
from tests.evidence.recordings.conftest import OCTETS, conforming

DATA = ROOT / "tests/data/recordings/mountebank"
BYTES = b"QFI\xfb\x00\xff\xfe\x80 abc"
LISTED = [{"equals": {"method": "GET", "path": "/v2/images"}}]


def odd() -> dict[str, RecordedExchange]:
    """Return what was recorded of a server of oddities, by method and the last part of the path."""
    exchanges = read_recording(DATA / "odd.json")
    return {f"{item.request.method} {item.request.url.rpartition('/')[2]}": item for item in exchanges}


def read(*responses: Any, predicates: Any = LISTED, **imposter: Any) -> list[RecordedExchange]:
    """Return the exchanges of an imposter with one stub."""
    stub = {"predicates": predicates, "responses": list(responses)}
    document = {"protocol": "http", "port": 80, "stubs": [stub], **imposter}
    assert mountebank.is_one(document)
    return list(mountebank.read(document))


def request_of(*predicates: Any) -> Any:
    """Return the request of a stub with predicates."""
    (exchange,) = read({"is": {}}, predicates=list(predicates))
    return exchange.request


def response_of(sent: Any, **more: Any) -> Any:
    """Return the response of a stub."""
    (exchange,) = read({"is": sent, **more})
    return exchange.response


def test_recording() -> None:
    """The judge finds nothing in what mountebank has recorded of the mock."""
    exchanges = conforming(DATA / "ims.json")
    assert exchanges[2].request.url == "/v2/images?tag=a&limit=2&name=%E9%95%9C%E5%83%8F+%C3%A9"
    assert [item.entry for item in exchanges[:4]] == ["stub 1", "stub 2", "stub 3", "stub 4, response 1"]
    assert json.loads(exchanges[0].request.body) == {  # type: ignore[arg-type]
        "name": "镜像 é",
        "min_disk": 40,
        "tags": ["a"],
    }
    assert all(item.request.is_partial and not item.request.has_all_headers for item in exchanges)


def test_proxy_is_no_recording() -> None:
    """The stub that is the proxy itself has no response, and is left out; numbers are those of the file."""
    assert next(read_recording(DATA / "odd.json")).entry == "stub 2"


def test_recorded_bodies() -> None:
    """JSON is a value; binary is base64, also of gzip; replaced bytes are damage."""
    found = odd()
    got = {name: item.response.body for name, item in found.items() if item.response}
    assert isinstance(packed := got["GET gzip"], bytes)
    assert packed.startswith(b'{"images": []}')
    assert (got["GET bytes"], got["GET nul"], got["GET untyped"]) == (BYTES, b"abc\0def", DAMAGED)
    assert (got["GET chinese"], got["GET text"]) == (JsonBody({"name": "镜像"}), b"plain")
    assert got["HEAD plain"] == got["GET redirect"] == b""
    assert found["POST octets"].request.body is DAMAGED


def test_repeated_headers_are_several() -> None:
    """A header that came twice is a list, and its commas are untouched."""
    response = odd()["GET cookies"].response
    assert response
    cookies = [value for name, value in response.headers if name == "Set-Cookie"]  # type: ignore[union-attr]
    assert cookies == ["a=1; Expires=Thu, 01 Jan 2037 00:00:00 GMT", "b=2"]


def test_predicates() -> None:
    """What has to be equal is known, also inside of `and`, and repeated parameters are lists."""
    request = request_of(
        {"and": [{"equals": {"method": "post"}}, {"deepEquals": {"path": "/v2/images"}}]},
        {"equals": {"query": {"tag": ["a", "b"], "limit": 2}, "headers": {"A": "b"}}},
        {"contains": {"body": "x"}},
        {"equals": {"path": "/other"}, "except": "^/v2"},
    )
    assert (request.method, request.url, request.headers) == ("POST", "/v2/images?tag=a&tag=b&limit=2", [("A", "b")])
    assert request.body is NOT_RECORDED


@pytest.mark.parametrize(
    "predicates",
    [
        [],
        [{"startsWith": {"path": "/v2"}}],
        [{"equals": {"path": "/v2/images"}}],
        [{"matches": {"path": "/v2/images"}}, {"equals": {"method": "GET"}}],
    ],
)
def test_what_is_not_one_path_is_left_out(predicates: Any) -> None:
    """A stub of many paths, or of several methods, is no exchange."""
    assert read({"is": {}}, predicates=predicates) == []


def test_any_method_of_a_path_with_one() -> None:
    """A stub without a method is of the one that the path has."""
    assert request_of({"equals": {"path": "/v1/cloudimages/quota"}}).method == "GET"


def test_body_as_a_value() -> None:
    """A body that has to be equal to a value is one of JSON."""
    request = request_of(*LISTED, {"deepEquals": {"body": {"a": 1}}})
    assert request.body == JsonBody({"a": 1})


@pytest.mark.parametrize(
    ("sent", "status"),
    [({}, 200), ({"statusCode": "404"}, 404), ({"statusCode": 201}, 201), ({"statusCode": 204.0}, 204)],
)
def test_status(sent: Any, status: int) -> None:
    """A status is a number or a text, and 200 where none is given."""
    assert response_of(sent).status == status


def test_default_response() -> None:
    """What the imposter adds to each response is not known of one of them."""
    (exchange,) = read({"is": {}}, defaultResponse={"statusCode": 404, "headers": {"A": "b"}})
    assert exchange.response
    assert (exchange.response.status, exchange.response.has_all_headers) == (404, False)


def test_length_may_be_a_number() -> None:
    """A header may be a number."""
    assert response_of({"headers": {"Content-Length": 2}}).headers == [("Content-Length", "2")]


def test_large_numbers_are_examples() -> None:
    """A number that JavaScript has rounded stands for its type."""
    body = {"a": [2**53 + 2, 1e300], "b": 5}
    assert response_of({"body": body}).body == JsonBody(body, frozenset({("a", 0), ("a", 1)}))


@pytest.mark.parametrize(
    ("more", "body"),
    [
        ({"behaviors": [{"wait": 5}]}, b"a"),
        ({"behaviors": [{"wait": 5}, {"decorate": "x"}]}, DAMAGED),
        ({"_behaviors": {"copy": []}}, DAMAGED),
    ],
)
def test_behaviors(more: Any, body: Any) -> None:
    """A body that is changed before it is sent is not known."""
    assert response_of({"body": "a"}, **more).body == body


def test_binary() -> None:
    """Bytes are in base64 where the mode says so."""
    assert response_of({"body": "YWI=", "_mode": "binary", "headers": {"Content-Type": OCTETS}}).body == b"ab"


def test_several_imposters() -> None:
    """Each imposter of HTTP is read, and named; one of another protocol is left out."""
    stub = {"predicates": LISTED, "responses": [{"is": {}}, {"inject": "x"}, {"is": {}}]}
    document = {"imposters": [{"protocol": "tcp", "stubs": [stub]}, {"protocol": "https", "stubs": [stub]}]}
    assert mountebank.is_one(document)
    assert [item.entry for item in mountebank.read(document)] == [
        *("imposter 2, stub 1, response 1", "imposter 2, stub 1, response 3"),
    ]
