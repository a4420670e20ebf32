"""What a long sweep shows while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from ims_mock.state.real import RealTime


@dataclass
class Progress:
    """Prints a line about a sweep every so many real seconds, so that a short one prints none.

    >>> mock.sweep(work, progress=Progress(sys.stderr))
    """

    out: TextIO
    every: float = 5.0
    now: Callable[[], float] = RealTime.monotonic
    _next: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._next = self.now() + self.every

    def __call__(self, done: int, known: int) -> None:
        """Take note of how many plans were run, of how many that there are at least."""
        if self.now() >= self._next:
            self._next = self.now() + self.every
            least = f" of at least {known}" if known > done else ""
            print(f"sweep: {done} plans{least} were run", file=self.out, flush=True)
