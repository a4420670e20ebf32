"""The requests of one connection, one after the other, as calls of a WSGI application (PEP 3333)."""

from __future__ import annotations

import io
import logging
import socket
import socketserver
import sys
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ims_mock.contract.routes import Route
from ims_mock.evidence.delivery import WHOLE
from ims_mock.exchange.messages import Response
from ims_mock.state.clock import Clock
from ims_mock.web.direct import Direct, status_line
from ims_mock.web.head import Head, HeadError, read_head
from ims_mock.web.request_body import MAX_DRAIN, BodyError, RequestBody
from ims_mock.web.wire import Connection, deliver

if TYPE_CHECKING:
    from io import BufferedReader

    from _typeshed.wsgi import WSGIEnvironment

    from ims_mock.web.fronts import Fronts

Refuse = Callable[[int, str, str, str], Response]
"""Makes the response to invalid HTTP from a status, a reason, the method and the target."""

IDLE_SECONDS = 60
"""How long a connection may be silent."""

LINGER_SECONDS = 2
"""How long a connection that the server closes may be silent until the client closes it."""

logger = logging.getLogger("ims_mock.web.server")

DEFECT = (
    b"HTTP/1.1 500 INTERNAL SERVER ERROR\r\nContent-Type: application/json\r\nContent-Length: 118\r\n"
    b"X-Request-Id: 00000000000000000000000000000000\r\nConnection: close\r\n"
    b"X-IMS-Mock-Reason: unexpected error in the mock; its log has the traceback\r\n\r\n"
    b'{"error_code":"APIGW.0201","error_msg":"An unexpected error occurred",'
    b'"request_id":"00000000000000000000000000000000"}'
)
"""What a client gets when an application cannot respond. It is ready, so that nothing can go wrong with it as well."""


class _NoResponseError(Exception):
    """An application has raised, before it had a response; the cause is what it raised."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What another has done for a connection before a thread serves it.

    `data` has been read, `unsent` is to be sent, and then a `response` to a request, by the clock of its world. With
    `is_last` that is all.
    """

    data: bytes = b""
    unsent: bytes = b""
    response: tuple[Head, Response, Clock] | None = None
    is_last: bool = False


class _Behind(io.RawIOBase):
    """A stream that begins with bytes which were read before."""

    def __init__(self, first: bytes, rest: BufferedReader) -> None:
        self._first = first
        self._rest = rest

    def readable(self) -> bool:
        """Return True: io.BufferedReader asks."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what was there before, and then what comes."""
        if not self._first:
            return self._rest.readinto1(buffer)
        piece, self._first = self._first[: len(buffer)], self._first[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Close what comes as well."""
        super().close()
        self._rest.close()


class Handler(socketserver.StreamRequestHandler):
    """Responds to the requests of one connection.

    What is not certain to be one request is rejected, and the connection closed, because nobody knows where the next
    one begins.
    """

    disable_nagle_algorithm = True  # TCP_NODELAY: a response is one write, and its end must not wait.
    timeout = IDLE_SECONDS
    server: Any  # The server's module imports this one.
    rfile: BufferedReader
    is_last = False
    upstream: Any = None
    """What is kept of one request for the next, such as a connection to another host; it is closed with this one."""

    handed = Handed()

    def setup(self) -> None:
        """Go on with what another has begun."""
        super().setup()
        self.handed = self.server.take(self.connection)
        if self.handed.data:
            self.rfile = io.BufferedReader(_Behind(self.handed.data, self.rfile))

    def finish(self) -> None:
        """Close what is kept."""
        super().finish()
        if self.upstream is not None:
            self.upstream.close()

    def handle(self) -> None:
        """Respond until either side ends the connection."""
        try:
            self._go_on()
            while not self.is_last:
                self._handle_next()
        except (OSError, ValueError) as error:
            # The client has gone, or is out of step, or a wire fault has closed the socket.
            logger.debug("%s: connection ended: %r", self.client_address, error)

    def _go_on(self) -> None:
        """Send what is left of earlier requests."""
        handed, self.is_last = self.handed, self.handed.is_last
        if handed.unsent:
            self.connection.sendall(handed.unsent)
        if handed.response is not None:
            head, response, clock = handed.response
            body = RequestBody(io.BytesIO(), 0, None)
            with closing(self._result_of(response, body, clock)) as result:
                self._send_all(head, body, result)
        self.handed = Handed()

    def _handle_next(self) -> None:
        try:
            head = read_head(self.rfile)
        except HeadError as error:
            self._refuse(error)
            return
        if head is None:
            self.is_last = True
            return
        self.is_last = head.is_last
        body = RequestBody(self.rfile, head.length, self._send_continue if head.expects_continue else None)
        try:
            self.respond(head, body)
        except _NoResponseError as error:
            self.is_last = True
            self.connection.sendall(DEFECT)
            log_defect(head, error.__cause__)
        if body.awaited and not body.ended:
            # The client sees that this was all; some send the body all the same.
            body.refuse_leave()
            self.connection.shutdown(socket.SHUT_WR)
        # A response that leaves while the body is still coming is only read by the client when that has been sent.
        if not body.drain():
            self.is_last = True
            self._linger()

    def _refuse(self, error: HeadError) -> None:
        """Reject what is no request as the gateway does, and close the connection."""
        self.is_last = True
        phrase = HTTPStatus(error.status).phrase
        # The gateway has a status of its own for headers that are too large.
        status = 494 if error.status == 431 else error.status
        response = self.server.refuse(status, error.reason, error.method, error.target)
        self.send(f"{status} {phrase}", list(response.headers.items()), response.body)
        self._linger()

    def _linger(self) -> None:
        """Read and drop what still comes before the connection is closed.

        The kernel resets a connection that is closed with bytes unread, and the client may then lose the response
        (RFC 9112 section 9.6).
        """
        with suppress(OSError):  # The client may be faster.
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            left = MAX_DRAIN
            while left > 0 and (dropped := len(self.connection.recv(65536))):
                left -= dropped

    def _send_continue(self) -> None:
        self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _environ(self, head: Head, body: RequestBody) -> WSGIEnvironment:
        environ: WSGIEnvironment = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": self.server.url_scheme,
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "werkzeug.socket": self.connection,
            "REQUEST_METHOD": head.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": head.path,
            "QUERY_STRING": head.query,
            "REQUEST_URI": head.target,
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_PORT": self.client_address[1],
            "SERVER_NAME": self.server.server_address[0],
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": head.version,
        }
        environ.update(head.fields.environ)
        return environ

    def respond(self, head: Head, body: RequestBody) -> None:
        """Respond by the short way where there is one, and by the application where there is none."""
        fronts: Fronts | None = self.server.fronts
        try:
            chosen = fronts.direct_of(head) if fronts is not None else None
            route = chosen[0].route(chosen[1]) if chosen is not None else None
            if chosen is None or route is None:
                result = self._call(head, body)
            else:
                result = self._serve(chosen[0], route, chosen[1], body)
        except (BodyError, ConnectionError, TimeoutError):  # Of the client.
            raise
        except Exception as error:
            raise _NoResponseError from error
        try:
            self._send_all(head, body, result)
        finally:
            result.close()

    def _serve(self, direct: Direct, route: Route, head: Head, body: RequestBody) -> Result:
        """Return what the service responds to a request of a route."""
        response = direct.serve(route, head, Connection(self.connection, body), self.server.root)
        return self._result_of(response, body, direct.clock)

    def _result_of(self, response: Response, body: RequestBody, clock: Clock) -> Result:
        result = Result([response.body] if response.content is None else response.content)
        if response.delivery is not WHOLE:
            connection = Connection(self.connection, body)
            result.pieces = deliver(response, connection, clock)
        result.start(status_line(response.status), list(response.headers.items()))
        return result

    def _call(self, head: Head, body: RequestBody) -> Result:
        """Return what the application responds."""
        result = Result(())
        result.pieces = self.server.app(self._environ(head, body), result.start)
        return result

    def _send_all(self, head: Head, body: RequestBody, result: Result) -> None:
        """Send a response, its head and first piece in one write."""
        pieces = iter(result.pieces)
        piece = next(pieces, b"")
        # What an application has written comes first, and it may say what the status is as late as this.
        first = b"".join([*result.written, piece])
        if not result.has_length and not result.status.startswith("204"):
            first += b"".join(pieces)
            result.headers.append(("Content-Length", str(len(first))))
        # A client that still waits for leave to send its body may do so after this response, or not at all.
        self.is_last = self.is_last or body.is_broken or (body.awaited and not body.ended)
        if not self.is_last and head.version == "HTTP/1.0":
            result.headers.append(("Connection", "keep-alive"))
        self.send(result.status, result.headers, b"" if head.method == "HEAD" else first)
        if head.method != "HEAD":
            for piece in pieces:
                self.connection.sendall(piece)

    def send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send the head of a response, with the first bytes of its body, which HEAD has none of."""
        self.connection.sendall(head_of(status, headers, is_last=self.is_last) + body)


class Result:
    """What is to be sent: `pieces` of a body, behind what was `written` before, and the head once it is known."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = pieces
        self.written: list[bytes] = []
        self.status = ""
        self.headers: list[tuple[str, str]] = []

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
        """Say what the head is, as start_response of PEP 3333 does."""
        self.status, self.headers = status, headers
        return self.written.append

    @property
    def has_length(self) -> bool:
        """Whether the head says how long the body is."""
        return any(name.lower() == "content-length" for name, _ in self.headers)

    def close(self) -> None:
        """Say that no more is read of the body."""
        close = getattr(self.pieces, "close", None)
        if close:
            close()


def log_defect(head: Head, error: BaseException | None) -> None:
    """Log the error for which a request got the DEFECT as its response."""
    with suppress(Exception):  # A log that a test has patched is not to end the thread.
        logger.error("%s %s failed in the mock itself", head.method, head.target, exc_info=error)


def head_of(status: str, headers: list[tuple[str, str]], *, is_last: bool) -> bytes:
    """Return the head of a response."""
    if is_last:
        headers.append(("Connection", "close"))
    return "\r\n".join([f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "\r\n"]).encode(
        "latin-1"
    )
