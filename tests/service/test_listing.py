"""What a list of images asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pytest

from ims_mock.contract.errors import ImsError
from ims_mock.service import filtering, listing
from ims_mock.service.catalogue import add_image
from ims_mock.service.listing import filters, listed_for, ordered, sorting
from ims_mock.state.clock import ManualClock
from ims_mock.state.image_orders import as_text
from ims_mock.state.images import Image
from ims_mock.state.packed import Packed
from ims_mock.state.store import Store
from tests import stores


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ('"a,b"', {"a,b"}),
        ('"a,b",c', {"a,b", "c"}),
        ("a,b", {"a"}),
        (r'"q\"q"', {'q"q'}),
        (r'"b\\"', {"b\\"}),
        ('""', {""}),
        ("a,", {"a", ""}),
        ("", {""}),
    ],
)
def test_in_filter(values: str, names: set[str]) -> None:
    """Values stand between commas; one in quotes may have commas and, behind a backslash, quotes."""
    (chosen,) = filters({"name": f"in:{values}"})
    known = ("a,b", "a", 'q"q', "b\\", "c", "")
    assert {name for name in known if chosen.passes({"name": name})} == names


@pytest.mark.parametrize("values", ['"a', 'a"', '"a"b', 'a"b"', '"a""b"', '"', r'"a\"'])
def test_wrong_quotes(values: str) -> None:
    """Quotes that are open, or do not stand around a whole value, are refused by the filter's name."""
    with pytest.raises(ImsError, match="/name: must have quotes only around whole values, got"):
        filters({"name": f"in:{values}"})


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (True, "true"), (5, "5"), (None, "null")])
def test_as_text(value: Any, text: str) -> None:
    """What is no text is compared as JSON writes it."""
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("query", "sort"),
    [
        ({}, [("created_at", "desc")]),
        ({"sort_dir": ["asc"]}, [("created_at", "asc")]),
        ({"sort_key": ["name", "id"]}, [("name", "desc"), ("id", "desc")]),
        ({"sort_key": ["name", "id"], "sort_dir": ["asc"]}, [("name", "asc"), ("id", "asc")]),
        ({"sort_key": ["name", "id"], "sort_dir": ["asc", "desc"]}, [("name", "asc"), ("id", "desc")]),
        ({"sort": ["name:asc", "id"]}, [("name", "asc"), ("id", "desc")]),
    ],
)
def test_sorting(query: dict[str, list[str]], sort: list[tuple[str, str]]) -> None:
    """Both ways of asking for an order give keys with directions; one direction is for all keys, the default desc."""
    assert sorting(query) == sort


# By index

COUNT = 240
EARLY, LATE = "1970-01-01T00:00:03Z", "1970-01-01T00:01:55Z"
"""Times of creation between which most of the images were created, two a second from 0 on."""

FILTERS: list[dict[str, Any]] = [
    {"status": "active"},
    {"status": "active", "tag": ["k=3", "w"], "protected": True},
    {"status": "in:queued,active,Active", "name": "in:a1,a2,b1"},
    {"name": "in:" + ",".join(f"a{number}" for number in range(70)), "disk_format": "in:qcow2,vhd,raw"},
    {"created_at": f"gt:{LATE}"},
    {"created_at": f"lte:{EARLY}", "visibility": "public"},
    {"created_at": EARLY, "status": "active"},
    {"created_at": f"neq:{EARLY}", "tag": ["k=1"]},
    {"updated_at": f"lt:{EARLY}"},
    {"updated_at": f"gte:{LATE}", "created_at": f"lt:{LATE}"},
    {"size_min": 115},
    {"size_max": 3, "status": "queued"},
    {"size_min": 50, "size_max": 52},
    {"size_min": 60, "size_max": 50},
    {"attributes": {"__support_kvm": "true"}},
    {"min_disk": 2, "visibility": "private"},
    {"status": "none"},
]

SORTS = ["created_at", "-created_at", "name", "-size", "-updated_at", "name -size", "-status name", "name -created_at"]


@pytest.fixture(scope="module")
def store() -> Store:
    """A store with images that differ in many ways; a few are public, shared with p, or not to be seen by p."""
    clock = ManualClock(0)
    store = Store(clock)
    for number in range(COUNT):
        clock.advance(number % 2)
        image = {
            "name": f"{'ab'[number % 2]}{number * 7 % 9}",
            "status": "active" if number % 3 else "queued",
            "tags": ["w", f"k.{number % 4}"],
            "min_disk": number % 4,
            "protected": number % 5 == 0,
            **({"__support_kvm": "true"} if number % 6 == 0 else {}),
        }
        owner = "q" if number % 8 == 7 else "p"
        members = {"p": "accepted"} if number % 16 == 7 else {}
        image_id = add_image(store, owner, image, members=members or None)["id"]
        with store.transaction():
            changes: dict[str, Any] = {"visibility": "public"} if number % 10 == 9 else {}
            changes |= {"size": number} if number % 7 else {}
            store.images.put(image_id, {**store.images[image_id], **changes, "disk_format": "qcow2"})
    return store


def query_of(chosen: dict[str, Any], sort: str) -> dict[str, Any]:
    """Return a query that sorts by keys, those behind a dash descending."""
    keys = sort.split()
    directions = ["desc" if key[0] == "-" else "asc" for key in keys]
    return {**chosen, "sort_key": [key.strip("-") for key in keys], "sort_dir": directions}


def found(store: Store, query: dict[str, Any], marker: str | None = None) -> list[Image]:
    """Return the images that project p lists."""
    tests = [listed_for(store, "p", "accepted"), *filters(query)]
    return list(ordered(store, tests, sorting(query), "p", marker))


def expected(store: Store, query: dict[str, Any]) -> list[Image]:
    """Return the same from all images, sorted by one key after the other."""
    tests = [listed_for(store, "p", "accepted"), *filters(query)]
    images = [image for image in store.images.values() if all(item.passes(image) for item in tests)]
    sort = sorting(query)
    for key, direction in reversed([*sort, ("created_at", sort[0][1])]):
        values = {
            image["id"]: stores.place_of(store, image["id"])
            if key == "created_at"
            else (key in image, image.get(key, 0 if key == "size" else ""))
            for image in images
        }
        images.sort(key=lambda image, values=values: values[image["id"]], reverse=direction == "desc")  # type: ignore[misc]
    return images


@pytest.mark.parametrize("most", [0, 10, 500])
@pytest.mark.parametrize("chosen", FILTERS, ids=range(len(FILTERS)))
def test_index_finds_what_a_search_finds(
    store: Store, chosen: dict[str, Any], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filters and orders give the images that a look at each of them gives, and so does a list behind a marker."""
    monkeypatch.setattr(listing, "MAX_SORTED", most)
    monkeypatch.setattr(listing, "MAX_COMBINATIONS", max(1, most))
    for sort in SORTS:
        query = query_of(chosen, sort)
        images = expected(store, query)
        assert [image["id"] for image in found(store, query)] == [image["id"] for image in images], sort
        for index in (0, len(images) // 2, len(images) - 1) if images else ():
            assert found(store, query, images[index]["id"]) == images[index + 1 :], sort


NARROW = [item for item in FILTERS if "neq:" not in str(item)]


@pytest.mark.parametrize("chosen", NARROW, ids=range(len(NARROW)))
def test_list_looks_at_few_images(store: Store, chosen: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """For a page, filters are tried on few images beside those that it has, however many there are."""
    tried: list[Packed] = []

    def noting(images: Iterable[Packed]) -> Iterator[Packed]:
        for image in images:
            tried.append(image)
            yield image

    monkeypatch.setattr(listing, "passed", lambda images, tests: filtering.passed(noting(images), tests))
    for sort in SORTS:
        query = query_of(chosen, sort)
        tests = [listed_for(store, "p", "accepted"), *filters(query)]
        page = list(islice(ordered(store, tests, sorting(query), "p", None), 4))
        assert len(tried) <= len(page) + COUNT // 12, sort
        tried.clear()
