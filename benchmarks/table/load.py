"""A load generator: a process that sends prepared requests on one or more connections, and notes how long each took.

It is started as a script (processes.generator), reads a plan from each line of its input and writes a result for it. It
sends on raw sockets and looks at no more of a response than its status and its length, so that the server costs
several times as much. What it used of its own core is in the result.
"""

from __future__ import annotations

import gc
import json
import selectors
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

PATIENCE = 60
"""Seconds that a server may take for one response."""

PIECE = 1024 * 1024
"""Bytes of an upload that are sent at once."""


class Connection:
    """One connection of a plan, which has one request under way.

    It goes through the plan's requests in turns, and connects again where the server does not keep the connection.
    """

    __slots__ = ("address", "began", "data", "framing", "position", "requests", "sent", "socket")

    def __init__(self, address: tuple[str, int], requests: Sequence[bytes]) -> None:
        self.address = address
        self.requests = requests
        self.position = -1
        self.sent = 0
        self.began = 0.0
        self.data = b""
        self.framing: tuple[int, bytes, bool] = (-1, b"", False)
        self.socket = self._connected()

    def _connected(self) -> socket.socket:
        connection = socket.create_connection(self.address, timeout=PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def reconnect(self) -> None:
        """Take a new connection in place of one that the server closes."""
        self.socket.close()
        self.socket = self._connected()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, now: float) -> None:
        """Send the next request."""
        self.position = (self.position + 1) % len(self.requests)
        self.sent += 1
        self.began = now
        self.socket.sendall(self.requests[self.position])

    def receive(self) -> bool:
        """Read what has come, and return whether the response is whole; raise ValueError for one that is no success."""
        data = self.socket.recv(262144)
        length, head, _ = self.framing
        # What is as long as the response before, and begins alike, is framed alike.
        if not self.data and len(data) == length and data.startswith(head):
            return True
        self.data += data
        is_whole = self._is_whole(ended=not data)
        if is_whole:
            self.data = b""
        return is_whole

    def _is_whole(self, ended: bool) -> bool:
        head, blank, body = self.data.partition(b"\r\n\r\n")
        if ended and not blank:
            raise ValueError(f"the server closed the connection after {self.data[:200]!r}")
        if not blank:
            return False
        if not head.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2")):
            raise ValueError(f"the server responded {self.data[:600]!r}")
        fields = head.lower() + b"\r\n"
        is_closed = b"connection: close\r\n" in fields or head.startswith(b"HTTP/1.0")
        if head[9:12] == b"204":
            is_whole = True
        elif b"transfer-encoding: chunked" in fields:
            is_whole = body.endswith(b"0\r\n\r\n")
        elif b"content-length:" in fields:
            is_whole = len(body) >= int(fields.partition(b"content-length:")[2].partition(b"\r\n")[0])
        else:
            is_whole = ended
        self.framing = (len(self.data), self.data[:13], is_closed)
        return is_whole


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Send the plan's `requests` to its `port` on so many `connections` for so many `seconds`, and return the result.

    Each connection sends `at_least` so many, however long it takes. What is under way at the end is waited for.
    """
    requests = [text.encode("latin-1") for text in plan["requests"]]
    times: list[list[float]] = [[] for _ in requests]
    with ExitStack() as stack:
        new = partial(Connection, ("127.0.0.1", plan["port"]), requests)
        connections = [stack.enter_context(new()) for _ in range(plan["connections"])]
        used, start = time.process_time(), time.perf_counter()
        _exchange(connections, times, start + plan["seconds"], plan["at_least"])
        seconds, used = time.perf_counter() - start, time.process_time() - used
    every = sorted(taken for of_one in times for taken in of_one)
    return {
        "count": len(every),
        "seconds": seconds,
        "rate": len(every) / seconds,
        "p99": every[max(0, -(-len(every) * 99 // 100) - 1)],
        "medians": [statistics.median(of_one) if of_one else None for of_one in times],
        "busy": used / seconds,
    }


def _exchange(connections: Sequence[Connection], times: list[list[float]], end: float, at_least: int) -> None:
    """Send and receive until the end, and write down the seconds of each response by its request's position."""
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(time.perf_counter())
        open_ones = len(connections)
        while open_ones:
            events = selector.select(PATIENCE)
            if not events:
                raise ValueError(f"no response within {PATIENCE} seconds")
            for key, _ in events:
                connection = key.data
                if not connection.receive():
                    continue
                now = time.perf_counter()
                times[connection.position].append(now - connection.began)
                is_over = now >= end and connection.sent >= at_least
                if is_over or connection.framing[2]:
                    selector.unregister(connection.socket)
                if is_over:
                    open_ones -= 1
                    continue
                if connection.framing[2]:
                    connection.reconnect()
                    selector.register(connection.socket, selectors.EVENT_READ, connection)
                connection.send(now)


def upload(plan: dict[str, Any]) -> dict[str, Any]:
    """Send a request whose body is so many bytes of an `upload`, and return the seconds until its response."""
    piece, left = b"\xa5" * PIECE, plan["upload"]
    start = time.perf_counter()
    requests = [text.encode("latin-1") for text in plan["requests"]]
    with Connection(("127.0.0.1", plan["port"]), requests) as connection:
        connection.send(start)
        while left:
            connection.socket.sendall(piece[:left])
            left -= min(left, PIECE)
        while not connection.receive():
            pass
    return {"seconds": time.perf_counter() - start}


def main() -> None:
    """Do each plan of the input; an error is written in place of the result."""
    gc.disable()
    for line in sys.stdin:
        plan = json.loads(line)
        try:
            result = upload(plan) if "upload" in plan else run(plan)
        except (OSError, ValueError) as error:
            result = {"error": f"{plan['requests'][0].splitlines()[0]}: {error}"}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
