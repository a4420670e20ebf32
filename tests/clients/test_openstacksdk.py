"""openstacksdk, unmodified, against a real socket."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ims_mock import Fail, ImsMock

pytestmark = [
    # openstacksdk warns of its own deprecations, at every connection and resource, and where it is imported first.
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated"),
]

CONSUMER = "b912fb4a4c464b568ecfca1071b21b10"
FILE = bytes(range(256)) * 10_000  # More than the client reads at once.
MD5 = hashlib.md5(FILE).hexdigest()


@contextmanager
def connected(mock: ImsMock, project_id: str) -> Iterator[Any]:
    """A connection to the mock for a project, which is named as the service has it, in a header."""
    import openstack

    auth = {"endpoint": f"{mock.url}/v2", "token": mock.token}
    with openstack.connection.Connection(auth_type="admin_token", auth=auth) as connection:
        connection.session.additional_headers["X-Project-Id"] = project_id
        yield connection


@pytest.fixture
def connection(ims_mock: ImsMock) -> Iterator[Any]:
    """A connection to the mock."""
    with connected(ims_mock, ims_mock.project_id) as connection:
        yield connection


@pytest.fixture
def image(connection: Any) -> Any:
    """The image service of a connection to the mock."""
    return connection.image


@pytest.fixture
def consumer(ims_mock: ImsMock) -> Iterator[Any]:
    """The image service of another project's connection to the mock."""
    with connected(ims_mock, CONSUMER) as connection:
        yield connection.image


@pytest.fixture
def web(ims_mock: ImsMock) -> str:
    """The id of an active image."""
    return str(ims_mock.add_image(name="web", team="a", tags=["x"], data=FILE)["id"])


@pytest.fixture
def shared(ims_mock: ImsMock) -> str:
    """The id of an active image that is shared with the consumer, who has neither accepted nor rejected it."""
    return str(ims_mock.add_image(name="shared", data=FILE, members={CONSUMER: "pending"})["id"])


def test_create_find_list_delete(image: Any, ims_mock: ImsMock) -> None:
    """An image with custom properties is created, found by its name, listed and deleted."""
    created = image.create_image("web", disk_format="qcow2", container_format="bare", team="a")
    assert ims_mock.images[created.id]["team"] == "a"
    assert ims_mock.images[created.id]["owner_specified.openstack.object"] == "images/web"
    assert image.find_image("web").id == created.id
    assert [item.name for item in image.images()] == ["web"]
    image.delete_image(created.id)
    assert ims_mock.images == {}


# How an API is found


@pytest.mark.parametrize("path", ["", "/", "/v2"])
def test_versions_are_discovered(ims_mock: ImsMock, path: str) -> None:
    """From the root, or from a version's own URL, the client finds version 2 by the response there."""
    import openstack

    auth = {"endpoint": ims_mock.url + path}
    with openstack.connection.Connection(auth_type="none", auth=auth) as connection:
        assert connection.image.create_image("web").name == "web"
        assert connection.image.get_endpoint() == f"{ims_mock.url}/v2/"
    assert ims_mock.journal.calls()[0].operation == ("show_version" if "v2" in path else "list_versions")


def test_every_version_is_discovered(ims_mock: ImsMock, connection: Any) -> None:
    """The library by which the client discovers reads five versions, of which 2.2 is the current one."""
    from keystoneauth1.discover import Discover

    versions = Discover(connection.session, ims_mock.url).version_string_data(allow_deprecated=True)
    assert [(item["version"], item["status"]) for item in versions] == [
        ("1.0", "DEPRECATED"),
        ("1.1", "DEPRECATED"),
        ("2.0", "SUPPORTED"),
        ("2.1", "SUPPORTED"),
        ("2.2", "CURRENT"),
    ]


# Create and upload


def test_file_is_uploaded_with_its_image(image: Any, ims_mock: ImsMock, tmp_path: Path) -> None:
    """An image that is created from a file on the disk is active, and has its size and its MD5."""
    path = tmp_path / "web.raw"
    path.write_bytes(FILE)
    created = image.create_image("web", filename=str(path), disk_format="raw", tags=["x"])
    created.data.close()  # The client leaves its file open.
    stored = ims_mock.images[created.id]
    assert (stored["status"], stored["size"], stored["checksum"]) == ("active", len(FILE), MD5)
    assert (stored["disk_format"], stored["tags"]) == ("raw", ["x"])


@pytest.mark.parametrize("form", [bytes, io.BytesIO, lambda data: iter([data[:7], data[7:]])])
def test_data_is_uploaded_with_its_image(image: Any, ims_mock: ImsMock, form: Callable[[bytes], Any]) -> None:
    """Bytes, an open file and an iterator, whose size is not known beforehand, are uploaded alike."""
    created = image.create_image("web", data=form(FILE))
    assert (ims_mock.images[created.id]["status"], ims_mock.images[created.id]["checksum"]) == ("active", MD5)


def test_client_validates_the_checksum_of_its_upload(image: Any) -> None:
    """The service returns the checksum that the client has computed."""
    created = image.create_image("web", data=FILE, validate_checksum=True)
    assert (created.status, created.checksum, created.size) == ("active", MD5, len(FILE))
    assert created.properties["owner_specified.openstack.md5"] == MD5


def test_file_that_is_there_is_not_uploaded_again(image: Any, ims_mock: ImsMock) -> None:
    """By what it has written into the first image, the client knows that it need not create a second one."""
    first = image.create_image("web", data=FILE, validate_checksum=True)
    assert image.create_image("web", data=FILE, validate_checksum=True).id == first.id
    assert list(ims_mock.images) == [first.id]


def test_upload_to_a_queued_image(image: Any) -> None:
    """An image that has been created without a file is queued until it gets one."""
    created = image.create_image("web")
    assert created.status == "queued"
    created.data = FILE
    assert created.upload(image).status_code == 204
    assert image.get_image(created.id).status == "active"


def test_second_upload_is_a_conflict(image: Any, ims_mock: ImsMock, web: str) -> None:
    """An image that has a file takes no other."""
    from openstack import exceptions

    refusal = image.get_image(web).upload(image, data=b"other")
    with pytest.raises(exceptions.ConflictException, match="The image is unavailable"):
        exceptions.raise_from_response(refusal)
    assert ims_mock.images[web]["checksum"] == MD5


def test_image_whose_upload_fails_is_deleted_by_the_client(image: Any, ims_mock: ImsMock) -> None:
    """The client clears up after an upload that the service could not take."""
    from openstack import exceptions

    ims_mock.faults.add(Fail(500), operation="glance_upload_image")
    with pytest.raises(exceptions.HttpException, match="System error"):
        image.create_image("web", data=FILE)
    assert ims_mock.images == {}
    assert len(ims_mock.journal.calls("glance_delete_image")) == 1


def test_refused_create_is_a_bad_request(image: Any) -> None:
    """A value out of bounds is the SDK's BadRequestException, in the service's words."""
    from openstack import exceptions

    with pytest.raises(exceptions.BadRequestException, match="The memory or disk size is invalid"):
        image.create_image("web", min_disk=39)


# Find, show and list


@pytest.mark.parametrize("by", ["id", "name"])
def test_find(image: Any, ims_mock: ImsMock, web: str, by: str) -> None:
    """An image is found by its id and by its name."""
    assert image.find_image(ims_mock.images[web][by]).id == web


def test_find_nothing(image: Any) -> None:
    """A name that no image has finds none, or is the SDK's NotFoundException."""
    from openstack import exceptions

    assert image.find_image("web") is None
    with pytest.raises(exceptions.NotFoundException):
        image.find_image("web", ignore_missing=False)


def test_find_of_two_with_a_name(image: Any, ims_mock: ImsMock) -> None:
    """A name that two images have is the SDK's DuplicateResource."""
    from openstack import exceptions

    ims_mock.add_image(name="web")
    ims_mock.add_image(name="web")
    with pytest.raises(exceptions.DuplicateResource):
        image.find_image("web")


@pytest.mark.ims_mock(start="2016-06-02T07:49:48Z")
def test_show(image: Any, ims_mock: ImsMock, web: str) -> None:
    """An image is shown with Glance's attributes in fields, and with Huawei's among its properties."""
    shown = image.get_image(web)
    assert (shown.id, shown.name, shown.status, shown.owner) == (web, "web", "active", ims_mock.project_id)
    assert (shown.visibility, shown.is_protected, shown.tags) == ("private", False, ["x"])
    assert (shown.disk_format, shown.container_format, shown.min_disk, shown.min_ram) == ("zvhd2", "bare", 0, 0)
    assert (shown.size, shown.checksum, shown.file) == (len(FILE), MD5, f"/v2/images/{web}/file")
    assert (shown.created_at, shown.updated_at) == ("2016-06-02T07:49:48Z", "2016-06-02T07:49:48Z")
    assert (shown.properties["__os_type"], shown.properties["team"]) == ("Linux", "a")


def test_show_of_no_image_is_not_found(image: Any) -> None:
    """An id that no image has is the SDK's NotFoundException, in the service's words."""
    from openstack import exceptions

    with pytest.raises(exceptions.NotFoundException, match="The image does not exist"):
        image.get_image("601d0000-0000-4000-8000-000000000001")


@pytest.mark.ims_mock(start="2016-06-02T07:49:48Z")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["gold", "db", "web"]),
        ({"name": "db"}, ["db"]),
        ({"name": "in:db,web"}, ["db", "web"]),
        ({"status": "queued"}, ["db"]),
        ({"tag": "a"}, ["db", "web"]),
        ({"tag": ["a", "b"]}, ["web"]),
        ({"visibility": "private"}, ["db", "web"]),
        ({"visibility": "public"}, ["gold"]),
        ({"protected": True}, ["gold"]),
        ({"owner": "1bed856811654c1cb661a6ca845ebc77"}, ["gold"]),
        ({"size_min": 3, "size_max": 3}, ["web"]),
        ({"created_at": "gt:2016-06-02T07:49:48Z"}, ["gold", "db"]),
        ({"sort": "name:asc"}, ["db", "gold", "web"]),
        ({"sort_key": "name", "sort_dir": "desc"}, ["web", "gold", "db"]),
        ({"limit": 1}, ["gold", "db", "web"]),
        ({"limit": 2, "paginated": False}, ["gold", "db"]),
        ({"is_hidden": True}, []),
    ],
)
def test_list(image: Any, ims_mock: ImsMock, query: dict[str, Any], names: list[str]) -> None:
    """The service returns what a list asks for."""
    ims_mock.add_image(name="web", tags=["a", "b"], data=b"abc")
    ims_mock.clock.advance(1)
    ims_mock.add_image(name="db", tags=["a"])
    ims_mock.add_image(
        name="gold", visibility="public", status="active", protected=True, owner="1bed856811654c1cb661a6ca845ebc77"
    )
    assert [item.name for item in image.images(**query)] == names


def test_pages_are_followed(image: Any, ims_mock: ImsMock) -> None:
    """A list of more than a page is fetched to its end."""
    for number in range(60):
        image.create_image(f"image-{number}", allow_duplicates=True)
    assert len({item.id for item in image.images()}) == 60


# Update


def test_update_name(image: Any, ims_mock: ImsMock, web: str) -> None:
    """An image that has been shown is given another name."""
    assert image.update_image(image.get_image(web), name="db").name == "db"
    assert ims_mock.images[web]["name"] == "db"


@pytest.mark.parametrize("team", ["b", ""])
def test_update_custom_property(image: Any, ims_mock: ImsMock, web: str, team: str) -> None:
    """A custom property is given another value."""
    assert image.update_image(web, team=team).properties["team"] == team
    assert ims_mock.images[web]["team"] == team


def test_update_properties(image: Any, ims_mock: ImsMock, web: str) -> None:
    """One custom property is added and another changed, and the others stay."""
    assert image.update_image_properties(image.get_image(web), team="b", stage="test")
    assert (ims_mock.images[web]["team"], ims_mock.images[web]["stage"]) == ("b", "test")
    assert ims_mock.images[web]["__os_type"] == "Linux"


def test_remove_custom_property(image: Any, ims_mock: ImsMock, web: str) -> None:
    """A custom property that is left out of the properties is removed, as `openstack image unset` does."""
    shown = image.get_image(web)
    left = {name: value for name, value in shown.properties.items() if name != "team"}
    assert "team" not in image.update_image(shown, properties=left).properties
    assert "team" not in ims_mock.images[web]


def test_update_tags(image: Any, ims_mock: ImsMock, web: str) -> None:
    """All tags are replaced at once."""
    assert image.update_image(web, tags=["y", "z"]).tags == ["y", "z"]
    assert ims_mock.images[web]["tags"] == ["y", "z"]


def test_update_protected(image: Any, web: str) -> None:
    """An image is protected, and is free again."""
    assert image.update_image(web, is_protected=True).is_protected is True
    assert image.update_image(image.get_image(web), is_protected=False).is_protected is False


def test_update_of_what_the_service_sets_is_forbidden(image: Any, web: str) -> None:
    """An attribute that only the service sets is the SDK's ForbiddenException."""
    from openstack import exceptions

    with pytest.raises(exceptions.ForbiddenException, match="You do not have permission"):
        image.update_image(web, status="queued")


# Tags


def test_add_and_remove_tag(image: Any, ims_mock: ImsMock, web: str) -> None:
    """A tag is added to those that an image has, and removed."""
    image.add_tag(web, "y z")
    assert ims_mock.images[web]["tags"] == ["x", "y z"]
    image.remove_tag(image.get_image(web), "x")
    assert ims_mock.images[web]["tags"] == ["y z"]


def test_remove_tag_that_is_not_there(image: Any, web: str) -> None:
    """A tag that an image has not is the SDK's NotFoundException."""
    from openstack import exceptions

    with pytest.raises(exceptions.NotFoundException):
        image.remove_tag(web, "y")


# Members


def test_add_member(image: Any, ims_mock: ImsMock, web: str) -> None:
    """An image is shared with a project, which has neither accepted nor rejected it yet."""
    member = image.add_member(web, member_id=CONSUMER)
    assert (member.id, member.image_id, member.status) == (CONSUMER, web, "pending")
    assert ims_mock.images[web]["visibility"] == "shared"


def test_add_member_again_is_a_conflict(image: Any, shared: str) -> None:
    """A project that an image is shared with is not added again."""
    from openstack import exceptions

    with pytest.raises(exceptions.ConflictException):
        image.add_member(shared, member_id=CONSUMER)


def test_list_members(image: Any, shared: str) -> None:
    """The members of an image are listed in the order in which they were added."""
    image.add_member(shared, member_id="edc89b490d7d4392898e19b2deb34797")
    assert [(member.id, member.status) for member in image.members(shared)] == [
        (CONSUMER, "pending"),
        ("edc89b490d7d4392898e19b2deb34797", "pending"),
    ]


def test_find_and_get_member(image: Any, shared: str) -> None:
    """A member is found and shown by the id of its project; another project is not found."""
    assert image.find_member(CONSUMER, shared).status == "pending"
    assert image.get_member(CONSUMER, shared).member_id == CONSUMER
    assert image.find_member("edc89b490d7d4392898e19b2deb34797", shared) is None


@pytest.mark.parametrize(("status", "listed"), [("accepted", ["shared"]), ("rejected", [])])
def test_consumer_accepts_or_rejects(consumer: Any, shared: str, status: str, listed: list[str]) -> None:
    """The image is in the consumer's list when the consumer accepts it, and not when it rejects it."""
    assert consumer.update_member(CONSUMER, shared, status=status).status == status
    assert [item.name for item in consumer.images()] == listed
    assert [item.name for item in consumer.images(visibility="shared", member_status=status)] == ["shared"]


def test_owner_does_not_decide_for_the_consumer(image: Any, shared: str) -> None:
    """A project cannot accept for another."""
    from openstack import exceptions

    with pytest.raises(exceptions.ForbiddenException):
        image.update_member(CONSUMER, shared, status="accepted")


def test_consumer_uses_a_shared_image(consumer: Any, shared: str) -> None:
    """An image that is shared with a project is shown and downloaded by its id, even before it is accepted."""
    assert consumer.get_image(shared).visibility == "shared"
    assert consumer.download_image(shared).content == FILE


def test_consumer_does_not_change_a_shared_image(consumer: Any, shared: str) -> None:
    """Only its owner may update an image, and delete it."""
    from openstack import exceptions

    with pytest.raises(exceptions.ForbiddenException, match="only by the image owner"):
        consumer.update_image(shared, name="mine")
    with pytest.raises(exceptions.ForbiddenException, match="only be deleted by the owner"):
        consumer.delete_image(shared)


def test_remove_member(image: Any, consumer: Any, ims_mock: ImsMock, shared: str) -> None:
    """An image that is shared with nobody any more is private, and gone for the consumer."""
    from openstack import exceptions

    image.remove_member(CONSUMER, shared, ignore_missing=False)
    assert list(image.members(shared)) == []
    assert ims_mock.images[shared]["visibility"] == "private"
    with pytest.raises(exceptions.NotFoundException):
        consumer.get_image(shared)


def test_remove_member_that_is_none(image: Any, web: str) -> None:
    """A project that is no member is the SDK's NotFoundException."""
    from openstack import exceptions

    with pytest.raises(exceptions.NotFoundException):
        image.remove_member(CONSUMER, web, ignore_missing=False)


# Download


def test_download(image: Any, web: str) -> None:
    """What was uploaded is downloaded, and the client verifies its checksum."""
    assert image.download_image(web).content == FILE


def test_download_of_what_has_another_checksum(image: Any, ims_mock: ImsMock, web: str) -> None:
    """The client refuses a file that is not the one whose checksum its image has."""
    from openstack import exceptions

    ims_mock.images[web]["checksum"] = "0" * 32
    with pytest.raises(exceptions.InvalidResponse, match="checksum mismatch"):
        image.download_image(web)


def test_download_to_a_file(image: Any, web: str, tmp_path: Path) -> None:
    """A file is downloaded to a path, and to an open file."""
    image.download_image(web, output=str(tmp_path / "web.raw"))
    assert (tmp_path / "web.raw").read_bytes() == FILE
    opened = io.BytesIO()
    image.download_image(web, output=opened)
    assert opened.getvalue() == FILE


def test_download_in_pieces(image: Any, web: str) -> None:
    """A file is downloaded piece by piece."""
    pieces = list(image.download_image(web, stream=True).iter_content(1_000_000))
    assert [len(piece) for piece in pieces] == [1_000_000, 1_000_000, 560_000]
    assert b"".join(pieces) == FILE


def test_download_of_a_queued_image(image: Any) -> None:
    """An image that has no file yet is nothing, with 204."""
    response = image.download_image(image.create_image("web").id)
    assert (response.status_code, response.content) == (204, b"")


# Delete and wait


def test_protected_is_forbidden(image: Any) -> None:
    """Deleting a protected image is the SDK's ForbiddenException, in the service's words."""
    from openstack import exceptions

    created = image.create_image("web", is_protected=True, allow_duplicates=True)
    with pytest.raises(exceptions.ForbiddenException, match="The protected image cannot be deleted"):
        image.delete_image(created.id)


def test_delete_of_no_image(image: Any) -> None:
    """Deleting what is not there is well, or is the SDK's NotFoundException."""
    from openstack import exceptions

    image.delete_image("601d0000-0000-4000-8000-000000000001")
    with pytest.raises(exceptions.NotFoundException):
        image.delete_image("601d0000-0000-4000-8000-000000000001", ignore_missing=False)


def test_wait_until_active(image: Any) -> None:
    """The client sees that an image which it knows as queued has become active."""
    created = image.create_image("web", data=FILE)
    assert created.status == "queued"
    assert image.wait_for_status(created, "active").status == "active"


def test_wait_for_what_has_failed(image: Any, ims_mock: ImsMock) -> None:
    """The client gives up an image that is killed."""
    from openstack import exceptions

    created = image.create_image("web")
    ims_mock.images[created.id]["status"] = "killed"
    with pytest.raises(exceptions.ResourceFailure, match="killed"):
        image.wait_for_status(created, "active", failures=["killed"])


def test_wait_until_deleted(image: Any, web: str) -> None:
    """An image that is deleted is gone at once."""
    shown = image.get_image(web)
    image.delete_image(shown)
    assert image.wait_for_delete(shown).id == web


# What stands above the image service: the cloud layer, which Ansible uses, and the schemas


def test_cloud_layer(connection: Any, ims_mock: ImsMock, tmp_path: Path) -> None:
    """The functions of the connection itself create with a file and wait, list, download, and delete and wait."""
    path = tmp_path / "web.raw"
    path.write_bytes(FILE)
    with path.open("rb") as data:
        created = connection.create_image("web", data=data, wait=True)
    assert created.status == "active"
    assert [item.name for item in connection.list_images()] == ["web"]
    connection.download_image("web", output_path=str(tmp_path / "copy.raw"))
    assert (tmp_path / "copy.raw").read_bytes() == FILE
    assert connection.delete_image("web", wait=True) is True
    assert ims_mock.images == {}


def test_schemas(image: Any) -> None:
    """The four schemas are read, each with the properties that it is of."""
    assert "disk_format" in image.get_image_schema().properties
    assert set(image.get_images_schema().properties) == {"images", "schema", "next", "first"}
    assert "member_id" in image.get_member_schema().properties
    assert set(image.get_members_schema().properties) == {"members", "schema"}
