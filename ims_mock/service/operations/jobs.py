"""Jobs: what has become of what an operation has begun."""

from __future__ import annotations

from typing import Any

from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.state.job_collection import PENDING, Job
from ims_mock.state.jobs import current_task, job_types, look_at, parts_of, shows_parts
from ims_mock.state.store import Store


def show_job(exchange: Exchange) -> Response:
    """Show a job: what it has made, or how far it is."""
    job = look_at(exchange.store, exchange.path["job_id"], exchange.project_id)
    return exchange.respond(_document(exchange.store, job, has_progress=job["status"] in PENDING))


def show_job_progress(exchange: Exchange) -> Response:
    """Show a job, always with its progress."""
    job = look_at(exchange.store, exchange.path["job_id"], exchange.project_id)
    return exchange.respond(_document(exchange.store, job, has_progress=True))


def _document(store: Store, job: Job, *, has_progress: bool) -> dict[str, Any]:
    """Return a job as the service shows it; a failed one has its error at both documented places."""
    return {
        "status": job["status"],
        "job_id": job["id"],
        "job_type": job["type"],
        "begin_time": job["begin_time"],
        "end_time": job["end_time"],
        "error_code": job["error_code"],
        "fail_reason": job["fail_reason"],
        "entities": {
            **_made(store, job, has_progress),
            **(_progress(job) if has_progress else {}),
            **({"error_code": job["error_code"], "error": job["fail_reason"] or ""} if job["error_code"] else {}),
        },
    }


def _made(store: Store, job: Job, has_progress: bool) -> dict[str, Any]:
    """Return what a job has made, as far as its type shows it, with the jobs within it."""
    row = job_types()[job["type"]]
    if shows_parts(job["type"]):
        parts = [_document(store, part, has_progress=False) for part in parts_of(store, job)]
        return {"sub_jobs_result": parts, "sub_jobs_list": job["sub_jobs"]}
    # Of an image that a failed job has made nothing is left to be shown.
    shown = [*row["entities"], *(["image_name"] if has_progress else [])]
    names = [name for name in shown if name not in _IDS or job["status"] != "FAIL"]
    made = {name: job["entities"][name] for name in names if name in job["entities"]}
    if "results" in made and job["status"] != "SUCCESS":
        del made["results"]
    return {**made, "subJobId": job["sub_jobs"][0]} if job["sub_jobs"] and has_progress else made


_IDS = ("image_id", "__data_images")


def _progress(job: Job) -> dict[str, Any]:
    return {"process_percent": job["percent"], "current_task": current_task(job)}
