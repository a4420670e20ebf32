"""Copies of images, within a region and into another one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.identity.accounts import accounts_of
from ims_mock.service.backups import check_vault, new_backup
from ims_mock.service.making import add_arriving_image, begin, begin_making, in_region, plan_making
from ims_mock.service.neighbours import known
from ims_mock.service.own_api import check_active, image_of, refuse_where
from ims_mock.service.sources import check_enterprise_project, check_key
from ims_mock.state.images import Image
from ims_mock.state.life_cycle import file_of

_MOST_BYTES = 128 * 1024**3
"""Largest image that is copied into another region; four regions, which no page names, take 300 GB."""

_MOST_AT_A_TIME = 5
"""Most copies into other regions that a project has under way."""

_ACROSS = "imsCrossRegionCopyImageJob"

_COPIED = ("container_format", "disk_format", "min_disk", "min_ram", "max_ram", "__image_size", "__description")
_KINDS = ("__os_", "__support_", "__system__cmkid", "__platform", "__whole_image", "__backup_id", "hw_")


def copy_image_in_region(exchange: Exchange) -> Response:
    """Copy an image that the project sees into another one of its own."""
    source = _source(exchange)
    key = source.get("__system__cmkid")
    is_shared = source["owner"] != exchange.project_id and source["visibility"] != "public"
    refuse_where(
        (
            source.get("__whole_image") == "true",
            "IMG.0130",
            "/image_id: a full-ECS image cannot be copied within its region",
        ),
        (
            is_shared and bool(key),
            "IMG.0197",
            "/image_id: an encrypted image of another project cannot be copied",
        ),
        (
            bool(key) and key == exchange.body.json.get("cmk_id"),
            "IMG.0096",
            "/cmk_id: must be another key than that of the image",
        ),
    )
    return begin_making(exchange, "imsCopyImageInRegionJob", [_add(exchange, source, _attributes(exchange, source))])


copy_image_in_region_in_safe_mode = copy_image_in_region


def copy_image_cross_region(exchange: Exchange) -> Response:
    """Copy an image into a project of another region.

    The copy is an image of the mock of that region, where the cloud has one, and else of this one.
    """
    source, body = _source(exchange), exchange.body.json
    size, region = int(source.get("__image_size", 0)), exchange.store.settings["region"]
    is_whole = source.get("__whole_image") == "true"
    refuse_where(
        (body["region"] == region, "IMG.0142", f"/region: must be another region than {region!r}"),
        (
            not body["project_name"].startswith(body["region"]),
            "IMG.0145",
            "/project_name: must begin with the region",
        ),
        (
            bool(source.get("__system__cmkid")),
            "IMG.0143",
            "/image_id: an encrypted image (__system__cmkid) cannot be copied into another region",
        ),
        (size > _MOST_BYTES, "IMG.0146", f"/image_id: the image must have at most {_MOST_BYTES} bytes, got {size}"),
        (is_whole and "vault_id" not in body, "IMG.0184", "/vault_id: is needed for a full-ECS image"),
    )
    cloud = exchange.store.cloud
    is_unknown = cloud is not None and cloud.is_of_one_server and body["region"] not in cloud.names
    refuse_where((is_unknown, "IMG.0147", f"/region: must be one of {', '.join(cloud.names if cloud else ())}"))
    count = len(exchange.store.jobs.pending_of_type(_ACROSS, exchange.project_id))
    text = f"body: the project has {count} copies into other regions under way; wait until one of them has ended"
    refuse_where((count >= _MOST_AT_A_TIME, "IMG.0149", text))
    there, attributes = _in_target(exchange), _attributes(exchange, source)
    made = []
    with there.store.transaction():
        if is_whole:
            check_vault(there, body["vault_id"], source["min_disk"])
            server_id = known(exchange.store, "backups", source.get("__backup_id", ""))["server"]
            attributes, backup = new_backup(there, attributes, server_id, body["vault_id"])
            made.append(backup)
        image = add_arriving_image(there, attributes, file_of(exchange.store, source))
    plan = plan_making(_ACROSS, [image], made=made)
    return begin(exchange, plan if there is exchange else in_region(plan, body["region"]))


def _in_target(exchange: Exchange) -> Exchange:
    """Return the exchange as the target of a copy sees it: in that region, where the cloud has it, and that project."""
    body = exchange.body.json
    store = exchange.store.find_region(body["region"])
    if store is None:
        return exchange
    project = accounts_of(exchange.store).find_project(name=body["project_name"])
    return replace(exchange, store=store, project_id=project.id if project else exchange.project_id)


def _source(exchange: Exchange) -> Image:
    """Return the image that is to be copied; raise 400 for one that cannot be, or that the project has not accepted."""
    image = image_of(exchange)
    check_active(image)
    member = exchange.store.members.of(image["id"]).get(exchange.project_id)
    if member is not None and member["status"] != "accepted":
        raise ImsError(
            400,
            "IMG.0196",
            reason="/image_id: the image is shared with the project, which has not accepted it; accept it first",
        )
    refuse_where((image["disk_format"] == "iso", "IMG.0167", "/image_id: an ISO image cannot be copied"))
    return image


def _add(exchange: Exchange, source: Image, attributes: Image) -> Image:
    return add_arriving_image(exchange, attributes, file_of(exchange.store, source))


def _attributes(exchange: Exchange, source: Image) -> Image:
    """Return the attributes of a copy; raise 400 for a key or an enterprise project with which it cannot be."""
    body = exchange.body.json
    check_key(exchange, body.get("cmk_id"))
    check_enterprise_project(exchange, body.get("enterprise_project_id"))
    given: dict[str, Any] = {
        "__description": body.get("description"),
        "__system__cmkid": body.get("cmk_id"),
        "enterprise_project_id": body.get("enterprise_project_id"),
    }
    return {
        # Terraform replaces it after a copy, and fails where there is none.
        "max_ram": "0",
        **{name: value for name, value in source.items() if name in _COPIED or name.startswith(_KINDS)},
        **{name: value for name, value in given.items() if value is not None},
        "name": body["name"],
        "virtual_env_type": source["virtual_env_type"],
        "__data_origin": f"image,{exchange.store.settings['region']},{source['id']}",
    }
