"""How much memory a world takes, in about: what it keeps is counted, and the size of one of it is that of a sample."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from ims_mock.contract.headers import Headers, header_name
from ims_mock.contract.sizes import in_words
from ims_mock.evidence.journal import Entry
from ims_mock.service.service import Service
from ims_mock.state.files import MAX_IN_MEMORY, File

IDLE = 25_000
"""Bytes of a world that has nothing yet."""

MAX_STEP = 4 * 1024**2
"""Most bytes by which requests can let the worlds grow before they are looked at."""

_CONTROL = "/_ims_mock"
"""What is in the path of a request that can do anything with a mock, such as load a state."""

_REQUEST = 8192
"""Bytes by which a request lets a mock grow at most, without its body: a job, an image, its entry in the journal."""

_LENGTH, _CODING = header_name("Content-Length"), header_name("Transfer-Encoding")

_IN_IDLE = ("settings", "projects", "users")
"""The collections that do not grow by use."""

_SAMPLE = 16
"""How many of the records of a kind are looked at."""

_ENTRY = 200
"""Bytes of a request in the journal, without what it has."""

_FILE = 400
"""Bytes of a file that is not in memory."""

_INDEX = 50
"""Bytes for which an image is in the orders in which images are listed."""

V = TypeVar("V")

logger = logging.getLogger("ims_mock")


class Weight:
    """About how many bytes of memory one mock takes: `known`, and at most so many that it has `grown` by since.

    It `is_sure` while nothing but requests of the API was done, by which a mock grows little.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._state: tuple[object, ...] = ()
        self.known = IDLE
        self.grown = 0
        self.is_sure = False

    @property
    def most(self) -> int:
        """How many bytes the mock takes at most, by the requests that it got."""
        return self.known + self.grown if self.is_sure else self.measure()

    def measure(self) -> int:
        """Return how many bytes the mock takes now; nothing is done where it is as it was."""
        service = self._service
        every = [service, *service.further]
        edits = [collection.edits for one in every for collection in one.store.collections]
        kept = [snapshot for one in every for snapshot in one.snapshots.values()]
        state = (*(one.journal.state for one in every), *kept, *edits)
        self.grown, self.is_sure = 0, True
        if state != self._state:
            self.known, self._state = estimate(service), state
        return self.known


class Budget:
    """How many bytes of memory the worlds of a server may take, in about: `most`, None for any number.

    They are looked at once requests can have let them grow by a part of that, so that a request costs nothing for it.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self._step = min((most or 0) // 64, MAX_STEP)
        self._grown = 0
        self._is_over = False

    @property
    def is_due(self) -> bool:
        """Whether the worlds may have grown so much that they are to be looked at."""
        return self._grown > self._step

    def note(self, weight: Weight, path: str, headers: Headers) -> None:
        """Note a request that a world gets."""
        growth = growth_of(headers)
        weight.grown += growth
        self._grown += growth
        if _CONTROL in path:
            weight.is_sure = False

    def excess(self, weights: Iterable[Weight]) -> int:
        """Return by how many bytes the worlds take more than they may; 0 or less where they do not."""
        if self.most is None:
            return 0
        self._grown = 0
        every = list(weights)
        excess = sum(weight.most for weight in every) - self.most
        if excess > 0:
            # They take less than the requests that they got could need.
            excess = sum(weight.measure() for weight in every) - self.most
        self._is_over = self._is_over and excess > 0
        return excess

    def note_excess(self, excess: int, largest: str) -> None:
        """Say once in the log that the worlds that stay take too much."""
        if excess > 0 and self.most is not None and not self._is_over:
            logger.warning(
                "the worlds that stay take about %s, and may take %s (--max-memory): raise this bound, or reset or "
                "delete a world; the largest is %s",
                *(in_words(self.most + excess), in_words(self.most), largest),
            )
        self._is_over = excess > 0


def growth_of(headers: Headers) -> int:
    """Return by how many bytes a mock grows at most by a request with some headers."""
    length = headers.get(_LENGTH)
    if length is None or not (length.isascii() and length.isdigit()):
        return _REQUEST + (MAX_IN_MEMORY if headers.get(_CODING) else 0)
    return _REQUEST + (int(length) if len(length) < len(str(MAX_IN_MEMORY)) else MAX_IN_MEMORY)


def estimate(service: Service) -> int:
    """Return about how many bytes of memory a mock takes; its images, requests, files and snapshots count for most."""
    store = service.store
    with store.lock:
        records = {
            collection.name: dict(collection.records)
            for collection in store.collections
            if collection.name not in _IN_IDLE
        }
        snapshots = [snapshot.records for snapshot in service.snapshots.values()]
    total = IDLE + sum(_of_records(name, kept) for name, kept in records.items() if kept)
    for earlier in snapshots:
        total += sum(_of_snapshot(name, earlier[name], kept) for name, kept in records.items() if earlier[name])
    total += _of_entries(list(service.journal), records.get("images", {}))
    return total + sum(map(estimate, service.further))


def _of_records(name: str, records: Mapping[str, Any]) -> int:
    if name == "files":
        return sum(map(_size_of_file, records.values()))
    index = _INDEX if name == "images" else 0
    return sys.getsizeof(records) + len(records) * index + _scaled(_evenly(records.values()), len(records))


def _of_snapshot(name: str, records: Mapping[str, Any], now: Mapping[str, Any]) -> int:
    """Return what a snapshot has for itself: a dict of its own, and the records that the mock no longer has."""
    if name == "files":
        return sum(_size_of_file(file) for key, file in records.items() if now.get(key) is not file)
    # A record that is shared has no size of its own here.
    sample = [None if now.get(key) is record else record for key, record in _evenly(records.items())]
    return sys.getsizeof(records) + _scaled(sample, len(records))


def _of_entries(entries: Sequence[Entry], images: Mapping[str, Any]) -> int:
    """Return the size of requests; their bodies differ too much for a sample."""
    bodies = sum(len(entry.request_body) for entry in entries)
    bodies += sum(len(entry.response_body) for entry in entries if entry.image is None)
    return bodies + _scaled([_without_bodies(entry, images) for entry in _evenly(entries)], len(entries))


def _without_bodies(entry: Entry, images: Mapping[str, Any]) -> list[Any]:
    """Return what an entry has beside bodies; an image that is the mock's too is not its own."""
    kept = entry.image
    return [
        *(entry.request_id, entry.caller, entry.rules, entry.ignored, entry.reason),
        *(entry.request_headers, entry.response_headers, entry.received_at, entry.responded_at),
        *(entry.arrived, entry.seconds, None if kept is None or images.get(kept[2]) is kept else kept),
        bytes(_ENTRY),
    ]


def _evenly(values: Collection[V]) -> list[V]:
    """Return a few values that lie evenly among all; not each second one, as a test often changes these."""
    return list(islice(values, 0, None, len(values) // _SAMPLE | 1))


def _scaled(sample: Sequence[Any], count: int) -> int:
    """Return the size of so many values by that of a sample, without what several of the sample share."""
    parts = [_parts_of(value) for value in sample]
    holders = Counter(key for own in parts for key in own)
    total = sum(size for own in parts for key, size in own.items() if holders[key] == 1)
    return total * count // max(1, len(sample))


def _parts_of(value: Any) -> dict[int, int]:
    """Return the sizes of a value and of all that it has, by their ids."""
    sizes: dict[int, int] = {}
    left = [value]
    while left:
        part = left.pop()
        if part is not None and id(part) not in sizes:
            sizes[id(part)] = sys.getsizeof(part)
            if isinstance(part, Mapping):
                left += part.values()
            elif isinstance(part, (list, tuple, set, frozenset)):
                left += part
    return sizes


def _size_of_file(file: File) -> int:
    return _FILE + file.in_memory
