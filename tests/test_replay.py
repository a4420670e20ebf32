"""The same seed and the same requests get the same responses, byte for byte, and the same journal."""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from ims_mock import ImsMock
from ims_mock.evidence.delivery import Delivery
from ims_mock.evidence.journal import Entry
from tests.conftest import PAGE, Api

RULES = [
    "503 probability 0.05",
    "glance_list_images: throttle(20, 1)",
    "glance_show_image: delay(1, 0.5) probability 0.3",
    "glance_list_images: lognormal_delay(1, 0.5) probability 0.3",
    "glance_create_image_metadata: lose_response(reset) probability 0.1",
    "glance_create_image_metadata: lose_response(504) probability 0.1",
    "reset probability 0.03",
    "hangup probability 0.03",
    "glance_list_images: truncate(10) probability 0.1",
    "glance_show_image: drip(1000) probability 0.1",
    "garble(html_502) probability 0.03",
    "garble(invalid_utf8) probability 0.03",
    'glance_show_image: mutate(/__data_origin, "retype") probability 0.2',
    "glance_show_image: stale(reads=2)",
    "glance_list_images: stale(seconds=0.5)",
    "glance_list_images: looping_marker every 3",
    "glance_show_image: redirect probability 0.1",
    "glance_upload_image: bad_upload(killed) probability 0.3",
    "glance_upload_image: bad_upload(checksum) probability 0.3",
    "glance_list_images: sequence(500, pass, 504) x10",
]
SETTINGS: dict[str, Any] = {
    "seed": 7,
    "start": PAGE,
    "faults": [f"{rule} optional" for rule in RULES],
    "delays": {"queued": 2, "saving": 5},
}
REQUESTS = 300

Response = tuple[Any, ...]
"""What a client saw: status, headers and body, or what was raised."""


def requests_of_a_run() -> list[tuple[str, str, bytes | None, str]]:
    """Return what a client asks for; the same each time, whatever is returned."""
    choose = random.Random(0)
    asked: list[tuple[str, str, bytes | None, str]] = []
    for number in range(REQUESTS):
        image = f"/v2/images/00000000-0000-4000-8000-{choose.randrange(20):012}"
        body = json.dumps({"id": image[-36:], "name": f"n{number}"}).encode()
        kinds = [
            ("POST", "/v2/images", body, "application/json"),
            ("POST", "/v2/images", b'{"name": "a"}', "application/json"),
            ("PUT", f"{image}/file", b"content", "application/octet-stream"),
            ("GET", "/v2/images?limit=2", None, ""),
            ("GET", image, None, ""),
            ("GET", f"{image}/file", None, ""),
            ("DELETE", image, None, ""),
            ("GET", "/nope", None, ""),
        ]
        asked.append(choose.choice(kinds))
    return asked


def run(mock: ImsMock) -> list[Response]:
    """Send the requests one after the other over a real socket, and return every response."""
    return [ask(mock, *request) for request in requests_of_a_run()]


def ask(mock: ImsMock, method: str, path: str, body: bytes | None, media_type: str) -> Response:
    """Send one request over a connection of its own."""
    headers = {"X-Auth-Token": "t", "Content-Type": media_type} if body is not None else {"X-Auth-Token": "t"}
    connection = http.client.HTTPConnection(urlsplit(mock.url).netloc, timeout=60)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        head = response.status, response.reason, response.getheaders()
        try:
            return (*head, response.read())
        except http.client.IncompleteRead as error:
            return (*head, error.partial, error.expected)
    except (ConnectionError, http.client.HTTPException) as error:
        return type(error).__name__, str(error)
    finally:
        connection.close()


def recorded(mock: ImsMock) -> tuple[list[Response], list[Entry], dict[str, Any]]:
    """Return the responses of a run, its journal, and the images that it has left."""
    responses = run(mock)
    return responses, list(mock.journal), dict(mock.images)


@pytest.mark.slow
def test_replay_on_the_same_server(ims_mock: ImsMock) -> None:
    """After a reset with the same seed and start, the same requests get the same responses, entries and images."""
    ims_mock.reset(**SETTINGS)
    first = recorded(ims_mock)
    ims_mock.reset(**SETTINGS)
    second = recorded(ims_mock)
    assert first[0] == second[0]
    assert first[1] == second[1]
    assert first[2] == second[2]
    assert len(first[1]) == REQUESTS


def test_run_has_faults_of_many_kinds(ims_mock: ImsMock) -> None:
    """What is replayed here is no quiet run: nearly every rule fires, and every kind of end is seen."""
    ims_mock.reset(**SETTINGS)
    responses, entries, _ = recorded(ims_mock)
    fired = {rule for entry in entries for rule in entry.rules}
    assert len(fired) >= 16
    assert {response[0] for response in responses} >= {200, 201, 204, 302, 404, 502, 503, "ConnectionResetError"}
    assert "RemoteDisconnected" in {response[0] for response in responses}
    assert any(len(response) == 5 for response in responses)


@pytest.mark.slow
def test_replay_on_another_server() -> None:
    """Another mock, on another port, has the same bodies, ids and times."""

    def replay() -> list[Any]:
        with ImsMock(**SETTINGS) as mock:
            run(mock)
            return [
                (
                    entry.request_id,
                    entry.received_at,
                    entry.responded_at,
                    entry.status,
                    entry.response_body,
                    entry.rules,
                )
                for entry in mock.journal
            ]

    assert replay() == replay()


@pytest.mark.slow
def test_other_seed_is_another_run(ims_mock: ImsMock) -> None:
    """With another seed the rules apply to other requests, and other ids are given out."""
    runs = []
    for seed in (7, 8):
        ims_mock.reset(**{**SETTINGS, "seed": seed})
        run(ims_mock)
        runs.append([(entry.request_id, entry.rules) for entry in ims_mock.journal])
    assert not {request_id for request_id, _ in runs[0]} & {request_id for request_id, _ in runs[1]}
    assert [rules for _, rules in runs[0]] != [rules for _, rules in runs[1]]


@pytest.mark.parametrize(
    "rule",
    [
        "503 probability 0.5",
        "delay(1, 1)",
        "lognormal_delay(1, 1)",
        "sequence(500, pass, delay(1, 1)) x20",
        "throttle(3, 10)",
        "delay(2, 1) every 2",
        "503 between 3 9 probability 0.5",
    ],
)
def test_each_rule_with_chances_is_replayed(api: Api, rule: str) -> None:
    """Whatever in a rule is left to chance, or to the clock, is so again in the replay."""

    def replay() -> list[Entry]:
        api.service.reset(seed="replay", faults=[rule])
        for _ in range(20):
            api("GET", "/v2/images?limit=1")
            api.clock.advance(0.5)
        return list(api.service.journal)

    assert replay() == replay()


def test_faults_of_a_header_are_replayed(api: Api) -> None:
    """A fault that a request asks for itself draws its chances from the seed too."""

    def replay() -> list[float]:
        api.service.reset()
        for _ in range(5):
            api("GET", "/v2/images", X_IMS_Mock_Fault="delay(5, 5)")
        return [entry.responded_at for entry in api.service.journal]

    first = replay()
    assert first == replay()
    assert len({later - earlier for earlier, later in pairwise(first)}) > 1


def test_tokens_and_keys_are_replayed() -> None:
    """What a log-in gives out follows from the seed."""

    def replay(api: Api) -> list[str]:
        user = {"name": "demo", "password": "secret", "domain": {"name": "Default"}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
        return [api("POST", "/v3/auth/tokens", body).headers["X-Subject-Token"] for _ in range(3)]

    assert replay(Api(seed=1)) == replay(Api(seed=1)) != replay(Api(seed=2))


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"arrived": 5.0}, True),
        ({"seconds": 5.0}, True),
        ({"base_url": "http://elsewhere"}, True),
        ({"responded_at": 5.0}, False),
        ({"rules": ("1",)}, False),
        ({"ignored": ("/a",)}, False),
        ({"response_body": b"other"}, False),
        ({"delivery": Delivery("reset")}, False),
        ({"is_done": True}, False),
        ({"number": 2}, False),
    ],
)
def test_entries_differ_in_what_the_mock_has_done(change: dict[str, Any], is_same: bool) -> None:
    """Two entries are equal when all is but real time and where the mock listens."""
    entry = Entry("", 0, "GET", "/", None)
    assert (entry == Entry("", 0, "GET", "/", None, **change)) is is_same


def test_requests_sees_the_same_twice(ims_mock: ImsMock) -> None:
    """A client that follows redirects and keeps its connection sees the same each time."""

    def replay() -> list[Any]:
        ims_mock.reset(seed=3, start=PAGE, faults=["redirect(/v2) probability 0.5", "delay(1, 1)"])
        with requests.Session() as session:
            session.headers["X-Auth-Token"] = "t"
            responses = [session.get(f"{ims_mock.url}/v2/images?limit=1") for _ in range(10)]
        return [
            (response.status_code, dict(response.headers), response.content, response.url) for response in responses
        ]

    first = replay()
    entries = list(ims_mock.journal)
    assert first == replay()
    assert entries == list(ims_mock.journal)


def test_log_of_a_run_is_the_same(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """The lines of the log are the same in the replay, times included."""

    def replay(log: Callable[[], None]) -> list[str]:
        api.service.reset(faults=["delay(3, 1)"])
        log()
        for number in range(3):
            api("GET", f"/v2/images?limit={number}")
        return [record.getMessage() for record in caplog.records]

    caplog.set_level("INFO", "ims_mock")
    first = replay(caplog.clear)
    assert first == replay(caplog.clear)
    assert len(first) == 3
