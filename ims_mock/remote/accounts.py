"""The accounts of a mock in another process, and what they are denied."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from ims_mock.identity.accounts import Accounts, project_of, user_of
from ims_mock.identity.permissions import Denial, Permissions
from ims_mock.remote.connection import Connection
from ims_mock.remote.records import RemoteStore


class RemoteAccounts(Accounts):
    """The projects and users of a world in another process, by name, as they are when they are asked for."""

    def __init__(self, connection: Connection, store: RemoteStore) -> None:
        given: Any = store
        super().__init__(given)
        self._remote = store
        self._connection = connection

    def _look(self) -> None:
        """Read the records."""
        projects, users = self._remote.projects.copy(), self._remote.users.copy()
        self._projects = MappingProxyType({name: project_of(record) for name, record in projects.items()})
        self._users = MappingProxyType({name: user_of(record) for name, record in users.items()})

    def add(self, document: Any) -> None:
        """Add the projects and users of a document as schemas/models/accounts.json has it.

        A project or user with the name of another one replaces it, and keeps its id unless a new one is given.
        Raises ValueError saying what is wrong, and then adds nothing.
        """
        self._connection.send("POST", "accounts", document)

    def remove_user(self, name: str) -> None:
        """Remove a user, whose credentials are no longer accepted; raise ValueError if there is no such user."""
        self.named_user(name)
        self._remote.users.remove(name)


class RemotePermissions(Permissions):
    """What is denied in a world in another process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def deny(self, action: str, user: str | None = None) -> Denial:
        """Deny an action, such as "ims:images:create" or "ims:*:delete", to everybody or to the user of a name.

        Raises ValueError for an action that no operation needs.
        """
        given = {"action": action} if user is None else {"action": action, "user": user}
        self._connection.send("POST", "denials", given)
        return Denial(action, user, self)

    def allow(self, denial: Denial) -> None:
        """Allow the actions again."""
        self._connection.delete("denials", action=denial.action, user=denial.user)

    @property
    def denials(self) -> list[Denial]:
        """What is denied, the earliest first."""
        denied = self._connection.get("denials")["denials"]
        return [Denial(denial["action"], denial["user"], self) for denial in denied]

    def allow_all(self) -> None:
        """Allow every action again."""
        self._connection.delete("denials")

    def policy(self) -> dict[str, Any]:
        """Return the smallest policy under which every request would have been allowed, in IAM's own form."""
        policy: dict[str, Any] = self._connection.get("policy")
        return policy

    @property
    def needed(self) -> set[str]:  # type: ignore[override]
        """The actions that requests have needed since the last reset."""
        return set(self.policy()["Statement"][0]["Action"])

    @property
    def ever_needed(self) -> set[str]:  # type: ignore[override]
        """The actions that requests have needed since the world was made."""
        return set(self._connection.get("policy", since="start")["Statement"][0]["Action"])
