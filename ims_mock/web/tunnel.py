"""CONNECT (RFC 9110 section 9.3.6): the request that opens a tunnel, and the tunnel that nobody looks into."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress

from ims_mock.web.head import MAX_LINE, HeadError, is_host

_METHOD = b"CONNECT "
_LINE = re.compile(rb"CONNECT (\S+):([0-9]{1,5}) HTTP/1\.[0-9]")

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
"""What every client takes: status 200, and no header field."""

IDLE_TUNNEL = 600
"""Seconds after which a tunnel through which nothing has come ends."""


def read_connect(connection: socket.socket) -> tuple[str, int] | None:
    """Read a CONNECT that stands first on a connection, and return its host and port; None for another request.

    Nothing behind it is read: what follows may be TLS. The target is that of the request line alone, because clients
    send it without a header field, such as http.client of Python 3.11 in HTTP/1.0. Raises HeadError for what is no
    CONNECT, and OSError where the connection ends.
    """
    head = b""
    while True:
        seen = head + connection.recv(MAX_LINE, socket.MSG_PEEK)
        if seen == head:
            if head:
                raise HeadError(400, "the connection ended before the head of the request did")
            return None
        if not _METHOD.startswith(seen[: len(_METHOD)]):
            if head:
                raise HeadError(400, "the request must be 'CONNECT host:port HTTP/1.1'")
            return None
        end = seen.find(b"\r\n\r\n")
        wanted = (end + 4 if end >= 0 else len(seen)) - len(head)
        while wanted > 0 and (data := connection.recv(wanted)):
            head += data
            wanted -= len(data)
        if end >= 0:
            return _target(head)
        if len(head) > MAX_LINE:
            raise HeadError(431, f"the head of CONNECT has more than {MAX_LINE} bytes")


def _target(head: bytes) -> tuple[str, int]:
    match = _LINE.fullmatch(head.partition(b"\r\n")[0])
    host, port = (match[1].decode("latin-1"), int(match[2])) if match else ("", 0)
    if not host or not is_host(host) or not 0 < port < 65536:
        raise HeadError(400, "CONNECT must be 'CONNECT host:port HTTP/1.1'")
    return host.strip("[]"), port


def is_tls(connection: socket.socket) -> bool:
    """Return whether what comes on a connection is TLS: a handshake begins with 0x16, and no request does.

    The port says nothing: Node sends plain HTTP through a tunnel to port 80. Raises ConnectionError where nothing
    comes.
    """
    first = connection.recv(1, socket.MSG_PEEK)
    if not first:
        raise ConnectionError("the client has gone")
    return first == b"\x16"


def relay(client: socket.socket, upstream: socket.socket) -> None:
    """Pass on what comes on two connections to the other one each, until both have ended or nothing comes any more."""
    for connection in (client, upstream):
        connection.settimeout(IDLE_TUNNEL)
    back = threading.Thread(target=_pump, args=(upstream, client), name="ims_mock tunnel", daemon=True)
    back.start()
    _pump(client, upstream)
    back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
        return
    for connection in (source, target):  # The other direction has nobody to send to any more.
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
