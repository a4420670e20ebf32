"""`python -m ims_mock`, and the command `ims-mock`."""

from __future__ import annotations

import gc
import os
import signal
import sys


def run() -> int:
    """Run the command; from the first moment on, SIGINT and SIGTERM end it quietly.

    What has no verdict yet does not end with 0, which is one.
    """
    status = 130 if sys.argv[1:2] in (["contract"], ["healthcheck"]) else 0
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(status))
    # What is imported stays: the collector, which would go over it again and again, looks at what comes later alone.
    gc.disable()
    from ims_mock.command.cli import main

    return main()


if __name__ == "__main__":
    raise SystemExit(run())
