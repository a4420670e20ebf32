"""The error of a recording, or of an entry in it, that cannot be read."""

from __future__ import annotations


class RecordingError(ValueError):
    """What stands in the way of reading a recording: in which entry, "" for the whole of it, and why."""

    def __init__(self, entry: str, text: str) -> None:
        super().__init__(f"{entry}: {text}" if entry else text)
        self.entry = entry
        self.text = text
