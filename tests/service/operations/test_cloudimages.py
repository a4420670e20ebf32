"""Images in IMS's own API: list_images."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock.contract import schema_files
from ims_mock.service.catalogue import add_image, load_public_images
from tests.conftest import Api

OTHER = "5b0b9a1f3c7d4e2f8a6b0c1d2e3f4a5b"
EPS = "abcdef01-0000-4000-8000-00000000000a"
UBUNTU = "Ubuntu 22.04 server 64bit"


def code(response: TestResponse) -> tuple[int, str]:
    """Return the status and the code of a rejection."""
    return response.status_code, response.get_json()["error"]["code"]


def listed(api: Api, query: str = "", project: str = "") -> list[str]:
    """Return the names of a list, newest first unless the query says otherwise."""
    headers = {"X_Project_Id": project} if project else {}
    response = api("GET", f"/v2/cloudimages?{query}", **headers)
    assert response.status_code == 200, response.headers
    return [image["name"] for image in response.get_json()["images"]]


def add(api: Api, name: str, owner: str = "", **attributes: Any) -> str:
    """Add an image as a test does, and return its id."""
    project = owner or api.service.auth.project_id
    return str(add_image(api.service.store, project, {"name": name, "status": "active", **attributes})["id"])


@pytest.fixture
def images(api: Api) -> Api:
    """A service with four images of the caller's, and two of another project's, one of them public."""
    add(
        api,
        "a",
        tags=["foo=bar", "x"],
        __os_version=UBUNTU,
        __support_kvm="true",
        min_disk=40,
        enterprise_project_id=EPS,
    )
    api.clock.advance(1)
    add(api, "b", tags=["foo=bar", "k.v"], __support_arm="true", hw_firmware_type="uefi", __support_s4l="True")
    api.clock.advance(1)
    add(api, "c", __whole_image="true", status="queued", disk_format="iso", protected=True)
    add(api, "d", __isregistered="false")
    add(api, "hidden", OTHER)
    add(api, "gold", OTHER, visibility="public", __imagetype="gold", protected=True, disk_format="qcow2")
    return api


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "gold c b a"),
        ("limit=2", "gold c"),
        ("limit=0", ""),
        ("limit=1000", "gold c b a"),
        ("limit=5000", "gold c b a"),
        ("__isregistered=true", "gold c b a"),
        ("__isregistered=True", "gold c b a"),
        ("__isregistered=false", ""),
        ("__isregistered=unknown", ""),
        ("name=a", "a"),
        ("name=", "gold c b a"),
        ("name=A", ""),
        (
            "status=active&enterprise_project_id=all_granted_eps&id=&name=&virtual_env_type=&owner=&flavor_id=",
            "gold b a",
        ),
        ("status=nothing", ""),
        ("__whole_image=true", "c"),
        ("__whole_image=TRUE", "c"),
        ("__whole_image=false", "gold b a"),
        ("protected=True", "gold c"),
        ("protected=FALSE", "b a"),
        ("__imagetype=private", "c b a"),
        ("__imagetype=gold", "gold"),
        ("__imagetype=market", ""),
        ("visibility=public", "gold"),
        (f"owner={OTHER}", "gold"),
        ("__os_version=Ubuntu 22.04 server 64bit", "a"),
        ("__platform=Ubuntu", "a"),
        ("__os_type=Linux&__os_bit=64&__support_kvm=true", "a"),
        ("__support_kvm=false", "gold c b"),
        ("__support_s4l=true", "b"),
        ("__support_unheard_of=true", ""),
        ("misspelt=gold", ""),
        ("virtual_env_type=IsoImage", "c"),
        ("virtual_env_type=FusionCompute", "gold b a"),
        ("min_disk=40", "a"),
        ("min_ram=0", "gold c b a"),
        ("disk_format=iso", "c"),
        ("container_format=bare", "gold c b a"),
        ("tag=foo=bar", "b a"),
        ("tag=foo%3Dbar", "b a"),
        ("tag=foo=bar&tag=x", "a"),
        ("tag=foo=bar&tag=x=", "a"),
        ("tag=k=v", "b"),
        ("tag=k.v", "b"),
        ("tag=foo", ""),
        ("architecture=arm", "b"),
        ("architecture=x86", "gold c a"),
        ("architecture=ARM", "b"),
        ("enterprise_project_id=0", "gold c b"),
        (f"enterprise_project_id={EPS.upper()}", "a"),
        ("enterprise_project_id=all_granted_eps", "gold c b a"),
        ("created_at=gt:2016-06-02T07:49:48Z", "gold c b"),
        ("created_at=lte:2016-06-02 07:49:48", "a"),
        ("sort_key=name&sort_dir=asc", "a b c gold"),
        ("sort_key=name&sort_dir=desc", "gold c b a"),
        ("sort_key=status%20&sort_key=name&sort_dir=asc", "a b gold c"),
        ("sort_key=status%20", "c gold b a"),
        ("sort_key=status+&sort_dir=", "c gold b a"),
        ("sort_dir=asc", "a b c gold"),
        ("sort_key=name&sort_dir=asc&status=active&limit=2", "a b"),
    ],
)
def test_list(images: Api, query: str, names: str) -> None:
    """Each parameter chooses images, an empty one none, and true and false are read in any case."""
    assert listed(images, query) == names.split()


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("__imagetype=golden", "IMG.0024"),
        ("architecture=mips", "IMG.0212"),
        ("__os_type=DOS", "IMG.0122"),
        ("flavor_id=large", "IMG.0192"),
        ("enterprise_project_id=all", "IMG.0155"),
        ("min_disk=-1", "IMG.0055"),
        ("min_ram=x", "IMG.0055"),
        ("limit=x", "IMG.0001"),
        ("limit=-1", "IMG.0001"),
        ("protected=maybe", "IMG.0001"),
        ("visibility=secret", "IMG.0001"),
        ("member_status=maybe", "IMG.0001"),
        ("sort_key=colour", "IMG.0001"),
        ("sort_dir=up", "IMG.0001"),
        ("created_at=yesterday", "IMG.0001"),
        ("name=a&name=b", "IMG.0001"),
        ("marker=4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86", "IMG.0027"),
    ],
)
def test_junk(images: Api, query: str, error: str) -> None:
    """A value that the documents have a code for, or that is none of the parameter's type, is rejected."""
    assert code(images("GET", f"/v2/cloudimages?{query}")) == (400, error)


@pytest.mark.parametrize("query", ["", "sort_key=name&sort_dir=asc", "status=active&sort_key=name", "sort_key=size"])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_until_an_empty_one(images: Api, query: str, limit: int) -> None:
    """The last id of each page is the marker of the next, until a page is empty; together they are the whole list."""
    names: list[str] = []
    marker = ""
    while True:
        response = images("GET", f"/v2/cloudimages?{query}&limit={limit}&marker={marker}").get_json()
        assert list(response) == ["images"]
        if not response["images"]:
            break
        names += [image["name"] for image in response["images"]]
        marker = response["images"][-1]["id"]
    assert names == listed(images, query)


def test_default_page(api: Api) -> None:
    """A page without a limit has 500 images."""
    for number in range(501):
        add(api, str(number))
    assert len(listed(api)) == 500


def test_several_ids(api: Api) -> None:
    """A repeated id lists each of these images, in either spelling, and one that nobody has lists nothing."""
    first, _, third = (add(api, name) for name in "abc")
    assert listed(api, f"id={third.upper()}&id={first}&id={OTHER}&limit=1000") == ["c", "a"]
    assert listed(api, f"id={third}&id={first}&sort_key=name&sort_dir=asc&marker={first}") == ["c"]
    assert listed(api, f"id={OTHER}") == []


def test_image_shared_out_and_in(api: Api) -> None:
    """Its owner lists an image that it shares as shared, and so does a recipient once it has accepted."""
    image_id, query = add(api, "a"), "__imagetype=shared"
    assert listed(api, query) == []
    api("POST", f"/v2/images/{image_id}/members", {"member": OTHER})
    assert (listed(api, query), listed(api, query, OTHER)) == (["a"], [])
    assert listed(api, f"{query}&member_status=pending&visibility=shared", OTHER) == ["a"]
    api("PUT", f"/v2/images/{image_id}/members/{OTHER}", {"status": "accepted"}, X_Project_Id=OTHER)
    assert listed(api, f"id={image_id}&{query}", OTHER) == ["a"]
    api("PUT", f"/v2/images/{image_id}/members/{OTHER}", {"status": "rejected"}, X_Project_Id=OTHER)
    assert listed(api, f"id={image_id}&{query}", OTHER) == []
    api("DELETE", f"/v2/images/{image_id}/members/{OTHER}")
    assert (listed(api, query), listed(api, "__imagetype=private")) == ([], ["a"])


FLAVORS = {
    "s6.large.2": {"bios", "uefi"},
    "S7.xlarge.4": {"bios", "uefi"},
    "s3.medium.4": {"bios"},
    "c1.large": {"bios"},
    "kc1.large.2": {"arm"},
    "kAi1s.9xlarge.1": {"arm"},
    "physical.s4.medium": {"bms"},
    "physical.ks1.2xlarge": {"bms_arm"},
}


@pytest.mark.parametrize(("flavor", "names"), FLAVORS.items())
def test_flavor(api: Api, flavor: str, names: set[str]) -> None:
    """A flavor takes the public images of its architecture, its firmware and its environment."""
    arm: dict[str, Any] = {"__support_arm": "true", "hw_firmware_type": "uefi"}
    kinds: dict[str, dict[str, Any]] = {
        "bios": {},
        "uefi": {"hw_firmware_type": "uefi"},
        "arm": arm,
        "bms": {"virtual_env_type": "Ironic"},
        "bms_arm": {**arm, "virtual_env_type": "Ironic"},
        "data": {"virtual_env_type": "DataImage"},
    }
    for name, attributes in kinds.items():
        add(api, name, OTHER, visibility="public", **attributes)
    add(api, "own")
    assert set(listed(api, f"flavor_id={flavor}")) == names


def test_list_has_what_the_native_one_has(api: Api) -> None:
    """Both APIs list the same images, with the same attributes."""
    load_public_images(api.service.store)
    own = api("GET", "/v2/cloudimages?limit=1000").get_json()["images"]
    assert own == api("GET", "/v2/images?limit=1000").get_json()["images"]


def test_every_documented_parameter_is_served() -> None:
    """The filters that IMS documents beside the native ones are parameters of their own."""
    operation = schema_files.read("operations/cloudimages/list_images.json")
    refs = {item["$ref"].rpartition("/")[2] for item in operation["parameters"] if "$ref" in item}
    own = ("whole_image", "system_cmkid", "virtual_env_type", "enterprise_project_id", "flavor_id", "architecture")
    assert {f"own_{name}.json" for name in own} <= refs
