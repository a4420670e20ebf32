"""The servers that the mock is compared with, each with the mock's own responses as what it returns.

Each runs as it comes, but without logs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.table.load import run
from benchmarks.table.processes import HERE, free_port, plan, request, running

PATIENCE = 60
"""Seconds within which a server starts."""


@dataclass(frozen=True)
class Call:
    """A request, and the mock's response to it, which the others return as well."""

    method: str
    target: str
    body: str
    status: int
    response: str

    def prepared(self) -> str:
        """Return the request as the load generator sends it."""
        return request(self.method, self.target, self.body)


@dataclass(frozen=True)
class Service:
    """A running server: its port, and what makes it as it was at first and returns the request that it is sent."""

    port: int
    prepare: Callable[[], str]


@dataclass(frozen=True)
class Job:
    """What a server is started for: one of the calls, by name, in a folder of its own, from where it is installed."""

    peers: Path
    folder: Path
    calls: Mapping[str, Call]
    work: str

    @property
    def call(self) -> Call:
        """The call that is measured."""
        return self.calls[self.work]


@contextmanager
def prism(job: Job) -> Iterator[Service]:
    """Start Prism with an OpenAPI document of the three operations, whose examples are the responses."""
    paths: dict[str, Any] = {}
    for name, call in job.calls.items():
        operation: dict[str, Any] = {"responses": {str(call.status): _content(call.response)}}
        if call.body:
            operation["requestBody"] = {"required": True, **_content(call.body)}
        path = "/v2/images/{image_id}" if name == "show" else call.target
        paths.setdefault(path, {})[call.method.lower()] = operation
    parameter = {"name": "image_id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths["/v2/images/{image_id}"]["parameters"] = [parameter]
    document = {"openapi": "3.0.3", "info": {"title": "images", "version": "2"}, "paths": paths}
    (job.folder / "api.json").write_text(json.dumps(document))
    port = free_port()
    command = [*_node(job, "prism"), "mock", "-p", str(port), "-v", "silent", "--multiprocess=false", "api.json"]
    with running(command, job.folder) as process:
        yield _ready(job, process, port)


def _content(text: str) -> dict[str, Any]:
    """Return the content of a message with an example, with a schema that has the type of each member."""
    example = json.loads(text)
    schema = {"type": "object", "required": list(example), "properties": {k: _typed(v) for k, v in example.items()}}
    return {"description": "", "content": {"application/json": {"schema": schema, "example": example}}}


def _typed(value: object) -> dict[str, Any]:
    if isinstance(value, list):
        return {"type": "array", "items": _typed(value[0])} if value else {"type": "array", "items": {}}
    names: dict[type, str] = {str: "string", bool: "boolean", int: "integer", dict: "object"}
    return {"type": names[type(value)]} if value is not None else {"nullable": True}


@contextmanager
def wiremock(job: Job) -> Iterator[Service]:
    """Start WireMock with a mapping for each response, and a journal as long as the mock's."""
    mappings = job.folder / "mappings"
    mappings.mkdir()
    for name, call in job.calls.items():
        response = {"status": call.status, "headers": {"Content-Type": "application/json"}, "body": call.response}
        mapping = {"request": {"method": call.method, "urlPath": call.target}, "response": response}
        (mappings / f"{name}.json").write_text(json.dumps(mapping))
    port, jar = free_port(), next((job.peers / "java").glob("wiremock-standalone-*.jar"))
    options = ["--port", str(port), "--root-dir", ".", "--disable-banner", "--max-request-journal-entries", "1000"]
    with running([_program("java"), "-jar", str(jar), *options], job.folder) as process:
        yield _ready(job, process, port)


@contextmanager
def mountebank(job: Job) -> Iterator[Service]:
    """Start Mountebank with an imposter that has a stub for each response.

    It closes the connection after each response, unless the stub has a header `Connection: keep-alive`: then a show is
    several times as fast.
    """
    stubs = [
        {
            "predicates": [{"equals": {"method": call.method, "path": call.target}}],
            "responses": [
                {
                    "is": {
                        "statusCode": call.status,
                        "headers": {"Content-Type": "application/json"},
                        "body": call.response,
                    }
                }
            ],
        }
        for call in job.calls.values()
    ]
    port = free_port()
    (job.folder / "imposters.json").write_text(
        json.dumps({"imposters": [{"port": port, "protocol": "http", "stubs": stubs}]})
    )
    options = ["--port", str(free_port()), "--nologfile", "--loglevel", "error", "--localOnly", "--pidfile", "pid"]
    command = [*_node(job, "mb"), "start", *options, "--configfile", "imposters.json", "--noParse"]
    with running(command, job.folder) as process:
        yield _ready(job, process, port)


@contextmanager
def json_server(job: Job) -> Iterator[Service]:
    """Start json-server with the images of the page; it starts again each time, since it keeps what is created."""
    images = json.loads(job.calls["page"].response)["images"]
    (job.folder / "routes.json").write_text('{"/v2/*": "/$1"}')
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--quiet", "--routes", "routes.json", "db.json"]
    command = [*_node(job, "json-server"), *options]
    page = replace(job.calls["page"], target="/v2/images?_limit=25")
    own = replace(job, calls={**job.calls, "page": page})
    with ExitStack() as stack:

        def begin() -> Service:
            stack.close()
            (job.folder / "db.json").write_text(json.dumps({"images": images}))
            service = _ready(own, stack.enter_context(running(command, job.folder)), port)
            if job.work == "create":  # Without this it would be cold each time.
                run(plan(port, [service.prepare()], 8, 0, at_least=25))
            return service

        service = begin()
        yield Service(port, lambda: begin().prepare()) if job.work == "create" else service


@contextmanager
def httpserver(job: Job) -> Iterator[Service]:
    """Start the server of pytest-httpserver with a handler for each response; it does not keep connections."""
    responses = [[call.method, call.target, call.status, call.response] for call in job.calls.values()]
    (job.folder / "responses.json").write_text(json.dumps(responses))
    port = free_port()
    command = [sys.executable, str(HERE / "responders.py"), "httpserver", str(port), "responses.json"]
    with running(command, job.folder, [job.peers / "python"]) as process:
        yield _ready(job, process, port)


def _node(job: Job, name: str) -> list[str]:
    return [_program("node"), str((job.peers / "node/node_modules/.bin" / name).resolve())]


def _program(name: str) -> str:
    return shutil.which(name) or name


def _ready(job: Job, process: subprocess.Popen[bytes], port: int) -> Service:
    """Return a server's service once it shows the image; raise RuntimeError, with what it has printed, without one."""
    url, end = f"http://127.0.0.1:{port}{job.calls['show'].target}", time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(url) as response:
                response.read()
            return Service(port, job.call.prepared)
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        time.sleep(0.02)
    printed = (job.folder / "output").read_bytes()[-2000:].decode(errors="replace")
    raise RuntimeError(f"{process.args!r} does not start: {printed}")


@dataclass(frozen=True)
class Peer:
    """A server that may be installed: what runs it, and its files, whose path has its version."""

    name: str
    program: str
    files: str

    def version(self, peers: Path) -> str | None:
        """Return the version that is installed; None without one, or without what runs it."""
        found = sorted(peers.glob(self.files))
        if not found or shutil.which(self.program) is None:
            return None
        if found[0].name == "package.json":
            return str(json.loads(found[0].read_text())["version"])
        return found[0].name.removesuffix(".dist-info").removesuffix(".jar").rpartition("-")[2]


PEERS = {
    peer.name: peer
    for peer in (
        Peer("prism", "node", "node/node_modules/@stoplight/prism-cli/package.json"),
        Peer("mountebank", "node", "node/node_modules/mountebank/package.json"),
        Peer("pytest-httpserver", sys.executable, "python/pytest_httpserver-*.dist-info"),
        Peer("json-server", "node", "node/node_modules/json-server/package.json"),
        Peer("wiremock", "java", "java/wiremock-standalone-*.jar"),
        Peer("werkzeug", sys.executable, "python/werkzeug-*.dist-info"),
    )
}

START: dict[str, Callable[[Job], AbstractContextManager[Service]]] = {
    "prism": prism,
    "mountebank": mountebank,
    "pytest-httpserver": httpserver,
    "json-server": json_server,
    "wiremock": wiremock,
}
