"""Jobs in the control API: listed, and ended by a test: list_jobs, end_job."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock import StickJob
from ims_mock.contract.operations import load_control
from tests.conftest import Api
from tests.service.operations.test_creation import OF_DISK, SERVER, create


@pytest.fixture
def api() -> Api:
    """A service whose jobs take a minute."""
    return Api(jobs={"*": 60})


def begin(api: Api, body: Any = SERVER) -> str:
    """Begin a job, and return its id."""
    job_id: str = create(api, body).get_json()["job_id"]
    return job_id


def listed(api: Api) -> dict[str, dict[str, Any]]:
    """Return the jobs by id."""
    document = api("GET", "/_ims_mock/jobs").get_json()
    load_control().operations["list_jobs"].check_response_body(document)
    return {job["id"]: job for job in document["jobs"]}


def end(api: Api, job_id: str, **body: Any) -> int:
    """End a job, and return the status of the response."""
    return api("POST", f"/_ims_mock/jobs/{job_id}", body).status_code


def test_jobs_are_listed_without_a_look() -> None:
    """A job that is asked about in looks does not go on by the list."""
    api = Api(jobs={"*": {"polls": 1}})
    job_id = begin(api)
    for _ in range(3):
        assert listed(api)[job_id]["status"] == "INIT"
    job = listed(api)[job_id]
    assert (job["type"], job["project_id"]) == ("imsCreateImageByInstance", api.service.auth.project_id)


def test_jobs_are_listed_as_far_as_they_are(api: Api) -> None:
    """A list shows how far a job is by the clock, as a look would, and counts none."""
    job_id = begin(api)
    api.clock.advance(15)
    job = listed(api)[job_id]
    assert (job["status"], job["percent"]) == ("RUNNING", 0.25)
    assert api.service.store.jobs[job_id]["looks"] == 0


def test_due_job_is_listed_as_ended(api: Api) -> None:
    """What is due has happened before jobs are listed."""
    job_id = begin(api)
    api.clock.moved = lambda: None
    api.clock.advance(60)
    assert listed(api)[job_id]["status"] == "SUCCESS"


def test_job_that_is_to_succeed(api: Api) -> None:
    """It has succeeded at once, at this time, and its image is active; nothing more comes of it later."""
    job_id = begin(api)
    api.clock.advance(30)
    assert end(api, job_id, status="SUCCESS") == 204
    job, (image,) = listed(api)[job_id], api.images.values()
    assert (job["status"], job["percent"], job["end_time"]) == ("SUCCESS", 1, "2016-06-02T07:50:18.000Z")
    assert image["status"] == "active"
    api.clock.advance(60)
    assert listed(api)[job_id] == job


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        ({}, "IMG.0014", "An exception occurred when IaaS OpenStack was executing the task."),
        ({"error_code": "IMG.0008", "fail_reason": "instance is not shutoff."}, "IMG.0008", "instance is not shutoff."),
        ({"fail_reason": ""}, "IMG.0014", None),
    ],
)
def test_job_that_is_to_fail(api: Api, body: dict[str, str], code: str, reason: str | None) -> None:
    """It has failed at once, by default as its type does first, and leaves no image."""
    job_id = begin(api)
    assert end(api, job_id, status="FAIL", **body) == 204
    job = api("GET", f"/v1/cloudimages/job/{job_id}").get_json()
    assert (job["status"], job["error_code"], job["fail_reason"]) == ("FAIL", code, reason)
    assert not api.images


@pytest.mark.parametrize("duration", [60, {"polls": 5}], ids=str)
@pytest.mark.parametrize("looks", [0, 2])
def test_job_fails_where_it_is(duration: Any, looks: int) -> None:
    """It has come as far as the clock or the looks have brought it, whether or not somebody has looked."""
    api = Api(jobs={"*": duration})
    job_id = begin(api)
    api.clock.advance(24)
    for _ in range(looks):
        api("GET", f"/v1/cloudimages/job/{job_id}")
    end(api, job_id, status="FAIL")
    assert listed(api)[job_id]["percent"] == (0.4 if duration == 60 or looks else 0)


def test_parts_end_with_their_job(api: Api) -> None:
    """The jobs within it have the same end."""
    job_id = begin(api, {"data_images": [OF_DISK]})
    end(api, job_id, status="FAIL", error_code="IMG.0022")
    assert {(job["status"], job["error_code"]) for job in listed(api).values()} == {("FAIL", "IMG.0022")}


def test_job_that_is_stuck_is_ended(api: Api) -> None:
    """A test ends also what a fault would never let end."""
    api.service.faults.add(StickJob())
    job_id = begin(api)
    assert end(api, job_id, status="SUCCESS") == 204
    assert listed(api)[job_id]["status"] == "SUCCESS"


def test_job_that_cannot_be_ended(api: Api) -> None:
    """There is none of the id, it has ended, or it is a part of another; the message says which."""
    whole = begin(api, {"data_images": [OF_DISK]})
    part = listed(api)[whole]["sub_jobs"][0]
    for job_id, status, message in (
        ("nothing", 404, f'no job that could end has the id "nothing"; the known ones are {whole}'),
        (part, 409, f"the job {part} ends with the job {whole}, of which it is a part; end that one"),
    ):
        response = api("POST", f"/_ims_mock/jobs/{job_id}", {"status": "SUCCESS"})
        assert (response.status_code, response.get_json()["error"]["message"]) == (status, message)
    end(api, whole, status="SUCCESS")
    assert end(api, whole, status="FAIL") == 409


def test_few_of_many_are_given(api: Api) -> None:
    """The message names only some of the jobs that can be ended where there are many."""
    ids = [begin(api) for _ in range(12)]
    message = api("POST", "/_ims_mock/jobs/x", {"status": "SUCCESS"}).get_json()["error"]["message"]
    assert message.endswith(f"; the known ones are {', '.join(ids[:10])}, ...")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "INIT"},
        {"status": "FAIL", "error_code": "x"},
        {"status": "FAIL", "error_code": "IMG.9999"},
        {"status": "SUCCESS", "error_code": "IMG.0057"},
        {"status": "SUCCESS", "fail_reason": "full"},
    ],
)
def test_wrong_end_changes_nothing(api: Api, body: dict[str, str]) -> None:
    """An end that cannot be is rejected, an undocumented code without a reason among them."""
    job_id = begin(api)
    response = api("POST", f"/_ims_mock/jobs/{job_id}", body)
    assert response.status_code == 400, response.data
    assert listed(api)[job_id]["status"] == "INIT"


def test_job_that_is_to_run_without_end(api: Api) -> None:
    """A job that was made to run on stays as far as it is, whatever the clock says, until a test ends it."""
    job_id = begin(api)
    api.clock.advance(30)
    assert end(api, job_id, status="RUNNING") == 204
    api.clock.advance(600)
    assert (listed(api)[job_id]["status"], listed(api)[job_id]["percent"]) == ("RUNNING", 0.5)
    assert api("GET", f"/v1/{api.service.auth.project_id}/jobs/{job_id}").get_json()["status"] == "RUNNING"
    assert end(api, job_id, status="SUCCESS") == 204
    assert listed(api)[job_id]["status"] == "SUCCESS"


def test_jobs_that_never_end_are_marked(api: Api) -> None:
    """A list of jobs says which are stuck, by this API or by a rule, with their parts; a job that has ended is not."""
    by_api, other = begin(api), begin(api)
    api.service.faults.add(StickJob(), operation="create_image")
    by_rule = begin(api)
    end(api, by_api, status="RUNNING")
    assert [listed(api)[job_id]["is_stuck"] for job_id in (by_api, other, by_rule)] == [True, False, True]
    end(api, by_api, status="SUCCESS")
    api.clock.advance(600)
    assert [listed(api)[job_id]["is_stuck"] for job_id in (by_api, other, by_rule)] == [False, False, True]
