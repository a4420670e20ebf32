"""Jobs that a test ends from Python."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from ims_mock import ImsMock

pytestmark = pytest.mark.ims_mock(jobs={"*": 60})


@pytest.fixture
def job_id(ims_mock: ImsMock) -> str:
    """A job that takes a minute."""
    body = {"name": "web", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"}
    headers = {"X-Auth-Token": ims_mock.token}
    found: str = requests.post(f"{ims_mock.url}/v2/cloudimages/action", json=body, headers=headers).json()["job_id"]
    return found


def test_finish(ims_mock: ImsMock, job_id: str) -> None:
    """A job that is finished has succeeded at once, and its image is there."""
    ims_mock.jobs.finish(job_id)
    job = ims_mock.jobs[job_id]
    assert job["status"] == "SUCCESS"
    assert ims_mock.images[job["entities"]["image_id"]]["status"] == "active"


@pytest.mark.parametrize(
    ("code", "reason", "seen"),
    [
        (None, None, ("IMG.0014", "An exception occurred when IaaS OpenStack was executing the task.")),
        ("IMG.0022", None, ("IMG.0022", "The disk in the current state cannot be used to create images.")),
        ("IMG.9999", "no space", ("IMG.9999", "no space")),
        ("IMG.0022", "", ("IMG.0022", None)),
    ],
)
def test_fail(ims_mock: ImsMock, job_id: str, code: str | None, reason: str | None, seen: tuple[str, str]) -> None:
    """A job fails at once with a code and a reason, by default those of the documents."""
    ims_mock.jobs.fail(job_id, code, reason)
    job = ims_mock.jobs[job_id]
    assert (job["status"], job["error_code"], job["fail_reason"]) == ("FAIL", *seen)


def test_stick(ims_mock: ImsMock, job_id: str) -> None:
    """A job that is stuck never ends by itself, and can be finished."""
    ims_mock.jobs.stick(job_id)
    ims_mock.clock.advance(1e6)
    assert ims_mock.jobs[job_id]["status"] != "SUCCESS"
    ims_mock.jobs.finish(job_id)
    assert ims_mock.jobs[job_id]["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda mock, _: mock.jobs.finish("x"), "no job that could end has the id .x.; the known ones are {job_id}"),
        (lambda mock, job_id: mock.jobs.fail(job_id, "IMG.9999"), "IMG.9999"),
        (lambda mock, job_id: mock.jobs.fail(job_id, 22), "code"),
        (lambda mock, job_id: mock.jobs.fail(job_id, reason=5), "reason"),
    ],
)
def test_wrong_calls(ims_mock: ImsMock, job_id: str, call: Callable[[ImsMock, str], None], text: str) -> None:
    """An unknown job, an undocumented code and what is no text are rejected, and the job goes on."""
    with pytest.raises(ValueError, match=text.format(job_id=job_id)):
        call(ims_mock, job_id)
    assert ims_mock.jobs[job_id]["status"] == "INIT"


def test_job_that_has_ended(ims_mock: ImsMock, job_id: str) -> None:
    """A job ends once."""
    ims_mock.jobs.finish(job_id)
    with pytest.raises(ValueError, match=f"the job {job_id} has ended already, with SUCCESS; set jobs="):
        ims_mock.jobs.fail(job_id)
    url = f"{ims_mock.url}/_ims_mock/jobs/{job_id}"
    response = requests.post(url, json={"status": "FAIL"}, timeout=10)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")
