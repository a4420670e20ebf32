"""The messages of one exchange, free of any framework: what an operation receives and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ims_mock.backend import Backend


class Headers(Protocol):
    """The headers of a request, looked up by name whatever the case."""

    def get(self, name: str, /) -> str | None:
        """Return the value of a header, or None."""


@dataclass(slots=True)
class Request:
    """A request that is authenticated, coerced and valid.

    `path` and `query` hold the parameters of the operation by name, `query_text` the query as it was sent,
    `body` the JSON value of the request or None.
    """

    backend: Backend
    project_id: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    query_text: str
    body: Any


@dataclass(slots=True)
class Response:
    """An answer. The status is the operation's own; a `location` is relative, and made absolute when it leaves."""

    body: Any = None
    location: str | None = None
