"""The state of one mock: its images with their files and members, its clock, its seeded randomness."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from ims_mock.clock import Clock, timestamp
from ims_mock.errors import image_id_taken, image_not_found
from ims_mock.files import File
from ims_mock.images import (
    Image,
    Images,
    Place,
    check_deletable,
    check_move,
    check_owner,
    is_visible,
    shared_attributes,
)
from ims_mock.members import Member, Members

MAX_DELETED = 10_000
"""Most deleted images that are remembered."""


class Backend:
    """All that one mock remembers. Two backends share nothing.

    `images` are the records by id, `members` the projects that they are shared with, `files` what was uploaded, and
    `uploads` the numbers of the uploads under way; `deleted` are the last MAX_DELETED images that were, each with its
    place, whose ids are not given out again. `tokens` and `temporary_credentials` are what was given out, by token and
    by access key, and `wrong_signatures` how often in a row each key came with one.

    A record is replaced, and not edited, so that one which has been taken can be read without the lock. `lock` is held
    by whoever changes the state or reads more than one thing of it.
    """

    def __init__(self, clock: Clock, seed: int | str = 0) -> None:
        self.lock = threading.RLock()
        self.images = Images(self.lock)
        self.members = Members()
        self.files: dict[str, File] = {}
        self.uploads: dict[str, int] = {}
        self._upload_numbers = count()
        self.deleted: dict[str, tuple[Place, Image]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.temporary_credentials: dict[str, dict[str, Any]] = {}
        self.wrong_signatures: dict[str, dict[str, Any]] = {}
        self.reset(clock, seed)

    def reset(self, clock: Clock, seed: int | str) -> None:
        """Forget everything and start anew, as if just made."""
        with self.lock:
            self.clock = clock
            self.seed = seed
            for collection in (self.images, self.members, self.files, self.uploads, self.deleted):
                collection.clear()
            for records in (self.tokens, self.temporary_credentials, self.wrong_signatures):
                records.clear()
            # A source each, so that the ids of images do not depend on how many requests came between.
            self._image_ids = random.Random(f"{seed}/images")
            self._request_ids = random.Random(f"{seed}/requests")
            self._tokens = random.Random(f"{seed}/tokens")

    def image_id_for(self, attributes: Image) -> str:
        """Return the id that a new image asks for, in lower case as the service's own are, or a new one."""
        return str(attributes["id"]).lower() if "id" in attributes else self.new_image_id()

    def new_image_id(self) -> str:
        """Return a lower-case UUID from the seeded source that no image has; the caller holds the lock."""
        while True:
            bits = f"{self._image_ids.getrandbits(128):032x}"
            # Version 4, variant 1 (RFC 9562 section 5.4); uuid.UUID takes three times as long.
            image_id = (
                f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{'89ab'[int(bits[16], 16) % 4]}{bits[17:20]}-{bits[20:]}"
            )
            if image_id not in self.images and image_id not in self.deleted:
                return image_id

    def new_request_id(self) -> str:
        """Return 32 hexadecimal digits from the seeded source."""
        return f"{self._request_ids.getrandbits(128):032x}"

    def new_token(self) -> str:
        """Return 64 hexadecimal digits from the seeded source, for a token or a secret."""
        return f"{self._tokens.getrandbits(256):064x}"

    def timestamp(self) -> str:
        """Return the clock's time as the service writes it."""
        return timestamp(self.clock.now())

    # What follows is called with the lock held, unless it says otherwise.

    def find_image(self, image_id: str, project_id: str) -> Image:
        """Return an image that a project sees; raise 404 when it sees none of that id."""
        image = self.images.get(image_id)
        if image is None or not is_visible(image, project_id, self.members.of(image_id)):
            raise image_not_found(image_id)
        return image

    def find_own_image(self, image_id: str, project_id: str) -> Image:
        """Return a project's own image; raise 404 for one that it does not see, 403 for another's that it sees."""
        image = self.find_image(image_id, project_id)
        check_owner(image, project_id)
        return image

    def add(self, image: Image) -> None:
        """Add a new image; raise 409 when its id is taken, be it by an image that is deleted."""
        if image["id"] in self.images or image["id"] in self.deleted:
            raise image_id_taken(image["id"])
        # A test that took an image out of the dict has left what belonged to it.
        self._forget_belongings(image["id"])
        self.images[image["id"]] = image

    def change(self, image: Image, **attributes: Any) -> Image:
        """Replace an image by one with some attributes changed, and return it."""
        changed = {**image, **attributes, "updated_at": self.timestamp()}
        self.images[image["id"]] = changed
        return self.images[image["id"]]

    def become(self, image: Image, status: str, **attributes: Any) -> Image:
        """Move an image to another status, and return it; raise 409 for a move that is not legal."""
        check_move(image, status)
        return self.change(image, status=status, **attributes)

    def delete_image(self, image_id: str, project_id: str) -> None:
        """Delete an image for a project, with its file and its members; it stays among the deleted ones.

        Raises 404 as find_image does, and what check_deletable raises.
        """
        image = self.find_image(image_id, project_id)
        check_deletable(image, project_id)
        gone = self.become(image, "deleted", deleted=True, deleted_at=self.timestamp())
        self.deleted[image_id] = self.images.place(image_id), gone
        del self.images[image_id]
        self._forget_belongings(image_id)
        if len(self.deleted) > MAX_DELETED:
            del self.deleted[next(iter(self.deleted))]

    def _forget_belongings(self, image_id: str) -> None:
        self.files.pop(image_id, None)
        self.uploads.pop(image_id, None)
        self.members.replace(image_id, {})

    def set_members(self, image: Image, members: dict[str, Member]) -> None:
        """Replace the members of an image, which is shared while it has any."""
        self.members.replace(image["id"], members)
        sharing = shared_attributes(bool(members))
        if image["visibility"] != sharing["visibility"]:
            self.change(image, **sharing)

    @contextmanager
    def saving(self, image_id: str, project_id: str) -> Iterator[int]:
        """Hold a project's own image in the status saving while its file arrives; queued again when that fails.

        Yields the upload's number. Takes the lock at the beginning and at the end, and leaves it free in between.
        Raises 404 and 403 as find_own_image does, and 409 for an image that is not queued.
        """
        with self.lock:
            self.become(self.find_own_image(image_id, project_id), "saving")
            self.uploads[image_id] = upload = next(self._upload_numbers)
        try:
            yield upload
        except BaseException:
            with self.lock:
                image = self.images.get(image_id)
                if self.uploads.get(image_id) == upload:
                    del self.uploads[image_id]
                    if image is not None and image["status"] == "saving":
                        self.become(image, "queued")
            raise

    def keep_file(self, image_id: str, upload: int, file: File) -> Image:
        """Give an image its file, and make it active.

        Raises 404 when the image that the upload began with has gone meanwhile, whatever has its id by now.
        """
        image = self.images.get(image_id)
        if image is None or self.uploads.get(image_id) != upload:
            raise image_not_found(image_id)
        active = self.become(image, "active", active_at=self.timestamp(), **file.described())
        del self.uploads[image_id]
        self.files[image_id] = file
        return active
