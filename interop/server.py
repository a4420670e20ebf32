"""A mock in a process of its own, and what `ims-mock env` prints for it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ims_mock
from ims_mock import ImsMock

_STARTS_WITHIN = 30.0


@dataclass(frozen=True)
class Started:
    """A mock that listens."""

    url: str
    ca_file: str
    """The file of its certificate authority, or an empty text."""

    control: ImsMock
    """The same mock, for rules and its journal."""

    def environment(self, client: str) -> str:
        """Return what `ims-mock env CLIENT` prints, or an empty text for no client."""
        return _environment(client, self.url, self.ca_file) if client else ""


@cache
def _environment(client: str, url: str, ca_file: str) -> str:
    authority = ["--tls", "--ca-file", ca_file] if ca_file else []
    command = [sys.executable, "-m", "ims_mock", "env", client, "--url", url, *authority]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def started(options: Sequence[str]) -> Iterator[Started]:
    """Start a mock with these options on a free port, and stop it at the end.

    Raises:
        RuntimeError: it does not start
    """
    with tempfile.TemporaryDirectory() as folder:
        url_file, ca_file = Path(folder, "url"), Path(folder, "ca.pem")
        is_tls = "--tls" in options
        command = [sys.executable, "-m", "ims_mock", "--port", "0", "--quiet", "--journal-size", "100000"]
        command += ["--url-file", str(url_file), *options, *(["--ca-file", str(ca_file)] if is_tls else [])]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            url = _url_in(url_file, process)
            ca = str(ca_file) if is_tls else None
            with ims_mock.connect(url, ca=ca) as control:
                yield Started(url, ca or "", control)
        finally:
            process.terminate()
            process.wait()


def _url_in(file: Path, process: subprocess.Popen[bytes]) -> str:
    """Wait for the URL of a mock that starts."""
    end = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < end and process.poll() is None:
        if file.exists() and (url := file.read_text().strip()):
            return url
        time.sleep(0.05)
    raise RuntimeError(f"the mock does not start: {process.args!r}")
