"""requests and curl, as people type them."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
import requests

from ims_mock import ImsMock
from tests.conftest import needs_curl

VARYING = {"id", "owner", "self", "file", "updated_at"}


def fixed(image: dict[str, Any]) -> dict[str, Any]:
    """Return an image without what differs from one to the next."""
    return {key: value for key, value in image.items() if key not in VARYING}


@pytest.mark.ims_mock(start="2016-06-02T07:49:48Z")
def test_page_example_with_requests(ims_mock: ImsMock, page: dict[str, Any]) -> None:
    """The page's example request gives the page's example response."""
    headers = {"X-Auth-Token": ims_mock.token}
    answer = requests.post(f"{ims_mock.url}/v2/images", json=page["request"], headers=headers, timeout=10)
    assert answer.status_code == 201
    assert fixed(answer.json()) == fixed(page["response"])
    assert answer.headers["Location"] == f"{ims_mock.url}/v2/images/{answer.json()['id']}"


@needs_curl
@pytest.mark.ims_mock(start="2016-06-02T07:49:48Z")
def test_page_example_with_curl(ims_mock: ImsMock, page: dict[str, Any]) -> None:
    """curl -d without a header works, and gets the page's example response."""
    body = json.dumps(page["request"])
    command = ["curl", "-sS", f"{ims_mock.url}/v2/images", "-H", "X-Auth-Token: any", "-d", body]
    done = subprocess.run(command, capture_output=True, check=True)
    assert fixed(json.loads(done.stdout)) == fixed(page["response"])


def test_session_keeps_its_connection(ims_mock: ImsMock) -> None:
    """A session of many requests is one connection."""
    with requests.Session() as session:
        session.headers["X-Auth-Token"] = ims_mock.token
        for _ in range(5):
            assert session.post(f"{ims_mock.url}/v2/images", json={}, timeout=10).status_code == 201
            assert session.get(f"{ims_mock.url}/v2/nope", timeout=10).status_code == 404
        (pool,) = session.get_adapter(ims_mock.url).poolmanager.pools._container.values()  # type: ignore[attr-defined]
        assert pool.num_connections == 1


def test_chunked_upload_of_a_body(ims_mock: ImsMock) -> None:
    """A body that is sent in chunks is a body."""
    answer = requests.post(
        f"{ims_mock.url}/v2/images", data=iter([b'{"na', b'me": "a"}']), headers={"X-Auth-Token": "t"}, timeout=10
    )
    assert answer.json()["name"] == "a"
