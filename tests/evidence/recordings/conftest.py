"""What tests of recordings share: a mock to record, and a server that packs and redirects."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask
import pytest

from ims_mock import ImsMock
from ims_mock.contract import RecordedExchange, judge
from ims_mock.evidence.recordings.files import read_recording
from ims_mock.web.server import Server

OCTETS = "application/octet-stream"
PATCH = "application/openstack-images-v2.1-json-patch"
LIST = {"images": [], "schema": "/v2/schemas/images", "first": "/v2/images"}

COOKIES = ["a=1; Expires=Fri, 27 Nov 2026 20:00:00 GMT", "b=2"]


@pytest.fixture(scope="module")
def served() -> Iterator[ImsMock]:
    """A mock on a socket."""
    with ImsMock() as mock:
        yield mock


@pytest.fixture(scope="module")
def packer(served: ImsMock) -> Iterator[str]:
    """The URL of a server that packs a list of images with gzip, and redirects to it."""
    app = flask.Flask("packer", static_folder=None)

    @app.route("/v2/images")
    def packed() -> flask.Response:
        body = gzip.compress(json.dumps(LIST).encode(), mtime=0)
        return flask.Response(body, mimetype="application/json", headers={"Content-Encoding": "gzip"})

    @app.route("/elsewhere/v2/images", methods=["GET", "POST"])
    def moved() -> flask.Response:
        return flask.Response(status=302, headers={"Location": "/v2/images"})

    with serving(app, served) as url:
        yield url


@pytest.fixture(scope="module")
def odd(served: ImsMock) -> Iterator[str]:
    """The URL of a server whose list of images has no type, is in Latin-1 as its type says, or comes with cookies."""
    app = flask.Flask("odd", static_folder=None)

    @app.route("/no-type/v2/images")
    def without_type() -> flask.Response:
        response = flask.Response(json.dumps(LIST))
        del response.headers["Content-Type"]
        return response

    @app.route("/latin/v2/images")
    def latin() -> flask.Response:
        text = json.dumps({**LIST, "first": "/v2/images?name=\xe9"}, ensure_ascii=False)
        return flask.Response(text.encode("latin-1"), content_type="application/json; charset=ISO-8859-1")

    @app.route("/cookies/v2/images")
    def cookies() -> flask.Response:
        response = flask.Response(json.dumps(LIST), mimetype="application/json")
        for cookie in COOKIES:
            response.headers.add("Set-Cookie", cookie)
        return response

    with serving(app, served) as url:
        yield url


@contextmanager
def serving(app: flask.Flask, mock: ImsMock) -> Iterator[str]:
    """Serve an application meanwhile; yield its URL."""
    server = Server(app, "127.0.0.1", 0, mock.refuse)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def conforming(path: Path) -> list[RecordedExchange]:
    """Return the exchanges of a recording, in none of which the judge finds anything."""
    exchanges = list(read_recording(path))
    assert exchanges
    assert [finding for exchange in exchanges for finding in judge(exchange)] == []
    return exchanges


def bodies(exchanges: list[RecordedExchange]) -> list[tuple[Any, Any]]:
    """Return the bodies of requests and responses."""
    return [(item.request.body, item.response.body if item.response else None) for item in exchanges]


def on_the_wire(mock: ImsMock, count: int) -> list[tuple[str, str, bytes, int, bytes]]:
    """Return method, path, body, status and body of the last requests, as the mock's journal has them."""
    entries = list(mock.journal)[-count:]
    return [(item.method, item.path, item.request_body, item.status, item.response_body) for item in entries]


def recorded(exchanges: list[RecordedExchange], base: str) -> list[tuple[Any, ...]]:
    """Return the same of a recording."""
    return [
        (
            item.request.method,
            item.request.url.removeprefix(base),
            item.request.body,
            item.response and item.response.status,
            item.response and item.response.body,
        )
        for item in exchanges
    ]
