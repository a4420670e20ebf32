"""Tests of the regions of one mock: the setting `regions`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from ims_mock import Fail, ImsMock, Snapshot, connect
from ims_mock.state.clock import ManualClock

NAMES = ["cn-north-4", "cn-south-1"]


@pytest.fixture
def cloud() -> Iterator[ImsMock]:
    """Start a mock with two regions."""
    with ImsMock(regions=NAMES) as mock:
        yield mock


def names(url: str, **headers: str) -> list[str]:
    """Return the names of the images that a request finds."""
    response = requests.get(f"{url}/v2/images", headers={"X-Auth-Token": "any", **headers}, timeout=10)
    response.raise_for_status()
    return [image["name"] for image in response.json()["images"]]


def project_of(mock: ImsMock, region: str) -> str:
    """Return the id of the project that has the name of a region, as a client asks for it."""
    headers = {"X-Auth-Token": mock.token}
    response = requests.get(f"{mock.url}/v3/projects", params={"name": region}, headers=headers, timeout=10)
    [project] = response.json()["projects"]
    return str(project["id"])


@pytest.fixture
def stocked(cloud: ImsMock) -> ImsMock:
    """Return a mock with an image in each region."""
    cloud.add_image(name="north")
    cloud.region("cn-south-1").add_image(name="south")
    return cloud


def test_region_by_path(stocked: ImsMock) -> None:
    """The name of a region in the path chooses it; without one, a request is for the first region."""
    assert names(stocked.url) == names(f"{stocked.url}/~cn-north-4") == ["north"]
    assert stocked.region("cn-south-1").url == f"{stocked.url}/~cn-south-1"
    assert names(f"{stocked.url}/~cn-south-1") == ["south"]
    assert list(stocked.worlds) == ["default"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "cn-south-1.localhost:9292"},
        {"Host": "ims.cn-south-1.myhuaweicloud.com"},
        {"X-IMS-Mock-Region": "cn-south-1"},
        {
            "X-Auth-Token": "",
            "Authorization": "SDK-HMAC-SHA256 Credential=demo-ak/20260101/cn-south-1/ims/sdk_request, "
            "SignedHeaders=host, Signature=" + "0" * 64,
        },
    ],
)
def test_region_by_host_header_or_scope(stocked: ImsMock, headers: dict[str, str]) -> None:
    """A host, a header and the scope of a signature choose a region."""
    assert names(stocked.url, **headers) == ["south"]


def test_region_by_project(stocked: ImsMock) -> None:
    """Each region has a project of its name, whose id chooses the region."""
    ids = [project_of(stocked, name) for name in NAMES]
    assert ids == [stocked.project_id, stocked.region("cn-south-1").project_id]
    assert len(set(ids)) == 2
    assert [names(stocked.url, **{"X-Project-Id": id_}) for id_ in ids] == [["north"], ["south"]]


@pytest.mark.parametrize(
    ("path", "headers", "status", "reason"),
    [
        ("/v2/images", {"X-IMS-Mock-Region": "eu-de"}, 404, 'X-IMS-Mock-Region: no region has the name "eu-de"'),
        ("/v2/images", {"Host": "ims.eu-de-9.myhuaweicloud.com"}, 404, 'Host: no region has the name "eu-de-9"'),
        ("/~team/~eu-de/v2/images", {}, 404, 'the path: no region has the name "eu-de"'),
        (
            "/v2/images",
            {
                "X-Auth-Token": "",
                "Authorization": "SDK-HMAC-SHA256 Credential=demo-ak/20260101/eu-de/ims/sdk_request, "
                "SignedHeaders=host, Signature=" + "0" * 64,
            },
            401,
            'the signature is for the region "eu-de"',
        ),
    ],
)
def test_unknown_region(cloud: ImsMock, path: str, headers: dict[str, str], status: int, reason: str) -> None:
    """A region that does not exist is rejected, and the reason names those that do."""
    response = requests.get(cloud.url + path, headers={"X-Auth-Token": "any", **headers}, timeout=10)
    assert response.status_code == status
    assert reason in response.headers["X-IMS-Mock-Reason"]
    assert "the regions are cn-north-4, cn-south-1" in response.headers["X-IMS-Mock-Reason"]


def copy(mock: ImsMock, region: str) -> requests.Response:
    """Copy a new image into another region."""
    image = mock.add_image(name="web", data=b"...")
    body = {"name": "copied", "region": region, "project_name": region, "agency_name": "copier"}
    url = f"{mock.url}/v1/cloudimages/{image['id']}/cross_region_copy"
    return requests.post(url, json=body, headers={"X-Auth-Token": mock.token}, timeout=10)


def test_copy_across(cloud: ImsMock) -> None:
    """A copy arrives in the other region and its project; the job is one of the region of the source."""
    job_id = copy(cloud, "cn-south-1").json()["job_id"]
    south = cloud.region("cn-south-1")
    assert [image["name"] for image in south.images.values()] == ["copied"]
    assert names(south.url) == ["copied"]
    assert names(cloud.url) == ["web"]
    assert list(cloud.jobs) == [job_id]
    assert list(south.jobs) == []


def test_regions_are_the_same_objects(cloud: ImsMock) -> None:
    """A region, and the mock itself, is the same object however it is asked for."""
    south = cloud.region("cn-south-1")
    assert south is cloud.region("cn-south-1") is cloud.regions["cn-south-1"]
    assert south.region("cn-north-4") is cloud
    assert list(south.regions) == NAMES


def test_copy_takes_its_time(cloud: ImsMock) -> None:
    """A copy whose job takes time arrives when the clock, which is one for the cloud, has moved."""
    cloud.reset(jobs={"*": {"seconds": 60}})
    copy(cloud, "cn-south-1")
    south = cloud.region("cn-south-1")
    assert south.clock is cloud.clock
    south.clock.advance(61)
    assert [image["status"] for image in south.images.values()] == ["active"]


def test_copy_to_an_unknown_region(cloud: ImsMock) -> None:
    """A copy into a region that does not exist is rejected with the documented code, and makes nothing."""
    response = copy(cloud, "eu-de-1")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "IMG.0147")
    assert response.headers["X-IMS-Mock-Reason"].startswith("/region: must be one of cn-north-4, cn-south-1")
    assert not cloud.jobs


def test_copy_after_a_reset_without_regions(cloud: ImsMock) -> None:
    """A mock that had regions until a reset copies to any region again, and can have other regions later."""
    cloud.reset(regions=[])
    assert copy(cloud, "cn-south-1").status_code == 200
    assert [image["name"] for image in cloud.images.values()] == ["web", "copied"]
    for regions in (["cn-north-4", "eu-de", "eu-nl"], ["cn-north-4", "cn-south-1"], [], NAMES):
        cloud.reset(regions=regions)
        assert list(cloud.regions) == (regions or ["cn-north-4"])
    assert copy(cloud, "eu-de").status_code == 400
    assert copy(cloud, "cn-south-1").status_code == 200
    assert len(cloud.region("cn-south-1").images) == 1


def test_what_regions_share(cloud: ImsMock) -> None:
    """Tokens and accounts are of all regions; ids, rules and journals are of one."""
    south = cloud.region("cn-south-1")
    token = south.new_token()
    for region in (cloud, south):
        assert requests.get(f"{region.url}/v2/images", headers={"X-Auth-Token": token}, timeout=10).ok
    assert cloud.add_image(name="one")["id"] != south.add_image(name="one")["id"]
    south.faults.add(Fail(503), operation="glance_list_images", times=1)
    assert names(cloud.url) == ["one"]
    with pytest.raises(requests.HTTPError):
        names(south.url)
    assert [len(cloud.journal), len(south.journal)] == [2, 2]


def test_catalogue(cloud: ImsMock) -> None:
    """The catalogue has an endpoint for each region, whichever one was asked."""
    found = []
    for url in (cloud.url, f"{cloud.url}/~cn-south-1", f"{cloud.url}/~cn-north-4"):
        password = {"user": {"name": "demo", "domain": {"id": "default"}, "password": "secret"}}
        body: Any = {"auth": {"identity": {"methods": ["password"], "password": password}}}
        body["auth"]["scope"] = {"project": {"name": "cn-south-1"}}
        token = requests.post(f"{url}/v3/auth/tokens", json=body, timeout=10).json()["token"]
        [image] = [service for service in token["catalog"] if service["type"] == "image"]
        found.append({point["region"]: point["url"] for point in image["endpoints"] if point["interface"] == "public"})
    assert found == [{"cn-north-4": cloud.url, "cn-south-1": f"{cloud.url}/~cn-south-1"}] * 3


def test_reset(stocked: ImsMock) -> None:
    """A reset clears every region, and can change which there are; that of one region clears only that one."""
    south = stocked.region("cn-south-1")
    south.reset()
    assert (len(stocked.images), len(south.images)) == (1, 0)
    south.add_image(name="again")
    stocked.reset()
    assert (len(stocked.images), len(south.images)) == (0, 0)
    stocked.reset(regions=["eu-de", "eu-nl"])
    assert list(stocked.regions) == ["eu-de", "eu-nl"]
    stocked.reset()
    assert list(stocked.regions) == NAMES


def test_reset_by_the_control_api(stocked: ImsMock) -> None:
    """The control API of a region controls that region."""
    requests.post(f"{stocked.url}/~cn-south-1/_ims_mock/reset", json={}, timeout=10).raise_for_status()
    assert (names(stocked.url), names(f"{stocked.url}/~cn-south-1")) == (["north"], [])


def test_snapshot(stocked: ImsMock) -> None:
    """A snapshot has every region, also as a file."""
    snapshot = type(stocked.snapshot()).from_json(stocked.snapshot().to_json())
    stocked.reset()
    stocked.restore(snapshot)
    assert names(stocked.url) == ["north"]
    assert names(f"{stocked.url}/~cn-south-1") == ["south"]


def test_rollback(stocked: ImsMock) -> None:
    """A rollback goes back in every region."""
    with stocked.rollback():
        stocked.region("cn-south-1").images.clear()
    assert names(f"{stocked.url}/~cn-south-1") == ["south"]


def test_regions_of_a_world(cloud: ImsMock) -> None:
    """A world has regions of its own, and a world cannot have the name of a region."""
    team = cloud.world("team", regions=["eu-de", "eu-nl"])
    team.region("eu-nl").add_image(name="dutch")
    assert names(f"{cloud.url}/~team/~eu-nl") == ["dutch"]
    assert names(f"{cloud.url}/~team") == names(f"{cloud.url}/~cn-south-1") == []
    with pytest.raises(ValueError, match="cn-south-1 is a region of the default world"):
        cloud.world("cn-south-1", auth="strict")


def test_region_with_the_name_of_a_world() -> None:
    """A region cannot have the name of a world either; the reset that would make it leaves everything as it is."""
    with ImsMock() as mock:
        mock.world("cn-south-1").add_image(name="of the world")
        kept = mock.add_image(name="kept")["id"]
        text = "regions: there is a world cn-south-1, and /~cn-south-1 can lead to only one of them; delete it, or name"
        with pytest.raises(ValueError, match=text):
            mock.reset(regions=["cn-north-4", "cn-south-1"])
        body = {"regions": ["cn-south-1", "cn-north-4"]}
        response = requests.post(f"{mock.url}/_ims_mock/reset", json=body, timeout=10)
        assert response.status_code == 409
        assert text in response.json()["error"]["message"]
        with pytest.raises(ValueError, match=text), connect(mock.url, regions=["cn-north-4", "cn-south-1"]):
            pass
        assert list(mock.images) == [kept]
        assert names(f"{mock.url}/~cn-south-1") == ["of the world"]
        # In another world, a region is behind the name of the world, and so is no other's.
        mock.world("team", regions=["cn-north-4", "cn-south-1"])
        mock.delete_world("cn-south-1")
        mock.reset(regions=["cn-north-4", "cn-south-1"])


def test_wrong_settings(cloud: ImsMock) -> None:
    """Settings that contradict each other, and names that no region has, are errors that say what to do."""
    with pytest.raises(ValueError, match="region must be the first of the regions, a, or left out"):
        ImsMock(regions=["a", "b"], region="b")
    with pytest.raises(KeyError, match="no region has the name 'eu-de'; the regions are cn-north-4, cn-south-1"):
        cloud.region("eu-de")
    with pytest.raises(ValueError, match="regions is a setting of the whole cloud"):
        cloud.region("cn-south-1").reset(regions=["a", "b"])
    with pytest.raises(ValueError, match="is a setting of the whole cloud"):
        cloud.region("cn-south-1").reset(region="eu-de")


def test_clock_that_is_given() -> None:
    """A clock that is given is that of every region."""
    with ImsMock(regions=NAMES, clock=ManualClock(1000)) as mock:
        mock.reset()
        mock.clock.advance(5)
        assert mock.region("cn-south-1").clock.now() == 1005


def test_regions_over_http(cloud: ImsMock) -> None:
    """A mock that is used over HTTP has its regions by the same names, and one snapshot of them."""
    with connect(cloud.url) as mock:
        south = mock.region("cn-south-1")
        south.add_image(name="south")
        assert (south.url, list(mock.regions)) == (cloud.region("cn-south-1").url, NAMES)
        with mock.rollback():
            south.images.clear()
        assert names(south.url) == ["south"]
        with pytest.raises(KeyError, match="no region has the name 'eu-de'"):
            mock.region("eu-de")


def test_state_of_an_unknown_region(cloud: ImsMock) -> None:
    """A state of a region that the mock does not have is rejected, and changes nothing."""
    snapshot = cloud.snapshot()
    with ImsMock() as single:
        single.add_image(name="web")
        with pytest.raises(ValueError, match="name it in the setting regions"):
            single.restore(snapshot)
        assert len(single.images) == 1


def test_state_of_another_region(stocked: ImsMock) -> None:
    """The state of one region is not loaded into another one, and the catalogue keeps its names."""
    south = stocked.region("cn-south-1")
    taken = south.snapshot()
    with pytest.raises(ValueError, match="must be cn-north-4, the region that the state is loaded into"):
        stocked.restore(taken)
    for name in NAMES:
        url = f"{stocked.url}/~{'cn-north-4' if name == 'cn-south-1' else 'cn-south-1'}/_ims_mock/state"
        state = requests.get(f"{stocked.url}/~{name}/_ims_mock/state", timeout=10).json()
        response = requests.put(url, json=state, timeout=10)
        assert response.status_code == 400
    assert "/settings/region: must be cn-south-1" not in response.text
    assert "/settings/region: must be cn-north-4" in response.text
    south.restore(taken)
    assert [image["name"] for image in south.images.values()] == ["south"]
    assert list(stocked.regions) == NAMES


def test_state_file(stocked: ImsMock, tmp_path: Path) -> None:
    """The file of a state has every region."""
    stocked.snapshot().save(tmp_path / "state.json")
    stocked.reset()
    stocked.restore(Snapshot.load(tmp_path / "state.json"))
    assert [image["name"] for image in stocked.region("cn-south-1").images.values()] == ["south"]


def test_reset_of_one_region_keeps_the_settings_of_the_cloud(cloud: ImsMock) -> None:
    """A region that is reset begins with the settings that the cloud has since its last reset."""
    cloud.reset(auth="strict")
    cloud.region("cn-south-1").reset()
    response = requests.get(f"{cloud.url}/~cn-south-1/v2/images", headers={"X-Auth-Token": "any"}, timeout=10)
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start", 0),
        ("speed", 2),
        ("auth", "strict"),
        ("project_id", "1" * 32),
        ("token", "other"),
        ("token_lifetime", 60),
        ("region", "eu-de"),
        ("regions", ["a", "b"]),
        ("accounts", {"projects": [{"name": "web"}]}),
    ],
)
def test_setting_of_the_cloud(cloud: ImsMock, name: str, value: Any) -> None:
    """A reset of one region with a setting of the whole cloud is rejected, and clears nothing."""
    cloud.region("cn-south-1").add_image(name="south")
    url = f"{cloud.url}/~cn-south-1"
    response = requests.post(f"{url}/_ims_mock/reset", json={name: value}, timeout=10)
    assert response.status_code == 400
    assert "is a setting of the whole cloud; reset its first region with it" in response.text
    assert ("region" if name == "regions" else name) in response.text
    assert names(url) == ["south"]


def test_settings_of_a_region(cloud: ImsMock) -> None:
    """The settings of a region have the regions and the speed of its cloud."""
    cloud.reset(speed=1)
    shown = requests.get(f"{cloud.url}/~cn-south-1/_ims_mock/settings", timeout=10).json()
    assert (shown["region"], shown["regions"], shown["speed"]) == ("cn-south-1", NAMES, 1)


def test_region_knows_the_others(stocked: ImsMock) -> None:
    """A region has its siblings and itself by name, also in a world."""
    for world in (stocked, stocked.world("team", regions=NAMES)):
        south = world.region("cn-south-1")
        assert {name: one.url for name, one in south.regions.items()} == {
            name: one.url for name, one in world.regions.items()
        }
        assert south.region("cn-north-4").url == world.url
        assert south.region("cn-south-1") is south
        assert len(south.region("cn-north-4").images) == len(world.images)


def test_removed_region(cloud: ImsMock) -> None:
    """What is written to a region that a reset has removed is refused."""
    south = cloud.region("cn-south-1")
    cloud.reset(regions=["q", "r"])
    with pytest.raises(ValueError, match="the region cn-south-1 was removed; get it again"):
        south.add_image(name="lost")


def test_region_as_a_world_by_header(cloud: ImsMock) -> None:
    """A header that names a region where it should name a world is a mistake that stays: 404."""
    headers = {"X-Auth-Token": "any", "X-IMS-Mock-World": "cn-south-1"}
    response = requests.get(f"{cloud.url}/v2/images", headers=headers, timeout=10)
    assert response.status_code == 404
    assert "cn-south-1 is a region of the default world" in response.headers["X-IMS-Mock-Reason"]


def test_region_of_a_world_by_host(stocked: ImsMock) -> None:
    """A host with a world before a region is for the region of that world; one of no region is 404."""
    stocked.world("alpha").region("cn-south-1").add_image(name="alpha south")
    assert names(stocked.url, Host="alpha.cn-south-1.localhost:9292") == ["alpha south"]
    assert names(stocked.url, Host="new.cn-south-1.localhost") == []
    assert names(stocked.url, Host="default.cn-south-1.localhost") == ["south"]
    assert names(stocked.url, Host="ims.cn-south-1.localhost") == ["south"]
    assert names(stocked.url, Host="ims.other.localhost") == ["north"]
    for host, reason in (("alpha.other", 'Host: no region has the name "other"'), ("a_b", "Host: no world or region")):
        headers = {"X-Auth-Token": "any", "Host": f"{host}.localhost"}
        response = requests.get(f"{stocked.url}/v2/images", headers=headers, timeout=10)
        assert response.status_code == 404
        assert reason in response.headers["X-IMS-Mock-Reason"]
    assert list(stocked.worlds) == ["default", "alpha", "new"]


@pytest.mark.parametrize("second", ["cn-north-4", "backup"])
def test_region_before_a_world(cloud: ImsMock, second: str) -> None:
    """A path with a name behind a region has a reason that says which order is right."""
    response = requests.get(f"{cloud.url}/~cn-south-1/~{second}/v2/images", headers={"X-Auth-Token": "any"}, timeout=10)
    assert response.status_code == 404
    wanted = (
        f"leave out /~{second}, or, where a world has regions, name it before its region, /~WORLD/~REGION/v2/images"
    )
    assert wanted in response.headers["X-IMS-Mock-Reason"]


def test_extra_slash_before_a_world(cloud: ImsMock) -> None:
    """A slash too much before the name of a world is said to be what is wrong."""
    response = requests.get(f"{cloud.url}//~backup/v2/images", headers={"X-Auth-Token": "any"}, timeout=10)
    assert response.status_code == 404
    assert "it has an empty part; leave out one of the slashes" in response.headers["X-IMS-Mock-Reason"]


def test_no_world_beside_the_default_one() -> None:
    """Where there may be one world alone, the reason does not say to delete the default one."""
    with ImsMock() as mock:
        mock.limit_worlds(1)
        with pytest.raises(ValueError, match="the default world is the only one that there may be; let there be more"):
            mock.world("a")


@pytest.mark.parametrize("path", ["/~a%2Fb/v2/images", "/~a%2fb", "/%7Ea%2Fb/v2/images", "/~b/~cn-south-1%2Fv2/images"])
def test_name_with_a_slash(cloud: ImsMock, path: str) -> None:
    """A name of a world or a region with a slash is rejected, and makes no world."""
    response = requests.get(cloud.url + path, headers={"X-Auth-Token": "any"}, timeout=10)
    assert response.status_code == 404
    assert "a name has no '/'; leave out the '%2F'" in response.headers["X-IMS-Mock-Reason"]
    assert list(cloud.worlds) == ["default"]


def log_in(url: str, user: str = "demo", password: str = "secret") -> requests.Response:
    """Log in at the identity service of a region, in the project of the second one."""
    given = {"user": {"name": user, "password": password, "domain": {"name": "Default"}}}
    identity = {"methods": ["password"], "password": given}
    body = {"auth": {"identity": identity, "scope": {"project": {"name": "cn-south-1"}}}}
    return requests.post(f"{url}/v3/auth/tokens", json=body, timeout=10)


@pytest.mark.parametrize("at", NAMES)
def test_identity_service_is_one(cloud: ImsMock, at: str) -> None:
    """A token that any region has issued is valid in all of them, and revoked in all of them."""
    cloud.reset(auth="strict", regions=NAMES)
    urls = [cloud.region(name).url for name in NAMES]
    here = cloud.region(at).url
    response = log_in(here)
    headers = {"X-Auth-Token": response.headers["X-Subject-Token"]}
    assert response.json()["token"]["project"]["name"] == "cn-south-1"
    assert [requests.get(f"{url}/v2/images", headers=headers, timeout=10).status_code for url in urls] == [200, 200]
    subject = {**headers, "X-Subject-Token": headers["X-Auth-Token"]}
    assert [requests.get(f"{url}/v3/auth/tokens", headers=subject, timeout=10).status_code for url in urls] == [200] * 2
    assert requests.delete(f"{here}/v3/auth/tokens", headers=subject, timeout=10).status_code == 204
    assert [requests.get(f"{url}/v2/images", headers=headers, timeout=10).status_code for url in urls] == [401, 401]


def test_user_that_is_added_is_known_in_each_region(cloud: ImsMock) -> None:
    """A user and a project that are added later log in, and are listed, at each region."""
    south = cloud.region("cn-south-1")
    south.accounts.add({"users": [{"name": "late", "password": "p", "roles": {"cn-south-1": ["admin"]}}]})
    for url in (cloud.url, south.url):
        token = log_in(url, "late", "p").headers["X-Subject-Token"]
        users = requests.get(f"{url}/v3/users", headers={"X-Auth-Token": token}, timeout=10).json()["users"]
        assert "late" in [user["name"] for user in users]


def test_sweep_begins_with_all_regions_as_they_were(stocked: ImsMock) -> None:
    """Each run of a sweep finds the images of the other regions again, and what it leaves there counts."""
    south, found = stocked.region("cn-south-1"), set()

    def work() -> None:
        found.add(tuple(names(south.url)))
        headers = {"X-Auth-Token": "any"}
        requests.post(f"{south.url}/v2/images", json={"name": "left"}, headers=headers, timeout=10).raise_for_status()
        names(stocked.url)

    report = stocked.sweep(work, allowed=[requests.RequestException], only=["status"])
    assert found == {("south",)}
    assert names(south.url) == ["south"]
    assert report.counts()["left_behind"] == len(report.rows) > 3


def test_region_with_the_name_of_the_default_world() -> None:
    """It is refused: its path and its host would be those of the default world."""
    with pytest.raises(ValueError, match="regions must not have 'default', which is the name of the default world"):
        ImsMock(regions=["cn-north-4", "default"])
