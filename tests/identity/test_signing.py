"""How a request is signed: the known vectors, and whatever the official SDK signs."""

from __future__ import annotations

import hashlib
import hmac
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
    Authorization,
    canonical_request,
    is_same,
    parse_authorization,
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
    canonical = canonical_request(Request(method, target, "", headers), authorization, body)
    return canonical, signature(secret, headers.get("X-Sdk-Date") or "", canonical, authorization.scope)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vectors(vector: dict[str, Any]) -> None:
    """Each known request has the canonical form and the signature that are known of it."""
    headers = Headers({**vector["headers"], "Authorization": vector["authorization"]})
    canonical, computed = signed(
        vector["method"], vector["url_path_and_query"], headers, vector["body"].encode(), vector["sk"]
    )
    assert canonical == vector["canonical_request"]
    assert vector["authorization"].endswith(f"Signature={computed}")


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
HOST = {"Host": "127.0.0.1:37173", "User-Agent": "golangsdk/2.0.0", "Accept": "application/json"}
GO_HEADERS = "accept:application/json\nhost:127.0.0.1:37173\nuser-agent:golangsdk/2.0.0\nx-sdk-date:20261127T140141Z"
GO_NAMES = "accept;host;user-agent;x-sdk-date"


# Written by hand, and signed by gophertelekomcloud 0.9.3 with the region and the service empty.
@pytest.mark.parametrize(
    ("method", "target", "query", "payload", "expected"),
    [
        ("GET", "/v2/images", "", EMPTY, "91fc974e59359da9febb891f459ef64e1506258665a6a771cc761b355ee05a2d"),
        (
            "GET",
            "/v2/images?limit=2&name=a%20b&Zed=1&protected=true",
            "limit=2&name=a%20b&protected=true&Zed=1",
            EMPTY,
            "abdcbfb9b88a3bc4d2a40af4d1e61dc3d190cefaa2ea012db3a3521f2e03d5dc",
        ),
        (
            "GET",
            "/v2/cloudimages?tag=b%3D1&tag=a%3D2&__imagetype=private",
            "__imagetype=private&tag=b%3D1",
            EMPTY,
            "c73ad144fba8ec2b430eee4ee04313b4e9d0cead482420d8ece9483536053fb8",
        ),
        (
            "POST",
            "/v1/cloudimages/4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86/copy?b=2&a=1&a=0&c=x%20y~*",
            "",
            hashlib.sha256(b"a=1&a=0&b=2&c=x+y~%2A").hexdigest(),
            "6d2c509c020ed45cbb272c0566bc0f1c7e1f38a78031497a33be87f81b0c0b14",
        ),
        (
            "PUT",
            "/v2/images/4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86/tags/a%20b",
            "",
            EMPTY,
            "1bb0a1c1edf741399b860df578dd90a95a8ba2e4a44de3825c150967cd3e5294",
        ),
    ],
)
def test_signature_with_a_scope(method: str, target: str, query: str, payload: str, expected: str) -> None:
    """What Open Telekom Cloud's Go SDK has signed has the canonical form and the signature that are known of it."""
    authorization = (
        f"SDK-HMAC-SHA256 Credential=ak/20261127///sdk_request, SignedHeaders={GO_NAMES}, Signature={'0' * 64}"
    )
    headers = Headers({**HOST, "X-Sdk-Date": "20261127T140141Z", "Authorization": authorization})
    path = target.partition("?")[0]
    canonical, computed = signed(method, target, headers, b"", "demo-sk")
    assert canonical == f"{method}\n{path}/\n{query}\n{GO_HEADERS}\n\n{GO_NAMES}\n{payload}"
    assert computed == expected


def test_scope_is_in_the_key_and_in_the_text() -> None:
    """The key is a chain of HMACs over the parts of the scope, and the text that is signed names the scope."""

    def mac(key: bytes, text: str) -> bytes:
        return hmac.new(key, text.encode(), hashlib.sha256).digest()

    key = mac(mac(mac(mac(b"SDKsk", "20261127"), "eu-de"), "ims"), "sdk_request")
    digest = hashlib.sha256(b"canonical").hexdigest()
    scope = "20261127/eu-de/ims/sdk_request"
    text = f"SDK-HMAC-SHA256\n20261127T140141Z\n{scope}\n{digest}"
    assert signature("sk", "20261127T140141Z", "canonical", scope) == mac(key, text).hex()
    assert signature("sk", "20261127T140141Z", "canonical") != mac(key, text).hex()


def test_scope_folds_blanks_and_keeps_the_body() -> None:
    """With a scope, blanks in a row of a header are one, and the body of a POST is hashed beside its query."""
    authorization = Authorization("ak", ("x-note",), "", "20261127///sdk_request")
    request = Request("POST", "/?b=1", "", Headers({"X-Note": "a \t b"}))
    canonical = canonical_request(request, authorization, b"body")
    assert canonical == f"POST\n/\nb=1\nx-note:a b\n\nx-note\n{hashlib.sha256(b'body').hexdigest()}"


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
        f"SDK-HMAC-SHA256 Credential=ak, SignedHeaders=host, Signature={'0' * 64}",
        f"SDK-HMAC-SHA256 Credential=ak/20261127//sdk_request, SignedHeaders=host, Signature={'0' * 64}",
        f"SDK-HMAC-SHA256 Credential=/20261127///sdk_request, SignedHeaders=host, Signature={'0' * 64}",
        f"SDK-HMAC-SHA256 Credential=ak/20261127///aws4_request, SignedHeaders=host, Signature={'0' * 64}",
        f"SDK-ECDSA-P256-SHA256 Access=ak, SignedHeaders=host, Signature={'0' * 64}",
        f"SDK-SM2-SM3 Access=ak, SignedHeaders=host, Signature={'0' * 64}",
        f"V11-HMAC-SHA256 Credential=ak/20261127/cn-north-4/ims, SignedHeaders=host, Signature={'0' * 64}",
        f"AWS4-HMAC-SHA256 Credential=ak/20261127/eu-de/ims/aws4_request, SignedHeaders=host, Signature={'0' * 64}",
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


@pytest.mark.parametrize("scope", ["20261127///sdk_request", "20261127/eu-de/ims/sdk_request"])
def test_authorization_with_a_scope(scope: str) -> None:
    """An access key may come with the day, the region and the service for which it signs."""
    found = parse_authorization(f"SDK-HMAC-SHA256 Credential=AK/{scope}, SignedHeaders=host, Signature={'0' * 64}")
    assert found == Authorization("AK", ("host",), "0" * 64, scope)


def payload(body: bytes, **headers: str) -> str:
    """Return what stands for a body in a canonical request."""
    sent = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return canonical_request(Request("PUT", "/", "", sent), Authorization("ak", ("host",), ""), body).splitlines()[-1]


def test_body_is_hashed_unless_it_is_unsigned() -> None:
    """An empty body has the hash of nothing, even where the client says that it has not signed it."""
    assert payload(b"", X_Sdk_Content_Sha256="UNSIGNED-PAYLOAD") == payload(b"") == EMPTY
    assert payload(b"x", X_Sdk_Content_Sha256="UNSIGNED-PAYLOAD") == "UNSIGNED-PAYLOAD"
    assert payload(b"x", X_Sdk_Content_Sha256=EMPTY) != EMPTY


def test_is_same() -> None:
    """Secrets of any characters are compared."""
    assert is_same("\u00fc", "\u00fc")
    assert not is_same("a", "b")


@pytest.mark.parametrize("name", sorted(SECRET_HEADERS))
def test_canonical_request_can_hide_what_gives_access(name: str) -> None:
    """To be shown, a canonical request has no credential in it, and everything else."""
    headers = Headers({name: "SECRET", "x-note": "note"})
    request = Request("GET", "/", "", headers)
    authorization = Authorization("ak", (name, "x-note"), "")
    canonical = canonical_request(request, authorization, b"")
    hidden = canonical_request(request, authorization, b"", hides=True)
    assert hidden == canonical.replace("SECRET", "***") != canonical
