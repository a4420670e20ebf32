"""The plugin's own tests, in runs with a server of their own and in runs that use a world of a server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest


@pytest.fixture(scope="session")
def shared_server() -> Iterator[str]:
    """The URL of a server in a process of its own."""
    command = [sys.executable, "-m", "ims_mock", "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        yield next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
        process.terminate()


@pytest.fixture(autouse=True)
def way(request: pytest.FixtureRequest) -> str:
    """How the runs of a test have their mock: "here", in their own process, or "there", in a server's."""
    way: str = getattr(request, "param", "here")
    if way == "there":
        pytester: pytest.Pytester = request.getfixturevalue("pytester")
        url = request.getfixturevalue("shared_server")
        # What a run inside a test takes from the environment, as a job of CI would give it.
        pytester._monkeypatch.setenv("PYTEST_ADDOPTS", f"--ims-mock-server={url}")
    return way


def run_both_ways(metafunc: pytest.Metafunc, here_alone: Mapping[str, str]) -> None:
    """Run each test of a module that runs pytest in both ways, but for those that have a reason to run here alone."""
    if "pytester" in metafunc.fixturenames:
        name = metafunc.function.__name__
        ways = ["here"] if name in here_alone else ["here", pytest.param("there", marks=pytest.mark.slow)]
        metafunc.parametrize("way", ways, indirect=True)
