"""`ims-mock contract verify`: the suite of ims_mock.conformance, run by pytest against an endpoint.

The suite is run with a configuration of its own: no ini file, no conftest.py, no plugin and no variable of the project
that it is started in counts.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ims_mock.command.arguments import print_error

_FOLDER = Path(__file__).resolve().parent.parent / "conformance"

_OF_PYTEST = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
"""Variables that would change how the suite runs."""

_STATUSES = {0: 0, 1: 1, 2: 130, 3: 1, 4: 2, 5: 2, 6: 3, 7: 2}
"""What each exit status of pytest means: 2 is wrong use, or drift alone with --strict; 3 nobody at the endpoint."""


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Run the suite; return 0, 1 for a break, 2 for drift alone with --strict, 3 where nobody is at the endpoint."""
    try:
        import pytest
    except ImportError:
        parser.error("needs pytest; pip install 'ims_mock[contract]'")
    if options.fuzz and options.read_only:
        parser.error("--fuzz sends requests that write; leave out --read-only, or --fuzz")
    if options.junit_xml and options.junit_xml.is_dir():
        parser.error(f"argument --junit-xml: cannot write {options.junit_xml}: it is a folder")
    from ims_mock.conformance.errors import Errors

    errors = Errors(partial(print_error, parser))
    environment = _environment({"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    with environment, _streams(), _interrupted_by_sigterm(), _no_folder_left(options):
        return _STATUSES.get(int(pytest.main(list(_arguments(options)), plugins=[errors])), 1)


def _arguments(options: argparse.Namespace) -> Iterator[str]:
    """Yield the arguments of pytest."""
    yield from (str(_FOLDER), "-c", str(_FOLDER / "pytest.ini"), "--rootdir", str(_FOLDER))
    yield from ("-p", "ims_mock.pytest_plugin", "-p", "no:cacheprovider", "--tb=short", "-q", "-rsx")
    yield from ("--ims-endpoint", options.endpoint, "--ims-profile", options.profile)
    yield from (f"--ims-poll={options.poll}", f"--ims-timeout={options.timeout}", f"--ims-fuzz={options.fuzz}")
    yield from ["--ims-read-only"] if options.read_only else []
    yield from ["--ims-strict"] if options.strict else []
    given = {
        "-m": options.marks,
        "--ims-iam-endpoint": options.iam_endpoint,
        "--ims-ca-file": options.trusted_ca_file,
        "--ims-report": options.report,
        "--junit-xml": options.junit_xml,
    }
    for name, value in given.items():
        if value:
            # A path is one of the folder that the command was started in.
            shown = str(value.absolute()) if isinstance(value, Path) else str(value)
            yield from (name, shown)


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Keep what is meant for another run of pytest away from this one."""
    before = {name: os.environ.pop(name) for name in _OF_PYTEST if name in os.environ}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name in changes:
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _streams() -> Iterator[None]:
    """Let pytest print to nowhere what it would print to a stream that was closed before the command was started."""
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before


@contextmanager
def _no_folder_left(options: argparse.Namespace) -> Iterator[None]:
    """Let Hypothesis, which generates requests, keep its files elsewhere than where the command is started."""
    if not options.fuzz or find_spec("hypothesis") is None:
        yield
        return
    from hypothesis.configuration import set_hypothesis_home_dir

    with TemporaryDirectory(prefix="ims_mock-") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C, so that what the suite has made is removed then too."""

    def interrupt(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
