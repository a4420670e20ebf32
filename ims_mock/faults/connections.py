"""Faults of the connection: responses that are lost, cut, or slow to leave."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace

from ims_mock.contract.errors import ImsError
from ims_mock.evidence.delivery import Delivery
from ims_mock.exchange.exchange import Exchange, Work
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault
from ims_mock.faults.visible import visible_length

UNTIL_THE_CLIENT_GIVES_UP = 3600.0
"""Seconds that a client waits for a lost response, unless it hangs up before."""


@dataclass(frozen=True)
class LoseResponse(Fault):
    """Do the work, and lose the response: the client sees the `mode`.

    It is "reset", "hangup", "timeout", 500, 502, 503 or 504. A client that retries a create then leaves two images.
    """

    mode: str | int = "reset"

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

    def around(self, work: Work, exchange: Exchange) -> Response:
        return _delivered(self, _no_response(), Delivery("reset", is_silent=True))


@dataclass(frozen=True)
class Hangup(Fault):
    """Close the connection without a response; the work is not done."""

    def around(self, work: Work, exchange: Exchange) -> Response:
        return _delivered(self, _no_response(), Delivery("hangup", is_silent=True))


@dataclass(frozen=True)
class Truncate(Fault):
    """Do the work, promise the whole body, send `at` bytes of it, and close the connection."""

    at: int

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

    def around(self, work: Work, exchange: Exchange) -> Response:
        response = work(exchange)
        if not visible_length(exchange.request, response):
            exchange.hit.cancel()
            return response
        return _delivered(self, response, Delivery("hangup", length=0, pause=self.seconds))


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
