"""What several tests of clients share: a mock for the runs of Terraform's provider, and the provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from ims_mock import ImsMock
from tests.terraform import POLLS, Provider


@pytest.fixture(scope="module")
def only_mock() -> Iterator[ImsMock]:
    """One mock for all runs."""
    with ImsMock(auth="strict", jobs={"*": {"polls": POLLS - 1}}) as mock:
        yield mock


@pytest.fixture
def mock(only_mock: ImsMock) -> ImsMock:
    """A mock with nothing in it."""
    only_mock.reset()
    return only_mock


@pytest.fixture
def provider(mock: ImsMock) -> Iterator[Provider]:
    """The provider with an AK/SK, once it has started."""
    with closing(Provider(mock)) as provider:
        yield provider.start()
