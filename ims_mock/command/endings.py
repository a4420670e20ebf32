"""The signals that end a command."""

from __future__ import annotations

import signal


def ending_signals() -> list[int]:
    """Return the signals that end a command: Ctrl-C, SIGTERM, and that of a closed terminal.

    Where the signal of a closed terminal is ignored already, as by nohup, it stays so.
    """
    numbers: list[int] = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return numbers
