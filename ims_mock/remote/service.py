"""What views and reports use of a service, of one in another process."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ims_mock.remote.accounts import RemoteAccounts, RemotePermissions
from ims_mock.remote.clock import RemoteClock
from ims_mock.remote.connection import Connection
from ims_mock.remote.faults import RemoteFaults
from ims_mock.remote.journal import RemoteJournal
from ims_mock.remote.records import RemoteStore


class RemoteWorldStore(RemoteStore):
    """The store of a world in another process, with its clock."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, lambda: connection.get("connection"))
        self.clock = RemoteClock(connection)


class RemoteService:
    """A service in another process: its store, accounts, rules and journal."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.store = RemoteWorldStore(connection)
        self.faults = RemoteFaults(connection)
        self.journal = RemoteJournal(connection)
        self.accounts = RemoteAccounts(connection, self.store)
        self.permissions = RemotePermissions(connection)

    @property
    def settings(self) -> SimpleNamespace:
        """The settings since the last reset, without secrets, to be read."""
        return SimpleNamespace(**self._connection.get("settings"))

    def about(self) -> dict[str, Any]:
        """Return what the server says of the world."""
        about: dict[str, Any] = self._connection.get("connection")
        return about
