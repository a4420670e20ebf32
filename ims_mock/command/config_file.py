"""The config file of the command: options in TOML, for every command or for one."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ims_mock.command.parser import COMMANDS, GROUPS, OPTIONS, Option
from ims_mock.contract.problems import InvalidError, Problem
from ims_mock.contract.wording import nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Table = Mapping[str, Any]

MAX_SIZE = 1024 * 1024
"""Most bytes of a config file: what is no file, such as a device, may have no end."""


class ConfigError(ValueError):
    """Raised for a config file that cannot be; `names_file` says whether the text begins with the file's name."""

    def __init__(self, text: str, *, names_file: bool = True) -> None:
        super().__init__(text)
        self.names_file = names_file


def read_config(path: Path, command: str) -> Iterator[tuple[Option, Any, str]]:
    """Yield the options that a file has for a command, each with its value and with its place, the strongest first.

    The top of the file has the options of `serve`, for all commands that have them too. The table of a command, such as
    [sweep] or [contract.check], has those of this command alone, and counts more. Raises ConfigError for a name that
    does not exist, wherever it is, and for a value of this command that cannot be.
    """
    document = _read(path)
    tables = dict(_tables(document, path))
    top = {name: value for name, value in document.items() if name not in GROUPS and name not in COMMANDS}
    known = {name: _options_by_name(name) for name in COMMANDS}
    for name, table in [("", top), *tables.items()]:
        _check_names(path, name, table, known)
    # What is no file, such as a pipe, is in no folder that could be meant.
    folder = path.parent if path.is_file() else Path()
    for name, table in [(command, tables.get(command, {})), ("", top)]:
        for key, value in table.items():
            option = known[name or "serve"][_plain(key)]
            if option.belongs_to(command):
                place = f"{_heading(name)}{key}"
                try:
                    yield option, option.value_in_toml(value, folder), f"{place} in {path}"
                except ValueError as error:
                    raise ConfigError(f"{path}: {_placed(place, error)}") from None


def _placed(place: str, error: ValueError) -> str:
    """Return what is wrong with the value of an option, with the place inside it as TOML counts: `faults[0]`."""
    if not isinstance(error, InvalidError):
        return f"{place}: {error}"
    problems = (
        Problem((), problem.keyword, f"{place}{''.join(map(_inside, problem.path))}: {problem.text}")
        for problem in error.problems
    )
    return str(InvalidError(*problems, source=error.source, in_document=False))


def _inside(key: str | int) -> str:
    return f"[{key}]" if isinstance(key, int) else f".{key}"


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
        if len(content) > MAX_SIZE:
            raise ConfigError(f"{path} is larger than {MAX_SIZE // 1024} KiB, which no config file needs; name another")
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}", names_file=False) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not TOML: it is not written in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path} is not TOML: it is nested too deep") from None


def _tables(document: Table, path: Path) -> Iterator[tuple[str, Table]]:
    """Yield the tables of commands, by the names of the commands."""
    for name in [*GROUPS, *COMMANDS]:
        if name not in document:
            continue
        table = document[name]
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {name} is a command: write its options under [{name}]")
        if name not in GROUPS:
            yield name, table
            continue
        words = [command.partition(" ")[2] for command in COMMANDS if command.startswith(f"{name} ")]
        for word, inner in table.items():
            if word not in words or not isinstance(inner, dict):
                known = ", ".join(f"[{name}.{each}]" for each in words)
                raise ConfigError(
                    f"{path}: [{name}] there is no command {word!r}; there are {known}{nearest(word, words)}"
                )
            yield f"{name} {word}", inner


def _options_by_name(command: str) -> dict[str, Option]:
    return {option.config_name: option for option in OPTIONS if option.belongs_to(command) and option.name != "config"}


def _check_names(path: Path, command: str, table: Table, known: Mapping[str, Mapping[str, Option]]) -> None:
    """Raise ConfigError for a name that a table cannot have, and say where it can be or which is the nearest."""
    own = known[command or "serve"]
    seen: set[str] = set()
    for key, value in table.items():
        name = _plain(key)
        if name in seen:
            raise ConfigError(f"{path}: {_heading(command)}{name} is there twice, with '-' and with '_'")
        seen.add(name)
        if name in own:
            continue
        others = " or ".join(f"[{other.replace(' ', '.')}]" for other, options in known.items() if name in options)
        if others and not isinstance(value, dict):
            raise ConfigError(f"{path}: {_heading(command)}{key} is no option here; write it under {others}")
        what = "option or command" if isinstance(value, dict) and not command else "option"
        names = [*own, *(() if command else COMMANDS)]
        raise ConfigError(f"{path}: {_heading(command)}there is no {what} {key!r}{nearest(name, names)}")


def _heading(command: str) -> str:
    return f"[{command.replace(' ', '.')}] " if command else ""


def _plain(key: str) -> str:
    """Return a name as the table of options has it: with '_', also where the command line has '-'."""
    return key.replace("-", "_")
