"""Faults of what is stored: reads of an earlier state, uploads with a bad outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ims_mock.contract.operations import Operation
from ims_mock.contract.problems import wrong_settings
from ims_mock.evidence.journal import Entry
from ims_mock.exchange.exchange import Exchange, Work
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault
from ims_mock.state.collections import Transition
from ims_mock.state.files import File
from ims_mock.state.store import Store


@dataclass(frozen=True)
class Stale(Fault):
    """Return lists and images as they were before the last writes.

    With `reads`, the first so many reads of each operation after a write do not see it; with `seconds`, no read within
    so many seconds of the mock's clock does. A deleted image is still there, a new one not yet.
    """

    reads: int | None = None
    seconds: float | None = None

    is_lasting = True
    family = "stale"
    cause = "a read can be behind a write, where it is done by another replica"
    operations = (
        "glance_list_images",
        "glance_show_image",
        "glance_list_image_members",
        "glance_show_image_member",
        "glance_list_images_detail_v1",
        "glance_show_image_metadata_v1",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.reads is None) == (self.seconds is None):
            raise wrong_settings("oneOf", "must have either reads or seconds")

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield one and two reads that see nothing new."""
        yield from (cls(reads=1), cls(reads=2))

    has_shared_memory = False

    def prepare(self, store: Store) -> dict[str, Any]:
        return {"seen": store.remember_changes()}

    def around(self, work: Work, exchange: Exchange) -> Response:
        store, memory = exchange.store, exchange.hit.memory
        store.attempt(store.settle)
        with store.lock:
            if self.seconds is not None:
                seen = store.version_at(store.clock.now() - self.seconds)
            else:
                reads = memory.setdefault(exchange.operation.id, {"seen": memory["seen"]})
                seen = _version_seen(reads, store.version, self.reads or 0)
            earlier = store.at(seen) if seen != store.version else None
        if earlier is None:
            exchange.hit.cancel()
            return work(exchange)
        response = work(exchange.seeing(earlier))
        response.reason = self.reason_of(response)
        return response


def _version_seen(memory: dict[str, Any], newest: int, reads: int) -> int:
    """Return the version of the state that a read sees, and count the read."""
    if memory.get("newest") != newest:
        memory.update(newest=newest, left=reads)
    if memory["left"] == 0:
        memory["seen"] = newest
    else:
        memory["left"] -= 1
    seen: int = memory["seen"]
    return seen


@dataclass(frozen=True)
class BadUpload(Fault):
    """Let an upload end in a bad state, though its response is the usual one.

    `outcome` is "killed", "saving" (the image stays so) or "checksum" (the image has the checksum of other bytes).
    """

    outcome: str

    operations = ("glance_upload_image",)
    family = "upload"
    cause = "an upload can fail after its response; the status of the image can be saving or killed"

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield every outcome."""
        yield from map(cls, cls.choices("outcome"))

    def around(self, work: Work, exchange: Exchange) -> Response:
        if isinstance(exchange.store, BadUploads):
            # An outer fault has decided already.
            exchange.hit.cancel()
            return work(exchange)
        response = work(exchange.seeing(exchange.store.seen_as(BAD_UPLOADS[self.outcome])))
        if response.status >= 400:
            exchange.hit.cancel()
        return response


class BadUploads(Store):
    """A view of a store in which the file of an image does not make it active as it should."""


class _KilledUploads(BadUploads):
    def plan(self, transition: Transition) -> None:
        if transition["status"] == "active":
            self.files.remove(transition["id"])
            transition = {**transition, "status": "killed", "attributes": {}}
        super().plan(transition)


class _EndlessUploads(BadUploads):
    def plan(self, transition: Transition) -> None:
        if transition["status"] == "active":
            self.files.remove(transition["id"])
        else:
            super().plan(transition)


class _WrongChecksums(BadUploads):
    def plan(self, transition: Transition) -> None:
        attributes = transition["attributes"]
        if transition["status"] == "active":
            wrong = File([attributes["checksum"].encode()]).checksum
            transition = {**transition, "attributes": {**attributes, "checksum": wrong}}
        super().plan(transition)


BAD_UPLOADS: dict[str, type[BadUploads]] = {
    "killed": _KilledUploads,
    "saving": _EndlessUploads,
    "checksum": _WrongChecksums,
}
"""The view of the store for each bad outcome of an upload."""
