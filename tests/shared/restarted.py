"""A process of a test that is killed and started again."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any


class Restarted:
    """A process that may be killed at any time, and what it says on stdout."""

    process: subprocess.Popen[str]

    def launch(self, command: Sequence[str], **options: Any) -> Iterator[str]:
        """Start it, and return the lines that it writes."""
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
        assert self.process.stdout is not None
        return iter(self.process.stdout)

    def pause(self) -> None:
        """Let it be silent, with its connections open, until it goes on."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it respond again."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it with SIGKILL, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
