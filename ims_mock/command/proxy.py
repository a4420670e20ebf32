"""`python -m ims_mock proxy`: from its options to the signal that ends it."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from ims_mock.command.output import Output
from ims_mock.command.standalone import bind_failure, request_log, signals, write_whole
from ims_mock.testing.proxy import ImsProxy
from ims_mock.web.tls import known_authorities


def proxy(options: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Serve until SIGINT or SIGTERM, and return 0; return 2 with a line that says what to do when that cannot be."""
    with signals() as wait, request_log(options.log_format, options.quiet) as log:
        try:
            server = ImsProxy(host=options.host, port=options.port, allow_hosts=options.let_through, **settings)
            _serve(server, options, log, wait)
        except (ImportError, OSError, ValueError) as error:
            log.write(f"ims-mock: {error}")
            return 2
    return 0


def _serve(server: ImsProxy, options: argparse.Namespace, log: Output, wait: Callable[[], object]) -> None:
    """Serve until `wait` returns; raise OSError or ValueError, with what to do, when that cannot be."""
    try:
        server.start()
    except OSError as error:
        raise OSError(bind_failure(error, options)) from None

    def failed(error: OSError) -> None:
        log.write(f"ims-mock: cannot write to stdout: {error.strerror}; the proxy is at {server.url}")

    with closing(Output(sys.stdout, failed=failed)) as output:
        try:
            write_whole("--ca-file", Path(options.ca_file), _authorities(server, options))
            if options.url_file:
                write_whole("--url-file", options.url_file, f"{server.url}\n".encode())
            output.write(server.url)
            # What is loaded now stays; the collector need not look at it again.
            gc.freeze()
            wait()
        finally:
            server.stop()


def _authorities(server: ImsProxy, options: argparse.Namespace) -> bytes:
    """Return the authority of the proxy and, where hosts are let through to, those that this machine trusts.

    The variables that name a file of authorities take the place of those that a client knows.
    """
    return server.ca_pem + (known_authorities(Path(options.ca_file)) if options.let_through else b"")
