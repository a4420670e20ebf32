"""What a run leaves, without ids and times; and what of it the work could not remove."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ims_mock import BadUpload, Fail, FailJob, LoseResponse, StickJob
from ims_mock.sweep import states
from ims_mock.sweep.checkpoints import Checkpoint
from ims_mock.sweep.excuses import excused_images
from ims_mock.sweep.states import Start, State, shown, state_of
from tests.conftest import Api

SERVER = {"name": "web", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"}
LIST = "/v2/images?limit=9"

NOTHING = Start(Api().service)
"""A start at which there is nothing."""


def images_of(state: State) -> list[str]:
    """Return the images of a state as a report shows them."""
    return sorted(map(shown, state.images.elements()))


def excused(api: Api) -> list[str]:
    """Return the images that the requests so far are not to blame for, as a report shows them."""
    return sorted(map(shown, excused_images(list(api.service.journal), api.service, NOTHING).elements()))


def test_states_are_equal_whatever_ids_and_times() -> None:
    """Two images that differ in ids and times alone are the same."""
    states = []
    for seed in (1, 2):
        api = Api(seed=seed)
        api.clock.advance(seed)
        api.create(name="web")
        states.append(state_of(api.service, NOTHING))
    assert states[0] == states[1]


@pytest.mark.parametrize("attributes", [{"name": "db"}, {"tags": ["a"]}, {"min_disk": 40}])
def test_states_differ_by_attributes(attributes: dict[str, Any]) -> None:
    """Two images that differ in anything else are not."""
    one, other = Api(), Api()
    one.create(name="web")
    other.create(**{"name": "web", **attributes})
    assert state_of(one.service, NOTHING) != state_of(other.service, NOTHING)


def test_jobs_end_before_the_state_is_seen() -> None:
    """A job that takes an hour has made its image."""
    api = Api(jobs={"*": 3600})
    api("POST", "/v2/cloudimages/action", SERVER)
    state = state_of(api.service, NOTHING)
    assert images_of(state) == ["image 'web' active"]
    assert list(state.jobs) == ["imsCreateImageByInstance"]


def test_jobs_that_count_looks_end_before_the_state_is_seen() -> None:
    """So has one that ends when it was looked at often enough."""
    api = Api(jobs={"*": {"polls": 3}})
    api("POST", "/v2/cloudimages/action", SERVER)
    assert images_of(state_of(api.service, NOTHING)) == ["image 'web' active"]


def test_failed_jobs_are_history() -> None:
    """A job that failed, and left nothing, is not in the state."""
    api = Api()
    api.service.faults.add(FailJob())
    api("POST", "/v2/cloudimages/action", SERVER)
    assert not state_of(api.service, NOTHING)


def test_members_are_part_of_an_image() -> None:
    """An image is shown with those that share it."""
    api = Api()
    image = api.create(name="web")
    api("PUT", f"/v2/images/{image['id']}/file", b"x", Content_Type="application/octet-stream")
    api("POST", f"/v2/images/{image['id']}/members", {"member": "0" * 31 + "1"})
    (text,) = state_of(api.service, NOTHING).images
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


def test_what_stays_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many images, those that a run has changed are read, and no other."""
    api = Api()
    image_ids = [api.create(name=f"image {number}")["id"] for number in range(20)]
    start = Start(api.service)
    api.create(name="new")
    api("DELETE", f"/v2/images/{image_ids[0]}")
    patch = [{"op": "replace", "path": "/name", "value": "other"}]
    api("PATCH", f"/v2/images/{image_ids[1]}", patch, Content_Type="application/openstack-images-v2.1-json-patch")
    read: list[str] = []
    plain_text = states.plain_text

    def counted(text: str) -> str:
        read.append(text)
        return plain_text(text)

    monkeypatch.setattr(states, "plain_text", counted)
    counts = state_of(api.service, start).images
    assert sorted((json.loads(text)["name"], count) for text, count in counts.items()) == [
        *(("image 0", -1), ("image 1", -1), ("new", 1), ("other", 1)),
    ]
    assert len(read) == 4


def test_members_that_change_are_seen() -> None:
    """An image that is shared since the start is another one."""
    api = Api()
    image = api.create(name="web")
    api("PUT", f"/v2/images/{image['id']}/file", b"x", Content_Type="application/octet-stream")
    start = Start(api.service)
    api("POST", f"/v2/images/{image['id']}/members", {"member": "0" * 31 + "1"})
    state = state_of(api.service, start)
    assert sorted(state.images.values()) == [-1, 1]
    assert ["members" in json.loads(text) for text, count in state.images.items() if count > 0] == [True]


def test_image_that_the_good_run_removes_is_excused_where_it_was_looked_for() -> None:
    """It stays as it was at the start, since a fault kept the work from finding it; one that nobody removes is none."""
    api = Api()
    old, _ = api.create(name="old"), api.create(name="new")
    checkpoint, start = Checkpoint(api.service), Start(api.service)
    api("DELETE", f"/v2/images/{old['id']}")
    start.touch(api.service)
    checkpoint.rewind()
    api.service.faults.add(Fail(503), operation="glance_list_images")
    api("GET", LIST)
    found = excused_images(list(api.service.journal), api.service, start)
    assert sorted(map(shown, found.elements())) == ["image 'old' queued"]
