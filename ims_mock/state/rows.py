"""Sorted rows in pieces that nobody edits: a change makes new ones, so that the old ones are read without a lock."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

Row = tuple[Any, ...]
"""Values by which something is sorted."""

Pieces = tuple[tuple[Row, ...], ...]
"""Rows in order, in pieces of which none is empty."""

Position = tuple[int, int]
"""A piece, and a row in it."""

PIECE = 256
"""Rows of a piece; one with twice as many is cut in two. A change copies a piece, and the list of the pieces."""

_last = itemgetter(-1)


def in_pieces(rows: Sequence[Row]) -> Pieces:
    """Return sorted rows in pieces."""
    return tuple(tuple(rows[start : start + PIECE]) for start in range(0, len(rows), PIECE))


def with_row(pieces: Pieces, row: Row) -> Pieces:
    """Return rows with one more."""
    if not pieces:
        return ((row,),)
    index = min(bisect_left(pieces, row, key=_last), len(pieces) - 1)
    piece = pieces[index]
    place = bisect_left(piece, row)
    grown = (*piece[:place], row, *piece[place:])
    parts = (grown,) if len(grown) <= 2 * PIECE else (grown[:PIECE], grown[PIECE:])
    return (*pieces[:index], *parts, *pieces[index + 1 :])


def without_row(pieces: Pieces, row: Row) -> Pieces:
    """Return rows without one that is there."""
    index, place = _position(pieces, row)
    piece = pieces[index]
    left = (*piece[:place], *piece[place + 1 :])
    return (*pieces[:index], *((left,) if left else ()), *pieces[index + 1 :])


def with_replaced(pieces: Pieces, row: Row, new: Row) -> Pieces:
    """Return rows with a new one in the place of one that is there, where it stands too."""
    index, place = _position(pieces, row)
    piece = pieces[index]
    return (*pieces[:index], (*piece[:place], new, *piece[place + 1 :]), *pieces[index + 1 :])


def _position(pieces: Pieces, row: Row | None, *, is_behind: bool = False) -> Position:
    """Return where the first row stands that is not before a row, or that is behind it; the beginning for None."""
    if row is None:
        return 0, 0
    index = (bisect_right if is_behind else bisect_left)(pieces, row, key=_last)
    if index == len(pieces):
        return index, 0
    return index, (bisect_right if is_behind else bisect_left)(pieces[index], row)


def walk(
    pieces: Pieces, after: Row | None, bounds: tuple[Row | None, Row | None] = (None, None), *, descending: bool
) -> Iterator[Row]:
    """Yield rows in order, those between two bounds, or those of them that come behind `after`."""
    start, end = _positions(pieces, bounds)
    if after is not None and descending:
        end = min(end, _position(pieces, after))
    elif after is not None:
        start = max(start, _position(pieces, after, is_behind=True))
    indexes = range(start[0], min(end[0], len(pieces) - 1) + 1)
    for index in reversed(indexes) if descending else indexes:
        piece = _part(pieces[index], index, start, end)
        yield from reversed(piece) if descending else piece


def _positions(pieces: Pieces, bounds: tuple[Row | None, Row | None]) -> tuple[Position, Position]:
    start, stop = bounds
    return _position(pieces, start), (len(pieces), 0) if stop is None else _position(pieces, stop)


def _part(piece: tuple[Row, ...], index: int, start: Position, end: Position) -> tuple[Row, ...]:
    """Return what of a piece is between two positions."""
    return piece[start[1] if index == start[0] else 0 : end[1] if index == end[0] else len(piece)]


def count(pieces: Pieces, bounds: tuple[Row | None, Row | None] = (None, None)) -> int:
    """Return how many rows there are between two bounds."""
    start, end = _positions(pieces, bounds)
    return sum(map(len, pieces[start[0] : end[0]])) - start[1] + end[1] if start < end else 0
