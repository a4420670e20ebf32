"""What clients other than the SDK send, each request as the client sends it.

What Terraform sends is in tests/clients/test_terraform.py, what it reads in test_relied_on.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ims_mock.service.catalogue import add_image, load_public_images
from tests.conftest import Api

Image = dict[str, Any]

SERVER, VAULT = "877a2cda-ba63-4e1e-b95f-e67e48b6129a", "1c6f2e0a-5f4b-4f5e-9b57-0d8a5a2c3d4e"
OTHER = "5b0b9a1f3c7d4e2f8a6b0c1d2e3f4a5b"


@pytest.fixture(scope="module")
def api() -> Api:
    """A service with the public catalogue and six images of the caller's, of two names."""
    api = Api()
    load_public_images(api.service.store)
    for number in range(6):
        api.clock.advance(1)
        tags = ["k=v"] if number % 2 else ["w"]
        attributes = {"name": f"web{number % 3}", "tags": tags, "status": "active"}
        add_image(api.service.store, api.service.auth.project_id, attributes)
    return api


def listed(api: Api, query: str) -> list[Image]:
    """Return a page of the list."""
    response = api("GET", f"/v2/cloudimages?{query}")
    assert response.status_code == 200, response.headers
    images: list[Image] = response.get_json()["images"]
    return images


def is_gold(image: Image) -> bool:
    """Return whether an image is one of the cloud's own public ones."""
    return bool(image["__imagetype"] == "gold")


LISTS: dict[str, tuple[str, Callable[[Image], bool]]] = {
    "Cloud Custodian, private images": ("limit=100&owner={project}", lambda image: image["visibility"] != "public"),
    "cloudmux, public images": (
        "limit=1000&virtual_env_type=FusionCompute&__imagetype=gold&protected=True",
        lambda image: is_gold(image) and image["virtual_env_type"] == "FusionCompute",
    ),
    "KooCLI": (
        "limit=1000&__imagetype=gold&__os_type=Linux",
        lambda image: is_gold(image) and image["__os_type"] == "Linux",
    ),
    "a client in Rust": (
        "__imagetype=gold&__platform=&__os_bit=64&__support_kvm=true&status=active&limit=50",
        lambda image: is_gold(image) and image["__os_bit"] == "64" and image.get("__support_kvm") == "true",
    ),
    "an inventory": (
        "limit=1000&__os_bit=64&flavor_id=&name=&status=active",
        lambda image: image["__os_bit"] == "64" and image["status"] == "active",
    ),
}


@pytest.mark.parametrize("client", LISTS)
def test_list(api: Api, client: str) -> None:
    """The list of a client has the images that it means, of all that it could see."""
    query, is_meant = LISTS[client]
    meant = [image for image in listed(api, "limit=1000") if is_meant(image)]
    assert meant
    assert listed(api, query.format(project=api.service.auth.project_id)) == meant


def test_packer_takes_the_newest(api: Api) -> None:
    """Of several images with a name and a tag, the first one is the newest."""
    query = f"name=web0&owner={api.service.auth.project_id}&__imagetype=private&tag=k=v"
    found = listed(api, f"sort_key=created_at&sort_dir=desc&{query}")
    assert found[0]["created_at"] == max(image["created_at"] for image in listed(api, query))


def test_pages_end_with_an_empty_one(api: Api) -> None:
    """Cloud Custodian and cloudmux ask on behind the last image of a short page, and get an empty one."""
    query = f"limit=100&owner={api.service.auth.project_id}"
    assert listed(api, f"{query}&marker={listed(api, query)[-1]['id']}") == []


def test_rust_client_reads_typed_rows(api: Api) -> None:
    """A public image has its OS version as text, and a disk size that is a positive number."""
    for image in listed(api, LISTS["a client in Rust"][0]):
        assert isinstance(image["__os_version"], str)
        assert 0 < image["min_disk"] < 2**32


@pytest.mark.parametrize("query", ["__isregistered=%E6%9C%AA%E6%B3%A8%E5%86%8C", "imagetype=gold"])
def test_junk_of_agents(api: Api, query: str) -> None:
    """A flag that is none, and a parameter without its underscores, list nothing."""
    assert listed(api, query) == []


# Requests that change something


def test_gophertelekomcloud_wants_exact_statuses() -> None:
    """Members are added with 200 alone, tags changed with 204, an image updated with 200; a member is pending then."""
    api = Api()
    image = add_image(api.service.store, api.service.auth.project_id, {"name": "a"}, data=b"...")
    project, path = api.service.auth.project_id, f"/v2/cloudimages/{image['id']}"
    share = {"images": [image["id"]], "projects": [OTHER]}
    tags = {"action": "create", "tags": [{"key": "k", "value": "v"}]}
    rename = [{"op": "replace", "path": "/name", "value": "b"}]
    responses = [
        api("POST", "/v1/cloudimages/members", share),
        api("POST", f"/v2/{project}/images/{image['id']}/tags/action", tags),
        api("PATCH", path, rename),
    ]
    assert [response.status_code for response in responses] == [200, 204, 200]
    member = api("GET", f"/v2/images/{image['id']}/members/{OTHER}").get_json()
    assert member["status"] == "pending"


def test_cloud_custodian_looks_until_a_job_ends() -> None:
    """It asks for the progress as long as a job is INIT or RUNNING; a full-ECS image begins with 200."""
    api = Api(jobs={"*": {"polls": 3}})
    response = api(
        "POST", "/v1/cloudimages/wholeimages/action", {"name": "a", "instance_id": SERVER, "vault_id": VAULT}
    )
    assert response.status_code == 200
    path = f"/v1/cloudimages/job/{response.get_json()['job_id']}"
    statuses = [api("GET", path).get_json()["status"] for _ in range(4)]
    assert statuses == ["INIT", "RUNNING", "RUNNING", "SUCCESS"]


def test_cloudmux_sends_more_than_a_quick_import_has(api: Api) -> None:
    """Members that a body does not have pass, and are in the journal as not read."""
    body = {
        "name": "a",
        "os_version": "CentOS 7.6 64bit",
        "image_url": "bucket:a.zvhd2",
        "min_disk": 40,
        "is_config_init": True,
        "is_config": True,
    }
    response = api("POST", "/v2/cloudimages/quickimport/action", body)
    assert response.status_code == 200, response.headers
    assert set([*api.service.journal][-1].ignored) == {"/is_config", "/is_config_init"}
