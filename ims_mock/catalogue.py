"""Images that come to the mock by another way than HTTP: from a test, or from the catalogue of public images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ims_mock import schema_files
from ims_mock.backend import Backend
from ims_mock.contract import load_model
from ims_mock.errors import ImsError
from ims_mock.files import File
from ims_mock.images import Image, new_image
from ims_mock.members import check_shareable, new_member


def add_image(
    backend: Backend,
    project_id: str,
    attributes: Mapping[str, Any],
    data: bytes | None = None,
    members: Mapping[str, str] | None = None,
) -> Image:
    """Add an image as a test wants it, and return it; what is not given is as it is after a create.

    `data` is the image's file, which makes it active; `members` are the projects that it is shared with, with their
    status. `project_id` owns it unless `owner` is given. Raises ValueError for what the service could not hold.
    """
    given = dict(attributes)
    _check_attributes(given)
    with backend.lock:
        image_id = str(given["id"]).lower() if "id" in given else backend.new_image_id()
        if data is not None and given.setdefault("status", "active") != "active":
            raise ValueError(f"/status: an image that has a file is active, got {given['status']!r}")
        if given.get("status") == "active":
            given.setdefault("active_at", backend.timestamp())
        file = None if data is None else File([data])
        try:
            described = file.described() if file else {}
            image = new_image({**described, **given}, image_id, project_id, backend.timestamp())
            sharing = _members(image, members or {}, backend.timestamp())
            backend.add(image)
        except ImsError as error:
            raise ValueError(error.reason) from None
        if file is not None:
            backend.files[image_id] = file
        if sharing:
            backend.set_members(image, sharing)
        return backend.images[image_id]


def load_public_images(backend: Backend) -> None:
    """Add the catalogue's public images, but for those that are there already."""
    catalogue = schema_files.read("public_images.json")
    for image in catalogue["images"]:
        if image["id"] not in backend.images:
            add_image(backend, catalogue["common"]["owner"], {**catalogue["common"], **image})


def _check_attributes(attributes: Mapping[str, Any]) -> None:
    """Raise ValueError for attributes that the contract does not have so."""
    model = load_model("image_attributes")
    problems = model.schema.find_problems(dict(attributes))
    if problems:
        raise ValueError(f"{'; '.join(map(str, problems))} [schemas/{model.source}]")
    if attributes.get("status") == "deleted":
        raise ValueError("/status: an image that is deleted is in no list; add it, and delete it")


def _members(image: Image, statuses: Mapping[str, str], now: str) -> dict[str, Any]:
    """Return the records of the members that an image is to have; raise the refusal of one that it cannot have."""
    members: dict[str, Any] = {}
    for member_id, status in statuses.items():
        check_shareable(image, members, image["owner"], member_id)
        members[member_id] = {**new_member(image["id"], member_id, now), "status": status}
        load_model("member").check(members[member_id])
    return members
