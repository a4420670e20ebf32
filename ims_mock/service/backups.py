"""Full-ECS images: what they say of the server of which a backup is made, or of the backup that there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.exchange.exchange import Exchange
from ims_mock.service import neighbours
from ims_mock.service.own_api import refuse_where
from ims_mock.service.sources import of_server
from ims_mock.state.collections import Transition
from ims_mock.state.ids import new_backup_id
from ims_mock.state.images import Image
from ims_mock.state.life_cycle import check_quota


def from_server(exchange: Exchange, body: Mapping[str, Any]) -> Image:
    """Return what an image says of a server, of which a backup can be made in a vault; raise 400 where none can."""
    server = neighbours.find(exchange, "servers", body["instance_id"], "IMG.0005", "/instance_id")
    status, task, vault_id = server["status"], server["task"], body.get("vault_id", "")
    own = server["vault"]
    is_other = own and vault_id and own.lower() != vault_id.lower()
    refuse_where(
        (
            status not in ("ACTIVE", "SHUTOFF"),
            "IMG.0126",
            f"/instance_id: the server must be ACTIVE or SHUTOFF, and is {status}",
        ),
        (bool(task), "IMG.0136", f"/instance_id: the server must have no task, and has {task!r}"),
        (
            not vault_id and body.get("whole_image_type") == "CBR",
            "IMG.0184",
            "/vault_id: is needed for a backup of CBR",
        ),
        (bool(is_other), "IMG.0183", f"/vault_id: must be the vault of the server, {own!r}"),
    )
    attributes = of_server(server)
    if vault_id:
        check_vault(exchange, vault_id, attributes["min_disk"])
    return {**attributes, **({"__data_origin": f"server_backup,{vault_id}"} if vault_id else {})}


def new_backup(exchange: Exchange, image: Image, server_id: str, vault_id: str) -> tuple[Image, Transition]:
    """Return an image with the id of a new backup of its server, and the transition that adds the backup.

    Without a vault it is one of CSBS. Raise 400 when the project may have no more images: then no id is drawn.
    """
    check_quota(exchange.store, exchange.project_id)
    backup_id = new_backup_id(exchange.store)
    backup = {
        "id": backup_id,
        "type": "CBR" if vault_id else "CSBS",
        "os_version": image["__os_version"],
        "system_disk": max(image["min_disk"], 1),
        "project_id": exchange.project_id,
        "server": server_id,
        "vault": vault_id,
        "created_at": exchange.store.timestamp(),
    }
    origin = {"__data_origin": f"server_backup,{backup_id}"}
    return {**origin, **image, **_of_backup(backup_id)}, neighbours.arriving("backups", backup)


def known_backup(exchange: Exchange, body: Mapping[str, Any]) -> list[Transition]:
    """Return what adds the backup that a body names, as it says, where a test has not said what it is."""
    if neighbours.is_listed(exchange.store, "backups", body["backup_id"]):
        return []
    type_ = body.get("whole_image_type", "CSBS")
    given = {"id": body["backup_id"], "type": type_, "project_id": exchange.project_id}
    return [neighbours.arriving("backups", given)]


def check_backup_shareable(exchange: Exchange, image: Image) -> None:
    """Raise 400 for a full-ECS image of a backup that is known to be one of CSBS: those of CBR alone are shared."""
    backup_id = image.get("__backup_id", "")
    is_whole = image.get("__whole_image") == "true"
    if is_whole and neighbours.known(exchange.store, "backups", backup_id)["type"] == "CSBS":
        raise ImsError(
            400,
            "IMG.0135",
            reason=f"/image_id: only images of CBR backups can be shared, and {backup_id} is a CSBS backup",
        )


def delete_backup(exchange: Exchange, image: Image) -> None:
    """Delete the backup of a full-ECS image of the caller's project, where one is known."""
    neighbours.delete(exchange.store, "backups", image.get("__backup_id", ""))


def check_vault(exchange: Exchange, vault_id: str, size: int = 0) -> None:
    """Raise 400 for a vault that can have no backup of a server, or none of so many GB."""
    vault = neighbours.find(exchange, "vaults", vault_id, "IMG.0184", "/vault_id")
    status, type_, free = vault["status"], vault["type"], vault["free"]
    refuse_where(
        (status != "available", "IMG.0188", f"/vault_id: the vault must be available, and is {status}"),
        (type_ != "server", "IMG.0193", f"/vault_id: the vault must be one for servers, and is one for {type_}"),
        (free < size, "IMG.0182", f"/vault_id: the vault must have {size} GB free, and has {free}"),
    )


def from_backup(exchange: Exchange, body: Mapping[str, Any]) -> Image:
    """Return what an image says of a backup; raise 400 for one of which it cannot be made, or of which there is one."""
    backup_id, type_ = body["backup_id"], body.get("whole_image_type", "CSBS")
    is_cbr = type_ == "CBR"
    backup = neighbours.find(exchange, "backups", backup_id, "IMG.0198" if is_cbr else "IMG.0127", "/backup_id")
    is_listed, status = neighbours.is_listed(exchange.store, "backups", backup_id), backup["status"]
    used_by = exchange.store.images.of_backup(backup_id)
    refuse_where(
        (
            is_listed and backup["type"] != type_,
            "IMG.0198",
            f"/whole_image_type: the backup is one of {backup['type']}, and not of {type_}",
        ),
        (
            backup["project_id"] not in ("", exchange.project_id),
            "IMG.0133",
            f"/backup_id: is of project {backup['project_id']!r}",
        ),
        (
            status != "available",
            "IMG.0032" if is_cbr else "IMG.0132",
            f"/backup_id: must be available, and is {status}",
        ),
        (not backup["has_os"], "IMG.0195" if is_cbr else "IMG.0033", "/backup_id: there is no OS in the backup"),
        (
            bool(used_by),
            "IMG.0029" if is_cbr else "IMG.0134",
            f"/backup_id: image {''.join(used_by[:1])} has been made of it",
        ),
    )
    about = {"__os_version": backup["os_version"], "min_disk": backup["system_disk"]}
    return {**_of_backup(backup_id.lower()), **about, "__data_origin": f"server_backup,{backup_id}"}


def _of_backup(backup_id: str) -> Image:
    return {"__whole_image": "true", "__backup_id": backup_id, "__support_agent_list": "hss,ces"}
