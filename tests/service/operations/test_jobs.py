"""What the service shows of a job: show_job and show_job_progress."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock import BadJob, FailJob, StickJob
from ims_mock.contract import schema_files
from ims_mock.state.jobs import job_types
from tests.conftest import Api

COPY = "imsCopyImageInRegionJob"


def begin(api: Api, **body: Any) -> str:
    """Begin a job that copies an image, and return its id."""
    source = api.create(name="source")
    api.images[source["id"]]["status"] = "active"
    response = api("POST", f"/v1/cloudimages/{source['id']}/copy", {"name": "copied", **body})
    assert response.status_code == 200, response.headers
    job_id: str = response.get_json()["job_id"]
    return job_id


def show(api: Api, job_id: str) -> dict[str, Any]:
    """Return a job as show_job returns it."""
    response = api("GET", f"/v1/{api.service.auth.project_id}/jobs/{job_id}")
    assert response.status_code == 200, response.headers
    job: dict[str, Any] = response.get_json()
    return job


def progress(api: Api, job_id: str) -> dict[str, Any]:
    """Return a job as show_job_progress returns it."""
    response = api("GET", f"/v1/cloudimages/job/{job_id}")
    assert response.status_code == 200, response.headers
    job: dict[str, Any] = response.get_json()
    return job


def only_image(api: Api, name: str = "copied") -> dict[str, Any]:
    """Return the image of a name."""
    (image,) = [image for image in api.images.values() if image["name"] == name]
    return image


def test_job_succeeds_at_once_by_default(api: Api) -> None:
    """Unless it is said otherwise, the first look finds the job done."""
    job_id = begin(api)
    assert show(api, job_id) == {
        "status": "SUCCESS",
        "job_id": job_id,
        "job_type": COPY,
        "begin_time": "2016-06-02T07:49:48.000Z",
        "end_time": "2016-06-02T07:49:48.000Z",
        "error_code": None,
        "fail_reason": None,
        "entities": {"image_name": "copied", "image_id": only_image(api)["id"]},
    }


def test_image_of_a_job_is_saving_until_it_succeeds() -> None:
    """The image of a job is seen from the beginning, and active at its end, with the time stamp of that."""
    api = Api(jobs={COPY: 60})
    begin(api)
    assert only_image(api)["status"] == "saving"
    api.clock.advance(100)
    assert (only_image(api)["status"], only_image(api)["active_at"]) == ("active", "2016-06-02T07:50:48Z")


def test_job_in_seconds_goes_with_the_clock() -> None:
    """A job is INIT at first, then RUNNING with its progress, and ends when its time is up, whoever looks how often."""
    api = Api(jobs={"*": {"seconds": 60}})
    job_id = begin(api)
    seen = []
    for _ in range(5):
        job = show(api, job_id)
        seen.append((job["status"], job["entities"].get("process_percent"), job["end_time"]))
        api.clock.advance(15)
    assert seen == [
        ("INIT", 0, ""),
        ("RUNNING", 0.25, ""),
        ("RUNNING", 0.5, ""),
        ("RUNNING", 0.75, ""),
        ("SUCCESS", None, "2016-06-02T07:50:48.000Z"),
    ]


def test_job_in_looks_goes_with_them() -> None:
    """With `polls`, so many looks find the job under way, and the next one finds it done."""
    api = Api(jobs={COPY: {"polls": 3}})
    job_id = begin(api)
    assert [show(api, job_id)["status"] for _ in range(5)] == ["INIT", "RUNNING", "RUNNING", "SUCCESS", "SUCCESS"]


def test_running_job_shows_what_it_is_doing() -> None:
    """While a job is under way, it shows its task, and the job within it."""
    api = Api(jobs={COPY: 60})
    job_id = begin(api)
    api.clock.advance(24)
    entities = show(api, job_id)["entities"]
    assert (entities["process_percent"], entities["current_task"]) == (0.4, "CopyImageInRegionTask:")
    assert show(api, entities["subJobId"])["job_type"] == "imsGoofysUploadImageJob"


def test_progress_is_shown_also_of_a_job_that_has_ended(api: Api) -> None:
    """The variant for progress has process_percent and current_task always."""
    entities = progress(api, begin(api))["entities"]
    assert (entities["process_percent"], entities["current_task"]) == (1, "")


def test_progress_does_not_go_back() -> None:
    """A look after the clock has been set back finds the job no less far."""
    api = Api(jobs={COPY: 100})
    job_id = begin(api)
    seen = []
    for moment in (50, 10, 70):
        api.clock.jump_to(api.service.store.started_at + moment, 0)
        seen.append(show(api, job_id)["entities"]["process_percent"])
    assert seen == [0.5, 0.5, 0.7]


def test_job_of_another_project_is_not_seen(api: Api) -> None:
    """A job is its project's own: for another project it does not exist, as an unknown one."""
    job_id = begin(api)
    alt = api.service.accounts.projects["alt"].id
    token = api.service.identity.new_token_for("alt")
    for path in (f"/v1/{alt}/jobs/{job_id}", f"/v1/cloudimages/job/{job_id}", f"/v1/{alt}/jobs/nothing"):
        response = api("GET", path, X_Auth_Token=token)
        assert response.status_code == 400
        assert response.get_json()["error"]["code"] == "IMG.0023"


def test_project_of_the_path_is_the_callers(api: Api) -> None:
    """A path that names another project than the credential is rejected."""
    response = api("GET", f"/v1/{'0' * 32}/jobs/{begin(api)}")
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0030")


def test_failed_job_leaves_no_image(api: Api) -> None:
    """A job that fails has its code and reason at both places, and nothing of its image is left."""
    api.service.store.settings.load({**api.service.settings.saved(), "jobs": {COPY: 100}})
    api.service.faults.add(FailJob("IMG.0061", at=0.4))
    job_id = begin(api)
    assert only_image(api)["status"] == "saving"
    api.clock.advance(100)
    job = show(api, job_id)
    assert (job["status"], job["error_code"], job["fail_reason"]) == ("FAIL", "IMG.0061", "Unknown system error.")
    assert job["end_time"] == "2016-06-02T07:50:28.000Z"
    assert job["entities"] == {"image_name": "copied", "error_code": "IMG.0061", "error": "Unknown system error."}
    assert [image["name"] for image in api.images.values()] == ["source"]
    assert progress(api, job_id)["entities"]["process_percent"] == 0.4


@pytest.mark.parametrize("leaves", ["saving", "killed"])
def test_failed_job_leaves_what_the_fault_says(api: Api, leaves: str) -> None:
    """A half-made image is left where the fault says so."""
    api.service.faults.add(FailJob(leaves=leaves))
    begin(api)
    assert only_image(api)["status"] == leaves


def test_failed_job_without_a_reason(api: Api) -> None:
    """An empty reason is none; the code is the first one of the job's type, unless one is given."""
    api.service.faults.add(FailJob(reason=""))
    job = show(api, begin(api))
    assert (job["error_code"], job["fail_reason"]) == (job_types()[COPY]["codes"][0], None)


def test_job_that_sticks_never_ends() -> None:
    """However late, the job is as far as it was."""
    api = Api(jobs={COPY: 60})
    api.service.faults.add(StickJob(at=0.3))
    job_id = begin(api)
    for _ in range(3):
        api.clock.advance(1000)
        job = show(api, job_id)
        assert (job["status"], job["entities"]["process_percent"]) == ("RUNNING", 0.3)
    assert only_image(api)["status"] == "saving"


def test_job_that_sticks_at_looks() -> None:
    """A job that is measured in looks sticks as well."""
    api = Api(jobs={COPY: {"polls": 2}})
    api.service.faults.add(StickJob(at=0.5))
    job_id = begin(api)
    assert {show(api, job_id)["status"] for _ in range(5)} == {"INIT", "RUNNING"}


def test_successful_job_without_an_image_id(api: Api) -> None:
    """The job shows none, and the image is there."""
    api.service.faults.add(BadJob("no_image_id"))
    assert show(api, begin(api))["entities"] == {"image_name": "copied"}
    assert only_image(api)["status"] == "active"


def test_successful_job_without_an_image(api: Api) -> None:
    """The job shows the id of an image that is nowhere."""
    api.service.faults.add(BadJob("no_image"))
    image_id = show(api, begin(api))["entities"]["image_id"]
    assert image_id not in api.images
    assert api("GET", f"/v2/images/{image_id}").status_code == 404


def test_rejected_request_is_no_hit_of_a_job_fault(api: Api) -> None:
    """A fault of a job waits for a request that begins one."""
    rule = api.service.faults.add(FailJob(), times=1)
    assert api("POST", "/v1/cloudimages/nothing/copy", {"name": "x"}).status_code >= 400
    assert rule.hits == 0


def test_outer_fault_of_a_job_decides(api: Api) -> None:
    """Of two faults that would change one job the outer one does."""
    rules = [api.service.faults.add(fault, times=1) for fault in (FailJob(), StickJob())]
    assert show(api, begin(api))["status"] == "FAIL"
    assert [rule.hits for rule in rules] == [1, 0]


def test_due_jobs_are_settled_in_order() -> None:
    """Jobs that have become due meanwhile end each at its own time."""
    api = Api(jobs={COPY: 60})
    first = begin(api)
    api.clock.advance(10)
    second = begin(api)
    api.clock.advance(1000)
    ends = [show(api, job_id)["end_time"] for job_id in (second, first)]
    assert ends == ["2016-06-02T07:50:58.000Z", "2016-06-02T07:50:48.000Z"]


def test_types_of_jobs_are_complete() -> None:
    """Each type of a job has tasks, entities and documented codes, and the jobs within it exist."""
    codes = schema_files.read("error_codes.json")["service"]
    for name, row in job_types().items():
        assert row["type"] == name
        assert row["tasks"]
        assert row["entities"]
        assert set(row["codes"]) <= set(codes)
        assert "sub_job" not in row or row["sub_job"]["type"] in job_types()


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ({"nothing": 5}, 'jobs has no type "nothing"; the types are '),
        ({"imsCopyImageInRegionJobs": 5}, 'did you mean "imsCopyImageInRegionJob"?'),
        ({"*": -1}, "must be at least 0, got -1"),
        ({"*": {"polls": 1.5}}, "must be of type integer, got 1.5"),
        ({"*": {"seconds": 1, "polls": 1}}, "must have at most 1 member, got "),
        ({"*": {}}, "must have at least 1"),
        ({"*": "soon"}, "must be of type number or object"),
        (5, "jobs must be of type object"),
    ],
)
def test_wrong_duration(jobs: Any, message: str) -> None:
    """A duration that cannot be is rejected, with what it is about."""
    with pytest.raises(ValueError, match="jobs") as caught:
        Api(jobs=jobs)
    assert message in str(caught.value)
