"""A WSGI application on a thread behind a port, with connections that stay open.

Werkzeug's own server closes the connection after each response, because it cannot know where the next request begins
when an application leaves a body unread. The handler of this server knows where each body ends, and so keeps the
connection.
"""

from __future__ import annotations

import logging
import os
import selectors
import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ims_mock.state.real import new_reentrant_lock
from ims_mock.web.addresses import checked_host, checked_port, root_url
from ims_mock.web.fronts import Fronts
from ims_mock.web.handler import IDLE_SECONDS, Handed, Handler, Refuse
from ims_mock.web.loop import Loop

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ims_mock.web.tls import Tls

logger = logging.getLogger("ims_mock.web.server")


@dataclass(frozen=True)
class Site:
    """What a server serves: an application, what it refuses requests with, the TLS, and the short way, if any."""

    app: WSGIApplication
    refuse: Refuse
    tls: Tls | None = None
    fronts: Fronts | None = None


class WsgiServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A server with a thread a connection, that knows its connections and can end them."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, site: Site) -> None:
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        # The socket that it has made is not bound.
        self.socket.close()
        self.socket = listener.dup()
        # A listener with TLS would have one client's handshake hold up all the others.
        self.app, self.tls, self.refuse, self.fronts = site.app, site.tls, site.refuse, site.fronts
        self.url_scheme = "https" if site.tls else "http"
        self.root = (self.url_scheme, str(self.server_address[0]), str(self.server_address[1]))
        # The handshakes of TLS, and all that is not the mock's own service, can wait for their clients.
        self.loop = Loop(self, site.fronts if site.tls is None else None)
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition(new_reentrant_lock())
        self._handed: dict[socket.socket, Handed] = {}
        self.on_hand_over: Callable[[socket.socket], object] = _nothing
        self._is_ending = False
        self.process = os.getpid()

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serve until `shutdown`, on the calling thread and on others that it begins."""
        try:
            self.loop.run()
        finally:
            self.server_close()

    def shutdown(self) -> None:
        """Accept nothing more, and read nothing more that needs no wait."""
        self.loop.end()

    def hand_over(self, connection: socket.socket, address: Any, handed: Handed) -> None:
        """Serve a connection on a thread of its own from now on."""
        self._handed[connection] = handed
        if self.tls is None:
            self.on_hand_over(connection)
        connection.setblocking(True)
        try:
            self.process_request(connection, address)
        except RuntimeError:  # The system has no thread for it.
            self.handle_error(connection, address)
            self.shutdown_request(connection)

    def take(self, connection: socket.socket) -> Handed:
        """Return what the loop has done for a connection before."""
        return self._handed.pop(connection, None) or Handed()

    def add_connection(self, connection: socket.socket) -> None:
        """Know a connection, and end it where the server is ending; `shutdown_request` ends it otherwise."""
        with self._changed:
            self._connections.add(connection)
            if self._is_ending:
                _end(connection)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection until it ends; on its own thread."""
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(IDLE_SECONDS)
        self.secure(request, self.tls, client_address, partial(super().finish_request, client_address=client_address))

    def secure(
        self, request: socket.socket, tls: Tls, client_address: Any, work: Callable[[socket.socket], None]
    ) -> None:
        """Do work on a connection with TLS over it, and end it; nothing is done where the client makes no handshake."""
        try:
            secured = tls.context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        except OSError as error:
            logger.debug("%s: the client has gone: %r", client_address, error)
            return
        try:
            # Known before the handshake, in which a client may stay.
            self.add_connection(secured)
            secured.do_handshake()
            work(secured)
        except OSError as error:
            logger.debug("%s: no TLS: %r", client_address, error)
        finally:
            self.shutdown_request(secured)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        super().shutdown_request(request)
        # One with TLS, or of a client that has gone, has not asked for it.
        self._handed.pop(request, None)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what a connection has failed with."""
        with suppress(Exception):  # A log that a test has patched is not to end the thread.
            logger.exception("%s: the connection failed", client_address)

    def drop_connections(self) -> None:
        """Close every connection that there is now."""
        with self._changed:
            for connection in self._connections:
                _end(connection)

    def has_unread(self) -> bool:
        """Return whether a client waits for its connection, or has sent or ended what was not read so far."""
        with self._changed, selectors.DefaultSelector() as selector:
            for connection in (self.socket, *self._connections):
                with suppress(ValueError, OSError):  # It has just been closed.
                    selector.register(connection, selectors.EVENT_READ)
            # In this order: what was unread is being worked on once it is not.
            return bool(selector.select(0)) or self.loop.is_working

    def close_connections(self) -> None:
        """Close every connection, and each that comes later."""
        with self._changed:
            self._is_ending = True
            for connection in self._connections:
                _end(connection)

    def wait_for_connections(self) -> None:
        """Wait a moment for the threads of closed connections to see it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._connections, timeout=0.1)


def _nothing(_connection: socket.socket) -> None:
    pass


def _end(connection: socket.socket) -> None:
    with suppress(OSError):  # The client may be faster.
        # Not the socket's own method, which would take the TLS away from under a handshake.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class Server:
    """A WSGI application behind a port of this machine, from `start` to `stop`; over HTTPS with `tls`.

    `start` raises OSError when the port cannot be had. `port` 0 lets the system choose; it is then the one it chose.
    """

    def __init__(self, app: WSGIApplication, host: str, port: int, refuse: Refuse, tls: Tls | None = None) -> None:
        self.host = checked_host(host)
        self.port = checked_port(port)
        self.tls = tls
        self._app = app
        self._refuse = refuse
        self.kind: Callable[..., WsgiServer] = WsgiServer
        self.fronts: Fronts | None = None
        self._server: WsgiServer | None = None

    @property
    def url(self) -> str:
        """The root of the server's URLs, without a slash at its end."""
        return root_url(self.host, self.port, is_tls=self.tls is not None)

    def drop(self) -> None:
        """Close every connection; new ones are accepted."""
        if self._server is not None:
            self._server.drop_connections()

    def has_unread(self) -> bool:
        """Return whether clients have sent or ended what was not read so far, or not worked on by the loop."""
        return self._server is not None and self._server.has_unread()

    @property
    def is_started(self) -> bool:
        """Whether it serves: between `start` and `stop`."""
        return self._server is not None

    def watch(self, on_hand_over: Callable[[socket.socket], object]) -> None:
        """Call what is given with each connection that the loop hands over to a thread, before that begins."""
        if self._server is not None:
            self._server.on_hand_over = on_hand_over

    def start(self) -> None:
        """Bind the port, and respond from now on; starting twice is no error."""
        if self._server is not None:
            return
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # Every interface, and so IPv4 as well, where the system can do both.
        is_dual = self.host == "::" and socket.has_dualstack_ipv6()
        if self.host == "::" and not is_dual:
            logger.warning("the system has no sockets for both families: :: takes IPv6 alone; 0.0.0.0 takes IPv4")
        listener = socket.create_server((self.host, self.port), family=family, backlog=128, dualstack_ipv6=is_dual)
        with listener:
            site = Site(self._app, self._refuse, self.tls, self.fronts)
            self._server = self.kind(listener, site)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="ims_mock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop responding and close every connection; stopping twice is no error.

        In a forked child there is no thread that serves, and the connections are the parent's.
        """
        if self._server is not None:
            server, self._server = self._server, None
            if server.process != os.getpid():
                server.server_close()
                return
            server.shutdown()
            server.close_connections()
            if self.fronts is not None:
                self.fronts.end_waits()
            server.wait_for_connections()
            # It may wait for a lock that the caller holds.
            self._thread.join(1)
