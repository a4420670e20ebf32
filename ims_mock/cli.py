"""The command line: `python -m ims_mock` serves until it is told to stop."""

from __future__ import annotations

import argparse
import errno
import gc
import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ims_mock import __version__
from ims_mock.auth import LEVELS, Auth
from ims_mock.clock import SystemClock
from ims_mock.contract import load_contract, operations_table
from ims_mock.faults import parse_rule
from ims_mock.service import encoded

_PROG = "ims-mock"
_COMMANDS = ("serve", "openapi", "operations")
_OPTIONS = ("host", "port", "seed", "auth", "fault", "max-image-size", "url-file", "log-format")
_FLAGS = ("public-images", "quiet")
_PREFIX = "IMS_MOCK_"
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
    if options.command == "openapi":
        sys.stdout.write(encoded(load_contract().document).decode() + "\n")
        return 0
    if options.command == "operations":
        print("\n".join(operations_table()))
        return 0
    return _serve(options)


def _new_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROG,
        description="An in-memory mock of Huawei Cloud's Image Management Service.",
        epilog=f"Every option has an environment variable too: {_PREFIX}PORT for --port, and so on; "
        f"{_PREFIX}FAULT takes several faults with ';' between them.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "command", nargs="?", default="serve", help="serve (the default), openapi or operations: what to print"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=_typed(_port), default=9292, help="port; 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument("--seed", type=_seed, default=0, help="what ids are made from (default: %(default)s)")
    parser.add_argument("--auth", choices=LEVELS, default=Auth.level, help="strict honours no unknown credential")
    parser.add_argument(
        "--fault",
        type=_typed(parse_rule),
        action="append",
        default=[],
        metavar="RULE",
        help="'[OPERATION:] STATUS [xTIMES] [skip N]', such as 'glance_create_image_metadata: 503 x2'; may be repeated",
    )
    parser.add_argument("--public-images", action="store_true", help="begin with about 20 public images")
    parser.add_argument(
        "--max-image-size", type=_typed(_size), metavar="BYTES", help="refuse larger image files with 413"
    )
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
        for part in value.split(";") if option == "fault" else [value]:
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


def _size(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"must be a number of bytes, got {text!r}")
    return int(text)


def _serve(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM, and return 0; return 2 with a line that says what to do when that cannot be."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    # Imported here: Flask takes longer to import than the other commands take to run.
    from ims_mock.mock import ImsMock

    settings = {name: getattr(options, name) for name in ("seed", "auth", "public_images", "max_image_size")}
    mock = ImsMock(host=options.host, port=options.port, clock=SystemClock(), **settings)
    try:
        for fault, settings in options.fault:
            mock.faults.add(fault, **settings)
    except ValueError as error:
        return _failed(f"argument --fault: {error}")
    _log_requests(options.log_format, options.quiet)
    try:
        mock.start()
    except OSError as error:
        return _failed(_bind_failure(error, options))
    try:
        if options.url_file:
            _write_whole(options.url_file, mock.url + "\n")
        print(mock.url, flush=True)
        # What is loaded now stays; the collector need not look at it again.
        gc.freeze()
        stopped.wait()
    except (OSError, ValueError) as error:
        return _failed(f"cannot write the URL: {error}")
    finally:
        mock.stop()
    return 0


def _bind_failure(error: OSError, options: argparse.Namespace) -> str:
    where = f"port {options.port} on {options.host}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is taken: stop what listens there, choose another with --port, or let --port 0 find a free one"
    return f"cannot listen on {where}: {error.strerror or error}; choose others with --host and --port"


def _failed(message: str) -> int:
    print(f"ims-mock: {message}", file=sys.stderr)
    return 2


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees all of it or nothing."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, "utf-8")
    partial.replace(path)


def _log_requests(form: str, quiet: bool) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonFormatter() if form == "json" else logging.Formatter("%(message)s"))
    logger = logging.getLogger("ims_mock")
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING if quiet else logging.INFO)


class _JsonFormatter(logging.Formatter):
    """Writes a request as one JSON object, and anything else as its message."""

    def format(self, record: logging.LogRecord) -> str:
        entry: Any = getattr(record, "entry", None)
        if entry is None:
            return json.dumps({"level": record.levelname.lower(), "message": super().format(record)})
        names = ("request_id", "method", "path", "operation", "project_id", "status", "reason")
        return json.dumps({"time": entry.received_at, **{name: getattr(entry, name) for name in names}})
