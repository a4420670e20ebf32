"""What a create refuses, over a real socket: the status, the code, the reason, and that nothing is stored."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from ims_mock import ImsMock

CREATE = "glance_create_image_metadata"


def post(mock: ImsMock, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Send a body to POST /v2/images as it is; return the status, the code and the reason."""
    connection = http.client.HTTPConnection(urlsplit(mock.url).netloc)
    try:
        connection.request("POST", "/v2/images", body, {"X-Auth-Token": mock.token} if headers is None else headers)
        response = connection.getresponse()
        document = json.loads(response.read())
        code = document["error"]["code"] if "error" in document else document.get("error_code", "")
        return response.status, code, response.headers.get("X-IMS-Mock-Reason", "")
    finally:
        connection.close()


DEEP = b"[" * 10_000 + b"]" * 10_000

BODIES: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "IMG.0007", "body: is empty"),
    "white space": (b"  ", "IMG.0001", "body: is not JSON"),
    "not JSON": (b"name=test", "IMG.0001", "body: is not JSON: Expecting value, at line 1 column 1"),
    "trailing comma": (b'{"name": "a",}', "IMG.0001", "body: is not JSON"),
    "two values": (b"{} {}", "IMG.0001", "body: is not JSON: Extra data"),
    "not UTF-8": (b'{"name": "\xff"}', "IMG.0001", "body: is not UTF-8: byte 10 is 0xff"),
    "UTF-16": ('{"name": "a"}'.encode("utf-16"), "IMG.0001", "body: is not UTF-8"),
    "byte order mark": (b"\xef\xbb\xbf{}", "IMG.0001", "body: is not JSON"),
    "array": (b"[]", "IMG.0001", "body: must be of type object, got []"),
    "string": (b'"abc"', "IMG.0001", 'body: must be of type object, got "abc"'),
    "null": (b"null", "IMG.0001", "body: must be of type object, got null"),
    "true": (b"true", "IMG.0001", "body: must be of type object, got true"),
    "number": (b"1", "IMG.0001", "body: must be of type object, got 1"),
    "NaN": (b'{"min_disk": NaN}', "IMG.0001", "/min_disk: NaN is not a JSON number"),
    "Infinity": (b'{"min_ram": Infinity}', "IMG.0001", "/min_ram: Infinity is not a JSON number"),
    "-Infinity": (b'{"min_ram": -Infinity}', "IMG.0001", "/min_ram: -Infinity is not a JSON number"),
    "float too large": (b'{"min_disk": 1e400}', "IMG.0001", "/min_disk: is too large a number"),
    "integer too large": (
        b'{"min_disk": 1' + b"0" * 5000 + b"}",
        "IMG.0001",
        "/min_disk: is too large a number",
    ),
    "NaN in what is not JSON": (b'{"a": NaN, b}', "IMG.0001", "body: is not JSON: Expecting property name"),
    "NaN that is deep": (b"[" * 10_000 + b"NaN" + b"]" * 10_000, "IMG.0001", "body: is nested more than 64 deep"),
    "309 digits": (
        b'{"name": ' + b"9" * 309 + b"}",
        "IMG.0001",
        "/name: is too large a number",
    ),
    "309 digits below zero": (b'{"name": -' + b"9" * 309 + b"}", "IMG.0001", "/name: is too large a number"),
    "308 digits": (b'{"name": ' + b"9" * 308 + b"}", "IMG.0003", "/name: must be of type string, got 999"),
    "308 digits below zero": (b'{"name": -' + b"9" * 308 + b"}", "IMG.0003", "/name: must be of type string, got -999"),
    "65 deep": (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "IMG.0001", "body: is nested more than 64 deep"),
    "64 deep": (b'{"a":' + b"[" * 63 + b"]" * 63 + b"}", "IMG.0001", "/a: must be of type string, got [[["),
    "deep array": (DEEP, "IMG.0001", "body: is nested more than 64 deep"),
    "deep value": (b'{"tags": ' + DEEP + b"}", "IMG.0001", "body: is nested more than 64 deep"),
    "deep object": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "IMG.0001", "body: is nested more than 64 deep"),
    "half of a surrogate pair": (b'{"x": "\\ud800"}', "IMG.0001", "/x: has half of a surrogate pair"),
    "half of a pair in a key": (b'{"\\udfff": "x"}', "IMG.0001", "/\\udfff: has half of a surrogate pair"),
}


@pytest.mark.parametrize("name", BODIES)
def test_body(ims_mock: ImsMock, name: str) -> None:
    """A body that is no JSON object is refused as a whole."""
    body, code, reason = BODIES[name]
    status, got_code, got_reason = post(ims_mock, body)
    assert (status, got_code) == (400, code)
    assert got_reason.startswith(reason)
    assert ims_mock.images == {}


TYPES: dict[str, Any] = {
    "null": None,
    "string": "text",
    "number in a string": "40",
    "integer": 41,
    "fraction": 41.5,
    "boolean": True,
    "array": ["text"],
    "object": {"a": "text"},
}
"""A value of every JSON type."""

FIELDS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "__os_version": ("string", (), "IMG.0056"),
    "visibility": ("string", (), "IMG.0024"),
    "name": ("string", ("string", "number in a string"), "IMG.0003"),
    "protected": ("boolean", ("boolean",), "IMG.0001"),
    "container_format": ("string", (), "IMG.0072"),
    "disk_format": ("string", (), "IMG.0072"),
    "tags": ("array", ("array",), "IMG.0115"),
    "min_ram": ("integer", ("integer",), "IMG.0055"),
    "min_disk": ("integer", ("integer",), "IMG.0055"),
    "id": ("string", (), "IMG.0066"),
    "a_custom_one": ("string", ("string", "number in a string"), "IMG.0001"),
}
"""Of each parameter its type, the values of TYPES that it takes, and the code of its refusal."""


@pytest.mark.parametrize(("field", "kind"), [(field, kind) for field in FIELDS for kind in TYPES])
def test_type(ims_mock: ImsMock, field: str, kind: str) -> None:
    """A parameter takes values of its own JSON type alone: true is no integer, "40" is none, null is nothing."""
    wanted, accepted, code = FIELDS[field]
    status, got_code, reason = post(ims_mock, json.dumps({field: TYPES[kind]}).encode())
    if kind in accepted:
        assert status == 201
        return
    assert (status, got_code) == (400, code)
    assert reason.startswith(f"/{field}: must be ")
    if kind not in ("string", "number in a string") or wanted != "string":
        assert f"must be of type {wanted}, got {json.dumps(TYPES[kind])}" in reason
    assert ims_mock.images == {}


BOUNDS: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "IMG.0013", "/name: must have at least 1 character, got 0"),
    ({"name": "n" * 256}, "IMG.0002", "/name: must have at most 255 characters, got 256"),
    ({"name": " a"}, "IMG.0003", "/name: must be letters of any script, digits"),
    ({"name": "a "}, "IMG.0003", "/name: must be letters"),
    ({"name": " "}, "IMG.0003", "/name: must be letters"),
    ({"name": "a/b"}, "IMG.0003", "/name: must be letters"),
    ({"name": "a\n"}, "IMG.0003", "/name: must be letters"),
    ({"name": "a\tb"}, "IMG.0003", "/name: must be letters"),
    ({"name": "a\x00b"}, "IMG.0003", "/name: must be letters"),
    ({"name": "a\x7fb"}, "IMG.0003", "/name: must be letters"),
    ({"name": "a\u0085b"}, "IMG.0003", "/name: must be letters"),
    ({"name": "a\u00a0b"}, "IMG.0003", "/name: must be letters"),
    ({"name": "a\u200bb"}, "IMG.0003", "/name: must be letters"),
    ({"name": "\U0001f600"}, "IMG.0003", "/name: must be letters"),
    ({"tags": [""]}, "IMG.0115", "/tags/0: must have at least 1 character, got 0"),
    ({"tags": ["a", "t" * 256]}, "IMG.0115", "/tags/1: must have at most 255 characters, got 256"),
    ({"tags": ["a", None]}, "IMG.0115", "/tags/1: must be of type string, got null"),
    ({"min_disk": 39}, "IMG.0055", "/min_disk: must be at least 40, got 39"),
    ({"min_disk": 256}, "IMG.0055", "/min_disk: must be at most 255, got 256"),
    ({"min_disk": 0}, "IMG.0055", "/min_disk: must be at least 40, got 0"),
    ({"min_ram": -1}, "IMG.0055", "/min_ram: must be at least 0, got -1"),
    ({"min_ram": 2**31}, "IMG.0055", "/min_ram: must be at most 2147483647, got 2147483648"),
    ({"disk_format": ""}, "IMG.0072", "/disk_format: must be"),
    ({"disk_format": "vmdk"}, "IMG.0072", '/disk_format: must be "zvhd2" or "vhd" or "raw" or "iso" or "qcow2", got'),
    ({"disk_format": "RAW"}, "IMG.0072", "/disk_format: must be"),
    ({"container_format": ""}, "IMG.0072", '/container_format: must be "bare", got ""'),
    ({"container_format": "ovf"}, "IMG.0072", "/container_format: must be"),
    ({"visibility": ""}, "IMG.0024", '/visibility: must be "private", got ""'),
    ({"visibility": "public"}, "IMG.0024", '/visibility: must be "private", got "public"'),
    ({"visibility": "shared"}, "IMG.0024", "/visibility: must be"),
    ({"__os_version": ""}, "IMG.0056", "/__os_version: must be one of"),
    ({"__os_version": "Ubuntu 14.04 server"}, "IMG.0056", "/__os_version: must be one of 275 documented values"),
    ({"id": ""}, "IMG.0066", "/id: must be a UUID"),
    ({"id": "abcdef00000040008000000000000009"}, "IMG.0066", "/id: must be a UUID"),
    ({"id": "00000000-0000-4000-8000-00000000000a\n"}, "IMG.0066", "/id: must be a UUID"),
    ({"k" * 256: "v"}, "IMG.0001", f"/{'k' * 256}: the key must have at most 255 characters, got 256"),
    ({"a/b~c": 1}, "IMG.0001", "/a~1b~0c: must be of type string, got 1"),
]


@pytest.mark.parametrize(("body", "code", "reason"), BOUNDS)
def test_bound(ims_mock: ImsMock, body: dict[str, Any], code: str, reason: str) -> None:
    """A value beyond its bounds is refused by its pointer, its rule and what was got."""
    status, got_code, got_reason = post(ims_mock, json.dumps(body).encode())
    assert (status, got_code) == (400, code)
    assert got_reason.startswith(reason)
    assert ims_mock.images == {}


def test_unknown_os_version_names_the_nearest(ims_mock: ImsMock) -> None:
    """The error for a slip in the name of an OS version has the name that was meant."""
    _, _, reason = post(ims_mock, b'{"__os_version": "Ubuntu 14.04 Server 64 bit"}')
    assert 'did you mean "Ubuntu 14.04 server 64bit"?' in reason


READ_ONLY = [
    "status",
    "created_at",
    "updated_at",
    "owner",
    "self",
    "file",
    "schema",
    "checksum",
    "size",
    "virtual_size",
    "properties",
    "active_at",
    "deleted",
    "locations",
    "direct_url",
    "virtual_env_type",
    "__os_type",
    "__os_bit",
    "__platform",
    "__imagetype",
    "__image_size",
    "__image_source_type",
    "__isregistered",
    "__root_origin",
]


@pytest.mark.parametrize("value", ["queued", 5, None])
@pytest.mark.parametrize("field", READ_ONLY)
def test_read_only_is_403(ims_mock: ImsMock, field: str, value: Any) -> None:
    """What the service alone sets is refused with 403, whatever the value."""
    status, code, reason = post(ims_mock, json.dumps({field: value}).encode())
    assert (status, code) == (403, "IMG.0161")
    assert reason.startswith(f"/{field}: is read-only")
    assert ims_mock.images == {}


def test_first_problem_in_the_body_decides(ims_mock: ImsMock) -> None:
    """The body's own order decides which problem's status and code are returned; the reason lists them all."""
    problems = {"min_disk": 1, "status": "active", "name": " ", "tags": ["", 1]}
    status, code, reason = post(ims_mock, json.dumps(problems).encode())
    assert (status, code) == (400, "IMG.0055")
    pointers = [part.split(":")[0] for part in reason.split("; /")]
    assert pointers == ["/min_disk", "status", "name", "tags/0", "tags/1"]
    backwards = json.dumps(dict(reversed(problems.items())))
    assert post(ims_mock, backwards.encode())[1] == "IMG.0115"
    assert post(ims_mock, b'{"status": "active", "min_disk": 1}')[:2] == (403, "IMG.0161")


def test_reason_is_cut_at_4_kb(ims_mock: ImsMock) -> None:
    """However much is wrong, the reason is at most 4096 bytes, and says that it is cut."""
    body = json.dumps({f"key {number}": number for number in range(500)})
    status, _, reason = post(ims_mock, body.encode())
    assert status == 400
    assert len(reason) == 4096
    assert reason.endswith("(cut)")


def test_one_endless_member_does_not_hide_what_stands_before_it(ims_mock: ImsMock) -> None:
    """However many problems there are, the first of the body decides."""
    status, code, reason = post(ims_mock, b'{"min_disk": 1, "tags": [' + b"1," * 2000 + b"1]}")
    assert (status, code) == (400, "IMG.0055")
    assert reason.startswith("/min_disk: must be at least 40, got 1; /tags/0: must be of type string, got 1")


def test_millions_of_problems_get_a_response(ims_mock: ImsMock) -> None:
    """A body full of wrong values is refused like any other."""
    status, code, _ = post(ims_mock, b'{"tags": [' + b"1," * 1_000_000 + b"1]}")
    assert (status, code) == (400, "IMG.0115")


@pytest.mark.parametrize("text", ["\r\nX-Injected: yes\r\n\r\n", "\n", "\u2028", "\u540d"])
def test_no_header_is_injected(ims_mock: ImsMock, text: str) -> None:
    """What a request says reaches a header escaped, in keys as in values."""
    for body in ({f"key{text}": 1}, {"disk_format": text}):
        status, _, reason = post(ims_mock, json.dumps(body).encode())
        assert status == 400
        assert reason.isascii()
        assert reason.isprintable()


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_media_type_is_not_judged(ims_mock: ImsMock, media_type: str | None) -> None:
    """A create reads its body as JSON whatever it is called."""
    headers = {"X-Auth-Token": ims_mock.token} | ({"Content-Type": media_type} if media_type else {})
    assert post(ims_mock, b'{"name": "a"}', headers)[0] == 201


@pytest.mark.parametrize("size", [12 * 1024 * 1024 + 1, 20 * 1024 * 1024])
def test_body_over_the_limit_is_413(ims_mock: ImsMock, size: int) -> None:
    """More than 12 MB are refused in the gateway's words, after the body has been taken in."""
    status, code, reason = post(ims_mock, b" " * size)
    assert (status, code) == (413, "APIGW.0201")
    assert "at most 12582912 bytes" in reason


def test_chunked_body_over_the_limit_is_413(ims_mock: ImsMock) -> None:
    """A body that does not say its length is refused as soon as it is too long."""
    chunks = iter([b'{"name": "a"}', *[b" " * 1024 * 1024] * 13])
    response = requests.post(f"{ims_mock.url}/v2/images", data=chunks, headers={"X-Auth-Token": "t"}, timeout=10)
    assert (response.status_code, response.json()["error_code"]) == (413, "APIGW.0201")
    assert ims_mock.images == {}


def test_body_at_the_limit_is_read(ims_mock: ImsMock) -> None:
    """12 MB exactly are taken."""
    body = b'{"a": "' + b"x" * (12 * 1024 * 1024 - 9) + b'"}'
    assert len(body) == 12 * 1024 * 1024
    assert post(ims_mock, body)[0] == 201


def test_no_credential_is_401(ims_mock: ImsMock) -> None:
    """Without a credential the gateway responds, and nothing is stored."""
    assert post(ims_mock, b"{}", {})[:2] == (401, "APIGW.0301")
    assert ims_mock.images == {}
