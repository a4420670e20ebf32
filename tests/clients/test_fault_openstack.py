"""What openstacksdk and python-glanceclient see of each fault."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace
from typing import Any

import glanceclient
import pytest

from ims_mock import Fail, ImsMock, LoseResponse
from tests.clients.test_fault_clients import (
    CASES,
    OPERATIONS,
    PATIENT,
    Ask,
    Case,
    Scene,
    left,
    new_scene,
)

pytestmark = [
    # openstacksdk warns of its own deprecations, at every connection and resource, and where it is imported first.
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated"),
    pytest.mark.ims_mock(start="2016-06-02T07:49:48Z"),
]

NEW = "new queued"
AGAIN = "new queued, "
"""The image of a create that was sent again."""

SEEN = {
    "Fail(status=400) on create": ("BadRequestException 400: Request error.", "HTTPBadRequest: HTTP Request error."),
    "Fail(status=503, retry_after=7) on create": ("new queued", "AttributeError"),
    "Throttle(limit=1, per=60) on create": ("HttpException 429: TOO MANY REQUESTS", "AttributeError"),
    "Throttle(limit=1, per=60) on list": ("HttpException 429: TOO MANY REQUESTS", "AttributeError"),
    "Delay(seconds=5) on create": ("new queued", "new queued"),
    "Delay(seconds=3600, real_time=True) on create": ("ConnectTimeout", "InvalidEndpoint"),
    "LognormalDelay(median=2, sigma=0) on create": ("new queued", "new queued"),
    "LognormalDelay(median=3600, sigma=0, real_time=True) on create": ("ConnectTimeout", "InvalidEndpoint"),
    "LoseResponse(mode=500) on create": (
        "HttpException 500: Internal service error.",
        "HTTPInternalServerError: HTTP Internal service error.",
    ),
    "LoseResponse(mode=502) on create": ("HttpException 502: BAD GATEWAY", "AttributeError"),
    "LoseResponse(mode=503) on create": ("new queued", "AttributeError"),
    "LoseResponse(mode=504) on create": ("HttpException 504: GATEWAY TIMEOUT", "AttributeError"),
    "LoseResponse() on create": ("ConnectFailure", "CommunicationError"),
    "LoseResponse(mode='hangup') on create": ("ConnectFailure", "CommunicationError"),
    "LoseResponse(mode='timeout') on create": ("ConnectTimeout", "InvalidEndpoint"),
    "LoseResponse(mode='timeout') on list": ("ConnectTimeout", "InvalidEndpoint"),
    "Reset() on create": ("ConnectFailure", "CommunicationError"),
    "Hangup() on create": ("ConnectFailure", "CommunicationError"),
    "Truncate(at=10) on create": ("UnknownConnectionError", "CommunicationError"),
    "Truncate(at=0) on create": ("UnknownConnectionError", "CommunicationError"),
    "Stall(seconds=0) on create": ("UnknownConnectionError", "CommunicationError"),
    "Stall(seconds=3600) on create": ("ConnectFailure", "CommunicationError"),
    "Drip(bytes_per_second=100) on create": ("new queued", "new queued"),
    "Drip(bytes_per_second=0.001, real_time=True) on create": ("ConnectFailure", "CommunicationError"),
    "Garble(mode='html_200') on show": ("None None", "AttributeError"),
    "Garble(mode='html_502') on show": (
        "HttpException 502: 502 Bad Gateway502 Bad Gatewayapi-gateway",
        "HTTPBadGateway: HTTP 502 Bad Gateway502 Bad Gatewayapi-gateway",
    ),
    "Garble(mode='text') on show": ("None None", "AttributeError"),
    "Garble(mode='empty') on show": ("None None", "JSONDecodeError"),
    "Garble(mode='invalid_json') on show": ("None None", "JSONDecodeError"),
    "Garble(mode='invalid_utf8') on show": ("None active", "None active"),
    "Garble(mode='content_type') on show": ("web active", "web active"),
    "Mutate(pointer='/checksum', mode='drop') on show": ("web active None", "web active None"),
    "Mutate(pointer='/checksum', mode='null') on show": ("web active None", "web active None"),
    "Mutate(pointer='/checksum', mode='retype') on show": ("web active 32", "web active 32"),
    "Mutate(pointer='/checksum', mode='value', value='x') on show": ("web active 'x'", "web active 'x'"),
    "Stale(reads=1) on list": ("[web]", "[web]"),
    "Stale(seconds=9) on list": ("[web]", "[web]"),
    "LoopingMarker() on list": ("[web]", "[web]"),
    "Redirect(status=301) on list": ("JSONDecodeError", "CommunicationError"),
    "Redirect() on list": ("JSONDecodeError", "CommunicationError"),
    "Redirect(status=303) on list": ("JSONDecodeError", "CommunicationError"),
    "Redirect(status=307) on list": ("JSONDecodeError", "CommunicationError"),
    "Redirect(status=308) on list": ("JSONDecodeError", "CommunicationError"),
    "Redirect() on create": ("new None", "ValueError"),
    "BadUpload(outcome='killed') on upload": ("db killed", "db killed"),
    "BadUpload(outcome='saving') on upload": ("db saving", "db saving"),
    "BadUpload(outcome='checksum') on upload": (
        "db active 'ec0405c5aef93e771cd80e0db180b88b'",
        "db active 'ec0405c5aef93e771cd80e0db180b88b'",
    ),
    "Sequence(faults=[None, Fail(status=500)]) on create": (
        "HttpException 500: Internal service error.",
        "HTTPInternalServerError: HTTP Internal service error.",
    ),
}
"""What openstacksdk reports of each case of the other clients, and what python-glanceclient does."""


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that openstacksdk waits before it tries again; they do not pass."""
    waits: list[float] = []
    clock = SimpleNamespace(**{**vars(time), "sleep": waits.append})
    monkeypatch.setattr("keystoneauth1.session.time", clock)
    return waits


def describe(case: Case, image: Any) -> str:
    """Describe an image in a few words."""
    words = f"{image.get('name')} {image.get('status')}"
    return words if case.attribute is None else f"{words} {image.get(case.attribute)!r}"


def describe_all(images: Any) -> str:
    """Describe a list of images in a few words."""
    return f"[{', '.join(image['name'] for image in images)}]"


@contextmanager
def openstacksdk(scene: Scene) -> Iterator[Ask]:
    """Ask with openstacksdk."""
    import openstack

    auth, case = {"endpoint": f"{scene.mock.url}/v2", "token": "any"}, scene.case
    with openstack.connection.Connection(auth_type="admin_token", auth=auth, api_timeout=case.timeout) as connection:
        service: Any = connection.image

        def call() -> str:
            if case.ask == "create":
                return describe(case, service.create_image("new", allow_duplicates=True))
            if case.ask == "list":
                return describe_all(service.images(limit=1, paginated=False))
            if case.ask == "upload":
                image = service.get_image(scene.shown)
                image.data = b"abc"
                image.upload(service)
            return describe(case, service.get_image(scene.shown))

        def ask() -> str:
            try:
                return call()
            except openstack.exceptions.HttpException as error:
                return f"{type(error).__name__} {error.status_code}: {str(error).rpartition(', ')[2]}"
            except Exception as error:
                return type(error).__name__

        yield ask


@contextmanager
def python_glanceclient(scene: Scene) -> Iterator[Ask]:
    """Ask with python-glanceclient."""
    case = scene.case
    client: Any = glanceclient.Client(endpoint=f"{scene.mock.url}/v2", token="any", timeout=case.timeout)

    def call() -> str:
        if case.ask == "create":
            return describe(case, client.images.create(name="new"))
        if case.ask == "list":
            return describe_all(client.images.list(limit=1, page_size=1))
        if case.ask == "upload":
            client.images.upload(scene.shown, io.BytesIO(b"abc"))
        return describe(case, client.images.get(scene.shown))

    def ask() -> str:
        try:
            return call()
        except glanceclient.exc.HTTPException as error:
            return f"{type(error).__name__}: {error}"
        except Exception as error:
            return type(error).__name__

    with client.http_client.session:
        yield ask


CLIENTS: dict[str, Callable[[Scene], AbstractContextManager[Ask]]] = {
    "openstacksdk": openstacksdk,
    "python-glanceclient": python_glanceclient,
}


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    """Each client by its name."""
    return str(request.param)


def test_every_case_is_in_the_table() -> None:
    """What the other clients are asked, these two are asked as well."""
    assert [str(case) for case in CASES] == list(SEEN)


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=() if case.timeout == PATIENT else pytest.mark.slow) for case in CASES], ids=str
)
def test_what_a_client_sees_and_what_is_left(ims_mock: ImsMock, client: str, case: Case) -> None:
    """A client sees of a fault what the table says, and the images are those that the others leave."""
    scene = new_scene(ims_mock, case)
    ims_mock.faults.add(case.fault, operation=OPERATIONS[case.ask], times=case.times)
    if case.added:
        ims_mock.add_image(name=case.added)
    with CLIENTS[client](scene) as ask:
        for _ in range(case.before):
            ask()
        seen = ask()
    assert seen == SEEN[str(case)][list(CLIENTS).index(client)]
    is_sent_again = client == "openstacksdk" and case.entry.startswith("503")
    assert left(ims_mock) == (AGAIN if is_sent_again else "") + case.images


@pytest.mark.parametrize(("retry_after", "expected"), [(None, [0.5, 1, 2, 4, 8]), (7, [7] * 5)])
def test_openstacksdk_sends_a_request_six_times(
    ims_mock: ImsMock, waits: list[float], retry_after: int | None, expected: list[float]
) -> None:
    """A 503 is tried five times more, after waits that double, or after those that Retry-After says."""
    ims_mock.faults.add(Fail(503, retry_after=retry_after))
    with openstacksdk(new_scene(ims_mock, CASES[0])) as ask:
        assert ask() == "HttpException 503: SERVICE UNAVAILABLE"
    assert (len(ims_mock.journal.calls("glance_create_image_metadata")), waits) == (6, expected)


@pytest.mark.parametrize(
    ("mode", "seen", "count"), [(500, "HttpException 500: Internal service error.", 1), (503, NEW, 2)]
)
def test_openstacksdk_repeats_a_create_at_503_alone(
    ims_mock: ImsMock, waits: list[float], mode: int, seen: str, count: int
) -> None:
    """A create whose response is lost to a 503 is done twice; at another status it is not sent again."""
    ims_mock.faults.add(LoseResponse(mode), times=1)
    with openstacksdk(new_scene(ims_mock, CASES[0])) as ask:
        assert ask() == seen
    assert [image["name"] for image in ims_mock.images.values()].count("new") == count
