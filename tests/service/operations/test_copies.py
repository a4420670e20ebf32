"""Copies of images: copy_image_in_region, copy_image_in_region_in_safe_mode, copy_image_cross_region."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.conftest import Api, remembered

SERVER = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"
VAULT, OTHER_VAULT = "302a6ef9-c0a9-4f8c-8f2e-1e8ab1c6d0d4", "c5dfbd0c-bf0a-4798-a453-61dc6b54aa30"
ACROSS = {"name": "copied", "region": "cn-south-1", "project_name": "cn-south-1", "agency_name": "agency"}


def active(api: Api, **attributes: Any) -> str:
    """Add an active image of the project, and return its id."""
    image_id = str(api.create(name="source", min_disk=50, __os_version="Ubuntu 22.04 server 64bit")["id"])
    api("PUT", f"/v2/images/{image_id}/file", b"0123456789", Content_Type="application/octet-stream")
    api.images[image_id].update(attributes)
    return image_id


def copy(api: Api, source_id: str, *, across: bool = False, **body: Any) -> TestResponse:
    """Ask for a copy, within the region or into another one."""
    if across:
        return api("POST", f"/v1/cloudimages/{source_id}/cross_region_copy", {**ACROSS, **body})
    return api("POST", f"/v1/cloudimages/{source_id}/copy", {"name": "copied", **body})


def copied(api: Api, response: TestResponse) -> dict[str, Any]:
    """Return the copy that a job has made."""
    assert response.status_code == 200, response.headers
    job = api("GET", f"/v1/cloudimages/job/{response.get_json()['job_id']}").get_json()
    assert job["status"] == "SUCCESS"
    image: dict[str, Any] = api("GET", f"/v2/images/{job['entities']['image_id']}").get_json()
    return image


@pytest.mark.parametrize("path", ["/v1/cloudimages/{}/copy", "/v2.1/cloudimages/{}/copy"])
def test_copy_is_as_its_source(api: Api, path: str) -> None:
    """A copy has the file and the attributes of its source, another id, and says where it is from."""
    source_id = active(api, max_ram="2048", __support_kvm="true")
    image = copied(api, api("POST", path.format(source_id), {"name": "copied"}))
    assert api("GET", f"/v2/images/{image['id']}/file").data == b"0123456789"
    assert (image["name"], image["min_disk"], image["__os_version"]) == ("copied", 50, "Ubuntu 22.04 server 64bit")
    assert (image["max_ram"], image["__support_kvm"]) == ("2048", "true")
    assert image["__data_origin"] == f"image,{api.service.settings.region},{source_id}"
    assert image["id"] != source_id


def test_copy_has_a_max_ram_always(api: Api) -> None:
    """Terraform replaces it after a copy, and fails where there is none."""
    assert copied(api, copy(api, active(api)))["max_ram"] == "0"


def test_what_a_copy_is_given(api: Api) -> None:
    """A description counts also when it is empty; a key encrypts the copy."""
    source_id = active(api, __description="of the source")
    assert copied(api, copy(api, source_id))["__description"] == "of the source"
    image = copied(api, copy(api, source_id, description="", cmk_id="key", enterprise_project_id="0"))
    assert (image["__description"], image["__system__cmkid"]) == ("", "key")


def test_copy_into_another_region(api: Api) -> None:
    """The job has its own type, and the copy is an image of this mock."""
    response = copy(api, active(api), across=True)
    job = api("GET", f"/v1/cloudimages/job/{response.get_json()['job_id']}").get_json()
    assert job["job_type"] == "imsCrossRegionCopyImageJob"
    assert copied(api, response)["name"] == "copied"


@pytest.mark.parametrize(
    ("attributes", "body", "across", "code"),
    [
        ({"status": "queued"}, {}, False, "IMG.0046"),
        ({"__whole_image": "true"}, {}, False, "IMG.0130"),
        ({"disk_format": "iso"}, {}, False, "IMG.0167"),
        ({"disk_format": "iso"}, {}, True, "IMG.0167"),
        ({}, {"name": ""}, False, "IMG.0013"),
        ({}, {"name": "a" * 129}, False, "IMG.0002"),
        ({}, {"name": " a"}, False, "IMG.0003"),
        ({}, {"name": 5}, False, "IMG.0003"),
        ({}, {"description": "<"}, False, "IMG.0054"),
        ({}, {"cmk_id": 5}, False, "IMG.0095"),
        ({}, {"description": "a" * 1025}, False, "IMG.0004"),
        ({}, {"enterprise_project_id": "x"}, False, "IMG.0001"),
        ({}, {"region": "eu-west-101", "project_name": "eu-west-101"}, True, "IMG.0142"),
        ({}, {"region": "nowhere"}, True, "IMG.0147"),
        ({}, {"project_name": "cn-north-4"}, True, "IMG.0145"),
        ({}, {"project_name": ""}, True, "IMG.0145"),
        ({}, {"agency_name": ""}, True, "IMG.0151"),
        ({"__system__cmkid": "key"}, {}, True, "IMG.0143"),
        ({"__system__cmkid": "key"}, {"cmk_id": "key"}, False, "IMG.0096"),
        ({"__image_size": str(129 * 1024**3)}, {}, True, "IMG.0146"),
        ({"__whole_image": "true"}, {}, True, "IMG.0184"),
        ({"__whole_image": "true"}, {"vault_id": "v"}, True, "IMG.0184"),
    ],
)
def test_copy_that_is_refused(attributes: dict[str, Any], body: dict[str, Any], across: bool, code: str) -> None:
    """What cannot be copied is a rejected request with its documented code, and makes no image."""
    api = Api(region="eu-west-101")
    source_id = active(api, **attributes)
    before = remembered(api)
    response = copy(api, source_id, across=across, **body)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, code)
    assert remembered(api) == before


@pytest.mark.parametrize(
    ("name", "code"),
    [("name", "IMG.0013"), ("region", "IMG.0147"), ("project_name", "IMG.0145"), ("agency_name", "IMG.0151")],
)
def test_what_a_copy_into_another_region_needs(api: Api, name: str, code: str) -> None:
    """A mandatory member that is left out has the code of one that is wrong."""
    body = {given: value for given, value in ACROSS.items() if given != name}
    response = api("POST", f"/v1/cloudimages/{active(api)}/cross_region_copy", body)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, code)
    assert f'must have "{name}"' in response.headers["X-IMS-Mock-Reason"]


@pytest.mark.parametrize(
    ("status", "attributes", "code", "code_across"),
    [
        ("pending", {}, "IMG.0196", "IMG.0196"),
        ("rejected", {}, "IMG.0196", "IMG.0196"),
        ("accepted", {"__system__cmkid": "key"}, "IMG.0197", "IMG.0143"),
    ],
)
def test_copy_of_a_shared_image(api: Api, status: str, attributes: dict[str, Any], code: str, code_across: str) -> None:
    """A member copies an image that it has accepted, unless it is encrypted."""
    source_id, alt = active(api), api.service.accounts.projects["alt"].id
    api("POST", f"/v2/images/{source_id}/members", {"member": alt})
    api.images[source_id].update(attributes)
    headers = {"X_Auth_Token": api.service.identity.new_token_for("alt")}
    path = f"/v2/images/{source_id}/members/{alt}"
    if status != "pending":
        assert api("PUT", path, {"status": status}, **headers).status_code == 200
    response = api("POST", f"/v1/cloudimages/{source_id}/copy", {"name": "copied"}, **headers)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, code)
    response = api("POST", f"/v1/cloudimages/{source_id}/cross_region_copy", ACROSS, **headers)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, code_across)


def test_copy_of_an_accepted_image_belongs_to_the_member(api: Api) -> None:
    """The copy is the member's own."""
    source_id, alt = active(api), api.service.accounts.projects["alt"].id
    headers = {"X_Auth_Token": api.service.identity.new_token_for("alt")}
    api("POST", f"/v2/images/{source_id}/members", {"member": alt})
    api("PUT", f"/v2/images/{source_id}/members/{alt}", {"status": "accepted"}, **headers)
    assert api("POST", f"/v1/cloudimages/{source_id}/copy", {"name": "copied"}, **headers).status_code == 200
    assert [image["owner"] for image in api.images.values()][1:] == [alt]


def test_copies_into_other_regions_at_a_time() -> None:
    """A project has five under way at most; those of another project and copies in the region do not count."""
    api = Api(jobs={"*": 60})
    source_id, alt = active(api), api.service.accounts.projects["alt"].id
    token = {"X_Auth_Token": api.service.identity.new_token_for("alt")}
    of_alt = active(api, owner=alt)
    assert api("POST", f"/v1/cloudimages/{of_alt}/cross_region_copy", ACROSS, **token).status_code == 200
    assert copy(api, source_id).status_code == 200
    for _ in range(5):
        assert copy(api, source_id, across=True).status_code == 200
    count = len(api.images)
    response = copy(api, source_id, across=True)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0149")
    assert len(api.images) == count
    api.clock.advance(60)
    assert copy(api, source_id, across=True).status_code == 200


def test_copy_of_a_full_ecs_image_has_a_backup_of_its_own(api: Api) -> None:
    """The backup is in the vault that the request names, and goes with the copy, and not with its source."""
    whole = {"name": "whole", "instance_id": SERVER, "vault_id": VAULT}
    source = copied(api, api("POST", "/v1/cloudimages/wholeimages/action", whole))
    image = copied(api, copy(api, source["id"], across=True, vault_id=OTHER_VAULT))
    assert image["__whole_image"] == "true"
    path = f"/v3/{api.service.auth.project_id}/backups/"
    backup = api("GET", path + image["__backup_id"]).get_json()["backup"]
    assert (backup["vault_id"], backup["resource_id"]) == (OTHER_VAULT, SERVER)
    assert api("DELETE", f"/v2/images/{image['id']}", {"delete_backup": True}).status_code == 204
    assert api("GET", path + source["__backup_id"]).get_json()["backup"]["vault_id"] == VAULT


@pytest.mark.parametrize("attributes", [{"min_disk": 0}, {"__backup_id": "of another service"}])
def test_state_with_a_copy_of_a_full_ecs_image(api: Api, attributes: dict[str, Any]) -> None:
    """Whatever a test has made of the source, what was added for the copy can be saved and loaded."""
    source_id = active(api, __whole_image="true", **attributes)
    copied(api, copy(api, source_id, across=True, vault_id=VAULT))
    assert api("PUT", "/_ims_mock/state", api("GET", "/_ims_mock/state").get_json()).status_code == 204


def test_image_that_is_not_there(api: Api) -> None:
    """On IMS's own API an image that the project does not see is a rejected request."""
    other = active(api, owner="another")
    for image_id in ("nothing", other):
        response = copy(api, image_id)
        assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0027")
