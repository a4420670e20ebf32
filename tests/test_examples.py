"""The examples, as their readers have them: copied to somewhere else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ims_mock import ImsMock
from tests.conftest import ROOT, needs_curl

pytestmark = pytest.mark.slow

# The openstack command takes a second to start.
MARKS = {"curl": needs_curl, "openstackclient": pytest.mark.thorough}

EXAMPLES = [
    pytest.param(path.name, marks=MARKS.get(path.name, ()))
    for path in sorted((ROOT / "examples").iterdir())
    if path.is_dir() and path.name[0].isalpha()
]

# What the clients warn of themselves, as described in tests/clients.
KNOWN = (
    "ignore:Method 'glance_:DeprecationWarning",
    "ignore:datetime.datetime.utcnow:DeprecationWarning",
    "ignore::PendingDeprecationWarning",
    "ignore:The openstack.version module is deprecated",
)


SOME = "glance_*: lose_response x1"
"""The plans that tests run of every sweep; the others are run by those that are thorough."""

PATIENCE = {"curl": "1", "openstackclient": "60"}
"""Seconds for which a script waits: long enough for what it does, whatever else the machine does."""

FEW = ("glance_create*: lose_response x1", "glance_upload*: 401 x1", "glance_upload*: bad_upload(outcome=killed) x1")
"""The plans of a script of which every run takes some seconds."""


@pytest.fixture
def copy(tmp_path: Path, name: str) -> Path:
    """A copy of an example."""
    ignore = shutil.ignore_patterns("__pycache__", ".*_cache")
    return Path(shutil.copytree(ROOT / "examples" / name, tmp_path / name, ignore=ignore))


def run(folder: Path, *command: str, **variables: str) -> str:
    """Run a command in a folder, which is its home too, with this Python's commands; return all that it says."""
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": commands, "HOME": str(folder), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def run_tests(copy: Path, *arguments: str) -> None:
    """Run the tests of an example, which pass without a warning."""
    warnings = [argument for warning in ("error", *KNOWN) for argument in ("-W", warning)]
    # Schemathesis, where it is installed, takes each run a second to load.
    plugins = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:requests_mock")
    said = run(copy, sys.executable, "-m", "pytest", "-q", *warnings, *plugins, *arguments)
    assert re.search(r"^\d+ passed(, \d+ deselected)? in", said, re.MULTILINE), said


@pytest.mark.parametrize("name", EXAMPLES)
def test_tests_pass(copy: Path) -> None:
    """An example has tests, and they pass without a warning, those that are swept under some failures."""
    run_tests(copy, "--ims-mock-sweep-only", SOME)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["glanceclient", "huaweicloudsdk", "openstacksdk"])
def test_whole_sweep_passes(copy: Path) -> None:
    """An example survives every failure that its requests can meet."""
    run_tests(copy, "-k", "every_failure")


@pytest.mark.parametrize(
    ("name", "only"),
    [
        pytest.param("curl", [SOME], marks=needs_curl),
        pytest.param("curl", ["*"], marks=[needs_curl, pytest.mark.thorough]),
        pytest.param("openstackclient", FEW, marks=pytest.mark.thorough),
    ],
)
def test_script_survives(copy: Path, only: Sequence[str]) -> None:
    """A script leaves nothing behind, and ends well or says that it does not."""
    (script,) = copy.glob("*.sh")
    (copy / "web.qcow2").write_bytes(b"abc")
    command = [sys.executable, "-m", "ims_mock", "sweep", "--auth", "strict", "--allow-exit", "1", "--timeout", "100"]
    options = [option for glob in only for option in ("--only", glob)]
    said = run(copy, *command, *options, "--", "sh", script.name, "web", "web.qcow2", PATIENCE=PATIENCE[copy.name])
    assert re.match(r"\d+ failed_cleanly(, \d+ survived)?\n", said), said
    assert "without any failure" not in said


@pytest.mark.parametrize("name", EXAMPLES)
def test_readme_runs(copy: Path) -> None:
    """What an example's README says to type brings its program to the mock."""
    lines = re.findall(r"^\$ (.*)$", (copy / "README.md").read_text("utf-8"), re.MULTILINE)
    with ImsMock(auth="strict") as mock:
        run(copy, "sh", "-euc", "\n".join(lines), IMS_MOCK_URL=mock.url)
        assert any(entry.path.startswith("/v2/images") for entry in mock.journal)
