"""The value of a run, as it is compared with that of the good one."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ims_mock import ImsMock
from ims_mock.sweep.values import Value
from tests.sweep.client import Client, ImsError

ID = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"

Pair = namedtuple("Pair", "one other")


@dataclass
class Backup:
    """A value of a program, with what is not compared."""

    names: Any
    seconds: float = field(default=0.0, compare=False)


class End(Enum):
    """How a program can end."""

    DONE = 1
    FAILED = 2


class Hidden(dict[str, int]):
    """A value that cannot be shown."""

    def __repr__(self) -> str:
        """Fail."""
        raise RuntimeError("no text")


def nested(depth: int) -> list[Any]:
    """Return a list in a list, and so on."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"id": ID}, {"id": "0" * 32}, True),
        ("2026-01-01T00:00:00Z", "2026-01-02T10:00:00Z", True),
        ([1, "a"], [1, "b"], False),
        (1, "1", False),
        (object(), object(), True),
        (object(), 1, False),
        ([object()], [object(), object()], False),
        (b"abc", b"", False),
        (b"\xff", b"\xfe", False),
        (b"abc", "abc", False),
        ({"web", "db"}, {"db", "web"}, True),
        ({"web", "db"}, {"web"}, False),
        ({"names": {1, 2}}, {"names": {1}}, False),
        (frozenset({1}), [1], False),
        (Backup(["web"], 1.5), Backup(["web"], 2.5), True),
        (Backup(["web"]), Backup([]), False),
        (Backup([Backup({"web"})]), Backup([Backup(set())]), False),
        (Pair(1, b"a"), Pair(1, b"b"), False),
        (End.DONE, End.FAILED, False),
        ([Path("a")], [Path("b")], False),
        (UUID(ID), UUID(int=0), True),
        (datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 2, tzinfo=timezone.utc), True),
        (nested(100_000), nested(100_000), True),
        (nested(100_000), 1, False),
        ("a" * 100_000, "a" * 99_999 + "b", False),
    ],
)
def test_values_are_compared_without_ids_and_times(one: object, other: object, *, is_same: bool) -> None:
    """Values are the same whatever ids and times they have; those that are no data by their type."""
    assert (Value.of(one).plain == Value.of(other).plain) is is_same


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (["web"], "['web']"),
        (None, "None"),
        ("a" * 1000, "'" + "a" * 30),
        (list(range(1000)), "[0, 1, 2,"),
        (object(), "<object object>"),
        (Hidden(), "<Hidden instance>"),
        ([Hidden()], "[<Hidden instance>]"),
    ],
)
def test_value_is_shown_in_short(value: object, shown: str) -> None:
    """A report has the beginning of a value, the same in each run, whatever the value's own text does."""
    assert Value.of(value).shown.startswith(shown)
    assert len(Value.of(value).shown) <= 83


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (1, None, "1 in place of None"),
        ([*"a" * 40, 1], [*"a" * 40, 2], '"a", "a", "a", "a", 1] in place of ..."a", "a", "a", "a", 2]'),
        ([*"a" * 40], [*"a" * 41], '"a", "a"] in place of ..., "a", "a", "a", "a", "a"]'),
        ("a" * 5000, "a" * 5001, "5002 characters, "),
    ],
)
def test_words_show_where_values_differ(one: object, other: object, words: str) -> None:
    """Values that begin alike are shown where they do not; the same words for all would make all failures alike."""
    assert words in Value.of(one).in_place_of(Value.of(other))


def test_long_value_is_not_kept_whole() -> None:
    """What a report keeps of a value does not grow with it."""
    assert len(Value.of("a" * 1_000_000).plain) < 200


def shared(names: list[str]) -> Callable[[list[str]], object]:
    """Return what fills one list for all runs."""

    def fill(found: list[str]) -> object:
        names[:] = found
        return names

    return fill


@pytest.mark.parametrize("wrap", [shared([]), set, Backup, lambda names: "".join(names).encode()])
def test_success_without_what_was_asked_for_is_wrong(ims_mock: ImsMock, wrap: Callable[[list[str]], object]) -> None:
    """A program that swallows failures is found, also where its runs return one list, or what is no JSON."""

    def names() -> object:
        with Client(ims_mock.url, ims_mock.token) as client:
            try:
                return wrap([image["name"] for image in client.ask("GET", "/v2/images?limit=1")["images"]])
            except ImsError:
                return wrap([])

    ims_mock.add_image(name="web")
    report = ims_mock.sweep(names, only=["*: 503 x1"], pairs=0)
    assert [name for name, count in report.counts().items() if count] == ["wrong_success"]
    assert report.unsteady == []
