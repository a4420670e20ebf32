"""Images in order, of everybody who sees them: by creation or by another attribute, and of those that are alike."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import Any, cast

from ims_mock.state import rows
from ims_mock.state.packed import Packed, as_packed, value_of
from ims_mock.state.rows import Pieces, Row

Facet = tuple[str, str]
"""An attribute that images differ in, and what counts where an image lacks it."""

SortKey = tuple[str, bool]
"""An attribute that images are sorted by, and whether it counts in the direction against that of the first."""

PUBLIC = "public image"
"""Who sees the public images: everybody; no project has such an id."""

MAX_PENDING = 200
"""Most images whose changes an order has not made yet; they are made when it is asked for."""

ANY_STATUS = "all"
"""What stands for every status of a member."""

Viewed = tuple[Packed, Sequence[str]]
"""An image, and who sees it."""

Seen = Mapping[str, Pieces]
"""The images in the order of their creation, by who sees them."""

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
        return (value,) if self.name == "created_at" else _sortable(value)


@dataclass(frozen=True)
class Among:
    """In which order images are asked for, by some attributes and then by creation, and which.

    Those that have, of each facet in `alike`, one of its values; and those of `span`, if it is of the first sort key.
    Of the images that are shared, those that the project has given the `member_status`.
    """

    sort_keys: tuple[SortKey, ...] = ()
    alike: tuple[tuple[Facet, tuple[str, ...]], ...] = ()
    span: Span | None = None
    member_status: str = ANY_STATUS

    @property
    def bounds(self) -> tuple[Row | None, Row | None]:
        """The rows between which the images stand."""
        return self.span.bounds() if self.span else (None, None)

    def has_order_of(self, other: Among) -> bool:
        """Return whether both can be found in one order."""
        return (self.sort_keys, self.facets) == (other.sort_keys, other.facets)

    def row_of(self, packed: Packed) -> Row:
        """Return where an image stands, or would stand, in such an order."""
        return row_of(self.sort_keys, packed)

    def are_together(self, row: Row, other: Row) -> bool:
        """Return whether two rows of one image stand in the same place."""
        return row[:-1] == other[:-1] and row[-1][:3] == other[-1][:3] if self.sort_keys else row[:3] == other[:3]

    def image_at(self, row: Row) -> Packed:
        """Return the image that stands in a row of such an order."""
        packed: Any = row[-1] if self.sort_keys else row
        return cast("Packed", packed)

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


def row_of(sort_keys: Iterable[SortKey], packed: Packed) -> Row:
    """Return where an image stands, or would stand, in an order: the values by which it is sorted, then the image."""
    if not sort_keys:
        return packed
    values: list[Any] = []
    for name, is_against in sort_keys:
        if name == "created_at":
            # It is a key of an order only where it counts against the first: otherwise the image itself says it.
            values += (_reversed(packed[0]), -packed[1], _reversed(packed[2]))
        elif name not in packed[3]:
            values.append(1 if is_against else -1)
        else:
            value = value_of(packed, name)
            values += _sortable_against(value) if is_against else _sortable(value)
    return (*values, packed)


def _sortable(value: Any) -> tuple[int, Any]:
    """Return by what an image is sorted; one without a value comes before every value, and a number before a text."""
    return (0, value) if isinstance(value, int | float) else (1, as_text(value))


def _sortable_against(value: Any) -> tuple[int, Any]:
    return (0, -value) if isinstance(value, int | float) else (-1, _reversed(as_text(value)))


_REVERSED = bytes(0xFE - byte if byte < 0xFF else byte for byte in range(256))


def _reversed(text: str) -> bytes:
    """Return bytes that are sorted the other way round than texts are: UTF-8 has no 0xFF, which ends them."""
    return text.encode("utf-8", "surrogatepass").translate(_REVERSED) + b"\xff"


class Order:
    """The images of each project, and the public ones, sorted by some attributes and then by creation.

    With `facets`, those with the same values of them stand together, so that a filter walks over no others.
    """

    def __init__(self, among: Among) -> None:
        self._among = among
        self._groups: dict[_Key, Pieces] = {}
        self._pending: dict[str, tuple[Viewed | None, Viewed | None]] = {}

    def put(self, before: Viewed | None, after: Viewed | None) -> None:
        """Replace an image by what it is now; None where it was, or is, not there."""
        either = before or after
        if either is None:
            return
        image_id = either[0][2]
        # Between two lists an image may change often, and most changes are of few images.
        first = self._pending.pop(image_id)[0] if image_id in self._pending else before
        self._pending[image_id] = first, after
        if len(self._pending) > MAX_PENDING:
            self._replace(*self._pending.pop(next(iter(self._pending))))

    def _groups_now(self) -> dict[_Key, Pieces]:
        for before, after in self._pending.values():
            self._replace(before, after)
        self._pending.clear()
        return self._groups

    def _replace(self, before: Viewed | None, after: Viewed | None) -> None:
        groups = self._groups
        old, old_keys = self._place(before)
        new, new_keys = self._place(after)
        if old and new and old_keys == new_keys and self._among.are_together(old, new):
            for key in old_keys:
                groups[key] = rows.with_replaced(groups[key], old, new)
            return
        for key in old_keys:
            groups[key] = rows.without_row(groups[key], old)
            if not groups[key]:
                del groups[key]
        for key in new_keys:
            groups[key] = rows.with_row(groups.get(key, ()), new)

    def _place(self, viewed: Viewed | None) -> tuple[Row, list[_Key]]:
        """Return the row of an image, and where it stands; nowhere for None."""
        if viewed is None:
            return (), []
        packed, viewers = viewed
        values = [_values(packed, facet) for facet in self._among.facets]
        return self._among.row_of(packed), list(product(viewers, *values))

    @classmethod
    def by_creation(cls, seen: Seen) -> Order:
        """Return the order of creation of these images."""
        order = cls(ALL)
        order._groups = {(viewer,): pieces for viewer, pieces in seen.items()}
        return order

    @classmethod
    def of(cls, among: Among, seen: Seen) -> Order:
        """Return the order of these images for which a list asks."""
        if among.has_order_of(ALL):
            return cls.by_creation(seen)
        order, found = cls(among), dict[_Key, list[Row]]()
        for viewer, pieces in seen.items():
            for packed in chain.from_iterable(pieces):
                row: Row = row_of(among.sort_keys, packed)
                for values in product(*[_values(packed, facet) for facet in among.facets]):
                    found.setdefault((viewer, *values), []).append(row)
        for key, of_group in found.items():
            if among.sort_keys:
                of_group.sort()
            order._groups[key] = rows.in_pieces(of_group)
        return order

    def seen(self) -> Seen:
        """Return the images by who sees them; of an order without keys and facets alone."""
        return {viewer: pieces for (viewer,), pieces in self._groups_now().items()}

    def owned_by(self, project_id: str, among: Among) -> list[Pieces]:
        """Return, each in order, what a project owns, for each of the values that facets may have."""
        return self._of((project_id,), among)

    def seen_by(self, project_id: str, among: Among) -> list[Pieces]:
        """Return, each in order, what a project owns, what is public, and what is shared with the project."""
        return self._of((project_id, PUBLIC, _shared_with(project_id, among.member_status)), among)

    def _of(self, viewers: tuple[str, ...], among: Among) -> list[Pieces]:
        groups = self._groups_now()
        found = (groups.get((viewer, *values)) for viewer, values in product(viewers, among.values()))
        return [pieces for pieces in found if pieces]


def viewers_of(packed: Packed, members: Mapping[str, Any]) -> list[str]:
    """Return who sees an image; nobody owns one without an owner, as a test may add it."""
    owner = value_of(packed, "owner")
    viewers = [owner] if isinstance(owner, str) else []
    if value_of(packed, "visibility") == "public":
        viewers.append(PUBLIC)
    for project_id, member in members.items():
        viewers += (_shared_with(project_id, ANY_STATUS), _shared_with(project_id, member["status"]))
    return viewers


def viewed(stored: Iterable[Any], members: Mapping[str, Mapping[str, Any]]) -> Seen:
    """Return what is stored of images by who sees them; `members` are those of each image by its id."""
    found: dict[str, list[Row]] = {}
    for packed in map(as_packed, stored):
        for viewer in viewers_of(packed, members.get(packed[2], {})):
            found.setdefault(viewer, []).append(packed)
    return {viewer: rows.in_pieces(sorted(of_viewer)) for viewer, of_viewer in found.items()}


def _shared_with(project_id: str, status: str) -> str:
    return f"{status} of {project_id}"


def _values(packed: Packed, facet: Facet) -> Iterable[str]:
    value = value_of(packed, *facet)
    return {facet_value(item) for item in value} if isinstance(value, list) else (facet_value(value),)
