"""How a request is held against its operation's contract: bodies, their coding and charset, and what nothing reads."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest

from ims_mock.contract.operations import load_contract, load_control
from tests.conftest import Api
from tests.service.test_any_state import BODIES, IMAGE_ID
from tests.service.test_snapshots import OCTETS, PATCH

REASON = "Content-Encoding: must be left out, as no compressed body is read, got"


def ignored(api: Api) -> tuple[str, ...]:
    """Return what of the last request nothing read."""
    return list(api.service.journal)[-1].ignored


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "GZIP", "gzip, br", "x-unknown"])
@pytest.mark.parametrize("name", BODIES)
def test_compressed_body(name: str, coding: str) -> None:
    """A compressed body is 415 wherever a body is read, and the reason names the header."""
    api = Api()
    api.create(id=IMAGE_ID)
    method, path, body = BODIES[name]
    compressed = gzip.compress(json.dumps(body).encode())
    response = api(method, path, compressed, Content_Type=PATCH, Content_Encoding=coding)
    assert response.status_code == 415
    assert response.headers["X-IMS-Mock-Reason"] == f'{REASON} "{coding}"'


def test_compressed_body_says_what_is_read(api: Api) -> None:
    """The response says that a body is to be sent as it is (RFC 9110 section 15.5.16)."""
    response = api("POST", "/v2/images", gzip.compress(b"{}"), Content_Encoding="gzip")
    assert response.headers["Accept-Encoding"] == "identity"
    assert response.get_json()["error"]["code"] == "IMG.0001"


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_body_that_is_sent_as_it_is(api: Api, coding: str) -> None:
    """A coding that changes nothing is none."""
    assert api("POST", "/v2/images", {}, Content_Encoding=coding).status_code == 201
    assert ignored(api) == ()


def test_coding_of_an_upload_is_noted(api: Api) -> None:
    """A file is stored byte by byte, and the journal says that its coding was not read."""
    image, body = api.create(), gzip.compress(b"012")
    assert api("PUT", image["file"], body, Content_Type=OCTETS, Content_Encoding="gzip").status_code == 204
    assert ignored(api) == ("Content-Encoding",)
    assert api("GET", image["file"]).data == body


CHARSETS = ["latin-1", "utf-16", "ISO-8859-1", '"windows-1252"']


@pytest.mark.parametrize("charset", CHARSETS)
def test_charset_that_is_not_read(api: Api, charset: str) -> None:
    """A body that is UTF-8 is read, and the journal says that its charset was not."""
    media_type = f"application/json; charset={charset}"
    image = api("POST", "/v2/images", '{"name": "größe"}'.encode(), Content_Type=media_type).get_json()
    assert image["name"] == "größe"
    assert ignored(api) == (f"Content-Type; charset={charset.strip(chr(34))}",)


@pytest.mark.parametrize("charset", CHARSETS)
def test_charset_of_a_body_that_is_not_utf_8(api: Api, charset: str) -> None:
    """The error for a body that is not UTF-8 names the charset that it is said to have."""
    media_type = f"application/json;charset={charset}"
    response = api("POST", "/v2/images", '{"name": "größe"}'.encode("latin-1"), Content_Type=media_type)
    assert response.status_code == 400
    assert response.headers["X-IMS-Mock-Reason"] == (
        "body: is not UTF-8: byte 12 is 0xf6; "
        f"Content-Type says charset={json.dumps(charset.strip(chr(34)))}, but JSON is UTF-8 (RFC 8259 section 8.1)"
    )


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"utf-8"', "us-ascii"])
def test_charset_that_is_read(api: Api, charset: str) -> None:
    """UTF-8, and what is a part of it, is read as it is meant."""
    assert api("POST", "/v2/images", {}, Content_Type=f"application/json; charset={charset}").status_code == 201
    assert ignored(api) == ()


BODYLESS = [
    operation
    for operation in load_contract().operations.values()
    if operation.method in ("PUT", "POST", "PATCH", "DELETE") and not operation.bodies
]


@pytest.mark.parametrize("body", [b"{}", b" {} ", b""])
@pytest.mark.parametrize("operation", BODYLESS, ids=lambda operation: operation.id)
def test_empty_object_where_no_body_is_due(operation: Any, body: bytes) -> None:
    """An object without members is taken for no body, as generic clients send it everywhere."""
    api = Api()
    path, token = prepared(api, operation.path), api("POST", "/_ims_mock/tokens", {}).get_json()["token"]
    headers = {"X_Subject_Token": token} if operation.dialect == "iam" else {}
    assert api(operation.method, path, body, **headers).status_code in (200, 204)
    assert ignored(api) == ()


@pytest.mark.parametrize("body", [b"[]", b"null", b'{"a": 1}', b"{", b"x", b"\x1f\x8b"])
@pytest.mark.parametrize("operation", BODYLESS, ids=lambda operation: operation.id)
def test_other_body_where_none_is_due(operation: Any, body: bytes) -> None:
    """Anything else is 400."""
    api = Api()
    response = api(operation.method, prepared(api, operation.path), body, X_Subject_Token="ims-mock-token")
    assert response.status_code == 400
    assert response.headers["X-IMS-Mock-Reason"] == f"body: {operation.id} takes none; leave it out"


def prepared(api: Api, path: str) -> str:
    """Return a path of an image that exists, with a tag and a member."""
    image = api.create(tags=["t"])
    assert api("POST", f"{image['self']}/members", {"member": "m"}).status_code == 200
    project_id = api.service.auth.project_id
    values = {"image_id": image["id"], "tag": "t", "key": "t", "member_id": "m", "project_id": project_id}
    return re.sub(r"\{([a-z_]+)\}", lambda match: str(values[match[1]]), path)


@pytest.mark.parametrize("value", ["2016-06-02T07:49:48Z", "", "x"])
def test_changes_since_of_version_2(api: Api, value: str) -> None:
    """The filter is 400, as with Glance, and says where there is one."""
    response = api("GET", f"/v2/images?changes-since={value}")
    assert response.status_code == 400
    assert response.headers["X-IMS-Mock-Reason"] == (
        "/changes-since: is not a filter of version 2, as in Glance; "
        "use updated_at=gte:TIME, or GET /v1.1/images/detail"
    )


def test_control_document_has_415() -> None:
    """The control API documents its 415 too."""
    for operation in load_control().operations.values():
        responses = load_control().document["paths"][operation.path][operation.method.lower()]["responses"]
        assert "415" in responses


@pytest.mark.parametrize(
    ("query", "names"),
    [
        *(("gt:2016-06-02T07:49:48.500Z", "b"), ("gt:2016-06-02T07:49:48.000Z", "b"), ("gt:2016-06-02T07:49:49.5", "")),
        *(("gte:2016-06-02T07:49:48.001Z", "b"), ("gte:2016-06-02T07:49:48.000000Z", "ba")),
        *(("lt:2016-06-02T07:49:48.500Z", "a"), ("lt:2016-06-02T07:49:48.000Z", "")),
        *(("lte:2016-06-02T07:49:48.999999Z", "a"), ("lte:2016-06-02T07:49:49.000Z", "ba")),
        *(("eq:2016-06-02T07:49:48.000Z", "a"), ("2016-06-02T07:49:48.000", "a"), ("eq:2016-06-02T07:49:48.001Z", "")),
        *(("neq:2016-06-02T07:49:48.000Z", "b"), ("neq:2016-06-02T07:49:48.500Z", "ba")),
        *(("eq:2016-06-02T07:49:48.000001Z", ""), ("gt:2016-06-02T09:49:48.500%2B02:00", "b")),
    ],
)
def test_time_with_a_fraction(api: Api, query: str, names: str) -> None:
    """A time in a filter may have milliseconds or microseconds, and is compared with whole seconds exactly."""
    api.create(name="a")
    api.clock.advance(1)
    api.create(name="b")
    response = api("GET", f"/v2/images?created_at={query}")
    if query.endswith(".5"):
        assert response.status_code == 400
    else:
        assert "".join(image["name"] for image in response.get_json()["images"]) == names


CHANGES = {
    "application/openstack-images-v2.1-json-patch": {"op": "replace", "path": "/name", "value": "b"},
    "application/openstack-images-v2.0-json-patch": {"replace": "/name", "value": "b"},
}


@pytest.mark.parametrize(("count", "status"), [(1000, 200), (1001, 400), (100_000, 400)])
@pytest.mark.parametrize("media_type", CHANGES)
def test_number_of_changes(api: Api, media_type: str, count: int, status: int) -> None:
    """An update has at most 1000 changes, so that it holds up no other request."""
    image = api.create(name="a")
    response = api("PATCH", image["self"], [CHANGES[media_type]] * count, Content_Type=media_type)
    assert response.status_code == status
    assert api.images[image["id"]]["name"] == ("b" if status == 200 else "a")
    if status == 400:
        reason = response.headers["X-IMS-Mock-Reason"]
        assert reason.startswith(f"body: must have at most 1000 items, got {count} [schemas/operations/images/")


LONG = "x" * 5000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/reset", {"start": LONG}),
        ("/reset", {"faults": [LONG]}),
        ("/reset", {"faults": [f"503 between {LONG} 5"]}),
        ("/denials", {"action": LONG}),
        ("/denials", {"action": "ims:images:list", "user": LONG}),
        ("/faults", LONG),
        ("/faults", f"503({LONG}=1, 5)"),
        ("/faults", f"503 x2 {LONG}"),
        ("/faults", f"{LONG}: 503"),
        ("/faults", {"fault": {"kind": "fail", "status": 503}, "between": [LONG, 5]}),
        ("/faults", {"fault": {"kind": "redirect", "location": f"http://[{LONG}"}}),
        ("/tokens", {"user": LONG}),
        ("/tokens", {"project": LONG}),
        (f"/snapshots/{LONG}/restore", None),
    ],
)
def test_long_value_is_cut(api: Api, path: str, body: Any) -> None:
    """However long a value is, an error of the control API shows its beginning alone."""
    response = api("POST", f"/_ims_mock{path}", body)
    assert response.status_code in (400, 404)
    message = response.get_json()["error"]["message"]
    assert "xxxx" in message
    assert len(message) < 4000
