"""What is shared of a mock, and what a thread knows of the request that it works on."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from ims_mock.identity.accounts import Accounts
from ims_mock.service.settings import Settings
from ims_mock.shared.journal import SharedJournal
from ims_mock.shared.parts import SharedFaults, SharedPermissions
from ims_mock.state.store import Store
from ims_mock.web.together import RepeatError


class StaleError(RepeatError):
    """A response is of records that are not the newest: its request has to be repeated, which no `except` may stop."""


class Mock(Protocol):
    """What is shared of a mock."""

    settings: Settings
    accounts: Accounts
    snapshots: dict[str, Any]

    @property
    def store(self) -> Store:
        """Its store."""

    @property
    def journal(self) -> SharedJournal:
        """Its journal."""

    @property
    def faults(self) -> SharedFaults:
        """Its rules."""

    @property
    def permissions(self) -> SharedPermissions:
        """What is denied."""

    def apply(self, settings: Settings) -> None:
        """Go on with other settings."""


class Turn(threading.local):
    """What a thread knows of the request that it works on.

    `is_request` while there is one, which began at a `commit`; `is_current` once the records were the newest while it
    was there, and `is_out` once the store was out of reach.
    """

    is_request = False
    is_current = False
    is_out = False
    commit = ""

    def begin(self, commit: str, *, is_current: bool) -> None:
        """Begin a request, whose response is checked to be from the newest state unless that is certain."""
        self.is_request, self.is_current, self.is_out, self.commit = True, is_current, False, commit

    def end(self) -> None:
        """End it."""
        self.is_request = False
