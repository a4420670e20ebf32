"""Failures that are accepted in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ims_mock.sweep.bounds import Bounds
from ims_mock.sweep.known import KnownFailures
from ims_mock.sweep.rows import Row
from ims_mock.sweep.runs import Run
from tests.sweep.reports import NOTHING, BackupError, failed, plan_of, report_of


def test_known_failures_do_not_fail(tmp_path: Path) -> None:
    """With the file of a report, the same failures are accepted, and a new one fails."""
    path, report = tmp_path / "known.json", report_of(failed(plan_of(), KeyError("images")))
    report.save_baseline(path)
    report.assert_survives(baseline=path)
    report.rows.append(failed(plan_of("500"), KeyError("images")))
    with pytest.raises(AssertionError, match="1 failures are known, 1 are new"):
        report.assert_survives(baseline=path)


def test_other_verdicts_of_known_plans_are_new(tmp_path: Path) -> None:
    """A plan that crashed, and hangs now, is a new failure."""
    path = tmp_path / "known.json"
    report_of(failed(plan_of(), KeyError("images"))).save_baseline(path)
    hung = report_of(Row(plan_of(), Run(hung="it waited", state=NOTHING)))
    assert hung.accepting(path).has_failed


def test_mended_failures_are_named(tmp_path: Path) -> None:
    """Known failures that are mended, and those that met no plan, are in the summary."""
    path = tmp_path / "known.json"
    report_of(*(failed(plan_of(text), KeyError("a")) for text in ("503", "500"))).save_baseline(path)
    mended = report_of(Row(plan_of("503"), Run(state=NOTHING))).accepting(path)
    assert not mended.has_failed
    assert list(mended.summary())[-2:] == [
        "a known failure is mended; remove it from the file: glance_list_images: 503 x1",
        "a known failure was not run; remove it from the file: glance_list_images: 500 x1",
    ]


def test_known_failures_that_a_sweep_did_not_come_to_stay() -> None:
    """A sweep that ended before all plans were run says of none that it can be removed."""
    report = report_of(ended="at its budget").accepting(KnownFailures({plan_of().id: "crash"}))
    assert list(report.summary())[-1] == "0 failures are known, 0 are new"


NO_PLAN = "delete_everything: 503 x1"

CHOICES: list[tuple[dict[str, Any], set[str]]] = [
    ({"only": ["status"]}, {"glance_list_images: 503 x1", NO_PLAN}),
    ({"skip": ["*503*"]}, {"glance_list_images: reset x1", NO_PLAN}),
    ({"plan": "glance_list_images: 503 x1"}, {"glance_list_images: 503 x1"}),
    ({"pairs": 0}, {"glance_list_images: 503 x1", "glance_list_images: reset x1", NO_PLAN}),
]
"""Bounds of a sweep, and the plans of the next test that such a sweep runs, or that are none any more."""


@pytest.mark.parametrize(("bounds", "asked"), CHOICES, ids=["only", "skip", "plan", "pairs"])
def test_known_failures_that_a_sweep_did_not_ask_for_stay(
    bounds: dict[str, Any], asked: set[str], tmp_path: Path
) -> None:
    """A part of a sweep says of none of the other part that it can be removed, and keeps them in the file."""
    pair = "glance_list_images: 503 x1; glance_list_images: reset x1 skip 1"
    plans = [pair, "glance_list_images: 503 x1", "glance_list_images: reset x1", NO_PLAN]
    report = report_of(bounds=Bounds(**bounds)).accepting(KnownFailures(dict.fromkeys(plans, "crash")))
    named = {line.partition("file: ")[2] for line in report.summary() if "remove it" in line}
    report.save_baseline(tmp_path / "known.json")
    kept = set(KnownFailures.load(tmp_path / "known.json").verdicts)
    assert (named, kept) == (asked, {*plans} - asked)


def test_known_failures_are_last_of_their_kind() -> None:
    """The table shows new failures first, and says which are known; JUnit skips these."""
    rows = [failed(plan_of(text), KeyError("a")) for text in ("503", "500")]
    report = report_of(*rows).accepting(KnownFailures({rows[0].plan.id: "crash"}))
    assert [group.smallest for group in report.groups()] == [rows[1], rows[0]]
    assert "    known     accepted in the file of known failures" in report.lines()
    assert 'failures="1" skipped="1"' in report.as_junit()


def test_good_plans_are_not_written(tmp_path: Path) -> None:
    """The file has the failures alone, in the order of their ids, so that it can be compared."""
    path = tmp_path / "known.json"
    rows = [failed(plan_of(text), KeyError("a")) for text in ("503", "500")]
    report_of(*rows, failed(plan_of("429"), BackupError("no"))).allowing(BackupError).save_baseline(path)
    assert path.read_text("utf-8").splitlines() == [
        *("{", '  "version": 1,', '  "plans": {'),
        *('    "glance_list_images: 500 x1": "crash",', '    "glance_list_images: 503 x1": "crash"', "  }", "}"),
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[]", "must be an object with version and plans"),
        ('{"version": 2, "plans": {}}', "/version: must be 1, got 2"),
        ('{"version": 1, "plans": []}', "/plans: must be an object of verdicts by plans"),
        ('{"version": 1, "plans": {"a: 503": "survived"}}', '/plans/a: 503: must be one of crash, hang, .* got "surv'),
        ('{"version": 1, "plans": {"a": ["crash"]}}', "/plans/a: must be one of"),
        ("{", "known.json: "),
    ],
)
def test_wrong_files_are_rejected(tmp_path: Path, text: str, error: str) -> None:
    """What is wrong with a file is named, with the file."""
    path = tmp_path / "known.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"known.json: {error.removeprefix('known.json: ')}"):
        KnownFailures.load(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """The error of a missing file says how to get one."""
    with pytest.raises(FileNotFoundError, match=r"no such file of known failures; report\.save_baseline"):
        report_of().accepting(tmp_path / "known.json")


def test_many_mended_failures_are_counted() -> None:
    """Of many known failures that are no more the first five are named."""
    known = KnownFailures({f"glance_list_images: 503 x{times}": "crash" for times in range(1, 10)})
    lines = list(report_of(Row(plan_of("500"), Run(state=NOTHING))).accepting(known).summary())
    assert sum(line.startswith("a known failure was not run") for line in lines) == 5
    assert lines[-1] == "... 4 more known failures, each of which was not run"
