"""A forward proxy: it responds for some hosts itself, lets requests to others through, and rejects all the rest.

A client is pointed at it by HTTPS_PROXY alone. Inside a tunnel to a host that the proxy responds for it is the host:
with a certificate of an authority that the client has to trust, and the server's own handler.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ims_mock.contract.errors import header_text
from ims_mock.exchange.messages import Response
from ims_mock.web.handler import IDLE_SECONDS, Handed, Handler, Refuse
from ims_mock.web.head import Head, HeadError
from ims_mock.web.request_body import RequestBody
from ims_mock.web.server import Server, WsgiServer
from ims_mock.web.tls import Authority
from ims_mock.web.tunnel import ESTABLISHED, is_tls, read_connect, relay

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

logger = logging.getLogger("ims_mock.web.proxy")

CONNECT_SECONDS = 10
"""How long a connection to another host may take to be there."""


class RefusedError(Exception):
    """The proxy does not let requests to a host through; the text says what to do."""


Respond = Callable[[Handler, Head, RequestBody], None]
"""Responds to a request that came on a handler's connection."""


@dataclass(frozen=True)
class Origin:
    """A host that the proxy responds for: what Handler knows as its server.

    A request is responded to by the application, or by `respond` in its place. `refuse` responds to what is no request.
    """

    app: WSGIApplication
    refuse: Refuse
    respond: Respond | None = None
    url_scheme: str = "https"
    server_address: tuple[str, int] = ("", 443)
    fronts: None = None
    """Hosts have no short way: what they serve may be no mock."""

    def take(self, _connection: socket.socket) -> Handed:
        """Return what another has done for a connection: nothing."""
        return Handed()


Find = Callable[[str, int], "Origin | None"]
"""Returns the origin of a host and port; None for one that requests are let through to. Raises RefusedError."""


class ProxyServer(Server):
    """A proxy on a thread behind a port of this machine, from `start` to `stop`."""

    def __init__(self, find: Find, authority: Authority, host: str, port: int) -> None:
        super().__init__(_no_app, host, port, _refuse)
        self.kind = partial(_ProxyServer, find, authority)


class _ProxyServer(WsgiServer):
    """Accepts connections, and finds out what each of them is to reach."""

    def __init__(self, find: Find, authority: Authority, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.find, self.authority = find, authority

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection until it ends; on its own thread."""
        request.settimeout(IDLE_SECONDS)
        try:
            asked = read_connect(request)
            if asked is None:
                _PlainHandler(request, client_address, self)
            else:
                self._connect(request, client_address, *asked)
        except HeadError as error:
            _reject_connect(request, error.status, error.reason)
        except OSError as error:
            logger.debug("%s: connection ended: %r", client_address, error)

    def _connect(self, connection: socket.socket, client_address: Any, host: str, port: int) -> None:
        """Open the tunnel that a client asks for; raise HeadError where it gets none."""
        try:
            origin = self.find(host, port)
        except RefusedError as error:
            raise HeadError(403, str(error)) from None
        if origin is None:
            self._let_through(connection, host, port)
            return
        try:
            tls = self.authority.for_host(host)
        except ValueError as error:
            raise HeadError(400, f"no certificate can be made for the host {host}: {error}") from None
        connection.sendall(ESTABLISHED)
        origin = replace(origin, server_address=(host, port))
        if is_tls(connection):
            work = partial(_serve, client_address=client_address, origin=origin)
            self.secure(connection, tls, client_address, work)
        else:
            _serve(connection, client_address, replace(origin, url_scheme="http"))

    def _let_through(self, connection: socket.socket, host: str, port: int) -> None:
        try:
            upstream = socket.create_connection((host, port), CONNECT_SECONDS)
        except OSError as error:
            raise HeadError(502, f"{host}:{port} cannot be reached: {error}") from None
        try:
            self.add_connection(upstream)
            connection.sendall(ESTABLISHED)
            relay(connection, upstream)
        finally:
            self.shutdown_request(upstream)


class _OriginHandler(Handler):
    """The requests of a connection to one origin."""

    def respond(self, head: Head, body: RequestBody) -> None:
        """Respond by the application of the origin, or as it does in its place."""
        if self.server.respond is None:
            super().respond(head, body)
        else:
            self.server.respond(self, head, body)


def _serve(connection: socket.socket, client_address: Any, origin: Origin) -> None:
    _OriginHandler(connection, client_address, origin)  # type: ignore[arg-type]  # It is all that Handler needs.


class _PlainHandler(_OriginHandler):
    """The requests of a connection without a tunnel, each with its own host in it, in absolute form."""

    def handle(self) -> None:
        """Respond until either side ends the connection."""
        self.proxy = self.server
        super().handle()

    def respond(self, head: Head, body: RequestBody) -> None:
        """Respond as the origin does that the request names, or reject the request."""
        scheme = "https" if head.target[:6].lower() == "https:" else "http"
        name, port = _split(head.fields.environ.get("HTTP_HOST", ""), 443 if scheme == "https" else 80)
        try:
            origin = self.proxy.find(name, port)
            if origin is None:
                raise RefusedError(
                    f"{name} is only let through in a tunnel (CONNECT); send the request to https://{name}"
                )
        except RefusedError as error:
            self.is_last = True
            refused = str(error)
            if head.target.startswith("/"):
                refused = f"this is a forward proxy: set HTTPS_PROXY to it, as 'ims-mock env proxy' shows; {refused}"
            status, headers, text = _rejection(403, refused)
            self.send(status, headers, text)
            return
        self.server = replace(origin, url_scheme=scheme, server_address=(name, port))
        super().respond(head, body)


def _split(authority: str, default: int) -> tuple[str, int]:
    """Return the name and the port of a host, the default where it has none."""
    name, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        name, port = authority, ""
    return name.strip("[]"), int(port or default)


def _refuse(status: int, reason: str, _method: str, _target: str) -> Response:
    _, headers, body = _rejection(status, reason)
    return Response(status, dict(headers), body)


def _no_app(_environ: object, _start_response: object) -> list[bytes]:
    raise AssertionError("a proxy has no application of its own")


def _rejection(status: int, reason: str) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return a response that says why; clients show of a tunnel that they do not get the first line alone."""
    text = header_text(reason)
    logger.warning("proxy: %s", text)
    body = f"{reason}\n".encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("X-IMS-Mock-Reason", text)]
    return f"{status} ims-mock: {text}", [*headers, ("Content-Length", str(len(body)))], body


def _reject_connect(connection: socket.socket, status: int, reason: str) -> None:
    """Reject what a connection begins with, and close it."""
    line, headers, body = _rejection(status, reason)
    lines = [f"HTTP/1.1 {line}", *(f"{name}: {value}" for name, value in headers), "Connection: close", "\r\n"]
    with suppress(OSError):
        connection.sendall("\r\n".join(lines).encode("latin-1", "replace") + body)
        connection.shutdown(socket.SHUT_WR)
