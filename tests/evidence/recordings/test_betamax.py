"""Cassettes of betamax, the VCR report of Schemathesis, and the recorder of responses."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import betamax
import pytest
import requests
from responses import _recorder

from ims_mock import ImsMock
from ims_mock.contract import DAMAGED, NOT_RECORDED, judge
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.files import read_recording
from tests.conftest import ROOT
from tests.evidence.recordings.conftest import (
    LIST,
    OCTETS,
    bodies,
    conforming,
    on_the_wire,
    recorded,
)

BYTES = b"\xff\x00\xfe"


def cassette(folder: Path, session: requests.Session, **settings: bool) -> betamax.Betamax:
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

    _recorder.record(file_path=str(path))(call)()
    exchanges = conforming(path)
    assert [exchange.request.url.removeprefix(served.url) for exchange in exchanges] == [
        "/v2/images",
        "/v2/images?tag=a&tag=b",
        f"/v2/images/{image_id}/file",
    ]
    assert {exchange.request.body for exchange in exchanges} == {NOT_RECORDED}
    assert [exchange.response and exchange.response.status for exchange in exchanges] == [400, 200, 204]


@pytest.mark.parametrize("name", ["vcr", "vcr_bytes"])
def test_schemathesis(name: str) -> None:
    """A report of Schemathesis has statuses as text, and requests that were meant to be wrong are not judged."""
    exchanges = list(read_recording(ROOT / f"tests/data/recordings/schemathesis/{name}.yaml"))
    findings = [finding for exchange in exchanges for finding in judge(exchange)]
    assert [finding for finding in findings if finding.severity == "break"] == []
    assert {exchange.request.meant_wrong for exchange in exchanges} == {True, False}
    assert {exchange.response.status for exchange in exchanges if exchange.response} >= {200, 400}


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
