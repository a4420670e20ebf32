"""What the mock costs before and between tests, beside pytest-httpserver."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

from benchmarks.table.bench import Bench, new_folder
from benchmarks.table.figures import Figure, Row, ratios, written
from benchmarks.table.load import run
from benchmarks.table.processes import HERE, plan, python_path, request
from benchmarks.table.serving import BODY

_EMPTY = Row("empty-test", "an empty test with the fixture, against pytest-httpserver", 0.3, unit="ms more")
_START = Row("start", "start to first create, against pytest-httpserver", 1.2)
ROWS = (_EMPTY, _START)

PEER = "pytest-httpserver"
PLUGINS = {"ims_mock": "ims_mock.pytest_plugin", "httpserver": "pytest_httpserver.pytest_plugin"}

CONFTEST = """
import time
import pytest

moments = []

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    try:
        return (yield)
    finally:
        moments.append(time.perf_counter())

def pytest_sessionfinish(session):
    # The last test ends what the session has.
    with open("seconds", "w") as file:
        file.write(str((moments[-2] - moments[0]) / (len(moments) - 2)))
"""
"""Writes the seconds of a test, without the first, which starts the server."""


def measure(bench: Bench, rows: Collection[Row]) -> Iterator[Figure]:
    """Measure the rows; without pytest-httpserver there are none."""
    if bench.version(PEER) is None:
        return
    if _EMPTY in rows:
        yield _difference(bench.in_turns(_empty_tests(bench), most=5))
    if _START in rows:
        yield _start_up(bench)


def _empty_tests(bench: Bench) -> dict[str, Callable[[], float]]:
    """Return what runs empty tests with the fixture of each build, and with the peer's, for the seconds of one."""
    turns = {name: partial(_seconds, bench, folder, "ims_mock") for name, folder in bench.folders().items()}
    return {**turns, PEER: partial(_seconds, bench, bench.folders()["ours"], "httpserver")}


def _seconds(bench: Bench, build: Path, fixture: str) -> float:
    tests = "".join(f"def test_{number}({fixture}):\n    pass\n\n" for number in range(bench.scale.tests))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", PLUGINS[fixture]]
    with new_folder() as folder:
        Path(folder, "test_empty.py").write_text(tests)
        Path(folder, "conftest.py").write_text(CONFTEST)
        environ = {**python_path(build, bench.peers / "python"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=True)
        return float(Path(folder, "seconds").read_text())


def _difference(values: dict[str, list[float]]) -> Figure:
    def more(name: str) -> list[float]:
        return [(one - other) * 1000 for one, other in zip(values[name], values[PEER], strict=True)]

    note = " / ".join(f"{written(statistics.median(values[name]) * 1000)} ms" for name in ("ours", PEER))
    return Figure(_EMPTY, more("ours"), more("today") if "today" in values else [], note)


def _start_up(bench: Bench) -> Figure:
    """Compare the time from the start of a process to its response to a create."""
    ours = [sys.executable, "-m", "ims_mock", "--port", "0", "--quiet"]
    theirs = [sys.executable, str(HERE / "responders.py"), "httpserver", "0"]
    turns = {name: partial(until_create, ours, [folder]) for name, folder in bench.folders().items()}
    turns[PEER] = partial(until_create, theirs, [bench.peers / "python"])
    for turn in turns.values():
        turn()
    values = bench.in_turns(turns)
    today = ratios(values["today"], values[PEER]) if "today" in values else []
    note = " / ".join(f"{written(statistics.median(values[name]) * 1000)} ms" for name in ("ours", PEER))
    return Figure(_START, ratios(values["ours"], values[PEER]), today, note)


def until_create(command: list[str], path: list[Path]) -> float:
    """Start a server that prints its port, or a URL, send a create, end the server, and return the seconds.

    It starts in a folder of its own: Python looks for what it runs where it is started, before it looks in the path.
    """
    output, none = subprocess.PIPE, subprocess.DEVNULL
    start = time.perf_counter()
    with (
        new_folder() as folder,
        subprocess.Popen(command, cwd=folder, stdout=output, stderr=none, env=python_path(*path), text=True) as server,
    ):
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline().rpartition(":")[2])
            run(plan(port, [request("POST", "/v2/images", BODY)], 1, 0))
            return time.perf_counter() - start
        finally:
            server.terminate()
