"""Requests that are passed on to the host that they are for, while somebody watches what both sides say."""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from ims_mock.contract.errors import header_text
from ims_mock.contract.recorded import (
    DAMAGED,
    NOT_RECORDED,
    Absence,
    RecordedExchange,
    RecordedRequest,
    RecordedResponse,
)
from ims_mock.state.real import RealTime
from ims_mock.web.handler import IDLE_SECONDS, Handler
from ims_mock.web.head import Head, quoted
from ims_mock.web.request_body import RequestBody
from ims_mock.web.wire import Connection, has_gone

logger = logging.getLogger("ims_mock.web.proxy")

MAX_KEPT = 1024 * 1024
"""Most bytes of a body that the watcher is shown; a longer one is passed on, and not kept."""

CONNECT_SECONDS = 10
"""How long a connection to a host may take to be there."""

_PIECE = 65536

_HOP_BY_HOP = frozenset(
    {
        *("connection", "proxy-connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("te", "trailer", "transfer-encoding", "upgrade", "expect"),
    }
)
"""The header fields of one connection, which are not passed on (RFC 9110 section 7.6.1), and Expect, which is met."""

_REPEATABLE = ("GET", "HEAD", "OPTIONS", "DELETE")
"""The methods of requests that are sent again where a kept connection has turned out to be closed."""

_Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Passed:
    """A request that was passed on, with its response: when it began, in seconds since 1970, and how long it took.

    `size` is how many bytes the request's body had.
    """

    exchange: RecordedExchange
    size: int
    began: float
    seconds: float


class UpstreamError(Exception):
    """A host has not responded; the text says why, and what to do."""

    def __init__(self, text: str, status: int = 502) -> None:
        super().__init__(text)
        self.status = status


class _ClientError(Exception):
    """The client has gone, or its body is broken, as the error says."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class Passing:
    """Passes requests on. `watch` is called with each, before its response leaves if that is short enough to be kept.

    The certificate of a host has to be good for `context`. `connect` opens a connection to an address.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        watch: Callable[[Passed], None],
        connect: Callable[..., socket.socket] = socket.create_connection,
    ) -> None:
        self.watch = watch
        self._context = context
        self._connect = connect
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def respond(self, handler: Handler, head: Head, body: RequestBody) -> None:
        """Pass on a request that came on a handler's connection, and send the response of its host."""
        _Passage(self, handler, head, body).run()

    def open(self, host: str, port: int, scheme: str) -> socket.socket:
        """Connect to a host; raise UpstreamError where that cannot be."""
        try:
            connection = self._connect((host, port), CONNECT_SECONDS)
            connection.settimeout(IDLE_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if scheme == "https":
                connection = self._context.wrap_socket(connection, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            hint = "--upstream-ca names one more authority to trust"
            text = f"the certificate of {host} is not trusted by this machine: {error.verify_message}; {hint}"
            raise UpstreamError(text) from None
        except OSError as error:
            raise UpstreamError(f"{host}:{port} cannot be reached: {error}") from None
        self._open.add(connection)
        return connection

    def stop(self) -> None:
        """End every connection to a host."""
        for connection in list(self._open):
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Upstream:
    """A connection to the host of an origin, kept from one request to the next."""

    def __init__(self, key: tuple[str, str, int], connection: socket.socket) -> None:
        self.key = key
        self.client = http.client.HTTPConnection(*key[1:])
        self.client.sock = connection
        self.is_used = False

    def close(self) -> None:
        """Close the connection."""
        self.client.close()

    def is_alive(self) -> bool:
        """Return whether the host has not closed the connection."""
        return self.client.sock is not None and not has_gone(Connection(self.client.sock, None))


class _Kept:
    """What is kept of a body on its way: all of it, unless it is too long, or a file."""

    def __init__(self, headers: _Fields) -> None:
        content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
        self.is_file = "octet-stream" in content_type.lower()
        self.size = 0
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > MAX_KEPT or self.is_file:
            self._pieces.clear()
        else:
            self._pieces.append(piece)

    @property
    def body(self) -> bytes | Absence:
        is_kept = self.size <= MAX_KEPT and not self.is_file
        return b"".join(self._pieces) if is_kept or not self.size else NOT_RECORDED


class _Passage:
    """One request on its way to its host, and the response on its way back."""

    def __init__(self, passing: Passing, handler: Handler, head: Head, body: RequestBody) -> None:
        self._passing, self._handler, self._head, self._body = passing, handler, head, body
        lines = (line.partition(":") for line in head.block.split("\r\n")[:-1])
        self._headers = [(name, self._host(name) or value.strip(" \t")) for name, _, value in lines]
        self._sent = _Kept(self._headers)
        self._length: int | None = None
        self._began, self._from = RealTime.now(), RealTime.monotonic()
        host, port = handler.server.server_address
        self._key = handler.server.url_scheme, host, port

    def _host(self, name: str) -> str:
        """Return the host that a target in absolute form names, which counts more than the field Host."""
        is_absolute = name.lower() == "host" and not self._head.target.startswith("/")
        return self._head.fields.environ["HTTP_HOST"] if is_absolute else ""

    def run(self) -> None:
        """Pass the request on and send the response, or one that says why there is none."""
        try:
            response = self._ask()
            self._send(response)
        except UpstreamError as error:
            self._drop()
            self._see(None)
            self._refuse(error)
        except _ClientError as error:
            self._drop()
            raise error.error from None
        except BaseException:
            self._drop()
            raise

    def _refuse(self, error: UpstreamError) -> None:
        logger.warning("proxy: %s", header_text(str(error)))  # It may show what the host has sent.
        self._end_if_awaited()
        response = self._handler.server.refuse(error.status, str(error), self._head.method, self._head.target)
        phrase = http.client.responses[error.status]
        self._handler.send(f"{error.status} {phrase}", list(response.headers.items()), response.body)

    # To the host

    def _ask(self) -> http.client.HTTPResponse:
        """Send the request, again where a kept connection was closed; raise UpstreamError where no response comes."""
        while True:
            upstream = self._upstream()
            try:
                return self._ask_once(upstream.client)
            except TimeoutError:
                text = f"{self._key[1]} has not responded for {IDLE_SECONDS} seconds"
                raise UpstreamError(text, 504) from None
            except (http.client.HTTPException, OSError) as error:
                is_kept, upstream.is_used = upstream.is_used, True
                if is_kept and self._head.method in _REPEATABLE and not self._sent.size:
                    self._drop()
                    continue
                raise UpstreamError(f"{self._key[1]} has ended the connection without a response: {error}") from None

    def _upstream(self) -> _Upstream:
        """Return a connection to the host: that of the request before, or a new one."""
        kept: _Upstream | None = self._handler.upstream
        if kept is not None and kept.key == self._key and kept.is_alive():
            return kept
        self._drop()
        scheme, host, port = self._key
        self._handler.upstream = upstream = _Upstream(self._key, self._passing.open(host, port, scheme))
        return upstream

    def _drop(self) -> None:
        """Close the connection to the host, so that nothing comes on it for the next request."""
        if self._handler.upstream is not None:
            self._handler.upstream.close()
            self._handler.upstream = None

    def _ask_once(self, client: http.client.HTTPConnection) -> http.client.HTTPResponse:
        target = self._head.target
        if not target.startswith("/") and target != "*":  # In absolute form.
            target = "/" + target.partition("://")[2].partition("/")[2]
        client.putrequest(self._head.method, quoted(target), skip_host=True, skip_accept_encoding=True)
        for name, value in _without_connection(self._headers):
            client.putheader(name, value)
        is_chunked = self._head.length is None
        if is_chunked:
            client.putheader("Transfer-Encoding", "chunked")
        client.endheaders()
        with suppress(OSError):  # A host may respond before it has read all, and close.
            for piece in self._pieces():
                client.send(_chunk(piece) if is_chunked else piece)
            if is_chunked:
                client.send(_chunk(b""))
        return client.getresponse()

    def _pieces(self) -> Iterator[bytes]:
        """Yield the pieces of the request's body; raise _ClientError where it breaks off."""
        while True:
            try:
                piece = self._body.read(_PIECE)
            except OSError as error:
                raise _ClientError(error) from None
            if not piece:
                return
            self._sent.add(piece)
            yield piece

    # Back to the client

    def _send(self, response: http.client.HTTPResponse) -> None:
        """Send the response; the watcher has seen it by then, unless it is too long to be kept, or a file."""
        headers = [(name, " ".join(value.split("\r\n"))) for name, value in response.headers.items()]
        self._length = response.length
        received = _Kept(headers)
        pieces = _read(response, received)
        first = b""
        if not received.is_file:
            while received.size <= MAX_KEPT and (piece := next(pieces, b"")):
                first += piece
        is_whole = not received.is_file and received.size <= MAX_KEPT
        if is_whole:
            self._see(_recorded(response, headers, received.body))
        self._send_head(response, headers, first)
        try:
            for piece in pieces:
                self._handler.connection.sendall(self._framed(response, piece))
        except UpstreamError as error:
            self._see(_recorded(response, headers, DAMAGED))
            raise ConnectionError(str(error)) from None  # The client is to see that it was cut.
        if self._is_chunked(response):
            self._handler.connection.sendall(_chunk(b""))
        if not is_whole:
            self._see(_recorded(response, headers, received.body))
        response.close()
        if response.will_close:
            self._drop()
        else:
            self._handler.upstream.is_used = True

    def _send_head(self, response: http.client.HTTPResponse, headers: _Fields, first: bytes) -> None:
        handler = self._handler
        self._end_if_awaited()
        sent = _without_connection(headers)
        if not self._is_empty(response):
            # One length that is certain, or none: two programs could read two in two ways.
            sent = [(name, value) for name, value in sent if name.lower() != "content-length"]
            if self._length is not None:
                sent.append(("Content-Length", str(self._length)))
        if self._is_chunked(response):
            sent.append(("Transfer-Encoding", "chunked"))
        elif self._has_no_length(response):
            handler.is_last = True
        if not handler.is_last and self._head.version == "HTTP/1.0":
            sent.append(("Connection", "keep-alive"))
        handler.send(f"{response.status} {response.reason}", sent, self._framed(response, first) if first else b"")

    def _end_if_awaited(self) -> None:
        """Let the connection end with this response where the client need not send its body any more."""
        body = self._body
        self._handler.is_last = self._handler.is_last or body.is_broken or (body.awaited and not body.ended)

    def _is_chunked(self, response: http.client.HTTPResponse) -> bool:
        return self._has_no_length(response) and self._head.version == "HTTP/1.1"

    def _has_no_length(self, response: http.client.HTTPResponse) -> bool:
        """Return whether nothing says in advance where the body ends."""
        return self._length is None and not self._is_empty(response)

    def _is_empty(self, response: http.client.HTTPResponse) -> bool:
        """Return whether there is no body, whatever a header says (RFC 9112 section 6.3)."""
        return response.status in (204, 304) or self._head.method == "HEAD"

    def _framed(self, response: http.client.HTTPResponse, piece: bytes) -> bytes:
        return _chunk(piece) if self._is_chunked(response) else piece

    def _see(self, response: RecordedResponse | None) -> None:
        """Show the exchange to the watcher, whose failure is not the client's."""
        scheme, host, port = self._key
        default = {"https": 443, "http": 80}[scheme]
        target = "/" + quoted(self._head.target).partition("://")[2].partition("/")[2]
        path = quoted(self._head.target) if self._head.target.startswith("/") else target
        url = f"{scheme}://{host}{'' if port == default else f':{port}'}{path}"
        request = RecordedRequest(self._head.method, url, self._headers, self._sent.body, has_all_headers=True)
        exchange = RecordedExchange(request, response)
        with suppress(Exception):
            try:
                self._passing.watch(Passed(exchange, self._sent.size, self._began, RealTime.monotonic() - self._from))
            except Exception:
                logger.exception("proxy: the watcher has failed at %s %s", self._head.method, url)


def _read(response: http.client.HTTPResponse, received: _Kept) -> Iterator[bytes]:
    """Yield the pieces of a response's body; raise UpstreamError where it breaks off."""
    try:
        while piece := response.read1(_PIECE):
            received.add(piece)
            yield piece
    except (http.client.HTTPException, OSError) as error:
        raise UpstreamError(f"the response broke off after {received.size} bytes: {error}") from None
    if response.length:
        raise UpstreamError(f"the response broke off after {received.size} bytes, {response.length} early")


def _recorded(response: http.client.HTTPResponse, headers: _Fields, body: bytes | Absence) -> RecordedResponse:
    return RecordedResponse(response.status, headers, body, has_all_headers=True)


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def _without_connection(headers: Iterable[tuple[str, str]]) -> _Fields:
    """Return the fields of a message that are not for its connection alone."""
    fields = list(headers)
    named = [value for name, value in fields if name.lower() == "connection"]
    own = {*_HOP_BY_HOP, *(name.strip().lower() for value in named for name in value.split(","))}
    return [(name, value) for name, value in fields if name.lower() not in own]
