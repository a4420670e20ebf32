"""The jobs of a store, and what ends with each of them."""

from __future__ import annotations

from collections.abc import Iterable, KeysView, Mapping
from typing import Any

from ims_mock.state.collections import Collection, Transition
from ims_mock.state.index import Index
from ims_mock.state.times import precise_timestamp

Job = dict[str, Any]
"""What is stored of a job: a record of JSON types alone, as schemas/models/stored_job.json has it."""

PENDING = ("INIT", "RUNNING")
"""The statuses of a job that has not ended."""


class Jobs(Collection):
    """The jobs by id, in the order in which they began."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._by_image, self._by_type = Index(), Index()

    def put(self, job_id: str, job: Job) -> None:
        """Add a job, or put it in the place of the one that has its id."""
        super().put(job_id, job)
        self._index(job_id, job)

    def remove(self, job_id: str) -> None:
        """Remove a job; no error where there is none."""
        super().remove(job_id)
        for index in (self._by_image, self._by_type):
            index.remove(job_id)

    def load(self, stored: Mapping[str, Job]) -> None:
        """Replace all jobs with these."""
        super().load(stored)
        for index in (self._by_image, self._by_type):
            index.clear()
        for job_id, job in self.records.items():
            self._index(job_id, job)

    def pending_of_image(self, image_id: str) -> list[Job]:
        """Return the jobs that show an image and have not ended."""
        return [self[job_id] for job_id in self._by_image.of(image_id)]

    def pending_of_type(self, job_type: str, project_id: str) -> KeysView[str]:
        """Return the ids of the jobs of a type that a project has begun, and that have not ended."""
        return self._by_type.of(_type_of(job_type, project_id))

    def settle(self, transition: Transition) -> Iterable[Transition]:
        """End a job, and return the transitions that follow: those of its success, or those of its failure."""
        job = self.get(transition["id"])
        if job is None or job["status"] not in PENDING or _is_stuck(job):
            return ()
        status, end_time = transition["status"], precise_timestamp(transition["due"])
        self.put(job["id"], {**job, **transition["attributes"], "status": status, "end_time": end_time})
        following: list[Transition] = job["on_success" if status == "SUCCESS" else "on_failure"]
        sub_jobs = [
            {"collection": "jobs", "id": sub_id, "status": status, "attributes": transition["attributes"]}
            for sub_id in job["sub_jobs"]
        ]
        return [*sub_jobs, *following]

    def _index(self, job_id: str, job: Job) -> None:
        is_pending = job.get("status") in PENDING
        image_id, owner = job.get("entities", {}).get("image_id"), job.get("project_id", "")
        self._by_image.put(job_id, str(image_id or "") if is_pending else "")
        self._by_type.put(job_id, _type_of(job.get("type", ""), owner) if is_pending else "")


def ending_of(job: Job, due: float) -> Transition:
    """Return the transition by which a job ends as it was planned, at a time."""
    end = job["end"]
    return {
        "due": due,
        "collection": "jobs",
        "id": job["id"],
        "status": end["status"],
        "attributes": {**end["attributes"], "percent": end["at"]},
    }


def _is_stuck(job: Job) -> bool:
    """Return whether a job is to run without end, also where its end was planned before."""
    return not job.get("parent") and job.get("end", {}).get("status") == ""


def _type_of(job_type: str, project_id: str) -> str:
    return f"{job_type} {project_id}"
