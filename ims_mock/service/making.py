"""Images that jobs make: there from the beginning, and active once the job has succeeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.state import jobs
from ims_mock.state.collections import REMOVED, Transition
from ims_mock.state.files import File
from ims_mock.state.ids import new_image_id
from ims_mock.state.images import Image, check_custom_attributes, new_image
from ims_mock.state.job_collection import Job
from ims_mock.state.life_cycle import check_quota

STUB = b"{}"
"""The file of an image that is loaded lazily, as those of the public catalogue have it."""


def add_arriving_image(exchange: Exchange, attributes: Mapping[str, Any], file: File | None = None) -> Image:
    """Add an image of the caller's project whose file a job brings; it is saving until then.

    `attributes` are those of the image; `file` is the one that it gets, the stub of a lazily loaded image by default.
    Raise 400 when the project may have no more; an operation that adds several checks the quota for all of them before.
    """
    store = exchange.store
    check_quota(store, exchange.project_id)
    file = file or File([STUB])
    size = file.described()
    given = {**_MADE, **size, **LAZY, **attributes, "status": "saving"}
    check_custom_attributes(given)
    image = new_image(given, new_image_id(store), exchange.project_id, store.timestamp())
    store.images.put(image["id"], image)
    store.files.put(image["id"], file)
    return image


LAZY = {"__lazyloading": "true", "__image_size": "1180917760"}
"""What an image whose file is in a bucket says of it."""

_MADE = {
    "__support_kvm": "true",
    "__system_support_market": False,
    "enterprise_project_id": "0",
    "hw_firmware_type": "bios",
    "hw_vif_multiqueue_enabled": "false",
    "__sequence_num": "1",
    "tag_resource_type": "private_image",
}
"""What an image that a job makes has beside what every image has, unless its request says otherwise.

From a recorded response of GET /v2/cloudimages.
"""


def begin_making(
    exchange: Exchange, job_type: str, images: Sequence[Image], part_type: str = "", made: Sequence[Transition] = ()
) -> Response:
    """Begin a job that makes images, as `plan_making` has it, and respond with its id."""
    return begin(exchange, plan_making(job_type, images, part_type, made))


def plan_making(
    job_type: str, images: Sequence[Image], part_type: str = "", made: Sequence[Transition] = ()
) -> jobs.Plan:
    """Return the plan of a job that makes images.

    The first image is the one that the job shows, the others are its data images. Where a type of jobs shows jobs
    within it, each image is that of one. `part_type` is that of the jobs within it where it is not the usual one.
    `made` adds what else there is once the job has succeeded.
    """
    shown = [{"image_id": image["id"], "image_name": image["name"]} for image in images]
    data_images = ",".join(image["id"] for image in images[1:])
    return jobs.Plan(
        job_type,
        {**shown[0], **({"__data_images": data_images} if data_images else {})},
        [*(_outcome(image, "active") for image in images), *made],
        [_outcome(image, REMOVED) for image in images],
        shown if jobs.shows_parts(job_type) else (),
        part_type,
    )


def begin(exchange: Exchange, plan: jobs.Plan) -> Response:
    """Begin a job of the caller's project, and respond with its id."""
    job: Job = jobs.begin(exchange.store, exchange.project_id, plan)
    return exchange.respond({"job_id": job["id"]})


def _outcome(image: Image, status: str) -> Transition:
    return {"collection": "images", "id": image["id"], "status": status, "attributes": {}}


def in_region(plan: jobs.Plan, region: str) -> jobs.Plan:
    """Return the plan of a job that makes what it makes in another region."""

    def there(transitions: Sequence[Transition]) -> list[Transition]:
        return [{**transition, "region": region} for transition in transitions]

    return replace(plan, on_success=there(plan.on_success), on_failure=there(plan.on_failure))
