"""JSON reports of newman."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.contract import NOT_RECORDED, RecordedExchange, judge
from ims_mock.evidence.recordings import newman
from ims_mock.evidence.recordings.files import read_recording
from tests.conftest import ROOT

DATA = ROOT / "tests/data/recordings/newman"
BYTES = b"QFI\xfb\x00\xff\xfe\x80 abc"


def executions() -> dict[str, RecordedExchange]:
    """Return what newman has done, by method, port and the last part of the path."""
    found = {}
    for item in read_recording(DATA / "ims.json"):
        host, _, path = item.request.url.partition("://127.0.0.1:")[2].partition("/")
        found[f"{item.request.method} {host} {path.partition('?')[0].rpartition('/')[2]}"] = item
    return found


def read(request: Any, response: Any = None) -> RecordedExchange:
    """Return the exchange of a report with one execution."""
    document = {"run": {"executions": [{"request": {"method": "GET", **request}, "response": response}]}}
    assert newman.is_one(document)
    (exchange,) = newman.read(document)
    return exchange


def test_report() -> None:
    """The judge finds nothing in what newman has done with the mock."""
    exchanges = [item for item in read_recording(DATA / "ims.json") if ":9293/" not in item.request.url]
    assert len(exchanges) == 8
    assert [finding for item in exchanges for finding in judge(item)] == []
    assert exchanges[0].entry == "execution 1 (POST /v2/images)"
    assert exchanges[0].request.body == '{"name": "镜像 é", "min_disk": 40}'.encode()
    assert not exchanges[0].request.has_all_headers
    assert exchanges[2].request.url.endswith("/v2/images?tag=a&limit=2&name=%E9%95%9C%E5%83%8F%20%C3%A9")


def test_bodies() -> None:
    """A response is a list of bytes, unpacked; how a form was written is not recorded."""
    found = executions()
    got = {name: item.response.body for name, item in found.items() if item.response}
    assert isinstance(packed := got["GET 9293 gzip"], bytes)
    assert packed.startswith(b'{"images": []}')
    assert (got["GET 9293 bytes"], got["HEAD 9293 plain"]) == (BYTES, b"")
    assert found["POST 9293 form"].request.body is NOT_RECORDED
    assert found["GET 9293 bytes"].request.body == b""


def test_redirect_is_one_execution() -> None:
    """A redirect has the first request and the last response."""
    response = executions()["GET 9293 redirect"].response
    assert response
    assert (response.status, response.body) == (200, b"{}")


def test_repeated_headers_are_several() -> None:
    """A header that came twice is there twice, its commas untouched."""
    response = executions()["GET 9293 cookies"].response
    assert response
    cookies = [value for name, value in response.headers if name == "Set-Cookie"]  # type: ignore[union-attr]
    assert cookies == ["a=1; Expires=Thu, 01 Jan 2037 00:00:00 GMT", "b=2"]


def test_request_that_failed_has_no_response() -> None:
    """A request to a port where nothing listens has no response."""
    assert executions()["GET 9 images"].response is None


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://h/v2/images?a=b#c", "http://h/v2/images?a=b"),
        ({"host": ["a", "b"], "path": ["v2", ":id"], "variable": [{"key": "id", "value": "7"}]}, "http://a.b/v2/7"),
        ({"protocol": "https", "host": "a.b", "port": "8443", "path": "/v2/images"}, "https://a.b:8443/v2/images"),
        (
            {"host": ["h"], "path": [":x"], "query": [{"key": "a", "value": "b", "disabled": True}, {"key": "c"}]},
            "http://h/:x?c=",
        ),
    ],
)
def test_urls(url: Any, text: str) -> None:
    """A URL is a text, or an object with lists or texts, with variables in its path."""
    assert read({"url": url}).request.url == text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, b""),
        ({"mode": "raw", "raw": "é"}, "é".encode()),
        ({"mode": "raw"}, b""),
        ({"mode": "raw", "raw": "a", "disabled": True}, b""),
        ({"mode": "file", "file": {"src": "x"}}, NOT_RECORDED),
    ],
)
def test_bodies_of_requests(body: Any, expected: Any) -> None:
    """A body is what was given as a text; of a file the report has the name alone."""
    assert read({"url": "http://h/", "body": body}).request.body == expected


def test_response_without_a_stream() -> None:
    """A response without a stream has a body that is not recorded."""
    exchange = read({"url": "http://h/"}, {"code": 200, "header": []})
    assert exchange.response
    assert exchange.response.body is NOT_RECORDED
