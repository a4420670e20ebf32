"""What callers may do: which actions of IAM operations need, a test denies, and a run has needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import load_contract
from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.wording import nearest, shown
from ims_mock.exchange.caller import Caller
from ims_mock.exchange.exchange import Exchange
from ims_mock.state.real import new_lock
from ims_mock.state.signal import NOBODY


@dataclass(frozen=True)
class Denial:
    """Actions that a test has denied; a context manager that allows them again at its end."""

    action: str
    user: str | None
    permissions: Permissions

    def covers(self, action: str, caller: Caller) -> bool:
        """Return whether a caller is denied an action."""
        return self.user in (None, caller.user) and fnmatchcase(action, self.action)

    def __enter__(self) -> Denial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.permissions.allow(self)


class Permissions:
    """What is denied in one mock, and which actions its requests have needed.

    `needed` are those since it was reset, `ever_needed` those since it was made. `edits` counts how often what is
    denied was changed, after which `signal` is given.
    """

    def __init__(self) -> None:
        self._lock = new_lock()
        self.edits = 0
        self.signal = NOBODY
        self._denials: list[Denial] = []
        self.needed: set[str] = set()
        self.ever_needed: set[str] = set()

    def clear(self) -> None:
        """Deny nothing, and begin the record of what is needed again."""
        with self._lock:
            self._denials = []
            self.needed = set()
        self._changed()

    def _changed(self) -> None:
        self.edits += 1
        self.signal.give()

    @property
    def denials(self) -> list[Denial]:
        """What is denied, the earliest first."""
        with self._lock:
            return list(self._denials)

    def deny(self, action: str, user: str | None = None) -> Denial:
        """Deny an action, such as "ims:images:create" or "ims:*:delete", to everybody or to the user of a name.

        Raises InvalidError for an action that no operation needs.
        """
        if not isinstance(action, str):
            text = f"must be a string such as 'ims:images:create', got {shown(action)}"
            raise wrong_setting("action", "type", text, action)
        known = sorted({action for operation in load_contract().operations.values() for action in operation.actions})
        if not any(fnmatchcase(name, action) for name in known):
            hint = nearest(action, known) or f"; the actions are {', '.join(known)}"
            raise wrong_setting(
                "action", "enum", f"must be one that an operation needs, got {shown(action)}{hint}", action
            )
        denial = Denial(action, user, self)
        with self._lock:
            self._denials.append(denial)
        self._changed()
        return denial

    def allow(self, denial: Denial) -> None:
        """Allow the actions again."""
        with self._lock:
            self._denials = [other for other in self._denials if other is not denial]
        self._changed()

    def allow_all(self) -> None:
        """Allow every action again."""
        with self._lock:
            self._denials = []
        self._changed()

    def put_back(self, denials: list[Denial]) -> None:
        """Deny what was denied at another moment, and begin the record of what is needed again."""
        with self._lock:
            self._denials = list(denials)
            self.needed = set()
        self._changed()

    def check(self, exchange: Exchange) -> None:
        """Write down which actions a request needs; raise 403 when its caller lacks one."""
        caller, actions = exchange.caller, exchange.operation.actions
        is_anybody = caller.user is None
        if not self.needed.issuperset(actions) or not self.ever_needed.issuperset(actions):
            self.note_needed(actions)
        for action in actions:
            if not is_anybody and not caller.may(action):
                name = caller.user or "the caller"
                raise ImsError(403, "IMG.0026", reason=f"no role of {name} in this project allows the action {action}")
            if self._denials and any(denial.covers(action, caller) for denial in self._denials):
                raise ImsError(403, "IMG.0026", reason=f"the action {action} is denied by a test")

    def note_needed(self, actions: Iterable[str]) -> None:
        """Write down which actions a request has needed."""
        self.needed.update(actions)
        self.ever_needed.update(actions)

    def policy(self) -> dict[str, Any]:
        """Return the smallest policy under which every request would have been allowed, in IAM's own form."""
        return new_policy(self.needed)


def new_policy(actions: Iterable[str]) -> dict[str, Any]:
    """Return a custom policy of IAM that allows some actions, and nothing else."""
    return {"Version": "1.1", "Statement": [{"Effect": "Allow", "Action": sorted(actions)}]}
