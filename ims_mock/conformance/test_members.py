"""Images that are shared with another project, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.conformance.client import Client

pytestmark = [pytest.mark.native, pytest.mark.writes]

SOMEBODY = "0" * 32
"""The id of a project that need not be there."""


def test_no_image_has_members_at_first(ims: Client, active_image: dict[str, Any]) -> None:
    """A private image is shared with nobody."""
    assert ims("glance_list_image_members", image_id=active_image["id"]).json["members"] == []


def test_project_that_is_no_member_is_not_found(ims: Client, active_image: dict[str, Any]) -> None:
    """A member is shown, and removed, if it is one."""
    path = {"image_id": active_image["id"], "member_id": SOMEBODY}
    ims("glance_show_image_member", status=404, **path)
    ims("glance_delete_image_member", status=404, **path)


@pytest.mark.needs_two_projects
def test_image_is_shared(ims: Client, other: Client, active_image: dict[str, Any]) -> None:
    """A member sees the image, accepts it, has it in its list, and loses it when it is removed."""
    image_id, path = active_image["id"], {"image_id": active_image["id"], "member_id": other.project_id}
    added = ims("glance_add_image_member", {"member": other.project_id}, image_id=image_id).json
    try:
        assert (added["member_id"], added["status"]) == (other.project_id, "pending")
        ims("glance_add_image_member", {"member": other.project_id}, image_id=image_id, status=409)
        listed = ims("glance_list_image_members", image_id=image_id).json["members"]
        assert [item["member_id"] for item in listed] == [other.project_id]
        assert other("glance_show_image", image_id=image_id).json["id"] == image_id
        ims("glance_update_image_member", {"status": "accepted"}, status=403, **path)
        assert other("glance_update_image_member", {"status": "accepted"}, **path).json["status"] == "accepted"
        assert ims("glance_show_image_member", **path).json["status"] == "accepted"
        query = {"visibility": "shared", "name": active_image["name"]}
        assert [item["id"] for item in other("glance_list_images", query=query).json["images"]] == [image_id]
        other("glance_update_image", [{"op": "replace", "path": "/name", "value": "x"}], status=403, image_id=image_id)
    finally:
        ims("glance_delete_image_member", **path)
    other("glance_show_image", image_id=image_id, status=404)
    assert ims("glance_list_image_members", image_id=image_id).json["members"] == []
