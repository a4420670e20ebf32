"""The journal as an HTTP archive."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from ims_mock import Drip, Fail, Garble, Hangup, LoseResponse, Redirect, Truncate, __version__
from ims_mock.evidence.har import to_har
from ims_mock.evidence.journal import Entry
from tests.conftest import ROOT, Api

SCHEMA = ROOT / "tests/data" / "har-1.2.schema.json"


@cache
def validator() -> jsonschema.Draft202012Validator:
    """Return what holds a document against HAR 1.2."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def entries_of(api: Api) -> Any:
    """Return the entries of the archive that a service gives, which has to be one."""
    archive = api("GET", "/_ims_mock/journal.har").get_json()
    assert [error.message for error in validator().iter_errors(archive)] == []
    return archive["log"]["entries"]


def the_entry_of(api: Api) -> Any:
    """Return the only entry of the archive that a service gives."""
    (entry,) = entries_of(api)
    return entry


def headers_of(message: Any) -> dict[str, str]:
    """Return the headers of a request or a response by name."""
    return {header["name"]: header["value"] for header in message["headers"]}


def test_archive_of_nothing() -> None:
    """An archive without requests is one too, and says who wrote it."""
    archive = to_har([])
    validator().validate(archive)
    assert archive["log"]["version"] == "1.2"
    assert archive["log"]["creator"] == {"name": "ims_mock", "version": __version__}


@pytest.mark.parametrize("wrong", [{}, {"log": {"version": "1.1", "entries": []}}, {"log": {"entries": [{}]}}])
def test_schema_refuses_what_is_no_archive(wrong: Any) -> None:
    """The schema that these tests trust refuses what lacks a field."""
    assert not validator().is_valid(wrong)


def test_schema_knows_fields_of_ones_own(api: Api) -> None:
    """The schema lets a field pass that begins with an underscore, and no other that HAR does not have."""
    api("GET", "/v2/images")
    archive = to_har(api.service.journal)
    archive["log"]["entries"][0]["_mine"] = 1
    assert validator().is_valid(archive)
    archive["log"]["entries"][0]["mine"] = 1
    assert not validator().is_valid(archive)


def test_request(api: Api) -> None:
    """A request has its method, its whole URL, its query, its headers and its body."""
    api("POST", "/v2/images?a=b+c&d=&a=%C3%A9", b'{"name": "\xc3\xa9"}', Content_Type="application/json")
    request = the_entry_of(api)["request"]
    assert (request["method"], request["url"]) == ("POST", "http://localhost/v2/images?a=b+c&d=&a=%C3%A9")
    assert request["queryString"] == [
        {"name": "a", "value": "b c"},
        {"name": "d", "value": ""},
        {"name": "a", "value": "é"},
    ]
    assert headers_of(request)["X-Auth-Token"] == "***"
    assert request["postData"] == {"mimeType": "application/json", "params": [], "text": '{"name": "é"}'}
    assert request["bodySize"] == 14


def test_response(api: Api) -> None:
    """A response has its status with the phrase, its headers and its body."""
    response = api("POST", "/v2/images", {})
    recorded = the_entry_of(api)["response"]
    assert (recorded["status"], recorded["statusText"]) == (201, "Created")
    assert headers_of(recorded)["X-Request-Id"] == response.headers["X-Request-Id"]
    assert recorded["content"] == {"size": len(response.data), "mimeType": "application/json", "text": response.text}
    assert recorded["bodySize"] == len(response.data)


def test_times_are_iso_8601_of_the_mocks_clock() -> None:
    """A request began when the mock's clock says, to the millisecond, with a zone."""
    api = Api(start=1464853788.25)
    api("GET", "/v2/images")
    began = the_entry_of(api)["startedDateTime"]
    assert began == "2016-06-02T07:49:48.250Z"
    assert datetime.fromisoformat(began.replace("Z", "+00:00")) == datetime(
        2016, 6, 2, 7, 49, 48, 250_000, timezone.utc
    )


@pytest.mark.parametrize("start", [-62135596800.0, 0.0, 253402300799.0])
def test_any_time_of_the_clock_can_be_written(start: float) -> None:
    """The first and the last second that a clock can have are in an archive too."""
    api = Api(start=start)
    api("GET", "/v2/images")
    began = datetime.fromisoformat(the_entry_of(api)["startedDateTime"].replace("Z", "+00:00"))
    assert began == datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=start)


def test_time_is_the_sum_of_the_timings(api: Api) -> None:
    """The real milliseconds of a request are those that it was waited for."""
    api("GET", "/v2/images")
    entry = the_entry_of(api)
    assert entry["time"] == sum(entry["timings"].values())
    assert entry["time"] == round(api.service.journal.calls()[0].seconds * 1000, 3)


def test_request_that_is_no_text_is_in_base64(api: Api) -> None:
    """A body that is no UTF-8 is kept byte for byte, and marked by a field of ours, as HAR has none."""
    api("POST", "/v2/images", b"\xff\x00")
    posted = the_entry_of(api)["request"]["postData"]
    assert base64.b64decode(posted["text"]) == b"\xff\x00"
    assert posted["_encoding"] == "base64"


def test_response_that_is_no_text_is_in_base64(api: Api) -> None:
    """A response that is no UTF-8 is in base64 and says so, as HAR has it."""
    api.service.faults.add(Garble("invalid_utf8"))
    response = api("GET", "/v2/images")
    content = the_entry_of(api)["response"]["content"]
    assert (base64.b64decode(content["text"]), content["encoding"]) == (response.data, "base64")


def test_files_have_their_size_alone(api: Api) -> None:
    """Of a file that is sent or received the journal has no bytes, but the archive its size."""
    file = api.create()["file"]
    assert api("PUT", file, b"123", Content_Type="application/octet-stream").status_code == 204
    assert api("GET", file).data == b"123"
    _, upload, download = entries_of(api)
    assert (upload["request"]["bodySize"], "postData" in upload["request"]) == (3, False)
    assert download["response"]["content"] == {"size": 3, "mimeType": "application/octet-stream"}
    assert download["response"]["bodySize"] == 3


def test_body_that_was_cut_has_its_whole_size(api: Api) -> None:
    """Of a long body less is kept than came."""
    api("POST", "/v2/images", b" " * 100_000)
    request = the_entry_of(api)["request"]
    assert (request["bodySize"], len(request["postData"]["text"])) == (100_000, 65536)


def test_response_without_a_body(api: Api) -> None:
    """A 204 has no content, and no type of one."""
    api("DELETE", api.create()["self"])
    response = entries_of(api)[1]["response"]
    assert response["status"] == 204
    assert response["content"] == {"size": 0, "mimeType": "x-unknown"}


def test_response_to_head_has_no_body(api: Api) -> None:
    """The response to HEAD does not have the body that GET would have got."""
    api("HEAD", "/v2/images")
    response = the_entry_of(api)["response"]
    assert (response["status"], response["bodySize"], response["content"]["size"]) == (200, 0, 0)
    assert "text" not in response["content"]


def test_redirect_has_its_place(api: Api) -> None:
    """`redirectURL` is where a response sends the client."""
    api.service.faults.add(Redirect("/elsewhere"))
    api("GET", "/v2/images")
    response = the_entry_of(api)["response"]
    assert (response["status"], response["redirectURL"]) == (302, "http://localhost/elsewhere")


@pytest.mark.parametrize("fault", [LoseResponse("reset"), LoseResponse("timeout"), Hangup()])
def test_response_that_never_came_has_status_0(api: Api, fault: Any) -> None:
    """A request without a response is as browsers write it, with the reason."""
    api.service.faults.add(fault)
    with pytest.raises((ConnectionError, TimeoutError)):
        api("GET", "/v2/images")
    response = the_entry_of(api)["response"]
    assert (response["status"], response["statusText"], response["headers"], response["bodySize"]) == (0, "", [], -1)
    assert response["_error"].startswith("nothing was sent")


@pytest.mark.parametrize(
    ("fault", "error"), [(Truncate(5), "5 bytes were sent, hangup"), (Drip(1e6), "at 1e+06 bytes")]
)
def test_response_that_came_in_part(api: Api, fault: Any, error: str) -> None:
    """A response that did not leave whole and at once keeps its status, and says how it left."""
    api.service.faults.add(fault)
    with contextlib.suppress(http.client.IncompleteRead):
        api("GET", "/v2/images")
    response = the_entry_of(api)["response"]
    assert (response["status"], response["bodySize"]) == (200, -1)
    assert response["_error"].startswith(error)


def test_entry_has_what_the_journal_knows(api: Api) -> None:
    """Operation, caller, rules and what was ignored are fields of ours, the reason is in the comment."""
    api.service.faults.add(Fail(503))
    api("GET", "/v2/images")
    entry = the_entry_of(api)
    assert (entry["_operation"], entry["_caller"], entry["_rules"], entry["_ignored"]) == (
        "glance_list_images",
        None,
        ["1"],
        [],
    )
    assert entry["comment"].endswith("-> 503 glance_list_images (rule 1): fault: Fail(status=503)")


@pytest.mark.parametrize("target", ["*", "", "a b", "/\x1b[31m", "//[", "/?a=%zz&b", "/a#b", "http:/x", "/\xe9"])
def test_any_target_makes_a_url(target: str) -> None:
    """Whatever was sent for a target, the URL is one."""
    archive = to_har([Entry("", 0, "GET", target, None, base_url="http://127.0.0.1:80")])
    validator().validate(archive)
    url = archive["log"]["entries"][0]["request"]["url"]
    assert url.startswith("http://127.0.0.1:80/")
    assert urlsplit(url).netloc == "127.0.0.1:80"
    assert "#" not in url


def test_statuses_that_no_document_has(api: Api) -> None:
    """A status without a phrase has none."""
    api.service.faults.add(Fail(499, code="APIGW.0201", message="gone"))
    api("GET", "/v2/images")
    response = the_entry_of(api)["response"]
    assert (response["status"], response["statusText"]) == (499, "")
