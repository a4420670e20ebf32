"""back_up_images.py, against a mock that verifies every token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from back_up_images import BackupError, back_up_images, new_client
from ims_mock import Fail, ImsMock

pytestmark = pytest.mark.ims_mock(auth="strict")


@pytest.fixture
def client(ims_mock_env: dict[str, str]) -> Any:
    """The program's client, which finds the mock by its environment."""
    return new_client()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for the backup."""
    folder = tmp_path / "backup"
    folder.mkdir()
    return folder


def test_private_images_are_downloaded(client: Any, ims_mock: ImsMock, folder: Path) -> None:
    """Every image of the project is a file, and no public one is, nor one without a file."""
    web = ims_mock.add_image(name="web", data=b"web", disk_format="raw")
    ims_mock.add_image(name="queued")
    ims_mock.load_public_images()
    (path,) = back_up_images(client, folder)
    assert (path.name, path.read_bytes()) == (f"{web['id']}.raw", b"web")


def test_second_run_downloads_what_is_new(client: Any, ims_mock: ImsMock, folder: Path) -> None:
    """An image that is there is not downloaded again."""
    ims_mock.add_image(name="web", data=b"web")
    assert len(list(back_up_images(client, folder))) == 1
    ims_mock.add_image(name="db", data=b"db")
    assert [path.read_bytes() for path in back_up_images(client, folder)] == [b"db"]
    assert len(ims_mock.journal.calls("glance_download_image")) == 2


def test_corrupt_download(client: Any, ims_mock: ImsMock, folder: Path) -> None:
    """A file that is not the one whose checksum its image has is no backup."""
    ims_mock.add_image(name="web", data=b"web")["checksum"] = "0" * 32
    with pytest.raises(BackupError, match="Corrupt image download"):
        list(back_up_images(client, folder))
    assert [path.suffix for path in folder.iterdir()] == [".part"]


def test_outage(client: Any, ims_mock: ImsMock, folder: Path) -> None:
    """An outage leaves what has been downloaded, and the next run gets the rest."""
    for name in ("web", "db"):
        ims_mock.add_image(name=name, data=name.encode())
    ims_mock.faults.add(Fail(500), operation="glance_download_image", skip=1, times=1)
    with pytest.raises(BackupError, match="HTTPInternalServerError"):
        list(back_up_images(client, folder))
    assert [path.read_bytes() for path in back_up_images(client, folder)] == [b"web"]


@pytest.fixture
def two_images(ims_mock: ImsMock) -> None:
    """What is to be backed up."""
    for name in ("web", "db"):
        ims_mock.add_image(name=name, data=name.encode(), disk_format="raw")


@pytest.mark.usefixtures("ims_mock_env", "two_images")
@pytest.mark.ims_mock_sweep(allowed=[BackupError])
def test_every_failure(ims_mock: ImsMock, folder: Path) -> None:
    """Whatever fails, a file of the backup is whole, and the program ends well or says that it does not."""
    try:
        assert len(list(back_up_images(new_client(), folder))) == 2
    finally:
        assert {path.read_bytes() for path in folder.glob("*.raw")} <= {b"web", b"db"}
