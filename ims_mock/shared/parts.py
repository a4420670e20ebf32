"""What a mock has beside the records of its store, as documents that other servers can go on from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from ims_mock.contract.errors import ImsError
from ims_mock.faults.rule_set import Faults
from ims_mock.faults.rules import Rule, rule_from_json
from ims_mock.identity.permissions import Denial, Permissions
from ims_mock.service.settings import Settings
from ims_mock.state.clock import ManualClock
from ims_mock.state.sharing import Sharing
from ims_mock.state.store import Store

T = TypeVar("T")


class SharedFaults(Faults):
    """The rules of a mock, which count each request once, whichever server it has reached."""

    def __init__(self, store: Store) -> None:
        self.sharing: Sharing | None = None
        super().__init__(store)

    def count(self, rule: Rule, work: Callable[[], T]) -> T:
        """Do what changes the counts of a rule, as one step for all servers, and return what it returns."""
        if self.sharing is None:
            return super().count(rule, work)
        return self.sharing.attempt(work, is_touched=True)

    def _changing(self, work: Callable[[], T]) -> T:
        return work() if self.sharing is None else self.sharing.attempt(work, is_touched=True)

    def arm(self, rule: Rule) -> Rule:
        """Add a rule after the others, so that it is the innermost, and return it."""
        return self._changing(lambda: super(SharedFaults, self).arm(rule))

    def remove(self, rule: Rule | str) -> None:
        """Disarm a rule, given itself or its id; raise KeyError when it is not armed."""
        self._changing(lambda: super(SharedFaults, self).remove(rule))

    def discard(self, rule: Rule) -> None:
        """Disarm one rule; a rule that is not armed is no error."""
        self._changing(lambda: super(SharedFaults, self).discard(rule))

    def ever_armed(self) -> list[Rule]:
        """Return the rules that are armed, and the last ones that were removed, as any server has counted."""
        if self.sharing is not None:
            with suppress(ImsError):  # Without the store it is what this server knows.
                self.sharing.look()
        return super().ever_armed()

    def clear(self) -> None:
        """Disarm every rule. Ids continue, so that an id in the journal always means one rule."""
        self._changing(super().clear)

    def document(self) -> dict[str, Any]:
        """Return the rules with their counts, in JSON."""
        with self._lock:
            return {
                "last_id": self.last_id,
                "resets": self.resets,
                "armed": [_rule(rule) for rule in self.armed.values()],
                "disarmed": [_rule(rule) for rule in self._disarmed],
            }

    def load(self, document: Mapping[str, Any]) -> None:
        """Have the rules of a document, with their counts; a rule that is known stays the same object."""
        with self._lock:
            known = {rule.id: rule for rule in [*self._disarmed, *self.armed.values()]}
            armed = {item["id"]: self._loaded(item, known) for item in document["armed"]}
            self._disarmed.clear()
            self._disarmed += [self._loaded(item, known) for item in document["disarmed"]]
            self.last_id, self.resets, self.armed = document["last_id"], document["resets"], armed
        self._changed()

    def _loaded(self, item: Mapping[str, Any], known: Mapping[str, Rule]) -> Rule:
        rule = known.get(item["id"])
        if rule is None or rule.settings() != item["settings"]:
            rule = rule_from_json(item["settings"])
            rule.join(self, item["id"], self._store)
        rule.count_on(item["counts"])
        return rule


def _rule(rule: Rule) -> dict[str, Any]:
    return {"id": rule.id, "settings": rule.settings(), "counts": rule.counts()}


class SharedPermissions(Permissions):
    """What is denied in a mock, and what its requests have needed, whichever server they have reached."""

    def __init__(self) -> None:
        self.sharing: Sharing | None = None
        super().__init__()

    def note_needed(self, actions: Iterable[str]) -> None:
        """Write down which actions a request has needed."""
        wanted = list(actions)
        if self.sharing is None:
            super().note_needed(wanted)
        else:
            self.sharing.attempt(lambda: super(SharedPermissions, self).note_needed(wanted), is_touched=True)

    def deny(self, action: str, user: str | None = None) -> Denial:
        """Deny an action to everybody or to the user of a name; raise InvalidError for one that no operation needs."""
        return self._changing(lambda: super(SharedPermissions, self).deny(action, user))

    def allow(self, denial: Denial) -> None:
        """Allow the actions again."""
        self._changing(lambda: super(SharedPermissions, self).allow(denial))

    def _changing(self, work: Callable[[], T]) -> T:
        return work() if self.sharing is None else self.sharing.attempt(work, is_touched=True)

    def document(self) -> list[Any]:
        """Return what is denied, in JSON."""
        return [[denial.action, denial.user] for denial in self.denials]

    def load(self, document: list[Any]) -> None:
        """Deny what a document says."""
        needed = self.needed
        self.put_back([Denial(action, user, self) for action, user in document])
        self.needed = needed

    def needs_document(self) -> list[list[str]]:
        """Return what requests have needed since the reset, and ever."""
        return [sorted(self.needed), sorted(self.ever_needed)]

    def load_needs(self, document: list[list[str]]) -> None:
        """Have what requests have needed as a document says."""
        self.needed, self.ever_needed = map(set, document)


def settings_document(settings: Settings) -> dict[str, Any]:
    """Return the settings that are no records, in JSON."""
    return {**settings.kept(), "faults": [rule.settings() for rule in settings.new_rules()]}


def clock_document(store: Store) -> list[float]:
    """Return the time, the speed and the start of the clock; nothing where it is the machine's."""
    clock = store.clock
    return [*clock.setting(), store.started_at] if isinstance(clock, ManualClock) else []


def load_clock(store: Store, document: list[float]) -> None:
    """Let the clock show what `clock_document` says."""
    if isinstance(store.clock, ManualClock) and document:
        seconds, speed, since, store.started_at = document
        store.clock.set_as(seconds, speed, since)
