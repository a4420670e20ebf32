"""What is left of the first version of Glance's API, which a Glance of today does not have."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.conformance.client import Client
from ims_mock.conformance.conftest import NewImage

pytestmark = pytest.mark.own


def test_images_are_listed_in_detail(ims: Client, any_image: dict[str, Any]) -> None:
    """A list of the first version has images, where there are some."""
    assert any_image["id"]
    assert ims("glance_list_images_detail_v1").json["images"]


def test_image_is_shown_in_headers(ims: Client, any_image: dict[str, Any]) -> None:
    """An image is shown in the headers of a response without a body."""
    shown = ims("glance_show_image_metadata_v1", image_id=any_image["id"])
    assert (shown.header("X-Image-Meta-id"), shown.body) == (any_image["id"], b"")


@pytest.mark.writes
def test_image_is_deleted(ims: Client, new_image: NewImage) -> None:
    """An image is deleted with 200, and is gone."""
    image_id = new_image()["id"]
    ims("glance_delete_image_v1", image_id=image_id)
    ims("glance_show_image", image_id=image_id, status=404)
