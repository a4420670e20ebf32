"""Prints the outcomes of the checks of a program in Python, or of one call: a line of JSON for each.

The folders of such programs copy this file when they are built.
"""

from __future__ import annotations

import json
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
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


def call_alone(**calls: Callable[[], str]) -> None:
    """Make the one call that the argument names, and print what it returned or raised; without one, go on."""
    if len(sys.argv) < 2:
        return
    call = calls[sys.argv[1]]
    try:
        line = {"returned": call()}
    except subprocess.CalledProcessError as error:
        line = {"raised": f"exit status {error.returncode}"}
    except Exception as error:
        line = {"raised": type(error).__name__, "message": str(error)}
    print(json.dumps(line), flush=True)
    raise SystemExit(0)


def listed(images: Sequence[object] | None) -> str:
    """Return what a list of images is, without its length."""
    if images is None:
        return "no list of images"
    return "a list of images" if images else "an empty list of images"


def exit_code() -> int:
    """Return how the program ends: 1 if a check is broken."""
    return 1 if _broken else 0
