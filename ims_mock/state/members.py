"""What the service knows of sharing: who an image can be shared with, and which status a member may set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ims_mock.contract import schema_files
from ims_mock.contract.errors import ImsError
from ims_mock.state.collections import REMOVED, Collection, Transition
from ims_mock.state.images import Image, check_owner, shared_attributes
from ims_mock.state.times import timestamp

Member = dict[str, Any]
"""A record of JSON types alone, in the form in which it is returned."""

_MODEL = schema_files.read("models/member.json")


class Members(Collection):
    """The members of every image, by image and project, in the order in which they were added."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._images: dict[str, set[str]] = {}
        self.changed: Callable[..., object] = lambda *_: None

    def of(self, image_id: str) -> dict[str, Member]:
        """Return the members of an image, by project."""
        members: dict[str, Member] = self.records.get(image_id, {})
        return members

    def images_of(self, project_id: str) -> set[str]:
        """Return the ids of the images that are shared with a project, whatever its status."""
        return self._images.get(project_id, set())

    def put(self, image_id: str, members: dict[str, Member]) -> None:
        """Set the members of an image; an image without members has no record."""
        before = self.of(image_id)
        if members == before:
            return
        self._remove(image_id)
        if members:
            super().put(image_id, members)
            self._index(image_id, members)
        self.changed(image_id, before)

    def remove(self, image_id: str) -> None:
        """Remove every member of an image."""
        if image_id in self:
            before = self.of(image_id)
            self._remove(image_id)
            self.changed(image_id, before)

    def _remove(self, image_id: str) -> None:
        for project_id in self.of(image_id):
            self._images[project_id].discard(image_id)
        super().remove(image_id)

    def settle(self, transition: Transition) -> Iterable[Transition]:
        """Apply a due transition to some of an image's members, its `projects`; the image is shared while it has any.

        A project that is no member yet becomes one that is pending, and none that has accepted or rejected: the image
        may not be shared with it any more. After the status REMOVED it is none. Further attributes are those of each of
        these members.
        """
        image_id, status, now = transition["id"], transition["status"], timestamp(transition["due"])
        if "projects" not in transition["attributes"]:
            return super().settle(transition)
        members = dict(self.of(image_id))
        about = {name: value for name, value in transition["attributes"].items() if name != "projects"}
        for project_id in transition["attributes"]["projects"]:
            if status == REMOVED:
                members.pop(project_id, None)
            elif project_id in members or status == "pending":
                member = members.get(project_id) or new_member(image_id, project_id, now)
                members[project_id] = {**member, **about, "status": status, "updated_at": now}
        self.put(image_id, members)
        return [{"collection": "images", "id": image_id, "status": "", "attributes": shared_attributes(bool(members))}]

    def load(self, stored: Mapping[str, Any]) -> None:
        """Have these members and no others."""
        super().load({image_id: members for image_id, members in stored.items() if members})
        self._images.clear()
        for image_id, members in self.records.items():
            self._index(image_id, members)
        self.changed()

    def _index(self, image_id: str, members: Mapping[str, Member]) -> None:
        for project_id in members:
            self._images.setdefault(project_id, set()).add(image_id)


def new_member(image_id: str, member_id: str, now: str) -> Member:
    """Return the record of a project with which an image has just been shared; `now` is a UTC time with Z."""
    return {
        "member_id": member_id,
        "image_id": image_id,
        "status": "pending",
        "created_at": now,
        "updated_at": now,
        "schema": "/v2/schemas/member",
    }


def check_shareable(image: Image, members: Mapping[str, Member], project_id: str, member_id: str) -> None:
    """Raise the rejection when a project cannot share an image with one more project.

    400 for an image that is public, of the marketplace, encrypted or of a whole ECS without a CBR backup, for its own
    owner, and past the quota; 403 when the project does not own it; 409 for a project that is a member.
    """
    if image["visibility"] != "public":
        check_owner(image, project_id)
    is_whole = image.get("__whole_image") == "true"
    quota = _MODEL["x-maximum-members-of-whole-image" if is_whole else "x-maximum-members"]
    refusals = (
        (image["visibility"] == "public", 400, "IMG.0089", "/image_id: a public image cannot be shared"),
        (image["__imagetype"] == "market", 400, "IMG.0107", "/image_id: an image of the marketplace cannot be shared"),
        (bool(image.get("__system__cmkid")), 400, "IMG.0098", "/image_id: must not be encrypted (__system__cmkid)"),
        (
            is_whole and not image.get("__backup_id"),
            400,
            "IMG.0135",
            "/image_id: a full-ECS image can only be shared if it is of a CBR backup (__backup_id)",
        ),
        (member_id == image["owner"], 400, "IMG.0076", "/member: must be another project than the owner of the image"),
        (member_id in members, 409, "IMG.0112", f"/member: project {member_id!r} is a member already"),
        (
            len(members) >= quota,
            400,
            "IMG.0088",
            f"/member: the image has {quota} members, and can have no more; delete one first",
        ),
    )
    for applies, status, code, reason in refusals:
        if applies:
            raise ImsError(status, code, reason=reason)


def check_can_have_members(image: Image) -> None:
    """Raise 403 for an image that has no members, as everybody has it."""
    if image["visibility"] == "public":
        raise ImsError(403, "IMG.0083", reason="/image_id: the image is public, and has no members")


def check_new_status(image: Image, member_id: str, project_id: str, body: Mapping[str, Any]) -> None:
    """Raise 403 for a new status that is not from the member itself, 400 for one without a needed vault."""
    if member_id != project_id:
        raise ImsError(403, "IMG.0161", reason=f"/member_id: only project {member_id} itself may accept or reject")
    if body["status"] == "accepted" and image.get("__whole_image") == "true" and "vault_id" not in body:
        raise ImsError(400, "IMG.0184", reason="/vault_id: is needed to accept a full-ECS image of a CBR backup")


def member_not_found(image_id: str, member_id: str) -> ImsError:
    """Return the 404 of a project that an image is not shared with, or that the caller may not know of."""
    return ImsError(404, "IMG.0114", reason=f"/member_id: no member {member_id!r} of image {image_id!r} is visible")
