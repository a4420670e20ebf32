"""The servers in Python that the mock is compared with: `httpserver` and `werkzeug`, started as a script."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PIECE = 65536


def httpserver(port: int, path: str = "") -> None:
    """Serve with pytest-httpserver: the responses of a file, or a 201 for each create; the port is printed."""
    from pytest_httpserver import HTTPServer

    responses: list[tuple[str, str, int, str]] = [("POST", "/v2/images", 201, "{}")]
    if path:
        responses = json.loads(Path(path).read_text())
    with HTTPServer(port=port) as server:
        for method, target, status, body in responses:
            handler = server.expect_request(target, method=method)
            handler.respond_with_data(body, status, content_type="application/json")
        print(server.port, flush=True)
        threading.Event().wait()


def werkzeug(port: int) -> None:
    """Serve with Werkzeug what writes a request's body into a file and returns its MD5; the port is printed."""
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port, _receive, threaded=True)
    print(server.port, flush=True)
    server.serve_forever()


def _receive(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    digest, left = hashlib.md5(), int(environ["CONTENT_LENGTH"])
    with tempfile.TemporaryFile() as file:
        while left and (piece := environ["wsgi.input"].read(min(left, PIECE))):
            digest.update(piece)
            file.write(piece)
            left -= len(piece)
    body = digest.hexdigest().encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


if __name__ == "__main__":
    {"httpserver": httpserver, "werkzeug": werkzeug}[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:])
