"""Images in IMS's own API: list_images, list_os_versions, show_image_quota, update_image."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock.contract import schema_files
from ims_mock.contract.operations import load_contract
from ims_mock.service.catalogue import add_image, load_public_images
from ims_mock.state.images import OS_VERSIONS
from tests.conftest import Api, remembered

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


# Update


def update(api: Api, image_id: str, *changes: tuple[Any, ...]) -> TestResponse:
    """Update an image by changes, each an op, the name of an attribute and, unless it is removed, a value."""
    body = [dict(zip(("op", "path", "value"), (op, f"/{name}", *value), strict=False)) for op, name, *value in changes]
    return api("PATCH", f"/v2/cloudimages/{image_id}", body)


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("name", "ims_test", "ims_test"),
        ("__description", "", ""),
        ("min_ram", 4096, 4096),
        ("min_ram", "4096", 4096),
        ("max_ram", 8192, "8192"),
        ("max_ram", "8192", "8192"),
        ("max_ram", 0, "0"),
        ("hw_firmware_type", "uefi", "uefi"),
        ("hw_vif_multiqueue_enabled", "true", "true"),
        ("os_shutdown_timeout", 60, "60"),
        ("os_shutdown_timeout", "300", "300"),
        ("enterprise_project_id", EPS, EPS),
        ("__is_config_init", "true", "true"),
        ("__support_kvm", "true", "true"),
        ("__support_amd", "false", "false"),
        ("__support_xen_gpu_type", "M60_vGPU", "M60_vGPU"),
        ("__support_kvm_infiniband", "true", "true"),
        ("__support_fc_inject", "true", "true"),
        ("team", "web", "web"),
        ("team", "", ""),
    ],
)
def test_editable_attribute(api: Api, name: str, given: Any, stored: Any) -> None:
    """Each editable attribute can be added, then replaced; numbers may be texts, and are of the image's own type."""
    image_id = add(api, "a")
    for op in ("add", "replace"):
        api.clock.advance(1)
        image = update(api, image_id, (op, name, given)).get_json()
        assert image[name] == api.images[image_id][name] == stored
    assert image["updated_at"] == "2016-06-02T07:49:49Z"


@pytest.mark.parametrize("name", ["__description", "max_ram", "hw_firmware_type", "__support_kvm", "team"])
@pytest.mark.parametrize("op", ["replace", "remove"])
def test_attribute_that_is_not_there(api: Api, op: str, name: str) -> None:
    """Replacing or removing an attribute that the image lacks is IMG.0035, at which Terraform adds it."""
    image_id, value = (
        add(api, "a"),
        () if op == "remove" else ({"max_ram": 5, "hw_firmware_type": "bios"}.get(name, "true"),),
    )
    response = update(api, image_id, (op, name, *value))
    assert code(response) == (400, "IMG.0035")
    assert response.headers["X-IMS-Mock-Reason"].startswith("/0/path: the image has no attribute")


def test_removed_attribute(api: Api) -> None:
    """An attribute that is there can be removed."""
    image_id = add(api, "a", team="web", max_ram="5")
    image = update(api, image_id, ("remove", "team"), ("remove", "max_ram")).get_json()
    assert "team" not in image
    assert "max_ram" not in image


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("replace", "name", "a" * 129), "IMG.0002"),
        (("replace", "name", ""), "IMG.0013"),
        (("replace", "name", " a"), "IMG.0003"),
        (("replace", "name", 5), "IMG.0003"),
        (("add", "__description", "a" * 1025), "IMG.0004"),
        (("add", "__description", "<b>"), "IMG.0054"),
        (("replace", "min_ram", -1), "IMG.0055"),
        (("replace", "min_ram", "many"), "IMG.0055"),
        (("replace", "min_ram", 2**31), "IMG.0055"),
        (("replace", "min_ram", True), "IMG.0055"),
        (("add", "max_ram", ""), "IMG.0055"),
        (("add", "max_ram", "9999999999"), "IMG.0055"),
        (("add", "hw_firmware_type", "coreboot"), "IMG.0141"),
        (("add", "enterprise_project_id", "x"), "IMG.0155"),
        (("add", "os_shutdown_timeout", 59), "IMG.0001"),
        (("add", "__support_kvm", True), "IMG.0001"),
        (("add", "__support_kvm", "yes"), "IMG.0001"),
        (("add", "Team", "web"), "IMG.0001"),
        (("add", "team", 5), "IMG.0001"),
        (("move", "name", "b"), "IMG.0001"),
        (("replace", "name"), "IMG.0001"),
        (("replace", "min_disk", 50), "IMG.0161"),
        (("replace", "protected", True), "IMG.0161"),
        (("replace", "tags", []), "IMG.0161"),
        (("replace", "__os_version", UBUNTU), "IMG.0161"),
        (("replace", "status", "queued"), "IMG.0161"),
        (("replace", "id", EPS), "IMG.0161"),
        (("add", "__whole_image", "true"), "IMG.0161"),
        (("add", "__support_arm", "true"), "IMG.0161"),
        (("remove", "name"), "IMG.0161"),
        (("remove", "min_ram"), "IMG.0161"),
    ],
)
def test_change_that_is_rejected(api: Api, change: tuple[Any, ...], error: str) -> None:
    """What cannot be changed, or not so, is 400 with the code of its topic, and nothing is changed."""
    image_id = add(api, "a")
    before = dict(api.images[image_id])
    assert code(update(api, image_id, ("add", "team", "web"), change)) == (400, error)
    assert api.images[image_id] == before


@pytest.mark.parametrize("gpu", ["__support_xen_gpu_type", "__support_kvm_gpu_type", "__support_xen_hana"])
@pytest.mark.parametrize("other", ["__support_kvm", "__support_xen"])
def test_attributes_that_exclude_each_other(api: Api, gpu: str, other: str) -> None:
    """A GPU, or HANA, is not together with the plain hypervisors; one request may exchange them."""
    image_id = add(api, "a", **{other: "true"})
    assert code(update(api, image_id, ("add", gpu, "true"))) == (400, "IMG.0035")
    assert update(api, image_id, ("add", gpu, "true"), ("remove", other)).status_code == 200
    assert code(update(api, image_id, ("add", other, "true"))) == (400, "IMG.0035")
    assert update(api, image_id, ("add", other, "false")).status_code == 200


def test_infiniband_excludes_xen_alone(api: Api) -> None:
    """InfiniBand is of KVM."""
    image_id = add(api, "a", __support_kvm="true")
    assert update(api, image_id, ("add", "__support_kvm_infiniband", "true")).status_code == 200
    assert code(update(api, image_id, ("add", "__support_xen", "true"))) == (400, "IMG.0035")


def test_contradiction_that_was_there_stays(api: Api) -> None:
    """Attributes that the request does not touch are not held against it."""
    image_id = add(api, "a", __support_kvm="true", __support_kvm_gpu_type="V100")
    assert update(api, image_id, ("replace", "name", "b")).status_code == 200


def test_image_for_arm_boots_with_uefi(api: Api) -> None:
    """An image for arm cannot be given the firmware bios."""
    image_id = add(api, "a", __support_arm="true")
    assert code(update(api, image_id, ("add", "hw_firmware_type", "bios"))) == (400, "IMG.0141")
    assert update(api, image_id, ("add", "hw_firmware_type", "uefi")).status_code == 200


@pytest.mark.parametrize("status", ["queued", "saving", "killed"])
def test_only_active_images_are_updated(api: Api, status: str) -> None:
    """An image that is not active cannot be updated."""
    assert code(update(api, add(api, "a", status=status), ("replace", "name", "b"))) == (400, "IMG.0046")


def test_update_of_the_image_of_another(api: Api) -> None:
    """An image that is not seen does not exist, a public one of another project is not the caller's."""
    assert code(update(api, add(api, "a", OTHER), ("replace", "name", "b"))) == (400, "IMG.0027")
    assert code(update(api, add(api, "a", OTHER, visibility="public"), ("replace", "name", "b"))) == (403, "IMG.0047")
    assert code(update(api, add(api, "a", visibility="public"), ("replace", "name", "b"))) == (400, "IMG.0083")


def test_update_without_changes(api: Api) -> None:
    """An empty list is IMG.0007, and a change to what already is leaves the time of the last change."""
    image_id = add(api, "a")
    assert code(api("PATCH", f"/v2/cloudimages/{image_id}", [])) == (400, "IMG.0007")
    api.clock.advance(5)
    assert update(api, image_id, ("replace", "name", "a")).get_json()["updated_at"] == "2016-06-02T07:49:48Z"


# Quota


def quota_of(api: Api, project: str = "") -> dict[str, Any]:
    """Return the quota of a project."""
    headers = {"X_Project_Id": project} if project else {}
    (quota,) = api("GET", "/v1/cloudimages/quota", **headers).get_json()["quotas"]["resources"]
    return dict(quota)


def test_quota_counts_private_images() -> None:
    """Images of any status count, shared or not, public ones do not, and those of others do not."""
    api = Api(quota=5)
    shared, _, public = (add(api, name) for name in ("a", "b", "c"))
    add(api, "d", status="queued")
    add(api, "e", OTHER, visibility="public")
    api.images[public]["visibility"] = "public"
    api("POST", f"/v2/images/{shared}/members", {"member": OTHER})
    api("PUT", f"/v2/images/{shared}/members/{OTHER}", {"status": "accepted"}, X_Project_Id=OTHER)
    assert quota_of(api) == {"type": "image", "used": 3, "quota": 5, "min": 1, "max": 1000}
    assert quota_of(api, OTHER)["used"] == 0


def test_create_beyond_the_quota() -> None:
    """Neither a native create nor a job makes an image more than the quota; after a delete there may be another."""
    api = Api(quota=1)
    image_id = add(api, "a")
    assert code(api("POST", "/v2/images", {"name": "b"})) == (400, "IMG.0015")
    assert code(api("POST", f"/v1/cloudimages/{image_id}/copy", {"name": "b"})) == (400, "IMG.0015")
    assert (len(api.images), quota_of(api)["used"]) == (1, 1)
    assert api("POST", "/v2/images", {"name": "b"}, X_Project_Id=OTHER).status_code == 201
    api("DELETE", f"/v2/images/{image_id}")
    assert api("POST", "/v2/images", {"name": "b"}).status_code == 201


MAKERS = [
    operation.id
    for operation in load_contract().operations.values()
    if operation.job_types and operation.resource != "sharing" and not operation.id.startswith(("export_", "register_"))
]
"""The operations whose jobs make images."""


@pytest.mark.parametrize("name", MAKERS)
def test_job_beyond_the_quota(name: str) -> None:
    """No operation with a job makes an image more than the quota, begins the job, or uses up an id."""
    api, operation = Api(quota=1), load_contract().operations[name]
    path = operation.path.format(image_id=add(api, "a"))
    example = schema_files.read(operation.source)["requestBody"]["content"]["application/json"]["example"]
    before = remembered(api)
    assert code(api(operation.method, path, example)) == (400, "IMG.0015")
    assert remembered(api) == before


def test_create_of_several_beyond_the_quota() -> None:
    """A request that makes several images makes none where one of them is too many, and the reason has the number."""
    api = Api(quota=2)
    data = [{"image_url": f"images:{name}.qcow2", "min_disk": 40} for name in "bc"]
    body = {"name": "a", "image_url": "images:a.qcow2", "min_disk": 40, "os_version": UBUNTU, "data_images": data}
    response = api("POST", "/v2/cloudimages/action", body)
    assert code(response) == (400, "IMG.0015")
    assert "has 0 private images, and can have at most 2; the request makes 3" in response.headers["X-IMS-Mock-Reason"]
    assert (len(api.images), len(api.service.store.jobs)) == (0, 0)


def test_rejected_create_uses_up_no_id() -> None:
    """The ids of later images do not depend on creates beyond the quota."""
    limited, free = Api(quota=0), Api()
    assert code(limited("POST", "/v2/images", {})) == (400, "IMG.0015")
    limited.service.store.settings.records["quota"] = None
    assert limited.create()["id"] == free.create()["id"]


def test_no_quota(api: Api) -> None:
    """Unless one is set there is no quota; the documented greatest one is shown."""
    assert quota_of(api) == {"type": "image", "used": 0, "quota": 1000, "min": 1, "max": 1000}


# OS versions


def os_versions(api: Api, query: str = "") -> dict[str, list[str]]:
    """Return the names of the OS versions, by platform."""
    response = api("GET", f"/v1/cloudimages/os_version?{query}")
    assert response.status_code == 200, response.headers
    return {
        group["platform"]: [version["os_version"] for version in group["version_list"]] for group in response.get_json()
    }


def test_every_os_version_is_listed_once(api: Api) -> None:
    """The list has every OS version that an image can have, with what follows from it."""
    groups = api("GET", "/v1/cloudimages/os_version").get_json()
    found = [version for group in groups for version in group["version_list"]]
    assert {
        version["os_version"]: {
            "__platform": version["platform"],
            "__os_type": version["os_type"],
            "__os_bit": str(version["os_bit"]),
        }
        for version in found
    } == OS_VERSIONS
    assert len(found) == len(OS_VERSIONS)
    assert len({group["platform"] for group in groups}) == len(groups)
    assert {
        "platform": "SUSE",
        "os_version_key": "SUSE Linux Enterprise Server 15 64bit",
        "os_version": "SUSE Linux Enterprise Server 15 64bit",
        "os_bit": 64,
        "os_type": "Linux",
    } in found


@pytest.mark.parametrize("query", ["tag=x86,bms", "tag=x86&tag=bms", "tag=bms&tag=&tag=x86", "tag=x86%2Cbms,"])
def test_several_tags(api: Api, query: str) -> None:
    """Several tags, repeated or with commas, are all needed; a platform that has no such version is left out."""
    both, x86, every = os_versions(api, query), os_versions(api, "tag=x86"), os_versions(api)
    assert len(both) < len(x86) < len(every)
    assert both == {name: found for name, found in os_versions(api, "tag=bms").items() if name in x86}
    assert all(both.values())


@pytest.mark.parametrize(
    ("query", "os_version", "is_found"),
    [
        ("tag=arm", "NeoKylin 7.4 64bit", True),
        ("tag=x86", "NeoKylin 7.4 64bit", False),
        ("tag=kvm&tag=uefi", "Windows Server 2012 Datacenter 64bit", True),
        ("tag=arm", "Windows Server 2012 Datacenter 64bit", False),
        ("tag=", "CoreOS 1010.5.0", True),
        ("tag=bms_otc", "CoreOS 1010.5.0", False),
        ("tag=nothing", "CoreOS 1010.5.0", False),
    ],
)
def test_tag_of_an_os_version(api: Api, query: str, os_version: str, is_found: bool) -> None:
    """A tag says on which machines a version runs, and how it boots; an unknown one is of none."""
    assert any(os_version in found for found in os_versions(api, query).values()) is is_found
