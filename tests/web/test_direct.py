"""The short way and Flask's are one: whatever is sent, what comes back has the same bytes."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import flask
import pytest

from ims_mock import Delay, Fail, Garble, Hangup, ImsMock, LoseResponse, Reset, Stale, Truncate
from ims_mock.contract.operations import load_contract
from ims_mock.web.direct import Direct, find
from tests.examples import example_of

START = "2026-01-01T00:00:00Z"
IMAGE = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"


class Ways:
    """Two mocks that are alike, but that one of them has no short way; `short` counts how often the other took it."""

    def __init__(self, **settings: Any) -> None:
        self.mocks = [ImsMock(start=START, **settings) for _ in range(2)]
        self.mocks[1]._server.fronts = None
        self.short = 0
        serve = Direct.serve

        def counted(direct: Direct, *arguments: Any) -> Any:
            self.short += 1
            return serve(direct, *arguments)

        for mock in self.mocks:
            mock.add_image(id=IMAGE, name="web", data=b"abc" * 1000)
            mock.start()
        direct = self.mocks[0]._fronts.default.direct
        direct.serve = counted.__get__(direct)  # type: ignore[method-assign]

    def stop(self) -> None:
        """Stop both."""
        for mock in self.mocks:
            mock.stop()

    def same(self, data: bytes) -> bytes:
        """Send bytes to both, and return what comes back, which is the same; then both have written the same down."""
        received = [send(mock, data) for mock in self.mocks]
        assert received[0] == received[1]
        journals = [[(str(entry), entry.request_headers) for entry in mock.journal] for mock in self.mocks]
        assert journals[0] == journals[1]
        return received[0]

    def ask(self, line: str, body: bytes = b"", **headers: str) -> bytes:
        """Send a request with a token to both; the headers have a _ for each -."""
        fields = {"Host": "ims.example:9292", "X-Auth-Token": self.mocks[0].token, "Connection": "close"}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        if body:
            fields = {"Content-Type": "application/json", **fields, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return self.same(f"{line} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)


def send(mock: ImsMock, data: bytes) -> bytes:
    """Return what a mock sends until it closes the connection; its own port counts as any."""
    port = int(mock.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(data)
        received = b""
        try:
            while piece := client.recv(65536):
                received += piece
        except ConnectionResetError:
            received += b"(reset)"
    return received.replace(b":%d" % port, b":port")


@pytest.fixture
def ways() -> Iterator[Ways]:
    """The two ways."""
    both = Ways()
    yield both
    both.stop()


@pytest.mark.parametrize("name", load_contract().operations)
def test_each_operation(ways: Ways, name: str) -> None:
    """The example of an operation, and the same without a token."""
    operation = load_contract().operations[name]
    example = example_of(operation, image_id=IMAGE, project_id=ways.mocks[0].project_id)
    body = example.body if isinstance(example.body, bytes) else json.dumps(example.body).encode()
    sent = b"" if example.body is None else body
    media_type = next(iter(operation.bodies), "application/json")
    response = ways.ask(f"{example.method} {example.path}", sent, Content_Type=media_type)
    assert response.startswith(b"HTTP/1.1 ")
    ways.ask(f"{example.method} {example.path}", sent, Content_Type=media_type, X_Auth_Token="wrong")
    path = example.path.partition("?")[0]
    assert ways.short == (2 if find(example.method, path) else 0)


def test_most_operations_have_a_short_way() -> None:
    """All but those with HEAD, and those that Flask knows by the values in their paths."""
    paths = {name: example_of(operation, image_id=IMAGE) for name, operation in load_contract().operations.items()}
    long = {name for name, example in paths.items() if find(example.method, example.path.partition("?")[0]) is None}
    assert len(long) < 10, long


LINES = [
    "GET /",
    "GET //",
    "GET /v2/images/",
    "GET /v2//images",
    "GET /v2/images?limit=1&name=a b",
    "GET /v2/images?name=%E4%B8%AD",
    "GET /v2/images?name=\u00e4",
    "GET /v2/im%61ges",
    "GET /v2/./images",
    "GET /v2/../v2/images",
    "GET /image/v2/images",
    "GET /image/v3/projects",
    "GET /image/identity/v3/projects",
    "GET /V2/images",
    "GET http://other.example/v2/images?limit=1",
    "GET http://other.example:80",
    "HEAD /v2/images",
    f"HEAD /v2/images/{IMAGE}",
    f"GET /v2/images/{IMAGE.upper()}",
    f"GET /v2/images/{IMAGE}/file",
    "GET /v2/images/none",
    "GET /v2/images/none/none/none",
    "OPTIONS /v2/images",
    "OPTIONS *",
    "PUT /v2/images",
    "TRACE /v2/images",
    "DELETE /v2/images",
    "GET /_ims_mock/faults",
    "GET /_ims_mock",
    "GET /nosuch",
    "GET /v1/cloudimages/quota",
    "get /v2/images",
]


@pytest.mark.parametrize("line", LINES)
def test_other_lines(ways: Ways, line: str) -> None:
    """Whatever the line is, found or not, written in this way or in that."""
    ways.ask(line)
    ways.ask(line, b'{"name": "x"}')
    ways.ask(line, Host="", Accept="*/*")


HEADS = [
    "GET /v2/images HTTP/1.0",
    "GET /v2/images HTTP/1.1",
    "GET /v2/images HTTP/1.1|Host: a|Host: b",
    "GET /v2/images HTTP/1.1|Host: a b|Connection: close",
    "GET /v2/images HTTP/1.1|Host: a|X_Auth_Token: token|Connection: close",
    "GET /v2/images HTTP/1.1|Host: a|X-Auth-Token: a|X-Auth-Token: b|Connection: close",
    "POST /v2/images HTTP/1.1|Host: a|Content-Length: 2|Content-Type:|Connection: close||{}",
    "POST /v2/images HTTP/1.1|Host: a|Content-Length: x||{}",
    "POST /v2/images HTTP/1.1|Host: a|Transfer-Encoding: chunked|Connection: close||2|{}|0||",
    "POST /v2/images HTTP/1.1|Host: a|Expect: 100-continue|Content-Length: 2|Connection: close||{}",
    "POST /v2/images HTTP/1.1|Host: a|Content-Encoding: gzip|Content-Length: 2|Connection: close||{}",
    "GET /v2/images HTTP/1.1|Host: a||GET /v2 HTTP/1.1|Host: a|Connection: close",
    "GET /v2/images HTTP/1.1|Host: a|Origin: http://page.example|Connection: close",
]


@pytest.mark.parametrize("head", HEADS)
def test_other_heads(ways: Ways, head: str) -> None:
    """Whatever the head is: that of an old client, of a proxy, or of none."""
    end = "" if "{}" in head else "\r\n\r\n"
    ways.same(head.replace("|", "\r\n").encode() + end.encode())


FAULTS = [
    *(Fail(503), Garble("html_200"), Truncate(10), Hangup(), Reset(), Delay(5), Stale(3)),
    *(LoseResponse("reset"), LoseResponse(500)),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_faults(ways: Ways, fault: Any) -> None:
    """A fault fires in the same way, also on the wire."""
    for mock in ways.mocks:
        mock.faults.add(fault, operation="glance_list_images", optional=True)
    ways.ask("POST /v2/images", b'{"name": "new"}')
    ways.ask("GET /v2/images")
    ways.ask("GET /v2/images", X_IMS_Mock_Fault="503")
    assert ways.short == 3


def test_many_requests_of_one_connection(ways: Ways) -> None:
    """Requests that come all at once are responded to in their order."""
    head = f"Host: a\r\nX-Auth-Token: {ways.mocks[0].token}\r\n"
    bodies = [json.dumps({"name": f"image {number}"}) for number in range(3)]
    requests = [f"POST /v2/images HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}" for body in bodies]
    requests.append(f"GET /v2/images?limit=2 HTTP/1.1\r\n{head}Connection: close\r\n\r\n")
    assert ways.same("".join(requests).encode()).count(b"HTTP/1.1 201 CREATED") == 3
    assert ways.short == 4


def hook_before(app: flask.Flask) -> None:
    """Have the application refuse what it is asked."""
    app.before_request(lambda: ("busy", 503))


def hook_after(app: flask.Flask) -> None:
    """Have the application add a header."""

    @app.after_request
    def mark(response: flask.Response) -> flask.Response:
        response.headers["X-Mark"] = "503"
        return response


def middleware(app: flask.Flask) -> None:
    """Put something before the application."""

    def busy(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("503 BUSY", [("Content-Length", "0")])
        return []

    app.wsgi_app = busy  # type: ignore[method-assign, assignment]


def view(app: flask.Flask) -> None:
    """Replace a view."""
    app.view_functions["glance_list_images"] = lambda: ("busy", 503)


@pytest.mark.parametrize("change", [hook_before, hook_after, middleware, view])
def test_own_application(change: Any) -> None:
    """What a test has put into the application is not passed over."""
    with ImsMock() as mock:
        change(mock.app)
        head = f"GET /v2/images HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {mock.token}\r\nConnection: close\r\n\r\n"
        assert b"503" in send(mock, head.encode()).partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize("line", ["GET /v2/images/gone", "GET /v2/nothing", "GET /v3/auth/tokens", "BAD"])
def test_both_ways_explain_alike(line: str) -> None:
    """With `explain` the reason is in the body, whichever way a request takes, also where it is no valid HTTP."""
    both = Ways(explain=True)
    try:
        assert b" (ims_mock: " in both.ask(line, X_Subject_Token="wrong")
    finally:
        both.stop()
