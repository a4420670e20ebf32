"""Images in order, of everybody who sees them: by creation or by another attribute, and of those that are alike."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from ims_mock.state.images import Image

Place = tuple[str, int, str]
"""The place of an image among the others: time of creation, number, id."""

Facet = tuple[str, str]
"""An attribute that images differ in, and what counts where an image lacks it."""

SortKey = tuple[str, bool]
"""An attribute that images are sorted by, and whether it counts in the direction against that of the first."""

Row = tuple[tuple[Any, ...], Place]
"""Where an image stands: the values by which it is sorted, then its place."""

PUBLIC = "public image"
"""Who sees the public images: everybody; no project has such an id."""

Viewed = tuple[Place, Image, list[str]]
"""An image with its place, and who sees it."""

_Key = tuple[str, ...]


@dataclass(frozen=True)
class Span:
    """The images of which an attribute has a value from `start` on and before `stop`; None for no bound."""

    name: str
    start: Any = None
    stop: Any = None

    def within(self, other: Span) -> Span:
        """Return what this span and another of the same attribute have in common."""
        starts = [start for start in (self.start, other.start) if start is not None]
        stops = [stop for stop in (self.stop, other.stop) if stop is not None]
        return Span(self.name, max(starts, default=None), min(stops, default=None))

    def bounds(self) -> tuple[Any, Any]:
        """Return the rows between which these images stand, in an order of which the attribute is the first key."""
        return self._bound(self.start), self._bound(self.stop)

    def _bound(self, value: Any) -> Any:
        if value is None:
            return None
        return ((), (value,)) if self.name == "created_at" else ((_sortable(value),),)


@dataclass(frozen=True)
class Among:
    """In which order images are asked for, by some attributes and then by creation, and which.

    Those that have, of each facet in `alike`, one of its values; and those of `span`, if it is of the first sort key.
    """

    sort_keys: tuple[SortKey, ...] = ()
    alike: tuple[tuple[Facet, tuple[str, ...]], ...] = ()
    span: Span | None = None

    @property
    def facets(self) -> tuple[Facet, ...]:
        """What the images may differ in."""
        return tuple(facet for facet, _ in self.alike)

    def values(self) -> Iterator[tuple[str, ...]]:
        """Yield what the images may have in common: a value of each facet."""
        return product(*(values for _, values in self.alike))


ALL = Among()
"""All images, in the order of creation."""


def facet_value(value: Any) -> str:
    """Return what values have in common that a filter may take for the same: their case, and how a tag is written."""
    return as_text(value).replace(".", "=").rstrip("=").lower()


def as_text(value: Any) -> str:
    """Return an attribute's value as a query writes it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True)
class _Against:
    """A value that is sorted in the other direction."""

    value: Any

    def __lt__(self, other: _Against) -> bool:
        return bool(other.value < self.value)


def row_of(sort_keys: Iterable[SortKey], place: Place, image: Image) -> Row:
    """Return where an image stands, or would stand, in an order."""
    values = []
    for name, is_against in sort_keys:
        value = place if name == "created_at" else _sort_value(image, name)
        values.append(_Against(value) if is_against else value)
    return tuple(values), place


def _sort_value(image: Image, name: str) -> tuple[Any, ...]:
    """Return by what an image is sorted; one without a value comes before every value, and a number before a text."""
    return _sortable(image[name]) if name in image else ()


def _sortable(value: Any) -> tuple[Any, ...]:
    return (0, value) if isinstance(value, int | float) else (1, as_text(value))


class Order:
    """The images of each project, and the public ones, sorted by some attributes and then by creation.

    With `facets`, those with the same values of them stand together, so that a filter walks over no others.
    """

    def __init__(self, sort_keys: tuple[SortKey, ...] = (), facets: tuple[Facet, ...] = ()) -> None:
        self._sort_keys = sort_keys
        self._facets = facets
        self._rows: dict[_Key, list[Row]] = {}
        self._entries: dict[str, tuple[Row, list[_Key]]] = {}

    def put(self, place: Place, image: Image, viewers: list[str]) -> None:
        """Add an image, or move it to where it belongs by now."""
        entry = row_of(self._sort_keys, place, image), self._keys(image, viewers)
        before = self._entries.get(place[2])
        if entry == before:
            return
        if before is not None:
            self.remove(place[2])
        for key in entry[1]:
            insort(self._rows.setdefault(key, []), entry[0])
        self._entries[place[2]] = entry

    def remove(self, image_id: str) -> None:
        """Remove an image that is there."""
        row, keys = self._entries.pop(image_id)
        for key in keys:
            rows = self._rows[key]
            del rows[bisect_left(rows, row)]
            if not rows:
                del self._rows[key]

    def load(self, images: Iterable[Viewed]) -> None:
        """Have these images and no others."""
        self._rows.clear()
        self._entries.clear()
        for place, image, viewers in images:
            row, keys = self._entries[place[2]] = row_of(self._sort_keys, place, image), self._keys(image, viewers)
            for key in keys:
                self._rows.setdefault(key, []).append(row)
        for rows in self._rows.values():
            rows.sort()

    def owned_by(self, project_id: str, among: Among) -> list[list[Row]]:
        """Return, each in order, what a project owns, for each of the values that facets may have."""
        return self._of((project_id,), among)

    def seen_by(self, project_id: str, among: Among) -> list[list[Row]]:
        """Return, each in order, what a project owns, what is public, and what is shared with the project."""
        return self._of((project_id, PUBLIC, _shared_with(project_id)), among)

    def _of(self, viewers: tuple[str, ...], among: Among) -> list[list[Row]]:
        found = (self._rows.get((viewer, *values)) for viewer, values in product(viewers, among.values()))
        return [rows for rows in found if rows]

    def _keys(self, image: Image, viewers: list[str]) -> list[_Key]:
        return list(product(viewers, *[_values(image, facet) for facet in self._facets]))


def viewers_of(image: Image, members: Iterable[str]) -> list[str]:
    """Return who sees an image; nobody owns one without an owner, as a test may add it."""
    viewers = [str(image["owner"])] if "owner" in image else []
    viewers += [PUBLIC] if image.get("visibility") == "public" else []
    return viewers + [_shared_with(project_id) for project_id in members]


def _shared_with(project_id: str) -> str:
    return f"shared with {project_id}"


def _values(image: Image, facet: Facet) -> Iterable[str]:
    name, absent = facet
    value = image.get(name, absent)
    return {facet_value(item) for item in value} if isinstance(value, list) else (facet_value(value),)


def walk(rows: list[Row], after: Row | None, span: Span | None = None, *, descending: bool) -> Iterator[Row]:
    """Yield sorted rows in order, those of a span, or those that come behind `after`."""
    within = places_within(rows, span)
    start, end = within.start, within.stop
    if descending:
        end = end if after is None else min(end, bisect_left(rows, after))
        return map(rows.__getitem__, range(end - 1, start - 1, -1))
    start = start if after is None else max(start, bisect_right(rows, after))
    return map(rows.__getitem__, range(start, end))


def places_within(rows: list[Row], span: Span | None) -> range:
    """Return where in sorted rows those of a span stand."""
    start, stop = span.bounds() if span else (None, None)
    return range(
        0 if start is None else bisect_left(rows, start), len(rows) if stop is None else bisect_left(rows, stop)
    )
