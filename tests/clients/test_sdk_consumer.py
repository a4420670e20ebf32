"""The contract of the SDK as a consumer is what the SDK does."""

from __future__ import annotations

import pytest

from tests.clients.sdk_consumer import FILE, new_contract


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_file_is_what_the_sdk_does() -> None:
    """The file has each method's request and the types of its models; python -m tests.clients.sdk_consumer makes it."""
    assert FILE.read_text("utf-8") == new_contract().to_text()
