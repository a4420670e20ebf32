"""Images as they are at a moment, walked while others change them; and the orders that are kept of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ims_mock.service.listing import filters, listed_for, ordered, sorting
from ims_mock.state.clock import ManualClock
from ims_mock.state.image_orders import Among
from ims_mock.state.members import new_member
from ims_mock.state.moments import Moment
from ims_mock.state.store import Store
from tests import stores
from tests.conftest import Api

BY_NAME = Among(sort_keys=(("name", False),))
RED = Among(sort_keys=(("name", False),), alike=((("colour", "none"), ("red",)),))


def put(store: Store, image_id: str, **attributes: Any) -> None:
    """Add an image of project p, or change it."""
    with store.transaction():
        before = store.images.get(image_id, {"id": image_id, "owner": "p", "created_at": "1", "colour": "red"})
        store.images.put(image_id, {**before, **attributes})


def share(store: Store, image_id: str, status: str) -> None:
    """Share an image with project q, which gives it a status."""
    with store.transaction():
        store.members.put(image_id, {"q": {**new_member(image_id, "q", "now"), "status": status}})


def remove(store: Store, image_id: str) -> None:
    """Remove an image."""
    with store.transaction():
        store.images.remove(image_id)


@pytest.fixture
def store() -> Store:
    """A store with images of project p; their names say in which order they are."""
    store = Store(ManualClock(0))
    for name in "dbca":
        put(store, f"image-{name}", name=name)
    return store


def names(moment: Moment, among: Among) -> str:
    """Return the names of the images of a moment in an order."""
    return "".join(packed[2][-1] for packed in moment.walk(among, newest_first=False))


CHANGES: list[tuple[Callable[[Store], None], str, str]] = [
    (lambda store: put(store, "image-b", name="x"), "acdb", "acdb"),
    (lambda store: put(store, "image-b", colour="blue"), "abcd", "acd"),
    (lambda store: put(store, "image-e", name="aa"), "aebcd", "aebcd"),
    (lambda store: remove(store, "image-c"), "abd", "abd"),
    (lambda store: put(store, "image-d", owner="q"), "abc", "abc"),
]


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize(("change", "all_then", "red_then"), CHANGES)
def test_moment_stays_and_orders_follow(
    store: Store, change: Callable[[Store], None], all_then: str, red_then: str, *, is_kept: bool
) -> None:
    """A moment shows what was before a change; the orders that are kept, also those made meanwhile, have the change."""
    if is_kept:
        assert names(Moment(store, "p", BY_NAME, RED), RED) == "abcd"
    moment = Moment(store, "p", BY_NAME, RED)
    change(store)
    assert (names(moment, BY_NAME), names(moment, RED)) == ("abcd", "abcd")
    assert store.images.kept(BY_NAME) is not None
    now = Moment(store, "p", BY_NAME, RED)
    assert (names(now, BY_NAME), names(now, RED)) == (all_then, red_then)


@pytest.mark.parametrize("is_kept", [True, False])
def test_members_are_those_of_the_moment(store: Store, *, is_kept: bool) -> None:
    """Who sees an image, and with which status, is as it was; the orders that are kept have what has changed."""
    wanted = [Among(sort_keys=BY_NAME.sort_keys, member_status=status) for status in ("all", "accepted", "pending")]
    share(store, "image-a", "pending")
    share(store, "image-b", "accepted")
    if is_kept:
        assert names(Moment(store, "q", *wanted), wanted[0]) == "ab"
    moment = Moment(store, "q", *wanted)
    share(store, "image-a", "accepted")
    share(store, "image-c", "pending")
    assert [names(moment, among) for among in wanted] == ["ab", "b", "a"]
    now = Moment(store, "q", *wanted)
    assert [names(now, among) for among in wanted] == ["abc", "ab", "c"]


def test_order_of_images_that_are_gone_is_not_kept(store: Store) -> None:
    """An order that was being made while others took the place of all images is of use for its own list alone."""
    before, moment = store.dump(), Moment(store, "p", BY_NAME)
    stores.restore(store, {**before, "images": before["images"][:2]})
    assert names(moment, BY_NAME) == "abcd"
    assert store.images.kept(BY_NAME) is None
    assert names(Moment(store, "p", BY_NAME), BY_NAME) == "bd"


def test_orders_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many orders the last ones are kept, and that of creation always."""
    monkeypatch.setattr("ims_mock.state.image_collection.MAX_ORDERS", 2)
    asked = [Among(sort_keys=((name, False),)) for name in ("a", "b", "c")]
    for among in asked:
        names(Moment(store, "p", among), among)
    assert [store.images.kept(among) is not None for among in (Among(), *asked)] == [True, False, True, True]


def listed(api: Api, query: str) -> list[str]:
    """Return the names of the images that a query lists."""
    return [image["name"] for image in api("GET", f"/v2/images?{query}").get_json()["images"]]


QUERIES = ("name=web", "sort=name:asc", "tag=new", "__platform=Ubuntu", "protected=true&sort=size:desc", "custom=yes")
EDITS: dict[str, Any] = {"name": "web", "tags": ["new"], "protected": True, "__platform": "Ubuntu", "custom": "yes"}


def test_image_edited_in_place_is_listed_as_edited(api: Api) -> None:
    """What a test edits through `images[...]` is found by filters and orders that were asked for before."""
    image_id = api.create(name="zoo")["id"]
    api.create(name="mid")
    assert [listed(api, query) for query in QUERIES] == [[], ["mid", "zoo"], [], [], [], []]
    image = api.images[image_id]
    for name, value in EDITS.items():
        image[name] = value
    assert [listed(api, query) for query in QUERIES] == [["web"], ["mid", "web"], ["web"], ["web"], ["web"], ["web"]]
    image["tags"].append("newer")
    assert listed(api, "tag=newer") == ["web"]
    del api.images[image_id]
    assert [listed(api, query) for query in QUERIES] == [[], ["mid"], [], [], [], []]


def test_image_edited_into_what_cannot_be_returned_is_checked(api: Api) -> None:
    """An image that a test has edited into none is rejected in a list, also where it was listed before."""
    image_id = api.create(name="a")["id"]
    assert listed(api, "sort=name:asc") == ["a"]
    api.images[image_id]["min_disk"] = "much"
    response = api("GET", "/v2/images?sort=name:asc")
    assert (response.status_code, "min_disk" in response.headers["X-IMS-Mock-Reason"]) == (500, True)


def test_list_is_of_the_moment_when_it_was_asked_for(store: Store) -> None:
    """A list whose images are taken one by one has none that came later, and each that was there."""
    chosen = [listed_for(store, "p", "all"), *filters({"attributes": {"colour": "red"}})]
    with store.transaction():
        found = ordered(store, chosen, sorting({"sort": ["name:asc"]}), "p", None)
    first = next(found)
    remove(store, "image-b")
    put(store, "image-c", name="z", colour="blue")
    put(store, "image-e", name="e")
    assert [first["name"], *(image["name"] for image in found)] == ["a", "b", "c", "d"]
