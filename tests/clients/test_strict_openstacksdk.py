"""openstacksdk, unmodified, logged in as a clouds.yaml says, against a mock that verifies every token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ims_mock import ImsMock

pytestmark = [
    pytest.mark.ims_mock(auth="strict"),
    # openstacksdk warns of its own deprecations, at every connection and resource, and where it is imported first.
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated"),
]

DEMO = "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c"
ALT = "7be1d20c94f34a0d8e5c6b3a2f1e0d9c"
DAY = 24 * 3600
FILE = bytes(range(256)) * 10_000  # More than the client reads at once.

WRONG_LOGIN = r"The username or password is wrong\. \(HTTP 401\)"
NO_ROLE = r"The role is invalid\. You need to apply for the required permissions"

WITH_A_TOKEN = """\
clouds:
  with_a_token:
    auth_type: v3token
    auth:
      auth_url: {url}/v3
      token: {token}
      project_name: {project}
      project_domain_name: Default
    region_name: cn-north-4
"""


Connect = Callable[..., Any]


@pytest.fixture
def connect(ims_mock_env: dict[str, str]) -> Iterator[Connect]:
    """Connects to a cloud of clouds.yaml, `ims_mock` by default, with parts of its `auth` replaced."""
    import openstack

    with ExitStack() as stack:
        yield lambda cloud="ims_mock", **auth: stack.enter_context(openstack.connect(cloud=cloud, auth=auth))


@pytest.fixture
def connect_with_token(ims_mock: ImsMock, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Connects with a token, as a clouds.yaml of the test's own says."""
    path = tmp_path / "with_a_token.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))

    def connected(token: str, project: str = "demo") -> Any:
        path.write_text(WITH_A_TOKEN.format(url=ims_mock.url, token=token, project=project), "utf-8")
        return connect("with_a_token")

    return connected


@pytest.fixture
def demo(connect: Connect) -> Any:
    """The image service of demo's connection."""
    return connect().image


@pytest.fixture
def alt(connect: Connect) -> Any:
    """The image service of alt's connection."""
    return connect(username="alt", project_name="alt").image


@pytest.fixture
def web(ims_mock: ImsMock) -> str:
    """The id of an active image of demo's."""
    return str(ims_mock.add_image(name="web", data=FILE, owner=DEMO)["id"])


def names(image: Any) -> list[str]:
    """Return the names of the images that an image service lists."""
    return [item.name for item in image.images()]


def log_ins(mock: ImsMock) -> int:
    """Return how often somebody has logged in."""
    return len(mock.journal.calls("keystone_create_token"))


# A password


def test_password(connect: Connect, ims_mock: ImsMock) -> None:
    """By a clouds.yaml the client logs in once, finds the image service in the catalogue, and works in its project."""
    image = connect().image
    created = image.create_image("web", data=FILE, disk_format="raw", allow_duplicates=True)
    assert ims_mock.images[created.id]["owner"] == DEMO
    assert image.get_image(created.id).status == "active"
    assert names(image) == ["web"]
    assert image.download_image(created.id).content == FILE
    image.delete_image(created.id)
    assert ims_mock.images == {}
    assert [entry.operation for entry in ims_mock.journal][:3] == [
        "keystone_list_versions",
        "keystone_create_token",
        "list_versions",
    ]
    assert log_ins(ims_mock) == 1


@pytest.mark.parametrize("path", ["/identity", "/identity/", "/identity/v3", "/v3", "/v3/"])
def test_every_url_of_the_identity_service(connect: Connect, ims_mock: ImsMock, web: str, path: str) -> None:
    """The client logs in at the root of the identity service, and at the root of its API in either place."""
    assert names(connect(auth_url=ims_mock.url + path).image) == ["web"]


def test_services_by_their_names(connect: Connect, ims_mock: ImsMock) -> None:
    """The catalogue has the services under the names that OpenStack uses."""
    session = connect().session
    assert session.get_endpoint(service_type="image", service_name="glance") == ims_mock.url
    assert session.get_endpoint(service_type="identity", service_name="keystone") == f"{ims_mock.url}/identity"


def test_own_api_by_its_types(connect: Connect, ims_mock: ImsMock) -> None:
    """IMS's own API is in the catalogue by the types for which python-otcextensions asks, with its versions."""
    session = connect().session
    listed = session.get("/cloudimages", endpoint_filter={"service_type": "imsv2"})
    quota = session.get("/cloudimages/quota", endpoint_filter={"service_type": "imsv1"})
    assert (listed.json(), quota.json()["quotas"]["resources"][0]["used"]) == ({"images": []}, 0)


def test_project_by_name(connect: Connect) -> None:
    """A user finds its own project by name and by id, and an admin finds every project."""
    from openstack.exceptions import ForbiddenException

    identity = connect().identity
    assert identity.find_project("demo", ignore_missing=False).id == DEMO
    assert identity.find_project(DEMO, ignore_missing=False).name == "demo"
    for asked in ("alt", ALT):
        with pytest.raises(ForbiddenException):
            identity.find_project(asked, ignore_missing=False)
        found = connect(username="admin", project_name="admin").identity.find_project(asked, ignore_missing=False)
        assert (found.id, found.name) == (ALT, "alt")


def test_environment_alone(connect: Connect, ims_mock: ImsMock, web: str) -> None:
    """The variables of the environment do as well as a clouds.yaml."""
    assert names(connect("envvars").image) == ["web"]


@pytest.mark.parametrize(
    ("auth", "project_id"),
    [
        ({}, DEMO),
        ({"username": "alt", "project_name": "alt"}, ALT),
        ({"username": "demo_reader"}, DEMO),
        ({"project_name": "cn-north-4"}, DEMO),
    ],
    ids=["demo", "alt", "demo_reader", "region"],
)
def test_project(connect: Connect, auth: dict[str, str], project_id: str) -> None:
    """The client knows the project that it has asked for, by its own name or by that of the region."""
    assert connect(**auth).current_project_id == project_id


def test_projects(connect: Connect) -> None:
    """The client lists the projects in which its user has a role."""
    assert [(project.id, project.name) for project in connect().identity.projects()] == [(DEMO, "demo")]


@pytest.mark.parametrize(
    "auth",
    [
        {"password": "wrong"},
        {"username": "nobody"},
        {"user_domain_name": "nowhere"},
        {"project_name": "alt"},
        {"project_name": "nothing"},
        {"project_domain_name": "nowhere"},
    ],
    ids=lambda auth: "-".join(*auth.items()),
)
def test_wrong_login(connect: Connect, ims_mock: ImsMock, auth: dict[str, str]) -> None:
    """A wrong password, user or domain, and a project that is not the user's, are 401 in the service's words."""
    from keystoneauth1.exceptions import Unauthorized

    with pytest.raises(Unauthorized, match=WRONG_LOGIN):
        names(connect(**auth).image)
    assert ims_mock.journal.calls("glance_list_images") == []


def test_password_that_was_changed(connect: Connect, ims_mock: ImsMock) -> None:
    """A user that a test gives another password logs in with that alone."""
    from keystoneauth1.exceptions import Unauthorized

    ims_mock.add_accounts(users=[{"name": "demo", "password": "changed", "roles": {"demo": ["member"]}}])
    assert names(connect(password="changed").image) == []
    with pytest.raises(Unauthorized, match=WRONG_LOGIN):
        names(connect().image)


def test_expired_token(demo: Any, ims_mock: ImsMock, web: str) -> None:
    """After a day the client learns that its token has expired, and logs in again by itself."""
    assert names(demo) == ["web"]
    ims_mock.clock.advance(DAY - 1)
    assert (names(demo), log_ins(ims_mock)) == (["web"], 1)
    ims_mock.clock.advance(1)
    assert (names(demo), log_ins(ims_mock)) == (["web"], 2)
    assert [(entry.operation, entry.status) for entry in ims_mock.journal][-3:] == [
        ("glance_list_images", 401),
        ("keystone_create_token", 201),
        ("glance_list_images", 200),
    ]


@pytest.mark.parametrize("settings", [{"token_lifetime": 100}, {"start": "2016-06-02T07:49:48Z"}], ids=repr)
def test_token_that_is_over_in_real_time(connect: Connect, ims_mock: ImsMock, settings: dict[str, Any]) -> None:
    """The client logs in before each request, works all the same, and the audit finds it."""
    ims_mock.reset(**settings)
    demo = connect().image
    for _ in range(3):
        assert names(demo) == []
    assert log_ins(ims_mock) > 6
    assert "logged_in_for_each_request" in [finding.rule for finding in ims_mock.audit()]


def test_token_that_is_kept(demo: Any, ims_mock: ImsMock) -> None:
    """A client with a token that lasts is no finding."""
    for _ in range(3):
        assert names(demo) == []
    assert "logged_in_for_each_request" not in [finding.rule for finding in ims_mock.audit()]


@pytest.mark.ims_mock(token_lifetime=600)
def test_token_lifetime(demo: Any, ims_mock: ImsMock) -> None:
    """A token lives as long as a test says."""
    names(demo)
    ims_mock.clock.advance(600)
    names(demo)
    assert log_ins(ims_mock) == 2


def revoke(connection: Any, url: str, token: str) -> None:
    """Take a token back."""
    assert connection.session.delete(f"{url}/v3/auth/tokens", headers={"X-Subject-Token": token}).status_code == 204


def test_revoked_token(connect: Connect, ims_mock: ImsMock, web: str) -> None:
    """When its token has been revoked, the client logs in again."""
    connection = connect()
    assert names(connection.image) == ["web"]
    revoke(connection, ims_mock.url, connection.auth_token)
    assert names(connection.image) == ["web"]
    assert log_ins(ims_mock) == 2


# A token


def test_token(connect_with_token: Connect, ims_mock: ImsMock, web: str) -> None:
    """With a token the client gets another one, and works in the project that it has asked for."""
    image = connect_with_token(ims_mock.new_token("alt"), "alt").image
    assert ims_mock.images[image.create_image("db").id]["owner"] == ALT
    assert names(image) == ["db"]
    assert log_ins(ims_mock) == 1


def test_token_of_nobody(connect_with_token: Connect) -> None:
    """A token that the mock has not issued is 401."""
    from keystoneauth1.exceptions import Unauthorized

    with pytest.raises(Unauthorized, match=WRONG_LOGIN):
        names(connect_with_token("forged").image)


def test_token_in_a_wrong_project(connect_with_token: Connect, ims_mock: ImsMock) -> None:
    """A token is not exchanged for one of a project in which its user has no role."""
    from keystoneauth1.exceptions import Unauthorized

    with pytest.raises(Unauthorized, match=WRONG_LOGIN):
        names(connect_with_token(ims_mock.new_token("demo"), "alt").image)


def test_token_that_has_expired(connect_with_token: Connect, ims_mock: ImsMock) -> None:
    """After a day a client that has but a token can log in no more."""
    from keystoneauth1.exceptions import Unauthorized

    image = connect_with_token(ims_mock.new_token()).image
    assert names(image) == []
    ims_mock.clock.advance(DAY)
    with pytest.raises(Unauthorized, match=WRONG_LOGIN):
        names(image)


def test_token_of_a_token(connect_with_token: Connect, ims_mock: ImsMock) -> None:
    """A token that was got for another one ends when that ends, as with Keystone."""
    from keystoneauth1.exceptions import Unauthorized

    token = ims_mock.new_token()
    ims_mock.clock.advance(DAY - 600)
    image = connect_with_token(token).image
    assert names(image) == []
    ims_mock.clock.advance(600)
    with pytest.raises(Unauthorized, match=WRONG_LOGIN):
        names(image)


def test_token_that_was_revoked(connect_with_token: Connect, ims_mock: ImsMock) -> None:
    """A token that has been taken back is exchanged for no other."""
    from keystoneauth1.exceptions import Unauthorized

    token = ims_mock.new_token()
    revoke(connect_with_token(token), ims_mock.url, token)
    with pytest.raises(Unauthorized, match=WRONG_LOGIN):
        names(connect_with_token(token).image)


@pytest.fixture
def connect_without_login(ims_mock: ImsMock) -> Iterator[Connect]:
    """Connects with an endpoint and a token, and never logs in."""
    import openstack

    with ExitStack() as stack:

        def connected(token: str) -> Any:
            auth = {"endpoint": f"{ims_mock.url}/v2", "token": token}
            connection = openstack.connection.Connection(auth_type="admin_token", auth=auth)
            return stack.enter_context(connection)

        yield connected


def test_token_without_login(connect_without_login: Connect, ims_mock: ImsMock, web: str) -> None:
    """A token that was issued is all that a client needs, in the project that it was issued for."""
    assert names(connect_without_login(ims_mock.new_token("demo")).image) == ["web"]
    assert names(connect_without_login(ims_mock.new_token("alt")).image) == []
    assert names(connect_without_login(ims_mock.token).image) == ["web"]


def test_token_of_nobody_without_login(connect_without_login: Connect, ims_mock: ImsMock) -> None:
    """A token that the mock has not issued is the SDK's exception, of 401."""
    from openstack import exceptions

    with pytest.raises(exceptions.HttpException, match="401: Client Error"):
        names(connect_without_login("forged").image)
    assert ims_mock.journal.calls()[-1].reason == "X-Auth-Token: this mock did not issue that token"


def test_expired_token_without_login(connect_without_login: Connect, ims_mock: ImsMock) -> None:
    """A token that has expired is 401, and the client has no way to another."""
    from openstack import exceptions

    image = connect_without_login(ims_mock.new_token()).image
    assert names(image) == []
    ims_mock.clock.advance(DAY)
    with pytest.raises(exceptions.HttpException, match="401: Client Error"):
        names(image)


def test_mocks_own_token_does_not_expire(connect_without_login: Connect, ims_mock: ImsMock) -> None:
    """The token that a test has from the beginning is honoured for ever."""
    ims_mock.clock.advance(1000 * DAY)
    assert names(connect_without_login(ims_mock.token).image) == []


# Projects


def test_isolation(alt: Any, web: str) -> None:
    """A private image is not in another project's list, nor found there by its name."""
    assert names(alt) == []
    assert alt.find_image("web") is None


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("get_image", {}),
        ("download_image", {}),
        ("update_image", {"name": "mine"}),
        ("delete_image", {"ignore_missing": False}),
        ("add_tag", {"tag": "mine"}),
        ("add_member", {"member_id": ALT}),
    ],
)
def test_isolation_of_what_is_known(
    alt: Any, ims_mock: ImsMock, web: str, method: str, arguments: dict[str, Any]
) -> None:
    """A caller who knows the id of another project's private image gets the error that there is none."""
    from openstack import exceptions

    before = dict(ims_mock.images[web])
    with pytest.raises(exceptions.NotFoundException, match=r"The image does not exist\."):
        getattr(alt, method)(web, **arguments)
    assert ims_mock.images == {web: before}


def test_sharing(connect: Connect, demo: Any, alt: Any, web: str) -> None:
    """An image that demo shares is in alt's list once alt accepts it, and is downloaded by alt."""
    alt_project = connect(username="alt", project_name="alt").current_project_id
    assert demo.add_member(web, member_id=alt_project).status == "pending"
    assert names(alt) == []
    assert alt.update_member(alt_project, web, status="accepted").status == "accepted"
    assert names(alt) == ["web"]
    assert alt.download_image(web).content == FILE


def test_member_does_not_own(demo: Any, alt: Any, web: str) -> None:
    """alt can neither delete an image that is shared with it, nor see it any more once that has ended."""
    from openstack import exceptions

    demo.add_member(web, member_id=ALT)
    with pytest.raises(exceptions.ForbiddenException, match=r"The image can only be deleted by the owner\."):
        alt.delete_image(web)
    demo.remove_member(ALT, web)
    with pytest.raises(exceptions.NotFoundException, match=r"The image does not exist\."):
        alt.get_image(web)


def test_project_in_a_header(connect: Connect, ims_mock: ImsMock) -> None:
    """A token of one project opens no other one: 403, by the gateway."""
    from openstack import exceptions

    connection = connect()
    connection.session.additional_headers["X-Project-Id"] = ALT
    with pytest.raises(exceptions.ForbiddenException, match="403"):
        names(connection.image)
    assert ims_mock.journal.calls()[-1].reason == f"X-Project-Id: the token is scoped to {DEMO}, and not to {ALT}"


# Permissions


@pytest.fixture
def reader(connect: Connect) -> Any:
    """The image service of a connection of a user who may only read in demo's project."""
    return connect(username="demo_reader").image


def test_reader_may(reader: Any, web: str) -> None:
    """A reader lists, shows and downloads."""
    assert names(reader) == ["web"]
    assert reader.get_image(web).status == "active"
    assert reader.download_image(web).content == FILE


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("update_image", {"name": "db"}),
        ("delete_image", {}),
        ("add_tag", {"tag": "x"}),
        ("add_member", {"member_id": ALT}),
    ],
)
def test_reader_may_not(reader: Any, ims_mock: ImsMock, web: str, method: str, arguments: dict[str, str]) -> None:
    """A reader is refused to change an image, in the service's words."""
    from openstack import exceptions

    before = dict(ims_mock.images[web])
    with pytest.raises(exceptions.ForbiddenException, match=NO_ROLE):
        getattr(reader, method)(web, **arguments)
    assert ims_mock.images == {web: before}


def test_reader_may_not_create(reader: Any, ims_mock: ImsMock) -> None:
    """A reader is refused to create an image."""
    from openstack import exceptions

    with pytest.raises(exceptions.ForbiddenException, match=NO_ROLE):
        reader.create_image("web")
    assert ims_mock.images == {}


def test_deny(demo: Any, ims_mock: ImsMock, web: str) -> None:
    """What a test denies is refused as what a role does not allow is, until it is allowed again."""
    from openstack import exceptions

    with ims_mock.deny("ims:images:delete"), pytest.raises(exceptions.ForbiddenException, match=NO_ROLE):
        demo.delete_image(web)
    demo.delete_image(web)
    assert ims_mock.images == {}


def test_denied_upload(demo: Any, ims_mock: ImsMock) -> None:
    """An upload that is denied leaves no image: the client deletes what it has created."""
    from openstack import exceptions

    ims_mock.deny("ims:images:upload", user="demo")
    with pytest.raises(exceptions.SDKException):
        demo.create_image("web", data=FILE)
    assert [entry.status for entry in ims_mock.journal.calls("glance_upload_image")] == [403]
    assert ims_mock.images == {}
