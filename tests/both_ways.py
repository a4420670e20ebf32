"""The plugin's own tests, in runs with a server of their own, and in runs that use a world of a server or of three."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.shared.farm import balancer, replicas
from tests.shared.redis_server import redis_server


@pytest.fixture(scope="session")
def shared_server() -> Iterator[str]:
    """The URL of a server in a process of its own."""
    command = [sys.executable, "-m", "ims_mock", "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        yield next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
        process.terminate()


@pytest.fixture(scope="session")
def shared_farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of nginx before three servers, which share their state in a Redis."""
    with redis_server() as redis, replicas(3, redis.url) as servers:
        folder = tmp_path_factory.mktemp("nginx")
        with balancer(folder, [server.port for server in servers]) as url:
            yield url


@pytest.fixture(autouse=True)
def way(request: pytest.FixtureRequest) -> str:
    """How the runs of a test have their mock: "here" in their own process, "there" in a server's, or in three."""
    way: str = getattr(request, "param", "here")
    if way != "here":
        pytester: pytest.Pytester = request.getfixturevalue("pytester")
        url = request.getfixturevalue("shared_server" if way == "there" else "shared_farm")
        # What a run inside a test takes from the environment, as a job of CI would give it.
        pytester._monkeypatch.setenv("PYTEST_ADDOPTS", f"--ims-mock-server={url}")
    return way


_NO_REGIONS = "servers with one state have no regions"

_NOT_IN_THREE = {
    "test_unfired_rules_of_regions": _NO_REGIONS,
    "test_rule_of_a_setting_fires_in_one_region": _NO_REGIONS,
    "test_report_shows_worlds_and_regions": _NO_REGIONS,
    "test_line_of_the_report_runs_the_same_again": "the ids of requests depend on the server that each of them reaches",
    "test_line_of_the_report_runs_from_where_pytest_was_started": "the same",
}
"""The tests that do not hold for several servers, with the reason."""

_FARM = pytest.param("in three", marks=pytest.mark.store)


def run_both_ways(metafunc: pytest.Metafunc, here_alone: Mapping[str, str]) -> None:
    """Run each test of a module that runs pytest in both ways, but for those that have a reason to run here alone."""
    if "pytester" in metafunc.fixturenames:
        name = metafunc.function.__name__
        ways: list[Any] = ["here"]
        if name not in here_alone:
            ways.append(pytest.param("there", marks=pytest.mark.slow))
            ways += [] if name in _NOT_IN_THREE else [_FARM]
        metafunc.parametrize("way", ways, indirect=True)
