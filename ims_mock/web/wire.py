"""How a response leaves when it does not leave whole and at once: late, cut, dripping, or not at all.

The iterator of the body misbehaves: a server sends what it yields, and closes the connection when it raises.
Without a socket, as with Flask's test client, it raises the error that a client would see.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ims_mock.exchange.messages import Response
from ims_mock.exchange.pacing import pass_time
from ims_mock.state.clock import Clock

_PIECES_A_SECOND = 10
"""How often, in a second of the mock's clock, a part of a dripping response is sent."""


class DeliveryError(ConnectionError):
    """The response ends here, and the connection with it."""


@dataclass(slots=True)
class Connection:
    """The connection that a request came on, and its body as the server reads it."""

    sock: socket.socket
    body: Any

    def drain(self) -> None:
        """Read and drop what the request has left of its body, where the server knows how.

        A socket that is closed with bytes unread is reset by the kernel, and a client that is still sending sees a
        reset in other ways than one that waits for its response.
        """
        drain = getattr(self.body, "drain", None)
        if drain is not None:
            with suppress(OSError):
                drain()

    def reset(self) -> None:
        """Reset: the kernel sends a RST when a socket without linger is closed.

        socket.close() does not close it, as the server holds files over it; another one over its descriptor does.
        """
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with socket.socket(self.sock.family) as unconnected:
            os.dup2(unconnected.fileno(), self.sock.fileno(), inheritable=False)


@dataclass
class Departure:
    """The end of a client: calling it says whether it has gone."""

    connection: Connection | None

    def __call__(self) -> bool:
        """Return whether the client has gone."""
        return has_gone(self.connection)

    @property
    def sock(self) -> socket.socket | None:
        """The mock's socket of the connection."""
        return self.connection.sock if self.connection else None


def deliver(response: Response, connection: Connection | None, clock: Clock) -> Iterator[bytes]:
    """Yield what is sent of a response's body, and end as its delivery says.

    Raises DeliveryError where the connection has to be closed; without a connection, what a client would see.
    """
    delivery = response.delivery
    pieces = [response.body] if response.content is None else response.content
    sent, due = b"", clock.now()

    is_over = Departure(connection)
    if not delivery.is_silent:
        # The head goes with the first piece, before anything is waited for.
        yield b""
        for piece in _cut(pieces, delivery.length):
            for part in _parts(piece, delivery.rate):
                # Before the piece, so that the clock is right when the client has the last byte.
                if delivery.rate is not None:
                    seconds, late = len(part) / delivery.rate, max(clock.now() - due, 0.0)
                    pass_time(clock, seconds, is_over, real_time=delivery.real_time, late=late)
                    due += seconds
                yield part
                sent += part if connection is None else b""
    if connection is None and (delivery.pause or delivery.ending):
        raise _seen(response, sent)
    if delivery.pause:
        clock.wait(delivery.pause, is_over)
    if delivery.ending and connection is not None:
        connection.drain()
        if delivery.ending == "reset":
            connection.reset()
        raise DeliveryError(f"{delivery.ending} by a fault")


def has_gone(connection: Connection | None) -> bool:
    """Return whether the other side has closed a connection, also if only for sending, or this one has."""
    if connection is None or connection.sock.fileno() < 0:
        return connection is not None
    return _has_ended(connection.sock) if hasattr(select, "poll") else _has_ended_by_peeking(connection.sock)


def _has_ended(sock: socket.socket) -> bool:
    """Ask the kernel whether a connection has ended, whatever there is still to be read of it."""
    half_closed = getattr(select, "POLLRDHUP", 0)
    ended = half_closed | select.POLLHUP | select.POLLERR | select.POLLNVAL
    poll = select.poll()
    poll.register(sock, half_closed)
    return any(events & ended for _, events in poll.poll(0))


def _has_ended_by_peeking(sock: socket.socket) -> bool:
    """Return whether a connection has ended where there is no poll, as on Windows: nothing is left to read then."""
    try:
        is_readable = bool(select.select([sock], [], [], 0)[0])
        # A TLS socket cannot peek, so the connection below it is asked.
        return is_readable and not socket.socket.recv(sock, 1, socket.MSG_PEEK)
    except OSError:
        return True


def _cut(pieces: Iterable[bytes], length: int | None) -> Iterator[bytes]:
    """Yield the first bytes of what comes in pieces, all where there is no length."""
    for piece in pieces:
        if length is None:
            yield piece
            continue
        yield piece[:length]
        length -= len(piece)
        if length <= 0:
            return


def _parts(piece: bytes, rate: float | None) -> Iterator[bytes]:
    """Yield a piece in parts so small that several leave in a second."""
    size = len(piece) if rate is None else max(int(rate / _PIECES_A_SECOND), 1)
    for start in range(0, len(piece), max(size, 1)):
        yield piece[start : start + size]


def _seen(response: Response, sent: bytes) -> Exception:
    """Return what a client of such a response would see."""
    delivery = response.delivery
    if delivery.pause:
        return TimeoutError("timed out")
    if delivery.ending == "reset":
        return ConnectionResetError("Connection reset by peer")
    # Imported here: only Flask's test client sees them.
    import http.client

    if delivery.is_silent:
        return http.client.RemoteDisconnected("Remote end closed connection without response")
    return http.client.IncompleteRead(sent, int(response.headers.get("Content-Length", 0)) - len(sent))


def connection_of(environ: dict[str, Any]) -> Connection | None:
    """Return the connection of a request; None where there is none."""
    connection: socket.socket | None = environ.get("werkzeug.socket")
    return None if connection is None else Connection(connection, environ["wsgi.input"])
