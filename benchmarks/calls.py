"""What a create costs in calls: the functions of the mock that one request goes through, and its changes of module."""

from __future__ import annotations

import gc
import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ims_mock import ImsMock

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
    """Return what is counted while one valid create goes through the WSGI application."""
    app = ImsMock().app
    counter = CallCounter()
    for _ in range(ROUNDS):
        _send(app, body)
    with counter.counting():
        _send(app, body)
    return counter


def _send(app: Any, body: bytes) -> None:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/v2/images",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_X_AUTH_TOKEN": "t",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.url_scheme": "http",
    }
    statuses: list[str] = []
    result: Iterable[bytes] = app(environ, lambda status, _headers: statuses.append(status))
    sent = b"".join(result)
    assert statuses == ["201 CREATED"], (statuses, sent)


def print_calls(body: bytes) -> None:
    """Print both counts, and what they are made of."""
    counter = count_calls(body)
    print(f"a create: {counter.calls.total()} own calls, {counter.changes.total()} changes of module")
    for (module, name), count in sorted(counter.calls.items()):
        print(f"{count:5} {module.removeprefix('ims_mock.')}.{name}")
    for (before, after), count in sorted(counter.changes.items()):
        print(f"{count:5} {before.removeprefix('ims_mock.')} -> {after.removeprefix('ims_mock.')}")
