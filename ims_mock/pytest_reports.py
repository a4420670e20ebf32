"""What the reports of failed tests show of a mock: its own part, and its worlds and regions; and the files of these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ims_mock.evidence.journal import Mark
    from ims_mock.mock_world import MockWorld
    from ims_mock.service.service import Service
    from ims_mock.started import Marks, Mock
    from ims_mock.testing.report import FailedTest

Parts = dict[str, "tuple[MockWorld, Mark]"]
"""The parts of a mock by name, each with the moment of its journal at which the test began; "" is the mock itself."""


def shown_parts(mock: Mock, began: Marks) -> Parts:
    """Return what a report shows: the mock itself, and each world or region with rules or with requests of the test."""
    from ims_mock.evidence.journal import Mark

    every = {name: (part, began.get(name, Mark())) for name, part in mock._parts().items()}
    return {
        name: (part, mark)
        for name, (part, mark) in every.items()
        if not name or part.journal.since(mark)[0] or len(part.faults)
    }


def bundles(
    config: pytest.Config, report: pytest.TestReport, parts: Parts, command: str, suffix: str = ""
) -> Iterator[tuple[str, str]]:
    """Write the files of a failed test, if the options ask for them, and yield where they are."""
    from ims_mock.testing.report import FailedTest

    if config.getoption("ims_mock_bundle") is None:
        return
    for name, (part, began) in parts.items():
        file = name_of(report) + suffix + "".join(f"-{word.strip(',')}" for word in name.split())
        test = FailedTest(file, report.longreprtext, began, command)
        yield (
            f"ims_mock bundle at {part.url}" if suffix or name else "ims_mock bundle",
            _bundled(config, part.service, test),
        )


def name_of(report: pytest.TestReport) -> str:
    """Return what the files of a failed test are called."""
    # What failed in a fixture is not to take the place of what failed in the test.
    return report.nodeid if report.when == "call" else f"{report.nodeid}-{report.when}"


def _bundled(config: pytest.Config, service: Service, test: FailedTest) -> str:
    """Write the files of a failed test, and return where they are, or why they are nowhere."""
    from ims_mock.testing.report import write_bundle

    try:
        folder = config.invocation_params.dir / config.getoption("ims_mock_bundle")
        return str(write_bundle(folder, service, test))
    except OSError as error:
        return f"could not be written: {error}"
