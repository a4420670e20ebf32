"""Clients at work while servers and the store are killed and started again, and servers pause."""

from __future__ import annotations

from tests.shared.chaos import run


def test_nothing_that_was_acknowledged_is_lost() -> None:
    """Each acknowledged change is there, no id twice, hits are exact, pages whole, and each client reads its writes."""
    history = run(operations=250)
    assert history.problems == []
    assert len(history.images) > 200
    disturbances = ("killed: server", "killed: redis", "paused: server")
    assert sum(history.outcomes[name] for name in disturbances) > 3
    assert history.outcomes["world POST 201"] > 20
