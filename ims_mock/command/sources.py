"""Where the options of a command come from: its arguments, then environment variables, then a config file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ims_mock.command.arguments import Parser, print_note
from ims_mock.command.parser import OPTIONS, Option
from ims_mock.service.settings import read_flag

_PART = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"|")+')
"""One of several values with semicolons between them, but for those in quotes."""

_OF_KUBERNETES = re.compile(r"(?:tcp|udp|sctp)://\S+")


_ARGUMENTS, _VARIABLES, _FILE, _NO_RANK = range(4)


class Given(dict[str, Any]):
    """The options that are given, by the names that argparse keeps them under.

    `sources` says how each was written, such as "--auth", "IMS_MOCK_AUTH" or "auth in ims-mock.toml".
    """

    def __init__(self) -> None:
        super().__init__()
        self.sources: dict[str, str] = {}
        self._ranks: dict[str, int] = {}

    def add(self, name: str, value: Any, source: str, rank: int) -> None:
        """Add an option, unless a source that counts more has it; the one with the lowest rank counts most."""
        if name not in self:
            self[name] = value
            self.sources[name] = source
            self._ranks[name] = rank

    def choose(self, *ways: tuple[str, ...]) -> None:
        """Leave out each of several ways to say the same thing, of which a source that counts more has another."""
        ranks = {way: min((self._ranks[name] for name in way if name in self), default=_NO_RANK) for way in ways}
        for way, rank in ranks.items():
            if rank > min(ranks.values()):
                for name in way:
                    self.remove(name)

    def remove(self, name: str) -> None:
        """Leave out an option, if it is there."""
        self.pop(name, None)
        self.sources.pop(name, None)

    def leave_out(self, names: Sequence[str]) -> str:
        """Return what to do about options that cannot be: the end of an error."""
        return f"leave out {', '.join(self.sources[name] for name in names)}"


def read_options(parser: Parser, command: str, arguments: Sequence[str], environ: Mapping[str, str]) -> Given:
    """Return the options of a command; end with an error for one that cannot be.

    An option of the command line counts more than its variable, and this more than the config file. One that can be
    repeated is not put together from several sources.
    """
    given = Given()
    options = {option.name: option for option in OPTIONS if option.belongs_to(command)}
    for name, value in vars(parser.read(arguments)).items():
        if value is not None:
            given.add(name, value, options[name].flag if name in options else name, _ARGUMENTS)
    for option, value in _variables(parser, options, environ):
        given.add(option.name, value, option.variable, _VARIABLES)
    if "config" in given:
        # Imported here: few commands have such a file.
        from ims_mock.command.config_file import ConfigError, read_config

        try:
            for option, value, source in read_config(given["config"], command):
                given.add(option.name, value, source, _FILE)
        except ConfigError as error:
            parser.error(f"{error}" if error.names_file else f"{given.sources['config']}: {error}")
    for name, option in options.items():
        if option.is_switch and name in given and given[name] == option.default:
            given.remove(name)  # A stronger source has switched off what a weaker one has switched on.
    if "url" in options:
        given.choose(("url",), ("url_file",), ("host", "port"))
    return given


def _variables(
    parser: Parser, options: Mapping[str, Option], environ: Mapping[str, str]
) -> Iterator[tuple[Option, Any]]:
    """Yield the options that environment variables stand for; an empty one stands for nothing."""
    for option in options.values():
        text = environ.get(option.variable, "").strip()
        if not text:
            continue
        if option.name == "port" and _OF_KUBERNETES.fullmatch(text):
            note = f"{option.variable}={text} is what Kubernetes sets for a Service called ims-mock; it is no setting"
            print_note(parser, f"{note}, and {option.flag} is what it would be without")
            continue
        try:
            value = _value(option, text)
        except ValueError as error:
            # What is wrong with a file begins with its name, and anything else with a verb.
            colon = ":" if option.schema.get("x-text") == "file" else ""
            parser.error(f"{option.variable}{colon} {error}")
        if value != []:
            yield option, value


def _value(option: Option, text: str) -> Any:
    """Return what a variable's text stands for; raise ValueError where it stands for nothing."""
    if option.is_switch:
        return option.default != read_flag(text)
    if option.is_repeated:
        return [option.value_of(part) for part in _PART.findall(text) if part.strip()]
    return option.value_of(text)
