"""What the recorders of this folder record: a mock of IMS and a server of oddities, and the calls of a client."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import requests

from ims_mock import ImsMock

HERE = Path(__file__).parent
START = "2016-06-02T07:49:48Z"
NAME = "镜像 é"
BYTES = b"QFI\xfb\x00\xff\xfe\x80 abc"
BAD_JSON = b'{"name": "\xe9\xff"}'


class Odd(BaseHTTPRequestHandler):
    """What IMS does not do, and other servers do."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Respond with what the path asks for."""
        length = int(self.headers.get("Content-Length") or 0)
        if self.headers.get("Transfer-Encoding"):
            while int(self.rfile.readline(), 16):
                self.rfile.readline()
            self.rfile.readline()
        self.rfile.read(length)
        if self.path.endswith("/hangup"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(*_RESPONSES.get(self.path.rpartition("/")[2], (200, {"Content-Type": "application/json"}, b"{}")))

    do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815 - the names of http.server

    def _send(self, status: int, headers: dict[str, Any], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, one)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


_JSON = {"Content-Type": "application/json"}
_RESPONSES: dict[str, tuple[int, dict[str, Any], bytes]] = {
    "gzip": (200, {**_JSON, "Content-Encoding": "gzip"}, gzip.compress(b'{"images": []}' + b" " * 200, mtime=0)),
    "redirect": (302, {"Location": "/v2/odd/plain"}, b""),
    "cookies": (200, {**_JSON, "Set-Cookie": ["a=1; Expires=Thu, 01 Jan 2037 00:00:00 GMT", "b=2"]}, b"{}"),
    "bytes": (200, {"Content-Type": "application/octet-stream"}, BYTES),
    "nul": (200, {"Content-Type": "application/octet-stream"}, b"abc\0def"),
    "untyped": (200, {}, BYTES),
    "chinese": (200, _JSON, '{"name": "镜像"}'.encode()),
    "text": (200, {"Content-Type": "text/plain"}, b"plain"),
}


@contextlib.contextmanager
def servers() -> Iterator[tuple[ImsMock, str]]:
    """Yield a mock of IMS, always with the same ids and times, and the URL of a server of oddities."""
    odd = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    Thread(target=odd.serve_forever, daemon=True).start()
    with ImsMock(start=START, jobs={"*": {"polls": 1}}) as mock:
        yield mock, f"http://127.0.0.1:{odd.server_port}"
    odd.shutdown()


@contextlib.contextmanager
def tool(*command: str, port: int, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a tool until the block ends; wait until something listens at the port."""
    with subprocess.Popen(command, stdout=sys.stderr, **options) as process:
        try:
            for _ in range(300):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()
            process.wait(30)


def free_port() -> int:
    """Return a port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def call_ims(url: str, mock: ImsMock, data: bytes = BYTES, **options: Any) -> None:
    """Make the calls of a client: an image from its creation to its end, a job, tags, a log-in, an error."""
    with requests.Session() as session:
        session.headers["X-Auth-Token"] = mock.token

        def call(method: str, path: str, **more: Any) -> requests.Response:
            return session.request(method, url + path, timeout=20, **options, **more)

        image = call("POST", "/v2/images", json={"name": NAME, "min_disk": 40, "tags": ["a"]}).json()["id"]
        file = f"/v2/images/{image}/file"
        call("PUT", file, data=data, headers={"Content-Type": "application/octet-stream"})
        call("GET", f"/v2/images?tag=a&limit=2&name={NAME}")
        call("GET", f"/v2/images/{image}")
        call("GET", file)
        patch = [{"op": "replace", "path": "/name", "value": "renamed"}]
        call(
            "PATCH",
            f"/v2/images/{image}",
            json=patch,
            headers={"Content-Type": "application/openstack-images-v2.1-json-patch"},
        )
        job = call("POST", f"/v1/cloudimages/{image}/copy", json={"name": "copy", "description": "é"}).json()["job_id"]
        call("GET", f"/v1/{mock.project_id}/jobs/{job}")
        call("GET", f"/v1/{mock.project_id}/jobs/{job}")
        call("GET", "/v1/cloudimages/tags?limit=5")
        call("DELETE", f"/v2/images/{image}")
        call("GET", f"/v2/images/{image}")
        call("POST", "/v3/auth/tokens", json=_LOG_IN)


_LOG_IN = {
    "auth": {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": "demo", "password": "secret", "domain": {"name": "Default"}}},
        },
        "scope": {"project": {"name": "cn-north-4"}},
    }
}


def call_odd(url: str, without: Sequence[str] = (), **options: Any) -> None:
    """Make calls whose recordings are surprising."""
    octets, json_type = {"Content-Type": "application/octet-stream"}, {"Content-Type": "application/json"}
    with requests.Session() as session:
        for path in ("gzip", "redirect", "cookies", "bytes", "nul", "untyped", "chinese", "text"):
            session.get(f"{url}/v2/odd/{path}", timeout=20, **options)
        session.head(f"{url}/v2/odd/plain", timeout=20, **options)
        for name, data, headers in (
            ("octets", BYTES, octets),
            ("no-type", BYTES, {}),
            ("bad-json", BAD_JSON, json_type),
            ("utf-8-bom", b'\xef\xbb\xbf{"a": 1}', json_type),
            ("utf-16-bom", b"\xff\xfea\0b\0", octets),
            ("chunks", iter([b'{"a"', b": 1}"]), json_type),
            ("form", {"a": "1", "b": "é"}, {}),
        ):
            if name not in without:
                session.post(f"{url}/v2/odd/{name}", data=data, headers=headers, timeout=20, **options)
        if "multipart" not in without:
            session.post(f"{url}/v2/odd/multipart", files={"f": ("a.bin", BYTES)}, timeout=20, **options)
        with contextlib.suppress(requests.RequestException):
            session.get(f"{url}/v2/odd/hangup", timeout=20, **options)


def lines_of(document: dict[str, Any], *keys: str) -> str:
    """Return a document as JSON with a line for each member of the list at these keys."""
    items: Any = document
    for key in keys[:-1]:
        items = items[key]
    lines = [json.dumps(item) for item in items[keys[-1]]]
    items[keys[-1]] = ["..."]
    return json.dumps(document).replace('"..."', "\n" + ",\n".join(lines) + "\n")


def written(path: Path, text: str, replaced: dict[str, str]) -> None:
    """Write a recording without the ports of this run."""
    for old, new in replaced.items():
        text = text.replace(old, new)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.rstrip("\n") + "\n", "utf-8", errors="surrogatepass")
