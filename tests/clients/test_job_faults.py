"""What the official SDK sees of a job that a fault has changed, and what is left."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkims.v2 import (
    CopyImageInRegionRequest,
    CopyImageInRegionRequestBody,
    ImsClient,
    ShowJobProgressRequest,
    ShowJobRequest,
)

from ims_mock import BadJob, FailJob, ImsMock, StickJob
from ims_mock.faults.definition import Fault

pytestmark = [
    # Huawei has moved it to another page, and the SDK says so at each call.
    pytest.mark.filterwarnings("ignore:Method 'show_job':DeprecationWarning"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

CASES: list[tuple[Fault | None, str, list[str]]] = [
    (None, "SUCCESS with an id", ["source active", "copied active"]),
    (FailJob(at=0.4), "FAIL IMG.0014", ["source active"]),
    (FailJob(leaves="killed"), "FAIL IMG.0014", ["source active", "copied killed"]),
    (FailJob("IMG.0061", "", leaves="saving"), "FAIL IMG.0061", ["source active", "copied saving"]),
    (StickJob(), "RUNNING", ["source active", "copied saving"]),
    (BadJob("no_image_id"), "SUCCESS without an id", ["source active", "copied active"]),
    (BadJob("no_image"), "SUCCESS with an id", ["source active"]),
]


@pytest.mark.parametrize(("fault", "seen", "left"), CASES, ids=str)
def test_what_the_sdk_sees_and_what_is_left(ims_mock: ImsMock, fault: Fault | None, seen: str, left: list[str]) -> None:
    """The request is served as usual, and the job, by either read, and the images are as the table says."""
    ims_mock.reset(jobs={"*": 60})
    source = ims_mock.add_image(name="source", data=b"abc")
    if fault is not None:
        ims_mock.faults.add(fault)
    credentials = BasicCredentials("ak", "sk", ims_mock.project_id)
    client: Any = ImsClient.new_builder().with_credentials(credentials).with_endpoint(ims_mock.url).build()
    with closing(client.get_http_client()):
        body = CopyImageInRegionRequestBody(name="copied")
        job_id = client.copy_image_in_region(CopyImageInRegionRequest(source["id"], body)).job_id
        ims_mock.clock.advance(100)
        jobs = client.show_job(ShowJobRequest(job_id)), client.show_job_progress(ShowJobProgressRequest(job_id))
    for job in jobs:
        words = {
            "SUCCESS": f"SUCCESS {'with' if job.entities.image_id else 'without'} an id",
            "FAIL": f"FAIL {job.error_code}",
        }
        assert words.get(job.status, job.status) == seen
    assert [f"{image['name']} {image['status']}" for image in ims_mock.images.values()] == left
