"""Runs of Terraform's provider: each of its resources and data sources, to destroy, with every credential verified."""

from __future__ import annotations

from contextlib import closing
from typing import Any, NamedTuple

import pytest

from ims_mock import ImsMock
from tests.terraform import DELETE, POLLS, READ, Json, Provider, ProviderError, asked

SERVER = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"
VOLUME = "c5dfbd0c-bf0a-4798-a453-61dc6b54aa30"
VAULT = "302a6ef9-c0a9-4f8c-8f2e-1e8ab1c6d0d4"
BACKUP = "b1c68c0d-8a09-4a41-a4c5-7a2b8b6f4c2e"
FIRST, SECOND = "b1c1f9a5-6d6e-4a3a-9a39-6f3c3e7f3a10", "0d7b2d4e-8f6a-4c1b-9e3d-5a7c9b1d3f50"
"""Two enterprise projects."""

CENTOS, UBUNTU = "CentOS 7.4 64bit", "Ubuntu 19.04 server 64bit"
ACTION, DATA = "/v2/cloudimages/action", "/v1/cloudimages/dataimages/action"
WHOLE, QUICK = "/v1/cloudimages/wholeimages/action", "/v2/cloudimages/quickimport/action"
TAGS = [{"key": "foo", "value": "bar"}]


class Shape(NamedTuple):
    """One way in which a resource makes an image: its request, and where the image says that it is from."""

    path: str
    body: Json
    origin: str
    deletion: Json | None = None


SHAPES = {
    "ims_ecs_system_image": Shape(ACTION, {"instance_id": SERVER}, f"instance,{SERVER}"),
    "ims_evs_system_image": Shape(
        ACTION, {"volume_id": VOLUME, "os_version": CENTOS, "type": "ECS"}, f"volume,{VOLUME}"
    ),
    "ims_obs_system_image": Shape(
        ACTION,
        {"image_url": "bucket:a.qcow2", "min_disk": 40, "os_version": CENTOS, "is_config": True, "type": "ECS"},
        "file,bucket:a.qcow2",
    ),
    "ims_obs_system_image of BMS": Shape(
        ACTION, {"image_url": "bucket:a.qcow2", "min_disk": 40, "type": "BMS"}, "file,bucket:a.qcow2"
    ),
    "ims_obs_iso_image": Shape(
        ACTION,
        {
            "image_url": "bucket:a.iso",
            "min_disk": 10,
            "os_version": UBUNTU,
            "type": "IsoImage",
            "architecture": "arm",
        },
        "file,bucket:a.iso",
    ),
    "ims_obs_data_image": Shape(
        DATA, {"image_url": "bucket:a.vhd", "min_disk": 100, "os_type": "Linux"}, "file,bucket:a.vhd"
    ),
    "ims_ecs_whole_image": Shape(
        WHOLE, {"instance_id": SERVER, "vault_id": VAULT}, f"server_backup,{VAULT}", {"delete_backup": True}
    ),
    "ims_cbr_whole_image": Shape(
        WHOLE, {"backup_id": BACKUP, "whole_image_type": "CBR"}, f"server_backup,{BACKUP}", {"delete_backup": False}
    ),
    "images_image of a backup": Shape(
        WHOLE, {"backup_id": BACKUP, "whole_image_type": "CBR"}, f"server_backup,{BACKUP}"
    ),
    "images_image of a server and a vault": Shape(
        WHOLE, {"instance_id": SERVER, "vault_id": VAULT}, f"server_backup,{VAULT}"
    ),
}


def created(provider: Provider, shape: Shape, **more: Any) -> str:
    """Ask for an image, wait for its job, and return its id."""
    body = {"name": "tf", "image_tags": TAGS, "enterprise_project_id": FIRST, **shape.body, **more}
    entities = provider.entities_of(provider.request("POST", shape.path, body))
    image_id: str = entities["image_id"]
    return image_id


@pytest.mark.parametrize("name", SHAPES)
def test_image_by_a_job(mock: ImsMock, provider: Provider, name: str) -> None:
    """A resource is created, read, updated field by field, moved to another enterprise project, and destroyed."""
    shape = SHAPES[name]
    image_id = created(provider, shape)
    image, tags = provider.read(image_id)
    assert (image["name"], image["status"], tags) == ("tf", "active", {"foo": "bar"})
    assert (image["__data_origin"], image["enterprise_project_id"]) == (shape.origin, FIRST)
    assert (image.get("__whole_image") == "true") == (shape.path == WHOLE)
    assert (image.get("__support_arm") == "true") == ("architecture" in shape.body)
    for field, value in (("name", "tf2"), ("__description", "text"), ("max_ram", 4096), ("min_ram", 1024)):
        provider.replace(image_id, field, value)
    provider.replace_tags(image_id, tags, {"foo": "baz", "key": "value"})
    provider.migrate(image_id, SECOND)
    image, tags = provider.read(image_id)
    assert (image["name"], image["__description"], image["max_ram"], image["min_ram"]) == ("tf2", "text", "4096", 1024)
    assert (image["enterprise_project_id"], tags) == (SECOND, {"foo": "baz", "key": "value"})
    provider.destroy(image_id, shape.deletion)
    (create, *rest) = asked(mock)
    assert create in ("create_image", "create_data_image", "create_whole_image")
    assert rest == [
        *["show_job"] * POLLS,
        *READ,
        # The description and the memory are added, as the image had neither.
        *["update_image"] * 6,
        *["batch_add_or_delete_tags"] * 2,
        "migrate_resource",
        *["show_resource_bind_enterprise_project"] * 2,
        *READ,
        *DELETE,
    ]


def test_evs_data_image(mock: ImsMock, provider: Provider) -> None:
    """The id of a data image of a disk is in the first job within the job."""
    disk = {"name": "tf", "volume_id": VOLUME, "description": "", "image_tags": TAGS}
    body = {"data_images": [disk], "enterprise_project_id": FIRST}
    entities = provider.entities_of(provider.request("POST", ACTION, body))
    image, tags = provider.read(entities["sub_jobs_result"][0]["entities"]["image_id"])
    assert (image["__data_origin"], image["enterprise_project_id"]) == (f"volume,{VOLUME}", FIRST)
    assert (image["virtual_env_type"], tags) == ("DataImage", {"foo": "bar"})
    provider.replace(image["id"], "__description", "text")
    provider.destroy(image["id"])
    assert asked(mock) == ["create_image", *["show_job"] * POLLS, *READ, "update_image", *DELETE]


def test_whole_image_names_its_server(mock: ImsMock, provider: Provider) -> None:
    """The read of a full-ECS image asks for its backup, which has the server and the vault, and goes with the image."""
    shape = SHAPES["ims_ecs_whole_image"]
    image_id = created(provider, shape)
    image, _ = provider.read(image_id)
    path = f"/v3/{provider.project_id}/backups/{image['__backup_id']}"
    backup = provider.request("GET", path)["backup"]
    assert (backup["resource_id"], backup["vault_id"]) == (SERVER, VAULT)
    provider.destroy(image_id, shape.deletion)
    assert asked(mock) == ["create_whole_image", *["show_job"] * POLLS, *READ, "show_backup", *DELETE]


QUICKLY = {
    "ims_quickimport_system_image": {
        "os_version": CENTOS,
        "type": "ECS",
        "hw_firmware_type": "uefi",
        "license_type": "byol",
    },
    "ims_quickimport_data_image": {"os_type": "Linux", "type": "DataImage"},
}


@pytest.mark.parametrize("name", QUICKLY)
def test_quick_import(mock: ImsMock, provider: Provider, name: str) -> None:
    """The job is read once more at its end, several changes go in one update, and an emptied description stays."""
    shape = Shape(QUICK, {"image_url": "bucket:a.zvhd2", "min_disk": 40, "description": "text", **QUICKLY[name]}, "")
    body = {"name": "tf", "image_tags": TAGS, "enterprise_project_id": FIRST, **shape.body}
    begun = provider.request("POST", shape.path, body)
    provider.entities_of(begun)
    image_id = provider.request("GET", f"/v1/{provider.project_id}/jobs/{begun['job_id']}")["entities"]["image_id"]
    image, _ = provider.read(image_id)
    assert {"__description": "text", **{key: QUICKLY[name].get(key) for key in ("license_type",)}} == {
        key: image.get(key) for key in ("__description", "license_type")
    }
    changes: list[Json] = [
        {"op": "replace", "path": "/name", "value": "tf2"},
        {"op": "replace", "path": "/__description", "value": ""},
        {"op": "replace", "path": "/hw_firmware_type", "value": "bios"},
    ]
    provider.request("PATCH", f"/v2/cloudimages/{image_id}", changes)
    image, _ = provider.read(image_id)
    assert (image["name"], image["__description"], image["hw_firmware_type"]) == ("tf2", "", "bios")
    provider.migrate(image_id, SECOND)
    provider.destroy(image_id, looks_before=False)
    filters = ["show_resource_bind_enterprise_project"] * 2
    polls = ["show_job"] * (POLLS + 1)
    moved = ["migrate_resource", *filters]
    assert asked(mock) == ["import_image_quick", *polls, *READ, "update_image", *READ, *moved, *DELETE[1:]]


def test_image_metadata_and_its_registration(mock: ImsMock, provider: Provider) -> None:
    """A queued image has what the provider reads; the registration gives it a file, and its destroy deletes it."""
    body = {"__os_version": CENTOS, "visibility": "private", "name": "tf", "protected": False}
    more = {"container_format": "bare", "disk_format": "vhd", "tags": ["a.b"], "min_ram": 1024, "min_disk": 40}
    image_id = provider.request("POST", "/v2/images", {**body, **more})["id"]
    queued = provider.find(image_id)
    assert queued is not None
    assert (queued["status"], queued["__platform"], queued["__os_bit"]) == ("queued", "CentOS", "64")
    begun = provider.request("PUT", f"/v1/cloudimages/{image_id}/upload", {"image_url": "bucket:a.vhd"})
    provider.entities_of(begun)
    image = provider.find(image_id)
    assert image is not None
    assert (image["status"], image["__data_origin"]) == ("active", "file,bucket:a.vhd")
    provider.destroy(image_id, looks_before=False)
    job = ["show_job"] * POLLS
    create = ["glance_create_image_metadata", "list_images"]
    assert asked(mock) == [*create, "register_image", *job, "list_images", *DELETE[1:]]


@pytest.mark.parametrize("version", ["v1", "v2.1"])
def test_image_export(mock: ImsMock, provider: Provider, version: str) -> None:
    """An export is a job; neither its read nor its destroy asks for anything."""
    image_id = mock.add_image(name="a", data=b"abc")["id"]
    body = {"bucket_url": "bucket:a.qcow2", "file_format": "qcow2"}
    provider.entities_of(provider.request("POST", f"/{version}/cloudimages/{image_id}/file", body))
    export = "export_image" if version == "v1" else "export_image_in_safe_mode"
    assert asked(mock) == [export, *["show_job"] * POLLS]


@pytest.mark.parametrize("across", [False, True])
def test_image_copy(mock: ImsMock, provider: Provider, across: bool) -> None:
    """A copy has a memory that can be replaced at once, both bounds in one update, and is destroyed as any image."""
    source = created(provider, SHAPES["ims_obs_system_image"])
    mock.journal.clear()
    body: Json = {"name": "copy", "description": "", "enterprise_project_id": FIRST}
    path = f"/v1/cloudimages/{source}/copy"
    if across:
        path = f"/v1/cloudimages/{source}/cross_region_copy"
        body |= {"region": "cn-south-1", "project_name": "cn-south-1", "agency_name": "agency"}
    image_id = provider.entities_of(provider.request("POST", path, body))["image_id"]
    changes = [
        {"op": "replace", "path": f"/{name}", "value": value} for name, value in (("max_ram", 4096), ("min_ram", 1024))
    ]
    provider.request("PATCH", f"/v2/cloudimages/{image_id}", changes)
    tags = {"action": "create", "tags": TAGS}
    provider.request("POST", f"/v2/{provider.project_id}/images/{image_id}/tags/action", tags, success={204})
    image, tags_read = provider.read(image_id)
    assert (image["__data_origin"], image["__description"]) == (f"image,cn-north-4,{source}", "")
    assert (image["max_ram"], image["min_ram"], tags_read) == ("4096", 1024, {"foo": "bar"})
    provider.replace(image_id, "name", "copy2")
    provider.migrate(image_id, SECOND)
    provider.destroy(image_id)
    copy = "copy_image_cross_region" if across else "copy_image_in_region"
    changed = ["update_image", "migrate_resource", *["show_resource_bind_enterprise_project"] * 2]
    made = [copy, *["show_job"] * POLLS, "update_image", "batch_add_or_delete_tags"]
    assert asked(mock) == [*made, *READ, *changed, *DELETE]


def test_image_share_and_its_accepter(mock: ImsMock, provider: Provider) -> None:
    """The owner shares, the other project accepts, and destroys reject and end it; each is a job, polled fast."""
    image_id = created(provider, SHAPES["ims_obs_system_image"])
    path = "/v1/cloudimages/members"
    with closing(Provider(mock, "alt")) as other:
        other.start()
        mock.journal.clear()
        sharing = {"images": [image_id], "projects": [other.project_id]}
        decision: Json = {"images": [image_id], "project_id": other.project_id}
        shared = f"/v2/cloudimages?id={image_id}&__imagetype=shared"

        def work(who: Provider, method: str, body: Json) -> None:
            who.entities_of(who.request(method, path, body, success={200}), first=1, then=1)

        work(provider, "POST", sharing)
        assert [item["id"] for item in provider.request("GET", shared)["images"]] == [image_id]
        work(other, "PUT", {**decision, "status": "accepted"})
        (seen,) = other.request("GET", shared)["images"]
        assert (seen["id"], seen["__imagetype"]) == (image_id, "shared")
        (member,) = provider.request("GET", f"/v1/{provider.project_id}/cloudimages/{image_id}/members")["members"]
        assert (member["member_id"], member["status"]) == (other.project_id, "accepted")
        assert all(isinstance(member[key], str) and member[key] for key in ("schema", "member_type", "updated_at"))
        work(other, "PUT", {**decision, "status": "rejected"})
        assert other.request("GET", shared)["images"] == []
        work(provider, "DELETE", sharing)
        assert provider.request("GET", shared)["images"] == []
    polls = ["show_job"] * POLLS
    shown = ["list_images", "batch_update_members", *polls, "list_images"]
    ended = ["batch_delete_members", *polls, "list_images"]
    accepted = ["batch_add_members", *polls, *shown, "list_image_members"]
    assert asked(mock) == [*accepted, "batch_update_members", *polls, "list_images", *ended]


def test_images_image_of_a_disk(mock: ImsMock, provider: Provider) -> None:
    """The deprecated resource writes tags as text, the memory as text, and reads the job once more for the image."""
    disk = {"name": "tf", "volume_id": VOLUME, "tags": ["foo.bar"]}
    begun = provider.request("POST", ACTION, {"data_images": [disk]})
    provider.entities_of(begun)
    job = provider.request("GET", f"/v1/{provider.project_id}/jobs/{begun['job_id']}")
    image, tags = provider.read(job["entities"]["sub_jobs_result"][0]["entities"]["image_id"])
    assert tags == {"foo": "bar"}
    changes = [{"op": "replace", "path": "/max_ram", "value": "4096"}]
    with pytest.raises(ProviderError) as caught:
        provider.request("PATCH", f"/v2/cloudimages/{image['id']}", changes)
    assert (caught.value.status, caught.value.document["error"]["code"]) == (400, "IMG.0035")
    provider.request("PATCH", f"/v2/cloudimages/{image['id']}", [{"op": "add", "path": "/max_ram", "value": 4096}])
    provider.destroy(image["id"])
    assert asked(mock) == ["create_image", *["show_job"] * (POLLS + 1), *READ, *["update_image"] * 2, *DELETE]


def test_images_image_v2(mock: ImsMock, provider: Provider) -> None:
    """The native resource creates an image, uploads its file, and looks until it is active."""
    body = {"name": "tf", "container_format": "bare", "disk_format": "qcow2", "min_disk": 40, "tags": ["foo.bar"]}
    image = provider.request("POST", "/v2/images", {**body, "visibility": "private"})
    provider.upload(image["id"], b"0123456789")
    path = f"/v2/images/{image['id']}"
    provider.wait(lambda: provider.request("GET", path)["status"] == "active", first=10, then=3)
    provider.request("DELETE", path)
    with pytest.raises(ProviderError, match="404"):
        provider.request("GET", path)
    create, show = ["glance_create_image_metadata", "glance_upload_image"], "glance_show_image"
    assert asked(mock) == [*create, show, "glance_delete_image", show]


def test_kms_key(mock: ImsMock, provider: Provider) -> None:
    """The key of an image is created, looked at until it is enabled, and ends as pending deletion.

    The provider asks for its tags and its rotation too, which are not served, and goes on without them.
    """
    path = f"/v1.0/{provider.project_id}/kms"
    key_id = provider.request("POST", f"{path}/create-key", {"key_alias": "tf"})["key_info"]["key_id"]

    def described() -> Json:
        shown: Json = provider.request("POST", f"{path}/describe-key", {"key_id": key_id})["key_info"]
        assert {type(value) for value in shown.values()} == {str}
        return shown

    provider.wait(lambda: described()["key_state"] == "2", first=10, then=3)
    assert described()["key_alias"] == "tf"
    for method, target in (("GET", f"{path}/{key_id}/tags"), ("POST", f"{path}/get-key-rotation-status")):
        with pytest.raises(ProviderError, match="404"):
            provider.request(method, target, {"key_id": key_id} if method == "POST" else None)
    image_id = created(provider, SHAPES["ims_obs_system_image"], cmk_id=key_id)
    image, _ = provider.read(image_id)
    assert image["__system__cmkid"] == key_id
    provider.destroy(image_id)
    assert described()["key_state"] == "2"
    deletion = {"key_id": key_id, "pending_days": "7"}
    assert provider.request("POST", f"{path}/schedule-key-deletion", deletion)["key_state"] == "4"
    life = ["create_image", *["show_job"] * POLLS, *READ, *DELETE]
    shown = "list_key_detail"
    assert asked(mock) == ["create_key", shown, shown, None, None, *life, shown, "delete_key"]
