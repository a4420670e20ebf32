"""Images in IMS's own API: lists, updates, the quota and the versions of operating systems."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.conformance.client import Client
from ims_mock.conformance.made import Made

pytestmark = pytest.mark.own


def test_images_are_listed(ims: Client) -> None:
    """A list has at most as many images as its limit."""
    assert len(ims("list_images", query={"limit": 2}).json["images"]) <= 2


def test_list_has_what_its_filter_has(ims: Client) -> None:
    """A list of public images has no other one."""
    images = ims("list_images", query={"__imagetype": "gold", "limit": 5}).json["images"]
    assert {image["__imagetype"] for image in images} <= {"gold"}


@pytest.mark.parametrize("query", [{"__imagetype": "paper"}, {"limit": "many"}, {"sort_dir": "up"}])
def test_wrong_list_is_rejected(ims: Client, query: dict[str, str]) -> None:
    """A parameter of a list that cannot be is 400."""
    ims("list_images", query=query, status=400)


def test_quota_is_shown(ims: Client) -> None:
    """The quota says how many images there are, and how many there can be."""
    (quota,) = ims("show_image_quota").json["quotas"]["resources"]
    assert (quota["type"], 0 <= quota["min"] <= quota["max"]) == ("image", True)


def test_versions_of_systems_are_listed(ims: Client) -> None:
    """There are platforms, and each has versions, which name it."""
    platforms = ims("list_os_versions").json
    assert platforms
    for found in platforms:
        assert {version["platform"] for version in found["version_list"]} == {found["platform"]}


@pytest.mark.writes
def test_image_with_a_file_is_listed(ims: Client, active_image: dict[str, Any]) -> None:
    """A list of a name has the image of that name, and no other."""
    images = ims("list_images", query={"name": active_image["name"]}).json["images"]
    assert [image["id"] for image in images] == [active_image["id"]]


@pytest.mark.writes
def test_used_quota_counts_images(ims: Client, active_image: dict[str, Any]) -> None:
    """An image counts in the quota."""
    (quota,) = ims("show_image_quota").json["quotas"]["resources"]
    assert active_image["status"] == "active"
    assert quota["used"] >= 1


@pytest.mark.writes
def test_image_is_updated(ims: Client, active_image: dict[str, Any], made: Made) -> None:
    """A patch replaces an attribute, and the image shown in the other API has it."""
    changes = [{"op": "replace", "path": "/name", "value": made.new_name("renamed")}]
    updated = ims("update_image", changes, image_id=active_image["id"]).json
    try:
        assert updated["name"] == changes[0]["value"]
        assert ims("glance_show_image", image_id=active_image["id"]).json["name"] == updated["name"]
    finally:
        back = [{"op": "replace", "path": "/name", "value": active_image["name"]}]
        ims("update_image", back, image_id=active_image["id"])


@pytest.mark.writes
def test_wrong_update_is_rejected(ims: Client, active_image: dict[str, Any]) -> None:
    """An attribute that the service sets cannot be changed."""
    changes = [{"op": "replace", "path": "/created_at", "value": "now"}]
    ims("update_image", changes, status=400, image_id=active_image["id"])
