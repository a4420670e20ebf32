"""Servers that share one state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.shared.mock import Replica
from ims_mock.shared.service import SharedService
from ims_mock.shared.state import SharedState
from ims_mock.shared.worlds import SharedWorlds
from tests.shared.redis_server import RedisServer, redis_server

HERE = Path(__file__).parent

Start = Callable[..., ImsMock]


@pytest.fixture(scope="session")
def running() -> Iterator[RedisServer]:
    """A Redis for all tests of a process."""
    with redis_server() as server:
        yield server


@pytest.fixture
def store(running: RedisServer) -> str:
    """The URL of an empty store."""
    running.client.flushall()
    return running.url


@pytest.fixture
def start(store: str) -> Iterator[Start]:
    """Starts a server with the store, and settings."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Replica(store, **settings))


@pytest.fixture
def pair(start: Start) -> tuple[ImsMock, ImsMock]:
    """Two servers with one state, which began at one time."""
    first = start(start="2016-06-02T07:49:48Z")
    return first, start()


def sharing_of(mock: ImsMock) -> SharedState:
    """Return a server's part in the state that is shared."""
    assert isinstance(mock.service, SharedService), "it has a store"
    return mock.service.shared


def worlds_of(mock: ImsMock) -> SharedWorlds:
    """Return the worlds of a server as the store has them."""
    assert isinstance(mock._worlds, SharedWorlds), "it has a store"
    return mock._worlds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder: they need a Redis, and none is quick."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.store)
            item.add_marker(pytest.mark.slow)


def state_of(mock: ImsMock) -> dict[str, Any]:
    """Return everything that a server knows, once it has caught up."""
    service = mock.service
    with service.store.transaction():
        return {
            **{name: list(service.store.collection(name).records.items()) for name in service.store.collection_names},
            "files": {key: (file.id, file.size, file.checksum) for key, file in service.store.files.items()},
            "clock": service.store.timestamp(),
        }
