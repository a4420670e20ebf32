"""What a client does that it should not: each rule broken, and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from ims_mock import Drip, Fail, Hangup, ImsMock, LoseResponse, Mutate, Redirect, Reset, Throttle, Truncate
from ims_mock.evidence.audit import Finding, audit
from ims_mock.evidence.journal import Entry
from tests.conftest import Api

IMAGES = "/v2/images?limit=10"
CREATE = "glance_create_image_metadata"


class RealTime:
    """Real time, as far as the journal sees it; it stands still unless a test moves it."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the seconds of now."""
        return self.now


@pytest.fixture(autouse=True)
def real_time(monkeypatch: pytest.MonkeyPatch) -> RealTime:
    """Real time that does not pass, so that a slow machine is no patient client."""
    passed = RealTime()
    monkeypatch.setattr("ims_mock.service.service.real_seconds", passed)
    return passed


def found(api: Api) -> list[Finding]:
    """Return what is found in what a service was asked."""
    api.service.store.settle()
    return audit(api.service.journal, list(api.images.values()))


def rules(api: Api) -> list[str]:
    """Return the rules that a client has broken."""
    return [finding.rule for finding in found(api)]


def the_finding(api: Api) -> tuple[str, list[int]]:
    """Return the only thing that is found: its rule, and the numbers of the entries that show it."""
    (finding,) = found(api)
    return finding.rule, [entry.number for entry in finding.entries]


def ask(api: Api, *arguments: Any, waits: float = 0.0, **headers: str) -> Any:
    """Send a request after so many seconds of the mock's clock; a lost response is None."""
    api.clock.advance(waits)
    try:
        return api(*arguments, **headers)
    except (ConnectionError, TimeoutError):
        return None
    except Exception as error:
        if "IncompleteRead" not in repr(error):
            raise
        return None


# Refused for good.


@pytest.mark.parametrize("status", [400, 401, 402, 403, 405, 409, 410, 412, 413, 415, 422, 501])
def test_final_refusal_must_not_be_retried(api: Api, status: int) -> None:
    """A refusal that stays the same, and the same request after it, is a finding with both."""
    api.service.faults.add(Fail(status, code="APIGW.0201", message="no"))
    for _ in range(2):
        ask(api, "GET", IMAGES)
    assert the_finding(api) == ("retried_final_refusal", [1, 2])


@pytest.mark.parametrize("status", [408, 421, 423, 425, 429, 500, 502, 503, 504])
def test_passing_failure_may_be_retried(api: Api, status: int) -> None:
    """A failure that may be over by then is no refusal for good."""
    api.service.faults.add(Fail(status, code="APIGW.0201", message="no"), times=1)
    for _ in range(2):
        ask(api, "GET", IMAGES, waits=1)
    assert rules(api) == []


def test_each_try_of_what_was_refused_is_in_one_finding(api: Api) -> None:
    """However often it is sent, what was refused once is one finding."""
    for _ in range(4):
        ask(api, "POST", "/v2/images", b"[]")
    assert the_finding(api) == ("retried_final_refusal", [1, 2, 3, 4])


def test_finding_says_what_was_refused(api: Api) -> None:
    """A finding reads as a sentence, with the entries under it."""
    for _ in range(2):
        ask(api, "POST", "/v2/images", b"[]")
    (finding,) = found(api)
    first, *others = str(finding).splitlines()
    assert (
        first
        == f"retried_final_refusal: {CREATE} was rejected with 400, and sent again unchanged; change it before a retry"
    )
    assert others == [f"    {entry.number}. {entry}" for entry in finding.entries]


def test_refusal_of_no_route_must_not_be_retried_either(api: Api) -> None:
    """A method that a path does not have is not there at the next try."""
    for _ in range(2):
        ask(api, "PUT", "/v2/images")
    (finding,) = found(api)
    assert finding.text == "PUT /v2/images was rejected with 405, and sent again unchanged; change it before a retry"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("POST", "/v2/images", b"[]"), ("POST", "/v2/images", b"[1]")),
        (("DELETE", "/v2/images/a"), ("DELETE", "/v2/images/b")),
        (("PUT", "/v2/images/a/tags/x"), ("DELETE", "/v2/images/a/tags/x")),
    ],
)
def test_other_request_after_a_refusal_is_no_retry(api: Api, first: Any, second: Any) -> None:
    """Another body, path or method is another request."""
    assert ask(api, *first).status_code >= 400
    ask(api, *second)
    assert rules(api) == []


def test_other_headers_make_another_request(api: Api) -> None:
    """A client that was refused and sends other headers has mended something."""
    for media_type in ("text/plain", "application/json"):
        ask(api, "POST", "/v2/images", b"[]", Content_Type=media_type)
    assert rules(api) == []


def test_image_may_be_waited_for(api: Api) -> None:
    """What a read does not find may come, so asking again is no offence."""
    for _ in range(3):
        ask(api, "GET", "/v2/images/b9dabe2a-5761-4277-a87a-f2e1c8f54468", waits=1)
    assert rules(api) == []


@pytest.mark.parametrize(("waits", "expected"), [(0.0, ["retried_final_refusal"]), (5.0, [])])
def test_conflict_may_be_over_later(api: Api, waits: float, expected: list[str]) -> None:
    """A 409 that is asked for again at once is a finding, later it is not."""
    api.service.faults.add(Fail(409))
    for _ in range(2):
        ask(api, "GET", IMAGES, waits=waits)
    assert rules(api) == expected


# Waiting before the next try.


def tries(api: Api, *waits: float, method: str = "GET", path: str = IMAGES) -> None:
    """Send one request, and again after each of the waits."""
    for seconds in (0.0, *waits):
        ask(api, method, path, waits=seconds)


def test_retry_without_waiting(api: Api) -> None:
    """A client that tries again and again at once is reported, with each try."""
    api.service.faults.add(Fail(503))
    tries(api, 0, 0)
    assert the_finding(api) == ("retried_at_once", [1, 2, 3])


@pytest.mark.parametrize("fault", [Reset(), Hangup(), Truncate(3), LoseResponse(504), Fail(429)])
def test_retry_without_waiting_after_any_failure(api: Api, fault: Any) -> None:
    """Trying again at once is reported, whatever kind of failure it was."""
    api.service.faults.add(fault)
    tries(api, 0, 0)
    assert the_finding(api) == ("retried_at_once", [1, 2, 3])


def test_second_retry_has_to_wait(api: Api) -> None:
    """To wait first and not later is no back-off."""
    api.service.faults.add(Fail(503))
    tries(api, 1, 0)
    assert the_finding(api) == ("retried_at_once", [1, 2, 3])


@pytest.mark.parametrize("waits", [[0], [0, 1, 2], [0.5, 1, 2, 4], [1, 1], [0, 1, 1], [2, 2, 2.5]])
def test_back_off(api: Api, waits: list[float]) -> None:
    """A first retry may come at once, as urllib3's does; waiting longer each time is not reported."""
    api.service.faults.add(Fail(503))
    tries(api, *waits)
    assert rules(api) == []


@pytest.mark.parametrize("waits", [[1, 1, 1], [0, 1, 1, 1], [1, 1.05, 1, 1.09]])
def test_same_wait_each_time(api: Api, waits: list[float]) -> None:
    """Three retries after the same wait are no back-off."""
    api.service.faults.add(Fail(503))
    tries(api, *waits)
    assert the_finding(api) == ("retried_without_back_off", [*range(1, len(waits) + 2)])


def test_series_ends_with_success(api: Api) -> None:
    """What is asked for again after it has succeeded is no retry."""
    api.service.faults.add(Fail(503), times=1)
    tries(api, 1, 0)
    assert rules(api) == []


def test_other_requests_between_do_not_hide_a_retry(api: Api) -> None:
    """A retry is one, whatever else was asked for in between."""
    api.service.faults.add(Fail(503), path="/v2/images")
    for number in range(3):
        ask(api, "GET", IMAGES)
        ask(api, "GET", f"/v2/schemas/image?{number}")
    assert the_finding(api) == ("retried_at_once", [1, 3, 5])


def test_real_seconds_count_too(api: Api, real_time: RealTime) -> None:
    """Who sleeps in real time, while the mock's clock stands still, waits all the same."""
    api.service.faults.add(Fail(503))
    for seconds in (0.0, 1.0, 2.0, 4.0):
        real_time.now += seconds
        ask(api, "GET", IMAGES)
    assert rules(api) == []


def test_slow_response_is_no_failure(api: Api) -> None:
    """A response that drips has arrived, so that the next read is no retry."""
    api.service.faults.add(Drip(1e9))
    tries(api, 1, 0)
    assert rules(api) == []


def test_requests_under_way_together_are_no_retries() -> None:
    """Threads that ask for the same at the same time do not try again."""
    first = Entry("", 10, "GET", IMAGES, "glance_list_images", status=503, responded_at=12, seconds=2, number=1)
    both = [replace(first, number=number, received_at=11, arrived=1) for number in (2, 3)]
    assert audit([first, *both], []) == []


def test_two_callers_do_not_retry_each_others_requests() -> None:
    """What one user has failed with, and another sends, is no retry."""
    first = Entry("", 10, "GET", IMAGES, "glance_list_images", status=503, responded_at=10, caller="demo", number=1)
    others = [replace(first, caller=name, number=number) for number, name in enumerate(("alt", "ci"), 2)]
    assert audit([first, *others], []) == []


# Retry-After.


@pytest.mark.parametrize(
    ("waits", "text"),
    [(0, "at once"), (0.007, "at once"), (1, "after 1.0 s"), (1.004, "after 1.0 s"), (4.8, "after 4.8 s")],
)
def test_retry_after_is_to_be_obeyed(api: Api, waits: float, text: str) -> None:
    """A try before the time that the response gave is reported, with both, and without the machine's milliseconds."""
    api.service.faults.add(Fail(503, retry_after=5), times=1)
    tries(api, waits)
    (finding,) = found(api)
    assert (finding.rule, [entry.number for entry in finding.entries]) == ("retry_after_not_obeyed", [1, 2])
    assert finding.text == f"Retry-After said 5 s, but the next try came {text}; wait as long as it says"


def test_retry_after_is_obeyed(api: Api) -> None:
    """A client may wait each time exactly as long as the response says."""
    api.service.faults.add(Fail(503, retry_after=5))
    tries(api, 5, 5, 5, 6)
    assert rules(api) == []


def test_throttled_client_that_waits(api: Api) -> None:
    """A client that comes back when a throttle says so has done well."""
    api.service.faults.add(Throttle(1, 10))
    ask(api, "GET", IMAGES)
    refused = ask(api, "GET", "/v2/images?limit=1")
    ask(api, "GET", "/v2/images?limit=1", waits=int(refused.headers["Retry-After"]))
    assert rules(api) == []


# Reads.


def test_repeated_reads(api: Api) -> None:
    """Three reads of the same image with the same response, at once after each other, are reported."""
    tries(api, 0, 0)
    assert the_finding(api) == ("repeated_reads", [1, 2, 3])


@pytest.mark.parametrize("waits", [[0], [1, 1, 1], [0, 1, 0]])
def test_polling_is_no_repeated_read(api: Api, waits: list[float]) -> None:
    """Two reads, and any number with a pause between them, are no finding."""
    tries(api, *waits)
    assert rules(api) == []


def test_other_response_is_no_repeated_read(api: Api) -> None:
    """A read that has seen something new was worth it."""
    for number in range(3):
        ask(api, "GET", IMAGES)
        api.service.store.images.clear()
        api.service.faults.clear()
        api.service.faults.add(Mutate("/next", "value", str(number)), operation="glance_list_images")
    assert rules(api) == []


def test_failed_reads_are_retries(api: Api) -> None:
    """Reads that got no response are reported as retries alone."""
    api.service.faults.add(Reset())
    tries(api, 0, 0)
    assert rules(api) == ["retried_at_once"]


def test_writes_are_no_reads(api: Api) -> None:
    """The same write three times is no repeated read."""
    path = api.create()["self"] + "/tags/a"
    tries(api, 0, 0, method="PUT", path=path)
    assert "repeated_reads" not in rules(api)


def test_list_without_a_limit(api: Api) -> None:
    """Lists without a limit are one finding with all of them, refused or not."""
    ask(api, "GET", "/v2/images")
    ask(api, "GET", IMAGES)
    ask(api, "GET", "/v2/images?name=a&limits=5")
    assert the_finding(api) == ("list_without_limit", [1, 3])


# What is left behind.


def test_image_left_queued(api: Api) -> None:
    """An image that was created and got no file is reported, with its create."""
    api.create(name="left")
    api("DELETE", api.create(name="deleted")["self"])
    uploaded = api.create(name="uploaded")
    api("PUT", uploaded["file"], b"1", Content_Type="application/octet-stream")
    assert the_finding(api) == ("image_left_queued", [1])


def test_upload_that_takes_time_is_no_image_left() -> None:
    """An image whose file has come may be queued for a while."""
    api = Api(delays={"queued": 60})
    file = api.create()["file"]
    api("PUT", file, b"1", Content_Type="application/octet-stream")
    assert next(iter(api.images.values()))["status"] == "queued"
    assert rules(api) == []


def test_image_of_the_tester_is_not_the_clients(api: Api) -> None:
    """An image that was added without a request is nobody's fault."""
    api("POST", "/_ims_mock/images", {"name": "a"})
    assert rules(api) == []


def test_id_that_is_none_is_no_offence(api: Api) -> None:
    """A response whose id a fault has replaced is read all the same."""
    entry = Entry("", 0, "POST", "/v2/images", CREATE, status=201, is_done=True, response_body=b'{"id": []}')
    assert audit([entry], [{"id": "a", "status": "queued"}]) == []


# Twice.


LOST = [LoseResponse("reset"), LoseResponse("hangup"), LoseResponse("timeout"), LoseResponse(500), Truncate(9)]


@pytest.mark.parametrize("fault", LOST, ids=str)
def test_duplicate_after_a_lost_response(api: Api, fault: Any) -> None:
    """A create that was sent again because its response was lost is reported, with both that were done."""
    api.service.faults.add(fault, times=1)
    for _ in range(2):
        ask(api, "POST", "/v2/images", {"name": "a"}, waits=1)
    assert len(api.images) == 2
    (finding,) = [finding for finding in found(api) if finding.rule != "image_left_queued"]
    assert (finding.rule, [entry.number for entry in finding.entries]) == ("duplicate_after_lost_response", [1, 2])


def test_create_with_an_id_makes_no_duplicate(api: Api) -> None:
    """A client that gives the id itself is refused the second time, and has made one image."""
    body = {"id": "7ca8ad4e-ee6c-4cd6-b0a1-5d9f5a2a2a2a"}
    api.service.faults.add(LoseResponse("reset"), times=1)
    for _ in range(2):
        ask(api, "POST", "/v2/images", body, waits=1)
    assert [entry.status for entry in api.service.journal] == [201, 409]
    assert rules(api) == ["image_left_queued"]


def test_create_that_was_not_done_makes_no_duplicate(api: Api) -> None:
    """A request that never arrived may be sent again."""
    api.service.faults.add(Reset(), times=1)
    for _ in range(2):
        ask(api, "POST", "/v2/images", {"name": "a"}, waits=1)
    assert rules(api) == ["image_left_queued"]


def test_client_that_tidies_up_makes_no_duplicate(api: Api) -> None:
    """A client that looks what has become of its create, and deletes it before the next, leaves one image."""
    api.service.faults.add(LoseResponse("reset"), operation=CREATE, times=1)
    ask(api, "POST", "/v2/images", {"name": "a"})
    (left,) = ask(api, "GET", "/v2/images?name=a&limit=2", waits=1).get_json()["images"]
    ask(api, "DELETE", left["self"])
    ask(api, "POST", "/v2/images", {"name": "a"}, waits=1)
    assert rules(api) == ["image_left_queued"]


def test_same_create_twice_is_no_duplicate(api: Api) -> None:
    """A client that got its response, and creates another image of the same kind, wants two."""
    for _ in range(2):
        ask(api, "POST", "/v2/images", {"name": "a"})
    assert rules(api) == ["image_left_queued", "image_left_queued"]


def test_log_in_that_is_repeated_is_no_duplicate(api: Api) -> None:
    """A token more does no harm."""
    user = {"name": "demo", "password": "secret", "domain": {"name": "Default"}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    api.service.faults.add(LoseResponse("reset"), times=1)
    for _ in range(2):
        ask(api, "POST", "/v3/auth/tokens", body, waits=1)
    assert [entry.is_done for entry in api.service.journal] == [True, True]
    assert rules(api) == []


# Real clients.


@pytest.fixture
def new_session(ims_mock: ImsMock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., requests.Session]]:
    """Return what makes a session of requests with a Retry; its sleeps move the mock's clock."""
    monkeypatch.setattr(time, "sleep", lambda seconds: ims_mock.clock.advance(seconds))
    made: list[requests.Session] = []

    def new(**settings: Any) -> requests.Session:
        session = requests.Session()
        session.headers["X-Auth-Token"] = ims_mock.token
        session.mount(ims_mock.url, HTTPAdapter(max_retries=Retry(allowed_methods=None, **settings)))
        made.append(session)
        return session

    yield new
    for session in made:
        session.close()


def broken(mock: ImsMock) -> list[str]:
    """Return the rules that a mock's client has broken."""
    return [finding.rule for finding in mock.audit()]


def test_urllib3_without_back_off(ims_mock: ImsMock, new_session: Any) -> None:
    """A Retry as it is by default tries again at once."""
    ims_mock.faults.add(Fail(503), times=3)
    assert new_session(total=3, status_forcelist=[503]).get(ims_mock.url + IMAGES).status_code == 200
    assert broken(ims_mock) == ["retried_at_once"]


def test_urllib3_with_back_off(ims_mock: ImsMock, new_session: Any) -> None:
    """A Retry with a back-off gets no findings."""
    ims_mock.faults.add(Fail(503), times=4)
    session = new_session(total=4, status_forcelist=[503], backoff_factor=0.5)
    assert session.get(ims_mock.url + IMAGES).status_code == 200
    assert broken(ims_mock) == []


@pytest.mark.parametrize(("is_obeyed", "expected"), [(True, []), (False, ["retry_after_not_obeyed"] * 2)])
def test_urllib3_and_retry_after(ims_mock: ImsMock, new_session: Any, is_obeyed: bool, expected: list[str]) -> None:
    """A Retry obeys Retry-After unless it is set not to."""
    ims_mock.faults.add(Fail(429, retry_after=5), times=2)
    session = new_session(total=3, status_forcelist=[429], respect_retry_after_header=is_obeyed)
    assert session.get(ims_mock.url + IMAGES).status_code == 200
    assert broken(ims_mock) == expected


def test_urllib3_that_retries_a_create(ims_mock: ImsMock, new_session: Any) -> None:
    """A Retry that is allowed to send a POST again makes two images of one, when a response is lost."""
    ims_mock.faults.add(LoseResponse("reset"), times=1)
    session = new_session(total=2, backoff_factor=1)
    image = session.post(ims_mock.url + "/v2/images", json={"name": "a"}).json()
    for image_id in ims_mock.images:
        session.put(
            f"{ims_mock.url}/v2/images/{image_id}/file", b"1", headers={"Content-Type": "application/octet-stream"}
        )
    assert image["name"] == "a"
    assert broken(ims_mock) == ["duplicate_after_lost_response"]


def test_urllib3_that_retries_what_is_refused(ims_mock: ImsMock, new_session: Any) -> None:
    """A Retry with the wrong statuses asks again for what stays refused."""
    session = new_session(total=2, status_forcelist=[400], backoff_factor=1, raise_on_status=False)
    assert session.get(ims_mock.url + "/v2/images?limit=x").status_code == 400
    (finding,) = ims_mock.audit()
    assert (finding.rule, len(finding.entries)) == ("retried_final_refusal", 3)


def test_well_behaved_client(ims_mock: ImsMock, new_session: Any) -> None:
    """A client that does everything as it should, in spite of faults, gets no findings."""
    ims_mock.reset(delays={"queued": 2, "saving": 5})
    ims_mock.faults.add(Fail(503), operation=CREATE, times=2)
    ims_mock.faults.add(Fail(429, retry_after=3), operation="glance_show_image", times=1)
    session = new_session(total=3, status_forcelist=[429, 503], backoff_factor=1)
    image = session.post(ims_mock.url + "/v2/images", json={"name": "a"}).json()
    upload = session.put(ims_mock.url + image["file"], data=b"1", headers={"Content-Type": "application/octet-stream"})
    assert upload.status_code == 204
    for _ in range(9):
        if session.get(ims_mock.url + image["self"]).json()["status"] == "active":
            break
        ims_mock.clock.advance(1)
    (listed,) = session.get(ims_mock.url + IMAGES).json()["images"]
    assert listed["status"] == "active"
    assert broken(ims_mock) == []


# Over the control API.


def test_audit_over_http(api: Api) -> None:
    """The control API shows each finding, with the numbers of the entries that show it."""
    for _ in range(2):
        ask(api, "PUT", "/v2/images")
    assert api("GET", "/_ims_mock/audit").get_json() == {
        "findings": [
            {
                "rule": "retried_final_refusal",
                "text": "PUT /v2/images was rejected with 405, and sent again unchanged; change it before a retry",
                "entries": [1, 2],
            }
        ]
    }


def test_nothing_asked_is_nothing_found(api: Api) -> None:
    """A journal without requests has no findings."""
    assert api("GET", "/_ims_mock/audit").get_json() == {"findings": []}


def test_audit_takes_its_time_from_the_number_of_requests() -> None:
    """Requests are gone through as often as there are rules, and not as often as there are pairs of requests."""
    looks = 0

    class Watched(Entry):
        __slots__ = ()

        def __getattribute__(self, name: str) -> Any:
            nonlocal looks
            looks += name == "path"
            return super().__getattribute__(name)

    entries = [Watched("", 0, "GET", f"/{number}", "glance_show_image", status=503) for number in range(1000)]
    assert audit(entries, []) == []
    assert looks < 20 * len(entries)


def test_redirects_are_no_repeated_reads(ims_mock: ImsMock) -> None:
    """Where the service sends a client is not the client's to say."""
    ims_mock.faults.add(Redirect(), times=4)
    requests.get(f"{ims_mock.url}/v2/images?limit=1", headers={"X-Auth-Token": "t"}, timeout=10)
    assert "repeated_reads" not in [finding.rule for finding in ims_mock.audit()]


# Log-ins.


PASSWORD = {
    "auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "secret"}}}}
}
LOG_IN = ("POST", "/v3/auth/tokens", PASSWORD)
ROOT = ("GET", "/identity")


def one_and(request: tuple[Any, ...], times: int) -> list[tuple[Any, ...]]:
    """Return a log-in and a request, so many times."""
    return [LOG_IN, request] * times


@pytest.mark.parametrize(
    "requests",
    [
        one_and(("GET", IMAGES), 3),
        [LOG_IN, LOG_IN, LOG_IN],
        one_and(("GET", "/"), 3),
        [ROOT, *one_and(("GET", "/v2/schemas/image"), 2), LOG_IN, LOG_IN, ("GET", "/")],
    ],
)
def test_log_in_for_each_request(api: Api, requests: list[tuple[Any, ...]]) -> None:
    """Three log-ins or more, each for one request at most, are a finding with every log-in."""
    for request in requests:
        assert ask(api, *request).status_code < 400
    rule, entries = the_finding(api)
    assert rule == "logged_in_for_each_request"
    assert entries == [number for number, request in enumerate(requests, 1) if request is LOG_IN]


@pytest.mark.parametrize(
    "requests",
    [
        one_and(("GET", IMAGES), 2),
        [LOG_IN, ("GET", IMAGES), ("GET", "/v2/schemas/image")] * 3,
        [ROOT, LOG_IN, ("GET", IMAGES)] * 3,
        [("GET", "/v3"), LOG_IN, ("GET", IMAGES)] * 3,
        [LOG_IN, ("GET", "/"), ("GET", IMAGES)] * 3,
        [LOG_IN, LOG_IN, ("POST", "/v3/auth/tokens", {"auth": {**PASSWORD["auth"], "scope": "unscoped"}})],
    ],
    ids=[
        "twice",
        "token for two requests",
        "commands",
        "commands that know the version",
        "commands that ask for none",
        "another log-in",
    ],
)
def test_log_ins_with_a_reason(api: Api, requests: list[tuple[Any, ...]]) -> None:
    """Fewer log-ins, tokens that are kept, each new run of a command, and another scope are no finding."""
    for request in requests:
        assert ask(api, *request).status_code < 400
    assert "logged_in_for_each_request" not in rules(api)


def test_log_in_after_the_end_of_a_token(api: Api) -> None:
    """A client that logs in when its token has expired does what it should."""
    for _ in range(4):
        ask(api, *LOG_IN, waits=24 * 3600)
    assert rules(api) == []


def test_log_in_after_a_refused_token(api: Api) -> None:
    """A client that logs in when its token is refused does what it should."""
    api.service.faults.add(Fail(401), operation="glance_list_images")
    for request in one_and(("GET", IMAGES), 4):
        ask(api, *request)
    assert "logged_in_for_each_request" not in rules(api)
