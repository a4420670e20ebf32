"""What all operations of IMS's own API reject in the same way, so that a new one needs no mention."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock.contract.operations import Operation, load_contract
from tests.conftest import Api, remembered
from tests.examples import example_of

RESOURCES = ("cloudimages", "copies", "creation", "image_tags", "jobs", "sharing", "transfer")

OWN = {operation.id: operation for operation in load_contract().operations.values() if operation.resource in RESOURCES}
"""The operations of IMS's own API."""

IMAGE_ID = "00000000-0000-4000-8000-00000000000a"

CODES = {
    "name": "IMG.0013",
    "image_url": "IMG.0017",
    "min_disk": "IMG.0055",
    "bucket_url": "IMG.0073",
    "region": "IMG.0147",
    "project_name": "IMG.0145",
    "agency_name": "IMG.0151",
}
"""The code of a member that is mandatory and missing, where the documents have one for it."""


def required(operation: Operation) -> list[str]:
    """Return the members that the body of an operation must have."""
    model = operation.bodies.get("application/json")
    content: dict[str, Any] = dict(model.schema.content) if model else {}
    while "$ref" in content:
        content = load_contract().document["components"]["schemas"][content["$ref"].rpartition("/")[2]]
    return list(content.get("required", ()))


NEEDED = [(name, member) for name, operation in OWN.items() for member in required(operation)]


def send(api: Api, operation: Operation, **changed: Any) -> TestResponse:
    """Send the example of an operation, about IMAGE_ID, with changed members; None leaves a member out."""
    project_id = api.service.auth.project_id
    method, path, body = example_of(operation, image_id=IMAGE_ID, project_id=project_id)
    if isinstance(body, dict):
        named = {"images": [IMAGE_ID], "image_id": IMAGE_ID, "project_id": project_id}
        about = {name: value for name, value in named.items() if name in body}
        body = {name: value for name, value in {**body, **about, **changed}.items() if value is not None}
    return api(method, path, body)


def rejection(response: TestResponse) -> tuple[int, str]:
    """Return the status and the code of a rejection; no code where there is none."""
    error: dict[str, str] = (response.get_json(silent=True) or {}).get("error", {})
    return response.status_code, error.get("code", "")


@pytest.mark.parametrize(("name", "member"), NEEDED)
def test_mandatory_member(api: Api, name: str, member: str) -> None:
    """A body without a mandatory member is rejected with the member's code, and changes nothing."""
    before = remembered(api)
    response = send(api, OWN[name], **{member: None})
    assert rejection(response) == (400, CODES.get(member, "IMG.0001"))
    assert f'must have "{member}"' in response.headers["X-IMS-Mock-Reason"]
    assert remembered(api) == before


def is_about_image(operation: Operation) -> bool:
    """Return whether a request of an operation names an image."""
    body = example_of(operation).body
    return "{image_id}" in operation.path or (isinstance(body, dict) and bool({"images", "image_id"} & body.keys()))


ABOUT_IMAGE = [name for name, operation in OWN.items() if is_about_image(operation)]


@pytest.mark.parametrize("name", ABOUT_IMAGE)
def test_image_that_is_not_there(api: Api, name: str) -> None:
    """An image that does not exist, or is another project's, is IMG.0027; a registration alone has the native 404."""
    expected = (404, "IMG.0144") if name == "register_image" else (400, "IMG.0027")
    assert rejection(send(api, OWN[name])) == expected
    api.images[api.create(id=IMAGE_ID)["id"]]["owner"] = "another"
    before = remembered(api)
    assert rejection(send(api, OWN[name])) == expected
    assert remembered(api) == before


CHANGING = [name for name in ABOUT_IMAGE if OWN[name].method != "GET" and "copy" not in name]
"""The operations that change an image, or take its file out of the service."""

OF_PUBLIC = {
    "batch_add_members": (400, "IMG.0089"),
    "export_image": (400, "IMG.0077"),
    "export_image_in_safe_mode": (400, "IMG.0077"),
    "batch_update_members": (400, "IMG.0114"),
}
"""What is not 403 where an image is public, because the documents have a code for it."""


@pytest.mark.parametrize("name", CHANGING)
def test_public_image(api: Api, name: str) -> None:
    """Everybody sees a public image, and nobody but its owner changes it."""
    api.create(id=IMAGE_ID)
    api.images[IMAGE_ID].update(owner="another", visibility="public", status="active")
    before = remembered(api)
    assert rejection(send(api, OWN[name])) == OF_PUBLIC.get(name, (403, "IMG.0047"))
    assert remembered(api) == before


@pytest.mark.parametrize("name", [name for name in CHANGING if name != "batch_update_members"])
def test_image_that_is_shared_with_the_caller(api: Api, name: str) -> None:
    """A member sees an image, also once it has accepted it, and does not change it."""
    project_id = api.service.auth.project_id
    api.create(id=IMAGE_ID)
    assert api("POST", f"/v2/images/{IMAGE_ID}/members", {"member": "other"}).status_code == 200
    with api.service.store.transaction() as store:
        (member,) = store.members.of(IMAGE_ID).values()
        store.members.put(IMAGE_ID, {project_id: {**member, "member_id": project_id, "status": "accepted"}})
    api.images[IMAGE_ID].update(owner="another", status="active")
    before = remembered(api)
    assert rejection(send(api, OWN[name])) == (403, "IMG.0047")
    assert remembered(api) == before


@pytest.mark.parametrize("name", [name for name, operation in OWN.items() if "{project_id}" in operation.path])
def test_path_of_another_project(api: Api, name: str) -> None:
    """A path that names another project than the credential is of is IMG.0030."""
    method, path, body = example_of(OWN[name], image_id=IMAGE_ID, project_id="0" * 32)
    assert rejection(api(method, path, body)) == (400, "IMG.0030")


@pytest.mark.parametrize("name", ["add_image_tag", "batch_add_or_delete_tags", "create_or_update_tags"])
def test_eleventh_tag(api: Api, name: str) -> None:
    """An image has ten tags at most, whichever operation adds one."""
    api.create(id=IMAGE_ID, tags=[f"k{number}" for number in range(10)])
    before = remembered(api)
    assert rejection(send(api, OWN[name])) == (400, "IMG.0116")
    assert remembered(api) == before


@pytest.mark.parametrize(
    "tag", [{"key": "k" * 37, "value": ""}, {"key": "k", "value": "v" * 44}, {"key": "a.b", "value": ""}, {"key": "k"}]
)
def test_tag_that_is_not_added(api: Api, tag: dict[str, str]) -> None:
    """A key has 1 to 36 characters and a value at most 43; the value may be empty, and not left out."""
    api.create(id=IMAGE_ID)
    assert rejection(send(api, OWN["add_image_tag"], tag=tag)) == (400, "IMG.0115")
    assert api.images[IMAGE_ID]["tags"] == []


@pytest.mark.parametrize(
    "tags",
    [[], [{"key": "k" * 128}], [{"key": "k", "value": "v" * 256}], [{"key": "a"}, {"key": "a"}], [{"value": "a"}]],
)
@pytest.mark.parametrize("name", ["batch_delete_tags", "batch_add_or_delete_tags"])
def test_tags_that_are_not_deleted(api: Api, name: str, tags: list[Any]) -> None:
    """Tags are deleted by keys of at most 127 characters, each named once, with values of at most 255."""
    api.create(id=IMAGE_ID, tags=["a"])
    body = {"tags": tags, **({"action": "delete"} if "add" in name else {})}
    assert rejection(send(api, OWN[name], **body)) == (400, "IMG.0115")
    assert api.images[IMAGE_ID]["tags"] == ["a"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"architecture": "sparc"}, "IMG.0212"),
        ({"hw_firmware_type": "efi"}, "IMG.0141"),
        ({"license_type": "free"}, "IMG.0001"),
        ({"type": "DataImage", "os_type": "Other"}, "IMG.0122"),
        ({"image_url": "ims-image:a.iso"}, "IMG.0158"),
        ({"image_url": "ims-image"}, "IMG.0017"),
    ],
)
def test_quick_import_that_is_rejected(api: Api, changed: dict[str, Any], code: str) -> None:
    """A value that a quick import cannot have has its code."""
    assert rejection(send(api, OWN["import_image_quick"], **changed)) == (400, code)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tags", [{"key": "k", "values": ["v" * 256]}]),
        ("tags_any", [{"key": "k", "values": [""] * 11}]),
        ("not_tags", []),
        ("not_tags_any", [{"key": "k" * 129, "values": []}]),
        ("tags", [{"key": "a", "values": []}] * 2),
        ("matches", [{"key": "resource_id", "value": "a"}] * 2),
    ],
)
def test_search_that_is_rejected(api: Api, name: str, value: list[Any]) -> None:
    """A search has at most ten keys with ten values each, none of them twice, and no empty list."""
    assert rejection(send(api, OWN["list_image_by_tags"], **{name: value})) == (400, "IMG.0115")
