"""The messages of one exchange, free of any framework: what an operation receives and answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ims_mock.accounts import User
    from ims_mock.backend import Backend
    from ims_mock.identity import Identity


class Headers(Protocol):
    """The headers of a request, looked up by name whatever the case."""

    def get(self, name: str, /) -> str | None:
        """Return the value of a header, or None."""


@dataclass(slots=True)
class Request:
    """A request that is authenticated, coerced and valid.

    `user` is who calls, None for a credential that is nobody's. `method` is the request's own: HEAD where the operation
    has GET. `base_url` is the service's root as the client reached it, without a slash at its end.

    `path`, `query` and `headers` hold the operation's parameters by name, `query_text` the query as it was sent. `body`
    is the JSON value of the request or None; `content`, where the operation takes a file, its bytes in pieces, which
    can be taken once.
    """

    backend: Backend
    identity: Identity
    method: str
    user: User | None
    project_id: str
    base_url: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    query_text: str
    headers: Mapping[str, Any]
    media_type: str
    body: Any
    content: Iterator[bytes]


@dataclass(slots=True)
class Response:
    """An answer. `status` is the operation's own unless another is given.

    `content` are bytes in place of a JSON body; a `location` is relative, and made absolute when it leaves.
    """

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Iterable[bytes] | None = None
    location: str | None = None
