"""Images that jobs make of servers, disks, files and backups, which the environment gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ims_mock.conformance.client import Client
from ims_mock.conformance.conftest import NewImage
from ims_mock.conformance.made import Made

pytestmark = [pytest.mark.own, pytest.mark.writes, pytest.mark.slow]

Given = Callable[[str], str]

OS_VERSION = "Ubuntu 22.04 server 64bit"


@pytest.fixture
def of_file(made: Made, given: Given) -> dict[str, Any]:
    """The body of a request for an image of a file."""
    return {"name": made.new_name("file"), "image_url": given("IMS_OBS_FILE"), "os_version": OS_VERSION, "min_disk": 40}


def made_by(ims: Client, operation: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the image that an operation has made by a job, which is deleted again."""
    job = ims.wait_for_job(ims(operation, body).json["job_id"])
    image = ims.wait_for_image(job["entities"]["image_id"])
    assert image["name"] == body["name"]
    ims("glance_delete_image", image_id=image["id"])
    return image


@pytest.mark.parametrize("operation", ["create_image", "create_image_in_safe_mode"])
def test_image_of_a_server(ims: Client, made: Made, given: Given, operation: str) -> None:
    """An image of a server says which server it is of."""
    server = given("IMS_SERVER_ID")
    image = made_by(ims, operation, {"name": made.new_name("server"), "instance_id": server})
    assert server in image["__data_origin"]


@pytest.mark.parametrize("operation", ["create_image", "create_image_in_safe_mode"])
def test_image_of_a_file(ims: Client, of_file: dict[str, Any], operation: str) -> None:
    """An image of a file has the system that the request names."""
    assert made_by(ims, operation, of_file)["__os_version"] == OS_VERSION


def test_image_of_a_disk(ims: Client, made: Made, given: Given) -> None:
    """A disk becomes an image."""
    body = {"name": made.new_name("disk"), "volume_id": given("IMS_VOLUME_ID"), "os_version": OS_VERSION}
    made_by(ims, "create_image", body)


@pytest.mark.parametrize("operation", ["create_data_image", "create_data_image_in_safe_mode"])
def test_data_image_of_a_file(ims: Client, made: Made, given: Given, operation: str) -> None:
    """A data image of a file is an image of a data disk."""
    body = {"name": made.new_name("data"), "image_url": given("IMS_OBS_FILE"), "os_type": "Linux", "min_disk": 40}
    assert made_by(ims, operation, body)["virtual_env_type"] == "DataImage"


@pytest.mark.parametrize("operation", ["import_image_quick", "import_image_quick_in_safe_mode"])
def test_image_of_a_file_that_is_imported_quickly(ims: Client, made: Made, given: Given, operation: str) -> None:
    """A RAW or ZVHD2 file becomes an image without being converted."""
    file = given("IMS_OBS_RAW_FILE")
    body = {"name": made.new_name("quick"), "image_url": file, "os_version": OS_VERSION, "min_disk": 40, "type": "ECS"}
    made_by(ims, operation, body)


def test_whole_image_of_a_server(ims: Client, made: Made, given: Given) -> None:
    """A server with all its disks becomes an image, by a backup in a vault."""
    body = {"name": made.new_name("whole"), "instance_id": given("IMS_SERVER_ID"), "vault_id": given("IMS_VAULT_ID")}
    assert str(made_by(ims, "create_whole_image", body)["__whole_image"]).lower() == "true"


def test_image_of_nothing_is_rejected(ims: Client, made: Made) -> None:
    """A request without a source is 400."""
    ims("create_image", {"name": made.new_name("nothing")}, status=400)
    ims("create_whole_image", {"name": made.new_name("nothing")}, status=400)
    ims("create_data_image", {"name": made.new_name("nothing")}, status=400)
    ims("import_image_quick", {"name": made.new_name("nothing")}, status=400)


def test_file_is_registered(ims: Client, new_image: NewImage, given: Given) -> None:
    """A file becomes that of an image without one."""
    image = new_image(__os_version=OS_VERSION)
    job_id = ims("register_image", {"image_url": given("IMS_OBS_FILE")}, image_id=image["id"]).json["job_id"]
    ims.wait_for_job(job_id)
    ims.wait_for_image(image["id"])


@pytest.mark.parametrize("operation", ["export_image", "export_image_in_safe_mode"])
def test_image_is_exported(ims: Client, active_image: dict[str, Any], given: Given, operation: str) -> None:
    """An image becomes a file in a bucket, which the suite cannot delete."""
    folder = given("IMS_OBS_EXPORT_TO")
    url = f"{folder}{active_image['name']}-{operation}.qcow2"
    body = {"bucket_url": url, "file_format": "qcow2"}
    ims.wait_for_job(ims(operation, body, image_id=active_image["id"]).json["job_id"])


def test_wrong_export_is_rejected(ims: Client, active_image: dict[str, Any]) -> None:
    """A format that files cannot have is 400."""
    body = {"bucket_url": "ims-verify:file", "file_format": "paper"}
    ims("export_image", body, status=400, image_id=active_image["id"])
