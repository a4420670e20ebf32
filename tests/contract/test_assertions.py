"""assert_conforms and exchange_of, with the responses of real clients."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import flask
import httpx
import pytest
import requests
import urllib3
from werkzeug.test import Client
from werkzeug.test import TestResponse as WsgiResponse
from werkzeug.wrappers import Request, Response

from ims_mock import ImsMock
from ims_mock.contract import NOT_RECORDED, RecordedExchange, assert_conforms, exchange_of
from ims_mock.faults.responses import Mutate
from ims_mock.web.app import create_app

IMAGE = {"name": "a", "min_disk": 40}
WRONG = "  break: response /max_ram: must be of type string, got 7 [response.type]"


@pytest.fixture(scope="module")
def served() -> Iterator[ImsMock]:
    """A mock for the whole module."""
    with ImsMock() as served:
        yield served


@pytest.fixture
def mock(served: ImsMock) -> ImsMock:
    """The same, without faults."""
    served.reset()
    return served


def of_requests(mock: ImsMock) -> Any:
    """Create an image with requests."""
    return requests.post(f"{mock.url}/v2/images", json=IMAGE, headers={"X-Auth-Token": mock.token}, timeout=60)


def of_httpx(mock: ImsMock) -> Any:
    """Create an image with httpx."""
    with httpx.Client() as client:
        return client.post(f"{mock.url}/v2/images", json=IMAGE, headers={"X-Auth-Token": mock.token})


def of_async_httpx(mock: ImsMock) -> Any:
    """Create an image with httpx in a coroutine."""

    async def create() -> Any:
        async with httpx.AsyncClient() as client:
            return await client.post(f"{mock.url}/v2/images", json=IMAGE, headers={"X-Auth-Token": mock.token})

    return asyncio.run(create())


def of_aiohttp(mock: ImsMock, *, is_read: bool = True) -> Any:
    """Create an image with aiohttp, and read the body or not."""

    async def create() -> Any:
        headers = {"X-Auth-Token": mock.token}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{mock.url}/v2/images", json=IMAGE, headers=headers) as response,
        ):
            if is_read:
                await response.read()
            return response

    return asyncio.run(create())


def of_urllib3(mock: ImsMock) -> Any:
    """Create an image with urllib3."""
    with urllib3.PoolManager() as pool:
        return pool.request("POST", f"{mock.url}/v2/images", json=IMAGE, headers={"X-Auth-Token": mock.token})


def of_flask(mock: ImsMock) -> Any:
    """Create an image with Flask's test client."""
    client = create_app(mock.service).test_client()
    return client.post("/v2/images", json=IMAGE, headers={"X-Auth-Token": mock.token})


def of_werkzeug(mock: ImsMock) -> Any:
    """Create an image with Werkzeug's test client."""
    client = Client(create_app(mock.service))
    return client.post("/v2/images", json=IMAGE, headers={"X-Auth-Token": mock.token})


CLIENTS: list[Callable[[ImsMock], Any]] = [
    *(of_requests, of_httpx, of_async_httpx, of_aiohttp, of_urllib3, of_flask, of_werkzeug),
]


@pytest.mark.parametrize("create", CLIENTS)
def test_response_of_the_mock_conforms(mock: ImsMock, create: Callable[[ImsMock], Any]) -> None:
    """What the mock returns is what the contract has, whichever client receives it."""
    assert_conforms(create(mock), drift=True)


@pytest.mark.parametrize("create", CLIENTS)
def test_wrong_response_fails(mock: ImsMock, create: Callable[[ImsMock], Any]) -> None:
    """A number where a client needs a string fails, with the request, the operation and the pointer."""
    mock.faults.add(Mutate("/max_ram", "value", 7))
    with pytest.raises(AssertionError) as raised:
        assert_conforms(create(mock))
    title, line, *found = str(raised.value).splitlines()
    assert title == "glance_create_image_metadata: the response does not match the contract of IMS"
    assert re.fullmatch("  POST [^ ]*/v2/images -> 201", line)
    assert found == [WRONG]


@pytest.mark.parametrize("create", [of_requests, of_httpx, of_async_httpx, of_flask, of_werkzeug])
def test_sent_body_is_recorded(mock: ImsMock, create: Callable[[ImsMock], Any]) -> None:
    """Clients that keep what they sent have it judged as well."""
    body = exchange_of(create(mock)).request.body
    assert isinstance(body, bytes)
    assert json.loads(body) == IMAGE


@pytest.mark.parametrize("create", [of_aiohttp, of_urllib3])
def test_sent_body_that_is_not_kept(mock: ImsMock, create: Callable[[ImsMock], Any]) -> None:
    """Clients that do not keep what they sent have it not recorded, and not empty."""
    assert exchange_of(create(mock)).request.body is NOT_RECORDED


def sent_by_pieces(mock: ImsMock) -> Iterator[RecordedExchange]:
    """Yield exchanges whose request was a stream."""
    url, headers = f"{mock.url}/v2/images", {"X-Auth-Token": mock.token}
    for data in (io.BytesIO(b"{}"), iter([b"{}"])):
        yield exchange_of(requests.post(url, data=data, headers=headers, timeout=60))
    yield exchange_of(httpx.post(url, content=iter([b"{}"]), headers=headers))


def test_streams_are_not_recorded(mock: ImsMock) -> None:
    """A request's body that came from a file or a generator is spent, and not recorded."""
    assert [exchange.request.body for exchange in sent_by_pieces(mock)] == [NOT_RECORDED] * 3


@pytest.mark.parametrize("body", ["{}", bytearray(b"{}")])
def test_texts_are_bytes(mock: ImsMock, body: Any) -> None:
    """A body that was given as a text, or as an array of bytes, is recorded as bytes."""
    response = requests.post(f"{mock.url}/v2/images", data=body, headers={"X-Auth-Token": mock.token}, timeout=60)
    assert exchange_of(response).request.body == b"{}"


# Bodies that nobody has read.


def test_unread_body_of_requests(mock: ImsMock) -> None:
    """A response of requests that is still a stream is not read by the assertion, which says what to call."""
    headers = {"X-Auth-Token": mock.token}
    with requests.get(f"{mock.url}/v2/images", headers=headers, stream=True, timeout=60) as response:
        with pytest.raises(ValueError, match=r"has not been read, .*; call response\.content first"):
            assert_conforms(response)
        assert json.loads(response.raw.read())["images"] == []


def test_body_that_requests_has_not_kept(mock: ImsMock) -> None:
    """A response of requests that was read piece by piece has kept nothing to judge."""
    headers = {"X-Auth-Token": mock.token}
    with requests.get(f"{mock.url}/v2/images", headers=headers, stream=True, timeout=60) as response:
        assert b"".join(response.iter_content(10))
        with pytest.raises(ValueError, match="or has not been kept"):
            assert_conforms(response)


def test_unread_body_of_httpx(mock: ImsMock) -> None:
    """A response of httpx that is still a stream is judged once it is read."""
    headers = {"X-Auth-Token": mock.token}
    with httpx.stream("GET", f"{mock.url}/v2/images", headers=headers) as response:
        with pytest.raises(ValueError, match=r"call response\.read\(\) or await response\.aread\(\) first"):
            assert_conforms(response)
        response.read()
    assert_conforms(response)


def test_unread_body_of_aiohttp(mock: ImsMock) -> None:
    """A response of aiohttp whose body was left says that it wants an await."""
    with pytest.raises(ValueError, match=r"call await response\.read\(\) first"):
        assert_conforms(of_aiohttp(mock, is_read=False))


def test_unread_body_of_urllib3(mock: ImsMock) -> None:
    """A response of urllib3 that is not loaded is judged once its data is."""
    with urllib3.PoolManager() as pool:
        headers = {"X-Auth-Token": mock.token}
        response = pool.request("GET", f"{mock.url}/v2/images", headers=headers, preload_content=False)
        with pytest.raises(ValueError, match=r"call response\.data first"):
            assert_conforms(response)
        assert response.data
        assert_conforms(response)


def test_file_need_not_be_read(mock: ImsMock) -> None:
    """The response of a download is judged without its body, which is a file and not JSON."""
    image = mock.add_image(name="a", data=b"disk")
    url, headers = f"{mock.url}/v2/images/{image['id']}/file", {"X-Auth-Token": mock.token}
    with requests.get(url, headers=headers, stream=True, timeout=60) as response:
        assert_conforms(response)
        assert response.content == b"disk"


# What is no such response.


@pytest.mark.parametrize(
    "response",
    [None, {"status": 200}, flask.Response("{}"), Response("{}"), requests.Request(), urllib3.HTTPHeaderDict()],
)
def test_other_types_are_refused(response: Any) -> None:
    """What is no response of a client is a TypeError that names what is taken, and what was got."""
    with pytest.raises(TypeError, match=r"must be one of requests' Response, httpx's Response, .*, got .*Dict|got"):
        assert_conforms(response)


def test_coroutines_are_refused() -> None:
    """A coroutine that nobody has awaited is a TypeError that says so."""

    async def get() -> None:
        """Return nothing."""

    coroutine = get()
    with pytest.raises(TypeError, match=r"got builtins.coroutine; await a coroutine, and pass what it returns"):
        assert_conforms(coroutine)
    coroutine.close()


@pytest.mark.parametrize("response", [requests.Response(), httpx.Response(200)])
def test_response_without_a_request(response: Any) -> None:
    """A response that nobody has asked for cannot be judged, and says so."""
    with pytest.raises(ValueError, match="without a request; take one that"):
        assert_conforms(response)


def test_method_that_a_client_does_not_say() -> None:
    """Where a response does not know its method, it is given."""
    response = urllib3.HTTPResponse(b'{"images": 5}', status=200, request_url="/v2/images")
    with pytest.raises(ValueError, match='does not say what the request was; pass it: method="GET"'):
        assert_conforms(response)
    with pytest.raises(AssertionError, match="response /images: must be of type array, got 5"):
        assert_conforms(response, method="GET")


# Options.


def wsgi(body: bytes, status: int = 200, **headers: str) -> Any:
    """Return a response of Werkzeug's test client to a list of quotas."""

    @Request.application
    def serve(_: Request) -> Response:
        return Response(body, status, {"Content-Type": "application/json", **headers})

    return Client(serve).get("/v2/schemas/member")


DRIFT = json.dumps({"error": {"code": "IMG.0144", "message": "Not found."}}).encode()


def test_drift_fails_on_demand() -> None:
    """What nobody documents passes, unless drift is to fail."""
    response = wsgi(DRIFT, 418)
    assert_conforms(response)
    with pytest.raises(
        AssertionError, match=r"\n  drift: response: the status .* is not documented .*undocumented_status"
    ):
        assert_conforms(response, drift=True)


@pytest.mark.parametrize(
    "glob", ["response.undocumented_status", "response.*", "glance_*:response.undocumented_status"]
)
def test_allowed_ids(glob: str) -> None:
    """Findings with an id that is allowed do not fail, also for one operation alone."""
    assert_conforms(wsgi(DRIFT, 418), drift=True, allow=(glob,))


@pytest.mark.parametrize("glob", ["request.*", "list_images:*"])
def test_other_ids_are_not_allowed(glob: str) -> None:
    """Another id, or that of another operation, allows nothing."""
    with pytest.raises(AssertionError, match="undocumented_status"):
        assert_conforms(wsgi(DRIFT, 418), drift=True, allow=(glob,))


@pytest.mark.parametrize("allow", ["response.type", (5,), None, 5])
def test_wrong_allow(allow: Any) -> None:
    """A text in place of a collection of ids is a TypeError that shows one."""
    with pytest.raises(TypeError, match=r'allow: must be ids of findings, such as \("response.unknown_attribute",\)'):
        assert_conforms(wsgi(b"{}"), allow=allow)


def test_worst_comes_first() -> None:
    """Breaks stand before drift, and all attributes that are missing in one line."""
    with pytest.raises(AssertionError) as raised:
        assert_conforms(of_stub("/v2/images/7", {"id": 7, "tagz": [], "__foo": "a"}), drift=True)
    severities = [line.split(":")[0].strip() for line in str(raised.value).splitlines()[2:]]
    assert severities == sorted(severities)
    assert severities.count("drift") == 2
    (missing,) = [line for line in str(raised.value).splitlines() if "missing_attribute" in line]
    assert "  break: response: must have " in missing
    assert "/file, " in missing


def of_stub(path: str, body: Any) -> WsgiResponse:
    """Return a response of Werkzeug's test client for a path."""

    @Request.application
    def serve(_: Request) -> Response:
        return Response(json.dumps(body), content_type="application/json")

    return Client(serve).get(path)


def test_gzip_of_a_test_client() -> None:
    """A body that the client leaves packed is judged unpacked; one that only looks so is no JSON."""
    packed: Any = {"Content-Encoding": "gzip"}
    with pytest.raises(AssertionError, match=r"response: .*must be of type object, got \[\]"):
        assert_conforms(wsgi(gzip.compress(b"[]"), **packed))
    with pytest.raises(AssertionError, match=r"response\.not_json"):
        assert_conforms(wsgi(b"\x1f\x8b[]", **packed))


def test_no_operation_fails() -> None:
    """A request of no operation fails, whatever its path is."""
    with pytest.raises(AssertionError, match=r"no operation: (.*\n)*  note: .*\[request.unknown_path\]"):
        assert_conforms(of_stub("/elsewhere", {}))


def test_redirects() -> None:
    """After a redirect the last response is judged, and where that is none of IMS's, the message says which is."""

    @Request.application
    def serve(request: Request) -> Response:
        is_first = request.path == "/v2/images"
        return Response(status=302, headers={"Location": "/elsewhere"}) if is_first else Response("{}")

    response = Client(serve).get("/v2/images", follow_redirects=True)
    with pytest.raises(AssertionError, match=r"after a redirect; pass response\.history\[0\]"):
        assert_conforms(response)
    assert_conforms(response.history[0])
    with pytest.raises(AssertionError, match="is not documented"):
        assert_conforms(response.history[0], drift=True)


def test_request_is_judged(mock: ImsMock) -> None:
    """A wrong request that was accepted fails as well; one that was refused does not."""

    @Request.application
    def serve(_: Request) -> Response:
        return Response(json.dumps({"job_id": "1"}), content_type="application/json")

    with pytest.raises(AssertionError, match=r"break: request /name: must be .* \[request"):
        assert_conforms(Client(serve).post("/v1/cloudimages/7/copy", json={"name": 5}))
    assert_conforms(of_wrong_request(mock))


def of_wrong_request(mock: ImsMock) -> requests.Response:
    """Return how the mock refuses an image whose name is a number."""
    headers = {"X-Auth-Token": mock.token}
    return requests.post(f"{mock.url}/v2/images", json={"name": 5}, headers=headers, timeout=60)
