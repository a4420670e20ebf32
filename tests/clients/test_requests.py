"""requests and curl, as people type them."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from ims_mock import ImsMock
from tests.conftest import needs_curl

VARYING = {"id", "owner", "self", "file", "updated_at"}
FILE = bytes(range(256)) * 10_000
MD5 = hashlib.md5(FILE).hexdigest()
TOKEN = {"X-Auth-Token": "any"}
OCTETS = {**TOKEN, "Content-Type": "application/octet-stream"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to upload."""
    path = tmp_path / "web.raw"
    path.write_bytes(FILE)
    return path


@pytest.fixture
def queued(ims_mock: ImsMock) -> str:
    """The URL of an image that has no file."""
    return f"{ims_mock.url}{ims_mock.add_image(name='web')['self']}"


@pytest.fixture
def active(ims_mock: ImsMock) -> str:
    """The URL of an image that has a file."""
    return f"{ims_mock.url}{ims_mock.add_image(name='web', team='a', data=FILE)['self']}"


def curl(*arguments: str, read: bytes | None = None) -> bytes:
    """Return what curl prints, which may read a file from its standard input; it fails without a response."""
    command = ["curl", "-sS", "-H", "X-Auth-Token: any", *arguments]
    return subprocess.run(command, input=read, capture_output=True, check=True).stdout


def fixed(image: dict[str, Any]) -> dict[str, Any]:
    """Return an image without what differs from one to the next."""
    return {key: value for key, value in image.items() if key not in VARYING}


@pytest.mark.ims_mock(start="2016-06-02T07:49:48Z")
def test_page_example_with_requests(ims_mock: ImsMock, page: dict[str, Any]) -> None:
    """The page's example request gives the page's example response."""
    headers = {"X-Auth-Token": ims_mock.token}
    response = requests.post(f"{ims_mock.url}/v2/images", json=page["request"], headers=headers, timeout=10)
    assert response.status_code == 201
    assert fixed(response.json()) == fixed(page["response"])
    assert response.headers["Location"] == f"{ims_mock.url}/v2/images/{response.json()['id']}"


@needs_curl
@pytest.mark.ims_mock(start="2016-06-02T07:49:48Z")
def test_page_example_with_curl(ims_mock: ImsMock, page: dict[str, Any]) -> None:
    """curl -d without a header works, and gets the page's example response."""
    body = json.dumps(page["request"])
    command = ["curl", "-sS", f"{ims_mock.url}/v2/images", "-H", "X-Auth-Token: any", "-d", body]
    done = subprocess.run(command, capture_output=True, check=True)
    assert fixed(json.loads(done.stdout)) == fixed(page["response"])


def test_session_keeps_its_connection(ims_mock: ImsMock) -> None:
    """A session of many requests is one connection."""
    with requests.Session() as session:
        session.headers["X-Auth-Token"] = ims_mock.token
        for _ in range(5):
            assert session.post(f"{ims_mock.url}/v2/images", json={}, timeout=10).status_code == 201
            assert session.get(f"{ims_mock.url}/v2/nope", timeout=10).status_code == 404
        (pool,) = session.get_adapter(ims_mock.url).poolmanager.pools._container.values()  # type: ignore[attr-defined]
        assert pool.num_connections == 1


def test_chunked_upload_of_a_body(ims_mock: ImsMock) -> None:
    """A body that is sent in chunks is a body."""
    response = requests.post(
        f"{ims_mock.url}/v2/images", data=iter([b'{"na', b'me": "a"}']), headers={"X-Auth-Token": "t"}, timeout=10
    )
    assert response.json()["name"] == "a"


# Upload


def test_upload_of_an_open_file(ims_mock: ImsMock, queued: str, path: Path) -> None:
    """A file that requests reads from the disk makes a queued image active."""
    with path.open("rb") as data:
        response = requests.put(f"{queued}/file", data=data, headers=OCTETS, timeout=10)
    assert (response.status_code, response.content) == (204, b"")
    (image,) = ims_mock.images.values()
    assert (image["status"], image["size"], image["checksum"]) == ("active", len(FILE), MD5)


def test_upload_in_chunks(ims_mock: ImsMock, queued: str) -> None:
    """A file that a generator makes, of which nobody knows the size, is a file."""
    pieces = (FILE[start : start + 100_000] for start in range(0, len(FILE), 100_000))
    assert requests.put(f"{queued}/file", data=pieces, headers=OCTETS, timeout=10).status_code == 204
    assert [image["checksum"] for image in ims_mock.images.values()] == [MD5]


def test_upload_without_a_media_type_is_refused(ims_mock: ImsMock, queued: str) -> None:
    """requests names no media type for bytes, and the error names the one that is missing."""
    response = requests.put(f"{queued}/file", data=FILE, headers=TOKEN, timeout=10)
    assert response.status_code == 415
    assert response.headers["X-IMS-Mock-Reason"] == "Content-Type: must be application/octet-stream, got none"
    assert [image["status"] for image in ims_mock.images.values()] == ["queued"]


def test_second_upload_is_a_conflict(ims_mock: ImsMock, active: str, path: Path) -> None:
    """An image that has a file takes no other, and the client reads the response although it sent the file in vain."""
    with path.open("rb") as data:
        response = requests.put(f"{active}/file", data=data, headers=OCTETS, timeout=10)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "IMG.0046")
    assert [image["status"] for image in ims_mock.images.values()] == ["active"]


@needs_curl
def test_upload_with_curl(ims_mock: ImsMock, queued: str, path: Path) -> None:
    """curl -T, which asks before it sends, uploads a file."""
    octets = "Content-Type: application/octet-stream"
    assert curl("-w", "%{http_code}", "-H", octets, "-T", str(path), f"{queued}/file") == b"204"
    assert [(image["status"], image["checksum"]) for image in ims_mock.images.values()] == [("active", MD5)]


@needs_curl
def test_upload_of_a_pipe_with_curl(ims_mock: ImsMock, queued: str) -> None:
    """curl -T - uploads what it reads, in chunks."""
    curl("-H", "Content-Type: application/octet-stream", "-T", "-", f"{queued}/file", read=FILE)
    assert [(image["status"], image["checksum"]) for image in ims_mock.images.values()] == [("active", MD5)]


# Download


def test_download(active: str) -> None:
    """A file is downloaded with its size and its checksum."""
    response = requests.get(f"{active}/file", headers=TOKEN, timeout=10)
    assert response.content == FILE
    assert (response.headers["Content-Length"], response.headers["Content-MD5"]) == (str(len(FILE)), MD5)
    assert response.headers["Content-Type"] == "application/octet-stream"


def test_download_of_a_queued_image(queued: str) -> None:
    """An image that has no file is 204."""
    response = requests.get(f"{queued}/file", headers=TOKEN, timeout=10)
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize(
    ("wanted", "content", "described"),
    [
        ("bytes=0-3", b"\x00\x01\x02\x03", "bytes 0-3/2560000"),
        ("bytes=2559998-", b"\xfe\xff", "bytes 2559998-2559999/2560000"),
        ("bytes=-2", b"\xfe\xff", "bytes 2559998-2559999/2560000"),
    ],
)
def test_download_of_a_range(active: str, wanted: str, content: bytes, described: str) -> None:
    """A part of a file is downloaded: from one byte to another, from one on, and the last ones."""
    response = requests.get(f"{active}/file", headers={**TOKEN, "Range": wanted}, timeout=10)
    assert (response.status_code, response.content, response.headers["Content-Range"]) == (206, content, described)


def test_download_of_a_range_that_is_not_there(active: str) -> None:
    """Bytes behind the end are 416, which says how many there are."""
    response = requests.get(f"{active}/file", headers={**TOKEN, "Range": "bytes=2560000-"}, timeout=10)
    assert (response.status_code, response.headers["Content-Range"]) == (416, "bytes */2560000")


@needs_curl
def test_curl_continues_a_download(active: str, tmp_path: Path) -> None:
    """curl -C - fetches the rest of a file whose beginning it has."""
    path = tmp_path / "copy.raw"
    path.write_bytes(FILE[:1000])
    curl("-C", "-", "-o", str(path), f"{active}/file")
    assert path.read_bytes() == FILE


# Update


@pytest.mark.parametrize(
    ("version", "changes"),
    [
        (
            "2.1",
            [
                {"op": "replace", "path": "/name", "value": "db"},
                {"op": "add", "path": "/a~1b", "value": "c"},
                {"op": "remove", "path": "/team"},
            ],
        ),
        ("2.0", [{"replace": "/name", "value": "db"}, {"add": "/a~1b", "value": "c"}, {"remove": "/team"}]),
    ],
)
def test_update(ims_mock: ImsMock, active: str, version: str, changes: list[dict[str, str]]) -> None:
    """An image is changed by either of the two media types."""
    headers = {**TOKEN, "Content-Type": f"application/openstack-images-v{version}-json-patch"}
    response = requests.patch(active, data=json.dumps(changes), headers=headers, timeout=10)
    assert (response.status_code, response.json()["name"], response.json()["a/b"]) == (200, "db", "c")
    assert "team" not in response.json()
    assert list(ims_mock.images.values()) == [response.json()]


@needs_curl
def test_update_with_curl(ims_mock: ImsMock, active: str) -> None:
    """curl changes an image when it is given the media type."""
    media_type = "Content-Type: application/openstack-images-v2.1-json-patch"
    changes = '[{"op": "replace", "path": "/name", "value": "db"}]'
    assert json.loads(curl("-X", "PATCH", "-H", media_type, "-d", changes, active))["name"] == "db"


def test_update_as_plain_json_is_refused(active: str) -> None:
    """requests' json= names a media type that says too little, and the error names the two that would do."""
    changes = [{"op": "replace", "path": "/name", "value": "db"}]
    response = requests.patch(active, json=changes, headers=TOKEN, timeout=10)
    assert response.status_code == 415
    assert response.headers["Accept-Patch"] == (
        "application/openstack-images-v2.1-json-patch, application/openstack-images-v2.0-json-patch"
    )
