"""What holds the lock of a store: never what goes through many images, so that no client waits for another's list."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from ims_mock.service.catalogue import add_image
from ims_mock.state.backing import Lock
from tests.conftest import Api

EVERY = "limit=1000&member_status=all"
LISTS: list[tuple[str, str, Any]] = [
    ("GET", "/v2/images?limit=1000", None),
    ("GET", f"/v2/images?{EVERY}&sort=name:asc,size:desc", None),
    ("GET", f"/v2/images?{EVERY}&status=queued&tag=k&created_at=neq:2010-01-01T00:00:00Z", None),
    ("GET", f"/v2/images?{EVERY}&updated_at=gte:2010-01-01T00:00:00Z&sort_key=size", None),
    ("GET", f"/v2/images?{EVERY}&tag=k&tag=none", None),
    ("GET", "/v2/cloudimages?limit=1000&sort_key=name&__platform=CentOS", None),
    ("GET", "/v1.1/images/detail", None),
    ("GET", "/v1/cloudimages/tags", None),
    ("GET", "/v2/{project_id}/images/tags", None),
    ("GET", "/_ims_mock/audit", None),
    ("GET", "/_ims_mock/state", None),
    ("POST", "/v2/{project_id}/images/resource_instances/action", {"action": "count"}),
    (
        "POST",
        "/v1.0/enterprise-projects/0/resources/filter",
        {"resource_types": ["images"], "projects": [], "matches": []},
    ),
]


class HeldLock:
    """The lock of a store, which counts how deep it is held."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self.depth = 0

    def acquire(self, blocking: bool = True) -> bool:
        """Take the lock."""
        is_held = self._lock.acquire(blocking)
        self.depth += is_held
        return is_held

    def release(self) -> None:
        """Give the lock back."""
        self.depth -= 1
        self._lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()

    @contextmanager
    def counting(self) -> Iterator[list[int]]:
        """Count the calls of functions while the lock is held, without those of the collector of garbage."""
        calls = [0]

        def count(_frame: FrameType, event: str, _argument: object) -> None:
            calls[0] += event == "call" and self.depth > 0

        gc.disable()
        sys.setprofile(count)
        try:
            yield calls
        finally:
            sys.setprofile(None)
            gc.enable()


def filled(count: int) -> tuple[Api, HeldLock]:
    """Return a service with so many images of a project, and its lock."""
    api = Api()
    lock = api.service.store.lock = HeldLock(api.service.store.lock)
    for number in range(count):
        attributes = {"name": f"image-{number}", "tags": ["k"], "__os_version": "CentOS 7.6 64bit"}
        add_image(api.service.store, api.service.auth.project_id, attributes)
    return api, lock


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(("method", "path", "body"), LISTS, ids=[path for _, path, _ in LISTS])
def test_long_list_leaves_the_lock_free(method: str, path: str, body: Any, *, is_first: bool) -> None:
    """A list takes the lock for as many calls among many images as among few, also where it makes an order of them."""
    held: list[int] = []
    for count in (10, 60):
        api, lock = filled(count)
        target = path.replace("{project_id}", api.service.auth.project_id)
        if not is_first:
            assert api(method, target, body).status_code == 200
        with lock.counting() as calls:
            response = api(method, target, body)
        assert response.status_code == 200
        held.append(calls[0])
    assert held[0] > 0
    assert held[1] <= held[0] + 5
