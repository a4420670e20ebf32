"""`python -m ims_mock` serving: from its options to the signal that ends it."""

from __future__ import annotations

import argparse
import errno
import gc
import json
import logging
import os
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ims_mock.command.endings import ending_signals
from ims_mock.command.greeting import greet, lines_of_mock
from ims_mock.command.output import Output
from ims_mock.command.saved_state import check_options, load_state
from ims_mock.contract.errors import ImsError
from ims_mock.contract.wording import shown
from ims_mock.identity.permissions import new_policy
from ims_mock.mock import ImsMock
from ims_mock.service.settings import read_json
from ims_mock.service.worlds import worlds_of

if TYPE_CHECKING:
    from ims_mock.web.tls import Tls

_FIRST_SECONDS = 1.0
"""After how long the rest is loaded of what requests can need: the first ones do not wait for it, and few meet it."""

Wait = Callable[["float | None"], bool]
"""Waits for the signal that ends a command, at most so many seconds, and returns whether it has come."""


def serve(options: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Serve until a signal ends it, and return 0; return 2 with a line that says what to do when that cannot be."""
    with signals() as wait, request_log(options.log_format, options.quiet) as log:
        try:
            mock = new_mock(options, settings)
            _serve(mock, options, log, wait)
        except (ImportError, OSError, ValueError) as error:
            log.write(f"ims-mock serve: error: {error}\ntry 'ims-mock serve --help'")
            return 2
    return 0


@contextmanager
def signals() -> Iterator[Wait]:
    """Yield what waits for a signal that ends a command, also for one that has come already.

    A handler in Python is run by the main thread between two of its steps: neither when the signal comes just before a
    lock is waited for, nor when another thread gets it. What is written to a socket is there whenever it is read.
    """
    here, there = socket.socketpair()
    with here, there:
        there.setblocking(False)
        before = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
        for number in ending_signals():
            signal.signal(number, lambda *_: None)
        try:
            yield partial(_is_sent, here)
        finally:
            signal.set_wakeup_fd(before)


def _is_sent(sock: socket.socket, seconds: float | None) -> bool:
    sock.settimeout(seconds)
    try:
        return bool(sock.recv(1))
    except TimeoutError:
        return False


def new_mock(options: argparse.Namespace, settings: dict[str, Any]) -> ImsMock:
    """Return the mock that the options ask for; raise ImportError, OSError or ValueError where that cannot be."""
    tls = _certificate(options)
    if options.store is not None and options.state is not None:
        text = "give a state to the servers of --store when they run: curl -d @FILE URL/_ims_mock/state"
        raise ValueError(f"--state: is for a mock that has its state itself; {text}")
    if options.store is not None and options.max_memory is not None:
        raise ValueError("--max-memory: is for a mock that has its state itself; a store has its maxmemory")
    is_new = options.save and not options.state.exists()
    if is_new and not options.state.parent.is_dir():
        raise ValueError(f"--state: {options.state.parent} is no folder; make it, or name a file elsewhere")
    state = load_state(options.state) if options.state and not is_new else None
    if state is not None:
        check_options(state, options.state, settings, options.given_as)
        # Rules, and every reset, are of the time of the state.
        settings = {**settings, "start": state.document["clock"]["now"]}
        if state.regions and "regions" not in options.given_as:
            settings["regions"] = [state.records["settings"]["region"], *state.regions]
            settings.pop("region", None)
    mock = _made(options, tls, settings)
    if state is not None:
        mock.restore(state)
        mock.clock.run(settings["speed"])
    mock.limit_worlds(options.max_worlds, options.world_idle, options.max_memory)
    for text in options.worlds:
        _add_world(mock, text)
    return mock


def _made(options: argparse.Namespace, tls: bool | Tls, settings: dict[str, Any]) -> ImsMock:
    """Return a mock on the address and with the store that the options name."""
    address = {"host": options.host, "port": options.port, "tls": tls, "allow_hosts": options.allow_host}
    if options.store is None:
        if options.files is not None:
            raise ValueError("--files: is for the files of --store; without that the mock has them itself")
        return ImsMock(**address, **settings)
    try:
        from ims_mock.shared.mock import Replica

        return Replica(options.store, options.files, **address, **settings)
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        raise ImportError("--store: needs redis; install it with: pip install 'ims_mock[redis]'") from None
    except ImsError as error:
        raise OSError(f"--store: {error.reason}") from None


def _add_world(mock: ImsMock, text: str) -> None:
    """Make a world from NAME or NAME=FILE; raise ValueError, naming the option, where that cannot be."""
    name, _, file = text.partition("=")
    try:
        given = read_json(Path(file)) if file else {}
        if not isinstance(given, dict):
            raise ValueError(f"{file} must have an object with settings, got {shown(given)}")
        worlds_of(mock.service).make(name, given, is_locked=True)
    except (TypeError, ValueError) as error:
        raise ValueError(f"--world {text}: {error}") from None


def _serve(mock: ImsMock, options: argparse.Namespace, log: Output, wait: Wait) -> None:
    """Serve until `wait` has seen the signal; raise OSError or ValueError, with what to do, when that cannot be."""
    try:
        mock.start(prepared=False)
    except OSError as error:
        raise OSError(bind_failure(error, options)) from None
    with closing(Output(sys.stdout, failed=lambda error: log.write(_no_stdout(error, mock)))) as output:
        try:
            _write_files(mock, options)
            output.write(mock.url)
            greet(log, lines_of_mock(mock, options), options)
            # What is loaded now stays; the collector need not look at it again.
            gc.freeze()
            gc.enable()
            if not wait(_FIRST_SECONDS):
                mock.prepare()
                gc.freeze()
                wait(None)
        finally:
            mock.stop()
        if options.save:
            # It has passwords and keys.
            write_whole("--save", options.state, mock.snapshot().to_text().encode(), mode=0o600)
        if options.policy:
            output.write(json.dumps(new_policy(mock.service.permissions.ever_needed), indent=2))


def _write_files(mock: ImsMock, options: argparse.Namespace) -> None:
    if mock.ca_pem:
        write_whole("--ca-file", Path(options.ca_file), mock.ca_pem)
    if options.url_file:
        write_whole("--url-file", options.url_file, f"{mock.url}\n".encode())


def _no_stdout(error: OSError, mock: ImsMock) -> str:
    return f"ims-mock: cannot write to stdout: {error.strerror}; the mock is at {mock.url}"


def _certificate(options: argparse.Namespace) -> bool | Tls:
    """Return what --tls, --cert and --key ask for; raise ValueError when they do not go together."""
    if bool(options.cert) != bool(options.key) or (options.cert and options.tls):
        raise ValueError("give both --cert and --key, and leave out --tls")
    if not options.cert:
        return bool(options.tls)
    # Imported here: without HTTPS nothing needs `ssl`.
    from ims_mock.web.tls import from_files

    return from_files(options.cert, options.key)


def bind_failure(error: OSError, options: argparse.Namespace) -> str:
    """Return what is wrong with a port that cannot be had, and what to do."""
    where = f"port {options.port} on {options.host}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is taken: stop what listens there, choose another with --port, or let --port 0 find a free one"
    return f"cannot listen on {where}: {error.strerror or error}; choose others with --host and --port"


def write_whole(option: str, path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Write a file so that a reader sees all of it or nothing; where that fails, nothing is left.

    A new file has `mode`, less what the process may not give (umask); one that is there keeps its mode and owner.
    Raises OSError naming the option that has the path. What is there and is no file, such as a device, is left alone.
    """
    target = Path(os.path.realpath(path))
    # Others may write the same file, also from another container with the same process id.
    partial = target.parent / f"{target.name}.{os.urandom(6).hex()}.part"
    try:
        if target.exists() and not target.is_file():
            raise OSError("it is no file; name a new one, or one that may be replaced")
        _write_as(partial, content, mode, target.stat() if target.exists() else None)
        partial.replace(target)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise OSError(f"{option}: cannot write {path}: {error.strerror or error}") from None


def _write_as(path: Path, content: bytes, mode: int, like: os.stat_result | None) -> None:
    """Write a new file with a mode, or with the mode and, where that is allowed, the owner of another one."""
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode if like is None else 0o600)) as file:
        if like is not None:
            if hasattr(os, "chown"):
                with suppress(OSError):
                    os.chown(path, like.st_uid, like.st_gid)
            path.chmod(stat.S_IMODE(like.st_mode))
        file.write(content)


@contextmanager
def request_log(form: str, quiet: bool) -> Iterator[Output]:
    """Log requests to stderr; yield what writes there."""
    formatter = _JsonFormatter() if form == "json" else logging.Formatter("%(message)s")

    def note(count: int) -> str:
        text = f"ims-mock: {count} lines of the log were dropped, as stderr took none"
        return formatter.format(logging.makeLogRecord({"levelname": "WARNING", "msg": text}))

    log = Output(sys.stderr, note)
    handler = _Handler(log)
    handler.setFormatter(formatter)
    logger = logging.getLogger("ims_mock")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    try:
        yield log
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        log.close()


class _Handler(logging.Handler):
    """Writes what is logged without waiting for a reader."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        self._output.write(self.format(record))


class _JsonFormatter(logging.Formatter):
    """Writes a request as one JSON object, and anything else as its message."""

    def format(self, record: logging.LogRecord) -> str:
        entry: Any = getattr(record, "entry", None)
        if entry is None:
            return json.dumps({"level": record.levelname.lower(), "message": super().format(record)})
        names = ("request_id", "method", "path", "operation", "project_id", "status", "reason", "rules", "delivery")
        shown = entry.to_json()
        return json.dumps({"time": entry.received_at, **{name: shown[name] for name in names}})
