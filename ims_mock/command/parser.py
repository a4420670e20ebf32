"""The parser of the command line, and its table for the manual: schemas/command.json and schemas/settings.json."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ims_mock.command.arguments import Parser, Version
from ims_mock.contract import schema_files
from ims_mock.contract.problems import InvalidError
from ims_mock.contract.sizes import bytes_of
from ims_mock.contract.wording import shown
from ims_mock.faults.rule_text import new_rule, parse_rule
from ims_mock.faults.rules import check_rules
from ims_mock.service.settings import SETTINGS, Settings, check_value, read_text
from ims_mock.web.addresses import checked_host

PROG = "ims-mock"
PREFIX = "IMS_MOCK_"

_DOCUMENT: Mapping[str, Any] = schema_files.read("command.json")

COMMANDS: Mapping[str, Mapping[str, Any]] = _DOCUMENT["commands"]
"""The commands by their names; one of a group has two words."""

GROUPS: Mapping[str, str] = _DOCUMENT["command_groups"]
"""The first words of commands that have two, with what they are for."""


CLIENT_COMMANDS: Sequence[str] = _DOCUMENT["options"]["url"]["x-commands"]
"""The commands that ask a running mock."""

SECTIONS: Mapping[str, Sequence[str]] = _DOCUMENT["sections"]
"""The first words of all commands, by what they are about."""


@dataclass(frozen=True)
class Option:
    """An option of the command line: of a setting, or of the process that serves. `name` is where argparse keeps it."""

    name: str
    schema: Mapping[str, Any]

    @property
    def is_setting(self) -> bool:
        """Whether the mock has a setting of this name."""
        return self.schema is SETTINGS.get(self.name)

    @property
    def flag(self) -> str:
        """The option as it is typed, such as "--token-lifetime"."""
        name: str = self.schema.get("x-option", self.name)
        return "--" + name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable that stands for the option."""
        name: str = self.schema.get("x-variable", self.flag[2:])
        return PREFIX + name.upper().replace("-", "_")

    @property
    def config_name(self) -> str:
        """The name in a config file: that of the setting, or the option as it is typed, with '_'."""
        return self.name if self.is_setting else self.flag[2:].replace("-", "_")

    @property
    def default(self) -> Any:
        """The value without the option."""
        return self.schema.get("x-command-default", self.schema["default"])

    @property
    def is_switch(self) -> bool:
        """Whether the option takes no value: given, it is the opposite of the default."""
        return bool(self.schema["type"] == "boolean")

    @property
    def is_repeated(self) -> bool:
        """Whether the option can be given several times."""
        return bool(self.schema["type"] == "array")

    @property
    def is_file(self) -> bool:
        """Whether the value is the name of a file."""
        return self.schema.get("x-text") in ("path", "file") or self.schema.get("x-metavar") == "FILE"

    @property
    def choices(self) -> list[str]:
        """The words that a value can be, or none where it can be anything."""
        words: list[str] = self._schema_of_one.get("enum", [])
        return words

    def meaning(self, command: str) -> str:
        """Return what the option does in a command; one that asks a mock has the options of the mock to find it."""
        before = "do not " if self.is_switch and self.default else ""
        after = "; can be repeated; in the variable, ';' separates the values" if self.is_repeated else ""
        words = self.schema.get("x-client-description") if command in CLIENT_COMMANDS else None
        return f"{before}{words or self.schema['description']}{after}"

    @property
    def example(self) -> str:
        """A value as it is typed, where one needs showing."""
        example = self.schema.get("examples", [""])[0]
        if self.schema.get("x-text") == "file":
            return ""
        if isinstance(example, dict) and any(isinstance(value, dict) for value in example.values()):
            return f"'{json.dumps(example)}'"
        if isinstance(example, dict):
            return ",".join(f"{name}={value}" for name, value in example.items())
        return str(example[0] if self.is_repeated else example)

    @property
    def shown_default(self) -> str:
        """The default as help shows it, or "" where there is nothing to show."""
        default = self.schema.get("x-default", self.default)
        return "" if self.is_switch or default in (None, {}, []) else str(default)

    def belongs_to(self, command: str) -> bool:
        """Return whether a command has the option; one that runs mocks has nearly every setting that serving has."""
        commands = self.schema.get("x-commands", ("serve",))
        about = COMMANDS[command]
        has_settings = self.is_setting and about.get("has_settings", False) and self.name not in about.get("lacks", ())
        return command in commands or ("serve" in commands and has_settings)

    def value_of(self, text: str) -> Any:
        """Return the value that a text stands for; raise ValueError for one that cannot be."""
        kind = self.schema.get("x-text")
        if kind == "rule":
            _check_is_there(text)
            return parse_rule(text)
        if kind in ("path", "file") and not text:
            raise ValueError('must be the name of a file, got ""')
        if kind == "path":
            return Path(text)
        value = text if kind == "host" else read_text(self._schema_of_one, text)
        try:
            checked = self._checked(value, [value] if self.is_repeated else value)
        except InvalidError as error:
            raise ValueError(error.in_file(text)) if kind == "file" else error from None
        _check_is_there(text)
        return checked

    def value_in_toml(self, value: Any, folder: Path) -> Any:
        """Return the value that TOML has for the option; the names of files are seen from `folder`.

        Raises ValueError for one that cannot be.
        """
        plain = _without_times(value)
        if self.schema.get("x-text") in ("path", "file") and isinstance(plain, str):
            return self.value_of(str(folder / plain) if plain else "")
        check_value(self.schema, plain)
        _check_is_there(plain)
        return self._checked(plain, plain)

    def _checked(self, value: Any, whole: Any) -> Any:
        """Return a value that has the right type; raise InvalidError where more than the schema rejects it."""
        kind = self.schema.get("x-text")
        try:
            if kind == "host":
                return checked_host(value)
            if kind == "size":
                return None if value is None else bytes_of(value, self.name)
            if self.is_setting:
                Settings(**{self.name: whole})
            elif kind == "file":
                return [new_rule(rule) for rule in check_rules(value)]
        except InvalidError as error:
            raise self._inside(error) from None
        return value

    @property
    def _schema_of_one(self) -> Mapping[str, Any]:
        schema: Mapping[str, Any] = self.schema["items"] if self.is_repeated else self.schema
        return schema

    def _inside(self, error: InvalidError) -> InvalidError:
        """Return what is wrong with a value as the option has it, which names the setting already."""
        problems = (
            replace(problem, path=problem.path[1:]) if problem.path[:1] == (self.name,) else problem
            for problem in error.problems
        )
        return InvalidError(*problems, source=error.source, in_document=False)

    def add_to(self, group: argparse._ArgumentGroup, command: str) -> None:
        """Add the option to a group of a command's parser."""
        example = f"; for example {self.example}" if self.example else ""
        default = f" (default: {self.shown_default})" if self.shown_default else ""
        words: dict[str, Any] = {
            "dest": self.name,
            "help": (self.meaning(command) + example + default).replace("%", "%%"),
        }
        if self.is_switch:
            words |= {"action": "store_const", "const": not self.default}
        else:
            words |= {"action": "append" if self.is_repeated else "store", "metavar": self._metavar()}
            words |= {"type": partial(_typed, self.value_of)}
        group.add_argument(self.flag, **words)

    def _metavar(self) -> str:
        if "enum" in self.schema:
            return "{" + ",".join(self.schema["enum"]) + "}"
        known = "FILE" if self.schema.get("x-text") == "file" else self.flag[2:].upper().replace("-", "_")
        return str(self.schema.get("x-metavar", known))


OPTIONS = [Option(name, schema) for name, schema in [*_DOCUMENT["options"].items(), *SETTINGS.items()]]


def _without_times(value: Any) -> Any:
    """Return a value of TOML as JSON has it: its times are texts."""
    if isinstance(value, dict):
        return {name: _without_times(inside) for name, inside in value.items()}
    if isinstance(value, list):
        return [_without_times(inside) for inside in value]
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value


def _check_is_there(value: Any) -> None:
    """Raise ValueError for an empty text: it comes of a variable that a shell does not have."""
    if isinstance(value, str) and not value.strip():
        raise ValueError(f"must not be empty, got {shown(value)}; give a value, or leave it out")


def _typed(convert: Callable[[str], Any], text: str) -> Any:
    """Convert a text, so that argparse shows the converter's own words when it refuses."""
    try:
        return convert(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def new_parser() -> Parser:
    """Return the parser of the whole command line, which knows what every command has."""
    parser = Parser(prog=PROG, usage=f"{PROG} [COMMAND] [OPTION ...]", description=_overview(), epilog=_epilog())
    parser.add_argument("--version", action=Version)
    # The overview has the commands, in sections.
    add = {"": parser.add_subparsers(dest="command", metavar="COMMAND", help=argparse.SUPPRESS).add_parser}
    for name, description in GROUPS.items():
        group = add[""](name, help=description, description=_sentence(description))
        add[name] = group.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True).add_parser
    for name, command in COMMANDS.items():
        of, _, word = name.rpartition(" ")
        new_command_parser(name, partial(add[of], word, help=command["description"]))
    return parser


def _overview() -> str:
    lines = [_DOCUMENT["description"]]
    for title, words in SECTIONS.items():
        lines += ["", f"{title}:"]
        lines += [f"  {word:{_WIDTH}}{GROUPS.get(word) or COMMANDS[word]['description']}" for word in words]
    return "\n".join(lines)


_WIDTH = 13


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def new_command_parser(name: str, new: Callable[..., Parser] = Parser) -> Parser:
    """Return the parser of one command, without those of the others, which take longer than a mock to start."""
    command = COMMANDS[name]
    parser = new(
        prog=f"{PROG} {name}",
        description=_sentence(command["description"]),
        epilog=f"{_statuses(command['statuses'])}\n\n{_examples(command['examples'])}",
    )
    for argument, words in command.get("arguments", {}).items():
        parser.add_argument(argument, nargs=words["count"], metavar=words["metavar"], help=words["description"])
    add_options(parser, name)
    return parser


def add_options(parser: Parser, command: str) -> None:
    """Add the options of a command to a parser, in their groups."""
    for key, title in _DOCUMENT["groups"].items():
        options = [option for option in OPTIONS if option.belongs_to(command) and option.schema["x-group"] == key]
        if options:
            group = parser.add_argument_group(title)
            for option in options:
                option.add_to(group, command)


def _epilog() -> str:
    examples = [command["examples"][0] for command in COMMANDS.values()]
    return f"""'{PROG} COMMAND --help' shows the options of a command. Every option can also be an environment
variable, such as {PREFIX}PORT for --port, or a line of the file that --config names.

{_examples(examples)}"""


def _statuses(statuses: Mapping[str, str]) -> str:
    return "\n".join(["exit status:", *(f"  {status:5}{text}" for status, text in statuses.items())])


def _examples(lines: list[str]) -> str:
    return "\n  ".join(["examples:", *lines])


def options_table() -> Iterator[str]:
    """Yield the lines of a Markdown table for the manual: every option but those of the contract's commands."""
    yield "| option | environment | default | meaning |"
    yield "|---|---|---|---|"
    for group in _DOCUMENT["groups"]:
        for option in OPTIONS:
            if option.schema["x-group"] == group and any(
                map(option.belongs_to, ("serve", *CLIENT_COMMANDS, "openapi"))
            ):
                default = f" `{option.shown_default}`" if option.shown_default else ""
                example = f"; for example `{option.example}`" if option.example else ""
                meaning = f"{_meaning_in_manual(option)}{example}"
                yield f"| `{option.flag}` | `{option.variable}` |{default} | {meaning} |"


def _meaning_in_manual(option: Option) -> str:
    commands = " and ".join(f"`{name}`" for name in COMMANDS if option.belongs_to(name))
    if not option.belongs_to("serve"):
        return f"with {commands}: {option.meaning('')}"
    of_clients = [name for name in CLIENT_COMMANDS if option.belongs_to(name)]
    if not of_clients or "x-client-description" not in option.schema:
        return option.meaning("serve")
    names = " and ".join(f"`{name}`" for name in of_clients)
    return f"{option.meaning('serve')}; with {names}: {option.meaning(of_clients[0])}"


def statuses_table() -> Iterator[str]:
    """Yield the lines of a Markdown table for the manual: the exit statuses of each command."""
    yield "| command | status | meaning |"
    yield "|---|---|---|"
    for name, command in COMMANDS.items():
        for status, meaning in command["statuses"].items():
            yield f"| `{name}` | {status} | {meaning} |"


def settings_table() -> Iterator[str]:
    """Yield the lines of a Markdown table of every setting, for the manual."""
    yield "| setting | default | meaning |"
    yield "|---|---|---|"
    for name, schema in SETTINGS.items():
        default = schema.get("x-default") or f"`{_python(schema['default'])}`"
        example = "".join(f"; for example `{_python(value)}`" for value in schema.get("examples", ()))
        yield f"| `{name}` | {default} | {schema['description']}{example} |"


def _python(value: Any) -> str:
    """Return a value as Python has it, in double quotes."""
    return repr(value).replace("'", '"')
