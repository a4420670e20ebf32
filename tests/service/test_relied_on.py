"""The types that Terraform's provider relies on, over every image of the catalogue and of every job."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from ims_mock.contract import schema_files
from ims_mock.contract.operations import load_contract
from ims_mock.service.catalogue import load_public_images, public_images
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


MAKERS = [
    operation.id
    for operation in load_contract().operations.values()
    if operation.job_types and operation.resource != "sharing"
]


@pytest.mark.parametrize("name", MAKERS)
def test_job(name: str) -> None:
    """What the example of each operation with a job makes can be read, under way and at the end, and so can the job."""
    api = Api(jobs={"*": 60})
    operation = load_contract().operations[name]
    image = api.create(name="a")
    if name != "register_image":
        api("PUT", image["file"], b"012", Content_Type="application/octet-stream")
    example = schema_files.read(operation.source)["requestBody"]["content"]["application/json"]["example"]
    response = api(operation.method, operation.path.format(image_id=image["id"]), example)
    assert response.status_code == 200, response.headers
    job_id = response.get_json()["job_id"]
    for seconds in (0, 30, 60):
        api.clock.advance(seconds)
        job = api("GET", f"/v1/{api.service.auth.project_id}/jobs/{job_id}").get_json()
        assert {type(job[key]) for key in ("status", "job_id", "job_type")} == {str}
        assert {item["name"]: faults for item in listed(api) if (faults := list(faults_of(item)))} == {}
    assert job["status"] == "SUCCESS", json.dumps(job)


@pytest.mark.parametrize(
    ("name", "value"),
    [("__os_bit", 64), ("max_ram", 5), ("protected", "true"), ("min_disk", "40"), ("__whole_image", "True")],
)
def test_wrong_type_is_found(api: Api, name: str, value: Any) -> None:
    """The check finds what the provider could not read."""
    assert list(faults_of({**api.create(), name: value})) != []
