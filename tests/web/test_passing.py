"""Requests that the proxy passes on: to a second mock, which is the cloud here, and to hosts that do odd things."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from ims_mock import ImsMock
from ims_mock.contract import NOT_RECORDED
from ims_mock.testing.cloud_proxy import CloudProxy, Seen, Watch
from ims_mock.web.passing import MAX_KEPT, Passing
from ims_mock.web.tls import Authority, verifying

PATIENCE = 10
"""Seconds after which a test gives up what should have come at once."""

IMS = "ims.cn-north-4.myhuaweicloud.com"
FILE = bytes(range(256)) * 20_000
"""5 MB, which is more than any buffer holds."""

HEADERS = {"X-Auth-Token": "t"}
OCTETS = {**HEADERS, "Content-Type": "application/octet-stream"}


class Setup:
    """A cloud, a proxy before it, what has been seen there, and a client behind it."""

    def __init__(self, folder: Path, address: Callable[[], Any], authority: Authority | None) -> None:
        self.seen: list[Seen] = []
        self.connections = 0
        cloud_file = None
        if authority is not None:
            cloud_file = folder / "cloud.pem"
            cloud_file.write_bytes(authority.pem)

        def connect(asked: tuple[str, int], timeout: float) -> socket.socket:
            self.connections += 1
            return socket.create_connection(address(), timeout)

        self.proxy = CloudProxy(Passing(verifying(cloud_file), Watch(self.seen.append), connect))
        (folder / "ca.pem").write_bytes(self.proxy.ca_pem)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(folder / "ca.pem")

    def __enter__(self) -> Setup:
        self.proxy.start()
        self.session.proxies = {"http": self.proxy.url, "https": self.proxy.url}
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()
        self.proxy.stop()

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request through the proxy."""
        url = path if "://" in path else f"https://{IMS}{path}"
        return self.session.request(method, url, timeout=PATIENCE, **{"headers": HEADERS, **more})


@pytest.fixture(scope="module")
def cloud() -> Iterator[tuple[ImsMock, Authority]]:
    """A mock that is the cloud: over HTTPS, with the name of the service in its certificate."""
    authority = Authority()
    with ImsMock(tls=authority.issue(IMS)) as mock:
        yield mock, authority


@pytest.fixture
def mock(cloud: tuple[ImsMock, Authority]) -> ImsMock:
    """The cloud's mock, with nothing in it."""
    cloud[0].reset()
    return cloud[0]


@pytest.fixture
def through(cloud: tuple[ImsMock, Authority], mock: ImsMock, tmp_path: Path) -> Iterator[Setup]:
    """A proxy before the cloud."""
    with Setup(tmp_path, lambda: ("127.0.0.1", urlsplit(mock.url).port), cloud[1]) as setup:
        yield setup


# What passes


def test_requests_pass(through: Setup, mock: ImsMock) -> None:
    """A request reaches the cloud with its headers as they were sent, and the response comes back as it was."""
    response = through.ask("POST", "/v2/images?a=b%20c", json={"name": "web"}, headers={**HEADERS, "x-ODD": "1 , 2"})
    (entry,) = mock.journal
    assert (response.status_code, response.json()["name"]) == (201, "web")
    assert response.headers["X-Request-Id"] == entry.request_id
    assert (entry.path, entry.base_url) == ("/v2/images?a=b%20c", f"https://{IMS}")
    assert entry.request_headers["X-Odd"] == "1 , 2"


def test_connection_to_the_cloud_is_kept(through: Setup) -> None:
    """Requests of one connection go on by one connection."""
    for _ in range(3):
        assert through.ask("GET", "/v2/images").status_code == 200
    assert through.connections == 1
    assert [seen.number for seen in through.seen] == [1, 2, 3]


@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "chunked"])
def test_file_goes_up_and_down(through: Setup, mock: ImsMock, is_whole: bool) -> None:
    """A file is the same after an upload, whole or in chunks, and a download; what watches is not shown it."""
    path = mock.add_image()["file"]
    data = FILE if is_whole else (FILE[start : start + 300_001] for start in range(0, len(FILE), 300_001))
    assert through.ask("PUT", path, data=data, headers=OCTETS).status_code == 204
    assert through.ask("GET", path).content == FILE
    through.ask("HEAD", "/v2/images")  # The client may have the whole file before it is seen.
    up, down = (seen.exchange for seen in through.seen[:2])
    assert up.request.body is NOT_RECORDED
    assert down.response is not None
    assert down.response.body is NOT_RECORDED


def test_early_rejection_of_an_upload(through: Setup) -> None:
    """A cloud that rejects an upload before it has read it is heard."""
    response = through.ask("PUT", "/v2/images/nothing/file", data=FILE, headers=OCTETS)
    assert response.status_code == 404
    assert through.ask("GET", "/v2/images").status_code == 200


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_response_without_a_body(through: Setup, method: str) -> None:
    """A response without a body leaves the connection to the next request."""
    for _ in range(2):
        assert through.ask(method, "/v2/images").status_code == 200
    assert through.connections == 1


def test_long_list_is_not_kept(through: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """A response that is longer than what is kept passes whole; its status is judged all the same."""
    monkeypatch.setattr("ims_mock.web.passing.MAX_KEPT", 100)
    assert len(through.ask("GET", "/v3/auth/catalog").content) > 100
    assert MAX_KEPT > 100
    through.ask("HEAD", "/v2/images")  # The first is seen before the second is read.
    response = through.seen[0].exchange.response
    assert response is not None
    assert (response.status, response.body) == (200, NOT_RECORDED)


def test_control_api_does_not_pass(through: Setup, mock: ImsMock) -> None:
    """The mock's own API is none of the cloud's."""
    response = through.ask("POST", "/_ims_mock/reset")
    assert response.status_code == 404
    assert response.headers["X-IMS-Mock-Reason"].endswith("passes requests on to the cloud; use --to mock")
    assert len(mock.journal) == len(through.seen) == 0


def test_certificate_of_the_cloud_is_verified(mock: ImsMock, tmp_path: Path) -> None:
    """A cloud whose certificate nobody vouches for is not asked, and the client is shown why."""
    with Setup(tmp_path, lambda: ("127.0.0.1", urlsplit(mock.url).port), Authority()) as setup:
        response = setup.ask("GET", "/v2/images")
        assert response.status_code == 502
        reason = response.headers["X-IMS-Mock-Reason"]
        assert reason.startswith(f"the certificate of {IMS} is not trusted by this machine: ")
        assert reason.endswith("; --upstream-ca names one more authority to trust")
        assert len(mock.journal) == 0
        assert [seen.exchange.response for seen in setup.seen] == [None]


def test_cloud_that_is_not_there(tmp_path: Path) -> None:
    """A cloud that cannot be reached is a 502, before a client has sent what it has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    with Setup(tmp_path, lambda: address, None) as setup:
        response = setup.ask("POST", "/v2/images", data=b"{}", headers={**HEADERS, "Expect": "100-continue"})
    assert response.status_code == 502
    assert f"{IMS}:443 cannot be reached" in response.headers["X-IMS-Mock-Reason"]
    assert response.json()["error_code"] == "APIGW.0201"


# What is found


def test_nothing_is_found_in_what_conforms(through: Setup) -> None:
    """The mock conforms, and what passes of it does."""
    image_id = through.ask("POST", "/v2/images", json={"name": "web"}).json()["id"]
    through.ask("GET", f"/v2/images/{image_id}")
    through.ask("GET", "/v3/auth/catalog")
    assert [(seen.operation, list(seen.findings)) for seen in through.seen] == [
        ("glance_create_image_metadata", []),
        ("glance_show_image", []),
        ("keystone_show_catalog", []),
    ]


def test_what_does_not_conform_is_found(through: Setup, mock: ImsMock) -> None:
    """A response that is not as documented is found before the client has it, with the number of its exchange."""
    mock.faults.add("glance_show_image: mutate(mode=retype, pointer=/__support_kvm)")
    image = mock.add_image(__support_kvm="true")
    through.ask("GET", "/v2/images")
    through.ask("GET", f"/v2/images/{image['id']}")
    (finding,) = [finding for seen in through.seen for finding in seen.findings]
    assert (finding.id, finding.pointer, finding.entry) == ("response.type", "/__support_kvm", "exchange 2")


def test_what_watches_may_fail(
    through: Setup, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure of whoever watches is logged, and not the client's."""

    def fail(_: object) -> None:
        raise RuntimeError("of the watch")

    monkeypatch.setattr("ims_mock.testing.cloud_proxy.judge", fail)
    assert through.ask("GET", "/v2/images").status_code == 200
    assert "proxy: the watcher has failed at GET" in caplog.text


# Hosts that do odd things


@contextmanager
def host(folder: Path, *responses: bytes, closes: bool = True) -> Iterator[Setup]:
    """Run a proxy before a host of plain HTTP that sends these bytes, one response a request, and then closes."""
    left = list(responses)

    def serve(listener: socket.socket) -> None:
        while left:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as file:
                while left:
                    length = 0
                    while (line := file.readline()) not in (b"\r\n", b""):
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.partition(b":")[2])
                    if not line:
                        break
                    file.read(length)
                    sent = left.pop(0)
                    connection.sendall(sent)
                    if closes or not sent:
                        break

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        with Setup(folder, listener.getsockname, None) as setup:
            yield setup
        thread.join(PATIENCE)


PLAIN = f"http://{IMS}/v2/images"
LIST = b'{"images":[],"first":"/v2/images","schema":"/v2/schemas/images"}'
HEAD = b"HTTP/1.1 200 Fine\r\nContent-Type: application/json\r\n"


def test_response_in_chunks(tmp_path: Path) -> None:
    """A response in chunks is kept whole, and passed on in chunks."""
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\n%s\r\n%x\r\n%s\r\n0\r\nTrailer: t\r\n\r\n"
    with host(tmp_path, chunked % (LIST[:5], len(LIST) - 5, LIST[5:]), closes=False) as setup:
        response = setup.ask("GET", PLAIN)
    assert (response.reason, response.json()["images"]) == ("Fine", [])
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert list(setup.seen[0].findings) == []


def test_response_that_ends_with_its_connection(tmp_path: Path) -> None:
    """A response of unknown length gets chunks, by which the client sees its end."""
    with host(tmp_path, HEAD + b"Connection: close\r\n\r\n" + LIST) as setup:
        response = setup.ask("GET", PLAIN)
    assert response.json()["images"] == []
    assert response.headers["Transfer-Encoding"] == "chunked"


def test_response_of_unknown_length_to_an_old_client(tmp_path: Path) -> None:
    """A client of HTTP/1.0 knows no chunks, and sees the end by that of the connection."""
    with (
        host(tmp_path, HEAD + b"\r\n" + LIST) as setup,
        socket.create_connection(("127.0.0.1", urlsplit(setup.proxy.url).port or 0), PATIENCE) as client,
    ):
        client.sendall(f"GET {PLAIN} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".encode())
        data = b""
        while piece := client.recv(65536):
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    assert body == LIST
    assert b"Connection: close" in head
    assert b"chunked" not in head


def test_headers_of_the_connection_are_not_passed_on(tmp_path: Path) -> None:
    """What is for one connection alone ends there, also what Connection names, and repeated headers stay so."""
    more = b"Connection: x-own\r\nX-Own: 1\r\nKeep-Alive: 5\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
    with host(tmp_path, HEAD + more + b"Content-Length: %d\r\n\r\n" % len(LIST) + LIST) as setup:
        response = setup.ask("GET", PLAIN)
    assert {"X-Own", "Keep-Alive", "Connection"}.isdisjoint(response.headers)
    assert response.raw.headers.getlist("Set-Cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize("length", [b"3", b"-1", b"many"])
def test_response_with_two_lengths(tmp_path: Path, length: bytes) -> None:
    """A response in chunks that has a length too is passed on with chunks alone, and no length that is none is."""
    head = HEAD + b"Content-Length: " + length + b"\r\n"
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(LIST), LIST)
    until_closed = [] if length == b"3" else [head + b"Connection: close\r\n\r\n" + LIST]
    with host(tmp_path, chunked, *until_closed) as setup:
        for _ in (chunked, *until_closed):
            response = setup.ask("GET", PLAIN)
            assert response.json()["images"] == []
            assert "Content-Length" not in response.headers


def test_host_of_a_target_in_absolute_form(through: Setup, mock: ImsMock) -> None:
    """The host of the target counts, and not another one in Host (RFC 9112 section 3.2.2)."""
    with socket.create_connection(("127.0.0.1", urlsplit(through.proxy.url).port or 0), PATIENCE) as client:
        client.sendall(f"GET https://{IMS}/v2/images HTTP/1.1\r\nX-Auth-Token: t\r\nHost: other.test\r\n\r\n".encode())
        assert client.recv(12) == b"HTTP/1.1 200"
    assert mock.journal.calls()[0].base_url == f"https://{IMS}"


def test_packed_response(tmp_path: Path) -> None:
    """A packed response passes as it is, and is judged unpacked; of one that nobody can unpack nothing is judged."""
    packed = gzip.compress(LIST.replace(b"[]", b"7"))
    head = HEAD + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    with host(tmp_path, head % (b"gzip", len(packed)) + packed, head % (b"br", 3) + b"abc") as setup:
        assert setup.ask("GET", PLAIN).json()["images"] == 7
        assert setup.ask("GET", PLAIN, stream=True).raw.read(decode_content=False) == b"abc"
    assert [finding.id for finding in setup.seen[0].findings] == ["response.type"]
    assert list(setup.seen[1].findings) == []


def test_kept_connection_that_was_closed(tmp_path: Path) -> None:
    """A request that can be repeated is, where a kept connection has been closed before its response."""
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(LIST) + LIST
    with host(tmp_path, whole, b"", whole, closes=False) as setup:
        assert [setup.ask("GET", PLAIN).status_code for _ in range(2)] == [200, 200]
    assert setup.connections == 2


@pytest.mark.parametrize(
    ("sent", "status", "reason"),
    [
        (b"", 502, "has ended the connection without a response"),
        (b"SSH-2.0-x\r\n\r\n", 502, "has ended the connection without a response"),
        (HEAD + b"Content-Length: 100\r\n\r\n{", 502, "the response broke off after 1 bytes, 99 early"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", 502, "the response broke off after 1 bytes"),
    ],
)
def test_host_that_breaks_off(tmp_path: Path, sent: bytes, status: int, reason: str) -> None:
    """A host that does not respond, or not to the end, is a 502 that says so."""
    with host(tmp_path, sent) as setup:
        response = setup.ask("POST", PLAIN, data=b"{}")
    assert response.status_code == status
    assert reason in response.headers["X-IMS-Mock-Reason"]
    assert [seen.exchange.response for seen in setup.seen] == [None]


def test_log_shows_no_control_characters(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What a host sends in the place of a response is logged in printable characters, whatever a terminal would do."""
    with host(tmp_path, b"\x1b[2J\x00\r\n\r\n") as setup:
        setup.ask("POST", PLAIN, data=b"{}")
    (line,) = [record.getMessage() for record in caplog.records if "without a response" in record.getMessage()]
    assert line.isprintable()
    assert r"\x1b[2J\x00" in line


def test_file_that_breaks_off(tmp_path: Path) -> None:
    """A file that is on its way already is cut for the client too."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 100\r\n\r\nabc"
    with host(tmp_path, head) as setup, pytest.raises(requests.exceptions.ChunkedEncodingError, match="3 bytes read"):
        setup.ask("GET", f"{PLAIN}/7/file")
    (seen,) = setup.seen
    assert seen.exchange.response is not None


def test_host_that_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that does not respond in time is a 504."""
    monkeypatch.setattr("ims_mock.web.passing.IDLE_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener, Setup(tmp_path, listener.getsockname, None) as setup:
        response = setup.ask("GET", PLAIN)
    assert response.status_code == 504
    assert f"{IMS} has not responded for 0.05 seconds" in response.headers["X-IMS-Mock-Reason"]


def test_client_that_leaves_in_its_upload(through: Setup, mock: ImsMock) -> None:
    """Where a client leaves in the middle of its body, the cloud sees a connection that ends, and no whole request."""
    with socket.create_connection(("127.0.0.1", urlsplit(through.proxy.url).port or 0), PATIENCE) as client:
        client.sendall(f"POST https://{IMS}/v2/images HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{".encode())
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    assert through.ask("GET", "/v2/images").json()["images"] == []
    assert through.seen[-1].exchange.request.method == "GET"


def test_stop_ends_what_waits_for_the_cloud(tmp_path: Path) -> None:
    """A stop ends requests that wait for a response."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Setup(tmp_path, listener.getsockname, None) as setup:
        client = socket.create_connection(("127.0.0.1", urlsplit(setup.proxy.url).port or 0), PATIENCE)
        with client:
            client.sendall(f"GET {PLAIN} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            connection, _ = listener.accept()
            with connection:
                assert connection.recv(3) == b"GET"
                setup.proxy.stop()
                assert client.recv(12) in (b"", b"HTTP/1.1 502")
