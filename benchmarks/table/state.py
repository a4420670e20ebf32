"""What a mock's state costs: snapshots, files, resets, and memory."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from benchmarks.table.bench import Bench
from benchmarks.table.figures import Figure, Row, ratios, written
from benchmarks.table.processes import Build, plan, request
from benchmarks.table.serving import BODY

_TIMED: dict[Row, tuple[str, dict[str, Any]]] = {
    Row("snapshot", "snapshot of 10,000 images, against today's", 0.02, against_today=True): ("snapshot", {}),
    Row("restore", "restore of 10,000, two changed, against today's", 0.05, against_today=True): ("restore", {}),
    Row("restore-after-reset", "restore of 10,000 after a reset, against today's", 0.05, against_today=True): (
        "restore",
        {"after_reset": True},
    ),
    Row("save", "save of a state file of 10,000, against today's", 0.2, against_today=True): ("save", {}),
    Row("load", "load of a state file of 10,000, against today's", 0.2, against_today=True): ("load", {}),
}
_RESET = Row("reset", "reset at 100,000 images against reset at 0", 20)
_PER_IMAGE = Row("bytes-an-image", "bytes an image at 100,000", 1300, unit="bytes")
_AFTER_RESET = Row("after-reset", "after a reset at 100,000, above a fresh start", 10, unit="MB")
_PER_CREATE = Row("bytes-a-create", "bytes a create adds with the default journal", 2200, unit="bytes")
ROWS = (*_TIMED, _PER_IMAGE, _AFTER_RESET, _RESET, _PER_CREATE)

Values = dict[str, list[float]]


def measure(bench: Bench, rows: Collection[Row]) -> Iterator[Figure]:
    """Measure the rows; those against today's are left out without the other build."""
    yield from _timed(bench, [row for row in rows if row in _TIMED and bench.against])
    if _PER_IMAGE in rows or _AFTER_RESET in rows or _RESET in rows:
        yield from (figure for figure in _many(bench) if figure.row in rows)
    if _PER_CREATE in rows:
        yield _absolute(_PER_CREATE, _each_build(bench, partial(_created, bench)))


def _timed(bench: Bench, rows: Collection[Row]) -> Iterator[Figure]:
    """Compare what is done to as many images in both builds."""
    if not rows:
        return
    with bench.builds() as builds:
        for build in builds.values():
            build.do("fill", count=bench.scale.records)
        for row in rows:
            name, arguments = _TIMED[row]
            turns: dict[str, Callable[[], float]] = {
                of: partial(build.do, name, **arguments) for of, build in builds.items()
            }
            values = bench.in_turns(turns, most=5)
            medians = (f"{written(statistics.median(values[of]) * 1000)} ms" for of in builds)
            yield Figure(row, ratios(values["ours"], values["today"]), note=" / ".join(medians))


def _many(bench: Bench) -> Iterator[Figure]:
    """Fill new mocks and reset them, and yield what that has cost in memory and in time."""
    values = _each_build(bench, lambda build: _filled_and_reset(build, bench.scale.many))
    yield _absolute(_PER_IMAGE, {name: [one["each"] for one in of] for name, of in values.items()})
    yield _absolute(_AFTER_RESET, {name: [one["left"] for one in of] for name, of in values.items()})
    resets = {name: [one["reset"] for one in of] for name, of in values.items()}
    yield _absolute(_RESET, resets)


def _filled_and_reset(build: Build, count: int) -> dict[str, float]:
    build.do("renew")
    at_none = statistics.median(build.do("clear") for _ in range(5))
    before = build.do("memory")
    build.do("add", count=count)
    filled = build.do("memory")
    reset = build.do("clear")
    return {
        "each": (filled - before) / count,
        "left": (build.do("memory") - before) / 1e6,
        "reset": reset / at_none,
    }


def _created(bench: Bench, build: Build) -> float:
    """Return the bytes that each create adds while the journal has space for it."""
    create = request("POST", "/v2/images", BODY)
    with bench.generator() as generator:
        generator.run(plan(build.port, [create], 1, 0, at_least=20))
        build.do("trace")
        generator.run(plan(build.port, [create], 1, 0, at_least=bench.scale.creates))
        return float(build.do("traced") / bench.scale.creates)


def _each_build(bench: Bench, work: Callable[[Build], Any]) -> dict[str, list[Any]]:
    """Do work with a new process of each build, once a round."""

    def turn(name: str) -> Any:
        with Build(bench.folders()[name]) as build:
            return work(build)

    return bench.in_turns({name: partial(turn, name) for name in bench.folders()}, most=3)


def _absolute(row: Row, values: Values) -> Figure:
    """Return the figure of a row that is a value of each build for itself."""
    return Figure(row, values["ours"], values.get("today", []))
