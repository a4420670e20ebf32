"""upload_image.sh, against a mock that verifies every token."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ims_mock import Fail, ImsMock

SCRIPT = Path(__file__).with_name("upload_image.sh")

pytestmark = pytest.mark.ims_mock(auth="strict")


def upload_image(mock: ImsMock, folder: Path, token: str) -> subprocess.CompletedProcess[str]:
    """Upload a disk image of three bytes as web."""
    path = folder / "web.qcow2"
    path.write_bytes(b"abc")
    env = {**os.environ, "IMS_URL": mock.url, "IMS_TOKEN": token}
    command = ["sh", str(SCRIPT), "web", str(path)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_upload(ims_mock: ImsMock, tmp_path: Path) -> None:
    """The image whose id is printed is active, and has the file."""
    done = upload_image(ims_mock, tmp_path, ims_mock.new_token())
    assert done.returncode == 0, done.stderr
    image = ims_mock.images[done.stdout.strip()]
    assert (image["name"], image["status"], image["size"]) == ("web", "active", 3)


def test_failed_upload_leaves_nothing(ims_mock: ImsMock, tmp_path: Path) -> None:
    """When the file cannot be uploaded, the image is deleted."""
    ims_mock.faults.add(Fail(500), operation="glance_upload_image")
    assert upload_image(ims_mock, tmp_path, ims_mock.new_token()).returncode == 1
    assert [entry.status for entry in ims_mock.journal] == [201, 500, 204]
    assert ims_mock.images == {}


def test_expired_token(ims_mock: ImsMock, tmp_path: Path) -> None:
    """With a token that has expired nothing is created, and the gateway's response is shown."""
    token = ims_mock.new_token()
    ims_mock.clock.advance(24 * 3600)
    done = upload_image(ims_mock, tmp_path, token)
    assert done.returncode == 1
    assert "token expires" in done.stderr
    assert ims_mock.images == {}
