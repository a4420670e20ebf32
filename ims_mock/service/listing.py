"""What a list of images asks for: whose images, which of them, in which order, from where on."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Any

from ims_mock.contract.errors import ImsError, marker_invisible, marker_unknown
from ims_mock.contract.problems import wrong_at
from ims_mock.service.filtering import Filter, of_seen, passed, passing
from ims_mock.state import rows
from ims_mock.state.image_orders import ANY_STATUS, Among, Facet, SortKey, Span, as_text, facet_value
from ims_mock.state.images import Image, is_visible
from ims_mock.state.moments import Moment
from ims_mock.state.packed import Packed, unpacked
from ims_mock.state.store import Store
from ims_mock.state.times import ceiling_timestamp, exact_timestamp, parse_time, timestamp

MAX_COMBINATIONS = 1000
"""Most combinations of values that are walked at once; filters with more are tried on every image."""

MAX_SORTED = 500
"""Most images that are sorted for a list; where a range leaves more, it is tried on the images in their order."""


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

_ABSENT = object()

# Quoted or bare, with a comma or the end behind it.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?:,|$)|([^",]*)(?:,|$)', re.DOTALL)


def listed_for(store: Store, project_id: str, member_status: str) -> Filter:
    """Filter what is in a project's list: its own, public, or shared with it and of that member status.

    An image that is not registered is in nobody's list.
    """

    registered = Filter(lambda value: value != "false", "__isregistered")

    def is_listed(image: Image) -> bool:
        if not registered.passes(image):
            return False
        if is_visible(image, project_id):
            return True
        member = store.members.of(image["id"]).get(project_id)
        return member is not None and member_status in (ANY_STATUS, member["status"])

    return Filter(is_listed, member_status=member_status, seen=registered)


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


def alike(name: str, wanted: Any, absent: str = "false") -> tuple[Facet, tuple[str, ...]]:
    """Return what images have in common whose attribute has a value; `absent` is the value of those without it."""
    return (name, absent), (facet_value(wanted),)


def exact(name: str, wanted: Any) -> Filter:
    """Filter by an attribute's value; one that is not there is false, where that is asked for."""
    if not isinstance(wanted, str):
        return Filter(lambda value: bool(value == wanted), name, absent=False, alike=alike(name, wanted))
    return Filter(lambda value: value is not _ABSENT and as_text(value) == wanted, name, _ABSENT, alike(name, wanted))


def _text(name: str, wanted: str) -> Filter:
    """Filter by an attribute's value: a value, eq: and a value, or in: and values."""
    form, colon, rest = wanted.partition(":")
    return one_of(name, set(_split(name, rest)) if form == "in" and colon else {rest if colon else wanted})


def one_of(name: str, known: Collection[str]) -> Filter:
    """Filter by an attribute's value: one of these."""
    if name == "id":
        return Filter(lambda value: value in known, name, ids=known)
    values = tuple(sorted({facet_value(value) for value in known}))
    return Filter(lambda value: value in known, name, alike=((name, "false"), values))


def _split(name: str, text: str) -> Iterator[str]:
    """Yield the values of an in: filter; one in double quotes may have commas in it, and \\" and \\\\."""
    position = 0
    while position <= len(text):
        match = _QUOTED.match(text, position)
        if match is None:
            raise _wrong(name, "pattern", f"must have quotes only around whole values, got {text!r}")
        yield re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2]
        position = match.end() if match[0].endswith(",") else len(text) + 1


def by_time(name: str, wanted: str) -> Filter:
    """Filter by a time stamp, with an operator and a time."""
    match = re.fullmatch(r"(?:([a-z]+):)?(.*)", wanted)
    assert match is not None, "the contract's pattern has been checked"
    compare, written = _TIMES[match[1] or "eq"]
    moment = _moment(name, match[2], written)
    # The next text after a text is that with this character behind it.
    start = {"gt": moment + "\0", "gte": moment, "eq": moment}.get(match[1] or "eq")
    stop = {"lt": moment, "lte": moment + "\0", "eq": moment + "\0"}.get(match[1] or "eq")
    return Filter(lambda value: compare(value, moment), name, absent="", span=Span(name, start, stop))


def changed_since(name: str, wanted: str) -> Filter:
    """Filter the images that have changed at a time or later; raise 400 where a parameter is no time."""
    moment = _moment(name, wanted, ceiling_timestamp)
    return Filter(lambda value: bool(value >= moment), "updated_at", absent="")


def _moment(name: str, text: str, written: Callable[[float], str]) -> str:
    """Return the time that a parameter says, written for a comparison; raise 400 when it is none."""
    try:
        return written(parse_time(text))
    except (ValueError, OverflowError):
        advice = "write one such as 2018-10-28T10:00:00Z"
        raise _wrong(name, "format", f"must be a time, got {text!r}; {advice}") from None


def _wrong(name: str, keyword: str, text: str) -> ImsError:
    return ImsError(400, reason=wrong_at((name,), keyword, text))


def _size_min(_: str, wanted: int) -> Filter:
    return Filter(lambda size: bool(size >= wanted), "size", absent=-1, span=Span("size", wanted))


def _size_max(_: str, wanted: int) -> Filter:
    return Filter(lambda size: bool(size <= wanted), "size", absent=inf, span=Span("size", 0, wanted + 1))


def _tags(_: str, wanted: list[str]) -> Filter:
    return Filter(
        lambda tags: all(any(tag in (stored, stored.replace(".", "=", 1)) for stored in tags) for tag in wanted),
        "tags",
        absent=(),
        alike=alike("tags", wanted[0], ""),
    )


def _visibility(name: str, wanted: str) -> Filter:
    return exact(name, wanted) if wanted != "all" else Filter(lambda _: True, name)


_SPECIAL: dict[str, Callable[[str, Any], Filter]] = {
    **dict.fromkeys(("name", "id", "status", "container_format", "disk_format"), _text),
    **dict.fromkeys(("created_at", "updated_at"), by_time),
    "size_min": _size_min,
    "size_max": _size_max,
    "tag": _tags,
    "visibility": _visibility,
}


def sorting(query: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the keys of a list with their directions, the first counting most; raise 400 when they do not fit."""
    keys, directions = query.get("sort_key", []), query.get("sort_dir", [])
    if "sort" in query:
        if keys or directions:
            raise _wrong("sort", "dependent", "must not be given together with sort_key and sort_dir")
        return [(key, direction or "desc") for key, _, direction in (text.partition(":") for text in query["sort"])]
    keys = keys or ["created_at"]
    directions = directions or ["desc"]
    if len(directions) not in (1, len(keys)):
        text = f"must be one direction for all keys, or one for each key, got {len(directions)} for {len(keys)} keys"
        raise _wrong("sort_dir", "dependent", text)
    return list(zip(keys, directions * len(keys), strict=False))


def ordered(
    store: Store, chosen: Sequence[Filter], sort: list[tuple[str, str]], project_id: str, marker: str | None
) -> Iterator[Image]:
    """Return the images of a list, as `listed` does."""
    return map(unpacked, listed(store, chosen, sort, project_id, marker))


def listed(
    store: Store, chosen: Sequence[Filter], sort: list[tuple[str, str]], project_id: str, marker: str | None
) -> Iterator[Packed]:
    """Return the images that a project sees and that pass the filters, in order, after the marker.

    The caller holds the lock now, and needs it no more when the images are asked for: they are as they are now. Raise
    400 for a marker that is no image, 403 for one that the project does not see.
    """
    if marker is not None:
        _check_marker(store, marker, project_id)
    first, newest_first = sort[0][0], sort[0][1] == "desc"
    status = next((item.member_status for item in chosen if item.seen), ANY_STATUS)
    span = next((span for span in _spans(chosen) if span.name == first), None)
    among = Among(_sort_keys(sort), _common(chosen), span, status)
    after = None if marker is None else store.images.packed(marker)
    ids = next((item.ids for item in chosen if item.ids is not None), None)
    if ids is not None:
        known = [packed for packed in map(store.images.packed, ids) if packed and passing(chosen, unpacked(packed))]
        return _sorted(known, among, after, newest_first=newest_first)
    ranges = [Among(_sort_keys([(span.name, "asc")]), among.alike, span, status) for span in _spans(chosen)]
    moment = Moment(store, project_id, among, *ranges)
    found, tests = _found(moment, [among, *ranges], after, newest_first=newest_first), of_seen(chosen)
    return passed(found, tests) if tests else found


def _found(moment: Moment, asked: Sequence[Among], after: Packed | None, *, newest_first: bool) -> Iterator[Packed]:
    """Yield the images of the first order that is asked for; the others are ranges, of which one may leave few."""
    among, *ranges = asked
    narrowest = min(ranges, key=moment.count, default=among)
    # What is of a range and in its order is not sorted again.
    if narrowest.span == among.span or moment.count(narrowest) > MAX_SORTED:
        start = None if after is None else among.row_of(after)
        yield from moment.walk(among, start, newest_first=newest_first)
    else:
        yield from _sorted(moment.walk(narrowest), among, after, newest_first=newest_first)


def _sorted(images: Iterable[Packed], among: Among, after: Packed | None, *, newest_first: bool) -> Iterator[Packed]:
    """Yield a few images in an order, from behind one on."""
    few = rows.in_pieces(sorted(map(among.row_of, images)))
    start = None if after is None else among.row_of(after)
    return map(among.image_at, rows.walk(few, start, descending=newest_first))


def _sort_keys(sort: list[tuple[str, str]]) -> tuple[SortKey, ...]:
    """Return what images are sorted by before their creation, which counts in the direction of the first key.

    After `created_at` no two images are equal.
    """
    keys = []
    for name, direction in sort:
        is_against = direction != sort[0][1]
        if name != "created_at" or is_against:
            keys.append((name, is_against))
        if name == "created_at":
            break
    return tuple(keys)


def _common(chosen: Sequence[Filter]) -> tuple[tuple[Facet, tuple[str, ...]], ...]:
    """Return what the images have in common, of so many combinations of values as can be walked at once."""
    common, combinations = [], 1
    for facet, values in sorted(item.alike for item in chosen if item.alike):
        if combinations * len(values) <= MAX_COMBINATIONS:
            common.append((facet, values))
            combinations *= len(values)
    return tuple(common)


def _spans(chosen: Sequence[Filter]) -> list[Span]:
    """Return the spans of the filters, one an attribute."""
    spans: dict[str, Span] = {}
    for span in (item.span for item in chosen if item.span):
        spans[span.name] = span.within(spans[span.name]) if span.name in spans else span
    return list(spans.values())


def _check_marker(store: Store, marker: str, project_id: str) -> None:
    if marker not in store.images:
        raise marker_unknown(marker)
    if not is_visible(store.images[marker], project_id, store.members.of(marker)):
        raise marker_invisible(marker)
