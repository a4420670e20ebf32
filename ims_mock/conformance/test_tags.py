"""The tags of an image, as texts."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.conformance.client import Client

pytestmark = [pytest.mark.native, pytest.mark.writes]


def test_tag_is_set_and_deleted(ims: Client, image: dict[str, Any]) -> None:
    """A tag is in its image until it is deleted."""
    ims("glance_create_tag", image_id=image["id"], tag="verified")
    assert ims("glance_show_image", image_id=image["id"]).json["tags"] == ["verified"]
    ims("glance_delete_tag", image_id=image["id"], tag="verified")
    assert ims("glance_show_image", image_id=image["id"]).json["tags"] == []


def test_image_is_listed_by_its_tag(ims: Client, image: dict[str, Any]) -> None:
    """A list of a tag and a name has the image with both."""
    ims("glance_create_tag", image_id=image["id"], tag="verified")
    listed = ims("glance_list_images", query={"tag": "verified", "name": image["name"]}).json["images"]
    assert [found["id"] for found in listed] == [image["id"]]


def test_missing_tag_is_not_found(ims: Client, image: dict[str, Any]) -> None:
    """A tag that the image does not have cannot be deleted."""
    ims("glance_delete_tag", image_id=image["id"], tag="nothing", status=404)
