"""A Redis of the tests' own, as a process with a folder and an address that do not change when it is started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import redis


class RedisServer:
    """A Redis on a socket of a folder, which keeps what it has by appending each write to a file."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/socket?db=0"
        self._options = options
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and return when it has loaded what it had."""
        program = shutil.which("redis-server")
        assert program is not None, "these tests need redis-server: apt-get install redis-server"
        given = ("--port", "0", "--unixsocket", f"{self.folder}/socket", "--dir", str(self.folder), "--save", "")
        appending = ("--appendonly", "yes", "--appendfsync", "always")
        self._process = subprocess.Popen(
            [program, *given, *appending, *self._options], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "eady to accept connections" in line:
                return
        raise AssertionError("redis-server has ended")

    def kill(self) -> None:
        """End it without a chance to write anything more."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def pause(self) -> None:
        """Let it be silent, with its connections open, until it goes on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it respond again."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

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
