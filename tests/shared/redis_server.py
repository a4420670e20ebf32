"""A Redis of the tests' own, as a process with a folder and an address that do not change when it is started again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import redis

from tests.shared.restarted import Restarted


class RedisServer(Restarted):
    """A Redis on a socket of a folder, which keeps what it has by appending each write to a file."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/socket?db=0"
        self._options = options

    def start(self) -> None:
        """Start it, and return when it has loaded what it had."""
        program = shutil.which("redis-server")
        assert program is not None, "these tests need redis-server: apt-get install redis-server"
        given = ("--port", "0", "--unixsocket", f"{self.folder}/socket", "--dir", str(self.folder), "--save", "")
        appending = ("--appendonly", "yes", "--appendfsync", "always")
        lines = self.launch([program, *given, *appending, *self._options], start_new_session=True)
        assert any("eady to accept connections" in line for line in lines), "redis-server has ended"

    @property
    def client(self) -> redis.Redis:
        """A client."""
        return redis.Redis.from_url(self.url)


@contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    """A Redis that runs, in a folder of its own."""
    # The path of a socket may have 107 bytes, which the folders of pytest can exceed.
    with TemporaryDirectory(prefix="ims") as folder:
        server = RedisServer(Path(folder), *options)
        server.start()
        try:
            yield server
        finally:
            server.kill()
