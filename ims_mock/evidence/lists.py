"""The lists of the API when two responses are compared: by what an item is known, and what an order means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ims_mock.contract.routes import path_of
from ims_mock.evidence.correspondence import Correspondence


@dataclass(frozen=True)
class KindOfList:
    """A list by the name of the member that has it.

    `keys` are the members of an item by which it is known; an item that is no object is known by itself. `is_ordered`
    is whether its order is that of what a request sorts by, and `has_others` whether it may have items that another
    service of the same kind does not have.
    """

    keys: tuple[str, ...] = ()
    is_ordered: bool = False
    has_others: bool = False


KINDS: Mapping[str, KindOfList] = {
    "images": KindOfList(("id",), is_ordered=True, has_others=True),
    "resources": KindOfList(("resource_id", "type"), has_others=True),
    "members": KindOfList(("member_id",)),
    "tags": KindOfList(("key",), has_others=True),
    "values": KindOfList(("id",)),
    "matches": KindOfList(("key",)),
    "versions": KindOfList(("id", "status")),
    "version_list": KindOfList(("os_version",)),
    "links": KindOfList(("rel",)),
    "media-types": KindOfList(("type",)),
    "catalog": KindOfList(("type",), has_others=True),
    "endpoints": KindOfList(("interface", "region"), has_others=True),
    "projects": KindOfList(("id",), has_others=True),
    "domains": KindOfList(("id",), has_others=True),
    "users": KindOfList(("id",), has_others=True),
    "roles": KindOfList(("name",), has_others=True),
    "methods": KindOfList(),
    "service_types": KindOfList(("service_type_code",), has_others=True),
    "sub_jobs": KindOfList(("job_id",)),
    "os_images_data": KindOfList(("image_id",)),
    "enum": KindOfList(),
    "required": KindOfList(),
    "": KindOfList(("platform",)),
}
"""The lists of which the order means nothing, or only a part of it; "" is a body that is a list."""

COUNTS = {"next", "first", "total_count", "current_count", "page_info"}
"""The members beside a list that count its items, or lead to more of them."""

_NAMES = ("name", "resource_name", "image_name")
"""By what an item is known whose id the other side cannot know."""


def is_of_kind(kind: KindOfList, items: Sequence[Any]) -> bool:
    """Return whether every item has something by which it is known."""
    return all(not isinstance(item, dict) or any(key in item for key in kind.keys) for item in items)


@dataclass(frozen=True)
class Matched:
    """The items of two lists that are the same ones, by index, and those that are on one side alone."""

    pairs: Sequence[tuple[int, int]]
    first_alone: Sequence[int]
    second_alone: Sequence[int]


def match_items(kind: KindOfList, first: Sequence[Any], second: Sequence[Any], ids: Correspondence) -> Matched:
    """Return which items of two lists are the same ones: by what they are known, then by their names."""
    pairs = _paired(
        [(index, _known_by(kind, item, ids)) for index, item in enumerate(first)],
        [(index, _known_by(kind, item, None)) for index, item in enumerate(second)],
    )
    first_left = _left(first, [pair[0] for pair in pairs])
    second_left = _left(second, [pair[1] for pair in pairs])
    # An id that corresponds to one of the other side stands for that one alone.
    pairs += _paired(
        [(index, _name(first[index])) for index in first_left if not is_known_first(kind, first[index], ids)],
        [(index, _name(second[index])) for index in second_left if not is_known_second(kind, second[index], ids)],
    )
    pairs.sort()
    return Matched(pairs, _left(first, [pair[0] for pair in pairs]), _left(second, [pair[1] for pair in pairs]))


def is_known_first(kind: KindOfList, item: Any, ids: Correspondence) -> bool:
    """Return whether the second side is known to have an item of the first."""
    texts = list(_texts(kind, item))
    is_lost = any(text.lower() in ids.lost for text in texts)
    return any(ids.knows(text) or (ids.is_mentioned(text) and not is_lost) for text in texts)


def is_known_second(kind: KindOfList, item: Any, ids: Correspondence) -> bool:
    """Return whether the first side is known to have an item of the second."""
    return any(ids.is_known(value) or ids.is_mentioned(value) for value in _texts(kind, item))


def may_have_others(kind: KindOfList, name: str, url: str) -> bool:
    """Return whether a list of a response may have items that are not of this conversation."""
    # The tags of one image are its own.
    return kind.has_others and (name != "tags" or path_of(url).endswith("images/tags"))


def markers_in(urls: Iterable[str]) -> frozenset[str]:
    """Return the markers in the queries of URLs: the last items of the pages before."""
    pairs = (pair for url in urls for pair in parse_qsl(urlsplit(url).query))
    return frozenset(value for name, value in pairs if name == "marker")


def is_last_page_of_one(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two responses list as many images, and one alone has a link to more of them."""
    pages = [side["images"] for side in (one, other) if isinstance(side.get("images"), list)]
    is_same = len(pages) == 2 and len(pages[0]) == len(pages[1]) > 0
    return is_same and ("next" in one) != ("next" in other)


def sort_groups(items: Sequence[Any], url: str) -> list[int]:
    """Return for each item the number of its group: neighbours that are equal in what the request sorts by are one."""
    query = parse_qsl(urlsplit(url).query)
    names = [value.strip() for name, value in query if name == "sort_key"]
    names += [part.partition(":")[0] for name, value in query if name == "sort" for part in value.split(",")]
    values = [
        [item.get(name) if isinstance(item, dict) else item for name in names or ["created_at"]] for item in items
    ]
    groups = [0] * bool(items)
    for before, after in pairwise(values):
        groups.append(groups[-1] + (before != after))
    return groups


def _texts(kind: KindOfList, item: Any) -> Iterator[str]:
    """Yield the texts by which an item is known."""
    if isinstance(item, dict):
        yield from (item[key] for key in kind.keys if isinstance(item.get(key), str))
    elif isinstance(item, str):
        yield item


def _known_by(kind: KindOfList, item: Any, ids: Correspondence | None) -> str | None:
    """Return by what an item is known, as the second side has it; None where it has nothing of it."""
    if isinstance(item, dict):
        values = [item.get(key) for key in kind.keys]
        if all(value is None for value in values):
            return None
    else:
        values = [item]
    if ids is not None:
        values = [ids.translated(value) if isinstance(value, str) else value for value in values]
    return json.dumps(values, sort_keys=True)


def _name(item: Any) -> str | None:
    if not isinstance(item, dict):
        return None
    return next((item[name] for name in _NAMES if isinstance(item.get(name), str)), None)


def _paired(first: list[tuple[int, str | None]], second: list[tuple[int, str | None]]) -> list[tuple[int, int]]:
    """Return the pairs of what is known by the same, each in the order of its list."""
    waiting: dict[str, list[int]] = {}
    for index, known in second:
        if known is not None:
            waiting.setdefault(known, []).append(index)
    return [(index, waiting[known].pop(0)) for index, known in first if known is not None and waiting.get(known)]


def _left(items: Sequence[Any], paired: list[int]) -> list[int]:
    taken = set(paired)
    return [index for index in range(len(items)) if index not in taken]
