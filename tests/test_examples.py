"""The examples, as their readers have them: copied to somewhere else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
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


@pytest.mark.parametrize("name", EXAMPLES)
def test_tests_pass(copy: Path) -> None:
    """An example has tests, and they pass without a warning."""
    warnings = [argument for warning in ("error", *KNOWN) for argument in ("-W", warning)]
    # Schemathesis, where it is installed, takes each run a second to load.
    plugins = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:requests_mock")
    said = run(copy, sys.executable, "-m", "pytest", "-q", *warnings, *plugins)
    assert re.search(r"^\d+ passed in", said, re.MULTILINE), said


@pytest.mark.parametrize("name", EXAMPLES)
def test_readme_runs(copy: Path) -> None:
    """What an example's README says to type brings its program to the mock."""
    lines = re.findall(r"^\$ (.*)$", (copy / "README.md").read_text("utf-8"), re.MULTILINE)
    with ImsMock(auth="strict") as mock:
        run(copy, "sh", "-euc", "\n".join(lines), IMS_MOCK_URL=mock.url)
        assert any(entry.path.startswith("/v2/images") for entry in mock.journal)
