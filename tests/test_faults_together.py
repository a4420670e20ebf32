"""Faults of all kinds at once, under many threads: nothing hangs, and everything adds up."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections import Counter
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from ims_mock import ImsMock
from ims_mock.faults.connections import UNTIL_THE_CLIENT_GIVES_UP
from tests.examples import KINDS_IN_TABLES

THREADS = 16
MOST_ROUNDS = 10
OUTCOMES = {"ConnectionResetError", "RemoteDisconnected", "IncompleteRead", 200, 201, 204, 302, 429, 502, 503}
RULES = [
    "503 probability 0.03",
    "glance_list_images: throttle(1, 1800)",
    "glance_show_image: delay(1, 0.5) probability 0.2",
    "glance_list_images: lognormal_delay(1, 0.5) probability 0.1",
    "glance_create_image_metadata: lose_response(reset) probability 0.05",
    "glance_create_image_metadata: lose_response(504) probability 0.05",
    "glance_delete_image: lose_response(timeout) probability 0.05",
    "reset probability 0.02",
    "hangup probability 0.02",
    "glance_list_images: truncate(10) probability 0.05",
    "glance_show_image: drip(1000) probability 0.1",
    "glance_show_image: stall(5) probability 0.03",
    "garble(html_502) probability 0.02",
    "garble(invalid_json) probability 0.02",
    "glance_show_image: mutate(/__data_origin, null) probability 0.1",
    "glance_show_image: stale(reads=2) every 4",
    "glance_list_images: stale(seconds=5000) every 4",
    "glance_list_images: looping_marker every 3",
    "glance_show_image: redirect probability 0.05",
    "glance_upload_image: bad_upload(killed) probability 0.2",
    "glance_upload_image: bad_upload(saving) probability 0.2",
    "glance_upload_image: bad_upload(checksum) probability 0.2",
    "glance_list_images: sequence(500, pass, reset) x30",
    "fail_job probability 0.3",
    "stick_job probability 0.2",
    "bad_job(no_image) probability 0.8",
]


class Client:
    """One client of the service that takes every failure as it comes, and keeps count of what it has sent."""

    def __init__(self, mock: ImsMock, number: int, requests: int = 1) -> None:
        self._requests = requests
        self._random = random.Random(number)
        self._address = urlsplit(mock.url).netloc
        self._connection = http.client.HTTPConnection(self._address, timeout=60)
        self._seen = ["nope"]
        self.outcomes: Counter[Any] = Counter()

    def __call__(self) -> None:
        """Send the requests."""
        for _ in range(self._requests):
            self.outcomes[self.ask(*self._next())] += 1
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _next(self) -> tuple[str, str, bytes | None]:
        image = f"/v2/images/{self._random.choice(self._seen[-20:])}"
        return self._random.choice(
            [
                ("POST", "/v2/images", b'{"name": "a"}'),
                ("PUT", f"{image}/file", b"content"),
                ("GET", "/v2/images?limit=2", None),
                ("GET", image, None),
                ("GET", image, None),
                ("DELETE", image, None),
                *2 * [("POST", f"{image.replace('/v2/', '/v1/cloud')}/copy", b'{"name": "copied"}')],
            ]
        )

    def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """Send one request, over a new connection after one that has failed; return its status or what was raised."""
        media_type = "application/octet-stream" if method == "PUT" else "application/json"
        try:
            self._connection.request(method, path, body, {"X-Auth-Token": "t", "Content-Type": media_type})
            response = self._connection.getresponse()
            content = response.read()
        except (http.client.HTTPException, OSError) as error:
            self._connection.close()
            return type(error).__name__
        if response.status == 201:
            self._note(content)
        return response.status

    def _note(self, content: bytes) -> None:
        with suppress(ValueError):  # Garbled: the image is there, and this client does not know of it.
            self._seen.append(json.loads(content)["id"])


def let_all_ask(mock: ImsMock, number: int, requests: int) -> Counter[Any]:
    """Let 16 clients ask at the same time, the first of them with this number; return what they have seen."""
    clients = [Client(mock, number + one, requests) for one in range(THREADS)]
    threads = [threading.Thread(target=client, daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        # What waits for its client to give up waits for the clock too.
        mock.clock.advance(UNTIL_THE_CLIENT_GIVES_UP)
        threads[0].join(0.05)
        threads = [thread for thread in threads if thread.is_alive()] or threads[:1]
    return sum((client.outcomes for client in clients), Counter())


@pytest.mark.slow
@pytest.mark.parametrize("requests", [160, pytest.param(640, marks=pytest.mark.thorough)])
def test_faults_of_all_kinds_under_many_threads(ims_mock: ImsMock, requests: int) -> None:
    """The requests of 16 threads, up to 10,000, all come to an end, are in the journal, and make the hits it says."""
    ims_mock.reset(journal_size=MOST_ROUNDS * THREADS * requests, faults=RULES)
    assert {rule.fault.kind() for rule in ims_mock.faults} == KINDS_IN_TABLES
    outcomes: Counter[Any] = Counter()
    # How the requests of the threads meet the clock is chance, and with it what is left for the rarest rules.
    for number in range(MOST_ROUNDS):
        outcomes += let_all_ask(ims_mock, number * THREADS, requests)
        sent = (number + 1) * THREADS * requests
        if all(rule.hits for rule in ims_mock.faults) and outcomes.keys() >= OUTCOMES:
            break

    assert sum(outcomes.values()) == sent
    entries = list(ims_mock.journal)
    assert len(entries) == ims_mock.journal.received == sent
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert ims_mock.journal.in_progress() == []
    noted = Counter(rule_id for entry in entries for rule_id in entry.rules)
    assert noted == Counter({rule.id: rule.hits for rule in ims_mock.faults})
    assert all(noted[rule.id] for rule in ims_mock.faults)
    assert outcomes.keys() >= OUTCOMES
    created = [entry for entry in entries if entry.operation == "glance_create_image_metadata" and entry.is_done]
    deleted = [entry for entry in entries if entry.operation == "glance_delete_image" and entry.is_done]
    named = [image for image in ims_mock.images.values() if image["name"] == "a"]
    assert len(named) == len(created) - len(deleted)

    ims_mock.faults.clear()
    one_more = Client(ims_mock, MOST_ROUNDS * THREADS)
    assert one_more.ask("GET", "/v2/images?limit=2") == 200
    one_more.close()
