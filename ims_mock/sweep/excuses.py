"""What the work could not remove, though it tried: no fault of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ims_mock.evidence.journal import Entry
from ims_mock.service.service import Service
from ims_mock.state.images import Image
from ims_mock.state.store import Store
from ims_mock.sweep.states import image_text, stores_of, unfinished_jobs

_READS = ("GET", "HEAD")


def excused_images(entries: Sequence[Entry], service: Service) -> Counter[str]:
    """Return the images, as a state has them, that the work is not to blame for.

    A fault lets their job never end; or let their removal fail, at the last try; or the work never saw their ids, and
    the last time that it looked for something a fault kept it from seeing it.
    """
    stores = stores_of(service)
    stuck = {image_id for store in stores.values() for image_id in _of_stuck_jobs(store)}
    return Counter(
        image_text(store, image_id, region)
        for region, store in stores.items()
        for image_id, image in store.images.items()
        if image_id in stuck or _is_kept(image, entries) or _is_hidden(image_id, entries)
    )


def _of_stuck_jobs(store: Store) -> Iterator[str]:
    for job in unfinished_jobs(store):
        image_id = job["entities"].get("image_id")
        if isinstance(image_id, str):
            yield image_id


def _is_kept(image: Image, entries: Sequence[Entry]) -> bool:
    """Return whether the last removal of an image met a fault, or an upload that a fault lets never end."""
    removals = [entry for entry in entries if entry.method == "DELETE" and image["id"] in entry.path.lower()]
    if not removals or removals[-1].is_done:
        return False
    return bool(removals[-1].rules) or image["status"] == "saving"


def _is_hidden(image_id: str, entries: Sequence[Entry]) -> bool:
    """Return whether an image was never seen, neither sent nor received well, and the last read met a fault."""
    reads = [entry for entry in entries if entry.method in _READS]
    return bool(reads) and bool(reads[-1].rules) and not any(_shows(image_id, entry) for entry in entries)


def _shows(image_id: str, entry: Entry) -> bool:
    name = image_id.encode()
    received = b"" if entry.rules else entry.response_body
    return image_id in entry.path.lower() or name in entry.request_body.lower() or name in received
