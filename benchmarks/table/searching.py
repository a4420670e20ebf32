"""Filters and orders among many images beside few, and a show beside a client that searches without end."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.table.bench import Bench
from benchmarks.table.figures import Figure, Row, ratios, written
from benchmarks.table.processes import Build, Generator, plan, request

FILTERS = {
    "name": "name=image-7",
    "tag": "tag=t7",
    "status": "status=active",
    "platform": "__platform=CentOS",
    "owner": "owner=other",
    "member-status": "member_status=pending&visibility=shared",
}
"""What one image of Worker.fill passes."""

SORT_KEYS = ("name", "status", "container_format", "disk_format", "id", "size", "created_at", "updated_at")

SIZES = "100,000 against 1,000"
_FILTER_ROWS = {
    Row(f"filter-{name}", f"filter with one match, {name}, {SIZES}", 2): f"/v2/images?{query}"
    for name, query in FILTERS.items()
}
_SORT_ROWS = {
    Row(f"sort-{key}", f"sort by {key}, {SIZES}", 3): f"/v2/images?sort_key={key}&sort_dir=asc" for key in SORT_KEYS
}
_BESIDE = Row("show-beside", "p99 of a show beside endless sorts, filters, pages", 5)
ROWS = (*_FILTER_ROWS, *_SORT_ROWS, _BESIDE)

TURN = 0.4
"""The part of a turn that one of many rows takes."""


@dataclass(frozen=True)
class Sized:
    """A mock of so many images, and their ids."""

    build: Build
    ids: list[str]


def measure(bench: Bench, rows: Collection[Row]) -> Iterator[Figure]:
    """Measure the rows, after both mocks of each build have been filled."""
    with ExitStack() as stack:
        generator = stack.enter_context(bench.generator())
        many, few = (
            {name: _filled(build, count) for name, build in stack.enter_context(bench.builds()).items()}
            for count in (bench.scale.many, bench.scale.few)
        )
        for row in rows:
            if row == _BESIDE:
                yield _beside(bench, generator, many)
            else:
                yield _among_many(bench, generator, row, {"many": many, "few": few})


def _filled(build: Build, count: int) -> Sized:
    return Sized(build, build.do("fill", count=count))


def _among_many(bench: Bench, generator: Generator, row: Row, mocks: dict[str, dict[str, Sized]]) -> Figure:
    """Compare a list among many images with the same among few; before each filter another image is changed."""

    def work(sized: Sized) -> Callable[[], float]:
        def turn() -> float:
            requests = _requests(row, sized)
            wanted = plan(sized.build.port, requests, 1, bench.scale.seconds * TURN, at_least=2 * len(requests))
            return float(generator.run(wanted)["medians"][-1])

        turn()
        return turn

    turns = {f"{size} {name}": work(sized) for size, of in mocks.items() for name, sized in of.items()}
    values = bench.in_turns(turns)
    ours = ratios(values["many ours"], values["few ours"])
    today = ratios(values["many today"], values["few today"]) if "many today" in values else []
    medians = (statistics.median(values[f"{size} ours"]) for size in mocks)
    return Figure(row, ours, today, " / ".join(f"{written(value * 1e6)} us" for value in medians))


def _requests(row: Row, sized: Sized) -> list[str]:
    if row in _SORT_ROWS:
        return [request("GET", _SORT_ROWS[row])]
    found = request("GET", _FILTER_ROWS[row])
    return [text for name in ("a", "b") for text in (_change(sized.ids[0], name), found)]


def _change(image_id: str, name: str) -> str:
    """Return a request that changes another image than the one that is found."""
    patch = json.dumps([{"op": "replace", "path": "/name", "value": f"changed-{name}"}])
    kind = "application/openstack-images-v2.1-json-patch"
    return request("PATCH", f"/v2/images/{image_id}", patch, Content_Type=kind)


def _beside(bench: Bench, generator: Generator, mocks: dict[str, Sized]) -> Figure:
    """Compare the p99 of a show on 8 connections alone and beside another client that asks for all it can."""
    with bench.generator() as walker:

        def alone(sized: Sized) -> Callable[[], float]:
            show = request("GET", f"/v2/images/{sized.ids[0]}")
            wanted = plan(sized.build.port, [show], 8, bench.scale.seconds)
            return lambda: float(generator.run(wanted)["p99"])

        def beside(sized: Sized) -> Callable[[], float]:
            wanted = plan(sized.build.port, _walk(sized), 1, bench.scale.seconds * 1.1)

            def turn() -> float:
                walker.begin(wanted)
                value = alone(sized)()
                walker.finish()
                return value

            return turn

        turns = {f"alone {name}": alone(sized) for name, sized in mocks.items()}
        turns |= {f"beside {name}": beside(sized) for name, sized in mocks.items()}
        values = bench.in_turns(turns)
    ours = ratios(values["beside ours"], values["alone ours"])
    today = ratios(values["beside today"], values["alone today"]) if "alone today" in values else []
    medians = (statistics.median(values[f"{name} ours"]) for name in ("beside", "alone"))
    return Figure(_BESIDE, ours, today, " / ".join(f"{written(value * 1e3)} ms" for value in medians))


def _walk(sized: Sized) -> list[str]:
    """Return all orders, all filters and some long pages, which together are asked for without end."""
    markers = sized.ids[:: max(1, len(sized.ids) // 10)]
    pages = [f"/v2/images?limit=1000&marker={marker}" for marker in markers]
    sorts, filters = list(_SORT_ROWS.values()), list(_FILTER_ROWS.values())
    walked = [target for three in zip(sorts, filters, pages, strict=False) for target in three]
    return [request("GET", target) for target in (*walked, *sorts[len(filters) :], *pages[len(filters) :])]
