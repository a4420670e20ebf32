"""Images in the API of Glance."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ims_mock.conformance.client import Client
from ims_mock.conformance.conftest import NewImage
from ims_mock.conformance.made import Made

pytestmark = pytest.mark.native

UNKNOWN = "00000000-0000-4000-8000-000000000000"


# What only reads


def test_images_are_listed(ims: Client) -> None:
    """A list has at most as many images as its limit, and a link to itself."""
    listed = ims("glance_list_images", query={"limit": 2}).json
    assert len(listed["images"]) <= 2
    assert listed["first"].startswith("/v2/images")


def test_listed_image_is_shown(ims: Client, any_image: dict[str, Any]) -> None:
    """An image that is in the list is shown under its id, with the same attributes."""
    shown = ims("glance_show_image", image_id=any_image["id"]).json
    assert (shown["id"], shown["name"], shown["created_at"]) == tuple(
        any_image[name] for name in ("id", "name", "created_at")
    )


def test_list_has_what_its_filter_has(ims: Client) -> None:
    """A list of active images has no other one."""
    images = ims("glance_list_images", query={"status": "active", "limit": 5}).json["images"]
    assert {image["status"] for image in images} <= {"active"}


def test_list_is_sorted(ims: Client) -> None:
    """A list by name, from the first on, is in that order."""
    query = {"sort_key": "created_at", "sort_dir": "asc", "limit": 10}
    times = [image["created_at"] for image in ims("glance_list_images", query=query).json["images"]]
    assert times == sorted(times)


def test_unknown_image_is_not_found(ims: Client) -> None:
    """An id that no image has is 404."""
    ims("glance_show_image", image_id=UNKNOWN, status=404)


@pytest.mark.parametrize("query", [{"limit": "-1"}, {"limit": "many"}, {"sort_dir": "up"}])
def test_wrong_list_is_rejected(ims: Client, query: dict[str, str]) -> None:
    """A parameter of a list that cannot be is 400."""
    ims("glance_list_images", query=query, status=400)


def test_unknown_marker_is_rejected(ims: Client) -> None:
    """A list cannot begin after an image that is not there."""
    ims("glance_list_images", query={"marker": UNKNOWN}, status=400)


def test_wrong_token_is_unauthorized(ims: Client) -> None:
    """A token that nobody has issued is 401."""
    ims("glance_list_images", headers={"X-Auth-Token": "ims-verify-no-token"}, status=401)


# What writes


@pytest.mark.writes
def test_image_is_created_and_shown(ims: Client, new_image: NewImage) -> None:
    """A new image is queued, and has what it was created with."""
    created = new_image(__os_version="Ubuntu 22.04 server 64bit", min_ram=1024)
    assert (created["status"], created["visibility"], created["protected"]) == ("queued", "private", False)
    shown = ims("glance_show_image", image_id=created["id"]).json
    for name in ("id", "name", "status", "min_disk", "min_ram", "disk_format", "owner", "__os_version"):
        assert shown[name] == created[name], name


@pytest.mark.writes
def test_created_image_has_its_location(ims: Client, made: Made) -> None:
    """The response to a create has the image's address, for a client that follows it."""
    created = ims("glance_create_image_metadata", {"name": made.new_name()})
    assert (created.header("Location") or "").endswith(f"/v2/images/{created.json['id']}")
    ims("glance_delete_image", image_id=created.json["id"])


@pytest.mark.writes
def test_new_image_is_private(ims: Client, made: Made) -> None:
    """An image whose visibility is not asked for is private."""
    created = ims("glance_create_image_metadata", {"name": made.new_name()}).json
    ims("glance_delete_image", image_id=created["id"])
    ims.expect("glance_create_image_metadata", "visibility", "private", created["visibility"])


@pytest.mark.writes
def test_new_image_is_listed(ims: Client, image: dict[str, Any]) -> None:
    """A list of a name has the image of that name, and no other."""
    listed = ims("glance_list_images", query={"name": image["name"]}).json["images"]
    assert [found["id"] for found in listed] == [image["id"]]


@pytest.mark.writes
def test_list_goes_on_after_its_marker(ims: Client, new_image: NewImage, made: Made) -> None:
    """Two pages of one image each have two images, each once, and the first has a link to the second."""
    name = made.new_name("page")
    both = {new_image(name=name)["id"], new_image(name=name)["id"]}
    listed = ims("glance_list_images", query={"limit": 1, "name": name}).json
    (first,) = listed["images"]
    after = parse_qs(urlsplit(listed.get("next", "")).query).get("marker")
    ims.expect("glance_list_images", "the marker of next", [first["id"]], after)
    (second,) = ims("glance_list_images", query={"limit": 1, "name": name, "marker": first["id"]}).json["images"]
    assert {first["id"], second["id"]} == both


@pytest.mark.writes
@pytest.mark.parametrize(
    "wrong",
    [{"min_disk": -1}, {"disk_format": "paper"}, {"tags": "one"}, {"protected": "perhaps"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_wrong_image_is_rejected(ims: Client, made: Made, wrong: dict[str, Any]) -> None:
    """An attribute whose value cannot be is 400, and no image is created."""
    name = made.new_name()
    ims("glance_create_image_metadata", {"name": name, **wrong}, status=400)
    assert ims("glance_list_images", query={"name": name}).json["images"] == []


@pytest.mark.writes
def test_attribute_of_the_service_is_forbidden(ims: Client, made: Made) -> None:
    """What only the service sets is 403."""
    ims("glance_create_image_metadata", {"name": made.new_name(), "created_at": "now"}, status=403)


@pytest.mark.writes
def test_id_is_given_once(ims: Client, image: dict[str, Any], made: Made) -> None:
    """An id that an image has is 409."""
    ims("glance_create_image_metadata", {"name": made.new_name(), "id": image["id"]}, status=409)


@pytest.mark.writes
def test_image_is_updated(ims: Client, image: dict[str, Any], made: Made) -> None:
    """A patch replaces an attribute, adds one and removes it again; the image shown is the one returned."""
    name = made.new_name("renamed")
    changes = [{"op": "replace", "path": "/name", "value": name}, {"op": "add", "path": "/ims_verify", "value": "yes"}]
    updated = ims("glance_update_image", changes, image_id=image["id"]).json
    assert (updated["name"], updated["ims_verify"]) == (name, "yes")
    assert ims("glance_show_image", image_id=image["id"]).json == updated
    removed = ims("glance_update_image", [{"op": "remove", "path": "/ims_verify"}], image_id=image["id"]).json
    assert "ims_verify" not in removed


@pytest.mark.writes
def test_wrong_update_changes_nothing(ims: Client, image: dict[str, Any]) -> None:
    """A patch with one change that cannot be leaves the image as it was."""
    changes = [{"op": "replace", "path": "/name", "value": "x"}, {"op": "remove", "path": "/ims_verify_nothing"}]
    ims("glance_update_image", changes, image_id=image["id"], status=409)
    assert ims("glance_show_image", image_id=image["id"]).json["name"] == image["name"]


@pytest.mark.writes
def test_update_of_another_media_type_is_rejected(ims: Client, image: dict[str, Any]) -> None:
    """A patch that is sent as plain JSON is 415."""
    change = [{"op": "replace", "path": "/protected", "value": False}]
    ims("glance_update_image", change, headers={"Content-Type": "application/json"}, status=415, image_id=image["id"])


@pytest.mark.writes
def test_deleted_image_is_gone(ims: Client, new_image: NewImage) -> None:
    """A deleted image is neither shown nor listed, and cannot be deleted again."""
    image = new_image()
    assert ims("glance_delete_image", image_id=image["id"]).body == b""
    ims("glance_show_image", image_id=image["id"], status=404)
    assert ims("glance_list_images", query={"name": image["name"]}).json["images"] == []
    ims("glance_delete_image", image_id=image["id"], status=404)


@pytest.mark.writes
def test_protected_image_is_kept(ims: Client, new_image: NewImage) -> None:
    """A protected image is deleted once its protection is taken away."""
    image_id = new_image(protected=True)["id"]
    ims("glance_delete_image", image_id=image_id, status=403)
    ims("glance_update_image", [{"op": "replace", "path": "/protected", "value": False}], image_id=image_id)
    ims("glance_delete_image", image_id=image_id)


@pytest.mark.writes
@pytest.mark.needs_two_projects
def test_private_image_of_another_project_is_not_found(other: Client, image: dict[str, Any]) -> None:
    """Another project neither sees a private image nor changes it."""
    other("glance_show_image", image_id=image["id"], status=404)
    other("glance_delete_image", image_id=image["id"], status=404)
    assert other("glance_list_images", query={"name": image["name"]}).json["images"] == []
