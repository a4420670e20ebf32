"""How a request is signed with an AK/SK: SDK-HMAC-SHA256, as the gateway and the official SDK have it.

https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from ims_mock.contract.headers import Headers, header_name
from ims_mock.evidence.redaction import MASK, is_secret
from ims_mock.exchange.messages import Request

UNSIGNED = "UNSIGNED-PAYLOAD"

SECRET_HEADERS = frozenset({"authorization", "cookie", "x-auth-token", "x-security-token", "x-subject-token"})
"""The headers, in lower case, that give access to whoever has read them."""

_ALGORITHM = "SDK-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    _ALGORITHM
    + r" +Access=(?P<access>[^,\s]+), *SignedHeaders=(?P<headers>[^,;\s]+(?:;[^,;\s]+)*)"
    + r", *Signature=(?P<signature>[0-9a-fA-F]{64})"
)


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the header Authorization says: who signed, which headers (in lower case), and the signature."""

    access: str
    headers: tuple[str, ...]
    signature: str


def parse_authorization(header: str) -> Authorization | None:
    """Return what a header Authorization says; None when it is of another form."""
    match = _AUTHORIZATION.fullmatch(header)
    if match is None:
        return None
    return Authorization(match["access"], tuple(match["headers"].lower().split(";")), match["signature"].lower())


def payload_hash(body: bytes, headers: Headers) -> str:
    """Return what stands for the body in a canonical request: its hash, or what the client says that it has signed."""
    announced = headers.get("X-Sdk-Content-Sha256")
    if body and announced == UNSIGNED:
        return UNSIGNED
    return hashlib.sha256(body).hexdigest()


def canonical_request(request: Request, signed: Sequence[str], payload: str, *, hides: bool = False) -> str:
    """Return the canonical request; a header that is not there is signed as if it were empty.

    To be shown it `hides` what gives access.
    """
    headers = request.headers
    path, _, query = request.target.partition("?")
    segments = [quote(segment, safe="~") for segment in unquote(path).split("/")]
    uri = "/".join(segments)
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "\n".join(
        (
            request.method.upper(),
            uri if uri.endswith("/") else uri + "/",
            "&".join(f"{quote(name, safe='~')}={_shown(name, value, hides=hides)}" for name, value in pairs),
            *(
                f"{name}:{'***' if hides and name in SECRET_HEADERS else _text(headers.get(header_name(name)))}"
                for name in signed
            ),
            "",
            ";".join(signed),
            payload,
        )
    )


def _shown(name: str, value: str, *, hides: bool) -> str:
    return MASK if hides and is_secret(name) else quote(value, safe="~")


def signature(secret: str, date: str, canonical: str) -> str:
    """Return the signature of a canonical request: 64 hexadecimal digits."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.new(secret.encode(), f"{_ALGORITHM}\n{date}\n{digest}".encode(), hashlib.sha256).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Return whether two secrets are the same, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _text(value: str | None) -> str:
    """Return a header's value decoded as UTF-8, because WSGI decodes it as Latin-1."""
    return (value or "").encode("latin-1", "replace").decode("utf-8", "replace").strip()
