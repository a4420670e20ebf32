"""Faults of jobs: one that fails, one that never ends, one that succeeds and has nothing to show for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ims_mock.contract.errors import documented_message
from ims_mock.contract.operations import Operation
from ims_mock.evidence.journal import Entry
from ims_mock.exchange.exchange import Exchange, Work
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault
from ims_mock.state.collections import REMOVED
from ims_mock.state.job_collection import Job
from ims_mock.state.jobs import failure, job_types
from ims_mock.state.store import Store


class _JobFault(Fault):
    """A fault of the job that a request begins; the request's own response is the usual one."""

    family = "job"
    cause = "a job ends on its own, whatever the response to the request said; its status can be FAIL"

    def fits(self, operation: Operation) -> bool:
        return bool(operation.job_types)

    def changed(self, job: Job) -> dict[str, Any]:
        """Return what is different in the record of the job."""
        raise NotImplementedError

    def around(self, work: Work, exchange: Exchange) -> Response:
        if isinstance(exchange.store, _ChangedJobs):
            # An outer fault has decided already.
            exchange.hit.cancel()
            return work(exchange)
        view = exchange.store.seen_as(_ChangedJobs)
        view.fault = self
        response = work(exchange.seeing(view))
        if response.status >= 400:
            exchange.hit.cancel()
        return response


class _ChangedJobs(Store):
    """A view of a store in which a fault changes the jobs that begin."""

    __slots__ = ("fault",)
    fault: _JobFault

    def begin_job(self, job: Job) -> None:
        """Add a job as the fault has it."""
        for part_id in job["sub_jobs"]:
            part = self.jobs[part_id]
            self.jobs.put(part_id, {**part, **self.fault.changed(part)})
        super().begin_job({**job, **self.fault.changed(job)})


@dataclass(frozen=True)
class FailJob(_JobFault):
    """Let the job that a request begins fail, at a part of its duration.

    `code` is the first documented one of its type by default, `reason` the message of the code; with an empty reason
    the job has none. It `leaves` "nothing", or an image that stays "saving" or becomes "killed". A code without a
    reason applies to jobs of the types that schemas/jobs says can fail with it; one with a reason to any. Raises
    InvalidError for an undocumented code without a reason.
    """

    code: str | None = None
    reason: str | None = None
    at: float = 1
    leaves: str = "nothing"

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield a failure with a reason, without one, and with each thing that it can leave."""
        yield from (cls(), cls(reason=""))
        yield from (cls(leaves=left) for left in cls.choices("leaves") if left != "nothing")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.code is not None and self.reason is None:
            documented_message(self.code, 400)

    def fits(self, operation: Operation) -> bool:
        """Return whether the operation begins jobs that can fail with the code."""
        of_types = [job_types()[name]["codes"] for name in operation.job_types]
        if self.code is None or self.reason is not None:
            return bool(of_types)
        return any(self.code in codes for codes in of_types)

    def changed(self, job: Job) -> dict[str, Any]:
        """Return what is different in the record of the job."""
        end = {"status": "FAIL", "at": self.at, "attributes": failure(job, self.code, self.reason)}
        return {"end": end, "on_failure": [item for item in map(self._left, job["on_failure"]) if item]}

    def _left(self, transition: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what follows the failure in place of a transition that would remove an image."""
        is_image = transition["collection"] == "images" and transition["status"] == REMOVED
        if not is_image or self.leaves == "nothing":
            return dict(transition)
        return None if self.leaves == "saving" else {**transition, "status": "killed"}


@dataclass(frozen=True)
class StickJob(_JobFault):
    """Let the job that a request begins stay as it is `at` a part of its duration, and never end."""

    at: float = 0.5

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield the fault."""
        yield cls()

    def changed(self, job: Job) -> dict[str, Any]:
        """Return what is different in the record of the job."""
        return {"end": {"status": "", "at": self.at, "attributes": {}}}


@dataclass(frozen=True)
class BadJob(_JobFault):
    """Let the job that a request begins succeed, and have a bad outcome all the same.

    `outcome` is "no_image_id" (the job shows none) or "no_image" (there is no image of the id that it shows).
    """

    outcome: str

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield every outcome."""
        yield from map(cls, cls.choices("outcome"))

    def changed(self, job: Job) -> dict[str, Any]:
        """Return what is different in the record of the job."""
        if self.outcome == "no_image":
            return {"on_success": job["on_failure"]}
        return {"entities": {name: value for name, value in job["entities"].items() if name != "image_id"}}
