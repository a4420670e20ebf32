"""HTTP archives of mitmproxy, Playwright, Schemathesis and browsers, and our own."""

from __future__ import annotations

import base64
import contextlib
import copy
import gzip
import http.client
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ims_mock import Drip, Garble, Hangup, Truncate
from ims_mock.contract import DAMAGED, NOT_RECORDED, RecordedExchange, judge
from ims_mock.contract.recorded import Absence
from ims_mock.evidence.recordings import companions
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.files import read_recording
from ims_mock.faults.definition import Fault
from tests.conftest import ROOT, Api
from tests.evidence.recordings.conftest import conforming

DATA = ROOT / "tests/data/recordings"
BYTES = b"QFI\xfb\x00\xff\xfe\x80 abc"
MITMPROXY = ("mitmproxy/odd-11.0.2.har", "mitmproxy/odd-12.3.1.har")


def by_path(exchanges: Iterable[RecordedExchange]) -> dict[str, RecordedExchange]:
    """Return exchanges by method and the last part of the path."""
    return {f"{item.request.method} {item.request.url.rpartition('/')[2]}": item for item in exchanges}


def read(name: str) -> dict[str, RecordedExchange]:
    """Return the exchanges of a file by method and the last part of the path."""
    return by_path(read_recording(DATA / name))


def body_of(exchange: RecordedExchange) -> Any:
    """Return the body of a response, which there has to be."""
    assert exchange.response is not None
    return exchange.response.body


def archive(*entries: Any, creator: str = "Firefox") -> dict[str, Any]:
    """Return an archive."""
    return {"log": {"version": "1.2", "creator": {"name": creator, "version": "1"}, "entries": list(entries)}}


def an_entry(request: Any = (), response: Any = (), **more: Any) -> dict[str, Any]:
    """Return an entry of a list of images, changed."""
    plain = {"method": "GET", "url": "http://127.0.0.1/v2/images", "headers": [], "bodySize": 0}
    returned = {"status": 200, "headers": [], "content": {"size": 2, "mimeType": "application/json", "text": "{}"}}
    return {"request": {**plain, **dict(request)}, "response": {**returned, **dict(response)}, **more}


def exchanges_of(folder: Path, document: Any) -> list[RecordedExchange]:
    """Return the exchanges of a document that is written to a file."""
    path = folder / "x.har"
    path.write_text(json.dumps(document), "utf-8")
    return list(read_recording(path))


@pytest.mark.parametrize("name", ["mitmproxy/ims-12.3.1.har", "playwright/ims-minimal.har"])
def test_calls_of_a_client(name: str) -> None:
    """The judge finds nothing in what a proxy and a browser have recorded of the mock."""
    exchanges = conforming(DATA / name)
    assert all(item.request.has_all_headers for item in exchanges)


@pytest.mark.parametrize("name", MITMPROXY)
def test_bodies_of_requests_in_mitmproxy(name: str) -> None:
    """The size says whether a text was latin-1 or UTF-8; a lone surrogate is a byte; chunks are whole."""
    found = read(name)
    assert {
        path: found[f"POST {path}"].request.body for path in ("octets", "no-type", "bad-json", "chunks", "form")
    } == {
        "octets": BYTES,
        "no-type": BYTES,
        "bad-json": b'{"name": "\xe9\xff"}',
        "chunks": b'{"a": 1}',
        "form": b"a=1&b=%C3%A9",
    }
    assert isinstance(body := found["POST multipart"].request.body, bytes)
    assert BYTES in body


@pytest.mark.parametrize(
    ("name", "utf_8", "utf_16"),
    [(MITMPROXY[0], b'\xef\xbb\xbf{"a": 1}', b"\xff\xfea\0b\0"), (MITMPROXY[1], DAMAGED, DAMAGED)],
)
def test_byte_order_marks_in_mitmproxy(name: str, utf_8: Any, utf_16: Any) -> None:
    """mitmproxy 12 takes byte order marks away: the size shows that the text is not what was sent."""
    found = read(name)
    assert found["POST utf-8-bom"].request.body == utf_8
    assert found["POST utf-16-bom"].request.body == utf_16


@pytest.mark.parametrize("name", MITMPROXY)
def test_responses_in_mitmproxy(name: str) -> None:
    """A text is unpacked, whatever headers and sizes say; base64 may be of JSON too; a NUL is one."""
    found = read(name)
    assert body_of(found["GET gzip"]).startswith(b'{"images": []}')
    assert body_of(found["GET chinese"]) == '{"name": "镜像"}'.encode()
    assert body_of(found["GET bytes"]) == body_of(found["GET untyped"]) == BYTES
    assert body_of(found["GET nul"]) == b"abc\0def"
    assert body_of(found["HEAD plain"]) == b""
    assert found["GET hangup"].response is None


@pytest.mark.parametrize("name", [*MITMPROXY, "playwright/odd-full.har"])
def test_redirect_is_two_exchanges(name: str) -> None:
    """A redirect is in an archive, and so is the request that follows it."""
    found = read(name)
    first, second = found["GET redirect"].response, found["GET plain"].response
    assert first
    assert second
    assert (first.status, second.status) == (302, 200)


@pytest.mark.parametrize("name", MITMPROXY)
def test_repeated_headers_are_several(name: str) -> None:
    """A header that came twice is there twice, its commas untouched."""
    response = read(name)["GET cookies"].response
    assert response
    assert not isinstance(response.headers, Absence)
    cookies = [value for header, value in response.headers if header == "Set-Cookie"]
    assert cookies == ["a=1; Expires=Thu, 01 Jan 2037 00:00:00 GMT", "b=2"]


def test_uploads_in_playwright() -> None:
    """Playwright keeps nothing of some uploads, and U+FFFD of others: neither is an empty body, or a wrong one."""
    found = read("playwright/odd-full.har")
    names = ("octets", "bad-json", "blob", "form", "nothing")
    assert [found[f"POST {name}"].request.body for name in names] == [
        *(NOT_RECORDED, DAMAGED, NOT_RECORDED, NOT_RECORDED, b""),
    ]


def test_files_in_playwrights_zip() -> None:
    """In a .zip the files have the bytes, of the uploads too whose text is empty."""
    found = read("playwright/odd-full.zip")
    sent = bytes([81, 70, 73, 251, 0, 255, 254, 128])
    assert found["POST octets"].request.body == found["POST bad-json"].request.body == sent
    assert found["POST blob"].request.body is NOT_RECORDED
    assert body_of(found["GET bytes"]) == body_of(found["GET untyped"]) == BYTES
    assert body_of(found["GET gzip"]).startswith(b'{"images": []}')
    assert body_of(found["GET chinese"]) == '{"name": "镜像"}'.encode()


def test_responses_in_playwright() -> None:
    """A redirect has no body here, and no response has the status -1."""
    found = read("playwright/odd-full.har")
    assert body_of(found["GET redirect"]) is NOT_RECORDED
    assert body_of(found["GET gzip"]).startswith(b'{"images": []}')
    assert found["GET hangup"].response is None
    # It says of a response to HEAD that it has failed.
    assert body_of(found["HEAD plain"]) == b""


def test_pages_are_no_calls() -> None:
    """The page that makes the calls is an entry too, and is left out; numbers are those of the file."""
    exchanges = list(read_recording(DATA / "playwright/odd-full.har"))
    assert exchanges[0].entry == "entry 2"
    assert "/v2/odd/text" not in [item.request.url.partition("9293")[2] for item in exchanges]


def test_fragment_is_not_sent(tmp_path: Path) -> None:
    """What stands behind a # in a URL was not sent."""
    (exchange,) = exchanges_of(tmp_path, archive(an_entry({"url": "http://h/v2/images?limit=1#x"})))
    assert exchange.request.url == "http://h/v2/images?limit=1"


def test_files_beside_an_archive(tmp_path: Path) -> None:
    """Files that are attached stand beside an archive too; one that is missing is not recorded."""
    (tmp_path / "a.bin").write_bytes(BYTES)
    content = {"size": 12, "mimeType": "x-unknown"}
    entries = [an_entry((), {"content": {**content, "_file": name}}) for name in ("a.bin", "b.bin")]
    assert [body_of(item) for item in exchanges_of(tmp_path, archive(*entries))] == [BYTES, NOT_RECORDED]


@pytest.mark.parametrize("name", ["../x", "/etc/hostname", "c:\\x", "..\\x", "a/../../x"])
def test_no_file_elsewhere_is_read(tmp_path: Path, name: str) -> None:
    """The name of an attached file does not lead out of the folder."""
    with pytest.raises(RecordingError, match=r"^entry 1: response.content._file must be a file with the recording"):
        exchanges_of(tmp_path, archive(an_entry((), {"content": {"_file": name}})))


def test_fuzzed_requests_are_not_judged() -> None:
    """Schemathesis does not say here which requests are meant to be wrong; its bodies of bytes are damaged."""
    exchanges = conforming(DATA / "schemathesis/fuzzed.har")
    assert {item.request.method for item in exchanges} == {"GET", "PUT"}
    assert all(item.request.meant_wrong for item in exchanges)
    assert {item.request.body for item in exchanges} == {DAMAGED, b"0123456789", b""}


def test_file_that_is_packed(tmp_path: Path) -> None:
    """An image that is a gzip file is read as it is; a list that is kept packed is unpacked."""
    data = gzip.compress(BYTES)
    text = base64.b64encode(data).decode()
    content = {"size": len(data), "mimeType": "", "text": text, "encoding": "base64"}
    octets = {"headers": [{"name": "Content-Type", "value": "application/octet-stream"}], "content": content}
    file, other = exchanges_of(tmp_path, archive(an_entry((), octets), an_entry((), {"content": content})))
    assert (body_of(file), body_of(other)) == (data, BYTES)


def test_chromium_leaves_headers_out(tmp_path: Path) -> None:
    """A header that is missing means nothing in an archive of Chromium, which leaves out credentials."""
    (exchange,) = exchanges_of(tmp_path, archive(an_entry(), creator="WebInspector"))
    assert not exchange.request.has_all_headers


def test_headers_of_http_2(tmp_path: Path) -> None:
    """What HTTP/2 sends in the form of headers is none."""
    headers = [{"name": ":path", "value": "/"}, {"name": "a", "value": "b"}]
    (exchange,) = exchanges_of(tmp_path, archive(an_entry({"headers": headers})))
    assert exchange.request.headers == [("a", "b")]


def test_size_in_characters(tmp_path: Path) -> None:
    """Firefox counts characters: only where bytes are counted does a size say anything."""
    posted = {"mimeType": "application/json", "text": '{"name": "é镜"}'}
    entry = an_entry({"method": "POST", "bodySize": 14, "postData": posted})
    (exchange,) = exchanges_of(tmp_path, archive(entry))
    assert exchange.request.body == '{"name": "é镜"}'.encode()


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"method": "POST", "bodySize": -1}, NOT_RECORDED),
        ({"method": "POST", "bodySize": 0}, b""),
        ({"method": "DELETE", "bodySize": -1}, b""),
        ({"method": "DELETE", "bodySize": 5}, NOT_RECORDED),
        ({"method": "POST", "headers": [{"name": "Transfer-Encoding", "value": "chunked"}]}, NOT_RECORDED),
        ({"method": "POST", "postData": {"params": [{"name": "a", "value": "b"}]}}, NOT_RECORDED),
    ],
)
def test_request_without_a_text(tmp_path: Path, changes: Any, body: Any) -> None:
    """A request without a text has no body where nothing says that it has one."""
    (exchange,) = exchanges_of(tmp_path, archive(an_entry(changes)))
    assert exchange.request.body == body


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"content": {"size": 5, "mimeType": "application/json"}}, NOT_RECORDED),
        ({"content": {"size": 5, "text": ""}}, NOT_RECORDED),
        ({"content": {"size": 0}, "headers": [{"name": "Content-Length", "value": "9"}]}, NOT_RECORDED),
        ({"content": {"size": 0}}, b""),
        ({"content": None}, NOT_RECORDED),
        ({"_failureText": "net::ERR_CONTENT_LENGTH_MISMATCH"}, DAMAGED),
        ({"content": {"size": 3, "text": "\ufffdab", "mimeType": "application/octet-stream"}}, DAMAGED),
        ({"content": {"size": 3, "text": "\ufffdab", "mimeType": "application/json"}}, "\ufffdab".encode()),
    ],
)
def test_response_without_all_of_its_body(tmp_path: Path, changes: Any, body: Any) -> None:
    """What of a response's body is kept decides what is known of it."""
    (exchange,) = exchanges_of(tmp_path, archive(an_entry((), changes)))
    assert body_of(exchange) == body


def test_own_archive(api: Api, tmp_path: Path) -> None:
    """What this mock exports is read as it happened, and conforms."""
    file = api.create(name="é")["file"]
    api("PUT", file, BYTES, Content_Type="application/octet-stream")
    api("GET", file)
    api("GET", "/v2/images?limit=1")
    api("HEAD", "/v2/images")
    created, upload, download, listed, head = exchanges = exchanges_of(
        tmp_path, api("GET", "/_ims_mock/journal.har").get_json()
    )
    assert [finding for item in exchanges for finding in judge(item)] == []
    assert created.request.body == b'{"name": "\\u00e9"}'
    assert (upload.request.body, body_of(download), body_of(head)) == (NOT_RECORDED, NOT_RECORDED, b"")
    assert json.loads(body_of(listed))["images"]


@pytest.mark.parametrize(
    ("fault", "body"),
    [(Truncate(5), DAMAGED), (Drip(1e9), b'{"images":[]'), (Garble("invalid_utf8"), b"\xff"), (Hangup(), None)],
)
def test_own_archive_of_a_fault(api: Api, tmp_path: Path, fault: Fault, body: Any) -> None:
    """A response that was cut is not known, a slow one is whole, and one that never came is none."""
    api.service.faults.add(fault)
    with contextlib.suppress(ConnectionError, http.client.IncompleteRead):
        api("GET", "/v2/images")
    (exchange,) = exchanges_of(tmp_path, api("GET", "/_ims_mock/journal.har").get_json())
    found = exchange.response and exchange.response.body
    assert body in found if isinstance(found, bytes) else body is found


def test_long_and_odd_bodies_in_an_own_archive(api: Api, tmp_path: Path) -> None:
    """Of a body of which the journal kept the beginning nothing is known; bytes are in base64."""
    api("POST", "/v2/images", b" " * 100_000)
    api("POST", "/v2/images", b"\xff")
    exchanges = exchanges_of(tmp_path, api("GET", "/_ims_mock/journal.har").get_json())
    assert [item.request.body for item in exchanges] == [DAMAGED, b"\xff"]


WRONG = [
    ({"request": None}, "request must be an object, got null"),
    ({"request": {"method": 5}}, "request.method must be a text, got 5"),
    ({"request": {"method": "GET"}}, "request.url must be a text, got null"),
    ({"response": []}, "response must be an object"),
    ({"request": {"method": "GET", "url": "/", "headers": {}}}, "request.headers must be a list, got {}"),
    ({"request": {"method": "GET", "url": "/", "headers": ["a"]}}, r"request.headers\[0\] must be an object"),
    ({"response": {"status": "200"}}, 'response.status must be a whole number, got "200"'),
    (
        {"response": {"status": 200, "content": {"text": "%", "encoding": "base64"}}},
        "response.content.text must be base64",
    ),
]


@pytest.mark.parametrize(("changes", "text"), WRONG)
def test_wrong_entries(tmp_path: Path, changes: Any, text: str) -> None:
    """An entry that cannot be read is named, with what is wrong in it."""
    with pytest.raises(RecordingError, match=f"^entry 2: {text}"):
        exchanges_of(tmp_path, archive(an_entry(), {**copy.deepcopy(an_entry()), **changes}))


def test_wrong_list_of_entries(tmp_path: Path) -> None:
    """Entries that are no list are an error of the archive."""
    with pytest.raises(RecordingError, match=r"^log.entries must be a list"):
        exchanges_of(tmp_path, {"log": {"entries": {}}})


def packed(**members: bytes) -> bytes:
    """Return a .zip."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("_", "."), content)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (packed(a_txt=b""), "must have one file that ends in .har, has 0"),
        (packed(a_har=b"{}", b_har=b"{}"), "must have one file that ends in .har, has 2"),
        (packed(a_har=b"{}" * 99)[:-30], "is not a whole .zip"),
        (packed(a_har=b"{}" * 99).replace(b"{}{}", b"{}[]", 1), "a.har cannot be unpacked"),
        (packed(a_har=b""), "is empty"),
    ],
)
def test_wrong_zip(tmp_path: Path, data: bytes, text: str) -> None:
    """A .zip that is no archive is an error, which says why."""
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=f"^{text}"):
        list(read_recording(path))


def test_zip_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that would unpack to more than fits is refused before it is."""
    monkeypatch.setattr(companions, "MOST_BYTES", 9)
    path = tmp_path / "x.zip"
    path.write_bytes(packed(a_har=b"{}" * 5))
    with pytest.raises(RecordingError, match=r"^a.har unpacks to more than 9 bytes"):
        list(read_recording(path))
