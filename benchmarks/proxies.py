"""What the proxy costs: a request through it, and the same request to a mock without it."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from benchmarks.client import side_by_side
from ims_mock import ImsMock
from ims_mock.testing.cloud_proxy import CloudProxy, Watch
from ims_mock.testing.proxy import ForwardProxy, ImsProxy
from ims_mock.web.passing import Passing
from ims_mock.web.tls import Authority

HOST = "ims.cn-north-4.myhuaweicloud.com"


def print_proxies() -> None:
    """Compare 1,000 requests through the proxy with as many to a mock over HTTPS: kept connections, and new ones.

    Through a proxy a new connection has CONNECT before the handshake.
    """
    authority = Authority()
    seen: list[object] = []
    with ImsMock(tls=authority.issue(HOST)) as mock, ImsProxy() as to_mock:
        address = ("127.0.0.1", urlsplit(mock.url).port or 0)
        context = ssl.create_default_context(cadata=authority.pem.decode())
        passing = Passing(context, Watch(seen.append), lambda _, timeout: socket.create_connection(address, timeout))
        with CloudProxy(passing) as to_cloud:
            direct = _Https(mock.url, authority.pem)
            ways = {"direct": direct, "to the mock": _through(to_mock), "to the cloud": _through(to_cloud)}
            print("way, a request on a kept connection (microseconds, median), to direct, on a new one, to direct")
            kept = side_by_side(*(way.ask for way in ways.values()), rounds=10, count=100)
            new = side_by_side(*(way.connect_and_ask for way in ways.values()), rounds=10, count=10)
            for name, on_kept, on_new in zip(ways, kept, new, strict=True):
                print(f"{name:12} {on_kept:8.0f} {on_kept / kept[0]:6.2f} {on_new:8.0f} {on_new / new[0]:6.2f}")
            for way in ways.values():
                way.close()


class _Https:
    """Sends one prepared request again and again, in TLS, on one connection or on new ones."""

    def __init__(self, url: str, ca_pem: bytes, *, is_proxy: bool = False) -> None:
        self._address = (str(urlsplit(url).hostname), int(urlsplit(url).port or 0))
        self._is_proxy = is_proxy
        self._context = ssl.create_default_context(cadata=ca_pem.decode())
        self._request = f"GET /v2/images HTTP/1.1\r\nHost: {HOST}\r\nX-Auth-Token: t\r\n\r\n".encode()
        self._kept = self._connect()

    def _connect(self) -> ssl.SSLSocket:
        connection = socket.create_connection(self._address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._is_proxy:
            connection.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode())
            connection.recv(65536)
        return self._context.wrap_socket(connection, server_hostname=HOST)

    def ask(self) -> None:
        """Send the request on the kept connection, and read the response, which is short."""
        self._exchange(self._kept)

    def connect_and_ask(self) -> None:
        """Send the request on a connection of its own."""
        with self._connect() as connection:
            self._exchange(connection)

    def _exchange(self, connection: ssl.SSLSocket) -> None:
        connection.sendall(self._request)
        data = connection.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65536)

    def close(self) -> None:
        """Close the kept connection."""
        self._kept.close()


def _through(proxy: ForwardProxy) -> _Https:
    return _Https(proxy.url, proxy.ca_pem, is_proxy=True)
