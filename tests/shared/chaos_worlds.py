"""Clients of the chaos test with a world each, who know exactly what is in it."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import redis
import requests

ADVANCE = 1000.0
"""Seconds by which a client moves the clock of its world."""

_SLACK = 60.0
"""Seconds by which the clock of a world may be ahead of what a client expects, which is less than one more move."""

_MEDIA = {"Content-Type": "application/octet-stream"}
_CROSSED = ("crossed-1", "crossed-2")
"""Worlds that each client uses and deletes as it likes."""


class Log(Protocol):
    """Where a client says what it has seen."""

    def count(self, outcome: str) -> None:
        """Count an outcome."""

    def add_problem(self, text: str) -> None:
        """Note that something is wrong."""


class Kept(NamedTuple):
    """What a world has: the name and the digest of the file of each image by its id, and its time."""

    images: dict[str, tuple[str, str | None]]
    now: float | None
    seen: float
    """When the time was seen, in real seconds of which only differences mean anything."""


class Guest:
    """A client that alone changes a world; after a response that was lost, it resets the world."""

    def __init__(self, url: str, number: int, log: Log) -> None:
        self._url, self._log = url, log
        self._random = random.Random(1000 + number)
        self.world = f"guest-{number}"
        self._session = requests.Session()
        self._session.headers["X-Auth-Token"] = "guest"
        self.kept: Kept | None = None
        self._saved: dict[str, Kept] = {}
        self._made = 0

    def ask(self, method: str, path: str, good: int, world: str = "", **options: Any) -> requests.Response | None:
        """Send a request to a world; None where its outcome is not known, or is another than the good one."""
        url = f"{self._url}/~{world or self.world}{path}"
        try:
            response = self._session.request(method, url, timeout=90, **options)
        except requests.RequestException:
            self._log.count(f"world {method} no response")
            return None
        self._log.count(f"world {method} {response.status_code}")
        if response.status_code == good:
            return response
        if response.status_code not in (502, 503, 504):
            self._log.add_problem(f"{method} {url}: {response.status_code} {response.text}")
        return None

    def work(self) -> None:
        """Do one operation, and have the world as it is known to be."""
        if self.kept is None:
            self._reset()
            return
        steps: list[Callable[[], None]] = [self.create, self.create, self.upload, self.read, self.look]
        steps += [self._advance, self.save, self.restore, self.restore, self._cross]
        if self._random.random() < 0.08:
            steps = [self._reset, self._delete_world]
        self._random.choice(steps)()

    def _begin(self) -> None:
        self.kept, self._saved = Kept({}, None, 0.0), {}

    def _reset(self) -> None:
        self.kept = None
        if self.ask("POST", "/_ims_mock/reset", 204, json={}) is not None:
            self._begin()

    def _delete_world(self) -> None:
        kept, self.kept = self._present(), None
        # It is made again by the next request that names it.
        if kept.images and self.ask("DELETE", f"/_ims_mock/worlds/{self.world}", 204, "default") is not None:
            self._begin()

    def create(self) -> None:
        """Make an image."""
        kept, self.kept = self._present(), None
        self._made += 1
        name = f"{self.world}-{self._made}"
        response = self.ask("POST", "/v2/images", 201, json={"name": name, "__os_version": "CentOS 7.6 64bit"})
        if response is not None:
            self.kept = kept._replace(images={**kept.images, response.json()["id"]: (name, None)})
            if self._random.random() < 0.5:
                self.look()

    def upload(self) -> None:
        """Send the file of an image."""
        kept = self._present()
        empty = [image_id for image_id, (_, digest) in kept.images.items() if digest is None]
        if not empty:
            return
        self.kept = None
        image_id, data = self._random.choice(empty), self._random.randbytes(self._random.choice((10, 5_000, 300_000)))
        if self.ask("PUT", f"/v2/images/{image_id}/file", 204, data=data, headers=_MEDIA) is not None:
            changed = (kept.images[image_id][0], hashlib.sha256(data).hexdigest())
            self.kept = kept._replace(images={**kept.images, image_id: changed})

    def read(self) -> None:
        """Read the file of an image."""
        full = {one: digest for one, (_, digest) in self._present().images.items() if digest is not None}
        if not full:
            return
        image_id = self._random.choice(list(full))
        response = self.ask("GET", f"/v2/images/{image_id}/file", 200)
        if response is not None and hashlib.sha256(response.content).hexdigest() != full[image_id]:
            self._log.add_problem(f"{self.world}: the file of {image_id} is another one, of {len(response.content)}")

    def look(self) -> None:
        """See whether the world has exactly the images that it should have, and its clock the time."""
        response = self.ask("GET", "/v2/images?limit=1000", 200)
        if response is not None:
            found = {image["id"]: image["name"] for image in response.json()["images"]}
            expected = {image_id: name for image_id, (name, _) in self._present().images.items()}
            if found != expected:
                self._log.add_problem(f"{self.world} has {found}, and should have {expected}")
        self._note_clock(self._present(), 0.0, self.ask("GET", "/_ims_mock/clock", 200))

    def _advance(self) -> None:
        kept, self.kept = self._present(), None
        self._note_clock(kept, ADVANCE, self.ask("POST", "/_ims_mock/clock", 200, json={"advance": ADVANCE}))

    def _note_clock(self, kept: Kept, moved: float, response: requests.Response | None) -> None:
        """See whether a response has the time that the clock should show, and go on from it."""
        if response is None:
            return
        now, seen = response.json()["now"], time.monotonic()
        if kept.now is not None and not -1 < now - kept.now - moved < seen - kept.seen + _SLACK:
            self._log.add_problem(f"{self.world}: the clock shows {now} after {kept.now} and a move by {moved}")
        self.kept = kept._replace(now=now, seen=seen)

    def save(self) -> None:
        """Take a snapshot of the world."""
        kept, name = self._present(), self._random.choice("ab")
        if name in self._saved:
            return
        self.kept = None
        if self.ask("POST", "/_ims_mock/snapshots", 201, json={"name": name}) is not None:
            self.kept = self._saved[name] = kept

    def restore(self) -> None:
        """Go back to a snapshot, and see whether the world has what it had."""
        if not self._saved:
            return
        self._present()
        self.kept, name = None, self._random.choice(list(self._saved))
        if self.ask("POST", f"/_ims_mock/snapshots/{name}/restore", 204) is not None:
            self.kept = self._saved[name]._replace(now=None)
            self.look()

    def _cross(self) -> None:
        """Use a world that others delete meanwhile, or delete it."""
        world = self._random.choice(_CROSSED)
        if self._random.random() < 0.3:
            delete_world(self._url, world)
        else:
            self.ask("POST", "/v2/images", 201, world, json={"name": "crossed", "__os_version": "CentOS 7.6 64bit"})

    def _present(self) -> Kept:
        assert self.kept is not None, "it is known what the world has"
        return self.kept


def delete_world(url: str, world: str) -> bool:
    """Delete a world, and return whether it is gone."""
    try:
        response = requests.delete(f"{url}/_ims_mock/worlds/{world}", timeout=90)
    except requests.RequestException:
        return False
    return response.status_code in (204, 404)


def check_worlds(url: str, store: redis.Redis, guests: list[Guest]) -> Iterator[str]:
    """Look at the worlds of guests once more; yield what the store still has of worlds once all are deleted."""
    for guest in guests:
        while guest.kept is None:
            guest.work()
        guest.look()
    for world in [*_CROSSED, *(guest.world for guest in guests)]:
        while not delete_world(url, world):
            pass
    kept = [key.decode() for key in store.scan_iter(match="ims_mock:{*", count=1000)]
    # A file that no image was given goes by itself.
    left = [key for key in kept if not key.startswith("ims_mock:{default}") and store.ttl(key) == -1]
    if left:
        yield f"the store still has {len(left)} keys of deleted worlds, such as {sorted(left)[:5]}"
