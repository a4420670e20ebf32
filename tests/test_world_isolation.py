"""Many threads in many worlds of one server: nothing of one world is ever seen in another."""

from __future__ import annotations

import http.client
import json
import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import pytest

from ims_mock import ImsMock
from tests.web.test_worlds import new_world

THREADS = 16
HITS = 5
"""How often the rule of each world fires."""


class Client:
    """A connection to a server, and what has been created in each world, by the thread that has the connection."""

    def __init__(self, url: str, seed: int) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        self.random = random.Random(seed)
        self.ids: dict[str, set[str]] = {}
        self.failed = Counter[str]()

    def ask(self, method: str, world: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, str]:
        """Send a request to a world, named by one of the ways, and return status, document and reason."""
        way = self.random.choice(["path", "header", "host", "token", "key"])
        sent = {"X-Auth-Token": f"ims-mock-token-{world}", "Content-Type": "application/json", **headers}
        target = f"/~{world}{path}" if way == "path" else path
        if way == "header":
            sent = {**sent, "X-IMS-Mock-World": world, "X-Auth-Token": "any"}
        elif way == "host":
            sent = {**sent, "Host": f"{world}.localhost", "X-Auth-Token": "any"}
        elif way == "key":
            signature = f"SDK-HMAC-SHA256 Access=demo-{world}-ak, SignedHeaders=host, Signature={'0' * 64}"
            sent = {**sent, "X-Auth-Token": "", "Authorization": signature}
        self._connection.request(method, target, None if body is None else json.dumps(body), sent)
        response = self._connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else None, response.headers.get("X-IMS-Mock-Reason", "")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def work(self, world: str) -> None:
        """Do one of the things that a client does, in one world; raise AssertionError for what is another world's."""
        own = self.ids.setdefault(world, set())
        action = self.random.randrange(10)
        if action < 3:
            status, image, _ = self.ask("POST", world, "/v2/images", {"name": world})
            if status == 201:
                own.add(image["id"])
            else:
                self.failed[world] += 1
                assert status == 503
        elif action < 6:
            _, page, _ = self.ask("GET", world, "/v2/images?limit=50")
            assert {image["name"] for image in page["images"]} <= {world}
        elif own and action < 8:
            image_id = self.random.choice(sorted(own))
            status, image, reason = self.ask("GET", world, f"/v2/images/{image_id}")
            assert (status, image["name"]) == (200, world), reason
        elif own and action == 8:
            image_id = self.random.choice(sorted(own))
            assert self.ask("DELETE", world, f"/v2/images/{image_id}")[0] == 204
            own.remove(image_id)


def check_isolation(mock: ImsMock, worlds: list[str], requests: int) -> None:
    """Let threads work in worlds at once, and look what each world has at the end."""
    rule = {"fault": {"kind": "fail", "status": 503}, "operation": "glance_create_image_metadata", "times": HITS}
    for world in worlds:
        new_world(mock, world, faults=[rule])

    def run(client: Client) -> None:
        for _ in range(requests // THREADS):
            client.work(client.random.choice(worlds))

    with ExitStack() as stack:
        clients = [stack.enter_context(closing(Client(mock.url, seed))) for seed in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(run, clients))
        check_what_is_left(mock, worlds, clients, requests)


def check_what_is_left(mock: ImsMock, worlds: list[str], clients: list[Client], requests: int) -> None:
    """Raise AssertionError unless each world has what the clients have made there, and nothing else."""
    final = clients[0]
    total = 0
    for world in worlds:
        status, state, _ = final.ask("GET", world, "/_ims_mock/state")
        assert status == 200
        images = {item["image"]["id"] for item in state["images"]}
        assert images == set().union(*(client.ids.get(world, set()) for client in clients))
        _, rules, _ = final.ask("GET", world, "/_ims_mock/faults")
        failed = sum(client.failed[world] for client in clients)
        assert (failed, [item["hits"] for item in rules["faults"]]) == (HITS, [HITS])
        _, journal, _ = final.ask("GET", world, "/_ims_mock/journal")
        assert set(re.findall(r'\\"name\\":\s*\\"(w[0-9]+)', json.dumps(journal["entries"]))) == {world}
        total += journal["received"]
    assert len(mock.images) == 0
    assert total >= requests * 0.7  # Some have nothing to show or to delete yet.
    assert not list(mock.journal)


@pytest.mark.slow
def test_worlds_do_not_meet() -> None:
    """Eight worlds, 16 threads: images, rules and journals of one are in no other."""
    with ImsMock() as mock:
        check_isolation(mock, [f"w{number}" for number in range(8)], 1600)


@pytest.mark.thorough
def test_many_worlds_do_not_meet() -> None:
    """The same for 64 worlds and 20,000 requests."""
    with ImsMock() as mock:
        check_isolation(mock, [f"w{number}" for number in range(64)], 20_000)
