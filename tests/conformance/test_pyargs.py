"""The suite as a project's own run of pytest has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ims_mock import ImsMock

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

COMMAND = (sys.executable, "-m", "pytest", "-q", "--pyargs", "ims_mock.conformance", "-p", "no:cacheprovider")
PLUGINS = ("--disable-plugin-autoload", "-p", "ims_mock.pytest_plugin", "-p", "xdist", "-W", "error")


def run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the suite in a folder."""
    variables = {**{name: value for name, value in os.environ.items() if not name.startswith("OS_")}, **environ}
    return subprocess.run(
        [*COMMAND, *PLUGINS, *arguments], cwd=folder, env=variables, capture_output=True, text=True, check=False
    )


def test_processes_report_together(tmp_path: Path) -> None:
    """With pytest-xdist too the report is of the whole run."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers --strict-config\n")
    with ImsMock(auth="strict", public_images=True) as mock:
        given = {"OS_AUTH_URL": f"{mock.url}/v3", "OS_USERNAME": "demo", "OS_PASSWORD": "secret"}
        report = tmp_path / "report.json"
        arguments = ("--ims-endpoint", mock.url, "--ims-report", str(report), "--ims-poll", "0", "-m", "native", "-rs")
        done = run(tmp_path, *arguments, "-n", "2", OS_PROJECT_NAME="demo", **given)
        asked = {entry.operation for entry in mock.journal if entry.operation}
    assert done.returncode == 0, done.stdout + done.stderr
    assert "needs the credentials of a second project" in done.stdout
    operations = json.loads(report.read_text("utf-8"))["operations"]
    assert {name for name, found in operations.items() if found["reached"]} == asked


def test_process_that_cannot_log_in(tmp_path: Path) -> None:
    """With pytest-xdist a login that fails is the error of each test, since a worker cannot end the run."""
    with ImsMock(auth="strict") as mock:
        given = {"OS_AUTH_URL": f"{mock.url}/v3", "OS_USERNAME": "demo", "OS_PASSWORD": "wrong"}
        arguments = ("--ims-endpoint", mock.url, "-n", "2", "-m", "native and not writes")
        done = run(tmp_path, *arguments, OS_PROJECT_NAME="demo", **given)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "no test can be run with a token for a user with a password: keystone_create_token: must" in done.stdout
    assert "INTERNALERROR" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "ims_mock.conformance: needs --ims-endpoint URL"),
        (("--ims-endpoint", "http://127.0.0.1:9"), "ims_mock.conformance: needs credentials: IMS_TOKEN, or "),
        (("--ims-endpoint", "127.0.0.1"), "must be http:// or https:// with a host, got '127.0.0.1'"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """A run without an endpoint, or without credentials, says which options or variables it needs."""
    done = run(tmp_path, *arguments, **({"IMS_TOKEN": "t"} if "127.0.0.1" in arguments else {}))
    assert done.returncode == 4, done.stdout
    assert said in done.stdout + done.stderr
