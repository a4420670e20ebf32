"""What the work could not remove, though it tried: no fault of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ims_mock.evidence.journal import Entry
from ims_mock.service.service import Service
from ims_mock.state.store import Store
from ims_mock.sweep.states import Start, image_text, stores_of, unfinished_jobs

_READS = ("GET", "HEAD")
_ID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def excused_images(entries: Sequence[Entry], service: Service, start: Start) -> Counter[str]:
    """Return the images, as a state has them, that the work is not to blame for.

    A fault lets their job never end; or let their removal fail, at the last try; or the work never saw their ids, and
    the last time that it looked for something a fault kept it from seeing it.
    """
    seen = _seen(entries) if _is_blind(entries) else None
    excused: Counter[str] = Counter()
    for region, store in stores_of(service).items():
        kept = {*_of_stuck_jobs(store), *_not_removed(store, entries)}
        for image_id in start.concerned(region, store):
            if image_id in kept or (seen is not None and image_id not in seen):
                excused[image_text(store, image_id, region)] += 1
    return excused


def _of_stuck_jobs(store: Store) -> Iterator[str]:
    for job in unfinished_jobs(store):
        image_id = job["entities"].get("image_id")
        if isinstance(image_id, str):
            yield image_id


def _not_removed(store: Store, entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the images whose last removal met a fault, or an upload that a fault lets never end."""
    removals = [entry for entry in entries if entry.method == "DELETE"]
    last = {image_id: entry for entry in removals for image_id in _ids_in(entry.path) if image_id in store.images}
    for image_id, entry in last.items():
        if not entry.is_done and (entry.rules or store.images[image_id]["status"] == "saving"):
            yield image_id


def _is_blind(entries: Sequence[Entry]) -> bool:
    """Return whether the last read met a fault."""
    reads = [entry for entry in entries if entry.method in _READS]
    return bool(reads) and bool(reads[-1].rules)


def _seen(entries: Sequence[Entry]) -> set[str]:
    """Return the ids that were sent, or received well."""
    seen: set[str] = set()
    for entry in entries:
        received = b"" if entry.rules else entry.response_body
        texts = (entry.path, *(body.decode("utf-8", "replace") for body in (entry.request_body, received)))
        seen.update(*map(_ids_in, texts))
    return seen


def _ids_in(text: str) -> set[str]:
    """Return every id of an image that a text has."""
    return {found.lower() for found in _ID.findall(text)}
