"""Images, by their operations, without a socket."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock.contract.operations import load_contract
from ims_mock.service.catalogue import add_image
from ims_mock.state.images import OS_VERSIONS
from tests.conftest import PAGE, Api

OTHER = {"X_Project_Id": "another-project"}


# glance_create_image_metadata


def test_page_example(api: Api, page: dict[str, Any]) -> None:
    """The page's example request gives the page's example response, but for id, owner and times."""
    response = api("POST", "/v2/images", page["request"]).get_json()
    same = {"id", "owner", "self", "file", "updated_at"}
    assert {key: value for key, value in response.items() if key not in same} == {
        key: value for key, value in page["response"].items() if key not in same
    }
    assert response.keys() == page["response"].keys()


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
    response = api("POST", "/v2/images", {})
    image = response.get_json()
    path = f"/v2/images/{image['id']}"
    assert (image["self"], image["file"], image["schema"]) == (path, f"{path}/file", "/v2/schemas/image")
    assert response.headers["Location"] == f"http://localhost{path}"


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
    """A value within the bounds is stored and returned as it was given."""
    image = api.create(**attributes)
    assert attributes.items() <= image.items()
    assert api.images[image["id"]] == image


def test_whole_float_is_an_integer(api: Api) -> None:
    """40.0 is the integer 40, and leaves as one."""
    response = api("POST", "/v2/images", b'{"min_disk": 40.0, "min_ram": 1e3}')
    assert b'"min_disk":40,' in response.data
    assert b'"min_ram":1000,' in response.data


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


def test_id_is_returned_in_lower_case(api: Api) -> None:
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
    """Show returns what create returned."""
    image = api.create(name="a", custom="x")
    assert api("GET", f"/v2/images/{image['id']}").get_json() == image


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("image_id", ["nope", "00000000-0000-4000-8000-000000000000", "a\nb", "\u540d"])
def test_unknown_id_is_404(api: Api, method: str, image_id: str) -> None:
    """An id that no image has is 404 whatever it looks like."""
    from urllib.parse import quote

    response = api(method, f"/v2/images/{quote(image_id)}")
    assert (response.status_code, response.get_json()["error"]["code"]) == (404, "IMG.0144")


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
    """Delete returns 204 with neither body nor type; the second time 404."""
    path = f"/v2/images/{api.create()['id']}"
    response = api("DELETE", path)
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
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
    response = api("DELETE", f"/v2/images/{image['id']}")
    assert (response.status_code, response.get_json()["error"]["code"]) == (403, "IMG.0091")
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
        ("marker=nope", "/marker: no item has the id 'nope'; give the id of the last item of the page before"),
        ("marker=", "/marker: no item has the id ''"),
        ("name=neq:a", "/name: must be a value, eq: and a value, or in: and values"),
        ("id=gt:a", "/id: must be a value, eq: and a value, or in: and values"),
        ('name=in:"a', "/name: must have quotes only around whole values, got '\"a'"),
        ('name=in:a"b"', "/name: must have quotes only around whole values, got"),
        ("name=a&name=b", "/name: the query parameter is given twice"),
        ("team=a&team=b", "/team: the query parameter is given twice"),
        ("name=%FF", "query: is not UTF-8; percent-encode it as UTF-8"),
        ("visibility=bogus", '/visibility: must be "public" or "private" or "shared" or "community" or "all"'),
        ("member_status=bogus", '/member_status: must be "accepted" or "rejected" or "pending" or "all", got "bogus"'),
        ("protected=1", '/protected: must be of type boolean, got "1"'),
        ("min_disk=-1", "/min_disk: must be at least 0, got -1"),
        ("min_ram=2147483648", "/min_ram: must be at most 2147483647"),
        ("min_ram=abc", '/min_ram: must be of type integer, got "abc"'),
        ("size_min=abc", '/size_min: must be of type integer, got "abc"'),
        ("size_max=", '/size_max: must be of type integer, got ""'),
        ("sort_key=bogus", '/sort_key: must be "name" or "status"'),
        ("sort_key=", '/sort_key: must be "name" or "status"'),
        ("sort_dir=up", '/sort_dir: must be "asc" or "desc", got "up"'),
        (
            "sort_key=name&sort_key=id&sort_key=size&sort_dir=asc&sort_dir=asc",
            "/sort_dir: must be one direction for all keys",
        ),
        ("sort=", "/sort: must be one of name, status"),
        ("sort=name:up", "/sort: must be one of name, status"),
        ("sort=bogus:asc", "/sort: must be one of name, status"),
        ("sort=name,,id", "/sort: must be one of name, status"),
        ("sort=name&sort_key=id", "/sort: must not be given together with sort_key and sort_dir"),
        ("sort=name&sort_dir=asc", "/sort: must not be given together with sort_key and sort_dir"),
        ("created_at=gt:", "/created_at: must be gt, gte, lt, lte, eq or neq with ':' and a UTC time"),
        ("created_at=in:2018-10-28T10:00:00Z", "/created_at: must be gt, gte, lt, lte, eq or neq"),
        ("updated_at=lt:2018-10-28", "/updated_at: must be gt, gte, lt, lte, eq or neq"),
        ("updated_at=lt:2018-13-28T10:00:00Z", "/updated_at: must be a time, got '2018-13-28T10:00:00Z'"),
        ("created_at=0000-01-01T00:00:00Z", "/created_at: must be a time, got '0000-01-01T00:00:00Z'"),
        ("created_at=0001-01-01T00:00:00%2B12:00", "/created_at: must be a time, got '0001-01-01T00:00:00+12:00'"),
        ("os_hidden=perhaps", '/os_hidden: must be of type boolean, got "perhaps"'),
    ],
)
def test_bad_query_is_400(api: Api, query: str, reason: str) -> None:
    """A query parameter that cannot be served is refused by its name."""
    api.create()
    response = api("GET", f"/v2/images?{query}")
    assert response.status_code == 400
    assert response.headers["X-IMS-Mock-Reason"].startswith(reason)


def test_no_image_is_hidden(api: Api) -> None:
    """openstacksdk asks for hidden images by name when it finds no other."""
    api.create(name="a")
    assert listed(api, "/v2/images?name=a&os_hidden=True") == []
    assert listed(api, "/v2/images?name=a&os_hidden=False") == ["a"]


@pytest.fixture
def several(api: Api) -> Api:
    """A service with four images, created a second apart, which differ in what a list can ask for."""
    store = api.service.store
    for name, attributes, data in (
        ("a", {"tags": ["red", "big"], "min_disk": 40, "__support_kvm": "true", "team": "x"}, b"1"),
        ("b", {"tags": ["red", "k.v"], "disk_format": "qcow2", "protected": True, "hw_firmware_type": "uefi"}, b"333"),
        ("c", {"disk_format": "iso", "__os_version": "Windows Server 2019 Standard 64bit", "min_ram": 512}, None),
        ("d", {"visibility": "public", "owner": "another-project", "__whole_image": "true", "team": "y"}, b"22"),
    ):
        add_image(store, api.service.auth.project_id, {"name": name, **attributes}, data)
        api.clock.advance(1)
    return api


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=a", "a"),
        ("name=eq:a", "a"),
        ("name=A", ""),
        ("name=", ""),
        ("name=in:a,b", "ba"),
        ('name=in:"a",c', "ca"),
        ("name=in:", ""),
        ("status=active", "dba"),
        ("status=in:queued,killed", "c"),
        ("status=bogus", ""),
        ("container_format=bare", "dcba"),
        ("disk_format=in:iso,qcow2", "cb"),
        ("disk_format=raw", ""),
        ("visibility=public", "d"),
        ("visibility=private", "cba"),
        ("visibility=shared", ""),
        ("visibility=community", ""),
        ("visibility=all", "dcba"),
        ("owner=another-project", "d"),
        ("protected=true", "b"),
        ("protected=False", "dca"),
        ("tag=red", "ba"),
        ("tag=red&tag=big", "a"),
        ("tag=k=v", "b"),
        ("tag=k.v", "b"),
        ("tag=nope", ""),
        ("min_disk=40", "a"),
        ("min_disk=0", "dcb"),
        ("min_ram=512", "c"),
        ("min_ram=%2B512", "c"),
        ("size_min=0", "dba"),
        ("size_min=2", "db"),
        ("size_max=2", "da"),
        ("size_max=-1", ""),
        ("size_min=2&size_max=2", "d"),
        ("created_at=2016-06-02T07:49:48Z", "a"),
        ("created_at=eq:2016-06-02T07:49:48", "a"),
        ("created_at=neq:2016-06-02T07:49:48Z", "dcb"),
        ("created_at=gt:2016-06-02T07:49:49Z", "dc"),
        ("created_at=gte:2016-06-02 07:49:49", "dcb"),
        ("created_at=lt:2016-06-02T09:49:49%2B02:00", "a"),
        ("updated_at=lte:2016-06-02T07:49:49Z", "ba"),
        ("__isregistered=true", "dcba"),
        ("__isregistered=false", ""),
        ("__imagetype=gold", "d"),
        ("__imagetype=private", "cba"),
        ("__os_bit=64", "dcba"),
        ("__os_type=Windows", "c"),
        ("__platform=Windows", "c"),
        ("__support_kvm=true", "a"),
        ("virtual_env_type=IsoImage", "c"),
        ("hw_firmware_type=uefi", "b"),
        ("__whole_image=true", "d"),
        ("team=x", "a"),
        ("team=", ""),
        ("nosuch=x", ""),
        ("attributes=x", ""),
        ("size=3", "b"),
        ("__imagetype=gold&visibility=public&protected=true", ""),
        ("sort_key=name", "dcba"),
        ("sort_key=name&sort_dir=asc", "abcd"),
        ("sort_dir=asc", "abcd"),
        ("sort_key=created_at&sort_dir=asc", "abcd"),
        ("sort_key=size&sort_dir=asc", "cadb"),
        ("sort_key=size", "bdac"),
        ("sort_key=disk_format&sort_key=name&sort_dir=asc&sort_dir=desc", "cbda"),
        ("sort_key=disk_format&sort_dir=asc", "cbad"),
        ("sort_key=updated_at&sort_dir=asc", "abcd"),
        ("sort=disk_format:asc,name:desc", "cbda"),
        ("sort=name:asc", "abcd"),
        ("sort=name", "dcba"),
        ("sort=status:asc,created_at:asc", "abdc"),
    ],
)
def test_list_query(several: Api, query: str, names: str) -> None:
    """A query lists the images that it names, in the order that it asks for."""
    assert "".join(listed(several, f"/v2/images?{query}")) == names


@pytest.mark.parametrize(
    "name", [name for name in load_contract().operations["glance_list_images"].query if name.startswith("__support")]
)
def test_list_by_support(api: Api, name: str) -> None:
    """Each attribute of the support family is a filter of its own."""
    api.create(name="with", **{name: "true"})
    api.create(name="without")
    assert listed(api, f"/v2/images?{name}=true") == ["with"]


def test_list_in_filter_of_ids(several: Api) -> None:
    """Several images are asked for by their ids at once."""
    first, *_, last = several.images
    assert listed(several, f"/v2/images?id=in:{first},{last}") == ["d", "a"]
    assert listed(several, f"/v2/images?id={first}") == ["a"]


def test_unregistered_image_is_in_no_list(api: Api) -> None:
    """Ordinary users see registered images alone, though they can show another by its id."""
    image = add_image(api.service.store, api.service.auth.project_id, {"__isregistered": "false"})
    assert listed(api, "/v2/images") == []
    assert listed(api, "/v2/images?__isregistered=false") == []
    assert api("GET", f"/v2/images/{image['id']}").status_code == 200


def test_marker_of_an_image_that_is_not_seen_is_403(api: Api) -> None:
    """A list does not begin after another project's image; it is refused as Glance refuses it."""
    hidden = api.create()
    response = api("GET", f"/v2/images?marker={hidden['id']}", **OTHER)
    assert (response.status_code, response.get_json()["error"]["code"]) == (403, "IMG.0161")


def test_marker_that_was_deleted_is_400(api: Api) -> None:
    """Where the last image of a page has been deleted, nothing can follow it, as with Glance."""
    first, last = api.create(), api.create()
    api("DELETE", f"/v2/images/{last['id']}")
    response = api("GET", f"/v2/images?marker={last['id']}")
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0027")
    assert list(api.images) == [first["id"]]


@pytest.mark.parametrize("sort", ["", "sort_dir=asc&", "sort_key=name&sort_dir=asc&", "sort=disk_format,name:asc&"])
def test_marker_need_not_pass_the_filters(several: Api, sort: str) -> None:
    """What follows a marker does not depend on whether the marker itself is asked for."""
    whole = several("GET", f"/v2/images?{sort}").get_json()["images"]
    for index, marker in enumerate(whole):
        after = [image["name"] for image in whole[index + 1 :] if image["status"] == "active"]
        assert listed(several, f"/v2/images?{sort}status=active&marker={marker['id']}") == after


@pytest.mark.parametrize("sort", ["", "sort_dir=asc&", "sort_key=name&sort_dir=asc&", "sort_key=status&"])
def test_pages_stay_right_while_images_come_and_go(api: Api, sort: str) -> None:
    """Between pages images are added, and others deleted; every one that was there and stays is listed once."""
    images = [api.create(name=f"n{number:02}") for number in range(20)]
    gone = iter([images[0], images[19], images[10]])
    seen: list[str] = []
    url: str | None = f"/v2/images?{sort}limit=5"
    while url:
        page = api("GET", url).get_json()
        seen += [image["name"] for image in page["images"]]
        url = page.get("next")
        if len(api.images) < 40:
            api.create(name=f"m{len(seen):02}")
            api.create(name=f"p{len(seen):02}")
        image = next(gone, None)
        if image is not None and url and image["id"] not in url:
            api("DELETE", f"/v2/images/{image['id']}")
    assert len(seen) == len(set(seen))
    assert {image["name"] for image in images if image["id"] in api.images} <= set(seen)
    assert len(api.images) > 20


def test_marker_that_is_shared_with_the_caller(api: Api) -> None:
    """A list can begin after an image that the caller sees as a member, whether it is listed or not."""
    for number in range(2):
        api.create(name=f"own{number}")
    members = {api.service.auth.project_id: "pending"}
    shared = add_image(api.service.store, "theirs", {"name": "shared"}, members=members)
    api.create(name="newer")
    assert listed(api, f"/v2/images?marker={shared['id']}") == ["own1", "own0"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_body_of_a_get_is_passed_over(api: Api, method: str) -> None:
    """What a GET may carry means nothing (RFC 9110 section 9.3.1)."""
    assert api(method, "/v2/images", b"{").status_code == 200


@pytest.mark.parametrize("version", ["Queens", "M", ""])
def test_release_changes_nothing(api: Api, version: str) -> None:
    """X-Api-Version asks for a release of Glance; either returns the same here."""
    image = api.create()
    assert api("GET", "/v2/images", X_Api_Version=version).get_json()["images"] == [image]


def test_links_repeat_what_is_repeated(several: Api) -> None:
    """`next` has every tag, key and direction again, in the order in which they were sent."""
    query = "sort_key=name&sort_key=id&sort_dir=asc&tag=red&limit=1&name=in%3Aa%2Cb"
    page = several("GET", f"/v2/images?{query}").get_json()
    assert page["first"] == f"/v2/images?{query}"
    assert page["next"] == f"/v2/images?{query}&marker={page['images'][0]['id']}"
    assert listed(several, page["next"]) == ["b"]


def test_an_older_image_that_is_put_in_later_is_listed_as_older(api: Api) -> None:
    """The order is that of creation, not that in which a test has put the images in."""
    api.create(name="new")
    add_image(api.service.store, "p", {"name": "old", "created_at": "2001-01-01T00:00:00Z", "visibility": "public"})
    assert listed(api, "/v2/images") == ["new", "old"]
    assert listed(api, "/v2/images?sort_dir=asc") == ["old", "new"]


# glance_update_image

V21 = "application/openstack-images-v2.1-json-patch"
V20 = "application/openstack-images-v2.0-json-patch"


def patch(api: Api, image: dict[str, Any], body: Any, media_type: str = V21, **headers: str) -> TestResponse:
    """Send an update of an image."""
    return api("PATCH", f"/v2/images/{image['id']}", body, Content_Type=media_type, **headers)


CHANGES: list[tuple[list[tuple[str, str, Any]], dict[str, Any], list[str]]] = [
    ([("replace", "/name", "b")], {"name": "b"}, []),
    ([("add", "/name", "b")], {"name": "b"}, []),
    ([("add", "/new", "1")], {"new": "1"}, []),
    ([("add", "/custom", "2")], {"custom": "2"}, []),
    ([("replace", "/custom", "")], {"custom": ""}, []),
    ([("remove", "/custom", None)], {}, ["custom"]),
    ([("add", "/__description", "text")], {"__description": "text"}, []),
    ([("replace", "/tags", ["q", "r", "q"])], {"tags": ["q", "r"]}, []),
    ([("add", "/tags", [])], {"tags": []}, []),
    ([("replace", "/protected", True)], {"protected": True}, []),
    ([("replace", "/a~1b", "slash")], {"a/b": "slash"}, []),
    ([("replace", "/m~0n", "tilde")], {"m~n": "tilde"}, []),
    ([("add", "/~01", "order")], {"~1": "order"}, []),
    ([("add", "/", "empty name")], {"": "empty name"}, []),
    ([("add", "/x", "1"), ("replace", "/x", "2")], {"x": "2"}, []),
    ([("add", "/x", "1"), ("remove", "/x", None)], {}, ["x"]),
    ([("remove", "/custom", None), ("add", "/custom", "again")], {"custom": "again"}, []),
    ([], {}, []),
]


@pytest.mark.parametrize("media_type", [V21, V20, V21 + "; charset=utf-8", V21.upper()])
@pytest.mark.parametrize(("changes", "changed", "removed"), CHANGES)
def test_update(
    api: Api, changes: list[tuple[str, str, Any]], changed: dict[str, Any], removed: list[str], media_type: str
) -> None:
    """Either dialect changes what it names, and nothing else; the response is the whole image."""
    image = api.create(name="a", custom="1", **{"a/b": "x", "m~n": "y"})
    if media_type == V20:
        body = [{op: path} if op == "remove" else {op: path, "value": value} for op, path, value in changes]
    else:
        body = [{"op": op, "path": path, **({} if op == "remove" else {"value": value})} for op, path, value in changes]
    response = patch(api, image, body, media_type)
    assert response.status_code == 200
    expected = {name: value for name, value in {**image, **changed}.items() if name not in removed}
    assert response.get_json() == expected
    assert api("GET", f"/v2/images/{image['id']}").get_json() == expected


@pytest.mark.parametrize(
    ("change", "status", "code", "reason"),
    [
        (("replace", "/nope", "x"), 409, "IMG.0035", "/1/path: the image has no attribute 'nope'; use add"),
        (("remove", "/nope", None), 409, "IMG.0035", "/1/path: the image has no attribute 'nope'"),
        (("replace", "/", "x"), 409, "IMG.0035", "/1/path: the image has no attribute ''"),
        (("replace", "/status", "active"), 403, "IMG.0161", "/1/value: status is read-only"),
        (("add", "/checksum", "x"), 403, "IMG.0161", "/1/value: checksum is read-only"),
        (("add", "/locations", []), 403, "IMG.0161", "/1/value: locations is read-only"),
        (("remove", "/owner", None), 403, "IMG.0161", "/1/path: owner is read-only"),
        (("replace", "/min_disk", 50), 403, "IMG.0161", "/1/value: min_disk is read-only"),
        (("replace", "/min_ram", 50), 403, "IMG.0161", "/1/value: min_ram is read-only"),
        (("replace", "/visibility", "public"), 403, "IMG.0161", "/1/value: visibility is read-only"),
        (("replace", "/disk_format", "raw"), 403, "IMG.0161", "/1/value: disk_format is read-only"),
        (("replace", "/container_format", "bare"), 403, "IMG.0161", "/1/value: container_format is read-only"),
        (("replace", "/__os_version", "CentOS 7.6 64bit"), 403, "IMG.0161", "/1/value: __os_version is read-only"),
        (("replace", "/id", "x"), 403, "IMG.0161", "/1/value: id is read-only"),
        (("remove", "/name", None), 403, "IMG.0161", "/1/path: 'name' can be replaced, and not removed"),
        (("remove", "/tags", None), 403, "IMG.0161", "/1/path: 'tags' can be replaced, and not removed"),
        (("remove", "/protected", None), 403, "IMG.0161", "/1/path: 'protected' can be replaced, and not removed"),
        (("add", "/__description", "d" * 1025), 400, "IMG.0004", "/1/value: __description must have at most 1024"),
        (
            ("add", "/__description", "a\nb"),
            400,
            "IMG.0054",
            "/1/value: __description must be text without",
        ),
        (("add", "/__description", "<b>"), 400, "IMG.0054", "/1/value: __description must be text without"),
        (("replace", "/name", ""), 400, "IMG.0013", "/1/value: name must have at least 1 character, got 0"),
        (("replace", "/name", "n" * 256), 400, "IMG.0002", "/1/value: name must have at most 255 characters, got 256"),
        (("replace", "/name", None), 400, "IMG.0003", "/1/value: name must be of type string, got null"),
        (("replace", "/name", " a"), 400, "IMG.0003", "/1/value: name must be letters of any script"),
        (("replace", "/protected", "true"), 400, "IMG.0001", "/1/value: protected must be of type boolean"),
        (("replace", "/tags", "a"), 400, "IMG.0115", '/1/value: tags must be of type array, got "a"'),
        (("replace", "/tags", ["a", ""]), 400, "IMG.0115", "/1/value/1: tags must have at least 1 character, got 0"),
        (("replace", "/tags", list("abcdefghijk")), 400, "IMG.0116", "/1/value: tags must have at most 10 items"),
        (("add", "/x", 5), 400, None, "/1/value: x must be of type string, got 5"),
        (("add", "/x", ["a"]), 400, None, '/1/value: x must be of type string, got ["a"]'),
        (("add", "/" + "k" * 256, "v"), 400, None, "/1/path: kkk"),
        (("add", "/a/b", "x"), 400, None, "/1/path: must be the JSON pointer of one attribute"),
        (("add", "/a/", "x"), 400, None, "/1/path: must be the JSON pointer of one attribute"),
        (("add", "//a", "x"), 400, None, "/1/path: must be the JSON pointer of one attribute"),
        (("add", "/a~2", "x"), 400, None, "/1/path: must be the JSON pointer of one attribute"),
        (("add", "/a~", "x"), 400, None, "/1/path: must be the JSON pointer of one attribute"),
        (("add", "name", "x"), 400, None, "/1/path: must be the JSON pointer of one attribute"),
        (("add", "", "x"), 400, None, "/1/path: must be the JSON pointer of one attribute"),
        (("add", 5, "x"), 400, None, "/1/path: must be of type string, got 5"),
        (("move", "/name", "x"), 400, None, '/1/op: must be "add" or "remove" or "replace", got "move"'),
        (("REPLACE", "/name", "x"), 400, None, '/1/op: must be "add" or "remove" or "replace", got "REPLACE"'),
    ],
)
def test_update_that_is_refused_changes_nothing(
    api: Api, change: tuple[str, Any, Any], status: int, code: str | None, reason: str
) -> None:
    """One wrong change and none is made, the right one before it neither."""
    image = api.create(name="a")
    op, path, value = change
    body = [{"op": "add", "path": "/right", "value": "1"}, {"op": op, "path": path, "value": value}]
    response = patch(api, image, body)
    assert response.headers["X-IMS-Mock-Reason"].startswith(reason)
    assert (response.status_code, response.get_json()["error"]["code"]) == (status, code or "IMG.0001")
    assert api.images[image["id"]] == image


@pytest.mark.parametrize(
    ("media_type", "body", "reason"),
    [
        (V21, {"name": "b"}, "body: must be of type array"),
        (V21, "x", "body: must be of type array"),
        (V21, ["x"], '/0: must be of type object, got "x"'),
        (V21, [{"path": "/name", "value": "b"}], '/0: must have "op"'),
        (V21, [{"op": "add", "value": "b"}], '/0: must have "path"'),
        (V21, [{"op": "add", "path": "/name"}], '/0: must have "value"'),
        (
            V21,
            [{"replace": "/name", "value": "b"}],
            '/0: must have "op" and "path"',
        ),
        (V20, [{"op": "replace", "path": "/name", "value": "b"}], "/0: must have one of add, replace and remove"),
        (V20, [{"replace": "/name"}], "/0: must have one of add, replace and remove, with a value unless it is remove"),
        (V20, [{"replace": "/name", "add": "/x", "value": "b"}], "/0: must have one of add, replace and remove"),
        (V20, [{"replace": "name", "value": "b"}], "/0/replace: must be the JSON pointer of one attribute"),
        (V20, [{}], "/0: must have at least 1 member, got {}"),
        (V21, b"", "body: is empty"),
        (V21, b"[", "body: is not JSON"),
    ],
)
def test_update_that_is_malformed_is_400(api: Api, media_type: str, body: Any, reason: str) -> None:
    """What is no list of changes of the dialect is refused, saying where."""
    response = patch(api, api.create(), body, media_type)
    assert response.status_code == 400
    assert response.headers["X-IMS-Mock-Reason"].startswith(reason)


@pytest.mark.parametrize(
    "item",
    [
        {"op": "x", "add": "/right", "value": "1"},
        {"op": 5, "path": 7, "add": "/right", "value": "1"},
        {"op": "add", "path": "/wrong", "add": "/right", "value": "1"},
        {"op": "remove", "path": "/name", "add": "/right", "value": "1"},
    ],
)
def test_update_in_the_older_dialect_passes_over_the_newer_one(api: Api, item: dict[str, Any]) -> None:
    """Of the media type v2.0 only add, replace and remove say what to do, as with Glance."""
    image = api.create()
    assert patch(api, image, [item], V20).get_json() == {**image, "right": "1"}


def test_update_in_the_older_dialect_names_its_own_members(api: Api) -> None:
    """The pointer of a refusal is one into the body that was sent."""
    refused = patch(api, api.create(), [{"remove": "/nope"}], V20)
    assert refused.headers["X-IMS-Mock-Reason"] == "/0/remove: the image has no attribute 'nope'"


def test_update_says_why_an_attribute_stays(api: Api) -> None:
    """What the client itself has set when it created the image is refused in other words than what the service sets."""
    refused = patch(api, api.create(), [{"op": "replace", "path": "/min_disk", "value": 50}])
    reason = refused.headers["X-IMS-Mock-Reason"]
    assert "min_disk is read-only: it is set when the image is created, and cannot be changed" in reason


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", ""])
def test_update_of_another_media_type_is_415(api: Api, media_type: str) -> None:
    """Any other media type is refused, and Accept-Patch has the two."""
    response = patch(api, api.create(), [], media_type)
    assert (response.status_code, response.get_json()["error"]["code"]) == (415, "IMG.0001")
    assert response.headers["Accept-Patch"] == f"{V21}, {V20}"
    assert response.headers["X-IMS-Mock-Reason"] == f"Content-Type: must be {V21} or {V20}, got {media_type or 'none'}"


def test_update_has_at_most_128_custom_attributes(api: Api) -> None:
    """The 129th attribute that no document names is 413, as with Glance, in an update and in a create."""
    image = api.create(**{f"k{number}": "v" for number in range(128)})
    refused = patch(api, image, [{"op": "add", "path": "/k128", "value": "v"}])
    assert (refused.status_code, refused.get_json()["error_code"]) == (413, "APIGW.0201")
    assert api("POST", "/v2/images", {f"k{number}": "v" for number in range(129)}).status_code == 413
    swapped = patch(api, image, [{"op": "remove", "path": "/k0"}, {"op": "add", "path": "/k128", "value": "v"}])
    assert swapped.status_code == 200


def test_update_changes_updated_at_when_it_changes_something(api: Api) -> None:
    """`updated_at` is the time of the last change; an update that leaves all as it is, is none."""
    image = api.create(name="a")
    api.clock.advance(5)
    same = patch(api, image, [{"op": "replace", "path": "/name", "value": "a"}]).get_json()
    assert same["updated_at"] == PAGE
    changed = patch(api, image, [{"op": "replace", "path": "/name", "value": "b"}]).get_json()
    assert (changed["created_at"], changed["updated_at"]) == (PAGE, "2016-06-02T07:49:53Z")


def test_update_of_another_projects_image(api: Api) -> None:
    """404 for an image that the project does not see, 403 for one that it sees."""
    image = api.create()
    assert patch(api, image, [], **OTHER).status_code == 404
    public = add_image(api.service.store, "p", {"visibility": "public"})
    refused = patch(api, public, [])
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (403, "IMG.0047")


def test_update_keeps_the_images_place(api: Api) -> None:
    """An image that is changed stays where it was in the list."""
    first = api.create(name="a")
    api.create(name="b")
    patch(api, first, [{"op": "replace", "path": "/name", "value": "c"}])
    assert listed(api, "/v2/images") == ["b", "c"]


# glance_delete_image, beside what stands above


def test_id_of_a_deleted_image_is_not_free(api: Api) -> None:
    """The id of an image that was deleted is 409, as with Glance."""
    image = api.create()
    api("DELETE", f"/v2/images/{image['id']}")
    assert api("POST", "/v2/images", {"id": image["id"]}).status_code == 409


@pytest.mark.parametrize(
    ("status", "returned", "code"), [("killed", 204, None), ("active", 204, None), ("saving", 400, "IMG.0090")]
)
def test_delete_by_status(api: Api, status: str, returned: int, code: str | None) -> None:
    """An image whose file is arriving is not deleted; one of any other status is."""
    image = add_image(api.service.store, api.service.auth.project_id, {"status": status})
    response = api("DELETE", f"/v2/images/{image['id']}")
    assert response.status_code == returned
    assert code is None or response.get_json()["error"]["code"] == code
