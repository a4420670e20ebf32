"""The journal of a mock, in each form that it is given."""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from ims_mock import Hangup, LoseResponse, Truncate
from ims_mock.command.standalone import _JsonFormatter
from ims_mock.contract import DAMAGED, NOT_RECORDED, JsonBody, RecordedExchange, judge
from ims_mock.evidence.har import to_har
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.files import read_recording
from tests.conftest import Api


def exchanges_of(folder: Path, document: Any) -> list[RecordedExchange]:
    """Return the exchanges of a document that is written to a file."""
    path = folder / "journal.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return list(read_recording(path))


def journal_of(api: Api) -> Any:
    """Return what the control API shows."""
    return api("GET", "/_ims_mock/journal").get_json()


def test_journal(api: Api, tmp_path: Path) -> None:
    """The journal has what was sent and returned, and conforms."""
    created = api.create(name="é", min_disk=40)
    api("GET", created["self"])
    api("HEAD", "/v2/images?limit=1")
    api("DELETE", created["self"])
    exchanges = exchanges_of(tmp_path, journal_of(api))
    assert [finding for item in exchanges for finding in judge(item)] == []
    first = exchanges[0]
    assert (first.entry, first.request.method, first.request.url) == ("entry 1", "POST", "http://localhost/v2/images")
    assert first.request.body == b'{"name": "\\u00e9", "min_disk": 40}'
    assert first.request.has_all_headers
    assert (first.request.caller, first.request.project) == ("", api.service.auth.project_id)
    assert first.response
    assert json.loads(first.response.body)["id"] == created["id"]  # type: ignore[arg-type]
    assert [item.response and item.response.body for item in exchanges[2:]] == [b"", b""]


def test_caller_is_known(api: Api, tmp_path: Path) -> None:
    """The journal, and the archive of it, say who sent a request; nobody in particular has no name."""
    api("GET", "/v2/images", X_Auth_Token=api.service.identity.new_token_for("alt"))
    api("GET", "/v2/images")
    archive = to_har(api.service.journal)
    for document in (archive, journal_of(api)):
        assert [item.request.caller for item in exchanges_of(tmp_path, document)] == ["alt", ""]


@pytest.mark.parametrize("form", ["list", "entry", "lines", "bundle"])
def test_forms_of_a_journal(api: Api, tmp_path: Path, form: str) -> None:
    """A list of entries, one of them, a line for each, and the file about a failed test are read too."""
    api("GET", "/v2/images")
    entries = [entry.to_json() for entry in api.service.journal]
    line = json.dumps(entries[0])
    document = {"list": entries, "entry": entries[0], "lines": f"{line}\n\n{line}\n", "bundle": {"requests": entries}}
    exchanges = exchanges_of(tmp_path, document[form])
    assert [item.request.url for item in exchanges] == ["http://localhost/v2/images"] * (2 if form == "lines" else 1)


def test_log(api: Api, tmp_path: Path) -> None:
    """Lines of the log have no headers and no bodies, which are judged as little; other lines are left out."""
    api("GET", "/v2/images")
    record = logging.LogRecord("", logging.INFO, "", 0, "", (), None)
    record.entry = next(iter(api.service.journal))
    other = json.dumps({"level": "info", "message": "listening"})
    (exchange,) = exchanges_of(tmp_path, "\n".join([other, _JsonFormatter().format(record)]))
    assert (exchange.request.url, exchange.request.headers, exchange.request.body) == (
        *("/v2/images", NOT_RECORDED, NOT_RECORDED),
    )
    assert exchange.response
    assert (exchange.response.status, exchange.response.body) == (200, NOT_RECORDED)
    assert judge(exchange) == []


def test_journal_of_nothing(api: Api, tmp_path: Path) -> None:
    """A journal without entries is one."""
    assert exchanges_of(tmp_path, journal_of(api)) == []


def test_files_are_not_recorded(api: Api, tmp_path: Path) -> None:
    """The journal has no bytes of files, which is no empty body."""
    file = api.create()["file"]
    api("PUT", file, b"123", Content_Type="application/octet-stream")
    api("GET", file)
    _, upload, download = exchanges_of(tmp_path, journal_of(api))
    assert upload.request.body is NOT_RECORDED
    assert download.response
    assert download.response.body is NOT_RECORDED


@pytest.mark.parametrize("body", [b" " * 70_000, b'{"name": "\xff"}', b'{"name": "\\\\xff"}'])
def test_damaged_bodies(api: Api, tmp_path: Path, body: bytes) -> None:
    """A body that was cut, or whose bytes are written out, is not recorded faithfully."""
    api("POST", "/v2/images", body)
    (exchange,) = exchanges_of(tmp_path, journal_of(api))
    assert exchange.request.body is DAMAGED


def test_long_body_of_the_proxy(api: Api, tmp_path: Path) -> None:
    """A body that is longer than the journal keeps was kept whole, by the proxy."""
    api("GET", "/v2/images")
    entry = journal_of(api)["entries"][0]
    body = json.dumps({"images": [], "first": "/v2/images", "schema": "/v2/schemas/images", "x": " " * 70_000})
    headers = {"Content-Length": str(len(body))}
    (exchange,) = exchanges_of(tmp_path, {**entry, "response_headers": headers, "response_body": body})
    assert exchange.response
    assert exchange.response.body == body.encode()
    headers = {"Transfer-Encoding": "chunked"}
    (exchange,) = exchanges_of(tmp_path, {**entry, "response_headers": headers, "response_body": body[:65536]})
    assert exchange.response
    assert exchange.response.body is DAMAGED


def test_hidden_secrets_are_examples(api: Api, tmp_path: Path) -> None:
    """The password of a log-in is hidden in the journal and in its archive, and everything else is judged."""
    user = {"name": "demo", "password": "secret", "domain": {"name": "Default"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": {"project": {"name": "cn-north-4"}}}}
    api("POST", "/v3/auth/tokens", body)
    for document in (journal_of(api), api("GET", "/_ims_mock/journal.har").get_json()):
        (exchange,) = exchanges_of(tmp_path, document)
        assert isinstance(exchange.request.body, JsonBody)
        assert exchange.request.body.examples == {("auth", "identity", "password", "user", "password")}
        assert judge(exchange) == []


@pytest.mark.parametrize("fault", [Hangup(), LoseResponse("reset")])
def test_response_that_never_came(api: Api, tmp_path: Path, fault: Any) -> None:
    """A request whose response never came has none."""
    api.service.faults.add(fault)
    with contextlib.suppress(ConnectionError):
        api("GET", "/v2/images")
    (exchange,) = exchanges_of(tmp_path, journal_of(api))
    assert exchange.response is None


def test_response_that_was_cut(api: Api, tmp_path: Path) -> None:
    """Of a response that came in part the body is not known."""
    api.service.faults.add(Truncate(5))
    with contextlib.suppress(http.client.IncompleteRead):
        api("GET", "/v2/images")
    (exchange,) = exchanges_of(tmp_path, journal_of(api))
    assert exchange.response
    assert exchange.response.body is DAMAGED


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"method": None}, "method must be a text, got null"),
        ({"status": "200"}, 'status must be a whole number, got "200"'),
        ({"request_body": 5}, "request_body must be a text, got 5"),
        ({"response_headers": []}, r"response_headers must be an object, got \[\]"),
    ],
)
def test_wrong_entries(api: Api, tmp_path: Path, changes: Any, text: str) -> None:
    """An entry that cannot be read is named, with what is wrong in it."""
    api("GET", "/v2/images")
    entry = journal_of(api)["entries"][0]
    with pytest.raises(RecordingError, match=f"^entry 2: {text}"):
        exchanges_of(tmp_path, [entry, {**entry, **changes}])


def test_wrong_list_of_entries(api: Api, tmp_path: Path) -> None:
    """An entry that is no object is an error, with its number."""
    api("GET", "/v2/images")
    entry = journal_of(api)["entries"][0]
    with pytest.raises(RecordingError, match=r"^entry 2: it must be an object, got 5"):
        exchanges_of(tmp_path, {"received": 2, "entries": [entry, 5]})
