"""What a run has made: everything has a name with the run's own prefix, and all of it is removed at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ims_mock.conformance.client import Call, Client, Reply
from ims_mock.conformance.connection import UnreachableError
from ims_mock.state.real import RealTime

_GONE = (204, 404)
"""The statuses of a deletion after which there is nothing."""

PREFIX = "ims-verify-"
"""What the names of all images begin with that any run makes."""


class Made:
    """The images of one run, by ids that it has seen and by its prefix; `left` are those that could not be removed."""

    def __init__(self, client: Client) -> None:
        self.prefix = f"{PREFIX}{os.urandom(4).hex()}-"
        self.left: list[str] = []
        self._client = client
        self._count = 0
        self._until = 0.0
        self._ids: list[str] = []
        self._jobs: list[str] = []
        client.made = self.note

    def new_name(self, word: str = "image") -> str:
        """Return a name for an image that no other one has."""
        self._count += 1
        return f"{self.prefix}{word}-{self._count}"

    def note(self, reply: Reply) -> None:
        """Remember what a reply says was made: an image of this run, by its name, or a job that makes one."""
        try:
            made = reply.json
            if "job_id" in made:
                self._jobs.append(made["job_id"])
            elif str(made["name"]).startswith(self.prefix):
                self._ids.append(made["id"])
        except (ValueError, KeyError, TypeError):
            return  # Nothing that is made.

    def remove_since(self, count: int) -> None:
        """Remove the images that were noted after so many of them."""
        for image_id in self._ids[count:]:
            self._remove(image_id)
        del self._ids[count:]

    def __len__(self) -> int:
        return len(self._ids)

    def remove_all(self) -> None:
        """Remove all images of this run, also those whose ids it has never seen; what is left is in `left`."""
        if self._client.settings.read_only:
            return
        self._until = RealTime.monotonic() + self._client.settings.timeout
        for job_id in self._jobs:
            self._waited(partial(self._has_ended, job_id))
        self.remove_since(0)
        left = [image["id"] for image in self._listed()]
        self.left = [one for one in left if not self._waited(partial(self._is_gone, one))]

    def _has_ended(self, job_id: str) -> bool:
        received = self._client.unjudged("show_job_progress", Call(path={"job_id": job_id}))
        return received.status != 200 or json.loads(received.body)["status"] not in ("INIT", "RUNNING")

    def _waited(self, is_done: Callable[[], bool]) -> bool:
        """Wait until something is done, as long as all the removing may take; return whether it is."""
        while not is_done():
            if RealTime.monotonic() >= self._until:
                return False
            RealTime.sleep(self._client.settings.poll)
        return True

    def _remove(self, image_id: str) -> int:
        """Delete an image, protected or not, and return the status: 204, or 404 where it is gone."""
        status = self._send("glance_delete_image", image_id)
        if status == 403:
            change = [{"op": "replace", "path": "/protected", "value": False}]
            self._send("glance_update_image", image_id, change)
            status = self._send("glance_delete_image", image_id)
        return status

    def _is_gone(self, image_id: str) -> bool:
        """Delete an image that a job may still be making; return whether it is gone."""
        return self._remove(image_id) in _GONE

    def _send(self, operation: str, image_id: str, body: Any = None) -> int:
        """Send a request that is no part of a test: what its response is like is nobody's to judge."""
        return self._client.unjudged(operation, Call(body, path={"image_id": image_id})).status

    def _listed(self) -> Iterator[dict[str, Any]]:
        """Yield all images of this run, page by page; the project that was named may not be that of the credential."""
        for visibility in ("private", "shared"):
            query: dict[str, Any] = {"limit": 100, "visibility": visibility}
            while True:
                reply = self._client.unjudged("glance_list_images", Call(query=query))
                if reply.status != 200:
                    raise UnreachableError(f"glance_list_images: must return 200, got {reply.status}")
                images = json.loads(reply.body)["images"]
                yield from [image for image in images if str(image["name"]).startswith(self.prefix)]
                if len(images) < query["limit"]:
                    break
                query["marker"] = images[-1]["id"]
