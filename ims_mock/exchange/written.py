"""Records as JSON: each is checked and written once, and kept in that form until it is replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ims_mock.contract.json_text import encoded
from ims_mock.contract.validation import Schema

MOST = 2048
"""Most records that are kept."""


class Written:
    """The JSON of records that were responded with lately.

    What is stored of a record is replaced, and never edited, so that what was written of it holds as long as it is the
    same object.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, bytes, object]] = {}

    def json_of(self, stored: object, read: Callable[[], Any], schema: Schema, *, is_kept: bool = True) -> bytes | None:
        """Return a stored record as JSON, which `read` returns; None where it is not surely valid by a schema."""
        known = self._known.get(id(stored))
        if known is not None and known[0] is stored and known[2] is schema.definition:
            return known[1]
        record = read()
        if not schema.is_surely_valid(record):
            return None
        text = encoded(record)
        if is_kept:
            if len(self._known) >= MOST:
                self._known.clear()
            # What is stored is kept, so that nothing else can get its id.
            self._known[id(stored)] = stored, text, schema.definition
        return text

    def clear(self) -> None:
        """Keep nothing."""
        self._known.clear()
