"""Throughput, tail and CPU of a create, a show and a page, beside each peer and the other build."""

from __future__ import annotations

import json
import statistics
import urllib.request
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.table.bench import Bench, new_folder, rotated
from benchmarks.table.figures import Figure, Row, at_least, ratios, written
from benchmarks.table.peers import START, Call, Job, Service
from benchmarks.table.processes import Build, Generator, plan

BODY = json.dumps(
    {
        "__os_version": "Ubuntu 14.04 server 64bit",
        "container_format": "bare",
        "disk_format": "vhd",
        "min_disk": 100,
        "min_ram": 1024,
        "name": "test",
        "tags": ["test=testvalue", "image=imagevalue"],
        "visibility": "private",
        "protected": False,
    }
)
"""The official page's example of a create."""

STEADY = 5
"""How many turns in a row are no faster when a server is warm."""

WORKS = ("create", "show", "page")


@dataclass(frozen=True)
class Leg:
    """What is measured at once: a service under one work on some connections."""

    service: str
    work: str
    connections: int

    def of(self, service: str) -> Leg:
        """Return the same for another build, where this is one of ours."""
        return Leg(service if self.service == "ours" else self.service, self.work, self.connections)


@dataclass(frozen=True)
class Comparison:
    """A row, and the two legs whose metric (rate, p99 or cpu) it divides."""

    row: Row
    metric: str
    leg: Leg
    other: Leg


def _comparisons() -> Iterator[Comparison]:
    targets = {"prism": 1.2, "mountebank": 1.5, "pytest-httpserver": 3, "json-server": 3, "wiremock": 1.0}
    for peer, target in targets.items():
        for work in WORKS:
            row = at_least(f"8-{work}-{peer}", f"8 connections, {work}, against {peer}", target)
            yield Comparison(row, "rate", Leg("ours", work, 8), Leg(peer, work, 8))
    for work in ("create", "show"):
        row = at_least(f"8-against-1-{work}", f"8 connections against 1, our own throughput, {work}", 1.3)
        yield Comparison(row, "rate", Leg("ours", work, 8), Leg("ours", work, 1))
    for peer in ("prism", "wiremock", "pytest-httpserver"):
        row = at_least(f"1-page-{peer}", f"1 connection, page, against {peer}", 1.5)
        yield Comparison(row, "rate", Leg("ours", "page", 1), Leg(peer, "page", 1))
    for work in ("create", "page"):
        row = Row(f"p99-{work}-prism", f"p99 at 8 connections, {work}, against prism", 0.8)
        yield Comparison(row, "p99", Leg("ours", work, 8), Leg("prism", work, 8))
    for work, target in (("create", 0.5), ("show", 0.4), ("page", 0.2)):
        row = Row(f"cpu-{work}", f"{work}, CPU a request, against today's", target, against_today=True)
        yield Comparison(row, "cpu", Leg("ours", work, 8), Leg("today", work, 8))
    # A mock whose state is in its own memory pays nothing for the other stores.
    for work in WORKS:
        row = Row(
            f"default-{work}", f"{work}, state in memory, CPU a request, against today's", 1.03, against_today=True
        )
        yield Comparison(row, "cpu", Leg("ours", work, 8), Leg("today", work, 8))


COMPARISONS = {comparison.row: comparison for comparison in _comparisons()}
ROWS = tuple(COMPARISONS)

Samples = dict[Leg, list[dict[str, float]]]


def measure(bench: Bench, rows: Collection[Row]) -> Iterator[Figure]:
    """Measure the rows, a work after the other; those whose peer is not there are left out."""
    with bench.builds() as builds, bench.generator() as generator:
        calls = _calls(builds["ours"])
        for work in WORKS:
            chosen = [COMPARISONS[row] for row in rows if COMPARISONS[row].leg.work == work]
            names = [name for name in START if bench.version(name)] + list(builds)
            chosen = [one for one in chosen if one.other.service in names]
            legs = [leg for one in chosen for leg in (one.leg, one.other)]
            legs += [leg.of("today") for leg in legs if "today" in builds]
            if legs:
                samples = _samples(bench, builds, generator, calls, list(dict.fromkeys(legs)))
                yield from (_figure(one, samples) for one in chosen if {one.leg, one.other} <= set(samples))


def _calls(build: Build) -> dict[str, Call]:
    """Return the calls with what the mock responds to them."""
    image_id = build.do("renew")
    wanted = {
        "create": ("POST", "/v2/images"),
        "show": ("GET", f"/v2/images/{image_id}"),
        "page": ("GET", "/v2/images"),
    }
    calls = {}
    for name in ("page", "show", "create"):
        method, target = wanted[name]
        body = BODY if name == "create" else ""
        headers = {"X-Auth-Token": "t", "Content-Type": "application/json"}
        url = f"http://127.0.0.1:{build.port}{target}"
        sent = urllib.request.Request(url, body.encode() or None, headers, method=method)
        with urllib.request.urlopen(sent) as response:
            calls[name] = Call(method, target, body, response.status, response.read().decode())
    return calls


def _samples(
    bench: Bench, builds: dict[str, Build], generator: Generator, calls: dict[str, Call], legs: Sequence[Leg]
) -> Samples:
    """Measure the legs of one work in turns."""
    work = legs[0].work
    with ExitStack() as stack:
        services = {name: Service(build.port, _preparing(build, calls[work])) for name, build in builds.items()}
        for name in dict.fromkeys(leg.service for leg in legs if leg.service not in builds):
            folder = Path(stack.enter_context(new_folder()))
            try:
                services[name] = stack.enter_context(START[name](Job(bench.peers, folder, calls, work)))
            except (OSError, RuntimeError) as error:
                bench.notes.append(f"{name}: {error}")
        samples: Samples = {leg: [] for leg in legs if leg.service in services}
        for service in services.values():
            _warm_up(bench, generator, service)
        for number in range(bench.scale.rounds):
            for leg in _turns(list(samples), number):
                build, service = builds.get(leg.service), services[leg.service]
                wanted = plan(service.port, [service.prepare()], leg.connections, bench.scale.seconds)
                before = build.do("cpu") if build else 0.0
                sample = generator.run(wanted)
                used = build.do("cpu") - before if build else 0.0
                samples[leg].append({**sample, "cpu": used / sample["count"]})
    return samples


def _warm_up(bench: Bench, generator: Generator, service: Service) -> None:
    """Send a server requests until it gets no faster, as one that compiles itself does for a while."""
    wanted, best, since = plan(service.port, [service.prepare()], 8, bench.scale.seconds), 0.0, 0
    for _ in range(bench.scale.warm_up):
        rate = generator.run(wanted)["rate"]
        since = since + 1 if rate < 1.02 * best else 0
        best = max(best, rate)
        if since == STEADY:
            break


def _preparing(build: Build, call: Call) -> Any:
    """Return what makes a mock as it was at first: the images and their ids are the same then."""

    def prepare() -> str:
        assert build.do("renew") in call.target or "/v2/images/" not in call.target
        return call.prepared()

    return prepare


def _turns(legs: Sequence[Leg], number: int) -> list[Leg]:
    by_name = {str(leg): leg for leg in legs}
    return [by_name[name] for name in rotated(list(by_name), number)]


def _figure(one: Comparison, samples: Samples) -> Figure:
    def of(leg: Leg) -> list[float]:
        return [sample[one.metric] for sample in samples[leg]]

    ours, other = of(one.leg), of(one.other)
    today: list[float] = []
    if not one.row.against_today and one.leg.of("today") in samples:
        today = ratios(of(one.leg.of("today")), of(one.other.of("today")))
    note = " / ".join(_with_unit(one.metric, statistics.median(values)) for values in (ours, other))
    return Figure(one.row, ratios(ours, other), today, note)


def _with_unit(metric: str, value: float) -> str:
    if metric == "rate":
        return f"{written(value)}/s"
    return f"{written(value * 1e6)} us" if metric == "cpu" else f"{written(value * 1e3)} ms"
