"""The same application on several servers: one request after the other, eight at once, and how long stopping takes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from werkzeug.serving import make_server

from benchmarks.client import Client, side_by_side
from ims_mock.exchange.messages import Response
from ims_mock.web.server import Server

BODY = b'{"name": "test", "min_disk": 100}'


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
    """Read the request's body and respond."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def ours() -> tuple[str, Callable[[], None]]:
    """Start the mock's own server."""
    server = Server(app, "127.0.0.1", 0, lambda *_: Response(400, {}))
    server.start()
    return server.url, server.stop


def werkzeug() -> tuple[str, Callable[[], None]]:
    """Start Werkzeug's server as it is."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.port}", server.shutdown


def cheroot() -> tuple[str, Callable[[], None]]:
    """Start CherryPy's server; raise ImportError where it is not installed."""
    from cheroot.wsgi import Server as Cheroot

    server = Cheroot(("127.0.0.1", 0), app, numthreads=10)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    return f"http://127.0.0.1:{server.bind_addr[1]}", server.stop


def waitress() -> tuple[str, Callable[[], None]]:
    """Start Pylons' server; raise ImportError where it is not installed."""
    from waitress.server import create_server

    server: Any = create_server(app, host="127.0.0.1", port=0, threads=10)
    threading.Thread(target=server.run, daemon=True).start()
    return f"http://127.0.0.1:{server.effective_port}", server.close


def at_once(url: str, connections: int = 8, count: int = 250) -> float:
    """Return how many requests a second so many connections get together."""

    def work() -> None:
        client = Client(url, "POST", "/", BODY)
        for _ in range(count):
            client()
        client.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return connections * count / (time.perf_counter() - start)


def compare() -> None:
    """Print a line a server; those that are not installed are named."""
    running = {}
    for start in (ours, werkzeug, cheroot, waitress):
        try:
            running[start.__name__] = start()
        except ImportError:
            print(f"{start.__name__}: not installed; pip install {start.__name__}")
    clients = [Client(url, "POST", "/", BODY) for url, _ in running.values()]
    times = side_by_side(*clients)
    print(
        "server, a request in sequence (microseconds, median), to ours, requests a second on 8 connections, stop (ms)"
    )
    for (name, (url, stop)), client, taken in zip(running.items(), clients, times, strict=True):
        together = at_once(url)
        start_time = time.perf_counter()
        stop()
        stopped = (time.perf_counter() - start_time) * 1000
        client.close()
        print(f"{name:10} {taken:8.0f} {taken / times[0]:6.2f} {together:8.0f} {stopped:8.1f}")
