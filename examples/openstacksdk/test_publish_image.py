"""publish_image.py, against a mock that verifies every token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest

from ims_mock import Fail, ImsMock
from publish_image import PublishError, connect, publish_image

pytestmark = pytest.mark.ims_mock(auth="strict")


@pytest.fixture
def connection(ims_mock_env: dict[str, str]) -> Iterator[Any]:
    """The program's connection, which finds the mock by its environment, as the user demo."""
    with connect() as connection:
        yield connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A disk image."""
    path = tmp_path / "web.qcow2"
    path.write_bytes(b"QFI\xfb" + bytes(1000))
    return path


def test_image_is_uploaded(connection: Any, ims_mock: ImsMock, path: Path) -> None:
    """The image is active, and has the file's size."""
    image_id = publish_image(connection, "web", path, [])
    image = ims_mock.images[image_id]
    assert (image["name"], image["status"], image["size"]) == ("web", "active", 1004)


def test_image_is_shared(connection: Any, ims_mock: ImsMock, path: Path) -> None:
    """A project that the image is shared with can download it."""
    image_id = publish_image(connection, "web", path, [ims_mock.accounts.projects["alt"].id])
    with openstack.connect(cloud="ims_mock", auth={"username": "alt", "project_name": "alt"}) as alt:
        assert alt.image.download_image(image_id).content == path.read_bytes()


def test_second_run_changes_nothing(connection: Any, ims_mock: ImsMock, path: Path) -> None:
    """An image that is published twice is one image, shared once."""
    project_ids = [ims_mock.accounts.projects["alt"].id]
    first = publish_image(connection, "web", path, project_ids)
    assert publish_image(connection, "web", path, project_ids) == first
    assert list(ims_mock.images) == [first]


def test_failed_upload_leaves_nothing(connection: Any, ims_mock: ImsMock, path: Path) -> None:
    """When the file cannot be uploaded, no image without a file remains."""
    ims_mock.faults.add(Fail(500), operation="glance_upload_image")
    with pytest.raises(PublishError):
        publish_image(connection, "web", path, [])
    assert ims_mock.images == {}


def test_program_outlives_its_token(connection: Any, ims_mock: ImsMock, path: Path) -> None:
    """A day later, when the token has expired, the program goes on."""
    publish_image(connection, "web", path, [])
    ims_mock.clock.advance(24 * 3600)
    publish_image(connection, "db", path, [])
    assert [image["name"] for image in ims_mock.images.values()] == ["web", "db"]


@pytest.mark.usefixtures("ims_mock_env")
@pytest.mark.ims_mock_sweep(allowed=[PublishError], skip=["list_versions: *"])
def test_every_failure(ims_mock: ImsMock, path: Path) -> None:
    """Whatever fails, the image is published once, or not at all.

    Left out are those of the request for versions, which openstacksdk repeats at once.
    """
    with connect() as connection:
        publish_image(connection, "web", path, [ims_mock.accounts.projects["alt"].id])
