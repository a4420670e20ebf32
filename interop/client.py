"""A client as its folder describes it in `client.json`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jsonschema import Draft202012Validator

HERE = Path(__file__).resolve().parent

_SCHEMA = Draft202012Validator(json.loads(Path(HERE, "client.schema.json").read_text()))


class WrongFileError(ValueError):
    """Raised for a file that cannot be used; the text names it, and what is wrong."""


@dataclass(frozen=True)
class Client:
    """How a client is built and run, and what it needs."""

    name: str
    """The name of its folder."""

    title: str
    run: Sequence[str]
    """The command that runs the whole program. With the name of a call behind it, it makes that call alone."""

    packages: Mapping[str, str] = field(default_factory=dict)
    """The versions of the packages that are tried, the main one first."""

    needs: Sequence[str] = ()
    """The commands that have to be on the PATH."""

    env: str = ""
    """What `ims-mock env` is called with."""

    env_file: str = ""
    """The file of the folder that takes what `ims-mock env` prints; without it, a shell does."""

    mock: Sequence[str] = ()
    """Options of the mock."""

    build: Sequence[Sequence[str]] = ()
    calls: Sequence[str] = ()
    """The single calls, for faults: of `list`, `create` and `job`."""

    timeout: float = 60
    """The seconds after which the program is ended."""

    tls: bool = True
    """Whether the program is run a second time, over TLS."""

    in_ci: bool = True
    """Whether it is run with all others; if not, it is run by its name alone."""

    note: str = ""
    """What a reader of the table has to know."""

    @property
    def folder(self) -> Path:
        """Its folder."""
        return HERE / self.name

    @property
    def missing(self) -> list[str]:
        """The commands that it needs and that are not there."""
        return [command for command in self.needs if shutil.which(command) is None]


def all_clients() -> dict[str, Client]:
    """Return the clients by name.

    Raises:
        WrongFileError: a client.json is not as client.schema.json says
    """
    return {file.parent.name: _described(file) for file in sorted(HERE.glob("*/client.json"))}


def _described(file: Path) -> Client:
    try:
        fields = json.loads(file.read_text())
    except ValueError as error:
        raise WrongFileError(f"{file}: is not JSON: {error}") from error
    for wrong in _SCHEMA.iter_errors(fields):
        raise WrongFileError(f"{file}: {wrong.json_path}: {wrong.message}")
    return Client(file.parent.name, **fields)
