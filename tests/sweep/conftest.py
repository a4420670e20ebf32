"""A sweep whose report several tests read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from ims_mock import ImsMock
from ims_mock.sweep.report import SweepReport
from tests.sweep.reports import BackupError, Client

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder: each runs its work many times."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True, scope="module")
def collected() -> Iterator[None]:
    """Leave no garbage of real clients to other tests: each of their sessions and sockets ends in its own way."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """A client, with a mock of its own."""
    with ImsMock() as mock:
        yield Client(mock)


@pytest.fixture(scope="session")
def report(client: Client) -> SweepReport:
    """A sweep of the client through some failures."""
    only = [
        "*: 40[0-9]*",
        "*: 503*",
        "*: reset*",
        "glance_show_image*: garble*",
        "glance_show_image: mutate*/size*",
    ]
    return client.mock.sweep(client.back_up, allowed=[BackupError], only=only, pairs=2)
