"""The command line: `python -m ims_mock` serves until it is stopped."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from ims_mock.command.arguments import WRONG_USE, Parser, print_error, print_note
from ims_mock.command.endings import ending_signals
from ims_mock.command.parser import COMMANDS, GROUPS, OPTIONS, new_command_parser, new_parser
from ims_mock.command.reached import reached_url
from ims_mock.command.sources import Given, read_options
from ims_mock.contract.operations import operations_table
from ims_mock.contract.wording import nearest, shown
from ims_mock.service.settings import SETTINGS, Settings

INTERRUPTED, UNREAD = 130, 141
"""The exit statuses of a command that was ended before it was done, or before its verdict was read."""

ENDLESS = ("serve", "proxy")
"""The commands that only a signal ends, and so with 0."""


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command and return its exit status; wrong arguments end the process with 2."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    command, words = _command_of(given)
    parser = new_command_parser(command) if command else new_parser()
    parser.commands = {name.partition(" ")[0] for name in COMMANDS} if command == "serve" else ()
    options: Given | None = None
    try:
        with nullcontext() if command in ENDLESS else _interruptible():
            try:
                if not command:
                    _check_command(parser, given)
                    parser.read(given)  # It ends here: with help, the version, or what is missing.
                options = read_options(parser, command, given[words:], environ)
                if command != "serve":  # That one does so when it has loaded what stays.
                    gc.enable()
                return _RUN[command](options, parser)
            finally:
                if sys.stdout is not None:
                    sys.stdout.flush()
    except OSError as error:
        _drop_what_is_left(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            print_error(parser, f"cannot write to stdout: {error.strerror}")
            return WRONG_USE
        # The reader, such as `head`, has enough; a verdict that nobody has read is none.
        has_verdict = command.startswith("contract ") or command in ("healthcheck", "sweep")
        return UNREAD if has_verdict and options is not None else 0
    except KeyboardInterrupt:
        print_note(parser, "interrupted")
        return INTERRUPTED
    finally:
        if sys.stderr is not None:
            try:
                sys.stderr.flush()
            except OSError:
                _drop_what_is_left(sys.stderr)


def _drop_what_is_left(stream: TextIO) -> None:
    """Let the end of the process not fail, and so change the exit status, for what the buffer of a stream still has."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _command_of(given: Sequence[str]) -> tuple[str, int]:
    """Return the command, "" where it is none, and how many words name it."""
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        return "serve", 0
    words = 2 if given[0] in GROUPS else 1
    command = " ".join(given[:words])
    return (command, words) if command in COMMANDS else ("", 0)


def _check_command(parser: Parser, given: Sequence[str]) -> None:
    """End with an error for words that name no command; it names the nearest one."""
    words = given
    if given[0] in GROUPS:
        parser.prog, words = f"{parser.prog} {given[0]}", given[1:]
    known = [name.partition(" ")[2] for name in COMMANDS if name.startswith(f"{given[0]} ")]
    known = known if given[0] in GROUPS else list(dict.fromkeys(name.partition(" ")[0] for name in COMMANDS))
    if not words:
        parser.error(f"needs a command: {', '.join(known)}")
    if not words[0].startswith("-"):
        parser.error(f"there is no command {shown(words[0])}; there are {', '.join(known)}{nearest(words[0], known)}")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt on a signal that ends a command, so that a command cleans up, and does not end with 0."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ending_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _serve(given: Given, parser: Parser) -> int:
    settings = _settings(given)
    if "save" in given and "state" not in given:
        parser.error("--save needs --state FILE, which it writes at the end")
    # Imported here: Flask takes longer to import than the other commands take to run.
    from ims_mock.command.standalone import serve

    return serve(_with_defaults(given), settings)


def _proxy(given: Given, parser: Parser) -> int:
    settings, options = _settings(given), _with_defaults(given)
    from ims_mock.command import proxy

    own = [option for option in OPTIONS if option.is_setting or option.name == "rules"]
    of_mocks = [option.name for option in own if option.name in given]
    if options.to == "cloud":
        if of_mocks and not options.mirror:
            parser.error(f"--to cloud runs no mock without --mirror: {given.leave_out(of_mocks)}")
        return proxy.to_cloud(options, settings)
    for name in ("mirror", "record", "strict", "upstream_ca"):
        if name in given:
            parser.error(f"{given.sources[name]} needs --to cloud")
    return proxy.to_mock(options, settings)


def _sweep(given: Given, parser: Parser) -> int:
    settings = _settings(given)
    from ims_mock.command.sweep import sweep

    return sweep(_with_defaults(given), settings, parser)


def _with_defaults(given: Given) -> argparse.Namespace:
    """Return every option that is no setting, and the arguments that stand by themselves.

    `given_as` has how each option that was given was written, also those that are settings.
    """
    rest = {name: value for name, value in given.items() if name not in SETTINGS}
    defaults = {option.name: option.default for option in OPTIONS if not option.is_setting}
    return argparse.Namespace(**defaults | rest, given_as=given.sources)


def _settings(given: Given) -> dict[str, Any]:
    """Return the settings that options ask for."""
    defaults = {option.name: option.default for option in OPTIONS if option.is_setting}
    if given.get("regions"):
        del defaults["region"]  # It follows from the regions.
    return {**defaults, **{name: value for name, value in given.items() if name in SETTINGS}} | {
        "faults": [*given.get("faults", ()), *given.get("rules", ())]
    }


def _print_operations(_given: Given, _parser: Parser) -> int:
    print("\n".join(operations_table()))
    return 0


def _print_environment(given: Given, parser: Parser) -> int:
    """Print what points a client at a running mock."""
    from ims_mock.command.clients import CLIENTS, IN_EACH_SHELL, THROUGH_PROXY
    from ims_mock.command.environment import Target
    from ims_mock.command.healthcheck import named_in

    client, options = given.get("client"), _with_defaults(given)
    if client is None:
        parser.error(f"needs a client: {', '.join(CLIENTS)}")
    if client not in CLIENTS:
        parser.error(f"there is no client {shown(client)}; there are {', '.join(CLIENTS)}{nearest(client, [*CLIENTS])}")
    if options.shell != "bash" and client not in IN_EACH_SHELL:
        parser.error(f"--shell {options.shell} is for {', '.join(IN_EACH_SHELL)}: leave it out for {client}")
    url = reached_url(options, parser, is_tls=bool(options.tls or options.cert) and client not in THROUGH_PROXY)
    is_asked = "/~" in url or ("regions" not in given and client not in THROUGH_PROXY)
    world, region, found = named_in(url, options) if is_asked else ("", "", [])
    regions = given.get("regions") or found
    try:
        settings = {name: value for name, value in given.items() if name in SETTINGS}
        accounts = Settings(**settings | {"regions": regions}).first_accounts
        user = accounts.default_user if options.user is None else accounts.named_user(options.user)
    except ValueError as error:
        parser.error(str(error))
    user = accounts.in_world(world, user)
    file = Path(options.ca_file)
    # Of a certificate that is not made for the run, the authority may be one that every client knows.
    is_named = "ca_file" in given or options.tls or (not options.cert and file.exists())
    ca_file = str(file.absolute()) if (url.startswith("https:") and is_named) or client in THROUGH_PROXY else None
    try:
        target = Target(url, accounts, user, ca_file, options.shell, region, () if region else regions)
        print(CLIENTS[client](target), end="")
    except ValueError as error:
        parser.error(str(error))
    return 0


def _elsewhere(module: str) -> _Run:
    """Return what runs a command that has a module of its own, which is imported when the command is used."""

    def run(given: Given, parser: Parser) -> int:
        status: int = import_module(f"ims_mock.command.{module}").run(_with_defaults(given), parser)
        return status

    return run


_Run = Callable[[Given, Parser], int]

_RUN: dict[str, _Run] = {
    "serve": _serve,
    "proxy": _proxy,
    "sweep": _sweep,
    "env": _print_environment,
    "healthcheck": _elsewhere("healthcheck"),
    "openapi": _elsewhere("openapi"),
    "operations": _print_operations,
    "completion": _elsewhere("completion"),
    "contract check": _elsewhere("contract_check"),
    "contract verify": _elsewhere("contract_verify"),
    "contract consumer": _elsewhere("contract_consumer"),
    "contract changes": _elsewhere("contract_changes"),
    "contract diff": _elsewhere("contract_diff"),
}
"""The commands, as schemas/command.json has them."""
