"""What a list of images asks for: whose images, which of them, in which order, from where on."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ims_mock.contract.errors import ImsError, marker_invisible, marker_unknown
from ims_mock.contract.problems import wrong_at
from ims_mock.state.images import Image, is_visible
from ims_mock.state.store import Store
from ims_mock.state.times import ceiling_timestamp, exact_timestamp, parse_time, timestamp

Test = Callable[[Image], bool]

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


def listed_for(store: Store, project_id: str, member_status: str) -> Test:
    """Return whether an image is in a project's list: its own, public, or shared with it and of that member status.

    An image that is not registered is in nobody's list.
    """

    def is_listed(image: Image) -> bool:
        if image.get("__isregistered") == "false":
            return False
        if is_visible(image, project_id):
            return True
        member = store.members.of(image["id"]).get(project_id)
        return member is not None and member_status in ("all", member["status"])

    return is_listed


def filters(query: Mapping[str, Any]) -> list[Test]:
    """Return the tests that an image must pass for a query of GET /v2/images; raise 400 for one that says nothing.

    Under `attributes` the query has those whose value is to be exactly the one that is given.
    """
    documented = {name: value for name, value in query.items() if name not in _NO_FILTERS}
    others = documented.pop("attributes", {})
    return [
        *(_SPECIAL.get(name, _exact)(name, value) for name, value in documented.items()),
        *(_exact(name, value) for name, value in others.items()),
    ]


def _exact(name: str, wanted: Any) -> Test:
    """Test an attribute against a value; one that is not there is false, where that is asked for."""
    if not isinstance(wanted, str):
        return lambda image: image.get(name, False) == wanted
    return lambda image: name in image and as_text(image[name]) == wanted


def _text(name: str, wanted: str) -> Test:
    """Test an attribute against a value, eq: and a value, or in: and values."""
    form, colon, rest = wanted.partition(":")
    known = set(_split(name, rest)) if form == "in" and colon else {rest if colon else wanted}
    return lambda image: image.get(name) in known


def _split(name: str, text: str) -> Iterator[str]:
    """Yield the values of an in: filter; one in double quotes may have commas in it, and \\" and \\\\."""
    position = 0
    while position <= len(text):
        match = _QUOTED.match(text, position)
        if match is None:
            raise _wrong(name, "pattern", f"the quotes of {text!r} do not stand around whole values")
        yield re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2]
        position = match.end() if match[0].endswith(",") else len(text) + 1


def _time(name: str, wanted: str) -> Test:
    """Test a time stamp against an operator and a time."""
    match = re.fullmatch(r"(?:([a-z]+):)?(.*)", wanted)
    assert match is not None, "the contract's pattern has been checked"
    compare, written = _TIMES[match[1] or "eq"]
    moment = _moment(name, match[2], written)
    return lambda image: compare(image.get(name, ""), moment)


def changed_since(name: str, wanted: str) -> Test:
    """Return whether an image has changed at a time or later; raise 400 where a parameter is no time."""
    moment = _moment(name, wanted, ceiling_timestamp)
    return lambda image: bool(image.get("updated_at", "") >= moment)


def _moment(name: str, text: str, written: Callable[[float], str]) -> str:
    """Return the time that a parameter says, written for a comparison; raise 400 when it is none."""
    try:
        return written(parse_time(text))
    except (ValueError, OverflowError):
        advice = "write one such as 2018-10-28T10:00:00Z"
        raise _wrong(name, "format", f"{text!r} is no time; {advice}") from None


def _wrong(name: str, keyword: str, text: str) -> ImsError:
    return ImsError(400, reason=wrong_at((name,), keyword, text))


def _size(compare: Callable[[int, int], bool]) -> Callable[[str, int], Test]:
    return lambda _, wanted: lambda image: "size" in image and compare(image["size"], wanted)


def _tags(_: str, wanted: list[str]) -> Test:
    return lambda image: all(
        any(tag in (stored, stored.replace(".", "=", 1)) for stored in image.get("tags", ())) for tag in wanted
    )


def _visibility(_: str, wanted: str) -> Test:
    return lambda image: wanted in ("all", image.get("visibility"))


_SPECIAL: dict[str, Callable[[str, Any], Test]] = {
    **dict.fromkeys(("name", "id", "status", "container_format", "disk_format"), _text),
    **dict.fromkeys(("created_at", "updated_at"), _time),
    "size_min": _size(operator.ge),
    "size_max": _size(operator.le),
    "tag": _tags,
    "visibility": _visibility,
}


def as_text(value: Any) -> str:
    """Return an attribute's value as a query writes it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


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
    store: Store, sort: list[tuple[str, str]], project_id: str, marker: str | None, passes: Test
) -> Iterator[Image]:
    """Return the images that a project sees and that pass the tests, in order, after the marker.

    Raise 400 for a marker that is no image, 403 for one that the project does not see.
    """
    images, shared = store.images, store.members.images_of(project_id)
    if marker is not None:
        if marker not in images:
            raise marker_unknown(marker)
        if not is_visible(images[marker], project_id, store.members.of(marker)):
            raise marker_invisible(marker)
    if len(sort) == 1 and sort[0][0] == "created_at":
        return filter(passes, images.seen_by(project_id, shared, marker, newest_first=sort[0][1] == "desc"))
    seen = images.seen_by(project_id, shared, None, newest_first=True)
    chosen = [image for image in seen if image["id"] == marker or passes(image)]
    _sort(store, chosen, sort)
    if marker is not None:
        position = next(index for index, image in enumerate(chosen) if image["id"] == marker)
        chosen = chosen[position + 1 :]
    return iter(chosen)


def _sort(store: Store, images: list[Image], sort: list[tuple[str, str]]) -> None:
    """Sort in place; equal images are sorted by creation, in the direction of the first key, as with Glance."""
    for key, direction in reversed([*sort, ("created_at", sort[0][1])]):
        images.sort(key=_sort_key(store, key), reverse=direction == "desc")


def _sort_key(store: Store, key: str) -> Callable[[Image], Any]:
    if key == "created_at":
        return lambda image: store.images.place(image["id"])
    # An image without a value comes before every value.
    return lambda image: (key in image, image.get(key))
