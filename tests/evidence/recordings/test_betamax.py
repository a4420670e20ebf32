"""Cassettes of betamax and of VCR for Ruby, the VCR report of Schemathesis, and the recorder of responses."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import betamax
import httpx
import pytest
import requests
import vcr
from responses import _recorder

from ims_mock import ImsMock
from ims_mock.contract import DAMAGED, NOT_RECORDED, JsonBody, judge
from ims_mock.contract.judging import header_of
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.files import read_recording
from tests.conftest import ROOT
from tests.evidence.recordings.conftest import (
    COOKIES,
    LIST,
    OCTETS,
    bodies,
    conforming,
    on_the_wire,
    recorded,
)

SCHEMATHESIS = ROOT / "tests/data/recordings/schemathesis"
INTERACTIONS = "http_interactions"
BYTES = b"\xff\x00\xfe"


def cassette(folder: Path, session: requests.Session, **settings: Any) -> betamax.Betamax:
    """Return what records a session into folder/cassette.json."""
    recorder = betamax.Betamax(session, cassette_library_dir=str(folder))
    used: betamax.Betamax = recorder.use_cassette("cassette", record="all", **settings)
    return used


def test_betamax(served: ImsMock, tmp_path: Path) -> None:
    """What betamax recorded is what the mock has in its journal."""
    with requests.Session() as session, cassette(tmp_path, session):
        session.headers["X-Auth-Token"] = served.token
        image_id = session.post(f"{served.url}/v2/images", json={"name": "web"}).json()["id"]
        session.get(f"{served.url}/v2/images?tag=a&tag=b")
        session.delete(f"{served.url}/v2/images/{image_id}")
    exchanges = conforming(tmp_path / "cassette.json")
    assert recorded(exchanges, served.url) == on_the_wire(served, 3)
    assert exchanges[0].entry == "interaction 1"


@pytest.mark.parametrize("exact", [False, True])
def test_bytes_in_betamax(served: ImsMock, tmp_path: Path, exact: bool) -> None:
    """Bytes are kept with preserve_exact_body_bytes; without, they are not recorded faithfully."""
    image_id = served.add_image(status="queued")["id"]
    url = f"{served.url}/v2/images/{image_id}/file"
    headers = {"X-Auth-Token": served.token, "Content-Type": OCTETS}
    with requests.Session() as session, cassette(tmp_path, session, preserve_exact_body_bytes=exact):
        session.put(url, data=BYTES, headers=headers)
        # Without, betamax 0.9.0 also changes the bytes that the client gets, and urllib3 counts them.
        with suppress(requests.exceptions.ChunkedEncodingError):
            session.get(url, headers=headers)
    (sent, _), (_, got) = bodies(conforming(tmp_path / "cassette.json"))
    assert (sent, got) == ((BYTES, BYTES) if exact else (DAMAGED, DAMAGED))


def test_packed_response_in_betamax(packer: str, tmp_path: Path) -> None:
    """A response that came packed is kept so, and read unpacked."""
    with requests.Session() as session, cassette(tmp_path, session):
        session.get(f"{packer}/v2/images")
    ((_, got),) = bodies(conforming(tmp_path / "cassette.json"))
    assert json.loads(got) == LIST


def test_text_in_betamax(odd: str, tmp_path: Path) -> None:
    """A text is decoded already: the encoding that stands beside it says nothing of the file."""
    with requests.Session() as session, cassette(tmp_path, session):
        session.get(f"{odd}/latin/v2/images")
        session.get(f"{odd}/no-type/v2/images")
    kept = [item["response"]["body"] for item in json.loads((tmp_path / "cassette.json").read_text())[INTERACTIONS]]
    assert [body["encoding"] for body in kept] == ["ISO-8859-1", None]
    (_, latin), (_, without) = bodies(conforming(tmp_path / "cassette.json"))
    assert json.loads(latin) == {**LIST, "first": "/v2/images?name=\xe9"}
    assert json.loads(without) == LIST


def test_placeholders_of_betamax(served: ImsMock, tmp_path: Path) -> None:
    """What stands in the place of a hidden value is not judged, but for its type; nor is it in a path."""
    image_id = served.add_image()["id"]
    hidden = {"<TOKEN>": served.token, "<OWNER>": served.images[image_id]["owner"], "<ID>": image_id}
    placeholders = [{"placeholder": name, "replace": value} for name, value in hidden.items()]
    with requests.Session() as session, cassette(tmp_path, session, placeholders=placeholders):
        session.headers["X-Auth-Token"] = served.token
        session.get(f"{served.url}/v2/images/{image_id}")
        session.get(f"{served.url}/v2/images/{image_id}/members")
    shown, _ = conforming(tmp_path / "cassette.json")
    assert shown.request.url == f"{served.url}/v2/images/<ID>"
    assert shown.response
    assert isinstance(shown.response.body, JsonBody)
    assert shown.response.body.value["owner"] == "<OWNER>"
    assert shown.response.body.examples == {("id",), ("owner",), ("self",), ("file",)}


def test_cassette_that_was_cut_off(served: ImsMock, tmp_path: Path) -> None:
    """A cassette whose saving failed is refused with the place where it ends."""
    with requests.Session() as session, cassette(tmp_path, session):
        session.get(f"{served.url}/v2/images", headers={"X-Auth-Token": served.token})
    path = tmp_path / "cassette.json"
    path.write_text(path.read_text()[:-40])
    with pytest.raises(RecordingError, match=r"is not JSON: .*, at line 1 column"):
        list(read_recording(path))


def test_responses(served: ImsMock, tmp_path: Path) -> None:
    """The recorder of responses keeps no request but its method and URL, and bytes as a guess at their text."""
    path = tmp_path / "responses.yaml"
    image_id = served.add_image(status="queued")["id"]
    url = f"{served.url}/v2/images/{image_id}/file"
    octets = {"X-Auth-Token": served.token, "Content-Type": OCTETS}

    def call() -> None:
        requests.post(f"{served.url}/v2/images", json={"name": 7}, headers=octets)
        requests.get(f"{served.url}/v2/images?tag=a&tag=b", headers=octets)
        requests.put(url, data=BYTES, headers=octets)
        requests.get(url, headers=octets)

    _recorder.record(file_path=str(path))(call)()
    exchanges = conforming(path)
    assert [exchange.request.url.removeprefix(served.url) for exchange in exchanges] == [
        "/v2/images",
        "/v2/images?tag=a&tag=b",
        *[f"/v2/images/{image_id}/file"] * 2,
    ]
    assert {exchange.request.body for exchange in exchanges} == {NOT_RECORDED}
    assert [exchange.response and exchange.response.status for exchange in exchanges] == [400, 200, 204, 200]
    assert exchanges[1].response
    assert exchanges[1].response.body == on_the_wire(served, 4)[1][4]
    assert exchanges[3].response
    assert exchanges[3].response.body is DAMAGED


def test_types_in_responses(odd: str, tmp_path: Path) -> None:
    """A type that is text/plain may be none, so that it is not recorded; one that is kept as a header is."""

    def call() -> None:
        for name in ("no-type", "latin"):
            requests.get(f"{odd}/{name}/v2/images")

    for keep in ([], ["content-type"]):
        path = tmp_path / "responses.yaml"
        _recorder.record(file_path=str(path), keep_headers=keep)(call)()
        without, latin = conforming(path)
        assert without.response
        assert header_of(without.response.headers, "content-type") is None
        assert latin.response
        assert [name for name, _ in latin.response.headers].count("Content-Type") == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["vcr", "vcr_bytes"])
def test_schemathesis(name: str) -> None:
    """A report of Schemathesis has statuses as text, hides users, and has requests that were meant to be wrong."""
    exchanges = list(read_recording(SCHEMATHESIS / f"{name}.yaml"))
    findings = [finding for exchange in exchanges for finding in judge(exchange)]
    assert {finding.severity for finding in findings} == {"note"}
    assert all(exchange.request.url.startswith("http://127.0.0.1:9292/v") for exchange in exchanges)
    wrong = [exchange for exchange in exchanges if exchange.request.meant_wrong]
    assert wrong
    assert not {exchange.entry for exchange in wrong} & {finding.entry for finding in findings}
    statuses = [exchange.response and exchange.response.status for exchange in exchanges]
    # The last request got no response.
    assert (set(statuses[:-1]), statuses[-1]) == ({200, 400, 404}, None)


def test_bytes_in_schemathesis() -> None:
    """Bytes are kept with --report-preserve-bytes; without, those of a file are not recorded faithfully."""
    (lost, *_), (kept, *_) = (
        [
            exchange.request.body
            for exchange in read_recording(SCHEMATHESIS / f"{name}.yaml")
            if exchange.request.method == "PUT"
        ]
        for name in ("vcr", "vcr_bytes")
    )
    assert lost is DAMAGED
    assert isinstance(kept, bytes)
    assert kept.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["vcr", "vcr_bytes"])
def test_long_body_in_schemathesis(name: str) -> None:
    """Of a long body Schemathesis keeps the beginning, and says so."""
    exchanges = [exchange for exchange in read_recording(SCHEMATHESIS / f"{name}.yaml") if exchange.response]
    cut = [exchange.request.method for exchange in exchanges if exchange.response and exchange.response.body is DAMAGED]
    assert cut == ["GET"]


@pytest.mark.parametrize("name", ["plain", "exact"])
def test_vcr_for_ruby(name: str) -> None:
    """A cassette of VCR for Ruby has bytes, in a tag of Ruby's or in base64, also of a text that is not of ASCII."""
    exchanges = conforming(ROOT / f"tests/data/recordings/ruby/{name}.yml")
    created, uploaded, shown, *_ = bodies(exchanges)
    assert json.loads(created[0])["name"] == json.loads(created[1])["name"] == "gr\xf6\xdfe"
    assert (uploaded[0], shown) == (BYTES, (b"", BYTES))
    statuses = [exchange.response and exchange.response.status for exchange in exchanges]
    assert statuses == [201, 204, 200, 404, 204]
    # The file has them in lower case.
    assert [exchange.request.method for exchange in exchanges] == ["POST", "PUT", "GET", "GET", "DELETE"]


def test_response_without_a_body(tmp_path: Path) -> None:
    """A cassette that ends before the body of a response says nothing of it."""
    text = (ROOT / "tests/data/recordings/ruby/plain.yml").read_text("utf-8")
    path = tmp_path / "cassette.yml"
    path.write_text(text[: text.index("    body:", text.index("  response:"))])
    ((_, got),) = bodies(conforming(path))
    assert got is NOT_RECORDED


def test_what_schemathesis_hides(tmp_path: Path) -> None:
    """A parameter whose value is hidden is left out; sort_key is one."""
    query = "sort_key=%5BFiltered%5D&limit=1&a=%5BFiltered%5D"
    interaction = {"request": {"method": "GET", "uri": f"/v2/images?{query}"}, "response": None}
    path = tmp_path / "report.yaml"
    path.write_text(json.dumps({"http_interactions": [interaction]}))
    (exchange,) = conforming(path)
    assert exchange.request.url == "/v2/images?limit=1"


def test_repeated_headers(odd: str, tmp_path: Path) -> None:
    """A header that came twice is there twice; where a recorder joined them it is one, which is never split."""
    url = f"{odd}/cookies/v2/images"
    with requests.Session() as session, cassette(tmp_path, session):
        session.get(url)
    with vcr.use_cassette(str(tmp_path / "requests.yaml")):
        requests.get(url)
    with vcr.use_cassette(str(tmp_path / "httpx.yaml")):
        httpx.get(url)
    _recorder.record(file_path=str(tmp_path / "responses.yaml"))(lambda: requests.get(url))()
    found = {}
    for name in ("cassette.json", "requests.yaml", "httpx.yaml", "responses.yaml"):
        (exchange,) = conforming(tmp_path / name)
        assert exchange.response
        headers = exchange.response.headers
        found[name] = [value for header, value in headers if header.lower() == "set-cookie"]  # type: ignore[union-attr]
    joined = [", ".join(COOKIES)]
    assert found == {
        "cassette.json": COOKIES,
        "requests.yaml": COOKIES,
        "httpx.yaml": COOKIES,
        "responses.yaml": joined,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"http_interactions": [7]}', "interaction 1: it must be an object, got 7"),
        ('{"http_interactions": [{"request": {"method": "GET"}}]}', "interaction 1: request.uri must be a text"),
        (
            '{"http_interactions": [{"request": {"method": "GET", "uri": "/", "body": {"base64_string": "?"}}}]}',
            "interaction 1: request.body.base64_string must be base64",
        ),
        (
            '{"http_interactions": [{"request": {"method": "GET", "uri": "/"}, "response": {"status": {}}}]}',
            "interaction 1: response.status.code must be a whole number, got null",
        ),
        ('{"responses": [{"response": {"status": 200}}]}', "response 1: response.method must be a text, got null"),
    ],
)
def test_entries_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    """An entry that lacks what every entry has is refused, with its number and the place in it."""
    path = tmp_path / "cassette.json"
    path.write_text(text)
    with pytest.raises(RecordingError, match=message):
        list(read_recording(path))
