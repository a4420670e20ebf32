"""Failure on command: the faults. What each looks like to a client is in docs/faults.md."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

from ims_mock.contract.errors import ImsError, documented_message
from ims_mock.contract.operations import JSON, Operation
from ims_mock.contract.pointers import parts_of, value_at
from ims_mock.evidence.delivery import Delivery
from ims_mock.exchange.messages import Outgoing
from ims_mock.faults.fault import Exchange, Fault, checked, schema_of

UNTIL_THE_CLIENT_GIVES_UP = 3600.0
"""Seconds that a lost answer is waited for, unless the client hangs up before."""

_LONGEST = 1e9
"""Most seconds that a fault lets pass at once, as the schemas have it."""

_PAGE = b"<html><head><title>%s</title></head><body><h1>%s</h1><hr>api-gateway</body></html>\r\n"


@dataclass(frozen=True)
class Fail(Fault):
    """Refuse with a status from 400 to 599 in its documented body; the work is not done.

    `code` and `message` replace the documented ones; an IMG code makes the body the service's, an APIGW code the
    gateway's. `retry_after` is in seconds. Raises ValueError also for an undocumented code without a message.
    """

    status: int
    code: str | None = None
    message: str | None = None
    retry_after: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.code is not None and self.message is None:
            documented_message(self.code, self.status)

    def around(self, exchange: Exchange) -> Outgoing:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        raise ImsError(self.status, self.code, self.message, reason=f"fault: {self}", headers=headers)


@dataclass(frozen=True)
class Throttle(Fault):
    """Let `limit` requests pass in `per` seconds of the mock's clock, and refuse the others with 429, APIGW.0308.

    A token bucket, which is full at first; `Retry-After` says when the next one passes.
    """

    limit: int
    per: float

    is_lasting = True

    def around(self, exchange: Exchange) -> Outgoing:
        rate = self.limit / self.per
        with exchange.store.lock:
            now, bucket = exchange.store.clock.now(), exchange.memory
            tokens = min(self.limit, bucket.get("tokens", self.limit) + max(now - bucket.get("at", now), 0) * rate)
            # What a clock loses in its last digits is not to cost anybody a request.
            is_let_pass = tokens >= 1 - 1e-9
            bucket.update(at=now, tokens=max(tokens - 1, 0.0) if is_let_pass else tokens)
        if is_let_pass:
            exchange.spare()
            return exchange.work()
        period = "1 minute" if self.per == 60 else f"{self.per:g} second"
        raise ImsError(
            429,
            "APIGW.0308",
            f"{documented_message('APIGW.0308', 429).rstrip('.')}: policy user over ratelimit,"
            f"limit:{self.limit},time:{period}",
            reason=f"fault: {self}",
            headers={"Retry-After": str(math.ceil((1 - tokens) / rate - 1e-9) or 1)},
        )


@dataclass(frozen=True)
class Delay(Fault):
    """Do the work and answer `seconds` later, `jitter` more or less.

    A clock that stands still is moved by it, unless `really`: then real seconds pass.
    """

    seconds: float
    jitter: float = 0.0
    really: bool = False

    def around(self, exchange: Exchange) -> Outgoing:
        outgoing = exchange.work()
        seconds = self.seconds + exchange.random.uniform(-self.jitter, self.jitter)
        exchange.pass_time(max(seconds, 0.0), really=self.really)
        return outgoing


@dataclass(frozen=True)
class LognormalDelay(Fault):
    """Do the work and answer as late as services do: mostly after about `median` seconds, sometimes far later."""

    median: float
    sigma: float
    really: bool = False

    def around(self, exchange: Exchange) -> Outgoing:
        outgoing = exchange.work()
        seconds = exchange.random.lognormvariate(math.log(self.median), self.sigma)
        exchange.pass_time(min(seconds, _LONGEST), really=self.really)
        return outgoing


@dataclass(frozen=True)
class LoseResponse(Fault):
    """Do the work, and lose the answer: the client sees `then`, which is "reset", "hangup", "timeout", 500, 502 or 504.

    What makes a create that is tried again leave two images.
    """

    then: str | int = "reset"

    def around(self, exchange: Exchange) -> Outgoing:
        outgoing = exchange.work()
        if isinstance(self.then, int):
            done = "; the work is done" if outgoing.status < 400 else ""
            raise ImsError(self.then, reason=_reason(self, outgoing) + done)
        pause = UNTIL_THE_CLIENT_GIVES_UP if self.then == "timeout" else 0.0
        ending = "reset" if self.then == "reset" else "hangup"
        return _delivered(self, outgoing, Delivery(ending, is_silent=True, pause=pause))


@dataclass(frozen=True)
class Reset(Fault):
    """Reset the connection, with a TCP RST; the work is not done."""

    def around(self, exchange: Exchange) -> Outgoing:
        return _delivered(self, _no_answer(), Delivery("reset", is_silent=True))


@dataclass(frozen=True)
class Hangup(Fault):
    """Close the connection and say nothing; the work is not done."""

    def around(self, exchange: Exchange) -> Outgoing:
        return _delivered(self, _no_answer(), Delivery("hangup", is_silent=True))


@dataclass(frozen=True)
class Truncate(Fault):
    """Do the work, promise the whole body, send `at` bytes of it, and close the connection."""

    at: int

    def around(self, exchange: Exchange) -> Outgoing:
        outgoing = exchange.work()
        if exchange.length(outgoing) <= self.at:
            exchange.spare()
            return outgoing
        return _delivered(self, outgoing, Delivery("hangup", length=self.at))


@dataclass(frozen=True)
class Drip(Fault):
    """Do the work, and send the body at so many bytes a second; `really` is as with Delay."""

    bytes_per_second: float
    really: bool = False

    def around(self, exchange: Exchange) -> Outgoing:
        outgoing = exchange.work()
        if not exchange.length(outgoing):
            exchange.spare()
            return outgoing
        return _delivered(self, outgoing, Delivery(rate=self.bytes_per_second, really=self.really))


@dataclass(frozen=True)
class Stall(Fault):
    """Do the work, send the headers, and nothing more; the connection is closed after `seconds`.

    Where the clock stands still, real seconds pass, or the clock is moved by so many.
    """

    seconds: float

    def around(self, exchange: Exchange) -> Outgoing:
        outgoing = exchange.work()
        if not exchange.length(outgoing):
            exchange.spare()
            return outgoing
        return _delivered(self, outgoing, Delivery("hangup", length=0, pause=self.seconds))


@dataclass(frozen=True)
class Garble(Fault):
    """Do the work, and answer something that no document has.

    `form` is "html_200" or "html_502" (a page of a gateway), "text", "empty" (a body of no bytes), "invalid_json",
    "invalid_utf8", or "content_type" (JSON that is said to be HTML).
    """

    form: str

    def around(self, exchange: Exchange) -> Outgoing:
        outgoing = exchange.work()
        is_lost = outgoing.delivery is not None and outgoing.delivery.is_silent
        if is_lost or (not outgoing.body and self.form in ("empty", "invalid_json", "invalid_utf8", "content_type")):
            exchange.spare()
            return outgoing
        body, media_type, status = outgoing.body, outgoing.headers.get("Content-Type", JSON), outgoing.status
        if self.form == "html_200":
            body, media_type, status = _PAGE % (b"Welcome", b"Welcome"), "text/html", 200
        elif self.form == "html_502":
            body, media_type, status = _PAGE % (b"502 Bad Gateway", b"502 Bad Gateway"), "text/html", 502
        elif self.form == "text":
            body, media_type, status = b"upstream connect error\n", "text/plain", status if status != 204 else 200
        elif self.form == "empty":
            body = b""
        elif self.form == "invalid_json":
            body = body[:-1]
        elif self.form == "invalid_utf8":
            body = body.replace(b'"', b'"\xff', 1)
        else:
            media_type = "text/html"
        return replace(
            outgoing,
            status=status,
            headers={**outgoing.headers, "Content-Type": media_type, "Content-Length": str(len(body))},
            body=body,
            content=None,
            reason=_reason(self, outgoing),
        )


@dataclass(frozen=True)
class Mutate(Fault):
    """Do the work, and change one attribute of the answer, which the documents have as optional.

    `how` is "drop", "null", "retype" (a text becomes a number, a number a text, a list an object, and so on) or
    "value", which sets `value`. An answer that does not have the attribute is given it by "null" and "value".
    """

    pointer: str
    how: str
    value: Any = None

    hint = "; its pointer must lead to what the documents have as optional in the answer"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.value is not None and self.how != "value":
            raise ValueError(f'value is set where how is "value" alone, got how {self.how!r}')

    def fits(self, operation: Operation) -> bool:
        return operation.response_body is not None and operation.response_body.has_optional(parts_of(self.pointer))

    def around(self, exchange: Exchange) -> Outgoing:
        outgoing = exchange.work()
        document = exchange.document(outgoing)
        *parents, name = parts_of(self.pointer)
        holder = value_at(document, parents)
        if not isinstance(holder, dict) or (name not in holder and self.how in ("drop", "retype")):
            exchange.spare()
            return outgoing
        if self.how == "drop":
            del holder[name]
        else:
            holder[name] = _retyped(holder[name]) if self.how == "retype" else self.value
        return _answered(self, outgoing, document)


@dataclass(frozen=True)
class Stale(Fault):
    """Answer lists and shows as they would have been before the last writes.

    With `reads`, so many reads of each operation after a write do not see it; with `seconds`, none within so many
    seconds of the mock's clock. A deleted image is still there, a new one not yet.
    """

    reads: int | None = None
    seconds: float | None = None

    is_lasting = True
    operations = (
        "glance_list_images",
        "glance_show_image",
        "glance_list_image_members",
        "glance_show_image_member",
        "glance_list_images_detail_v1",
        "glance_show_image_metadata_v1",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.reads is None) == (self.seconds is None):
            raise ValueError("needs either reads or seconds")

    def around(self, exchange: Exchange) -> Outgoing:
        store, memory = exchange.store, exchange.memory
        with store.lock:
            store.settle()
            if self.seconds is not None:
                seen = store.version_at(store.clock.now() - self.seconds)
            else:
                reads = memory.setdefault(exchange.operation.id, {"seen": memory["seen"]})
                seen = _version_seen(reads, store.version, self.reads or 0)
            earlier = store.as_of(seen) if seen != store.version else None
        if earlier is None:
            exchange.spare()
            return exchange.work()
        outgoing = exchange.work(earlier)
        outgoing.reason = _reason(self, outgoing)
        return outgoing


def _version_seen(memory: dict[str, Any], newest: int, reads: int) -> int:
    """Return which version of the state a read sees, and write down that it has been made."""
    if memory.get("newest") != newest:
        memory.update(newest=newest, left=reads)
    if memory["left"] == 0:
        memory["seen"] = newest
    else:
        memory["left"] -= 1
    seen: int = memory["seen"]
    return seen


@dataclass(frozen=True)
class LoopingMarker(Fault):
    """Answer a page whose next page is that page again, so that a client without a guard lists for ever."""

    operations = ("glance_list_images",)

    def around(self, exchange: Exchange) -> Outgoing:
        outgoing = exchange.work()
        document = exchange.document(outgoing)
        if not isinstance(document, dict) or "next" not in document:
            exchange.spare()
            return outgoing
        return _answered(self, outgoing, {**document, "next": exchange.incoming.target})


@dataclass(frozen=True)
class Redirect(Fault):
    """Send the client elsewhere; the work is not done. Without a `location`, to the same place, and so for ever."""

    location: str | None = None
    status: int = 302

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            urljoin("http://localhost/", self.location or "")
        except ValueError as error:
            raise ValueError(f"location must be a URL or a path, got {self.location!r}: {error}") from None

    def around(self, exchange: Exchange) -> Outgoing:
        location = urljoin(exchange.incoming.base_url + exchange.incoming.target, self.location or "")
        return Outgoing(self.status, {"Location": location, "Content-Length": "0"}, b"", reason=f"fault: {self}")


@dataclass(frozen=True)
class SpoilUpload(Fault):
    """Let an upload come to a bad end, though it is answered like any other.

    `how` is "killed", "saving" (it stays so for ever) or "checksum": the image's is not that of the bytes that came.
    """

    how: str

    operations = ("glance_upload_image",)

    def around(self, exchange: Exchange) -> Outgoing:
        image_id = exchange.incoming.path["image_id"]
        with exchange.store.lock:
            is_spoilt = exchange.store.spoilt.setdefault(image_id, self.how) is not self.how
        if is_spoilt:
            # An outer one has its way.
            exchange.spare()
            return exchange.work()
        try:
            outgoing = exchange.work()
        finally:
            with exchange.store.lock:
                exchange.store.spoilt.pop(image_id, None)
        if outgoing.status >= 400:
            exchange.spare()
        return outgoing


@dataclass(frozen=True)
class Sequence(Fault):
    """Strike with one fault after the other, and begin anew after the last; None lets a request pass.

    A rule has as many `times` as there are faults, unless it says otherwise.
    """

    faults: tuple[Fault | None, ...] | list[Fault | None]

    is_lasting = True

    def __post_init__(self) -> None:
        faults = self.faults
        super().__post_init__()
        for fault in faults:
            if fault is not None and (not isinstance(fault, Fault) or fault.is_lasting):
                lasting = ", ".join(kind.__name__ for kind in KINDS.values() if kind.is_lasting)
                raise ValueError(f"faults must be faults, and none of {lasting}, or None, got {fault}")
        if not any(faults):
            raise ValueError("faults must have one that strikes, and not None alone")
        # From JSON, and from people, it comes as a list.
        object.__setattr__(self, "faults", tuple(faults))

    def fits(self, operation: Operation) -> bool:
        return all(fault.fits(operation) for fault in self.faults if fault is not None)

    def around(self, exchange: Exchange) -> Outgoing:
        fault = self.faults[(exchange.hit - 1) % len(self.faults)]
        # What has been struck once stays so, even when it is this fault's turn to do nothing.
        outgoing = fault.around(exchange) if fault else exchange.work()
        exchange.is_spared = False
        return outgoing


KINDS: dict[str, type[Fault]] = {
    fault.kind(): fault
    for fault in (
        *(Fail, Throttle, Delay, LognormalDelay, LoseResponse, Reset, Hangup, Truncate, Drip, Stall, Garble, Mutate),
        *(Stale, LoopingMarker, Redirect, SpoilUpload, Sequence),
    )
}
"""The faults by their name in JSON."""


def fault_from_json(document: Any) -> Fault | None:
    """Return the fault of an object with its `kind` and settings; None of null.

    Raise ValueError naming what is wrong.
    """
    if document is None:
        return None
    if not isinstance(document, Mapping) or not isinstance(document.get("kind"), str) or document["kind"] not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    kind = document["kind"]
    given = checked(schema_of(kind), document)
    del given["kind"]
    if kind == Sequence.kind():
        given["faults"] = [_nested(number, item) for number, item in enumerate(given["faults"])]
    return KINDS[kind](**given)


def _nested(number: int, document: Any) -> Fault | None:
    """Return a fault of a sequence; raise ValueError naming also which it is."""
    try:
        return fault_from_json(document)
    except ValueError as error:
        raise ValueError(placed(f"faults/{number}", error)) from None


def placed(place: str, error: ValueError) -> str:
    """Return what is wrong with a fault in JSON, with the place of the fault itself before it."""
    text = str(error)
    names = {"kind", *(field.name for kind in KINDS.values() for field in dataclasses.fields(kind))}
    return f"{place}/{text}" if re.split(r"\W", text, maxsplit=1)[0] in names else f"{place}: {text}"


def _reason(fault: Fault, outgoing: Outgoing) -> str:
    """Return why an answer is as it is: for what there was to refuse, and by a fault."""
    return "; ".join(filter(None, (outgoing.reason, f"fault: {fault}")))


def _no_answer() -> Outgoing:
    return Outgoing(0, {}, b"")


def _delivered(fault: Fault, outgoing: Outgoing, delivery: Delivery) -> Outgoing:
    """Return an answer as it leaves by a fault; what an inner fault has done to it before holds where this does not."""
    inner = outgoing.delivery
    if inner is not None and not delivery.is_silent:
        changed = {
            field.name: getattr(delivery, field.name)
            for field in dataclasses.fields(delivery)
            if getattr(delivery, field.name) != field.default
        }
        delivery = replace(inner, **changed)
    return replace(outgoing, delivery=delivery, reason=_reason(fault, outgoing))


def _answered(fault: Fault, outgoing: Outgoing, document: Any) -> Outgoing:
    """Return an answer with another JSON body."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {**outgoing.headers, "Content-Length": str(len(body))}
    return replace(outgoing, headers=headers, body=body, reason=_reason(fault, outgoing))


def _retyped(value: Any) -> Any:
    """Return a value of another JSON type, as near as can be."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return len(value)
    if isinstance(value, (int, float)):
        return str(value)
    return {} if isinstance(value, list) else []
