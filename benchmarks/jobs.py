"""What a job costs while many are under way, beside what it costs while few are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.client import Client, side_by_side
from ims_mock import ImsMock

MANY, FEW = 10_000, 100
LONG = 2 * MANY
"""Seconds, or looks, that a job takes: more than the seconds in which they begin."""

CREATE = {"name": "image", "image_url": "bucket:file.qcow2", "os_version": "CentOS 7.6 64bit", "min_disk": 40}

Work = Callable[[], object]


def print_jobs() -> None:
    """Print a line for each thing that is done: its time with many jobs and with few, and the ratio."""
    print(f"what is done, its time with {MANY} jobs under way and with {FEW} (microseconds, median), ratio")
    for unit, works in (("seconds", {**_WORKS, **_BY_CLOCK}), ("polls", _WORKS)):
        with _with_jobs(unit, MANY) as many, _with_jobs(unit, FEW) as few:
            for name, (make, count) in works.items():
                ours, theirs = side_by_side(make(many), make(few), rounds=5, count=count)
                print(f"{name:20} {unit:8} {ours:8.0f} {theirs:8.0f} {ours / theirs:6.2f}")


@contextmanager
def _with_jobs(unit: str, count: int) -> Iterator[ImsMock]:
    """Yield a mock with so many jobs under way, the next one begun a second after the one before."""
    with ImsMock(jobs={"*": {unit: LONG}}, start="2026-01-01T00:00:00Z") as mock:
        create = _create(mock)
        for _ in range(count):
            create()
            mock.clock.advance(1)
        yield mock


def _create(mock: ImsMock) -> Work:
    return Client(mock.url, "POST", "/v2/cloudimages/action", json.dumps(CREATE).encode())


def _look(mock: ImsMock) -> Work:
    return Client(mock.url, "GET", f"/v1/cloudimages/job/{_middle(mock)}")


def _look_in_process(mock: ImsMock) -> Work:
    job_id = _middle(mock)
    return lambda: mock.jobs[job_id]["status"]


def _export(mock: ImsMock) -> Work:
    body = json.dumps({"bucket_url": "bucket:out.qcow2", "file_format": "qcow2"}).encode()
    image = mock.add_image(name="exported", status="active")
    export = Client(mock.url, "POST", f"/v1/cloudimages/{image['id']}/file", body)
    export()
    return export


def _advance(mock: ImsMock) -> Work:
    return lambda: mock.clock.advance(0.001)


def _end_one(mock: ImsMock) -> Work:
    """Return a second that passes, within which a job ends."""
    first = next(iter(mock.jobs.values()))
    mock.clock.advance(first["began"] + LONG - 0.5 - mock.clock.now())
    return lambda: mock.clock.advance(1)


def _middle(mock: ImsMock) -> str:
    ids = list(mock.jobs)
    return ids[len(ids) // 2]


_WORKS = {
    "create": (_create, 10),
    "look": (_look, 50),
    "look in the process": (_look_in_process, 200),
    "export": (_export, 20),
    "advance": (_advance, 200),
}
_BY_CLOCK = {"advance, one job ends": (_end_one, 10)}
"""What is done, and how often in a row: what adds or ends jobs, seldom enough for few to stay few."""
