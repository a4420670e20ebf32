"""Faults of what is returned: another status, another body, another place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urljoin

from ims_mock.contract.errors import ImsError, documented_message
from ims_mock.contract.operations import JSON, Operation, documented_meaning, documented_statuses
from ims_mock.contract.pointers import parts_of, value_at
from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.wording import shown
from ims_mock.evidence.journal import Entry
from ims_mock.exchange.exchange import Exchange, Work
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault
from ims_mock.faults.visible import visible_json

_OF_A_GATEWAY = (401, 403, 413, 429, 502, 503, 504)
_RETRY_AFTER, _REAL_WAIT = 30, 2
_NEXT = "/next"

_PAGE = b"<html><head><title>%s</title></head><body><h1>%s</h1><hr>api-gateway</body></html>\r\n"


@dataclass(frozen=True)
class Fail(Fault):
    """Reject with a status from 400 to 599 in its documented body; the work is not done.

    The body has what the operation's page says of the status, and the documented code that fits it. `code` and
    `message` replace them; with a `code` alone, the message is the documented one of that code. An IMG code makes the
    body the service's, an APIGW code the gateway's. `retry_after` is in seconds. Raises InvalidError also for an
    undocumented code without a message.
    """

    status: int
    code: str | None = None
    message: str | None = None
    retry_after: int | None = None

    family = "status"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.code is not None and self.message is None:
            documented_message(self.code, self.status)

    @classmethod
    def settings_of(cls, word: str) -> dict[str, Any] | None:
        return {"status": int(word)} if re.fullmatch("[0-9]{3}", word) else None

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield the statuses that the documents have of the operation, and those of a gateway in front of it."""
        for status in sorted({*documented_statuses(operation), *_OF_A_GATEWAY}):
            yield cls(status)
        yield from (cls(status, retry_after=_RETRY_AFTER) for status in (429, 503))

    def cause_on(self, operation: Operation) -> str:
        meaning = documented_meaning(operation, self.status)
        return f"{self.status}: {meaning or 'not on the page of the operation; a gateway in front of it sends this'}"

    @property
    def asked_wait(self) -> float:
        """Seconds of the Retry-After."""
        return float(self.retry_after or 0)

    def in_real_time(self) -> Fault:
        return self if self.retry_after is None else replace(self, retry_after=min(self.retry_after, _REAL_WAIT))

    def around(self, work: Work, exchange: Exchange) -> Response:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        code, message = exchange.operation.usual_error(self.status)
        if self.code is not None:
            code, message = self.code, None
        if self.message is not None:
            message = self.message
        raise ImsError(self.status, code, message, reason=f"fault: {self}", headers=headers)


_ONE = 1 - 1e-9
"""A token, but for the rounding error of a clock, which must not cost a client a request."""


@dataclass(frozen=True)
class Throttle(Fault):
    """Let `limit` requests pass in `per` seconds of the mock's clock, and reject the others with 429, APIGW.0308.

    A token bucket, which is full at first; `Retry-After` says when the next one passes.
    """

    limit: int
    per: float

    is_lasting = True

    def around(self, work: Work, exchange: Exchange) -> Response:
        rate = self.limit / self.per
        tokens = exchange.store.attempt(partial(self._take, exchange, rate))
        if tokens >= _ONE:
            exchange.hit.cancel()
            return work(exchange)
        period = "1 minute" if self.per == 60 else f"{self.per:g} second"
        raise ImsError(
            429,
            "APIGW.0308",
            f"{documented_message('APIGW.0308', 429).rstrip('.')}: policy user over ratelimit,"
            f"limit:{self.limit},time:{period}",
            reason=f"fault: {self}",
            headers={"Retry-After": str(math.ceil((1 - tokens) / rate - 1e-9) or 1)},
        )

    def _take(self, exchange: Exchange, rate: float) -> float:
        """Return how many tokens are in the bucket, and take one if there is one."""
        now, bucket = exchange.store.clock.now(), exchange.hit.memory
        tokens: float = min(self.limit, bucket.get("tokens", self.limit) + max(now - bucket.get("at", now), 0) * rate)
        bucket.update(at=now, tokens=max(tokens - 1, 0.0) if tokens >= _ONE else tokens)
        return tokens


@dataclass(frozen=True)
class Redirect(Fault):
    """Send the client elsewhere; the work is not done. Without a `location` it is the same place, without end."""

    location: str | None = None
    status: int = 302

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            urljoin("http://localhost/", self.location or "")
        except ValueError as error:
            text = f"must be a URL or a path, got {shown(self.location)}: {error}"
            raise wrong_setting("location", "format", text, self.location) from None

    def around(self, work: Work, exchange: Exchange) -> Response:
        location = urljoin(exchange.request.base_url + exchange.request.target, self.location or "")
        return Response(self.status, {"Location": location, "Content-Length": "0"}, b"", reason=f"fault: {self}")


@dataclass(frozen=True)
class Garble(Fault):
    """Do the work, and respond with something that no document has.

    `mode` is "html_200" or "html_502" (a page of a gateway), "text", "empty" (a body of no bytes), "invalid_json",
    "invalid_utf8", or "content_type" (JSON that is said to be HTML).
    """

    mode: str

    family = "garbled"
    cause = "a gateway or a proxy can respond in place of the service"

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield every mode."""
        yield from map(cls, cls.choices("mode"))

    def around(self, work: Work, exchange: Exchange) -> Response:
        response = work(exchange)
        if response.delivery.is_silent or (
            not response.body and self.mode in ("empty", "invalid_json", "invalid_utf8", "content_type")
        ):
            exchange.hit.cancel()
            return response
        body, media_type, status = response.body, response.headers.get("Content-Type", JSON), response.status
        if self.mode == "html_200":
            body, media_type, status = _PAGE % (b"Welcome", b"Welcome"), "text/html", 200
        elif self.mode == "html_502":
            body, media_type, status = _PAGE % (b"502 Bad Gateway", b"502 Bad Gateway"), "text/html", 502
        elif self.mode == "text":
            body, media_type, status = b"upstream connect error\n", "text/plain", status if status != 204 else 200
        elif self.mode == "empty":
            body = b""
        elif self.mode == "invalid_json":
            body = body[:-1]
        elif self.mode == "invalid_utf8":
            body = body.replace(b'"', b'"\xff', 1)
        else:
            media_type = "text/html"
        return replace(
            response,
            status=status,
            headers={**response.headers, "Content-Type": media_type, "Content-Length": str(len(body))},
            body=body,
            content=None,
            reason=self.reason_of(response),
        )


@dataclass(frozen=True)
class Mutate(Fault):
    """Do the work, and change one attribute of the response that the documents have as optional.

    `mode` is "drop", "null", "retype" (a text becomes a number, a number a text, a list an object, and so on) or
    "value", which sets `value`. "null" and "value" add the attribute to a response that does not have it.
    """

    pointer: str
    mode: str
    value: Any = None

    hint = "; its pointer must lead to an optional attribute of the response"
    family = "attribute"

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield what can become of each optional attribute that the response has."""
        schema = operation.response_body
        found = schema.optional_pointers(entry.response_json) if schema is not None and entry.status < 400 else ()
        for pointer in found:
            # A page without its "next" is the last one: no client can know better.
            modes = ("retype",) if pointer == _NEXT else ("drop", "null", "retype")
            yield from (cls(pointer, mode) for mode in modes)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.value is not None and self.mode != "value":
            text = f'can only be given with the mode "value", got the mode {self.mode!r}'
            raise wrong_setting("value", "dependent", text, self.value)

    def fits(self, operation: Operation) -> bool:
        return operation.response_body is not None and operation.response_body.has_optional(parts_of(self.pointer))

    def cause_on(self, operation: Operation) -> str:
        return f"the documents say that {self.pointer} of the response is optional"

    def around(self, work: Work, exchange: Exchange) -> Response:
        response = work(exchange)
        document = visible_json(exchange.request, response)
        *parents, name = parts_of(self.pointer)
        holder = value_at(document, parents)
        if not isinstance(holder, dict) or (name not in holder and self.mode in ("drop", "retype")):
            exchange.hit.cancel()
            return response
        if self.mode == "drop":
            del holder[name]
        else:
            holder[name] = _retyped(holder[name]) if self.mode == "retype" else self.value
        return _with_json(self, response, document)


def _retyped(value: Any) -> Any:
    """Return a value of another JSON type, as similar as possible."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return len(value)
    if isinstance(value, (int, float)):
        return str(value)
    return {} if isinstance(value, list) else []


@dataclass(frozen=True)
class LoopingMarker(Fault):
    """Return a page whose next page is that page again, so that a client without a guard lists without end."""

    operations = ("glance_list_images",)
    family = "marker"
    cause = "a next page can lead to itself, and no document rules that out"

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield the fault, where there is a next page."""
        if isinstance(entry.response_json, dict) and "next" in entry.response_json:
            yield cls()

    def around(self, work: Work, exchange: Exchange) -> Response:
        response = work(exchange)
        document = visible_json(exchange.request, response)
        if not isinstance(document, dict) or "next" not in document:
            exchange.hit.cancel()
            return response
        return _with_json(self, response, {**document, "next": exchange.request.target})


def _with_json(fault: Fault, response: Response, document: Any) -> Response:
    """Return a response with another JSON body."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {**response.headers, "Content-Length": str(len(body))}
    return replace(response, headers=headers, body=body, reason=fault.reason_of(response))
