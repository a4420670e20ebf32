"""Images made of servers, disks, files and backups.

create_image, create_image_in_safe_mode, create_image_v1, create_data_image, create_data_image_in_safe_mode,
import_image_quick, import_image_quick_in_safe_mode, create_whole_image.
"""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock import FailJob
from tests.conftest import Api, remembered
from tests.examples import creations
from tests.service.operations.test_transfer import job_of

ONE = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"
TWO = "c5dfbd0c-bf0a-4798-a453-61dc6b54aa30"
CENTOS = "CentOS 7.0 64bit"
WINDOWS = "Windows Server 2019 Datacenter 64bit"

ACTION = "/v2/cloudimages/action"
DATA = "/v1/cloudimages/dataimages/action"
QUICK = "/v2/cloudimages/quickimport/action"
WHOLE = "/v1/cloudimages/wholeimages/action"

SERVER = {"name": "made", "instance_id": ONE}
DISK = {"name": "made", "volume_id": ONE, "os_version": CENTOS}
FILE = {"name": "made", "image_url": "ims-image:centos70.qcow2", "min_disk": 40}
ISO = {**FILE, "image_url": "ims-image:centos70.iso", "type": "IsoImage", "os_version": CENTOS}
FAST = {**FILE, "image_url": "ims-image:centos70.zvhd2", "os_version": CENTOS}
OF_SERVER = {"name": "made", "instance_id": ONE, "vault_id": TWO}
OF_BACKUP = {"name": "made", "backup_id": ONE, "whole_image_type": "CBR"}
OF_OLD_BACKUP = {"name": "made", "backup_id": ONE}
OF_DISK = {"name": "data", "volume_id": TWO}
OF_FILE = {"image_url": "ims-image:data.qcow2", "min_disk": 1}


def create(api: Api, body: Any, path: str = ACTION) -> TestResponse:
    """Ask for an image."""
    return api("POST", path, body)


def made(api: Api, body: Any, path: str = ACTION) -> dict[str, Any]:
    """Return the first image that a request makes, as both APIs show it."""
    job = job_of(api, create(api, body, path))
    entities = job["entities"]
    image_id = (entities["sub_jobs_result"][0]["entities"] if "sub_jobs_result" in entities else entities)["image_id"]
    image: dict[str, Any] = api("GET", f"/v2/images/{image_id}").get_json()
    assert api("GET", f"/v2/cloudimages?id={image_id}").get_json() == {"images": [image]}
    assert image["status"] == "active"
    return image


def refused(api: Api, body: Any, path: str = ACTION) -> tuple[str, str]:
    """Return the code and the reason of a rejection, after which the mock remembers nothing that it did not before."""
    before = remembered(api)
    response = create(api, body, path)
    assert response.status_code == 400, response.get_json()
    assert remembered(api) == before
    return response.get_json()["error"]["code"], response.headers["X-IMS-Mock-Reason"]


@pytest.mark.parametrize("path", [ACTION, "/v2.1/cloudimages/action", "/v1/cloudimages/action"])
@pytest.mark.parametrize(
    ("body", "job_type", "origin"),
    [
        (SERVER, "imsCreateImageByInstance", f"instance,{ONE}"),
        (DISK, "imsVolumeCreateImageJob", f"volume,{ONE}"),
        (FILE, "imsImportImageJob", "file,ims-image:centos70.qcow2"),
        (ISO, "imsImportImageJob", "file,ims-image:centos70.iso"),
    ],
)
def test_system_image(api: Api, body: dict[str, Any], job_type: str, origin: str, path: str) -> None:
    """Each source has its type of job, which shows the image; the image says where it is from."""
    job = job_of(api, create(api, body, path))
    assert (job["job_type"], job["status"]) == (job_type, "SUCCESS")
    image = api.images[job["entities"]["image_id"]]
    assert job["entities"] == {"image_id": image["id"], "image_name": "made"}
    assert (image["name"], image["status"], image["__data_origin"]) == ("made", "active", origin)
    assert (image["__imagetype"], image["__isregistered"], image["__lazyloading"]) == ("private", "true", "true")


@pytest.mark.parametrize("others", [{}, {"name": ""}, {"instance_id": ""}, {"name": "", "description": "x"}])
def test_data_images_of_disks(api: Api, others: dict[str, Any]) -> None:
    """Each disk is a job within the job; Packer and gophertelekomcloud send an empty name beside them."""
    disks = [{**OF_DISK, "image_tags": [{"key": "k", "value": "v"}]}, {"name": "more", "volume_id": ONE}]
    job = job_of(api, create(api, {**others, "data_images": disks}))
    assert job["job_type"] == "imsVolumesToSysDataImagesJob"
    parts = job["entities"]["sub_jobs_result"]
    assert job["entities"] == {"sub_jobs_result": parts, "sub_jobs_list": [part["job_id"] for part in parts]}
    assert [part["job_type"] for part in parts] == ["imsCopyVolumeToImageJob"] * 2
    images = [api.images[part["entities"]["image_id"]] for part in parts]
    assert [image["name"] for image in images] == ["data", "more"]
    assert [image["virtual_env_type"] for image in images] == ["DataImage"] * 2
    assert [image["__data_origin"] for image in images] == [f"volume,{TWO}", f"volume,{ONE}"]
    assert [image["tags"] for image in images] == [["k=v"], []]


def test_what_stands_beside_data_images(api: Api) -> None:
    """The enterprise project counts for each of them, as Terraform expects; the rest is in the journal as not read."""
    body = {
        "name": "",
        "image_tags": [{"key": "a", "value": "b"}],
        "enterprise_project_id": TWO,
        "data_images": [OF_DISK],
    }
    image = made(api, body)
    assert (image["enterprise_project_id"], image["tags"]) == (TWO, [])
    assert next(iter(api.service.journal)).ignored == ("/name", "/image_tags")


@pytest.mark.parametrize(
    ("body", "job_type"),
    [
        ({**SERVER, "data_images": [OF_DISK]}, "imsCreateImageByInstance"),
        ({**FILE, "data_images": [OF_FILE]}, "imsImportImageJob"),
    ],
)
def test_system_image_with_data_images(api: Api, body: dict[str, Any], job_type: str) -> None:
    """The job shows the system image, and the ids of the data images."""
    job = job_of(api, create(api, body))
    system, data = api.images.values()
    assert job["job_type"] == job_type
    assert job["entities"] == {"image_id": system["id"], "image_name": "made", "__data_images": data["id"]}
    assert (system["virtual_env_type"], data["virtual_env_type"]) == ("FusionCompute", "DataImage")


def test_data_images_of_files_follow_the_system(api: Api) -> None:
    """Their OS is of the same type, and one without a name has that of the system image."""
    create(
        api, {**FILE, "os_version": WINDOWS, "data_images": [OF_FILE, {**OF_FILE, "image_url": "b:c", "name": "own"}]}
    )
    _, first, second = api.images.values()
    assert [first["name"], second["name"]] == ["made", "own"]
    assert [first["__os_type"], second["__os_type"]] == ["Windows", "Windows"]
    assert (first["min_disk"], first["__data_origin"]) == (1, "file,ims-image:data.qcow2")


def test_package_of_images(api: Api) -> None:
    """An OVA package has a job within the job for each of its disks."""
    job = job_of(api, create(api, {**FILE, "image_url": "b:vm.OVA", "data_images": [OF_FILE]}))
    assert job["job_type"] == "imsImportOvaImageJob"
    assert [part["job_type"] for part in job["entities"]["sub_jobs_result"]] == ["imsImportImageJob"] * 2
    assert [image["__data_origin"] for image in api.images.values()] == ["file,b:vm.OVA", "file,ims-image:data.qcow2"]


@pytest.mark.parametrize(
    ("body", "path", "part_type"),
    [
        (FILE, ACTION, "imsGoofysImportImageJob"),
        (ISO, ACTION, "imsImportIsoFileImageJob"),
        ({**FAST, "is_quick_import": True}, ACTION, "imsImportBigFileImageJob"),
        (FAST, QUICK, "imsImportBigFileImageJob"),
        ({**FAST, "type": "DataImage"}, QUICK, "imsImportBigFileImageJob"),
    ],
)
def test_job_within_an_import(api: Api, body: dict[str, Any], path: str, part_type: str) -> None:
    """What brings the file is a job of its own, whose type follows from the file."""
    job_id = create(api, body, path).get_json()["job_id"]
    part_id = api("GET", f"/v1/cloudimages/job/{job_id}").get_json()["entities"]["subJobId"]
    assert api("GET", f"/v1/cloudimages/job/{part_id}").get_json()["job_type"] == part_type


@pytest.mark.parametrize("change", [{}, {"type": "BMS"}, {"os_type": "Other"}])
def test_iso_by_its_name(api: Api, change: dict[str, Any]) -> None:
    """A file whose name ends in .iso makes an ISO image, unless a type says otherwise."""
    image = made(api, {**FILE, "image_url": "b:a.ISO", "os_version": CENTOS, **change})
    is_iso = "type" not in change
    assert (image["disk_format"] == "iso", image["virtual_env_type"] == "IsoImage") == (is_iso, is_iso)


@pytest.mark.parametrize(
    ("body", "path", "attributes"),
    [
        (SERVER, ACTION, {"__support_agent_list": "hss,ces", "__os_type": "Linux", "min_disk": 40}),
        ({**FILE, "type": "ECS"}, ACTION, {"virtual_env_type": "FusionCompute"}),
        ({**FILE, "type": "FusionCompute"}, ACTION, {"virtual_env_type": "FusionCompute"}),
        ({**FILE, "type": "BMS"}, ACTION, {"virtual_env_type": "Ironic", "__os_type": "Linux"}),
        ({**FILE, "type": "BMS", "cmk_id": "key"}, ACTION, {"virtual_env_type": "Ironic", "__system__cmkid": "key"}),
        ({**FILE, "type": "Ironic"}, ACTION, {"virtual_env_type": "Ironic"}),
        ({**DISK, "type": "BMS"}, ACTION, {"virtual_env_type": "Ironic"}),
        (ISO, ACTION, {"virtual_env_type": "IsoImage", "disk_format": "iso"}),
        (FAST, QUICK, {"virtual_env_type": "FusionCompute"}),
        ({**FAST, "type": "BMS"}, QUICK, {"virtual_env_type": "Ironic"}),
        ({**FAST, "type": "DataImage"}, QUICK, {"virtual_env_type": "DataImage"}),
        (FILE, DATA, {"virtual_env_type": "DataImage", "__os_type": "Linux"}),
        ({**FILE, "os_type": "Windows"}, DATA, {"__os_type": "Windows", "__platform": "Windows"}),
        (FILE, ACTION, {"hw_firmware_type": "bios", "__support_arm": None, "__os_version": "Other Linux(64 bit)"}),
        ({**FILE, "architecture": "x86", "hw_firmware_type": "uefi"}, ACTION, {"hw_firmware_type": "uefi"}),
        ({**FILE, "architecture": "arm"}, ACTION, {"hw_firmware_type": "uefi", "__support_arm": "true"}),
        ({**FAST, "architecture": "arm"}, QUICK, {"hw_firmware_type": "uefi", "__support_arm": "true"}),
        ({**FILE, "os_type": "Windows"}, ACTION, {"__os_type": "Windows", "__os_version": "Other_Windows (64_bit)"}),
        ({**FILE, "os_type": "Other"}, ACTION, {"__os_type": "Other"}),
        (
            {**FILE, "os_type": "Linux", "os_version": WINDOWS},
            ACTION,
            {"__os_type": "Windows", "__os_version": WINDOWS},
        ),
        ({**FILE, "min_disk": 100}, ACTION, {"min_disk": 100}),
        ({**FILE, "is_config": True}, ACTION, {"__is_config_init": "true"}),
        ({**FILE, "cmk_id": "key"}, ACTION, {"__system__cmkid": "key"}),
        ({**FILE, "cmk_id": ""}, ACTION, {"__system__cmkid": None}),
        ({**FILE, "cmk_id": "key"}, DATA, {"__system__cmkid": "key"}),
        (SERVER, ACTION, {"enterprise_project_id": "0"}),
        ({**SERVER, "enterprise_project_id": ""}, ACTION, {"enterprise_project_id": "0"}),
        ({**SERVER, "enterprise_project_id": TWO}, ACTION, {"enterprise_project_id": TWO}),
        ({**FAST, "enterprise_project_id": TWO}, QUICK, {"enterprise_project_id": TWO}),
        ({**FAST, "license_type": "byol"}, QUICK, {"license_type": "byol"}),
        (SERVER, ACTION, {"max_ram": None, "min_ram": 0}),
        ({**SERVER, "max_ram": 0, "min_ram": 1024}, ACTION, {"max_ram": "0", "min_ram": 1024}),
        ({**FILE, "max_ram": 4096}, ACTION, {"max_ram": "4096"}),
        (SERVER, ACTION, {"__description": None}),
        ({**SERVER, "description": ""}, ACTION, {"__description": ""}),
        ({**FAST, "description": ""}, QUICK, {"__description": ""}),
        ({**SERVER, "tags": ["aaa.111", "b", "c.1.2"]}, ACTION, {"tags": ["aaa=111", "b", "c=1.2"]}),
        (
            {**SERVER, "image_tags": [{"key": "k", "value": "v"}, {"key": " e ", "value": ""}, {"key": "n"}]},
            ACTION,
            {"tags": ["k=v", "e", "n"]},
        ),
        ({**FILE, "tags": ["a.b"]}, DATA, {"tags": ["a=b"]}),
    ],
)
def test_what_follows_from_a_body(api: Api, body: dict[str, Any], path: str, attributes: dict[str, Any]) -> None:
    """Each member of a body is an attribute of the image in its documented form; None is one that the image lacks."""
    image = made(api, body, path)
    assert {name: image.get(name) for name in attributes} == attributes


def test_attribute_that_was_not_given_is_added(api: Api) -> None:
    """An absent max_ram cannot be replaced, at which Terraform adds it; one that was given as 0 can."""
    path = "/v2/cloudimages/{}"
    change = [{"op": "replace", "path": "/max_ram", "value": 2048}]
    absent, given = made(api, SERVER)["id"], made(api, {**SERVER, "max_ram": 0})["id"]
    assert api("PATCH", path.format(absent), change).get_json()["error"]["code"] == "IMG.0035"
    assert api("PATCH", path.format(given), change).get_json()["max_ram"] == "2048"


def test_arm_boots_with_uefi(api: Api) -> None:
    """Another firmware that is given beside it is in the journal as not read."""
    assert made(api, {**FILE, "architecture": "arm", "hw_firmware_type": "bios"})["hw_firmware_type"] == "uefi"
    assert next(iter(api.service.journal)).ignored == ("/hw_firmware_type",)


@pytest.mark.parametrize(
    ("body", "path", "pointers"),
    [
        ({**SERVER, "min_disk": 5, "os_version": WINDOWS}, ACTION, ("/min_disk", "/os_version")),
        ({**SERVER, "data_images": [{**OF_DISK, "min_disk": 5}]}, ACTION, ("/data_images/0/min_disk",)),
        ({**DISK, "cmk_id": "key", "is_config_init": True}, ACTION, ("/is_config_init", "/cmk_id")),
        ({**FAST, "is_config": True}, QUICK, ("/is_config",)),
    ],
)
def test_what_a_shape_does_not_have(api: Api, body: dict[str, Any], path: str, pointers: tuple[str, ...]) -> None:
    """A member that means nothing for a source passes, changes nothing, and is in the journal."""
    image = made(api, body, path)
    assert next(iter(api.service.journal)).ignored == pointers
    assert (image["min_disk"], image.get("__system__cmkid")) == (40, None)
    assert image["__os_version"] != WINDOWS


def test_images_arrive_with_the_job() -> None:
    """They are saving until then, and the data image becomes active with the system image."""
    api = Api(jobs={"*": 60})
    create(api, {**SERVER, "data_images": [OF_DISK]})
    assert [image["status"] for image in api.images.values()] == ["saving", "saving"]
    api.clock.advance(60)
    assert [image["status"] for image in api.images.values()] == ["active", "active"]


def test_failed_job_leaves_no_image(api: Api) -> None:
    """Neither the system image nor its data images are left, and the job names none."""
    api.service.faults.add(FailJob())
    job = job_of(api, create(api, {**SERVER, "data_images": [OF_DISK]}))
    assert job["status"] == "FAIL"
    assert not api.images
    assert not {"image_id", "__data_images"} & job["entities"].keys()


def test_quota_counts_every_image_of_a_request() -> None:
    """A request that would make more images than the project may have makes none."""
    api = Api(quota=1)
    assert refused(api, {**SERVER, "data_images": [OF_DISK]})[0] == "IMG.0015"
    assert create(api, SERVER).status_code == 200


TEN = [f"k{number}" for number in range(10)]


@pytest.mark.parametrize("name", ["name", "description", "tags", "image_tags", "enterprise_project_id"])
@pytest.mark.parametrize(
    ("whole", "path"), [(SERVER, ACTION), (DISK, ACTION), (FILE, ACTION), (FILE, DATA), (FAST, QUICK)]
)
def test_what_every_image_is_refused_for(api: Api, whole: dict[str, Any], path: str, name: str) -> None:
    """Wrong names, descriptions, tags and enterprise projects have their documented codes, whatever is made."""
    wrong: dict[str, list[tuple[Any, str]]] = {
        "name": [("", "IMG.0013"), ("a" * 129, "IMG.0002"), (" a", "IMG.0003"), (5, "IMG.0003")],
        "description": [("<", "IMG.0054"), ("a\n", "IMG.0054"), ("a" * 1025, "IMG.0004"), (5, "IMG.0054")],
        "tags": [
            (["a b.c"], "IMG.0115"),
            (["k." + "v" * 44], "IMG.0115"),
            (["a.1", "a.2"], "IMG.0115"),
            ("a", "IMG.0115"),
            ([*TEN, "more"], "IMG.0116"),
        ],
        "image_tags": [
            ([{"value": "v"}], "IMG.0115"),
            ([{"key": "a.b"}], "IMG.0115"),
            ([{"key": "a"}, {"key": " a"}], "IMG.0115"),
            ([{"key": key} for key in [*TEN, "more"]], "IMG.0116"),
        ],
        "enterprise_project_id": [("x", "IMG.0155")],
    }
    for value, code in wrong[name]:
        assert refused(api, {**whole, name: value}, path)[0] == code, value


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({}, ACTION, "IMG.0012"),
        ({"name": "a"}, ACTION, "IMG.0012"),
        ({"name": "a", "instance_id": "", "data_images": []}, ACTION, "IMG.0012"),
        ({**SERVER, "instance_id": "i-1"}, ACTION, "IMG.0012"),
        ({**SERVER, "image_url": "a:b"}, ACTION, "IMG.0001"),
        ({"instance_id": ONE}, ACTION, "IMG.0013"),
        ({"image_url": "a:b", "min_disk": 40}, ACTION, "IMG.0013"),
        ({"volume_id": ONE, "os_version": CENTOS}, ACTION, "IMG.0013"),
        ({"data_images": [{"volume_id": ONE}]}, ACTION, "IMG.0013"),
        ({"data_images": [{"name": "", "volume_id": ONE}]}, ACTION, "IMG.0013"),
        ({"data_images": [{"name": "a"}]}, ACTION, "IMG.0120"),
        ({"data_images": [{"name": "a", "volume_id": ""}]}, ACTION, "IMG.0120"),
        ({"data_images": [{"name": "a", "volume_id": "x"}]}, ACTION, "IMG.0120"),
        ({**DISK, "volume_id": "x"}, ACTION, "IMG.0120"),
        ({"name": "a", "volume_id": ONE}, ACTION, "IMG.0056"),
        ({**DISK, "os_version": "TempleOS"}, ACTION, "IMG.0056"),
        ({**FILE, "os_version": "TempleOS"}, ACTION, "IMG.0056"),
        ({**FILE, "os_type": "BeOS"}, ACTION, "IMG.0122"),
        ({**FILE, "type": "DataImage"}, ACTION, "IMG.0157"),
        ({**DISK, "type": "IsoImage"}, ACTION, "IMG.0157"),
        ({**FILE, "architecture": "mips"}, ACTION, "IMG.0212"),
        ({**FILE, "type": "Ironic", "cmk_id": "key"}, ACTION, "IMG.0118"),
        ({**FILE, "hw_firmware_type": "grub"}, ACTION, "IMG.0141"),
        ({**FILE, "min_ram": -1}, ACTION, "IMG.0055"),
        ({**SERVER, "max_ram": "much"}, ACTION, "IMG.0055"),
        ({**FILE, "min_disk": 0}, ACTION, "IMG.0055"),
        ({**FILE, "min_disk": 1025}, ACTION, "IMG.0055"),
        ({"name": "a", "image_url": "a:b"}, ACTION, "IMG.0055"),
        ({**FILE, "data_images": [{"image_url": "a:b"}]}, ACTION, "IMG.0055"),
        ({**FILE, "data_images": [{"image_url": "a:b", "min_disk": 2049}]}, ACTION, "IMG.0055"),
        ({**FILE, "data_images": [{"volume_id": ONE, "min_disk": 40}]}, ACTION, "IMG.0017"),
        ({**FILE, "data_images": [{"image_url": f"a:{n}", "min_disk": 1} for n in range(4)]}, ACTION, "IMG.0194"),
        ({**FILE, "data_images": [{**OF_FILE, "image_url": FILE["image_url"]}]}, ACTION, "IMG.0123"),
        ({**FILE, "data_images": [OF_FILE, OF_FILE]}, ACTION, "IMG.0123"),
        ({**FILE, "image_url": "bucket"}, ACTION, "IMG.0017"),
        ({**FILE, "image_url": "bucket:a b"}, ACTION, "IMG.0175"),
        ({**FILE, "image_url": "bucket:a.iso", "type": "IsoImage"}, ACTION, "IMG.0166"),
        ({**FILE, "image_url": "bucket:a.iso"}, ACTION, "IMG.0166"),
        ({**FILE, "image_url": "bucket:a.raw", "is_quick_import": True}, ACTION, "IMG.0159"),
        ({**FILE, "os_version": CENTOS, "is_quick_import": True}, ACTION, "IMG.0158"),
        ({**FILE, "data_images": [{**OF_FILE, "is_quick_import": True}]}, ACTION, "IMG.0158"),
        ({**SERVER, "tags": ["a.b"], "image_tags": []}, ACTION, "IMG.0115"),
        ({"data_images": [{**OF_DISK, "tags": ["a.b", "a.c"]}]}, ACTION, "IMG.0115"),
        ({**FILE, "min_disk": 39}, DATA, "IMG.0055"),
        ({**FILE, "min_disk": 2049}, DATA, "IMG.0055"),
        ({"name": "a", "image_url": "a:b"}, DATA, "IMG.0055"),
        ({"name": "a", "min_disk": 40}, DATA, "IMG.0017"),
        ({**FILE, "os_type": "Other"}, DATA, "IMG.0122"),
        ({**FILE, "cmk_id": "a" * 256}, DATA, "IMG.0095"),
        ({**FAST, "min_disk": 1025}, QUICK, "IMG.0055"),
        ({**FAST, "min_disk": 0}, QUICK, "IMG.0055"),
        ({**FAST, "type": "IsoImage"}, QUICK, "IMG.0157"),
        ({**FILE, "image_url": "b:a.raw"}, QUICK, "IMG.0159"),
        ({**FILE, "os_version": CENTOS}, QUICK, "IMG.0158"),
        ({**FAST, "os_version": "TempleOS"}, QUICK, "IMG.0056"),
    ],
)
def test_request_that_is_refused(api: Api, body: dict[str, Any], path: str, code: str) -> None:
    """What cannot be made is a rejected request with its documented code."""
    assert refused(api, body, path)[0] == code


def test_reason_has_the_place(api: Api) -> None:
    """What is wrong with one of the data images is said of that one."""
    body = {"data_images": [OF_DISK, {**OF_DISK, "image_tags": [{"key": "a"}, {"key": "a"}]}]}
    assert refused(api, body)[1] == "/data_images/1/image_tags/1/key: 'a' is given twice; give each key once"


@pytest.mark.parametrize("path", [DATA, "/v2.1/cloudimages/dataimages/action"])
def test_data_image_of_a_file(api: Api, path: str) -> None:
    """The job shows the image and is of its own type."""
    job = job_of(api, create(api, FILE, path))
    assert job["job_type"] == "imsImportDataImageJob"
    assert set(job["entities"]) == {"image_id", "image_name"}
    assert api.images[job["entities"]["image_id"]]["__data_origin"] == "file,ims-image:centos70.qcow2"


@pytest.mark.parametrize("path", [QUICK, "/v2.1/cloudimages/quickimport/action"])
@pytest.mark.parametrize(("type_", "job_type"), [("ECS", "imsImportImageJob"), ("DataImage", "imsImportDataImageJob")])
def test_quick_import(api: Api, path: str, type_: str, job_type: str) -> None:
    """Its job is that of an import of the same kind, and shows the image."""
    job = job_of(api, create(api, {**FAST, "type": type_}, path))
    assert (job["job_type"], set(job["entities"])) == (job_type, {"image_id", "image_name"})


@pytest.mark.parametrize("status", ["under way", "ended"])
def test_state_with_what_was_made(status: str) -> None:
    """A state that is saved after each of the operations can be loaded, and has the same images."""
    api = Api(jobs={"*": 60 if status == "under way" else 0})
    for example in creations():
        assert create(api, example.body, example.path).status_code == 200
    state = api("GET", "/_ims_mock/state").get_json()
    before = api("GET", "/v2/cloudimages").data
    assert api("PUT", "/_ims_mock/state", state).status_code == 204
    assert api("GET", "/v2/cloudimages").data == before


def test_made_image_is_one_of_both_apis(api: Api) -> None:
    """It can be shared, given a tag, downloaded and deleted natively."""
    image = made(api, {**FILE, "tags": ["a.b"]})
    path = f"/v2/images/{image['id']}"
    assert api("POST", f"{path}/members", {"member": "other"}).status_code == 200
    assert api("PUT", f"{path}/tags/c").status_code == 204
    assert api("GET", f"{path}/file").status_code == 200
    assert api("DELETE", path).status_code == 204
    assert not api.images


def test_whole_image_of_a_server(api: Api) -> None:
    """It says in which vault its backup is, of which it has an id of its own."""
    image = made(api, {**OF_SERVER, "max_ram": 4096, "tags": ["a.b"]}, WHOLE)
    assert (image["__whole_image"], image["__os_type"]) == ("true", "Linux")
    assert (image["__data_origin"], image["__support_agent_list"]) == (f"server_backup,{TWO}", "hss,ces")
    assert len(image["__backup_id"]) == 36
    assert (image["max_ram"], image["tags"]) == ("4096", ["a=b"])
    assert made(api, OF_SERVER, WHOLE)["__backup_id"] != image["__backup_id"]


def test_whole_image_without_a_vault(api: Api) -> None:
    """The older service of backups has no vaults, so that the image names the backup."""
    image = made(api, {"name": "a", "instance_id": ONE}, WHOLE)
    assert image["__data_origin"] == f"server_backup,{image['__backup_id']}"


@pytest.mark.parametrize("body", [OF_BACKUP, OF_OLD_BACKUP])
def test_whole_image_of_a_backup(api: Api, body: dict[str, Any]) -> None:
    """It names the backup."""
    image = made(api, body, WHOLE)
    assert (image["__whole_image"], image["__backup_id"]) == ("true", ONE)
    assert image["__data_origin"] == f"server_backup,{ONE}"


@pytest.mark.parametrize(("body", "code"), [(OF_BACKUP, "IMG.0029"), (OF_OLD_BACKUP, "IMG.0134")])
def test_backup_makes_one_image(api: Api, body: dict[str, Any], code: str) -> None:
    """Another image is made of a backup once the first one is gone."""
    image = made(api, body, WHOLE)
    again = {**body, "backup_id": ONE.upper()}
    assert create(api, again, WHOLE).get_json()["error"]["code"] == code
    assert api("DELETE", f"/v2/images/{image['id']}").status_code == 204
    assert create(api, again, WHOLE).status_code == 200


@pytest.mark.parametrize(
    ("body", "job_type"),
    [(OF_SERVER, "imsCreateWholeImageByInstanceJob"), (OF_BACKUP, "imsCreateWholeImageByBackupJob")],
)
def test_job_of_a_whole_image(api: Api, body: dict[str, Any], job_type: str) -> None:
    """The type of the job follows from the source."""
    job_id = create(api, body, WHOLE).get_json()["job_id"]
    job = api("GET", f"/v1/{api.service.auth.project_id}/jobs/{job_id}").get_json()
    assert (job["job_type"], set(job["entities"])) == (job_type, {"image_id", "image_name"})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "a"}, "IMG.0012"),
        ({"name": "a", "instance_id": "", "backup_id": ""}, "IMG.0012"),
        ({**OF_SERVER, "backup_id": TWO}, "IMG.0001"),
        ({"instance_id": ONE}, "IMG.0013"),
        ({**OF_SERVER, "instance_id": "x"}, "IMG.0012"),
        ({**OF_SERVER, "vault_id": "x"}, "IMG.0184"),
        ({**OF_SERVER, "vault_id": "", "whole_image_type": "CBR"}, "IMG.0184"),
        ({**OF_BACKUP, "backup_id": "x"}, "IMG.0198"),
        ({**OF_BACKUP, "whole_image_type": "VBS"}, "IMG.0198"),
        ({**OF_BACKUP, "tags": ["a.b", "a.c"]}, "IMG.0115"),
        ({**OF_BACKUP, "enterprise_project_id": "x"}, "IMG.0155"),
        ({**OF_BACKUP, "description": "<"}, "IMG.0054"),
        ({**OF_BACKUP, "min_ram": -1}, "IMG.0055"),
    ],
)
def test_whole_image_that_is_refused(api: Api, body: dict[str, Any], code: str) -> None:
    """What cannot be made is a rejected request with its documented code."""
    assert refused(api, body, WHOLE)[0] == code


@pytest.mark.parametrize("path", [DATA, QUICK, WHOLE])
def test_members_that_an_operation_does_not_have(api: Api, path: str) -> None:
    """They pass and change nothing, whatever they are, and the journal has them."""
    odd = {
        "is_config": [],
        "architecture": 5,
        "type": "ECS",
        "os_version": CENTOS,
        "cmk_id": "",
        "hw_firmware_type": "bios",
    }
    body = {**odd, **(OF_BACKUP if path == WHOLE else FAST)}
    known = {DATA: {"cmk_id"}, QUICK: {"architecture", "type", "os_version", "hw_firmware_type"}, WHOLE: set()}[path]
    body = {name: value for name, value in body.items() if name not in known - {"type", "os_version"}}
    assert create(api, body, path).status_code == 200
