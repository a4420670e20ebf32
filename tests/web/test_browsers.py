"""What pages in a browser may do with the mock's own API: nothing, unless they are the mock's own."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from werkzeug.test import Client

from ims_mock import ImsMock
from ims_mock.web.browsers import with_hosts
from tests.conftest import Api


@pytest.fixture(scope="module")
def mock() -> Iterator[ImsMock]:
    """A mock that listens on loopback, and is known by one more name."""
    with ImsMock(host="localhost", allow_hosts=["host.docker.internal"]) as running:
        yield running


def status(mock: ImsMock, host: str | None, origin: str | None = None, path: str = "/_ims_mock/reset") -> int:
    """Send a request as a page would that reaches the mock by a name, and return its status."""
    url = urlsplit(mock.url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)
    if host is None:
        vars(connection).update(_http_vsn=10, _http_vsn_str="HTTP/1.0")
    connection.putrequest("POST", path, skip_host=True)
    for name, value in {"Host": host, "Origin": origin, "Content-Type": "text/plain", "Content-Length": "0"}.items():
        if value is not None:
            connection.putheader(name, value.replace("PORT", str(url.port)))
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 204 or response.headers["X-IMS-Mock-Reason"]
    connection.close()
    return response.status


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://localhost:PORT",
        "http://127.0.0.1:PORT.evil.example",
        "http://127.0.0.1:PORT@evil.example",
        "http://127.0.0.1:PORT/",
        "http://127.0.0.1.evil.example:PORT",
        "ftp://127.0.0.1:PORT",
        "//127.0.0.1:PORT",
        "127.0.0.1:PORT",
        "chrome-extension://abc",
        "file://",
        "null",
        "http://127.0.0.1:PORT http://evil.example",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/_ims_mock/reset", "/%5fims_mock/reset", "/_ims_mock/nothing", "/_ims_mock/health"])
def test_page_of_another_origin(mock: ImsMock, origin: str, path: str) -> None:
    """A page of another origin is 403, and nothing is done."""
    with mock.rollback():
        image_id = mock.add_image(name="here")["id"]
        assert status(mock, "127.0.0.1:PORT", origin, path) == 403
        assert image_id in mock.images


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:PORT", None),
        ("127.0.0.1:PORT", "http://127.0.0.1:PORT"),
        ("localhost:PORT", "http://LOCALHOST:PORT"),
        ("[::1]:PORT", "http://[::1]:PORT"),
        ("localhost", "https://localhost"),
        ("localhost:443", "https://localhost"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_page_of_the_mock_itself(mock: ImsMock, host: str, origin: str | None) -> None:
    """A page that came from where its request goes to may do everything, and so may what is no page."""
    assert status(mock, host, origin) == 204


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:PORT", 204),
        ("127.0.0.2", 204),
        ("10.1.2.3:80", 204),
        ("[::1]:PORT", 204),
        ("[2001:db8::1]", 204),
        ("localhost", 204),
        ("LocalHost.:PORT", 204),
        ("ims.localhost:PORT", 204),
        ("host.docker.internal:PORT", 204),
        ("evil.example", 421),
        ("evil.example:PORT", 421),
        ("localhost.evil.example", 421),
        ("evillocalhost", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.0.0.1.nip.example:PORT", 421),
        ("x.host.docker.internal", 421),
    ],
)
def test_host_on_loopback(mock: ImsMock, host: str, expected: int) -> None:
    """While the mock listens on loopback, a name that is not its own is 421, whatever the origin."""
    assert status(mock, host) == expected
    assert status(mock, host, f"http://{host}") == expected


@pytest.mark.parametrize(("host", "expected"), [("ims.test", 200), ("IMS.test.:1", 200), ("ims", 421)])
def test_host_that_was_given(api: Api, host: str, expected: int) -> None:
    """A name that the mock was given is its own, in any case."""
    client = Client(with_hosts(api._client.application, ["Ims.Test"]))
    environ = {"HTTP_HOST": host, "SERVER_NAME": "127.0.0.1"}
    assert client.get("/_ims_mock/health", environ_overrides=environ).status_code == expected


def test_host_elsewhere_than_on_loopback() -> None:
    """A mock that listens on more than loopback has any name, as in a network of containers."""
    with ImsMock(host="0.0.0.0") as mock:
        assert status(mock, "ims-mock:9292") == 204
        assert status(mock, "ims-mock:9292", "http://evil.example") == 403


def test_client_of_http_1_0_without_a_host(mock: ImsMock) -> None:
    """A client that names no host is no browser."""
    assert status(mock, None) == 204


def test_service_has_any_host_and_origin(mock: ImsMock) -> None:
    """The operations of the service need a credential, and take any host and origin, as the cloud does."""
    assert status(mock, "ims.example.com", "http://evil.example", "/v2/images") == 401


def test_under_another_server(api: Api) -> None:
    """Where the server is not the mock's own, nobody knows where it listens, and the origin alone counts."""
    assert api("POST", "/_ims_mock/reset", {}, Host="ims.example.com").status_code == 204
    response = api("POST", "/_ims_mock/reset", {}, Host="ims.example.com", Origin="http://evil.example")
    assert (response.status_code, response.get_json()["error"]["code"]) == (403, "forbidden")


def test_preflight(api: Api) -> None:
    """A browser that asks on behalf of another page gets no permission."""
    response = api("OPTIONS", "/_ims_mock/reset", Origin="http://evil.example")
    assert response.status_code == 403
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_names_are_a_list() -> None:
    """One name that is no list is an error that says so."""
    with pytest.raises(ValueError, match="allow_hosts must be a list"):
        ImsMock(allow_hosts="a")
