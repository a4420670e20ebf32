"""The requests of one connection, one after the other, as calls of a WSGI application (PEP 3333)."""

from __future__ import annotations

import logging
import socket
import socketserver
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ims_mock.exchange.messages import Response
from ims_mock.web.head import Head, HeadError, read_head
from ims_mock.web.request_body import MAX_DRAIN, BodyError, RequestBody

if TYPE_CHECKING:
    from io import BufferedReader

    from _typeshed.wsgi import WSGIEnvironment

Refuse = Callable[[int, str, str, str], Response]
"""Makes the response to invalid HTTP from a status, a reason, the method and the target."""

IDLE_SECONDS = 60
"""How long a connection may be silent."""

LINGER_SECONDS = 2
"""How long a connection that the server closes may be silent until the client closes it."""

logger = logging.getLogger("ims_mock.web.server")

_DEFECT = (
    b"HTTP/1.1 500 INTERNAL SERVER ERROR\r\nContent-Type: application/json\r\nContent-Length: 118\r\n"
    b"X-Request-Id: 00000000000000000000000000000000\r\nConnection: close\r\n"
    b"X-IMS-Mock-Reason: unexpected error in the mock; its log has the traceback\r\n\r\n"
    b'{"error_code":"APIGW.0201","error_msg":"An unexpected error occurred",'
    b'"request_id":"00000000000000000000000000000000"}'
)
"""What a client gets when an application cannot respond. It is ready, so that nothing can go wrong with it as well."""


class _NoResponseError(Exception):
    """An application has raised, before it had a response; the cause is what it raised."""


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

    def finish(self) -> None:
        """Close what is kept."""
        super().finish()
        if self.upstream is not None:
            self.upstream.close()

    def handle(self) -> None:
        """Respond until either side ends the connection."""
        try:
            while not self.is_last:
                self._handle_next()
        except (OSError, ValueError) as error:
            # The client has gone, or is out of step, or a wire fault has closed the socket.
            logger.debug("%s: connection ended: %r", self.client_address, error)

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
            self.connection.sendall(_DEFECT)
            with suppress(Exception):  # A log that a test has patched is not to end the thread.
                logger.error("%s %s failed in the mock itself", head.method, head.target, exc_info=error.__cause__)
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
        environ.update(head.fields)
        return environ

    def respond(self, head: Head, body: RequestBody) -> None:
        """Call the application and send its response, its head and first piece in one write."""
        started: list[Any] = []
        written: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[..., None]:
            started[:] = status, headers
            return written.append

        try:
            result: Iterable[bytes] = self.server.app(self._environ(head, body), start_response)
        except (BodyError, ConnectionError, TimeoutError):  # Of the client.
            raise
        except Exception as error:
            raise _NoResponseError from error
        try:
            pieces = iter(result)
            first = b"".join(written) + next(pieces, b"")
            status, headers = started
            if not any(name.lower() == "content-length" for name, _ in headers) and not status.startswith("204"):
                first += b"".join(pieces)
                headers.append(("Content-Length", str(len(first))))
            # A client that still waits for leave to send its body may do so after this response, or not at all.
            self.is_last = self.is_last or body.is_broken or (body.awaited and not body.ended)
            if not self.is_last and head.version == "HTTP/1.0":
                headers.append(("Connection", "keep-alive"))
            self.send(status, headers, b"" if head.method == "HEAD" else first)
            if head.method != "HEAD":
                for piece in pieces:
                    self.connection.sendall(piece)
        finally:
            close = getattr(result, "close", None)
            if close:
                close()

    def send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send the head of a response, with the first bytes of its body, which HEAD has none of."""
        if self.is_last:
            headers.append(("Connection", "close"))
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "\r\n"]
        self.connection.sendall("\r\n".join(lines).encode("latin-1") + body)
