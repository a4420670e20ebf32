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

Row = tuple[tuple[Any, ...], Place]
"""Where an image stands: the value by which it is sorted, then its place."""

PUBLIC = "public image"
"""Who sees the public images: everybody; no project has such an id."""

_Key = tuple[str, ...]


@dataclass(frozen=True)
class Among:
    """In which order images are asked for, and which: those that have the values of `alike`."""

    sort_key: str = "created_at"
    alike: tuple[tuple[Facet, str], ...] = ()

    @property
    def facets(self) -> tuple[Facet, ...]:
        """What the images may differ in."""
        return tuple(facet for facet, _ in self.alike)

    @property
    def values(self) -> tuple[str, ...]:
        """What they have in common."""
        return tuple(value for _, value in self.alike)


ALL = Among()
"""All images, in the order of creation."""


def facet_value(value: Any) -> str:
    """Return what values have in common that a filter may take for the same: their case, and how a tag is written."""
    return as_text(value).replace(".", "=").rstrip("=").lower()


def as_text(value: Any) -> str:
    """Return an attribute's value as a query writes it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def sort_value(image: Image, name: str) -> tuple[Any, ...]:
    """Return by what an image is sorted; one without a value comes before every value, and a number before a text."""
    if name not in image:
        return ()
    value = image[name]
    return (0, value) if isinstance(value, int | float) else (1, as_text(value))


class Order:
    """The images of each project, and the public ones, sorted by one attribute and then by creation.

    With `facets`, those with the same values of them stand together, so that a filter walks over no others.
    """

    def __init__(self, sort_key: str = "created_at", facets: tuple[Facet, ...] = ()) -> None:
        self._sort_key = sort_key
        self._facets = facets
        self._rows: dict[_Key, list[Row]] = {}
        self._entries: dict[str, tuple[Row, list[_Key]]] = {}

    def row(self, place: Place, image: Image) -> Row:
        """Return where an image stands, or would stand."""
        return (() if self._sort_key == "created_at" else sort_value(image, self._sort_key)), place

    def put(self, place: Place, image: Image) -> None:
        """Add an image, or move it to where it belongs by now."""
        entry, before = (self.row(place, image), self._keys(image)), self._entries.get(place[2])
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

    def load(self, images: Iterable[tuple[Place, Image]]) -> None:
        """Have these images and no others."""
        self._rows.clear()
        self._entries.clear()
        for place, image in images:
            row, keys = self._entries[place[2]] = self.row(place, image), self._keys(image)
            for key in keys:
                self._rows.setdefault(key, []).append(row)
        for rows in self._rows.values():
            rows.sort()

    def walk(self, viewer: str, values: _Key, after: Row | None, *, descending: bool) -> Iterator[Row]:
        """Yield what a project owns, or PUBLIC, with these values of the facets, from behind `after` on."""
        return walk(self._rows.get((viewer, *values), []), after, descending=descending)

    def _keys(self, image: Image) -> list[_Key]:
        """Return under what an image stands; nobody sees one without an owner, as a test may add it."""
        viewers = [str(image["owner"])] if "owner" in image else []
        viewers += [PUBLIC] if image.get("visibility") == "public" else []
        return list(product(viewers, *(_values(image, facet) for facet in self._facets)))


def _values(image: Image, facet: Facet) -> Iterable[str]:
    name, absent = facet
    value = image.get(name, absent)
    return {facet_value(item) for item in value} if isinstance(value, list) else (facet_value(value),)


def walk(rows: list[Row], after: Row | None, *, descending: bool) -> Iterator[Row]:
    """Yield sorted rows in order, or those that come behind `after`."""
    if descending:
        end = len(rows) if after is None else bisect_left(rows, after)
        return map(rows.__getitem__, range(end - 1, -1, -1))
    start = 0 if after is None else bisect_right(rows, after)
    return map(rows.__getitem__, range(start, len(rows)))
