"""Recordings of a client that asks for every operation, as two users: nothing is found that the client did right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import betamax
import httpx
import pytest
import requests
import vcr
from responses._recorder import Recorder

from ims_mock import ImsMock
from ims_mock.contract import find_operation, judge
from ims_mock.contract.operations import load_contract
from ims_mock.evidence.har import to_har
from ims_mock.evidence.recordings.files import read_recording
from tests import recorded_run

pytestmark = pytest.mark.slow


class Sender:
    """Sends over a socket what the client of the run would give to Flask."""

    def __init__(self, session: Any, url: str) -> None:
        self._session = session
        self._url = url

    def open(self, path: str, method: str, data: bytes | None, headers: dict[str, str]) -> Any:
        """Send a request; return the response, with the method by which the run reads it."""
        body = {"content" if isinstance(self._session, httpx.Client) else "data": data}
        response = self._session.request(method, self._url + path, headers=headers, **body)
        response.get_json = response.json
        return response


def run(session: Any) -> None:
    """Ask a mock for every operation with a client."""
    with ImsMock(**recorded_run.SETTINGS) as mock, pytest.MonkeyPatch.context() as patch:
        # The client of the run gets its transport of here.
        patch.setattr(mock.app, "test_client", lambda: Sender(session, mock.url))
        recorded_run.run(mock)


def check(path: Path) -> None:
    """Check that a recording has every operation, and that only what the client asks wrongly is found in it."""
    exchanges = list(read_recording(path))
    operations = [find_operation(exchange.request.method, exchange.request.url) for exchange in exchanges]
    assert {operation.id for operation in operations if operation} == set(load_contract().operations)
    found = {finding.got for exchange in exchanges for finding in judge(exchange) if finding.severity != "note"}
    # The client does both on purpose.
    assert {text.rpartition("/")[0] for text in found} == {"GET /v2", "PUT /v2/images"}


def test_vcrpy_and_responses(tmp_path: Path) -> None:
    """A cassette of vcrpy, and what the recorder of responses kept, have every operation as it was."""
    recorder = Recorder()
    with recorder, vcr.use_cassette(str(tmp_path / "vcr.yaml"), record_mode="all"), requests.Session() as session:
        run(session)
        recorder.dump_to_file(tmp_path / "responses.yaml")
    check(tmp_path / "vcr.yaml")
    check(tmp_path / "responses.yaml")


def test_betamax(tmp_path: Path) -> None:
    """So has a cassette of betamax."""
    with requests.Session() as session:
        recorder = betamax.Betamax(session, cassette_library_dir=str(tmp_path))
        with recorder.use_cassette("betamax", record="all", preserve_exact_body_bytes=True):
            run(session)
    check(tmp_path / "betamax.json")


def test_httpx(tmp_path: Path) -> None:
    """So has a cassette of vcrpy with httpx."""
    with vcr.use_cassette(str(tmp_path / "vcr.yaml"), record_mode="all"), httpx.Client() as client:
        run(client)
    check(tmp_path / "vcr.yaml")


def test_journal_and_own_archive(tmp_path: Path) -> None:
    """So have the journal of the mock, and its HTTP archive."""
    mock = ImsMock(**recorded_run.SETTINGS)
    recorded_run.run(mock)
    for name, document in (("x.har", to_har(mock.journal)), ("x.json", [entry.to_json() for entry in mock.journal])):
        (tmp_path / name).write_text(json.dumps(document), "utf-8")
        check(tmp_path / name)
