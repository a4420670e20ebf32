"""The worlds of several servers: which there are is kept in the store, where each server looks."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from ims_mock.contract.problems import wrong_setting
from ims_mock.identity import signing
from ims_mock.service.missing import ConflictError, full
from ims_mock.service.region_choice import PROJECT, Asked
from ims_mock.service.settings import Settings
from ims_mock.service.world import KEPT, Kept, World
from ims_mock.service.world_names import DEFAULT, check_name
from ims_mock.service.worlds import Worlds
from ims_mock.shared.census import Census, Known, state_of
from ims_mock.shared.files import SharedFile, place_of
from ims_mock.shared.link import Link, StoreError
from ims_mock.shared.notes import Notes
from ims_mock.shared.service import SharedService, Storage, check_regions
from ims_mock.state.clock import Clock
from ims_mock.state.real import RealTime, new_lock

_MARK = "worlds"
"""What the default world has drawn last when a world was made or deleted."""

_PRECISION = 1.0
"""Real seconds within which a server writes once that a world was asked for, and looks once for unused ones."""

logger = logging.getLogger("ims_mock")


class UnservedError(StoreError):
    """A rejection with 503: a world has settings that this server does not take."""


class SharedWorlds(Worlds):
    """The worlds of several servers by name; a server makes the service of one when it is first asked for it there."""

    name = ""
    is_awaited = False
    """Nobody waits for a change here."""

    def heard(self) -> None:
        """Nothing: which worlds there are is looked up."""

    def share(self, notes: Notes) -> None:
        """Keep in the store which worlds there are."""
        self._notes = notes
        self._link = notes.link
        self._census = Census(notes.link)
        self._seen: int | None = None
        self._news_seen = -1
        """Up to where this server knows of credentials."""
        notes.watch.add(self)
        self._ids: dict[str, str] = {}
        self._making = new_lock()
        self._making_id = ""
        self._reported: dict[str, float] = {}

    @property
    def making_id(self) -> str:
        """The id of the world whose service is being made; another world of its name has another one."""
        return self._making_id

    def _sync(self) -> Known:
        """Have the worlds that there are, and return what they were made with."""
        known = self._census.known()
        for name in [name for name in self._named if known.get(name, {}).get("id") != self._ids.get(name)]:
            self._let_go(name)
        for name, about in list(known.items()):
            try:
                self._have(name, about)
            except UnservedError as error:
                logger.warning("%s", error.reason)
                del known[name]
        return known

    def _have(self, name: str, about: Mapping[str, Any]) -> World:
        """Return the world of a name, as this server has it."""
        world = self._named.get(name)
        if world is not None and self._ids[name] == about["id"]:
            return world
        if world is not None:
            self._let_go(name)
        with self._making:
            self._making_id = about["id"]
            try:
                service = self._new_service(name, about["settings"])
            except ValueError as error:
                # A server of another version may have made it.
                raise UnservedError(f"this server cannot serve the world {name}, delete it: {error}") from None
        assert isinstance(service, SharedService), "the other servers have one too"
        service.shared.is_there = lambda: self._is_there(name, about["id"])
        made = World(name, service, about["settings"], about["locked"], RealTime.monotonic(), about["idle"])
        with self._lock:
            self._ids[name] = about["id"]
            world = self._named.setdefault(name, made)
            self._changed()
        return world

    def _is_there(self, name: str, world_id: str) -> bool:
        text = self._census.text_of(name)
        return text is not None and json.loads(text)["id"] == world_id

    def _let_go(self, name: str) -> None:
        """Let go of a world that another server has deleted."""
        with self._lock:
            world = self._named.pop(name, None)
            self._changed()
        if world is not None:
            self._end(world)

    @property
    def has_named(self) -> bool:
        """Whether there may be a world beside the default one: another server may have made one.

        Where none was seen, a request that may be repeated need not look: the default world changes with each of them.
        """
        is_alone = not self._named and not self.ids.gone and self._mark() == self._seen
        return not (is_alone and self._notes.is_gathering)

    @has_named.setter
    def has_named(self, has_named: bool) -> None:
        # What this server has itself says too little.
        pass

    def __len__(self) -> int:
        return 1 + len(self._census)

    def __iter__(self) -> Iterator[World]:
        self.tend()
        known = self._sync()
        now, used = RealTime.now(), self._census.used()
        for name in known:
            # Another server may have been asked for it.
            self._named[name].used_at = RealTime.monotonic() - max(now - used.get(name, now), 0.0)
        return iter([self.default, *(self._named[name] for name in known)])

    def find(self, name: str) -> World | None:
        """Return the world of a name; None where there is none."""
        if name == DEFAULT:
            return self.default
        text = self._census.text_of(name)
        if text is None:
            self._let_go(name)
            return None
        return self._have(name, json.loads(text))

    def _get_or_make(self, name: str, given: Mapping[str, Any], **options: Any) -> tuple[World, bool]:
        """Return the world of a name, and whether it is new: several servers may be asked for it at once."""
        check_name(name)
        found = self.find(name)
        if found is not None:
            return found, False
        check_regions(self.default.service.first_settings.changed(given))
        self._make_space(1)
        about: Mapping[str, Any] = {
            "id": secrets.token_hex(6),
            "settings": dict(given),
            "locked": options.get("is_locked", False),
            "idle": options.get("idle"),
        }
        self._note_use(name)
        is_new = self._census.make(name, about)
        if is_new:
            self._changed_in_store()
        else:
            about = self._census.known().get(name, about)
        return self._have(name, about), is_new

    def delete(self, name: str) -> None:
        """Remove a world with all that it has; raise NotFoundError where there is none, ValueError for the default."""
        if name == DEFAULT:
            raise ConflictError("the default world cannot be deleted; reset it")
        if not self._remove(name):
            raise self.not_found(name)

    def _remove(self, name: str) -> bool:
        """Remove a world, and return whether it was there."""
        text = self._census.text_of(name)
        if text is None:
            self._let_go(name)
            return False
        files = self._files_of(name, json.loads(text))
        is_mine = self._census.remove(name, text)
        self._let_go(name)
        if is_mine:
            with suppress(StoreError):  # It is gone, whatever is left of it.
                for file in files:
                    file.remove()
                self._changed_in_store()
                self._census.purge()
        return is_mine

    def _files_of(self, name: str, about: Mapping[str, Any]) -> list[SharedFile]:
        """Return the files of a world; none of one that cannot be served here."""
        try:
            service = self._have(name, about).service
        except UnservedError:
            return []
        assert isinstance(service, SharedService), "the other servers have one too"
        service.shared.look()
        return list(service.shared.writer.documents.files().values())

    def clear(self) -> None:
        """Remove every world but the default one and those that are locked."""
        for name, about in self._census.known().items():
            if not about["locked"]:
                self._remove(name)

    # Worlds that nobody uses

    def limit(
        self,
        most: int | Kept = KEPT,
        idle: float | Kept | None = KEPT,
        memory: int | str | Kept | None = KEPT,
    ) -> None:
        """Bound the number of worlds, and the real seconds that one stays unused; raise ValueError for wrong bounds."""
        most, idle = self.most if most is KEPT else most, self.idle if idle is KEPT else idle
        self.check_limits(most, idle)
        if memory is not KEPT and memory is not None:
            text = "must be left out: the store bounds its own memory, by its maxmemory"
            raise wrong_setting("memory", "conflict", text, memory)
        self.most, self.idle, self._expires_at = most, idle, 0.0
        with suppress(ConflictError):
            self._make_space(0)
        self.tend()

    def _make_space(self, count: int) -> None:
        """Remove the worlds that were not used for the longest time, where there are more than there may be."""
        known = self._census.known()
        over = 1 + len(known) + count - self.most
        if over <= 0:
            return
        used = self._census.used()
        unlocked = sorted(
            (name for name, about in known.items() if not about["locked"]), key=lambda one: used.get(one, 0)
        )
        for name in unlocked[:over]:
            if self._remove(name):
                logger.warning("world %s is removed as the longest unused: there may be %d", name, self.most)
        if over > len(unlocked):
            raise ConflictError(full(1 + len(known)))

    def expire(self) -> None:
        """Nothing: no request waits for it, see `tend`."""

    def tend(self) -> None:
        """Remove the worlds that nobody has used for too long, at whichever server, and what is left of others."""
        self._census.purge()
        known, now = self._census.known(), RealTime.now()
        for world in [world for world in list(self._named.values()) if world.is_in_use]:
            self._census.note_use(world.name, now)
        ends = {name: self.idle if about["idle"] is None else about["idle"] for name, about in known.items()}
        if not any(idle is not None for idle in ends.values()):
            return
        used = self._census.used()
        for name, idle in ends.items():
            is_over = idle is not None and now - used.get(name, now) > idle and not known[name]["locked"]
            if is_over and self._remove(name):
                logger.warning("world %s is removed: nobody has used it for %g seconds", name, idle)

    def _note_use(self, name: str) -> None:
        """Write that a world was asked for, unless that was just written."""
        now = RealTime.monotonic()
        if now - self._reported.get(name, -_PRECISION) >= _PRECISION:
            self._reported[name] = now
            self._census.note_use(name, RealTime.now())

    # Which one a request is for

    def choose(self, asked: Asked) -> tuple[World, str]:
        """Return the world that a request is for, and what of its path names it, such as "/~ci"."""
        world, root = super().choose(asked)
        if world is not self.default:
            self._note_use(world.name)
        return world, root

    def _world_of(self, asked: Asked) -> World:
        """Return the world to which a credential or a project belongs, or else the default one."""
        token = asked.headers.get("X-Auth-Token") or ""
        key = None if token else signing.parse_authorization(asked.headers.get("Authorization") or "")
        own = self.default.service
        is_own = token in own.store.tokens.records if token else key is not None and own.auth.knows_key(key.access)
        project_id = asked.headers.get("X-Project-Id") or PROJECT.search(asked.path)
        if is_own or not (token or key or project_id):
            return self.default
        self._look_for_owners()
        return super()._world_of(asked)

    def _look_for_owners(self) -> None:
        """Have the worlds that there are, and their credentials."""
        if not self.has_named:
            return
        mark, news = self._mark(), self._census.news(self._news_seen)
        if news.is_all or news.has_worlds:
            self._sync()
        if news.is_all or news.states:
            self._catch_up(None if news.is_all else news.states)
        self._seen, self._news_seen = mark, news.mark

    def _mark(self) -> int | None:
        """Return what the default world has another one of after each change of the worlds; None for a new one."""
        mark: int | None = self.default.service.store.drawn.records.get(_MARK)
        return mark

    def _changed_in_store(self) -> None:
        """Let all servers see that there are other worlds."""
        store = self.default.service.store
        store.attempt(lambda: store.drawn.put(_MARK, secrets.randbits(48)))

    def owner_of(self, token: str, access: str) -> str | None:
        """Return the name of the one world to which a token or an access key belongs; None where that is not one."""
        self._look_for_owners()
        return super().owner_of(token, access)

    def _catch_up(self, names: set[str] | None) -> None:
        """Have the newest of the states of these names, or of all: a credential may be new."""
        present = [world.service.shared for world in self.present() if isinstance(world.service, SharedService)]
        states = [state for state in present if names is None or state.name in names]
        if not states:
            return
        replies = self._link.ask(*(state.question for state in states))
        for state, reply in zip(states, replies, strict=True):
            state.take_up(reply)


def worlds_in(store: str, files: str | None, settings: Settings, clock: Clock | None) -> tuple[SharedWorlds, Notes]:
    """Return the worlds whose state is in the store of a URL, and what their requests write there together.

    Large files are in a place beside it. Raises ValueError for a URL or a place that cannot be one, ImportError for a
    bucket without its library, and StoreError where the store is out of reach.
    """
    place = None if files is None else place_of(files)
    notes = Notes(Link(store))

    def make(settings: Settings, clock: Clock | None, world: str) -> SharedService:
        state = state_of(world, worlds.making_id) if world else DEFAULT
        return SharedService(settings, clock, world, Storage(notes, state, place))

    worlds = SharedWorlds(make(settings, clock, ""), make=make)
    worlds.share(notes)
    return worlds, notes
