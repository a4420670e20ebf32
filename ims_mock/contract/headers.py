"""The headers of a message, and the form of their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from ims_mock.contract.errors import ImsError
from ims_mock.contract.wording import shown

_CHARSET = re.compile(r""";\s*charset\s*=\s*"?([^\s;"]+)""", re.IGNORECASE)

_UTF_8 = ("utf-8", "utf8", "us-ascii", "ascii")
"""The charsets, in lower case, whose texts are read as they are meant."""


@lru_cache(maxsize=1024)
def header_name(name: str) -> str:
    """Return the name of a header as requests have it, whatever its case: X-Auth-Token, X-Ims-Mock-Fault."""
    return name.replace("_", "-").title()


class Headers(Protocol):
    """The headers of a request, looked up by names as `header_name` returns them."""

    def get(self, name: str, /) -> str | None:
        """Return the value of a header, or None."""


class SentHeaders(Headers, Protocol):
    """All the headers of a request."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return each header's name and value."""


def content_coding(headers: Headers) -> str:
    """Return how a body is compressed, such as "gzip"; "" where it is sent as it is (RFC 9110 section 8.4)."""
    coding = (headers.get("Content-Encoding") or "").strip()
    return "" if coding.lower() == "identity" else coding


def check_content_coding(headers: Headers) -> None:
    """Raise 415 for a compressed body, which neither the service nor Glance reads."""
    coding = content_coding(headers)
    if coding:
        reason = f"Content-Encoding: must be left out, as no compressed body is read, got {shown(coding)}"
        raise ImsError(415, reason=reason, headers={"Accept-Encoding": "identity"})


@lru_cache(maxsize=256)
def foreign_charset(content_type: str | None) -> str:
    """Return the charset that a Content-Type says a body has; "" where that is UTF-8, or nothing is said."""
    match = _CHARSET.search(content_type or "")
    return match[1] if match and match[1].lower() not in _UTF_8 else ""
