"""Programs with one weakness each; the same without it are in programs.py."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection

from tests.sweep.client import PASSING, Client, ImsError, UnclearError, of, read
from tests.sweep.programs import (
    CREATED,
    FILE,
    FILE_TYPE,
    NAME,
    begin_job,
    begin_upload,
    create,
    end_upload,
    next_target,
    wait_for_image,
)

OPEN: list[HTTPConnection] = []
"""The connections that were not closed; the tests close them."""


def creates_again(client: Client) -> str:
    """Sends the create again where its response was lost."""
    try:
        image_id = of(of(client.retry("POST", "/v2/images", CREATED), dict).get("id"), str)
        client.ask("PUT", f"/v2/images/{image_id}/file", FILE, FILE_TYPE)
        return of(wait_for_image(client, image_id).get("status"), str)
    except ImsError:
        client.remove(NAME)
        raise


def loops(client: Client) -> list[str]:
    """Follows the marker of a page, wherever it leads."""
    found = []
    target: str | None = "/v2/images?limit=2"
    while target is not None:
        page = of(client.retry("GET", target), dict)
        found += [of(of(image, dict).get("name"), str) for image in of(page.get("images"), list)]
        target = next_target(page)
    return sorted(found)


def believes_in_jobs(client: Client) -> str:
    """Takes a job that does not end in time for one that has succeeded."""
    job_id = begin_job(client)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        job = of(client.retry("GET", f"/v1/{client.project_id}/jobs/{job_id}"), dict)
        if job.get("status") == "FAIL":
            raise ImsError("the job failed")
        if job.get("status") == "SUCCESS":
            break
        time.sleep(5)
    return "done"


def reads_reasons(client: Client) -> str:
    """Reads the reason of a failed job, which may have none."""
    job_id = begin_job(client)
    while True:
        job = of(client.retry("GET", f"/v1/{client.project_id}/jobs/{job_id}"), dict)
        if job.get("status") == "SUCCESS":
            return "done"
        if job.get("status") == "FAIL":
            raise ImsError(job["fail_reason"].rstrip("."))
        time.sleep(5)


def expects_everything(client: Client) -> int:
    """Reads an attribute that an image need not have."""
    listed = of(client.retry("GET", "/v2/images?limit=9"), dict)
    return sum(image["size"] for image in of(listed.get("images"), list))


def swallows_401(client: Client) -> list[str]:
    """Takes a rejected token for a cloud without images."""
    status, headers, content = client.send("GET", "/v2/images?limit=9")
    if status == 401:
        return []
    listed = of(read(status, headers, content), dict)
    return [of(of(image, dict).get("name"), str) for image in of(listed.get("images"), list)]


def leaves_image(client: Client) -> str:
    """Leaves the image where its upload fails."""
    image_id = create(client)
    client.ask("PUT", f"/v2/images/{image_id}/file", FILE, FILE_TYPE)
    return of(wait_for_image(client, image_id).get("status"), str)


def never_waits(client: Client) -> int:
    """Tries again at once."""
    for _ in range(5):
        try:
            status, headers, content = client.send("GET", "/v2/images?limit=9")
            if status not in PASSING:
                return len(of(of(read(status, headers, content), dict).get("images"), list))
        except UnclearError:
            pass
    raise ImsError("the service does not respond")


def sleeps_minutes(client: Client) -> int:
    """Waits for minutes where there were too many requests, whatever the service asks for."""
    status = 429
    while status == 429:
        status, headers, content = client.send("GET", "/v2/images?limit=9")
        if status == 429:
            time.sleep(300)
    return len(of(of(read(status, headers, content), dict).get("images"), list))


def accepts_pages(client: Client) -> int:
    """Takes every 200 for good news, whatever comes with it."""
    status, headers, content = client.send("GET", "/v2/images?limit=9")
    if status != 200:
        raise ImsError(f"the service responded {status}")
    is_json = headers.get_content_type() == "application/json"
    return len(json.loads(content)["images"]) if is_json else 0


def never_closes(client: Client) -> str:
    """Begins an upload, and does not end it where something else fails."""
    try:
        image_id = create(client)
        upload = begin_upload(client, image_id)
        OPEN.append(upload)
        client.retry("GET", f"/v2/images/{image_id}")
        end_upload(upload)
        upload.close()
        return of(wait_for_image(client, image_id).get("status"), str)
    except ImsError:
        client.remove(NAME)
        raise
