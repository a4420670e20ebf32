"""Sharing of several images at once, and the members of one.

batch_add_members, batch_delete_members, batch_update_members, list_image_members, show_image_member.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.conftest import Api

PATH = "/v1/cloudimages/members"
SERVER, VAULT = "877a2cda-ba63-4e1e-b95f-e67e48b6129a", "302a6ef9-c0a9-4f8c-8f2e-1e8ab1c6d0d4"
OU = "organizations::0a1b:ou:o-abc123/ou-def456"


class Sharing:
    """A service with two projects, and images of the first one."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.projects = {name: project.id for name, project in api.service.accounts.projects.items()}
        self.tokens = {name: api.service.identity.new_token_for(name) for name in ("demo", "alt")}
        self.images = [str(api.create(name=name)["id"]) for name in ("one", "two")]

    def ask(self, method: str, body: Any, user: str = "demo") -> TestResponse:
        """Send a batch request as a user."""
        return self.api(method, PATH, body, X_Auth_Token=self.tokens[user])

    def job(self, method: str, body: Any, user: str = "demo") -> dict[str, Any]:
        """Send a batch request, and return the job at its end."""
        response = self.ask(method, body, user)
        assert response.status_code == 200, response.headers
        path = f"/v1/{self.projects[user]}/jobs/{response.get_json()['job_id']}"
        job: dict[str, Any] = self.api("GET", path, X_Auth_Token=self.tokens[user]).get_json()
        return job

    def share(self, *projects: str) -> dict[str, Any]:
        """Share both images, and return the job."""
        return self.job("POST", {"images": self.images, "projects": list(projects)})

    def members(self, image_id: str) -> dict[str, str]:
        """Return the members of an image, with their statuses, as the native API has them."""
        listed = self.api("GET", f"/v2/images/{image_id}/members").get_json()["members"]
        return {member["member_id"]: member["status"] for member in listed}


@pytest.fixture
def sharing(api: Api) -> Sharing:
    """A service with images to share."""
    return Sharing(api)


def test_images_are_shared_by_a_job(sharing: Sharing) -> None:
    """Each image is shared with each project, which is pending, also for the native API; the job says so."""
    alt = sharing.projects["alt"]
    job = sharing.share(alt, "other")
    assert (job["status"], job["job_type"]) == ("SUCCESS", "imsAddImageMembersJob")
    assert job["entities"] == {
        "results": [
            {"image_id": image_id, "project_id": project_id, "status": "success"}
            for image_id in sharing.images
            for project_id in (alt, "other")
        ]
    }
    for image_id in sharing.images:
        assert sharing.members(image_id) == {alt: "pending", "other": "pending"}
        assert sharing.api.images[image_id]["visibility"] == "shared"


def test_members_come_with_the_end_of_the_job() -> None:
    """A job that takes a while shares at its end."""
    sharing = Sharing(Api(jobs={"imsAddImageMembersJob": 10}))
    sharing.share("other")
    assert sharing.members(sharing.images[0]) == {}
    sharing.api.clock.advance(10)
    assert sharing.members(sharing.images[0]) == {"other": "pending"}


def test_member_accepts_and_rejects(sharing: Sharing) -> None:
    """The member itself accepts, and the native API has it; the image's own attributes do not change by that."""
    alt = sharing.projects["alt"]
    sharing.share(alt)
    before = [dict(sharing.api.images[image_id]) for image_id in sharing.images]
    sharing.api.clock.advance(5)
    for status in ("accepted", "rejected"):
        job = sharing.job("PUT", {"images": sharing.images, "project_id": alt, "status": status}, "alt")
        assert job["job_type"] == "imsUpdateImageMembersJob"
        assert [result["image_id"] for result in job["entities"]["results"]] == sharing.images
        assert [sharing.members(image_id) for image_id in sharing.images] == [{alt: status}] * 2
    assert [dict(sharing.api.images[image_id]) for image_id in sharing.images] == before


def test_member_of_the_native_api_is_the_same(sharing: Sharing) -> None:
    """A project that was added natively is stopped from sharing by a batch."""
    image_id = sharing.images[0]
    sharing.api("POST", f"/v2/images/{image_id}/members", {"member": "other"})
    job = sharing.job("DELETE", {"images": [image_id], "projects": ["other"]})
    assert (job["job_type"], job["entities"]) == ("imsDelImageMembersJob", {"results": []})
    assert sharing.members(image_id) == {}
    assert sharing.api.images[image_id]["visibility"] == "private"


def test_sharing_again_changes_only_what_was_rejected(sharing: Sharing) -> None:
    """A member that has accepted stays so, and one that has rejected is asked again."""
    alt = sharing.projects["alt"]
    sharing.share(alt)
    for status, then in (("accepted", "accepted"), ("rejected", "pending")):
        sharing.job("PUT", {"images": sharing.images, "project_id": alt, "status": status}, "alt")
        sharing.share(alt)
        assert sharing.members(sharing.images[0]) == {alt: then}


def test_domains_and_organizations(sharing: Sharing) -> None:
    """A domain and an organizational unit are members with a type, and the unit with its resource name."""
    image_id = sharing.images[0]
    sharing.job("POST", {"images": [image_id], "domains": ["0a1b"], "organizations": [OU]})
    members = listed(sharing, image_id)["members"]
    assert [(member["member_id"], member["member_type"], member["urn"]) for member in members] == [
        ("0a1b", "domain", ""),
        ("ou-def456", "organization", OU),
    ]
    kept = sharing.api("DELETE", f"/v2/images/{image_id}", X_Auth_Token=sharing.tokens["demo"])
    assert kept.status_code == 403
    assert "is shared with the domain '0a1b'; stop sharing it before" in kept.headers["X-IMS-Mock-Reason"]
    sharing.job("DELETE", {"images": [image_id], "organizations": [OU], "domains": ["0a1b"]})
    assert sharing.members(image_id) == {}
    assert sharing.api("DELETE", f"/v2/images/{image_id}", X_Auth_Token=sharing.tokens["demo"]).status_code == 204


@pytest.mark.parametrize(
    ("body", "status", "code", "reason"),
    [
        ({"images": [], "projects": ["a"]}, 400, "IMG.0001", "/images: must have at least 1 items"),
        ({"images": ["nothing"], "projects": ["a"]}, 400, "IMG.0027", "no image 'nothing' is visible"),
        ({"projects": ["a"]}, 400, "IMG.0001", 'body: must have "images"'),
        ({"images": ["a"]}, 400, "IMG.0001", 'body: must have "projects" or "domains" or "organizations", got'),
        ({"images": "a", "projects": ["a"]}, 400, "IMG.0001", "/images: must be of type array"),
        ({"images": ["a"], "projects": ["a b"]}, 400, "IMG.0067", "/projects/0: must be a project id"),
        ({"images": ["a"], "organizations": ["ou-1"]}, 400, "IMG.0001", "/organizations/0: must be the URN"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_wrong_batch(sharing: Sharing, method: str, body: Any, status: int, code: str, reason: str) -> None:
    """A batch that cannot be is rejected with what is wrong, and nothing is shared."""
    response = sharing.ask(method, body)
    assert (response.status_code, response.get_json()["error"]["code"]) == (status, code)
    assert reason in response.headers["X-IMS-Mock-Reason"]
    assert all(sharing.members(image_id) == {} for image_id in sharing.images)


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ({"status": "pending"}, "IMG.0001", '/status: must be "accepted" or "rejected"'),
        ({"project_id": None}, "IMG.0067", "/project_id: must be"),
        ({"images": []}, "IMG.0001", "/images: must have at least 1 items"),
        ({"images": ["nothing"]}, "IMG.0027", "no image 'nothing' is visible"),
        ({"vault_id": 5}, "IMG.0184", "/vault_id: must be of type string"),
    ],
)
def test_wrong_reply_of_a_member(sharing: Sharing, change: dict[str, Any], code: str, reason: str) -> None:
    """What a member can accept is checked before anything of it is."""
    alt = sharing.projects["alt"]
    sharing.share(alt)
    body = {"images": sharing.images, "project_id": alt, "status": "accepted", **change}
    response = sharing.ask("PUT", body, "alt")
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, code)
    assert reason in response.headers["X-IMS-Mock-Reason"]
    assert sharing.members(sharing.images[0]) == {alt: "pending"}


@pytest.mark.parametrize(
    ("attributes", "project", "status", "code"),
    [
        ({"__system__cmkid": "key"}, "other", 400, "IMG.0098"),
        ({"__imagetype": "market"}, "other", 400, "IMG.0107"),
        ({"__whole_image": "true"}, "other", 400, "IMG.0135"),
        ({}, "demo", 400, "IMG.0076"),
        ({"owner": "another", "visibility": "public"}, "other", 400, "IMG.0089"),
        ({"visibility": "public"}, "other", 400, "IMG.0089"),
    ],
)
def test_image_that_cannot_be_shared(
    sharing: Sharing, attributes: dict[str, Any], project: str, status: int, code: str
) -> None:
    """One image that cannot be shared has the whole batch rejected."""
    sharing.api.images[sharing.images[1]].update(attributes)
    response = sharing.ask("POST", {"images": sharing.images, "projects": [sharing.projects.get(project, project)]})
    assert (response.status_code, response.get_json()["error"]["code"]) == (status, code)
    assert sharing.members(sharing.images[0]) == {}


@pytest.mark.parametrize(("already", "more"), [(0, 129), (128, 1), (100, 29)])
def test_members_of_a_batch_end_at_the_quota(sharing: Sharing, already: int, more: int) -> None:
    """A batch that would give an image too many members is rejected as a whole; one that is there counts once."""
    there = [f"old{number}" for number in range(already)]
    if there:
        sharing.job("POST", {"images": sharing.images[1:], "projects": there})
    new = [f"new{number}" for number in range(more)]
    response = sharing.ask("POST", {"images": sharing.images, "projects": [*there, *new]})
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0088")
    assert [len(sharing.members(image_id)) for image_id in sharing.images] == [0, already]
    assert sharing.ask("POST", {"images": sharing.images, "projects": [*there, *new[1:]]}).status_code == 200


def test_members_of_jobs_under_way_count() -> None:
    """Two batches at a time do not give an image too many members either, and each counts once."""
    sharing = Sharing(Api(jobs={"imsAddImageMembersJob": 10}))
    first, second = ([f"{batch}{number}" for number in range(100)] for batch in "ab")
    assert sharing.ask("POST", {"images": sharing.images, "projects": first}).status_code == 200
    response = sharing.ask("POST", {"images": sharing.images, "projects": second})
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0088")
    assert sharing.ask("POST", {"images": sharing.images, "projects": [*first, *second[:28]]}).status_code == 200
    sharing.api.clock.advance(10)
    assert len(sharing.members(sharing.images[0])) == 128


def test_deleted_image_gets_no_members() -> None:
    """A job that ends after its image shares nothing."""
    sharing = Sharing(Api(jobs={"*": 10}))
    sharing.share("other")
    assert sharing.api("DELETE", f"/v2/images/{sharing.images[0]}").status_code == 204
    sharing.api.clock.advance(10)
    assert sharing.api.service.store.members.images_of("other") == {sharing.images[1]}


def test_image_that_is_not_shared_any_more_is_not_accepted() -> None:
    """A job of a member that accepts does not make it a member again."""
    sharing = Sharing(Api(jobs={"imsUpdateImageMembersJob": 10}))
    alt = sharing.projects["alt"]
    sharing.share(alt)
    sharing.job("PUT", {"images": sharing.images, "project_id": alt, "status": "accepted"}, "alt")
    sharing.job("DELETE", {"images": sharing.images[:1], "projects": [alt]})
    sharing.api.clock.advance(10)
    assert [sharing.members(image_id) for image_id in sharing.images] == [{}, {alt: "accepted"}]


def test_full_ecs_image_of_csbs_is_not_shared(sharing: Sharing) -> None:
    """A full-ECS image of a server is shared when its backup is in a vault of CBR, and so is one of a backup of CBR."""
    api, results = sharing.api, []
    for body in ({"instance_id": SERVER}, {"instance_id": SERVER, "vault_id": VAULT}):
        results.append(share_whole(sharing, body))
    for body in ({"backup_id": SERVER}, {"backup_id": VAULT, "whole_image_type": "CBR"}):
        results.append(share_whole(sharing, body))
    assert results == [(400, "IMG.0135"), (200, ""), (400, "IMG.0135"), (200, "")]
    assert [image["visibility"] for image in api.images.values()][2:] == ["private", "shared"] * 2


def share_whole(sharing: Sharing, body: dict[str, Any]) -> tuple[int, str]:
    """Make a full-ECS image, share it by both APIs, and return the status and the code, which are the same."""
    job_id = sharing.api("POST", "/v1/cloudimages/wholeimages/action", {"name": "whole", **body}).get_json()["job_id"]
    job = sharing.api("GET", f"/v1/cloudimages/job/{job_id}").get_json()
    image_id = job["entities"]["image_id"]
    batch = sharing.ask("POST", {"images": [image_id], "projects": ["other"]})
    native = sharing.api("POST", f"/v2/images/{image_id}/members", {"member": "third"})
    assert batch.status_code == native.status_code
    return batch.status_code, batch.get_json().get("error", {}).get("code", "")


def test_what_is_not_shared_cannot_be_stopped(sharing: Sharing) -> None:
    """Stopping to share with a project that is no member is rejected as a whole."""
    sharing.share("other")
    response = sharing.ask("DELETE", {"images": sharing.images, "projects": ["other", "third"]})
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0113")
    assert sharing.members(sharing.images[0]) == {"other": "pending"}


def test_only_the_member_itself_accepts(sharing: Sharing) -> None:
    """The owner cannot accept for the member, nor a project for another one; a full-ECS image needs a vault."""
    alt = sharing.projects["alt"]
    sharing.share(alt)
    body = {"images": sharing.images, "project_id": alt, "status": "accepted"}
    response = sharing.ask("PUT", body)
    assert (response.status_code, response.get_json()["error"]["code"]) == (403, "IMG.0161")
    sharing.api.images[sharing.images[0]].update(__whole_image="true", __backup_id="b")
    response = sharing.ask("PUT", body, "alt")
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0184")
    assert sharing.job("PUT", {**body, "vault_id": "v"}, "alt")["status"] == "SUCCESS"


@pytest.mark.parametrize("spelled", [str, str.upper])
def test_image_that_is_named_twice(sharing: Sharing, spelled: Callable[[str], str]) -> None:
    """The job has one result for each image, however often and in whichever spelling a request names it."""
    alt, image_id = sharing.projects["alt"], sharing.images[0]
    images = {"images": [image_id, spelled(image_id)]}
    added = sharing.job("POST", {**images, "projects": [alt]})
    accepted = sharing.job("PUT", {**images, "project_id": alt, "status": "accepted"}, "alt")
    for job in (added, accepted):
        assert [result["image_id"] for result in job["entities"]["results"]] == [image_id]
    assert sharing.job("DELETE", {**images, "projects": [alt]})["status"] == "SUCCESS"


def test_owner_is_no_member_of_its_image(sharing: Sharing) -> None:
    """A project that sees an image and is no member of it has nothing to accept."""
    body = {"images": sharing.images, "project_id": sharing.projects["demo"], "status": "accepted"}
    response = sharing.ask("PUT", body)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0114")


# The members of one image


def listed(sharing: Sharing, image_id: str, query: str = "", user: str = "demo") -> Any:
    """Return a page of members as the own API lists them."""
    path = f"/v1/{sharing.projects[user]}/cloudimages/{image_id}/members{query}"
    return sharing.api("GET", path, X_Auth_Token=sharing.tokens[user]).get_json()


def test_members_of_an_image(sharing: Sharing) -> None:
    """The owner sees all members, and a member itself alone, each with its type."""
    alt = sharing.projects["alt"]
    sharing.share(alt, "other")
    page = listed(sharing, sharing.images[0])
    assert page["page_info"] == {"current_count": 2}
    assert {(member["member_id"], member["member_type"], member["urn"]) for member in page["members"]} == {
        (alt, "project", ""),
        ("other", "project", ""),
    }
    assert [member["member_id"] for member in listed(sharing, sharing.images[0], "", "alt")["members"]] == [alt]


def test_pages_of_members(sharing: Sharing) -> None:
    """A page goes on behind the marker that the one before has given, which is in Base64."""
    sharing.share("a", "b", "c")
    first = listed(sharing, sharing.images[0], "?limit=2")
    assert first["page_info"] == {"current_count": 2, "next_marker": base64.b64encode(b"b").decode()}
    second = listed(sharing, sharing.images[0], f"?limit=2&marker={first['page_info']['next_marker']}")
    assert [member["member_id"] for member in second["members"]] == ["c"]
    assert second["page_info"] == {"current_count": 1}


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "marker=b", "marker=!", "marker=4pyT"])
def test_wrong_page_of_members(sharing: Sharing, query: str) -> None:
    """A limit out of bounds, and a marker that is no member in Base64, are rejected."""
    sharing.share("a", "b")
    assert "error" in listed(sharing, sharing.images[0], f"?{query}")


def test_show_a_member(sharing: Sharing) -> None:
    """One member is shown to the owner and to itself, and nobody else's is."""
    alt = sharing.projects["alt"]
    sharing.share(alt, "other")
    for user, member, status in (("demo", alt, 200), ("alt", alt, 200), ("alt", "other", 400), ("demo", "none", 400)):
        path = f"/v1/{sharing.projects[user]}/cloudimages/{sharing.images[0]}/members/{member}"
        response = sharing.api("GET", path, X_Auth_Token=sharing.tokens[user])
        assert response.status_code == status
        body = response.get_json()
        assert body["member_id"] == member if status == 200 else body["error"]["code"] == "IMG.0114"
