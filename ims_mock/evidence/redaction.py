"""What evidence shows in the place of a credential: in headers, in a query, and in what repeats the query."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote_plus, urlencode

MASK = "***"

_SECRET = re.compile(
    "authorization|cookie|token|secret|passw|passcode|pwd|credential|signature|(api|auth|access)[-_]?key|(^|[-_])[as]k($|[-_])",
    re.IGNORECASE,
)
"""What the names of headers and parameters with credentials contain, whether of the service or of something else."""

_SIGNATURE = re.compile(r"(?<=Signature=).*", re.IGNORECASE)

_ACCESS = re.compile(r"SDK-HMAC-SHA256 Access=[^,\s=]+,?\*")
"""What a rule matches for requests that an access key signs; it has no part of a signature."""

_URLS = ("location", "content-location", "referer")
"""The headers, in lower case, whose value is a URL."""


def masked(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers as the journal keeps them: without credentials."""
    return {name: value if _is_plain(name) else _masked_header(name, value) for name, value in headers}


@lru_cache(maxsize=1024)
def _is_plain(name: str) -> bool:
    """Return whether a header is kept as it is, whatever its value."""
    return not is_secret(name) and name.lower() not in _URLS


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Return whether the value under a name may be a credential."""
    return _SECRET.search(name) is not None


def _masked_header(name: str, value: str) -> str:
    """Return a value without what is secret of it; of a signed header only the signature is."""
    if is_secret(name):
        if _ACCESS.fullmatch(value):
            return value
        is_signature = value.startswith("SDK-HMAC-SHA256 ") and _SIGNATURE.search(value)
        return _SIGNATURE.sub(MASK, value) if is_signature else MASK
    return masked_target(value) if name.lower() in _URLS else value


def masked_target(target: str) -> str:
    """Return a target or a URL whose query has no credential: what stands under the name of one is masked."""
    path, mark, query = target.partition("?")
    if not query:
        return target
    parts = re.split("([&;?])", query)
    return (
        path + mark + "".join(f"{part.partition('=')[0]}={MASK}" if _is_secret_pair(part) else part for part in parts)
    )


def without_query_of(target: str, body: bytes) -> bytes:
    """Return a body in which the credentials in the query of a target are masked, where it repeats them."""
    query = target.partition("?")[2]
    # The longest first, as one may be the beginning of another.
    for pair in sorted(filter(_is_secret_pair, re.split("[&;?]", query)), key=len, reverse=True):
        name, _, value = pair.partition("=")
        again = urlencode({unquote_plus(name): unquote_plus(value)})
        for form in (pair, again):
            body = body.replace(form.encode(), f"{name}={MASK}".encode())
    return body


def _is_secret_pair(pair: str) -> bool:
    name, _, value = pair.partition("=")
    return bool(value) and is_secret(unquote_plus(name))
