"""What several tests of clients share: a mock for the runs of Terraform's provider, and the provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from ims_mock import ImsMock
from ims_mock.evidence.consumers import judge_consumer, known_consumer
from ims_mock.evidence.exchanges import exchanges_of
from tests.terraform import POLLS, Provider

TERRAFORM = known_consumer("terraform")


@pytest.fixture(scope="module")
def only_mock() -> Iterator[ImsMock]:
    """One mock for all runs."""
    with ImsMock(auth="strict", jobs={"*": {"polls": POLLS - 1}}) as mock:
        yield mock


@pytest.fixture
def mock(only_mock: ImsMock) -> Iterator[ImsMock]:
    """A mock with nothing in it, of which the provider gets what its contract says that it needs."""
    only_mock.reset()
    yield only_mock
    exchanges = list(exchanges_of(only_mock.journal))
    found = judge_consumer(TERRAFORM, exchanges)
    assert [str(finding) for finding in found if finding.severity != "note"] == []
    assert {entry.operation for entry in only_mock.journal if entry.operation} <= set(TERRAFORM.operations)


@pytest.fixture
def provider(mock: ImsMock) -> Iterator[Provider]:
    """The provider with an AK/SK, once it has started."""
    with closing(Provider(mock)) as provider:
        yield provider.start()
