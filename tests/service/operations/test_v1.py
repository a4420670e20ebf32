"""Versions 1 and 1.1 of the API, by their operations, without a socket."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock.service.catalogue import add_image
from tests.conftest import PAGE, Api

LIST = "/v1.1/images/detail"
STRANGER = {"X_Project_Id": "stranger"}
MEMBER = {"X_Project_Id": "member"}
MD5_OF_ABC = "900150983cd24fb0d6963f7d28e17f72"


def later(api: Api, seconds: float) -> None:
    """Move the clock on."""
    api.clock.advance(seconds)


def refusal(response: TestResponse) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    return response.status_code, response.get_json()["error"]["code"]


def upload(api: Api, image_id: str, data: bytes = b"abc") -> None:
    """Give an image its file."""
    response = api("PUT", f"/v2/images/{image_id}/file", data, Content_Type="application/octet-stream")
    assert response.status_code == 204, response.headers


def listed(api: Api, query: str = "", **headers: str) -> list[str]:
    """Return the names of a list of images."""
    response = api("GET", LIST + query, **headers)
    assert response.status_code == 200, response.headers
    return [image["name"] for image in response.get_json()["images"]]


def head(api: Api, image_id: str, **headers: str) -> TestResponse:
    """Show an image in headers."""
    return api("HEAD", f"/v1/images/{image_id}", **headers)


def properties(response: TestResponse) -> dict[str, str]:
    """Return the attributes that have headers of their own, but for those that every image has."""
    prefix = "X-Image-Meta-Property-"
    return {
        name.removeprefix(prefix): value.encode("latin-1").decode()
        for name, value in response.headers
        if name.startswith(prefix) and not name.startswith((f"{prefix}__", f"{prefix}virtual_env_type"))
    }


# glance_list_images_detail_v1


def test_list_has_the_form_of_version_1(api: Api) -> None:
    """An image has its main attributes, nulls for what it has not, and the others as texts in properties."""
    image = api.create(name="web", tags=["a"], min_disk=40, min_ram=1, protected=True, custom="x")
    later(api, 5)
    upload(api, image["id"])
    assert api("GET", LIST).get_json() == {
        "images": [
            {
                "id": image["id"],
                "name": "web",
                "status": "active",
                "container_format": "bare",
                "disk_format": "zvhd2",
                "created_at": "2016-06-02T07:49:48.000000",
                "updated_at": "2016-06-02T07:49:53.000000",
                "deleted_at": None,
                "deleted": False,
                "min_disk": 40,
                "min_ram": 1,
                "protected": True,
                "is_public": False,
                "owner": api.service.auth.project_id,
                "checksum": MD5_OF_ABC,
                "size": 3,
                "virtual_size": None,
                "properties": {
                    "custom": "x",
                    "virtual_env_type": "FusionCompute",
                    "__image_size": "3",
                    "__image_source_type": "uds",
                    "__imagetype": "private",
                    "__isregistered": "true",
                    "__os_bit": "64",
                    "__os_type": "Linux",
                    "__os_version": "Other Linux(64 bit)",
                    "__platform": "Other",
                    "__root_origin": "file",
                },
            }
        ]
    }


def test_image_without_a_file_has_size_0(api: Api) -> None:
    """A queued image has no checksum, and a size of 0."""
    api.create()
    (image,) = api("GET", LIST).get_json()["images"]
    assert (image["status"], image["checksum"], image["size"]) == ("queued", None, 0)


def test_property_that_is_no_text_is_json(api: Api) -> None:
    """An attribute that is true or false is a text in version 1."""
    add_image(api.service.store, api.service.auth.project_id, {"__whole_image": "true"})
    (image,) = api("GET", LIST).get_json()["images"]
    assert image["properties"]["__whole_image"] == "true"


def test_list_has_every_image_newest_first(api: Api) -> None:
    """There are no pages: all images are listed, the last created first."""
    for number in range(30):
        api.create(name=str(number))
    assert listed(api) == [str(number) for number in range(29, -1, -1)]


def test_list_has_what_the_caller_sees(api: Api) -> None:
    """A project lists its own images, the public ones, and of those shared with it what it accepted."""
    store, owner = api.service.store, api.service.auth.project_id
    add_image(store, "publisher", {"name": "public", "visibility": "public"})
    for status in ("pending", "accepted", "rejected"):
        add_image(store, owner, {"name": status}, members={"member": status})
    add_image(store, owner, {"name": "private"})
    assert listed(api) == ["private", "rejected", "accepted", "pending", "public"]
    assert listed(api, **MEMBER) == ["accepted", "public"]
    assert listed(api, **STRANGER) == ["public"]


def test_public_image_is_public(api: Api) -> None:
    """What version 2 calls visibility is is_public in version 1."""
    add_image(api.service.store, "publisher", {"visibility": "public"})
    assert [image["is_public"] for image in api("GET", LIST).get_json()["images"]] == [True]


@pytest.fixture
def three(api: Api) -> Api:
    """An API with a queued image, and two with files of 3 and 5 bytes."""
    api.create(name="queued", disk_format="iso")
    upload(api, api.create(name="three")["id"], b"abc")
    upload(api, api.create(name="five", disk_format="iso")["id"], b"abcde")
    return api


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["five", "three", "queued"]),
        ("?name=three", ["three"]),
        ("?name=thre", []),
        ("?name=", []),
        ("?name=other:three", []),
        ("?name=eq:three", []),
        ("?name=in:three,five", []),
        ("?status=queued", ["queued"]),
        ("?status=active", ["five", "three"]),
        ("?status=deleted", []),
        ("?status=other:active", []),
        ("?disk_format=iso", ["five", "queued"]),
        ("?disk_format=raw", []),
        ("?container_format=bare", ["five", "three", "queued"]),
        ("?container_format=ovf", []),
        ("?size_min=3", ["five", "three"]),
        ("?size_min=4", ["five"]),
        ("?size_min=6", []),
        ("?size_max=5", ["five", "three"]),
        ("?size_max=4", ["three"]),
        ("?size_max=2", []),
        ("?size_min=3&size_max=3", ["three"]),
        ("?disk_format=iso&status=active", ["five"]),
    ],
)
def test_filters(three: Api, query: str, names: list[str]) -> None:
    """A filter leaves the images of exactly its value, or whose files lie within the bounds; several, those of all."""
    assert listed(three, query) == names


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("size_min=x", '/size_min: must be of type integer, got "x"'),
        ("size_max=", '/size_max: must be of type integer, got ""'),
        ("size_max=1.5", '/size_max: must be of type integer, got "1.5"'),
        ("name=a&name=b", "/name: the query parameter is given twice"),
        ("changes-since=", '/changes-since: must be a UTC time such as 2018-10-28T10:00:00Z, got ""'),
        ("changes-since=now", '/changes-since: must be a UTC time such as 2018-10-28T10:00:00Z, got "now"'),
        ("changes-since=2016-06-02", "/changes-since: must be a UTC time such as 2018-10-28T10:00:00Z"),
        ("changes-since=2016-13-02T07:49:48Z", "/changes-since: must be a time, got '2016-13-02T07:49:48Z'"),
        ("changes-since=gt:2016-06-02T07:49:48Z", "/changes-since: must be a UTC time such as"),
        ("limit=1", "/limit: glance_list_images_detail_v1 has no such query parameter; it has name, "),
        ("visibility=public", "/visibility: glance_list_images_detail_v1 has no such query parameter"),
    ],
)
def test_bad_query_is_400(api: Api, query: str, reason: str) -> None:
    """A query parameter that cannot be served is refused by its name."""
    response = api("GET", f"{LIST}?{query}")
    assert refusal(response) == (400, "IMG.0001")
    assert response.headers["X-IMS-Mock-Reason"].startswith(reason)


def test_changes_since(api: Api) -> None:
    """changes-since leaves what was created or changed at that time or later."""
    first = api.create(name="first")
    api.create(name="second")
    later(api, 5)
    api("PUT", f"{first['self']}/tags/t")
    api.create(name="third")
    assert listed(api, "?changes-since=2016-06-02T07:49:48Z") == ["third", "second", "first"]
    assert listed(api, "?changes-since=2016-06-02T07:49:49Z") == ["third", "first"]
    assert listed(api, "?changes-since=2016-06-02T07:49:53Z") == ["third", "first"]
    assert listed(api, "?changes-since=2016-06-02T07:49:54Z") == []


@pytest.mark.parametrize(
    ("time", "names"),
    [
        ("2016-06-02T07:49:48Z", ["n"]),
        ("2016-06-02T07:49:48", ["n"]),
        ("2016-06-02%2007:49:48", ["n"]),
        ("2016-06-02T07:49:48.000000", ["n"]),
        ("2016-06-02T07:49:47.500", ["n"]),
        ("2016-06-02T07:49:48.500000Z", []),
        ("2016-06-02T09:49:48%2B02:00", ["n"]),
        ("2016-06-02T07:49:48-00:01", []),
        ("2016-06-02T07:49:49.000000Z", []),
    ],
)
def test_changes_since_is_written_in_several_ways(api: Api, time: str, names: list[str]) -> None:
    """A time is UTC unless it says otherwise, and may have the fraction that the list itself writes."""
    api.create(name="n")
    assert listed(api, f"?changes-since={time}") == names


def test_changes_since_has_deleted_images(api: Api) -> None:
    """A deleted image is listed with changes-since alone, with its new status and when it was deleted."""
    image = api.create(name="gone")
    later(api, 5)
    api("DELETE", image["self"])
    assert listed(api) == []
    (gone,) = api("GET", f"{LIST}?changes-since={PAGE}").get_json()["images"]
    assert {
        "id": image["id"],
        "name": "gone",
        "status": "deleted",
        "deleted": True,
        "deleted_at": "2016-06-02T07:49:53.000000",
        "updated_at": "2016-06-02T07:49:53.000000",
        "created_at": "2016-06-02T07:49:48.000000",
    }.items() <= gone.items()
    assert "deleted" not in gone["properties"]


def test_deleted_image_is_filtered_as_others_are(api: Api) -> None:
    """The filters and the time leave out a deleted image too."""
    api("DELETE", api.create(name="gone")["self"])
    api.create(name="there")
    assert listed(api, f"?changes-since={PAGE}&status=deleted") == ["gone"]
    assert listed(api, f"?changes-since={PAGE}&name=there") == ["there"]
    assert listed(api, "?changes-since=2016-06-02T07:49:49Z") == []


@pytest.mark.parametrize("seconds", [0, 1])
def test_deleted_images_stand_where_they_stood(api: Api, seconds: float) -> None:
    """A list with deleted images is newest first as well, be they of one second or not."""
    paths = {}
    for name in "abcd":
        paths[name] = api.create(name=name)["self"]
        later(api, seconds)
    for name in "ac":
        api("DELETE", paths[name])
    assert listed(api, f"?changes-since={PAGE}") == ["d", "c", "b", "a"]


def test_deleted_image_is_its_owners(api: Api) -> None:
    """Another project does not see a deleted image, even one that was shared with it."""
    owner = api.service.auth.project_id
    image = add_image(api.service.store, owner, {"name": "gone"}, members={"member": "accepted"})
    api("DELETE", image["self"])
    assert listed(api, f"?changes-since={PAGE}") == ["gone"]
    assert listed(api, f"?changes-since={PAGE}", **MEMBER) == []
    assert listed(api, f"?changes-since={PAGE}", **STRANGER) == []


# glance_show_image_metadata_v1


def test_headers_of_a_queued_image(api: Api) -> None:
    """An image is shown in headers, those without a value left out, with an empty body."""
    image = api.create(name="web", min_disk=40)
    response = head(api, image["id"])
    assert (response.status_code, response.data) == (200, b"")
    prefix = "X-Image-Meta-"
    shown = {name.removeprefix(prefix): value for name, value in response.headers if name.startswith(prefix)}
    assert {name: value for name, value in shown.items() if not name.startswith("Property-")} == {
        "Id": image["id"],
        "Name": "web",
        "Status": "queued",
        "Container_format": "bare",
        "Disk_format": "zvhd2",
        "Min_disk": "40",
        "Min_ram": "0",
        "Protected": "False",
        "Owner": api.service.auth.project_id,
        "Created_at": "2016-06-02T07:49:48.000000",
        "Updated_at": "2016-06-02T07:49:48.000000",
        "Deleted": "False",
        "Is_public": "False",
        "Size": "0",
    }
    assert "Etag" not in response.headers
    assert "Content-Type" not in response.headers


def test_headers_after_an_upload(api: Api) -> None:
    """Etag and Checksum are the MD5 of the file, and Size is its length."""
    image = api.create()
    upload(api, image["id"])
    headers = head(api, image["id"]).headers
    assert (headers["Etag"], headers["X-Image-Meta-Checksum"]) == (MD5_OF_ABC, MD5_OF_ABC)
    assert (headers["X-Image-Meta-Size"], headers["X-Image-Meta-Status"]) == ("3", "active")


@pytest.mark.parametrize("name", ["\u540d\u5b57", "\u00c5ngstr\u00f6m", "\u0939\u093f\u0928\u094d\u0926\u0940"])
def test_name_is_sent_as_utf_8(api: Api, name: str) -> None:
    """A name of any script is in the headers, in UTF-8."""
    text = head(api, api.create(name=name)["id"]).headers["X-Image-Meta-Name"]
    assert text.encode("latin-1").decode() == name


def test_custom_attributes_have_headers(api: Api) -> None:
    """A custom attribute is a header of its own, with its name as it is written and its value in UTF-8."""
    attributes = {"custom": "x", "Kernel_Id": "k", "a.b": "c=d; e", "empty": "", "city": "K\u00f6ln \u2026 \u2028"}
    assert properties(head(api, api.create(**attributes)["id"])) == attributes


@pytest.mark.parametrize(
    "attributes",
    [
        {"broken": "a\r\nX-Injected: b"},
        {"broken": "a\nb"},
        {"broken": "a\rb"},
        {"broken": "\n"},
        {"broken": "a\x00b"},
        {"broken": "a\x7fb"},
        {"a b": "v"},
        {"a:b": "v"},
        {"a\r\nX-Injected": "b"},
        {"n\n": "v"},
        {"": "v"},
        {"\u540d": "v"},
    ],
)
def test_attribute_that_no_header_can_have_is_left_out(api: Api, attributes: dict[str, Any]) -> None:
    """A line break in an attribute, or a name that is no header's, breaks nothing, and leaves the others there."""
    response = head(api, api.create(**attributes, custom="x")["id"])
    assert response.status_code == 200
    assert properties(response) == {"custom": "x"}
    assert "X-Injected" not in response.headers


def test_headers_have_a_request_id(api: Api) -> None:
    """X-Openstack-Request-Id has the form that the page shows."""
    request_id = head(api, api.create()["id"]).headers["X-Openstack-Request-Id"]
    assert re.fullmatch("req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", request_id)


def test_public_image_is_shown_to_all(api: Api) -> None:
    """A public image is shown as such to any project."""
    image = add_image(api.service.store, "publisher", {"visibility": "public", "protected": True})
    headers = head(api, image["id"]).headers
    assert (headers["X-Image-Meta-Is_public"], headers["X-Image-Meta-Protected"]) == ("True", "True")


@pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
def test_shared_image_is_shown_to_its_member(api: Api, status: str) -> None:
    """A member is shown the image whatever it decided."""
    image = add_image(api.service.store, api.service.auth.project_id, {}, members={"member": status})
    assert head(api, image["id"], **MEMBER).status_code == 200
    assert head(api, image["id"], **STRANGER).status_code == 404


@pytest.mark.parametrize("image_id", ["nope", "detail", "00000000-0000-4000-8000-000000000000"])
def test_head_of_an_unknown_image_is_404(api: Api, image_id: str) -> None:
    """An id that no image has is 404, with the reason and without a body."""
    response = head(api, image_id)
    assert (response.status_code, response.data) == (404, b"")
    assert response.headers["X-IMS-Mock-Reason"].startswith(f"/image_id: no image '{image_id}' is visible")


def test_deleted_image_is_not_shown(api: Api) -> None:
    """A deleted image is in the list alone."""
    image = api.create()
    api("DELETE", image["self"])
    assert head(api, image["id"]).status_code == 404


# glance_delete_image_v1


def test_delete_is_200(api: Api) -> None:
    """Delete returns 200 with nothing; the second time 404, in either version."""
    image = api.create()
    path = f"/v1.1/images/{image['id']}"
    response = api("DELETE", path)
    assert (response.status_code, response.data) == (200, b"")
    assert "Content-Type" not in response.headers
    assert api.images == {}
    assert refusal(api("DELETE", path)) == (404, "IMG.0144")
    assert refusal(api("DELETE", image["self"])) == (404, "IMG.0144")


def test_protected_is_403(api: Api) -> None:
    """A protected image is not deleted."""
    image = api.create(protected=True)
    response = api("DELETE", f"/v1.1/images/{image['id']}")
    assert refusal(response) == (403, "IMG.0091")
    assert response.headers["X-IMS-Mock-Reason"].startswith("/protected: image ")
    assert image["id"] in api.images


@pytest.mark.parametrize(
    ("attributes", "headers", "status", "code"),
    [
        ({}, STRANGER, 404, "IMG.0144"),
        ({}, MEMBER, 403, "IMG.0092"),
        ({"visibility": "public"}, STRANGER, 403, "IMG.0094"),
        ({"status": "saving"}, {}, 400, "IMG.0090"),
    ],
)
def test_image_that_is_not_deleted(
    api: Api, attributes: dict[str, Any], headers: dict[str, str], status: int, code: str
) -> None:
    """Nobody deletes another's image, nor the owner one whose file is arriving."""
    members = {} if attributes else {"member": "accepted"}
    image = add_image(api.service.store, api.service.auth.project_id, attributes, members=members)
    assert refusal(api("DELETE", f"/v1.1/images/{image['id']}", **headers)) == (status, code)
    assert image["id"] in api.images


def test_delete_takes_no_body(api: Api) -> None:
    """A body is refused, and the image stays."""
    image = api.create()
    response = api("DELETE", f"/v1.1/images/{image['id']}", {"a": 1})
    assert refusal(response) == (400, "IMG.0001")
    assert response.headers["X-IMS-Mock-Reason"] == "body: glance_delete_image_v1 takes none; leave it out"
    assert image["id"] in api.images


# All three


@pytest.mark.parametrize(
    ("method", "path"), [("GET", LIST), ("HEAD", "/v1/images/{id}"), ("DELETE", "/v1.1/images/{id}")]
)
def test_version_1_needs_a_credential(api: Api, method: str, path: str) -> None:
    """Without a credential the gateway refuses."""
    assert api(method, path.format(**api.create()), X_Auth_Token="").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/images/detail", 405),
        ("GET", "/v1/images/{id}", 405),
        ("GET", "/v1.1/images/{id}", 405),
        ("HEAD", "/v1.1/images/{id}", 405),
        ("DELETE", "/v1/images/{id}", 405),
        ("POST", "/v1.1/images/detail", 405),
        ("GET", "/v1.1/images", 404),
        ("GET", "/v1.1/images/detail/", 404),
    ],
)
def test_version_1_has_three_operations(api: Api, method: str, path: str, status: int) -> None:
    """Each is served under the version that the page gives it, and nothing else is."""
    assert api(method, path.format(**api.create())).status_code == status


def test_shared_image_is_not_public(api: Api) -> None:
    """What is shared with some is not what everybody has."""
    image = add_image(api.service.store, api.service.auth.project_id, {}, members={"member": "accepted"})
    assert head(api, image["id"]).headers["X-Image-Meta-Is_public"] == "False"


def test_attribute_that_is_too_long_for_a_header(api: Api) -> None:
    """A value of more than 8000 characters has no header; the list has it."""
    image = api.create(fits="x" * 8000, long="x" * 8001)
    assert properties(head(api, image["id"])) == {"fits": "x" * 8000}
    (listed_image,) = api("GET", LIST).get_json()["images"]
    assert listed_image["properties"]["long"] == "x" * 8001


def test_attribute_that_is_null_is_left_out(api: Api) -> None:
    """What has no value is no property."""
    image = add_image(api.service.store, api.service.auth.project_id, {"__data_origin": None})
    assert "X-Image-Meta-Property-__data_origin" not in head(api, image["id"]).headers
