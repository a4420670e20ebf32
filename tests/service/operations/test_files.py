"""The files of images: glance_upload_image, glance_download_image."""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from ims_mock import ImsMock
from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import load_contract
from ims_mock.evidence.journal import Entry
from ims_mock.exchange.body import Body
from ims_mock.exchange.caller import Caller
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Request
from ims_mock.service.catalogue import add_image
from ims_mock.service.operations.files import glance_upload_image
from tests.conftest import Api

OCTETS = "application/octet-stream"
OTHER = "another-project"
MD5 = "781e5e245d69b566979b86e28d23f2c7"
"""Of 0123456789."""


def upload(
    api: Api,
    image: dict[str, Any],
    content: bytes = b"0123456789",
    media_type: str = OCTETS,
    **headers: str,
) -> TestResponse:
    """Send the file of an image."""
    return api("PUT", f"/v2/images/{image['id']}/file", content, Content_Type=media_type, **headers)


def download(api: Api, image: dict[str, Any], **headers: str) -> TestResponse:
    """Ask for the file of an image."""
    return api("GET", f"/v2/images/{image['id']}/file", **headers)


# glance_upload_image


def test_upload_makes_the_image_active(api: Api) -> None:
    """An upload is 204 without a body, and the image describes its file."""
    image = api.create()
    api.clock.advance(5)
    response = upload(api, image)
    assert (response.status_code, response.data) == (204, b"")
    assert api("GET", f"/v2/images/{image['id']}").get_json() == {
        **image,
        "status": "active",
        "checksum": MD5,
        "size": 10,
        "__image_size": "10",
        "__root_origin": "file",
        "active_at": "2016-06-02T07:49:53Z",
        "updated_at": "2016-06-02T07:49:53Z",
    }


def test_empty_upload_makes_an_active_image(api: Api) -> None:
    """A file of no bytes is a file."""
    image = api.create()
    assert upload(api, image, b"").status_code == 204
    shown = api.images[image["id"]]
    assert (shown["status"], shown["size"], shown["checksum"]) == ("active", 0, "d41d8cd98f00b204e9800998ecf8427e")
    assert (download(api, image).status_code, download(api, image).data) == (200, b"")


@pytest.mark.parametrize("status", ["active", "saving", "killed"])
def test_upload_to_an_image_that_is_not_queued_is_409(api: Api, status: str) -> None:
    """Only a queued image takes a file; the reason has what it can become."""
    image = add_image(api.service.store, api.service.auth.project_id, {"status": status})
    response = upload(api, image)
    assert (response.status_code, response.get_json()["error"]["code"]) == (409, "IMG.0046")
    assert response.headers["X-IMS-Mock-Reason"].startswith(f"/status: an image that is {status} cannot become saving")
    assert api.images[image["id"]] == image


def test_second_upload_is_409(api: Api) -> None:
    """A file is not replaced."""
    image = api.create()
    upload(api, image)
    assert upload(api, image, b"other").status_code == 409
    assert download(api, image).data == b"0123456789"


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "application/octet-streams", ""])
def test_upload_of_another_media_type_is_415(api: Api, media_type: str) -> None:
    """Only application/octet-stream is taken, and the image stays queued."""
    image = api.create()
    response = upload(api, image, media_type=media_type)
    assert (response.status_code, response.get_json()["error"]["code"]) == (415, "IMG.0001")
    assert response.headers["X-IMS-Mock-Reason"] == f"Content-Type: must be {OCTETS}, got {media_type or 'none'}"
    assert api.images[image["id"]] == image


def test_upload_media_type_may_have_parameters(api: Api) -> None:
    """A parameter behind the media type changes nothing."""
    assert upload(api, api.create(), media_type="Application/Octet-Stream; charset=x").status_code == 204


def test_upload_to_an_unknown_image_is_404(api: Api) -> None:
    """An id that no image has is 404, whatever it looks like."""
    assert upload(api, {"id": "nope"}).status_code == 404


def test_upload_to_another_projects_image(api: Api) -> None:
    """404 for an image that the project does not see, 403 for one that it sees."""
    image = api.create()
    assert upload(api, image, X_Project_Id=OTHER).status_code == 404
    public = add_image(api.service.store, "p", {"visibility": "public"})
    assert upload(api, public).get_json()["error"]["code"] == "IMG.0047"
    assert api.images[image["id"]]["status"] == "queued"


@pytest.mark.parametrize(
    ("size", "status", "reason"),
    [
        ("10", 204, None),
        ("11", 400, "/X-OpenStack-Image-Size: is 11, and 10 bytes came"),
        ("9", 400, "/X-OpenStack-Image-Size: is 9, and 10 bytes came"),
        ("abc", 400, '/X-OpenStack-Image-Size: must be of type integer, got "abc"'),
        ("-1", 400, "/X-OpenStack-Image-Size: must be at least 0, got -1"),
    ],
)
def test_announced_size(api: Api, size: str, status: int, reason: str | None) -> None:
    """A size that the client announces must be that of the file; else the image is queued again."""
    image = api.create()
    response = upload(api, image, X_OpenStack_Image_Size=size)
    assert (response.status_code, response.headers.get("X-IMS-Mock-Reason")) == (status, reason)
    assert api.images[image["id"]]["status"] == ("queued" if reason else "active")


@pytest.mark.parametrize(("size", "status"), [(10, 204), (11, 413)])
def test_most_size_of_an_image(size: int, status: int) -> None:
    """A file larger than max_image_size is 413, and its image stays queued."""
    api = Api(max_image_size=10)
    image = api.create()
    response = upload(api, image, b"x" * size)
    assert response.status_code == status
    if status == 413:
        assert response.get_json()["error"] == {
            "code": "IMG.0059",
            "message": "The size of the image file exceeds the maximum allowed.",
        }
        assert api.images[image["id"]] == image


def test_image_that_goes_while_its_file_arrives(api: Api) -> None:
    """When a test takes the image away meanwhile, the upload is 404 and nothing of it is kept."""
    image = api.create()

    class Content(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            if not piece:
                api.service.reset()
            return piece

    service = api.service
    request = Request("PUT", "", "", body=Body(Content(b"0123456789")))
    exchange = Exchange(
        operation=load_contract().operations["glance_upload_image"],
        request=request,
        body=request.body,
        store=service.store,
        entry=Entry("", 0.0, "PUT", "", None),
        journal=service.journal,
        caller=Caller(service.auth.project_id),
        path={"image_id": image["id"]},
    )
    with pytest.raises(ImsError, match="404"):
        glance_upload_image(exchange)
    assert api.service.store.files == {}


# Over a real socket


def connect(mock: ImsMock) -> socket.socket:
    """Open a connection to a mock."""
    address = urlsplit(mock.url)
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10)


def head(image_id: str, *headers: str) -> bytes:
    """Return the head of an upload."""
    lines = (f"PUT /v2/images/{image_id}/file HTTP/1.1", "Host: a", "X-Auth-Token: t", f"Content-Type: {OCTETS}")
    return "\r\n".join((*lines, *headers, "", "")).encode()


def created(mock: ImsMock) -> str:
    """Create an image and return its id."""
    return str(mock.add_image()["id"])


def statuses(mock: ImsMock) -> list[str]:
    """Return the status of every image, by a request."""
    connection = http.client.HTTPConnection(urlsplit(mock.url).netloc, timeout=10)
    connection.request("GET", "/v1.1/images/detail", headers={"X-Auth-Token": "t"})
    found = [image["status"] for image in json.loads(connection.getresponse().read())["images"]]
    connection.close()
    return found


@pytest.mark.parametrize("chunked", [True, False])
def test_reader_sees_saving_while_the_file_arrives(ims_mock: ImsMock, chunked: bool) -> None:
    """While an upload is under way its image is saving, other requests get their responses, and then it is active."""
    image_id = created(ims_mock)
    framing = "Transfer-Encoding: chunked" if chunked else "Content-Length: 10"
    with connect(ims_mock) as connection:
        connection.sendall(head(image_id, framing, "Expect: 100-continue"))
        # The interim response comes when the body is first read: the image is saving by then.
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        assert statuses(ims_mock) == ["saving"]
        connection.sendall(b"5\r\n01234\r\n" if chunked else b"01234")
        assert statuses(ims_mock) == ["saving"]
        connection.sendall(b"5;ext=1\r\n56789\r\n0\r\nTrailer: x\r\n\r\n" if chunked else b"56789")
        assert connection.recv(1000).startswith(b"HTTP/1.1 204")
    assert ims_mock.images[image_id]["checksum"] == MD5


def test_second_upload_at_once_is_409(ims_mock: ImsMock) -> None:
    """Of two uploads at once the second is refused, and the first goes on."""
    image_id = created(ims_mock)
    with connect(ims_mock) as first, connect(ims_mock) as second:
        first.sendall(head(image_id, "Content-Length: 10", "Expect: 100-continue"))
        assert first.recv(100).startswith(b"HTTP/1.1 100")
        second.sendall(head(image_id, "Content-Length: 3") + b"abc")
        assert second.recv(1000).startswith(b"HTTP/1.1 409")
        first.sendall(b"0123456789")
        assert first.recv(1000).startswith(b"HTTP/1.1 204")
    assert ims_mock.images[image_id]["checksum"] == MD5


@pytest.mark.parametrize(
    ("framing", "sent"), [("Content-Length: 10", b"01234"), ("Transfer-Encoding: chunked", b"5\r\n01234\r\n")]
)
def test_client_that_hangs_up_half_way(ims_mock: ImsMock, framing: str, sent: bytes) -> None:
    """Half a file is none: the image is queued again, takes the next upload, and the journal says why."""
    image_id = created(ims_mock)
    with connect(ims_mock) as connection:
        connection.sendall(head(image_id, framing) + sent)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")
    assert ims_mock.images[image_id]["status"] == "queued"
    assert "__root_origin" not in ims_mock.images[image_id]
    (entry,) = ims_mock.journal.calls("glance_upload_image")
    assert entry.reason.startswith("body: ")
    with connect(ims_mock) as connection:
        connection.sendall(head(image_id, "Content-Length: 10") + b"0123456789")
        assert connection.recv(1000).startswith(b"HTTP/1.1 204")


def test_upload_that_says_it_is_too_long(ims_mock: ImsMock) -> None:
    """A length past the limit is 413 before a byte is asked for, and the image has not been saving."""
    ims_mock.reset(max_image_size=10)
    image_id = created(ims_mock)
    with connect(ims_mock) as connection:
        connection.sendall(head(image_id, "Content-Length: 11", "Expect: 100-continue"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")
    assert ims_mock.images[image_id]["updated_at"] == ims_mock.images[image_id]["created_at"]


def test_chunked_upload_past_the_limit(ims_mock: ImsMock) -> None:
    """Where the length is not known before, the upload is 413 as soon as it is too long, and the image queued again."""
    ims_mock.reset(max_image_size=10)
    image_id = created(ims_mock)
    with connect(ims_mock) as connection:
        connection.sendall(head(image_id, "Transfer-Encoding: chunked") + b"b\r\n0123456789x\r\n0\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")
    assert ims_mock.images[image_id]["status"] == "queued"


# glance_download_image


def test_download(api: Api) -> None:
    """A download is the file, with its checksum in hexadecimal digits as Glance has it."""
    image = api.create()
    upload(api, image)
    response = download(api, image)
    assert (response.status_code, response.data) == (200, b"0123456789")
    assert {
        "Content-Type": OCTETS,
        "Content-Length": "10",
        "Content-MD5": MD5,
        "Accept-Ranges": "bytes",
    }.items() <= dict(response.headers).items()


def test_download_of_an_image_without_a_file(api: Api) -> None:
    """An image without a file is 204 with neither body nor type."""
    response = download(api, api.create())
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize(
    ("header", "status", "content", "content_range"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=20-30", 416, None, "bytes */10"),
        ("bytes=0-1,3-4", 400, None, None),
        ("pages=1", 200, b"0123456789", None),
    ],
)
def test_download_of_a_range(
    api: Api, header: str, status: int, content: bytes | None, content_range: str | None
) -> None:
    """One range of bytes is served, one that is not there is 416, several are 400, and what is none is passed over."""
    image = api.create()
    upload(api, image)
    response = download(api, image, Range=header)
    assert (response.status_code, response.headers.get("Content-Range")) == (status, content_range)
    if content is not None:
        assert (response.data, response.headers["Content-Length"]) == (content, str(len(content)))
        assert response.headers["Content-MD5"] == MD5


@pytest.mark.parametrize("header", ["bytes=2-4", "bytes=20-30", ""])
def test_head_of_a_file(api: Api, header: str) -> None:
    """HEAD has the headers of GET for the whole file, and no content: a range is for GET alone."""
    image = api.create()
    upload(api, image)
    path = f"/v2/images/{image['id']}/file"
    asked, got = api("HEAD", path, Range=header), api("GET", path)
    differing = {"X-Request-Id", "X-Openstack-Request-Id"}
    assert (asked.status_code, asked.data) == (200, b"")
    assert {name: value for name, value in asked.headers if name not in differing} == {
        name: value for name, value in got.headers if name not in differing
    }


def test_if_range(api: Api) -> None:
    """No response has a validator, so none matches, and the whole file is sent (RFC 9110 section 13.1.5)."""
    image = api.create()
    upload(api, image)
    response = download(api, image, Range="bytes=2-4", If_Range='"any"')
    assert (response.status_code, response.data) == (200, b"0123456789")


def test_download_of_another_projects_image(api: Api) -> None:
    """404 for an image that the project does not see; a public one can be downloaded."""
    image = api.create()
    upload(api, image)
    assert download(api, image, X_Project_Id=OTHER).status_code == 404
    public = add_image(api.service.store, "p", {"visibility": "public"}, b"abc")
    assert download(api, public).data == b"abc"


def test_file_goes_with_its_image(api: Api) -> None:
    """A deleted image's file is gone, and another image of the id that a test frees has none of it."""
    image = api.create()
    upload(api, image)
    api("DELETE", f"/v2/images/{image['id']}")
    assert download(api, image).status_code == 404
    assert api.service.store.files == {}


def test_file_of_an_image_that_a_test_takes_out(api: Api) -> None:
    """An image that takes the id of one which a test took out of the dict does not have its file."""
    image = api.create()
    upload(api, image)
    del api.images[image["id"]]
    assert download(api, image).status_code == 404
    api.create(id=image["id"])
    assert download(api, image).status_code == 204


def test_download_goes_on_while_the_image_is_deleted(api: Api) -> None:
    """A download that has begun ends whole."""
    image = api.create()
    content = bytes(range(256)) * 8192
    upload(api, image, content)
    response = download(api, image)
    api("DELETE", f"/v2/images/{image['id']}")
    assert response.data == content


def test_two_clients_at_once(ims_mock: ImsMock) -> None:
    """Uploads and downloads of several images at once are each whole."""
    contents = {created(ims_mock): bytes([number]) * 3_000_000 for number in range(4)}
    got: dict[str, bytes] = {}

    def work(image_id: str, content: bytes) -> None:
        connection = http.client.HTTPConnection(urlsplit(ims_mock.url).netloc, timeout=10)
        headers = {"X-Auth-Token": "t", "Content-Type": OCTETS}
        connection.request("PUT", f"/v2/images/{image_id}/file", content, headers)
        connection.getresponse().read()
        connection.request("GET", f"/v2/images/{image_id}/file", headers=headers)
        got[image_id] = connection.getresponse().read()
        connection.close()

    threads = [threading.Thread(target=work, args=item) for item in contents.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == contents
