"""What the requests of several connections have to write before their responses leave, in one turn."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol


class Outcome(Enum):
    """What came of something that a request had to write before its response leaves."""

    GOOD = "it is written"
    STALE = "the response is of what is out of date"
    LOST = "it cannot be written"


class RepeatError(BaseException):
    """A request has to be done again from the choice of its world on, which no `except` may stop."""


class Notes(Protocol):
    """What requests have to write before their responses leave, where other servers have to know of them."""

    def gathering(self) -> AbstractContextManager[None]:
        """Keep what this thread has to write, inside of a block."""

    def __len__(self) -> int:
        """Return how much is kept."""

    def write(self) -> Callable[[], list[Outcome]]:
        """Begin to write all that is kept, and return what waits for that and returns what came of each.

        What is out of date is up to date afterwards.
        """
