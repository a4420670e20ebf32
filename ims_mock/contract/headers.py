"""The headers of a message, whatever holds them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Headers(Protocol):
    """The headers of a request, looked up by name whatever the case."""

    def get(self, name: str, /) -> str | None:
        """Return the value of a header, or None."""


class SentHeaders(Headers, Protocol):
    """All the headers of a request."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return each header's name and value."""
