"""What it costs to receive a large file, beside Werkzeug doing the same."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from benchmarks.table.bench import Bench
from benchmarks.table.figures import Figure, Row, ratios, written
from benchmarks.table.processes import HERE, Build, Generator, python_path, request

_TIME = Row("upload", "1 GiB upload, against Werkzeug (md5 and file)", 0.75)
_MEMORY = Row("upload-memory", "1 GiB upload, memory it adds", 16, unit="MB")
ROWS = (_TIME, _MEMORY)

PEER = "werkzeug"


def measure(bench: Bench, rows: Collection[Row]) -> Iterator[Figure]:
    """Measure the rows; without Werkzeug for itself, the memory alone."""
    command = [sys.executable, str(HERE / "responders.py"), PEER, "0"]
    environ = python_path(bench.peers / "python")
    with bench.builds() as builds, bench.generator() as generator:
        send = partial(_send, generator, bench.scale.upload)
        turns: dict[str, Callable[[], Any]] = {name: partial(_receive, build, send) for name, build in builds.items()}
        if bench.version(PEER) is None:
            yield from (figure for figure in _figures(bench.in_turns(turns, most=5)) if figure.row in rows)
            return
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ, text=True) as server:
            assert server.stdout is not None
            try:
                port = int(server.stdout.readline())
                turns[PEER] = lambda: {"seconds": send(port, "/")}
                yield from (figure for figure in _figures(bench.in_turns(turns, most=5)) if figure.row in rows)
            finally:
                server.terminate()


def _receive(build: Build, send: Callable[[int, str], float]) -> dict[str, float]:
    """Have a mock receive the file, and return the seconds and the bytes that this has added at most."""
    image_id = build.do("renew")
    before = build.do("memory")
    seconds = send(build.port, f"/v2/images/{image_id}/file")
    return {"seconds": seconds, "added": build.do("peak") - before}


def _send(generator: Generator, size: int, port: int, target: str) -> float:
    head = request("PUT", target, Content_Type="application/octet-stream", Content_Length=str(size))
    return float(generator.run({"port": port, "requests": [head], "upload": size})["seconds"])


def _figures(values: dict[str, list[Any]]) -> Iterator[Figure]:
    seconds = {name: [one["seconds"] for one in of] for name, of in values.items()}
    if PEER in seconds:
        today = ratios(seconds["today"], seconds[PEER]) if "today" in seconds else []
        note = " / ".join(f"{written(statistics.median(seconds[name]))} s" for name in ("ours", PEER))
        yield Figure(_TIME, ratios(seconds["ours"], seconds[PEER]), today, note)
    added = {name: [one["added"] / 1e6 for one in of] for name, of in values.items() if name != PEER}
    yield Figure(_MEMORY, added["ours"], added.get("today", []))
