"""The life of an image: found, added, changed, shared, given its file, deleted.

These functions are called inside of a transaction of the store, unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from ims_mock.contract.errors import ImsError, file_arriving, image_id_taken, image_not_found, upload_ended
from ims_mock.contract.image_ids import in_lower_case
from ims_mock.contract.problems import wrong_at
from ims_mock.state import images
from ims_mock.state.collections import Transition
from ims_mock.state.files import File
from ims_mock.state.ids import new_image_id
from ims_mock.state.image_orders import Among
from ims_mock.state.images import Image, check_deletable, check_move, check_owner, is_visible, shared_attributes
from ims_mock.state.members import Member
from ims_mock.state.store import Store
from ims_mock.state.times import later, timestamp

DELAYED = ("queued", "saving", "deleting")
"""What can take a while: the statuses in which an upload leaves an image, and its deletion."""


class Upload(NamedTuple):
    """An upload that has begun: its number, and that of its image, which no other image of the same id has."""

    number: int
    image: int


"""An upload under way, by its number: never the same as that of another one."""


def find_image(store: Store, image_id: str, project_id: str) -> Image:
    """Return an image that a project sees; raise 404 when it sees none of that id."""
    image: Image | None = store.images.get(image_id)
    if image is None or not is_visible(image, project_id, store.members.of(image_id)):
        raise image_not_found(image_id)
    return image


def find_own_image(store: Store, image_id: str, project_id: str) -> Image:
    """Return a project's own image; raise 404 for one that it does not see, 403 for another's that it sees."""
    image = find_image(store, image_id, project_id)
    check_owner(image, project_id)
    return image


def id_for(store: Store, attributes: Image) -> str:
    """Return the id that a new image asks for, in lower case as the service's own are, or a new one.

    Raise 409 when it is taken, also by an image that was deleted.
    """
    if "id" not in attributes:
        return new_image_id(store)
    image_id = in_lower_case(str(attributes["id"]))
    if image_id in store.images or image_id in store.deleted:
        raise image_id_taken(image_id)
    # A test that removed an image has left what belonged to it.
    _remove_belongings(store, image_id)
    return image_id


PRIVATE = Among(alike=((("visibility", "private"), ("private", "shared")),))
"""The images that count for the quota."""


def private_images(store: Store, project_id: str) -> int:
    """Return how many images of a project are not public, of any status; what is shared with it does not count."""
    return store.images.count_owned_by(project_id, PRIVATE)


def check_quota(store: Store, project_id: str, more: int = 1) -> None:
    """Raise 400 when a project may not have so many more images."""
    quota = store.settings.records.get("quota")
    if quota is not None and (count := private_images(store, project_id)) + more > quota:
        has = f"the project has {count} private images, and can have at most {quota}"
        text = f"{has}; the request makes {more}; delete some, or set a greater quota"
        raise ImsError(400, "IMG.0015", reason=wrong_at((), "maxItems", text))


def add_image(store: Store, attributes: Image, owner: str) -> Image:
    """Add an image whose metadata has just been created, and return it.

    Raise 400 when the project may have no more, 409 as id_for does, 413 for too many custom attributes; then no id is
    drawn, and the next image has the one that this would have had.
    """
    check_quota(store, owner)
    if len(attributes) > images.MAX_CUSTOM:
        images.check_custom_attributes(attributes)
    image = images.new_image(attributes, id_for(store, attributes), owner, timestamp(store.clock.now()))
    store.images.put(image["id"], image)
    return image


def change(store: Store, image: Image, **attributes: Any) -> Image:
    """Replace an image by one with some attributes changed now, and return it."""
    changed = {**image, **attributes, "updated_at": store.timestamp()}
    store.images.put(image["id"], changed)
    return changed


def become(store: Store, image: Image, status: str, **attributes: Any) -> Image:
    """Move an image to another status now, and return it; raise 409 for an illegal move."""
    changed = images.become(image, status, store.clock.now(), attributes)
    store.images.put(image["id"], changed)
    return changed


def delete_image(store: Store, image_id: str, project_id: str) -> None:
    """Delete an image for a project, with its file and its members, at once or when `delays` says so.

    Until then the image stays as it is, and nothing comes of an upload; then it is among the deleted ones. Raises 404
    as find_image does, what check_deletable raises, and 403 for an image that is shared with more than projects.
    """
    image = find_image(store, image_id, project_id)
    check_deletable(image, project_id)
    for member in store.members.of(image_id).values():
        if member.get("member_type", "project") != "project":
            wide = f"the {member['member_type']} {member['member_id']!r}"
            raise ImsError(
                403, reason=f"/image_id: the image is shared with {wide}; stop sharing it before you delete it"
            )
    if is_leaving(store, image_id):
        return
    if planned(store, image_id):
        # The file has come, and would have been the image's later.
        store.files.remove(image_id)
    store.uploads.remove(image_id)
    store.transitions.remove_of("images", image_id)
    _plan(store, image_id, later(store.clock.now(), _delay(store, "deleting")), "deleted", {})
    store.settle()


def _remove_belongings(store: Store, image_id: str) -> None:
    store.files.remove(image_id)
    store.uploads.remove(image_id)
    store.transitions.remove_of("images", image_id)
    store.members.remove(image_id)


def set_members(store: Store, image: Image, members: dict[str, Member]) -> None:
    """Replace the members of an image, which is shared while it has any."""
    store.members.put(image["id"], members)
    sharing = shared_attributes(bool(members))
    if image["visibility"] != sharing["visibility"]:
        change(store, image, **sharing)


def planned(store: Store, image_id: str) -> list[Transition]:
    """Return what an image is to become by its upload, in due order."""
    return [item for item in store.transitions.of("images", image_id) if item["status"] != "deleted"]


def is_leaving(store: Store, image_id: str) -> bool:
    """Return whether an image has been deleted and is still there."""
    return any(item["status"] == "deleted" for item in store.transitions.of("images", image_id))


def _plan(store: Store, image_id: str, due: float, status: str, attributes: Image) -> None:
    store.plan({"due": due, "collection": "images", "id": image_id, "status": status, "attributes": attributes})


def _delay(store: Store, status: str) -> float:
    """Return how many seconds an upload leaves an image in a status, or its deletion takes."""
    seconds: float = store.settings.get("delays", {}).get(status, 0)
    return seconds


@contextmanager
def saving(store: Store, image_id: str, project_id: str) -> Iterator[Upload]:
    """Hold a project's own image in the status saving while its file arrives; queued again when that fails.

    Yields the upload. Opens a transaction at the beginning and at the end, and leaves the lock free in between. Raises
    404 and 403 as find_own_image does, and 409 for an image that is not queued, or that has been given a file before.
    """
    upload = store.attempt(partial(_begin_upload, store, image_id, project_id))
    try:
        yield upload
    except BaseException:
        store.attempt(partial(break_off, store, image_id, upload.number))
        raise


def break_off(store: Store, image_id: str, upload: int) -> None:
    """Let an image that an upload has left in the status saving be queued again."""
    if store.uploads.get(image_id) == upload:
        store.uploads.remove(image_id)
        store.transitions.remove_of("images", image_id)
        image = store.images.get(image_id, {})
        if image.get("status") == "saving":
            become(store, image, "queued")


def _begin_upload(store: Store, image_id: str, project_id: str) -> Upload:
    image = find_own_image(store, image_id, project_id)
    check_move(image, "saving")
    if is_leaving(store, image_id):
        raise image_not_found(image_id)
    if image_id in store.uploads or planned(store, image_id):
        raise file_arriving(image_id)
    upload = Upload(store.next_upload(), store.images.number_of(image_id))
    store.uploads.put(image_id, upload.number)
    delay = _delay(store, "queued")
    if delay:
        _plan(store, image_id, later(store.clock.now(), delay), "saving", {})
    else:
        become(store, image, "saving")
    return upload


def keep_file(store: Store, image_id: str, upload: Upload, file: File) -> None:
    """Give an image its file, and make it active, at once or when `delays` says so.

    Raises 404 when the image with which the upload began is gone, also where another one has its id by now.
    """
    if image_id not in store.images or store.uploads.get(image_id) != upload.number:
        raise image_not_found(image_id)
    store.uploads.remove(image_id)
    store.files.put(image_id, file)
    saving_at = max((item["due"] for item in planned(store, image_id)), default=store.clock.now())
    _plan(store, image_id, later(saving_at, _delay(store, "saving")), "active", file.described())
    store.settle()


def check_upload(store: Store, image_id: str, upload: Upload) -> None:
    """Raise 409 for an upload that was broken off while its file arrived, though its image is there."""
    is_there = image_id in store.images and store.images.number_of(image_id) == upload.image
    if is_there and store.uploads.get(image_id) != upload.number:
        raise upload_ended(image_id)


def file_of(store: Store, image: Image) -> File | None:
    """Return the file of an image; None while it has none, or is not active yet."""
    file: File | None = store.files.get(image["id"])
    return None if planned(store, image["id"]) else file
