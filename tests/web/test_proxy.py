"""The forward proxy, over sockets of its own."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import requests

from ims_mock.contract.hosts import cloud_host
from ims_mock.testing import proxy as proxy_module
from ims_mock.testing.proxy import ImsProxy, MockCloud
from ims_mock.web.head import MAX_LINE, HeadError
from ims_mock.web.proxy import RefusedError
from ims_mock.web.tls import Authority
from ims_mock.web.tunnel import read_connect

PATIENCE = 10
"""Seconds after which a test gives up what should have come at once."""

IMS = "ims.cn-north-4.myhuaweicloud.com"
EAST = "ims.cn-east-3.myhuaweicloud.com"
IAM = "iam.myhuaweicloud.com"
FILE = bytes(range(256)) * 20_000
"""5 MB, which is more than any buffer holds."""

GET = b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % IMS.encode()


@pytest.fixture(scope="module")
def proxy() -> Iterator[ImsProxy]:
    """A running proxy, which lets localhost through, and all below test.example."""
    with ImsProxy(allow_hosts=["localhost", "*.test.example"]) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
def _clear(proxy: ImsProxy) -> None:
    for mock in proxy.cloud.mocks:
        mock.reset()


@pytest.fixture
def session(proxy: ImsProxy, tmp_path: Path) -> Iterator[requests.Session]:
    """A client that goes through the proxy, and trusts its authority."""
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(proxy.ca_pem)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(ca_file)
        session.proxies = {"https": proxy.url, "http": proxy.url}
        session.headers["X-Auth-Token"] = "t"
        yield session


def connect(proxy: ImsProxy) -> socket.socket:
    """Connect to the proxy, and say nothing."""
    return socket.create_connection(("127.0.0.1", urlsplit(proxy.url).port or 0), timeout=PATIENCE)


def until_end_of_head(client: socket.socket) -> bytes:
    """Read the head of a response, and not a byte more."""
    head = b""
    while not head.endswith(b"\r\n\r\n") and (byte := client.recv(1)):
        head += byte
    return head


def tunnel(proxy: ImsProxy, request: bytes) -> socket.socket:
    """Open a tunnel by a request."""
    client = connect(proxy)
    client.sendall(request)
    assert until_end_of_head(client) == b"HTTP/1.1 200 Connection established\r\n\r\n"
    return client


def secure(client: socket.socket, proxy: ImsProxy, name: str = IMS) -> ssl.SSLSocket:
    """Begin TLS in a tunnel."""
    context = ssl.create_default_context(cadata=proxy.ca_pem.decode())
    return context.wrap_socket(client, server_hostname=name)


def whole(client: socket.socket) -> bytes:
    """Read what comes until the connection is closed."""
    data = b""
    while piece := client.recv(65536):
        data += piece
    return data


# Requests that open a tunnel


@pytest.mark.parametrize(
    "request_line",
    [
        b"CONNECT ims.cn-north-4.myhuaweicloud.com:443 HTTP/1.0\r\n\r\n",
        b"CONNECT ims.cn-north-4.myhuaweicloud.com:443 HTTP/1.1\r\nHost: ims.cn-north-4.myhuaweicloud.com:443\r\n\r\n",
        b"CONNECT ims.cn-north-4.myhuaweicloud.com:443 HTTP/1.1\r\nHost: other\r\nProxy-Connection: Keep-Alive\r\n\r\n",
    ],
    ids=["http.client of Python 3.11", "http.client of Python 3.12", "with a host that is not the target's"],
)
def test_tunnel(proxy: ImsProxy, request_line: bytes) -> None:
    """The target is that of the request line alone, whatever header fields come with it, also none."""
    with tunnel(proxy, request_line) as plain, secure(plain, proxy) as client:
        client.sendall(GET)
        assert client.recv(12) == b"HTTP/1.1 300"


def test_tunnel_of_plain_http(proxy: ImsProxy) -> None:
    """Node sends plain HTTP through a tunnel to port 80: what comes says whether it is TLS, and the port does not."""
    for port in (b"80", b"443"):
        with tunnel(proxy, b"CONNECT ims.cn-north-4.myhuaweicloud.com:%s HTTP/1.1\r\n\r\n" % port) as client:
            client.sendall(GET)
            assert b'"href":"http://ims.cn-north-4.myhuaweicloud.com/v2/"' in client.recv(65536)
    with (
        tunnel(proxy, b"CONNECT ims.cn-north-4.myhuaweicloud.com:80 HTTP/1.1\r\n\r\n") as plain,
        secure(plain, proxy) as secured,
    ):
        assert secured.version() == "TLSv1.3"


def test_tunnel_by_single_bytes(proxy: ImsProxy) -> None:
    """The request may come in any pieces, and what follows at once is the first in the tunnel."""
    with connect(proxy) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"CONNECT ims.cn-north-4.myhuaweicloud.com:80 HTTP/1.1\r\nHost: x\r\n\r":
            client.sendall(bytes([byte]))
        client.sendall(b"\n" + GET)
        assert until_end_of_head(client) == b"HTTP/1.1 200 Connection established\r\n\r\n"
        assert client.recv(12) == b"HTTP/1.1 300"


@pytest.mark.parametrize(
    ("request_line", "status", "reason"),
    [
        (b"CONNECT ims.cn-north-4.myhuaweicloud.com HTTP/1.1\r\n\r\n", 400, "CONNECT must be 'CONNECT host:port"),
        (b"CONNECT https://ims.cn-north-4.myhuaweicloud.com:443/ HTTP/1.1\r\n\r\n", 400, "CONNECT must be"),
        (b"CONNECT ims..com:443 HTTP/1.1\r\n\r\n", 400, "CONNECT must be"),
        (b"CONNECT ims.cn-north-4.myhuaweicloud.com:0 HTTP/1.1\r\n\r\n", 400, "CONNECT must be"),
        (b"CONNECT ims.cn-north-4.myhuaweicloud.com:65536 HTTP/1.1\r\n\r\n", 400, "CONNECT must be"),
        (b"CONNECT ims.cn-north-4.myhuaweicloud.com:443 HTTP/2.0\r\n\r\n", 400, "CONNECT must be"),
        (b"CONNECT " + b"x" * 2 * MAX_LINE, 431, f"has more than {MAX_LINE} bytes"),
        (b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", 403, "--allow-host example.com lets requests to it through"),
        (b"CONNECT test.example:443 HTTP/1.1\r\n\r\n", 403, "test.example is no host that the proxy responds for"),
        (b"CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n", 403, "127.0.0.1 is no host that the proxy responds for"),
        (
            b"CONNECT ims.eu-de.-x.test:443 HTTP/1.1\r\n\r\n",
            400,
            "no certificate can be made for the host ims.eu-de.-x.test",
        ),
        (
            b"CONNECT ims.one.region.test:443 HTTP/1.1\r\n\r\n",
            403,
            "there can be no region 'one': its name must",
        ),
    ],
)
def test_tunnel_that_is_rejected(proxy: ImsProxy, request_line: bytes, status: int, reason: str) -> None:
    """What opens no tunnel is rejected with a first line that says why, as clients show no more, and closed."""
    with connect(proxy) as client:
        client.sendall(request_line)
        with closing(client.makefile("rb")) as response:
            line = response.readline().decode()
            assert line.startswith(f"HTTP/1.1 {status} ims-mock: ")
            assert reason in line
            headers = http.client.parse_headers(response)
            assert headers["Connection"] == "close"
            assert reason in response.read(int(headers["Content-Length"])).decode()


class Pieces:
    """A connection on which bytes come in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return the next bytes of a piece, and keep them where they are only looked at."""
        data, rest = self._pieces[0][:size], self._pieces[0][size:]
        if not flags:
            self._pieces[:1] = [rest] if rest else []
        return data


def test_first_bytes_of_connect_and_something_else() -> None:
    """What begins as CONNECT does, and goes on in another way, is rejected; any other request is left unread."""
    with pytest.raises(HeadError, match="the request must be 'CONNECT host:port"):
        read_connect(cast(socket.socket, Pieces(b"CONN", b"ECTED / HTTP/1.1\r\n\r\n")))
    other = Pieces(b"COPY / HTTP/1.1\r\n\r\n")
    assert read_connect(cast(socket.socket, other)) is None
    assert other.recv(4) == b"COPY"


def test_half_a_request(proxy: ImsProxy) -> None:
    """A client that stops sending in the middle of its request is not served."""
    with connect(proxy) as client:
        client.sendall(b"CONNECT ims.cn-north-4.my")
        client.shutdown(socket.SHUT_WR)
        assert whole(client).startswith(b"HTTP/1.1 400 ims-mock: the connection ended before the head")


# Inside of a tunnel


def test_links_have_the_name_that_was_asked(proxy: ImsProxy, session: requests.Session) -> None:
    """Location and links are at the real name of the service."""
    created = session.post(f"https://{IMS}/v2/images", json={"name": "web"}, timeout=PATIENCE)
    (image_id,) = proxy.mock("cn-north-4").images
    assert created.headers["Location"] == f"https://{IMS}/v2/images/{image_id}"
    (link,) = session.get(f"https://{IAM}/v3", timeout=PATIENCE).json()["version"]["links"]
    assert link["href"] == f"https://{IAM}/v3/"
    catalog = session.get(f"https://{IAM}/v3/auth/catalog", timeout=PATIENCE).json()["catalog"]
    assert {endpoint["url"] for endpoint in catalog[0]["endpoints"] if endpoint["region"] == "cn-north-4"} == {
        f"https://{IMS}"
    }


def test_connection_in_a_tunnel_is_kept(proxy: ImsProxy, session: requests.Session) -> None:
    """Requests to a host follow one another in one tunnel."""
    for _ in range(3):
        assert session.get(f"https://{IMS}", timeout=PATIENCE).status_code == 300
    manager = session.get_adapter(f"https://{IMS}").proxy_manager[proxy.url]  # type: ignore[attr-defined]
    assert [pool.num_connections for pool in manager.pools._container.values()] == [1]


def test_certificate_is_made_once_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate of a host is kept; of many hosts those that were asked for last are."""
    monkeypatch.setattr("ims_mock.web.tls.MAX_CERTIFICATES", 2)
    authority = Authority()
    first = authority.for_host("one.test")
    assert authority.for_host("one.test") is first
    authority.for_host("two.test")
    assert authority.for_host("one.test") is first
    two = authority.for_host("two.test")
    authority.for_host("three.test")
    assert authority.for_host("two.test") is two
    assert authority.for_host("one.test") is not first


def test_certificate_is_for_the_host_alone(proxy: ImsProxy) -> None:
    """A client that asked for another name in the tunnel refuses the certificate, and the next one is served."""
    with (
        tunnel(proxy, b"CONNECT ims.cn-north-4.myhuaweicloud.com:443 HTTP/1.1\r\n\r\n") as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        secure(plain, proxy, EAST)
    test_tunnel(proxy, b"CONNECT ims.cn-north-4.myhuaweicloud.com:443 HTTP/1.0\r\n\r\n")


@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "chunked"])
def test_file_goes_up_and_down(proxy: ImsProxy, session: requests.Session, is_whole: bool) -> None:
    """A file of some MB is the same after an upload, whole or in chunks, and a download."""
    url = f"https://{IMS}{proxy.mock().add_image()['file']}"
    data = FILE if is_whole else (FILE[start : start + 300_001] for start in range(0, len(FILE), 300_001))
    headers = {"Content-Type": "application/octet-stream"}
    assert session.put(url, data=data, headers=headers, timeout=PATIENCE).status_code == 204
    assert session.get(url, timeout=PATIENCE).content == FILE


def test_expect_100_continue(proxy: ImsProxy) -> None:
    """A client that waits for leave to send gets it in the tunnel."""
    with tunnel(proxy, b"CONNECT ims.cn-north-4.myhuaweicloud.com:443 HTTP/1.1\r\n\r\n") as plain:
        head = b"POST /v2/images HTTP/1.1\r\nHost: x\r\nX-Auth-Token: t\r\nContent-Length: 2\r\n"
        with secure(plain, proxy) as client:
            client.sendall(head + b"Expect: 100-continue\r\n\r\n")
            assert until_end_of_head(client) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(b"{}")
            assert until_end_of_head(client).startswith(b"HTTP/1.1 201 ")


def test_upgrade_is_passed_over(proxy: ImsProxy) -> None:
    """A client that asks for another protocol gets the response of this one."""
    with tunnel(proxy, b"CONNECT ims.cn-north-4.myhuaweicloud.com:80 HTTP/1.1\r\n\r\n") as client:
        client.sendall(GET[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 300"


# Clients that leave


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HT"])
def test_client_that_leaves(proxy: ImsProxy, said: bytes) -> None:
    """Whoever leaves in a tunnel, before or in what it has to say, disturbs nobody else."""
    with tunnel(proxy, b"CONNECT ims.cn-north-4.myhuaweicloud.com:443 HTTP/1.1\r\n\r\n") as client:
        client.sendall(said)
    test_tunnel(proxy, b"CONNECT ims.cn-north-4.myhuaweicloud.com:443 HTTP/1.0\r\n\r\n")


def test_stop_ends_every_connection() -> None:
    """A stop closes connections wherever they are: before CONNECT, in a tunnel, in a handshake, in requests."""
    with socket.create_server(("localhost", 0)) as silent, ImsProxy(allow_hosts=["localhost"]) as proxy:
        ims = b"CONNECT ims.cn-north-4.myhuaweicloud.com:443 HTTP/1.1\r\n\r\n"
        clients = [connect(proxy), tunnel(proxy, ims), tunnel(proxy, ims), secure(tunnel(proxy, ims), proxy)]
        clients[2].sendall(b"\x16\x03\x01")
        clients.append(tunnel(proxy, b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % silent.getsockname()[1]))
        proxy.stop()
        for client in clients:
            try:
                assert client.recv(1) == b""
            except (ConnectionError, ssl.SSLEOFError):  # It may be reset as well.
                pass
            finally:
                client.close()
        proxy.stop()  # Once more is no error.


# Requests without a tunnel


def test_plain_requests(proxy: ImsProxy, session: requests.Session) -> None:
    """Requests for http:// URLs come with their host in absolute form, to several hosts on one connection."""
    assert session.post(f"http://{IMS}/v2/images", json={"name": "web"}, timeout=PATIENCE).status_code == 201
    assert session.get(f"http://{EAST}/v2/images", timeout=PATIENCE).json()["images"] == []
    assert session.get(f"http://{IMS}:8080/v2/images", timeout=PATIENCE).json()["images"][0]["name"] == "web"
    assert [entry.base_url for entry in proxy.mock().journal] == [f"http://{IMS}", f"http://{IMS}:8080"]


def test_plain_request_to_another_host(session: requests.Session) -> None:
    """A request to a host that is not the proxy's is rejected, also to one that is let through in a tunnel."""
    response = session.get("http://example.com/", timeout=PATIENCE)
    assert (response.status_code, response.headers["Connection"]) == (403, "close")
    assert "--allow-host example.com lets requests to it through" in response.text
    assert "localhost is only let through in a tunnel" in session.get("http://localhost/", timeout=PATIENCE).text


def test_request_that_was_not_made_for_a_proxy(proxy: ImsProxy) -> None:
    """Whoever takes the proxy for the mock itself is shown how to use it."""
    response = requests.get(f"{proxy.url}/v2/images", timeout=PATIENCE)
    assert response.status_code == 403
    assert "this is a forward proxy: set HTTPS_PROXY to it" in response.text
    assert response.headers["X-IMS-Mock-Reason"] == response.text.strip()


def test_invalid_http(proxy: ImsProxy) -> None:
    """What is no request is rejected with the reason."""
    with connect(proxy) as client:
        client.sendall(b"get / HTTP/1.1\r\nHost: x\r\n\r\n")
        response = whole(client)
    assert response.startswith(b"HTTP/1.1 400 ")
    assert b"the method must be in capitals" in response


# Hosts that are let through


def echo(listener: socket.socket) -> None:
    """Send back what comes on one connection, in capitals, until it ends."""
    connection, _ = listener.accept()
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data.upper())
        connection.sendall(b"BYE")


def test_host_that_is_let_through(proxy: ImsProxy) -> None:
    """What goes through such a tunnel is not looked at, and each side may end its own direction first."""
    with socket.create_server(("localhost", 0)) as listener:
        thread = threading.Thread(target=echo, args=(listener,), daemon=True)
        thread.start()
        with tunnel(proxy, b"CONNECT LocalHost:%d HTTP/1.1\r\n\r\n" % listener.getsockname()[1]) as client:
            client.sendall(b"\x16 anything")
            assert client.recv(100) == b"\x16 ANYTHING"
            client.shutdown(socket.SHUT_WR)
            assert whole(client) == b"BYE"
        thread.join(PATIENCE)


def test_host_that_cannot_be_reached(proxy: ImsProxy) -> None:
    """A host that is let through and is not there is a 502."""
    with socket.create_server(("localhost", 0)) as listener:
        port = listener.getsockname()[1]
    with connect(proxy) as client:
        client.sendall(b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port)
        assert client.recv(100).startswith(b"HTTP/1.1 502 ims-mock: localhost:%d cannot be reached" % port)


def test_names_below_one_that_is_let_through() -> None:
    """`*.` before a name stands for all below it, and not for the name itself."""
    find = proxy_module.find_in(MockCloud().find, ["*.Test.example"])
    assert find("a.b.test.EXAMPLE", 443) is None
    for name in ("test.example", "atest.example", "a.test.example.org"):
        with pytest.raises(RefusedError, match="is no host that the proxy responds for"):
            find(name, 443)


# Regions


def test_each_region_is_a_mock_of_its_own(proxy: ImsProxy, session: requests.Session) -> None:
    """An image of one region is not in another, whose mock is made when it is first asked for."""
    session.post(f"https://{EAST}/v2/images", json={"name": "web"}, timeout=PATIENCE)
    assert len(proxy.mock("cn-east-3").images) == 1
    assert len(proxy.mock("cn-north-4").images) == len(proxy.mock("eu-de").images) == 0


def test_copy_into_another_region_arrives_there(proxy: ImsProxy, session: requests.Session) -> None:
    """What is copied into another region is listed there, also when nothing has been asked of that region before."""
    image = proxy.mock().add_image(name="web", data=b"0123")
    body = {"name": "copy", "region": "sa-brazil-1", "project_name": "sa-brazil-1", "agency_name": "a"}
    url = f"https://{IMS}/v1/cloudimages/{image['id']}/cross_region_copy"
    assert session.post(url, json=body, timeout=PATIENCE).status_code == 200
    brazil = "https://ims.sa-brazil-1.myhuaweicloud.com"
    (listed,) = session.get(f"{brazil}/v2/images", timeout=PATIENCE).json()["images"]
    assert session.get(f"{brazil}{listed['file']}", timeout=PATIENCE).content == b"0123"


def test_tokens_are_good_in_every_region(tmp_path: Path) -> None:
    """A token of the identity service, by any of its names, is honoured in every region."""
    user = {"name": "demo", "password": "secret", "domain": {"name": "Default"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    with ImsProxy(auth="strict") as proxy, requests.Session() as session:
        (tmp_path / "ca.pem").write_bytes(proxy.ca_pem)
        session.trust_env = False
        session.verify, session.proxies = str(tmp_path / "ca.pem"), {"https": proxy.url}
        for host in (IAM, "iam.cn-east-3.myhuaweicloud.com"):
            body = {"auth": {"identity": identity, "scope": {"project": {"name": "cn-east-3"}}}}
            response = session.post(f"https://{host}/v3/auth/tokens", json=body, timeout=PATIENCE)
            headers = {"X-Auth-Token": response.headers["X-Subject-Token"]}
            urls = {item["url"] for item in response.json()["token"]["catalog"][0]["endpoints"]}
            assert f"https://{EAST}" in urls
            assert session.get(f"https://{EAST}/v2/images", headers=headers, timeout=PATIENCE).status_code == 200
        assert session.get(f"https://{EAST}/v2/images", timeout=PATIENCE).status_code == 401


def test_every_region_has_the_time_of_the_first() -> None:
    """A region that is asked for later is at the same time, wherever the first one started."""
    cloud = MockCloud(start="2016-06-02T07:49:48Z")
    cloud.mock().clock.advance(60)
    assert cloud.mock("cn-east-3").clock.now() == cloud.mock().clock.now()


def test_most_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that makes up regions gets no more than so many mocks."""
    monkeypatch.setattr(proxy_module, "MAX_REGIONS", 2)
    cloud = MockCloud()
    cloud.mock("cn-east-3")
    host = cloud_host("ims.cn-east-4.myhuaweicloud.com")
    assert host is not None
    with pytest.raises(RefusedError, match="2 regions have a mock, and 'cn-east-4' would be one more"):
        cloud.find(host)


def test_control_api_of_a_region(proxy: ImsProxy, session: requests.Session) -> None:
    """The mock's own API is at every host of its region."""
    rule = {"fault": {"kind": "fail", "status": 503}, "operation": "glance_list_images"}
    added = session.post(f"https://{EAST}/_ims_mock/faults", json=rule, timeout=PATIENCE)
    assert added.status_code == 201, added.text
    statuses = [session.get(f"https://{host}/v2/images", timeout=PATIENCE).status_code for host in (IMS, EAST)]
    assert statuses == [200, 503]


def test_settings_are_those_of_every_region() -> None:
    """Rules and other settings apply in each region, and count by themselves there."""
    cloud = MockCloud(faults=["glance_list_images: 503 x1"], public_images=True)
    responses: list[Any] = []
    for region in ("cn-north-4", "cn-east-3"):
        client = cloud.mock(region).app.test_client()
        responses += [client.get("/v2/images", headers={"X-Auth-Token": "t"}) for _ in range(2)]
    assert [response.status_code for response in responses] == [503, 200, 503, 200]
    assert len(json.loads(responses[-1].data)["images"]) == 25
