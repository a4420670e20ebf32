"""One request on its way through the service: what rules, faults, auth and operations are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.json_text import encoded
from ims_mock.contract.operations import JSON, Operation
from ims_mock.contract.wording import shown
from ims_mock.evidence.journal import Entry, Journal
from ims_mock.exchange.body import Body
from ims_mock.exchange.caller import NOBODY, Caller
from ims_mock.exchange.messages import Request, Response, rejection
from ims_mock.exchange.pacing import pass_time
from ims_mock.exchange.written import Written
from ims_mock.state.images import Image
from ims_mock.state.packed import Packed, unpacked
from ims_mock.state.store import Store

if TYPE_CHECKING:
    from random import Random

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What no value of a header can have (RFC 9110 section 5.5)."""


@dataclass(slots=True)
class Hit:
    """One time that a rule fires: the `number` of the hit, from 1.

    `memory` is the rule's own, between one hit and the next, to be touched under the store's lock alone. `random` is
    seeded.
    """

    number: int
    memory: dict[str, Any]
    random: Random
    is_cancelled: bool = False

    def cancel(self) -> None:
        """Say that the fault has changed nothing, so that this does not count as a hit."""
        self.is_cancelled = True


@dataclass(slots=True)
class Exchange:
    """One request on its way, with all that belongs to it.

    `store` is the state as this request sees it. `caller`, and the `project_id` in which it works, are known once the
    credential has been looked at; `claimed_project` is the project that the request says it is of, for the rules of
    faults alone. `path`, `query`, `headers` and `media_type` are the operation's parameters by name and the type of the
    body, once they have been found valid. A rejection `explains` itself in its body where the settings say so.

    An operation that takes no file is called with the store's lock held, and its request recorded then.
    """

    operation: Operation
    request: Request
    body: Body
    store: Store
    entry: Entry
    journal: Journal
    written: Written = field(default_factory=Written)
    explains: bool = False
    caller: Caller = NOBODY
    project_id: str = ""
    claimed_project: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    media_type: str = JSON
    _hit: Hit | None = None

    @property
    def base_url(self) -> str:
        """The root of the service as the client reached it, without a slash at its end."""
        return self.request.base_url

    @property
    def hit(self) -> Hit:
        """The hit of the rule whose fault is applied; faults alone may ask."""
        assert self._hit is not None, "no rule has fired"
        return self._hit

    def seeing(self, store: Store) -> Exchange:
        """Return the same exchange with another view of the store."""
        return replace(self, store=store)

    def hit_by(self, hit: Hit) -> Exchange:
        """Return the same exchange as the fault of a rule that fires is given it."""
        return replace(self, _hit=hit)

    def record(self) -> None:
        """Put the request into the journal when its work is done, while the lock is still held."""
        self.entry.is_done = True
        self.journal.record(self.entry)

    def pass_time(self, seconds: float, *, real_time: bool) -> None:
        """Advance a clock that stands still, unless in `real_time`; otherwise wait while the client is there."""
        pass_time(self.store.clock, seconds, self.request.has_gone, real_time=real_time)

    def respond(
        self,
        document: Any = None,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        content: Iterable[bytes] | None = None,
        location: str | None = None,
    ) -> Response:
        """Return the response of the operation: a JSON document, or the `content` of a file in pieces, or nothing.

        `status` is the operation's own unless another is given; a `location` is relative, and made absolute. Raises 500
        when the document breaks the operation's own schema.
        """
        self.operation.check_response_body(document)
        status = status or self.operation.success
        sent = {name: _header_value(name, value) for name, value in headers.items()} if headers else {}
        if location is not None:
            sent["Location"] = self.request.base_url + location
        if content is not None:
            return Response(status, sent, content=content)
        return _json_response(status, sent, b"" if document is None else encoded(document))

    def respond_image(self, image: Image, *, location: str | None = None) -> Response:
        """Return the response of the operation with an image of the store; as `respond` does, and faster."""
        schema, stored = self.operation.response_body, self.store.images.packed(image["id"])
        if schema is None or stored is None:
            return self.respond(image, location=location)
        # Few of the images that are created are shown before they change.
        text = self.written.json_of(stored, lambda _: image, schema, is_kept=location is None)
        if text is None:
            return self.respond(image, location=location)
        sent = {} if location is None else {"Location": self.request.base_url + location}
        response = _json_response(self.operation.success, sent, text)
        response.image = text, stored
        return response

    def respond_images(self, images: Sequence[Packed], **others: Any) -> Response:
        """Return the response of the operation with a list of `images` as they are stored, and what else it has."""
        schema, whole = self.operation.listed, self.operation.response_body
        texts = None
        if schema is not None and whole is not None and whole.is_surely_valid({"images": [], **others}):
            texts = self.written.all_of(images, unpacked, schema)
        if texts is None:
            return self.respond({"images": list(map(unpacked, images)), **others})
        rest = b"," + encoded(others)[1:] if others else b"}"
        return _json_response(self.operation.success, {}, b'{"images":[' + b",".join(texts) + b"]" + rest)

    def reject(self, error: ImsError) -> Response:
        """Return the response of the request when it is rejected."""
        return rejection(error, self.entry.request_id, self.operation.dialect, explains=self.explains)


def _json_response(status: int, headers: dict[str, str], body: bytes) -> Response:
    if body:
        headers["Content-Type"] = JSON
    if status != 204:
        headers["Content-Length"] = str(len(body))
    return Response(status, headers, body)


def _header_value(name: str, value: str) -> str:
    """Return a text as a header has it; raise 500 for one that no header can have, as a test may store it."""
    if _CONTROL.search(value):
        raise ImsError(500, reason=f"the mock's own response cannot have the header {name}: {shown(value)}")
    # A header is sent as Latin-1 (PEP 3333), and read as UTF-8 by code that expects more.
    return value.encode("utf-8", "backslashreplace").decode("latin-1")


Later = Callable[[], Response]
"""What an operation leaves to do once the lock is free: a long list is walked, and written as JSON, without it."""

Function = Callable[[Exchange], Response | Later]
"""An operation."""

Work = Callable[[Exchange], Response]
"""The rest of a request: what a rule and its fault are wrapped around. A rejection is a response too."""
