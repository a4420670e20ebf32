"""How a response leaves when it does not leave whole and at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a response leaves: without settings whole and at once.

    Of its body `length` bytes are sent, all when that is None, at `rate` bytes a second, or at once when that is None;
    with `is_silent` nothing at all, not even its head. Then nothing comes for `pause` seconds, and then the `ending`:
    "hangup" (the connection is closed), "reset" (with a TCP RST) or "" (in order). `real_time` passes time in real
    seconds where the clock stands still. As text it says how the response left, and is "" for whole and at once.
    """

    ending: str = ""
    is_silent: bool = False
    length: int | None = None
    rate: float | None = None
    pause: float = 0.0
    real_time: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether the connection ends before the response does; one that leaves slowly is not cut."""
        return bool(self.ending)

    def __str__(self) -> str:
        parts = [
            "nothing was sent" if self.is_silent else "",
            f"{self.length} bytes were sent" if self.length is not None else "",
            f"at {self.rate:g} bytes a second" if self.rate is not None else "",
            f"silence for {self.pause:g} s" if self.pause else "",
            self.ending,
        ]
        return ", ".join(part for part in parts if part)


WHOLE = Delivery()
"""How a response leaves unless a fault says otherwise: whole and at once."""
