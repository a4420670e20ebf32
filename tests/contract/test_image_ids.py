"""Ids of images in either spelling: an image created with one in capitals is found by both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ims_mock import Fail
from ims_mock.contract.image_ids import in_lower_case
from ims_mock.contract.operations import load_contract
from tests.conftest import Api
from tests.examples import example_of
from tests.service.test_snapshots import OCTETS, PATCH

CAPITALS = "ABCDEF01-0000-4000-8000-00000000000A"
LOWER = CAPITALS.lower()
SPELLINGS = (CAPITALS, LOWER, "aBcDeF01-0000-4000-8000-00000000000a")


@pytest.mark.parametrize(
    ("text", "lower"),
    [
        (CAPITALS, LOWER),
        (f"in:{CAPITALS},{CAPITALS}X", f"in:{LOWER},{LOWER}X"),
        (f"/v2/images/{CAPITALS}/tags/A", f"/v2/images/{LOWER}/tags/A"),
        ("ABC", "ABC"),
        ("A" * 36, "A" * 36),
        ("", ""),
    ],
)
def test_in_lower_case(text: str, lower: str) -> None:
    """The UUIDs of a text are in lower case, and nothing else of it changes."""
    assert in_lower_case(text) == lower


BODIES: dict[str, tuple[Any, str]] = {
    "glance_upload_image": (b"012", OCTETS),
    "glance_update_image": ([{"op": "add", "path": "/name", "value": "b"}], PATCH),
    "glance_add_image_member": ({"member": "third"}, "application/json"),
    "update_image": ([{"op": "add", "path": "/name", "value": "b"}], "application/json"),
    "add_image_tag": ({"tag": {"key": "a", "value": ""}}, "application/json"),
    "batch_add_or_delete_tags": ({"action": "create", "tags": [{"key": "a", "value": ""}]}, "application/json"),
    "batch_delete_tags": ({"tags": [{"key": "a"}]}, "application/json"),
    "copy_image_in_region": ({"name": "b"}, "application/json"),
    "glance_update_image_member": ({"status": "accepted"}, "application/json"),
}

NEED_ACTIVE = ("update_image",)

OPERATIONS = [operation.id for operation in load_contract().operations.values() if "{image_id}" in operation.path]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_path(api: Api, name: str, spelling: str) -> None:
    """Every operation on an image finds it by either spelling."""
    api.create(id=CAPITALS, tags=["t"])
    assert api("POST", f"/v2/images/{spelling}/members", {"member": "other"}).status_code == 200
    operation = load_contract().operations[name]
    if name in NEED_ACTIVE or (operation.job_types and name != "register_image"):
        api.images[LOWER]["status"] = "active"
    named = {"image_id": spelling, "member_id": "other", "project_id": api.service.auth.project_id}
    path = operation.path.format(**named, tag="t", key="t")
    body, media_type = BODIES.get(name, (example_of(operation).body, "application/json"))
    headers = {"X_Project_Id": "other"} if name == "glance_update_image_member" else {}
    response = api(operation.method, path, body, Content_Type=media_type, **headers)
    assert response.status_code in (200, 204), response.headers


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("query", ["id={}", "id=eq:{}", "id=in:x,{}"])
def test_filter(api: Api, query: str, spelling: str) -> None:
    """The filter by id lists an image by either spelling."""
    api.create(id=CAPITALS)
    listed = api("GET", f"/v2/images?{query.format(spelling)}").get_json()["images"]
    assert [image["id"] for image in listed] == [LOWER]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("sort", ["created_at", "name"])
def test_marker(api: Api, sort: str, spelling: str) -> None:
    """A page goes on behind an image of either spelling."""
    first = api.create(name="a")["id"]
    api.create(id=CAPITALS, name="b")
    listed = api("GET", f"/v2/images?marker={spelling}&sort={sort}:desc").get_json()["images"]
    assert [image["id"] for image in listed] == [first]


def test_id_that_is_taken(api: Api) -> None:
    """The same id in another spelling is taken."""
    api.create(id=CAPITALS)
    assert [api("POST", "/v2/images", {"id": spelling}).status_code for spelling in SPELLINGS] == [409] * 3


def use_item(api: Api) -> Any:
    """Read the image by its id."""
    return api.images[CAPITALS]["name"]


def use_in(api: Api) -> Any:
    """Look whether the id is there."""
    return "a" if CAPITALS in api.images else ""


def use_get(api: Api) -> Any:
    """Read the image with a default."""
    return api.images.get(CAPITALS, {"name": ""})["name"]


def use_setdefault(api: Api) -> Any:
    """Read the image, or add it."""
    return api.images.setdefault(CAPITALS, {"name": ""})["name"]


def use_pop(api: Api) -> Any:
    """Remove the image."""
    return api.images.pop(CAPITALS)["name"]


def use_del(api: Api) -> Any:
    """Remove the image, and look that it is gone."""
    del api.images[CAPITALS]
    return "a" if LOWER not in api.images else ""


@pytest.mark.parametrize("use", [use_item, use_in, use_get, use_setdefault, use_pop, use_del])
def test_images_of_a_test(api: Api, use: Callable[[Api], Any]) -> None:
    """The images of a test are found by either spelling."""
    api.create(id=CAPITALS, name="a")
    assert use(api) == "a"


def test_image_that_a_test_adds(api: Api) -> None:
    """An image that a test puts under an id in capitals is served, and listed, in lower case."""
    image = api.create(name="a")
    api.images[CAPITALS] = {**image, "id": CAPITALS}
    assert list(api.images) == [image["id"], LOWER]
    assert api("GET", f"/v2/images/{CAPITALS}").get_json()["id"] == LOWER
    assert [found["id"] for found in api("GET", f"/v2/images?id={LOWER}").get_json()["images"]] == [LOWER]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("asked", SPELLINGS)
def test_rule_of_a_path(api: Api, spelling: str, asked: str) -> None:
    """A rule for the path of an image applies to either spelling."""
    api.create(id=CAPITALS)
    api.service.faults.add(Fail(503), path=f"/v2/images/{spelling}")
    assert api("GET", f"/v2/images/{asked}").status_code == 503


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_rule_of_a_body(api: Api, spelling: str) -> None:
    """A rule for an id in the body applies to either spelling."""
    api.service.faults.add(Fail(503), operation="glance_create_image_metadata", json={"/id": spelling})
    assert api("POST", "/v2/images", {"id": CAPITALS}).status_code == 503


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_calls_of_the_journal(api: Api, spelling: str) -> None:
    """The calls of an image are found by either spelling, and show the one that was sent."""
    api.create(id=CAPITALS)
    api("GET", f"/v2/images/{CAPITALS}?a=b")
    calls = api.service.journal.calls(path=f"/v2/images/{spelling}")
    assert [entry.path for entry in calls] == [f"/v2/images/{CAPITALS}?a=b"]
    assert len(api.service.journal.calls(json={"/id": spelling})) == 1


def test_image_of_a_queued_upload_is_no_finding(api: Api) -> None:
    """The audit sees the file of an image that came under another spelling."""
    api.create(id=LOWER)
    api("PUT", f"/v2/images/{CAPITALS}/file", b"012", Content_Type=OCTETS)
    assert [finding["rule"] for finding in api("GET", "/_ims_mock/audit").get_json()["findings"]] == []
