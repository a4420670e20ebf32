"""The mocks of these tests: in this process, and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ims_mock import ImsMock, connect
from ims_mock.remote.mock import RemoteMock

START = 1464853788.0


@pytest.fixture(scope="module")
def server() -> Iterator[ImsMock]:
    """A server, whose worlds the tests connect to."""
    with ImsMock() as mock:
        yield mock


@pytest.fixture
def world(server: ImsMock) -> Iterator[RemoteMock]:
    """A world of the server, by the control API."""
    with connect(server.url, world="a", start=START) as mock:
        yield mock


@pytest.fixture(params=["here", "there"])
def mock(request: pytest.FixtureRequest, server: ImsMock) -> Iterator[ImsMock]:
    """A mock in this process, and one that is used over HTTP."""
    with ImsMock(start=START) if request.param == "here" else connect(server.url, world="a", start=START) as made:
        yield made
