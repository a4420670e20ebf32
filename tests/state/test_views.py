"""The images as a test holds them."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

import pytest

from ims_mock import ImsMock, Stale
from tests.conftest import Api


@pytest.fixture
def image(api: Api) -> dict[str, Any]:
    """An image as a test reads it from the mock."""
    return api.images[api.create(name="a", tags=["k=v"])["id"]]


def stored(api: Api, image: dict[str, Any]) -> dict[str, Any]:
    """Return an image as the service responds with it."""
    shown: dict[str, Any] = api("GET", f"/v2/images/{image['id']}").get_json()
    return shown


EDITS: list[tuple[Callable[[Any], object], Callable[[Any], object]]] = [
    (lambda image: image.__setitem__("name", "b"), lambda shown: shown["name"] == "b"),
    (lambda image: image.update(name="b", x="y"), lambda shown: (shown["name"], shown["x"]) == ("b", "y")),
    (lambda image: image.update([("name", "b")]), lambda shown: shown["name"] == "b"),
    (lambda image: image.__ior__({"name": "b"}), lambda shown: shown["name"] == "b"),
    (lambda image: image.setdefault("x", "y"), lambda shown: shown["x"] == "y"),
    (lambda image: image.setdefault("name", "b"), lambda shown: shown["name"] == "a"),
    (lambda image: image["tags"].append("l=w"), lambda shown: shown["tags"] == ["k=v", "l=w"]),
    (lambda image: image["tags"].clear(), lambda shown: shown["tags"] == []),
    (lambda image: image["tags"].extend(["b=c", "a=b"]), lambda shown: shown["tags"] == ["k=v", "b=c", "a=b"]),
    (lambda image: image["tags"].__iadd__(["a=b"]), lambda shown: shown["tags"] == ["k=v", "a=b"]),
    (lambda image: image["tags"].__imul__(2), lambda shown: shown["tags"] == ["k=v", "k=v"]),
    (lambda image: image["tags"].insert(0, "a=b"), lambda shown: shown["tags"] == ["a=b", "k=v"]),
    (lambda image: image["tags"].remove("k=v"), lambda shown: shown["tags"] == []),
    (lambda image: image["tags"].pop(), lambda shown: shown["tags"] == []),
    (lambda image: image["tags"].__setitem__(slice(0, 1), ["b=c", "a=b"]), lambda shown: len(shown["tags"]) == 2),
    (lambda image: (image["tags"].append("a=b"), image["tags"].sort()), lambda shown: shown["tags"] == ["a=b", "k=v"]),
    (lambda image: image["tags"].reverse(), lambda shown: shown["tags"] == ["k=v"]),
]


@pytest.mark.parametrize(("edit", "is_so"), EDITS)
def test_edit_is_written_through(
    api: Api, image: dict[str, Any], edit: Callable[[Any], object], is_so: Callable[[Any], object]
) -> None:
    """Whatever a dict takes, the service responds with, and the dict has it too."""
    edit(image)
    assert is_so(stored(api, image))
    assert stored(api, image) == image == api.images[image["id"]]


@pytest.mark.parametrize(
    ("edit", "removed"), [(lambda image: image.pop("x"), "v"), (lambda image: image.popitem(), ("x", "v"))]
)
def test_removed_attribute_is_returned(
    api: Api, image: dict[str, Any], edit: Callable[[Any], object], removed: object
) -> None:
    """What is taken out of an image is returned, as from a dict."""
    image["x"] = "v"
    assert edit(image) == removed
    assert "x" not in stored(api, image)


def test_edit_of_a_list_is_a_change_of_the_image() -> None:
    """A request under Stale sees the tags as they were before a test appended one."""
    with ImsMock() as mock:
        image = mock.add_image(tags=["k=v"])
        mock.faults.add(Stale(reads=1), operation="glance_show_image")
        mock.images[image["id"]]["tags"].append("l=w")
        with urlopen(Request(f"{mock.url}/v2/images/{image['id']}", headers={"X-Auth-Token": mock.token})) as response:
            assert json.load(response)["tags"] == ["k=v"]
        assert mock.images[image["id"]]["tags"] == ["k=v", "l=w"]


def test_list_of_one_image_goes_into_another(api: Api, image: dict[str, Any]) -> None:
    """Lists are copied from image to image, and then edited alone."""
    other = api.images[api.create()["id"]]
    other["tags"] = image["tags"]
    other["tags"].append("l=w")
    assert (stored(api, image)["tags"], stored(api, other)["tags"]) == (["k=v"], ["k=v", "l=w"])


def test_lists_of_an_image_are_lists(image: dict[str, Any]) -> None:
    """A test compares, walks, copies and pickles them as any list."""
    tags = image["tags"]
    assert (tags, list(tags), tags[0], tags[:1], len(tags)) == (["k=v"], ["k=v"], "k=v", ["k=v"], 1)
    assert isinstance(tags, list)
    assert type(copy.deepcopy(tags)) is type(pickle.loads(pickle.dumps(tags))) is list
    assert repr(tags) == "['k=v']"


def test_attribute_that_is_not_there(image: dict[str, Any]) -> None:
    """As of a dict: KeyError, or the default."""
    with pytest.raises(KeyError, match="x"):
        image.pop("x")
    with pytest.raises(KeyError, match="x"):
        del image["x"]
    assert image.pop("x", 5) == 5


def test_image_is_as_it_was_when_it_was_read(api: Api, image: dict[str, Any]) -> None:
    """A request does not change what a test has read; what the test then writes changes that attribute alone."""
    change = [{"op": "replace", "path": "/name", "value": "b"}]
    media_type = "application/openstack-images-v2.1-json-patch"
    assert api("PATCH", f"/v2/images/{image['id']}", change, Content_Type=media_type).status_code == 200
    assert image["name"] == "a"
    image["x"] = "y"
    assert (image["name"], stored(api, image)["name"], stored(api, image)["x"]) == ("b", "b", "y")


def test_image_that_is_gone_is_a_plain_dict(api: Api, image: dict[str, Any]) -> None:
    """An edit of an image that was deleted, or taken out, brings it not back."""
    api("DELETE", f"/v2/images/{image['id']}")
    image["name"] = "b"
    assert image["name"] == "b"
    assert image["id"] not in api.images


def test_image_can_be_dumped_and_copied(image: dict[str, Any]) -> None:
    """An image is JSON, and a copy of it is a plain dict, which is edited alone."""
    for copied in (copy.deepcopy(image), image.copy(), json.loads(json.dumps(image)), {**image}, image | {}):
        assert copied == image
        assert type(copied) is dict
        copied["name"] = "c"
    assert image["name"] == "a"


def test_images_are_read_and_edited_as_a_dict() -> None:
    """The images of a mock are a mapping by id, as its users expect of a dict."""
    with ImsMock() as mock:
        first, second = (mock.add_image(name=name)["id"] for name in "ab")
        assert list(mock.images) == [first, second]
        assert list(reversed(mock.images)) == [second, first]
        assert {image["name"] for image in mock.images.values()} == {"a", "b"}
        assert mock.images == {first: mock.images[first], second: mock.images[second]}
        assert repr(mock.images) == repr(dict(mock.images))
        both = mock.images | {"x": {}}
        assert list(both) == [first, second, "x"]
        mock.images[first]["name"] = "c"
        assert mock.images.pop(first)["name"] == "c"
        with pytest.raises(KeyError):
            del mock.images[first]
        with pytest.raises(KeyError):
            mock.images.pop(first)
        mock.images.clear()
        assert not mock.images


def test_images_may_be_added_while_they_are_walked(api: Api) -> None:
    """A walk goes over the images that there were when it began, whatever requests add meanwhile."""
    api.create()
    walked = [api.create()["id"] for _ in api.images]
    assert len(walked) == 1
    assert len(api.images) == 2


def test_images_of_a_mock_take_an_update_in_place() -> None:
    """`mock.images |= ...` adds images, and an assignment replaces them all."""
    mock = ImsMock()
    first = mock.add_image(name="a")
    mock.images |= {"b": {**first, "id": "b"}}
    assert list(mock.images) == [first["id"], "b"]
    mock.images = {"c": {**first, "id": "c"}}
    assert list(mock.images) == ["c"]


def test_images_without_an_id_go_into_a_snapshot(api: Api) -> None:
    """An image that a test has put in without its id is restored under the one where it stands."""
    with ImsMock() as mock:
        mock.images["abc"] = {}
        mock.images["d"] = {"id": "zz"}
        mock.restore(mock.snapshot())
        assert sorted(mock.images) == ["abc", "d"]


def test_default_that_is_set_writes_through(api: Api, image: dict[str, Any]) -> None:
    """A list that setdefault returns is the image's, whether it was there or not."""
    image.setdefault("tags", []).append("l=w")
    assert stored(api, image)["tags"] == image["tags"] == ["k=v", "l=w"]


def test_list_that_was_assigned_is_a_copy(api: Api, image: dict[str, Any]) -> None:
    """What a test does to its own list afterwards does not reach the image."""
    tags = ["a=b"]
    image["tags"] = tags
    api.images["b9dabe2a-0000-4000-8000-000000000000"] = {**image, "tags": tags}
    tags.append("c=d")
    assert stored(api, image)["tags"] == image["tags"] == ["a=b"]
    assert api.images["b9dabe2a-0000-4000-8000-000000000000"]["tags"] == ["a=b"]


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, dict, lambda image: image.copy(), lambda image: {**image}]
)
def test_lists_of_a_copy_are_its_own(api: Api, image: dict[str, Any], copied: Callable[[Any], Any]) -> None:
    """Whatever is done to a copy, the image stays as it is."""
    copied(image)["tags"].append("l=w")
    assert stored(api, image)["tags"] == api.images[image["id"]]["tags"] == ["k=v"]


@pytest.mark.parametrize("read", [lambda image: image.get("tags"), lambda image: dict(image.items())["tags"]])
def test_list_that_is_read_writes_through(api: Api, image: dict[str, Any], read: Callable[[Any], Any]) -> None:
    """A list is the image's by whichever way a test has come to it."""
    read(image).append("l=w")
    assert stored(api, image)["tags"] == ["k=v", "l=w"]
    assert ["k=v", "l=w"] in list(image.values())


@pytest.mark.parametrize("record", [None, 5, [("a", 1)], {"tags": {"s"}}, {3: 4}, {"a": object()}])
def test_what_is_no_image_is_a_type_error(api: Api, image: dict[str, Any], record: Any) -> None:
    """A value that JSON does not have is an error where it is given, and changes nothing."""
    before = api.images.copy()
    with pytest.raises(TypeError, match="a record must be"):
        api.images["q"] = record
    if isinstance(record, dict):
        with pytest.raises(TypeError, match="a record must be"):
            image.update(record)
    assert api.images.copy() == before


def test_images_are_walked_backwards() -> None:
    """Items, keys and values go either way, as those of a dict."""
    mock = ImsMock()
    first, second = (mock.add_image(name=name)["id"] for name in "ab")
    images: Any = mock.images
    assert list(reversed(images.keys())) == [second, first]
    assert [key for key, _ in reversed(images.items())] == [second, first]
    assert [image["name"] for image in reversed(images.values())] == ["b", "a"]
