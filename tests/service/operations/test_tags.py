"""The tags of images, by their operations, without a socket."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from ims_mock.service.catalogue import add_image
from tests.conftest import PAGE, Api

LATER = "2016-06-02T07:49:53Z"
MEMBER = {"X_Project_Id": "member"}
STRANGER = {"X_Project_Id": "stranger"}

ALLOWED = [
    "t",
    "t" * 255,
    "Key_1-2",
    "a b",
    "a;b,c:d",
    "a\\b",
    "a%b",
    "?#&+",
    "\u00e9",
    "\u6807\u7b7e",
    "\U0001f600" * 255,
]


def refusal(response: TestResponse) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    return response.status_code, response.get_json()["error"]["code"]


def new_image(api: Api, *tags: str) -> str:
    """Create an image with tags, let five seconds pass, and return its path."""
    path: str = api.create(tags=tags)["self"]
    api.clock.advance(5)
    return path


def tag(api: Api, method: str, path: str, name: str, body: Any = None, **headers: str) -> TestResponse:
    """Put or delete a tag of an image."""
    return api(method, f"{path}/tags/{quote(name, safe='')}", body, **headers)


def stored(api: Api, path: str) -> tuple[list[str], str]:
    """Return the tags of an image, and when it was last changed."""
    image = api("GET", path).get_json()
    return image["tags"], image["updated_at"]


# glance_create_tag


def test_create_tag(api: Api) -> None:
    """A tag is added behind the others, with an empty response."""
    path = new_image(api, "one", "key=value")
    response = tag(api, "PUT", path, "two")
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
    assert stored(api, path) == (["one", "key=value", "two"], LATER)


def test_tag_that_is_there_stays(api: Api) -> None:
    """Adding a tag once more changes neither the tags nor when the image was changed."""
    path = new_image(api, "one", "two")
    assert tag(api, "PUT", path, "one").status_code == 204
    assert stored(api, path) == (["one", "two"], PAGE)


@pytest.mark.parametrize("name", ALLOWED)
def test_tag_within_bounds(api: Api, name: str) -> None:
    """A tag of 1 to 255 characters, whatever they are but '=', '.' and '/', is stored as it was meant."""
    path = new_image(api)
    assert tag(api, "PUT", path, name).status_code == 204
    assert stored(api, path)[0] == [name]


def test_tags_differ_by_case(api: Api) -> None:
    """A tag in another case is another tag."""
    path = new_image(api, "tag")
    tag(api, "PUT", path, "Tag")
    assert stored(api, path)[0] == ["tag", "Tag"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("t" * 256, "/tag: must have at most 255 characters, got 256"),
        ("key=value", "/tag: must be a tag key in UTF-8, without '=', '.' and control characters, got \"key=value\""),
        ("=", "/tag: must be a tag key in UTF-8, without '=', '.' and control characters, got \"=\""),
        ("a.b", "/tag: must be a tag key in UTF-8, without '=', '.' and control characters, got \"a.b\""),
        (".", "/tag: must be a tag key in UTF-8, without '=', '.' and control characters, got \".\""),
        ("a\0", "/tag: must be a tag key in UTF-8, without '=', '.' and control characters, got \"a\\u0000\""),
        ("a\n", "/tag: must be a tag key in UTF-8, without '=', '.' and control characters, got \"a\\n\""),
        ("a\n=", "/tag: must be a tag key in UTF-8, without '=', '.' and control characters, got \"a\\n=\""),
    ],
)
def test_bad_tag_is_400(api: Api, name: str, reason: str) -> None:
    """A tag that is too long, or more than a key, is refused, and nothing changes."""
    path = new_image(api, "one")
    response = tag(api, "PUT", path, name)
    assert refusal(response) == (400, "IMG.0115")
    assert response.headers["X-IMS-Mock-Reason"] == reason
    assert stored(api, path) == (["one"], PAGE)


def test_tag_that_is_not_utf8_is_400(api: Api) -> None:
    """Two tags of bytes that are no text do not become one."""
    path = new_image(api, "one")
    assert refusal(api("PUT", f"{path}/tags/%FF")) == (400, "IMG.0115")
    assert stored(api, path) == (["one"], PAGE)


def test_tag_with_a_value_is_not_put_again(api: Api) -> None:
    """A tag with a value cannot be put, even where the image has it."""
    assert refusal(tag(api, "PUT", new_image(api, "key=value"), "key=value")) == (400, "IMG.0115")


def test_tenth_tag_is_the_last(api: Api) -> None:
    """An image has ten tags at most."""
    path = new_image(api, *"abcdefghi")
    assert tag(api, "PUT", path, "j").status_code == 204
    response = tag(api, "PUT", path, "k")
    assert refusal(response) == (400, "IMG.0116")
    assert response.headers["X-IMS-Mock-Reason"].startswith("/tags: must have at most 10 items, got 11")
    assert stored(api, path)[0] == list("abcdefghij")


def test_tag_that_is_there_is_put_at_the_quota(api: Api) -> None:
    """At the quota a tag that the image has already is no eleventh."""
    assert tag(api, "PUT", new_image(api, *"abcdefghij"), "e").status_code == 204


def test_deleted_tag_makes_place(api: Api) -> None:
    """At the quota another tag can be added once one is deleted."""
    path = new_image(api, *"abcdefghij")
    tag(api, "DELETE", path, "a")
    assert tag(api, "PUT", path, "k").status_code == 204
    assert stored(api, path)[0] == list("bcdefghijk")


# glance_delete_tag


def test_delete_tag(api: Api) -> None:
    """A tag is deleted from among the others, with an empty response."""
    path = new_image(api, "one", "two", "three")
    response = tag(api, "DELETE", path, "two")
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
    assert stored(api, path) == (["one", "three"], LATER)


@pytest.mark.parametrize("name", [*ALLOWED, "key=value", "a.b", "a=b=c", "."])
def test_any_tag_that_is_there_is_deleted(api: Api, name: str) -> None:
    """What a create took as a tag can be deleted, with its value where it has one."""
    path = new_image(api, "other", name)
    assert tag(api, "DELETE", path, name).status_code == 204
    assert stored(api, path)[0] == ["other"]


@pytest.mark.parametrize("name", ["two", "One", "one ", "key", "key=", "key=other", "t" * 256])
def test_delete_of_a_tag_that_is_not_there_is_404(api: Api, name: str) -> None:
    """Only a whole tag that the image has is deleted; otherwise nothing changes."""
    path = new_image(api, "one", "key=value")
    response = tag(api, "DELETE", path, name)
    assert refusal(response) == (404, "IMG.0115")
    assert response.headers["X-IMS-Mock-Reason"] == f"/tag: image '{path.rpartition('/')[2]}' has no tag '{name}'"
    assert stored(api, path) == (["one", "key=value"], PAGE)


def test_second_delete_of_a_tag_is_404(api: Api) -> None:
    """A tag that is deleted is not there to be deleted."""
    path = new_image(api, "one")
    tag(api, "DELETE", path, "one")
    assert refusal(tag(api, "DELETE", path, "one")) == (404, "IMG.0115")


# Both


BOTH = pytest.mark.parametrize("method", ["PUT", "DELETE"])


@BOTH
@pytest.mark.parametrize("name", ["a%2Fb", "a/b", "%2F", "one/", "one%2F", ""])
def test_slash_in_a_tag_is_404(api: Api, method: str, name: str) -> None:
    """A slash, however it is written, ends a part of the path, and there is no such route; nor without a tag."""
    path = new_image(api, "one")
    response = api(method, f"{path}/tags/{name}")
    assert (response.status_code, response.get_json()["error_code"]) == (404, "APIGW.0101")
    assert stored(api, path) == (["one"], PAGE)


@BOTH
@pytest.mark.parametrize("body", [{"a": 1}, [], b"text"])
def test_tag_takes_no_body(api: Api, method: str, body: Any) -> None:
    """A body is rejected, whether it is JSON or not, and nothing changes."""
    path = new_image(api, "one")
    response = tag(api, method, path, "one", body)
    assert refusal(response) == (400, "IMG.0001")
    operation = {"PUT": "glance_create_tag", "DELETE": "glance_delete_tag"}[method]
    assert response.headers["X-IMS-Mock-Reason"] == f"body: {operation} takes none; leave it out"
    assert stored(api, path) == (["one"], PAGE)


@BOTH
def test_tags_of_anothers_image_are_404(api: Api, method: str) -> None:
    """A project that does not see an image neither adds nor deletes its tags."""
    path = new_image(api, "one")
    response = tag(api, method, path, "one", **STRANGER)
    assert refusal(response) == (404, "IMG.0144")
    assert response.headers["X-IMS-Mock-Reason"].startswith("/image_id: no image ")


@BOTH
@pytest.mark.parametrize("name", ["one", "never"])
def test_tags_are_the_owners(api: Api, method: str, name: str) -> None:
    """A project with which an image is shared changes no tags, be they there or not."""
    owner = api.service.auth.project_id
    image = add_image(api.service.store, owner, {"tags": ["one"]}, members={"member": "accepted"})
    response = tag(api, method, image["self"], name, **MEMBER)
    assert refusal(response) == (403, "IMG.0047")
    assert (
        response.headers["X-IMS-Mock-Reason"] == f"/image_id: only the owner of the image, project {owner}, may do this"
    )
    assert stored(api, image["self"])[0] == ["one"]


@BOTH
def test_tags_of_a_public_image_are_its_publishers(api: Api, method: str) -> None:
    """A public image is tagged by its owner alone, though everybody sees it."""
    image = add_image(api.service.store, "publisher", {"visibility": "public", "tags": ["one"]})
    assert refusal(tag(api, method, image["self"], "one")) == (403, "IMG.0047")
    assert tag(api, method, image["self"], "one", X_Project_Id="publisher").status_code == 204


@BOTH
@pytest.mark.parametrize("image_id", ["nope", "00000000-0000-4000-8000-000000000000"])
def test_tags_of_an_unknown_image_are_404(api: Api, method: str, image_id: str) -> None:
    """An id that no image has is 404 whatever it looks like."""
    assert refusal(tag(api, method, f"/v2/images/{image_id}", "one")) == (404, "IMG.0144")


@BOTH
def test_tags_need_a_credential(api: Api, method: str) -> None:
    """Without a credential the gateway refuses."""
    assert tag(api, method, new_image(api, "one"), "one", X_Auth_Token="").status_code == 401


@BOTH
def test_protected_image_is_tagged(api: Api, method: str) -> None:
    """Protection is from deletion of the image, and not from tags."""
    path = api.create(protected=True, tags=["one"])["self"]
    assert tag(api, method, path, "one").status_code == 204


def test_tag_is_not_read(api: Api) -> None:
    """A tag can be put and deleted, and neither it nor the tags of an image can be got."""
    path = new_image(api, "one")
    response = tag(api, "GET", path, "one")
    assert (response.status_code, response.headers["Allow"]) == (405, "DELETE, OPTIONS, PUT")
    assert api("GET", f"{path}/tags").status_code == 404


def test_image_is_found_by_its_new_tag(api: Api) -> None:
    """A list of images by tag has the image once the tag is added, and not any more once it is deleted."""
    path = new_image(api)
    found = []
    for method in ("PUT", "DELETE"):
        tag(api, method, path, "one")
        found.append(len(api("GET", "/v2/images?tag=one").get_json()["images"]))
    assert found == [1, 0]
