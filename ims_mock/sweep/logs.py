"""What the work logs while it runs well."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ims_mock.contract.wording import cut

MOST = 1000
"""Most lines that are kept."""

_open: list[list[str]] = []


@contextmanager
def logged() -> Iterator[list[str]]:
    """Yield the lines that are logged meanwhile, as their loggers' levels let them, but for those of the mock."""
    lines: list[str] = []
    handler = _Lines(lines)
    _open.append(lines)
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)
        _open.remove(lines)


def note(lines: Iterable[str]) -> None:
    """Add lines that were logged in another way, such as those that a command has printed to stderr."""
    for kept in _open:
        kept.extend(line for line in list(lines)[: MOST - len(kept)])


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] == "ims_mock" or len(self._lines) >= MOST:
            return
        try:
            text = record.getMessage()
        except Exception:  # As every handler of logging does with a message whose arguments do not fit.
            self.handleError(record)
            return
        self._lines.append(f"{record.levelname} {record.name}: {cut(text)}")
