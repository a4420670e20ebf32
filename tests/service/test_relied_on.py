"""The types that Terraform's provider relies on, over every image of the catalogue and of every job."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from ims_mock.contract.operations import load_contract
from ims_mock.service.catalogue import add_image, load_public_images, public_images
from tests.conftest import Api

BOOLEANS = {"protected", "__system_support_market", "__system_support_export", "deleted"}
NUMBERS = {"min_ram", "min_disk", "size", "virtual_size"}
NEEDED = {
    *("id", "name", "status", "updated_at", "created_at", "min_ram", "min_disk", "protected", "visibility", "tags"),
    *("__imagetype", "__image_size", "__isregistered", "__platform", "__os_type", "__os_bit", "__os_version"),
    *("__image_source_type", "virtual_env_type", "file", "self", "schema", "owner", "disk_format", "container_format"),
}
"""What every image has, a queued one too."""

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
ORIGIN = re.compile(r"(?:(?:instance|volume|server_backup),[^,]+|file,[^,:]+:.+|image,[^,]+,[^,]+)?")


def faults_of(image: dict[str, Any]) -> Iterator[str]:
    """Yield what the provider could not read in an image: it has text for everything that is not named here."""
    yield from (f"{name} is missing" for name in NEEDED - image.keys())
    for name, value in image.items():
        wanted = bool if name in BOOLEANS else int if name in NUMBERS else list if name == "tags" else str
        if type(value) is not wanted and not (value is None and name in ("__data_origin", "virtual_size")):
            yield f"{name} is {value!r}"
        if name.endswith("_at") and not TIME.fullmatch(str(value)):
            yield f"{name} is {value!r}"
    if image["status"] == "active" and "active_at" not in image:
        yield "active_at is missing"
    if not {image.get(name, "true") for name in ("__support_arm", "__whole_image")} <= {"true", "false"}:
        yield "a flag that is compared is not in lower case"
    if not ORIGIN.fullmatch(image.get("__data_origin") or ""):
        yield f"__data_origin is {image['__data_origin']!r}"


def listed(api: Api) -> list[dict[str, Any]]:
    """Return what the list has of every image."""
    found = api("GET", "/v2/cloudimages?limit=1000&enterprise_project_id=all_granted_eps").get_json()
    assert isinstance(found["images"], list)
    return list(found["images"])


@pytest.mark.parametrize("cloud", sorted({cloud for cloud, _ in public_images()}))
def test_catalogue(api: Api, cloud: str) -> None:
    """Every public image can be read."""
    load_public_images(api.service.store, cloud)
    assert {image["name"]: faults for image in listed(api) if (faults := list(faults_of(image)))} == {}


@pytest.mark.parametrize("path", ["", "/file"])
def test_native_image(api: Api, path: str) -> None:
    """An image that was created natively can be read while it is queued, and when it is active."""
    image = api.create(name="a", tags=["k=v"])
    if path:
        api("PUT", image["file"], b"012", Content_Type="application/octet-stream")
    (found,) = listed(api)
    assert list(faults_of(found)) == []


ONE, OTHER = "877a2cda-ba63-4e1e-b95f-e67e48b6129a", "5b0b9a1f3c7d4e2f8a6b0c1d2e3f4a5b"
ACTION, DATA = "/v2/cloudimages/action", "/v1/cloudimages/dataimages/action"
QUICK, WHOLE = "/v2/cloudimages/quickimport/action", "/v1/cloudimages/wholeimages/action"
OF_FILE = {"name": "a", "image_url": "bucket:a.zvhd2", "min_disk": 40, "os_version": "CentOS 7.6 64bit"}
MEMBERS = "/v1/cloudimages/members"

JOBS: dict[str, tuple[str, str, Any]] = {
    "imsCreateImageByInstance": ("POST", ACTION, {"name": "a", "instance_id": ONE}),
    "imsVolumeCreateImageJob": ("POST", ACTION, {"name": "a", "volume_id": ONE, "os_version": "CentOS 7.6 64bit"}),
    "imsVolumesToSysDataImagesJob": ("POST", ACTION, {"data_images": [{"name": "a", "volume_id": ONE}]}),
    "imsImportImageJob": ("POST", ACTION, OF_FILE),
    "imsImportImageJob, an ISO file": ("POST", ACTION, {**OF_FILE, "image_url": "bucket:a.iso", "type": "IsoImage"}),
    "imsImportImageJob, of an unknown OS": (
        "POST",
        ACTION,
        {"name": "a", "image_url": "bucket:a.qcow2", "min_disk": 40},
    ),
    "imsImportImageJob, for bare metal": ("POST", ACTION, {**OF_FILE, "type": "BMS"}),
    "imsImportImageJob, quickly": ("POST", QUICK, OF_FILE),
    "imsImportOvaImageJob": ("POST", ACTION, {**OF_FILE, "image_url": "bucket:a.ova"}),
    "imsImportDataImageJob": ("POST", DATA, {"name": "a", "image_url": "bucket:a.qcow2", "min_disk": 40}),
    "imsImportDataImageJob, quickly": (
        "POST",
        QUICK,
        {"name": "a", "image_url": "bucket:a.zvhd2", "min_disk": 40, "type": "DataImage", "os_type": "Linux"},
    ),
    "imsCreateWholeImageByInstanceJob": ("POST", WHOLE, {"name": "a", "instance_id": ONE, "vault_id": ONE}),
    "imsCreateWholeImageByBackupJob": ("POST", WHOLE, {"name": "a", "backup_id": ONE, "whole_image_type": "CBR"}),
    "imsCopyImageInRegionJob": ("POST", "/v1/cloudimages/{active}/copy", {"name": "a", "description": ""}),
    "imsCrossRegionCopyImageJob": (
        "POST",
        "/v1/cloudimages/{active}/cross_region_copy",
        {"name": "a", "description": "", "region": "cn-north-1", "project_name": "cn-north-1", "agency_name": "ims"},
    ),
    "imsNativeExportImageJob": (
        "POST",
        "/v1/cloudimages/{active}/file",
        {"bucket_url": "bucket:a.qcow2", "file_format": "qcow2"},
    ),
    "imsNativeImportImageJob": ("PUT", "/v1/cloudimages/{queued}/upload", {"image_url": "bucket:a.qcow2"}),
    "imsAddImageMembersJob": ("POST", MEMBERS, {"images": ["{active}"], "projects": ["another"]}),
    "imsUpdateImageMembersJob": (
        "PUT",
        MEMBERS,
        {"images": ["{active}"], "project_id": OTHER, "status": "accepted"},
    ),
    "imsDelImageMembersJob": ("DELETE", MEMBERS, {"images": ["{active}"], "projects": [OTHER]}),
}
"""A request for each type of job, and for what else the image of a type can be."""


def test_jobs_are_complete() -> None:
    """There is a request for each type of job that an operation begins."""
    begun = {type_ for operation in load_contract().operations.values() for type_ in operation.job_types}
    assert {name.partition(",")[0] for name in JOBS} == begun


@pytest.mark.parametrize("name", JOBS)
def test_job(name: str) -> None:
    """What a job makes can be read, under way and at the end, and so can the job itself."""
    api = Api(jobs={"*": 60})
    members = {OTHER: "pending"}
    active = add_image(api.service.store, api.service.auth.project_id, {"name": "b"}, data=b"...", members=members)
    request = json.dumps(JOBS[name]).replace("{active}", active["id"]).replace("{queued}", api.create(name="c")["id"])
    method, path, body = json.loads(request)
    caller = OTHER if "Update" in name else api.service.auth.project_id
    response = api(method, path, body, X_Project_Id=caller)
    assert response.status_code == 200, response.headers
    job_id = response.get_json()["job_id"]
    for seconds in (0, 30, 60):
        api.clock.advance(seconds)
        job = api("GET", f"/v1/{caller}/jobs/{job_id}", X_Project_Id=caller).get_json()
        assert {type(job[key]) for key in ("status", "job_id", "job_type")} == {str}
        assert {item["name"]: faults for item in listed(api) if (faults := list(faults_of(item)))} == {}
    assert (job["status"], job["job_type"]) == ("SUCCESS", name.partition(",")[0])


# Other responses


def test_error_code_is_text(api: Api) -> None:
    """The code of an error is text, by which the provider adds what it cannot replace."""
    change = [{"op": "replace", "path": "/max_ram", "value": 4096}]
    image = add_image(api.service.store, api.service.auth.project_id, {"name": "a"}, data=b"...")
    response = api("PATCH", f"/v2/cloudimages/{image['id']}", change)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0035")


def test_members_and_tags_are_arrays(api: Api) -> None:
    """They are arrays where there are some and where there are none, and a member has all its attributes."""
    project = api.service.auth.project_id
    for members in ({}, {OTHER: "accepted"}):
        attributes: dict[str, Any] = {"name": "a", "tags": ["k=v"] if members else []}
        image = add_image(api.service.store, project, attributes, data=b"...", members=members)
        page = api("GET", f"/v1/{project}/cloudimages/{image['id']}/members").get_json()
        assert (type(page["members"]), len(page["members"])) == (list, len(members))
        tags = api("GET", f"/v2/{project}/images/{image['id']}/tags").get_json()["tags"]
        assert (type(tags), len(tags)) == (list, len(members))
    (member,) = page["members"]
    assert page["schema"]
    assert all(member[name] for name in ("member_id", "member_type", "status", "image_id", "schema"))
    assert isinstance(member["urn"], str)
    assert TIME.fullmatch(member["created_at"])
    assert TIME.fullmatch(member["updated_at"])


def test_os_versions_are_an_array(api: Api) -> None:
    """The list of OS versions is an array, and in no object."""
    assert isinstance(api("GET", "/v1/cloudimages/os_version").get_json(), list)


@pytest.mark.parametrize(
    ("name", "value"),
    [("__os_bit", 64), ("max_ram", 5), ("protected", "true"), ("min_disk", "40"), ("__whole_image", "True")],
)
def test_wrong_type_is_found(api: Api, name: str, value: Any) -> None:
    """The check finds what the provider could not read."""
    assert list(faults_of({**api.create(), name: value})) != []
