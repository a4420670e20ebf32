"""What http.client, requests and the official SDK see of each fault, and what the state is afterwards."""

from __future__ import annotations

import gc
import http.client
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ConnectionException, ServiceResponseException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkims.v2 import (
    GlanceCreateImageMetadataRequest,
    GlanceCreateImageMetadataRequestBody,
    GlanceListImagesRequest,
    GlanceShowImageRequest,
    ImsAsyncClient,
    ImsClient,
)

from ims_mock import (
    BadUpload,
    Delay,
    Drip,
    Fail,
    Garble,
    Hangup,
    ImsMock,
    LognormalDelay,
    LoopingMarker,
    LoseResponse,
    Mutate,
    Redirect,
    Reset,
    Sequence,
    Stale,
    Stall,
    Throttle,
    Truncate,
)
from ims_mock.contract import schema_files
from ims_mock.faults import jobs
from ims_mock.faults.definition import Fault
from ims_mock.faults.kinds import KINDS
from tests.examples import KINDS_IN_TABLES

pytestmark = [
    pytest.mark.slow,
    # Huawei has moved show, list and delete to its historical APIs, and the SDK says so at each call.
    pytest.mark.filterwarnings("ignore:Method 'glance_:DeprecationWarning"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
    # From the page's time on, seconds add up without a rest.
    pytest.mark.ims_mock(start="2016-06-02T07:49:48Z"),
]

PATIENT, IMPATIENT = 30.0, 0.2
"""Seconds that a client waits for a response; an impatient one times out, because its timeout is what is tested."""

OCTETS = {"X-Auth-Token": "any", "Content-Type": "application/octet-stream"}
BEFORE = "web active, db queued"
CREATED = "new queued, " + BEFORE


@dataclass(frozen=True)
class Case:
    """A fault, what each client reports, and what is in the mock afterwards.

    The client does what `ask` says: "create" (an image "new"), "list" (a page of one), "show" (the image "web"). With
    "upload" the image "db" is given its file, and then shown. A show reports the image's `attribute` too. The SDK's
    async client reports what the other does, unless `async_sdk` says something else.

    The rule applies `times` after `before` requests; an image is `added` before the client asks. `images` are what is
    left, newest first, where "web" and "db" had been. `entry` is what the journal has of the faulty request:
    status, whether the work was done, how the response left. The clock is moved by `seconds`, unless that is None.
    """

    fault: Fault
    ask: str
    raw: str
    requests: str
    sdk: str
    images: str
    entry: str
    attribute: str | None = None
    seconds: float | None = 0
    times: int | None = 1
    before: int = 0
    added: str | None = None
    async_sdk: str | None = None
    timeout: float = PATIENT

    def __str__(self) -> str:
        return f"{self.fault} on {self.ask}"


def returned(fault: Fault, ask: str, response: str, images: str, entry: str, **more: Any) -> Case:
    """Return the case of a response that every client accepts as it is."""
    return Case(fault, ask, response, response, response, images, entry, **more)


def refused(fault: Fault, response: str, images: str, entry: str, **more: Any) -> Case:
    """Return the case of a refused create, of which the SDK makes an exception of its own."""
    kind = "ServerResponseException" if response.startswith("5") else "ClientRequestException"
    # The SDK keeps nothing of Retry-After.
    sdk = f"{kind} {response.partition(' after')[0]}"
    return Case(fault, "create", response, response, sdk, images, entry, **more)


def broken(fault: Fault, error: str, images: str, entry: str) -> Case:
    """Return the case of a create whose connection breaks before the response."""
    return Case(fault, "create", error, f"ConnectionError({error})", f"ConnectionException({error})", images, entry)


def cut(fault: Fault, partial: bytes, entry: str) -> Case:
    """Return the case of a create whose response is cut; the SDK lets the exception of requests through."""
    error = f"ChunkedEncodingError(IncompleteRead {len(partial)})"
    return Case(fault, "create", f"IncompleteRead {partial!r}", error, f"requests' {error}", CREATED, entry)


def awaited(fault: Fault, requests: str, sdk: str, entry: str, ask: str = "create") -> Case:
    """Return the case of a request that is done, and of a client that gives up waiting for its response."""
    images = CREATED if ask == "create" else BEFORE
    return Case(fault, ask, "TimeoutError", requests, sdk, images, entry, timeout=IMPATIENT)


def awaited_body(fault: Fault, entry: str) -> Case:
    """Return the case of a create whose response has its head in time, and its body too late."""
    seen = "ConnectionError(ReadTimeoutError)", "ConnectionException(Read timed out)"
    # The head is to come in time.
    return Case(fault, "create", "TimeoutError", *seen, CREATED, entry, timeout=4 * IMPATIENT)


def garbled(form: str, raw: str, requests: str, sdk: str, status: int = 200) -> Case:
    """Return the case of an image that is shown as no document has it."""
    return Case(Garble(form), "show", raw, requests, sdk, BEFORE, f"{status} done")


def redirected(status: int) -> Case:
    """Return the case of a list that is sent to itself for ever, which the SDK takes for one without images."""
    raw = f"{status} to /v2/images?limit=1"
    entry = f"{status} not done"
    return Case(Redirect(status=status), "list", raw, "TooManyRedirects", f"{status}", BEFORE, entry, times=None)


LATE = "requests' ReadTimeout"
SUM = "/checksum"

CASES = [
    refused(Fail(400), "400 IMG.0001", BEFORE, "400 not done"),
    refused(Fail(503, retry_after=7), "503 APIGW.0613 after 7", BEFORE, "503 not done"),
    refused(Throttle(1, 60), "429 APIGW.0308 after 60", CREATED, "429 not done", before=1, times=None),
    Case(
        Throttle(1, 60),
        "list",
        "429 APIGW.0308 after 60",
        "429 APIGW.0308 after 60",
        "ClientRequestException 429 429",
        BEFORE,
        "429 not done",
        before=1,
        times=None,
        async_sdk="requests' RetryError(MaxRetryError)",
    ),
    returned(Delay(5), "create", "201 new queued", CREATED, "201 done", seconds=5),
    awaited(Delay(3600, real_time=True), "ReadTimeout", LATE, "201 done"),
    returned(LognormalDelay(2, 0), "create", "201 new queued", CREATED, "201 done", seconds=2),
    awaited(LognormalDelay(3600, 0, real_time=True), "ReadTimeout", LATE, "201 done"),
    refused(LoseResponse(500), "500 IMG.0061", CREATED, "500 done"),
    refused(LoseResponse(502), "502 APIGW.0201", CREATED, "502 done"),
    refused(LoseResponse(503), "503 APIGW.0613", CREATED, "503 done"),
    refused(LoseResponse(504), "504 APIGW.0201", CREATED, "504 done"),
    broken(LoseResponse(), "ConnectionResetError", CREATED, "201 done, nothing was sent, reset"),
    broken(LoseResponse("hangup"), "RemoteDisconnected", CREATED, "201 done, nothing was sent, hangup"),
    awaited(LoseResponse("timeout"), "ReadTimeout", LATE, "201 done, nothing was sent, silence for 3600 s, hangup"),
    awaited(
        LoseResponse("timeout"),
        "ReadTimeout",
        "ConnectionException(Read timed out)",
        "200 done, nothing was sent, silence for 3600 s, hangup",
        ask="list",
    ),
    broken(Reset(), "ConnectionResetError", BEFORE, "0 not done, nothing was sent, reset"),
    broken(Hangup(), "RemoteDisconnected", BEFORE, "0 not done, nothing was sent, hangup"),
    cut(Truncate(10), b'{"name":"n', "201 done, 10 bytes were sent, hangup"),
    cut(Truncate(0), b"", "201 done, 0 bytes were sent, hangup"),
    cut(Stall(0), b"", "201 done, 0 bytes were sent, hangup"),
    awaited_body(Stall(3600), "201 done, 0 bytes were sent, silence for 3600 s, hangup"),
    returned(Drip(100), "create", "201 new queued", CREATED, "201 done, at 100 bytes a second", seconds=None),
    awaited_body(Drip(0.001, real_time=True), "201 done, at 0.001 bytes a second"),
    garbled("html_200", "200 text/html '<html><head>'", "JSONDecodeError", "200"),
    garbled(
        "html_502", "502 text/html '<html><head>'", "JSONDecodeError", "ServerResponseException 502 502", status=502
    ),
    garbled("text", "200 text/plain 'upstream con'", "JSONDecodeError", "200"),
    garbled("empty", "200 application/json ''", "JSONDecodeError", "200"),
    garbled("invalid_json", '200 application/json \'{"name":"web\'', "JSONDecodeError", "200"),
    garbled("invalid_utf8", '200 application/json \'{"\\udcffname":"we\'', "200 None active", "200 None active"),
    garbled("content_type", "200 web active", "200 web active", "200 web active"),
    returned(Mutate(SUM, "drop"), "show", "200 web active None", BEFORE, "200 done", attribute="checksum"),
    returned(Mutate(SUM, "null"), "show", "200 web active None", BEFORE, "200 done", attribute="checksum"),
    # The SDK makes a text of it again.
    Case(
        Mutate(SUM, "retype"),
        "show",
        "200 web active 32",
        "200 web active 32",
        "200 web active '32'",
        BEFORE,
        "200 done",
        attribute="checksum",
    ),
    returned(Mutate(SUM, "value", "x"), "show", "200 web active 'x'", BEFORE, "200 done", attribute="checksum"),
    returned(Stale(reads=1), "list", "200 [web], /v2/images?limit=1&marker=WEB", CREATED, "200 done", added="new"),
    returned(Stale(seconds=9), "list", "200 [web], /v2/images?limit=1&marker=WEB", CREATED, "200 done", added="new"),
    returned(LoopingMarker(), "list", "200 [web], /v2/images?limit=1", BEFORE, "200 done"),
    *[redirected(status) for status in (301, 302, 303, 307, 308)],
    Case(Redirect(), "create", "302 to /v2/images", "200 [web, db], None", "302", BEFORE, "302 not done", times=None),
    returned(BadUpload("killed"), "upload", "200 db killed", "web active, db killed", "204 done"),
    returned(BadUpload("saving"), "upload", "200 db saving", "web active, db saving", "204 done"),
    returned(
        BadUpload("checksum"),
        "upload",
        "200 db active 'ec0405c5aef93e771cd80e0db180b88b'",
        "web active, db active",
        "204 done",
        attribute="checksum",
    ),
    refused(Sequence((None, Fail(500))), "500 IMG.0061", CREATED, "500 not done", before=1, times=2),
]


OF_JOBS = {kind for kind, fault in KINDS.items() if fault.__module__ == jobs.__name__}


def test_every_fault_is_in_the_table() -> None:
    """Every kind of fault is in the table, and every value of a setting that has but a few."""
    tested = {
        (case.fault.kind(), name, value) for case in CASES for name, value in vars(case.fault).items() if value.__hash__
    }
    # Those of jobs are in test_job_faults.py.
    for kind in KINDS_IN_TABLES - OF_JOBS:
        schema = schema_files.read(f"faults/kinds/{kind}.json")
        assert kind in {case.fault.kind() for case in CASES}
        for name, setting in schema["properties"].items():
            values = setting.get("enum", [False, True] if setting.get("type") == "boolean" else [])
            assert {(kind, name, value) for value in values} <= tested


OPERATIONS = {
    "create": "glance_create_image_metadata",
    "list": "glance_list_images",
    "show": "glance_show_image",
    "upload": "glance_upload_image",
}


@dataclass
class Scene:
    """A mock with two images, and what a client is to ask of it."""

    mock: ImsMock
    case: Case
    ids: dict[str, str]

    @property
    def shown(self) -> str:
        """The id of the image that is shown."""
        return self.ids["db" if self.case.ask == "upload" else "web"]

    def request(self) -> tuple[str, str, bytes | None]:
        """Return method, target and body of the request."""
        if self.case.ask == "create":
            return "POST", "/v2/images", b'{"name": "new"}'
        return "GET", "/v2/images?limit=1" if self.case.ask == "list" else f"/v2/images/{self.shown}", None

    def describe(self, status: int, document: Mapping[str, Any], retry_after: str | None = None) -> str:
        """Describe a JSON response in a few words."""
        code = document.get("error_code") or document.get("error", {}).get("code")
        if code:
            return f"{status} {code}" + (f" after {retry_after}" if retry_after else "")
        if "images" in document:
            names = ", ".join(image["name"] for image in document["images"])
            return f"{status} [{names}], {document.get('next')}".replace(self.ids["web"], "WEB")
        words = f"{status} {document.get('name')} {document.get('status')}"
        return words if self.case.attribute is None else f"{words} {document.get(self.case.attribute)!r}"


Ask = Callable[[], str]


@contextmanager
def raw(scene: Scene) -> Iterator[Ask]:
    """Ask with http.client."""
    connection = http.client.HTTPConnection(urlsplit(scene.mock.url).netloc, timeout=scene.case.timeout)

    def ask() -> str:
        method, target, body = scene.request()
        try:
            connection.request(method, target, body, {"X-Auth-Token": "any"})
            response = connection.getresponse()
            text = response.read()
        except http.client.IncompleteRead as error:
            # Unlike the other two it leaves the connection to its user.
            connection.close()
            return f"IncompleteRead {error.partial!r}"
        except OSError as error:
            return type(error).__name__
        if response.headers["Location"] and response.status < 400 and response.status != 201:
            return f"{response.status} to {response.headers['Location'].removeprefix(scene.mock.url)}"
        try:
            return scene.describe(response.status, json.loads(text), response.headers["Retry-After"])
        except ValueError:
            start = text.decode("utf-8", "surrogateescape")[:12]
            return f"{response.status} {response.headers['Content-Type']} {start!r}"

    with closing(connection):
        yield ask


def cause(error: BaseException) -> str:
    """Return the names of an exception of requests and of what is innermost in it."""
    inner: Any = error
    while getattr(inner, "args", ()) and isinstance(inner.args[-1], BaseException):
        inner = inner.args[-1]
    if inner is error or isinstance(error, requests.exceptions.ReadTimeout):
        return type(error).__name__
    count = f" {inner.partial}" if hasattr(inner, "partial") else ""
    return f"{type(error).__name__}({type(inner).__name__}{count})"


@contextmanager
def with_requests(scene: Scene) -> Iterator[Ask]:
    """Ask with a session of requests."""
    with requests.Session() as session:
        session.headers["X-Auth-Token"] = "any"

        def ask() -> str:
            method, target, body = scene.request()
            try:
                response = session.request(method, scene.mock.url + target, data=body, timeout=scene.case.timeout)
                return scene.describe(response.status_code, response.json(), response.headers.get("Retry-After"))
            except requests.RequestException as error:
                return cause(error)

        yield ask


def new_client(scene: Scene, kind: type[Any]) -> Any:
    """Return a client of the official SDK."""
    builder = kind.new_builder().with_http_config(HttpConfig(timeout=scene.case.timeout))
    credentials = BasicCredentials("ak", "sk", scene.mock.project_id)
    return builder.with_credentials(credentials).with_endpoint(scene.mock.url).build()


def sdk(scene: Scene) -> AbstractContextManager[Ask]:
    """Ask with the official SDK."""
    client = new_client(scene, ImsClient)

    def call() -> Any:
        if scene.case.ask == "create":
            body = GlanceCreateImageMetadataRequestBody(name="new")
            return client.glance_create_image_metadata(GlanceCreateImageMetadataRequest(body))
        if scene.case.ask == "list":
            return client.glance_list_images(GlanceListImagesRequest(limit=1))
        return client.glance_show_image(GlanceShowImageRequest(scene.shown))

    return calling(scene, client, call)


def async_sdk(scene: Scene) -> AbstractContextManager[Ask]:
    """Ask with the official SDK's client whose calls return at once."""
    client = new_client(scene, ImsAsyncClient)

    def call() -> Any:
        if scene.case.ask == "create":
            body = GlanceCreateImageMetadataRequestBody(name="new")
            return client.glance_create_image_metadata_async(GlanceCreateImageMetadataRequest(body)).result()
        if scene.case.ask == "list":
            return client.glance_list_images_async(GlanceListImagesRequest(limit=1)).result()
        return client.glance_show_image_async(GlanceShowImageRequest(scene.shown)).result()

    return calling(scene, client, call)


@contextmanager
def calling(scene: Scene, client: Any, call: Callable[[], Any]) -> Iterator[Ask]:
    """Ask with a call of the official SDK."""

    def ask() -> str:
        try:
            response = call()
        except ServiceResponseException as error:
            return f"{type(error).__name__} {error.status_code} {error.error_code}"
        except ConnectionException as error:
            found = re.search(r"ConnectionResetError|RemoteDisconnected|Read timed out|$", error.error_msg)
            return f"ConnectionException({found and found[0]})"
        except requests.RequestException as error:
            return f"requests' {cause(error)}"
        fields = {
            name: getattr(response, name) for name in response.openapi_types if getattr(response, name) is not None
        }
        if not fields:
            return str(response.status_code)
        if "images" in fields:
            fields["images"] = [{"name": image.name} for image in response.images]
        return scene.describe(response.status_code, fields)

    with closing(client.get_http_client()) as http_client:
        yield ask
    # The async client leaves a connection open whose response is an error, until its threads drop it.
    http_client.executor.shutdown()
    gc.collect()


@contextmanager
def all_connections_ended(mock: ImsMock) -> Iterator[None]:
    """Wait at the end of a block until every connection that came in it is ended, and its thread done with it."""
    server = mock._server._server
    assert server is not None
    before = set(server._connections)
    yield
    with server._changed:
        assert server._changed.wait_for(lambda: server._connections <= before, PATIENT)


CLIENTS: dict[str, Callable[[Scene], AbstractContextManager[Ask]]] = {
    "raw": raw,
    "requests": with_requests,
    "sdk": sdk,
    "async_sdk": async_sdk,
}


def expected(case: Case, client: str) -> str:
    """Return what a client is to report."""
    return str(getattr(case, client) or case.sdk)


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    """Each client by its name."""
    return str(request.param)


def new_scene(mock: ImsMock, case: Case) -> Scene:
    """Return a mock with an active image "web" and a queued "db"."""
    ids = {"db": str(mock.add_image(name="db")["id"])}
    ids["web"] = str(mock.add_image(name="web", data=b"abc")["id"])
    return Scene(mock, case, ids)


def left(mock: ImsMock) -> str:
    """Return the names and statuses of the images, newest first."""
    return ", ".join(f"{image['name']} {image['status']}" for image in list(mock.images.values())[::-1])


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=() if case.timeout == PATIENT else pytest.mark.slow) for case in CASES], ids=str
)
def test_what_a_client_sees_and_what_is_left(ims_mock: ImsMock, client: str, case: Case) -> None:
    """A client sees of a fault what the table says, and images, journal and clock are as it says."""
    scene, began = new_scene(ims_mock, case), ims_mock.clock.now()
    rule = ims_mock.faults.add(case.fault, operation=OPERATIONS[case.ask], times=case.times)
    if case.added:
        ims_mock.add_image(name=case.added)
    with all_connections_ended(ims_mock), CLIENTS[client](scene) as ask:
        if case.ask == "upload":
            url = f"{ims_mock.url}/v2/images/{scene.shown}/file"
            assert requests.put(url, data=b"abc", headers=OCTETS, timeout=PATIENT).status_code == 204
        for _ in range(case.before):
            ask()
        seen = ask()
    entry = ims_mock.journal.calls(rule=rule.id)[-1]
    done = f"{entry.status} {'done' if entry.is_done else 'not done'}"
    assert seen == expected(case, client)
    assert left(ims_mock) == case.images
    assert ", ".join(filter(None, (done, str(entry.delivery)))) == case.entry
    assert case.seconds in (None, ims_mock.clock.now() - began)


def find_case(fault: Fault, ask: str) -> Case:
    """Return the case of a fault from the table."""
    return next(case for case in CASES if (case.fault, case.ask) == (fault, ask))


@pytest.mark.parametrize(
    "fault", [Fail(400), LoseResponse(), LoseResponse("hangup"), Reset(), Hangup(), Truncate(10), Stall(0)], ids=str
)
def test_next_request_gets_its_response(ims_mock: ImsMock, client: str, fault: Fault) -> None:
    """A client that meets a fault in the middle of its requests gets honest responses before and after it."""
    case = find_case(fault, "create")
    ims_mock.faults.add(fault, skip=1, times=1)
    with CLIENTS[client](new_scene(ims_mock, case)) as ask:
        assert [ask(), ask(), ask()] == ["201 new queued", expected(case, client), "201 new queued"]


@pytest.mark.parametrize("then", ["reset", "hangup", 500, 502, 503, 504])
def test_create_again_after_a_lost_response(ims_mock: ImsMock, client: str, then: str | int) -> None:
    """A create that is sent again because its response was lost leaves two images."""
    case = find_case(LoseResponse(then), "create")
    ims_mock.faults.add(case.fault, times=1)
    with CLIENTS[client](new_scene(ims_mock, case)) as ask:
        assert [ask(), ask()] == [expected(case, client), "201 new queued"]
    assert left(ims_mock) == "new queued, new queued, web active, db queued"


@pytest.mark.parametrize(
    ("ask", "stale", "fresh"),
    [
        ("list", "200 [web], /v2/images?limit=1&marker=WEB", "200 [db], None"),
        ("show", "200 web active", "404 IMG.0144"),
    ],
)
def test_deleted_image_is_still_there(ims_mock: ImsMock, client: str, ask: str, stale: str, fresh: str) -> None:
    """One stale read sees an image that has been deleted, and the next does not."""
    scene = new_scene(ims_mock, returned(Stale(reads=1), ask, stale, "", ""))
    ims_mock.faults.add(Stale(reads=1), operation=OPERATIONS[ask])
    headers = {"X-Auth-Token": "any"}
    url = f"{ims_mock.url}/v2/images/{scene.ids['web']}"
    assert requests.delete(url, headers=headers, timeout=PATIENT).status_code == 204
    with CLIENTS[client](scene) as ask_again:
        seen = [ask_again().removeprefix("ClientRequestException ") for _ in range(3)]
    assert seen == [stale, fresh, fresh]
    assert left(ims_mock) == "db queued"


def test_one_fault_after_the_other(ims_mock: ImsMock, client: str) -> None:
    """A sequence is its faults one by one, and then the honest response."""
    faults = [Reset(), LoseResponse("hangup"), Fail(400)]
    cases = [find_case(fault, "create") for fault in faults]
    ims_mock.faults.add(Sequence((*faults, None)))
    with CLIENTS[client](new_scene(ims_mock, cases[0])) as ask:
        seen = [ask() for _ in range(5)]
    assert seen == [*(expected(case, client) for case in cases), "201 new queued", "201 new queued"]
