"""The worlds of one server: complete mocks by name, one of which each request reaches."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import inf
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.headers import header_name
from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.sizes import bytes_of, in_words
from ims_mock.contract.wording import shown
from ims_mock.identity import signing
from ims_mock.service.memory import Budget
from ims_mock.service.missing import ConflictError, FullError, NotFoundError, full
from ims_mock.service.region_choice import PREFIX, PROJECT, Asked, name_in_path, region_of, region_of_host, world_host
from ims_mock.service.service import Service
from ims_mock.service.settings import Settings
from ims_mock.service.world import KEPT, Kept, World
from ims_mock.service.world_ids import WorldIds
from ims_mock.service.world_names import DEFAULT, check_idle, check_locked, check_name
from ims_mock.state.clock import Clock, ManualClock
from ims_mock.state.collections import Access
from ims_mock.state.real import RealTime, new_lock

HEADER = "X-IMS-Mock-World"
"""The header that names a world."""

MOST = 1000
"""Most worlds of one server, unless it is said."""

_MOST_OWNERS = 10_000
"""Most credentials and projects whose world is remembered."""

_HEADER = header_name(HEADER)
_PAGE_FILES = "/_ims_mock/page/"

logger = logging.getLogger("ims_mock")


class Worlds:
    """The worlds of one server by name. `first` is the service of the default one, which always exists.

    A world that is asked for by its name is made if it does not exist. Beyond `most`, the one that was not used for
    the longest time is removed, and so is one that nobody has used for `idle` real seconds; None keeps them. One with
    a request on its way is in use.
    """

    def __init__(
        self,
        first: Service,
        most: int = MOST,
        idle: float | None = None,
        make: Callable[[Settings, Clock | None, str], Service] = Service,
    ) -> None:
        self.default = World(DEFAULT, first, is_locked=True)
        self._make_service = make
        self.most = most
        self.idle = idle
        self.budget = Budget()
        self.ids = WorldIds()
        self._named: dict[str, World] = {}
        self._lock = new_lock()
        self.removed: Callable[[World], object] = lambda _: None
        """Called with each world that has been removed."""
        self._owners: dict[tuple[str, str, str], World | None] = {}
        self._version = -1
        self._expires_at = 0.0
        """Until when, in real seconds, no world can have been unused for too long."""
        self.has_named = False
        """Whether there is a world beside the default one, or was one whose credentials are still known."""
        first.enter(self)

    def limit(
        self,
        most: int | Kept = KEPT,
        idle: float | Kept | None = KEPT,
        memory: int | str | Kept | None = KEPT,
    ) -> None:
        """Bound the number of worlds, the real seconds that one stays unused, and the memory that all take.

        A bound that is not given stays as it is. What is beyond the bounds is removed at once. Raises ValueError for
        wrong ones.
        """
        most, idle = self.most if most is KEPT else most, self.idle if idle is KEPT else idle
        self.check_limits(most, idle)
        budget = Budget(None if memory is None else bytes_of(memory, "memory")) if memory is not KEPT else self.budget
        with self._lock:
            self.most, self.idle, self._expires_at = most, idle, 0.0
            self.budget = budget
            removed = self._take_unused(len(self) - most)
        self._end_unused(removed)
        self.expire()
        self._fit(self.default)

    @staticmethod
    def check_limits(most: int, idle: float | None) -> None:
        """Raise InvalidError for bounds that cannot be."""
        if isinstance(most, bool) or not isinstance(most, int) or most < 1:
            raise wrong_setting("most", "minimum", f"must be a whole number, 1 or more, got {most!r}", most)
        check_idle(idle)

    def __len__(self) -> int:
        return 1 + len(self._named)

    def __iter__(self) -> Iterator[World]:
        self.expire()
        return iter(self.present())

    def find(self, name: str) -> World | None:
        """Return the world of a name; None where there is none."""
        return self.default if name == DEFAULT else self._named.get(name)

    def make(
        self,
        name: str,
        settings: Mapping[str, Any] | None = None,
        *,
        is_locked: bool = False,
        idle: float | None = None,
    ) -> World:
        """Make a world and return it; after `idle` real seconds without a request it is removed.

        Raises ValueError for a name that cannot be one or is in use, for wrong settings, and where every other world
        is locked and there are as many as there may be.
        """
        check_idle(idle)
        check_locked(is_locked)
        world, is_new = self._get_or_make(name, settings or {}, is_locked=is_locked, idle=idle)
        if not is_new:
            raise ConflictError(f"the world {name} exists; delete or reset it, or take another name")
        self.ids.allow(name)
        return world

    def obtain(self, name: str) -> World:
        """Return the world of a name, which is made if it does not exist; raise as `make` does."""
        found = self.find(name)
        return self._get_or_make(name, {})[0] if found is None else found

    def _get_or_make(self, name: str, given: Mapping[str, Any], **options: Any) -> tuple[World, bool]:
        """Return the world of a name, and whether it is new: several requests may ask for it at once."""
        check_name(name)
        found = self._named.get(name)
        if found is not None:
            return found, False
        if self.default.service.region(name) is not None:
            raise ConflictError(f"{name} is a region of the default world; take another name")
        made = World(name, self._new_service(name, given), given, **options)
        with self._lock:
            found = self._named.get(name)
            if found is not None:
                return found, False
            removed = self._take_unused(len(self) + 1 - self.most)
            if len(self) >= self.most:
                raise FullError(full(len(self)))
            made.used_at = RealTime.monotonic()
            self._named[name] = made
            self._expires_at = min(self._expires_at, self._end_of(made))
            self._changed()
        self._end_unused(removed)
        return made, True

    def delete(self, name: str) -> None:
        """Remove a world with all that it has; raise NotFoundError where there is none, ValueError for the default."""
        if name == DEFAULT:
            raise ConflictError("the default world cannot be deleted; reset it")
        with self._lock:
            world = self._named.pop(name, None)
            self._changed()
        if world is None:
            raise self.not_found(name)
        self._end(world)

    def not_found(self, name: str) -> NotFoundError:
        """Return the error for a name that no world has."""
        return NotFoundError(f"no world has the name {shown(name)}", [DEFAULT, *list(self._named)])

    def clear(self) -> None:
        """Remove every world but the default one and those that are locked."""
        with self._lock:
            removed = [world for world in self._named.values() if not world.is_locked]
            self._drop(removed)
        for world in removed:
            self._end(world)

    def expire(self) -> None:
        """Remove the worlds that nobody has used for too long."""
        if RealTime.monotonic() < self._expires_at:
            return
        with self._lock:
            now = RealTime.monotonic()
            unlocked = [world for world in self._named.values() if not world.is_locked]
            unused = [world for world in unlocked if self._end_of(world) < now and not world.is_in_use]
            self._drop(unused)
            # One that is used from now on stays for longer than these.
            self._expires_at = min((self._end_of(world) for world in unlocked if world not in unused), default=inf)
        for world in unused:
            idle = self._end_of(world) - world.last_used
            logger.warning("world %s is removed: nobody has used it for %g seconds", world.name, idle)
            self._end(world)

    def _end_of(self, world: World) -> float:
        """Return when a world is removed if nobody uses it, in real seconds."""
        idle = self.idle if world.idle is None else world.idle
        return inf if idle is None or world.is_locked else world.last_used + idle

    def _fit(self, used: World) -> None:
        """Remove the longest unused worlds while all take more memory than they may; `used` and what is in use stay."""
        excess = self.budget.excess(world.weight for world in self.present())
        if excess <= 0:
            return
        taken: list[World] = []
        with self._lock:
            unused = [world for world in self._named.values() if not (world.is_locked or world.is_in_use)]
            for world in sorted(unused, key=lambda world: world.last_used):
                if excess > 0 and world is not used:
                    taken.append(world)
                    excess -= world.weight.known
            self._drop(taken)
        for world in taken:
            takes, may = in_words(world.weight.known), in_words(self.budget.most or 0)
            logger.warning(
                "world %s is removed as the longest unused: it takes %s, and all may take %s", world.name, takes, may
            )
            self._end(world)
        self.budget.note_excess(excess, max(self.present(), key=lambda world: world.weight.known).name)

    def present(self) -> list[World]:
        """Return the worlds that this process has, the default one first."""
        return [self.default, *list(self._named.values())]

    def _take_unused(self, count: int) -> list[World]:
        """Take out so many worlds, those that were not used for the longest time first; called with the lock held."""
        unlocked = [world for world in self._named.values() if not world.is_locked] if count > 0 else []
        taken = sorted(unlocked, key=lambda world: (world.is_in_use, world.last_used))[: max(count, 0)]
        self._drop(taken)
        return taken

    def _end_unused(self, worlds: Iterable[World]) -> None:
        """End worlds that `_take_unused` has taken out, and say it in the log."""
        for world in worlds:
            logger.warning("world %s is removed as the longest unused: there may be %d", world.name, self.most)
            self._end(world)

    def _drop(self, worlds: Iterable[World]) -> None:
        """Take out worlds; called with the lock held."""
        before = len(self._named)
        for world in worlds:
            del self._named[world.name]
        if len(self._named) != before:
            self._changed()

    def _changed(self) -> None:
        """Note that there are other worlds than before."""
        self.has_named = bool(self._named or self.ids.gone)
        Access.change()

    def _end(self, world: World) -> None:
        if world.idle is not None:
            self.ids.note_removed(world.name)
        for one in (world.service, *world.service.further):
            self.ids.note_gone(world.name, one)
        self.has_named = True
        self.removed(world)
        world.service.end()

    @property
    def making_id(self) -> str:
        """The id of the world that is being made, which no other world of its name has."""
        return secrets.token_hex(6)

    def _new_service(self, name: str, given: Mapping[str, Any]) -> Service:
        first = self.default.service
        clock = first.given_clock
        if isinstance(clock, ManualClock):
            # It moves with what is due in one world; the others begin at its time.
            given, clock = {"start": clock.now(), **given}, None
        settings = first.first_settings.with_token(f"{first.first_settings.token}-{name}")
        service = self._make_service(settings.changed(given), clock, name)
        service.enter(self)
        self.ids.note(service, self.making_id)
        return service

    def choose(self, asked: Asked) -> tuple[World, str]:
        """Return the world that a request is for, and what of its path names it, such as "/~ci".

        Raise ImsError for a name that cannot be one, and where a world that has to be made cannot be.
        """
        self.expire()
        world, root = self._world_and_root(asked)
        region, root = region_of(world.service, root, asked) if world.service.further else (world.service, root)
        world.used_at = RealTime.monotonic()
        if self.budget.most is not None:
            if self.budget.is_due:
                self._fit(world)
            self.budget.note(world.weight, asked.path, asked.headers)
        return world.of_region(region), root

    def _world_and_root(self, asked: Asked) -> tuple[World, str]:
        """Return the world that a request is for, and what of its path names it; a world goes before a region."""
        named, service = name_in_path(asked.path), self.default.service
        if named is not None:
            is_region = named not in self._named and service.region(named) is not None
            return (self.default, "") if is_region else (self._named_world(named, asked), f"{PREFIX}{named}")
        host = world_host(asked.host, lambda name: (self.find(name) or self.default).service)
        named = host[1].lower() if host else asked.headers.get(_HEADER)
        if host and not host[2] and named not in self._named and region_of_host(service, asked.host) is not None:
            return self.default, ""
        return self._world_of(asked) if named is None else self._named_world(named, asked), ""

    def _named_world(self, name: str, asked: Asked) -> World:
        found = self.find(name)
        if found is None and _PAGE_FILES in asked.path:
            # They are the same in each world, and a browser asks for its icon again long after a world was removed.
            return self.default
        self.ids.check(name, None if found is None else found.service, asked.headers)
        try:
            return found or self._get_or_make(name, {})[0]
        except FullError as error:
            raise ImsError(503, "APIGW.0201", reason=str(error)) from None
        except ValueError as error:
            raise ImsError(404, "APIGW.0101", reason=f"no world has the name {shown(name)}: {error}") from None

    def _world_of(self, asked: Asked) -> World:
        """Return the world to which a credential or a project belongs, or else the default one."""
        if not self._named:
            return self.default
        token = asked.headers.get("X-Auth-Token") or ""
        key = None if token else signing.parse_authorization(asked.headers.get("Authorization") or "")
        owner = self._owner("", token, key.access if key else "") if token or key else None
        if owner is None:
            project_id = asked.headers.get("X-Project-Id") or next(iter(PROJECT.findall(asked.path)), "")
            owner = self._owner(project_id, "", "") if project_id else None
        return self.default if owner is None else owner

    def owner_of(self, token: str, access: str) -> str | None:
        """Return the name of the one world to which a token or an access key belongs; None where that is not one.

        A world that was removed counts too, so that what was for it gets into no other: its name, and that it was.
        """
        owner = self._owner("", token, access)
        return self.ids.gone.get(token or access) if owner is None else owner.name

    def region_world(self, service: Service) -> World:
        """Return the world of a service as that region of it has it."""
        found = (world for world in self.present() if service in (world.service, *world.service.further))
        return next(found).of_region(service)

    def _owner(self, project_id: str, token: str, access: str) -> World | None:
        """Return the one world to which one of these belongs; None where that is not one."""
        # Many requests have the same credential, and each may be of any of many worlds.
        if self._version != Access.version or len(self._owners) > _MOST_OWNERS:
            version = Access.version
            self._owners = {}
            self._version = version
        asked, owners = (project_id, token, access), self._owners
        if asked not in owners:
            found = [world for world in self.present() if _knows(world.service, *asked)]
            owners[asked] = found[0] if len(found) == 1 else None
        return owners[asked]


def _knows(service: Service, project_id: str, token: str, access: str) -> bool:
    """Return whether a mock has a project, a token or an access key."""
    if project_id:
        return service.accounts.find_project(id=project_id) is not None
    return token in service.store.tokens.records if token else service.auth.knows_key(access)


def worlds_of(service: Service) -> Worlds:
    """Return the worlds of the server of a service, which is the only one where it has no server."""
    return service.worlds if isinstance(service.worlds, Worlds) else Worlds(service)
