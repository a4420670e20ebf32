"""The rules of a mock in another process: armed from the same faults, with the hits that the server counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ims_mock.contract.wording import cut
from ims_mock.exchange.exchange import Exchange, Work
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault
from ims_mock.faults.rule_set import Faults
from ims_mock.faults.rules import Rule, rule_from_json
from ims_mock.remote.connection import Connection, part
from ims_mock.state.real import new_lock


class RemoteRule(Rule):
    """A rule that a server applies: `hits` asks the server; after a reset it is what was last seen."""

    _seen_hits = 0

    @property
    def hits(self) -> int:
        """How often it fired."""
        if isinstance(self._rules, RemoteFaults):
            self._rules.look()
        return self._seen_hits

    @hits.setter
    def hits(self, count: int) -> None:
        self._seen_hits = count

    def begin(self, rules: RemoteFaults, rule_id: str) -> None:
        """Be the rule that the server has armed under an id."""
        self._rules, self.id, self._seen_hits = rules, rule_id, 0


class RemoteFaults(Faults):
    """The rules of a world in another process. Each access asks the server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = new_lock()
        self._generation = -1
        self._known: dict[str, Rule] = {}

    def arm(self, rule: Rule) -> Rule:
        """Add a rule after the others, so that it is the innermost, and return it.

        Raises ValueError for a rule that is or was armed already, because it has counted other requests.
        """
        if rule.id:
            raise ValueError(f"rule {rule.id} is armed already; rule_text.new_rule makes another one like it")
        self.look()
        armed = self._connection.send("POST", "faults", rule.settings())
        # The caller holds this rule, and asks it for its hits.
        rule.__class__ = RemoteRule
        assert isinstance(rule, RemoteRule)
        rule.begin(self, armed["id"])
        with self._lock:
            self._known[armed["id"]] = rule
        return rule

    def look(self) -> tuple[list[Rule], list[Rule]]:
        """Return the rules that are armed, and those that were removed since the last reset, and note their hits."""
        document = self._connection.get("faults", removed=True)
        with self._lock:
            if document["resets"] != self._generation:
                self._generation, self._known = document["resets"], {}
            armed, removed = ([self._rule(item) for item in document[name]] for name in ("faults", "removed"))
        return armed, removed

    def _rule(self, document: dict[str, Any]) -> Rule:
        """Return the rule of a document, the same object for the same rule."""
        rule_id = document["id"]
        if rule_id not in self._known:
            settings = {name: value for name, value in document.items() if name not in ("id", "hits")}
            rule = rule_from_json(settings)
            rule.__class__ = RemoteRule
            assert isinstance(rule, RemoteRule)
            rule.begin(self, rule_id)
            self._known[rule_id] = rule
        rule = self._known[rule_id]
        rule.hits = document["hits"]
        return rule

    def remove(self, rule: Rule | str) -> None:
        """Disarm a rule, given itself or its id; raise KeyError when it is not armed."""
        rule_id = rule.id if isinstance(rule, Rule) else rule
        armed = self.armed
        found = armed.get(rule_id)
        if found is None or (isinstance(rule, Rule) and found is not rule):
            raise KeyError(f"rule {cut(repr(rule_id))} is not armed; armed rules: {', '.join(armed) or 'none'}")
        self._connection.delete(f"faults/{part(rule_id)}")

    def discard(self, rule: Rule) -> None:
        """Disarm one rule; a rule that is not armed is no error."""
        if self.armed.get(rule.id) is rule:
            self._connection.delete(f"faults/{part(rule.id)}", drop=True)

    def clear(self) -> None:
        """Disarm every rule. Ids continue, so that an id in the journal always means one rule."""
        self._connection.delete("faults")

    def ever_armed(self) -> list[Rule]:
        """Return the rules that are armed, and the last ones that were removed, since the last reset."""
        armed, removed = self.look()
        return [*removed, *armed]

    @property
    def armed(self) -> dict[str, Rule]:  # type: ignore[override]
        """The rules that are armed, by id."""
        return {rule.id: rule for rule in self.look()[0]}

    @property
    def edits(self) -> int:  # type: ignore[override]
        """How often a rule was armed or removed is what only the mock's own process counts."""
        raise _of_the_server("edits")

    @property
    def resets(self) -> int:  # type: ignore[override]
        """How often all rules were dropped."""
        self.look()
        return self._generation

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.look()[0])

    def __len__(self) -> int:
        return len(self.look()[0])

    def reset(self) -> None:
        """Refuse: a reset of the world does it."""
        raise _of_the_server("reset")

    def move(self, seconds: float) -> None:
        """Refuse: the server's rules follow the server's clock."""
        raise _of_the_server("move")

    def around(self, work: Work, exchange: Exchange) -> Response:
        """Refuse: the server does the work of requests."""
        raise _of_the_server("around")

    def once(self, fault: Fault, work: Work, exchange: Exchange) -> Work:
        """Refuse: the server does the work of requests."""
        raise _of_the_server("once")


def _of_the_server(name: str) -> TypeError:
    return TypeError(f"faults.{name} works only in the process of the mock, and this one is in another; use ImsMock()")
