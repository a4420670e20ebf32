"""`ims-mock completion`: a script by which a shell completes commands, options and their values."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from ims_mock.command.clients import CLIENTS
from ims_mock.command.parser import COMMANDS, GROUPS, OPTIONS, Option, add_options, new_parser
from ims_mock.contract.wording import nearest, shown

SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")
"""The shells for which there is a script."""

_CHOICES: Mapping[str, Sequence[str]] = {"CLIENT": tuple(CLIENTS), "SHELL": SHELLS}
_FILES = ("FILE", "OLD", "NEW", "A", "B", "COMMAND")
"""The arguments that are one of some words, and those that are files, as help shows them."""


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Print the script of a shell."""
    if options.shell not in SHELLS:
        near = nearest(options.shell, [*SHELLS])
        parser.error(f"there is no script for {shown(options.shell)}; there are {', '.join(SHELLS)}{near}")
    try:
        import shtab
    except ImportError:
        parser.error("needs shtab; install it with: pip install 'ims_mock[completion]'")
    whole = new_parser()
    add_options(whole, "serve")  # Which is what happens without a command.
    for command, action in _actions(whole, "serve"):
        option = _options(command).get("".join(action.option_strings))
        choices = option.choices if option else _CHOICES.get(str(action.metavar), ())
        if choices:
            action.choices = choices
        elif option.is_file if option else action.metavar in _FILES:
            # The name by which shtab finds it; argparse has no such attribute.
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(whole, shell=options.shell))
    return 0


def _actions(parser: argparse.ArgumentParser, command: str) -> Iterator[tuple[str, argparse.Action]]:
    """Yield every option and argument, with the command that has it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            action.help = None  # shtab leaves out what help does not show.
            for word, of_command in action.choices.items():
                yield from _actions(of_command, f"{command} {word}" if command in GROUPS else word)
        else:
            yield command, action


@cache
def _options(command: str) -> Mapping[str, Option]:
    """Return the options of a command by what is typed."""
    return {option.flag: option for option in OPTIONS if command in COMMANDS and option.belongs_to(command)}
