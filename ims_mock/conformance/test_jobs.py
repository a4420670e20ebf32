"""Jobs, and copies that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ims_mock.conformance.client import Client
from ims_mock.conformance.made import Made

pytestmark = pytest.mark.own

UNKNOWN = "0" * 32


@pytest.mark.parametrize("operation", ["show_job", "show_job_progress"])
def test_unknown_job_is_rejected(ims: Client, operation: str) -> None:
    """A job that is not there is 400 in IMS's own API."""
    ims(operation, status=400, job_id=UNKNOWN)


@pytest.mark.writes
@pytest.mark.slow
@pytest.mark.parametrize("operation", ["copy_image_in_region", "copy_image_in_region_in_safe_mode"])
def test_image_is_copied(ims: Client, active_image: dict[str, Any], made: Made, operation: str) -> None:
    """A copy is an image of its own, with its own name and the source's system; the job shows it."""
    name = made.new_name("copy")
    job_id = ims(operation, {"name": name}, image_id=active_image["id"]).json["job_id"]
    job = ims.wait_for_job(job_id)
    copy = ims.wait_for_image(job["entities"]["image_id"])
    assert (copy["name"], copy["id"] != active_image["id"]) == (name, True)
    assert copy["__os_version"] == active_image["__os_version"]
    assert ims("show_job", job_id=job_id).json["status"] == "SUCCESS"
    ims("glance_delete_image", image_id=copy["id"])


@pytest.mark.writes
@pytest.mark.slow
def test_image_is_copied_to_another_region(
    ims: Client, active_image: dict[str, Any], made: Made, given: Callable[[str], str]
) -> None:
    """A copy arrives in another region, whose project and agency the environment gives; it is deleted there by hand."""
    body = {
        "name": made.new_name("copy"),
        "region": given("IMS_TO_REGION"),
        "project_name": given("IMS_TO_PROJECT"),
        "agency_name": given("IMS_TO_AGENCY"),
    }
    ims.wait_for_job(ims("copy_image_cross_region", body, image_id=active_image["id"]).json["job_id"])


@pytest.mark.writes
def test_copy_of_nothing_is_rejected(ims: Client, made: Made) -> None:
    """An image that is not there cannot be copied, and no job begins."""
    body = {"name": made.new_name("copy")}
    ims("copy_image_in_region", body, status=400, image_id="00000000-0000-4000-8000-000000000000")


@pytest.mark.writes
def test_wrong_copy_is_rejected(ims: Client, active_image: dict[str, Any]) -> None:
    """A copy has a name."""
    ims("copy_image_in_region", {"description": "no name"}, status=400, image_id=active_image["id"])
