"""python-glanceclient, unmodified, with its own validation, against a real socket."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import glanceclient
import pytest
from glanceclient import exc

from ims_mock import ImsMock
from tests import commands

CONSUMER = "b912fb4a4c464b568ecfca1071b21b10"
FILE = bytes(range(256)) * 10_000  # More than the client sends and reads at once.
MD5 = hashlib.md5(FILE).hexdigest()


def connected(mock: ImsMock, project_id: str) -> Any:
    """A client of the mock for a project, which is named as the service has it, in a header."""
    headers = {"X-Project-Id": project_id}
    return glanceclient.Client(endpoint=f"{mock.url}/v2", token=mock.token, identity_headers=headers)


@pytest.fixture
def client(ims_mock: ImsMock) -> Any:
    """A client of the mock."""
    return connected(ims_mock, ims_mock.project_id)


@pytest.fixture
def images(client: Any) -> Any:
    """The images of a client of the mock."""
    return client.images


@pytest.fixture
def consumer(ims_mock: ImsMock) -> Any:
    """Another project's client of the mock."""
    return connected(ims_mock, CONSUMER)


@pytest.fixture
def web(ims_mock: ImsMock) -> str:
    """The id of an active image."""
    return str(ims_mock.add_image(name="web", team="a", tags=["x"], data=FILE)["id"])


@pytest.fixture
def shared(ims_mock: ImsMock) -> str:
    """The id of an active image that is shared with the consumer, who has neither accepted nor rejected it."""
    return str(ims_mock.add_image(name="shared", data=FILE, members={CONSUMER: "pending"})["id"])


@pytest.mark.parametrize("attributes", [{}, {"disk_format": "zvhd2"}, {"disk_format": "vhd", "team": "a"}])
def test_create_show_list_delete(images: Any, ims_mock: ImsMock, attributes: dict[str, str]) -> None:
    """What the client's validation lets through is created, and the response passes it too."""
    created = images.create(name="web", **attributes)
    assert attributes.items() <= ims_mock.images[created["id"]].items()
    assert images.get(created["id"])["name"] == "web"
    assert [item["id"] for item in images.list()] == [created["id"]]
    images.delete(created["id"])
    assert ims_mock.images == {}


def test_refusal_is_the_clients_exception(images: Any) -> None:
    """A refusal is HTTPBadRequest, in the service's words."""
    with pytest.raises(exc.HTTPBadRequest, match="The memory or disk size is invalid"):
        images.create(name="web", min_disk=1)


def test_unknown_image_is_not_found(images: Any) -> None:
    """An image that is not there is HTTPNotFound."""
    with pytest.raises(exc.HTTPNotFound):
        images.get("nope")


# Versions, schemas and sessions


def test_versions(client: Any) -> None:
    """The client, which takes no 300, lists the versions at another path."""
    assert [(item["id"], item["status"]) for item in client.versions.list()] == [
        ("v2.2", "CURRENT"),
        ("v2.1", "SUPPORTED"),
        ("v2.0", "SUPPORTED"),
        ("v1.1", "DEPRECATED"),
        ("v1.0", "DEPRECATED"),
    ]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("image", ["checksum", "disk_format", "tags"]),
        ("images", ["first", "images", "next", "schema"]),
        ("member", ["image_id", "member_id", "status"]),
        ("members", ["members", "schema"]),
    ],
)
def test_schemas(client: Any, name: str, known: list[str]) -> None:
    """Each of the four schemas has the properties that it is of."""
    schema = client.schemas.get(name)
    assert schema.name == name
    assert [item for item in known if schema.is_core_property(item)] == known


@pytest.mark.parametrize(
    "attributes",
    [{"disk_format": "vhdx2"}, {"tags": ["x" * 256]}, {"min_disk": "40"}, {"protected": "yes"}, {"team": 1}],
)
def test_client_validates_by_the_schema(images: Any, ims_mock: ImsMock, attributes: dict[str, Any]) -> None:
    """What the service would refuse, the client refuses by the schema that it has got, and does not send."""
    with pytest.raises(TypeError, match="Unable to set"):
        images.create(name="web", **attributes)
    assert ims_mock.journal.calls("glance_create_image_metadata") == []


def test_session_of_keystoneauth(ims_mock: ImsMock) -> None:
    """A client that is given a session, with the root as its endpoint, works in the session's project."""
    from keystoneauth1.session import Session
    from keystoneauth1.token_endpoint import Token

    auth = Token(ims_mock.url, ims_mock.token)
    client = glanceclient.Client("2", session=Session(auth, additional_headers={"X-Project-Id": CONSUMER}))
    created = client.images.create(name="web")
    client.images.upload(created["id"], io.BytesIO(FILE))
    assert b"".join(client.images.data(created["id"])) == FILE
    assert ims_mock.images[created["id"]]["owner"] == CONSUMER


def test_request_id(images: Any, ims_mock: ImsMock, web: str) -> None:
    """The client knows its request's id as OpenStack writes it, which is the journal's with a prefix and hyphens."""
    (request_id,) = images.get(web).request_ids
    assert request_id.replace("-", "") == "req" + ims_mock.journal.calls()[0].request_id


# Upload and download


def test_upload(images: Any, ims_mock: ImsMock) -> None:
    """A file of unknown size, which the client sends in chunks, makes a queued image active."""
    created = images.create(name="web", disk_format="raw")
    assert created["status"] == "queued"
    images.upload(created["id"], io.BytesIO(FILE))
    stored = ims_mock.images[created["id"]]
    assert (stored["status"], stored["size"], stored["checksum"]) == ("active", len(FILE), MD5)


def test_upload_of_an_announced_size(images: Any, ims_mock: ImsMock) -> None:
    """A file of the size that the client announces is taken, and one of another size leaves the image queued."""
    created = images.create(name="web")
    with pytest.raises(exc.HTTPBadRequest):
        images.upload(created["id"], io.BytesIO(FILE), image_size=3)
    assert ims_mock.images[created["id"]]["status"] == "queued"
    images.upload(created["id"], io.BytesIO(FILE), image_size=len(FILE))
    assert ims_mock.images[created["id"]]["status"] == "active"


def test_upload_of_nothing(images: Any, ims_mock: ImsMock) -> None:
    """An empty file is a file."""
    created = images.create(name="web")
    images.upload(created["id"], io.BytesIO())
    assert (ims_mock.images[created["id"]]["status"], ims_mock.images[created["id"]]["size"]) == ("active", 0)
    assert b"".join(images.data(created["id"])) == b""


def test_second_upload_is_a_conflict(images: Any, ims_mock: ImsMock, web: str) -> None:
    """An image that has a file takes no other."""
    with pytest.raises(exc.HTTPConflict, match="The image is unavailable"):
        images.upload(web, io.BytesIO(b"other"))
    assert ims_mock.images[web]["checksum"] == MD5


@pytest.mark.parametrize("do_checksum", [True, False])
def test_download(images: Any, web: str, do_checksum: bool) -> None:
    """What was uploaded is downloaded, of a length that is known beforehand, with its checksum verified or not."""
    data = images.data(web, do_checksum=do_checksum)
    assert len(data) == len(FILE)
    assert b"".join(data) == FILE


def test_download_of_what_has_another_checksum(images: Any, ims_mock: ImsMock, web: str) -> None:
    """The client finds out a file that is not the one whose checksum its image has."""
    ims_mock.images[web]["checksum"] = "0" * 32
    with pytest.raises(OSError, match="Corrupt image download"):
        b"".join(images.data(web))


def test_download_of_a_queued_image(images: Any) -> None:
    """An image that has no file yet is None."""
    assert images.data(images.create(name="web")["id"]).wrapped is None


# Show and list


@pytest.mark.ims_mock(start="2016-06-02T07:49:48Z")
def test_show(images: Any, ims_mock: ImsMock, web: str) -> None:
    """An image is shown with all its attributes but self, which the client drops."""
    shown = dict(images.get(web))
    assert shown == {name: value for name, value in ims_mock.images[web].items() if name != "self"}
    assert (shown["status"], shown["created_at"], shown["__os_type"]) == ("active", "2016-06-02T07:49:48Z", "Linux")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["gold", "db", "web"]),
        ({"filters": {"name": "db"}}, ["db"]),
        ({"filters": {"status": "queued"}}, ["db"]),
        ({"filters": {"tag": ["a"]}}, ["db", "web"]),
        ({"filters": {"tag": ["a", "b"]}}, ["web"]),
        ({"filters": {"tag": ["k=v"]}}, ["db"]),
        ({"filters": {"visibility": "public"}}, ["gold"]),
        ({"filters": {"protected": True}}, ["gold"]),
        ({"filters": {"min_ram": 512}}, ["web"]),
        ({"filters": {"team": "one"}}, ["web"]),
        ({"filters": {"__imagetype": "gold"}}, ["gold"]),
        ({"filters": {"size_min": 3}}, ["web"]),
        ({"sort": "name:asc"}, ["db", "gold", "web"]),
        ({"sort": "status:asc,name:desc"}, ["web", "gold", "db"]),
        ({"sort_key": "name", "sort_dir": "desc"}, ["web", "gold", "db"]),
        ({"sort_key": ["status", "name"], "sort_dir": ["desc", "asc"]}, ["db", "gold", "web"]),
        ({"page_size": 1}, ["gold", "db", "web"]),
        ({"page_size": 2, "sort": "name:asc"}, ["db", "gold", "web"]),
        ({"limit": 2}, ["gold", "db"]),
        ({"limit": 2, "page_size": 1}, ["gold", "db"]),
    ],
)
def test_list(images: Any, ims_mock: ImsMock, query: dict[str, Any], names: list[str]) -> None:
    """The service returns what a list asks for."""
    ims_mock.add_image(name="web", tags=["a", "b"], data=b"abc", team="one", min_ram=512)
    ims_mock.add_image(name="db", tags=["a", "k.v"], team="two")
    ims_mock.add_image(
        name="gold", visibility="public", status="active", protected=True, owner="1bed856811654c1cb661a6ca845ebc77"
    )
    assert [item["name"] for item in images.list(**query)] == names


def test_list_after_a_marker(images: Any, ims_mock: ImsMock, web: str) -> None:
    """A list goes on behind an image."""
    newer = ims_mock.add_image(name="newer")
    assert [item["name"] for item in images.list(marker=newer["id"])] == ["web"]
    assert list(images.list(marker=web)) == []


def test_pages_are_followed(images: Any, ims_mock: ImsMock) -> None:
    """Five images in pages of two are three requests."""
    for number in range(5):
        ims_mock.add_image(name=f"image-{number}")
    assert len({item["id"] for item in images.list(page_size=2)}) == 5
    assert len(ims_mock.journal.calls("glance_list_images")) == 3


# Update


@pytest.mark.parametrize(
    "changes",
    [{"name": "db"}, {"team": "b"}, {"stage": "test"}, {"tags": ["y", "z"]}, {"protected": True}, {"name": "web"}],
)
def test_update(images: Any, ims_mock: ImsMock, web: str, changes: dict[str, Any]) -> None:
    """The name, custom properties that are there or new, tags and the protection are changed, and nothing else is."""
    before = dict(ims_mock.images[web])
    updated = images.update(web, **changes)
    assert changes.items() <= updated.items()
    assert ims_mock.images[web] == before | changes


def test_remove_properties(images: Any, ims_mock: ImsMock, web: str) -> None:
    """Custom properties are removed; one that the image has not is passed over."""
    updated = images.update(web, remove_props=["team", "stage"], name="db")
    assert "team" not in updated
    assert "team" not in ims_mock.images[web]


@pytest.mark.parametrize("name", ["name", "__os_type"])
def test_remove_what_every_image_has_is_forbidden(images: Any, web: str, name: str) -> None:
    """An attribute that an image has always is not removed."""
    with pytest.raises(exc.HTTPForbidden):
        images.update(web, remove_props=[name])


def test_update_of_what_the_service_sets_is_forbidden(images: Any, web: str) -> None:
    """What only the service may change is HTTPForbidden."""
    with pytest.raises(exc.HTTPForbidden, match="You do not have permission"):
        images.update(web, status="queued")


def test_update_of_a_shared_image(images: Any, shared: str) -> None:
    """An image that is shared is given another name."""
    assert images.update(shared, name="web")["name"] == "web"


# Tags


def test_tags(client: Any, ims_mock: ImsMock, web: str) -> None:
    """A tag is added to those that an image has, and removed."""
    client.image_tags.update(web, "y z")
    assert ims_mock.images[web]["tags"] == ["x", "y z"]
    client.image_tags.delete(web, "x")
    assert ims_mock.images[web]["tags"] == ["y z"]


def test_delete_tag_that_is_not_there(client: Any, web: str) -> None:
    """A tag that an image has not is HTTPNotFound."""
    with pytest.raises(exc.HTTPNotFound, match="The image tag is invalid"):
        client.image_tags.delete(web, "y")


# Members


@pytest.mark.ims_mock(start="2016-06-02T07:49:48Z")
def test_create_member(client: Any, ims_mock: ImsMock, web: str) -> None:
    """An image is shared with a project, which has neither accepted nor rejected it yet."""
    assert client.image_members.create(web, CONSUMER) == {
        "member_id": CONSUMER,
        "image_id": web,
        "status": "pending",
        "created_at": "2016-06-02T07:49:48Z",
        "updated_at": "2016-06-02T07:49:48Z",
        "schema": "/v2/schemas/member",
    }
    assert ims_mock.images[web]["visibility"] == "shared"


def test_create_member_again_is_a_conflict(client: Any, shared: str) -> None:
    """A project that an image is shared with is not added again."""
    with pytest.raises(exc.HTTPConflict):
        client.image_members.create(shared, CONSUMER)


def test_list_and_get_member(client: Any, consumer: Any, shared: str) -> None:
    """The owner and the member itself list and show a member, as its schema has it."""
    for caller in (client, consumer):
        (member,) = caller.image_members.list(shared)
        assert member == caller.image_members.get(shared, CONSUMER)
        assert (member["member_id"], member["status"]) == (CONSUMER, "pending")


def test_get_member_that_is_none(client: Any, shared: str) -> None:
    """A project that is no member is HTTPNotFound."""
    with pytest.raises(exc.HTTPNotFound):
        client.image_members.get(shared, "edc89b490d7d4392898e19b2deb34797")


@pytest.mark.parametrize(("status", "listed"), [("accepted", ["shared"]), ("rejected", [])])
def test_consumer_accepts_or_rejects(consumer: Any, shared: str, status: str, listed: list[str]) -> None:
    """The image is in the consumer's list when the consumer accepts it, and not when it rejects it."""
    assert consumer.image_members.update(shared, CONSUMER, status)["status"] == status
    assert [item["name"] for item in consumer.images.list()] == listed
    filters = {"visibility": "shared", "member_status": status}
    assert [item["name"] for item in consumer.images.list(filters=filters)] == ["shared"]


def test_owner_does_not_decide_for_the_consumer(client: Any, shared: str) -> None:
    """A project cannot accept for another."""
    with pytest.raises(exc.HTTPForbidden):
        client.image_members.update(shared, CONSUMER, "accepted")


def test_consumer_uses_a_shared_image(consumer: Any, shared: str) -> None:
    """An image that is shared with a project is shown and downloaded by its id, even before it is accepted."""
    assert consumer.images.get(shared)["visibility"] == "shared"
    assert b"".join(consumer.images.data(shared)) == FILE


def test_consumer_does_not_change_a_shared_image(consumer: Any, shared: str) -> None:
    """Only its owner may tag an image, and delete it."""
    with pytest.raises(exc.HTTPForbidden, match="only by the image owner"):
        consumer.image_tags.update(shared, "mine")
    with pytest.raises(exc.HTTPForbidden, match="only be deleted by the owner"):
        consumer.images.delete(shared)


def test_delete_member(client: Any, consumer: Any, ims_mock: ImsMock, shared: str) -> None:
    """An image that is shared with nobody any more is private, and gone for the consumer."""
    client.image_members.delete(shared, CONSUMER)
    assert list(client.image_members.list(shared)) == []
    assert ims_mock.images[shared]["visibility"] == "private"
    with pytest.raises(exc.HTTPNotFound):
        consumer.images.get(shared)


# Delete


def test_delete_of_a_protected_image_is_forbidden(images: Any, ims_mock: ImsMock, web: str) -> None:
    """A protected image is HTTPForbidden until it is free."""
    images.update(web, protected=True)
    with pytest.raises(exc.HTTPForbidden, match="The protected image cannot be deleted"):
        images.delete(web)
    images.update(web, protected=False)
    images.delete(web)
    assert ims_mock.images == {}


def test_delete_again_is_not_found(images: Any, web: str) -> None:
    """An image that is deleted is HTTPNotFound."""
    images.delete(web)
    with pytest.raises(exc.HTTPNotFound, match="The image does not exist"):
        images.delete(web)


# Its command line


@pytest.mark.slow
def test_command_line(ims_mock: ImsMock, tmp_path: Path) -> None:
    """glance's own commands work one after the other, with the schema that the first of them has kept."""

    def glance(*arguments: str) -> str:
        connection = ("--os-image-url", ims_mock.url, "--os-auth-token", ims_mock.token)
        done = commands.run("glance", *connection, *arguments, home=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    file = tmp_path / "disk.raw"
    file.write_bytes(b"0123456789")
    formats = ("--disk-format", "raw", "--container-format", "bare")
    assert "active" in glance("image-create", "--name", "web", *formats, "--file", str(file))
    (image_id,) = ims_mock.images
    assert "web" in glance("image-list")
    assert "active" in glance("image-show", image_id)
    glance("image-update", "--name", "api", "--property", "team=a", image_id)
    glance("image-tag-update", image_id, "blue")
    glance("member-create", image_id, "project-b")
    assert (ims_mock.images[image_id]["name"], ims_mock.images[image_id]["tags"]) == ("api", ["blue"])
    glance("image-download", "--file", str(tmp_path / "copy.raw"), image_id)
    assert (tmp_path / "copy.raw").read_bytes() == b"0123456789"
    glance("image-delete", image_id)
    assert len(ims_mock.images) == 0
