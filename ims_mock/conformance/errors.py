"""What is wrong with the use of the suite, as the command that runs it says it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest


class Errors:
    """A plug-in that passes what is wrong on to the command, in place of the line that pytest would print."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    @pytest.hookimpl(hookwrapper=True)
    def pytest_cmdline_main(self) -> Generator[None, Any, None]:
        """End with the exit status of pytest for wrong use."""
        outcome = yield
        error = outcome.excinfo[1] if outcome.excinfo else None
        if isinstance(error, pytest.UsageError):
            self._write(" ".join(str(text) for text in error.args).removeprefix("ims_mock.conformance: "))
            outcome.force_result(pytest.ExitCode.USAGE_ERROR)
