"""What a run has left, in a form that does not depend on ids and times, so that two runs can be compared."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ims_mock.service.service import Service
from ims_mock.state.clock import ManualClock
from ims_mock.state.images import Image
from ims_mock.state.job_collection import PENDING, Job
from ims_mock.state.members import Member
from ims_mock.state.packed import unpacked
from ims_mock.state.store import Store

SETTLING = 30 * 24 * 3600.0
"""Seconds after the work in which everything ends that would end by itself, such as jobs."""

_REGION = "region of the cloud"
_VOLATILE = {"id", "self", "file", "schema", "created_at", "updated_at", "active_at"}
_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\b[0-9a-fA-F]{32}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?")


@dataclass(frozen=True)
class State:
    """The images and records of other services that are there, each as a text without ids and times.

    An image that is new since the start counts more than 0, and one that is gone less. `jobs` are the types of the jobs
    that succeeded: what a job leaves is an image, and one that failed is history. What is in another region of the
    cloud has the name of that.
    """

    images: Counter[str]
    jobs: Counter[str]
    others: Counter[str]

    def without(self, other: State) -> State:
        """Return what is here and not there."""
        return State(self.images - other.images, self.jobs - other.jobs, self.others - other.others)

    def excusing(self, images: Counter[str]) -> State:
        """Return what is here and is not one of these images; more successful jobs are no harm."""
        return State(self.images - images, Counter(), self.others)

    def __bool__(self) -> bool:
        return bool(self.images or self.jobs or self.others)


class Start:
    """The images and members that there are at a moment; none is copied, and what stays is not read again."""

    def __init__(self, service: Service) -> None:
        self._touched: dict[str, set[str]] = {}
        self.move(service)

    def move_at_next_request(self, service: Service) -> None:
        """Let the start be when the work sends its first request: what it adds before that without any is arranged."""
        calls: list[Callable[[], object]] = [lambda: self.move(service)]
        for region in service.regions:
            region.before_next = calls

    def move(self, service: Service) -> None:
        """Let the start be now, also for reads that see what was there before the last writes."""
        with service.store.transaction():
            stores = stores_of(service)
            self._records = {
                name: (dict(store.images.records), dict(store.members.records)) for name, store in stores.items()
            }
            for store in stores.values():
                store.changes.cut()

    def of(self, region: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the stored images and members of a region by image; of one that was made later there are none."""
        return self._records.get(region, ({}, {}))

    def changed(self, region: str, store: Store) -> set[str]:
        """Return the ids of the images that are not as they were, new and removed ones too."""
        images, members = self.of(region)
        now, members_now = store.images.records, store.members.records
        changed = {image_id for image_id, placed in now.items() if images.get(image_id) is not placed}
        if len(images) + len(changed) > len(now):
            changed |= images.keys() - now.keys()
        changed.update(
            key for key in members.keys() | members_now.keys() if members.get(key) is not members_now.get(key)
        )
        return changed

    def touch(self, service: Service) -> None:
        """Remember which images the good run has changed."""
        for region, store in stores_of(service).items():
            self._touched[region] = self.changed(region, store)

    def concerned(self, region: str, store: Store) -> set[str]:
        """Return the ids of the images there are that this run has changed, or the good one has."""
        return (self.changed(region, store) | self._touched.get(region, set())) & store.images.keys()


def state_of(service: Service, start: Start) -> State:
    """Return what is there once everything has ended that ends by itself; the clocks are moved for that."""
    stores = stores_of(service)
    for store in stores.values():
        if isinstance(store.clock, ManualClock):
            store.clock.advance(SETTLING)
    with service.store.transaction():
        for store in stores.values():
            _end_jobs(store)
        images: Counter[str] = Counter()
        for region, store in stores.items():
            images.update(_images_since(store, region, start))
        jobs = Counter(
            _named(job["type"], region)
            for region, store in stores.items()
            for job in store.jobs.values()
            if job["status"] == "SUCCESS"
        )
        others = Counter(
            _named(_text(record), region)
            for region, store in stores.items()
            for record in store.neighbours.records.values()
        )
    return State(Counter({text: count for text, count in images.items() if count}), jobs, others)


def _images_since(store: Store, region: str, start: Start) -> Counter[str]:
    """Return how many images, as texts, there are more than at the start, or fewer."""
    images, members = start.of(region)
    counts: Counter[str] = Counter()
    for image_id in start.changed(region, store):
        if image_id in store.images:
            counts[image_text(store, image_id, region)] += 1
        if image_id in images:
            counts[_image_text(unpacked(images[image_id]), members.get(image_id, {}), region)] -= 1
    return counts


def stores_of(service: Service) -> dict[str, Store]:
    """Return the stores of the cloud by the names of their regions; that of the service itself has the name ""."""
    own = service.store
    return {"": own, **{store.settings["region"]: store for store in own.regions if store is not own}}


def _end_jobs(store: Store) -> None:
    """End the jobs that count looks, as nobody looks any more."""
    with store.transaction():
        for job in unfinished_jobs(store):
            if job["end"]["status"]:
                store.end_job(job)


def unfinished_jobs(store: Store) -> list[Job]:
    """Return the jobs that have not ended, without their parts."""
    return [job for job in store.jobs.values() if job["status"] in PENDING and not job["parent"]]


def image_text(store: Store, image_id: str, region: str = "") -> str:
    """Return an image, with its members, as a state has it."""
    return _image_text(store.images[image_id], store.members.of(image_id), region)


def _image_text(image: Image, members: Mapping[str, Member], region: str) -> str:
    kept = {name: value for name, value in image.items() if name not in _VOLATILE}
    shared = {member: record.get("status") for member, record in members.items()}
    kept |= {"members": shared} if shared else {}
    return _text({**kept, _REGION: region} if region else kept)


def _named(text: str, region: str) -> str:
    return f"{text} in {region}" if region else text


def _text(value: Any) -> str:
    return plain_text(json.dumps(value, sort_keys=True, default=str, ensure_ascii=False))


def plain_text(text: str) -> str:
    """Return a text in which every id and time is the same."""
    return _TIME.sub("<time>", _ID.sub("<id>", text))


def shown(state_text: str) -> str:
    """Return an image of a state as a report shows it."""
    image = json.loads(state_text)
    name = image.get("name") or "(no name)"
    members = f", members {image['members']}" if "members" in image else ""
    return _named(f"image {name!r} {image.get('status', '')}{members}", image.get(_REGION, ""))
