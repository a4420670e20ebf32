"""The operations of the control API for the worlds of a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ims_mock.service.service import Service
from ims_mock.service.world import World
from ims_mock.service.worlds import worlds_of
from ims_mock.state.real import RealTime

Values = Mapping[str, Any]


def list_worlds(service: Service, _values: Values, _body: Any) -> Any:
    """List the worlds, the default one first."""
    return {"worlds": [_world(service, world) for world in worlds_of(service)]}


def make_world(service: Service, _values: Values, body: Any) -> Any:
    """Make a world with settings of its own."""
    worlds, is_locked = worlds_of(service), body.get("locked", False)
    world = worlds.make(body["name"], body.get("settings"), is_locked=is_locked, idle=body.get("idle"))
    return {**_world(service, world), "token": world.service.auth.token}


def show_world(service: Service, values: Values, _body: Any) -> Any:
    """Show a world by its name."""
    return _world(service, _named(service, values["name"]))


def delete_world(service: Service, values: Values, _body: Any) -> None:
    """Delete a world by its name."""
    worlds = worlds_of(service)
    worlds.expire()
    name, wanted = values["name"], values.get("instance")
    if wanted is not None:
        world = worlds.find(name)
        if world is None or worlds.ids.of(world.service) != wanted:
            raise worlds.not_found(name)
    worlds.delete(name)


def limit_worlds(service: Service, _values: Values, body: Any) -> None:
    """Bound the number of worlds, how long one stays unused, and the memory of all."""
    worlds_of(service).limit(**body)


def _named(service: Service, name: str) -> World:
    worlds = worlds_of(service)
    worlds.expire()
    world = worlds.find(name)
    if world is None:
        raise worlds.not_found(name)
    return world


def _world(service: Service, world: World) -> dict[str, Any]:
    regions = {"regions": world.service.settings.regions} if world.service.further else {}
    return {
        **regions,
        "name": world.name,
        "path": world.path,
        "instance": worlds_of(service).ids.of(world.service),
        "locked": world.is_locked,
        "images": len(world.service.store.images),
        "requests": world.service.journal.received,
        "memory": world.weight.measure(),
        "unused_for": max(0.0, RealTime.monotonic() - world.last_used),
    }
