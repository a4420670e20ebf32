"""Sharing of several images at once, and the members of one image, on IMS's own API."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from ims_mock.contract.errors import ImsError, marker_unknown
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.service.backups import check_backup_shareable, check_vault
from ims_mock.service.making import begin
from ims_mock.service.own_api import image_of
from ims_mock.state.collections import REMOVED, Transition
from ims_mock.state.images import Image, check_owner
from ims_mock.state.jobs import Plan
from ims_mock.state.members import Member, check_can_have_members, check_new_status, check_shareable

_NEW = ""
"""The status of a member that an image does not have yet."""

_TYPES = {"projects": "project", "domains": "domain", "organizations": "organization"}


def batch_add_members(exchange: Exchange) -> Response:
    """Share images of one's own; a member that has not rejected an image stays as it is."""
    transitions: list[Transition] = []
    results = []
    for image in _images(exchange):
        members = {**_arriving(exchange, image["id"]), **exchange.store.members.of(image["id"])}
        for new in _sharers(exchange):
            member_id = new["member_id"]
            before = members.pop(member_id, {"status": _NEW})
            check_shareable(image, members, exchange.project_id, member_id)
            check_backup_shareable(exchange, image)
            # It counts for those that follow.
            members[member_id] = before
            if before["status"] in (_NEW, "rejected"):
                transitions.append(_transition(image["id"], "pending", new))
            results.append({"image_id": image["id"], "project_id": member_id, "status": "success"})
    return begin(exchange, Plan("imsAddImageMembersJob", {"results": results}, transitions))


def _arriving(exchange: Exchange, image_id: str) -> dict[str, Member]:
    """Return what jobs under way are to share an image with; it counts for the quota."""
    jobs = exchange.store.jobs
    return {
        result["project_id"]: {"status": _NEW}
        for job_id in jobs.pending_of_type("imsAddImageMembersJob", exchange.project_id)
        for result in jobs[job_id]["entities"].get("results", ())
        if result["image_id"] == image_id
    }


def batch_delete_members(exchange: Exchange) -> Response:
    """Stop sharing images of one's own; raise 400 for what an image is not shared with."""
    transitions = []
    for image in _images(exchange):
        check_owner(image, exchange.project_id)
        for gone in _sharers(exchange):
            if gone["member_id"] not in exchange.store.members.of(image["id"]):
                reason = f"/projects: image {image['id']!r} is not shared with {gone['member_id']!r}"
                raise ImsError(400, "IMG.0113", reason=reason)
            transitions.append(_transition(image["id"], REMOVED, gone))
    return begin(exchange, Plan("imsDelImageMembersJob", {"results": []}, transitions))


def batch_update_members(exchange: Exchange) -> Response:
    """Accept or reject images that are shared with the caller's own project."""
    body = exchange.body.json
    transitions, results = [], []
    if "vault_id" in body:
        check_vault(exchange, body["vault_id"])
    for image in _images(exchange):
        check_new_status(image, body["project_id"], exchange.project_id, body)
        member = _member_of(exchange, image, body["project_id"])
        transitions.append(_transition(image["id"], body["status"], member))
        results.append({"image_id": image["id"], "project_id": member["member_id"], "status": "success"})
    return begin(exchange, Plan("imsUpdateImageMembersJob", {"results": results}, transitions))


def _images(exchange: Exchange) -> list[Image]:
    """Return the images that a body names, each once, also where it is named in two spellings."""
    found = [image_of(exchange, image_id) for image_id in dict.fromkeys(exchange.body.json["images"])]
    return list({image["id"]: image for image in found}.values())


def _sharers(exchange: Exchange) -> Iterator[Member]:
    """Yield what a body names to share with: the id, and what is said of it beside that."""
    for name, member_type in _TYPES.items():
        for given in dict.fromkeys(exchange.body.json.get(name, ())):
            member = {"member_id": given.rpartition("/")[2]}
            if member_type != "project":
                member["member_type"] = member_type
            yield {**member, "urn": given} if member_type == "organization" else member


def _transition(image_id: str, status: str, member: Member) -> Transition:
    about = {name: member[name] for name in member if name in ("member_type", "urn")}
    attributes: dict[str, Any] = {"projects": [member["member_id"]], **about}
    return {"collection": "members", "id": image_id, "status": status, "attributes": attributes}


def list_image_members(exchange: Exchange) -> Response:
    """List a page of the members of an image: all of them for its owner, itself alone for a member."""
    image = image_of(exchange)
    check_can_have_members(image)
    members = _visible(exchange, image)
    marker = exchange.query.get("marker")
    if marker is not None:
        names = [member["member_id"] for member in members]
        members = members[names.index(_decoded(marker, names)) + 1 :]
    page = members[: exchange.query["limit"]]
    info: dict[str, Any] = {"current_count": len(page)}
    if len(page) < len(members):
        info["next_marker"] = base64.b64encode(page[-1]["member_id"].encode()).decode()
    return exchange.respond({"members": page, "schema": "/v2/schemas/members", "page_info": info})


def show_image_member(exchange: Exchange) -> Response:
    """Show a member of an image, to the owner and to the member itself."""
    return exchange.respond(_member_of(exchange, image_of(exchange), exchange.path["member_id"]))


def _visible(exchange: Exchange, image: Image) -> list[Member]:
    """Return the members that the caller may know of, as this API shows them."""
    usual: Member = {"member_type": "project", "urn": ""}
    return [
        {**usual, **member}
        for member_id, member in exchange.store.members.of(image["id"]).items()
        if exchange.project_id in (image["owner"], member_id)
    ]


def _member_of(exchange: Exchange, image: Image, member_id: str) -> Member:
    """Return a member of an image; raise 400 for one that the caller may not know of."""
    for member in _visible(exchange, image):
        if member["member_id"] == member_id:
            return member
    reason = f"/member_id: no member {member_id!r} of image {image['id']!r} is visible"
    raise ImsError(400, "IMG.0114", reason=reason)


def _decoded(marker: str, names: list[str]) -> str:
    """Return the member that a marker means; raise 400 where it is none of them."""
    try:
        name = base64.b64decode(marker, validate=True).decode()
    except (binascii.Error, ValueError):
        name = ""
    if name not in names:
        raise marker_unknown(marker)
    return name
