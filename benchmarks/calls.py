"""What a create costs in calls: the functions of the mock that one request goes through, and its changes of module."""

from __future__ import annotations

import gc
import io
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ims_mock import ImsMock
from ims_mock.web.direct import Direct
from ims_mock.web.head import parse_head
from ims_mock.web.wire import Connection

ROUNDS = 20
"""Requests before the one that is counted, so that everything that is made once has been made."""


class CallCounter:
    """A profile function that counts the calls of the mock's own functions.

    `calls` are the functions that were called, comprehensions and generated methods left out, by module and name;
    `changes` are those calls of them that went from one module of the mock to another.
    """

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.changes: Counter[tuple[str, str]] = Counter()
        self._modules: list[str] = []

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what is called inside, and not what the garbage collector ends meanwhile of something else."""
        gc.disable()
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)
            gc.enable()

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note that a function is called, resumed or left."""
        code = frame.f_code
        module = frame.f_globals.get("__name__", "")
        if not module.startswith("ims_mock.") or code.co_filename.startswith("<") or code.co_name.startswith("<list"):
            return
        if event == "call":
            before = self._modules[-1] if self._modules else "outside"
            self.calls[module, code.co_name] += 1
            if module != before:
                self.changes[before, module] += 1
            self._modules.append(module)
        elif event == "return" and self._modules:
            self._modules.pop()


def count_calls(body: bytes) -> CallCounter:
    """Return what is counted while one valid create goes from the head of its request to the response."""
    mock = ImsMock()
    direct = Direct(mock.service, mock.app.is_as_made)
    counter = CallCounter()
    for _ in range(ROUNDS):
        _send(direct, body)
    with counter.counting():
        _send(direct, body)
    return counter


def _send(direct: Direct, body: bytes) -> None:
    lines = ["POST /v2/images HTTP/1.1", "Host: localhost", "X-Auth-Token: t", "Content-Type: application/json"]
    head = parse_head("\r\n".join([*lines, f"Content-Length: {len(body)}", "\r\n"]).encode())
    route = direct.route(head)
    assert route is not None
    with socket.socket() as unconnected:
        connection = Connection(unconnected, io.BytesIO(body))
        response = direct.serve(route, head, connection, ("http", "localhost", "80"))
    assert response.status == 201, response


def print_calls(body: bytes) -> None:
    """Print both counts, and what they are made of."""
    counter = count_calls(body)
    print(f"a create: {counter.calls.total()} own calls, {counter.changes.total()} changes of module")
    for (module, name), count in sorted(counter.calls.items()):
        print(f"{count:5} {module.removeprefix('ims_mock.')}.{name}")
    for (before, after), count in sorted(counter.changes.items()):
        print(f"{count:5} {before.removeprefix('ims_mock.')} -> {after.removeprefix('ims_mock.')}")
