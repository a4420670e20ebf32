"""Mocks beside each other: the regions of one cloud."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock import ImsMock, Snapshot

NORTH, EAST = "cn-north-4", "cn-east-3"
VAULT = "302a6ef9-c0a9-4f8c-8f2e-1e8ab1c6d0d4"


def ask(mock: ImsMock, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
    """Send a request to a mock without a socket."""
    sent = {"X-Auth-Token": "t", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return mock.app.test_client().open(path, method=method, json=body, headers=sent)


def cloud(**settings: Any) -> tuple[ImsMock, ImsMock]:
    """Return the mocks of two regions."""
    north = ImsMock(region=NORTH, **settings)
    return north, ImsMock(region=EAST, **settings).join(north)


def copy(source: ImsMock, image_id: str, region: str = EAST, **body: Any) -> str:
    """Copy an image into another region, and return the job."""
    given = {"name": "copy", "region": region, "project_name": region, "agency_name": "a", **body}
    response = ask(source, "POST", f"/v1/cloudimages/{image_id}/cross_region_copy", given)
    assert response.status_code == 200, response.headers
    return str(response.get_json()["job_id"])


def test_copy_arrives_in_the_other_region() -> None:
    """What is copied into another region is an image there, with its file, and none here."""
    north, east = cloud()
    source = north.add_image(name="web", data=b"0123456789")
    job_id = copy(north, source["id"])
    (listed,) = ask(east, "GET", "/v2/images").get_json()["images"]
    assert (listed["name"], listed["status"]) == ("copy", "active")
    assert listed["__data_origin"] == f"image,{NORTH},{source['id']}"
    assert ask(east, "GET", f"{listed['file']}").data == b"0123456789"
    assert list(north.images) == [source["id"]]
    job = ask(north, "GET", f"/v1/cloudimages/job/{job_id}").get_json()
    assert (job["status"], job["entities"]["image_id"]) == ("SUCCESS", listed["id"])


def test_copy_takes_the_time_of_its_job() -> None:
    """The copy is saving until the job in the region of its source has ended."""
    north, east = cloud(jobs={"*": 60})
    copy(north, north.add_image(name="web", data=b"0")["id"])
    (image,) = east.images.values()
    assert image["status"] == "saving"
    north.clock.advance(60)
    assert ask(east, "GET", f"/v2/images/{image['id']}").get_json()["status"] == "active"


def test_failed_copy_leaves_nothing() -> None:
    """Of a copy whose job fails nothing is left in the other region."""
    north, east = cloud(faults=["copy_image_cross_region: fail_job"])
    job_id = copy(north, north.add_image(name="web", data=b"0")["id"])
    assert ask(north, "GET", f"/v1/cloudimages/job/{job_id}").get_json()["status"] == "FAIL"
    assert len(east.images) == 0


def test_copy_of_a_full_ecs_image_has_its_backup_there() -> None:
    """The backup of a copied full-ECS image is in the other region too."""
    north, east = cloud()
    source = north.add_image(name="web", data=b"0", __whole_image="true", __backup_id=VAULT)
    copy(north, source["id"], vault_id=VAULT)
    (image,) = ask(east, "GET", "/v2/images").get_json()["images"]
    assert f"backups/{image['__backup_id']}" in east.service.store.neighbours
    assert len(north.service.store.neighbours) == 0


def test_quota_is_that_of_the_target() -> None:
    """The images of the other region count for the quota."""
    north, east = cloud(quota=1)
    source = north.add_image(name="web", data=b"0")
    copy(north, source["id"])
    assert len(east.images) == 1
    given = {"name": "copy", "region": EAST, "project_name": EAST, "agency_name": "a"}
    refused = ask(north, "POST", f"/v1/cloudimages/{source['id']}/cross_region_copy", given)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (400, "IMG.0015")


def test_copy_into_a_named_project() -> None:
    """The copy belongs to the project of its name, where there is one."""
    north, east = cloud()
    north.add_accounts(projects=[{"name": f"{EAST}_web"}])
    copy(north, north.add_image(name="web", data=b"0")["id"], project_name=f"{EAST}_web")
    (image,) = east.images.values()
    assert image["owner"] == north.accounts.projects[f"{EAST}_web"].id


def test_saved_state_with_a_copy_under_way(tmp_path: Any) -> None:
    """A state with such a job is one; where there is no other region the job ends all the same."""
    north, _ = cloud(jobs={"*": 60})
    job_id = copy(north, north.add_image(name="web", data=b"0")["id"])
    north.snapshot().save(tmp_path / "state.json")
    alone = ImsMock()
    alone.restore(Snapshot.load(tmp_path / "state.json"))
    alone.clock.advance(60)
    assert ask(alone, "GET", f"/v1/cloudimages/job/{job_id}").get_json()["status"] == "SUCCESS"


def test_ids_differ_between_regions() -> None:
    """Two regions of one seed give their images different ids, and the first those that it has alone."""
    north, east = cloud()
    ids = [mock.add_image(name="web")["id"] for mock in (north, east, ImsMock())]
    assert ids[0] == ids[2] != ids[1]


def test_accounts_and_tokens_are_those_of_the_cloud() -> None:
    """A token of one region, and a user that is added in one, are honoured in the other, also after a reset there."""
    north, east = cloud(auth="strict")
    token = north.new_token()
    assert ask(east, "GET", "/v2/images", X_Auth_Token=token).status_code == 200
    east.reset()
    assert ask(east, "GET", "/v2/images", X_Auth_Token=token).status_code == 200
    east.add_accounts(users=[{"name": "ci", "roles": {"demo": ["member"]}}])
    assert ask(north, "GET", "/v2/images", X_Auth_Token=north.new_token("ci")).status_code == 200
    assert ask(north, "GET", "/v2/images", X_Auth_Token=ImsMock(seed=2).new_token()).status_code == 401


def test_projects_of_every_region() -> None:
    """The name of each region is that of the user's own project, in the list and as a scope."""
    north, _ = cloud()
    for region in (NORTH, EAST):
        (project,) = ask(north, "GET", f"/v3/projects?name={region}").get_json()["projects"]
        assert (project["id"], project["name"]) == (north.project_id, region)
    assert ask(north, "GET", "/v3/projects?name=eu-de").get_json()["projects"] == []
    user = {"name": "demo", "password": "secret", "domain": {"name": "Default"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    scopes = {region: {"project": {"name": region}} for region in (EAST, "eu-de")}
    statuses = [
        ask(north, "POST", "/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}}).status_code
        for scope in scopes.values()
    ]
    assert statuses == [201, 401]


def endpoints(mock: ImsMock, host: str) -> dict[str, set[str]]:
    """Return the URLs of IMS and the identity service by region, as the catalogue has them under a name."""
    catalog = ask(mock, "GET", "/v3/auth/catalog", Host=host).get_json()["catalog"]
    found: dict[str, set[str]] = {}
    for service in catalog:
        if service["type"] in ("image", "identity"):
            for endpoint in service["endpoints"]:
                found.setdefault(endpoint["region"], set()).add(endpoint["url"])
    return found


def test_catalogue_has_the_names_of_the_cloud() -> None:
    """Asked by its name in the cloud, the identity service says the names of IMS: in that region, or in every one."""
    north, _ = cloud()
    assert endpoints(north, "iam.cn-east-3.myhuaweicloud.com") == {
        EAST: {"http://ims.cn-east-3.myhuaweicloud.com", "http://iam.cn-east-3.myhuaweicloud.com/identity"}
    }
    assert endpoints(north, "iam.myhuaweicloud.com:8080") == {
        region: {f"http://ims.{region}.myhuaweicloud.com:8080", "http://iam.myhuaweicloud.com:8080/identity"}
        for region in (NORTH, EAST)
    }
    assert endpoints(north, "127.0.0.1:9292") == {NORTH: {"http://127.0.0.1:9292", "http://127.0.0.1:9292/identity"}}


def test_catalogue_of_one_mock_has_the_name_that_was_asked() -> None:
    """A mock that is no region of a cloud is reached at the one name by which it was asked."""
    url = "http://iam.cn-east-3.myhuaweicloud.com"
    assert endpoints(ImsMock(), "iam.cn-east-3.myhuaweicloud.com") == {NORTH: {url, f"{url}/identity"}}


def test_enterprise_projects_are_of_all_regions() -> None:
    """The one service moves an image of the region that is named, and lists those of all regions."""
    north, east = cloud()
    target = "1d3cf4a6-5c0c-4b6f-a0b0-6f1b2f3f4d5e"
    ids = [mock.add_image(name="web")["id"] for mock in (north, east)]
    for image_id, region in zip(ids, (NORTH, EAST), strict=True):
        body = {
            "resource_type": "images",
            "resource_id": image_id,
            "project_id": north.project_id,
            "region_id": region,
        }
        moved = ask(north, "POST", f"/v1.0/enterprise-projects/{target}/resources-migrate", body)
        assert moved.status_code == 204, moved.headers
    assert [east.images[ids[1]]["enterprise_project_id"], len(east.images)] == [target, 1]
    listed = ask(
        north,
        "POST",
        f"/v1.0/enterprise-projects/{target}/resources/filter",
        {"projects": [], "resource_types": ["images"]},
    )
    assert [item["resource_id"] for item in listed.get_json()["resources"]] == ids


def test_two_regions_of_one_name() -> None:
    """A region whose name is taken is an error."""
    with pytest.raises(ValueError, match="the cloud has a region 'cn-north-4' already"):
        ImsMock().join(ImsMock())


def test_copies_both_ways_at_once() -> None:
    """Copies from each region into the other do not wait for each other."""
    north, east = cloud(jobs={"*": {"polls": 0}})
    jobs: list[str] = []

    def work(source: ImsMock, region: str) -> Callable[[], None]:
        image_id = source.add_image(name="web", data=b"0")["id"]
        return lambda: jobs.extend(copy(source, image_id, region) for _ in range(5))

    threads = [threading.Thread(target=work(*pair), daemon=True) for pair in ((north, EAST), (east, NORTH))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(jobs) == 10
