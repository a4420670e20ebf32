"""A client that costs next to nothing, so that what is measured is the server."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Callable
from urllib.parse import urlsplit


class Client:
    """Sends one prepared request again and again, on one connection for as long as the server keeps it."""

    def __init__(
        self, url: str, method: str, target: str, body: bytes = b"", *, project: str = "", token: str = "t"
    ) -> None:
        address = urlsplit(url)
        self._address = (str(address.hostname), int(address.port or 0))
        lines = (
            f"{method} {target} HTTP/1.1",
            f"Host: {address.netloc}",
            f"X-Auth-Token: {token}",
            f"X-Project-Id: {project}",
            f"Content-Length: {len(body)}",
        )
        self._request = "\r\n".join((*lines, "", "")).encode() + body
        self._socket: socket.socket | None = None

    def __call__(self) -> bytes:
        """Send the request and return the response's body."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(self._request)
        data = self._socket.recv(65536)
        while b"\r\n\r\n" not in data:
            data += self._socket.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        while len(body) < length:
            body += self._socket.recv(65536)
        if b"connection: close" in head.lower():
            self.close()
        return body

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def side_by_side(*works: Callable[[], object], rounds: int = 15, count: int = 200) -> list[float]:
    """Return the median time in microseconds of each work, measured in turns, so that noise falls on all alike."""
    for work in works:
        work()
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            for _ in range(count):
                work()
            taken.append((time.perf_counter() - start) / count * 1e6)
    return [statistics.median(taken) for taken in times]
