"""Clients at work on servers that are killed and started, and a history of what they have seen.

As a test it takes some hundred operations; `python -m tests.shared.chaos --seconds 600` goes on for ten minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from tests.shared.chaos_worlds import Guest, check_worlds
from tests.shared.farm import Replica, balancer, replicas
from tests.shared.redis_server import RedisServer, redis_server

CLIENTS = 8
GUESTS = 3
"""Clients that have a world each, beside those that work in the default one."""
TIMES = 60
"""How often the rule of the test fires."""

_JSON_PATCH = "application/openstack-images-v2.1-json-patch"
_MEDIA = "application/octet-stream"
FIRED = "IMG.0113"
"""The code by which a client knows the fault of the rule."""


@dataclass
class Image:
    """An image that a client knows of, with what it may be by now: a change without a response may have happened."""

    names: set[str]
    files: set[str | None] = field(default_factory=lambda: {None})
    may_be_gone: bool = False
    is_gone: bool = False


@dataclass
class History:
    """What clients have seen."""

    images: dict[str, Image] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)
    unsure: int = 0
    fired: int = 0
    unsure_hits: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_over: threading.Event = field(default_factory=threading.Event)
    """Whether the clients have ended their work."""

    def count(self, outcome: str) -> None:
        """Count an outcome."""
        with self.lock:
            self.outcomes[outcome] += 1

    def add_problem(self, text: str) -> None:
        """Note that something is wrong."""
        with self.lock:
            self.problems.append(text)


class Client:
    """A client that works on images of its own, one operation after the other."""

    def __init__(self, url: str, number: int, history: History) -> None:
        self._url, self._number, self._history = url, number, history
        self._random = random.Random(number)
        self._session = requests.Session()
        self._session.headers["X-Auth-Token"] = f"client-{number}"
        self._mine: list[str] = []
        self._made = 0
        self.responses = 0

    def ask(self, method: str, path: str, **options: Any) -> requests.Response | None:
        """Send a request; None where its outcome is not known."""
        try:
            response = self._session.request(method, self._url + path, timeout=60, **options)
        except requests.RequestException:
            self._history.count(f"{method} no response")
            return None
        history = self._history
        with history.lock:
            history.outcomes[f"{method} {response.status_code}"] += 1
            request_id = response.headers.get("X-Request-Id")
            if request_id and response.status_code < 300:
                if request_id in history.requests:
                    history.problems.append(f"the id of a request was given out twice: {request_id}")
                history.requests[request_id] = response.status_code
            history.fired += FIRED in response.text
        if response.status_code == 500:
            self._history.add_problem(f"{method} {path}: {response.text}")
        if response.status_code in (500, 502, 503, 504):
            return None
        self.responses += 1
        return response

    def work(self) -> None:
        """Do one operation."""
        steps: list[Callable[[], None]] = [self.create, self.create, self.rename, self.upload, self._delete]
        self._random.choice([*steps, self.look_at_list, self.begin_job, self.read])()

    def _name(self) -> str:
        self._made += 1
        return f"client-{self._number}-image-{self._made}"

    def create(self) -> None:
        """Make an image."""
        name = self._name()
        body = {"name": name, "__os_version": "CentOS 7.6 64bit"}
        response = self.ask("POST", "/v2/images", json=body)
        if response is None:
            self._history.unsure += 1
        elif response.status_code != 201:
            self._history.add_problem(f"create: {response.status_code} {response.text}")
        else:
            image_id = response.json()["id"]
            with self._history.lock:
                if image_id in self._history.images:
                    self._history.problems.append(f"two images have the id {image_id}")
                self._history.images[image_id] = Image({name})
            self._mine.append(image_id)
            self.check(image_id)

    def _chosen(self) -> str | None:
        images = self._history.images
        # One whose upload has broken off may be in the status saving until another server sees that.
        there = [one for one in self._mine if not images[one].may_be_gone and len(images[one].files) == 1]
        return self._random.choice(there) if there else None

    def check(self, image_id: str) -> None:
        """See whether this client reads what it has written."""
        response = self.ask("GET", f"/v2/images/{image_id}")
        if response is None:
            return
        image = self._history.images[image_id]
        if response.status_code == 404:
            if not image.may_be_gone:
                self._history.add_problem(f"{image_id} is gone")
        elif response.status_code != 200 or image.is_gone or response.json()["name"] not in image.names:
            self._history.add_problem(f"show of {image}: {response.status_code} {response.text}")

    def rename(self) -> None:
        """Give an image another name."""
        image_id = self._chosen()
        if image_id is None:
            return
        name, image = self._name(), self._history.images[image_id]
        patch = json.dumps([{"op": "replace", "path": "/name", "value": name}])
        response = self.ask("PATCH", f"/v2/images/{image_id}", data=patch, headers={"Content-Type": _JSON_PATCH})
        if response is None:
            image.names.add(name)
        elif response.status_code == 200:
            image.names = {name}
        else:
            self._history.add_problem(f"rename: {response.status_code} {response.text}")
        self.check(image_id)

    def upload(self) -> None:
        """Send the file of an image."""
        image_id = self._chosen()
        if image_id is None or self._history.images[image_id].files != {None}:
            return
        data, image = self._random.randbytes(self._random.choice((10, 5_000, 700_000))), self._history.images[image_id]
        digest = hashlib.sha256(data).hexdigest()
        response = self.ask("PUT", f"/v2/images/{image_id}/file", data=data, headers={"Content-Type": _MEDIA})
        if response is None:
            image.files.add(digest)
        elif response.status_code == 204:
            image.files = {digest}
        else:
            self._history.add_problem(f"upload: {response.status_code} {response.text}")

    def read(self) -> None:
        """Read the file of an image while others work."""
        images = self._history.images
        full = [one for one in self._mine if not images[one].may_be_gone and None not in images[one].files]
        if not full:
            return
        image_id = self._random.choice(full)
        response = self.ask("GET", f"/v2/images/{image_id}/file")
        if response is not None:
            for problem in _compare_file(image_id, images[image_id], response):
                self._history.add_problem(problem)

    def _delete(self) -> None:
        image_id = self._chosen()
        if image_id is None:
            return
        image = self._history.images[image_id]
        response = self.ask("DELETE", f"/v2/images/{image_id}")
        image.may_be_gone = True
        if response is not None:
            image.is_gone = response.status_code == 204
            if not image.is_gone:
                self._history.add_problem(f"delete: {response.status_code} {response.text}")
        self.check(image_id)

    def look_at_list(self) -> None:
        """See whether a list has every image of this client."""
        expected = {one for one in self._mine if not self._history.images[one].may_be_gone}
        listed = self.all_images()
        if listed is not None and not expected <= {image["id"] for image in listed}:
            self._history.add_problem(f"a list lacks {expected - {image['id'] for image in listed}}")

    def all_images(self) -> list[dict[str, Any]] | None:
        """Return the images page by page; None where a page did not come."""
        found: list[dict[str, Any]] = []
        path = "/v2/images?limit=37&sort_key=created_at&sort_dir=asc"
        while path:
            response = self.ask("GET", path)
            if response is None:
                return None
            if response.status_code == 400 and "marker=" in path:
                return None  # The image at the end of a page was deleted meanwhile.
            document = response.json()
            found += document["images"]
            path = document.get("next", "")
        ids = [image["id"] for image in found]
        if len(set(ids)) != len(ids):
            self._history.add_problem("pages have an image twice")
        return found

    def look_at_tags(self) -> None:
        """Ask for what the rule of the test rejects now and then."""
        if self.ask("GET", "/v1/cloudimages/tags") is None:
            with self._history.lock:
                self._history.unsure_hits += 1

    def begin_job(self) -> None:
        """Begin a job that makes an image."""
        body = {"name": "by a job", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"}
        response = self.ask("POST", "/v2/cloudimages/action", json=body)
        if response is None:
            self._history.unsure += 1
        elif response.status_code == 200:
            with self._history.lock:
                self._history.jobs.append(response.json()["job_id"])
        else:
            self._history.add_problem(f"job: {response.status_code} {response.text}")


def disturb(servers: list[Replica], redis: RedisServer, chance: random.Random, history: History) -> str:
    """Kill a server or the store, and start it again; or let a server pause while others go on."""
    draw, server = chance.random(), chance.choice(servers)
    if draw < 0.2:
        redis.kill()
        redis.start()
        return "killed: redis"
    if draw < 0.6:
        server.pause()
        # In the end each client waits for this server.
        history.is_over.wait(chance.choice((0.1, 1.0, 3.0)))
        server.go_on()
        return "paused: server"
    server.kill()
    server.start()
    return "killed: server"


def check_end(url: str, history: History) -> Iterator[str]:
    """Yield what at the end is not as the clients have seen."""
    client = Client(url, -1, history)
    while requests.get(f"{url}/v3/", timeout=60).status_code >= 500:
        pass
    rule = _rule(url)
    while rule["hits"] < TIMES:
        client.look_at_tags()
        rule = _rule(url)
    client.look_at_tags()
    if rule["hits"] != TIMES or not history.fired <= TIMES <= history.fired + history.unsure_hits:
        yield f"the rule has {rule['hits']} hits, and was seen {history.fired} times; it fires {TIMES} times"
    listed = {image["id"]: image for image in client.all_images() or ()}
    for image_id, image in history.images.items():
        shown = listed.pop(image_id, None)
        if shown is None and not image.may_be_gone:
            yield f"{image_id} is missing"
        elif shown is not None and (image.is_gone or shown["name"] not in image.names):
            yield f"{image_id} is {shown['name']!r}, and should be {image}"
        elif shown is not None:
            yield from _check_file(url, image_id, image)
    yield from _check_jobs(url, history, listed)
    if len(listed) > history.unsure:
        yield f"{len(listed)} images are there that nobody knows of, after {history.unsure} lost responses"
    yield from _check_journal(url, history)


def _rule(url: str) -> dict[str, Any]:
    rule: dict[str, Any] = requests.get(f"{url}/_ims_mock/faults", timeout=60).json()["faults"][0]
    return rule


def _check_file(url: str, image_id: str, image: Image) -> Iterator[str]:
    response = requests.get(f"{url}/v2/images/{image_id}/file", headers={"X-Auth-Token": "t"}, timeout=60)
    yield from _compare_file(image_id, image, response)


def _compare_file(image_id: str, image: Image, response: requests.Response) -> Iterator[str]:
    found = hashlib.sha256(response.content).hexdigest() if response.status_code == 200 else None
    if found not in image.files:
        yield f"{image_id} has another file than was sent: {response.status_code}"


def _check_jobs(url: str, history: History, listed: dict[str, Any]) -> Iterator[str]:
    jobs = {job["id"]: job for job in requests.get(f"{url}/_ims_mock/jobs", timeout=60).json()["jobs"]}
    made = Counter(job["entities"].get("image_id") for job in jobs.values())
    for job_id in history.jobs:
        job = jobs.get(job_id)
        if job is None or job["status"] != "SUCCESS":
            yield f"the job {job_id} is {job}"
        elif listed.pop(job["entities"]["image_id"], None) is None or made[job["entities"]["image_id"]] != 1:
            yield f"the job {job_id} has made no image of its own"


def _check_journal(url: str, history: History) -> Iterator[str]:
    document = requests.get(f"{url}/_ims_mock/journal", timeout=60).json()
    entries = document["entries"]
    found = Counter(entry["request_id"] for entry in entries)
    statuses = {entry["request_id"]: entry["status"] for entry in entries}
    for request_id, status in history.requests.items():
        if found[request_id] != 1 or statuses[request_id] != status:
            yield f"the journal has {request_id} {found[request_id]} times, with {statuses.get(request_id)}"


def run(operations: int, seconds: float | None = None, seed: int = 0) -> History:
    """Let each client have so many responses while servers are killed, and return what the clients have seen."""
    history, chance = History(), random.Random(seed)
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        options = ("--quota", "1000000", "--journal-size", "1000000", "--jobs", "*=0", "--seed", str(seed))
        servers = stack.enter_context(replicas(3, redis.url, *options))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="ims")))
        url = stack.enter_context(balancer(folder, [server.port for server in servers]))
        fault = {"kind": "fail", "status": 400, "code": FIRED}
        rule = {"fault": fault, "operation": "list_tags", "times": TIMES}
        requests.post(f"{url}/_ims_mock/faults", json=rule, timeout=60).raise_for_status()
        until = None if seconds is None else time.monotonic() + seconds
        guests = [Guest(url, number, history) for number in range(GUESTS)]

        def work(number: int) -> None:
            client, turn = Client(url, number, history), 0
            while time.monotonic() < until if until is not None else client.responses < operations:
                turn += 1
                client.work()
                if turn % 7 == 0:
                    client.look_at_tags()

        def visit(guest: Guest) -> None:
            while not history.is_over.is_set():
                guest.work()

        with ThreadPoolExecutor(CLIENTS + GUESTS) as pool:
            visiting = [pool.submit(visit, guest) for guest in guests]
            working = [pool.submit(work, number) for number in range(CLIENTS)]
            try:
                while not all(future.done() for future in working):
                    history.count(disturb(servers, redis, chance, history))
            finally:
                history.is_over.set()
            for future in [*working, *visiting]:
                future.result()
        history.problems += check_end(url, history)
        history.problems += check_worlds(url, redis.client, guests)
    return history


def main() -> int:
    """Run for some time, print what happened, and return 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    history = run(0, options.seconds, options.seed)
    lines = [f"{count:8} {outcome}" for outcome, count in sorted(history.outcomes.items())]
    lines.append(f"{len(history.images)} images, {len(history.jobs)} jobs, {history.unsure} lost responses to creates")
    sys.stdout.write("\n".join([*lines, *(history.problems or ["nothing is wrong"]), ""]))
    return bool(history.problems)


if __name__ == "__main__":
    raise SystemExit(main())
