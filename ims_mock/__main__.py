"""`python -m ims_mock`, and the command `ims-mock`."""

from __future__ import annotations

import os
import signal


def run() -> int:
    """Run the command; from the first moment on, SIGINT and SIGTERM end it quietly."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    from ims_mock.command.cli import main

    return main()


if __name__ == "__main__":
    raise SystemExit(run())
