"""Credentials in a query: they are in nothing that shows a request."""

from __future__ import annotations

import pytest

from ims_mock import LoopingMarker, Redirect
from ims_mock.evidence.redaction import is_secret, masked, masked_target, without_query_of
from tests.conftest import Api
from tests.evidence.test_journal import evidence
from tests.identity.test_auth import sign

SECRET = "hunter2+x"


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/v2/images", "/v2/images"),
        ("/v2/images?limit=1&marker=x", "/v2/images?limit=1&marker=x"),
        ("/a?token=x", "/a?token=***"),
        ("/a?token=x&limit=1&Signature=y", "/a?token=***&limit=1&Signature=***"),
        ("/a?X-Auth-Token=x;password=y", "/a?X-Auth-Token=***;password=***"),
        ("/a?X%2DAuth%2dToken=x", "/a?X%2DAuth%2dToken=***"),
        ("/a?%74oken=x", "/a?%74oken=***"),
        ("/a?api_key=x&access_key=y&apikey=z&passwd=a", "/a?api_key=***&access_key=***&apikey=***&passwd=***"),
        ("/a?token=a=b", "/a?token=***"),
        ("/a?token=&mytoken=x&token", "/a?token=&mytoken=***&token"),
        ("/a?token=x&token=xy", "/a?token=***&token=***"),
        ("/a?b=c?token=x", "/a?b=c?token=***"),
        ("/a?", "/a?"),
        ("*", "*"),
    ],
)
def test_masked_target(target: str, shown: str) -> None:
    """What stands under the name of a credential is masked, and the rest is as it was sent."""
    assert masked_target(target) == shown


def test_header_with_a_url() -> None:
    """The query of a URL in a header is masked as that of the request."""
    headers = [("Location", "http://a/b?token=x"), ("Referer", "/?secret=x"), ("Host", "a?token=x")]
    assert masked(headers) == {"Location": "http://a/b?token=***", "Referer": "/?secret=***", "Host": "a?token=x"}


def test_body_that_repeats_a_query() -> None:
    """A credential is masked in either way of encoding it, and nothing else is."""
    body = b'{"first":"/a?token=a%7Eb","next":"/a?token=a~b&a=a~b"}'
    assert without_query_of("/a?token=a%7Eb", body) == b'{"first":"/a?token=***","next":"/a?token=***&a=a~b"}'


@pytest.mark.parametrize("name", ["token", "X-Auth-Token", "X-Amz-Signature", "password", "client_secret", "sk"])
@pytest.mark.parametrize(
    "path", ["/v2/images", "/v2/images/x", "/v3/projects", "/v3/auth/tokens", "/nope", "/v2/tasks"]
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT"])
def test_secret_in_a_query(api: Api, method: str, path: str, name: str) -> None:
    """A credential in a query is in no journal, log, archive or report, whatever becomes of the request."""
    api(method, f"{path}?limit=1&{name}={SECRET}&a=b")
    (entry,) = api.service.journal
    assert entry.path == f"{path}?limit=1&{name}=***&a=b"
    assert "hunter2" not in evidence(api)


def test_secret_in_a_query_that_is_repeated(api: Api) -> None:
    """The URLs of pages and of redirects keep the credential for the client, and the journal does not."""
    for _ in range(3):
        api.create()
    path = f"/v2/images?limit=1&token={SECRET}"
    with api.service.faults.add(LoopingMarker()):
        for image_id in api.images:
            api.images[image_id]["token"] = "hunter2 x"
        assert "hunter2" in api("GET", path).get_json()["first"]
    for image_id in api.images:
        del api.images[image_id]["token"]
    with api.service.faults.add(Redirect()):
        assert "hunter2" in api("GET", path).headers["Location"]
    entries = [entry for entry in api.service.journal if entry.method == "GET"]
    assert b"token=***" in entries[0].response_body
    assert "hunter2" not in entries[1].response_headers["Location"]


def test_secret_in_a_query_with_a_wrong_signature() -> None:
    """The canonical request that a 401 shows does not have it."""
    api = Api(auth="strict")
    response = api("GET", f"/v2/images?token={SECRET}", **sign(secret="wrong"))
    assert response.status_code == 401
    assert "token=***" in response.headers["X-IMS-Mock-Reason"]
    assert "hunter2" not in response.get_data(as_text=True)
    assert "hunter2" not in evidence(api)


def test_secret_that_is_not_utf_8(api: Api) -> None:
    """The error for a query that is not UTF-8 does not show it."""
    response = api("GET", "/v2/images?token=hunter2%FF")
    assert response.status_code == 400
    assert "hunter2" not in response.headers["X-IMS-Mock-Reason"]


@pytest.mark.parametrize("name", ["ak", "SK", "X-Sk", "access_sk", "pwd", "dbPwd", "api_key", "passcode"])
def test_names_of_credentials(name: str) -> None:
    """The cloud's own words for keys are names of credentials, and words that have them inside are not."""
    assert is_secret(name)
    assert not any(map(is_secret, ("marker", "sort_key", "task", "mask", "make", "X-Sdk-Date")))


@pytest.mark.parametrize(
    ("glob", "shown"),
    [
        ("SDK-HMAC-SHA256 Access=key,*", "SDK-HMAC-SHA256 Access=key,*"),
        ("SDK-HMAC-SHA256 Access=key*", "SDK-HMAC-SHA256 Access=key*"),
        ("SDK-HMAC-SHA256 Access=key, Secret=x*", "***"),
        ("SDK-HMAC-SHA256 Access=a=b,*", "***"),
        ("Bearer key,*", "***"),
    ],
)
def test_a_rule_for_an_access_key(glob: str, shown: str) -> None:
    """A rule that matches requests signed with an access key shows the key, and no other credential."""
    assert masked([("Authorization", glob)]) == {"Authorization": shown}
