"""Tags of images as keys and values.

add_image_tag, batch_add_or_delete_tags, batch_delete_tags, create_or_update_tags, delete_image_tag,
list_image_by_tags, list_image_tags, list_images_tags, list_tags.
"""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.conftest import Api


@pytest.fixture
def project(api: Api) -> str:
    """The caller's project."""
    return api.service.auth.project_id


@pytest.fixture
def image_id(api: Api) -> str:
    """An image without tags."""
    return str(api.create(name="web")["id"])


def code(response: TestResponse) -> tuple[int, str]:
    """Return the status and the code of a rejection."""
    return response.status_code, response.get_json()["error"]["code"]


def act(api: Api, project: str, image_id: str, action: str, *tags: Any) -> TestResponse:
    """Add or delete tags of an image."""
    return api("POST", f"/v2/{project}/images/{image_id}/tags/action", {"action": action, "tags": list(tags)})


def tag(key: str, value: str = "") -> dict[str, str]:
    """Return a tag as requests and responses have it."""
    return {"key": key, "value": value}


# One tag, in its forms


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"tag": "aaa.111"}, "aaa=111"),
        ({"tag": "aaa.1.2"}, "aaa=1.2"),
        ({"tag": " aaa "}, "aaa"),
        ({"image_tag": tag("aaa", "111")}, "aaa=111"),
        ({"image_tag": tag(" aaa ", " 1 ")}, "aaa=1"),
        ({"image_tag": tag("键", "值")}, "键=值"),
    ],
)
def test_tag_is_the_native_one(api: Api, image_id: str, given: dict[str, Any], stored: str) -> None:
    """A tag of either form is a text of the native API, with "=" between its key and its value."""
    assert api("PUT", "/v1/cloudimages/tags", {"image_id": image_id, **given}).status_code == 204
    assert api("GET", f"/v2/images/{image_id}").get_json()["tags"] == [stored]


@pytest.mark.parametrize(("text", "pair"), [("a=b", tag("a", "b")), ("a.b", tag("a", "b")), ("a", tag("a"))])
def test_native_tag_is_a_key_and_a_value(api: Api, project: str, text: str, pair: dict[str, str]) -> None:
    """A tag that was set natively is split where its key ends."""
    response = api("GET", f"/v2/{project}/images/{api.create(tags=[text])['id']}/tags")
    assert response.get_json() == {"tags": [pair]}


def test_tag_of_the_same_key_is_replaced(api: Api, project: str, image_id: str) -> None:
    """A key has one value; setting it again keeps its place."""
    act(api, project, image_id, "create", tag("a", "1"), tag("b", "2"))
    assert api("POST", f"/v2/{project}/images/{image_id}/tags", {"tag": tag("a", "3")}).status_code == 204
    assert api.images[image_id]["tags"] == ["a=3", "b=2"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "body: must have exactly one of tag and image_tag"),
        ({"tag": "a", "image_tag": tag("a")}, "body: must have exactly one of tag and image_tag"),
        ({"tag": "a b"}, "/tag: must be key.value, or a key"),
        ({"tag": ".b"}, "/tag: must be key.value, or a key"),
        ({"tag": "a" * 37}, "/tag: must be key.value, or a key"),
        ({"tag": 5}, "/tag: must be of type string"),
        ({"image_tag": {"key": "a"}}, '/image_tag: must have "value"'),
        ({"image_tag": tag("", "b")}, "/image_tag/key: must be 1 to 36 letters"),
        ({"image_tag": tag("a", "b" * 44)}, "/image_tag/value: must be 0 to 43 letters"),
        ({"image_tag": tag("a", "b=c")}, "/image_tag/value: must be 0 to 43 letters"),
    ],
)
def test_wrong_tag(api: Api, image_id: str, given: dict[str, Any], reason: str) -> None:
    """A tag that cannot be is rejected with what is wrong, and the image stays as it is."""
    response = api("PUT", "/v1/cloudimages/tags", {"image_id": image_id, **given})
    assert code(response) == (400, "IMG.0115")
    assert reason in response.headers["X-IMS-Mock-Reason"]
    assert api.images[image_id]["tags"] == []


def test_image_has_ten_tags_at_most(api: Api, project: str, image_id: str) -> None:
    """The eleventh tag is rejected with the code of the quota, and none of its request is set."""
    assert act(api, project, image_id, "create", *(tag(f"k{number}") for number in range(9))).status_code == 204
    assert code(act(api, project, image_id, "create", tag("x"), tag("y"))) == (400, "IMG.0116")
    assert len(api.images[image_id]["tags"]) == 9
    assert act(api, project, image_id, "create", tag("k1", "new"), tag("x")).status_code == 204


# Deleting


def test_delete_by_key(api: Api, project: str, image_id: str) -> None:
    """A tag is deleted by its key; one that is not there is 404, the second time too."""
    act(api, project, image_id, "create", tag("a", "1"), tag("b"))
    path = f"/v2/{project}/images/{image_id}/tags/a"
    assert api("DELETE", path).status_code == 204
    assert api.images[image_id]["tags"] == ["b"]
    assert code(api("DELETE", path)) == (404, "IMG.0115")


def test_batch_delete_leaves_out_what_is_not_there(api: Api, project: str, image_id: str) -> None:
    """Both calls that delete several tags pass over missing ones; a value is not needed, and does not matter."""
    act(api, project, image_id, "create", tag("a", "1"), tag("b"), tag("c"))
    assert act(api, project, image_id, "delete", {"key": "a", "value": "other"}, {"key": "nothing"}).status_code == 204
    body = {"tags": [{"key": "b"}, {"key": "nothing"}]}
    assert api("DELETE", f"/v1/{project}/cloudimages/{image_id}/tags/delete", body).status_code == 204
    assert api.images[image_id]["tags"] == ["c"]


def test_delete_of_nothing_changes_nothing(api: Api, project: str, image_id: str) -> None:
    """An image that had none of the tags is not updated."""
    api.clock.advance(5)
    act(api, project, image_id, "delete", tag("a"))
    assert api.images[image_id]["updated_at"] == api.images[image_id]["created_at"]


@pytest.mark.parametrize(
    ("body", "reason", "expected"),
    [
        ({"action": "Create", "tags": [tag("a")]}, '/action: must be "create" or "delete"', "IMG.0001"),
        ({"action": "create", "tags": []}, "/tags: must have at least 1 items", "IMG.0115"),
        ({"action": "create", "tags": [tag("a"), tag("a ", "b")]}, "/tags/1/key: 'a' is given twice", "IMG.0115"),
        ({"action": "delete", "tags": [tag("a"), tag("a")]}, "/tags/1/key: 'a' is given twice", "IMG.0115"),
        ({"action": "create", "tags": [{"key": "a"}]}, '/tags/0: must have "value"', "IMG.0115"),
        ({"action": "create", "tags": [tag("k", "x"), tag("a b")]}, "/tags/1/key: must be 1 to 36 letters", "IMG.0115"),
        ({"action": "delete", "tags": [tag("a" * 128)]}, "/tags/0/key: must have at most 127 characters", "IMG.0115"),
        ({"action": "create", "tags": [5]}, "/tags/0: must be of type object", "IMG.0115"),
        ({"action": "create", "tags": None}, "/tags: must be of type array", "IMG.0115"),
        ([], "body: must be of type object", "IMG.0001"),
    ],
)
def test_wrong_action(api: Api, project: str, image_id: str, body: Any, reason: str, expected: str) -> None:
    """A wrong batch is rejected as a whole."""
    response = api("POST", f"/v2/{project}/images/{image_id}/tags/action", body)
    assert code(response) == (400, expected)
    assert reason in response.headers["X-IMS-Mock-Reason"]
    assert api.images[image_id]["tags"] == []


# Lists of tags


@pytest.fixture
def tagged(api: Api, project: str) -> list[str]:
    """Four images of the project with tags, one after the other, and a public one that has tags too."""
    ids = []
    for name, tags in (("one", ["a=1"]), ("two", ["a=2", "b"]), ("three", ["a=1", "c=3"]), ("four", [])):
        ids.append(str(api.create(name=name, tags=tags)["id"]))
    public = api.images[api.create(name="public", tags=["z=9"])["id"]]
    public.update(owner="service", visibility="public")
    return ids


def test_tags_of_images(api: Api, tagged: list[str]) -> None:
    """Each tag of what the caller can list is listed once, newest image first."""
    assert api("GET", "/v1/cloudimages/tags").get_json() == {"tags": ["z=9", "a=1", "c=3", "a=2", "b"]}


@pytest.mark.parametrize(
    ("query", "tags"),
    [
        ("limit=2", ["z=9", "a=1"]),
        ("limit=2&page=2", ["c=3", "a=2"]),
        ("limit=2&page=3", ["b"]),
        ("limit=2&page=4", []),
        ("page=2", []),
        ("name=two", ["a=2", "b"]),
        ("visibility=public", ["z=9"]),
        ("min_disk=50", []),
    ],
)
def test_tags_of_some_images(api: Api, tagged: list[str], query: str, tags: list[str]) -> None:
    """Filters choose images, and a limit makes pages of tags."""
    assert api("GET", f"/v1/cloudimages/tags?{query}").get_json()["tags"] == tags


@pytest.mark.parametrize("query", ["limit=0", "page=0", "limit=x", "protected=maybe"])
def test_wrong_query_of_tags(api: Api, query: str) -> None:
    """A query that cannot be is rejected."""
    assert code(api("GET", f"/v1/cloudimages/tags?{query}")) == (400, "IMG.0001")


def test_tags_of_the_project(api: Api, project: str, tagged: list[str]) -> None:
    """Each key of the project's own images has all of its values."""
    assert api("GET", f"/v2/{project}/images/tags").get_json()["tags"] == [
        {"key": "a", "values": ["1", "2"]},
        {"key": "c", "values": ["3"]},
        {"key": "b", "values": [""]},
    ]


# Images by tags


def found(api: Api, project: str, **body: Any) -> list[str]:
    """Return the names of the images that a filter finds, as many as it counts."""
    path = f"/v2/{project}/images/resource_instances/action"
    page = api("POST", path, {"action": "filter", "limit": "1000", **body}).get_json()
    assert api("POST", path, {"action": "count", **body}).get_json() == {"total_count": page["total_count"]}
    assert len(page["resources"]) == page["total_count"]
    return [resource["resource_name"] for resource in page["resources"]]


def wanted(key: str, *values: str) -> dict[str, Any]:
    """Return a key with the values that are looked for."""
    return {"key": key, "values": list(values)}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, ["four", "three", "two", "one"]),
        ({"tags": [wanted("a", "1")]}, ["three", "one"]),
        ({"tags": [wanted("a", "1", "2")]}, ["three", "two", "one"]),
        ({"tags": [wanted("a"), wanted("b", "")]}, ["two"]),
        ({"tags_any": [wanted("b"), wanted("c", "3")]}, ["three", "two"]),
        ({"not_tags": [wanted("a", "1"), wanted("c")]}, ["four", "two", "one"]),
        ({"not_tags_any": [wanted("b"), wanted("c")]}, ["four", "one"]),
        ({"tags": [wanted("a")], "not_tags_any": [wanted("b")]}, ["three", "one"]),
        ({"without_any_tag": True, "tags": [wanted("a")]}, ["four"]),
        ({"without_any_tag": False, "tags": [wanted("c")]}, ["three"]),
        ({"matches": [{"key": "resource_name", "value": "O"}]}, ["four", "two", "one"]),
        ({"matches": [{"key": "resource_name", "value": ""}]}, []),
        ({"matches": [{"key": "resource_id", "value": "nothing"}]}, []),
    ],
)
def test_images_by_tags(api: Api, project: str, tagged: list[str], body: dict[str, Any], names: list[str]) -> None:
    """A filter finds the project's own images, newest first, and a count says how many they are."""
    assert found(api, project, **body) == names


def test_image_by_its_id(api: Api, project: str, tagged: list[str]) -> None:
    """An image is found by its id in either spelling, with its status and tags."""
    path = f"/v2/{project}/images/resource_instances/action"
    body = {"action": "filter", "matches": [{"key": "resource_id", "value": tagged[1].upper()}]}
    assert api("POST", path, body).get_json() == {
        "total_count": 1,
        "resources": [
            {
                "resource_id": tagged[1],
                "resource_name": "two",
                "resource_detail": {"status": "queued"},
                "tags": [tag("a", "2"), tag("b")],
            }
        ],
    }


def test_pages_of_images_by_tags(api: Api, project: str, tagged: list[str]) -> None:
    """Pages are cut by an offset and a limit, both texts, until one is empty; a page has ten by default."""
    path = f"/v2/{project}/images/resource_instances/action"
    pages = []
    for offset in ("0", "3", "6"):
        page = api("POST", path, {"action": "filter", "limit": "3", "offset": offset}).get_json()
        assert page["total_count"] == 4
        pages.append([resource["resource_name"] for resource in page["resources"]])
    assert pages == [["four", "three", "two"], ["one"], []]
    for _ in range(8):
        api.create()
    assert len(api("POST", path, {"action": "filter"}).get_json()["resources"]) == 10


@pytest.mark.parametrize(
    ("body", "reason", "expected"),
    [
        ({}, 'body: must have "action"', "IMG.0001"),
        ({"action": "Filter"}, '/action: must be "filter" or "count"', "IMG.0001"),
        ({"action": "filter", "limit": 10}, "/limit: must be of type string", "IMG.0001"),
        ({"action": "filter", "limit": "1001"}, "/limit: must be a number from 1 to 1000", "IMG.0001"),
        ({"action": "filter", "offset": "-1"}, "/offset: must be a number from 0", "IMG.0001"),
        ({"action": "filter", "tags": []}, "/tags: must have at least 1 items", "IMG.0115"),
        (
            {"action": "filter", "tags": [wanted(f"k{n}") for n in range(11)]},
            "/tags: must have at most 10 items",
            "IMG.0115",
        ),
        (
            {"action": "filter", "tags": [wanted("a", *map(str, range(11)))]},
            "/tags/0/values: must have at most 10",
            "IMG.0115",
        ),
        ({"action": "filter", "tags": [wanted("a", "1", "1")]}, "/tags/0/values: must have each item once", "IMG.0115"),
        (
            {"action": "filter", "not_tags": [wanted("a"), wanted("a")]},
            "/not_tags/1/key: 'a' is given twice",
            "IMG.0115",
        ),
        ({"action": "filter", "matches": []}, "/matches: must have at least 1 items", "IMG.0001"),
        (
            {"action": "filter", "matches": [{"key": "name", "value": ""}]},
            '/matches/0/key: must be "resource_name"',
            "IMG.0001",
        ),
        ({"action": "filter", "without_any_tag": "true"}, "/without_any_tag: must be of type boolean", "IMG.0001"),
    ],
)
def test_wrong_filter(api: Api, project: str, body: dict[str, Any], reason: str, expected: str) -> None:
    """A filter that cannot be is rejected with what is wrong."""
    response = api("POST", f"/v2/{project}/images/resource_instances/action", body)
    assert code(response) == (400, expected)
    assert reason in response.headers["X-IMS-Mock-Reason"]
