"""Images that come to the mock by another way than HTTP: from a test, or from the catalogue of public images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ims_mock.contract import json_text, schema_files
from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import load_model
from ims_mock.contract.problems import InvalidError, Problem
from ims_mock.contract.wording import shown
from ims_mock.state import life_cycle
from ims_mock.state.files import File
from ims_mock.state.ids import ids_of_success
from ims_mock.state.images import OS_VERSIONS, Image, check_custom_attributes, new_image
from ims_mock.state.members import check_shareable, new_member
from ims_mock.state.store import Store
from ims_mock.state.views import RecordsView

HUAWEI_CLOUD = "huaweicloud"
"""The cloud whose public images are loaded unless another is named."""


def add_image(
    store: Store,
    project_id: str,
    attributes: Mapping[str, Any],
    data: bytes | None = None,
    members: Mapping[str, str] | None = None,
) -> Image:
    """Add an image as a test wants it, and return it; what is not given is as it is after a create.

    `data` is the image's file, which makes it active; `members` are the projects that it is shared with, with their
    status. `project_id` owns it unless `owner` is given. Raises InvalidError for what the service could not hold, and
    TypeError for data that are no bytes and members that are no mapping.
    """
    check_file(data, members)
    file = None if data is None else File([data])
    given = dict(attributes)
    _check_attributes(given, file, members or {})
    with store.transaction():
        now = store.timestamp()
        if given.get("status") == "active":
            given.setdefault("active_at", now)
        try:
            check_custom_attributes(given)
            with ids_of_success(store):
                image = new_image(given, life_cycle.id_for(store, given), project_id, now)
                sharing = _members(image, members or {}, now)
        except ImsError as error:
            raise error.as_invalid() from None
        image_id = image["id"]
        store.images.put(image_id, image)
        if file is not None:
            store.files.put(image_id, file)
        if sharing:
            life_cycle.set_members(store, image, sharing)
        return RecordsView(store)[image_id]


def check_file(data: Any, members: Any) -> None:
    """Raise TypeError for a file that is no bytes, and for members that are no mapping."""
    if data is not None and not isinstance(data, bytes):
        raise TypeError(f"data must be bytes, got {type(data).__name__}")
    if members is not None and not isinstance(members, Mapping):
        raise TypeError(f"members must be a mapping from project ids to their status, got {members!r}")


def load_public_images(store: Store, cloud: str = HUAWEI_CLOUD, **wanted: Any) -> None:
    """Add the public images of a cloud that have some attributes, but for those that are there already.

    Raise ValueError for a cloud that the catalogue does not have.
    """
    images, clouds = [], set()
    for of_cloud, image in public_images():
        clouds.add(of_cloud)
        if of_cloud == cloud and wanted.items() <= {**image, **OS_VERSIONS[image["__os_version"]]}.items():
            images.append(image)
    if cloud not in clouds:
        raise ValueError(f"cloud must be one of {', '.join(sorted(clouds))}, got {cloud!r}")
    with store.transaction():
        for image in images:
            store.deleted.remove(image["id"])
            if image["id"] not in store.images:
                add_image(store, image["owner"], image)


def public_images() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the public images of the catalogue, each with its cloud; what follows from the OS version is left out."""
    catalogue = schema_files.read("public_images.json")
    for row in catalogue["images"]:
        name = json.dumps({"zh-cn": row["name"], "en-us": row["name"]}, separators=(",", ":"))
        follows = {"__originalimagename": row["id"], "__image_displayname": name, "__imagetype": "gold"}
        image = {**catalogue["common"], **follows, **row}
        cloud = image.pop("cloud", HUAWEI_CLOUD)
        yield cloud, {name: value for name, value in image.items() if value is not None}


def _check_attributes(given: dict[str, Any], file: File | None, members: Mapping[str, str]) -> None:
    """Complete what a test gives by what follows from its file and members.

    Raise InvalidError for attributes that the contract does not have so, and for those that contradict the rest.
    """
    follows: dict[str, Any] = {} if file is None else {"status": "active", **file.described()}
    if members:
        follows["visibility"] = "shared"
    for name, value in follows.items():
        if given.setdefault(name, value) != value:
            reason = "members" if name == "visibility" else "data"
            raise _wrong(name, "const", f"must be {shown(value)}, as follows from its {reason}, or left out")
    model = load_model("image_attributes")
    problems = model.schema.find_problems(given)
    if problems:
        raise InvalidError(*problems, source=model.source)
    if given.get("status") == "deleted" or given.get("deleted") or "deleted_at" in given:
        raise _wrong("status", "enum", "must not be deleted; add the image as active, and delete it then")
    try:
        # As deep as a saved state has it, which is to be read again.
        json_text.plain([[[given]]])
    except InvalidError as error:
        raise InvalidError(*(replace(problem, path=problem.path[3:]) for problem in error.problems)) from None


def _wrong(name: str, keyword: str, text: str) -> InvalidError:
    return InvalidError(Problem((name,), keyword, text))


def _members(image: Image, statuses: Mapping[str, str], now: str) -> dict[str, Any]:
    """Return the records of the members that an image is to have; raise the refusal of one that it cannot have.

    Raise InvalidError for a project or a status that cannot be.
    """
    members: dict[str, Any] = {}
    model = load_model("member")
    for member_id, status in statuses.items():
        check_shareable(image, members, image["owner"], member_id)
        members[member_id] = {**new_member(image["id"], member_id, now), "status": status}
        problems = model.schema.find_problems(members[member_id])
        if problems:
            # Whichever attribute of the record is wrong, it is this member that was given.
            given = (replace(problem, path=("members", member_id)) for problem in problems)
            raise InvalidError(*given, source=model.source)
    return members
