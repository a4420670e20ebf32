"""What the work logs in its good run is in the report."""

from __future__ import annotations

import logging
import sys

import pytest

from ims_mock import ImsMock
from ims_mock.sweep import logs
from ims_mock.sweep.commands import Command
from ims_mock.sweep.logs import logged
from tests.sweep.client import Client, ImsError

logger = logging.getLogger("publish")


def test_lines_of_the_good_run_are_in_the_report(ims_mock: ImsMock, caplog: pytest.LogCaptureFixture) -> None:
    """Those of the work, as its levels let them, without the mock's own and without the token."""
    caplog.set_level(logging.INFO)

    def work() -> None:
        with Client(ims_mock.url, ims_mock.token) as client:
            logger.info("%d images, with %s", len(client.find("web")), ims_mock.token)
        logger.debug("not at this level")

    report = ims_mock.sweep(work, allowed=[ImsError], only=["*: 503* x1"])
    assert report.as_json()["baseline"]["logged"] == ["INFO publish: 0 images, with ***"]


def test_no_handler_stays(ims_mock: ImsMock) -> None:
    """The loggers of the process are as before, also where the work fails."""
    before = list(logging.getLogger().handlers)
    with pytest.raises(AssertionError):
        ims_mock.sweep(lambda: 1 // 0)
    assert logging.getLogger().handlers == before


def test_no_more_than_so_many_lines_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A work that logs without end takes no memory for it."""
    monkeypatch.setattr(logs, "MOST", 3)
    with logged() as lines:
        for number in range(5):
            logger.warning("line %d", number)
        logs.note(["more"])
    assert lines == ["WARNING publish: line 0", "WARNING publish: line 1", "WARNING publish: line 2"]


def test_stderr_of_a_command_is_logged() -> None:
    """What a command that ends well has printed there counts as its log."""
    command = Command([sys.executable, "-c", "import sys; print('one\\ntwo', file=sys.stderr)"], {})
    with logged() as lines:
        command()
    assert lines == ["one", "two"]
