"""What a command that serves prints on a terminal: where it is, and how a shell uses it."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ims_mock.command.output import Output
from ims_mock.service.settings import SETTINGS, Settings

if TYPE_CHECKING:
    from ims_mock.mock import ImsMock


def greet(log: Output, lines: Iterator[str], options: argparse.Namespace) -> None:
    """Write the lines where somebody reads them: on a terminal, unless the command is quiet."""
    if not options.quiet and sys.stderr is not None and sys.stderr.isatty():
        for line in lines:
            log.write(line)


def lines_of_mock(mock: ImsMock, options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines that help who starts a mock by hand."""
    yield f"Look at it:  {mock.url}/_ims_mock/"
    yield _credentials(mock)
    yield from _shell(["sdk", "--url", mock.url, *_own_words(mock, options)])


def lines_of_proxy(url: str, mock: ImsMock | None, options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines that help who starts a proxy by hand; `mock` is the first one behind it, if any."""
    words = ["proxy", "--url", url, "--ca-file", str(Path(options.ca_file).absolute())]
    if mock is not None:
        page = f"https://ims.{mock.service.settings.region}.myhuaweicloud.com/_ims_mock/"
        yield f"Look at it:  {page} in a browser that uses this proxy"
        yield _credentials(mock)
        words += _accounts(mock)
    yield from _shell(words)


def _credentials(mock: ImsMock) -> str:
    user = mock.accounts.default_user
    return f"Log in with: X-Auth-Token: {mock.token}, or AK/SK {user.access} / {user.secret}"


def _shell(words: list[str]) -> Iterator[str]:
    yield f'In a shell:  eval "$({shlex.join([*this_command(), "env", *words])})"'
    yield "To stop it:  press Ctrl-C"


def this_command() -> list[str]:
    """Return the words that run this very installation in a shell: with a path where PATH has another one, or none."""
    own = shutil.which("ims-mock", path=str(Path(sys.executable).parent))
    found = shutil.which("ims-mock")
    if own is None:
        return [sys.executable, "-m", "ims_mock"]
    is_found = found is not None and Path(found).resolve() == Path(own).resolve()
    return ["ims-mock"] if is_found else [str(Path(own).absolute())]


def _own_words(mock: ImsMock, options: argparse.Namespace) -> Iterator[str]:
    """Yield the options with all that a mock has of its own."""
    if mock.ca_pem:
        yield from ("--ca-file", str(Path(options.ca_file).absolute()))
    for name in ("region", "project_id"):
        value = getattr(mock.service.settings, name)
        if value != SETTINGS[name]["default"]:
            yield from (f"--{name.replace('_', '-')}", value)
    yield from _accounts(mock)


def _accounts(mock: ImsMock) -> list[str]:
    user, usual = mock.accounts.default_user, Settings().first_accounts.default_user
    is_usual = (user.access, user.secret) == (usual.access, usual.secret)
    return [] if is_usual else ["--accounts", "FILE"]
