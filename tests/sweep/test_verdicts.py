"""What came of a run, by its error, its value and what it has left."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from ims_mock.sweep.runs import Run
from ims_mock.sweep.states import State
from ims_mock.sweep.verdicts import verdict_on


class BackupError(Exception):
    """The exception that the work may end with."""


def image(status: str = "active", **attributes: Any) -> str:
    """Return an image as a state has it."""
    return json.dumps({"name": "web", "status": status, **attributes}, sort_keys=True)


def state(*images: str, jobs: tuple[str, ...] = (), others: tuple[str, ...] = ()) -> State:
    """Return a state of some images, successful jobs and other records."""
    return State(Counter(images), Counter(jobs), Counter(others))


NOTHING = state()


def verdict(run: Run, baseline: Run | None = None, before: State = NOTHING) -> tuple[str, str]:
    """Return the verdict on a run, where the good one makes one image and returns 1."""
    run.state = run.state if run.state is not None else NOTHING
    found = verdict_on(run, baseline or Run(value=1, state=state(image())), before, (BackupError,))
    return found.name, found.detail


def test_same_value_and_state_is_survived() -> None:
    """A run that ends as the good one has survived."""
    assert verdict(Run(value=1, state=state(image()))) == ("survived", "")


def test_allowed_error_with_nothing_left_is_a_clean_failure() -> None:
    """An allowed exception is a clean failure where the state is as before."""
    assert verdict(Run(error=BackupError("no"))) == ("failed_cleanly", "BackupError: no")


def test_other_error_is_a_crash() -> None:
    """An exception that is not allowed is a crash, whatever is left."""
    assert verdict(Run(error=KeyError("id"), state=state(image("queued")))) == ("crash", "KeyError: 'id'")


def test_error_whose_text_cannot_be_made_is_a_crash() -> None:
    """What an error does when it is shown does not end the sweep."""

    class UnclearError(Exception):
        def __str__(self) -> str:
            raise AttributeError("no text yet")

    assert verdict(Run(error=UnclearError())) == (
        "crash",
        "UnclearError: (its text cannot be made: AttributeError)",
    )


def test_ended_work_hangs() -> None:
    """Work that was ended hangs, whatever else came of it."""
    assert verdict(Run(hung="it waited for more than 120 s", error=KeyError())) == (
        "hang",
        "it waited for more than 120 s",
    )


def test_success_without_the_image_is_wrong() -> None:
    """Work that says that it went well lies where its image is not there."""
    assert verdict(Run(value=1)) == ("wrong_success", "it succeeded, but there is no image 'web' active")


def test_success_without_the_successful_job_is_wrong() -> None:
    """So it does where its job has not succeeded."""
    good = Run(value=1, state=state(jobs=("exportImageJob",)))
    assert verdict(Run(value=1), good) == (
        "wrong_success",
        "it succeeded, but there is no successful job exportImageJob",
    )


def test_more_successful_jobs_are_no_harm() -> None:
    """A job that was tried again has left no more than the one image."""
    run = Run(value=1, state=state(image(), jobs=("imsImportImageJob",)))
    assert verdict(run) == ("survived", "")


def test_success_with_one_image_more_leaves_it_behind() -> None:
    """A duplicate is left behind, though the work ended well."""
    run = Run(value=1, state=state(image(), image()))
    assert verdict(run) == ("left_behind", "it succeeded, but there is also image 'web' active")


def test_success_with_another_value_is_wrong() -> None:
    """Another value than the good one's is a wrong success."""
    run = Run(value=None, state=state(image()))
    assert verdict(run) == ("wrong_success", "it returned None in place of 1")


def test_failure_with_a_queued_image_leaves_it_behind() -> None:
    """Half an image is left behind."""
    run = Run(error=BackupError("no"), state=state(image("queued")))
    assert verdict(run) == ("left_behind", "image 'web' queued (after BackupError: no)")


def test_failure_with_a_whole_part_of_the_work_is_clean() -> None:
    """An image that was to be made, and is whole, is no debris."""
    assert verdict(Run(error=BackupError("no"), state=state(image())))[0] == "failed_cleanly"


def test_failure_with_an_image_too_many_leaves_it_behind() -> None:
    """One more than the good run makes is debris, though each is whole."""
    run = Run(error=BackupError("no"), state=state(image(), image()))
    assert verdict(run)[0] == "left_behind"


def test_images_of_before_are_no_debris() -> None:
    """What was there before the work counts as little as it does in the good run."""
    before = state(image(), image("queued"))
    good = Run(value=1, state=state(image(), image(), image("queued")))
    assert verdict(Run(error=BackupError("no"), state=before), good, before)[0] == "failed_cleanly"


def test_failure_that_removed_what_was_to_stay_is_reported() -> None:
    """An image that was there before, and was to stay, is missed."""
    good = Run(value=1, state=state(image()))
    run = Run(error=BackupError("no"))
    assert verdict(run, good, state(image())) == (
        "left_behind",
        "image 'web' active is missing (after BackupError: no)",
    )


def test_failure_before_a_removal_is_clean() -> None:
    """An image that the work was to remove, and has not, is as before."""
    run = Run(error=BackupError("no"), state=state(image()))
    assert verdict(run, Run(value=1, state=NOTHING), state(image()))[0] == "failed_cleanly"


def test_other_records_are_left_behind() -> None:
    """A record of another service that the good run does not leave is debris."""
    run = Run(error=BackupError("no"), state=state(others=('{"name": "key"}',)))
    assert verdict(run) == ("left_behind", 'record {"name": "key"} (after BackupError: no)')


@pytest.mark.parametrize("run", [Run(error=BackupError("no")), Run(value=1)], ids=["failure", "success"])
def test_what_cannot_be_removed_is_excused(run: Run) -> None:
    """An image that the work could not remove is not held against it."""
    good = Run(value=1, state=NOTHING)
    run.state, run.excused = state(image("queued")), Counter([image("queued")])
    assert verdict(run, good)[0] in ("failed_cleanly", "survived")


def test_open_request_is_left_behind() -> None:
    """A request that was begun and not ended is debris, also where the work ended well."""
    run = Run(value=1, state=state(image()), unended=["glance_upload_image"])
    assert verdict(run) == ("left_behind", "it has not ended what it began: glance_upload_image")


def test_bad_manners_are_those_that_the_good_run_has_not() -> None:
    """A run that survives has bad manners where it breaks a rule that the good run does not."""
    broken = {"retried_at_once": "wait longer"}
    run = Run(value=1, state=state(image()), manners=broken)
    assert verdict(run) == ("bad_manners", "wait longer")
    assert verdict(run, Run(value=1, state=state(image()), manners=broken)) == ("survived", "")


def test_worse_verdicts_hide_manners() -> None:
    """Debris is worse than bad manners."""
    run = Run(error=BackupError("no"), state=state(image("queued")), manners={"retried_at_once": "wait longer"})
    assert verdict(run)[0] == "left_behind"
