"""Images, by their operations, without a socket."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.images import OS_VERSIONS
from tests.conftest import PAGE, Api

OTHER = {"X_Project_Id": "another-project"}


# glance_create_image_metadata


def test_page_example(api: Api, page: dict[str, Any]) -> None:
    """The page's example request gives the page's example response, but for id, owner and times."""
    answer = api("POST", "/v2/images", page["request"]).get_json()
    same = {"id", "owner", "self", "file", "updated_at"}
    assert {key: value for key, value in answer.items() if key not in same} == {
        key: value for key, value in page["response"].items() if key not in same
    }
    assert answer.keys() == page["response"].keys()


def test_defaults(api: Api) -> None:
    """An empty object gives the page's defaults, with strings where the service has strings."""
    image = api.create()
    assert {
        "name": "",
        "visibility": "private",
        "protected": False,
        "container_format": "bare",
        "disk_format": "zvhd2",
        "tags": [],
        "min_ram": 0,
        "min_disk": 0,
        "__os_version": "Other Linux(64 bit)",
        "__isregistered": "true",
        "__image_size": "0",
        "status": "queued",
        "created_at": PAGE,
        "updated_at": PAGE,
    }.items() <= image.items()


def test_urls_name_the_image(api: Api) -> None:
    """`self`, `file` and `schema` are relative; Location is absolute."""
    answer = api("POST", "/v2/images", {})
    image = answer.get_json()
    path = f"/v2/images/{image['id']}"
    assert (image["self"], image["file"], image["schema"]) == (path, f"{path}/file", "/v2/schemas/image")
    assert answer.headers["Location"] == f"http://localhost{path}"


@pytest.mark.parametrize(
    ("name", "derived"),
    [
        ("Windows Server 2019 Standard 64bit", ("Windows", "Windows", "64")),
        ("CentOS 6.10 32bit", ("Linux", "CentOS", "32")),
        ("Oracle Linux Server release 7.6 64bit", ("Linux", "Oracle Linux", "64")),
        ("FreeBSD 13.2 64bit", ("Other", "FreeBSD", "64")),
        ("Other Linux(64 bit)", ("Linux", "Other", "64")),
        ("Other Linux (64 bit)", ("Linux", "Other", "64")),
    ],
)
def test_os_version_derives(api: Api, name: str, derived: tuple[str, ...]) -> None:
    """Type, platform and bits follow from the OS version, which stays as it was written."""
    image = api.create(__os_version=name)
    assert (image["__os_type"], image["__platform"], image["__os_bit"]) == derived
    assert image["__os_version"] == name


def test_every_os_version_is_accepted(api: Api) -> None:
    """Each name of the table creates an image with the attributes that the table gives it."""
    for name, derived in OS_VERSIONS.items():
        assert derived.items() <= api.create(__os_version=name).items()


@pytest.mark.parametrize(
    ("disk_format", "environment"),
    [("iso", "IsoImage"), ("vhd", "FusionCompute"), ("zvhd2", "FusionCompute"), ("raw", "FusionCompute")],
)
def test_environment_follows_from_format(api: Api, disk_format: str, environment: str) -> None:
    """An ISO is an IsoImage, anything else is for FusionCompute."""
    assert api.create(disk_format=disk_format)["virtual_env_type"] == environment


@pytest.mark.parametrize(
    "attributes",
    [
        {"name": "n"},
        {"name": "n" * 255},
        {"name": "\u540d\u5b57 \u00fcber-1.0_x"},
        {"name": "\u0939\u093f\u0928\u094d\u0926\u0940"},
        {"tags": ["t" * 255, "a=b", "\u6807\u7b7e"]},
        {"min_disk": 40},
        {"min_disk": 255},
        {"min_ram": 2147483647},
        {"protected": True},
        {"disk_format": "qcow2"},
        {"id": "00000000-0000-4000-8000-00000000000a"},
        {"my_property": "", "k" * 255: "v", "": "empty key", "a/b~c": "v\u00e4lue"},
        {"owner_specified.openstack.md5": ""},
    ],
)
def test_accepted(api: Api, attributes: dict[str, Any]) -> None:
    """What lies within the bounds is stored and answered as it was given."""
    image = api.create(**attributes)
    assert attributes.items() <= image.items()
    assert api.images[image["id"]] == image


def test_whole_float_is_an_integer(api: Api) -> None:
    """40.0 is the integer 40, and leaves as one."""
    answer = api("POST", "/v2/images", b'{"min_disk": 40.0, "min_ram": 1e3}')
    assert b'"min_disk":40,' in answer.data
    assert b'"min_ram":1000,' in answer.data


def test_repeated_tags_are_one(api: Api) -> None:
    """A tag that is given twice is kept once, where it first stood."""
    assert api.create(tags=["b", "a", "b"])["tags"] == ["b", "a"]


def test_owner_is_the_callers_project(api: Api) -> None:
    """The project is the one that X-Project-Id names, or the default one."""
    assert api.create()["owner"] == api.service.auth.project_id
    assert api("POST", "/v2/images", {}, X_Project_Id="b912fb4a").get_json()["owner"] == "b912fb4a"


def test_ids_are_seeded() -> None:
    """The same seed gives the same ids, whatever other requests come between; another seed gives others."""

    def ids(seed: int, between: int) -> list[str]:
        api = Api(seed=seed)
        first = api.create()["id"]
        for _ in range(between):
            api("GET", "/v2/images")
        return [first, api.create()["id"]]

    assert ids(1, 0) == ids(1, 3)
    assert ids(1, 0) != ids(2, 0)


def test_ids_are_lower_case_uuids(api: Api) -> None:
    """An id is a version 4 UUID in lower case."""
    import uuid

    text = api.create()["id"]
    assert str(uuid.UUID(text)) == text
    assert uuid.UUID(text).version == 4


def test_id_is_answered_in_lower_case(api: Api) -> None:
    """An id is the same in either case, so a second one in the other case exists already."""
    image_id = "ABCDEF00-0000-4000-8000-00000000000A"
    assert api.create(id=image_id)["id"] == image_id.lower()
    assert api("POST", "/v2/images", {"id": image_id.lower()}).status_code == 409


def test_id_that_exists_is_409(api: Api) -> None:
    """A second image of one id is refused, even of another project, and the first one stays."""
    first = api.create(name="first")
    again = api("POST", "/v2/images", {"id": first["id"], "name": "second"}, **OTHER)
    assert (again.status_code, again.get_json()["error"]["code"]) == (409, "IMG.0066")
    assert api.images == {first["id"]: first}


def test_generated_id_passes_over_a_taken_one(api: Api) -> None:
    """An id that a client has chosen is not given out again."""
    taken = Api().create()["id"]
    api.create(id=taken)
    assert api.create()["id"] != taken


# glance_show_image


def test_show(api: Api) -> None:
    """Show answers what create answered."""
    image = api.create(name="a", custom="x")
    assert api("GET", f"/v2/images/{image['id']}").get_json() == image


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("image_id", ["nope", "00000000-0000-4000-8000-000000000000", "a\nb", "\u540d"])
def test_unknown_id_is_404(api: Api, method: str, image_id: str) -> None:
    """An id that no image has is 404 whatever it looks like."""
    from urllib.parse import quote

    answer = api(method, f"/v2/images/{quote(image_id)}")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "IMG.0144")


def test_another_projects_image_is_404(api: Api) -> None:
    """A project neither sees, lists nor deletes another's private image."""
    image = api.create()
    path = f"/v2/images/{image['id']}"
    assert api("GET", path, **OTHER).status_code == 404
    assert api("DELETE", path, **OTHER).status_code == 404
    assert api("GET", "/v2/images", **OTHER).get_json()["images"] == []
    assert image["id"] in api.images


def test_public_image_is_seen_by_all_and_deleted_by_its_owner(api: Api) -> None:
    """A public image is shown to another project, which may not delete it."""
    image = api.create()
    api.images[image["id"]]["visibility"] = "public"
    assert api("GET", f"/v2/images/{image['id']}", **OTHER).status_code == 200
    refused = api("DELETE", f"/v2/images/{image['id']}", **OTHER)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (403, "IMG.0094")


# glance_delete_image


def test_delete(api: Api) -> None:
    """Delete answers 204 with neither body nor type; the second time 404."""
    path = f"/v2/images/{api.create()['id']}"
    answer = api("DELETE", path)
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert api.images == {}
    assert api("DELETE", path).status_code == 404


def test_delete_takes_delete_backup(api: Api) -> None:
    """The documented body is accepted, and nothing else is."""
    first, second = api.create(), api.create()
    assert api("DELETE", f"/v2/images/{first['id']}", {"delete_backup": True}).status_code == 204
    assert api("DELETE", f"/v2/images/{second['id']}", {"delete_backup": "yes"}).status_code == 400
    assert api("DELETE", f"/v2/images/{second['id']}", {"backup": True}).status_code == 400
    assert list(api.images) == [second["id"]]


def test_protected_is_403(api: Api) -> None:
    """A protected image is not deleted."""
    image = api.create(protected=True)
    answer = api("DELETE", f"/v2/images/{image['id']}")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "IMG.0091")
    assert image["id"] in api.images


# glance_list_images


def listed(api: Api, url: str) -> list[str]:
    """Return the names of a page of images."""
    return [image["name"] for image in api("GET", url).get_json()["images"]]


def test_list_is_newest_first(api: Api) -> None:
    """A list begins with the image that was created last."""
    for name in "abc":
        api.create(name=name)
    assert listed(api, "/v2/images") == ["c", "b", "a"]


def test_list_page_is_25(api: Api) -> None:
    """A page holds 25 images; `next` leads to the rest, and the last page has none."""
    for number in range(30):
        api.create(name=str(number))
    first = api("GET", "/v2/images").get_json()
    assert [image["name"] for image in first["images"]] == [str(number) for number in range(29, 4, -1)]
    last = api("GET", first["next"]).get_json()
    assert [image["name"] for image in last["images"]] == ["4", "3", "2", "1", "0"]
    assert "next" not in last
    assert (first["first"], first["schema"]) == ("/v2/images", "/v2/schemas/images")


def test_full_last_page_has_no_next(api: Api) -> None:
    """`next` is there only when another page is."""
    api.create()
    api.create()
    assert "next" not in api("GET", "/v2/images?limit=2").get_json()


def test_links_carry_the_filters(api: Api) -> None:
    """`first` and `next` ask for the same limit and the same images."""
    for _ in range(3):
        api.create(name="a b")
    page = api("GET", "/v2/images?limit=1&name=a%20b").get_json()
    assert page["first"] == "/v2/images?limit=1&name=a+b"
    assert page["next"] == f"/v2/images?limit=1&name=a+b&marker={page['images'][0]['id']}"
    following = api("GET", page["next"]).get_json()
    assert following["first"] == page["first"]
    assert following["images"][0]["id"] != page["images"][0]["id"]


def test_list_limits(api: Api) -> None:
    """0 is an empty page without a next; more than 1000 are served as 1000."""
    for _ in range(1001):
        api.create()
    empty = api("GET", "/v2/images?limit=0").get_json()
    assert empty["images"] == []
    assert "next" not in empty
    assert len(api("GET", "/v2/images?limit=2000").get_json()["images"]) == 1000


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("limit=-1", "/limit: must be at least 0, got -1"),
        ("limit=ten", '/limit: must be of type integer, got "ten"'),
        ("limit=", '/limit: must be of type integer, got ""'),
        ("limit=1.5", '/limit: must be of type integer, got "1.5"'),
        ("limit=" + "9" * 5000, "/limit: must be of type integer"),
        ("limit=%D9%A1", "/limit: must be of type integer"),
        ("limit=1&limit=2", "/limit: the query parameter is given twice"),
        ("marker=nope", "/marker: no image 'nope' is visible"),
        ("marker=", "/marker: no image '' is visible"),
        ("name=in:a,b", "/name: must be a plain name"),
        ("os_hidden=perhaps", '/os_hidden: must be of type boolean, got "perhaps"'),
        ("status=active", "/status: glance_list_images serves no such query parameter; it serves limit, marker"),
    ],
)
def test_bad_query_is_400(api: Api, query: str, reason: str) -> None:
    """A query parameter that cannot be served is refused by its name."""
    api.create()
    answer = api("GET", f"/v2/images?{query}")
    assert answer.status_code == 400
    assert answer.headers["X-IMS-Mock-Reason"].startswith(reason)


def test_no_image_is_hidden(api: Api) -> None:
    """openstacksdk asks for hidden images by name when it finds no other."""
    api.create(name="a")
    assert listed(api, "/v2/images?name=a&os_hidden=True") == []
    assert listed(api, "/v2/images?name=a&os_hidden=False") == ["a"]
