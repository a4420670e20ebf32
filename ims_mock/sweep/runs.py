"""One run of the work: what came of it, what it asked, and what it left."""

from __future__ import annotations

import os
import random
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ims_mock.evidence.audit import audit
from ims_mock.evidence.journal import Entry
from ims_mock.service.service import Service
from ims_mock.sweep.excuses import excused_images
from ims_mock.sweep.outcomes import is_judgement, is_outcome, judgement
from ims_mock.sweep.paths import is_installed
from ims_mock.sweep.states import Start, State, state_of
from ims_mock.sweep.values import Value
from ims_mock.sweep.waits import HangError

Work = Callable[[], Any]

_OF_THE_STATE = ("image_left_queued", "duplicate_after_lost_response")
"""Rules of the auditor about what is left, which a sweep sees in the state."""


class ExitError(Exception):
    """Raised by work that is a command where that fails.

    `frame` is the place in its own code, "" if it says none, and `stderr` the end of what it has printed there.
    """

    def __init__(self, text: str, frame: str = "", stderr: str = "") -> None:
        super().__init__(text)
        self.frame = frame
        self.stderr = stderr


@dataclass(frozen=True)
class Failure:
    """An error with which the work ended: its kind, its text, such as "KeyError: 'size'", and where it came from.

    `frame` is in the user's own code, as in "publish.py:12 in upload"; "" where the error came from nowhere there. An
    error that `is_judgement` is a test's, which says that the result of the work is wrong.
    """

    kind: type[BaseException]
    text: str
    frame: str = ""
    is_judgement: bool = False

    @classmethod
    def of(cls, error: BaseException, file: str = "") -> Failure:
        """Return what is to be said of an error in a run of work that a test in a file has."""
        if isinstance(error, ExitError):
            return cls(type(error), _text_of(error), error.frame)
        own = [item for item in traceback.extract_tb(error.__traceback__) if not is_installed(item.filename)]
        frame = f"{short_path(own[-1].filename)}:{own[-1].lineno} in {own[-1].name}" if own else ""
        if is_judgement(error, file):
            return cls(type(error), judgement(error), frame, is_judgement=True)
        return cls(type(error), f"{type(error).__name__}: {_text_of(error)}", frame)


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as unsaid:
        return f"(its text cannot be made: {type(unsaid).__name__})"


@dataclass
class Run:
    """What came of the work: its value, or the error that it ended with; `hung` says why it was ended, if it was.

    `returned` is the value as it was then, which is what is compared: a list may be the same in every run.
    `entries` are its requests, `unended` those that it has begun and not ended. `slept` is for how many seconds it
    waited, `state` what is there at the end, and `excused` those images of it that it could not remove. `manners` are
    the rules of the auditor that it broke, with the text of the first finding. `failed_with` is what there is to say
    of the error, which may be dropped, and `died` what there is of one that has ended a thread, and nobody has caught.
    """

    value: Any = None
    returned: Value | None = None
    error: BaseException | None = None
    failed_with: Failure | None = None
    died: Failure | None = None
    hung: str = ""
    slept: float = 0.0
    entries: list[Entry] = field(default_factory=list)
    unended: list[str] = field(default_factory=list)
    state: State | None = None
    excused: Counter[str] = field(default_factory=Counter)
    manners: dict[str, str] = field(default_factory=dict)
    threads: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    """Lines that were logged in a good run."""
    is_steady: bool = True
    """Whether the value of a good run is what each such run returns, so that others are compared with it."""

    @property
    def failure(self) -> Failure | None:
        """What is to be said of the error; None where there was none."""
        return Failure.of(self.error) if self.failed_with is None and self.error is not None else self.failed_with

    @property
    def outcome(self) -> Value:
        """The value as it was when the work returned it."""
        return Value.of(self.value) if self.returned is None else self.returned

    @property
    def frame(self) -> str:
        """Where in the user's own code the error came from; "" where nowhere there."""
        return self.failure.frame if self.failure else ""

    def slim(self, good: Run) -> Run:
        """Return the run as reports need it: without its requests and the error itself, which may hold a lot.

        A state and a value that are those of the `good` run are not kept twice.
        """
        state = good.state if self.state == good.state else self.state
        is_same = self.outcome == good.outcome
        value, returned = (good.value, good.outcome) if is_same else (self.value, self.outcome)
        return replace(
            self, value=value, returned=returned, error=None, failed_with=self.failure, entries=[], state=state
        )


def short_path(path: str) -> str:
    """Return a path from the current folder, where it is below that."""
    return path.removeprefix(os.path.join(os.getcwd(), ""))


def run_work(work: Work, seed: str, file: str | None) -> Run:
    """Run the work once; the module `random` begins as the seed says.

    `file` is that of the test, which may judge the result; None where nothing fails, and a test ends itself as ever.
    """
    before = random.getstate()
    random.seed(seed)
    run = Run()
    try:
        run.value = work()
    except HangError as error:
        run.hung = str(error) or "it did not end"
    except Exception as error:
        run.error = error
    except SystemExit as error:
        # As Python takes it: without a code, or with 0, a program has ended well.
        run.error = error if error.code not in (None, 0) else None
    except GeneratorExit as error:
        run.error = error
    except BaseException as error:
        if file is None or not is_outcome(error):
            raise
        run.error = error
    finally:
        random.setstate(before)
    if run.error is not None:
        run.failed_with = Failure.of(run.error, file or "")
    return run


def look_at(run: Run, service: Service, start: Start, *, is_real: bool = False) -> None:
    """Note what a run asked and left, and which manners it lacks; the clock is moved to the end of all jobs.

    Where the time of the work `is_real`, the mock's clock, which may be faster, says nothing of its waits.
    """
    run.returned = Value.of(run.value)
    run.entries = list(service.journal)
    timed = [replace(entry, received_at=0.0, responded_at=0.0) for entry in run.entries] if is_real else run.entries
    # Without the images: what is left is seen in the state.
    for finding in audit(timed, ()):
        if finding.rule not in _OF_THE_STATE:
            run.manners.setdefault(finding.rule, finding.text)
    run.state = state_of(service, start)
    everywhere = (entry for region in service.regions for entry in region.journal)
    run.excused = excused_images(sorted(everywhere, key=lambda entry: entry.arrived), service, start)
