"""What a test says itself of a run: the work has ended well, and its result is wrong."""

from __future__ import annotations

import os
import sys
import textwrap
import traceback
from types import FrameType

_MOST = 160


def calling_file() -> str:
    """Return the file of the code that called the mock; "" where there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and f"{frame.f_globals.get('__name__')}.".startswith("ims_mock."):
        frame = frame.f_back
    return frame.f_code.co_filename if frame is not None else ""


def is_outcome(error: BaseException) -> bool:
    """Return whether a test has ended itself: by pytest.fail, pytest.skip or pytest.xfail."""
    return _is_one(error, "fail", "skip", "xfail") and not _is_timeout(error)


def is_judgement(error: BaseException, file: str) -> bool:
    """Return whether a test in a file says that the result is wrong: by an assertion that stands there, or pytest.fail.

    What another file asserts, such as the code that is tested, is an error as any other.
    """
    return _is_one(error, "fail") or (isinstance(error, AssertionError) and _is_of(error, file))


def judgement(error: BaseException) -> str:
    """Return in short what a test says."""
    return f"the test says: {textwrap.shorten(f'{error}', _MOST, placeholder='...') or 'it is wrong'}"


def _is_one(error: BaseException, *names: str) -> bool:
    """Return whether an error is one of pytest's outcomes; where nobody has imported pytest there are none."""
    pytest = sys.modules.get("pytest")
    kinds = (getattr(getattr(pytest, name, None), "Exception", None) for name in names)
    return isinstance(error, tuple(kind for kind in kinds if isinstance(kind, type)))


def _is_of(error: BaseException, file: str) -> bool:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if not frames or not file:
        return False
    # The assertions of unittest are a module of their own, which says so of itself.
    is_of_unittest = "__unittest" in frames[-1].f_globals
    return is_of_unittest or os.path.realpath(frames[-1].f_code.co_filename) == os.path.realpath(file)


def _is_timeout(error: BaseException) -> bool:
    """Return whether pytest-timeout has ended the test, which is about all runs together."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(frame.f_globals.get("__name__") == "pytest_timeout" for frame in frames)
