"""Stub mappings of WireMock, recorded and written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ims_mock.contract import DAMAGED, NOT_RECORDED, JsonBody, RecordedExchange, judge
from ims_mock.evidence.recordings import wiremock
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.files import read_recording
from tests.conftest import ROOT
from tests.evidence.recordings.conftest import conforming

DATA = ROOT / "tests/data/recordings/wiremock"
BYTES = b"QFI\xfb\x00\xff\xfe\x80 abc"
ANY_ID = "00000000-0000-0000-0000-000000000000"


def odd() -> dict[str, RecordedExchange]:
    """Return what was recorded of a server of oddities, by method and the last part of the path."""
    exchanges = read_recording(DATA / "odd.json")
    return {f"{item.request.method} {item.request.url.rpartition('/')[2]}": item for item in exchanges}


def read(request: Any, response: Any = ()) -> list[RecordedExchange]:
    """Return the exchanges of a mapping of a GET, changed."""
    document = {"request": {"method": "GET", **dict(request)}, "response": dict(response)}
    assert wiremock.is_one(document)
    return list(wiremock.read(document))


def body_of(response: Any) -> Any:
    """Return the body of the response of a mapping."""
    (exchange,) = read({"url": "/v2/images"}, response)
    assert exchange.response
    return exchange.response.body


def urls(exchanges: Iterable[RecordedExchange]) -> list[str]:
    """Return the URLs of exchanges."""
    return [item.request.url for item in exchanges]


def test_recording() -> None:
    """The judge finds nothing in what WireMock has recorded of the mock, whose file has the last call first."""
    exchanges = conforming(DATA / "ims.json")
    assert (exchanges[-1].entry, exchanges[0].request.url) == ("mapping 1 (v3_auth_tokens)", "/v2/images")
    assert all(item.request.is_partial and not item.request.has_all_headers for item in exchanges)
    assert exchanges[0].request.body == JsonBody({"name": "镜像 é", "min_disk": 40, "tags": ["a"]})
    assert "/v2/images?tag=a&limit=2&name=%E9%95%9C%E5%83%8F+%C3%A9" in urls(exchanges)


def test_states_of_a_scenario_are_exchanges() -> None:
    """A request that was made twice is two mappings, each with its response."""
    exchanges = read_recording(DATA / "ims.json")
    responses = [item.response for item in exchanges if "/jobs/" in item.request.url]
    statuses = [json.loads(response.body)["status"] for response in responses if response]  # type: ignore[arg-type]
    assert statuses == ["INIT", "SUCCESS"]


def test_recorded_bodies_of_requests() -> None:
    """A body is what it has to equal, by its type; that of a multipart form is not recorded."""
    found = odd()
    names = ("octets", "no-type", "chunks", "form", "multipart")
    assert [found[f"POST {name}"].request.body for name in names] == [
        *(BYTES, DAMAGED, JsonBody({"a": 1}), b"a=1&b=%C3%A9", NOT_RECORDED),
    ]


def test_recorded_bodies_of_responses() -> None:
    """A body is a text or in base64, unpacked; one that is missing is empty."""
    found = odd()
    got = {name: item.response.body for name, item in found.items() if item.response}
    assert isinstance(packed := got["GET gzip"], bytes)
    assert packed.startswith(b'{"images": []}')
    assert got["GET bytes"] == got["GET untyped"] == BYTES
    assert got["GET nul"] == b"abc\0def"
    assert got["HEAD plain"] == got["GET redirect"] == b""


def test_repeated_headers_are_several() -> None:
    """A header that came twice is a list, and its commas are untouched."""
    response = odd()["GET cookies"].response
    assert response
    cookies = [value for name, value in response.headers if name == "Set-Cookie"]  # type: ignore[union-attr]
    assert cookies == ["a=1; Expires=Thu, 01 Jan 2037 00:00:00 GMT", "b=2"]


def test_failure_of_wiremock_is_no_response() -> None:
    """What WireMock itself responds, because the service did not, is not the service's."""
    assert odd()["GET hangup"].response is None


@pytest.mark.parametrize(
    ("request_", "url"),
    [
        ({"url": "/v2/images?limit=1"}, "/v2/images?limit=1"),
        ({"urlPath": "/v2/images", "queryParameters": {"limit": {"equalTo": "1"}}}, "/v2/images?limit=1"),
        ({"urlPath": "/v2/images", "queryParameters": {"limit": {"matches": "[0-9]+"}}}, "/v2/images"),
        (
            {"urlPath": "/a", "queryParameters": {"b": {"hasExactly": [{"equalTo": "1"}, {"equalTo": "2"}]}}},
            "/a?b=1&b=2",
        ),
        ({"urlPathTemplate": "/v2/images/{id}"}, f"/v2/images/{ANY_ID}"),
        ({"urlPathTemplate": "/v2/images/{id}", "pathParameters": {"id": {"equalTo": "a b"}}}, "/v2/images/a%20b"),
        ({"urlPathPattern": "/v2/images"}, "/v2/images"),
        ({"urlPathPattern": "^/v1\\.0/a$"}, "/v1.0/a"),
        ({"urlPathPattern": "/v2/images/[^/]+"}, f"/v2/images/{ANY_ID}"),
        ({"urlPathPattern": "/v2/images/([0-9a-f-]{36})/file"}, f"/v2/images/{ANY_ID}/file"),
        ({"urlPathPattern": "/v2/images/\\w+"}, f"/v2/images/{ANY_ID}"),
        ({"urlPattern": "/v2/images\\?limit=[0-9]+"}, "/v2/images"),
    ],
)
def test_paths(request_: Any, url: str) -> None:
    """A path is a text, a template, or a pattern whose parts are texts or may be any one part."""
    assert urls(read(request_)) == [url]


@pytest.mark.parametrize(
    "request_",
    [
        {"urlPathPattern": "/v2/.*"},
        {"urlPattern": ".*"},
        {"urlPathPattern": "/v2/images(/file)?"},
        {"urlPathPattern": "/v2/images/[^x]+"},
        {"urlPathPattern": "/v2/images/\\S+"},
        {"urlPathPattern": "/v2/(images"},
        {},
        {"method": "ANY", "urlPath": "/v2/images"},
        {"method": "ANY", "urlPath": "/nowhere"},
    ],
)
def test_what_is_not_one_path_is_left_out(request_: Any) -> None:
    """A mapping of many paths, or of several methods, is no exchange."""
    assert read(request_) == []


def test_any_method_of_a_path_with_one() -> None:
    """A mapping of any method is that of the one which the path has."""
    (exchange,) = read({"method": "ANY", "urlPath": "/v1/cloudimages/quota"})
    assert exchange.request.method == "GET"


@pytest.mark.parametrize(
    ("pattern", "body"),
    [
        ({"equalToJson": {"a": 1}}, JsonBody({"a": 1})),
        ({"equalToJson": '{"a": "${json-unit.any-number}"}'}, DAMAGED),
        ({"equalToJson": "{"}, DAMAGED),
        ({"equalToXml": "<a/>"}, b"<a/>"),
        ({"absent": True}, b""),
        ({"matchesJsonPath": "$.name"}, NOT_RECORDED),
        ({"contains": "a"}, NOT_RECORDED),
    ],
)
def test_bodies_of_requests(pattern: Any, body: Any) -> None:
    """A body is known where a request has to equal it."""
    (exchange,) = read({"method": "POST", "url": "/v2/images", "bodyPatterns": [pattern]})
    assert exchange.request.body == body


@pytest.mark.parametrize(
    ("response", "body"),
    [
        ({}, b""),
        ({"body": "a"}, b"a"),
        ({"jsonBody": {"a": [1]}}, JsonBody({"a": [1]})),
        ({"jsonBody": {"a": ["{{now}}", "b"]}}, JsonBody({"a": ["{{now}}", "b"]}, frozenset({("a", 0)}))),
        ({"body": '{"a": "{{now}}"}'}, JsonBody({"a": "{{now}}"}, frozenset({("a",)}))),
        ({"body": '{"a": {{now}}}', "transformers": ["response-template"]}, DAMAGED),
        ({"bodyFileName": "a.json"}, NOT_RECORDED),
        ({"base64Body": "YWI="}, b"ab"),
    ],
)
def test_bodies_of_responses(response: Any, body: Any) -> None:
    """A body is as it is sent, but for what a template makes of it."""
    assert body_of(response) == body


@pytest.mark.parametrize("response", [{"fault": "CONNECTION_RESET_BY_PEER"}, {"proxyBaseUrl": "http://127.0.0.1"}])
def test_no_response(response: Any) -> None:
    """A mapping that hangs up, or asks another server, has no response."""
    (exchange,) = read({"url": "/v2/images"}, response)
    assert exchange.response is None


def test_status_and_headers() -> None:
    """A status that is not given is 200; a header that a template makes is not known."""
    (exchange,) = read({"url": "/v2/images"}, {"headers": {"A": "b", "C": "{{now}}"}})
    assert exchange.response
    assert (exchange.response.status, exchange.response.headers, exchange.response.has_all_headers) == (
        *(200, [("A", "b")], False),
    )


def test_stub_that_is_wrong() -> None:
    """A stub written by hand is held to the whole contract of the response."""
    (exchange,) = read({"method": "POST", "url": "/v2/images"}, {"status": 201, "jsonBody": {"id": 5}})
    assert {"response.type", "response.missing_attribute"} <= {finding.id for finding in judge(exchange)}


def test_folder(tmp_path: Path) -> None:
    """WireMock's folder is a recording, with the files of bodies; entries have the names of their files."""
    mapping = {"request": {"method": "GET", "url": "/v2/images"}, "response": {"bodyFileName": "sub/a.json"}}
    for name, content in (("mappings/sub/m.json", json.dumps(mapping)), ("__files/sub/a.json", "{}")):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(content)
    for path, entry in (
        (tmp_path, "sub/m.json: mapping 1"),
        (tmp_path / "mappings", "sub/m.json: mapping 1"),
    ):
        (exchange,) = read_recording(path)
        assert exchange.response
        assert (exchange.entry, exchange.response.body) == (entry, b"{}")


def test_order_of_a_folder(tmp_path: Path) -> None:
    """The files of a recording are read from the first call on, which has the highest index."""
    (tmp_path / "mappings").mkdir()
    for index in (1, 2, 3):
        mapping = {"request": {"method": "GET", "url": f"/{index}"}, "response": {}, "insertionIndex": index}
        (tmp_path / f"mappings/{index}.json").write_text(json.dumps(mapping))
    assert urls(read_recording(tmp_path)) == ["/3", "/2", "/1"]


@pytest.mark.parametrize(("more", "order"), [({}, ["/2", "/1"]), ({"meta": {"total": 2}}, ["/1", "/2"])])
def test_order_of_a_list(more: Any, order: list[str]) -> None:
    """A recording has the last call first, and what WireMock lists the first."""
    mappings = [{"uuid": "", "request": {"method": "GET", "url": f"/{index}"}, "response": {}} for index in (1, 2)]
    assert urls(wiremock.read({"mappings": mappings, **more})) == order


def test_file_in_a_folder(tmp_path: Path) -> None:
    """One file of mappings has its bodies in the folder beside its own; what is wrong in it is named."""
    mapping = {"request": {"method": "GET", "url": "/v2/images"}, "response": {"bodyFileName": "a.json"}}
    for name, content in (("mappings/m.json", json.dumps(mapping)), ("__files/a.json", "{}")):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(content)
    (exchange,) = read_recording(tmp_path / "mappings/m.json")
    assert exchange.response
    assert exchange.response.body == b"{}"
    (tmp_path / "mappings/n.json").write_text("{")
    with pytest.raises(RecordingError, match=r"^n.json: is not JSON"):
        list(read_recording(tmp_path))


def test_other_folders_are_none(tmp_path: Path) -> None:
    """A folder without mappings is no recording."""
    with pytest.raises(IsADirectoryError):
        list(read_recording(tmp_path))
