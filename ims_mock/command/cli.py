"""The command line: `python -m ims_mock` serves until it is told to stop."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ims_mock.command.environment import CLIENTS, Target
from ims_mock.contract import json_text
from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import load_contract, operations_table
from ims_mock.faults.rule_text import RuleTextError, new_rule, parse_rule
from ims_mock.faults.rules import Rule, check_rules
from ims_mock.identity.auth import LEVELS
from ims_mock.service.service import Settings, encoded
from ims_mock.version import __version__
from ims_mock.web.addresses import root_url

_PROG = "ims-mock"
_COMMANDS = ("serve", "openapi", "operations", "env")
_OPTIONS = (
    *("host", "port", "seed", "auth", "region", "accounts", "token-lifetime", "fault", "faults", "max-image-size"),
    *("speed", "delays", "state", "journal-size", "ca-file", "cert", "key", "url", "user", "url-file", "log-format"),
)
_FLAGS = ("public-images", "no-header-faults", "tls", "policy", "quiet")
_PREFIX = "IMS_MOCK_"
_FAULT = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"|")+')
"""One of several rules with semicolons between them, but for those in quotes."""

_CA_FILE = Path("ims-mock-ca.pem")
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("", "0", "false", "no", "off")

T = TypeVar("T")


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command and return its exit status; wrong arguments end the process with 2."""
    parser = _new_parser()
    given = sys.argv[1:] if arguments is None else list(arguments)
    variables = list(_environment(parser, environ))
    # Parsed by themselves first, so that a wrong one is told as what it is.
    parser.prog = "ims-mock: a variable of the environment"
    parser.parse_args(variables)
    parser.prog = _PROG
    options = parser.parse_args([*variables, *given])
    if options.command not in _COMMANDS:
        # Not left to argparse, which would take the value of a misspelt option for a command.
        parser.error(f"unknown command {options.command!r}; there are {', '.join(_COMMANDS)}")
    if options.client is not None and options.command != "env":
        parser.error(f"{options.command} takes no argument {options.client!r}")
    if options.command == "env":
        return _print_environment(options, parser)
    if options.command == "openapi":
        sys.stdout.write(encoded(load_contract().document).decode() + "\n")
        return 0
    if options.command == "operations":
        print("\n".join(operations_table()))
        return 0
    # Imported here: Flask takes longer to import than the other commands take to run.
    from ims_mock.command.standalone import serve

    return serve(options, _settings(options, parser))


def _new_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROG,
        description="An in-memory mock of Huawei Cloud's Image Management Service.",
        epilog=f"Every option has an environment variable too: {_PREFIX}PORT for --port, and so on; "
        f"{_PREFIX}FAULT takes several faults with ';' between them.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "command",
        nargs="?",
        default="serve",
        help="serve (the default); openapi, operations, or env and a client: what to print",
    )
    parser.add_argument("client", nargs="?", help=f"with env: {', '.join(CLIENTS)}")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=_typed(_port), default=9292, help="port; 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument("--seed", type=_seed, help=f"what ids are made from (default: {Settings.seed})")
    parser.add_argument(
        "--auth", choices=LEVELS, help=f"whether credentials are needed, and verified (default: {Settings.auth})"
    )
    parser.add_argument("--region", help=f"the region (default: {Settings.region})")
    parser.add_argument("--accounts", type=_typed(_accounts), metavar="FILE", help="more projects and users, in JSON")
    parser.add_argument(
        "--token-lifetime",
        type=_typed(_seconds),
        metavar="SECONDS",
        help=f"of a token (default: {Settings.token_lifetime})",
    )
    parser.add_argument(
        "--fault",
        type=_typed(_rule),
        action="append",
        default=[],
        metavar="RULE",
        help="'[OPERATION:] FAULT [MODIFIER ...]', such as 'glance_create_image_metadata: 503 x2'; may be repeated",
    )
    parser.add_argument("--faults", type=_typed(_rules), metavar="FILE", help="more rules, as a list in JSON")
    parser.add_argument(
        "--no-header-faults", action="store_true", help="pay no heed to what requests ask for in X-IMS-Mock-Fault"
    )
    parser.add_argument(
        "--speed",
        type=_typed(_speed),
        help="seconds of the clock in a real one; 0 freezes it (default: 1)",
    )
    parser.add_argument(
        "--delays",
        type=_typed(_delays),
        metavar="STATUS=SECONDS,...",
        help="how long an upload leaves an image queued and saving, such as queued=5,saving=60",
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="begin with a state that was saved, settings included"
    )
    parser.add_argument(
        "--journal-size",
        type=_typed(_entries),
        metavar="N",
        help=f"how many requests are remembered (default: {Settings.journal_size})",
    )
    parser.add_argument("--public-images", action="store_true", help="begin with about 20 public images")
    parser.add_argument(
        "--max-image-size", type=_typed(_size), metavar="BYTES", help="refuse larger image files with 413"
    )
    parser.add_argument("--tls", action="store_true", help="serve HTTPS, with a certificate made for this run")
    parser.add_argument(
        "--ca-file",
        type=Path,
        default=_CA_FILE,
        metavar="FILE",
        help="where --tls writes the certificate of its authority (default: %(default)s)",
    )
    parser.add_argument("--cert", type=Path, metavar="FILE", help="serve HTTPS, with this certificate in PEM")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the key of --cert, in PEM")
    parser.add_argument("--url", help="with env: where the mock is, when --host and --port do not say it")
    parser.add_argument("--user", help="with env: who is to call (default: the first user, demo)")
    parser.add_argument("--policy", action="store_true", help="print, at the end, the smallest policy for all requests")
    parser.add_argument("--url-file", type=Path, metavar="FILE", help="write the URL to FILE once it answers")
    parser.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="form of the line that each request logs"
    )
    parser.add_argument("--quiet", action="store_true", help="log no requests")
    parser.add_argument("--version", action="version", version=f"ims_mock {__version__}")
    return parser


def _environment(parser: argparse.ArgumentParser, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the arguments that environment variables stand for; an empty one stands for nothing."""
    for option in _OPTIONS + _FLAGS:
        name = _PREFIX + option.upper().replace("-", "_")
        value = environ.get(name, "").strip()
        if option in _FLAGS:
            if value.lower() not in _TRUE + _FALSE:
                parser.error(f"{name} must be one of {', '.join(filter(None, _TRUE + _FALSE))}, got {value!r}")
            yield from [f"--{option}"] if value.lower() in _TRUE else []
            continue
        for part in _FAULT.findall(value) if option == "fault" else [value]:
            if part.strip():
                yield f"--{option}={part}"


def _typed(convert: Callable[[str], T]) -> Callable[[str], T]:
    """Return a converter whose own words argparse shows when it refuses."""

    def converted(text: str) -> T:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return converted


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ValueError(f"must be a number from 0 to 65535, got {text!r}")
    return int(text)


def _seed(text: str) -> int | str:
    return int(text) if re.fullmatch("-?[0-9]{1,18}", text) else text


def _rule(text: str) -> Rule:
    """Return a rule in text; what is wrong with it begins on a line of its own, so that the caret stays in place."""
    try:
        return parse_rule(text)
    except RuleTextError as error:
        raise ValueError(f"\n{error}") from None


def _rules(text: str) -> list[Any]:
    """Return the rules of a file."""
    document = _read_json(text)
    try:
        return [new_rule(rule) for rule in check_rules(document)]
    except ValueError as error:
        raise ValueError(f"{text}: {error}") from None


def _speed(text: str) -> float:
    return Settings(speed=_number(text)).speed


def _delays(text: str) -> dict[str, float]:
    pairs = [part.partition("=") for part in text.split(",")]
    delays = {name.strip(): _number(seconds) for name, _, seconds in pairs}
    Settings(delays=delays)
    return delays


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"must be a number, got {text!r}") from None


def _entries(text: str) -> int:
    return Settings(journal_size=_whole_number(text, "requests")).journal_size


def _size(text: str) -> int:
    return _whole_number(text, "bytes")


def _seconds(text: str) -> int:
    return _whole_number(text, "seconds")


def _whole_number(text: str, unit: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"must be a number of {unit}, got {text!r}")
    return int(text)


def _accounts(text: str) -> Any:
    """Return the document of a file of accounts."""
    document = _read_json(text)
    try:
        Settings(accounts=document)
    except ValueError as error:
        raise ValueError(f"{text}: {error}") from None
    return document


def _read_json(text: str) -> Any:
    """Return the value of a file of JSON."""
    try:
        return json_text.parse(Path(text).read_bytes())
    except OSError as error:
        raise ValueError(f"cannot read {text}: {error.strerror or error}") from None
    except ImsError as error:
        raise ValueError(f"{text}: {error.reason}") from None


def _given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Return those of some settings that were given."""
    return {name: value for name in names for value in [getattr(options, name)] if value is not None}


def _settings(options: argparse.Namespace, parser: argparse.ArgumentParser) -> dict[str, Any]:
    """Return the settings that options ask for; refuse them where a state, which has its own, is to be begun with."""
    names = ("seed", "auth", "region", "accounts", "token_lifetime", "max_image_size", "delays")
    given = _given(options, *names) | ({"public_images": True} if options.public_images else {})
    if options.state and given:
        listed = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        parser.error(f"--state has settings of its own: leave out {listed}")
    return {
        "speed": 1.0,
        **given,
        **_given(options, "speed", "journal_size"),
        "faults": [*options.fault, *(options.faults or ())],
        "header_faults": not options.no_header_faults,
    }


def _print_environment(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Print what points a client at a running mock."""
    if options.client not in CLIENTS:
        parser.error(f"env needs a client: {', '.join(CLIENTS)}")
    try:
        accounts = Settings().changed(_given(options, "region", "accounts")).new_accounts()
        user = accounts.default_user if options.user is None else accounts.named_user(options.user)
    except ValueError as error:
        parser.error(str(error))
    if options.port == 0 and not options.url:
        parser.error("env needs --url of a mock that took a free port")
    is_tls = bool(options.tls or options.cert)
    url = (options.url or root_url(options.host, options.port, is_tls=is_tls)).rstrip("/")
    if not re.fullmatch(r"https?://[^/?#\s]+", url):
        parser.error(f"argument --url: must be http:// or https:// with a host and a port, got {options.url!r}")
    # Of a certificate that is not made for the run, the authority may be one that every client knows.
    is_named = options.ca_file is not _CA_FILE or options.tls or (not options.cert and _CA_FILE.exists())
    ca_file = str(options.ca_file.absolute()) if url.startswith("https:") and is_named else None
    sys.stdout.write(CLIENTS[options.client](Target(url, accounts, user, ca_file)))
    return 0
