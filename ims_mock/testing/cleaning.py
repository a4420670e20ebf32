"""What a replay leaves behind: the images that it has made at a URL are deleted at its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ims_mock.contract.recorded import RecordedExchange, RecordedRequest
from ims_mock.evidence.differences import value_of
from ims_mock.testing.courses import UNDER_WAY
from ims_mock.testing.credentials import Outgoing
from ims_mock.testing.outgoing import route_of
from ims_mock.testing.targets import Target, UnreachableError

_MAKE_BY_JOBS = ("creation", "copies")
"""The resources whose operations begin jobs that make images."""

_LONGEST_STEP = 10.0


class Made:
    """The images that a target has made, and the jobs that may still make some."""

    def __init__(self) -> None:
        self._images: dict[str, None] = {}
        self._jobs: dict[str, bool] = {}

    def note(self, exchange: RecordedExchange) -> None:
        """Note what a response of the target says was made, or was begun."""
        route, response = route_of(exchange.request), exchange.response
        value = value_of(response) if response is not None and response.status < 300 else None
        if route is None or not isinstance(value, dict):
            return
        if route.operation.id == "glance_create_image_metadata" and isinstance(value.get("id"), str):
            self._images[value["id"]] = None
        if route.operation.resource in _MAKE_BY_JOBS and isinstance(value.get("job_id"), str):
            self._jobs[value["job_id"]] = False
        job_id = str(value.get("job_id"))
        if route.operation.resource == "jobs" and job_id in self._jobs:
            self._jobs[job_id] = str(value.get("status")) not in UNDER_WAY
            self._images.update(dict.fromkeys(_images_of(value.get("entities"))))

    def remove(self, target: Target, patience: float) -> Iterator[str]:
        """Wait for the jobs and delete the images; yield a line for each thing that is left.

        An image that is gone already, as one in another region is for this one, is none.
        """
        try:
            yield from self._finish_jobs(target, patience)
            for image_id in self._images:
                status = target.send(Outgoing("DELETE", f"/v2/images/{image_id}")).status
                if status >= 300 and status != 404:
                    yield f"the image {image_id} was made and is left: its deletion was responded to with {status}"
        except UnreachableError as error:
            yield f"what was made may be left ({', '.join([*self._images, *self._jobs])}): {error}"

    def _finish_jobs(self, target: Target, patience: float) -> Iterator[str]:
        waited, step = 0.0, 1.0
        for job_id in [job_id for job_id, has_ended in self._jobs.items() if not has_ended]:
            request = RecordedRequest("GET", f"/v1/cloudimages/job/{job_id}")
            while True:
                self.note(RecordedExchange(request, target.send(Outgoing(request.method, request.url))))
                if self._jobs[job_id] or waited >= patience:
                    break
                target.wait(step)
                waited, step = waited + step, min(2 * step, _LONGEST_STEP)
            if not self._jobs[job_id]:
                yield f"the job {job_id} has not ended, and what it makes is left"


def _images_of(value: Any) -> Iterator[str]:
    """Yield the ids of images in what a job has made, also in its parts."""
    for name, item in value.items() if isinstance(value, dict) else ():
        if name == "image_id" and isinstance(item, str):
            yield item
        for part in item if isinstance(item, list) else [item]:
            yield from _images_of(part)
