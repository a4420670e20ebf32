"""The messages of one exchange, free of any framework: what came, and what leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.headers import SentHeaders
from ims_mock.evidence.delivery import WHOLE, Delivery


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


@dataclass(slots=True)
class Outgoing:
    """An answer as it leaves: a body, or a file's content in pieces. `reason` is "" unless the request was refused."""

    status: int
    headers: dict[str, str]
    body: bytes
    reason: str = ""
    content: Iterable[bytes] | None = None
    delivery: Delivery = WHOLE


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
