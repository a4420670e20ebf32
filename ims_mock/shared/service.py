"""A mock that is served by several servers: the service, with its state in Redis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.headers import header_name
from ims_mock.contract.operations import Operation
from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.routes import find_route
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Request, Response
from ims_mock.service import worlds_control
from ims_mock.service.asked_faults import FAULT_HEADER
from ims_mock.service.feed import Feed
from ims_mock.service.region_choice import PREFIX, name_in_path
from ims_mock.service.service import Service
from ims_mock.service.settings import Settings
from ims_mock.shared.attempt import SharedChanges
from ims_mock.shared.files import Place, SharedFiles
from ims_mock.shared.journal import SharedJournal
from ims_mock.shared.keys import prefix_of
from ims_mock.shared.link import StoreError
from ims_mock.shared.notes import Notes
from ims_mock.shared.parts import SharedFaults, SharedPermissions
from ims_mock.shared.state import MOST_ATTEMPTS, SharedState
from ims_mock.shared.turn import StaleError
from ims_mock.state.clock import Clock
from ims_mock.state.store import Store

_FAULT_HEADER = header_name(FAULT_HEADER)

_WAITING = ("show_changes",)
"""The functions of the control API that wait, and change nothing."""

_OF_WORLDS = (
    worlds_control.list_worlds,
    worlds_control.make_world,
    worlds_control.show_world,
    worlds_control.delete_world,
    worlds_control.limit_worlds,
)
"""The functions of the control API that are about the server, and not about the world that was asked."""


@dataclass(frozen=True)
class Storage:
    """Where a mock has its state: its name in the store, and a place for large files; `notes` lead to the store."""

    notes: Notes
    state: str
    place: Place | None = None


class SharedService(Service):
    """One mock, with the state that the store has under the name of its world; `settings` are those of a new one.

    Raises StoreError where the store is out of reach.
    """

    journal: SharedJournal
    faults: SharedFaults
    permissions: SharedPermissions
    feed: SharedFeed

    def __init__(self, settings: Settings, clock: Clock | None, world: str, storage: Storage) -> None:
        self.sharing: SharedState | None = None
        check_regions(settings)
        super().__init__(settings, clock, world)
        files = SharedFiles(storage.notes.link, prefix_of(storage.state), storage.place)
        sharing = SharedState(storage.notes, storage.state, self, files)
        self.sharing = sharing
        sharing.attach()
        self.feed.sharing = sharing

    new_journal = SharedJournal
    new_permissions = SharedPermissions
    new_faults = SharedFaults

    @property
    def shared(self) -> SharedState:
        """The state that the servers share."""
        assert self.sharing is not None, "it shares once it is made"
        return self.sharing

    def end(self) -> None:
        """Let go of what takes memory, as the world has been removed."""
        self.shared.detach()
        self.sharing = None
        super().end()

    def new_store(self, clock: Clock, seed: int | str) -> Store:
        """Return a store whose changes are seen."""
        return Store(clock, seed, new_log=SharedChanges)

    def new_feed(self) -> SharedFeed:
        """Return what reports pages of changes."""
        return SharedFeed(self.store, self.journal, self.faults, self.permissions, self.snapshots)

    def serve(self, operation: Operation, request: Request) -> Response:
        """Respond to a request of an operation; no exception leaves."""
        sharing = self.sharing
        if sharing is None:
            # The world was removed while this request was on its way.
            return super().serve(operation, request)
        try:
            # What cannot be done again, or counts, is done with the newest state from the beginning.
            is_looking = (
                operation.takes_bytes or bool(self.faults.armed) or request.headers.get(_FAULT_HEADER) is not None
            )
            if is_looking:
                sharing.look()
            for _ in range(MOST_ATTEMPTS):
                sharing.turn.begin(sharing.commit, is_current=is_looking)
                try:
                    return super().serve(operation, request)
                except StaleError:
                    pass
                finally:
                    sharing.turn.end()
                sharing.look()
                is_looking = True
                if sharing.notes.is_gathering:
                    # There may be a world by now that the request is for.
                    raise StaleError
            raise StoreError(f"other servers were faster {MOST_ATTEMPTS} times")
        except StoreError as error:
            return self._refused(operation, request, error, sharing)

    def refuse(self, error: ImsError, request: Request) -> Response:
        """Respond to a request that matches no operation, or for which the store could not say of which world it is."""
        path = request.target.partition("?")[0]
        world = name_in_path(path)
        route = find_route(request.method, path if world is None else path.removeprefix(f"{PREFIX}{world}"))
        if isinstance(error, StoreError) and route is not None and self.sharing is not None:
            return self._refused(route.operation, request, error, self.sharing)
        return super().refuse(error, request)

    def _refused(self, operation: Operation, request: Request, error: ImsError, sharing: SharedState) -> Response:
        """Respond to a request while the store is out of reach; no journal has it."""
        entry = self._open(operation.id, request)
        exchange = Exchange(operation, request, request.body, self.store, entry, self.journal, self._written)
        turn = sharing.turn
        turn.begin("", is_current=True)
        turn.is_out = True
        try:
            return self._close(entry, exchange.reject(_unavailable(operation, error)), request)
        finally:
            turn.end()

    def _respond(self, exchange: Exchange) -> Response:
        try:
            return super()._respond(exchange)
        except StaleError:
            self.journal.drop(exchange.entry)
            raise
        except StoreError as error:
            raise _unavailable(exchange.operation, error) from None

    def _check_region(self, settings: Settings) -> None:
        """Raise InvalidError for further regions, whose state would be in another place."""
        check_regions(settings)
        super()._check_region(settings)

    def reset(self, /, **changes: Any) -> None:
        """Start again, with the initial settings but for `changes`; a wrong one raises ValueError first."""
        if self.sharing is None:
            super().reset(**changes)
        else:
            self.sharing.attempt(lambda: super(SharedService, self).reset(**changes), is_touched=True)

    def _overtaken(self, exchange: Exchange) -> ImsError:
        """Return the rejection of a request whose entry is gone; repeat one that was there before this server knew."""
        if self.journal.is_ended or exchange.operation.takes_bytes:
            return super()._overtaken(exchange)
        raise StaleError

    def control(
        self, function: Callable[[Service, Mapping[str, Any], Any], Any], values: Mapping[str, Any], body: Any
    ) -> Any:
        """Return what a function of the control API returns."""
        sharing = self.sharing
        if sharing is None:
            return super().control(function, values, body)
        sharing.look()
        self.journal.catch_up()
        if function.__name__ in _WAITING or function in _OF_WORLDS:
            return function(self, values, body)
        return sharing.attempt(lambda: function(self, values, body), is_touched=True)


def _unavailable(operation: Operation, error: ImsError) -> ImsError:
    """Return the rejection of an operation without the store."""
    code, message = operation.usual_error(503)
    return ImsError(503, code, message, reason=error.reason)


def check_regions(settings: Settings) -> None:
    """Raise InvalidError for further regions, whose state would be in another place."""
    if settings.regions[1:]:
        text = "must be one region at most: servers that share their state in a store have no further ones"
        raise wrong_setting("regions", "conflict", text)


class SharedFeed(Feed):
    """What a page asks again and again, of whichever server."""

    sharing: SharedState | None = None

    @property
    def instance(self) -> str:
        """What is another one for each mock, and the same for all of its servers."""
        return self._own_instance if self.sharing is None else self.sharing.epoch

    @instance.setter
    def instance(self, instance: str) -> None:
        self._own_instance = instance

    def parts(self) -> dict[str, str]:
        """Return the state of each part as a text, which is another one after each change of the part."""
        if self.sharing is None:
            return super().parts()
        self.sharing.look()
        touched = self.sharing.writer.touched
        parts = {name: str(touched.get(name, 0)) for name in super().parts()}
        return {**parts, "journal": self._journal.state}
