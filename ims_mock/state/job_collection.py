"""The jobs of a store, and what ends with each of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ims_mock.state.collections import Collection, Transition
from ims_mock.state.times import precise_timestamp

Job = dict[str, Any]
"""What is stored of a job: a record of JSON types alone, as schemas/models/stored_job.json has it."""

PENDING = ("INIT", "RUNNING")
"""The statuses of a job that has not ended."""


class Jobs(Collection):
    """The jobs by id, in the order in which they began."""

    def settle(self, transition: Transition) -> Iterable[Transition]:
        """End a job, and return the transitions that follow: those of its success, or those of its failure."""
        job = self.get(transition["id"])
        if job is None or job["status"] not in PENDING:
            return ()
        status, end_time = transition["status"], precise_timestamp(transition["due"])
        self.put(job["id"], {**job, **transition["attributes"], "status": status, "end_time": end_time})
        following: list[Transition] = job["on_success" if status == "SUCCESS" else "on_failure"]
        sub_jobs = [
            {"collection": "jobs", "id": sub_id, "status": status, "attributes": transition["attributes"]}
            for sub_id in job["sub_jobs"]
        ]
        return [*sub_jobs, *following]
