"""What a mock has for a request of a consumer's contract."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.evidence.consumers.stand_ins import IMAGE, JOB, OTHER, PROJECT
from ims_mock.evidence.consumers.states import state_for
from tests.conftest import Api

PATH = "/_ims_mock/provider_states"
JOBS = f"/v1/{PROJECT}/jobs/{JOB}"


def provide(api: Api, state: str, **more: Any) -> None:
    """Ask a mock for a state, as a verifier of Pact does."""
    assert api("POST", PATH, {"state": state, "params": {}, **more}).status_code == 204


def test_image(api: Api) -> None:
    """An image is active, and has tags, a member and the attributes that clients replace."""
    provide(api, "an image")
    image = api("GET", f"/v2/images/{IMAGE}").get_json()
    assert (image["status"], image["tags"]) == ("active", ["key=value", "tag"])
    assert {"__description", "max_ram", "hw_firmware_type"} <= image.keys()
    assert api("GET", f"/v2/images/{IMAGE}/members/{OTHER}").get_json()["status"] == "accepted"


def test_image_without_optional_attributes(api: Api) -> None:
    """There is nothing to be replaced."""
    provide(api, "an image without optional attributes")
    change = [{"op": "replace", "path": "/max_ram", "value": 4096}]
    assert api("PATCH", f"/v2/cloudimages/{IMAGE}", change).get_json()["error"]["code"] == "IMG.0035"


def test_queued_image(api: Api) -> None:
    """An image waits for its file."""
    provide(api, "a queued image")
    assert api.images[IMAGE]["status"] == "queued"


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("an image that another project shares", "pending"),
        ("an image of another project that was accepted", "accepted"),
    ],
)
def test_shared_image(api: Api, state: str, status: str) -> None:
    """Another project's image is shared with the caller."""
    provide(api, state)
    member = api("GET", f"/v2/images/{IMAGE}/members/{PROJECT}").get_json()
    assert (member["status"], api.images[IMAGE]["owner"]) == (status, OTHER)


@pytest.mark.parametrize(
    ("state", "status", "reason"),
    [
        ("a job that has succeeded", "SUCCESS", None),
        ("a job that has failed", "FAIL", "The image cannot be copied."),
        ("a job that runs", "RUNNING", None),
    ],
)
def test_job(api: Api, state: str, status: str, reason: str | None) -> None:
    """A job has a known id."""
    provide(api, state)
    job = api("GET", JOBS).get_json()
    assert (job["status"], job["fail_reason"]) == (status, reason)


def test_public_images(api: Api) -> None:
    """The images of the catalogue are there."""
    provide(api, "public images")
    assert len(api("GET", "/v2/cloudimages?__imagetype=gold").get_json()["images"]) > 30


def test_failure(api: Api) -> None:
    """The next request fails with a status, and no other."""
    provide(api, "a failure with status 503")
    assert [api("GET", "/v2/images").status_code for _ in range(2)] == [503, 200]


def test_begins_again(api: Api) -> None:
    """A state has nothing of what was before, and after a teardown there is nothing."""
    api.create(name="a")
    provide(api, "an image")
    assert list(api.images) == [IMAGE]
    provide(api, "an image", action="teardown")
    assert list(api.images) == []
    provide(api, "an image")
    provide(api, "")
    assert list(api.images) == []


@pytest.mark.parametrize("state", ["an imag", "a failure with status 200", "a failure with status x"])
def test_unknown_state(api: Api, state: str) -> None:
    """A state that no mock can have is rejected with those that it can."""
    response = api("POST", PATH, {"state": state})
    assert response.status_code == 400
    message = response.get_json()["error"]["message"]
    assert message.startswith(f'/state: no mock can have the state "{state}"; the states are an image, ')
    assert "did you mean" in message


@pytest.mark.parametrize(
    ("operation", "status", "request_", "state"),
    [
        ("glance_list_images", 200, {}, ""),
        ("glance_show_image", 200, {}, "an image"),
        ("glance_show_image", 404, {}, "a failure with status 404"),
        ("show_job", 200, {}, "a job that has succeeded"),
        ("glance_upload_image", 204, {}, "a queued image"),
        ("batch_update_members", 200, {"body": {"images": []}}, "an image that another project shares"),
        ("batch_add_members", 200, {"body": {"images": []}}, "an image"),
        ("glance_add_image_member", 200, {}, "an image without optional attributes"),
    ],
)
def test_state_of_request(operation: str, status: int, request_: dict[str, Any], state: str) -> None:
    """What there has to be follows from the operation and the status."""
    assert state_for(operation, status, request_) == state


@pytest.mark.parametrize("state", [" ", "an imagee", "a failure with status 200", "a failure with status x"])
def test_state_that_cannot_be_changes_nothing(api: Api, state: str) -> None:
    """A state in which no mock can be is refused before anything is cleared."""
    image = api.create(name="kept")
    assert api("POST", PATH, {"state": state}).status_code == 400
    assert list(api.images) == [image["id"]]
