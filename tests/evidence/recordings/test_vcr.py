"""Cassettes of vcrpy are read as what was on the wire, whichever client it recorded."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import aiohttp
import httpx
import pytest
import requests
import vcr
import yaml

from ims_mock import Hangup, ImsMock
from ims_mock.contract import DAMAGED, NOT_RECORDED, JsonBody, judge
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.files import read_recording
from tests.conftest import ROOT
from tests.evidence.recordings.conftest import (
    LIST,
    OCTETS,
    PATCH,
    bodies,
    conforming,
    on_the_wire,
    recorded,
)

BYTES = b"\xff\x00\xfe"
CHANGE = [{"op": "replace", "path": "/name", "value": "renamed"}]


def recording(path: Path, **settings: Any) -> Any:
    """Return a cassette that records everything."""
    return vcr.use_cassette(str(path), record_mode="all", **settings)


@pytest.mark.parametrize("serializer", ["yaml", "json"])
def test_requests(served: ImsMock, tmp_path: Path, serializer: str) -> None:
    """What `requests` sent and got is what the mock has in its journal, header names as they were sent."""
    path = tmp_path / "cassette"
    with recording(path, serializer=serializer), requests.Session() as session:
        session.headers["X-Auth-Token"] = served.token
        image_id = session.post(f"{served.url}/v2/images", json={"name": "web", "tags": ["a"]}).json()["id"]
        session.get(f"{served.url}/v2/images?tag=a&tag=b")
        session.patch(f"{served.url}/v2/images/{image_id}", json=CHANGE, headers={"Content-Type": PATCH})
        session.get(f"{served.url}/v2/images/7")
        session.delete(f"{served.url}/v2/images/{image_id}")
    exchanges = conforming(path)
    assert recorded(exchanges, served.url) == on_the_wire(served, 5)
    assert [exchange.entry for exchange in exchanges] == [f"interaction {number}" for number in range(1, 6)]
    assert dict(exchanges[2].request.headers)["Content-Type"] == PATCH  # type: ignore[arg-type]
    assert all(exchange.request.has_all_headers for exchange in exchanges)


@pytest.mark.parametrize("given", ["bytes", "text", "chunks", "BytesIO", "file"])
def test_uploads_with_requests(served: ImsMock, tmp_path: Path, given: str) -> None:
    """A body is read however it was given: bytes, chunks of a generator, or a file, for which YAML has Python tags."""
    path = tmp_path / "cassette.yaml"
    file = tmp_path / "disk"
    file.write_bytes(BYTES)
    expected = {"text": b"text", "chunks": BYTES + b"more"}.get(given, BYTES)
    with file.open("rb") as opened, recording(path):
        image_id = served.add_image(status="queued")["id"]
        headers = {"X-Auth-Token": served.token, "Content-Type": OCTETS}
        forms: dict[str, Any] = {"chunks": iter([BYTES, b"more"]), "BytesIO": io.BytesIO(BYTES), "file": opened}
        body = forms.get(given, expected)
        requests.put(f"{served.url}/v2/images/{image_id}/file", data=body, headers=headers)
        requests.get(f"{served.url}/v2/images/{image_id}/file", headers=headers)
    sent, got = bodies(conforming(path))
    assert (sent[0], got[1]) == (expected, expected)


def test_httpx(served: ImsMock, tmp_path: Path) -> None:
    """With httpx the names of headers are in lower case, and a body that is not there is empty."""
    path = tmp_path / "cassette.yaml"
    with recording(path), httpx.Client(base_url=served.url, headers={"X-Auth-Token": served.token}) as client:
        image_id = client.post("/v2/images", json={"name": "web"}).json()["id"]
        upload = client.put(f"/v2/images/{image_id}/file", content=iter([BYTES]), headers={"Content-Type": OCTETS})
        assert upload.status_code == 204
        client.get(f"/v2/images/{image_id}")
    exchanges = conforming(path)
    assert exchanges[1].request.body == BYTES
    wire = on_the_wire(served, 3)
    assert recorded(exchanges, served.url)[::2] == wire[::2]
    assert "content-type" in dict(exchanges[0].request.headers)  # type: ignore[arg-type]


def test_aiohttp(served: ImsMock, tmp_path: Path) -> None:
    """With aiohttp a cassette has JSON as it was given, and the headers that the caller gave: none is missing."""
    path = tmp_path / "cassette.yaml"

    async def chunks() -> AsyncIterator[bytes]:
        yield BYTES
        yield b"more"

    async def call() -> None:
        octets = {"Content-Type": OCTETS}
        async with aiohttp.ClientSession(headers={"X-Auth-Token": served.token}) as session:
            image_id = (await (await session.post(f"{served.url}/v2/images", json={"name": "web"})).json())["id"]
            await session.put(f"{served.url}/v2/images/{image_id}/file", data=chunks(), headers=octets)
            await session.patch(f"{served.url}/v2/images/{image_id}", json=CHANGE, headers={"Content-Type": PATCH})
        async with aiohttp.ClientSession(served.url, headers={"X-Auth-Token": served.token}) as session:
            await session.get("/v2/images?tag=a&tag=b")

    with recording(path):
        asyncio.run(call())
    exchanges = conforming(path)
    wire = on_the_wire(served, 4)
    sent = [body for body, _ in bodies(exchanges)]
    assert sent == [JsonBody({"name": "web"}), BYTES + b"more", JsonBody(CHANGE), b""]
    assert [got for _, got in bodies(exchanges)] == [item[4] for item in wire]
    assert exchanges[3].request.url == "/v2/images?tag=a&tag=b"
    assert not any(exchange.request.has_all_headers for exchange in exchanges)


@pytest.mark.parametrize("decode", [False, True])
@pytest.mark.parametrize("client", ["requests", "httpx", "aiohttp", "urllib"])
def test_packed_responses(packer: str, tmp_path: Path, client: str, decode: bool) -> None:
    """A response that came packed is read unpacked, whatever the headers of the recording say."""
    path = tmp_path / "cassette.yaml"
    url = f"{packer}/v2/images"

    async def get() -> None:
        async with aiohttp.ClientSession() as session:
            await (await session.get(url)).read()

    with recording(path, decode_compressed_response=decode):
        if client == "aiohttp":
            asyncio.run(get())
        elif client == "urllib":
            with urlopen(url) as response:
                response.read()
        else:
            (requests.get if client == "requests" else httpx.get)(url)
    ((_, got),) = bodies(conforming(path))
    assert json.loads(got) == LIST


def test_packed_response_of_urllib3_1() -> None:
    """A response that vcrpy got of urllib3 1.26 is bytes as they came."""
    ((_, got),) = bodies(conforming(ROOT / "tests/data/recordings/vcrpy/requests_vcrpy_6.yaml"))
    assert json.loads(got) == LIST


def test_packed_response_in_json(packer: str, tmp_path: Path) -> None:
    """The serializer for JSON has an unpacked response too."""
    path = tmp_path / "cassette.json"
    with recording(path, serializer="json"):
        requests.get(f"{packer}/v2/images")
    ((_, got),) = bodies(conforming(path))
    assert json.loads(got) == LIST


def test_redirect(packer: str, tmp_path: Path) -> None:
    """A redirect is two interactions; its status is one that no document has, and breaks nothing."""
    path = tmp_path / "cassette.yaml"
    with recording(path):
        requests.get(f"{packer}/elsewhere/v2/images")
    first, second = read_recording(path)
    assert [(finding.id, finding.severity) for finding in judge(first)] == [("response.undocumented_status", "drift")]
    assert judge(second) == []


def test_redirect_with_aiohttp(packer: str, tmp_path: Path) -> None:
    """With aiohttp both requests of a redirect have the headers that went out."""
    path = tmp_path / "cassette.yaml"

    async def call() -> None:
        async with aiohttp.ClientSession() as session:
            await session.get(f"{packer}/elsewhere/v2/images")
            await session.post(f"{packer}/elsewhere/v2/images", data={"name": "a"})

    with recording(path):
        asyncio.run(call())
    exchanges = list(read_recording(path))
    assert [exchange.request.has_all_headers for exchange in exchanges] == [True] * 4
    # What was given may be JSON, where the type does not say that it was a form.
    assert [exchange.request.body for exchange in exchanges] == [b"", b"", NOT_RECORDED, b""]
    assert {finding.id for exchange in exchanges for finding in judge(exchange)} == {"response.undocumented_status"}


def test_what_aiohttp_is_given(served: ImsMock, tmp_path: Path) -> None:
    """A cassette of aiohttp has mappings, which are read as JSON, and files; a path may begin without a slash."""
    path = tmp_path / "cassette.yaml"
    image_id = served.add_image(status="queued")["id"]

    async def call() -> None:
        async with aiohttp.ClientSession(f"{served.url}/", headers={"X-Auth-Token": served.token}) as session:
            await session.post("v2/images", json={"name": "web", "tags": ("a", "b"), "min_ram": 1024})
            await session.request("post", "v2/images", data={"name": "web"})
            headers = {"Content-Type": OCTETS, "User-Agent": "own"}
            await session.put(f"v2/images/{image_id}/file", data=io.BytesIO(BYTES), headers=headers)
            await session.post("v2/images", json={"min_ram": float("nan")})

    with recording(path):
        asyncio.run(call())
    exchanges = list(read_recording(path))
    assert [exchange.request.body for exchange in exchanges] == [
        JsonBody({"name": "web", "tags": ["a", "b"], "min_ram": 1024}),
        JsonBody({"name": "web"}),
        BYTES,
        b'{"min_ram": NaN}',
    ]
    assert exchanges[0].request.url == "/v2/images"
    assert [exchange.request.method for exchange in exchanges] == ["POST", "POST", "PUT", "POST"]
    assert not any(exchange.request.has_all_headers for exchange in exchanges)
    # Only the last one is wrong.
    assert [[finding.id for finding in judge(exchange)] for exchange in exchanges] == [[], [], [], ["request.not_json"]]


def test_texts_of_any_characters(served: ImsMock, tmp_path: Path) -> None:
    """Control characters, NUL, and what YAML reads as another type come back as they were sent; so do headers."""
    path = tmp_path / "cassette.yaml"
    files = [
        b"ab\0\x07\x7f \r\n\xc2\x85\xe2\x80\xa8\xef\xbb\xbf x",
        b"123",
        b"true",
        b"null",
        b"~",
        b"2026-01-01",
        b" ",
    ]
    headers: dict[str, str | bytes] = {"X-Auth-Token": served.token.encode(), "Content-Type": OCTETS}
    with recording(path), requests.Session() as session:
        for file in files:
            url = f"{served.url}/v2/images/{served.add_image(status='queued')['id']}/file"
            assert session.put(url, data=file, headers=headers).status_code == 204
            session.get(url, headers=headers)
    exchanges = conforming(path)
    assert [exchange.request.body for exchange in exchanges[::2]] == files
    assert [got for _, got in bodies(exchanges)[1::2]] == files
    assert dict(exchanges[0].request.headers)["X-Auth-Token"] == served.token  # type: ignore[arg-type]


def test_user_in_a_url(served: ImsMock, tmp_path: Path) -> None:
    """A user in a URL is a header in the cassette, and nothing to find."""
    path = tmp_path / "cassette.yaml"
    with recording(path):
        requests.get(f"{served.url.replace('://', '://somebody:secret@')}/v2/images")
    (exchange,) = conforming(path)
    assert exchange.request.url == f"{served.url}/v2/images"


def test_nothing_is_recorded_of_what_failed(served: ImsMock, tmp_path: Path) -> None:
    """A connection that broke leaves no interaction, and so nothing to judge."""
    path = tmp_path / "cassette.yaml"
    with recording(path), served.faults.add(Hangup(), times=1):
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{served.url}/v2/images")
        requests.get(f"{served.url}/v2/images", headers={"X-Auth-Token": served.token})
    assert len(conforming(path)) == 1


def test_text_that_was_rewritten_keeps_its_old_length(served: ImsMock, tmp_path: Path) -> None:
    """Content-Length is that of the wire: a filter of the recorder that changes a body leaves it as it was."""
    path = tmp_path / "cassette.yaml"
    with recording(path, filter_post_data_parameters=["description"], filter_headers=["X-Auth-Token"]):
        headers = {"X-Auth-Token": served.token}
        requests.post(f"{served.url}/v2/images", json={"name": "a", "description": "x" * 99}, headers=headers)
    (exchange,) = conforming(path)
    assert isinstance(exchange.request.body, bytes)
    assert json.loads(exchange.request.body) == {"name": "a"}


def test_hidden_values(served: ImsMock, tmp_path: Path) -> None:
    """A value that a hook has hidden is not judged, and another of the same body is."""

    def hide(response: dict[str, Any]) -> dict[str, Any]:
        body = re.sub(rb'"owner":"[^"]+"', b'"owner":"***"', response["body"]["string"])
        response["body"]["string"] = body.replace(b'"status":"queued"', b'"status":"lost"')
        return response

    path = tmp_path / "cassette.yaml"
    fields = [("name", "<NAME>"), ("os_version", "REDACTED")]
    with recording(path, before_record_response=hide, filter_post_data_parameters=fields):
        headers = {"X-Auth-Token": served.token}
        requests.post(f"{served.url}/v2/images", json={"name": "a", "min_ram": 0}, headers=headers)
    (exchange,) = read_recording(path)
    assert exchange.request.body == JsonBody({"name": "<NAME>", "min_ram": 0}, frozenset({("name",)}))
    assert [(finding.id, finding.pointer) for finding in judge(exchange)] == [("response.enum", "/status")]


def test_httpx_of_vcrpy_5() -> None:
    """A cassette that vcrpy 5.1.0 wrote with httpx has its responses in another form."""
    created, missing = conforming(ROOT / "tests/data/recordings/vcrpy/httpx_vcrpy_5.yaml")
    assert (created.response and created.response.status, missing.response and missing.response.status) == (201, 404)
    assert created.response
    assert isinstance(created.response.body, bytes)
    assert json.loads(created.response.body)["name"] == "web"


def test_bytes_that_vcrpy_5_lost(tmp_path: Path) -> None:
    """It left out bytes that are no UTF-8: a file that a client got is not recorded faithfully."""
    response = {"status_code": 200, "headers": {"content-type": [OCTETS]}, "content": "abc"}
    request = {"method": "GET", "uri": "/v2/images/7/file", "headers": {}, "body": ""}
    path = tmp_path / "cassette.yaml"
    path.write_text(yaml.safe_dump({"interactions": [{"request": request, "response": response}]}))
    ((_, got),) = bodies(conforming(path))
    assert got is DAMAGED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("[1, 2", "is not JSON: Expecting ',' delimiter, at line 1 column 6"),
        ("a: [1", "is not YAML that can be read: .*at line [12]"),
        ("a: !!python/object/apply:os.getcwd []", r"the tag !!python/object/apply:os.getcwd is not read"),
        ("a: !!python/name:os.getcwd ''", r"the tag !!python/name:os.getcwd is not read"),
        ("a: !!python/object/new:_io.BytesIO {state: 7}", "has another type than its tag, at line 1"),
        ("a: !!python/object/apply:builtins.iter {args: [[{}]]}", "has another type than its tag, at line 1"),
        ("just text", "is not a recording that can be read; the formats are: .*VCR cassette"),
        ("interactions: 7", "is not a recording that can be read"),
        ("interactions: [7]", "interaction 1: it must be an object, got 7"),
        ("interactions: [{request: {}}]", "interaction 1: request.method must be a text, got null"),
        ("interactions: [{request: {method: GET, uri: /}}]", "interaction 1: response must be an object"),
        (
            "interactions: [{request: {method: GET, uri: /}, response: {status: {code: x}}}]",
            'interaction 1: response.status.code must be a whole number, got "x"',
        ),
        (
            "interactions: [{request: {method: GET, uri: /, headers: 7}, response: {}}]",
            "interaction 1: request.headers must be an object, got 7",
        ),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    """What is no recording, is damaged, or would run code is refused, with the place and the reason."""
    path = tmp_path / "cassette.yaml"
    path.write_text(text)
    with pytest.raises(RecordingError, match=message):
        list(read_recording(path))


def test_what_is_no_text(tmp_path: Path) -> None:
    """A file of bytes is refused with the place of the first that is no UTF-8; a byte order mark is passed over."""
    path = tmp_path / "cassette.yaml"
    path.write_bytes(b"abc\xff")
    with pytest.raises(RecordingError, match="is not UTF-8: byte 3 is 0xff"):
        list(read_recording(path))
    path.write_bytes(b"\xef\xbb\xbfinteractions: []")
    assert list(read_recording(path)) == []
    path.write_bytes(b"[" * 200_000)
    with pytest.raises(RecordingError, match=r"nested too deep|is not"):
        list(read_recording(path))


def test_yaml_needs_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyYAML a cassette of YAML is refused with what to install."""
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    path = tmp_path / "cassette.yaml"
    path.write_text("interactions: []")
    with pytest.raises(RecordingError, match=r"pip install 'ims_mock\[contract\]'"):
        list(read_recording(path))


def test_pytest_recording(tmp_path: Path, served: ImsMock, pytester: pytest.Pytester) -> None:
    """A cassette of pytest-recording is one of vcrpy, in the folder that it makes."""
    pytester.makepyfile(
        test_it=f"""
        import pytest, requests

        class TestImages:
            @pytest.mark.vcr
            @pytest.mark.parametrize("tag", ["a/b"])
            def test_list(self, tag):
                headers = {{"X-Auth-Token": "{served.token}"}}
                requests.get("{served.url}/v2/images", params={{"tag": tag}}, headers=headers)
        """
    )
    done = pytester.runpytest_inprocess("--disable-plugin-autoload", "-p", "recording", "--record-mode=all")
    done.assert_outcomes(passed=1)
    (exchange,) = conforming(pytester.path / "cassettes/test_it/TestImages.test_list[a-b].yaml")
    assert exchange.request.url == f"{served.url}/v2/images?tag=a%2Fb"
