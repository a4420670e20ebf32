"""What the service knows of an image: defaults, derived attributes, legal moves, who may do what."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, MutableMapping
from itertools import count
from typing import Any

from ims_mock import schema_files
from ims_mock.errors import ImsError, image_protected

Image = dict[str, Any]
"""A record of JSON types alone, in the form in which it is answered."""

_MODEL = schema_files.read("models/image_attributes.json")
_ATTRIBUTES = _MODEL["properties"]
_MAX_CUSTOM: int = _MODEL["x-maximum-custom-attributes"]

BASE_ATTRIBUTES = frozenset(schema_files.read("models/image.json")["required"])
"""The attributes that every image has."""

_DEFAULTS: Image = {name: attribute["default"] for name, attribute in _ATTRIBUTES.items() if "default" in attribute}

OS_VERSIONS: dict[str, dict[str, str]] = {
    name: group["x-derived"] for group in schema_files.read("models/os_version.json")["anyOf"] for name in group["enum"]
}
"""The attributes that follow from each `__os_version`."""

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
    Raise 413 for too many custom attributes.
    """
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
    return checked({**image, **derived, **attributes, "id": image_id})


def checked(image: Image) -> Image:
    """Return a record with each tag once; raise 413 when it has more custom attributes than Glance takes."""
    custom = len(image.keys() - _ATTRIBUTES.keys())
    if custom > _MAX_CUSTOM:
        raise ImsError(
            413, reason=f"body: an image has at most {_MAX_CUSTOM} attributes that no document names, got {custom}"
        )
    return {**image, "tags": list(dict.fromkeys(image["tags"]))}


def check_move(image: Image, status: str) -> None:
    """Raise 409 when an image cannot become what it is to become."""
    if status not in LEGAL_MOVES[image["status"]]:
        raise ImsError(
            409,
            "IMG.0046",
            reason=f"/status: an image that is {image['status']} cannot become {status}, only "
            + (" or ".join(LEGAL_MOVES[image["status"]]) or "nothing"),
        )


def check_owner(image: Image, project_id: str) -> None:
    """Raise 403 for a project that sees an image and does not own it."""
    if image["owner"] != project_id:
        raise ImsError(403, "IMG.0047", reason=f"/image_id: only project {image['owner']}, which owns the image, may")


def check_deletable(image: Image, project_id: str) -> None:
    """Raise 403 for another project's image and for a protected one, 400 for one whose file is arriving."""
    if image["owner"] != project_id:
        code = "IMG.0094" if image["visibility"] == "public" else "IMG.0092"
        raise ImsError(403, code, reason=f"/image_id: only project {image['owner']}, which owns the image, may")
    if image["protected"]:
        raise image_protected(image["id"])
    if "deleted" not in LEGAL_MOVES[image["status"]]:
        raise ImsError(400, "IMG.0090", reason=f"/status: an image that is {image['status']} cannot be deleted yet")


def is_visible(image: Image, project_id: str, members: Collection[str] = ()) -> bool:
    """Tell whether a project can show an image: its own, every public one, and what is shared with it."""
    return bool(image["owner"] == project_id or image["visibility"] == "public" or project_id in members)


def shared_attributes(has_members: bool) -> Image:
    """Return what an image's sharing decides: it is shared while it has a member, and private otherwise."""
    visibility = "shared" if has_members else "private"
    return {"visibility": visibility, "__imagetype": _TYPE_OF_VISIBILITY[visibility]}


Place = tuple[str, int, str]
"""Where an image stands among the others: time of creation, number, id."""


class Images(MutableMapping[str, Image]):
    """The images of one mock: a dict from id to record that knows their order by time of creation.

    Of two that were created in the same second the one that was put in later is the newer.
    """

    def __init__(self) -> None:
        self._images: dict[str, Image] = {}
        self._places: dict[str, Place] = {}
        self._ordered: list[Place] = []
        self._numbers = count()

    def __getitem__(self, image_id: str) -> Image:
        return self._images[image_id]

    def __setitem__(self, image_id: str, image: Image) -> None:
        if image_id not in self._images:
            # A test may put in whatever it likes; what an image lacks is told when it is answered.
            place = (str(image.get("created_at", "")), next(self._numbers), image_id)
            self._places[image_id] = place
            insort(self._ordered, place)
        self._images[image_id] = image

    def __delitem__(self, image_id: str) -> None:
        del self._images[image_id]
        del self._ordered[bisect_left(self._ordered, self._places.pop(image_id))]

    def __iter__(self) -> Iterator[str]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._images

    def __repr__(self) -> str:
        return repr(self._images)

    def place(self, image_id: str) -> Place:
        """Return an image's place in the order of creation."""
        return self._places[image_id]

    def from_newest(self, after: str | None = None) -> Iterator[Image]:
        """Yield the images from the newest to the oldest, or those that follow `after`; the caller holds the lock.

        What it costs does not depend on how many images there are, but on how many are taken.
        """
        index = len(self._ordered) if after is None else bisect_left(self._ordered, self._places[after])
        for position in range(index - 1, -1, -1):
            yield self._images[self._ordered[position][2]]

    def from_oldest(self, after: str | None = None) -> Iterator[Image]:
        """Yield the images from the oldest to the newest, or those that follow `after`; the caller holds the lock."""
        index = 0 if after is None else bisect_left(self._ordered, self._places[after]) + 1
        for position in range(index, len(self._ordered)):
            yield self._images[self._ordered[position][2]]
