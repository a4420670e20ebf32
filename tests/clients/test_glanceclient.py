"""python-glanceclient, unmodified, with its own validation, against a real socket."""

from __future__ import annotations

from typing import Any

import glanceclient
import pytest
from glanceclient import exc

from ims_mock import ImsMock


@pytest.fixture
def images(ims_mock: ImsMock) -> Any:
    """The images of a client of the mock."""
    return glanceclient.Client(endpoint=f"{ims_mock.url}/v2", token=ims_mock.token).images


@pytest.mark.parametrize("attributes", [{}, {"disk_format": "zvhd2"}, {"disk_format": "vhd", "team": "a"}])
def test_create_show_list_delete(images: Any, ims_mock: ImsMock, attributes: dict[str, str]) -> None:
    """What the client's validation lets through is created, and the answer passes it too."""
    created = images.create(name="web", **attributes)
    assert attributes.items() <= ims_mock.images[created["id"]].items()
    assert images.get(created["id"])["name"] == "web"
    assert [item["id"] for item in images.list()] == [created["id"]]
    images.delete(created["id"])
    assert ims_mock.images == {}


def test_refusal_is_the_clients_exception(images: Any) -> None:
    """A refusal is HTTPBadRequest, in the service's words."""
    with pytest.raises(exc.HTTPBadRequest, match="The memory or disk size is invalid"):
        images.create(name="web", min_disk=1)


def test_unknown_image_is_not_found(images: Any) -> None:
    """An image that is not there is HTTPNotFound."""
    with pytest.raises(exc.HTTPNotFound):
        images.get("nope")
