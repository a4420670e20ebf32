"""What a store asks of the servers that have the same state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from ims_mock.state.files import File

T = TypeVar("T")


class Sharing(Protocol):
    """What a store asks where several servers have one state."""

    def attempt(self, work: Callable[[], T], *, is_touched: bool = False) -> T:
        """Do work in a transaction, again where another server was faster, and return what it returns.

        `is_touched` says that it may change something else than records.
        """

    def draw(self, kind: str) -> int:
        """Return the number of the next draw of a kind."""

    def next_upload(self) -> int:
        """Return the number of an upload that begins."""

    def look(self) -> None:
        """Have the newest state."""

    def send_file(self, file: File) -> File:
        """Return a file as every server can read it."""

    def move(self, move: Callable[[], None]) -> None:
        """Move the clock of all servers."""
