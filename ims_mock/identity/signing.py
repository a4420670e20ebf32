"""How a request is signed with an AK/SK: SDK-HMAC-SHA256, as the gateway and the official SDK have it.

An older dialect names a scope beside the access key: the day, a region and a service. Open Telekom Cloud's Go SDK
signs in it.

https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html
https://github.com/opentelekomcloud/gophertelekomcloud/blob/devel/signer_helper.go
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import reduce
from urllib.parse import parse_qsl, quote, unquote, urlencode

from ims_mock.contract.headers import Headers, header_name
from ims_mock.evidence.redaction import MASK, is_secret
from ims_mock.exchange.messages import Request

UNSIGNED = "UNSIGNED-PAYLOAD"

SECRET_HEADERS = frozenset({"authorization", "cookie", "x-auth-token", "x-security-token", "x-subject-token"})
"""The headers, in lower case, that give access to everybody who has read them."""

_Pairs = list[tuple[str, str]]
"""The names and values of a query."""

_ALGORITHM = "SDK-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    _ALGORITHM
    + r" +(?:Access=(?P<access>[^,\s]+)"
    + r"|Credential=(?P<of_scope>[^,/\s]+)/(?P<scope>[0-9]{8}/[^,/\s]*/[^,/\s]*/sdk_request))"
    + r", *SignedHeaders=(?P<headers>[^,;\s]+(?:;[^,;\s]+)*)"
    + r", *Signature=(?P<signature>[0-9a-fA-F]{64})"
)


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the header Authorization says: who signed, which headers (in lower case), and the signature.

    `scope` is "<yyyymmdd>/<region>/<service>/sdk_request", or "" where the signature has none.
    """

    access: str
    headers: tuple[str, ...]
    signature: str
    scope: str = ""


def parse_authorization(header: str) -> Authorization | None:
    """Return what a header Authorization says; None when it is of another form."""
    match = _AUTHORIZATION.fullmatch(header)
    if match is None:
        return None
    names = tuple(match["headers"].lower().split(";"))
    return Authorization(match["access"] or match["of_scope"], names, match["signature"].lower(), match["scope"] or "")


def canonical_request(request: Request, authorization: Authorization, body: bytes, *, hides: bool = False) -> str:
    """Return the canonical request; a header that is not there is signed as if it were empty.

    To be shown it `hides` what gives access.
    """
    headers, signed, scope = request.headers, authorization.headers, authorization.scope
    path, _, query = f"{request.root}{request.target}".partition("?")
    segments = [quote(segment, safe="~") for segment in unquote(path).split("/")]
    uri = "/".join(segments)
    pairs, payload = parse_qsl(query, keep_blank_values=True), _signed_body(body, headers)
    if scope:
        pairs, payload = _scoped(request, pairs, body, payload)
    else:
        pairs.sort()
    return "\n".join(
        (
            request.method.upper(),
            uri if uri.endswith("/") else uri + "/",
            "&".join(f"{quote(name, safe='~')}={_shown(name, value, hides=hides)}" for name, value in pairs),
            *(f"{name}:{_value(name, headers, bool(scope), hides=hides)}" for name in signed),
            "",
            ";".join(signed),
            payload,
        )
    )


def _signed_body(body: bytes, headers: Headers) -> str:
    """Return what stands for the body in a canonical request: its hash, or that it is unsigned, as the client says."""
    if body and headers.get("X-Sdk-Content-Sha256") == UNSIGNED:
        return UNSIGNED
    return hashlib.sha256(body).hexdigest()


def _scoped(request: Request, pairs: _Pairs, body: bytes, payload: str) -> tuple[_Pairs, str]:
    """Return the query and the payload as the dialect with a scope signs them.

    Of a key that is there several times it signs the first value alone. The query of a POST without a body is its
    payload.
    """
    if request.method.upper() == "POST" and not body:
        query = urlencode(sorted(pairs, key=lambda pair: pair[0]), safe="~")
        return [], hashlib.sha256(query.encode()).hexdigest()
    first = dict(reversed(pairs))
    return sorted(first.items(), key=lambda pair: quote(pair[0], safe="~").lower()), payload


def _shown(name: str, value: str, *, hides: bool) -> str:
    return MASK if hides and is_secret(name) else quote(value, safe="~")


def _value(name: str, headers: Headers, has_scope: bool, *, hides: bool) -> str:
    """Return the value of a header as it is signed; with a scope, blanks in a row are one."""
    if hides and name in SECRET_HEADERS:
        return "***"
    text = _text(headers.get(header_name(name)))
    return re.sub(r"\s+", " ", text, flags=re.ASCII) if has_scope else text


def signature(secret: str, date: str, canonical: str, scope: str = "") -> str:
    """Return the signature of a canonical request: 64 hexadecimal digits."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    if not scope:
        return _hmac(secret.encode(), f"{_ALGORITHM}\n{date}\n{digest}").hex()
    key = reduce(_hmac, scope.split("/"), f"SDK{secret}".encode())
    return _hmac(key, f"{_ALGORITHM}\n{date}\n{scope}\n{digest}").hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def is_same(one: str, other: str) -> bool:
    """Return whether two secrets are the same, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _text(value: str | None) -> str:
    """Return a header's value decoded as UTF-8, because WSGI decodes it as Latin-1."""
    return (value or "").encode("latin-1", "replace").decode("utf-8", "replace").strip()
