"""What the service knows of an image: defaults, derived attributes, legal moves, who may do what."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ims_mock.contract import schema_files
from ims_mock.contract.errors import ImsError, image_protected
from ims_mock.state.times import timestamp

Image = dict[str, Any]
"""An image: a record of JSON types alone, in the form in which it is returned."""

_MODEL = schema_files.read("models/image_attributes.json")
_ATTRIBUTES = _MODEL["properties"]
MAX_CUSTOM: int = _MODEL["x-maximum-custom-attributes"]
"""Most attributes that an image may have beside those of the service."""

BASE_ATTRIBUTES = frozenset(schema_files.read("models/image.json")["required"])
"""The attributes that every image has."""

_DEFAULTS: Image = {name: attribute["default"] for name, attribute in _ATTRIBUTES.items() if "default" in attribute}

_OS_GROUPS = schema_files.read("models/os_version.json")["anyOf"]

OS_VERSIONS: dict[str, dict[str, str]] = {name: group["x-derived"] for group in _OS_GROUPS for name in group["enum"]}
"""The attributes that follow from each `__os_version`."""

OS_TAGS: dict[str, frozenset[str]] = {
    name: frozenset(group["x-tags"]) for group in _OS_GROUPS for name in group["enum"]
}
"""The tags of each `__os_version`: on which machines it runs, and how it boots."""

_KNOWN: dict[str, dict[str, str]] = {
    name: {value: value for value in attribute["enum"] if isinstance(value, str)}
    for name, attribute in _ATTRIBUTES.items()
    if "enum" in attribute
} | {"__os_version": {name: name for name in OS_VERSIONS}}

_TYPE_OF_VISIBILITY = {"private": "private", "public": "gold", "shared": "shared"}

LEGAL_MOVES = {
    "queued": ("saving", "deleted"),
    "saving": ("active", "killed", "queued"),
    "active": ("deleted",),
    "killed": ("deleted",),
    "deleted": (),
}
"""What an image of each status can become, as in Glance; but one that is saving cannot be deleted (IMG.0090)."""


def new_image(attributes: Image, image_id: str, owner: str, now: str) -> Image:
    """Return the record of an image whose metadata has just been created.

    `attributes` is a valid body of POST /v2/images, or what a test wants of an image; `now` is a UTC time with Z.
    """
    # An equal text that other images have too takes no memory.
    attributes = {
        name: _KNOWN[name].get(value, value) if name in _KNOWN and type(value) is str else value
        for name, value in attributes.items()
    }
    image = _DEFAULTS | attributes
    path = f"/v2/images/{image_id}"
    derived = {
        **OS_VERSIONS[image["__os_version"]],
        "owner": owner,
        "status": "queued",
        "created_at": now,
        "updated_at": now,
        "self": path,
        "file": f"{path}/file",
        "schema": _ATTRIBUTES["schema"]["const"],
        "virtual_env_type": "IsoImage" if image["disk_format"] == "iso" else "FusionCompute",
        "__image_source_type": _ATTRIBUTES["__image_source_type"]["const"],
        "__image_size": "0",
        "__isregistered": "true",
        "__imagetype": _TYPE_OF_VISIBILITY[image["visibility"]],
    }
    # A test may say itself what would be derived.
    return {**image, **derived, **attributes, "id": image_id, "tags": list(dict.fromkeys(image["tags"]))}


def without_repetition(tags: list[str]) -> list[str]:
    """Return tags, each once, where it first stands."""
    return list(dict.fromkeys(tags))


def check_custom_attributes(image: Image) -> None:
    """Raise 413 for more custom attributes than Glance takes."""
    custom = len(image.keys() - _ATTRIBUTES.keys())
    if custom > MAX_CUSTOM:
        raise ImsError(
            413,
            reason=f"body: an image has at most {MAX_CUSTOM} attributes beside those of "
            f"schemas/models/image_attributes.json, got {custom}",
        )


def check_move(image: Image, status: str) -> None:
    """Raise 409 when the status of an image does not allow the new one."""
    if status not in LEGAL_MOVES[image["status"]]:
        advice = f"it can become {' or '.join(LEGAL_MOVES[image['status']]) or 'nothing'}"
        if status == "saving":
            advice = "only a queued image takes a file; create another for it"
        raise ImsError(
            409, "IMG.0046", reason=f"/status: an image that is {image['status']} cannot become {status}; {advice}"
        )


def become(image: Image, status: str, at: float, attributes: Image) -> Image:
    """Return an image that has moved to another status at a time, in seconds since 1970; 409 for an illegal move."""
    check_move(image, status)
    now = timestamp(at)
    active_at = {"active_at": now} if status == "active" else {}
    return {**image, **attributes, **active_at, "status": status, "updated_at": now}


def check_owner(image: Image, project_id: str) -> None:
    """Raise 403 for a project that sees an image and does not own it."""
    if image["owner"] != project_id:
        raise ImsError(
            403, "IMG.0047", reason=f"/image_id: only the owner of the image, project {image['owner']}, may do this"
        )


def check_deletable(image: Image, project_id: str) -> None:
    """Raise 403 for another project's image and for a protected one, 400 for one whose file is arriving."""
    if image["owner"] != project_id:
        code = "IMG.0094" if image["visibility"] == "public" else "IMG.0092"
        raise ImsError(
            403, code, reason=f"/image_id: only the owner of the image, project {image['owner']}, may do this"
        )
    if image["protected"]:
        raise image_protected(image["id"])
    if "deleted" not in LEGAL_MOVES[image["status"]]:
        raise ImsError(400, "IMG.0090", reason=f"/status: an image that is {image['status']} cannot be deleted yet")


def is_visible(image: Image, project_id: str, members: Collection[str] = ()) -> bool:
    """Return whether a project can show an image: its own, every public one, and what is shared with it."""
    return bool(image.get("owner") == project_id or image.get("visibility") == "public" or project_id in members)


def shared_attributes(has_members: bool) -> Image:
    """Return the visibility of an image that is not public: shared while it has a member, private otherwise."""
    visibility = "shared" if has_members else "private"
    return {"visibility": visibility, "__imagetype": _TYPE_OF_VISIBILITY[visibility]}
