"""The messages of one exchange, free of any framework: what came, and what leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ims_mock.contract.errors import ImsError, header_text
from ims_mock.contract.headers import SentHeaders
from ims_mock.contract.json_text import encoded
from ims_mock.contract.operations import JSON
from ims_mock.evidence.delivery import WHOLE, Delivery
from ims_mock.exchange.body import Body
from ims_mock.state.packed import Packed


def _never() -> bool:
    return False


@dataclass(slots=True)
class Request:
    """A request as it came: `target` with its query as sent, `base_url` as the client reached the mock.

    `base_url` has no slash at its end. Where the mock is mounted under a path, `root` is that path, such as "/~ci": it
    is in `base_url` and not in `target`, and a signature is made with it. `path` has the values of the path's
    parameters by name. `has_gone` says whether the client has hung up.
    """

    method: str
    target: str
    base_url: str
    headers: SentHeaders = field(default_factory=dict[str, str])
    path: Mapping[str, str] = field(default_factory=dict)
    query_text: str = ""
    body: Body = field(default_factory=Body)
    has_gone: Callable[[], bool] = _never
    root: str = ""


@dataclass(slots=True)
class Response:
    """A response as it leaves: a `body`, or the `content` of a file in pieces.

    `status` is 0 where there is none to be seen. `reason` is "" unless the request was rejected or a fault has changed
    the response. `image` is a body that says what is stored of an image, and that; a fault may have changed the body.
    """

    status: int
    headers: dict[str, str]
    body: bytes = b""
    reason: str = ""
    content: Iterable[bytes] | None = None
    delivery: Delivery = WHOLE
    image: tuple[bytes, Packed] | None = None


def rejection(error: ImsError, request_id: str, dialect: str = "", *, explains: bool = False) -> Response:
    """Return the response of a request that is rejected, in the dialect of what rejects it.

    One that `explains` has the reason in its body too.
    """
    reason = header_text(error.reason)
    body = encoded(error.body(request_id, dialect, explains=explains))
    headers = {
        **error.headers,
        "Content-Type": JSON,
        "Content-Length": str(len(body)),
        "X-IMS-Mock-Reason": reason,
    }
    return Response(error.status, headers, body, reason)
