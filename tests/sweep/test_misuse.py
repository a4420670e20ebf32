"""Work, exceptions and bounds with which there can be no sweep: each is rejected with what to do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from ims_mock import Fail, ImsMock
from tests.sweep.client import Client, ImsError

ONLY = ["*: 503 x1"]


def listed(ims_mock: ImsMock) -> int:
    """Send a request, and return the status."""
    with Client(ims_mock.url, ims_mock.token) as client:
        client.ask("GET", "/v2/images?limit=1")
        return 200


async def awaited() -> None:
    """Do nothing, once it is awaited."""


def pieces() -> Any:
    """Do nothing, once it is run."""
    yield 1


async def pieces_awaited() -> Any:
    """Do nothing, once it is run by a loop."""
    yield 1


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (awaited, "awaited is a coroutine that was not awaited: sweep lambda: asyncio.run(...)"),
        (lambda: awaited(), "awaited is a coroutine that was not awaited"),
        (pieces, "pieces is a generator that was not run: sweep lambda: list(...)"),
        (pieces_awaited, "async_generator is work that was not awaited: sweep lambda: asyncio.run(...)"),
    ],
    ids=["coroutine", "lambda", "generator", "async"],
)
def test_work_that_is_not_done_is_rejected(work: Callable[[], Any], message: str, ims_mock: ImsMock) -> None:
    """What returns before it has done anything would survive everything."""
    with pytest.raises(TypeError, match=f"^work: must be done when it returns; {re.escape(message)}"):
        ims_mock.sweep(work)


def test_coroutine_in_the_place_of_work_is_rejected(ims_mock: ImsMock) -> None:
    """It can be awaited once, and a sweep runs the work many times."""
    with pytest.raises(TypeError, match="awaited is a coroutine"):
        ims_mock.sweep(awaited())  # type: ignore[arg-type]


def test_coroutines_that_the_work_runs_itself_are_swept(ims_mock: ImsMock) -> None:
    """That is what the message asks for."""

    async def look() -> int:
        return listed(ims_mock)

    ims_mock.sweep(lambda: asyncio.run(look()), allowed=[ImsError], only=ONLY).assert_survives()


def test_what_cannot_be_called_is_no_work(ims_mock: ImsMock) -> None:
    """Such as what a function has returned."""
    with pytest.raises(TypeError, match=r"work: must be a function without parameters, such as lambda: .* got 200"):
        ims_mock.sweep(200)  # type: ignore[arg-type]


@pytest.mark.parametrize("allowed", [ImsError, [ImsError()], ["ImsError"], "ImsError", [int]])
@pytest.mark.parametrize("where", ["sweep", "assert_survives"])
def test_allowed_exceptions_are_classes(allowed: Any, where: str, ims_mock: ImsMock) -> None:
    """A list of classes is what can be allowed."""
    at_once, later = (allowed, ()) if where == "sweep" else ((), allowed)
    with pytest.raises(TypeError, match="allowed: must be a list of exceptions"):
        ims_mock.sweep(lambda: listed(ims_mock), allowed=at_once, only=ONLY, pairs=0).assert_survives(later)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"virtual_time": "no"}, r"^virtual_time: must be True or False, got 'no'"),
        ({"virtual_time": None}, r"^virtual_time: must be True or False, got None"),
        ({"progress": 1}, r"^progress: must be a function that takes how many plans were run .* got 1"),
        ({"baseline": 1}, r"^baseline: must be the path of a file of known failures, got 1"),
        ({"baseline": []}, r"^baseline: must be the path of a file of known failures, got \[\]"),
    ],
)
def test_wrong_switches_are_rejected_before_the_first_run(
    settings: dict[str, Any], message: str, ims_mock: ImsMock
) -> None:
    """Each error names the setting, and what it must be."""
    with pytest.raises(TypeError, match=message):
        ims_mock.new_sweep(lambda: listed(ims_mock), **settings)


@pytest.mark.parametrize(
    ("take", "message"),
    [
        (ImsMock.reset, "the work resets the mock, or clears its journal, .* do that before the sweep"),
        (lambda ims_mock: ims_mock.journal.clear(), "the work resets the mock, or clears its journal"),
        (
            lambda ims_mock: ims_mock.faults.clear(),
            "the work removes the rules of the mock, .* let it remove only its own",
        ),
    ],
    ids=["reset", "journal", "faults"],
)
def test_work_that_takes_the_mock_from_the_sweep_is_rejected(
    take: Callable[[ImsMock], object], message: str, ims_mock: ImsMock
) -> None:
    """Its failures would meet nothing, and all would seem to be survived; the mock is as before."""
    ims_mock.add_image(name="kept")

    def work() -> int:
        take(ims_mock)
        return listed(ims_mock)

    with pytest.raises(ValueError, match=message):
        ims_mock.sweep(work, only=ONLY)
    assert [image["name"] for image in ims_mock.images.values()] == ["kept"]


def test_work_that_stops_the_mock_is_rejected() -> None:
    """The next run would find nobody."""

    def work() -> None:
        listed(ims_mock)
        ims_mock.stop()

    with ImsMock() as ims_mock, pytest.raises(ValueError, match=r"the work stops the mock, .* stop it after the sweep"):
        ims_mock.sweep(work)


def use_rule(ims_mock: ImsMock) -> None:
    """Arm a rule and remove it."""
    with ims_mock.faults.add(Fail(404), operation="glance_show_image", optional=True):
        pass


def use_snapshot(ims_mock: ImsMock) -> None:
    """Go back to a snapshot."""
    ims_mock.restore(ims_mock.snapshot())


def use_another(ims_mock: ImsMock) -> None:
    """Start another mock, and sweep there."""
    with ImsMock() as other:
        listed(other)


@pytest.mark.parametrize(
    "use", [use_rule, use_snapshot, use_another, lambda ims_mock: ims_mock.clock.advance(3600), ImsMock.audit]
)
def test_work_may_use_the_mock_otherwise(use: Callable[[ImsMock], object], ims_mock: ImsMock) -> None:
    """Rules of its own, snapshots, the clock and other mocks are no concern of the sweep."""

    def work() -> int:
        use(ims_mock)
        return listed(ims_mock)

    report = ims_mock.sweep(work, allowed=[ImsError], only=ONLY, pairs=0)
    report.assert_survives()
    assert len(report.rows) == 1


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"only": ["no-such-plan"]}, "only and skip leave no failure for its requests; new_sweep(...).plans()"),
        ({"skip": ["*"]}, "only and skip leave no failure for its requests"),
        ({"budget": "0.0s"}, "the sweep ended at its budget"),
    ],
)
def test_sweep_without_plans_survives_nothing(bounds: dict[str, Any], message: str, ims_mock: ImsMock) -> None:
    """Where no plan was run, nobody knows what is survived."""
    report = ims_mock.sweep(lambda: listed(ims_mock), **bounds)
    assert report.has_failed
    with pytest.raises(AssertionError, match=f"^no plan was run: {re.escape(message)}"):
        report.assert_survives()


def test_work_that_requests_nothing_survives_nothing(ims_mock: ImsMock) -> None:
    """Such as work that asks another mock, or the cloud."""
    with pytest.raises(AssertionError, match=r"^no plan was run: the work sends no request to the mock$"):
        ims_mock.sweep(lambda: 1).assert_survives()
