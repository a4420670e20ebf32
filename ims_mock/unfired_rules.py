"""The rules of a mock that never fired, those of its worlds and regions too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ims_mock.faults.rules import Rule
    from ims_mock.mock_world import MockWorld


class Mock(Protocol):
    """An ImsMock, as far as its rules are concerned."""

    def _parts(self) -> Mapping[str, MockWorld]:
        """Return what has rules of its own, by name; "" is the mock itself."""


def unfired(mock: Mock, before: Sequence[Rule] = ()) -> dict[str, list[Rule]]:
    """Return the rules that should have fired, and have not, by the part of the mock that has them.

    Those in `before` do not count. A rule of the setting `faults` is armed in each region, and in each world that has
    the settings of the server: it has to fire in one of them.
    """
    rules = [
        (name, key, rule)
        for name, part in mock._parts().items()
        for key, rule in _with_keys(part)
        if not any(rule is other for other in before)
    ]
    done = {key or id(rule) for _, key, rule in rules if rule.hits}
    found: dict[str, list[Rule]] = {}
    for name, key, rule in rules:
        if not rule.optional and (key or id(rule)) not in done:
            done.add(key or id(rule))
            found.setdefault(name, []).append(rule)
    return found


def _with_keys(part: MockWorld) -> Iterator[tuple[str, Rule]]:
    """Yield the rules that were armed; those of a setting with a text that is the same in each part, others with ""."""
    rules = part.faults.ever_armed()
    count = len(part.service.settings.faults) if rules else 0
    for rule in rules:
        yield repr(rule.redacted()) if int(rule.id) <= count else "", rule


def check_unfired(found: Mapping[str, list[Rule]], place: str = "") -> None:
    """Raise AssertionError for rules that never fired; it names the world or the region, and `place` before it."""
    # Imported here: the plugin of pytest, which imports this module, imports nothing that takes time.
    from ims_mock.faults.rules import check_fired

    texts = []
    for name, rules in found.items():
        try:
            check_fired(rules)
        except AssertionError as error:
            texts.append(": ".join(filter(None, (", ".join(filter(None, (place, name))), str(error)))))
    if texts:
        raise AssertionError("\n".join(texts))
