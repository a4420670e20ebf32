"""Prints the outcomes of the checks of a program in Python: a line of JSON for each.

The folders of such programs copy this file when they are built.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

_broken: list[str] = []


def _report(check: str, outcome: str, note: str = "") -> None:
    print(json.dumps({"check": check, "outcome": outcome, **({"note": note} if note else {})}), flush=True)


def _report_broken(check: str, error: BaseException) -> None:
    traceback.print_exception(error, file=sys.stderr)
    _broken.append(check)
    _report(check, "broken", f"{type(error).__name__}: {error}")


@contextmanager
def works(check: str) -> Iterator[None]:
    """Report that what is in the block works, unless it raises an error or asserts what is not so."""
    try:
        yield
    except Exception as error:
        _report_broken(check, error)
    else:
        _report(check, "works")


@contextmanager
def _raises(check: str, outcome: str, expected: tuple[type[BaseException], str], note: str) -> Iterator[None]:
    kind, text = expected
    try:
        yield
    except Exception as error:
        if isinstance(error, kind) and text in str(error):
            _report(check, outcome, note)
        else:
            _report_broken(check, error)
    else:
        _report_broken(check, AssertionError(f"{kind.__name__} was not raised"))


def refused(check: str, kind: type[BaseException], text: str, note: str = "") -> AbstractContextManager[None]:
    """Report that the mock rightly refuses what is in the block: the client raises an error with this text."""
    return _raises(check, "refused", (kind, text), note or text)


def fails(check: str, kind: type[BaseException], text: str, note: str) -> AbstractContextManager[None]:
    """Report that what is in the block fails by a fault of the client, which the note explains."""
    return _raises(check, "fails", (kind, text), note)


def exit_code() -> int:
    """Return how the program ends: 1 if a check is broken."""
    return 1 if _broken else 0
