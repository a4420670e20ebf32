"""Sorted rows in pieces, held against a sorted list."""

from __future__ import annotations

import random

import pytest

from ims_mock.state import rows
from ims_mock.state.rows import Pieces, Row


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> tuple[Pieces, list[Row]]:
    """Return rows in pieces of a few, to which many have been added, and of which many have been removed."""
    monkeypatch.setattr(rows, "PIECE", 3)
    numbers = random.Random(0)
    plain: list[Row] = [(number,) for number in numbers.sample(range(0, 400, 2), 20)]
    pieces = rows.in_pieces(sorted(plain))
    for _ in range(300):
        row = (numbers.randrange(0, 400, 2),)
        if row in plain:
            plain.remove(row)
            pieces = rows.without_row(pieces, row)
        else:
            plain.append(row)
            pieces = rows.with_row(pieces, row)
    return pieces, sorted(plain)


def test_pieces_have_the_rows_in_order(filled: tuple[Pieces, list[Row]]) -> None:
    """After any changes the rows are those of a sorted list, in pieces that are neither empty nor long."""
    pieces, plain = filled
    assert [row for piece in pieces for row in piece] == plain
    assert {len(piece) for piece in pieces} <= set(range(1, 7))


@pytest.mark.parametrize("descending", [False, True])
def test_walk_begins_behind_a_row_and_stays_within_bounds(
    filled: tuple[Pieces, list[Row]], *, descending: bool
) -> None:
    """A walk has the rows of a sorted list that are within bounds and behind a row, whether or not that is there."""
    pieces, plain = filled
    for start, stop in ((None, None), ((50,), None), (None, (301,)), ((99,), (200,)), ((200,), (99,)), ((900,), None)):
        within = [row for row in plain if (start is None or row >= start) and (stop is None or row < stop)]
        assert rows.count(pieces, (start, stop)) == len(within)
        for after in (None, *range(-1, 402, 7)):
            behind = [row for row in within if after is None or (row < (after,) if descending else row > (after,))]
            found = rows.walk(pieces, None if after is None else (after,), (start, stop), descending=descending)
            assert list(found) == (behind[::-1] if descending else behind), (start, stop, after)


def test_change_leaves_the_rows_before_it_as_they_were(filled: tuple[Pieces, list[Row]]) -> None:
    """Whoever walks goes on in the rows as they were."""
    pieces, plain = filled
    walk = rows.walk(pieces, None, descending=False)
    assert next(walk) == plain[0]
    changed = rows.without_row(rows.with_row(pieces, (401,)), plain[1])
    assert list(walk) == plain[1:]
    assert [row for piece in changed for row in piece] == [plain[0], *plain[2:], (401,)]


def test_row_in_the_place_of_another(filled: tuple[Pieces, list[Row]]) -> None:
    """A row that stands where another one does takes its place."""
    pieces, plain = filled
    changed = rows.with_replaced(pieces, plain[7], (*plain[7], "new"))
    assert [row for piece in changed for row in piece] == [*plain[:7], (*plain[7], "new"), *plain[8:]]
    assert [len(piece) for piece in changed] == [len(piece) for piece in pieces]


def test_no_rows() -> None:
    """There may be none: none is found, one can be added, and removed again."""
    assert list(rows.walk((), (1,), descending=True)) == []
    assert rows.count(()) == 0
    assert rows.without_row(rows.with_row((), (1,)), (1,)) == ()
