"""The messages of one exchange, free of any framework: what an operation receives and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ims_mock.contract.errors import ImsError
    from ims_mock.identity.accounts import User
    from ims_mock.identity.tokens import Identity
    from ims_mock.state.store import Backend


class Headers(Protocol):
    """The headers of a request, looked up by name whatever the case."""

    def get(self, name: str, /) -> str | None:
        """Return the value of a header, or None."""


class SentHeaders(Headers, Protocol):
    """All the headers of a request."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield each header's name and value."""


@dataclass(slots=True)
class Incoming:
    """A request as it came: `target` with its query as sent, `base_url` as the client reached the mock.

    `has_gone` tells whether the client has hung up.
    """

    method: str
    target: str
    base_url: str
    headers: SentHeaders
    path: Mapping[str, str]
    query_text: str
    read_body: Callable[[], bytes]
    body_pieces: Callable[[int | None, ImsError], Iterator[bytes]]
    has_gone: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer leaves when it does not leave whole and at once.

    Of its body `length` bytes are sent, all when that is None, at `rate` bytes a second, or at once when that is None;
    with `is_silent` nothing at all, not even its head. Then nothing comes for `pause` seconds, and then the `ending`:
    "hangup" (the connection is closed), "reset" (with a TCP RST) or "" (in order). `really` passes time in real seconds
    where the clock stands still.
    """

    ending: str = ""
    is_silent: bool = False
    length: int | None = None
    rate: float | None = None
    pause: float = 0.0
    really: bool = False

    def __str__(self) -> str:
        parts = [
            "nothing was sent" if self.is_silent else "",
            f"{self.length} bytes were sent" if self.length is not None else "",
            f"at {self.rate:g} bytes a second" if self.rate is not None else "",
            f"silence for {self.pause:g} s" if self.pause else "",
            self.ending,
        ]
        return ", ".join(part for part in parts if part)


@dataclass(slots=True)
class Outgoing:
    """An answer as it leaves: a body, or a file's content in pieces. `reason` is "" unless the request was refused."""

    status: int
    headers: dict[str, str]
    body: bytes
    reason: str = ""
    content: Iterable[bytes] | None = None
    delivery: Delivery | None = None


@dataclass(slots=True)
class Request:
    """A request that is authenticated, coerced and valid.

    `user` is who calls, None for a credential that is nobody's. `method` is the request's own: HEAD where the operation
    has GET. `base_url` is the service's root as the client reached it, without a slash at its end.

    `path`, `query` and `headers` hold the operation's parameters by name, `query_text` the query as it was sent. `body`
    is the JSON value of the request or None; `content`, where the operation takes a file, its bytes in pieces, which
    can be taken once. `record` puts the request into the journal, and belongs into the same hold of the lock as the
    change that it makes; an operation that takes no file is called with the lock held, and its request recorded then.
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
    record: Callable[[], None]


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
