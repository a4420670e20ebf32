"""What the commands do where their output is closed, full, or read by nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ims_mock.command.parser import COMMANDS
from ims_mock.contract.operations import load_contract
from tests.command.test_process import HAR

pytestmark = pytest.mark.slow

PRINTING = [["operations"], ["openapi"], ["env", "curl"]]


def run_with_full(stream: str, command: list[str], unbuffered: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command whose "stdout" or "stderr" is full, and return what it wrote to the other one."""
    with open("/dev/full", "w") as full:
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: full}
        return subprocess.run(
            [sys.executable, "-m", "ims_mock", *command],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            text=True,
            timeout=60,
            check=False,
            **streams,
        )


@pytest.mark.parametrize("command", PRINTING)
def test_stdout_that_is_full(command: list[str]) -> None:
    """What cannot be written is a line and not a traceback."""
    done = run_with_full("stdout", command)
    message = f"ims-mock {command[0]}: error: cannot write to stdout: No space left on device\n"
    assert (done.stderr, done.returncode) == (message, 2)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [["--help"], ["--version"], ["serve", "-h"], ["contract", "--help"]])
def test_help_that_cannot_be_written(command: list[str], unbuffered: str) -> None:
    """Help and the version that cannot be written are an error as any other output is."""
    done = run_with_full("stdout", command, unbuffered)
    assert done.stderr.endswith(": error: cannot write to stdout: No space left on device\n")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


ASKING = """
import os
from urllib.request import Request, urlopen
headers = {"X-Auth-Token": os.environ["IMS_MOCK_TOKEN"]}
urlopen(Request(os.environ["IMS_MOCK_URL"] + "/v2/images", headers=headers)).read()
"""
"""A program that asks the mock for something."""

WITH_OUTPUT = [
    (["operations"], 0),
    (["openapi"], 0),
    (["env", "curl"], 0),
    (["completion", "bash"], 0),
    (["contract", "check", HAR], 141),
    (["contract", "consumer", "--name", "web", HAR], 141),
    (["contract", "diff", "--rules"], 141),
    (["contract", "diff", HAR, "mock"], 141),
    (["contract", "changes", "OLD"], 141),
    (["sweep", "--list", "--", sys.executable, "-c", ASKING], 141),
    (["sweep", "--only", "503 x1", "--", sys.executable, "-c", ASKING], 141),
    *(([*command.split(), "--help"], 0) for command in COMMANDS),
]
"""Commands that print something, each with the exit status where nobody reads it."""


@pytest.mark.parametrize(("command", "status"), WITH_OUTPUT)
def test_stdout_that_nobody_reads(tmp_path: Path, command: list[str], status: int) -> None:
    """What `head` has enough of ends quietly, and what would have been a verdict not with 0."""
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(load_contract().document))
    words = [str(document) if word == "OLD" else word for word in command]
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(
        [sys.executable, "-m", "ims_mock", *words], stdout=writes, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writes)
    assert (done.stderr, done.returncode) == ("", status)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", "2>/dev/full"])
@pytest.mark.parametrize("command", PRINTING)
def test_stream_that_is_closed_or_full(command: list[str], closed: str, unbuffered: str) -> None:
    """A stream that was closed before the start gets nothing, and is no error, whatever there is to say."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "ims_mock", *command],
        env={**os.environ, "IMS_MOCK_PORT": "tcp://10.96.0.10:9292", "PYTHONUNBUFFERED": unbuffered},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert bool(done.stdout) == (closed != ">&-")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [["--no-such-option"], ["no-such-command"], ["env", "nobody"], ["--state", "none"]])
def test_error_that_cannot_be_written(command: list[str], unbuffered: str) -> None:
    """Its exit status is that of the error."""
    assert run_with_full("stderr", command, unbuffered).returncode == 2
