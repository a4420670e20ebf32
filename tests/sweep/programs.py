"""Programs without a weakness: they publish a file, image a server, and list what there is."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from tests.sweep.client import Client, ImsError, UnclearError, of, read

NAME = "web"
FILE = b"the bytes of a disk" * 4
SERVER = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"
CREATED = json.dumps({"name": NAME}).encode()
DEADLINE = 60.0
FILE_TYPE = "application/octet-stream"


def publish(client: Client) -> int:
    """Make an image of a file, and return its size; without success nothing is left of it."""
    try:
        image_id = create(client)
        client.ask("PUT", f"/v2/images/{image_id}/file", FILE, FILE_TYPE)
        image = wait_for_image(client, image_id)
        if image.get("checksum") != hashlib.md5(FILE, usedforsecurity=False).hexdigest():
            raise UnclearError("the image is not of the file")
        return of(image.get("size"), int)
    except ImsError:
        client.remove(NAME)
        raise


def publish_slowly(client: Client) -> str:
    """Make an image of a file that arrives in pieces, look at it meanwhile, and return its status."""
    try:
        image_id = create(client)
        with closing(begin_upload(client, image_id)) as upload:
            client.retry("GET", f"/v2/images/{image_id}")
            end_upload(upload)
        return of(wait_for_image(client, image_id).get("status"), str)
    except ImsError:
        client.remove(NAME)
        raise


def create(client: Client) -> str:
    """Create an image without a file, and return its id."""
    created = client.ask("POST", "/v2/images", CREATED)
    return of(of(created, dict).get("id"), str)


def begin_upload(client: Client, image_id: str) -> HTTPConnection:
    """Return a connection on which the file of an image has begun to arrive.

    What is sent then is sure to come after the service has begun to read: it has asked for the file, or rejected it.
    """
    upload = client.connect()
    own = {"Transfer-Encoding": "chunked", "Expect": "100-continue"}
    try:
        upload.putrequest("PUT", f"/v2/images/{image_id}/file")
        for name, value in {**client.headers(FILE_TYPE), **own}.items():
            upload.putheader(name, value)
        upload.endheaders()
        upload.sock.recv(1, socket.MSG_PEEK)
        upload.send(b"%x\r\n%s\r\n" % (len(FILE), FILE))
    except (OSError, HTTPException) as error:
        upload.close()
        raise UnclearError(f"no connection: {error!r}") from error
    return upload


def end_upload(upload: HTTPConnection) -> None:
    """Say that the file is whole, and read the response."""
    try:
        upload.send(b"0\r\n\r\n")
        response = upload.getresponse()
        read(response.status, response.headers, response.read())
    except (OSError, HTTPException) as error:
        raise UnclearError(f"no response: {error!r}") from error


def image_of_server(client: Client) -> str:
    """Make an image of a server by a job, and return its status; without success nothing is left of it."""
    try:
        image_id = wait_for_job(client, begin_job(client))
        return of(wait_for_image(client, image_id).get("status"), str)
    except ImsError:
        client.remove(NAME)
        raise


def names(client: Client) -> list[str]:
    """Return the names of all images, page by page, and raise where a page comes again."""
    found = []
    seen = set()
    target: str | None = "/v2/images?limit=2"
    while target is not None:
        if target in seen:
            raise UnclearError("the page came before")
        seen.add(target)
        page = of(client.retry("GET", target), dict)
        found += [of(of(image, dict).get("name"), str) for image in of(page.get("images"), list)]
        target = next_target(page)
    return sorted(found)


def total_size(client: Client) -> int:
    """Return how many bytes the files of all images have together."""
    listed = of(client.retry("GET", "/v2/images?limit=9"), dict)
    return sum(of(of(image, dict).get("size"), int) for image in of(listed.get("images"), list))


def next_target(page: dict[str, Any]) -> str | None:
    """Return where the page after a page is; None after the last one."""
    if "next" not in page:
        return None
    address = urlsplit(of(page["next"], str))
    return f"{address.path}?{address.query}"


def wait_for_job(client: Client, job_id: str) -> str:
    """Return the id of the image that a job has made."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        job = of(client.retry("GET", f"/v1/{client.project_id}/jobs/{job_id}"), dict)
        if job.get("status") == "SUCCESS":
            return of(of(job.get("entities"), dict).get("image_id"), str)
        if job.get("status") == "FAIL":
            raise ImsError(f"the job failed: {job.get('fail_reason') or 'no reason is known'}")
        time.sleep(5)
    raise ImsError("the job does not end")


def begin_job(client: Client) -> str:
    """Let an image of the server be made, and return the id of the job."""
    body = json.dumps({"name": NAME, "instance_id": SERVER}).encode()
    return of(of(client.ask("POST", "/v2/cloudimages/action", body), dict).get("job_id"), str)


def wait_for_image(client: Client, image_id: str) -> dict[str, Any]:
    """Return an image once it is active."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        image = of(client.retry("GET", f"/v2/images/{image_id}"), dict)
        if image.get("status") == "active":
            return image
        if image.get("status") in ("killed", "deleted"):
            raise ImsError(f"the image is {image['status']}")
        time.sleep(5)
    raise ImsError("the image does not become active")
