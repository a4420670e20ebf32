"""delete_old_images.py, against a mock that verifies every signature."""

from __future__ import annotations

from typing import Any

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, SdkException, ServerResponseException

from delete_old_images import delete_old_images, new_client
from ims_mock import Fail, ImsMock

pytestmark = pytest.mark.ims_mock(auth="strict")


@pytest.fixture
def client(ims_mock_env: dict[str, str]) -> Any:
    """The program's client, which finds the mock by its environment."""
    return new_client()


def add_nightly(mock: ImsMock, count: int, **attributes: Any) -> None:
    """Add some images of nightly builds, one a second."""
    for number in range(count):
        mock.clock.advance(1)
        mock.add_image(name=f"web-{number}", tags=["nightly"], status="active", **attributes)


def names(mock: ImsMock) -> list[str]:
    """Return the names of all images."""
    return [image["name"] for image in mock.images.values()]


def test_newest_images_are_kept(client: Any, ims_mock: ImsMock) -> None:
    """The newest images stay, and so do those without the tag."""
    ims_mock.add_image(name="release")
    add_nightly(ims_mock, 5)
    assert delete_old_images(client, "nightly", keep=3) == ["web-1", "web-0"]
    assert names(ims_mock) == ["release", "web-2", "web-3", "web-4"]


def test_many_images(client: Any, ims_mock: ImsMock) -> None:
    """Images of every page are deleted."""
    add_nightly(ims_mock, 120)
    assert len(delete_old_images(client, "nightly", keep=1)) == 119
    assert names(ims_mock) == ["web-119"]


def test_protected_images_are_kept(client: Any, ims_mock: ImsMock) -> None:
    """A protected image stays, however old it is."""
    add_nightly(ims_mock, 2, protected=True)
    assert delete_old_images(client, "nightly", keep=0) == []


def test_outage(client: Any, ims_mock: ImsMock) -> None:
    """An outage in the middle ends the program, which can be run again."""
    add_nightly(ims_mock, 3)
    ims_mock.faults.add(Fail(503), operation="glance_delete_image", skip=1, times=1)
    with pytest.raises(ServerResponseException):
        delete_old_images(client, "nightly", keep=1)
    assert names(ims_mock) == ["web-0", "web-2"]
    assert delete_old_images(client, "nightly", keep=1) == ["web-0"]


def test_permissions(client: Any, ims_mock: ImsMock) -> None:
    """The program needs to list and to delete, and is refused what it may not."""
    add_nightly(ims_mock, 1)
    with ims_mock.deny("ims:images:delete"), pytest.raises(ClientRequestException) as caught:
        delete_old_images(client, "nightly", keep=0)
    assert (caught.value.status_code, caught.value.error_code) == (403, "IMG.0026")
    assert ims_mock.policy()["Statement"][0]["Action"] == ["ims:images:delete", "ims:images:list"]


@pytest.fixture
def two_pages(ims_mock: ImsMock) -> None:
    """More images than a page has."""
    add_nightly(ims_mock, 53)


@pytest.mark.usefixtures("ims_mock_env", "two_pages")
@pytest.mark.ims_mock_sweep(allowed=[SdkException, OSError])
def test_every_failure(ims_mock: ImsMock) -> None:
    """Whatever fails, no image is deleted that is to be kept; what is not deleted is so in the next run."""
    try:
        assert delete_old_images(new_client(), "nightly", keep=51) == ["web-1", "web-0"]
    finally:
        assert {f"web-{number}" for number in range(2, 53)} <= set(names(ims_mock))
