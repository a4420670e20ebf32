"""What was received, what was returned, and why."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import socket
import threading
import tracemalloc
from typing import Any

import pytest

from ims_mock import Delay, Fail, ImsMock, LoseResponse, Mutate, Sequence
from ims_mock.evidence.har import to_har
from ims_mock.evidence.journal import MAX_BODY, MAX_ENTRIES, Entry
from ims_mock.state import life_cycle
from tests.conftest import PAGE, Api

CREATE = "glance_create_image_metadata"
LIST = "glance_list_images"
START = 1464853788.0
"""PAGE, in seconds since 1970."""

SECRET = "hunter2-very-secret"


def log_in(password: str) -> dict[str, Any]:
    """Return the body of a log-in."""
    user = {"name": "demo", "password": password, "domain": {"name": "Default"}}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}


def evidence(api: Api) -> str:
    """Return all that shows the requests: from the control API, as an archive, and line by line."""
    entries = list(api.service.journal)
    over_http = api("GET", "/_ims_mock/journal").text + api("GET", "/_ims_mock/journal.har").text
    return "\n".join([over_http, json.dumps(to_har(entries)), *map(str, entries), *map(repr, entries)])


def test_entry_has_request_and_response(api: Api) -> None:
    """An entry has the request, the operation, the caller's project and the response."""
    response = api("POST", "/v2/images?a=b", b'{"name": "a"}', X_Project_Id="p")
    (entry,) = api.service.journal
    assert (entry.number, entry.method, entry.path, entry.operation, entry.project_id) == (
        1,
        "POST",
        "/v2/images?a=b",
        "glance_create_image_metadata",
        "p",
    )
    assert (entry.status, entry.request_body, entry.response_body, entry.reason) == (
        201,
        b'{"name": "a"}',
        response.data,
        "",
    )
    assert entry.request_id == response.headers["X-Request-Id"]
    assert str(entry) == f"{PAGE} POST /v2/images?a=b -> 201 glance_create_image_metadata"


def test_body_is_what_was_sent_whatever_becomes_of_its_image(api: Api) -> None:
    """An entry has the body of an image's response also once the image has been edited, deleted, or reset away."""
    image = api.create(name="a", tags=["b"])
    sent = [api("GET", image["self"]).data]
    api.images[image["id"]]["tags"].append("c")
    sent.append(api("GET", image["self"]).data)
    api("DELETE", image["self"])
    created, *shown, _ = api.service.journal
    entries = [*shown, copy.deepcopy(shown[0]), pickle.loads(pickle.dumps(shown[1]))]
    api.service.reset()
    assert [entry.response_body for entry in entries] == [*sent, *sent]
    assert (created.response_json, created.to_json()["response_body"]) == (image, created.response_body.decode())
    assert shown[0] == entries[2] != shown[1]


def test_body_that_a_fault_has_changed_is_kept(api: Api) -> None:
    """An entry has the body that left, and not that of the image behind it."""
    image = api.create(name="a")
    api.service.faults.add(Mutate("/__data_origin", "value", "other"), operation="glance_show_image")
    sent = api("GET", image["self"]).data
    assert list(api.service.journal)[-1].response_body == sent
    assert b"other" in sent


def test_entry_has_no_other_attributes(api: Api) -> None:
    """An attribute that an entry does not have is an error."""
    api.create()
    (entry,) = api.service.journal
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = entry.nothing


@pytest.mark.slow
def test_create_takes_little_memory(api: Api) -> None:
    """An image and the entry of its create take 3,000 bytes at most."""
    body = {"name": "test", "tags": ["test=testvalue", "image=imagevalue"], "container_format": "bare", "min_disk": 100}
    for _ in range(10):
        api.create(**body)
    gc.collect()
    tracemalloc.start()
    for _ in range(100):
        api.create(**body)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken < 100 * 3_000


def test_entry_has_headers_of_both_sides(api: Api) -> None:
    """An entry has the headers that came, and those that were sent."""
    api("GET", "/v2/images", X_Mine="kept")
    (entry,) = api.service.journal
    assert entry.request_headers["X-Mine"] == "kept"
    assert entry.response_headers["X-Request-Id"] == entry.request_id


def test_entry_has_bodies_as_json(api: Api) -> None:
    """`json` and `response` are what the bodies hold."""
    image = api.create(name="a")
    (entry,) = api.service.journal
    assert (entry.json, entry.response_json) == ({"name": "a"}, image)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_body_that_is_no_json_is_none(body: bytes) -> None:
    """Whatever a body holds, asking for its value raises nothing."""
    assert Entry("", 0, "POST", "/", None, request_body=body).json is None


def test_entry_has_the_callers_name() -> None:
    """The caller is the user whose credential it was."""
    api = Api(auth="strict")
    api("GET", "/v2/images", X_Auth_Token=api.service.identity.new_token_for("alt", None))
    assert api.service.journal.calls()[0].caller == "alt"


def test_times_are_of_the_mocks_clock(api: Api) -> None:
    """A request is received before a delay, and gets its response after it."""
    api.service.faults.add(Delay(7))
    api("GET", "/v2/images")
    (entry,) = api.service.journal
    assert (entry.received_at, entry.responded_at) == (START, START + 7)


def test_rules_that_fired_are_in_the_order_of_firing(api: Api) -> None:
    """An entry has the ids of the rules that applied to it, the innermost first, and of no others."""
    api.service.faults.add(Delay(1))
    api.service.faults.add(Fail(500), operation=CREATE)
    api.service.faults.add(Delay(2))
    api("GET", "/v2/images")
    assert api.service.journal.calls()[0].rules == ("3", "1")


def test_refusal_has_its_reason(api: Api) -> None:
    """An entry of a refusal has the reason of the header, one of no route no operation."""
    refused, lost = api("POST", "/v2/images", b"[]"), api("GET", "/nope")
    first, second = api.service.journal
    assert first.reason == refused.headers["X-IMS-Mock-Reason"]
    assert (second.operation, second.status, second.reason) == (None, 404, lost.headers["X-IMS-Mock-Reason"])
    assert str(second).startswith(f"{PAGE} GET /nope -> 404 no route: no route has the path /nope")


def test_line_of_an_entry_is_one_line() -> None:
    """Whatever bytes a target has, the entry's line is printable ASCII."""
    entry = Entry("", 0, "GET", "/\x1b[31m\n\xff", None)
    assert str(entry) == "1970-01-01T00:00:00Z GET /\\x1b[31m\\n\\xff -> nothing no route"


# What is secret.


@pytest.mark.parametrize(
    "name",
    [
        *("X-Auth-Token", "X-Subject-Token", "X-Security-Token", "X-Service-Token", "x-storage-token"),
        *("Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "X-Auth-Key", "X-Client-Secret"),
    ],
)
@pytest.mark.parametrize("path", ["/v2/images", "/v3/auth/tokens", "/nope"])
def test_credentials_are_masked(api: Api, name: str, path: str) -> None:
    """A credential, whatever header it is in, is in nothing that shows the request."""
    api("GET", path, **{name: SECRET})
    assert SECRET not in evidence(api)
    assert SECRET not in api.service.journal.calls()[0].request_headers.values()
    assert "***" in api.service.journal.calls()[0].request_headers.values()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (
            f"SDK-HMAC-SHA256 Access=key, SignedHeaders=host, Signature={SECRET}",
            "SDK-HMAC-SHA256 Access=key, SignedHeaders=host, Signature=***",
        ),
        (f"SDK-HMAC-SHA256 Access=key, signature={SECRET}", "SDK-HMAC-SHA256 Access=key, signature=***"),
        (f"SDK-HMAC-SHA256 Access=key, Secret={SECRET}", "***"),
        (f"SDK-HMAC-SHA256 Signature={SECRET}, Signature={SECRET}", "SDK-HMAC-SHA256 Signature=***"),
        (f"Basic {SECRET}", "***"),
    ],
)
def test_of_a_signature_the_rest_is_kept(api: Api, sent: str, kept: str) -> None:
    """A signed request still shows which key signed it, and what it signed; anything else is masked whole."""
    api("GET", "/v2/images", Authorization=sent)
    assert api.service.journal.calls()[0].request_headers["Authorization"] == kept
    assert SECRET not in evidence(api)


def test_tokens_that_are_given_out_are_masked(api: Api) -> None:
    """A log-in leaves neither its password nor the token of its response."""
    token = api("POST", "/v3/auth/tokens", log_in("secret")).headers["X-Subject-Token"]
    (entry,) = api.service.journal
    assert entry.response_headers["X-Subject-Token"] == "***"
    assert entry.json == log_in("***")
    assert token not in evidence(api)


@pytest.mark.parametrize("fault", [Fail(503), Sequence((Fail(500),))])
def test_password_of_a_log_in_that_fails_is_masked(api: Api, fault: Any) -> None:
    """A fault that applies before the body is read leaves no password either."""
    api.service.faults.add(fault)
    assert api("POST", "/v3/auth/tokens", log_in(SECRET)).status_code >= 500
    assert SECRET not in evidence(api)


@pytest.mark.parametrize("path", ["/v2.0/tokens", "/v3/auth/token", "/v3/projects"])
def test_password_that_is_sent_to_a_wrong_place_is_masked(api: Api, path: str) -> None:
    """A log-in at a path that takes none leaves no password."""
    assert api("POST", path, log_in(SECRET)).status_code >= 400
    assert SECRET not in evidence(api)


# How much is kept.


def test_journal_is_bounded(api: Api) -> None:
    """The oldest entries go, long bodies are cut."""
    api("POST", "/v2/images", b" " * (MAX_BODY + 1))
    assert len(api.service.journal.calls()[0].request_body) == MAX_BODY
    for _ in range(MAX_ENTRIES):
        api("GET", "/v2/schemas/image")
    assert len(api.service.journal) == MAX_ENTRIES
    assert api.service.journal.calls()[0].number == 2


def test_long_responses_are_cut(api: Api) -> None:
    """The journal keeps as many bytes of a response as of a request."""
    for number in range(100):
        api.create(name=f"{number}-{'x' * 200}")
    assert len(api("GET", "/v2/images?limit=100").data) > MAX_BODY
    assert len(api.service.journal.calls(LIST)[0].response_body) == MAX_BODY


def test_size_is_a_setting() -> None:
    """With `journal_size` that many entries are kept, and all are counted."""
    api = Api(journal_size=2)
    for limit in range(5):
        api("GET", f"/v2/images?limit={limit}")
    assert [entry.path for entry in api.service.journal] == ["/v2/images?limit=3", "/v2/images?limit=4"]
    assert (api.service.journal.received, api.service.journal.calls()[0].number) == (5, 4)


def test_reset_brings_back_the_size(api: Api) -> None:
    """A size that was set for one test is not the next one's."""
    api.service.reset(journal_size=2)
    assert api.service.journal.size == 2
    api.service.reset()
    assert api.service.journal.size == MAX_ENTRIES == 1000


def test_clearing_keeps_the_size(api: Api) -> None:
    """Clearing the requests does not change how many are remembered."""
    api.service.reset(journal_size=2)
    api.service.journal.clear()
    assert (api.service.journal.size, api.service.journal.received) == (2, 0)


@pytest.mark.parametrize("size", [0, -1, 1.5, True, "5", 1_000_001])
def test_size_that_cannot_be_is_refused(size: Any) -> None:
    """A journal of no entries, or of endless ones, is rejected before anything starts."""
    with pytest.raises(ValueError, match=r"journal_size must be (at (least|most)|of type integer)"):
        Api(journal_size=size)


# Which requests.


@pytest.fixture
def varied(api: Api) -> Api:
    """A service that has been asked several things."""
    api.create(name="a", min_disk=40)  # 1
    api("POST", "/v2/images", {"name": "b", "min_disk": 1}, X_Mine="one")  # 2
    api("GET", "/v2/images?limit=5")  # 3
    api("GET", "/v2/images", X_Project_Id="p" * 32)  # 4
    api.service.faults.add(Fail(503), times=1)
    api("GET", "/v2/images/x")  # 5
    api("GET", "/nope")  # 6
    return api


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"operation": CREATE}, [1, 2]),
        ({"operation": "glance_*_image*"}, [1, 2, 3, 4, 5]),
        ({"operation": "*"}, [1, 2, 3, 4, 5]),
        ({"operation": "None"}, []),
        ({"method": "POST"}, [1, 2]),
        ({"method": "P*"}, [1, 2]),
        ({"path": "/v2/images"}, [1, 2, 3, 4]),
        ({"path": "/v2/images[?]limit=5"}, [3]),
        ({"path": "/v2/*"}, [1, 2, 3, 4, 5]),
        ({"status": 400}, [2]),
        ({"status": 404}, [6]),
        ({"project_id": "p" * 32}, [4]),
        ({"caller": "nobody"}, []),
        ({"rule": "1"}, [5]),
        ({"rule": "2"}, []),
        ({"headers": {"x-mine": "o*"}}, [2]),
        ({"headers": {"X-Mine": "two"}}, []),
        ({"headers": {"X-Auth-Token": "*"}}, [1, 2, 3, 4, 5, 6]),
        ({"json": {"/name": "a"}}, [1]),
        ({"json": {"/name": "b", "/min_disk": 1}}, [2]),
        ({"json": {"/min_disk": True}}, []),
        ({"operation": CREATE, "status": 201}, [1]),
        ({"status": None, "operation": LIST}, [3, 4]),
    ],
)
def test_calls_are_those_that_are_asked_for(varied: Api, wanted: dict[str, Any], numbers: list[int]) -> None:
    """Calls are those that are all that is asked for, oldest first."""
    assert [entry.number for entry in varied.service.journal.calls(**wanted)] == numbers


def test_calls_of_a_caller() -> None:
    """A caller is asked for by name."""
    api = Api(auth="strict")
    for user in ("alt", "demo"):
        api("GET", "/v2/images", X_Auth_Token=api.service.identity.new_token_for(user, None))
    assert [entry.number for entry in api.service.journal.calls(caller="dem*")] == [2]
    assert len(api.service.journal.calls(caller="*")) == 2


@pytest.mark.parametrize("name", ["calls", "assert_called"])
def test_unknown_filter_is_rejected(api: Api, name: str) -> None:
    """A filter that does not exist is no filter that matches nothing, even while there is nothing to match."""
    with pytest.raises(
        TypeError,
        match="requests cannot be filtered by 'statos'; the filters are operation, method, path, caller, status,",
    ):
        getattr(api.service.journal, name)(statos=None)


def test_masked_header_cannot_be_asked_for(api: Api) -> None:
    """The journal has no tokens, and says so instead of finding none."""
    api("GET", "/v2/images")
    with pytest.raises(ValueError, match="X-Auth-Token is masked in the journal; ask for the caller"):
        api.service.journal.calls(headers={"X-Auth-Token": "token"})


def test_assert_called_returns_the_calls(varied: Api) -> None:
    """What was called is returned, to look at it closer."""
    assert [entry.number for entry in varied.service.journal.assert_called(CREATE)] == [1, 2]
    assert [entry.number for entry in varied.service.journal.assert_called(CREATE, times=2)] == [1, 2]
    assert varied.service.journal.assert_called("glance_delete_image", times=0) == []


def test_assert_called_shows_the_nearest_calls(varied: Api) -> None:
    """A failure shows what was asked for, and the three requests that differ least, with how."""
    with pytest.raises(AssertionError) as caught:
        varied.service.journal.assert_called(CREATE, status=201, json={"/name": "b"})
    assert str(caught.value).splitlines() == [
        "expected at least one with operation='glance_create_image_metadata' and status=201 and json={'/name': 'b'}, "
        "got 0",
        "nearest:",
        f"    {PAGE} POST /v2/images -> 201 glance_create_image_metadata",
        "        differs in json ({'/name': 'a'})",
        f"    {PAGE} POST /v2/images -> 400 glance_create_image_metadata: "
        "/min_disk: must be at least 40, got 1 [schemas/operations/images/glance_create_image_metadata.json]",
        "        differs in status (400)",
        f"    {PAGE} GET /v2/images?limit=5 -> 200 glance_list_images",
        "        differs in operation ('glance_list_images'), status (200), json ({})",
    ]


def test_assert_called_shows_what_was_called_too_often(varied: Api) -> None:
    """When it was another number of times, those are shown."""
    with pytest.raises(AssertionError, match=r"expected 1 with operation='glance_list_images', got 2\n    .*limit=5"):
        varied.service.journal.assert_called(LIST, times=1)


def test_assert_called_shows_little_of_a_long_value(api: Api) -> None:
    """A value that is long is cut in a failure."""
    api("POST", "/v2/images", {"name": "x" * 5000})
    with pytest.raises(AssertionError) as caught:
        api.service.journal.assert_called(json={"/name": "y"})
    assert len(str(caught.value)) < 1000


def test_assert_called_of_nothing(api: Api) -> None:
    """When nothing was received, the failure says so."""
    with pytest.raises(AssertionError, match="expected at least one with anything, got 0\nno other request is in"):
        api.service.journal.assert_called()


def test_assert_called_is_never_shown_a_token(api: Api) -> None:
    """A failure shows no credential."""
    api("GET", "/v2/images", X_Auth_Token=SECRET)
    with pytest.raises(AssertionError) as caught:
        api.service.journal.assert_called(headers={"X-Auth-Token": "***", "X-Mine": "a"})
    assert SECRET not in str(caught.value)


def test_unmatched_are_those_of_no_route(varied: Api) -> None:
    """Requests that no operation is for are unmatched; a preflight gets its response, and is not one of them."""
    varied("OPTIONS", "/v2/images")
    varied("PUT", "/v2/images")
    assert [entry.number for entry in varied.service.journal.unmatched()] == [6, 8]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "ignored"),
    [
        ("POST", "/v2/images?a=b&c", {}, {}, ("?a", "?c")),
        ("GET", "/v2/images", b"{}", {}, ("body",)),
        ("GET", "/v2/schemas/image?limit=1", None, {}, ("?limit",)),
        ("POST", "/v3/auth/tokens", {**log_in("secret"), "more": 1}, {}, ("/more",)),
        ("GET", "/v2/images", None, {"X_IMS_Mock_Fault": "503"}, ("X-IMS-Mock-Fault",)),
        # What is accepted and stored, or looked for, is not ignored.
        ("POST", "/v2/images", {"name": "a", "my_own": "kept"}, {}, ()),
        ("GET", "/v2/images?my_own=kept", None, {}, ()),
    ],
)
def test_ignored_is_what_nothing_read(
    method: str, path: str, body: Any, headers: dict[str, str], ignored: tuple[str, ...]
) -> None:
    """Of a request that succeeds, an entry has what nothing has read."""
    api = Api(header_faults=False)
    assert api(method, path, body, **headers).status_code < 300
    (entry,) = api.service.journal
    assert entry.ignored == ignored
    assert api.service.journal.ignored() == ([entry] if ignored else [])


def test_fault_header_that_is_obeyed_is_not_ignored(api: Api) -> None:
    """A request's own fault is read where it is on."""
    assert api("GET", "/v2/images", X_IMS_Mock_Fault="503").status_code == 503
    assert api.service.journal.ignored() == []


# When.


def test_entries_are_in_the_order_of_the_changes() -> None:
    """Threads that create at once are recorded in the order in which their images came to be."""
    api = Api()

    def create() -> None:
        for _ in range(50):
            api.create()

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    created = [entry.response_json["id"] for entry in api.service.journal.calls(CREATE)]
    assert created == list(api.images)
    assert [entry.number for entry in api.service.journal] == list(range(1, 401))


def test_request_is_recorded_in_the_hold_of_its_change(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry takes its place before anybody else can have the lock that its change was made under."""
    store, journal = api.service.store, api.service.journal
    was_free: list[bool] = []
    record = journal.record

    def look() -> None:
        was_free.append(store.lock.acquire(blocking=False))
        if was_free[-1]:
            store.lock.release()

    def record_and_look(entry: Entry) -> None:
        record(entry)
        other = threading.Thread(target=look)
        other.start()
        other.join()

    monkeypatch.setattr(journal, "record", record_and_look)
    api.create()
    assert was_free[0] is False


def test_request_from_before_a_reset_is_not_after_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that still waits for its response when the mock is reset is not in the new journal."""
    has_begun, is_reset = threading.Event(), threading.Event()
    find_image = life_cycle.find_image

    def find_later(*arguments: Any) -> Any:
        has_begun.set()
        is_reset.wait(60)
        return find_image(*arguments)

    image = api.create()
    # The thread that waits here holds the lock that a reset takes, so that the journal alone is cleared.
    monkeypatch.setattr("ims_mock.service.operations.images.find_image", find_later)
    thread = threading.Thread(target=api, args=("GET", image["self"]))
    thread.start()
    assert has_begun.wait(60)
    assert [entry.path for entry in api.service.journal.in_progress()] == [image["self"]]
    api.service.journal.clear()
    is_reset.set()
    thread.join()
    assert (len(api.service.journal), api.service.journal.received) == (0, 0)
    assert api.service.journal.in_progress() == []


def test_mark_is_a_moment_of_the_journal(api: Api) -> None:
    """Since a mark there is what came later, and all that came since the journal was cleared when that is later."""
    journal = api.service.journal
    for _ in range(3):
        api("GET", "/v2/images")
    mark = journal.mark()
    api("GET", "/v2/images?limit=1")
    assert [entry.number for entry in journal.since(mark)[1]] == [4]
    journal.clear()
    for _ in range(5):
        api("GET", "/v2/images?limit=2")
    received, entries = journal.since(mark)
    assert (received, [entry.number for entry in entries]) == (5, [1, 2, 3, 4, 5])


# Over the control API.


def test_control_api_is_not_in_it(api: Api) -> None:
    """What the tester asks the mock is no request of the program under test."""
    api("GET", "/_ims_mock/health")
    assert len(api.service.journal) == 0


def test_journal_over_http(api: Api) -> None:
    """The control API shows each entry with everything that it has, bodies as text."""
    api("POST", "/v2/images", b'{"name": "\xff"}')
    document = api("GET", "/_ims_mock/journal").get_json()
    (entry,) = api.service.journal
    (shown,) = document["entries"]
    assert document["received"] == 1
    assert shown == entry.to_json()
    assert shown["request_body"] == '{"name": "\\xff"}'
    assert shown["rules"] == []


def test_delete_over_http(api: Api) -> None:
    """Deleting the journal drops every request, and nothing else."""
    image = api.create()
    assert api("DELETE", "/_ims_mock/journal").status_code == 204
    assert len(api.service.journal) == 0
    assert list(api.images) == [image["id"]]


def test_lost_response_is_reported(api: Api) -> None:
    """An entry whose response was lost says so, and that the work is done."""
    api.service.faults.add(LoseResponse("reset"))
    with pytest.raises(ConnectionResetError):
        api("POST", "/v2/images", {})
    (entry,) = api.service.journal
    assert (str(entry.delivery), entry.is_done, entry.status) == ("nothing was sent, reset", True, 201)
    assert "(nothing was sent, reset, rule 1): fault: LoseResponse(" in str(entry)


def test_noise_that_is_no_http_is_in_it() -> None:
    """What cannot be parsed as a request has an entry too, and is unmatched."""
    with ImsMock() as mock:
        host, port = mock.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"\x16\x03 \x01 nonsense here\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 400")
        (entry,) = mock.journal.unmatched()
        assert entry.status == 400


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"operation": 5}, "operation must be of type str, got 5"),
        ({"status": "200"}, "status must be of type int, got '200'"),
        ({"headers": "x"}, "headers must be of type Mapping, got 'x'"),
        ({"json": 5}, "json must be of type Mapping, got 5"),
    ],
)
def test_filter_of_another_type_is_refused(api: Api, wanted: dict[str, Any], message: str) -> None:
    """A filter that could match no call is rejected, and does not count as no calls."""
    with pytest.raises(TypeError, match=message):
        api.service.journal.calls(**wanted)


def test_headers_of_each_request_are_its_own(api: Api) -> None:
    """A test that edits the headers of one entry edits no other, now or later."""
    for _ in range(2):
        api("GET", "/v2/images")
    first, second = api.service.journal
    first.request_headers["X-Extra"] = "1"
    api("GET", "/v2/images")
    assert [("X-Extra" in entry.request_headers) for entry in api.service.journal] == [True, False, False]
    assert second.request_headers
