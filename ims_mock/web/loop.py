"""The event loop of a server: one thread for all that needs no wait, and one more for each connection that does."""

from __future__ import annotations

import errno
import io
import logging
import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from ims_mock.evidence.delivery import WHOLE
from ims_mock.state.real import RealTime
from ims_mock.web.direct import status_line
from ims_mock.web.handler import DEFECT, IDLE_SECONDS, Handed, head_of, log_defect
from ims_mock.web.head import HeadError, parse_head
from ims_mock.web.together import Notes, Outcome, RepeatError
from ims_mock.web.wire import Connection

if TYPE_CHECKING:
    from ims_mock.contract.routes import Route
    from ims_mock.exchange.messages import Response
    from ims_mock.web.direct import Direct
    from ims_mock.web.fronts import Fronts
    from ims_mock.web.head import Head

_MOST_AT_ONCE = 65536
"""Most bytes that are read of a connection at once; a request with more is for a thread."""

_MOST_TO_SEND = 65536
"""Bytes of responses after which the other requests of a connection are for a thread, as are those that it sends."""

_BREATHER = 0.05
"""Most seconds until the next try to accept a connection, where the system has no space for one."""

_SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""Errors of an accept that the next one would have as well."""

_MOST_REPEATS = 5
"""Most times that a request is done again before a thread takes it."""

_TOGETHER = 4
"""Requests that are worked on while what those before them have to write is written."""

_TURN = 5.0
"""Seconds between two looks for connections that have been silent for too long."""

Socket = socket.socket

logger = logging.getLogger("ims_mock.web.server")


class Owner(Protocol):
    """What a loop needs of its server."""

    socket: Socket
    root: tuple[str, str, str]

    def get_request(self) -> Any:
        """Accept a connection."""

    def add_connection(self, connection: Socket) -> None:
        """Know a connection."""

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""

    def hand_over(self, connection: Socket, address: Any, handed: Handed) -> None:
        """Serve a connection on a thread of its own from now on."""


@dataclass(eq=False, slots=True)
class _Guest:
    """A connection between two requests: the `address` of its client, and when something came of it last."""

    connection: socket.socket
    address: Any
    seen: float


class Loop:
    """Reads requests of many connections, and responds to those that need no wait; without `fronts` it accepts alone.

    A request is for a thread, and its connection from then on, where the short way of the server has none for it, a
    body is not there yet, a rule of a fault is armed, or the client gets much at once. `is_working` is whether it does
    something with what it has read.
    """

    def __init__(self, server: Owner, fronts: Fronts | None) -> None:
        self._server = server
        self._fronts = fronts
        self._selector = selectors.DefaultSelector()
        self._waker, self._waking = socket.socketpair()
        self._guests: set[_Guest] = set()
        self._is_ending = False
        self._is_short = False
        self._is_resting = False
        self.is_working = False

    def run(self) -> None:
        """Serve until the loop is to end."""
        self._server.socket.setblocking(False)
        self._listen()
        self._selector.register(self._waking, selectors.EVENT_READ)
        looked = RealTime.monotonic()
        try:
            while not self._is_ending:
                self._do_what_has_come()
                if RealTime.monotonic() - looked > _TURN:
                    looked = RealTime.monotonic()
                    self._end_silent(looked - IDLE_SECONDS)
        finally:
            for guest in list(self._guests):
                self._end(guest)
            self._selector.close()
            self._waking.close()
            self._waker.close()

    def end(self) -> None:
        """End the loop, from another thread."""
        self._is_ending = True
        with suppress(OSError):
            self._waker.send(b"x")

    def _do_what_has_come(self) -> None:
        ready = self._selector.select(_BREATHER if self._is_resting else _TURN)
        if self._is_resting:
            self._listen()
        notes = self._fronts.notes if self._fronts is not None else None
        together: list[_Guest] = []
        for key, _ in ready:
            self.is_working = True
            if key.data is not None and notes is not None:
                together.append(key.data)
            elif key.data is not None:
                self._serve(key.data)
            elif key.fileobj is self._server.socket:
                self._accept()
        if notes is not None and together:
            received = [(guest, data) for guest in together if (data := self._received(guest)) is not None]
            self._serve_together(received, notes)
        self.is_working = False

    def _serve_together(self, received: list[tuple[_Guest, bytes]], notes: Notes, repeats: int = _MOST_REPEATS) -> None:
        """Respond to the requests that have come of several connections, once all is written that others must know.

        While some of it is being written, the next requests are worked on.
        """
        again: list[tuple[_Guest, bytes]] = []
        before: Callable[[], list[tuple[_Guest, bytes]]] = list
        for start in range(0, len(received), _TOGETHER):
            now = self._begin_together(received[start : start + _TOGETHER], notes, can_repeat=repeats > 0)
            again += before()
            before = now
        again += before()
        if again:
            self._serve_together(again, notes, repeats - 1)

    def _begin_together(
        self, received: list[tuple[_Guest, bytes]], notes: Notes, *, can_repeat: bool
    ) -> Callable[[], list[tuple[_Guest, bytes]]]:
        """Work on requests, and return what sends their responses once all is written, and returns those to repeat."""
        found = []
        with notes.gathering():
            for guest, data in received:
                first = len(notes)
                found.append((guest, data, self._respond(guest, data), range(first, len(notes))))
            written = notes.write()

        def finish() -> list[tuple[_Guest, bytes]]:
            outcomes, again = written(), []
            for guest, data, responded, mine in found:
                bad = [outcomes[number] for number in mine if outcomes[number] is not Outcome.GOOD]
                if not bad:
                    self._finish(guest, *responded)
                elif len(mine) > 1:
                    # Some of these requests may have changed something, so that they cannot be done again.
                    self._end(guest)
                elif bad == [Outcome.STALE] and can_repeat:
                    again.append((guest, data))
                else:
                    # A thread may wait for what others write, or for the store to come back.
                    self._hand_over(guest, Handed(data))
            return again

        return finish

    def _listen(self) -> None:
        self._is_resting = False
        self._selector.register(self._server.socket, selectors.EVENT_READ)

    def _rest(self, shortage: OSError) -> None:
        """Accept nothing for a moment, in which others are served; say so once."""
        if not self._is_short:
            logger.warning("no connection can be accepted: %s; new ones wait until others end", shortage.strerror)
        self._is_short = self._is_resting = True
        self._selector.unregister(self._server.socket)

    def _accept(self) -> None:
        try:
            connection, address = self._server.get_request()
        except OSError as error:
            if error.errno in _SHORTAGES:
                self._rest(error)
            return
        self._is_short = False
        self._server.add_connection(connection)
        if self._fronts is None:
            self._server.hand_over(connection, address, Handed())
            return
        connection.setblocking(False)
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        guest = _Guest(connection, address, RealTime.monotonic())
        self._guests.add(guest)
        self._selector.register(connection, selectors.EVENT_READ, guest)
        # Most clients have sent a request by now.
        if self._fronts.notes is None:
            self._serve(guest)

    def _end_silent(self, since: float) -> None:
        for guest in [guest for guest in self._guests if guest.seen < since]:
            self._end(guest)

    def _leave(self, guest: _Guest) -> None:
        self._guests.discard(guest)
        with suppress(KeyError, ValueError):
            self._selector.unregister(guest.connection)

    def _end(self, guest: _Guest) -> None:
        self._leave(guest)
        self._server.shutdown_request(guest.connection)

    def _hand_over(self, guest: _Guest, handed: Handed) -> None:
        self._leave(guest)
        self._server.hand_over(guest.connection, guest.address, handed)

    def _serve(self, guest: _Guest) -> None:
        """Respond to the requests that have come; what this cannot do is for a thread."""
        data = self._received(guest)
        if data is not None:
            self._finish(guest, *self._respond(guest, data))

    def _received(self, guest: _Guest) -> bytes | None:
        """Return what has come on a connection; None for nothing yet, and where it has ended."""
        try:
            data = guest.connection.recv(_MOST_AT_ONCE)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            self._end(guest)
            return None
        guest.seen = RealTime.monotonic()
        return data

    def _finish(self, guest: _Guest, handed: Handed | None, is_last: bool, sent: bytes) -> None:
        """Send what is to be sent, and leave what is left to a thread."""
        rest = self._send(guest, sent)
        if rest is None:
            self._end(guest)
        elif handed is not None or rest:
            self._hand_over(guest, replace(handed or Handed(), unsent=rest, is_last=is_last))
        elif is_last:
            self._end(guest)

    def _send(self, guest: _Guest, data: bytes) -> bytes | None:
        """Send, and return what the system does not take; None where the client is gone."""
        try:
            return data[guest.connection.send(data) :] if data else b""
        except BlockingIOError:
            return data
        except OSError as error:
            logger.debug("%s: connection ended: %r", guest.address, error)
            return None

    def _respond(self, guest: _Guest, data: bytes) -> tuple[Handed | None, bool, bytes]:
        """Return what is for a thread, whether the connection ends, and what is to be sent before either."""
        responses: list[bytes] = []
        handed, is_last, fronts, size, repeats = None, False, self._fronts, 0, 0
        assert fronts is not None
        while data and handed is None and not is_last:
            try:
                quick = _quick(fronts, data) if size < _MOST_TO_SEND else None
            except Exception:
                # A thread meets it too, and has a response for it; the loop serves everybody else.
                logger.exception("a request is for a thread: the world that it is for cannot be chosen")
                quick = None
            if quick is None:
                return Handed(data), False, b"".join(responses)
            direct, head, route, end = quick
            connection = Connection(guest.connection, io.BytesIO(data[end - (head.length or 0) : end]))
            try:
                response = direct.serve(route, head, connection, self._server.root)
            except RepeatError:
                repeats += 1
                if repeats > _MOST_REPEATS:
                    return Handed(data), False, b"".join(responses)
                continue
            except Exception as error:
                log_defect(head, error)
                return None, True, b"".join([*responses, DEFECT])
            data, is_last = data[end:], head.is_last
            if response.content is not None or response.delivery is not WHOLE:
                handed = Handed(data, response=(head, response, direct.clock))
            else:
                responses.append(_bytes_of(response, is_last=is_last))
                size += len(responses[-1])
        return handed, is_last, b"".join(responses)


def _quick(fronts: Fronts, data: bytes) -> tuple[Direct, Head, Route, int] | None:
    """Return who responds to a request at once, with its head, its route and the end of its body; None for a thread."""
    end = data.find(b"\r\n\r\n") + 4
    if end < 4 or data.startswith(b"\r\n"):
        return None
    try:
        head = parse_head(data[:end])
    except HeadError:
        return None
    if head.length is None or end + head.length > len(data):
        return None
    chosen = fronts.direct_of(head)
    if chosen is None:
        return None
    direct, below = chosen
    route = direct.quick_route(below)
    return None if route is None else (direct, below, route, end + head.length)


def _bytes_of(response: Response, *, is_last: bool) -> bytes:
    """Return a whole response as it is sent."""
    headers = list(response.headers.items())
    if "Content-Length" not in response.headers and response.status != 204:
        headers.append(("Content-Length", str(len(response.body))))
    return head_of(status_line(response.status), headers, is_last=is_last) + response.body
