"""A recording of the mock, replayed: the mock of today is the same, and a mock with one wrong thing is found out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import requests
import vcr
from werkzeug.wrappers import Request, Response

from ims_mock import Fail, ImsMock, Mutate
from ims_mock.contract.recorded import RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.evidence.har import to_har
from ims_mock.evidence.recorder import Recorder
from ims_mock.evidence.recordings import har
from ims_mock.evidence.recordings.files import read_recording
from ims_mock.testing.drift import Drift, compare, new_ids
from tests.conftest import PAGE
from tests.recorded_run import PATCH, RECORDING, SETTINGS, Client, kept, missing

OTHERWISE: dict[str, Any] = {"seed": 5, "start": "2024-02-29T23:59:58Z", "auth": "strict", "project_id": "a" * 32}
"""A mock that gives out other ids and other times, has another project, and lets nothing take any time."""


@pytest.fixture(scope="module")
def recording() -> list[RecordedExchange]:
    """The recording that is kept, of every operation."""
    return kept()


def replayed(recording: list[RecordedExchange], mock: ImsMock, *strict: str) -> Drift:
    """Return how a mock differs from the recording; what it has beside it is a difference too."""
    return compare(recording, mock, ids=new_ids(["others", *strict]))


def lines(drift: Drift) -> list[str]:
    """Return every difference in a line, with its operation."""
    return [f"{item.operation}: {difference}" for item in drift.differing for difference in item.differences]


# The mock itself


def test_mock_is_as_it_was_recorded(recording: list[RecordedExchange]) -> None:
    """The mock responds to every operation as the recording has it; `python -m tests.recorded_run` writes it again."""
    drift = replayed(recording, ImsMock(**OTHERWISE))
    assert lines(drift) == []
    assert drift.count("not compared") == 0
    assert drift.count("same") > 40


def test_mock_with_the_same_settings_is_the_same_without_most_rules(recording: list[RecordedExchange]) -> None:
    """With the same settings nothing takes longer or has another order, and no text has other words."""
    drift = replayed(recording, ImsMock(**SETTINGS), "waiting", "order", "messages", "quotas", "accounts")
    assert lines(drift) == []


def test_recording_has_every_operation() -> None:
    """The recording that is kept reaches every operation; `python -m tests.recorded_run` writes it again."""
    assert missing(json.loads(RECORDING.read_text("utf-8"))) == set()


# Mocks with one wrong thing


class Wrong:
    """A mock whose application is changed: `change` gets each request, and what responds to it."""

    def __init__(self, change: Callable[[Request, Callable[[Request], Response]], Response]) -> None:
        self.mock = ImsMock(**OTHERWISE)
        inner = self.mock.app.wsgi_app

        def app(environ: Any, start_response: Any) -> Iterable[bytes]:
            request = Request(environ)
            response = change(request, lambda sent: Response.from_app(inner, sent.environ))
            return response(environ, start_response)

        self.mock.app.wsgi_app = app  # type: ignore[method-assign]


Respond = Callable[[Request], Response]


def in_body(change: Callable[[Any], None]) -> Callable[[Request, Respond], Response]:
    """Return a change of every body of JSON that has images or is an image."""

    def changed(request: Request, respond: Respond) -> Response:
        response = respond(request)
        if response.is_json and request.path.startswith("/v2/images"):
            body = response.get_json()
            change(body)
            response.set_data(json.dumps(body))
        return response

    return changed


def reverse(body: Any) -> None:
    """Turn a list of images around."""
    body.get("images", []).reverse()


def lose_delete(request: Request, respond: Respond) -> Response:
    """Accept a deletion, and do nothing."""
    return Response(status=204) if request.method == "DELETE" and "/members" not in request.path else respond(request)


def small_pages(request: Request, respond: Respond) -> Response:
    """Have one image on a page."""
    if request.path == "/v2/images" and not request.args.get("limit"):
        query = request.environ["QUERY_STRING"]
        request.environ["QUERY_STRING"] = f"{query}&limit=1".lstrip("&")
        request.environ["REQUEST_URI"] = f"/v2/images?{request.environ['QUERY_STRING']}"
    return respond(Request(request.environ))


def made_public(body: Any) -> None:
    """Have images with an attribute of another value."""
    if "visibility" in body:
        body["visibility"] = "public"


def of_everybody(body: Any) -> None:
    """Have the same owner under two ids."""
    if "owner" in body:
        body["owner"] = f"{'b' if body['name'] == 'db' else 'c'}" * 32


WRONG = {
    "order of a list": (in_body(reverse), "glance_list_images: body /images: has another order, "),
    "lost delete": (lose_delete, "glance_show_image: status: 404 became 200"),
    "lost delete in a list": (lose_delete, "glance_list_images: body /images/"),
    "page size": (small_pages, "glance_list_images: body /images/1: is missing, "),
    "value": (in_body(made_public), 'glance_show_image: body /visibility: "private" became "public"'),
    "ids that are mixed up": (
        in_body(of_everybody),
        'glance_show_image: body /owner: "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c" ',
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_mock_is_found_out(recording: list[RecordedExchange], name: str) -> None:
    """Whatever a mock does wrong is named, with its operation and its place."""
    change, expected = WRONG[name]
    found = lines(replayed(recording, Wrong(change).mock))
    assert any(line.startswith(expected) for line in found), "\n".join(found)


FAULTS = {
    "missing": (Mutate("/checksum", "drop"), "glance_show_image: body /checksum: is missing, "),
    "type": (Mutate("/size", "retype"), "glance_show_image: body /size: 100 became "),
    "status": (Fail(503), "glance_show_image: status: 200 became "),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_found_out(recording: list[RecordedExchange], name: str) -> None:
    """A rule of the mock's own that changes one operation is found in that operation alone."""
    fault, expected = FAULTS[name]
    mock = ImsMock(**OTHERWISE)
    mock.faults.add(fault, operation="glance_show_image")
    drift = replayed(recording, mock)
    assert any(line.startswith(expected) for line in lines(drift)), "\n".join(lines(drift))
    assert {item.operation for item in drift.differing} == {"glance_show_image"}


# Waiting


SLOW: dict[str, Any] = {"jobs": {"*": {"seconds": 90}}, "delays": {"queued": 40, "saving": 50}}


def test_slower_mock_is_waited_for(recording: list[RecordedExchange]) -> None:
    """A job, and an image, that take longer than in the recording are waited for, by the clock of the mock."""
    drift = replayed(recording, ImsMock(**OTHERWISE, **SLOW))
    assert lines(drift) == []
    waits = [item for item in drift.exchanges if item.note.startswith("waited ")]
    assert {item.operation for item in waits} == {"show_job", "glance_show_image"}
    assert all("waiting" in item.rules for item in waits)


@pytest.mark.parametrize("strict", [[], ["waiting"]])
def test_what_never_ends_is_a_difference(recording: list[RecordedExchange], strict: list[str]) -> None:
    """What has not ended after the patience, or may not take longer, is one."""
    mock = ImsMock(**OTHERWISE, jobs={"*": {"seconds": 10**6}})
    drift = compare(recording, mock, ids=new_ids(["others", *strict], patience=20))
    assert any(line.startswith('show_job: body /status: "SUCCESS" became ') for line in lines(drift))


# What was there before


def before(mock: ImsMock) -> list[RecordedExchange]:
    """Return a recording of a client that finds images, and makes one, in a mock that has some."""
    ask = Client(mock, "demo")
    (ubuntu,) = ask("GET", "/v2/cloudimages?__imagetype=gold&__os_version=Ubuntu 22.04 server 64bit").get_json()[
        "images"
    ]
    ask("GET", f"/v2/images/{ubuntu['id']}")
    ask("GET", f"/v2/images/{ask.create(name='new')}")
    (old, _) = ask("GET", "/v2/images?visibility=private&sort_key=name&sort_dir=desc").get_json()["images"]
    ask("PATCH", f"/v2/images/{old['id']}", [{"op": "replace", "path": "/name", "value": "older"}], PATCH)
    ask("DELETE", f"/v2/images/{old['id']}")
    ask("GET", f"/v2/images/{old['id']}")
    return list(har.read(to_har(mock.journal)))


def test_images_that_were_there_are_put_into_the_mock() -> None:
    """An image that a recording shows and has not made, public or private, is in the mock that is asked the same."""
    cloud = ImsMock(public_images=True, seed=5, project_id="b" * 32)
    cloud.add_image(name="old", status="active", size=3)
    cloud.clock.advance(60)
    first, mock = before(cloud), ImsMock()
    drift = compare(first, mock)
    assert lines(drift) == []
    assert drift.notes == ["put into the mock first: 2 images that were there before the recording began"]
    assert sorted(image["name"] for image in mock.images.values()) == ["Ubuntu 22.04 server 64bit", "new"]


def test_image_that_cannot_be_is_said() -> None:
    """An image that the mock could not have is left out, and the report says why."""
    body = {"id": "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86", "status": "melted", "visibility": "public"}
    request = RecordedRequest("GET", f"/v2/images/{body['id']}")
    drift = compare([RecordedExchange(request, RecordedResponse(200, [], json.dumps(body).encode()))], ImsMock())
    assert drift.notes[0].startswith(f"the image {body['id']} was there before, and cannot be put into the mock: ")
    assert lines(drift) == ['glance_show_image: status: 200 became "404: IMG.0144 The image does not exist."']


def test_what_follows_from_a_difference_is_none() -> None:
    """What a request has made in the recording alone is missed in that request, and not in each that follows."""
    cloud = ImsMock(seed=5)
    ask = Client(cloud, "demo")
    given = "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86"
    for image_id in (ask.create(name="one"), ask.create(id=given)):
        ask("GET", f"/v2/images/{image_id}")
    ask("GET", "/v2/images")
    drift = compare(list(har.read(to_har(cloud.journal))), ImsMock(quota=0))
    assert [item.operation for item in drift.differing] == ["glance_create_image_metadata"] * 2
    notes = [item.note for item in drift.exchanges if item.verdict == "not compared"]
    assert notes[1] == f"is about {given}, which the other side was not asked for, or has not made"
    assert (drift.exchanges[4].verdict, drift.rules["others"]) == ("same by rules", 2)


# Recordings by other writers


@pytest.mark.parametrize("name", ["cloud.har", "cloud.jsonl"])
def test_recording_of_the_proxy_is_replayed(recording: list[RecordedExchange], tmp_path: Path, name: str) -> None:
    """What the proxy writes, without accounts and credentials, is the same; one user has asked."""
    recorder = Recorder(tmp_path / name)
    for exchange in recording:
        if exchange.request.caller != "alt":
            recorder.add(exchange, 0, 0)
    recorder.close()
    drift = compare(tmp_path / name, ImsMock(**OTHERWISE), ids=new_ids(["others"]))
    assert lines(drift) == []
    assert drift.count("not compared") == 0


def test_cassette_of_vcrpy_is_replayed(tmp_path: Path) -> None:
    """What vcrpy has recorded of a client over HTTP, with its token, is the same with another mock."""
    path = tmp_path / "cassette.yaml"
    with ImsMock(auth="strict", seed=6) as mock, vcr.use_cassette(str(path)), requests.Session() as session:
        user = {"name": "alt", "password": "secret", "domain": {"name": "Default"}}
        auth = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "alt"}},
        }
        logged_in = session.post(f"{mock.url}/v3/auth/tokens", json={"auth": auth})
        session.headers["X-Auth-Token"] = logged_in.headers["X-Subject-Token"]
        image = session.post(f"{mock.url}/v2/images", json={"name": "web", "tags": ["b", "a"]}).json()
        data, octets = bytes(range(256)), {"Content-Type": "application/octet-stream"}
        session.put(f"{mock.url}{image['file']}", data=data, headers=octets)
        assert session.get(f"{mock.url}{image['file']}").content == data
        session.get(f"{mock.url}/v2/images", params={"limit": 1, "owner": image["owner"]})
        session.delete(f"{mock.url}{image['self']}")
        session.get(f"{mock.url}{image['self']}")
    drift = replayed(list(read_recording(path)), ImsMock(auth="strict", start=PAGE))
    assert lines(drift) == []
    assert (len(drift.exchanges), drift.count("not compared")) == (7, 0)
    assert drift.rules["files"] == 0


# Log-ins


def log_in(status: int, password: str, scope: Any, name: str = "somebody") -> RecordedExchange:
    """Return a log-in at a cloud; that which succeeds gives a token of a project."""
    user = {"name": name, "password": password, "domain": {"name": "theirs"}}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
    headers = [("X-Subject-Token", "theirs")] if status == 201 else []
    request = RecordedRequest("POST", "https://iam.example.com/v3/auth/tokens", [], json.dumps({"auth": auth}).encode())
    return RecordedExchange(request, RecordedResponse(status, headers, json.dumps({"token": {}}).encode()))


@pytest.mark.parametrize("scope", [{"project": {"name": "eu-de"}}, {"domain": {"name": "theirs"}}, "unscoped"])
def test_user_of_a_cloud_logs_in(scope: Any) -> None:
    """A log-in with a user, a domain and a project that the mock does not have is one of its own user's."""
    mock = ImsMock(auth="strict")
    (found,) = compare([log_in(201, "***", scope)], mock).exchanges
    assert not [difference for difference in found.differences if difference.part != "body"]
    assert mock.journal.calls("keystone_create_token", status=201)


def test_rejected_log_in_is_rejected() -> None:
    """A log-in with a wrong password is sent as it is."""
    mock = ImsMock(auth="strict")
    compare([log_in(401, "wrong", "unscoped", "demo")], mock)
    assert mock.journal.calls("keystone_create_token", status=401)
