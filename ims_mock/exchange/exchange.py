"""One request on its way through the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ims_mock.state.store import Store


@dataclass(slots=True)
class Exchange:
    """A request that is authenticated, coerced and valid.

    `user` is who calls, None for a credential that is nobody's. `method` is the request's own: HEAD where the operation
    has GET. `base_url` is the service's root as the client reached it, without a slash at its end.

    `path`, `query` and `headers` hold the operation's parameters by name, `query_text` the query as it was sent. `body`
    is the JSON value of the request or None; `content`, where the operation takes a file, its bytes in pieces, which
    can be taken once. `record` puts the request into the journal, and belongs into the same hold of the lock as the
    change that it makes; an operation that takes no file is called with the lock held, and its request recorded then.
    """

    store: Store
    identity: Any
    method: str
    user: Any
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
