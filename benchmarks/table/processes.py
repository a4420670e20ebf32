"""The processes of a measurement: they are asked with one line and respond with one, and end with their block."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


_Process = TypeVar("_Process", bound="Process")


class Process:
    """A process that reads JSON from a line and writes JSON into a line; it ends at the end of a `with` block."""

    def __init__(self, command: Sequence[str], path: Sequence[Path] = ()) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=python_path(*path)
        )

    def begin(self, question: object) -> None:
        """Ask, and do not wait."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()

    def finish(self) -> Any:
        """Return the response to what was asked; raise RuntimeError for an error, and where the process has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} has ended with {self._process.wait()}")
        response = json.loads(line)
        if isinstance(response, dict) and "error" in response:
            raise RuntimeError(response["error"])
        return response

    def ask(self, question: object) -> Any:
        """Ask, and return the response."""
        self.begin(question)
        return self.finish()

    def __enter__(self: _Process) -> _Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        if kind is not None:
            self._process.terminate()
        self._process.wait()
        self._process.stdout.close()


class Build(Process):
    """A mock of one build, in the process of worker.py."""

    def __init__(self, folder: Path) -> None:
        super().__init__([sys.executable, str(HERE / "worker.py")], [folder])
        address = self.do("address")
        if folder not in Path(address["file"]).parents:
            raise RuntimeError(f"the build of {folder} was imported from {address['file']}")
        self.port: int = address["port"]
        self.project: str = address["project"]

    def do(self, name: str, **arguments: Any) -> Any:
        """Have a method of the worker run, and return what it returns."""
        return self.ask([name, arguments])


class Generator(Process):
    """The load generator, in the process of load.py."""

    def __init__(self) -> None:
        super().__init__([sys.executable, "-S", str(HERE / "load.py")])
        self.busiest = 0.0

    def run(self, plan: Mapping[str, Any]) -> Any:
        """Do a plan and return its result."""
        result = self.ask(plan)
        self.busiest = max(self.busiest, result.get("busy", 0.0))
        return result


def python_path(*folders: Path) -> dict[str, str]:
    """Return the environment in which Python looks in these folders first, and keeps what it has compiled."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}


def plan(port: int, requests: Sequence[str], connections: int, seconds: float, at_least: int = 1) -> dict[str, Any]:
    """Return a plan for the load generator."""
    return {
        "port": port,
        "requests": list(requests),
        "connections": connections,
        "seconds": seconds,
        "at_least": at_least,
    }


def request(method: str, target: str, body: str = "", **headers: str) -> str:
    """Return a prepared request; `headers` are names with `_` in place of `-`."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "X-Auth-Token: t"]
    if body:
        headers = {"Content_Type": "application/json", "Content_Length": str(len(body)), **headers}
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")) + body


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(command: Sequence[str], folder: Path, path: Sequence[Path] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in a folder, its output in a file there, and end it."""
    environ = {**python_path(*path), "NODE_ENV": "production"}
    with (folder / "output").open("wb") as output:
        server = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=environ)
        try:
            yield server
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
