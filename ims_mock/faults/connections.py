"""Faults of the connection: responses that are lost, cut, or slow to leave."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import Operation
from ims_mock.evidence.delivery import Delivery
from ims_mock.evidence.journal import Entry
from ims_mock.exchange.exchange import Exchange, Work
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault
from ims_mock.faults.visible import visible_length

UNTIL_THE_CLIENT_GIVES_UP = 3600.0
"""Seconds that a client waits for a lost response, unless it hangs up before."""

_SLOW, _LONG = 20.0, 60.0
"""Seconds that a sweep lets a whole body take, and those after which the connection of one that does not come ends."""


@dataclass(frozen=True)
class LoseResponse(Fault):
    """Do the work, and lose the response: the client sees the `mode`.

    It is "reset", "hangup", "timeout", 500, 502, 503 or 504. A client that retries a create then leaves two images.
    """

    mode: str | int = "reset"

    family = "lost"
    cause = "the network can lose a response after the work is done"

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield every mode."""
        yield from map(cls, cls.choices("mode"))

    @property
    def is_silent(self) -> bool:
        """Whether the response does not come, and the connection stays."""
        return self.mode == "timeout"

    def around(self, work: Work, exchange: Exchange) -> Response:
        response = work(exchange)
        if isinstance(self.mode, int):
            done = "; the work is done" if response.status < 400 else ""
            code, message = exchange.operation.usual_error(self.mode)
            raise ImsError(self.mode, code, message, reason=self.reason_of(response) + done)
        pause = UNTIL_THE_CLIENT_GIVES_UP if self.mode == "timeout" else 0.0
        ending = "reset" if self.mode == "reset" else "hangup"
        return _delivered(self, response, Delivery(ending, is_silent=True, pause=pause))


@dataclass(frozen=True)
class Reset(Fault):
    """Reset the connection, with a TCP RST; the work is not done."""

    family = "wire"
    cause = "the network can break or slow a connection at any byte"

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield the fault."""
        yield cls()

    def around(self, work: Work, exchange: Exchange) -> Response:
        return _delivered(self, _no_response(), Delivery("reset", is_silent=True))


@dataclass(frozen=True)
class Hangup(Fault):
    """Close the connection without a response; the work is not done."""

    family = "wire"
    cause = "the network can break or slow a connection at any byte"

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield the fault."""
        yield cls()

    def around(self, work: Work, exchange: Exchange) -> Response:
        return _delivered(self, _no_response(), Delivery("hangup", is_silent=True))


@dataclass(frozen=True)
class Truncate(Fault):
    """Do the work, promise the whole body, send `at` bytes of it, and close the connection."""

    at: int

    family = "wire"
    cause = "the network can break or slow a connection at any byte"

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield a cut in the middle of the body."""
        yield from [cls(_length(entry) // 2)] if _length(entry) else ()

    def around(self, work: Work, exchange: Exchange) -> Response:
        response = work(exchange)
        if visible_length(exchange.request, response) <= self.at:
            exchange.hit.cancel()
            return response
        return _delivered(self, response, Delivery("hangup", length=self.at))


@dataclass(frozen=True)
class Drip(Fault):
    """Do the work, and send the body at so many bytes a second; `real_time` is as with Delay."""

    bytes_per_second: float
    real_time: bool = False

    family = "wire"
    cause = "the network can break or slow a connection at any byte"

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield a slow body, where there is one."""
        yield from [cls(max(1, _length(entry) // _SLOW))] if _length(entry) else ()

    def around(self, work: Work, exchange: Exchange) -> Response:
        response = work(exchange)
        if not visible_length(exchange.request, response):
            exchange.hit.cancel()
            return response
        return _delivered(self, response, Delivery(rate=self.bytes_per_second, real_time=self.real_time))


@dataclass(frozen=True)
class Stall(Fault):
    """Do the work, send the headers, and nothing more; the connection is closed after `seconds`.

    Where the clock stands still, the fault moves it by so many seconds, or real seconds pass.
    """

    seconds: float

    family = "wire"
    cause = "the network can break or slow a connection at any byte"

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield a body that does not come, where there is one."""
        yield from [cls(_LONG)] if _length(entry) else ()

    @property
    def is_silent(self) -> bool:
        """Whether the body does not come, and the connection stays: always."""
        return True

    def in_real_time(self) -> Fault:
        return Stall(UNTIL_THE_CLIENT_GIVES_UP)

    def around(self, work: Work, exchange: Exchange) -> Response:
        response = work(exchange)
        if not visible_length(exchange.request, response):
            exchange.hit.cancel()
            return response
        return _delivered(self, response, Delivery("hangup", length=0, pause=self.seconds))


def _length(entry: Entry) -> int:
    """Return how many bytes of a body a client got."""
    return 0 if entry.method == "HEAD" else len(entry.response_body)


def _no_response() -> Response:
    return Response(0, {}, b"")


def _delivered(fault: Fault, response: Response, delivery: Delivery) -> Response:
    """Return a response as a fault delivers it; what this fault does not change stays as an inner fault made it."""
    if not delivery.is_silent:
        changed = {
            field.name: getattr(delivery, field.name)
            for field in dataclasses.fields(delivery)
            if getattr(delivery, field.name) != field.default
        }
        delivery = replace(response.delivery, **changed)
    return replace(response, delivery=delivery, reason=fault.reason_of(response))
