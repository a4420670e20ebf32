"""release_image.sh, against a mock that verifies every token. A command takes a second to start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ims_mock import Fail, ImsMock

SCRIPT = Path(__file__).with_name("release_image.sh")

pytestmark = pytest.mark.ims_mock(auth="strict")


@pytest.fixture
def env(ims_mock_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of the script: the mock's, and the `openstack` command of this Python."""
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": commands, "HOME": str(tmp_path)}


def release_image(env: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Release a disk image of three bytes as web-2."""
    path = folder / "web.qcow2"
    path.write_bytes(b"abc")
    command = ["sh", str(SCRIPT), "web-2", str(path)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_release(env: dict[str, str], ims_mock: ImsMock, tmp_path: Path) -> None:
    """The new image is the latest one, with its file, and the one before is so no more."""
    before = ims_mock.add_image(name="web-1", tags=["latest", "web"], data=b"ab")["id"]
    done = release_image(env, tmp_path)
    assert done.returncode == 0, done.stderr
    latest = ims_mock.images[done.stdout.strip()]
    assert (latest["name"], latest["status"], latest["size"]) == ("web-2", "active", 3)
    assert (latest["tags"], ims_mock.images[before]["tags"]) == (["latest"], ["web"])


def test_failed_release(env: dict[str, str], ims_mock: ImsMock, tmp_path: Path) -> None:
    """When the new image cannot be created, the one before stays the latest."""
    ims_mock.add_image(name="web-1", tags=["latest"], data=b"ab")
    ims_mock.faults.add(Fail(403), operation="glance_create_image_metadata")
    assert release_image(env, tmp_path).returncode == 1
    assert [(image["name"], image["tags"]) for image in ims_mock.images.values()] == [("web-1", ["latest"])]
