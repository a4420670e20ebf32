"""Records that are kept as JSON: whatever changes them, the next response has them as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ims_mock.contract.operations import load_contract
from ims_mock.exchange import written
from ims_mock.exchange.written import Written
from ims_mock.state.packed import unpacked
from ims_mock.state.views import RecordsView
from tests.conftest import Api

PATCH = "application/openstack-images-v2.1-json-patch"


def shown(api: Api, image_id: str) -> list[Any]:
    """Return an image as each operation shows it that has it as it is stored."""
    return [
        api("GET", f"/v2/images/{image_id}").json,
        *(image for image in api("GET", "/v2/images?limit=9").get_json()["images"] if image["id"] == image_id),
        *(image for image in api("GET", "/v2/cloudimages").get_json()["images"] if image["id"] == image_id),
    ]


def patch(api: Api, image_id: str) -> None:
    """Change the name by the native API."""
    api("PATCH", f"/v2/images/{image_id}", [{"op": "replace", "path": "/name", "value": "new"}], Content_Type=PATCH)


def edit(api: Api, image_id: str) -> None:
    """Change the name as a test does."""
    RecordsView(api.service.store)[image_id]["name"] = "new"


def edit_tags(api: Api, image_id: str) -> None:
    """Change a list as a test does."""
    RecordsView(api.service.store)[image_id]["tags"].append("new")


CHANGES: dict[str, tuple[Callable[[Api, str], object], str, Any]] = {
    "patch": (patch, "name", "new"),
    "edit": (edit, "name", "new"),
    "edit of a list": (edit_tags, "tags", ["new"]),
    "tag": (lambda api, image_id: api("PUT", f"/v2/images/{image_id}/tags/new"), "tags", ["new"]),
    "upload": (
        lambda api, image_id: api("PUT", f"/v2/images/{image_id}/file", b"x", Content_Type="application/octet-stream"),
        "status",
        "active",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_is_seen(api: Api, name: str) -> None:
    """What was written of an image before a change is not what is responded with after it."""
    change, attribute, value = CHANGES[name]
    image_id = api.create(name="old")["id"]
    before = shown(api, image_id)
    assert all(image == before[0] for image in before)
    change(api, image_id)
    after = shown(api, image_id)
    assert [image[attribute] for image in after] == [value] * len(before)


def test_wrong_edit_is_seen(api: Api) -> None:
    """An image that a test has made invalid is no response, whichever of them it was in before."""
    image_id = api.create(name="old")["id"]
    shown(api, image_id)
    RecordsView(api.service.store)[image_id]["min_disk"] = "x"
    for path in (f"/v2/images/{image_id}", "/v2/images?limit=9", "/v2/cloudimages"):
        response = api("GET", path)
        assert response.status_code == 500
        assert "min_disk" in response.headers["X-IMS-Mock-Reason"]


def test_another_image_with_the_id_is_seen(api: Api) -> None:
    """After a reset an image with the same id is another one."""
    image_id = api.create(id="877a2cda-ba63-4e1e-b95f-e67e48b6129a", name="old")["id"]
    shown(api, image_id)
    api.service.reset()
    api.create(id=image_id, name="new")
    assert {image["name"] for image in shown(api, image_id)} == {"new"}


SHOWN = load_contract().operations["glance_show_image"].response_body


def test_no_more_than_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory does not grow with the images that are listed."""
    monkeypatch.setattr(written, "MOST", 10)
    api, kept = Api(), Written()
    for number in range(30):
        image = api.create(name=f"image {number}")
        assert SHOWN is not None
        stored = api.service.store.images.packed(image["id"])
        assert stored is not None
        assert kept.json_of(stored, unpacked, SHOWN)
        assert len(kept._known) <= 10


def test_record_is_written_once() -> None:
    """What is stored is read once, and again where it is valid by another schema alone."""
    api, kept, reads = Api(), Written(), []
    image = api.create(name="web")
    stored = api.service.store.images.packed(image["id"])

    def read(stored: object) -> Any:
        reads.append(stored)
        return image

    assert SHOWN is not None
    assert {kept.json_of(stored, read, SHOWN) for _ in range(3)} == {json.dumps(image, separators=(",", ":")).encode()}
    assert len(reads) == 1
    member = load_contract().operations["glance_show_image_member"].response_body
    assert member is not None
    assert kept.json_of(stored, read, member) is None
