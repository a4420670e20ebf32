"""What a run leaves, without ids and times; and what of it the work could not remove."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ims_mock import BadUpload, Fail, FailJob, LoseResponse, StickJob
from ims_mock.sweep.excuses import excused_images
from ims_mock.sweep.states import State, shown, state_of
from tests.conftest import Api

SERVER = {"name": "web", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"}
LIST = "/v2/images?limit=9"


def images_of(state: State) -> list[str]:
    """Return the images of a state as a report shows them."""
    return sorted(map(shown, state.images.elements()))


def excused(api: Api) -> list[str]:
    """Return the images that the requests so far are not to blame for, as a report shows them."""
    return sorted(map(shown, excused_images(list(api.service.journal), api.service).elements()))


def test_states_are_equal_whatever_ids_and_times() -> None:
    """Two images that differ in ids and times alone are the same."""
    states = []
    for seed in (1, 2):
        api = Api(seed=seed)
        api.clock.advance(seed)
        api.create(name="web")
        states.append(state_of(api.service))
    assert states[0] == states[1]


@pytest.mark.parametrize("attributes", [{"name": "db"}, {"tags": ["a"]}, {"min_disk": 40}])
def test_states_differ_by_attributes(attributes: dict[str, Any]) -> None:
    """Two images that differ in anything else are not."""
    one, other = Api(), Api()
    one.create(name="web")
    other.create(**{"name": "web", **attributes})
    assert state_of(one.service) != state_of(other.service)


def test_jobs_end_before_the_state_is_seen() -> None:
    """A job that takes an hour has made its image."""
    api = Api(jobs={"*": 3600})
    api("POST", "/v2/cloudimages/action", SERVER)
    state = state_of(api.service)
    assert images_of(state) == ["image 'web' active"]
    assert list(state.jobs) == ["imsCreateImageByInstance"]


def test_jobs_that_count_looks_end_before_the_state_is_seen() -> None:
    """So has one that ends when it was looked at often enough."""
    api = Api(jobs={"*": {"polls": 3}})
    api("POST", "/v2/cloudimages/action", SERVER)
    assert images_of(state_of(api.service)) == ["image 'web' active"]


def test_failed_jobs_are_history() -> None:
    """A job that failed, and left nothing, is not in the state."""
    api = Api()
    api.service.faults.add(FailJob())
    api("POST", "/v2/cloudimages/action", SERVER)
    assert not state_of(api.service)


def test_members_are_part_of_an_image() -> None:
    """An image is shown with those that share it."""
    api = Api()
    image = api.create(name="web")
    api("PUT", f"/v2/images/{image['id']}/file", b"x", Content_Type="application/octet-stream")
    api("POST", f"/v2/images/{image['id']}/members", {"member": "0" * 31 + "1"})
    (text,) = state_of(api.service).images
    assert list(json.loads(text)["members"].values()) == ["pending"]


def test_image_of_a_job_that_never_ends_is_excused() -> None:
    """Who has waited in vain cannot remove the image of a job that still runs."""
    api = Api()
    api.service.faults.add(StickJob())
    api("POST", "/v2/cloudimages/action", SERVER)
    assert excused(api) == ["image 'web' saving"]


def test_image_that_nobody_removes_is_not_excused() -> None:
    """Without any try there is no excuse."""
    api = Api()
    api.create(name="web")
    assert excused(api) == []


def test_image_whose_removal_meets_a_fault_is_excused() -> None:
    """A removal that a fault rejects is a good try."""
    api = Api()
    image = api.create(name="web")
    api.service.faults.add(Fail(503), operation="glance_delete_image")
    api("DELETE", f"/v2/images/{image['id']}")
    assert excused(api) == ["image 'web' queued"]


def test_last_removal_counts() -> None:
    """A removal that the service itself rejects, after one that a fault rejected, is no excuse."""
    api = Api()
    image = api.create(name="web", protected=True)
    api.service.faults.add(Fail(503), operation="glance_delete_image", times=1)
    for _ in range(2):
        api("DELETE", f"/v2/images/{image['id']}")
    assert excused(api) == []


def test_image_that_stays_saving_is_excused_where_it_was_to_be_removed() -> None:
    """The service deletes no image that is saving, and a fault lets it be so for ever."""
    api = Api()
    image = api.create(name="web")
    api.service.faults.add(BadUpload("saving"))
    api("PUT", f"/v2/images/{image['id']}/file", b"x", Content_Type="application/octet-stream")
    assert excused(api) == []
    api("DELETE", f"/v2/images/{image['id']}")
    assert excused(api) == ["image 'web' saving"]


def lose_a_create() -> Api:
    """Return an API with an image that its client has no response about."""
    api = Api()
    api.service.faults.add(LoseResponse(503), operation="glance_create_image_metadata", times=1)
    api("POST", "/v2/images", {"name": "web"})
    return api


def test_image_that_was_never_seen_is_excused_where_it_was_looked_for() -> None:
    """A client that asks what is there, and gets no response, cannot know of it."""
    api = lose_a_create()
    assert excused(api) == []
    api.service.faults.add(Fail(503), operation="glance_list_images")
    api("GET", LIST)
    assert excused(api) == ["image 'web' queued"]


def test_image_that_was_seen_is_not_excused() -> None:
    """A client that has seen its id could remove it."""
    api = lose_a_create()
    api("GET", LIST)
    api.service.faults.add(Fail(503), operation="glance_list_images")
    api("GET", LIST)
    assert excused(api) == []


def test_image_whose_id_the_client_chose_is_not_excused() -> None:
    """Neither is one that the client has named itself."""
    api = Api()
    api.service.faults.add(LoseResponse(503), operation="glance_create_image_metadata", times=1)
    api("POST", "/v2/images", {"name": "web", "id": "877A2CDA-ba63-4e1e-b95f-e67e48b6129a"})
    api.service.faults.add(Fail(503), operation="glance_list_images")
    api("GET", LIST)
    assert excused(api) == []
