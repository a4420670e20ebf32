"""How a request is signed: the known vectors, and whatever the official SDK signs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given, settings
from hypothesis import strategies as st

from ims_mock.exchange.messages import Request
from ims_mock.identity.signing import (
    SECRET_HEADERS,
    canonical_request,
    is_same,
    parse_authorization,
    payload_hash,
    signature,
)
from tests.conftest import ROOT

# The SDK's signer asks for the time in a way that Python 3.12 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

VECTORS = json.loads((ROOT / "tests/data/sign_vectors.json").read_text("utf-8"))


class Headers:
    """Headers as WSGI has them: by name whatever the case, read as Latin-1."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = {name.lower(): value for name, value in headers.items()}

    def get(self, name: str, /) -> str | None:
        """Return the value of a header, or None."""
        return self._headers.get(name.lower())

    def items(self) -> Iterable[tuple[str, str]]:
        """Return each header's name and value."""
        return self._headers.items()


def signed(method: str, target: str, headers: Headers, body: bytes, secret: str) -> tuple[str, str]:
    """Return the canonical request and the signature that the mock computes for a request's Authorization."""
    authorization = parse_authorization(headers.get("Authorization") or "")
    assert authorization is not None
    payload = payload_hash(body, headers)
    canonical = canonical_request(Request(method, target, "", headers), authorization.headers, payload)
    return canonical, signature(secret, headers.get("X-Sdk-Date") or "", canonical)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vectors(vector: dict[str, Any]) -> None:
    """Each known request has the canonical form and the signature that are known of it."""
    headers = Headers({**vector["headers"], "Authorization": vector["authorization"]})
    canonical, computed = signed(
        vector["method"], vector["url_path_and_query"], headers, vector["body"].encode(), vector["sk"]
    )
    assert canonical == vector["canonical_request"]
    assert vector["authorization"].endswith(f"Signature={computed}")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(deadline=None)
@given(
    segments=st.lists(texts, max_size=3),
    query=st.lists(st.tuples(texts, texts), max_size=3),
    body=st.binary(max_size=20),
    media_type=st.sampled_from(["application/json", "application/json;charset=utf-8", "application/octet-stream"]),
    secret=st.text("abcXYZ019+/=", min_size=1, max_size=40),
    value=st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc"]), max_size=9),
)
def test_whatever_the_sdk_signs_is_verified(
    segments: list[str], query: list[tuple[str, str]], body: bytes, media_type: str, secret: str, value: str
) -> None:
    """For any path, query, header and body the mock computes the signature that the SDK has sent."""
    request = SdkRequest(
        method="POST",
        schema="http",
        host="127.0.0.1:9292",
        resource_path="/" + "/".join(Signer._url_encode(segment) for segment in segments),
        uri="",
        query_params=query,
        header_params={"Content-Type": media_type, "X-Project-Id": value},
        body=body,
        stream=False,
        signing_algorithm=None,
    )
    sent = Signer(BasicCredentials("ak", secret)).sign(request)
    # requests sends the signer's text as Latin-1, and WSGI reads it so.
    _, computed = signed("POST", sent.uri, Headers(sent.header_params), body, secret)
    assert sent.header_params["Authorization"].endswith(f"Signature={computed}")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer x",
        "SDK-HMAC-SHA256 Access=ak",
        f"SDK-HMAC-SHA256 Access=ak, SignedHeaders=host, Signature={'0' * 63}",
        f"SDK-HMAC-SHA256 Access=ak, SignedHeaders=host, Signature={'0' * 65}",
        f"SDK-HMAC-SM3 Access=ak, SignedHeaders=host, Signature={'0' * 64}",
        f"SDK-HMAC-SHA256 Access=, SignedHeaders=host, Signature={'0' * 64}",
    ],
)
def test_what_is_no_authorization(header: str) -> None:
    """A header of another form says nothing."""
    assert parse_authorization(header) is None


def test_authorization_is_read_in_lower_case() -> None:
    """Names of headers and the digits of the signature may be in capitals."""
    found = parse_authorization(f"SDK-HMAC-SHA256 Access=AK, SignedHeaders=Host;X-Sdk-Date, Signature={'AB' * 32}")
    assert found is not None
    assert (found.access, found.headers, found.signature) == ("AK", ("host", "x-sdk-date"), "ab" * 32)


def test_body_is_hashed_unless_it_is_unsigned() -> None:
    """An empty body has the hash of nothing, even where the client says that it has not signed it."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    unsigned = Headers({"X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"})
    assert payload_hash(b"", unsigned) == payload_hash(b"", Headers({})) == empty
    assert payload_hash(b"x", unsigned) == "UNSIGNED-PAYLOAD"
    assert payload_hash(b"x", Headers({"X-Sdk-Content-Sha256": empty})) != empty


def test_is_same() -> None:
    """Secrets of any characters are compared."""
    assert is_same("\u00fc", "\u00fc")
    assert not is_same("a", "b")


@pytest.mark.parametrize("name", sorted(SECRET_HEADERS))
def test_canonical_request_can_hide_what_gives_access(name: str) -> None:
    """To be shown, a canonical request has no credential in it, and everything else."""
    headers = Headers({name: "SECRET", "x-note": "note"})
    request = Request("GET", "/", "", headers)
    canonical = canonical_request(request, [name, "x-note"], "hash")
    hidden = canonical_request(request, [name, "x-note"], "hash", hides=True)
    assert hidden == canonical.replace("SECRET", "***") != canonical
