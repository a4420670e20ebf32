"""The headers of a message, and the form of their names."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol


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
