"""The mocks of this process that serve, and the test that watches them for its report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from ims_mock.unfired_rules import unfired

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ims_mock.evidence.journal import Mark
    from ims_mock.faults.rules import Rule
    from ims_mock.mock_world import MockWorld
    from ims_mock.service.service import Service

MOST_STOPPED = 5
"""How many mocks are kept that a test has started and stopped: a test may start one in each of many runs."""


class Mock(Protocol):
    """An ImsMock, as far as it is watched."""

    service: Service

    @property
    def url(self) -> str:
        """The root of the API."""

    _is_remote: bool
    """Whether each look at it is a request to another process."""

    def _parts(self) -> Mapping[str, MockWorld]:
        """Return what has rules and a journal of its own, by name; "" is the mock itself."""


Marks = dict[str, "Mark"]
"""The moments of the journals of a mock, by its parts."""


def marks(parts: Mapping[str, MockWorld]) -> Marks:
    """Return the present moments of the journals of the parts of a mock."""
    return {name: part.journal.mark() for name, part in parts.items()}


class Watch:
    """The mocks that a test may use, each with the moments of its journals at which the test began.

    Those in `earlier` serve when the test begins, and those in `new` are started while it runs. `idle` has the rules
    that never fired of each mock that was stopped meanwhile. All are held, so that the report can show them.
    """

    def __init__(self) -> None:
        self.begin(with_remote=False)

    def begin(self, *, with_remote: bool) -> None:
        """Watch from now on; without `with_remote`, only the mocks of this process, which cost no requests."""
        served = [mock for reference in _SERVING.keyrefs() if (mock := reference()) is not None]
        watched = [mock for mock in served if with_remote or not mock._is_remote]
        self.earlier: dict[Mock, Marks] = {mock: marks(mock._parts()) for mock in watched}
        self.new: dict[Mock, Marks] = {}
        self.idle: dict[Mock, dict[str, list[Rule]]] = {}

    def note_start(self, mock: Mock) -> None:
        """Hold a mock."""
        if mock not in self.earlier and mock not in self.new:
            self.new[mock] = marks(mock._parts())

    def note_stop(self, mock: Mock) -> None:
        """Keep the rules of a mock that never fired; drop the first stopped mocks, where there are many."""
        rules = unfired(mock)
        if rules:
            self.idle[mock] = rules
        for stopped in [other for other in self.new if other not in _SERVING][:-MOST_STOPPED]:
            del self.new[stopped]


_SERVING = WeakKeyDictionary["Mock", None]()
_WATCHES: list[Watch] = []
"""One for each test that runs: a test may run pytest, with tests that use mocks of their own."""


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch the mocks in a block; what was held is dropped at its end."""
    watch = Watch()
    _WATCHES.append(watch)
    try:
        yield watch
    finally:
        _WATCHES.remove(watch)


def note_start(mock: Mock) -> None:
    """Note that a mock serves from now on."""
    _SERVING[mock] = None
    if _WATCHES:
        _WATCHES[-1].note_start(mock)


def note_stop(mock: Mock) -> None:
    """Note that a mock serves no more."""
    if mock in _SERVING:
        del _SERVING[mock]
        if _WATCHES:
            _WATCHES[-1].note_stop(mock)
