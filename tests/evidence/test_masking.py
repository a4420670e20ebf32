"""Exchanges without what says who made them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ims_mock.contract import DAMAGED, NOT_RECORDED, JsonBody, RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.evidence.masking import Masking

PROJECT, DOMAIN, USER = "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c", "d" * 32, "e1" * 16
IMAGE = "7ca2ecbd-5a76-4a11-9b3c-1d2e4f5a6b7c"
URL = "https://ims.cn-north-4.myhuaweicloud.com"


def exchange(
    method: str = "GET", path: str = "/v2/images", sent: Any = b"", got: Any = b"", **headers: str
) -> RecordedExchange:
    """Return an exchange; bodies that are not bytes are JSON."""
    bodies = [json.dumps(body).encode() if isinstance(body, (dict, list)) else body for body in (sent, got)]
    given = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return RecordedExchange(
        RecordedRequest(method, URL + path, given, bodies[0]), RecordedResponse(200, given, bodies[1]), "entry"
    )


def texts(masked: RecordedExchange) -> str:
    """Return all that an exchange says."""
    return repr(masked)


def body(masked: RecordedExchange) -> Any:
    """Return the JSON of a response."""
    assert masked.response is not None
    assert isinstance(masked.response.body, bytes)
    return json.loads(masked.response.body)


def test_what_has_nothing_of_an_account_stays() -> None:
    """A body without accounts is the same to the byte, and so is the rest."""
    given = exchange(path="/v2/images?limit=1", got=b'{"images": [ ],"a":1.0}', Content_Type="application/json")
    assert Masking().masked(given) == given


def test_an_id_is_masked_alike_everywhere() -> None:
    """The id of a project is the same other id in the path, the query, headers and bodies, and of its form."""
    given = exchange(
        "POST",
        f"/v2/{PROJECT}/images/{IMAGE}/tags/action?owner={PROJECT}",
        got={"owner": PROJECT, "id": IMAGE, "note": f"of {PROJECT.upper()}"},
        X_Project_Id=PROJECT,
    )
    masked = Masking().masked(given)
    assert PROJECT not in texts(masked).lower()
    found = body(masked)["owner"]
    assert len(found) == 32
    assert int(found, 16) >= 0
    assert masked.request.url == f"{URL}/v2/{found}/images/{IMAGE}/tags/action?owner={found}"
    assert masked.request.headers == [("X-Project-Id", found)]
    assert (body(masked)["id"], body(masked)["note"]) == (IMAGE, f"of {found}")


def test_an_id_is_known_from_then_on() -> None:
    """What was an account's id once is masked in later exchanges, wherever it stands; another masking differs."""
    masking = Masking()
    owner = body(masking.masked(exchange(got={"owner": PROJECT})))["owner"]
    later = masking.masked(exchange(path=f"/any/{PROJECT}", Location=f"{URL}/{PROJECT}"))
    assert later.request.url == f"{URL}/any/{owner}"
    assert later.request.headers == [("Location", f"{URL}/{owner}")]
    assert body(Masking().masked(exchange(got={"owner": PROJECT})))["owner"] != owner


def test_identity_service() -> None:
    """A log-in has neither a password, nor a token, nor the names and ids of user, project and domain."""
    user = {"name": "alice", "id": USER, "password": "secret", "domain": {"name": "acme", "id": DOMAIN}}
    auth = {
        "identity": {"methods": ["password", "token"], "password": {"user": user}, "token": {"id": "MIIF" * 9}},
        "scope": {"project": {"name": "cn-north-4"}},
    }
    token = {"user": user, "project": {"id": PROJECT, "name": "cn-north-4_web", "domain": {"id": DOMAIN}}}
    given = exchange("POST", "/v3/auth/tokens", {"auth": auth}, {"token": token}, X_Subject_Token="MIIF" * 9)
    masked = Masking().masked(given)
    for secret in ("alice", "acme", "secret", "_web", USER, DOMAIN, PROJECT, "MIIF"):
        assert secret not in texts(masked)
    assert body(masked)["token"]["project"]["name"].startswith("cn-north-4_name-")
    assert isinstance(masked.request.body, bytes)
    sent = json.loads(masked.request.body)["auth"]
    assert sent["identity"]["methods"] == ["password", "token"]
    assert sent["scope"] == {"project": {"name": "cn-north-4"}}


def test_names_in_a_query() -> None:
    """The name that a list of users is asked for is an account's; that of a list of images is not."""
    masked = Masking().masked(exchange(path="/v3/users?name=alice"))
    assert "alice" not in masked.request.url
    assert Masking().masked(exchange(path="/v3/projects?name=eu-de")).request.url.endswith("?name=eu-de")
    assert Masking().masked(exchange(path="/v2/images?name=web")).request.url.endswith("?name=web")


def test_access_key() -> None:
    """Of a signed request neither the key nor the signature is left, of temporary credentials nothing."""
    signed = "SDK-HMAC-SHA256 Access=HPUA, SignedHeaders=host;x-sdk-date, Signature=cafe"
    credential = {"credential": {"access": "HPUA", "secret": "s3", "securitytoken": "t0"}}
    masked = Masking().masked(exchange(got=credential, Authorization=signed))
    assert masked.request.headers == [
        ("Authorization", "SDK-HMAC-SHA256 Access=***, SignedHeaders=host;x-sdk-date, Signature=***")
    ]
    assert body(masked) == {"credential": {"access": "***", "secret": "***", "securitytoken": "***"}}


def test_access_keys_in_a_list() -> None:
    """Of the access keys of a user none is left, and no code of a second factor."""
    listed = {"credentials": [{"access": "HPUA", "status": "active"}]}
    masked = Masking().masked(exchange(sent={"totp": {"user": {"passcode": "987654"}}}, got=listed))
    assert body(masked) == {"credentials": [{"access": "***", "status": "active"}]}
    assert "987654" not in texts(masked)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b'{"user": {"name": "a", "password": "hunter2", "x', b'{"user": {"name": "a", "password":***'),
        (b"name=a&password=hunter2&grant=b", b"name=a&password=***"),
        (b"{'x-auth-token' : 'hunter2'}", b"{'x-auth-token' :***"),
        (b'{"name": "a", "min_disk": 4', b'{"name": "a", "min_disk": 4'),
    ],
)
def test_credential_in_what_is_no_json(sent: bytes, kept: bytes) -> None:
    """A body that is cut, or a form, ends before the first credential in it; without one it stays."""
    assert Masking().masked(exchange(sent=sent)).request.body == kept


@pytest.mark.parametrize("value", ["", "0", "all_granted_eps", "default"])
def test_what_is_of_nobody_stays(value: str) -> None:
    """What stands for all, or for the default one, says nothing."""
    assert body(Masking().masked(exchange(got={"enterprise_project_id": value})))["enterprise_project_id"] == value


def test_id_of_another_form() -> None:
    """An id that is not of 32 digits becomes one of the same length and signs."""
    given = "7ca2ecbd-5a76-4a11-9b3c-1d2e4f5a6b7c"
    masked = body(Masking().masked(exchange(got={"enterprise_project_id": given})))["enterprise_project_id"]
    assert masked != given
    assert [char == "-" for char in masked] == [char == "-" for char in given]


def test_length_is_that_of_the_masked_body() -> None:
    """Content-Length is right, so that no reader takes the body for one that was cut."""
    masked = Masking().masked(exchange(got={"password": "a long secret"}, Content_Length="99"))
    assert masked.response is not None
    assert isinstance(masked.response.body, bytes)
    assert ("Content-Length", str(len(masked.response.body))) in list(masked.response.headers)  # type: ignore[arg-type]


def test_members_and_lists_of_projects() -> None:
    """Projects in lists, and members, are accounts too."""
    masked = body(Masking().masked(exchange(got={"projects": [PROJECT], "members": [{"member_id": USER}]})))
    assert masked["projects"] != [PROJECT]
    assert masked["members"] != [{"member_id": USER}]


@pytest.mark.parametrize("kept", [NOT_RECORDED, DAMAGED, b"\xff\xfe no JSON"])
def test_bodies_without_json(kept: Any) -> None:
    """What is no JSON stays; so does what is not there."""
    masked = Masking().masked(exchange(sent=kept))
    assert masked.request.body == kept


def test_body_that_is_a_value() -> None:
    """A body that is kept as a value is masked as one."""
    given = RecordedExchange(RecordedRequest("GET", URL, body=JsonBody({"owner": PROJECT})), None)
    masked = Masking().masked(given)
    assert isinstance(masked.request.body, JsonBody)
    assert masked.request.body.value != {"owner": PROJECT}
    assert masked.request.headers is NOT_RECORDED
