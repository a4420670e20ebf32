"""Lists by index, held against a look at every image, while images come, change and go."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ims_mock.service import listing
from ims_mock.service.catalogue import add_image
from ims_mock.service.filtering import Filter
from ims_mock.service.listing import filters, listed_for, ordered, sorting
from ims_mock.service.own_listing import own_filters
from ims_mock.state import image_collection, image_orders
from ims_mock.state.clock import ManualClock
from ims_mock.state.images import Image
from ims_mock.state.members import new_member
from ims_mock.state.store import Store
from tests import stores

FLAGS = ["true", "True", "false"]
TIMES = [f"1970-01-01T00:00:0{second}Z" for second in range(0, 9, 2)]

IMAGES = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b", "B", "a.b"]), "status": st.sampled_from(["active", "queued"])},
    optional={
        "tags": st.lists(st.sampled_from(["k=1", "k.2", "k", "w"]), min_size=1, unique=True),
        "size": st.integers(0, 3),
        "protected": st.booleans(),
        "visibility": st.sampled_from(["private", "public"]),
        "owner": st.sampled_from(["p", "q"]),
        "virtual_env_type": st.sampled_from(["FusionCompute", "Ironic"]),
        "hw_firmware_type": st.sampled_from(["bios", "uefi"]),
        "enterprise_project_id": st.sampled_from(["0", "e"]),
        "__support_arm": st.sampled_from(FLAGS),
        "__whole_image": st.sampled_from(FLAGS),
        "__isregistered": st.sampled_from(FLAGS),
        "min_disk": st.integers(0, 2),
    },
)
CHANGES = st.tuples(st.integers(0, 9), IMAGES | st.sampled_from(["removed", "restored", "shared"]))

OPERATORS = ["", "gt:", "gte:", "lt:", "lte:", "neq:"]
BOTH = {
    "name": st.sampled_from(["a", "B", "none"]),
    "status": st.sampled_from(["active", "queued"]),
    "created_at": st.builds("{}{}".format, st.sampled_from(OPERATORS), st.sampled_from(TIMES)),
    "protected": st.booleans(),
    "member_status": st.sampled_from(["accepted", "pending", "rejected"]),
    "tag": st.sampled_from([["k=2"], ["k=1"], ["k"], ["w", "k=2"]]),
}
NATIVE = {
    "name": st.sampled_from(["a", "in:a,B", 'in:"a.b",b', "in:"]),
    "size_min": st.integers(0, 3),
    "size_max": st.integers(0, 3),
    "min_disk": st.integers(0, 2),
    "visibility": st.sampled_from(["all", "private", "public"]),
    "attributes": st.dictionaries(
        st.sampled_from(["__whole_image", "hw_firmware_type"]), st.sampled_from([*FLAGS, "bios"])
    ),
}
OWN = {
    "enterprise_project_id": st.sampled_from(["0", "e", "all_granted_eps"]),
    "flavor_id": st.sampled_from(["s6.large.2", "kc1.large.2", "physical.o2.medium", "c1.large"]),
    "architecture": st.sampled_from(["x86", "arm"]),
    "__whole_image": st.sampled_from(FLAGS),
    "visibility": st.sampled_from(["private", "public"]),
    "__isregistered": st.just("true"),
}
KEYS = ["created_at", "updated_at", "name", "size", "status", "min_disk", "id"]
SORTS = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(["asc", "desc"])), max_size=3)
QUERIES = st.tuples(st.just("native"), st.fixed_dictionaries({}, optional={**BOTH, **NATIVE}), SORTS) | st.tuples(
    st.just("own"), st.fixed_dictionaries({}, optional={**BOTH, **OWN}), SORTS
)


def filters_of(store: Store, api: str, query: dict[str, Any]) -> list[Filter]:
    """Return the filters of a query of project p."""
    if api == "native":
        return [listed_for(store, "p", query.get("member_status", "all")), *filters(query)]
    exchange = SimpleNamespace(store=store, project_id="p", query={"member_status": "all", **query})
    return own_filters(cast(Any, exchange))


def walked(store: Store, chosen: list[Filter], sort: list[tuple[str, str]]) -> list[Image]:
    """Return what a list has, from a look at each image; sorted by the last key first."""
    images = [image for image in store.images.values() if all(item.passes(image) for item in chosen)]
    for key, direction in reversed([*sort, ("created_at", sort[0][1])]):
        images.sort(key=lambda image, key=key: _value(store, image, key), reverse=direction == "desc")  # type: ignore[misc]
    return images


def _value(store: Store, image: Image, key: str) -> Any:
    """Return by what images are sorted; one without a value comes before all others."""
    return stores.place_of(store, image["id"]) if key == "created_at" else (key in image, image.get(key, 0))


def change(store: Store, ids: list[str], number: int, image: Any) -> None:
    """Add an image or change one, remove one, share it with p or not any more, or restore all of them as they are."""
    image_id = ids[number % len(ids)] if ids else ""
    if image == "restored":
        stores.restore(store, store.dump())
        return
    if not isinstance(image, str) and (number >= len(ids) or image_id not in store.images):
        owner = image.get("owner", "p")
        members = {"p": "accepted"} if owner == "q" and number % 2 else None
        image_id = add_image(store, owner, {}, members=members)["id"]
        ids.append(image_id)
    with store.transaction():
        if image == "removed":
            store.images.remove(image_id)
        elif image == "shared":
            status = ("pending", "accepted", "rejected")[number % 3]
            member = {**new_member(image_id, "p", "now"), "status": status}
            store.members.put(image_id, {} if store.members.of(image_id) == {"p": member} else {"p": member})
        else:
            store.images.put(image_id, {**store.images[image_id], **image, "updated_at": store.timestamp()})


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.lists(CHANGES, max_size=12),
    st.lists(st.tuples(QUERIES, st.lists(CHANGES, max_size=3), st.integers(0, 9)), min_size=1, max_size=6),
    st.sampled_from([0, 1, 500]),
)
def test_lists_have_what_a_walk_finds(
    first: list[tuple[int, Any]], queries: list[tuple[tuple[str, Any, Any], list[tuple[int, Any]], int]], most: int
) -> None:
    """Filters, order and marker give what a look at each image gives, whatever has changed since an index was made."""
    store, ids = Store(ManualClock(0)), list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "MAX_SORTED", most)
        patch.setattr(listing, "MAX_COMBINATIONS", max(1, most))
        patch.setattr(image_collection, "MAX_ORDERS", max(1, most))
        patch.setattr(image_orders, "MAX_PENDING", most)
        for (api, query, keys), changes, index in [(queries[0][0], first, 0), *queries, *queries]:
            for number, image in changes:
                store.clock.advance(number % 2)  # type: ignore[attr-defined]
                change(store, ids, number, image)
            chosen = filters_of(store, api, query)
            sort = sorting({"sort_key": [key for key, _ in keys], "sort_dir": [direction for _, direction in keys]})
            expected = walked(store, chosen, sort)
            assert list(ordered(store, chosen, sort, "p", None)) == expected
            if expected:
                place = index % len(expected)
                assert list(ordered(store, chosen, sort, "p", expected[place]["id"])) == expected[place + 1 :]
