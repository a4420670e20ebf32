"""The server, byte by byte over a socket of its own."""

from __future__ import annotations

import http.client
import io
import json
import os
import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from ims_mock import ImsMock
from ims_mock.exchange.messages import Response
from ims_mock.web.server import Server

END = b"\r\n\r\n"


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Return a request's own body; /unread leaves the body alone."""
    body = b"unread" if environ["PATH_INFO"] == "/unread" else environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def refuse(status: int, reason: str, method: str, target: str) -> Response:
    """Respond to what is no HTTP with the reason as the body."""
    return Response(status, {"Content-Length": str(len(reason))}, reason.encode())


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A running server of the application that the test names, `echo` unless it names one."""
    running = Server(getattr(request, "param", echo), "127.0.0.1", 0, refuse)
    running.start()
    yield running
    running.stop()


class Connection:
    """A client that sends what it is given, byte for byte."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def send(self, data: bytes) -> Connection:
        """Send bytes as they are."""
        self.socket.sendall(data)
        return self

    def head(self) -> tuple[int, dict[str, str]]:
        """Read the head of a response."""
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            headers[name] = value
        return status, headers

    def read_response(self) -> tuple[int, bytes]:
        """Read a whole response."""
        status, headers = self.head()
        return status, self.file.read(int(headers["Content-Length"]))

    def is_closed(self) -> bool:
        """Return whether the server has closed the connection."""
        try:
            return self.file.read(1) == b""
        except ConnectionError:
            return True


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    """A connection to the server."""
    with Connection(server) as client:
        yield client


def request(body: bytes = b"", *headers: str, target: str = "/", method: str = "POST") -> bytes:
    """Return the bytes of a request; Content-Length is given unless a header says how long the body is."""
    lines = [f"{method} {target} HTTP/1.1", "Host: test", *headers]
    if not any(header.lower().startswith(("content-length", "transfer-encoding")) for header in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + END + body


def test_connection_is_kept(connection: Connection) -> None:
    """Requests follow one another on one connection."""
    for body in (b"one", b"", b"three"):
        assert connection.send(request(body)).read_response() == (200, body)


def test_requests_may_be_sent_ahead(connection: Connection) -> None:
    """Pipelined requests get their responses in order."""
    connection.send(request(b"one") + request(b"two"))
    assert [connection.read_response(), connection.read_response()] == [(200, b"one"), (200, b"two")]


def test_connection_close_is_obeyed(connection: Connection) -> None:
    """A client that asks to close gets `Connection: close`, and the connection is closed."""
    status, headers = connection.send(request(b"", "Connection: close")).head()
    assert (status, headers["Connection"]) == (200, "close")
    assert connection.is_closed()


def test_http_1_0(connection: Connection) -> None:
    """An HTTP/1.0 client is kept when it asks for that, else closed."""
    connection.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert connection.head()[1]["Connection"] == "keep-alive"
    connection.send(b"GET / HTTP/1.0\r\n\r\n")
    assert connection.head()[1]["Connection"] == "close"
    assert connection.is_closed()


CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"0\r\n\r\n", b""),
        (b"003\r\nabc\r\n0000\r\n\r\n", b"abc"),
        (b'3;name=value;other="a b"\r\nabc\r\n0;last\r\n\r\n', b"abc"),
        (b"3\r\nabc\r\n0\r\nX-Checksum: 1\r\nX-Other: 2\r\n\r\n", b"abc"),
        (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    ],
)
def test_chunked_body(connection: Connection, sent: bytes, body: bytes) -> None:
    """Chunks, their extensions and the trailers are read, and the next request begins after them."""
    assert connection.send(request(sent, CHUNKED)).read_response() == (200, body)
    assert connection.send(request(b"next")).read_response() == (200, b"next")


def test_large_chunks(connection: Connection) -> None:
    """A chunk may be larger than any buffer."""
    body = os.urandom(300_000)
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    assert connection.send(request(sent, CHUNKED)).read_response() == (200, body)


@pytest.mark.parametrize(
    "sent",
    [
        b"x\r\nabc\r\n0\r\n\r\n",
        b"-3\r\nabc\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"\r\n",
        b"ffffffffffffffffff\r\n",
        b"0x3\r\nabc\r\n",
    ],
)
def test_malformed_chunks_end_the_connection(connection: Connection, sent: bytes) -> None:
    """What is not framed as chunks are is not guessed at."""
    connection.send(request(sent, CHUNKED))
    assert connection.is_closed()


def test_malformed_chunks_are_not_taken_up_again() -> None:
    """What follows a malformed chunk is not read as another request, though the application has responded."""
    with ImsMock() as mock:
        with Connection(mock._server) as client:
            smuggled = request(target="/v2/images", method="GET")
            client.send(request(b"3\r\n{} d\r\n0\r\n\r\n" + smuggled, CHUNKED, "X-Auth-Token: t", target="/v2/images"))
            status, headers = client.head()
            assert (status, headers["Connection"]) == (400, "close")
            client.file.read(int(headers["Content-Length"]))
            assert client.is_closed()
        assert [entry.reason for entry in mock.journal] == ["body: a chunk is longer than its size says"]


def test_trailers_are_bounded(connection: Connection) -> None:
    """Endless trailers are not read to their end."""
    connection.send(request(b"0\r\n" + b"X-Trailer: a\r\n" * 10_000, CHUNKED))
    assert connection.is_closed()


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        (["Content-Length: 1", "Transfer-Encoding: chunked"], 400, b"both given"),
        (["Content-Length: 1", "Content-Length: 2"], 400, b"given once"),
        (["Content-Length: 1", "Content-Length: 1"], 400, b"given once"),
        (["Content-Length: -1"], 400, b"one decimal number"),
        (["Content-Length: +1"], 400, b"one decimal number"),
        (["Content-Length: 1, 1"], 400, b"one decimal number"),
        (["Content-Length: " + "9" * 5000], 400, b"one decimal number"),
        (["Transfer-Encoding: gzip"], 400, b"once and last"),
        (["Transfer-Encoding: gzip, chunked"], 501, b"must be chunked"),
        (["Content-Length : 1"], 400, b"name: value"),
        (["no colon"], 400, b"name: value"),
        (["Host: again"], 400, b"Host: must be given once"),
    ],
)
def test_uncertain_framing_is_refused(connection: Connection, headers: list[str], status: int, reason: bytes) -> None:
    """Where it is not certain where a request ends, it is refused and the connection closed."""
    got, text = connection.send(
        request(b"", "Content-Length: 0" if "no colon" in headers else "X: y", *headers)
    ).read_response()
    assert got == status
    assert reason in text
    assert connection.is_closed()


def test_chunks_need_http_1_1(connection: Connection) -> None:
    """An HTTP/1.0 client that sends chunks is refused: it may not mean them."""
    connection.send(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert connection.read_response()[0] == 400
    assert connection.is_closed()


def test_silent_connection_is_closed(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection that says nothing for too long is closed, and nothing is logged of it."""
    monkeypatch.setattr("ims_mock.web.handler.Handler.timeout", 0.01)
    with Connection(server) as client:
        assert client.is_closed()
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


def test_starting_twice_is_starting_once(server: Server) -> None:
    """A server that runs stays as it is."""
    port = server.port
    server.start()
    assert server.port == port


def test_white_space_around_a_length(connection: Connection) -> None:
    """White space around a value does not count."""
    assert connection.send(request(b"a", "Content-Length: \t 1 ")).read_response() == (200, b"a")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/x\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000 + END, 494),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 200 + b"\r\n", 494),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + (b"X: " + b"a" * 20_000 + b"\r\n") * 4 + b"\r\n", 494),
        (b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused(connection: Connection, sent: bytes, status: int) -> None:
    """A malformed request, a long line and too many headers have their own statuses."""
    got, reason = connection.send(sent).read_response()
    assert got == status
    assert reason
    assert connection.is_closed()


def test_refusal_does_not_name_the_request_before_it() -> None:
    """What is no request has no method and no target, whatever the connection has carried before."""
    with ImsMock() as mock:
        with Connection(mock._server) as client:
            client.send(request(b"", "X-Auth-Token: t", target="/v2/images", method="GET")).read_response()
            assert client.send(b"nonsense\r\n\r\n").read_response()[0] == 400
        assert [(entry.method, entry.path) for entry in mock.journal] == [("GET", "/v2/images"), ("-", "-")]


def test_empty_line_before_a_request(connection: Connection) -> None:
    """A line end that an older client leaves after its body is passed over."""
    assert connection.send(request(b"one") + b"\r\n" + request(b"two")).read_response() == (200, b"one")
    assert connection.read_response() == (200, b"two")


def test_status_line_has_a_phrase(connection: Connection) -> None:
    """The status line is whole, also of what the server itself refuses."""
    assert connection.send(b"nonsense\r\n\r\n").file.readline() == b"HTTP/1.1 400 Bad Request\r\n"


def test_expect_100_continue(connection: Connection) -> None:
    """A client that waits for leave gets it when the body is read."""
    connection.send(request(b"", "Expect: 100-continue", "Content-Length: 3"))
    assert connection.head()[0] == 100
    assert connection.send(b"abc").read_response() == (200, b"abc")
    assert connection.send(request(b"next")).read_response() == (200, b"next")


def test_expect_without_need(connection: Connection) -> None:
    """A body that nobody reads is not asked for, and the connection ends, as it may or may not come."""
    connection.send(request(b"", "Expect: 100-continue", "Content-Length: 3", target="/unread"))
    status, headers = connection.head()
    assert (status, headers["Connection"]) == (200, "close")


@pytest.mark.parametrize("framing", ["Content-Length: 1000000", CHUNKED])
def test_unread_body_is_drained(connection: Connection, framing: str) -> None:
    """A body that the application leaves is taken off the connection before the next request."""
    body = b"x" * 1_000_000
    sent = body if framing != CHUNKED else b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    assert connection.send(request(sent, framing, target="/unread")).read_response() == (200, b"unread")
    assert connection.send(request(b"next")).read_response() == (200, b"next")


def test_drain_is_bounded(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound an unread body ends the connection."""
    monkeypatch.setattr("ims_mock.web.request_body.MAX_DRAIN", 1000)
    connection.send(request(b"x" * 100_000, "Content-Length: 1000000", target="/unread"))
    assert connection.read_response() == (200, b"unread")
    assert connection.is_closed()


def test_head_has_no_body(connection: Connection) -> None:
    """HEAD gets the length and no byte of the body."""
    status, headers = connection.send(request(target="/unread", method="HEAD")).head()
    assert (status, headers["Content-Length"]) == (200, "6")
    assert connection.send(request(b"next")).read_response() == (200, b"next")


def without_length(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Respond in pieces, without a length."""
    start_response("200 OK", [])
    return iter([b"a", b"b", b"c"])


@pytest.mark.parametrize("server", [without_length], indirect=True)
def test_length_is_always_given(connection: Connection) -> None:
    """A response whose length the application does not give is counted before it is sent."""
    assert connection.send(request()).read_response() == (200, b"abc")


def in_pieces(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Respond in pieces whose length is known."""
    start_response("200 OK", [("Content-Length", "3")])
    return iter([b"a", b"b", b"c"])


@pytest.mark.parametrize("server", [in_pieces], indirect=True)
def test_pieces_are_sent_as_they_come(connection: Connection) -> None:
    """A response of known length is sent piece by piece, and HEAD gets none of it."""
    assert connection.send(request()).read_response() == (200, b"abc")
    assert connection.send(request(method="HEAD")).head()[1]["Content-Length"] == "3"
    assert connection.send(request()).read_response() == (200, b"abc")


def buffered(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Return the first line of the body, read through a buffer as a WSGI application may."""
    line = io.BufferedReader(environ["wsgi.input"]).readline()
    start_response("200 OK", [])
    return [line]


@pytest.mark.parametrize("server", [buffered], indirect=True)
def test_input_can_be_wrapped(connection: Connection) -> None:
    """The input of an application is a stream like any other."""
    assert connection.send(request(b"one\ntwo\n")).read_response() == (200, b"one\n")


def reset(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Reset the connection instead of responding: SO_LINGER 0, then a closed descriptor in the socket's place."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with socket.socket() as other:
        os.dup2(other.fileno(), connection.fileno())
    start_response("200 OK", [("Content-Length", "1")])
    return [b"a"]


@pytest.mark.parametrize("server", [reset], indirect=True)
def test_socket_is_within_reach(connection: Connection) -> None:
    """An application can do to the socket what a network would, and the client sees it."""
    connection.send(request())
    with pytest.raises(ConnectionResetError):
        connection.file.read(1)


def test_client_that_hangs_up(server: Server) -> None:
    """A client that goes away half way costs nobody anything."""
    for sent in (b"POST / HT", request(b"ab", "Content-Length: 100"), request(b"5\r\nab", CHUNKED)):
        with Connection(server) as client:
            client.send(sent)
    with Connection(server) as client:
        assert client.send(request(b"still here")).read_response() == (200, b"still here")


def test_nagle_is_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """TCP_NODELAY is set on every connection."""
    seen: list[int] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append(environ["werkzeug.socket"].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        return echo(environ, start_response)

    monkeypatch.setattr(server._server, "app", app)
    with Connection(server) as client:
        assert client.send(request(b"a")).read_response() == (200, b"a")
    assert seen[0] != 0


def test_connections_have_their_own_threads(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests are at work at the same time."""
    both = threading.Barrier(2, timeout=10)

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        both.wait()
        return echo(environ, start_response)

    monkeypatch.setattr(server._server, "app", app)
    with Connection(server) as one, Connection(server) as two:
        one.send(request(b"1"))
        two.send(request(b"2"))
        assert (one.read_response(), two.read_response()) == ((200, b"1"), (200, b"2"))


@pytest.mark.parametrize("error", [RuntimeError("broken"), PermissionError("broken"), ValueError("broken")])
def test_failing_application_is_500(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """An application that raises is a response and a line of the log, its connection closed; the server goes on."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise error

    monkeypatch.setattr(server._server, "app", app)
    with Connection(server) as client:
        status, body = client.send(request(b"a")).read_response()
        assert (status, json.loads(body)["error_code"]) == (500, "APIGW.0201")
        assert client.is_closed()
    monkeypatch.setattr(server._server, "app", echo)
    with Connection(server) as client:
        assert client.send(request(b"a")).read_response() == (200, b"a")
    assert "broken" in caplog.text


def test_taken_port_is_the_callers_error(server: Server) -> None:
    """A port that is taken raises OSError where the server is started."""
    with pytest.raises(OSError, match="in use"):
        Server(echo, "127.0.0.1", server.port, refuse).start()


def test_stop_closes_connections(server: Server) -> None:
    """Stopping closes idle connections and frees the port; stopping again is no error."""
    with Connection(server) as client:
        client.send(request(b"a")).read_response()
        server.stop()
        assert client.is_closed()
    server.stop()
    again = Server(echo, "127.0.0.1", server.port, refuse)
    again.start()
    again.stop()


def test_stop_leaves_no_thread() -> None:
    """The threads of a server end with it."""
    before = set(threading.enumerate())
    server = Server(echo, "127.0.0.1", 0, refuse)
    server.start()
    with Connection(server) as client:
        client.send(request(b"a")).read_response()
        started = set(threading.enumerate()) - before
        server.stop()
    for thread in started:
        thread.join(timeout=10)
    assert len(started) == 2
    assert not any(thread.is_alive() for thread in started)


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:1"), ("::1", "http://[::1]:1"), ("0.0.0.0", "http://127.0.0.1:1")],
)
def test_url(host: str, url: str) -> None:
    """The URL is one that a client on this machine can use."""
    assert Server(echo, host, 1, refuse).url == url


def test_target_in_absolute_form(ims_mock: ImsMock) -> None:
    """A target may have the origin before its path, and is the same (RFC 9112 section 3.2.2)."""
    connection = http.client.HTTPConnection(urlsplit(ims_mock.url).netloc, timeout=60)
    connection.request("GET", f"{ims_mock.url}/v2/images?limit=1", headers={"X-Auth-Token": "t"})
    assert connection.getresponse().status == 200
    connection.close()
    assert ims_mock.journal.calls()[0].path == "/v2/images?limit=1"


def test_refused_upload_on_a_connection_that_ends(ims_mock: ImsMock) -> None:
    """A client that wants the connection closed can send its body to the end, and reads why it was refused."""
    url = urlsplit(ims_mock.url)
    size = 4 * 1024 * 1024
    with socket.create_connection((url.hostname, url.port), timeout=60) as client:
        client.sendall(
            b"PUT /v2/images/x/file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % size
        )
        for _ in range(64):
            client.sendall(bytes(size // 64))
        response = b"".join(iter(lambda: client.recv(65536), b""))
    assert response.startswith(b"HTTP/1.1 401 ")


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="the system does not take both families at one socket")
def test_every_interface_has_both_families() -> None:
    """A mock on :: is reached by IPv4 as well."""
    with ImsMock(host="::") as mock:
        port = int(mock.url.rpartition(":")[2])
        for host in ("127.0.0.1", "::1"):
            with socket.create_connection((host, port)) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                assert connection.recv(12) == b"HTTP/1.1 300"


@pytest.mark.skipif(not socket.has_ipv6, reason="the system has no IPv6")
def test_every_interface_of_one_family_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the system cannot do both families, a line of the log says which one a mock on :: takes."""
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    with ImsMock(host="::"):
        assert ":: takes IPv6 alone" in caplog.text


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("host", ["", None, "unix:///x", "a/b", " ", "localhost:9292", "[::1]", "fe80:"])
def test_host_that_cannot_be(host: Any, tls: bool) -> None:
    """Wrong hosts are an error where the mock is made."""
    with pytest.raises(ValueError, match="host must be an address or a name of this machine"):
        ImsMock(host=host, tls=tls)


@pytest.mark.parametrize("port", [-1, 65536, "80", None, True, 1.0])
def test_port_that_cannot_be(port: Any) -> None:
    """Wrong ports are an error where the mock is made."""
    with pytest.raises(ValueError, match=f"port must be a whole number from 0 to 65535, got {port!r}"):
        ImsMock(port=port)
