"""Programs with a weakness are found by the verdict of a plan, and the same programs without it by none."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.sweep.report import SweepReport
from tests.sweep import programs, weak
from tests.sweep.client import Client, ImsError

Program = Callable[[Client], Any]


@dataclasses.dataclass(frozen=True)
class Weakness:
    """A weak program, its twin, the plan that shows the weakness, the verdict, and what its detail says."""

    program: Program
    twin: Program
    plan: str
    verdict: str
    detail: str


WEAKNESSES = [
    Weakness(
        weak.creates_again,
        programs.publish,
        "glance_create_image_metadata: lose_response x1",
        "left_behind",
        "it succeeded, but there is also image 'web' queued",
    ),
    Weakness(
        weak.loops,
        programs.names,
        "glance_list_images: looping_marker",
        "hang",
        "it sent more than",
    ),
    Weakness(
        weak.believes_in_jobs,
        programs.image_of_server,
        "create_image: stick_job x1",
        "wrong_success",
        "it succeeded, but there is no image 'web' active",
    ),
    Weakness(
        weak.reads_reasons,
        programs.image_of_server,
        'create_image: fail_job(reason="") x1',
        "crash",
        "AttributeError: 'NoneType' object has no attribute 'rstrip' (",
    ),
    Weakness(
        weak.expects_everything,
        programs.total_size,
        "glance_list_images: mutate(pointer=/images/0/size, mode=drop) x1",
        "crash",
        "KeyError: 'size' (",
    ),
    Weakness(
        weak.swallows_401,
        programs.names,
        "glance_list_images: 401 x1",
        "wrong_success",
        "it returned [] in place of ['image ",
    ),
    Weakness(
        weak.leaves_image,
        programs.publish,
        "glance_upload_image: 503 x1",
        "left_behind",
        "image 'web' queued (after UnclearError: the service responded 503)",
    ),
    Weakness(
        weak.never_waits,
        programs.names,
        "glance_list_images: 503 x2",
        "bad_manners",
        "glance_list_images was tried again at once after it had failed; wait longer each time",
    ),
    Weakness(
        weak.sleeps_minutes,
        programs.names,
        "glance_list_images: 429 x1",
        "hang",
        "it waited for more than 120 s",
    ),
    Weakness(
        weak.accepts_pages,
        programs.names,
        "glance_list_images: garble(mode=html_200) x1",
        "wrong_success",
        "it returned 0 in place of 5",
    ),
    Weakness(
        weak.never_closes,
        programs.publish_slowly,
        "glance_show_image: 403 x1",
        "left_behind",
        "it has not ended what it began: glance_upload_image",
    ),
]

MAKES_IMAGES = (
    *(programs.publish, programs.publish_slowly, programs.image_of_server),
    *(weak.creates_again, weak.believes_in_jobs, weak.reads_reasons, weak.leaves_image, weak.never_closes),
)
TWINS = sorted({weakness.twin for weakness in WEAKNESSES}, key=lambda twin: twin.__name__)

by_name = pytest.mark.parametrize("weakness", WEAKNESSES, ids=lambda weakness: weakness.program.__name__)


@pytest.fixture
def swept(ims_mock: ImsMock) -> Iterator[Callable[..., SweepReport]]:
    """Sweeps a program; five images are there, unless the program makes one, and jobs take 20 s."""
    ims_mock.reset(jobs={"*": 20})

    def sweep(program: Program, **bounds: Any) -> SweepReport:
        if program not in MAKES_IMAGES and not ims_mock.images:
            for number in range(5):
                ims_mock.add_image(name=f"image {number}", data=b"x")

        def work() -> Any:
            with Client(ims_mock.url, ims_mock.token, ims_mock.project_id) as client:
                return program(client)

        return ims_mock.sweep(work, allowed=[ImsError], **bounds)

    yield sweep
    while weak.OPEN:
        weak.OPEN.pop().close()


def rows_of(report: SweepReport) -> list[tuple[str, str, str]]:
    """Return the plan and the verdict of every row."""
    return [(row.plan.id, *report.verdict(row)) for row in report.rows]


@by_name
def test_a_weakness_is_found_by_its_verdict(weakness: Weakness, swept: Callable[..., SweepReport]) -> None:
    """The plan that shows a weakness gets the verdict that names it."""
    ((plan, verdict, detail),) = rows_of(swept(weakness.program, only=[weakness.plan], pairs=0))
    assert (plan, verdict) == (weakness.plan, weakness.verdict)
    assert weakness.detail in detail


@by_name
def test_the_twin_of_a_weak_program_is_clean(weakness: Weakness, swept: Callable[..., SweepReport]) -> None:
    """The program without the weakness survives the plan that shows it, or fails cleanly."""
    report = swept(weakness.twin, only=[weakness.plan], pairs=0)
    report.assert_survives()
    assert len(report.rows) == 1


def test_a_program_that_is_ready_for_everything_is_clean(swept: Callable[..., SweepReport]) -> None:
    """Under every failure of every family, once, twice and for ever, and in pairs, it survives or fails cleanly."""
    report = swept(programs.publish)
    report.assert_survives()
    families = {family for row in report.rows for family in row.plan.families}
    assert families == {"status", "garbled", "attribute", "wire", "lost", "stale", "upload"}
    assert {injection.times for row in report.rows for injection in row.plan.injections} == {1, 2, None}
    assert max(len(row.plan.injections) for row in report.rows) == 2
    assert report.is_whole


@pytest.mark.thorough
@pytest.mark.parametrize("twin", TWINS)
def test_every_twin_is_clean_over_its_whole_sweep(twin: Program, swept: Callable[..., SweepReport]) -> None:
    """No program without a weakness has a plan that it does not survive."""
    report = swept(twin)
    report.assert_survives()
    assert report.unsteady == []


@pytest.mark.thorough
@by_name
def test_a_whole_sweep_finds_a_weakness(weakness: Weakness, swept: Callable[..., SweepReport]) -> None:
    """The plan that shows a weakness is among those of a sweep without bounds."""
    found = {(plan, verdict) for plan, verdict, _ in rows_of(swept(weakness.program, pairs=0))}
    assert (weakness.plan, weakness.verdict) in found


def test_the_same_seed_finds_the_same(swept: Callable[..., SweepReport]) -> None:
    """Two sweeps of the same program have the same rows."""
    first, second = (rows_of(swept(weak.swallows_401, skip=["*stall*", "*timeout*"], pairs=5)) for _ in range(2))
    assert first == second
    assert len(first) > 40
