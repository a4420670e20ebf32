"""`python -m ims_mock` serving: from its options to the signal that ends it."""

from __future__ import annotations

import argparse
import errno
import gc
import json
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from ims_mock.identity.permissions import new_policy
from ims_mock.mock import ImsMock
from ims_mock.service.snapshots import Snapshot
from ims_mock.web.tls import Tls, from_files


def serve(options: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Serve until SIGINT or SIGTERM, and return 0; return 2 with a line that says what to do when that cannot be."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        tls = _certificate(options)
        state = _load(options.state) if options.state else None
        if state is not None:
            # Rules, and every reset, are of the time of the state.
            settings = {**settings, "start": state.document["clock"]["now"]}
        mock = ImsMock(host=options.host, port=options.port, tls=tls, **settings)
        if state is not None:
            mock.restore(state)
            mock.clock.run(settings["speed"])
    except (ImportError, OSError, ValueError) as error:
        return _failed(str(error))
    _log_requests(options.log_format, options.quiet)
    try:
        mock.start()
    except OSError as error:
        return _failed(_bind_failure(error, options))
    try:
        if mock.ca_pem:
            Path(options.ca_file).write_bytes(mock.ca_pem)
        if options.url_file:
            _write_whole(options.url_file, mock.url + "\n")
        print(mock.url, flush=True)
        # What is loaded now stays; the collector need not look at it again.
        gc.freeze()
        stopped.wait()
    except (OSError, ValueError) as error:
        return _failed(f"cannot write a file: {error}")
    finally:
        mock.stop()
    if options.policy:
        print(json.dumps(new_policy(mock.service.permissions.ever_needed), indent=2))
    return 0


def _load(path: Path) -> Snapshot:
    """Return the state of a file; raise ValueError, naming it, when it has none."""
    try:
        return Snapshot.load(path)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from None


def _certificate(options: argparse.Namespace) -> bool | Tls:
    """Return what --tls, --cert and --key ask for; raise ValueError when they do not go together."""
    if bool(options.cert) != bool(options.key) or (options.cert and options.tls):
        raise ValueError("--cert and --key go together, and without --tls")
    return from_files(options.cert, options.key) if options.cert else options.tls


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
        names = ("request_id", "method", "path", "operation", "project_id", "status", "reason", "rules", "delivery")
        shown = entry.to_json()
        return json.dumps({"time": entry.received_at, **{name: shown[name] for name in names}})
