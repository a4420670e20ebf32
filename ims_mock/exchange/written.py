"""Records as JSON: each is checked and written once, and kept in that form until it is replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ims_mock.contract.json_text import encoded
from ims_mock.contract.validation import Schema

S = TypeVar("S")

MOST = 2048
"""Most records that are kept."""


class Written:
    """The JSON of records that were responded with lately.

    What is stored of a record is replaced, and never edited, so that what was written of it holds as long as it is the
    same object.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, bytes, object]] = {}

    def all_of(self, stored: Iterable[S], read: Callable[[S], Any], schema: Schema) -> list[bytes] | None:
        """Return stored records as JSON; None where one of them is not surely valid by a schema."""
        texts: list[bytes] = []
        for one in stored:
            text = self.json_of(one, read, schema)
            if text is None:
                return None
            texts.append(text)
        return texts

    def json_of(self, stored: S, read: Callable[[S], Any], schema: Schema, *, is_kept: bool = True) -> bytes | None:
        """Return a stored record as JSON, which `read` makes of it; None where it is not surely valid by a schema."""
        known = self._known.get(id(stored))
        if known is not None and known[0] is stored and known[2] is schema.definition:
            return known[1]
        record = read(stored)
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
