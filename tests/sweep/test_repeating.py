"""The lines of a report that repeat a failure: pasted, they make the same requests fail in the same way."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.command.parser import new_command_parser
from ims_mock.sweep.report import SweepReport
from ims_mock.sweep.rows import Row, requests_of
from tests.sweep import programs, weak
from tests.sweep.client import Client, ImsError
from tests.sweep.test_weaknesses import MAKES_IMAGES, Program

SETTINGS: dict[str, Any] = {"jobs": {"*": 20}, "seed": 1}
PLAN = "glance_create_image_metadata: 503 x1; glance_list_images: hangup x1"

CASES = [
    (weak.reads_reasons, 'create_image: fail_job(reason="") x1', "crash"),
    (weak.loops, "glance_list_images: looping_marker", "hang"),
    (weak.swallows_401, "glance_list_images: 401 x1", "wrong_success"),
    (weak.leaves_image, "glance_upload_image: 503 x1", "left_behind"),
    (weak.never_waits, "glance_list_images: 503 x2", "bad_manners"),
    (programs.publish, PLAN, "failed_cleanly"),
    (programs.names, "glance_list_images: truncate(at=*) x1", "survived"),
]
"""A program, a plan, and the verdict of that: one of each."""


class EndlessError(Exception):
    """What ends a program that does not end."""


def run(mock: ImsMock, program: Program, most: int) -> str:
    """Run a program, for so many requests at most, and return how it ended."""

    class Counting(Client):
        def send(self, *args: Any, **options: Any) -> Any:
            if mock.journal.received >= most:
                raise EndlessError
            return super().send(*args, **options)

    if program not in MAKES_IMAGES:
        for number in range(5):
            mock.add_image(name=f"image {number}", data=b"x")
    try:
        with Counting(mock.url, mock.token, mock.project_id) as client:
            return f"{program(client)}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def sweep(program: Program, plan: str) -> tuple[SweepReport, Row]:
    """Return the report of one plan, and its row."""
    with ImsMock(**SETTINGS) as mock:
        exact = {"plan": plan} if "*" not in plan else {"only": [plan]}

        def work() -> str:
            outcome = run(mock, program, 10_000)
            if "Error: " in outcome:
                raise (ImsError if outcome.startswith(("Unclear", "Refused", "Ims")) else LookupError)(outcome)
            return outcome

        report = mock.sweep(work, allowed=[ImsError], pairs=0, **exact)
    (row,) = report.rows
    return report, row


def from_option(row: Row) -> list[Any]:
    """Return the rules of the option, as the command reads them."""
    parser = new_command_parser("serve")
    return list(vars(parser.parse_args(shlex.split(row.reproduce)))["faults"])


def from_marker(row: Row) -> list[Any]:
    """Return the rules of the marker, as a test file has it."""
    mark: pytest.MarkDecorator = eval(row.marker.removeprefix("@"), {"pytest": pytest})
    assert mark.name == "ims_mock"
    return list(mark.kwargs["faults"])


@pytest.fixture(autouse=True)
def connections() -> Iterator[None]:
    """Close what the weak programs leave open."""
    yield
    while weak.OPEN:
        weak.OPEN.pop().close()


@pytest.mark.parametrize(("program", "plan", "verdict"), CASES, ids=[case[2] for case in CASES])
def test_pasted_lines_repeat_a_failure(
    program: Program, plan: str, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With either line, a mock of its own sees the requests that the report has, with the same faults and end."""
    report, row = sweep(program, plan)
    assert report.verdict(row).name == verdict
    first = row.requests[0].partition(" x")[0]
    for rules in (from_option(row), from_marker(row)):
        with ImsMock(**SETTINGS, faults=rules) as mock:
            monkeypatch.setattr(time, "sleep", mock.clock.advance)
            outcome = run(mock, program, 100)
            monkeypatch.undo()
            if verdict == "hang":
                assert (outcome, requests_of(mock.journal)) == ("EndlessError: ", [f"{first} x100"])
            else:
                assert tuple(requests_of(mock.journal)) == row.requests
                assert outcome in (row.run.value, row.run.failure and row.run.failure.text.partition(": ")[2])
