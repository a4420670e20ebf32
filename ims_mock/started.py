"""The mocks of this process that serve, and the test that watches them for its report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from ims_mock.evidence.journal import Journal, Mark
    from ims_mock.faults.rule_set import Faults
    from ims_mock.faults.rules import Rule
    from ims_mock.service.service import Service

MOST_STOPPED = 5
"""How many mocks are kept that a test has started and stopped: a test may start one in each of many runs."""


class Mock(Protocol):
    """An ImsMock, as far as it is watched."""

    service: Service

    @property
    def url(self) -> str:
        """The root of the API."""

    @property
    def faults(self) -> Faults:
        """The rules that make requests fail."""

    @property
    def journal(self) -> Journal:
        """The requests that were received, with their responses."""


class Watch:
    """The mocks that a test may use, each with the moment of its journal at which the test began.

    Those in `earlier` serve when the test begins, and those in `new` are started while it runs. `idle` has the rules
    that never fired of each mock that was stopped meanwhile. All are held, so that the report can show them.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Watch from now on."""
        served = [mock for reference in _SERVING.keyrefs() if (mock := reference()) is not None]
        self.earlier: dict[Mock, Mark] = {mock: mock.journal.mark() for mock in served}
        self.new: dict[Mock, Mark] = {}
        self.idle: dict[Mock, list[Rule]] = {}

    def note_start(self, mock: Mock) -> None:
        """Hold a mock."""
        if mock not in self.earlier:
            self.new.setdefault(mock, mock.journal.mark())

    def note_stop(self, mock: Mock) -> None:
        """Keep the rules of a mock that never fired; drop the first stopped mocks, where there are many."""
        rules = [rule for rule in mock.faults.ever_armed() if not rule.hits and not rule.optional]
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
