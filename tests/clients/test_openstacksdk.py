"""openstacksdk, unmodified, against a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ims_mock import ImsMock

pytestmark = [
    # openstacksdk warns of its own deprecations, at every connection and resource, and where it is imported first.
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated"),
]


@pytest.fixture
def image(ims_mock: ImsMock) -> Iterator[Any]:
    """The image service of a connection to the mock."""
    import openstack

    auth = {"endpoint": f"{ims_mock.url}/v2", "token": ims_mock.token}
    with openstack.connection.Connection(auth_type="admin_token", auth=auth) as connection:
        yield connection.image


def test_create_find_list_delete(image: Any, ims_mock: ImsMock) -> None:
    """An image with custom properties is created, found by its name, listed and deleted."""
    created = image.create_image("web", disk_format="qcow2", container_format="bare", team="a")
    assert ims_mock.images[created.id]["team"] == "a"
    assert ims_mock.images[created.id]["owner_specified.openstack.object"] == "images/web"
    assert image.find_image("web").id == created.id
    assert [item.name for item in image.images()] == ["web"]
    image.delete_image(created.id)
    assert ims_mock.images == {}


def test_pages_are_followed(image: Any, ims_mock: ImsMock) -> None:
    """A list of more than a page is fetched to its end."""
    for number in range(60):
        image.create_image(f"image-{number}", allow_duplicates=True)
    assert len({item.id for item in image.images()}) == 60


def test_protected_is_forbidden(image: Any) -> None:
    """Deleting a protected image is the SDK's ForbiddenException, in the service's words."""
    from openstack import exceptions

    created = image.create_image("web", is_protected=True, allow_duplicates=True)
    with pytest.raises(exceptions.ForbiddenException, match="The protected image cannot be deleted"):
        image.delete_image(created.id)
