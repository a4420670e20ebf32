"""The event loop: what it serves itself, what it gives a thread, and that nobody waits for somebody else."""

from __future__ import annotations

import errno
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from ims_mock import Delay, Fail, ImsMock
from ims_mock.web.handler import IDLE_SECONDS

HEAD = "Host: localhost\r\nX-Auth-Token: {token}\r\n"


class Client:
    """A connection that sends what it is given, and reads one response after the other."""

    def __init__(self, mock: ImsMock) -> None:
        self._mock = mock
        self.socket = socket.create_connection(("127.0.0.1", int(mock.url.rpartition(":")[2])), timeout=10)
        self.file = self.socket.makefile("rb")

    def close(self) -> None:
        """Close the connection."""
        self.file.close()
        self.socket.close()

    def send(self, line: str, body: bytes = b"", **headers: str) -> None:
        """Send a request."""
        fields = {"Host": "localhost", "X-Auth-Token": self._mock.token}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        if body:
            fields.setdefault("Content-Length", str(len(body)))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.socket.sendall(f"{line} HTTP/1.1\r\n{head}\r\n".encode() + body)

    def receive(self) -> tuple[int, bytes]:
        """Return the status and the body of the next response."""
        status, length = int(self.file.readline().split()[1]), 0
        while line := self.file.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return status, self.file.read(length)

    def ask(self, line: str, body: bytes = b"", **headers: str) -> int:
        """Send a request, and return the status of its response."""
        self.send(line, body, **headers)
        return self.receive()[0]


@pytest.fixture
def mock() -> Iterator[ImsMock]:
    """A mock of its own, whose threads are known."""
    with ImsMock() as mock:
        yield mock


@pytest.fixture
def handed(mock: ImsMock) -> list[Any]:
    """The connections that the loop gives threads."""
    found: list[Any] = []
    mock._server.watch(found.append)
    return found


def image_of(mock: ImsMock, data: bytes | None = None) -> str:
    """Add an image, and return its id."""
    image_id: str = mock.add_image(name="web", data=data)["id"]
    return image_id


def test_loop_serves_many_connections(mock: ImsMock, handed: list[Any]) -> None:
    """Requests that need no wait get no thread, however many connections they come on."""
    before = threading.active_count()
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(Client(mock))) for _ in range(20)]
        for client in clients:
            client.send("POST /v2/images", b'{"name": "web"}')
        assert {client.receive()[0] for client in clients} == {201}
        assert {client.ask("GET /v2/images?limit=5") for client in clients} == {200}
        assert threading.active_count() == before
    assert handed == []


def armed(mock: ImsMock, client: Client) -> None:
    """Ask while a rule is armed, of whatever operation."""
    mock.faults.add(Fail(503), operation="glance_delete_image", optional=True)
    assert client.ask("GET /v2/images?limit=5") == 200


def own_fault(mock: ImsMock, client: Client) -> None:
    """Ask for a fault by the request's own header."""
    assert client.ask("GET /v2/images?limit=5", X_IMS_Mock_Fault="503") == 503


def upload(mock: ImsMock, client: Client) -> None:
    """Send a file."""
    media_type = "application/octet-stream"
    assert client.ask(f"PUT /v2/images/{image_of(mock)}/file", b"x" * 10, Content_Type=media_type) == 204


def download(mock: ImsMock, client: Client) -> None:
    """Ask for a file; the response is begun by the loop, and goes on by the thread."""
    client.send(f"GET /v2/images/{image_of(mock, b'abc' * 100_000)}/file")
    status, body = client.receive()
    assert (status, len(body)) == (200, 300_000)


def body_in_parts(mock: ImsMock, client: Client) -> None:
    """Send a body after its head."""
    client.send("POST /v2/images", Content_Length="15", Content_Type="application/json")
    client.socket.sendall(b'{"name": "web"}')
    assert client.receive()[0] == 201


def head_in_parts(mock: ImsMock, client: Client) -> None:
    """Send a head line by line."""
    for line in ("GET /v2/schemas/image HTTP/1.1\r\n", HEAD.format(token=mock.token), "\r\n"):
        client.socket.sendall(line.encode())
    assert client.receive()[0] == 200


def chunks(mock: ImsMock, client: Client) -> None:
    """Send a body in chunks."""
    client.send("POST /v2/images", Transfer_Encoding="chunked", Content_Type="application/json")
    client.socket.sendall(b'f\r\n{"name": "web"}\r\n0\r\n\r\n')
    assert client.receive()[0] == 201


def of_flask(mock: ImsMock, client: Client) -> None:
    """Ask for what Flask alone serves."""
    assert client.ask("GET /_ims_mock/faults") == 200


def long_list(mock: ImsMock, client: Client) -> None:
    """Ask for a list of many images."""
    for number in range(1001):
        mock.add_image(name=f"image {number}")
    assert client.ask("GET /v2/images?name=image%207") == 200


def long_walk(mock: ImsMock, client: Client) -> None:
    """Ask for what many images have, in a request without a query."""
    for number in range(1001):
        mock.add_image(name=f"image {number}")
    assert client.ask(f"GET /v2/{mock.project_id}/images/tags") == 200


def much_at_once(mock: ImsMock, client: Client) -> None:
    """Ask for so much at once that the responses have more bytes than are kept until they are sent."""
    for _ in range(100):
        image_of(mock)
    head = HEAD.format(token=mock.token)
    client.socket.sendall(f"GET /v2/images?limit=100 HTTP/1.1\r\n{head}\r\n".encode() * 20)
    assert [client.receive()[0] for _ in range(20)] == [200] * 20


def no_http(mock: ImsMock, client: Client) -> None:
    """Send what is no request."""
    client.socket.sendall(b"hello\r\n\r\n")
    assert client.receive()[0] == 400


FOR_A_THREAD = (
    *(armed, own_fault, upload, download, body_in_parts, head_in_parts, chunks, of_flask, long_list, long_walk),
    *(much_at_once, no_http),
)


@pytest.mark.parametrize("ask", FOR_A_THREAD)
def test_what_may_wait_is_for_a_thread(
    mock: ImsMock, handed: list[Any], ask: Callable[[ImsMock, Client], None]
) -> None:
    """The connection is a thread's from then on, also where quick requests came before."""
    with closing(Client(mock)) as client:
        assert client.ask("GET /v2/schemas/image") == 200
        assert handed == []
        ask(mock, client)
        assert len(handed) == 1
        if ask is not no_http:
            assert client.ask("GET /v2/schemas/image") == 200
    assert len(handed) == 1


def test_requests_before_and_behind_one_for_a_thread(mock: ImsMock, handed: list[Any]) -> None:
    """Requests that come at once are responded to in their order, whoever does it."""
    image_id = image_of(mock, b"abc")
    head = HEAD.format(token=mock.token)
    paths = [
        "/v2/schemas/image",
        f"/v2/images/{image_id}/file",
        "/v2/images?limit=5",
        "/_ims_mock/clock",
        "/v2/schemas/image",
    ]
    with closing(Client(mock)) as client:
        client.socket.sendall("".join(f"GET {path} HTTP/1.1\r\n{head}\r\n" for path in paths).encode())
        bodies = [client.receive()[1] for _ in paths]
    assert bodies[1] == b"abc"
    assert [image["id"] for image in json.loads(bodies[2])["images"]] == [image_id]
    assert len(handed) == 1


def test_nobody_waits_for_a_delay_or_an_upload(mock: ImsMock) -> None:
    """While a response is late, and a file is on its way, others are served."""
    mock.faults.add(Delay(3600, real_time=True), operation="glance_show_image")
    image_id = image_of(mock)
    with closing(Client(mock)) as late, closing(Client(mock)) as sender, closing(Client(mock)) as other:
        late.send(f"GET /v2/images/{image_id}")
        media_type = "application/octet-stream"
        sender.send(f"PUT /v2/images/{image_of(mock)}/file", Content_Length="100", Content_Type=media_type)
        assert [other.ask("GET /v2/images?limit=5") for _ in range(20)] == [200] * 20


def test_client_that_does_not_read_holds_up_nobody(mock: ImsMock, handed: list[Any]) -> None:
    """What the system does not take is left to a thread."""
    for _ in range(1000):
        mock.add_image(name="x" * 100)
    with closing(Client(mock)) as lazy, closing(Client(mock)) as other:
        for _ in range(20):
            lazy.send("GET /v2/images?limit=1000")
        assert [other.ask("GET /v2/images?limit=5") for _ in range(20)] == [200] * 20
        assert {len(json.loads(lazy.receive()[1])["images"]) for _ in range(20)} == {1000}
    assert len(handed) == 1


def test_client_that_hangs_up_leaves_nothing(mock: ImsMock) -> None:
    """Whether it leaves in the middle of a response, or has asked for nothing."""
    server = mock._server._server
    assert server is not None
    for number in range(30):
        with closing(Client(mock)) as client:
            if number % 3:
                client.send("GET /v2/images?limit=1000")
            if number % 3 == 2:
                client.receive()
    with closing(Client(mock)) as client:
        assert client.ask("GET /v2/schemas/image") == 200
        # The others have come before this one, and each end is read in its turn.
        assert [client.ask("GET /v2/schemas/image") for _ in range(3)] == [200] * 3
        assert len(server.loop._guests) == 1


def test_silent_connections_are_ended(mock: ImsMock) -> None:
    """A connection on which nothing comes for a minute is closed; another one stays."""
    server = mock._server._server
    assert server is not None
    with closing(Client(mock)) as silent, closing(Client(mock)) as other:
        assert silent.ask("GET /v2/schemas/image") == other.ask("GET /v2/schemas/image") == 200
        oldest = min(server.loop._guests, key=lambda guest: guest.seen)
        oldest.seen -= IDLE_SECONDS
        server.loop._end_silent(max(guest.seen for guest in server.loop._guests) - 1)
        assert silent.file.read() == b""
        assert other.ask("GET /v2/schemas/image") == 200


def test_stop_ends_every_connection() -> None:
    """Those of the loop, those of threads, and the loop itself."""
    mock = ImsMock()
    mock.start()
    before = threading.active_count()
    with closing(Client(mock)) as idle, closing(Client(mock)) as handed:
        assert idle.ask("GET /v2/schemas/image") == handed.ask("GET /_ims_mock/clock") == 200
        mock.stop()
        assert idle.file.read() == handed.file.read() == b""
    assert threading.active_count() <= before


def test_stop_while_the_store_is_locked() -> None:
    """A test that stops the mock in a transaction does not wait for the request that waits for it."""
    mock = ImsMock()
    mock.start()
    with closing(Client(mock)) as client, mock.service.store.transaction():
        client.send("GET /v2/images?limit=5")
        mock.stop()


def test_one_image_of_many_needs_no_thread(mock: ImsMock, handed: list[Any]) -> None:
    """Only what walks over the images is long where there are many."""
    for _ in range(1001):
        image_id = image_of(mock)
    with closing(Client(mock)) as client:
        assert client.ask(f"GET /v2/images/{image_id}/members") == 200
        assert client.ask("GET /v1/cloudimages/os_version") == 200
    assert handed == []


def test_defect_of_the_mock_ends_one_connection(mock: ImsMock, caplog: pytest.LogCaptureFixture) -> None:
    """Where the mock itself fails, the client gets 500, the log the traceback, and others are served as before."""

    def fail() -> None:
        raise RuntimeError("a defect")

    with closing(Client(mock)) as unlucky, closing(Client(mock)) as other:
        assert other.ask("GET /v2/schemas/image") == 200
        mock.service.before_next.append(fail)
        unlucky.send("GET /v2/images?limit=5")
        status, body = unlucky.receive()
        assert (status, json.loads(body)["error_code"]) == (500, "APIGW.0201")
        assert unlucky.file.read() == b""
        assert other.ask("GET /v2/schemas/image") == 200
    assert "GET /v2/images?limit=5 failed in the mock itself" in caplog.text
    assert "a defect" in caplog.text


def test_shortage_of_threads_ends_one_connection(mock: ImsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no thread for a connection, it is closed, and the loop goes on."""

    def short(_: Any) -> None:
        raise RuntimeError("can't start new thread")

    with closing(Client(mock)) as unlucky, closing(Client(mock)) as other:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", short)
            unlucky.send("GET /_ims_mock/faults")
            assert unlucky.file.read() == b""
        assert other.ask("GET /v2/schemas/image") == other.ask("GET /_ims_mock/faults") == 200


def test_shortage_of_descriptors_holds_up_nobody(
    mock: ImsMock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While no connection can be accepted, which is said once, the known ones go on; then it is accepted."""
    monkeypatch.setattr("ims_mock.web.loop._BREATHER", 3600)
    accept: list[Any] = []

    def short() -> None:
        accept.append(None)
        raise OSError(errno.EMFILE, "Too many open files")

    with closing(Client(mock)) as client:
        assert client.ask("GET /v2/schemas/image") == 200
        with monkeypatch.context() as patch:
            patch.setattr(mock._server._server, "get_request", short)
            waiting = Client(mock)
            assert [client.ask("GET /v2/schemas/image") for _ in range(5)] == [200] * 5
        with closing(waiting):
            waiting.send("GET /v2/schemas/image")
            assert client.ask("GET /v2/schemas/image") == 200
            assert waiting.receive()[0] == 200
    assert len(accept) > 1
    said = [record.getMessage() for record in caplog.records if "can be accepted" in record.getMessage()]
    assert said == ["no connection can be accepted: Too many open files; new ones wait until others end"]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_connection_that_has_ended_leaves_nothing(tls: bool) -> None:
    """Neither with TLS nor without it does the server keep anything of it."""
    with ImsMock(tls=tls) as mock, closing(Client(mock)) as client:
        server = mock._server._server
        assert server is not None
        context = ssl.create_default_context(cadata=mock.ca_pem.decode()) if tls else None
        sock = context.wrap_socket(client.socket, server_hostname="127.0.0.1") if context else client.socket
        with closing(sock):
            sock.sendall(b"GET /_ims_mock/faults HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            while sock.recv(65536):
                pass
        with server._changed:
            assert server._changed.wait_for(lambda: not server._connections, timeout=10)
        assert not server._handed
