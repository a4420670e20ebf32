"""What passes, written to a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from ims_mock.contract import NOT_RECORDED, RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.evidence.recorder import Recorder
from tests.conftest import ROOT

URL = "https://ims.cn-north-4.myhuaweicloud.com/v2/images"
OWNER = "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c"


def exchange(body: Any = b"{}", **more: Any) -> RecordedExchange:
    """Return an exchange."""
    request = RecordedRequest("POST", f"{URL}?a=b", [("X-Auth-Token", "s3cret"), ("A", "1"), ("A", "2")], body)
    response = RecordedResponse(201, [("Content-Type", "application/json")], json.dumps({"owner": OWNER}).encode())
    return RecordedExchange(request, response, **more)


def test_archive_is_whole_at_any_moment(tmp_path: Path) -> None:
    """After each exchange the file is a valid archive, also if the process ends then."""
    path = tmp_path / "cloud.har"
    recorder = Recorder(path)
    schema = json.loads((ROOT / "tests/data/har-1.2.schema.json").read_text("utf-8"))
    for count in range(3):
        archive = json.loads(path.read_bytes())
        jsonschema.validate(archive, schema)
        assert len(archive["log"]["entries"]) == count
        recorder.add(exchange(), 1464853848.5, 0.25)
    recorder.close()
    entry = json.loads(path.read_bytes())["log"]["entries"][2]
    assert (entry["startedDateTime"], entry["time"]) == ("2016-06-02T07:49:0.500Z".replace("49:0", "50:48"), 250)
    assert (entry["request"]["url"], entry["response"]["status"]) == (f"{URL}?a=b", 201)
    assert {"name": "A", "value": "1, 2"} in entry["request"]["headers"]


def test_lines(tmp_path: Path) -> None:
    """A file that ends in .jsonl has an entry of a journal in each line."""
    path = tmp_path / "cloud.jsonl"
    recorder = Recorder(path)
    for _ in range(2):
        recorder.add(exchange(), 1464853848.5, 0.25)
    first, second = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    recorder.close()
    assert (first["number"], second["number"]) == (1, 2)
    assert (first["method"], first["path"], first["status"]) == ("POST", "/v2/images?a=b", 201)
    assert (first["operation"], first["base_url"]) == ("glance_create_image_metadata", URL.removesuffix("/v2/images"))


def test_nothing_of_an_account_is_written(tmp_path: Path) -> None:
    """Neither a credential nor the id of a project is in the file."""
    for name in ("a.har", "a.jsonl"):
        recorder = Recorder(tmp_path / name)
        recorder.add(exchange(), 0, 0)
        recorder.close()
        text = (tmp_path / name).read_text("utf-8")
        assert "s3cret" not in text
        assert OWNER not in text


def test_without_a_response_and_bodies(tmp_path: Path) -> None:
    """A request without a response, and bodies that are not kept, are written as such."""
    recorder = Recorder(tmp_path / "a.har")
    recorder.add(RecordedExchange(RecordedRequest("PUT", URL, body=NOT_RECORDED), None), 0, 0)
    recorder.close()
    (entry,) = json.loads((tmp_path / "a.har").read_bytes())["log"]["entries"]
    assert entry["response"]["status"] == 0
    assert "postData" not in entry["request"]
