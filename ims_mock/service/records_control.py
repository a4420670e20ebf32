"""The operations of the control API that a client library needs to work as in the mock's own process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ims_mock.contract.operations import load_control
from ims_mock.contract.wording import shown
from ims_mock.service import catalogue, neighbours
from ims_mock.service.missing import ConflictError, NotFoundError
from ims_mock.service.service import Service
from ims_mock.service.world import World
from ims_mock.service.world_names import DEFAULT
from ims_mock.service.worlds import worlds_of
from ims_mock.state.collections import Collection
from ims_mock.version import __version__

Values = Mapping[str, Any]


def show_connection(service: Service, _values: Values, _body: Any) -> Any:
    """Show what a client library needs to use this world."""
    store = service.store
    name = store.world or DEFAULT
    world = worlds_of(service).find(name) or World(name, service)
    return {
        "version": __version__,
        "control": load_control().document["info"]["version"],
        "world": name,
        "path": world.path,
        "token": service.auth.token,
        "project_id": service.auth.project_id,
        "region": service.settings.region,
        "seed": store.seed,
        "started_at": store.started_at,
        "timestamp": store.timestamp(),
    }


def list_records(service: Service, values: Values, _body: Any) -> Any:
    """List all records of a kind."""
    with service.store.transaction():
        return {"records": dict(_collection(service, values))}


def show_record(service: Service, values: Values, _body: Any) -> Any:
    """Show one record."""
    with service.store.transaction():
        return {"record": _record(service, values)}


def put_record(service: Service, values: Values, body: Any) -> None:
    """Write a record, unless it is another one by now than the client has seen."""
    with service.store.transaction():
        collection, key = _collection(service, values), values["id"]
        if "was" in body and collection.get(key) != body["was"]:
            raise ConflictError(f"{values['kind']} has another record {shown(key)} by now; read it again")
        collection.put(key, body["record"])


def delete_record(service: Service, values: Values, _body: Any) -> None:
    """Remove a record."""
    with service.store.transaction():
        _record(service, values)
        _collection(service, values).remove(values["id"])


def clear_records(service: Service, values: Values, _body: Any) -> None:
    """Remove all records of a kind."""
    with service.store.transaction():
        _collection(service, values).clear()


def _collection(service: Service, values: Values) -> Collection:
    collection: Collection = getattr(service.store, values["kind"])
    return collection


def _record(service: Service, values: Values) -> Any:
    collection = _collection(service, values)
    if values["id"] not in collection:
        raise NotFoundError(f"{values['kind']} has no record {shown(values['id'])}", list(collection))
    return collection[values["id"]]


def add_neighbour(service: Service, values: Values, body: Any) -> Any:
    """Add one of a kind, and return it."""
    return neighbours.add_one(service.store, values["kind"], body)


def add_temporary_credentials(service: Service, _values: Values, body: Any) -> Any:
    """Issue a temporary AK/SK."""
    return dict(service.identity.new_temporary_credentials(body.get("user"), body.get("lifetime", 24 * 3600)))


def load_public_images(service: Service, _values: Values, body: Any) -> None:
    """Add the public images of a cloud."""
    catalogue.load_public_images(service.store, body.get("cloud", catalogue.HUAWEI_CLOUD), **body.get("wanted", {}))
