"""How a command reads its arguments, and how it says that something is wrong: in one line, and where to find help."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from ims_mock.contract.wording import nearest, shown
from ims_mock.version import __version__

WRONG_USE = 2
"""The exit status for arguments that cannot be, and for what keeps a command from its work."""


class Parser(argparse.ArgumentParser):
    """Reads arguments as argparse does, with shorter errors.

    An error is a line that says what is wrong, and a line that names the help; argparse shows all options instead of
    these. Help that cannot be written raises OSError, which argparse ignores. `commands` are the words that are no
    arguments, because they have to come first.
    """

    def __init__(self, **words: Any) -> None:
        self.commands: Collection[str] = ()
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **words)
        self._positionals.title = "arguments"

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Return the arguments as argparse does; end with an error for one that does not exist, and the nearest."""
        self._check_switches(arguments)
        options, rest = self.parse_known_args(arguments)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}{self._hint(rest[0])}")
        return options

    def _hint(self, word: str) -> str:
        if word in self.commands:
            return f"; the command comes first, as in 'ims-mock {word} --help'"
        known = [name for name in self._option_string_actions if name.startswith("--")]
        return nearest(word.partition("=")[0], known) if word.startswith("-") and word != "--" else ""

    def error(self, message: str) -> NoReturn:
        """End with 2, and with what is wrong."""
        print_error(self, message)
        _write(f"try '{self.prog} --help'\n")
        raise SystemExit(WRONG_USE)

    def print_help(self, file: Any = None) -> None:
        """Print the help; raise OSError where it cannot be written."""
        print(self.format_help(), end="", file=file or sys.stdout)

    def _check_switches(self, arguments: Sequence[str]) -> None:
        for argument in arguments:
            if argument == "--":
                return
            flag, sign, value = argument.partition("=")
            action = self._option_string_actions.get(flag)
            if sign and action and action.nargs == 0:
                self.error(f"argument {flag}: takes no value, got {shown(value)}; write {flag} alone")


class Version(argparse.Action):
    """Prints the version; raises OSError where it cannot be written."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        text = "show the version and exit"
        super().__init__(option_strings, dest=argparse.SUPPRESS, default=argparse.SUPPRESS, nargs=0, help=text)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print it, and end with 0."""
        print(f"ims_mock {__version__}")
        parser.exit()


def print_error(parser: argparse.ArgumentParser, text: object) -> None:
    """Write an error to stderr as every command does; where stderr is closed or full, nothing."""
    _write(f"{parser.prog}: error: {text}\n")


def print_note(parser: argparse.ArgumentParser, text: str) -> None:
    """Write to stderr what is no error, such as why a command ends early."""
    _write(f"{parser.prog}: {text}\n")


def _write(text: str) -> None:
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(text)
