"""The life of a job: begun, looked at, ended by the clock or by the number of looks.

These functions are called inside of a transaction of the store.

https://support.huaweicloud.com/intl/en-us/api-ims/ims_03_0911.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ims_mock.contract import schema_files
from ims_mock.contract.errors import ImsError, documented_message
from ims_mock.state.collections import Transition
from ims_mock.state.ids import new_job_id
from ims_mock.state.job_collection import PENDING, Job
from ims_mock.state.store import Store
from ims_mock.state.times import precise_timestamp

SUCCESS = {"status": "SUCCESS", "at": 1, "attributes": {}}
"""How a job ends unless a fault decides otherwise: with a status, at a part of its duration."""


@dataclass(frozen=True)
class Plan:
    """What a job is to do.

    `type` is one of job_types(), `entities` are what the job shows at its end, and `parts` are those of each job within
    it, where its type has such; these are of `part_type`, or of the usual one. Transitions without a `due` follow its
    success, or its failure, by which nothing that it has made is left.
    """

    type: str
    entities: Mapping[str, Any]
    on_success: Sequence[Transition] = ()
    on_failure: Sequence[Transition] = ()
    parts: Sequence[Mapping[str, Any]] = ()
    part_type: str = ""


@cache
def job_types() -> Mapping[str, Mapping[str, Any]]:
    """Return the types of jobs by name, each as its file in schemas/jobs has it."""
    rows = [schema_files.read(name) for name in schema_files.names("jobs")]
    return {row["type"]: row for row in rows}


def shows_parts(job_type: str) -> bool:
    """Return whether a job of a type shows the jobs within it, and no image of its own."""
    return bool(job_types()[job_type].get("sub_job", {}).get("shown_as") == "sub_jobs_result")


def begin(store: Store, project_id: str, plan: Plan) -> Job:
    """Begin a job of a project, with the jobs within it, and return it."""
    row = job_types()[plan.type]
    parts = (plan.parts or [plan.entities]) if "sub_job" in row else ()
    sub_jobs = []
    for entities in parts:
        part = _new_job(store, project_id, Plan(plan.part_type or row["sub_job"]["type"], entities), ())
        store.jobs.put(part["id"], part)
        sub_jobs.append(part["id"])
    job = _new_job(store, project_id, plan, sub_jobs)
    for part_id in sub_jobs:
        store.jobs.put(part_id, {**store.jobs[part_id], "parent": job["id"]})
    store.begin_job(job)
    return job


def _new_job(store: Store, project_id: str, plan: Plan, sub_jobs: Sequence[str]) -> Job:
    now = store.clock.now()
    durations = store.settings.get("jobs", {})
    duration = durations.get(plan.type, durations.get("*", 0))
    return {
        "id": new_job_id(store),
        "type": plan.type,
        "project_id": project_id,
        "status": "INIT",
        "begin_time": precise_timestamp(now),
        "end_time": "",
        "error_code": None,
        "fail_reason": None,
        "entities": dict(plan.entities),
        "began": now,
        "duration": duration if isinstance(duration, dict) else {"seconds": duration},
        "end": SUCCESS,
        "looks": 0,
        "percent": 0,
        "parent": "",
        "sub_jobs": list(sub_jobs),
        "on_success": list(plan.on_success),
        "on_failure": list(plan.on_failure),
    }


def find_job(store: Store, job_id: str, project_id: str) -> Job:
    """Return a project's job; raise 400 for one that it does not have."""
    job: Job | None = store.jobs.get(job_id)
    if job is None or job["project_id"] != project_id:
        raise ImsError(400, "IMG.0023", reason=f"/job_id: the project has no job {job_id!r}")
    return job


def look_at(store: Store, job_id: str, project_id: str) -> Job:
    """Return a project's job as it is now, and count the look; raise 400 for a job that it does not have."""
    job = find_job(store, job_id, project_id)
    whole = store.jobs[job["parent"]] if job["parent"] else job
    if whole["status"] in PENDING:
        _proceed(store, whole)
    return find_job(store, job_id, project_id)


def seen(store: Store, job: Job) -> Job:
    """Return a job as a look would find it, without counting one."""
    whole = store.jobs.get(job["parent"], job)
    if whole["status"] not in PENDING:
        return job
    status, percent = _progress(store, whole)
    return {**job, "status": status, "percent": percent}


def _proceed(store: Store, job: Job) -> None:
    """Bring a pending job, and the jobs within it, to where the clock or one more look brings it."""
    if "polls" in job["duration"] and job["end"]["status"] and _reached(store, job) >= job["end"]["at"]:
        store.end_job(job)
        return
    (status, percent), looks = _progress(store, job), job["looks"] + 1
    for changed in (job, *(store.jobs[part_id] for part_id in job["sub_jobs"])):
        store.jobs.put(changed["id"], {**changed, "status": status, "percent": percent, "looks": looks})


def _progress(store: Store, job: Job) -> tuple[str, float]:
    """Return the status of a pending job, and how far it is."""
    percent = _percent(store, job)
    return "RUNNING" if percent or job["status"] == "RUNNING" else "INIT", percent


def _reached(store: Store, job: Job) -> float:
    """Return at which part of its duration a job is."""
    if "polls" in job["duration"]:
        over, whole = job["looks"], job["duration"]["polls"]
    else:
        over, whole = store.clock.now() - job["began"], job["duration"]["seconds"]
    return over / whole if whole else 1


def _percent(store: Store, job: Job) -> float:
    """Return how far a pending job is: no less than a look has found it before, and never done."""
    # 0 and not 0.0, as it is after a snapshot has gone through JSON.
    return max(job["percent"], min(round(_reached(store, job), 2), job["end"]["at"], 0.99)) or 0


def failure(job: Job, code: str | None, reason: str | None) -> dict[str, Any]:
    """Return the attributes of a job that fails, by default with the first documented code of its type.

    The reason is the message of the code by default, and none where it is empty. Raise InvalidError for an undocumented
    code without a reason.
    """
    code = code or job_types()[job["type"]]["codes"][0]
    return {"error_code": code, "fail_reason": documented_message(code, 400) if reason is None else reason or None}


def end(store: Store, job: Job, status: str, attributes: Mapping[str, Any]) -> None:
    """End a pending job now, with the jobs within it, whatever was to become of it."""
    at = 1 if status == "SUCCESS" else _percent(store, job)
    changed = {**job, "end": {"status": status, "at": at, "attributes": dict(attributes)}}
    store.jobs.put(job["id"], changed)
    store.end_job(changed)


def stick(store: Store, job: Job) -> None:
    """Let a pending job stay as it is, and never end by itself."""
    store.jobs.put(job["id"], {**job, "end": {"status": "", "at": _percent(store, job), "attributes": {}}})


def is_stuck(store: Store, job: Job) -> bool:
    """Return whether a pending job, or the one that it is a part of, never ends by itself."""
    return job["status"] in PENDING and not store.jobs.get(job["parent"], job)["end"]["status"]


def current_task(job: Job) -> str:
    """Return what a job is doing; "" when it has ended."""
    if job["status"] not in PENDING:
        return ""
    tasks: list[str] = job_types()[job["type"]]["tasks"]
    return tasks[min(int(job["percent"] * len(tasks)), len(tasks) - 1)]


def parts_of(store: Store, job: Job) -> list[Job]:
    """Return the jobs within a job."""
    return [store.jobs[part_id] for part_id in job["sub_jobs"]]
