"""Files that are too large for the store: in a folder or a bucket that every server has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ims_mock import ImsMock
from ims_mock.shared import files
from ims_mock.shared.mock import Replica
from tests.shared.test_servers import ask, control, create

MEDIA = {"Content_Type": "application/octet-stream"}
DATA = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store keep files of 1000 bytes at most."""
    monkeypatch.setattr(files, "MOST_IN_STORE", 1000)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of a server that speaks S3."""
    # Imported here: the extra `store` has both, and a run without these tests does without it.
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in (
        ("AWS_ENDPOINT_URL", f"http://{host}:{port}"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="images")
    yield "s3://images/of/ims"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for large files."""
    return str(tmp_path) if request.param == "folder" else str(request.getfixturevalue("bucket"))


def uploaded(mock: ImsMock) -> str:
    """Create an image with a file that is too large for the store, and return its path."""
    path = f"/v2/images/{create(mock)}"
    assert ask(mock, "PUT", f"{path}/file", DATA, **MEDIA).status_code == 204
    return path


def test_file_of_one_server_is_read_from_the_other(store: str, place: str) -> None:
    """Whole and in part; it goes with its image."""
    with Replica(store, place) as first, Replica(store, place) as second:
        path = uploaded(first)
        assert ask(second, "GET", f"{path}/file").content == DATA
        part = ask(second, "GET", f"{path}/file", Range="bytes=300-9999")
        assert (part.status_code, part.content) == (206, DATA[300:10000])
        assert ask(second, "DELETE", path).status_code == 204
        assert ask(first, "GET", f"{path}/file").status_code == 404


def test_nothing_is_left_in_the_place(store: str, tmp_path: Path) -> None:
    """A file goes with its image, but for one that a snapshot has."""
    with Replica(store, str(tmp_path)) as mock:
        path = uploaded(mock)
        assert len(list(tmp_path.iterdir())) == 1
        ask(mock, "DELETE", path)
        assert list(tmp_path.iterdir()) == []
        path = uploaded(mock)
        control(mock, "POST", "snapshots", {"name": "s"})
        ask(mock, "DELETE", path)
        control(mock, "POST", "snapshots/s/restore")
        assert ask(mock, "GET", f"{path}/file").content == DATA


def test_file_goes_with_its_world(store: str, tmp_path: Path) -> None:
    """A world that another server deletes leaves no file in the place."""
    with Replica(store, str(tmp_path)) as first, Replica(store, str(tmp_path)) as second:
        image_id = ask(first, "POST", "/~w/v2/images", {"name": "x", "__os_version": "CentOS 7.6 64bit"}).json()["id"]
        assert ask(first, "PUT", f"/~w/v2/images/{image_id}/file", DATA, **MEDIA).status_code == 204
        assert len(list(tmp_path.iterdir())) == 1
        control(second, "DELETE", "worlds/w")
        assert list(tmp_path.iterdir()) == []


def test_file_without_a_place_is_rejected(store: str) -> None:
    """An upload that is too large for the store is 413 and names the option; the image can take another file."""
    with Replica(store) as mock:
        path = f"/v2/images/{create(mock)}"
        response = ask(mock, "PUT", f"{path}/file", DATA, **MEDIA)
        assert response.status_code == 413
        assert "--files names a place for larger ones" in response.headers["X-IMS-Mock-Reason"]
        assert ask(mock, "PUT", f"{path}/file", b"x", **MEDIA).status_code == 204


def test_server_that_does_not_reach_a_file(store: str, place: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A download is 503 with a reason where the server has another place, or none."""
    other = tmp_path_factory.mktemp("other")
    with Replica(store, place) as first, Replica(store, str(other)) as second, Replica(store) as third:
        path = uploaded(first)
        for mock, reason in ((second, f"cannot be read from the folder {other}"), (third, "--files")):
            response = ask(mock, "GET", f"{path}/file")
            assert response.status_code == 503
            assert reason in response.headers["X-IMS-Mock-Reason"]


def test_bucket_that_is_not_there(store: str, bucket: str) -> None:
    """A server that does not reach its bucket does not start, and says why."""
    with pytest.raises(ValueError, match=r"--files s3://nowhere: .*make the bucket"):
        Replica(store, "s3://nowhere")


def test_file_that_is_shorter_than_it_was(store: str, tmp_path: Path) -> None:
    """A download is 503 with a reason, the range of what is missing too; what is there can be had."""
    with Replica(store, str(tmp_path)) as mock:
        path = uploaded(mock)
        (file,) = tmp_path.iterdir()
        os.truncate(file, 1000)
        for headers in ({}, {"Range": "bytes=2000-3000"}):
            response = ask(mock, "GET", f"{path}/file", **headers)
            assert response.status_code == 503
            assert "has 1000 bytes there" in response.headers["X-IMS-Mock-Reason"]
        assert ask(mock, "GET", f"{path}/file", Range="bytes=0-9").content == DATA[:10]
