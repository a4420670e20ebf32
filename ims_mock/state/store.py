"""The state of one mock: its images with their files and members, its clock, its seeded randomness."""

from __future__ import annotations

import hashlib
import threading
from bisect import insort
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from ims_mock.contract.errors import file_arriving, image_id_taken, image_not_found
from ims_mock.state.clock import Clock, ManualClock
from ims_mock.state.files import File
from ims_mock.state.images import (
    LEGAL_MOVES,
    Image,
    Images,
    Place,
    check_deletable,
    check_move,
    check_owner,
    is_visible,
    shared_attributes,
)
from ims_mock.state.members import Member, Members
from ims_mock.state.times import later, timestamp

MAX_DELETED = 10_000
"""Most deleted images that are remembered."""

DELAYED = ("queued", "saving")
"""The statuses in which an upload can leave an image for a while."""

MAX_CHANGES = 10_000
"""Most changes that are remembered, where they are."""

Transition = dict[str, Any]
"""What is due: `due` in seconds since 1970, a `number`, the `image_id`, the `status` to come, and its `attributes`."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload under way: its number, and how it is to end instead of well, "" for well."""

    number: int
    end: str = ""


@dataclass(slots=True)
class _Change:
    """What an image was before a change: its record, its place and its members; None and {} where there was none."""

    at: float
    image_id: str
    place: Place | None
    image: Image | None
    members: dict[str, Member]


class Store:
    """All that one mock remembers. Two stores share nothing.

    `images` are the records by id, `members` the projects that they are shared with, `files` what was uploaded, and
    `uploads` what is under way; `deleted` are the last MAX_DELETED images that were, each with its place, whose ids are
    not given out again. `tokens` and `temporary_credentials` are what was given out, by token and by access key, and
    `wrong_signatures` how often in a row each key came with one; `drawn` counts the ids that were made from the seed.
    The clock was at `started_at` at the last reset. `transitions` are due later, in due order; `delays` is how many
    seconds an upload leaves an image in a status, and `spoilt` how the uploads that begin now, of some images, are to
    end instead of well.

    A record is replaced, and not edited, so that one which has been taken can be read without the lock. `lock` is held
    by whoever changes the state or reads more than one thing of it.
    """

    def __init__(self, clock: Clock, seed: int | str = 0) -> None:
        self.lock = threading.RLock()
        self._drawing = threading.Lock()
        self.images = Images(self.lock, self._note_change)
        self.members = Members(self._note_change)
        self.files: dict[str, File] = {}
        self.uploads: dict[str, Upload] = {}
        self.upload_count = 0
        self.transitions: list[Transition] = []
        self.delays: Mapping[str, float] = {}
        self.spoilt: dict[str, str] = {}
        self._changes: deque[_Change] | None = None
        self._settling_at: float | None = None
        self.version = 0
        self.deleted: dict[str, tuple[Place, Image]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.temporary_credentials: dict[str, dict[str, Any]] = {}
        self.wrong_signatures: dict[str, dict[str, Any]] = {}
        self.reset(clock, seed)

    def reset(self, clock: Clock, seed: int | str) -> None:
        """Forget everything and start anew, as if just made."""
        with self.lock:
            before = getattr(self, "clock", clock)
            if before is not clock and isinstance(before, ManualClock):
                before.close()
            self.clock, self.started_at = clock, clock.now()
            self.forget(seed)
            self._changes, self.version = None, 0
            if isinstance(clock, ManualClock):
                clock.moved = self.settle

    def forget(self, seed: int | str) -> None:
        """Forget everything but what the time is."""
        with self.lock:
            self.seed = seed
            for collection in (self.images, self.members, self.files, self.uploads, self.deleted):
                collection.clear()
            for records in (self.tokens, self.temporary_credentials, self.wrong_signatures, self.spoilt):
                records.clear()
            self.transitions.clear()
            # A series each, so that the ids of images do not depend on how many requests came between.
            self.drawn = {"images": 0, "requests": 0, "tokens": 0}
            self.forget_changes()

    def forget_changes(self) -> None:
        """Remember no earlier version than what there is now: what went before belongs to another state."""
        if self._changes is not None:
            self._changes.clear()
            self.version += 1

    def _draw(self, kind: str) -> str:
        """Return the next 64 hexadecimal digits of a kind, which follow from the seed."""
        with self._drawing:
            self.drawn[kind] += 1
            return hashlib.sha256(f"{self.seed!r}/{kind}/{self.drawn[kind]}".encode()).hexdigest()

    def image_id_for(self, attributes: Image) -> str:
        """Return the id that a new image asks for, in lower case as the service's own are, or a new one."""
        return str(attributes["id"]).lower() if "id" in attributes else self.new_image_id()

    def new_image_id(self) -> str:
        """Return a lower-case UUID from the seeded source that no image has; the caller holds the lock."""
        while True:
            bits = self._draw("images")
            # Version 4, variant 1 (RFC 9562 section 5.4); uuid.UUID takes three times as long.
            image_id = (
                f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{'89ab'[int(bits[16], 16) % 4]}{bits[17:20]}-{bits[20:32]}"
            )
            if image_id not in self.images and image_id not in self.deleted:
                return image_id

    def new_request_id(self) -> str:
        """Return 32 hexadecimal digits from the seeded source."""
        return self._draw("requests")[:32]

    def new_token(self) -> str:
        """Return 64 hexadecimal digits from the seeded source, for a token or a secret."""
        return self._draw("tokens")

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

    def change(self, image: Image, *, at: float | None = None, **attributes: Any) -> Image:
        """Replace an image by one with some attributes changed, now or `at` another time, and return it."""
        changed = {**image, **attributes, "updated_at": self.timestamp() if at is None else timestamp(at)}
        self.images[image["id"]] = changed
        return self.images[image["id"]]

    def become(self, image: Image, status: str, *, at: float | None = None, **attributes: Any) -> Image:
        """Move an image to another status, now or `at` another time, and return it; raise 409 for an illegal move."""
        check_move(image, status)
        if status == "active":
            attributes["active_at"] = self.timestamp() if at is None else timestamp(at)
        return self.change(image, at=at, status=status, **attributes)

    def settle(self) -> None:
        """Let everything come about that is due, in due order and at the time when it was."""
        if not self.transitions:
            return
        with self.lock:
            now = self.clock.now()
            try:
                while self.transitions and self.transitions[0]["due"] <= now:
                    self._settling_at = self.transitions[0]["due"]
                    self._come_about(self.transitions.pop(0))
            finally:
                self._settling_at = None

    def _come_about(self, due: Transition) -> None:
        image = self.images.get(due["image_id"], {})
        # A test may have made something else of the image meanwhile.
        if due["status"] in LEGAL_MOVES.get(image.get("status", ""), ()):
            self.become(image, due["status"], at=due["due"], **due["attributes"])

    def _plan(self, image_id: str, due: float, status: str, attributes: Image) -> None:
        number = max((transition["number"] for transition in self.transitions), default=0) + 1
        planned = {"due": due, "number": number, "image_id": image_id, "status": status, "attributes": attributes}
        insort(self.transitions, planned, key=lambda transition: (transition["due"], transition["number"]))

    def _planned(self, image_id: str) -> list[Transition]:
        return [transition for transition in self.transitions if transition["image_id"] == image_id]

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
        self._forget_plans(image_id)
        self.members.replace(image_id, {})

    def _forget_plans(self, image_id: str) -> None:
        self.transitions[:] = [item for item in self.transitions if item["image_id"] != image_id]

    def set_members(self, image: Image, members: dict[str, Member]) -> None:
        """Replace the members of an image, which is shared while it has any."""
        self.members.replace(image["id"], members)
        sharing = shared_attributes(bool(members))
        if image["visibility"] != sharing["visibility"]:
            self.change(image, **sharing)

    @contextmanager
    def saving(self, image_id: str, project_id: str) -> Iterator[Upload]:
        """Hold a project's own image in the status saving while its file arrives; queued again when that fails.

        Yields the upload. Takes the lock at the beginning and at the end, and leaves it free in between. Raises 404 and
        403 as find_own_image does, and 409 for an image that is not queued, or that has been given a file before.
        """
        with self.lock:
            self.settle()
            image = self.find_own_image(image_id, project_id)
            check_move(image, "saving")
            if image_id in self.uploads or self._planned(image_id):
                raise file_arriving(image_id)
            self.upload_count += 1
            self.uploads[image_id] = upload = Upload(self.upload_count, self.spoilt.get(image_id, ""))
            if self.delays.get("queued"):
                self._plan(image_id, later(self.clock.now(), self.delays["queued"]), "saving", {})
            else:
                self.become(image, "saving")
        try:
            yield upload
        except BaseException:
            with self.lock:
                self.settle()
                image = self.images.get(image_id, {})
                if self.uploads.get(image_id) == upload:
                    del self.uploads[image_id]
                    self._forget_plans(image_id)
                    if image.get("status") == "saving":
                        self.become(image, "queued")
            raise

    def keep_file(self, image_id: str, upload: Upload, file: File) -> None:
        """Give an image its file, and make it active, at once or when `delays` says so.

        Raises 404 when the image that the upload began with has gone meanwhile, whatever has its id by now.
        """
        self.settle()
        if image_id not in self.images or self.uploads.get(image_id) != upload:
            raise image_not_found(image_id)
        del self.uploads[image_id]
        if upload.end == "saving":
            return
        saving_at = max((item["due"] for item in self._planned(image_id)), default=self.clock.now())
        due = later(saving_at, self.delays.get("saving", 0))
        if upload.end == "killed":
            self._plan(image_id, due, "killed", {})
        else:
            self.files[image_id] = file
            self._plan(image_id, due, "active", _described(file, is_wrong=upload.end == "checksum"))
        self.settle()

    def file_of(self, image: Image) -> File | None:
        """Return the file of an image; None while it has none, or is not active yet."""
        return None if self._planned(image["id"]) else self.files.get(image["id"])

    # What the state was.

    def remember_changes(self) -> int:
        """Remember, from now on and until a reset, what images were before they changed; return the version of now."""
        with self.lock:
            if self._changes is None:
                self._changes = deque(maxlen=MAX_CHANGES)
            return self.version

    def _note_change(self, image_id: str) -> None:
        """Remember what an image is, before it changes; a copy, which no test edits."""
        if self._changes is None:
            return
        image = self.images.get(image_id)
        place = self.images.place(image_id) if image is not None else None
        at = self.clock.now() if self._settling_at is None else self._settling_at
        self._changes.append(_Change(at, image_id, place, deepcopy(image), self.members.of(image_id)))
        self.version += 1

    def version_at(self, moment: float) -> int:
        """Return the version that the state had at a moment, or the earliest that is remembered."""
        return self.version - sum(change.at > moment for change in self._changes or ())

    def as_of(self, version: int) -> Store:
        """Return an earlier version, or the earliest that is remembered, to be read with the lock held."""
        changes = list(self._changes or ())
        undone = changes[max(len(changes) - (self.version - version), 0) :]
        # Of several changes of an image the first tells what it was before.
        before = {change.image_id: change for change in reversed(undone)}
        numbered = [
            (self.images.place(image_id)[1], image) for image_id, image in self.images.items() if image_id not in before
        ]
        numbered += [(change.place[1], change.image) for change in before.values() if change.place and change.image]
        earlier = copy(self)
        earlier.images, earlier.members = Images(self.lock), Members()
        earlier.transitions = list(self.transitions)
        earlier.images.restore(sorted(numbered, key=itemgetter(0)), 0)
        for image_id in earlier.images:
            members = before[image_id].members if image_id in before else self.members.of(image_id)
            earlier.members.replace(image_id, members)
        earlier.deleted = {image_id: gone for image_id, gone in self.deleted.items() if image_id not in before}
        return earlier


def _described(file: File, *, is_wrong: bool) -> Image:
    """Return what an image tells of its file, with the checksum of another one when it is to be wrong."""
    described = file.described()
    return described | {"checksum": File([file.checksum.encode()]).checksum} if is_wrong else described
