"""What a test says itself of the work that it sweeps: an assertion, pytest.fail, and the like."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.sweep.report import SweepReport
from tests.sweep.client import Client

ELSEWHERE: dict[str, Any] = {}
exec(compile("def check(status):\n    assert status == 200", "backup.py", "exec"), ELSEWHERE)
"""A function that asserts in another file."""


def asserts(status: int) -> None:
    """Assert as a test does."""
    assert status == 200, "no list"


def fails(status: int) -> None:
    """Fail as a test does that has looked for itself."""
    if status != 200:
        pytest.fail("no list")


def compares(status: int) -> None:
    """Assert as a test of unittest does."""
    unittest.TestCase().assertEqual(status, 200)  # noqa: PT009 (it is what is tested)


def skips(status: int) -> None:
    """Skip as a test does that needs a service."""
    if status != 200:
        pytest.skip("no list")


def swept(ims_mock: ImsMock, check: Callable[[int], object], **options: Any) -> SweepReport:
    """Sweep a request whose status is checked."""

    def work() -> None:
        with Client(ims_mock.url, ims_mock.token) as client:
            check(client.send("GET", "/v2/images?limit=1")[0])

    return ims_mock.sweep(work, only=["*: 503 x1"], pairs=0, **options)


@pytest.mark.parametrize(
    ("check", "verdict", "detail"),
    [
        (asserts, "wrong_success", "the test says: no list"),
        (fails, "wrong_success", "the test says: no list (tests/sweep/test_outcomes.py:"),
        (compares, "wrong_success", "the test says: 503 != 200"),
        (ELSEWHERE["check"], "crash", "AssertionError: "),
        (skips, "crash", "Skipped: no list"),
    ],
    ids=["assert", "fail", "unittest", "elsewhere", "skip"],
)
def test_what_a_test_says_is_a_verdict(
    check: Callable[[int], object],
    verdict: str,
    detail: str,
    ims_mock: ImsMock,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    """The work has ended well, and its test says that the result is wrong; another file says so of nothing."""
    monkeypatch.chdir(pytestconfig.rootpath)
    report = swept(ims_mock, check)
    (row,) = report.rows
    assert report.verdict(row).name == verdict
    assert report.verdict(row).detail.startswith(detail)


def test_assertion_that_is_allowed_is_a_clean_failure(ims_mock: ImsMock) -> None:
    """Who allows AssertionError has said what it means."""
    swept(ims_mock, asserts, allowed=[AssertionError]).assert_survives()


@pytest.mark.parametrize(
    ("end", "kind"), [(pytest.fail, pytest.fail.Exception), (pytest.skip, pytest.skip.Exception)], ids=["fail", "skip"]
)
def test_test_that_ends_itself_without_any_failure_ends(
    end: Callable[[str], object], kind: type[BaseException], ims_mock: ImsMock
) -> None:
    """Without any failure they are what they are in any test."""
    with pytest.raises(kind, match="not here"):
        swept(ims_mock, lambda _: end("not here"))
