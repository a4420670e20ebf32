"""The commands of OpenStack's clients, unmodified, each in a process of its own.

They take a second to load and a twentieth of one to run: the processes are forked from one that has loaded them.
"""

from __future__ import annotations

import importlib
import io
import logging
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([f"{__name__}_loaded"])

Done = subprocess.CompletedProcess[str]


def run(command: str, *arguments: str, home: Path, **variables: str) -> Done:
    """Run `openstack` or `glance` in a folder, with variables beside those of this process; return how it ended."""
    with TemporaryDirectory() as folder:
        streams = {1: Path(folder) / "stdout", 2: Path(folder) / "stderr"}
        environ = {**os.environ, "HOME": str(home), **variables}
        process = _FORKS.Process(target=_run, args=(command, arguments, environ, home, streams))
        process.start()
        process.join()
        assert process.exitcode is not None
        done = Done([command, *arguments], process.exitcode, *(path.read_text("utf-8") for path in streams.values()))
        process.close()
    return done


def _run(
    command: str, arguments: tuple[str, ...], environ: dict[str, str], folder: Path, streams: dict[int, Path]
) -> None:
    for descriptor, path in streams.items():
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    sys.argv = [command, *arguments]
    sys.exit(_main(command)())


def _main(command: str) -> Callable[[], int | None]:
    """Return what the entry point of a command names."""
    shell = importlib.import_module(f"{command}client.shell")
    main: Callable[[], int | None] = shell.main
    return main


def load() -> None:
    """Load both, with all their plugins: each of them shows a help."""
    for command, arguments in (("openstack", ["image", "list", "--help"]), ("glance", ["help"])):
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), suppress(SystemExit):
            sys.argv = [command, *arguments]
            _main(command)()
    logging.getLogger().handlers.clear()
