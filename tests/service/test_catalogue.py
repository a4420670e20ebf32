"""Images that come by another way than HTTP: add_image and the catalogue of public images."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.service.catalogue import HUAWEI_CLOUD, public_images
from ims_mock.state.images import OS_VERSIONS
from tests import stores
from tests.conftest import PAGE


@pytest.fixture
def mock() -> ImsMock:
    """A mock that serves nothing, at the page's time."""
    return ImsMock(start=PAGE)


def test_added_image_is_like_a_created_one(mock: ImsMock) -> None:
    """What is not given is as it is after a create."""
    client = mock.app.test_client()
    created = client.post("/v2/images", json={"name": "a"}, headers={"X-Auth-Token": "t"}).get_json()
    added = mock.add_image(name="a")
    varying = {"id", "self", "file"}
    assert {name: value for name, value in added.items() if name not in varying} == {
        name: value for name, value in created.items() if name not in varying
    }
    assert mock.images[added["id"]] == added


@pytest.mark.parametrize(
    ("given", "follows"),
    [
        ({"status": "active"}, {"status": "active", "active_at": PAGE}),
        ({"visibility": "public"}, {"__imagetype": "gold"}),
        ({"visibility": "shared"}, {"__imagetype": "shared"}),
        ({"owner": "another-project"}, {"owner": "another-project"}),
        ({"__os_version": "CentOS 7.6 64bit"}, {"__platform": "CentOS"}),
        ({"__imagetype": "market"}, {"__imagetype": "market", "visibility": "private"}),
        ({"created_at": "2001-01-01T00:00:00Z"}, {"created_at": "2001-01-01T00:00:00Z", "updated_at": PAGE}),
        ({"tags": ["a", "a"]}, {"tags": ["a"]}),
        ({"id": "ABCDEF00-0000-4000-8000-00000000000A"}, {"id": "abcdef00-0000-4000-8000-00000000000a"}),
        ({"disk_format": "iso"}, {"virtual_env_type": "IsoImage"}),
        ({"__whole_image": "true", "team": "x"}, {"__whole_image": "true", "team": "x"}),
    ],
)
def test_attributes(mock: ImsMock, given: dict[str, Any], follows: dict[str, Any]) -> None:
    """Any attribute of an image can be given; what follows from it follows, unless it is given too."""
    assert follows.items() <= mock.add_image(**given).items()


def test_file(mock: ImsMock) -> None:
    """Data is the image's file, and makes it active."""
    image = mock.add_image(data=b"0123456789")
    assert (image["status"], image["size"], image["checksum"]) == ("active", 10, "781e5e245d69b566979b86e28d23f2c7")
    response = mock.app.test_client().get(image["file"], headers={"X-Auth-Token": "t"})
    assert response.data == b"0123456789"


def test_members(mock: ImsMock) -> None:
    """An image is shared with the projects that are given, with their status."""
    image = mock.add_image(owner="theirs", members={mock.project_id: "accepted", "other": "pending"})
    assert (image["visibility"], image["__imagetype"]) == ("shared", "shared")
    client = mock.app.test_client()
    shared = client.get("/v2/images?visibility=shared&__imagetype=shared", headers={"X-Auth-Token": "t"}).get_json()
    assert [found["id"] for found in shared["images"]] == [image["id"]]
    members = client.get(f"{image['self']}/members", headers={"X-Auth-Token": "t", "X-Project-Id": "theirs"}).get_json()
    assert {member["member_id"]: member["status"] for member in members["members"]} == {
        mock.project_id: "accepted",
        "other": "pending",
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"min_disk": "40"}, '/min_disk: must be of type integer, got "40" [schemas/models/image_attributes.json]'),
        ({"name": " a"}, "/name: must be letters of any script"),
        ({"status": "done"}, '/status: must be "queued" or "saving" or "active" or "killed" or "deleted", got "done"'),
        ({"status": "deleted"}, "/status: must not be deleted; add the image as active, and delete it then"),
        ({"__os_version": "CentOs 7.6 64bit"}, "/__os_version: must be one of 275 documented values"),
        ({"visibility": "community"}, '/visibility: must be "private" or "public" or "shared"'),
        ({"team": 5}, "/team: must be of type string, got 5"),
        ({"tags": ["a"] * 11}, "/tags: must have at most 10 items, got 11"),
        ({"created_at": "today"}, "/created_at: must be a UTC time such as"),
        ({"id": "x"}, "/id: must be a UUID"),
        ({"created_at": "2020-01-01T00:00:00Z\n"}, "/created_at: must be a UTC time such as"),
        ({"owner": "a\nb"}, "/owner: must be a project id, of letters, digits, '-' and '_'"),
        ({"min_disk": -5}, "/min_disk: must be at least 0, got -5"),
        ({"min_disk": 2**31}, "/min_disk: must be at most 2147483647"),
        ({"virtual_size": -5}, "/virtual_size: must be at least 0, got -5"),
        ({"k" * 256: "v"}, "/kkk"),
        ({"deleted": True}, "/status: must not be deleted"),
        ({"properties": {"a": object()}}, "/properties/a: is not JSON: Object of type object is not JSON serializable"),
        ({"properties": {"a": float("nan")}}, "/properties/a: NaN is not a JSON number"),
        ({"team": "\ud800"}, "/team: has half of a surrogate pair"),
        ({"__description": "a<b"}, "/__description: must be text without line breaks, '<' and '>'"),
        ({f"k{number}": "" for number in range(129)}, "body: an image has at most 128 attributes"),
    ],
)
def test_what_the_service_could_not_hold_is_refused(mock: ImsMock, given: dict[str, Any], message: str) -> None:
    """An image that is put in keeps the schema of one that came by HTTP; the error names the attribute and the rule."""
    with pytest.raises(ValueError, match=r"^/|^body") as caught:
        mock.add_image(**given)
    assert str(caught.value).startswith(message)
    assert len(mock.images) == 0


@pytest.mark.parametrize(
    ("attributes", "more", "message"),
    [
        ({"status": "queued"}, {"data": b""}, '/status: must be "active", as follows from its data, or left out'),
        ({"size": 5}, {"data": b""}, "/size: must be 0, as follows from its data, or left out"),
        ({"checksum": "x"}, {"data": b""}, '/checksum: must be "d41d8cd98f00b204e9800998ecf8427e", as follows'),
        ({"visibility": "public"}, {"members": {"p": "pending"}}, '/visibility: must be "shared", as follows from its'),
        ({"__imagetype": "market"}, {"members": {"p": "pending"}}, "/image_id: an image of the marketplace"),
        ({"owner": "p"}, {"members": {"p": "pending"}}, "/member: must be another project than the owner of the image"),
        ({}, {"members": {"p": "bogus"}}, '/members/p: must be "pending" or "accepted" or "rejected", got "bogus"'),
    ],
)
def test_what_does_not_fit_together_is_refused(
    mock: ImsMock, attributes: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    """A file, members and attributes that contradict each other are refused, and nothing is added."""
    with pytest.raises(ValueError, match=r"^/") as caught:
        mock.add_image(**attributes, **more)
    assert str(caught.value).startswith(message)
    assert (len(mock.images), mock.service.store.members.images_of("p"), len(mock.service.store.files)) == (0, set(), 0)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"data": "text"}, "data must be bytes, got str"),
        ({"members": ["p"]}, r"members must be a mapping from project ids to their status, got \['p'\]"),
    ],
)
def test_wrong_kinds_are_refused(mock: ImsMock, more: dict[str, Any], message: str) -> None:
    """A file that is no bytes, and members that are no mapping, are rejected with their type."""
    with pytest.raises(TypeError, match=message):
        mock.add_image(**more)


def test_id_that_exists_is_refused(mock: ImsMock) -> None:
    """Two images do not have one id."""
    image = mock.add_image()
    with pytest.raises(ValueError, match=r"/id: image .* exists"):
        mock.add_image(id=image["id"])


LOADED = sum(cloud == HUAWEI_CLOUD for cloud, _ in public_images())


def test_public_images(mock: ImsMock) -> None:
    """The catalogue has public images of other hands, which everybody sees and nobody here may delete."""
    mock.load_public_images()
    assert len(mock.images) == LOADED
    for image in mock.images.values():
        assert (image["visibility"], image["status"]) == ("public", "active")
        assert image["__imagetype"] in ("gold", "market")
        assert image["protected"] is True
        assert image["owner"] != mock.project_id
        assert OS_VERSIONS[image["__os_version"]].items() <= image.items()
    client = mock.app.test_client()
    query = "?__imagetype=gold&visibility=public&protected=true&__platform=Ubuntu&sort_key=name&sort_dir=asc"
    listed = client.get("/v2/images" + query, headers={"X-Auth-Token": "t"}).get_json()["images"]
    assert listed[0]["name"] == "Ubuntu 16.04 server 64bit"
    refused = client.delete(listed[0]["self"], headers={"X-Auth-Token": "t"})
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (403, "IMG.0094")


def test_public_images_are_the_same_everywhere(mock: ImsMock) -> None:
    """Their ids do not depend on the seed, and loading them again adds none."""
    other = ImsMock(seed=9)
    for each in (mock, mock, other):
        each.load_public_images()
    assert list(mock.images) == list(other.images)
    assert list(mock.images) == [image["id"] for cloud, image in public_images() if cloud == HUAWEI_CLOUD]


IDS = {
    "Ubuntu 16.04 server 64bit": "601d0000-0000-4000-8000-000000000001",
    "Ubuntu 24.04 server 64bit": "601d0013-0000-4000-8000-000000000014",
    "Huawei Cloud EulerOS 2.0 Standard 64 bit": "a64fbc6f-c62f-4d0f-b2fc-ee9a41efb3f1",
    "Huawei Cloud EulerOS 2.0 Standard 64 bit for ARM": "04f8c759-2a22-412f-8fd5-969ddc61afec",
    "Huawei Cloud EulerOS 2.0 Standard 64 bit BareMetal": "601d0015-0000-4000-8000-000000000016",
    "Huawei Cloud EulerOS 3.0 Standard 64bit": "0b0f2f44-2a85-48a3-a259-8b4b36f9cc19",
    "CentOS 7.4 64bit": "601d0017-0000-4000-8000-000000000018",
    "CentOS 7.3 64bit vivado": "bc6bed6e-ba3a-4447-afcc-449174a3eb52",
}


@pytest.mark.parametrize(("name", "image_id"), IDS.items())
def test_ids_of_public_images_do_not_change(name: str, image_id: str) -> None:
    """A program under test may have the id of a public image in it."""
    assert {image["name"]: image["id"] for _, image in public_images()}[name] == image_id


GOLD = (
    *("__os_version", "min_disk", "min_ram", "size", "checksum", "__image_size", "__lazyloading", "active_at"),
    *("hw_vif_multiqueue_enabled", "hw_firmware_type", "__support_agent_list", "__image_displayname", "max_ram"),
    *("__os_feature_list", "__description", "__data_origin", "__productcode", "__account_code", "__backup_id"),
)


def test_public_image_has_what_the_service_shows() -> None:
    """A public image of Huawei Cloud has the attributes of a recorded one, JSON in text among them."""
    for image in (image for cloud, image in public_images() if cloud == HUAWEI_CLOUD):
        assert [name for name in GOLD if name not in image] == []
        assert image["__originalimagename"] == image["id"]
        assert json.loads(image["__image_displayname"]).keys() == {"zh-cn", "en-us"}
        assert json.loads(image["__os_feature_list"])["user_data"] == "true"
        assert image["min_disk"] >= 10


def test_image_that_terraform_looks_for(mock: ImsMock) -> None:
    """CentOS 7.4 is protected and has a size; there is a CentOS of the marketplace."""
    mock.load_public_images(__platform="CentOS")
    named = {image["name"]: image for image in mock.images.values()}
    assert (named["CentOS 7.4 64bit"]["protected"], named["CentOS 7.4 64bit"]["size"]) == (True, 2)
    assert any(image["__imagetype"] == "market" for image in named.values())


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ({"virtual_env_type": "Ironic"}, "Huawei Cloud EulerOS 2.0 Standard 64 bit BareMetal"),
        ({"__support_arm": "true"}, "Huawei Cloud EulerOS 2.0 Standard 64 bit for ARM"),
        ({"__imagetype": "market", "__os_type": "Windows"}, "IIS on Windows Server 2016"),
        ({"name": "Rocky Linux 9.0 64bit"}, "Rocky Linux 9.0 64bit"),
        ({"cloud": "otc"}, "Standard_Debian_11_latest"),
        ({"cloud": "flexibleengine", "__platform": "Ubuntu"}, "OBS Ubuntu 18.04"),
    ],
)
def test_some_public_images(mock: ImsMock, wanted: dict[str, str], name: str) -> None:
    """Attributes, and those that follow from the OS version, choose public images; a cloud has its own."""
    mock.load_public_images(**wanted)
    assert 0 < len(mock.images) < LOADED
    assert name in [image["name"] for image in mock.images.values()]
    attributes = {key: value for key, value in wanted.items() if key != "cloud"}
    assert all(attributes.items() <= image.items() for image in mock.images.values())


def test_cloud_that_is_not_known(mock: ImsMock) -> None:
    """Another cloud has no catalogue."""
    with pytest.raises(ValueError, match="cloud must be one of flexibleengine, huaweicloud, otc, got 'aws'"):
        mock.load_public_images(cloud="aws")


def test_newest_public_image_depends_on_what_is_asked(mock: ImsMock) -> None:
    """The image that was changed last is not the one that was created last."""
    mock.load_public_images(__platform="CentOS")
    created, updated = (max(mock.images.values(), key=lambda image: image[key]) for key in ("created_at", "updated_at"))
    assert created["name"] != updated["name"]


def test_public_image_that_was_deleted(mock: ImsMock) -> None:
    """Loading them again brings back one that a test has deleted."""
    mock.load_public_images()
    image = next(iter(mock.images.values()))
    image["protected"] = False
    stores.delete(mock.service.store, image["id"], image["owner"])
    mock.load_public_images()
    assert len(mock.images) == LOADED


def test_public_images_as_a_setting() -> None:
    """A mock can begin with them, and a reset with that setting has them again."""
    mock = ImsMock(public_images=True)
    assert len(mock.images) == LOADED
    mock.reset(public_images=False)
    assert len(mock.images) == 0
    mock.reset()
    assert len(mock.images) == LOADED


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"public_images": 1}, "public_images must be of type boolean, got 1"),
        ({"max_image_size": -1}, "max_image_size must be at least 0, got -1"),
        ({"max_image_size": True}, "max_image_size must be of type integer or null, got true"),
        ({"max_image_size": "1"}, 'max_image_size must be of type integer or null, got "1"'),
    ],
)
def test_wrong_settings(settings: dict[str, Any], message: str) -> None:
    """A setting of the wrong kind is refused by its name."""
    with pytest.raises(ValueError, match=message):
        ImsMock(**settings)
