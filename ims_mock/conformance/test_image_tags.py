"""The tags of an image, as keys with values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ims_mock.conformance.client import Client

pytestmark = pytest.mark.own

TAG = {"key": "ims-verify", "value": "one"}


@pytest.fixture
def tagged(ims: Client, active_image: dict[str, Any]) -> Iterator[str]:
    """The id of an image with one tag, which is gone after the test."""
    ims("add_image_tag", {"tag": TAG}, image_id=active_image["id"])
    yield active_image["id"]
    tags = ims("list_image_tags", image_id=active_image["id"]).json["tags"]
    if tags:
        ims("batch_add_or_delete_tags", {"action": "delete", "tags": tags}, image_id=active_image["id"])


def tags_of(ims: Client, image_id: str) -> list[dict[str, str]]:
    """Return the tags of an image."""
    tags: list[dict[str, str]] = ims("list_image_tags", image_id=image_id).json["tags"]
    return tags


def test_tags_of_all_images_are_listed(ims: Client) -> None:
    """The tags of a project's images are listed in both forms."""
    assert isinstance(ims("list_images_tags").json["tags"], list)
    assert ims("list_tags").json


def test_images_of_tags_are_counted(ims: Client) -> None:
    """Images are counted by their tags, and a tag that nobody has counts none."""
    wanted = {"action": "count", "tags": [{"key": "ims-verify-nothing", "values": []}]}
    assert ims("list_image_by_tags", wanted).json["total_count"] == 0


@pytest.mark.writes
def test_tag_is_added(ims: Client, tagged: str) -> None:
    """A tag that was added is listed, with its image and with all others, there also as a text."""
    assert tags_of(ims, tagged) == [TAG]
    listed = ims("list_images_tags").json["tags"]
    assert TAG["value"] in next(found["values"] for found in listed if found["key"] == TAG["key"])
    (text,) = ims("list_tags", query={"id": tagged}).json["tags"]
    assert text in ("ims-verify=one", "ims-verify.one")


@pytest.mark.writes
def test_image_is_found_by_its_tag(ims: Client, tagged: str) -> None:
    """The images with a tag are listed."""
    wanted = {"action": "filter", "offset": "0", "limit": "10", "tags": [{"key": TAG["key"], "values": [TAG["value"]]}]}
    found = ims("list_image_by_tags", wanted).json
    assert tagged in [resource["resource_id"] for resource in found["resources"]]


@pytest.mark.writes
def test_tag_is_deleted(ims: Client, tagged: str) -> None:
    """A tag is deleted by its key, once."""
    ims("delete_image_tag", image_id=tagged, key=TAG["key"])
    assert tags_of(ims, tagged) == []
    ims("delete_image_tag", status=404, image_id=tagged, key=TAG["key"])


@pytest.mark.writes
def test_tags_are_set_together(ims: Client, tagged: str) -> None:
    """Several tags are added, and deleted, by one request."""
    more = [{"key": "ims-verify-a", "value": "1"}, {"key": "ims-verify-b", "value": "2"}]
    ims("batch_add_or_delete_tags", {"action": "create", "tags": more}, image_id=tagged)
    assert {tag["key"] for tag in tags_of(ims, tagged)} == {"ims-verify", "ims-verify-a", "ims-verify-b"}
    ims("batch_delete_tags", {"tags": more}, image_id=tagged)
    assert tags_of(ims, tagged) == [TAG]


@pytest.mark.writes
def test_tag_is_set_as_a_text(ims: Client, tagged: str) -> None:
    """A tag that is written with a dot has its key before it, and its value after it."""
    ims("create_or_update_tags", {"image_id": tagged, "tag": "ims-verify.two"})
    assert tags_of(ims, tagged) == [{"key": "ims-verify", "value": "two"}]
