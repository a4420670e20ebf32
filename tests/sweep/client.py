"""A small client that is ready for every failure; the programs of the tests use it."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import suppress
from email.message import Message
from typing import Any, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

PASSING = (429, 500, 502, 503, 504)
"""Statuses after which the same request may succeed."""

PATIENCE = 10.0
"""Seconds for which a response is waited for."""


Response = tuple[int, Message, bytes]
"""A status, the headers and the body."""


class ImsError(Exception):
    """What the programs raise when they cannot do their work."""


class RefusedError(ImsError):
    """The service has rejected a request, and has not done it."""


class UnclearError(ImsError):
    """There is no response, or none that can be read: the work may be done."""


class Client:
    """Sends requests over one connection that is kept open."""

    def __init__(self, url: str, token: str, project_id: str = "") -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        self.address = (address.hostname, address.port)
        self.connection = self.connect()
        self.token = token
        self.project_id = project_id

    def connect(self) -> http.client.HTTPConnection:
        """Return one more connection."""
        return http.client.HTTPConnection(*self.address, timeout=PATIENCE)

    def headers(self, media_type: str) -> dict[str, str]:
        """Return the headers of a request."""
        return {"X-Auth-Token": self.token, "Content-Type": media_type}

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, method: str, path: str, body: bytes | None = None, media_type: str = "application/json") -> Response:
        """Send a request once, and return its status, its headers and its body."""
        try:
            self.connection.request(method, path, body, self.headers(media_type))
            response = self.connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            raise UnclearError(f"no response: {error!r}") from error

    def ask(self, method: str, path: str, body: bytes | None = None, media_type: str = "application/json") -> Any:
        """Send a request once, and return the JSON of its response; None where it has none."""
        return read(*self.send(method, path, body, media_type))

    def retry(self, method: str, path: str, body: bytes | None = None) -> Any:
        """Send a request that may be done twice up to five times, and wait longer each time."""
        for attempt in range(4):
            wait = 2.0**attempt
            try:
                status, headers, content = self.send(method, path, body)
                if status not in PASSING:
                    return read(status, headers, content)
                wait = max(wait, float(headers.get("Retry-After", 0)))
            except UnclearError:
                pass
            time.sleep(wait)
        return self.ask(method, path, body)

    def find(self, name: str) -> dict[str, str]:
        """Return the statuses of the images that have a name, by id."""
        document = self.retry("GET", f"/v2/images?limit=50&name={name}")
        images = [of(image, dict) for image in of(of(document, dict).get("images"), list)]
        return {of(image.get("id"), str): of(image.get("status"), str) for image in images}

    def remove(self, name: str) -> None:
        """Delete the images that have a name, as far as that is possible."""
        with suppress(ImsError):
            for wait in (5, 25, 0):
                # The service deletes no image whose upload, or whose job, has not ended.
                found = self.find(name)
                kept = [image_id for image_id in found if not self._is_removed(image_id, found[image_id], wait)]
                if not kept:
                    return
                time.sleep(wait)

    def _is_removed(self, image_id: str, status: str, wait: float) -> bool:
        if status == "saving" and wait:
            return False
        try:
            self.retry("DELETE", f"/v2/images/{image_id}")
        except RefusedError:
            return False
        return True


def read(status: int, headers: Message, content: bytes) -> Any:
    """Return the JSON of a response; None where it has none."""
    if status >= 500 and status != 501:
        raise UnclearError(f"the service responded {status}")
    if status >= 400:
        raise RefusedError(f"the service responded {status}")
    if status == 204:
        return None
    if headers.get_content_type() != "application/json":
        raise UnclearError(f"the response is {headers.get_content_type()}")
    try:
        return json.loads(content)
    except ValueError as error:
        raise UnclearError("the response is no JSON") from error


def of(value: Any, kind: type[T]) -> T:
    """Return a value of a response that is of a type."""
    if not isinstance(value, kind):
        raise UnclearError(f"the response has {value!r} in the place of a {kind.__name__}")
    return value
