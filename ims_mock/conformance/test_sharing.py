"""Images that are shared with another project by a job."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.conformance.client import Client

pytestmark = [pytest.mark.own, pytest.mark.writes]


def test_members_are_listed(ims: Client, active_image: dict[str, Any]) -> None:
    """A private image has no members."""
    assert ims("list_image_members", image_id=active_image["id"]).json["members"] == []


def test_sharing_with_nobody_is_rejected(ims: Client, active_image: dict[str, Any]) -> None:
    """A list of projects that is empty is 400."""
    ims("batch_add_members", {"images": [active_image["id"]], "projects": []}, status=400)


@pytest.mark.slow
@pytest.mark.needs_two_projects
def test_image_is_shared(ims: Client, other: Client, active_image: dict[str, Any]) -> None:
    """A job shares an image, another one accepts it, and a third one ends the sharing."""
    image_id = active_image["id"]
    shared = {"images": [image_id], "projects": [other.project_id]}
    ims.wait_for_job(ims("batch_add_members", shared).json["job_id"])
    try:
        shown = ims("show_image_member", image_id=image_id, member_id=other.project_id).json
        assert shown["status"] == "pending"
        listed = ims("list_image_members", image_id=image_id).json["members"]
        assert [item["member_id"] for item in listed] == [other.project_id]
        accepted = {"images": [image_id], "project_id": other.project_id, "status": "accepted"}
        other.wait_for_job(other("batch_update_members", accepted).json["job_id"])
        assert other("glance_show_image", image_id=image_id).json["id"] == image_id
    finally:
        ims.wait_for_job(ims("batch_delete_members", shared).json["job_id"])
    other("glance_show_image", image_id=image_id, status=404)
