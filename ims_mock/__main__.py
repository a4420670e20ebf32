"""`python -m ims_mock`, and the command `ims-mock`."""

from __future__ import annotations

import gc
import os
import signal
import sys


def run() -> int:
    """Run the command; from the first moment on, SIGINT and SIGTERM end it quietly.

    What is not done yet does not end with 0, but for what only a signal ends.
    """
    is_endless = not sys.argv[1:] or sys.argv[1].startswith("-") or sys.argv[1] in ("serve", "proxy")
    status = 0 if is_endless else 130
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(status))
    # What is imported stays: the collector, which would go over it again and again, looks at what comes later alone.
    gc.disable()
    from ims_mock.command.cli import main

    return main()


if __name__ == "__main__":
    raise SystemExit(run())
