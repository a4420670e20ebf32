"""Sweeps of work that copies from one region into another."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ims_mock import Fail, ImsMock
from ims_mock.testing.proxy import MockCloud
from tests.sweep.client import Client, ImsError, UnclearError

NORTH, EAST = "cn-north-4", "cn-east-3"
COPY = "copy_image_cross_region"


@pytest.fixture
def north() -> Iterator[ImsMock]:
    """A region that has an image."""
    with ImsMock(region=NORTH, jobs={"*": 60}) as north:
        north.add_image(name="web", data=b"x")
        yield north


@pytest.fixture
def east(north: ImsMock) -> ImsMock:
    """Another region of the same cloud."""
    return ImsMock(region=EAST).join(north)


@pytest.fixture
def copies(north: ImsMock) -> Callable[[], Any]:
    """Work that copies the image, tries again where there is no response, and does not look at the job."""
    (image_id,) = north.images
    path = f"/v1/cloudimages/{image_id}/cross_region_copy"
    body = {"name": "copy", "region": EAST, "project_name": EAST, "agency_name": "a"}

    def copy() -> str:
        with Client(north.url, north.token) as client:
            for wait in (1, 2):
                try:
                    client.ask("POST", path, json.dumps(body).encode())
                    return "copied"
                except UnclearError:
                    time.sleep(wait)
            raise ImsError

    return copy


def verdicts(north: ImsMock, work: Callable[[], Any], *only: str) -> list[tuple[str, str]]:
    """Return the verdicts of some plans, with what they rest on."""
    report = north.sweep(work, allowed=[ImsError], only=only, pairs=0)
    return [tuple(report.verdict(row)) for row in report.rows]  # type: ignore[misc]


def test_copy_that_fails_is_missed_in_the_other_region(
    north: ImsMock, east: ImsMock, copies: Callable[[], Any]
) -> None:
    """Where the job fails, the image that was to be in the other region is not there."""
    assert verdicts(north, copies, f"{COPY}: fail_job x1") == [
        (
            "wrong_success",
            f"it succeeded, but there is no image 'copy' active in {EAST}; "
            "no successful job imsCrossRegionCopyImageJob",
        )
    ]
    assert len(east.images) == 0


def test_copy_that_is_made_twice_is_left_behind(north: ImsMock, east: ImsMock, copies: Callable[[], Any]) -> None:
    """One image too many in the other region is seen; what the other region had before the work is no fault of it."""
    east.add_image(name="copy", data=b"x")
    assert verdicts(north, copies, f"{COPY}: lose_response x1") == [
        ("left_behind", f"it succeeded, but there is also image 'copy' active in {EAST}")
    ]


def test_each_run_begins_with_every_region_as_before(north: ImsMock, east: ImsMock, copies: Callable[[], Any]) -> None:
    """No run sees the copy of another, the time that passed in it, or what it has denied."""
    east.add_image(name="kept", data=b"x")
    east.deny("ims:images:list")

    def seen() -> Any:
        denied = [denial.action for denial in east.service.permissions.denials]
        return sorted(image["name"] for image in east.images.values()), east.clock.now(), denied, len(east.journal)

    before, found = seen(), []

    def work() -> None:
        found.append(seen())
        east.deny("ims:images:create")
        east.app.test_client().get("/v2/images")
        copies()

    north.sweep(work, allowed=[ImsError], only=[f"{COPY}: 503 *", f"{COPY}: lose_response x*"], pairs=0)
    assert len(found) > 4
    assert [*found, seen()] == [before] * (len(found) + 1)


def test_clocks_of_all_regions_move_together(north: ImsMock, east: ImsMock) -> None:
    """What the work sleeps passes in the other region too."""
    began, passed = east.clock.now(), []

    def work() -> None:
        time.sleep(30)
        passed.append(east.clock.now() - began)

    north.sweep(work)
    assert passed == [30, 30]


def test_region_that_is_made_by_a_run_is_empty_in_the_next() -> None:
    """Behind a proxy, a region is there when it is first asked for."""
    cloud = MockCloud(region=NORTH)
    found = []

    def work() -> None:
        east = cloud.mock(EAST)
        found.append((len(east.images), east.clock.now()))
        east.add_image(name="web", data=b"x")

    cloud.home.sweep(work)
    assert found == [(0, cloud.home.clock.now())] * 2
    assert len(cloud.mock(EAST).images) == 0


def test_rules_of_another_region_are_rejected(north: ImsMock, east: ImsMock) -> None:
    """A sweep would clear them."""
    east.faults.add(Fail(503), optional=True)
    with pytest.raises(ValueError, match="rules are armed"):
        north.sweep(lambda: None)
    assert len(east.faults) == 1
