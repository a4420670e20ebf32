"""Where threads are is found without a collection of garbage, in which Python 3.11 can block all of them."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ims_mock import ImsMock
from ims_mock.sweep.frames import current_frames
from tests.sweep.client import Client


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Return a list that gets, with each look at all threads, whether garbage is collected meanwhile."""
    real, found = sys._current_frames, []

    def look() -> object:
        found.append(gc.isenabled())
        return real()

    was_enabled = gc.isenabled()
    monkeypatch.setattr(sys, "_current_frames", look)
    yield found
    (gc.enable if was_enabled else gc.disable)()


@pytest.mark.parametrize("is_enabled", [True, False])
def test_collection_is_as_before(looks: list[bool], *, is_enabled: bool) -> None:
    """Garbage is not collected amid a look, and is afterwards if it was before."""
    (gc.enable if is_enabled else gc.disable)()
    assert threading.get_ident() in current_frames()
    assert (looks, gc.isenabled()) == ([False], is_enabled)


def test_collection_goes_on_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error amid a look, such as one that ends the work, leaves the collection as it was."""

    def fail() -> object:
        raise KeyboardInterrupt

    gc.enable()
    monkeypatch.setattr(sys, "_current_frames", fail)
    with pytest.raises(KeyboardInterrupt):
        current_frames()
    assert gc.isenabled()


def test_sweep_of_threads_looks_without_a_collection(ims_mock: ImsMock, looks: list[bool]) -> None:
    """A sweep of work with a pool of threads never looks at them while garbage is collected."""

    def look(_number: int) -> int:
        with Client(ims_mock.url, ims_mock.token) as client:
            return client.send("GET", "/v2/images?limit=1")[0]

    def both() -> list[int]:
        with ThreadPoolExecutor(2) as pool:
            return sorted(pool.map(look, range(2)))

    gc.enable()
    ims_mock.sweep(both, only=["*: 503 x1"], pairs=0)
    assert looks
    assert not any(looks)
    assert gc.isenabled()
