"""What a create costs in calls, which is the same on every machine."""

from __future__ import annotations

from benchmarks.__main__ import create_body
from benchmarks.calls import count_calls


def test_create_goes_through_few_functions() -> None:
    """A create is under 120 calls of the mock's own functions, and changes from module to module under 40 times."""
    counter = count_calls(create_body())
    assert 0 < counter.calls.total() < 120, counter.calls
    assert 0 < counter.changes.total() < 40, counter.changes
