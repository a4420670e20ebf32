"""Faults of what is stored: reads of an earlier state, uploads with a bad end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ims_mock.contract.problems import wrong_settings
from ims_mock.exchange.messages import Outgoing
from ims_mock.faults.definition import Exchange, Fault
from ims_mock.state.store import Store


@dataclass(frozen=True)
class Stale(Fault):
    """Answer lists and shows as they would have been before the last writes.

    With `reads`, so many reads of each operation after a write do not see it; with `seconds`, none within so many
    seconds of the mock's clock. A deleted image is still there, a new one not yet.
    """

    reads: int | None = None
    seconds: float | None = None

    is_lasting = True
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
            raise wrong_settings("oneOf", "needs either reads or seconds")

    def prepare(self, store: Store) -> dict[str, Any]:
        return {"seen": store.remember_changes()}

    def around(self, exchange: Exchange) -> Outgoing:
        store, memory = exchange.store, exchange.memory
        with store.lock:
            store.settle()
            if self.seconds is not None:
                seen = store.version_at(store.clock.now() - self.seconds)
            else:
                reads = memory.setdefault(exchange.operation.id, {"seen": memory["seen"]})
                seen = _version_seen(reads, store.version, self.reads or 0)
            earlier = store.as_of(seen) if seen != store.version else None
        if earlier is None:
            exchange.spare()
            return exchange.work()
        outgoing = exchange.work(earlier)
        outgoing.reason = self.reason_of(outgoing)
        return outgoing


def _version_seen(memory: dict[str, Any], newest: int, reads: int) -> int:
    """Return which version of the state a read sees, and write down that it has been made."""
    if memory.get("newest") != newest:
        memory.update(newest=newest, left=reads)
    if memory["left"] == 0:
        memory["seen"] = newest
    else:
        memory["left"] -= 1
    seen: int = memory["seen"]
    return seen


@dataclass(frozen=True)
class SpoilUpload(Fault):
    """Let an upload come to a bad end, though it is answered like any other.

    `how` is "killed", "saving" (it stays so for ever) or "checksum": the image's is not that of the bytes that came.
    """

    how: str

    operations = ("glance_upload_image",)

    def around(self, exchange: Exchange) -> Outgoing:
        image_id = exchange.incoming.path["image_id"]
        with exchange.store.lock:
            is_spoilt = exchange.store.spoilt.setdefault(image_id, self.how) is not self.how
        if is_spoilt:
            # An outer one has its way.
            exchange.spare()
            return exchange.work()
        try:
            outgoing = exchange.work()
        finally:
            with exchange.store.lock:
                exchange.store.spoilt.pop(image_id, None)
        if outgoing.status >= 400:
            exchange.spare()
        return outgoing
