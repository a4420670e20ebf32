"""The files of images."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.conformance.client import Client
from ims_mock.conformance.conftest import CONTENT

pytestmark = [pytest.mark.native, pytest.mark.writes]


def test_uploaded_file_is_downloaded(ims: Client, active_image: dict[str, Any]) -> None:
    """A file comes back as it was sent, and the image has its size."""
    assert active_image["size"] == len(CONTENT)
    assert ims("glance_download_image", image_id=active_image["id"]).body == CONTENT


def test_part_of_a_file_is_downloaded(ims: Client, active_image: dict[str, Any]) -> None:
    """A range of a file comes with 206, and says which it is."""
    part = ims("glance_download_image", headers={"Range": "bytes=0-9"}, status=206, image_id=active_image["id"])
    assert (part.body, part.header("Content-Range")) == (CONTENT[:10], f"bytes 0-9/{len(CONTENT)}")


def test_range_after_the_end_is_rejected(ims: Client, active_image: dict[str, Any]) -> None:
    """A range that begins after a file's end is 416."""
    after = {"Range": f"bytes={len(CONTENT)}-"}
    ims("glance_download_image", headers=after, status=416, image_id=active_image["id"])


def test_image_without_a_file_has_nothing_to_download(ims: Client, image: dict[str, Any]) -> None:
    """A queued image has no file, which is 204."""
    assert ims("glance_download_image", status=204, image_id=image["id"]).body == b""


def test_file_is_uploaded_once(ims: Client, active_image: dict[str, Any]) -> None:
    """A second upload is 409, and the file stays as it was."""
    ims("glance_upload_image", b"another", status=409, image_id=active_image["id"])
    assert ims("glance_download_image", image_id=active_image["id"]).body == CONTENT


def test_file_of_another_media_type_is_rejected(ims: Client, image: dict[str, Any]) -> None:
    """A file is sent as application/octet-stream; anything else is 415."""
    sent = {"Content-Type": "application/json"}
    ims("glance_upload_image", b"{}", headers=sent, status=415, image_id=image["id"])
    assert ims("glance_show_image", image_id=image["id"]).json["status"] == "queued"
