"""The members of images, by their operations, without a socket."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock.service.catalogue import add_image
from tests.conftest import PAGE, Api

CONSUMER = "edc89b490d7d4392898e19b2deb34797"
AS_CONSUMER = {"X_Project_Id": CONSUMER}
AS_ANOTHER = {"X_Project_Id": "another-member"}
AS_STRANGER = {"X_Project_Id": "stranger"}

WHOLE = {"__whole_image": "true", "__backup_id": "e6ba4c0c-8e5b-4b5f-9d3c-2d3f1c3a4b5d"}


def refusal(response: TestResponse) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    return response.status_code, response.get_json()["error"]["code"]


def share(api: Api, *members: str, **attributes: Any) -> str:
    """Add an image, share it with some projects, and return its path."""
    image = add_image(api.service.store, api.service.auth.project_id, attributes)
    path = f"/v2/images/{image['id']}"
    for member in members:
        response = api("POST", f"{path}/members", {"member": member})
        assert response.status_code == 200, response.headers
    return path


def decide(api: Api, path: str, status: str) -> TestResponse:
    """Accept or reject an image for the consumer."""
    return api("PUT", f"{path}/members/{CONSUMER}", {"status": status}, **AS_CONSUMER)


def member_ids(api: Api, url: str, **headers: str) -> list[str]:
    """Return the project ids of a list of members."""
    return [member["member_id"] for member in api("GET", url, **headers).get_json()["members"]]


def image_names(api: Api, query: str, **headers: str) -> list[str]:
    """Return the names of a list of images."""
    return [image["name"] for image in api("GET", f"/v2/images{query}", **headers).get_json()["images"]]


def sharing(api: Api, path: str) -> tuple[str, str]:
    """Return what an image says of its own sharing."""
    image = api("GET", path).get_json()
    return image["visibility"], image["__imagetype"]


# glance_add_image_member


def test_added_member_is_pending(api: Api) -> None:
    """The new member is returned as the page has it, pending and with the time of the clock."""
    path = share(api)
    response = api("POST", f"{path}/members", {"member": CONSUMER})
    assert response.status_code == 200
    assert response.get_json() == {
        "member_id": CONSUMER,
        "image_id": path.rpartition("/")[2],
        "status": "pending",
        "created_at": PAGE,
        "updated_at": PAGE,
        "schema": "/v2/schemas/member",
    }


@pytest.mark.parametrize("member", ["m", "m" * 255, "b912fb4a4c464b568ecfca1071b21b10"])
def test_member_within_bounds(api: Api, member: str) -> None:
    """A project id of 1 to 255 characters is taken and returned as it was given."""
    assert api("POST", f"{share(api)}/members", {"member": member}).get_json()["member_id"] == member


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        ({"member": ""}, "IMG.0067", "/member: must have at least 1 character, got 0"),
        ({"member": "m" * 256}, "IMG.0067", "/member: must have at most 255 characters, got 256"),
        ({"member": "a/b"}, "IMG.0067", "/member: must be a project id, of letters, digits, '-' and '_', got \"a/b\""),
        ({"member": "m\n"}, "IMG.0067", "/member: must be a project id, of letters, digits, '-' and '_'"),
        ({"member": 5}, "IMG.0067", "/member: must be of type string, got 5"),
        ({"member": None}, "IMG.0067", "/member: must be of type string, got null"),
        ({"member": ["m"]}, "IMG.0067", '/member: must be of type string, got ["m"]'),
        ({}, "IMG.0001", 'body: must have "member"'),
        ({"member_id": "m"}, "IMG.0001", 'body: must have "member"'),
        (["m"], "IMG.0001", 'body: must be of type object, got ["m"]'),
        (b"{", "IMG.0001", "body: is not JSON"),
        (b"", "IMG.0007", "body: is empty"),
    ],
)
def test_bad_member_is_400(api: Api, body: Any, code: str, reason: str) -> None:
    """A body that names no project is refused, and the image is shared with nobody."""
    path = share(api)
    response = api("POST", f"{path}/members", body)
    assert refusal(response) == (400, code)
    assert response.headers["X-IMS-Mock-Reason"].startswith(reason)
    assert member_ids(api, f"{path}/members") == []


def test_member_by_the_name_of_a_project(api: Api) -> None:
    """The name of a project stands for its id, in the body and in the path."""
    path, alt = share(api), api.service.accounts.projects["alt"].id
    assert api("POST", f"{path}/members", {"member": "alt"}).get_json()["member_id"] == alt
    assert api("GET", f"{path}/members/alt").get_json()["member_id"] == alt
    assert api("PUT", f"{path}/members/alt", {"status": "accepted"}, X_Project_Id=alt).status_code == 200
    assert api("DELETE", f"{path}/members/alt").status_code == 204
    assert member_ids(api, f"{path}/members") == []


def test_unknown_keys_of_an_add_mean_nothing(api: Api) -> None:
    """An owner cannot add a member that has accepted already."""
    response = api("POST", f"{share(api)}/members", {"member": CONSUMER, "status": "accepted"})
    assert response.get_json()["status"] == "pending"


def test_sharing_with_oneself_is_400(api: Api) -> None:
    """The project that owns an image is no member of it."""
    response = api("POST", f"{share(api)}/members", {"member": api.service.auth.project_id})
    assert refusal(response) == (400, "IMG.0076")
    assert response.headers["X-IMS-Mock-Reason"] == "/member: must be another project than the owner of the image"


@pytest.mark.parametrize(
    ("attributes", "code", "reason"),
    [
        ({"visibility": "public"}, "IMG.0089", "/image_id: a public image"),
        ({"__imagetype": "market"}, "IMG.0107", "/image_id: an image of the marketplace cannot be shared"),
        ({"__system__cmkid": "key"}, "IMG.0098", "/image_id: must not be encrypted (__system__cmkid)"),
        (
            {"__whole_image": "true"},
            "IMG.0135",
            "/image_id: a full-ECS image can only be shared if it is of a CBR backup",
        ),
        (
            {"__whole_image": "true", "__backup_id": ""},
            "IMG.0135",
            "/image_id: a full-ECS image can only be shared if it is of a CBR backup",
        ),
    ],
)
def test_image_that_is_not_shared_is_400(api: Api, attributes: dict[str, Any], code: str, reason: str) -> None:
    """An image that is public, sold, encrypted or of a whole ECS without a backup is shared with nobody."""
    path = share(api, **attributes)
    response = api("POST", f"{path}/members", {"member": CONSUMER})
    assert refusal(response) == (400, code)
    assert response.headers["X-IMS-Mock-Reason"].startswith(reason)


def test_public_image_of_another_is_not_shared(api: Api) -> None:
    """Sharing a public image is refused as such, whoever owns it."""
    image = add_image(api.service.store, "publisher", {"visibility": "public"})
    response = api("POST", f"/v2/images/{image['id']}/members", {"member": CONSUMER})
    assert refusal(response) == (400, "IMG.0089")


@pytest.mark.parametrize("attributes", [{"__system__cmkid": ""}, {"__whole_image": "false"}, WHOLE])
def test_image_that_is_shared(api: Api, attributes: dict[str, Any]) -> None:
    """An image without a key, not of a whole ECS, or of a CBR backup is shared."""
    assert member_ids(api, f"{share(api, CONSUMER, **attributes)}/members") == [CONSUMER]


def test_second_add_is_409(api: Api) -> None:
    """A project that is a member is not added again, and stays what it was."""
    path = share(api, CONSUMER)
    decide(api, path, "accepted")
    response = api("POST", f"{path}/members", {"member": CONSUMER})
    assert refusal(response) == (409, "IMG.0112")
    assert response.headers["X-IMS-Mock-Reason"] == f"/member: project '{CONSUMER}' is a member already"
    assert api("GET", f"{path}/members/{CONSUMER}").get_json()["status"] == "accepted"


@pytest.mark.parametrize(("attributes", "quota"), [({}, 128), (WHOLE, 10)])
def test_members_end_at_the_quota(api: Api, attributes: dict[str, Any], quota: int) -> None:
    """An image is shared with 128 projects at most, one of a whole ECS with 10."""
    path = share(api, *map(str, range(quota)), **attributes)
    response = api("POST", f"{path}/members", {"member": CONSUMER})
    assert refusal(response) == (400, "IMG.0088")
    assert (
        response.headers["X-IMS-Mock-Reason"]
        == f"/member: the image has {quota} members, and can have no more; delete one first"
    )
    assert len(member_ids(api, f"{path}/members")) == quota


def test_deleted_member_makes_place(api: Api) -> None:
    """At the quota another project can be added once one is deleted."""
    path = share(api, *map(str, range(10)), **WHOLE)
    api("DELETE", f"{path}/members/3")
    assert api("POST", f"{path}/members", {"member": CONSUMER}).status_code == 200


def test_sharing_is_seen_on_the_image(api: Api) -> None:
    """An image is shared from its first member to its last, and private before and after."""
    path = share(api)
    seen = [sharing(api, path)]
    for method, url, body in (
        ("POST", f"{path}/members", {"member": CONSUMER}),
        ("POST", f"{path}/members", {"member": "another-member"}),
        ("DELETE", f"{path}/members/{CONSUMER}", None),
        ("DELETE", f"{path}/members/another-member", None),
    ):
        api(method, url, body)
        seen.append(sharing(api, path))
    private, shared = ("private", "private"), ("shared", "shared")
    assert seen == [private, shared, shared, shared, private]


@pytest.mark.parametrize("status", ["accepted", "rejected"])
def test_decision_leaves_the_image_shared(api: Api, status: str) -> None:
    """An image whose only member has rejected it is shared nevertheless."""
    path = share(api, CONSUMER)
    decide(api, path, status)
    assert sharing(api, path) == ("shared", "shared")


# glance_list_image_members


def test_members_are_listed_in_order(api: Api) -> None:
    """The owner sees every member, in the order in which they were added, and no page."""
    path = share(api, "c", "a", "b")
    body = api("GET", f"{path}/members").get_json()
    assert [member["member_id"] for member in body["members"]] == ["c", "a", "b"]
    assert body.keys() == {"members", "schema"}
    assert body["schema"] == "/v2/schemas/members"


def test_unshared_image_has_no_members(api: Api) -> None:
    """The list of an image that is not shared is empty."""
    assert api("GET", f"{share(api)}/members").get_json() == {"members": [], "schema": "/v2/schemas/members"}


def test_listed_member_is_the_one_that_is_shown(api: Api) -> None:
    """A list has each member as show has it."""
    path = share(api, CONSUMER)
    decide(api, path, "accepted")
    assert api("GET", f"{path}/members").get_json()["members"] == [api("GET", f"{path}/members/{CONSUMER}").get_json()]


def test_member_sees_itself_alone(api: Api) -> None:
    """A member does not learn with whom else an image is shared."""
    path = share(api, "another-member", CONSUMER)
    assert member_ids(api, f"{path}/members", **AS_CONSUMER) == [CONSUMER]


def test_public_image_has_no_members(api: Api) -> None:
    """The members of a public image are listed to nobody."""
    response = api("GET", f"{share(api, visibility='public')}/members")
    assert refusal(response) == (403, "IMG.0083")
    assert response.headers["X-IMS-Mock-Reason"] == "/image_id: the image is public, and has no members"


@pytest.mark.parametrize(
    ("query", "members", "page_info"),
    [
        ("limit=0", [], {"current_count": 0}),
        ("limit=1", ["a"], {"current_count": 1, "next_marker": "a"}),
        ("limit=2", ["a", "b"], {"current_count": 2, "next_marker": "b"}),
        ("limit=3", ["a", "b", "c"], {"current_count": 3}),
        ("limit=4000", ["a", "b", "c"], {"current_count": 3}),
        ("marker=a", ["b", "c"], {"current_count": 2}),
        ("marker=c", [], {"current_count": 0}),
        ("marker=a&limit=1", ["b"], {"current_count": 1, "next_marker": "b"}),
        ("marker=b&limit=1", ["c"], {"current_count": 1}),
    ],
)
def test_page_of_members(api: Api, query: str, members: list[str], page_info: dict[str, Any]) -> None:
    """A page begins behind the marker, holds up to the limit, and says how many it has and where the next one is."""
    path = share(api, "a", "b", "c")
    body = api("GET", f"{path}/members?{query}").get_json()
    assert [member["member_id"] for member in body["members"]] == members
    assert body["page_info"] == page_info


def test_pages_lead_through_all_members(api: Api) -> None:
    """Following next_marker gives each member once, until a page has none."""
    path = share(api, *"abcde")
    found, marker = [], ""
    while marker is not None:
        body = api("GET", f"{path}/members?limit=2{marker and '&marker='}{marker}").get_json()
        found += [member["member_id"] for member in body["members"]]
        marker = body["page_info"].get("next_marker")
    assert found == list("abcde")


@pytest.mark.parametrize(
    ("query", "code", "reason"),
    [
        ("limit=-1", "IMG.0001", "/limit: must be at least 0, got -1"),
        ("limit=ten", "IMG.0001", '/limit: must be of type integer, got "ten"'),
        ("limit=1.5", "IMG.0001", '/limit: must be of type integer, got "1.5"'),
        ("limit=", "IMG.0001", '/limit: must be of type integer, got ""'),
        ("limit=1&limit=2", "IMG.0001", "/limit: the query parameter is given twice"),
        ("marker=nobody", "IMG.0027", "/marker: no item has the id 'nobody'"),
        ("marker=", "IMG.0027", "/marker: no item has the id ''"),
        ("member_status=pending", "IMG.0001", "/member_status: glance_list_image_members has no such query"),
    ],
)
def test_bad_query_of_members_is_400(api: Api, query: str, code: str, reason: str) -> None:
    """A query parameter that cannot be served is refused by its name."""
    response = api("GET", f"{share(api, CONSUMER)}/members?{query}")
    assert refusal(response) == (400, code)
    assert response.headers["X-IMS-Mock-Reason"].startswith(reason)


def test_marker_is_a_member_that_the_caller_may_know(api: Api) -> None:
    """A member pages behind itself, and not behind another member."""
    path = share(api, CONSUMER, "another-member")
    assert member_ids(api, f"{path}/members?marker={CONSUMER}", **AS_CONSUMER) == []
    assert refusal(api("GET", f"{path}/members?marker=another-member", **AS_CONSUMER)) == (400, "IMG.0027")


# glance_show_image_member


@pytest.mark.parametrize("headers", [{}, AS_CONSUMER])
def test_member_is_shown_to_owner_and_member(api: Api, headers: dict[str, str]) -> None:
    """Show returns to both sides what the add returned."""
    path = share(api)
    member = api("POST", f"{path}/members", {"member": CONSUMER}).get_json()
    assert api("GET", f"{path}/members/{CONSUMER}", **headers).get_json() == member


# glance_update_image_member


@pytest.mark.parametrize("status", ["accepted", "rejected"])
def test_member_decides(api: Api, status: str) -> None:
    """A member accepts or rejects; the record has its decision and when it was made."""
    path = share(api, CONSUMER)
    api.clock.advance(60)
    response = decide(api, path, status)
    assert response.status_code == 200
    assert response.get_json() == {
        "member_id": CONSUMER,
        "image_id": path.rpartition("/")[2],
        "status": status,
        "created_at": PAGE,
        "updated_at": "2016-06-02T07:50:48Z",
        "schema": "/v2/schemas/member",
    }
    assert api("GET", f"{path}/members/{CONSUMER}").get_json() == response.get_json()


@pytest.mark.parametrize("second", ["accepted", "rejected"])
@pytest.mark.parametrize("first", ["accepted", "rejected"])
def test_member_decides_again(api: Api, first: str, second: str) -> None:
    """A member may say the same twice, and change its mind."""
    path = share(api, CONSUMER)
    decide(api, path, first)
    assert decide(api, path, second).get_json()["status"] == second


def test_decision_is_of_one_member(api: Api) -> None:
    """What one member decides says nothing of the others, and changes nobody's place in the list."""
    path = share(api, CONSUMER, "another-member")
    decide(api, path, "accepted")
    members = api("GET", f"{path}/members").get_json()["members"]
    assert [(member["member_id"], member["status"]) for member in members] == [
        (CONSUMER, "accepted"),
        ("another-member", "pending"),
    ]


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        ({"status": "pending"}, "IMG.0001", '/status: must be "accepted" or "rejected", got "pending"'),
        ({"status": "ACCEPTED"}, "IMG.0001", '/status: must be "accepted" or "rejected", got "ACCEPTED"'),
        ({"status": ""}, "IMG.0001", '/status: must be "accepted" or "rejected", got ""'),
        ({"status": None}, "IMG.0001", "/status: must be of type string, got null"),
        ({"status": True}, "IMG.0001", "/status: must be of type string, got true"),
        ({}, "IMG.0001", 'body: must have "status"'),
        (["accepted"], "IMG.0001", 'body: must be of type object, got ["accepted"]'),
        (b"", "IMG.0007", "body: is empty"),
        ({"status": "accepted", "vault_id": ""}, "IMG.0184", "/vault_id: must have at least 1 character, got 0"),
        ({"status": "accepted", "vault_id": 5}, "IMG.0184", "/vault_id: must be of type string, got 5"),
        ({"status": "accepted", "vault_id": None}, "IMG.0184", "/vault_id: must be of type string, got null"),
    ],
)
def test_bad_decision_is_400(api: Api, body: Any, code: str, reason: str) -> None:
    """A body that decides nothing is refused, and the member stays pending."""
    path = share(api, CONSUMER)
    response = api("PUT", f"{path}/members/{CONSUMER}", body, **AS_CONSUMER)
    assert refusal(response) == (400, code)
    assert response.headers["X-IMS-Mock-Reason"].startswith(reason)
    assert api("GET", f"{path}/members/{CONSUMER}").get_json()["status"] == "pending"


def test_owner_does_not_decide(api: Api) -> None:
    """Only the member itself accepts or rejects."""
    path = share(api, CONSUMER)
    response = api("PUT", f"{path}/members/{CONSUMER}", {"status": "accepted"})
    assert refusal(response) == (403, "IMG.0161")
    assert response.headers["X-IMS-Mock-Reason"] == f"/member_id: only project {CONSUMER} itself may accept or reject"
    assert api("GET", f"{path}/members/{CONSUMER}").get_json()["status"] == "pending"


def test_whole_image_is_accepted_into_a_vault(api: Api) -> None:
    """A full-ECS image is not accepted without vault_id, which is not part of the member."""
    path = share(api, CONSUMER, **WHOLE)
    refused = decide(api, path, "accepted")
    assert refusal(refused) == (400, "IMG.0184")
    assert refused.headers["X-IMS-Mock-Reason"].startswith("/vault_id: is needed to accept a full-ECS image")
    body = {"status": "accepted", "vault_id": "v"}
    accepted = api("PUT", f"{path}/members/{CONSUMER}", body, **AS_CONSUMER).get_json()
    assert accepted["status"] == "accepted"
    assert "vault_id" not in accepted


def test_whole_image_is_rejected_without_a_vault(api: Api) -> None:
    """What is rejected needs no place."""
    assert decide(api, share(api, CONSUMER, **WHOLE), "rejected").status_code == 200


def test_vault_of_another_image_means_nothing(api: Api) -> None:
    """An image that is not of a whole ECS may be accepted with a vault_id."""
    path = share(api, CONSUMER)
    body = {"status": "accepted", "vault_id": "v"}
    assert api("PUT", f"{path}/members/{CONSUMER}", body, **AS_CONSUMER).status_code == 200


# glance_delete_image_member


def test_delete_member(api: Api) -> None:
    """The owner deletes one member, with an empty response; the others stay."""
    path = share(api, CONSUMER, "another-member")
    response = api("DELETE", f"{path}/members/{CONSUMER}")
    assert (response.status_code, response.data) == (204, b"")
    assert member_ids(api, f"{path}/members") == ["another-member"]


def test_second_delete_of_a_member_is_404(api: Api) -> None:
    """A member that is deleted is not there to be deleted."""
    path = share(api, CONSUMER)
    api("DELETE", f"{path}/members/{CONSUMER}")
    assert refusal(api("DELETE", f"{path}/members/{CONSUMER}")) == (404, "IMG.0114")


def test_deleted_member_is_added_again(api: Api) -> None:
    """A project that was a member begins as pending again."""
    path = share(api, CONSUMER)
    decide(api, path, "accepted")
    api("DELETE", f"{path}/members/{CONSUMER}")
    assert api("POST", f"{path}/members", {"member": CONSUMER}).get_json()["status"] == "pending"


def test_delete_member_takes_no_body(api: Api) -> None:
    """A body is refused, and the member stays."""
    path = share(api, CONSUMER)
    response = api("DELETE", f"{path}/members/{CONSUMER}", {"a": 1})
    assert refusal(response) == (400, "IMG.0001")
    assert response.headers["X-IMS-Mock-Reason"] == "body: glance_delete_image_member takes none; leave it out"
    assert member_ids(api, f"{path}/members") == [CONSUMER]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/members", {"member": "m"}), ("DELETE", f"/members/{CONSUMER}", None)],
)
def test_member_shares_with_nobody(api: Api, method: str, path: str, body: Any) -> None:
    """A member neither adds another nor deletes itself: only the owner shares."""
    image = share(api, CONSUMER)
    response = api(method, image + path, body, **AS_CONSUMER)
    assert refusal(response) == (403, "IMG.0047")
    owner = api.service.auth.project_id
    assert (
        response.headers["X-IMS-Mock-Reason"] == f"/image_id: only the owner of the image, project {owner}, may do this"
    )
    assert member_ids(api, f"{image}/members") == [CONSUMER]


# All five


EACH = [
    ("POST", "/members", {"member": "m"}),
    ("GET", "/members", None),
    ("GET", f"/members/{CONSUMER}", None),
    ("PUT", f"/members/{CONSUMER}", {"status": "accepted"}),
    ("DELETE", f"/members/{CONSUMER}", None),
]
ONE_MEMBER = EACH[2:]


@pytest.mark.parametrize(("method", "path", "body"), EACH)
def test_stranger_finds_no_image(api: Api, method: str, path: str, body: Any) -> None:
    """To a project with which an image is not shared it is not there, nor are its members."""
    image = share(api, CONSUMER)
    response = api(method, image + path, body, **AS_STRANGER)
    assert refusal(response) == (404, "IMG.0144")
    assert response.headers["X-IMS-Mock-Reason"].startswith("/image_id: no image ")
    assert api("GET", f"{image}/members/{CONSUMER}").get_json()["status"] == "pending"


@pytest.mark.parametrize("image_id", ["nope", "00000000-0000-4000-8000-000000000000"])
@pytest.mark.parametrize(("method", "path", "body"), EACH)
def test_members_of_an_unknown_image_are_404(api: Api, image_id: str, method: str, path: str, body: Any) -> None:
    """An id that no image has is 404 whatever it looks like."""
    assert refusal(api(method, f"/v2/images/{image_id}{path}", body)) == (404, "IMG.0144")


@pytest.mark.parametrize(("method", "path", "body"), ONE_MEMBER)
def test_owner_finds_no_project_that_is_no_member(api: Api, method: str, path: str, body: Any) -> None:
    """A project with which the image is not shared is no member to be shown, changed or deleted."""
    response = api(method, share(api, "another-member") + path, body)
    assert refusal(response) == (404, "IMG.0114")
    assert response.headers["X-IMS-Mock-Reason"].startswith(f"/member_id: no member '{CONSUMER}' of image ")


@pytest.mark.parametrize(("method", "path", "body"), ONE_MEMBER[:2])
def test_member_finds_no_other_member(api: Api, method: str, path: str, body: Any) -> None:
    """A member neither sees another one nor learns that it is there."""
    image = share(api, CONSUMER, "another-member")
    assert refusal(api(method, image + path, body, **AS_ANOTHER)) == (404, "IMG.0114")


@pytest.mark.parametrize(("method", "path", "body"), EACH)
def test_members_need_a_credential(api: Api, method: str, path: str, body: Any) -> None:
    """Without a credential the gateway refuses."""
    assert api(method, share(api, CONSUMER) + path, body, X_Auth_Token="").status_code == 401


# What each project sees


@pytest.mark.parametrize(
    ("steps", "shown", "listed"),
    [
        ([], 404, []),
        (["shared"], 200, []),
        (["shared", "accepted"], 200, ["offer"]),
        (["shared", "rejected"], 200, []),
        (["shared", "accepted", "rejected"], 200, []),
        (["shared", "rejected", "accepted"], 200, ["offer"]),
        (["shared", "accepted", "removed"], 404, []),
        (["shared", "accepted", "removed", "shared"], 200, []),
    ],
)
def test_consumer_sees_what_it_accepted(api: Api, steps: list[str], shown: int, listed: list[str]) -> None:
    """A member can show an image whatever it decided, and has it in its list once it has accepted."""
    path = share(api, name="offer")
    for step in steps:
        if step == "shared":
            api("POST", f"{path}/members", {"member": CONSUMER})
        elif step == "removed":
            api("DELETE", f"{path}/members/{CONSUMER}")
        else:
            decide(api, path, step)
    assert api("GET", path, **AS_CONSUMER).status_code == shown
    assert image_names(api, "", **AS_CONSUMER) == listed


def test_both_sides_see_the_same_image(api: Api) -> None:
    """The image is the same for its owner and for a member; `owner` shows whose it is."""
    path = share(api, CONSUMER)
    assert api("GET", path, **AS_CONSUMER).get_json() == api("GET", path).get_json()
    assert api("GET", path).get_json()["owner"] == api.service.auth.project_id


@pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
def test_owner_has_the_image_in_its_list(api: Api, status: str) -> None:
    """The owner's list has a shared image whatever the member decided, and not among the private ones."""
    path = share(api, CONSUMER, name="offer")
    if status != "pending":
        decide(api, path, status)
    assert image_names(api, "") == ["offer"]
    assert image_names(api, "?visibility=shared") == ["offer"]
    assert image_names(api, "?visibility=private") == []


@pytest.fixture
def offers(api: Api) -> Api:
    """An API with an image of each member status, a public one, and one of the consumer's own."""
    for status in ("pending", "accepted", "rejected"):
        path = share(api, CONSUMER, name=status)
        if status != "pending":
            decide(api, path, status)
    add_image(api.service.store, "publisher", {"name": "public", "visibility": "public"})
    add_image(api.service.store, CONSUMER, {"name": "own"})
    return api


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["own", "public", "accepted"]),
        ("?visibility=shared", ["accepted"]),
        ("?visibility=shared&member_status=accepted", ["accepted"]),
        ("?visibility=shared&member_status=rejected", ["rejected"]),
        ("?visibility=shared&member_status=pending", ["pending"]),
        ("?visibility=shared&member_status=all", ["rejected", "accepted", "pending"]),
        ("?member_status=accepted&visibility=shared&__imagetype=shared", ["accepted"]),
        ("?member_status=pending&visibility=shared&__imagetype=private", []),
        ("?visibility=private", ["own"]),
        ("?visibility=public", ["public"]),
        (f"?owner={CONSUMER}", ["own"]),
    ],
)
def test_consumer_filters_by_member_status(offers: Api, query: str, names: list[str]) -> None:
    """Shared images are listed by what the consumer decided: accepted ones unless it asks for others."""
    assert image_names(offers, query, **AS_CONSUMER) == names


def test_bad_member_status_is_400(api: Api) -> None:
    """A member status that no member has is refused by its name."""
    response = api("GET", "/v2/images?visibility=shared&member_status=maybe")
    assert refusal(response) == (400, "IMG.0001")
    assert response.headers["X-IMS-Mock-Reason"].startswith('/member_status: must be "accepted" or "rejected" or')


def test_member_does_not_delete_the_image(api: Api) -> None:
    """A member that has accepted an image does not own it."""
    path = share(api, CONSUMER)
    decide(api, path, "accepted")
    assert refusal(api("DELETE", path, **AS_CONSUMER)) == (403, "IMG.0092")
    assert api("GET", path).status_code == 200


def test_deleted_image_takes_its_members(api: Api) -> None:
    """With an image its members go: nobody finds them, and the store has none left."""
    path = share(api, CONSUMER, name="offer")
    decide(api, path, "accepted")
    assert api("DELETE", path).status_code == 204
    assert refusal(api("GET", f"{path}/members")) == (404, "IMG.0144")
    assert api("GET", path, **AS_CONSUMER).status_code == 404
    assert image_names(api, "?visibility=shared", **AS_CONSUMER) == []
    assert api.service.store.members.images_of(CONSUMER) == set()


def test_decisions_of_members_do_not_change_the_image(api: Api) -> None:
    """Sharing an image first, and last taking it back, changes the image; accepting or rejecting it does not."""
    path = share(api, CONSUMER)
    api.clock.advance(60)
    decide(api, path, "accepted")
    assert api("GET", path).get_json()["updated_at"] == PAGE
    api("DELETE", f"{path}/members/{CONSUMER}")
    assert api("GET", path).get_json()["updated_at"] == "2016-06-02T07:50:48Z"
