"""Wire faults for clients of all kinds: the same each time, wherever they apply."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from ims_mock import Drip, Fail, Garble, Hangup, ImsMock, LoseResponse, Redirect, Reset, Stall, Truncate
from ims_mock.faults.definition import Fault

PATIENT = 30.0
TOKEN = {"X-Auth-Token": "any"}
OCTETS = {**TOKEN, "Content-Type": "application/octet-stream"}
FILE = bytes(range(256)) * 20_000  # More than the sockets' buffers hold.
RESET = "ConnectionResetError"
HUNG_UP = "RemoteDisconnected"


def new_connection(mock: ImsMock) -> http.client.HTTPConnection:
    """Return a connection to a mock, which trusts its certificate where it has one."""
    netloc = urlsplit(mock.url).netloc
    if not mock.ca_pem:
        return http.client.HTTPConnection(netloc, timeout=PATIENT)
    context = ssl.create_default_context(cadata=mock.ca_pem.decode())
    return http.client.HTTPSConnection(netloc, timeout=PATIENT, context=context)


def seen(
    connection: http.client.HTTPConnection, method: str, target: str, body: Any = None, headers: Any = TOKEN
) -> str:
    """Return what http.client sees of a response: its status, or the exception with the bytes that have come."""
    try:
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        response.read()
        return str(response.status)
    except http.client.IncompleteRead as error:
        connection.close()
        return f"IncompleteRead {error.partial!r}"
    except OSError as error:
        connection.close()
        return type(error).__name__


# Two hundred times the same


SERIES = [
    (Reset(), RESET, 0),
    (Hangup(), HUNG_UP, 0),
    (LoseResponse(), RESET, 200),
    (LoseResponse("hangup"), HUNG_UP, 200),
    (Truncate(7), "IncompleteRead b'{\"name\"'", 200),
    (Stall(0), "IncompleteRead b''", 200),
    (Garble("invalid_json"), "201", 200),
    (Garble("html_502"), "502", 200),
    (Redirect(), "302", 0),
]


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "outcome", "created"), SERIES, ids=str)
def test_create_two_hundred_times(ims_mock: ImsMock, fault: Fault, outcome: str, created: int) -> None:
    """A fault applies 200 times in the same way to creates on a connection that is kept as long as possible."""
    rule = ims_mock.faults.add(fault, operation="glance_create_image_metadata")
    with closing(new_connection(ims_mock)) as connection:
        outcomes = [
            (seen(connection, "POST", "/v2/images", b'{"name": "a"}'), seen(connection, "GET", "/v2/images?limit=0"))
            for _ in range(200)
        ]
    assert set(outcomes) == {(outcome, "200")}
    assert (rule.hits, len(ims_mock.images)) == (200, created)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "outcome"), [(Reset(), RESET), (Hangup(), HUNG_UP), (LoseResponse(), RESET)], ids=str
)
def test_pooled_connection_two_hundred_times(ims_mock: ImsMock, fault: Fault, outcome: str) -> None:
    """A connection that a session of requests has kept breaks 200 times in the same way."""
    ims_mock.faults.add(fault, every=2)
    outcomes = []
    with requests.Session() as session:
        session.headers.update(TOKEN)
        for _ in range(200):
            assert session.get(f"{ims_mock.url}/v2/images", timeout=PATIENT).status_code == 200
            with pytest.raises(requests.ConnectionError) as caught:
                session.post(f"{ims_mock.url}/v2/images", json={"name": "a"}, timeout=PATIENT)
            outcomes.append(type(caught.value.args[0].args[1]).__name__)
    assert set(outcomes) == {outcome}


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "outcome"), [(Reset(), RESET), (Hangup(), HUNG_UP)], ids=str)
def test_upload_two_hundred_times(ims_mock: ImsMock, fault: Fault, outcome: str) -> None:
    """A client that is still sending a file sends it to its end, and then sees the same 200 times."""
    target = f"{ims_mock.add_image()['self']}/file"
    ims_mock.faults.add(fault)
    with closing(new_connection(ims_mock)) as connection:
        outcomes = [seen(connection, "PUT", target, FILE[:1_000_000], OCTETS) for _ in range(200)]
    assert set(outcomes) == {outcome}
    assert [image["status"] for image in ims_mock.images.values()] == ["queued"]


# Everywhere the same


WHERE = [
    ("GET", "/v2/images?limit=0", None),
    ("HEAD", "/v2/images", None),
    ("POST", "/v2/images", b"{}"),
    ("PUT", "{queued}/file", FILE),
    ("GET", "{active}/file", None),
    ("DELETE", "{active}", None),
    ("PUT", "{active}/tags/x", None),
]
BROKEN = [(Reset(), RESET), (Hangup(), HUNG_UP), (LoseResponse(), RESET), (LoseResponse("hangup"), HUNG_UP)]


@pytest.fixture(scope="module")
def secure() -> Iterator[ImsMock]:
    """A mock that serves HTTPS."""
    with ImsMock(tls=True) as mock:
        yield mock


@pytest.fixture(params=["http", "https"])
def mock(request: pytest.FixtureRequest, secure: ImsMock, ims_mock: ImsMock) -> ImsMock:
    """A mock that serves HTTP, and one that serves HTTPS."""
    secure.reset()
    return secure if request.param == "https" else ims_mock


@pytest.mark.parametrize(("method", "target", "body"), WHERE, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize(("fault", "outcome"), BROKEN, ids=str)
def test_connection_breaks(
    mock: ImsMock, fault: Fault, outcome: str, method: str, target: str, body: bytes | None
) -> None:
    """A connection is reset or closed whatever was asked, also where a response has no body, and over TLS."""
    # Some versions of Python take a reset under TLS for the end: https://github.com/python/cpython/issues/115627
    outcomes = {outcome, HUNG_UP} if mock.ca_pem else {outcome}
    target = target.format(queued=mock.add_image()["self"], active=mock.add_image(data=b"abc")["self"])
    mock.faults.add(fault, times=1)
    with closing(new_connection(mock)) as connection:
        assert seen(connection, method, target, body, OCTETS if target.endswith("/file") else TOKEN) in outcomes
    mock.faults.check_fired()


def test_reset_under_tls_is_a_tcp_reset(secure: ImsMock) -> None:
    """Under TLS it is the TCP connection that is reset."""
    secure.reset()
    secure.faults.add(Reset())
    with closing(new_connection(secure)) as connection:
        connection.request("GET", "/v2/images", headers=TOKEN)
        # TLS has sent records of its own before.
        with pytest.raises(ConnectionResetError):
            list(iter(lambda: socket.socket.recv(connection.sock, 65536), b""))


@pytest.mark.parametrize("at", [0, 1, 255, 1_000_000, len(FILE) - 1])
def test_file_is_cut(mock: ImsMock, at: int) -> None:
    """Of a file that is sent in pieces exactly the first bytes come, and the rest is missed."""
    image = mock.add_image(data=FILE)
    mock.faults.add(Truncate(at))
    with closing(new_connection(mock)) as connection:
        connection.request("GET", f"{image['self']}/file", headers=TOKEN)
        with pytest.raises(http.client.IncompleteRead) as caught:
            connection.getresponse().read()
    assert caught.value.partial == FILE[:at]
    assert caught.value.expected == len(FILE) - at


def test_refused_upload_is_cut(ims_mock: ImsMock) -> None:
    """A client that is still sending gets exactly the first bytes of the response."""
    target = f"{ims_mock.add_image()['self']}/file"
    ims_mock.faults.add(Truncate(5))
    ims_mock.faults.add(Fail(403))
    with closing(new_connection(ims_mock)) as connection:
        assert seen(connection, "PUT", target, FILE, OCTETS).startswith("IncompleteRead b'{\"err'")


@pytest.mark.parametrize("fault", [Truncate(1), Stall(5), Drip(1)], ids=str)
@pytest.mark.parametrize(("method", "status"), [("HEAD", "200"), ("DELETE", "204")])
def test_no_body_is_left_alone(ims_mock: ImsMock, fault: Fault, method: str, status: str) -> None:
    """A response without a body can neither be cut nor drip, so the rule has not fired."""
    rule = ims_mock.faults.add(fault, optional=True)
    with closing(new_connection(ims_mock)) as connection:
        assert seen(connection, method, ims_mock.add_image()["self"]) == status
    assert rule.hits == 0


def read_all(mock: ImsMock, request: bytes) -> bytes:
    """Send bytes and return all that comes until the mock closes the connection."""
    url = urlsplit(mock.url)
    with socket.create_connection((url.hostname, url.port), timeout=PATIENT) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


OLD = b"GET /v2/images?limit=0 HTTP/1.0\r\nX-Auth-Token: any\r\nConnection: keep-alive\r\n\r\n"


def test_http_1_0_is_cut(ims_mock: ImsMock) -> None:
    """A client of HTTP/1.0 gets as many bytes, and the connection is closed though it was to be kept."""
    ims_mock.faults.add(Truncate(10))
    head, _, body = read_all(ims_mock, OLD).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b'{"images":'


def test_http_1_0_is_hung_up_on(ims_mock: ImsMock) -> None:
    """A client of HTTP/1.0 hears nothing."""
    ims_mock.faults.add(Hangup())
    assert read_all(ims_mock, OLD) == b""


def test_http_1_0_is_reset(ims_mock: ImsMock) -> None:
    """A client of HTTP/1.0 is reset."""
    ims_mock.faults.add(Reset())
    with pytest.raises(ConnectionResetError):
        read_all(ims_mock, OLD)


def upload_that_waits(target: str) -> bytes:
    """Return the head of an upload that waits for leave before it sends its body."""
    head = f"PUT {target} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n"
    return f"{head}Content-Type: application/octet-stream\r\n\r\n".encode()


def test_nothing_is_said_to_a_client_that_waits(ims_mock: ImsMock) -> None:
    """A client that waits for leave to send its file is not given it when it is hung up on."""
    target = f"{ims_mock.add_image()['self']}/file"
    ims_mock.faults.add(Hangup())
    assert read_all(ims_mock, upload_that_waits(target)) == b""


def test_refusal_is_the_last_word(ims_mock: ImsMock) -> None:
    """A client that waits for leave to send its file is not given it after the refusal."""
    response = read_all(ims_mock, upload_that_waits("/v2/images/x/file"))
    assert response.startswith(b"HTTP/1.1 404 ")
    assert b"100 Continue" not in response


def test_refusal_is_read_by_a_client_that_does_not_wait(ims_mock: ImsMock) -> None:
    """A client that asks for leave and sends its file all the same can send it, and reads the refusal."""
    assert read_all(ims_mock, upload_that_waits("/v2/images/x/file") + b"abc").startswith(b"HTTP/1.1 404 ")
