"""What a marker without its fixture is: a mistake, of which the test, or the last of a class or a module, fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def failed(message: str) -> BaseException:
    """Return what fails a test with a message, and without a traceback through the plugin."""
    return pytest.fail.Exception(message, pytrace=False)


class FixtureMarker:
    """A marker that sets something of a fixture; `advice` says how a test comes to it.

    `is_used` returns whether a test has the fixture, however it came to it.
    """

    def __init__(self, name: str, advice: str, is_used: Callable[[pytest.Item], bool]) -> None:
        self._name = name
        self._advice = advice
        self._is_used = is_used
        self._left = pytest.StashKey["set[pytest.Item]"]()
        """Of a class or a module with the marker, the tests still to come, as long as none has used the fixture."""

    def note(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Note the classes and modules with the marker of which no test takes the fixture, where all are collected."""
        if any("::" in argument for argument in config.args) or config.getoption("lf", default=False):
            return
        tests: dict[Any, list[pytest.Item]] = {}
        for item in items:
            for node in item.listchain()[:-1]:
                if self._is_of(getattr(node, "own_markers", ())):
                    tests.setdefault(node, []).append(item)
        for node, inside in tests.items():
            if not any(self._name in getattr(item, "fixturenames", ()) for item in inside):
                node.stash[self._left] = set(inside)

    def check(self, item: pytest.Item) -> None:
        """Fail a test whose marker sets nothing, and the last one of a class or a module where it does in none."""
        if not self._is_used(item) and self._is_of(item.own_markers):
            raise failed(f"@pytest.mark.{self._name} has no effect, since the test does not {self._advice}")
        for node in item.listchain()[:-1]:
            self._check_above(item, node)

    def _check_above(self, item: pytest.Item, node: Any) -> None:
        left = node.stash.get(self._left, None)
        if left is None:
            return
        left.discard(item)
        if self._is_used(item):
            del node.stash[self._left]
        elif not left:
            del node.stash[self._left]
            raise failed(f"@pytest.mark.{self._name} of {node.name} has no effect: its tests do not {self._advice}")

    def _is_of(self, markers: Any) -> bool:
        return any(marker.name == self._name for marker in markers)
