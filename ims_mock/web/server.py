"""A WSGI application on a thread behind a port: Werkzeug's server, with connections that stay open.

Werkzeug closes the connection after each response, because it cannot know where the next request begins when an
application leaves a body unread. This handler knows where each body ends, and so keeps the connection.
"""

from __future__ import annotations

import io
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from email.errors import (
    FirstHeaderLineIsContinuationDefect,
    MisplacedEnvelopeHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler, select_address_family

from ims_mock.exchange.messages import Response
from ims_mock.web.addresses import root_url
from ims_mock.web.tls import Tls

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Refuse = Callable[[int, str, str, str], Response]
"""Makes the response to invalid HTTP from a status, a reason, the method and the target."""

MAX_LINE = 65536
MAX_DRAIN = 64 * 1024 * 1024
"""Most bytes of an unread request body that are read and dropped to keep the connection, and the client in step."""

IDLE_SECONDS = 60
"""How long a connection may be silent."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# Of the defects that the parser of mail finds, those of HTTP's own; a multipart type without a boundary is none.
_HEADER_DEFECTS = (FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect, MisplacedEnvelopeHeaderDefect)

logger = logging.getLogger("ims_mock.web.server")


class BodyError(OSError):
    """The request's body ends too early, or is not framed as HTTP has it."""


class _Body(io.RawIOBase):
    """A request body that ends where the request does; `length` is None for a chunked one.

    Chunk extensions and trailers are read and dropped (RFC 9112 section 7.1). The interim response that a client waits
    for is sent when the body is first read, so that a rejection for its length or its route costs no upload.
    """

    def __init__(self, rfile: io.BufferedIOBase, length: int | None, send_continue: Callable[[], None] | None) -> None:
        self._rfile = rfile
        self._chunked = length is None
        self._left = length or 0
        self._send_continue = send_continue
        self.ended = length == 0
        self.is_broken = False

    @property
    def awaited(self) -> bool:
        """Whether the client still waits for leave to send the body."""
        return self._send_continue is not None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._send_continue is not None and not self.ended:
            self._send_continue()
            self._send_continue = None
        if self._chunked and not self._left and not self.ended:
            self._begin_chunk()
        if self.ended:
            return 0
        read = self._rfile.readinto(memoryview(buffer)[: self._left])
        if not read:
            raise self._broken(f"the body ended {self._left} bytes early")
        self._left -= read
        if not self._left:
            self._end_part()
        return read

    def readall(self) -> bytes:
        if not self._chunked and not self.ended and self._send_continue is None:
            # One read, where the base class would make one after the other until there is nothing.
            body = self._rfile.read(self._left)
            self._left -= len(body)
            if self._left:
                raise self._broken(f"the body ended {self._left} bytes early")
            self.ended = True
            return body
        return super().readall() or b""

    def drain(self) -> bool:
        """Read and drop what is left, up to MAX_DRAIN, unless the client waits for leave; say whether that was all."""
        left = MAX_DRAIN
        while left > 0 and not self.ended and not self.awaited:
            left -= len(self.read(65536) or b"")
        return self.ended

    def refuse_leave(self) -> None:
        """Take a body as it comes, from a client that need not send it any more."""
        self._send_continue = None

    def _broken(self, fault: str) -> BodyError:
        """Return the error of a body whose end cannot be known any more."""
        self.is_broken = True
        return BodyError(fault)

    def _begin_chunk(self) -> None:
        size = self._line().partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
            raise self._broken(f"the chunk size {size[:20]!r} is no hexadecimal number")
        self._left = int(size, 16)
        if not self._left:
            trailers = 0
            while line := self._line():
                trailers += len(line)
                if trailers > MAX_LINE:
                    raise self._broken("the trailers are too long")
            self.ended = True

    def _end_part(self) -> None:
        if not self._chunked:
            self.ended = True
        elif self._line():
            raise self._broken("a chunk is longer than its size says")

    def _line(self) -> bytes:
        line = self._rfile.readline(MAX_LINE)
        if not line.endswith(b"\n"):
            raise self._broken("a chunk's line is cut short or too long")
        return line.rstrip(b"\r\n")


class _Handler(WSGIRequestHandler):
    """Responds to the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # TCP_NODELAY: a response is one write, and its end must not wait.
    timeout = IDLE_SECONDS
    server: _WsgiServer
    raw_requestline: bytes

    def parse_request(self) -> bool:
        """Read the head of a request; an empty line before it is passed over (RFC 9112 section 2.2)."""
        if self.raw_requestline in (b"\r\n", b"\n"):
            self.raw_requestline = self.rfile.readline(MAX_LINE + 1)
        return super().parse_request()

    def handle_expect_100(self) -> bool:
        return True  # The body sends it when it is read.

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 (Werkzeug's name for it)
        """Leave Werkzeug's log alone: each request is logged by the service, and the end of a connection is no news."""
        logger.debug(message, *args)

    def run_wsgi(self) -> None:
        """Respond to one request; Werkzeug's base class calls this for every method."""
        fault = self._framing_fault()
        if fault:
            self.send_error(*fault)
            return
        body = self._new_body()
        try:
            environ = self.make_environ()
        except ValueError as error:
            self.send_error(400, f"the target is no URL: {error}")
            return
        environ["wsgi.input"] = body
        environ["wsgi.input_terminated"] = True
        try:
            self._respond(environ, body)
            if body.awaited and not body.ended:
                # The client sees that this was all; some send the body all the same.
                body.refuse_leave()
                self.connection.shutdown(socket.SHUT_WR)
            # A response that leaves while the body is still coming is only read by the client when that has been sent.
            is_drained = body.drain()
            self.close_connection = self.close_connection or not is_drained
        except (OSError, ValueError) as error:
            # The client has gone, or is out of step, or a wire fault has closed the socket.
            logger.debug("%s: connection ended: %r", self.client_address, error)
            self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Reject what is not an HTTP request as the gateway does, and close the connection."""
        self.close_connection = True
        # The gateway has a status of its own for headers that are too large.
        status = 494 if code == 431 else int(code)
        phrase = HTTPStatus(code).phrase
        reason = explain or message or phrase
        response = self.server.refuse(status, reason, self.command or "-", self.path if self.command else "-")
        self._send(f"{status} {phrase}", list(response.headers.items()), response.body)

    def _framing_fault(self) -> tuple[int, str] | None:
        """Return a status and a reason when it is not certain where the request's body ends (RFC 9112 section 6)."""
        headers = self.headers
        if sum(map(len, headers.values())) > MAX_LINE:
            return 431, f"the headers have more than {MAX_LINE} bytes"
        lengths = {length.strip() for length in headers.get_all("Content-Length", ())}
        codings = headers.get_all("Transfer-Encoding", ())
        if any(isinstance(defect, _HEADER_DEFECTS) for defect in headers.defects) or not all(
            map(_TOKEN.fullmatch, headers.keys())
        ):
            return 400, "a header line is not of the form 'name: value'"
        if codings and [coding.strip().lower() for coding in codings] != ["chunked"]:
            return 501, "Transfer-Encoding: only chunked is known"
        if codings and self.request_version != "HTTP/1.1":
            return 400, "Transfer-Encoding: needs HTTP/1.1"
        if codings and lengths:
            return 400, "Content-Length and Transfer-Encoding are both given; give one"
        if len(lengths) > 1 or not all(re.fullmatch("[0-9]{1,15}", length) for length in lengths):
            return 400, "Content-Length: must be one decimal number"
        if self.request_version == "HTTP/1.1" and len(headers.get_all("Host", ())) != 1:
            return 400, "Host: must be given once"
        return None

    def _new_body(self) -> _Body:
        chunked = "Transfer-Encoding" in self.headers
        expects = self.headers.get("Expect", "").lower() == "100-continue" and self.request_version != "HTTP/1.0"
        return _Body(
            self.rfile,
            None if chunked else int(self.headers.get("Content-Length", 0)),
            self._send_continue if expects else None,
        )

    def _send_continue(self) -> None:
        self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _respond(self, environ: WSGIEnvironment, body: _Body) -> None:
        """Call the application and send its response, its head and first piece in one write."""
        started: list[Any] = []
        written: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[..., None]:
            started[:] = status, headers
            return written.append

        result: Iterable[bytes] = self.server.app(environ, start_response)
        try:
            pieces = iter(result)
            first = b"".join(written) + next(pieces, b"")
            status, headers = started
            if not any(name.lower() == "content-length" for name, _ in headers) and not status.startswith("204"):
                first += b"".join(pieces)
                headers.append(("Content-Length", str(len(first))))
            # A client that still waits for leave to send its body may do so after this response, or not at all.
            is_uncertain = body.is_broken or (body.awaited and not body.ended)
            self.close_connection = self.close_connection or is_uncertain
            self._send(status, headers, first)
            if self.command != "HEAD":
                for piece in pieces:
                    self.connection.sendall(piece)
        finally:
            close = getattr(result, "close", None)
            if close:
                close()

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        if self.close_connection:
            headers.append(("Connection", "close"))
        elif self.request_version == "HTTP/1.0":
            headers.append(("Connection", "keep-alive"))
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "\r\n"]
        head = "\r\n".join(lines).encode("latin-1")
        self.connection.sendall(head if self.command == "HEAD" else head + body)


class _WsgiServer(ThreadedWSGIServer):
    """Werkzeug's server, with a thread a connection, that knows its connections and can end them."""

    daemon_threads = True

    def __init__(
        self, listener: socket.socket, host: str, app: WSGIApplication, refuse: Refuse, tls: Tls | None
    ) -> None:
        # Given a bound socket, Werkzeug does not bind itself; where it does, a taken port ends the process.
        super().__init__(host, listener.getsockname()[1], app, _Handler, fd=listener.fileno())
        # Not given to Werkzeug, which would have one client's handshake hold up all the others.
        self.ssl_context = tls.context if tls else None
        self.refuse = refuse
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._is_ending = False

    def process_request(self, request: Any, client_address: Any) -> None:
        self._add_connection(request)
        super().process_request(request, client_address)

    def _add_connection(self, connection: socket.socket) -> None:
        with self._changed:
            self._connections.add(connection)
            if self._is_ending:
                _end(connection)

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.ssl_context is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(IDLE_SECONDS)
        try:
            secured = self.ssl_context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        except OSError as error:
            logger.debug("%s: the client has gone: %r", client_address, error)
            return
        try:
            # Known before the handshake, in which a client may stay.
            self._add_connection(secured)
            secured.do_handshake()
            super().finish_request(secured, client_address)
        except OSError as error:
            logger.debug("%s: no TLS: %r", client_address, error)
        finally:
            self.shutdown_request(secured)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.exception("%s: the connection failed", client_address)

    def end_connections(self) -> None:
        """Close every connection, and wait a moment for their threads to see it."""
        with self._changed:
            self._is_ending = True
            for connection in self._connections:
                _end(connection)
            self._changed.wait_for(lambda: not self._connections, timeout=0.1)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):  # The client may be faster.
        # Not the socket's own method, which would take the TLS away from under a handshake.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class Server:
    """A WSGI application behind a port of this machine, from `start` to `stop`; over HTTPS with `tls`.

    `start` raises OSError when the port cannot be had. `port` 0 lets the system choose; it is then the one it chose.
    """

    def __init__(self, app: WSGIApplication, host: str, port: int, refuse: Refuse, tls: Tls | None = None) -> None:
        self.host = host
        self.port = port
        self.tls = tls
        self._app = app
        self._refuse = refuse
        self._server: _WsgiServer | None = None

    @property
    def url(self) -> str:
        """The root of the server's URLs, without a slash at its end."""
        return root_url(self.host, self.port, is_tls=self.tls is not None)

    def start(self) -> None:
        """Bind the port, and respond from now on; starting twice is no error."""
        if self._server is not None:
            return
        listener = socket.create_server(
            (self.host, self.port), family=select_address_family(self.host, self.port), backlog=128
        )
        with listener:
            self._server = _WsgiServer(listener, self.host, self._app, self._refuse, self.tls)
        self.port = self._server.port
        # shutdown() takes as long as a poll does.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), name="ims_mock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop responding and close every connection; stopping twice is no error."""
        if self._server is not None:
            server, self._server = self._server, None
            server.shutdown()
            server.end_connections()
            self._thread.join()
