"""What Terraform asks other services for while it manages an image: just enough of each.

Keys and backups are those of `ims_mock.service.neighbours`. Official pages: the links in schemas/operations/neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

from ims_mock.contract import schema_files
from ims_mock.contract.errors import ImsError
from ims_mock.contract.problems import Keys, wrong_at
from ims_mock.exchange.exchange import Exchange, Later
from ims_mock.exchange.messages import Response
from ims_mock.identity.accounts import accounts_of
from ims_mock.service import neighbours
from ims_mock.service.neighbours import Neighbour
from ims_mock.state.ids import new_key_id
from ims_mock.state.images import Image
from ims_mock.state.life_cycle import change
from ims_mock.state.packed import unpacked

_IMAGES, _KEYS = "images", "kms"
"""The types of resources of an enterprise project."""

_DEFAULT_PROJECT = "0"
"""The default enterprise project, which is always there."""

_STATES = {"enabled": "2", "disabled": "3", "pending_deletion": "4", "pending_import": "5"}
"""The states of a key as Key Management writes them."""

_AS_CREATED = ("key_alias", "key_spec", "key_usage", "key_description", "origin", "keystore_id")
"""What a create says of a key, and the key then shows."""

_DAY = 24 * 3600


# Enterprise Project Management


def migrate_resource(exchange: Exchange) -> Response:
    """Move an image or a key into an enterprise project; raise 404 for one that the project does not have.

    It is in the region that the request names, where the cloud has that, and else in the one that was asked.
    """
    body, target = exchange.body.json, _enterprise_project(exchange)
    project_id, resource_id = _project_of_body(exchange), body["resource_id"].lower()
    with (exchange.store.find_region(body.get("region_id", "")) or exchange.store).transaction() as store:
        if body["resource_type"] == _IMAGES:
            image: Image | None = store.images.get(resource_id)
            if image is None or image["owner"] != project_id:
                raise _no_resource(resource_id, project_id, "image")
            change(store, image, enterprise_project_id=target)
        else:
            key = neighbours.find_of_project(store, "keys", resource_id, project_id)
            if key is None:
                raise _no_resource(resource_id, project_id, "key")
            neighbours.put(store, "keys", {**key, "enterprise_project_id": target})
    return exchange.respond()


def show_resource_bind_enterprise_project(exchange: Exchange) -> Later:
    """List a page of the images and keys of an enterprise project, the oldest first."""
    body, target = exchange.body.json, _enterprise_project(exchange)
    projects = body.get("projects") or _own_projects(exchange)
    for index, project_id in enumerate(body.get("projects", ())):
        _check_own(exchange, ("projects", index), project_id)
    texts = [match["value"].lower() for match in body.get("matches", ())]
    names = {project.id: project.name for project in accounts_of(exchange.store).projects.values()}
    found = (
        owned
        for owned in _owned(exchange)
        if owned.record.get("enterprise_project_id", _DEFAULT_PROJECT) == target
        and owned.project_id in projects
        and owned.type in body["resource_types"]
        and all(text in owned.name.lower() for text in texts)
    )
    return lambda: _bound(exchange, target, names, list(found))


def _bound(exchange: Exchange, target: str, names: Mapping[str, str], found: list[_Owned]) -> Response:
    body = exchange.body.json
    first = body.get("offset", 0)
    page = [_resource(owned, target, names) for owned in found[first : first + body.get("limit", 1000)]]
    return exchange.respond({"resources": page, "errors": [], "total_count": len(found)})


class _Owned(NamedTuple):
    """What belongs to a project and to an enterprise project: an image or a key, and its record."""

    type: str
    id: str
    name: str
    project_id: str
    record: Mapping[str, Any]


def _owned(exchange: Exchange) -> Iterator[_Owned]:
    """Return every image and every key that belongs to a project, in any region, as they are now."""
    found: list[Iterable[_Owned]] = []
    for store in exchange.store.regions:
        found.append(map(_owned_image, map(unpacked, store.images.all_seen()[0])))
        keys = [key for key in neighbours.documents(store)["keys"] if not neighbours.is_gone(store, key)]
        found.append(_Owned(_KEYS, key["id"], key["key_alias"], key["project_id"], key) for key in keys)
    return chain.from_iterable(found)


def _owned_image(image: Image) -> _Owned:
    return _Owned(_IMAGES, image["id"], image["name"], image["owner"], image)


def _resource(owned: _Owned, enterprise_project_id: str, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "enterprise_project_id": enterprise_project_id,
        "project_id": owned.project_id,
        "project_name": names.get(owned.project_id, ""),
        "resource_detail": {},
        "resource_id": owned.id,
        "resource_name": owned.name,
        "resource_type": owned.type,
    }


def _enterprise_project(exchange: Exchange) -> str:
    """Return the enterprise project of the path; raise 404 for one that does not exist."""
    given: str = exchange.path["enterprise_project_id"].lower()
    if given != _DEFAULT_PROJECT and not neighbours.exists(exchange.store, "enterprise_projects", given):
        text = f"no test has added the enterprise project {given!r}; add it, or set neighbours to any"
        raise ImsError(404, "EPS.0005", reason=wrong_at(("enterprise_project_id",), "exists", text, given))
    return given


def _project_of_body(exchange: Exchange) -> str:
    """Return the project that a body names, or that of the credential; raise 403 for one that is not the caller's."""
    project_id: str = exchange.body.json.get("project_id") or exchange.project_id
    if not project_id:
        text = "is needed, as the credential has no project"
        raise ImsError(400, "EPS.0002", reason=wrong_at(("project_id",), "required", text))
    _check_own(exchange, ("project_id",), project_id)
    return project_id


def _check_own(exchange: Exchange, path: Keys, project_id: str) -> None:
    """Raise 403 for a project in which the caller may not do this; a global service knows of more than one."""
    own = _own_projects(exchange)
    if project_id not in own:
        needed = ", ".join(exchange.operation.actions)
        text = f"the caller may not do this ({needed}) in {project_id!r}, only in {', '.join(own) or 'no project'}"
        raise ImsError(403, "EPS.0004", reason=wrong_at(path, "visible", text, project_id))


def _own_projects(exchange: Exchange) -> list[str]:
    """Return the ids of the projects in which the caller has the actions that the operation needs."""
    accounts, caller = accounts_of(exchange.store), exchange.caller
    user = accounts.find_user(name=caller.user) if caller.user else None
    if user is None:
        return [exchange.project_id]
    return [
        project.id
        for project in accounts.projects_of(user)
        if all(replace(caller, actions=user.actions_in(project)).may(action) for action in exchange.operation.actions)
    ]


def _no_resource(resource_id: str, project_id: str, kind: str) -> ImsError:
    text = f"project {project_id} has no {kind} {resource_id!r}"
    return ImsError(404, "EPS.0005", reason=wrong_at(("resource_id",), "exists", text, resource_id))


# Key Management


def create_key(exchange: Exchange) -> Response:
    """Create a key; it is enabled at once."""
    body, store = exchange.body.json, exchange.store
    given = {name: body[name] for name in _AS_CREATED if body.get(name)}
    key = {
        **given,
        "id": new_key_id(store),
        "project_id": exchange.project_id,
        "enterprise_project_id": body.get("enterprise_project_id") or _DEFAULT_PROJECT,
        "creation_date": _milliseconds(store.clock.now()),
    }
    neighbours.put(store, "keys", key)
    domain_id = accounts_of(store).domain.id
    return exchange.respond({"key_info": {"key_id": key["id"], "domain_id": domain_id}})


def list_key_detail(exchange: Exchange) -> Response:
    """Show a key."""
    key = _key(exchange)
    shown = {name: key[name] for name in (*_AS_CREATED, "creation_date", "scheduled_deletion_date")}
    described = {
        **shown,
        "key_id": key["id"],
        "key_alias": key["key_alias"] or key["id"],
        "domain_id": accounts_of(exchange.store).domain.id,
        "realm": exchange.store.settings["region"],
        "key_state": _STATES[key["status"]],
        "sys_enterprise_project_id": key["enterprise_project_id"],
        **_ALWAYS,
    }
    return exchange.respond({"key_info": described})


_ALWAYS = {"default_key_flag": "0", "key_type": "1", "expiration_time": "", "key_rotation_enabled": "false"}
"""What is the same of every key."""


def delete_key(exchange: Exchange) -> Response:
    """Schedule the deletion of a key; until then it is shown, and encrypts nothing."""
    store, key = exchange.store, _key(exchange)
    if key["status"] == "pending_deletion":
        text = f"the deletion of key {key['id']!r} is scheduled already"
        raise ImsError(400, "KMS.0210", reason=wrong_at(("key_id",), "enum", text, key["id"]))
    due = store.clock.now() + int(exchange.body.json["pending_days"]) * _DAY
    later = {"status": "pending_deletion", "scheduled_deletion_date": _milliseconds(due)}
    neighbours.put(store, "keys", {**key, "project_id": exchange.project_id, **later})
    return exchange.respond({"key_id": key["id"], "key_state": _STATES["pending_deletion"]})


def _key(exchange: Exchange) -> Neighbour:
    """Return the key of a body; raise 400 for one that does not exist, or is another project's."""
    key_id = exchange.body.json["key_id"].lower()
    key = neighbours.find_of_project(exchange.store, "keys", key_id, exchange.project_id)
    if key is None:
        text = f"the project has no key {key_id!r}"
        raise ImsError(400, "KMS.0205", reason=wrong_at(("key_id",), "exists", text, key_id))
    return key


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


# Cloud Backup and Recovery


def show_backup(exchange: Exchange) -> Response:
    """Show a backup; raise 404 for one that does not exist, or is another project's."""
    store, backup_id = exchange.store, exchange.path["backup_id"].lower()
    backup = neighbours.find_of_project(store, "backups", backup_id, exchange.project_id)
    if backup is None:
        text = f"the project has no backup {backup_id!r}"
        raise ImsError(404, "APIGW.0201", reason=wrong_at(("backup_id",), "exists", text, backup_id))
    described = {
        "id": backup_id,
        "name": backup_id,
        "status": backup["status"],
        "image_type": "backup",
        "resource_type": "OS::Nova::Server",
        "resource_id": backup["server"],
        "resource_name": "",
        "resource_size": backup["system_disk"],
        "vault_id": backup["vault"],
        "project_id": exchange.project_id,
        "created_at": backup["created_at"],
        "updated_at": backup["created_at"],
        "os_images_data": [{"image_id": image_id} for image_id in store.images.of_backup(backup_id)],
    }
    return exchange.respond({"backup": described})


# Business support system


def list_service_types(exchange: Exchange) -> Response:
    """List a page of the types of cloud services."""
    rows = schema_files.read("service_types.json")
    first = exchange.query["offset"]
    page = rows[first : first + exchange.query["limit"]]
    return exchange.respond({"total_count": len(rows), "service_types": page})
