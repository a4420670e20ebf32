"""What other services have: servers, disks, files, backups, vaults and keys that requests name."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock import ImsMock
from tests.conftest import Api
from tests.service.operations.test_copies import active, copy
from tests.service.operations.test_creation import (
    ACTION,
    DATA,
    DISK,
    FAST,
    FILE,
    OF_BACKUP,
    OF_DISK,
    OF_OLD_BACKUP,
    OF_SERVER,
    ONE,
    QUICK,
    SERVER,
    TWO,
    WHOLE,
    create,
    made,
    refused,
)
from tests.service.operations.test_transfer import export, register

UBUNTU = "Ubuntu 22.04 server 64bit"
GB = 1024**3
URL = "ims-image:centos70.qcow2"


def there_is(api: Api, kind: str, **attributes: Any) -> None:
    """Say that there is one of a kind."""
    response = api("POST", "/_ims_mock/neighbours", {kind: [attributes]})
    assert response.status_code == 204, response.get_json()


@pytest.mark.parametrize(
    ("kind", "there", "body", "path", "code"),
    [
        ("servers", {"status": "ACTIVE"}, SERVER, ACTION, "IMG.0008"),
        ("servers", {"status": "BUILD"}, SERVER, ACTION, "IMG.0008"),
        ("servers", {"task": "rebooting"}, SERVER, ACTION, "IMG.0010"),
        ("servers", {"system_disk": 0}, SERVER, ACTION, "IMG.0119"),
        ("servers", {"rejected_with": "IMG.0164"}, SERVER, ACTION, "IMG.0164"),
        ("volumes", {"status": "creating"}, DISK, ACTION, "IMG.0022"),
        ("volumes", {"type": "DSS"}, DISK, ACTION, "IMG.0153"),
        ("volumes", {"type": "DESS"}, {"data_images": [{**OF_DISK, "volume_id": ONE}]}, ACTION, "IMG.0153"),
        ("volumes", {"server": TWO}, {**SERVER, "data_images": [{**OF_DISK, "volume_id": ONE}]}, ACTION, "IMG.0140"),
        ("objects", {"size": 0}, FILE, ACTION, "IMG.0057"),
        ("objects", {"format": "pdf"}, FILE, ACTION, "IMG.0057"),
        ("objects", {"region": "cn-south-1"}, FILE, ACTION, "IMG.0058"),
        ("objects", {"size": 128 * GB + 1}, {**FILE, "min_disk": 1024}, ACTION, "IMG.0059"),
        ("objects", {"size": 41 * GB}, FILE, ACTION, "IMG.0055"),
        ("objects", {"format": "iso"}, FILE, ACTION, "IMG.0166"),
        ("objects", {"format": "qcow2"}, {**FAST, "image_url": URL}, QUICK, "IMG.0158"),
        ("objects", {"size": 0}, FILE, DATA, "IMG.0057"),
        (
            "objects",
            {"format": "raw", "size": 1025 * GB},
            {**FAST, "image_url": URL, "min_disk": 1024},
            QUICK,
            "IMG.0059",
        ),
        ("keys", {"id": "key", "status": "disabled"}, {**FILE, "cmk_id": "key"}, ACTION, "IMG.0097"),
        ("keys", {"id": "key", "rejected_with": "IMG.0099"}, {**FILE, "cmk_id": "key"}, DATA, "IMG.0099"),
        ("servers", {"status": "BUILD"}, OF_SERVER, WHOLE, "IMG.0126"),
        ("servers", {"task": "backing up"}, OF_SERVER, WHOLE, "IMG.0136"),
        ("servers", {"system_disk": 0}, OF_SERVER, WHOLE, "IMG.0119"),
        ("servers", {"vault": ONE}, OF_SERVER, WHOLE, "IMG.0183"),
        ("servers", {"rejected_with": "IMG.0180"}, OF_SERVER, WHOLE, "IMG.0180"),
        ("vaults", {"id": TWO, "status": "deleting"}, OF_SERVER, WHOLE, "IMG.0188"),
        ("vaults", {"id": TWO, "type": "disk"}, OF_SERVER, WHOLE, "IMG.0193"),
        ("vaults", {"id": TWO, "free": 39}, OF_SERVER, WHOLE, "IMG.0182"),
        ("vaults", {"id": TWO, "rejected_with": "IMG.0185"}, OF_SERVER, WHOLE, "IMG.0185"),
        ("backups", {"type": "CSBS"}, OF_BACKUP, WHOLE, "IMG.0198"),
        ("backups", {"type": "CBR"}, OF_OLD_BACKUP, WHOLE, "IMG.0198"),
        ("backups", {"status": "error"}, OF_BACKUP, WHOLE, "IMG.0032"),
        ("backups", {"status": "error", "type": "CSBS"}, OF_OLD_BACKUP, WHOLE, "IMG.0132"),
        ("backups", {"project_id": "another"}, OF_BACKUP, WHOLE, "IMG.0133"),
        ("backups", {"has_os": False}, OF_BACKUP, WHOLE, "IMG.0195"),
        ("backups", {"has_os": False, "type": "CSBS"}, OF_OLD_BACKUP, WHOLE, "IMG.0033"),
        ("backups", {"rejected_with": "IMG.0190"}, OF_BACKUP, WHOLE, "IMG.0190"),
    ],
)
def test_request_about_what_cannot_be_used(
    api: Api, kind: str, there: dict[str, Any], body: dict[str, Any], path: str, code: str
) -> None:
    """What a test has added counts whether or not others exist too, and has its documented code."""
    there_is(api, kind, **({"name": URL} if kind == "objects" else {"id": ONE}) | there)
    assert refused(api, body, path)[0] == code


@pytest.mark.parametrize(
    ("body", "path", "code", "kind"),
    [
        (SERVER, ACTION, "IMG.0005", "servers"),
        (DISK, ACTION, "IMG.0120", "volumes"),
        ({"data_images": [OF_DISK]}, ACTION, "IMG.0120", "volumes"),
        (FILE, ACTION, "IMG.0057", "objects"),
        (FILE, DATA, "IMG.0057", "objects"),
        (FAST, QUICK, "IMG.0057", "objects"),
        (OF_SERVER, WHOLE, "IMG.0005", "servers"),
        (OF_BACKUP, WHOLE, "IMG.0198", "backups"),
        (OF_OLD_BACKUP, WHOLE, "IMG.0127", "backups"),
    ],
)
def test_what_is_not_listed(body: dict[str, Any], path: str, code: str, kind: str) -> None:
    """With neighbours="listed" only what a test has added exists, and the reason says what to do."""
    api = Api(neighbours="listed")
    got, reason = refused(api, body, path)
    assert got == code
    assert "no test has added " in reason
    assert create(Api(), body, path).status_code == 200


def test_what_is_listed() -> None:
    """What was added exists, whatever the case of its id, and the disks of a server with it."""
    api = Api(neighbours="listed")
    there_is(api, "servers", id=ONE.upper(), volumes=[TWO])
    assert create(api, {**SERVER, "data_images": [OF_DISK]}).status_code == 200
    there_is(api, "objects", name=URL)
    assert create(api, FILE).status_code == 200
    assert create(api, {**FILE, "cmk_id": "key"}).get_json()["error"]["code"] == "IMG.0095"
    there_is(api, "keys", id="key")
    assert create(api, {**FILE, "cmk_id": "key"}).status_code == 200
    assert create(api, OF_SERVER, WHOLE).get_json()["error"]["code"] == "IMG.0184"
    there_is(api, "vaults", id=TWO)
    assert create(api, OF_SERVER, WHOLE).status_code == 200


@pytest.mark.parametrize(
    ("kind", "there", "body", "attributes"),
    [
        ("servers", {"id": ONE, "os_version": UBUNTU}, SERVER, {"__os_version": UBUNTU, "__platform": "Ubuntu"}),
        ("servers", {"id": ONE, "system_disk": 100}, SERVER, {"min_disk": 100}),
        ("servers", {"id": ONE, "architecture": "arm"}, SERVER, {"__support_arm": "true", "hw_firmware_type": "uefi"}),
        ("volumes", {"id": ONE, "size": 200, "key": "k"}, DISK, {"min_disk": 200, "__system__cmkid": "k"}),
        ("objects", {"name": URL, "size": 5 * GB}, FILE, {"__image_size": str(5 * GB), "min_disk": 40}),
        (
            "objects",
            {"name": URL, "format": "ISO"},
            {**FILE, "os_version": UBUNTU},
            {"disk_format": "iso", "virtual_env_type": "IsoImage"},
        ),
    ],
)
def test_what_an_image_has_of_it(
    api: Api, kind: str, there: dict[str, Any], body: dict[str, Any], attributes: dict[str, Any]
) -> None:
    """Attributes follow from what a test has said of a server, a disk or a file."""
    there_is(api, kind, **there)
    image = made(api, body)
    assert {name: image.get(name) for name in attributes} == attributes


def test_disks_of_different_servers(api: Api) -> None:
    """One request is about the disks of one server."""
    there_is(api, "servers", id=ONE, volumes=[ONE])
    there_is(api, "servers", id=TWO, volumes=[TWO])
    disks = [OF_DISK, {**OF_DISK, "volume_id": ONE}]
    assert refused(api, {"data_images": disks})[0] == "IMG.0140"
    assert create(api, {"data_images": [OF_DISK]}).status_code == 200


def test_other_operations_know_what_is_listed() -> None:
    """A registration needs the file, an export a name that is free, and a copy the key."""
    api = Api(neighbours="listed")
    image_id, queued = active(api), str(api.create()["id"])
    assert register(api, queued).get_json()["error"]["code"] == "IMG.0057"
    for code in ("IMG.0069", "IMG.1075"):
        there_is(api, "objects", name="bucket:disk.qcow2", rejected_with=code)
        assert register(api, queued).get_json()["error"]["code"] == code
    there_is(api, "objects", name="bucket:disk.qcow2", size=5 * GB)
    assert register(api, queued).status_code == 200
    assert api.images[queued]["__image_size"] == str(5 * GB)
    assert export(api, image_id, file_format="vhd").status_code == 200
    there_is(api, "objects", name="bucket:other.qcow2", region="cn-south-1")
    other = register(api, str(api.create()["id"]), "bucket:other.qcow2")
    assert other.get_json()["error"]["code"] == "IMG.0058"
    there_is(api, "objects", name="bucket:a.qcow2", rejected_with="IMG.0069")
    assert export(api, image_id, file_format="vhd").get_json()["error"]["code"] == "IMG.0069"
    there_is(api, "objects", name="bucket:a.qcow2")
    assert export(api, image_id, file_format="vhd").get_json()["error"]["code"] == "IMG.0070"
    assert copy(api, image_id, cmk_id="key").get_json()["error"]["code"] == "IMG.0095"
    there_is(api, "keys", id="key")
    assert copy(api, image_id, cmk_id="key").status_code == 200


def test_vault_of_a_full_ecs_image() -> None:
    """A copy into another region, and a member that accepts, name a vault that is there."""
    api = Api(neighbours="listed")
    image_id = active(api, __whole_image="true", __backup_id=ONE)
    alt = api.service.accounts.projects["alt"].id
    api("POST", f"/v2/images/{image_id}/members", {"member": alt})
    body = {"images": [image_id], "project_id": alt, "status": "accepted", "vault_id": TWO}
    token = {"X_Auth_Token": api.service.identity.new_token_for("alt")}
    native = f"/v2/images/{image_id}/members/{alt}"
    assert copy(api, image_id, across=True, vault_id=TWO).get_json()["error"]["code"] == "IMG.0184"
    assert api("PUT", native, body, **token).get_json()["error"]["code"] == "IMG.0184"
    assert api("PUT", "/v1/cloudimages/members", body, **token).get_json()["error"]["code"] == "IMG.0184"
    there_is(api, "vaults", id=TWO, free=api.images[image_id]["min_disk"] - 1)
    assert copy(api, image_id, across=True, vault_id=TWO).get_json()["error"]["code"] == "IMG.0182"
    there_is(api, "vaults", id=TWO)
    assert copy(api, image_id, across=True, vault_id=TWO).status_code == 200
    assert api("PUT", native, {"status": "accepted", "vault_id": TWO}, **token).status_code == 200
    assert api("PUT", "/v1/cloudimages/members", body, **token).status_code == 200


@pytest.mark.parametrize("op", ["add", "replace"])
def test_enterprise_project_of_an_update(op: str) -> None:
    """An update names an enterprise project that is there; the default one is there always."""
    api = Api(neighbours="listed")
    path = f"/v2/cloudimages/{active(api, enterprise_project_id='0')}"
    update = [{"op": op, "path": "/enterprise_project_id", "value": ONE}]
    response = api("PATCH", path, update)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0155")
    assert response.headers["X-IMS-Mock-Reason"].startswith("/0/value: no test has added ")
    assert api("PATCH", path, [{**update[0], "value": "0"}]).status_code == 200
    there_is(api, "enterprise_projects", id=ONE)
    assert api("PATCH", path, update).get_json()["enterprise_project_id"] == ONE


def test_control_api(api: Api) -> None:
    """What was added is listed with all its attributes, replaced by its id, and cleared."""
    there_is(api, "keys", id="key", status="disabled")
    there_is(api, "keys", id="key")
    listed = api("GET", "/_ims_mock/neighbours").get_json()
    (key,) = listed["keys"]
    assert (key["id"], key["status"], key["origin"], key["rejected_with"]) == ("key", "enabled", "kms", "")
    assert listed["servers"] == []
    assert api("DELETE", "/_ims_mock/neighbours").status_code == 204
    assert not any(api("GET", "/_ims_mock/neighbours").get_json().values())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"servers": [{}]}, '/servers/0: must have "id", got {}'),
        ({"servers": [{"id": "x"}]}, '/servers/0/id: must be a UUID, got "x"'),
        ({"servers": [{"id": ONE, "os_version": "TempleOS"}]}, "/servers/0/os_version: must be one of"),
        ({"objects": [{"name": "x"}]}, '/objects/0/name: must be <bucket>:<object>, got "x"'),
        ({"planets": []}, "has an unknown member"),
        ({"keys": [{"id": "k", "colour": "red"}]}, "has an unknown member"),
        ({"vaults": [{"id": ONE, "rejected_with": "IMG.1"}]}, "/vaults/0/rejected_with: must be a code such as"),
        (
            {"vaults": [{"id": ONE, "rejected_with": "IMG.9999"}]},
            '/vaults/0/rejected_with: "IMG.9999" is not documented',
        ),
        ([], "must be of type object"),
    ],
)
def test_what_cannot_be_added(api: Api, body: Any, message: str) -> None:
    """A wrong document adds nothing, and the message has the place."""
    response = api("POST", "/_ims_mock/neighbours", body)
    assert response.status_code == 400
    assert message in response.get_json()["error"]["message"]
    assert not api.service.store.neighbours


def test_in_python() -> None:
    """A test adds one by a method, which returns it, and which names the argument that is wrong."""
    mock = ImsMock()
    assert mock.add_server(id=ONE, volumes=[TWO])["status"] == "SHUTOFF"
    assert mock.add_volume(id=ONE, size=10)["type"] == "SAS"
    assert mock.add_object(URL, size=5, format="raw")["name"] == URL
    assert mock.add_backup(id=ONE)["type"] == "CBR"
    assert mock.add_vault(id=ONE, free=5)["status"] == "available"
    assert mock.add_key(id="key")["status"] == "enabled"
    assert mock.service.store.neighbours[f"volumes/{TWO}"]["server"] == ONE
    with pytest.raises(ValueError, match="size must be at least 1, got 0"):
        mock.add_volume(id=ONE, size=0)
    with pytest.raises(ValueError, match='must have "id"'):
        mock.add_key()


def test_snapshot_and_reset(api: Api) -> None:
    """What was added is part of a saved state, which is checked, and gone after a reset."""
    there_is(api, "servers", id=ONE, status="ACTIVE")
    state = api("GET", "/_ims_mock/state").get_json()
    api("POST", "/_ims_mock/reset", {})
    assert not api.service.store.neighbours
    assert api("PUT", "/_ims_mock/state", state).status_code == 204
    assert refused(api, SERVER)[0] == "IMG.0008"
    (record,) = state["neighbours"].values()
    for wrong, place in [
        ({"planets/x": record}, "/neighbours/planets~1x"),
        ({"servers/x": record}, "/neighbours/servers~1x"),
        ({f"servers/{ONE}": {**record, "status": 5}}, f"/neighbours/servers~1{ONE}/status"),
        ({f"servers/{ONE}": {"id": ONE}}, f"/neighbours/servers~1{ONE}"),
        ({f"servers/{ONE}": {**record, "rejected_with": "IMG.9999"}}, f"/neighbours/servers~1{ONE}/rejected_with"),
    ]:
        response = api("PUT", "/_ims_mock/state", {**state, "neighbours": wrong})
        assert (response.status_code, response.get_json()["error"]["message"].partition(":")[0]) == (400, place)


@pytest.mark.parametrize("number", range(180, 199))
def test_any_documented_code(api: Api, number: int) -> None:
    """A state of a server that the mock does not have is said by its code."""
    code = f"IMG.{number:04}"
    there_is(api, "servers", id=ONE, rejected_with=code)
    assert refused(api, OF_SERVER, WHOLE)[0] == code
