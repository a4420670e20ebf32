"""What many worlds on one server cost: requests beside them, one more of them, and one that nobody uses."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Sequence

from benchmarks.client import Client, side_by_side
from ims_mock import ImsMock

MANY = 100


def print_worlds(new: Sequence[Callable[[], ImsMock]] = (ImsMock, ImsMock, ImsMock)) -> None:
    """Print a line for each thing that is done: its time, that of what it is compared with, and the ratio.

    `new` make the mocks: with many worlds, with one, and with worlds that nobody uses.
    """
    print("what is done, its time and that of the other (microseconds, median), ratio")
    with new[0]() as many, new[1]() as one:
        for number in range(MANY):
            many.world(f"w{number}")
        for name, world, token in (
            (f"show, {MANY} worlds against 1", many.world("w7"), "ims-mock-token-w7"),
            (f"show in the default world beside {MANY}", many, "ims-mock-token"),
            (f"show beside {MANY} with any token", many, "any"),
        ):
            ours = Client(world.url, "GET", f"{_path(world.url)}/v2/images/{world.add_image()['id']}", token=token)
            theirs = Client(one.url, "GET", f"/v2/images/{one.add_image()['id']}", token="ims-mock-token")
            _print(name, ours, theirs, 200)
            ours.close()
            theirs.close()
        _print("world made, used, deleted against reset, used", _made_and_deleted(one), _reset(one), 50)
    print(f"{'memory of an idle world':45} {_idle_bytes(new[2]):8.0f} bytes")


def _print(name: str, ours: Callable[[], object], theirs: Callable[[], object], times: int) -> None:
    mine, other = side_by_side(ours, theirs, count=times)
    print(f"{name:45} {mine:8.0f} {other:8.0f} {mine / other:6.2f}")


def _path(url: str) -> str:
    """Return what stands behind the host of a URL."""
    return "".join(url.partition("/~")[1:])


def _made_and_deleted(mock: ImsMock) -> Callable[[], object]:
    """Return what makes a world by the control API, uses it once and deletes it."""
    return _one_after_another(
        Client(mock.url, "POST", "/_ims_mock/worlds", b'{"name": "m"}'),
        Client(mock.url, "GET", "/~m/v2/images"),
        Client(mock.url, "DELETE", "/_ims_mock/worlds/m"),
    )


def _reset(mock: ImsMock) -> Callable[[], object]:
    """Return what resets a mock by the control API, and uses it once."""
    return _one_after_another(
        Client(mock.url, "POST", "/_ims_mock/reset", b"{}"), Client(mock.url, "GET", "/v2/images")
    )


def _one_after_another(*works: Callable[[], object]) -> Callable[[], object]:
    return lambda: [work() for work in works]


def _idle_bytes(new: Callable[[], ImsMock]) -> float:
    """Return the memory of a world that one request was for."""
    with new() as mock:
        clients = [Client(mock.url, "GET", f"/~w{number}/v2/images", token="any") for number in range(MANY + 1)]
        clients[0]()
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for client in clients[1:]:
            client()
        gc.collect()
        used = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        for client in clients:
            client.close()
    return used / MANY
