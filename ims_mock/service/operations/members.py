"""The members of images: the projects that they are shared with."""

from __future__ import annotations

from typing import Any

from ims_mock.contract.errors import marker_unknown
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.identity.accounts import accounts_of
from ims_mock.service.backups import check_backup_shareable, check_vault
from ims_mock.state.images import Image
from ims_mock.state.life_cycle import find_image, find_own_image, set_members
from ims_mock.state.members import (
    Member,
    check_can_have_members,
    check_new_status,
    check_shareable,
    member_not_found,
    new_member,
)


def glance_add_image_member(exchange: Exchange) -> Response:
    """Share an image of one's own with a project, which is pending until it accepts or rejects."""
    store = exchange.store
    image = find_image(store, exchange.path["image_id"], exchange.project_id)
    members, member_id = store.members.of(image["id"]), _project_id(exchange, exchange.body.json["member"])
    check_shareable(image, members, exchange.project_id, member_id)
    check_backup_shareable(exchange, image)
    member = new_member(image["id"], member_id, store.timestamp())
    set_members(store, image, {**members, member_id: member})
    return exchange.respond(member)


def glance_list_image_members(exchange: Exchange) -> Response:
    """List the members of an image: all of them for its owner, itself alone for a member."""
    image = find_image(exchange.store, exchange.path["image_id"], exchange.project_id)
    check_can_have_members(image)
    members = _visible_members(exchange, image)
    body: dict[str, Any] = {"schema": "/v2/schemas/members"}
    if exchange.query:
        members, body["page_info"] = _page(members, **exchange.query)
    return exchange.respond({"members": members, **body})


def glance_show_image_member(exchange: Exchange) -> Response:
    """Show a member of an image, to the owner and to the member itself."""
    return exchange.respond(_find_member(exchange)[1])


def glance_update_image_member(exchange: Exchange) -> Response:
    """Accept or reject an image that is shared with oneself."""
    image, member = _find_member(exchange)
    body = exchange.body.json
    check_new_status(image, member["member_id"], exchange.project_id, body)
    if "vault_id" in body:
        check_vault(exchange, body["vault_id"])
    changed = {**member, "status": body["status"], "updated_at": exchange.store.timestamp()}
    members = exchange.store.members.of(image["id"])
    set_members(exchange.store, image, {**members, member["member_id"]: changed})
    return exchange.respond(changed)


def glance_delete_image_member(exchange: Exchange) -> Response:
    """Stop sharing an image of one's own with a project."""
    image = find_own_image(exchange.store, exchange.path["image_id"], exchange.project_id)
    _, member = _find_member(exchange)
    members = exchange.store.members.of(image["id"])
    set_members(exchange.store, image, {name: other for name, other in members.items() if name != member["member_id"]})
    return exchange.respond()


def _visible_members(exchange: Exchange, image: Image) -> list[Member]:
    """Return the members that the caller may know of."""
    return [
        member
        for member_id, member in exchange.store.members.of(image["id"]).items()
        if exchange.project_id in (image["owner"], member_id)
    ]


def _find_member(exchange: Exchange) -> tuple[Image, Member]:
    """Return the image and the member that the path names; raise 404 for one that the caller may not know of."""
    image = find_image(exchange.store, exchange.path["image_id"], exchange.project_id)
    member_id = _project_id(exchange, exchange.path["member_id"])
    for member in _visible_members(exchange, image):
        if member["member_id"] == member_id:
            return image, member
    raise member_not_found(image["id"], member_id)


def _project_id(exchange: Exchange, given: str) -> str:
    """Return the id of a project that is given by its name, and otherwise what is given.

    Unlike the service: `openstack image add project` sends the name of a project that its user may not look up.
    """
    project = accounts_of(exchange.store).projects.get(given)
    return project.id if project else given


def _page(
    members: list[Member], limit: int | None = None, marker: str | None = None
) -> tuple[list[Member], dict[str, Any]]:
    """Return a page of members, and what the response says of it; raise 400 for a marker that is none of them."""
    if marker is not None:
        names = [member["member_id"] for member in members]
        if marker not in names:
            raise marker_unknown(marker)
        members = members[names.index(marker) + 1 :]
    page = members[:limit]
    info: dict[str, Any] = {"current_count": len(page)}
    if page and len(page) < len(members):
        info["next_marker"] = page[-1]["member_id"]
    return page, info
