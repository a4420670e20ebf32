"""Jobs as a test holds them: records that it may read and write, and that it ends when it wants."""

from __future__ import annotations

from typing import Any

from ims_mock.contract.wording import shown
from ims_mock.faults.jobs import FailJob
from ims_mock.service.missing import ConflictError, NotFoundError
from ims_mock.state.job_collection import PENDING, Job
from ims_mock.state.jobs import end, failure, stick
from ims_mock.state.store import Store
from ims_mock.state.views import RecordsView


class JobsView(RecordsView):
    """The jobs by id; one that has not ended is finished, fails, or is stuck when a test says so.

    A job within another one ends with that. These methods raise ValueError for a job that cannot end.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store, store.jobs)

    def finish(self, job_id: str) -> None:
        """Let a job succeed now."""
        self._end(job_id, {"status": "SUCCESS"})

    def fail(self, job_id: str, code: str | None = None, reason: str | None = None) -> None:
        """Let a job fail now, by default with the first documented code of its type, and the message of the code.

        With an empty reason the job has none. Raises ValueError for an undocumented code without a reason.
        """
        FailJob(code=code, reason=reason)
        self._end(job_id, {"status": "FAIL", "error_code": code, "fail_reason": reason})

    def stick(self, job_id: str) -> None:
        """Let a job stay as it is, and never end by itself."""
        self._end(job_id, {"status": "RUNNING"})

    def _end(self, job_id: str, wanted: dict[str, Any]) -> None:
        try:
            end_job(self.store, job_id, wanted)
        except NotFoundError as error:
            raise ValueError(str(error)) from None


def end_job(store: Store, job_id: str, wanted: dict[str, Any]) -> None:
    """Let a job go to a `status`, with an `error_code` and a `fail_reason`.

    Raises NotFoundError where there is none, and ConflictError for one that has ended, or ends with another one.
    """
    with store.transaction():
        job = _pending(store, job_id)
        if wanted["status"] == "RUNNING":
            stick(store, job)
            return
        is_success = wanted["status"] == "SUCCESS"
        attributes = {} if is_success else failure(job, wanted.get("error_code"), wanted.get("fail_reason"))
        end(store, job, wanted["status"], attributes)


def _pending(store: Store, job_id: str) -> Job:
    job = store.jobs.get(job_id)
    if job is not None and job["parent"]:
        raise ConflictError(f"the job {job_id} ends with the job {job['parent']}, of which it is a part; end that one")
    if job is not None and job["status"] not in PENDING:
        advice = 'set jobs={"*": {"seconds": 60}}, by which a job lasts until a test ends it'
        raise ConflictError(f"the job {job_id} has ended already, with {job['status']}; {advice}")
    pending = {job["id"]: job for job in store.jobs.values() if job["status"] in PENDING and not job["parent"]}
    if job_id not in pending:
        raise NotFoundError(f"no job that could end has the id {shown(job_id)}", list(pending))
    found: Job = pending[job_id]
    return found
