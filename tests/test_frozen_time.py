"""Tests that freeze the time with freezegun or time-machine: their requests, jobs, tokens, signatures and sweeps."""

from __future__ import annotations

import asyncio
import time
import unittest
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import freezegun
import pytest
import requests
import time_machine
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkims.v2 import ImsClient, ListImagesRequest

from ims_mock import ImsMock
from tests.state.test_frozen import BEFORE, SECONDS, frozen_by
from tests.test_pytest_plugin import run

TEXT = "2012-01-14T00:00:00Z"


@pytest.fixture(params=["freezegun", "time-machine"])
def library(request: pytest.FixtureRequest) -> str:
    """Each library that freezes the time."""
    name: str = request.param
    return name


def create(mock: ImsMock) -> dict[str, Any]:
    """Create an image by a request, and return it."""
    response = requests.post(f"{mock.url}/v2/images", json={"name": "a"}, headers={"X-Auth-Token": mock.token})
    image: dict[str, Any] = response.json()
    return {**image, "Date": response.headers["Date"]}


def test_requests_have_the_frozen_time(ims_mock: ImsMock, library: str) -> None:
    """An image and a response have the frozen time, and those after it the time from before."""
    before = create(ims_mock)
    with frozen_by(library, BEFORE) as frozen:
        made = create(ims_mock)
        assert (made["created_at"], made["Date"]) == (TEXT, "Sat, 14 Jan 2012 00:00:00 GMT")
        frozen.tick(3600)
        assert create(ims_mock)["created_at"] == "2012-01-14T01:00:00Z"
    assert create(ims_mock)["created_at"] == before["created_at"]


@freezegun.freeze_time(TEXT)
def test_decorator_of_freezegun(ims_mock: ImsMock) -> None:
    """A decorated test freezes the time after the fixture has begun."""
    assert create(ims_mock)["created_at"] == TEXT


@time_machine.travel(TEXT, tick=False)
def test_decorator_of_time_machine(ims_mock: ImsMock) -> None:
    """A decorated test freezes the time after the fixture has begun."""
    assert create(ims_mock)["created_at"] == TEXT


@freezegun.freeze_time(TEXT)
class TestDecoratedClass:
    """A class of pytest that freezegun decorates."""

    def test_it(self, ims_mock: ImsMock) -> None:
        """Each of its tests has the frozen time."""
        assert create(ims_mock)["created_at"] == TEXT


@time_machine.travel(TEXT, tick=False)
class TestOfUnittest(unittest.TestCase):
    """A class of unittest that time-machine decorates, with a mock of its own."""

    def test_it(self) -> None:
        """A mock that is made and entered in a frozen time has it."""
        with ImsMock() as mock:
            assert create(mock)["created_at"] == TEXT


@pytest.fixture
def frozen() -> Iterator[Any]:
    """Freeze the time before the mock is cleared."""
    with freezegun.freeze_time(TEXT) as factory:
        yield factory


def test_time_frozen_before_the_fixture(frozen: Any, ims_mock: ImsMock) -> None:
    """A mock that is cleared in a frozen time begins with it, and follows it."""
    assert create(ims_mock)["created_at"] == TEXT
    frozen.move_to("2012-02-01")
    assert create(ims_mock)["created_at"] == "2012-02-01T00:00:00Z"


def test_time_that_is_not_frozen_any_more(ims_mock: ImsMock, library: str) -> None:
    """Where the freeze ends in the middle of a test, its mock shows the real time."""
    with frozen_by(library, BEFORE):
        ims_mock.reset()
        assert create(ims_mock)["created_at"] == TEXT
    assert datetime.fromisoformat(create(ims_mock)["created_at"]) > datetime(2025, 1, 1, tzinfo=timezone.utc)


@pytest.mark.ims_mock(start="2016-06-02T07:49:48Z")
def test_marker_with_a_start(ims_mock: ImsMock, library: str) -> None:
    """A start that the test gives is the time of its mock, whatever it freezes."""
    with frozen_by(library, BEFORE):
        assert create(ims_mock)["created_at"] == "2016-06-02T07:49:48Z"


@pytest.mark.ims_mock(jobs={"*": 60})
def test_jobs_go_on_with_the_frozen_time(ims_mock: ImsMock, library: str) -> None:
    """A job is half done when a test has moved the frozen time by half of what it takes, and ends at its time."""
    with frozen_by(library, BEFORE) as frozen:
        image = ims_mock.add_image(name="a", status="active", visibility="private")
        headers = {"X-Auth-Token": ims_mock.token}
        url = f"{ims_mock.url}/v1/cloudimages/{image['id']}/copy"
        job_id = requests.post(url, json={"name": "b"}, headers=headers).json()["job_id"]

        def seen() -> dict[str, Any]:
            url = f"{ims_mock.url}/v1/{ims_mock.project_id}/jobs/{job_id}"
            job: dict[str, Any] = requests.get(url, headers=headers).json()
            return job

        assert (seen()["status"], seen()["begin_time"]) == ("INIT", "2012-01-14T00:00:00.000Z")
        frozen.tick(30)
        assert (seen()["status"], seen()["entities"]["process_percent"]) == ("RUNNING", 0.5)
        frozen.tick(40)
        assert (seen()["status"], seen()["end_time"]) == ("SUCCESS", "2012-01-14T00:01:00.000Z")


@pytest.mark.ims_mock(auth="strict")
def test_tokens_expire_with_the_frozen_time(ims_mock: ImsMock, library: str) -> None:
    """A token of 24 hours has expired when the test has moved the frozen time so far; the mock's own never does."""
    with frozen_by(library, BEFORE) as frozen:
        token = ims_mock.new_token()

        def status(token: str) -> int:
            return requests.get(f"{ims_mock.url}/v2/images", headers={"X-Auth-Token": token}).status_code

        assert status(token) == 200
        frozen.tick(24 * 3600 + 1)
        assert (status(token), status(ims_mock.token)) == (401, 200)


def listed(mock: ImsMock) -> int:
    """List the images with Huawei's SDK, which signs with the time that it sees, and return how many there are."""
    credentials = BasicCredentials("demo-ak", "demo-sk", mock.project_id)
    client = ImsClient.new_builder().with_credentials(credentials).with_endpoint(mock.url).build()
    return len(client.list_images(ListImagesRequest(limit=1)).images)


@pytest.mark.ims_mock(auth="strict")
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_signatures_of_the_frozen_time(ims_mock: ImsMock, library: str) -> None:
    """A client that signs in a frozen time, years from the real one, is not 15 minutes off."""
    ims_mock.add_image(name="a")
    with frozen_by(library, BEFORE) as frozen:
        assert listed(ims_mock) == 1
        frozen.tick(3600)
        assert listed(ims_mock) == 1


@freezegun.freeze_time(TEXT, real_asyncio=True)
def test_coroutines(ims_mock: ImsMock) -> None:
    """Requests of coroutines have the frozen time, also from other threads."""

    async def work() -> list[str]:
        made = await asyncio.gather(*(asyncio.to_thread(create, ims_mock) for _ in range(3)))
        return [image["created_at"] for image in made]

    assert asyncio.run(work()) == [TEXT] * 3


def test_sweep_in_a_frozen_time(ims_mock: ImsMock, library: str) -> None:
    """The sleeps of a sweep's work count once, for the work, the frozen time and the mock; each run begins there."""
    times: list[tuple[str, float, float, str]] = []

    def work() -> None:
        made = create(ims_mock)["created_at"]
        time.sleep(90)
        held.tick(5)
        times.append((made, time.time(), ims_mock.clock.now(), create(ims_mock)["created_at"]))
        held.tick(-5)

    with frozen_by(library, BEFORE) as held:
        report = ims_mock.sweep(work, only=["glance_create_image_metadata: 503 x1"], allowed=[KeyError], pairs=0)
        assert report.baseline.slept == 90
        assert (ims_mock.clock.now(), time.time()) == (SECONDS, SECONDS)
    assert len(times) >= 2
    for made, seen, shown, last in times:
        assert (made, last) == (TEXT, "2012-01-14T00:01:35Z")
        assert seen == pytest.approx(SECONDS + 95, abs=1)
        assert shown == SECONDS + 95


SWEPT = """
import time
import freezegun, time_machine

@pytest.mark.ims_mock_sweep(only=["glance_list_images: 503*"], allowed=[requests.HTTPError], pairs=0)
@pytest.mark.parametrize("freeze", [freezegun.freeze_time, lambda when: time_machine.travel(when, tick=False)])
def test_it(ims_mock, freeze):
    with freeze("2012-01-14"):
        response = requests.get(f"{ims_mock.url}/v1/cloudimages/tags", headers={"X-Auth-Token": ims_mock.token})
        assert response.headers["Date"] == "Sat, 14 Jan 2012 00:00:00 GMT"
        time.sleep(60)
        response = requests.get(f"{ims_mock.url}/v2/images", headers={"X-Auth-Token": ims_mock.token})
        assert response.headers["Date"] == "Sat, 14 Jan 2012 00:01:00 GMT"
        assert time.time() - 1326499200 == pytest.approx(60, abs=30)
        response.raise_for_status()
"""


@pytest.mark.slow
def test_swept_test_that_freezes_the_time(pytester: pytest.Pytester) -> None:
    """Each run of a swept test has the time that the test freezes in it."""
    run(pytester, SWEPT).assert_outcomes(passed=2)


@pytest.mark.slow
def test_line_that_runs_a_swept_test_again(pytester: pytest.Pytester) -> None:
    """It has no start either, where the swept test has frozen the time."""
    result = run(pytester, SWEPT.replace("[requests.HTTPError]", "[]"))
    lines = [line for line in result.outlines if "--ims-mock-sweep-plan" in line]
    assert lines
    assert not [line for line in lines if "--ims-mock-start" in line]


def test_line_that_runs_a_frozen_test_again(pytester: pytest.Pytester) -> None:
    """It has no start where the test has frozen the time: with one, the clock would not follow."""
    body = """
import freezegun

def test_frozen(ims_mock):
    with freezegun.freeze_time("2012-01-14"):
        assert create(ims_mock).json()["created_at"] == "?"

def test_real(ims_mock):
    assert create(ims_mock).json()["created_at"] == "?"
"""
    result = run(pytester, body)
    result.assert_outcomes(failed=2)
    lines = [line for line in result.outlines if line.startswith("run it again")]
    assert ["--ims-mock-start" in line for line in lines] == [False, True]


def test_clock_of_the_fixture_follows(pytester: pytest.Pytester) -> None:
    """A ManualClock of ims_mock_clock, without a start, follows too, and is set back for each test."""
    body = """
import freezegun
from ims_mock import ManualClock

@pytest.fixture(scope="session")
def ims_mock_clock():
    return ManualClock()

@pytest.mark.parametrize("number", [1, 2])
def test_frozen(ims_mock, number):
    before = ims_mock.clock.now()
    with freezegun.freeze_time("2012-01-14"):
        assert create(ims_mock).json()["created_at"] == "2012-01-14T00:00:00Z"
        ims_mock.clock.advance(60)
    assert ims_mock.clock.now() == before + 60

@pytest.mark.parametrize("number", [1, 2])
@freezegun.freeze_time("2012-01-14")
def test_frozen_before(request, number):
    ims_mock = request.getfixturevalue("ims_mock")
    assert create(ims_mock).json()["created_at"] == "2012-01-14T00:00:00Z"
    ims_mock.clock.advance(60)
"""
    run(pytester, body).assert_outcomes(passed=4)
