"""What images are made of: servers, disks and files in buckets, which live in other services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ims_mock.contract.pointers import pointer_to
from ims_mock.contract.problems import Keys
from ims_mock.exchange.exchange import Exchange
from ims_mock.service import neighbours
from ims_mock.service.neighbours import Neighbour
from ims_mock.service.own_api import refuse_where
from ims_mock.state.images import Image

ARM = {"hw_firmware_type": "uefi", "__support_arm": "true"}
"""What an image of an ARM machine says of it."""

_GB = 1024**3
_MOST_BYTES = 128 * _GB
_MOST_BYTES_QUICKLY = 1024 * _GB

_QUICK_FORMATS = ("raw", "zvhd2")
_FORMATS = (*_QUICK_FORMATS, "zvhd", "qcow2", "vhd", "vhdx", "qed", "vdi", "qcow", "vmdk", "iso", "ova")


def from_server(exchange: Exchange, server_id: str) -> Image:
    """Return what a system image says of the server that it is made of; raise 400 where it cannot be."""
    server = neighbours.find(exchange, "servers", server_id, "IMG.0005", "/instance_id")
    status, task = server["status"], server["task"]
    refuse_where(
        (status != "SHUTOFF", "IMG.0008", f"/instance_id: the server must be SHUTOFF, and is {status}"),
        (bool(task), "IMG.0010", f"/instance_id: the server must have no task, and has {task!r}"),
    )
    return {"__data_origin": f"instance,{server_id}", **of_server(server)}


def of_server(server: Neighbour) -> Image:
    """Return what any image of a server says of it; raise 400 for a server without a system disk."""
    size = server["system_disk"]
    refuse_where((not size, "IMG.0119", "/instance_id: the server has no system disk"))
    about = {"__support_agent_list": "hss,ces", "__os_version": server["os_version"], "min_disk": size}
    return {**about, **(ARM if server["architecture"] == "arm" else {})}


def from_volume(exchange: Exchange, volume_id: str, path: Keys = ()) -> Image:
    """Return what an image says of the disk that it is made of; raise 400 where it cannot be.

    A body, or a part of one at a path, names the disk. The image of one that is encrypted is so too.
    """
    place = pointer_to((*path, "volume_id"))
    volume = neighbours.find(exchange, "volumes", volume_id, "IMG.0120", place)
    status, type_, key = volume["status"], volume["type"], volume["key"]
    refuse_where(
        (status not in ("available", "in-use"), "IMG.0022", f"{place}: must be available or in-use, and is {status}"),
        (type_ in ("DSS", "DESS"), "IMG.0153", f"{place}: must not be a disk of the type {type_}"),
    )
    encrypted = {"__system__cmkid": key} if key else {}
    return {"__data_origin": f"volume,{volume_id}", "min_disk": volume["size"], **encrypted}


def check_one_server(exchange: Exchange, volume_ids: Sequence[str], server_id: str | None) -> None:
    """Raise 400 for disks that are attached to different servers, or to another one than the server of a request."""
    attached = (neighbours.known(exchange.store, "volumes", volume_id) for volume_id in volume_ids)
    servers = {server.lower() for server in (server_id, *(volume["server"] for volume in attached)) if server}
    refuse_where(
        (
            len(servers) > 1,
            "IMG.0140",
            f"/data_images: all disks must be of one server, got {' and '.join(sorted(servers))}",
        )
    )


def from_file(exchange: Exchange, body: Mapping[str, Any], path: Keys = (), *, is_quick: bool = False) -> Image:
    """Return what an image says of the file that it is made of; raise 400 where it cannot be.

    A body, or a part of one at a path, names the file.
    """
    url, place = body["image_url"], pointer_to((*path, "image_url"))
    refuse_where((" " in url, "IMG.0175", f"{place}: must be without spaces, got {url!r}"))
    found = neighbours.find(exchange, "objects", url, "IMG.0057", place)
    size, format_, own = found["size"], format_of(exchange, url), exchange.store.settings["region"]
    most = _MOST_BYTES_QUICKLY if is_quick else _MOST_BYTES
    is_known = format_ in ("", *_FORMATS)
    is_slow = is_quick and format_ not in ("", *_QUICK_FORMATS)
    is_larger = size > body.get("min_disk", size) * _GB
    refuse_where(
        (not size, "IMG.0057", f"{place}: the file is empty"),
        (not is_known, "IMG.0057", f"{place}: the file must be of one of the formats {', '.join(_FORMATS)}"),
        (
            found["region"] not in ("", own),
            "IMG.0058",
            f"{place}: the bucket must be in the region {own}, and is in {found['region']}",
        ),
        (is_slow, "IMG.0158", f"{place}: a file that is imported quickly must be RAW or ZVHD2, and is {format_}"),
        (size > most, "IMG.0059", f"{place}: the file must have at most {most} bytes, and has {size}"),
        (is_larger, "IMG.0055", f"{pointer_to((*path, 'min_disk'))}: must hold the file, which has {size} bytes"),
    )
    is_listed = neighbours.is_listed(exchange.store, "objects", url)
    return {"__data_origin": f"file,{url}", **({"__image_size": str(size)} if is_listed else {})}


def format_of(exchange: Exchange, url: str) -> str:
    """Return the format of a file, as a test or the end of its name has it; "" where neither says one."""
    given: str = neighbours.known(exchange.store, "objects", url)["format"].lower()
    ending = url.rpartition(".")[2].lower()
    return given or (ending if ending in _FORMATS else "")


def check_enterprise_project(exchange: Exchange, given: str | None, place: Keys = ("enterprise_project_id",)) -> None:
    """Raise 400 for an enterprise project, given at a place of the body, that does not exist."""
    if given and given != "0":
        neighbours.find(exchange, "enterprise_projects", given, "IMG.0155", pointer_to(place))


def check_key(exchange: Exchange, key_id: str | None, path: Keys = ()) -> None:
    """Raise 400 for a key, of a body or a part of one at a path, with which nothing can be encrypted."""
    if key_id:
        place = pointer_to((*path, "cmk_id"))
        key = neighbours.find(exchange, "keys", key_id, "IMG.0095", place)
        status, owner = key["status"], key["project_id"]
        is_gone = neighbours.is_gone(exchange.store, key)
        refuse_where(
            (
                owner not in ("", exchange.project_id),
                "IMG.0095",
                f"{place}: the key must be one of this project, and is one of project {owner!r}",
            ),
            (is_gone, "IMG.0095", f"{place}: the key was deleted when its scheduled time came"),
            (status != "enabled", "IMG.0097", f"{place}: the key must be enabled, and is {status}"),
        )
