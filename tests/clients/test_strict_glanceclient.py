"""python-glanceclient, unmodified, with a session of keystoneauth, against a mock that verifies every token."""

from __future__ import annotations

import io
from typing import Any

import glanceclient
import pytest
from glanceclient import exc
from keystoneauth1 import exceptions
from keystoneauth1.identity.v3 import Password, Token
from keystoneauth1.session import Session

from ims_mock import ImsMock

pytestmark = pytest.mark.ims_mock(auth="strict")

DEMO = "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c"
ALT = "7be1d20c94f34a0d8e5c6b3a2f1e0d9c"
DAY = 24 * 3600
FILE = bytes(range(256)) * 10_000  # More than the client sends and reads at once.

WRONG_LOGIN = r"The username or password is wrong\. \(HTTP 401\)"
NO_ROLE = r"The role is invalid\. You need to apply for the required permissions"


def logged_in(mock: ImsMock, user: str = "demo", project: str = "demo", password: str = "secret") -> Any:
    """A client that logs in with a password, and finds the image service in the catalogue."""
    auth = Password(
        f"{mock.url}/v3",
        username=user,
        password=password,
        user_domain_name="Default",
        project_name=project,
        project_domain_name="Default",
    )
    return glanceclient.Client("2", session=Session(auth))


def with_token(mock: ImsMock, token: str) -> Any:
    """A client that exchanges a token for one of demo's project."""
    auth = Token(f"{mock.url}/v3", token, project_name="demo", project_domain_name="Default")
    return glanceclient.Client("2", session=Session(auth))


@pytest.fixture
def demo(ims_mock: ImsMock) -> Any:
    """demo's client."""
    return logged_in(ims_mock)


@pytest.fixture
def alt(ims_mock: ImsMock) -> Any:
    """alt's client."""
    return logged_in(ims_mock, "alt", "alt")


@pytest.fixture
def web(ims_mock: ImsMock) -> str:
    """The id of an active image of demo's."""
    return str(ims_mock.add_image(name="web", data=FILE, owner=DEMO)["id"])


def names(client: Any) -> list[str]:
    """Return the names of the images that a client lists."""
    return [image["name"] for image in client.images.list()]


def test_catalogue(demo: Any, ims_mock: ImsMock) -> None:
    """The endpoint of the catalogue is the mock's root, without a version, where the client finds version 2."""
    assert names(demo) == []
    assert demo.http_client.get_endpoint() == ims_mock.url
    assert [(entry.operation, entry.status) for entry in ims_mock.journal] == [
        ("keystone_create_token", 201),
        ("glance_list_images", 200),
    ]


@pytest.mark.parametrize("interface", ["public", "internal", "admin"])
def test_interfaces(ims_mock: ImsMock, demo: Any, interface: str) -> None:
    """Each interface of the image service is the mock."""
    client = glanceclient.Client("2", session=demo.http_client.session, interface=interface, region_name="cn-north-4")
    assert names(client) == []


def test_region_that_is_another(demo: Any) -> None:
    """A region that is not the mock's has no image service."""
    client = glanceclient.Client("2", session=demo.http_client.session, region_name="cn-north-1")
    with pytest.raises(exceptions.EndpointNotFound, match="image service in cn-north-1 region not found"):
        names(client)


def test_life_of_an_image(demo: Any, ims_mock: ImsMock) -> None:
    """An image is created, uploaded, tagged, renamed, downloaded and deleted with one login."""
    created = demo.images.create(name="web", disk_format="raw", container_format="bare")
    demo.images.upload(created["id"], io.BytesIO(FILE))
    demo.image_tags.update(created["id"], "y é")
    demo.images.update(created["id"], name="db")
    stored = ims_mock.images[created["id"]]
    assert (stored["name"], stored["tags"], stored["status"], stored["owner"]) == ("db", ["y é"], "active", DEMO)
    assert b"".join(demo.images.data(created["id"])) == FILE
    demo.images.delete(created["id"])
    assert ims_mock.images == {}
    assert len(ims_mock.journal.calls("keystone_create_token")) == 1


@pytest.mark.parametrize(
    "login",
    [
        {"password": "wrong"},
        {"user": "nobody"},
        {"project": "alt"},
        {"project": "nothing"},
    ],
    ids=lambda login: "-".join(*login.items()),
)
def test_wrong_login(ims_mock: ImsMock, login: dict[str, str]) -> None:
    """A wrong password or user, and a project that is not the user's, are 401 in the service's words."""
    with pytest.raises(exceptions.Unauthorized, match=WRONG_LOGIN):
        names(logged_in(ims_mock, **login))


def test_expired_token(demo: Any, ims_mock: ImsMock, web: str) -> None:
    """After a day the client's session logs in again by itself."""
    assert names(demo) == ["web"]
    ims_mock.clock.advance(DAY)
    assert names(demo) == ["web"]
    assert [entry.status for entry in ims_mock.journal.calls("keystone_create_token")] == [201, 201]


def test_token(ims_mock: ImsMock, web: str) -> None:
    """A token that the mock has issued is exchanged for another one, and no login is needed."""
    assert names(with_token(ims_mock, ims_mock.new_token())) == ["web"]


def test_token_that_has_expired(ims_mock: ImsMock) -> None:
    """After a day a client that has but a token can log in no more."""
    client = with_token(ims_mock, ims_mock.new_token())
    assert names(client) == []
    ims_mock.clock.advance(DAY)
    with pytest.raises(exceptions.Unauthorized, match=WRONG_LOGIN):
        names(client)


def test_token_without_session(ims_mock: ImsMock, web: str) -> None:
    """A token that the mock has issued is enough, in the project that it was issued for."""
    endpoint = f"{ims_mock.url}/v2"
    assert names(glanceclient.Client(endpoint=endpoint, token=ims_mock.new_token("demo"))) == ["web"]
    assert names(glanceclient.Client(endpoint=endpoint, token=ims_mock.new_token("alt"))) == []


def test_forged_token_without_session(ims_mock: ImsMock) -> None:
    """A forged token is refused in the gateway's form, which this client cannot read, here as in the cloud."""
    with pytest.raises(AttributeError, match="'str' object has no attribute 'get'"):
        names(glanceclient.Client(endpoint=f"{ims_mock.url}/v2", token="forged"))
    assert [entry.status for entry in ims_mock.journal] == [401]


def test_isolation(demo: Any, alt: Any, web: str) -> None:
    """A private image is not there for another project."""
    assert names(demo) == ["web"]
    assert names(alt) == []
    with pytest.raises(exc.HTTPNotFound, match="The image does not exist"):
        alt.images.get(web)


def test_sharing(demo: Any, alt: Any, web: str) -> None:
    """An image that demo shares is in alt's list once alt accepts it, and is downloaded by alt."""
    demo.image_members.create(web, ALT)
    assert names(alt) == []
    alt.image_members.update(web, ALT, "accepted")
    assert names(alt) == ["web"]
    assert b"".join(alt.images.data(web)) == FILE


def test_reader(ims_mock: ImsMock, web: str) -> None:
    """A reader lists and downloads, and is refused to delete in the service's words."""
    reader = logged_in(ims_mock, "demo_reader")
    assert names(reader) == ["web"]
    assert b"".join(reader.images.data(web)) == FILE
    with pytest.raises(exc.HTTPForbidden, match=NO_ROLE):
        reader.images.delete(web)
    assert list(ims_mock.images) == [web]


def test_deny(demo: Any, ims_mock: ImsMock) -> None:
    """What a test denies is HTTPForbidden until it is allowed again."""
    with ims_mock.deny("ims:images:create"), pytest.raises(exc.HTTPForbidden, match=NO_ROLE):
        demo.images.create(name="web")
    assert demo.images.create(name="web")["owner"] == DEMO
