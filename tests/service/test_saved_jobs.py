"""Jobs under way in a saved state: whatever they do, they end as those of the mock that was saved."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ims_mock import BadJob, FailJob, StickJob
from ims_mock.contract.operations import load_contract
from ims_mock.faults.definition import Fault
from tests.conftest import Api
from tests.examples import creations
from tests.service.operations.test_copies import ACROSS, active, copy

FAULTS: list[Fault | None] = [
    *(None, FailJob(at=0.4), FailJob(at=1, leaves="killed"), FailJob("IMG.0061", "", leaves="saving")),
    *(StickJob(), BadJob("no_image_id"), BadJob("no_image")),
]


def begin_all(api: Api) -> set[str]:
    """Begin a job by each operation that begins one, and return the operations."""
    source, queued = active(api), api.create(name="queued")["id"]
    alt = api.service.accounts.projects["alt"].id
    api("POST", f"/v2/images/{source}/members", {"member": alt})
    sharing = {"images": [source], "projects": ["another"]}
    for example in creations():
        api("POST", example.path, example.body)
    for version in ("v1", "v2.1"):
        path = f"/{version}/cloudimages/{source}"
        api("POST", f"{path}/copy", {"name": "copied"})
        api(
            "POST",
            f"/{version}/cloudimages/{active(api)}/file",
            {"bucket_url": f"bucket:{version}", "file_format": "vhd"},
        )
    api("POST", f"/v1/cloudimages/{source}/cross_region_copy", ACROSS)
    api("PUT", f"/v1/cloudimages/{queued}/upload", {"image_url": "bucket:a"})
    api("POST", "/v1/cloudimages/members", sharing)
    api("DELETE", "/v1/cloudimages/members", {**sharing, "projects": [alt]})
    accepted = {"images": [source], "project_id": alt, "status": "accepted"}
    api("PUT", "/v1/cloudimages/members", accepted, X_Auth_Token=api.service.identity.new_token_for("alt"))
    return {entry.operation or "" for entry in api.service.journal if entry.status == 200}


_CHANGED = ("jobs", "images", "members", "neighbours", "transitions")


def ended(api: Api) -> list[Any]:
    """Return what jobs change as it is when the time of every job is up."""
    api.clock.advance(100)
    store = api.service.store
    with store.transaction():
        return [json.loads(json.dumps(store.dump()[name])) for name in _CHANGED]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "active"}, '/transitions/0/status: must be "SUCCESS" or "FAIL"'),
        ({"status": "deleted"}, '/transitions/0/status: must be "SUCCESS" or "FAIL"'),
        ({"attributes": {"size": 1}}, '/transitions/0/attributes: has an unknown member "size"'),
        ({"attributes": {"percent": 2}}, "/transitions/0/attributes/percent: must be at most 1"),
    ],
)
def test_end_that_is_none_of_a_job(change: dict[str, Any], message: str) -> None:
    """A state in which a job would end as an image does is rejected: it could not be shown after that."""
    api = Api(jobs={"*": 60})
    copy(api, active(api))
    state = api("GET", "/_ims_mock/state").get_json()
    state["transitions"][0].update(change)
    response = api("PUT", "/_ims_mock/state", state)
    assert (response.status_code, response.get_json()["error"]["message"].startswith(message)) == (400, True)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": "planets/x"}, "attributes: must begin with one of servers, volumes"),
        ({"id": "objects/bucket:other"}, 'attributes: must be "objects/bucket:a", as in the record'),
        ({"attributes": {"name": "bucket:a"}}, "attributes: must have name, size"),
        ({"attributes": {"name": "bucket:a", "size": -1}}, "attributes/size: must be at least 0"),
        ({"status": "removed"}, 'status: must be ""'),
    ],
)
def test_job_that_would_make_what_cannot_be(change: dict[str, Any], place: str) -> None:
    """A state in which a job would add what no test can add is rejected."""
    api = Api(jobs={"*": 60})
    path = f"/v1/cloudimages/{active(api)}/file"
    job_id = api("POST", path, {"bucket_url": "bucket:a", "file_format": "vhd"}).get_json()["job_id"]
    state = api("GET", "/_ims_mock/state").get_json()
    state["jobs"][job_id]["on_success"][0].update(change)
    response = api("PUT", "/_ims_mock/state", state)
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(f"/jobs/{job_id}/on_success/0/{place}")


@pytest.mark.parametrize("after", [0, 30])
@pytest.mark.parametrize("duration", [60, {"polls": 2}], ids=str)
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_saved_jobs_end_alike(fault: Fault | None, duration: Any, after: int) -> None:
    """A state with each kind of job under way can be loaded, by another mock, in which all of it happens too."""
    api, other = Api(jobs={"*": duration}), Api()
    if fault is not None:
        api.service.faults.add(fault)
    begun = begin_all(api)
    assert {operation.id for operation in load_contract().operations.values() if operation.job_types} <= begun
    api.clock.advance(after)
    state = api("GET", "/_ims_mock/state").get_json()
    response = other("PUT", "/_ims_mock/state", state)
    assert response.status_code == 204, response.get_json()
    assert ended(other) == ended(api)
