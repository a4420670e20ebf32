"""The rules of one mock, in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any, TypeVar

from ims_mock.contract.problems import wrong_settings
from ims_mock.contract.wording import cut, nearest
from ims_mock.exchange.exchange import Exchange, Work
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault
from ims_mock.faults.rule_text import new_rule
from ims_mock.faults.rules import Rule, check_fired
from ims_mock.state.real import new_lock
from ims_mock.state.store import Store

_MOST_DISARMED = 1000

T = TypeVar("T")


class Faults:
    """The rules of one mock, in the order in which they were added.

    `armed` has them by id, `last_id` is how many there were since the reset; `edits` counts how often one was armed or
    removed, `resets` how often all were dropped.
    """

    def __init__(self, store: Store) -> None:
        self._lock = new_lock()
        self.edits = self.resets = 0
        self._store = store
        self.reset()

    def add(self, fault: Fault | Rule | Mapping[str, Any] | str, **settings: Any) -> Rule:
        """Arm a fault and return its rule, whose `hits` counts; raise InvalidError for one that could never fire.

        `settings` are those of Rule: operation, method, path, project, json, headers, skip, every, probability,
        between, times, optional, name. Instead of a fault it can be a rule, also as a text such as
        "glance_list_images: 503 x2" or as in JSON; `settings` then replace those that it has.
        """
        known = [item.name for item in fields(Rule) if item.init and item.name != "fault"]
        for name in settings:
            if name not in known:
                hint = f"its settings are {', '.join(known)}{nearest(name, known)}"
                raise wrong_settings("additionalProperties", f"a rule has no setting {name!r}; {hint}")
        return self.arm(replace(new_rule(fault), **settings) if settings else new_rule(fault))

    def arm(self, rule: Rule) -> Rule:
        """Add a rule after the others, so that it is the innermost, and return it.

        Raises ValueError for a rule that is or was armed already, because it has counted other requests.
        """
        if rule.id:
            raise ValueError(f"rule {rule.id} is armed already; rule_text.new_rule makes another one like it")
        self._store.check_there()
        # In the same order as a reset, which clears the rules while it holds the lock of the store.
        with self._store.lock, self._lock:
            self.last_id += 1
            rule_id = str(self.last_id)
            rule.arm(self, rule_id, self._store)
            self.armed[rule_id] = rule
        self._changed()
        return rule

    def remove(self, rule: Rule | str) -> None:
        """Disarm a rule, given itself or its id; raise KeyError when it is not armed."""
        rule_id = rule.id if isinstance(rule, Rule) else rule
        with self._lock:
            armed = self.armed.get(rule_id)
            if armed is None or (isinstance(rule, Rule) and armed is not rule):
                known = ", ".join(self.armed) or "none"
                raise KeyError(f"rule {cut(repr(rule_id))} is not armed; armed rules: {known}")
            self._disarmed.append(self.armed.pop(rule_id))
        self._changed()

    def discard(self, rule: Rule) -> None:
        """Disarm one rule; a rule that is not armed is no error."""
        with self._lock:
            if self.armed.get(rule.id) is rule:
                del self.armed[rule.id]
        self._changed()

    def clear(self) -> None:
        """Disarm every rule. Ids continue, so that an id in the journal always means one rule."""
        with self._lock:
            self._disarmed += self.armed.values()
            self.armed.clear()
        self._changed()

    def reset(self) -> None:
        """Disarm every rule, and number them from 1 again."""
        with self._lock:
            self.last_id = 0
            self.armed: dict[str, Rule] = {}
            self._disarmed: deque[Rule] = deque(maxlen=_MOST_DISARMED)
            self.resets += 1
        self._changed()

    def _changed(self) -> None:
        self.edits += 1
        self._store.signal.give()

    def count(self, rule: Rule, work: Callable[[], T]) -> T:
        """Do what changes the counts of a rule, as one step, and return what it returns."""
        return rule.locked(work)

    def move(self, seconds: float) -> None:
        """Follow a clock that has jumped to another time."""
        for rule in self:
            rule.move(seconds)

    def check_fired(self) -> None:
        """Raise AssertionError when a rule that is not optional never fired, also when it has been disarmed."""
        check_fired(self.ever_armed())

    def ever_armed(self) -> list[Rule]:
        """Return the rules that are armed, and the last ones that were removed, since the last reset."""
        with self._lock:
            return [*self._disarmed, *self.armed.values()]

    def __iter__(self) -> Iterator[Rule]:
        with self._lock:
            return iter(list(self.armed.values()))

    def __len__(self) -> int:
        return len(self.armed)

    def around(self, work: Work, exchange: Exchange) -> Response:
        """Do the work of a request with every rule around it, the first added outermost."""
        for rule in reversed(list(self)) if self.armed else ():
            work = partial(rule.around, work)
        return work(exchange)

    def once(self, fault: Fault, work: Work, exchange: Exchange) -> Work:
        """Return the work of a request with a fault of its own around it, as if a rule fired."""
        rule = Rule(fault, exchange.operation.id)
        rule.arm(self, f"header of {exchange.entry.request_id}", self._store)
        return partial(rule.around, work)
