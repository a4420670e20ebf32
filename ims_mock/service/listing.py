"""What a list of images asks for: whose images, which of them, in which order, from where on."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ims_mock.contract.errors import ImsError, marker_invisible, marker_unknown
from ims_mock.contract.problems import wrong_at
from ims_mock.state.image_orders import Among, Facet, as_text, facet_value, sort_value
from ims_mock.state.images import Image, is_visible
from ims_mock.state.store import Store
from ims_mock.state.times import ceiling_timestamp, exact_timestamp, parse_time, timestamp

Test = Callable[[Image], bool]


@dataclass(frozen=True)
class Filter:
    """A test of images.

    All that pass it have the value of `alike`, where there is one, or an id of `ids`: it need not be tried on others.
    """

    test: Test
    alike: tuple[Facet, str] | None = None
    ids: Collection[str] | None = None


# Parameters that say something else than which images.
_NO_FILTERS = {"limit", "marker", "sort", "sort_key", "sort_dir", "member_status"}

_TIMES: dict[str, tuple[Callable[[str, str], bool], Callable[[float], str]]] = {
    "gt": (operator.gt, timestamp),
    "gte": (operator.ge, ceiling_timestamp),
    "lt": (operator.lt, ceiling_timestamp),
    "lte": (operator.le, timestamp),
    "eq": (operator.eq, exact_timestamp),
    "neq": (operator.ne, exact_timestamp),
}
"""How a time is compared, and written for that: those of images are whole seconds, and those of a query may be not."""

# Quoted or bare, with a comma or the end behind it.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?:,|$)|([^",]*)(?:,|$)', re.DOTALL)


def listed_for(store: Store, project_id: str, member_status: str) -> Filter:
    """Filter what is in a project's list: its own, public, or shared with it and of that member status.

    An image that is not registered is in nobody's list.
    """

    def is_listed(image: Image) -> bool:
        if image.get("__isregistered") == "false":
            return False
        if is_visible(image, project_id):
            return True
        member = store.members.of(image["id"]).get(project_id)
        return member is not None and member_status in ("all", member["status"])

    return Filter(is_listed)


def filters(query: Mapping[str, Any]) -> list[Filter]:
    """Return what an image must pass for a query of GET /v2/images; raise 400 for one that says nothing.

    Under `attributes` the query has those whose value is to be exactly the one that is given.
    """
    documented = {name: value for name, value in query.items() if name not in _NO_FILTERS}
    others = documented.pop("attributes", {})
    return [
        *(_SPECIAL.get(name, exact)(name, value) for name, value in documented.items()),
        *(exact(name, value) for name, value in others.items()),
    ]


def passing(filters: Sequence[Filter], image: Image) -> bool:
    """Return whether an image passes all filters."""
    return all(item.test(image) for item in filters)


def alike(name: str, wanted: Any, absent: str = "false") -> tuple[Facet, str]:
    """Return what images have in common whose attribute has a value; `absent` is the value of those without it."""
    return (name, absent), facet_value(wanted)


def exact(name: str, wanted: Any) -> Filter:
    """Filter by an attribute's value; one that is not there is false, where that is asked for."""
    if not isinstance(wanted, str):
        return Filter(lambda image: image.get(name, False) == wanted, alike(name, wanted))
    return Filter(lambda image: name in image and as_text(image[name]) == wanted, alike(name, wanted))


def _text(name: str, wanted: str) -> Filter:
    """Filter by an attribute's value: a value, eq: and a value, or in: and values."""
    form, colon, rest = wanted.partition(":")
    return one_of(name, set(_split(name, rest)) if form == "in" and colon else {rest if colon else wanted})


def one_of(name: str, known: Collection[str]) -> Filter:
    """Filter by an attribute's value: one of these."""
    common = alike(name, *known) if len(known) == 1 else None
    return Filter(lambda image: image.get(name) in known, common, known if name == "id" else None)


def _split(name: str, text: str) -> Iterator[str]:
    """Yield the values of an in: filter; one in double quotes may have commas in it, and \\" and \\\\."""
    position = 0
    while position <= len(text):
        match = _QUOTED.match(text, position)
        if match is None:
            raise _wrong(name, "pattern", f"the quotes of {text!r} do not stand around whole values")
        yield re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2]
        position = match.end() if match[0].endswith(",") else len(text) + 1


def by_time(name: str, wanted: str) -> Filter:
    """Filter by a time stamp, with an operator and a time."""
    match = re.fullmatch(r"(?:([a-z]+):)?(.*)", wanted)
    assert match is not None, "the contract's pattern has been checked"
    compare, written = _TIMES[match[1] or "eq"]
    moment = _moment(name, match[2], written)
    return Filter(lambda image: compare(image.get(name, ""), moment))


def changed_since(name: str, wanted: str) -> Filter:
    """Filter the images that have changed at a time or later; raise 400 where a parameter is no time."""
    moment = _moment(name, wanted, ceiling_timestamp)
    return Filter(lambda image: bool(image.get("updated_at", "") >= moment))


def _moment(name: str, text: str, written: Callable[[float], str]) -> str:
    """Return the time that a parameter says, written for a comparison; raise 400 when it is none."""
    try:
        return written(parse_time(text))
    except (ValueError, OverflowError):
        advice = "write one such as 2018-10-28T10:00:00Z"
        raise _wrong(name, "format", f"{text!r} is no time; {advice}") from None


def _wrong(name: str, keyword: str, text: str) -> ImsError:
    return ImsError(400, reason=wrong_at((name,), keyword, text))


def _size(compare: Callable[[int, int], bool]) -> Callable[[str, int], Filter]:
    return lambda _, wanted: Filter(lambda image: "size" in image and compare(image["size"], wanted))


def _tags(_: str, wanted: list[str]) -> Filter:
    return Filter(
        lambda image: all(
            any(tag in (stored, stored.replace(".", "=", 1)) for stored in image.get("tags", ())) for tag in wanted
        ),
        alike("tags", wanted[0], ""),
    )


def _visibility(name: str, wanted: str) -> Filter:
    return exact(name, wanted) if wanted != "all" else Filter(lambda _: True)


_SPECIAL: dict[str, Callable[[str, Any], Filter]] = {
    **dict.fromkeys(("name", "id", "status", "container_format", "disk_format"), _text),
    **dict.fromkeys(("created_at", "updated_at"), by_time),
    "size_min": _size(operator.ge),
    "size_max": _size(operator.le),
    "tag": _tags,
    "visibility": _visibility,
}


def sorting(query: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the keys of a list with their directions, the first counting most; raise 400 when they do not fit."""
    keys, directions = query.get("sort_key", []), query.get("sort_dir", [])
    if "sort" in query:
        if keys or directions:
            raise _wrong("sort", "dependent", "is not given together with sort_key and sort_dir")
        return [(key, direction or "desc") for key, _, direction in (text.partition(":") for text in query["sort"])]
    keys = keys or ["created_at"]
    directions = directions or ["desc"]
    if len(directions) not in (1, len(keys)):
        text = f"must be one for all keys or one a key, got {len(directions)} for {len(keys)} keys"
        raise _wrong("sort_dir", "dependent", text)
    return list(zip(keys, directions * len(keys), strict=False))


def ordered(
    store: Store, chosen: Sequence[Filter], sort: list[tuple[str, str]], project_id: str, marker: str | None
) -> Iterator[Image]:
    """Return the images that a project sees and that pass the filters, in order, after the marker.

    Raise 400 for a marker that is no image, 403 for one that the project does not see.
    """
    images = store.images
    if marker is not None:
        _check_marker(store, marker, project_id)
    common = tuple(sorted(item.alike for item in chosen if item.alike))
    ids = next((item.ids for item in chosen if item.ids is not None), None)
    if ids is None and len(sort) == 1:
        key, direction = sort[0]
        seen = images.seen_by(
            project_id,
            store.members.images_of(project_id),
            marker,
            newest_first=direction == "desc",
            among=Among(key, common),
        )
        return (image for image in seen if passing(chosen, image))
    return iter(_sorted(store, _candidates(store, ids, project_id, Among(alike=common)), chosen, sort, marker))


def _check_marker(store: Store, marker: str, project_id: str) -> None:
    if marker not in store.images:
        raise marker_unknown(marker)
    if not is_visible(store.images[marker], project_id, store.members.of(marker)):
        raise marker_invisible(marker)


def _candidates(store: Store, ids: Collection[str] | None, project_id: str, among: Among) -> Iterator[Image]:
    """Yield the images that may pass, in any order: those of some ids, or those that are alike."""
    if ids is None:
        shared = store.members.images_of(project_id)
        return store.images.seen_by(project_id, shared, None, newest_first=True, among=among)
    return (store.images[image_id] for image_id in ids if image_id in store.images)


def _sorted(
    store: Store,
    candidates: Iterator[Image],
    chosen: Sequence[Filter],
    sort: list[tuple[str, str]],
    marker: str | None,
) -> list[Image]:
    """Return the images that pass, sorted, after the marker.

    Equal ones are sorted by creation, in the direction of the first key, as with Glance.
    """
    images = [image for image in candidates if image["id"] != marker and passing(chosen, image)]
    if marker is not None:
        images.append(store.images[marker])
    for key, direction in reversed([*sort, ("created_at", sort[0][1])]):
        images.sort(key=_sort_key(store, key), reverse=direction == "desc")
    return images[[image["id"] for image in images].index(marker) + 1 :] if marker is not None else images


def _sort_key(store: Store, key: str) -> Callable[[Image], Any]:
    if key == "created_at":
        return lambda image: store.images.place(image["id"])
    return lambda image: sort_value(image, key)
