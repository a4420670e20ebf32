"""Processes that respond as one mock: servers on fixed ports, and nginx in front of them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.shared.restarted import Restarted

_NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    proxy_request_buffering off;
    proxy_max_temp_file_size 0;
    upstream mock {{
        {servers}
        keepalive 32;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://mock;
            proxy_http_version 1.1;
            # What may have been done is not done again: that is for the client to decide.
            proxy_next_upstream off;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Replica(Restarted):
    """A server in a process of its own, on a port that stays the same when it is started again."""

    def __init__(self, port: int, store: str, options: Sequence[str]) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "ims_mock", "--port", str(port), "--store", store, "--quiet", *options]

    def start(self) -> None:
        """Start it, and return when it accepts connections."""
        assert next(self.launch(self._command)).strip() == self.url


@contextmanager
def replicas(count: int, store: str, *options: str) -> Iterator[list[Replica]]:
    """Servers that share a store."""
    servers = [Replica(port, store, options) for port in free_ports(count)]
    with ExitStack() as stack:
        for server in servers:
            server.start()
            stack.callback(server.kill)
        yield servers


@contextmanager
def balancer(folder: Path, ports: Sequence[int]) -> Iterator[str]:
    """Have nginx pass requests on to servers by turns, and yield its URL."""
    program = shutil.which("nginx")
    assert program is not None, "these tests need nginx: apt-get install nginx-light"
    (port,) = free_ports(1)
    servers = " ".join(f"server 127.0.0.1:{one} max_fails=0;" for one in ports)
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, servers=servers, port=port))
    with subprocess.Popen([program, "-c", str(config), "-e", f"{folder}/error.log"]) as process:
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    assert process.poll() is None, (folder / "error.log").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
