"""What a state in Redis costs, beside the same mock with its state in memory, and what a second server brings."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import redis

from benchmarks.table.bench import new_folder, rotated
from benchmarks.table.processes import ROOT, Generator, free_port, plan, request, running
from benchmarks.table.serving import BODY
from benchmarks.worlds import MANY, print_worlds
from ims_mock.shared.mock import Replica

ROUNDS = 9
SECONDS = 0.5

KINDS = {"in memory": ("no", "no"), "each write on disk": ("yes", "always")}
"""How Redis keeps what it has: its options appendonly and appendfsync."""


class Server(NamedTuple):
    """A mock in a process of its own, with an image that is there; `pids` are of it and of its Redis."""

    port: int
    image_id: str
    pids: tuple[int, ...]
    world: str = ""
    """What begins the path of its world, such as "/~w1"."""


Load = Callable[[], float]
"""Loads servers for a while, and returns the requests that they responded to in a second."""


def print_store() -> None:
    """Print a line for each thing that is done: its figure and that of what it is compared with, and the ratio."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(new_folder()))
        generators = [stack.enter_context(Generator()) for _ in range(2)]
        memory = stack.enter_context(_server(folder, "memory"))
        pairs = {}
        for number, (name, options) in enumerate(KINDS.items()):
            url, pid = stack.enter_context(redis_server(folder / f"redis-{number}", *options))
            servers = [stack.enter_context(_server(folder, f"{number}-{one}", url, pid)) for one in range(2)]
            pairs[name] = servers
        print("requests a second (median): Redis, against memory; ratio; CPU a request of server and of Redis (us)")
        for work in ("show", "create"):
            for connections in (1, 8):
                _print_one(generators[0], memory, pairs, work, connections)
        print("requests a second (median): two servers, against one; ratio")
        for name, servers in pairs.items():
            for work in ("show", "create"):
                _print_two(generators, servers, f"{work}, Redis {name}", work)
                of_worlds = [_in_world(server, f"w{number}") for number, server in enumerate(servers)]
                _print_two(generators, of_worlds, f"{work}, a world each, Redis {name}", work)
    _print_worlds()


def _print_one(
    generator: Generator, memory: Server, pairs: Mapping[str, Sequence[Server]], work: str, connections: int
) -> None:
    """Print what one server with Redis does, against one with its state in memory."""
    servers = {"memory": memory, **{name: servers[0] for name, servers in pairs.items()}}
    used: dict[str, list[list[float]]] = {name: [] for name in servers}
    rates = _in_turns(
        {name: partial(_load, [generator], [one], work, connections, used[name]) for name, one in servers.items()}
    )
    for name in servers:
        ratio = statistics.median(a / b for a, b in zip(rates[name], rates["memory"], strict=True))
        costs = " ".join(f"{statistics.median(costs) * 1e6:5.0f}" for costs in zip(*used[name], strict=True))
        where = f"{work}, {connections} connections, {name}"
        print(
            f"{where:45} {statistics.median(rates[name]):8.0f} {statistics.median(rates['memory']):8.0f} {ratio:6.2f}"
            f"   {costs}"
        )


def _print_two(generators: Sequence[Generator], servers: Sequence[Server], name: str, work: str) -> None:
    """Print what two servers do under two generators, against one of them under both."""
    rates = _in_turns(
        {
            "two": partial(_load, generators, servers, work, 4, []),
            "one": partial(_load, generators, [one._replace(port=servers[0].port) for one in servers], work, 4, []),
        }
    )
    two, one = (statistics.median(rates[of]) for of in ("two", "one"))
    ratio = statistics.median(a / b for a, b in zip(rates["two"], rates["one"], strict=True))
    print(f"{name:45} {two:8.0f} {one:8.0f} {ratio:6.2f}")


def _in_turns(loads: Mapping[str, Load]) -> dict[str, list[float]]:
    """Load each in turns, after a turn that warms it up, and return the rates."""
    rates: dict[str, list[float]] = {name: [] for name in loads}
    for load in loads.values():
        load()
    for number in range(ROUNDS):
        for name in rotated(list(loads), number):
            rates[name].append(loads[name]())
    return rates


def _load(
    generators: Sequence[Generator], servers: Sequence[Server], work: str, connections: int, used: list[list[float]]
) -> float:
    """Load each server by a generator, add the CPU seconds a request of each of its processes, and return the rate."""
    before = [_cpu(pid) for pid in servers[0].pids]
    for generator, server in zip(generators, servers, strict=True):
        target = server.world + (f"/v2/images/{server.image_id}" if work == "show" else "/v2/images")
        sent = request("GET", target) if work == "show" else request("POST", target, BODY)
        generator.begin(plan(server.port, [sent], connections, SECONDS))
    results = [generator.finish() for generator in generators]
    count = sum(result["count"] for result in results)
    used.append([(_cpu(pid) - was) / count for pid, was in zip(servers[0].pids, before, strict=True)])
    return sum(float(result["rate"]) for result in results)


def _cpu(pid: int) -> float:
    """Return the CPU seconds that a process has used, in the kernel too."""
    text = Path(f"/proc/{pid}/stat").read_text()
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@contextmanager
def redis_server(folder: Path, appendonly: str, appendfsync: str) -> Iterator[tuple[str, int]]:
    """Run a Redis of the measurement's own, and yield its URL and its process; raise RuntimeError without one."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("this needs redis-server: apt-get install redis-server")
    folder.mkdir()
    port = free_port()
    options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", appendonly)
    with running([program, *options, "--appendfsync", appendfsync], folder) as process:
        client = redis.Redis(port=port)
        _until(client.ping)
        client.close()
        yield f"redis://127.0.0.1:{port}/0", process.pid


@contextmanager
def _server(folder: Path, name: str, store: str = "", store_pid: int = 0) -> Iterator[Server]:
    """Run a mock by its command."""
    place = folder / name
    place.mkdir()
    options = ["--store", store] if store else []
    command = [sys.executable, "-m", "ims_mock", "--port", "0", "--quiet", "--url-file", "url", *options]
    with running(command, place, [ROOT]) as process:
        url = _until(lambda: (place / "url").read_text().strip())
        image_id = _created(url)
        yield Server(int(url.rpartition(":")[2]), image_id, (process.pid, *([store_pid] if store else ())))


def _in_world(server: Server, name: str) -> Server:
    """Return another world of a server, with an image of its own."""
    world = f"/~{name}"
    return server._replace(world=world, image_id=_created(f"http://127.0.0.1:{server.port}{world}"))


def _created(url: str) -> str:
    """Create an image, and return its id."""
    headers = {"X-Auth-Token": "t", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/v2/images", BODY.encode(), headers)) as response:
        return str(json.load(response)["id"])


def _until(look: Callable[[], Any]) -> Any:
    """Return what something gives once it gives anything; raise what it raises after 20 seconds."""
    end = time.monotonic() + 20
    while True:
        try:
            found = look()
            if found or time.monotonic() > end:
                return found
        except (OSError, redis.ConnectionError):
            if time.monotonic() > end:
                raise
        time.sleep(0.02)


def _print_worlds() -> None:
    """Print what worlds cost with a store, and what of an idle one the store has."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(new_folder()))
        urls = [stack.enter_context(redis_server(folder / name, "no", "no"))[0] for name in ("many", "one", "idle")]
        print("with a store: ", end="")
        print_worlds([partial(Replica, url) for url in urls])
        print(f"{'memory of an idle world in Redis':45} {_idle_bytes_in(urls[1]):8.0f} bytes")


def _idle_bytes_in(url: str) -> float:
    """Return the memory that a store takes for a world that one request was for."""
    with Replica(url) as mock, redis.Redis.from_url(url) as client:
        before = client.info("memory")["used_memory"]
        for number in range(MANY):
            headers = {"X-Auth-Token": "any"}
            urllib.request.urlopen(urllib.request.Request(f"{mock.url}/~idle{number}/v2/images", headers=headers))
        return (int(client.info("memory")["used_memory"]) - int(before)) / MANY
