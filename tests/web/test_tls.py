"""HTTPS, over sockets of their own."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import trustme

from ims_mock import ImsMock
from ims_mock.web.tls import Tls, from_files, throw_away

PATIENCE = 10
"""Seconds after which a test gives up what should have come at once."""

FILE = bytes(range(256)) * 20_000
"""5 MB, which is more than any buffer holds."""

GET = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
CREATE = b"POST /v2/images HTTP/1.1\r\nHost: test\r\nX-Auth-Token: t\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def mock() -> Iterator[ImsMock]:
    """A running mock with a throw-away certificate."""
    with ImsMock(tls=True) as mock:
        yield mock


def trust(ca_pem: bytes) -> ssl.SSLContext:
    """Return what a client needs that trusts an authority, and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ca_pem.decode())
    return context


def connect(mock: ImsMock) -> socket.socket:
    """Connect to a mock, and say nothing."""
    return socket.create_connection(("127.0.0.1", urlsplit(mock.url).port or 0), timeout=PATIENCE)


def secure(connection: socket.socket, ca_pem: bytes, name: str = "127.0.0.1") -> ssl.SSLSocket:
    """Begin TLS on a connection, as a client that reached the mock by a name."""
    return trust(ca_pem).wrap_socket(connection, server_hostname=name)


def ask(mock: ImsMock, method: str = "GET", path: str = "/", body: bytes | None = None) -> tuple[int, Any]:
    """Send one request over a connection of its own; return the status and the JSON of the response."""
    address = urlsplit(mock.url)
    client = http.client.HTTPSConnection(
        str(address.hostname), address.port, context=trust(mock.ca_pem), timeout=PATIENCE
    )
    client.request(method, path, body, {"X-Auth-Token": "t"})
    response = client.getresponse()
    text = response.read()
    client.close()
    return response.status, json.loads(text or b"null")


def is_closed(connection: socket.socket) -> bool:
    """Return whether the other side closes a connection, and sends nothing more."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


# Certificates


def test_url_is_https(mock: ImsMock) -> None:
    """The URL says https, and the authority is in PEM."""
    assert mock.url.startswith("https://127.0.0.1:")
    assert mock.ca_pem.startswith(b"-----BEGIN CERTIFICATE-----")


def test_without_tls_there_is_no_authority() -> None:
    """A mock serves HTTP by default."""
    mock = ImsMock()
    assert (mock.url[:7], mock.ca_pem) == ("http://", b"")


def test_responds(mock: ImsMock) -> None:
    """A client that trusts the authority gets its response, and the request is in the journal."""
    status, image = ask(mock, "POST", "/v2/images", b'{"name": "a"}')
    assert (status, image["name"]) == (201, "a")
    assert [entry.operation for entry in mock.journal] == ["glance_create_image_metadata"]


def test_connection_is_kept(mock: ImsMock) -> None:
    """Requests follow one another on one connection."""
    with secure(connect(mock), mock.ca_pem) as client, client.makefile("rb") as responses:
        for name in ("one", "two"):
            body = json.dumps({"name": name}).encode()
            client.sendall(CREATE.replace(b": 2\r\n", b": %d\r\n" % len(body)).replace(b"{}", body))
            assert responses.readline() == b"HTTP/1.1 201 CREATED\r\n"
            headers = http.client.parse_headers(responses)
            assert json.loads(responses.read(int(headers["Content-Length"])))["name"] == name


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "::1"])
def test_certificate_is_for_loopback(mock: ImsMock, name: str) -> None:
    """The certificate is good for every name of loopback."""
    with secure(connect(mock), mock.ca_pem, name) as client:
        assert client.version() in ("TLSv1.2", "TLSv1.3")


def test_certificate_is_for_the_host_too() -> None:
    """The certificate is good for the host that it was made for."""
    with ImsMock(tls=throw_away("ims.example")) as mock, secure(connect(mock), mock.ca_pem, "ims.example") as client:
        assert client.getpeercert()


def test_certificate_is_for_no_other_host(mock: ImsMock) -> None:
    """A client that reached the mock by another name refuses it."""
    with connect(mock) as client, pytest.raises(ssl.SSLCertVerificationError, match=r"not valid for 'ims\.example'"):
        secure(client, mock.ca_pem, "ims.example")


def test_each_mock_has_its_own_authority(mock: ImsMock) -> None:
    """Who trusts one mock does not trust another."""
    with ImsMock(tls=True) as other, connect(other) as client, pytest.raises(ssl.SSLCertVerificationError):
        secure(client, mock.ca_pem)


def test_authority_outlives_a_reset(mock: ImsMock) -> None:
    """A reset changes neither the certificate nor its authority."""
    before = mock.ca_pem
    mock.reset(seed=2)
    assert mock.ca_pem == before
    assert ask(mock)[0] == 300


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, bytes]:
    """A certificate for loopback behind an authority between, its key, and the authority at the root in PEM."""
    root = trustme.CA()
    issued = root.create_child_ca().issue_cert("127.0.0.1")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    for pem in issued.cert_chain_pems:
        pem.write_to_path(str(certificate), append=True)
    issued.private_key_pem.write_to_path(str(key))
    return certificate, key, root.cert_pem.bytes()


def test_certificate_of_ones_own(files: tuple[Path, Path, bytes]) -> None:
    """A certificate from files is sent with the authorities behind it; who trusts the root needs no more."""
    certificate, key, root = files
    with ImsMock(tls=from_files(certificate, key)) as mock:
        assert (mock.url[:8], mock.ca_pem) == ("https://", b"")
        with secure(connect(mock), root) as client:
            client.sendall(GET)
            assert client.recv(12) == b"HTTP/1.1 300"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda certificate, key: certificate.unlink(), "No such file or directory"),
        (lambda certificate, key: key.unlink(), "No such file or directory"),
        (lambda certificate, key: certificate.write_text("nonsense"), "they must be a certificate and its key, in PEM"),
        (lambda certificate, key: key.write_text("nonsense"), "they must be a certificate and its key, in PEM"),
        (
            lambda certificate, key: key.write_bytes(trustme.CA().private_key_pem.bytes()),
            "they must be a certificate and its key, in PEM",
        ),
    ],
    ids=["no certificate", "no key", "nonsense for a certificate", "nonsense for a key", "another's key"],
)
def test_files_that_will_not_do(
    files: tuple[Path, Path, bytes], damage: Callable[[Path, Path], object], reason: str
) -> None:
    """Files that are not there, are no PEM, or do not belong together are refused before anything is served."""
    damage(files[0], files[1])
    with pytest.raises(OSError, match=f"cannot use {files[0]} and {files[1]} for HTTPS: {reason}"):
        from_files(files[0], files[1])


def test_without_trustme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library for a throw-away certificate, the error says what to install."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(ImportError) as caught:
        ImsMock(tls=True)
    assert str(caught.value) == ("HTTPS with a throw-away certificate needs trustme: pip install 'ims_mock[tls]'")
    assert caught.value.__suppress_context__


def test_what_needs_no_trustme(files: tuple[Path, Path, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither HTTP nor a certificate from files needs the library."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    assert ImsMock().url.startswith("http://")
    assert isinstance(from_files(files[0], files[1]), Tls)


# Links


def test_version_links_are_https(mock: ImsMock) -> None:
    """The versions link to where the client asked, over HTTPS."""
    (version, *_) = ask(mock)[1]["versions"]
    assert version["links"][0]["href"] == f"{mock.url}/v2/"
    (link,) = ask(mock, path="/v3")[1]["version"]["links"]
    assert link["href"] == f"{mock.url}/v3/"


def test_catalogue_is_https(mock: ImsMock) -> None:
    """The endpoints of the catalogue are reached over HTTPS."""
    catalog = ask(mock, path="/v3/auth/catalog")[1]["catalog"]
    urls = {endpoint["url"] for service in catalog for endpoint in service["endpoints"]}
    assert urls == {mock.url + path for path in ("", "/v1", "/v2", "/identity")}


def test_location_is_https(mock: ImsMock) -> None:
    """A created image is at an HTTPS URL."""
    with secure(connect(mock), mock.ca_pem) as client, client.makefile("rb") as responses:
        client.sendall(CREATE)
        responses.readline()
        headers = http.client.parse_headers(responses)
    (image_id,) = mock.images
    assert headers["Location"] == f"https://test/v2/images/{image_id}"


# Large bodies


@pytest.fixture
def session(mock: ImsMock, tmp_path: Path) -> Iterator[requests.Session]:
    """A client with kept connections, that trusts the mock's authority and no proxy."""
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(mock.ca_pem)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(ca_file)
        session.headers["X-Auth-Token"] = "t"
        yield session


def in_pieces() -> Iterator[bytes]:
    """Return the file in pieces, of which no client sends the length."""
    for start in range(0, len(FILE), 300_001):
        yield FILE[start : start + 300_001]


@pytest.mark.parametrize("data", [lambda: FILE, in_pieces], ids=["whole", "chunked"])
def test_file_goes_up_and_down(mock: ImsMock, session: requests.Session, data: Callable[[], Any]) -> None:
    """A file of some MB is the same after an upload, whole or in chunks, and a download."""
    image = mock.add_image()
    url = f"{mock.url}{image['file']}"
    headers = {"Content-Type": "application/octet-stream"}
    assert session.put(url, data=data(), headers=headers, timeout=PATIENCE).status_code == 204
    assert session.get(url, timeout=PATIENCE).content == FILE


def test_refused_upload_leaves_the_connection(mock: ImsMock, session: requests.Session) -> None:
    """A file that is refused before it is read does not end the connection."""
    headers = {"Content-Type": "application/octet-stream"}
    response = session.put(f"{mock.url}/v2/images/nothing/file", data=FILE, headers=headers, timeout=PATIENCE)
    assert response.status_code == 404
    assert session.get(f"{mock.url}/v2/images", timeout=PATIENCE).status_code == 200


def test_expect_100_continue(mock: ImsMock) -> None:
    """A client that waits for leave to send gets it inside TLS."""
    with secure(connect(mock), mock.ca_pem) as client, client.makefile("rb") as responses:
        client.sendall(CREATE.replace(b"\r\n\r\n{}", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert (responses.readline(), responses.readline()) == (b"HTTP/1.1 100 Continue\r\n", b"\r\n")
        client.sendall(b"{}")
        assert responses.readline() == b"HTTP/1.1 201 CREATED\r\n"


# Clients that do not do as they should


def say_nothing(mock: ImsMock) -> socket.socket:
    """Connect, and wait."""
    return connect(mock)


def begin_a_greeting(mock: ImsMock) -> socket.socket:
    """Send the head of a handshake that goes on, and wait."""
    client = connect(mock)
    client.sendall(b"\x16\x03\x01\x02\x00\x01")
    return client


def speak_plain_http(mock: ImsMock) -> socket.socket:
    """Send a request without TLS."""
    client = connect(mock)
    client.sendall(GET)
    return client


def distrust(mock: ImsMock) -> socket.socket:
    """Refuse the mock's certificate."""
    client = connect(mock)
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(client, server_hostname="127.0.0.1")
    return client


def hang_up(mock: ImsMock) -> socket.socket:
    """Connect, and go."""
    client = connect(mock)
    client.close()
    return client


def fall_silent(mock: ImsMock) -> socket.socket:
    """Make the handshake, and wait."""
    return secure(connect(mock), mock.ca_pem)


def stop_in_a_request(mock: ImsMock) -> socket.socket:
    """Make the handshake, send half a request, and wait."""
    client = secure(connect(mock), mock.ca_pem)
    client.sendall(GET[:10])
    return client


BAD_CLIENTS = [say_nothing, begin_a_greeting, speak_plain_http, distrust, hang_up, fall_silent, stop_in_a_request]
Client = Callable[[ImsMock], socket.socket]


@pytest.mark.parametrize("bad_client", BAD_CLIENTS)
def test_bad_client_holds_up_nobody(mock: ImsMock, bad_client: Client) -> None:
    """While a client does not do as it should, others get their responses."""
    with bad_client(mock), bad_client(mock):
        assert [ask(mock)[0] for _ in range(3)] == [300, 300, 300]


@pytest.mark.parametrize("bad_client", [client for client in BAD_CLIENTS if client is not stop_in_a_request])
def test_bad_client_leaves_no_trace(mock: ImsMock, bad_client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """What brings no request over TLS is in no journal, and is no failure in the log."""
    before = set(threading.enumerate())
    with bad_client(mock):
        pass
    mock.stop()
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=PATIENCE)
    assert list(mock.journal) == []
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


def test_plain_http_gets_no_response(mock: ImsMock) -> None:
    """A connection that does not begin with TLS is closed, without a word of HTTP."""
    with speak_plain_http(mock) as client:
        assert is_closed(client)


def test_silent_handshake_is_ended(
    mock: ImsMock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that says nothing for too long is closed, and nothing is logged of it."""
    monkeypatch.setattr("ims_mock.web.server.IDLE_SECONDS", 0.01)
    with connect(mock) as client:
        assert is_closed(client)
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


def test_many_connections_at_once(mock: ImsMock) -> None:
    """Connections that are all open together all get their responses, whoever asks first."""
    clients = [connect(mock) for _ in range(30)]
    secured = [secure(client, mock.ca_pem) for client in reversed(clients)]
    for client in secured:
        client.sendall(CREATE)
    for client in reversed(secured):
        assert client.recv(12) == b"HTTP/1.1 201"
        client.close()
    assert len(mock.images) == 30


def test_many_handshakes_at_once(mock: ImsMock) -> None:
    """Clients that connect at the same moment all get their responses."""
    ready = threading.Barrier(16, timeout=PATIENCE)

    def create(_: int) -> int:
        ready.wait()
        return ask(mock, "POST", "/v2/images", b"{}")[0]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(create, range(16))) == [201] * 16
    assert len(mock.images) == 16


# The end


@pytest.mark.parametrize("client", [say_nothing, begin_a_greeting, fall_silent, stop_in_a_request])
def test_stop_closes_connections(mock: ImsMock, client: Client) -> None:
    """Stopping closes every connection, also one whose handshake is not over."""
    with client(mock) as connection:
        assert ask(mock)[0] == 300
        mock.stop()
        assert is_closed(connection)


def last_words(connection: socket.socket, ca_pem: bytes) -> bytes:
    """Make the handshake and create an image; return the response, b"" when the connection ends instead."""
    try:
        with secure(connection, ca_pem) as client:
            client.sendall(CREATE)
            return client.recv(100)
    except OSError:
        return b""


def test_nothing_is_returned_after_the_stop(mock: ImsMock) -> None:
    """A client that goes on with its handshake after the stop gets nothing done."""
    with connect(mock) as client:
        assert ask(mock)[0] == 300
        mock.stop()
        assert last_words(client, mock.ca_pem) == b""
    assert len(mock.images) == 0


@pytest.mark.parametrize("client", [say_nothing, begin_a_greeting, speak_plain_http, fall_silent, stop_in_a_request])
def test_stop_leaves_no_thread(client: Client) -> None:
    """The threads of a server end with it, whatever its clients wait for."""
    before = set(threading.enumerate())
    mock = ImsMock(tls=True).start()
    with client(mock):
        assert ask(mock)[0] == 300
        started = set(threading.enumerate()) - before
        mock.stop()
        for thread in started:
            thread.join(timeout=PATIENCE)
        assert [thread for thread in started if thread.is_alive()] == []


def test_served_again_after_a_stop(mock: ImsMock) -> None:
    """A mock that is started again serves HTTPS with the same authority."""
    mock.stop()
    mock.start()
    assert ask(mock)[0] == 300


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_certificate_of_every_address_has_the_machines_name(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every address is listened on, the certificate is for the machine's own name too."""
    monkeypatch.setattr("platform.node", lambda: "build-7.example")
    with ImsMock(tls=throw_away(host)) as mock:
        secure(connect(mock), mock.ca_pem, "build-7.example").close()


def test_tls_that_is_none_is_refused() -> None:
    """What is neither yes, no nor a certificate is rejected at once."""
    with pytest.raises(ValueError, match=r"tls must be True, False or what tls.from_files returns, got 'yes'"):
        ImsMock(tls="yes")  # type: ignore[arg-type]  # that is the point
