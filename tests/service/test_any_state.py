"""Whatever a state, the control API or a request brings: it is rejected, or every request can be served after it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ims_mock.contract.operations import load_contract, load_control
from ims_mock.service import snapshots
from ims_mock.state.times import LAST
from tests.conftest import PAGE, Api
from tests.examples import example_of
from tests.mutations import VALUES, changed, nested, places, renamed
from tests.service.test_snapshots import PATCH, READS, rich

Request = tuple[str, str, dict[str, str]]

CONTROL = [
    operation.path
    for operation in load_control().operations.values()
    if operation.method == "GET" and not operation.path.endswith("i.json") and not operation.path.endswith("l.json")
]
"""What the control API shows of a mock."""

IMAGE_ID = "00000000-0000-4000-8000-00000000000a"

AUTHORIZATION = f"SDK-HMAC-SHA256 Access=demo-ak, SignedHeaders=host, Signature={'0' * 64}"

LOGIN = {
    "auth": {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": "demo", "password": "secret", "domain": {"name": "Default"}}},
        },
        "scope": {"project": {"name": "demo", "domain": {"id": "default"}}},
    }
}

ATTRIBUTES = {
    "name": "a",
    "id": IMAGE_ID.replace("a", "b"),
    "min_disk": 40,
    "min_ram": 1,
    "protected": False,
    "visibility": "private",
    "container_format": "bare",
    "disk_format": "raw",
    "tags": ["a"],
    "__os_version": "CentOS 7.3 64bit",
    "__description": "d",
    "custom": "x",
}

RULE = {
    "fault": {"kind": "sequence", "faults": [{"kind": "fail", "status": 503, "message": "m", "retry_after": 5}, None]},
    "operation": "glance_create_*",
    "method": "POST",
    "path": "/v2/*",
    "project": "*",
    "json": {"/name": "a"},
    "headers": {"Accept": "*"},
    "skip": 1,
    "every": 2,
    "probability": 0.5,
    "between": [1, 10],
    "times": 3,
    "optional": True,
    "name": "rule",
}

BODIES: dict[str, tuple[str, str, Any]] = {
    "create": ("POST", "/v2/images", ATTRIBUTES),
    "update": ("PATCH", f"/v2/images/{IMAGE_ID}", [{"op": "add", "path": "/name", "value": "b"}]),
    "add a member": ("POST", f"/v2/images/{IMAGE_ID}/members", {"member": "other"}),
    "log in": ("POST", "/v3/auth/tokens", LOGIN),
    "accounts": (
        "POST",
        "/_ims_mock/accounts",
        {
            "projects": [{"name": "web", "id": "5b0b9a1f3c7d4e2f8a6b0c1d2e3f4a5b"}],
            "users": [{"name": "u", "password": "p", "access": "A", "secret": "S", "roles": {"web": ["member"]}}],
        },
    ),
    "denials": ("POST", "/_ims_mock/denials", {"action": "ims:images:create", "user": "demo"}),
    "faults": ("POST", "/_ims_mock/faults", RULE),
    "fault as a text": ("POST", "/_ims_mock/faults", "glance_*: 503(retry_after=5) x2 json /name=a"),
    "images": (
        "POST",
        "/_ims_mock/images",
        {
            **ATTRIBUTES,
            "status": "active",
            "owner": "demo",
            "checksum": "0" * 32,
            "size": 3,
            "virtual_size": 1,
            "properties": {"a": ["b"]},
            "locations": [{"url": "x"}],
            "created_at": PAGE,
            "__whole_image": "true",
        },
    ),
    "image with a file": ("POST", "/_ims_mock/images", {"data": "MDEy", "members": {"other": "accepted"}}),
    "tokens": ("POST", "/_ims_mock/tokens", {"user": "demo", "project": "demo"}),
    "clock": ("POST", "/_ims_mock/clock", {"advance": 5}),
    "clock that runs": ("POST", "/_ims_mock/clock", {"run": 5}),
    "snapshots": ("POST", "/_ims_mock/snapshots", {"name": "before"}),
    "reset": (
        "POST",
        "/_ims_mock/reset",
        {
            "seed": 7,
            "start": PAGE,
            "auth": "lenient",
            "project_id": "demo",
            "token": "t",
            "region": "r",
            "token_lifetime": 5,
            "public_images": True,
            "max_image_size": 5,
            "delays": {"queued": 1, "saving": 1},
            "speed": 0,
            "faults": [RULE, "503 x2"],
            "header_faults": False,
            "explain": True,
            "journal_size": 5,
            "accounts": {"users": [{"name": "ci", "roles": {"demo": ["member"]}}]},
        },
    ),
}
"""A valid body for each request of the service and of the control API that reads one."""


def _examples() -> dict[str, tuple[str, str, Any]]:
    """Return the request of each operation, of the service and of the control API, that has an example of a body."""
    found = {}
    for contract in (load_contract(), load_control()):
        for operation in contract.operations.values():
            project_id = Api().service.auth.project_id
            method, path, body = example_of(operation, contract, image_id=IMAGE_ID, project_id=project_id)
            if body is not None and method != "GET":
                found[operation.id] = method, path, json.loads(re.sub(UUID, IMAGE_ID, json.dumps(body)))
    return found


UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ANY_BODIES = BODIES | _examples()
"""What is damaged: the bodies above, and the example of every operation."""


@cache
def saved() -> dict[str, Any]:
    """Return a state with something of everything, in which every credential is honoured."""
    state: dict[str, Any] = json.loads(json.dumps(snapshots.capture(rich().api.service).to_json()))
    state["files"] = {image_id: text[:16] for image_id, text in state["files"].items()}
    state["settings"]["auth"] = "lenient"
    return state


def reads(api: Api) -> Iterator[Request]:
    """Yield requests that read everything that a mock has, in every project."""
    yield from (("GET", path, {}) for path in (*CONTROL, *READS))
    store = api.service.store
    for project in [*api.service.accounts.projects.values()]:
        for query in ("?sort=name:asc", "?sort=status,size:asc", "?sort=disk_format,updated_at", "?size_min=1"):
            yield "GET", f"/v2/images{query}&member_status=all", {"X_Project_Id": project.id}
        yield "GET", "/v1.1/images/detail?changes-since=0001-01-01T00:00:00Z", {"X_Project_Id": project.id}
        yield "GET", f"/v3/projects/{quote(project.id)}", {}
    for image_id, image in store.images.items():
        path, owner = f"/v2/images/{quote(image_id)}", {"X_Project_Id": image["owner"]}
        for suffix in ("", "/file", "/members", *(f"/members/{member}" for member in store.members.of(image_id))):
            yield "GET", path + suffix, owner
        yield "HEAD", path.replace("v2", "v1"), owner
        yield "GET", f"/v2/images?marker={quote(image_id)}&sort=name", owner
    for job_id, job in store.jobs.items():
        of_job = {"X_Project_Id": job["project_id"]}
        yield "GET", f"/v1/cloudimages/job/{quote(job_id)}", of_job
        yield "GET", f"/v1/{quote(job['project_id'], safe='')}/jobs/{quote(job_id)}", of_job
    for token in store.tokens:
        if re.fullmatch("[!-~]+", token):
            yield "GET", "/v3/auth/tokens", {"X_Subject_Token": token}
            yield "GET", "/v2/images?limit=1", {"X_Auth_Token": token}


def defects(api: Api) -> list[Any]:
    """Return the reads that a mock fails at, now and once everything has become due."""
    found = []
    for seconds in (0, 1_000_000):
        api("POST", "/_ims_mock/clock", {"advance": seconds})
        for method, path, headers in list(reads(api)):
            response = api(method, path, **headers)
            if response.status_code >= 500:
                found.append((method, path, response.headers.get("X-IMS-Mock-Reason")))
    return found


def held(api: Api) -> Any:
    """Return what a mock has, also how many ids it has drawn, but for how many requests it has received."""
    state = snapshots.capture(api.service).to_json()
    state["drawn"].pop("requests", None)
    shown = [api("GET", f"/_ims_mock/{name}").get_json() for name in ("settings", "faults", "denials", "snapshots")]
    return shown, state


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_state_is_refused_or_served(data: st.DataObject) -> None:
    """A state with any value at any place is a 400 that changes nothing, or it can be read, saved and restored."""
    path = data.draw(st.sampled_from(list(places(saved()))))
    value = data.draw(st.sampled_from(VALUES))
    is_key = bool(path) and isinstance(path[-1], str) and isinstance(value, str) and data.draw(st.booleans())
    api = Api()
    before = held(api)
    response = api(
        "PUT", "/_ims_mock/state", renamed(saved(), path, value) if is_key else changed(saved(), path, value)
    )
    if response.status_code == 204:
        assert defects(api) == []
        assert api("PUT", "/_ims_mock/state", api("GET", "/_ims_mock/state").data).status_code == 204
    else:
        assert response.status_code == 400
        assert held(api) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", BODIES)
@settings(max_examples=1, deadline=None)
@given(data=st.data())
def test_any_body_is_refused_or_served(name: str, data: st.DataObject) -> None:
    """A body with any value at any place is a 4xx that changes nothing, or the mock can be read after it."""
    check_any_body(name, data)


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.parametrize("name", ANY_BODIES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_many_bodies_are_refused_or_served(name: str, data: st.DataObject) -> None:
    """As above for the body of every operation, twenty times as often; --hypothesis-seed gives others."""
    check_any_body(name, data)


def check_any_body(name: str, data: st.DataObject) -> None:
    """Send a body with any value at any place."""
    method, path, valid = ANY_BODIES[name]
    place = data.draw(st.sampled_from(list(places(valid))))
    body = changed(valid, place, data.draw(st.sampled_from(VALUES)))
    api = Api()
    api.create(id=IMAGE_ID)
    before = held(api)
    response = api(method, path, body, Content_Type=PATCH)
    assert response.status_code < 500, response.headers.get("X-IMS-Mock-Reason")
    if response.status_code >= 400:
        assert held(api) == before
    api.service.faults.clear()
    assert defects(api) == []


@pytest.mark.parametrize("name", BODIES)
def test_every_body_is_valid(name: str) -> None:
    """What is mutated is a valid request."""
    api = Api()
    api.create(id=IMAGE_ID)
    method, path, body = BODIES[name]
    assert api(method, path, body, Content_Type=PATCH).status_code < 300


@pytest.mark.parametrize("name", BODIES)
def test_half_of_a_surrogate_pair_is_refused(api: Api, name: str) -> None:
    """A key that is no text is a 400, which shows it escaped."""
    method, path, _ = BODIES[name]
    response = api(method, path, b'{"\\udc00": 1}', Content_Type=PATCH)
    assert response.status_code == 400
    assert response.headers["X-IMS-Mock-Reason"].startswith("/\\udc00: has half of a surrogate pair")


def test_lock_of_a_key_at_the_end_of_time(api: Api) -> None:
    """A key that is locked in the last second of the year 9999 is locked, and no defect."""
    state = snapshots.capture(api.service).to_json()
    state["settings"]["auth"] = "strict"
    state["clock"]["now"] = LAST - 1
    state["wrong_signatures"] = {"demo-ak": {"count": 9, "last": LAST}}
    assert api("PUT", "/_ims_mock/state", state).status_code == 204
    response = api("GET", "/v2/images", X_Auth_Token="", Authorization=AUTHORIZATION)
    assert response.status_code == 401


@pytest.mark.parametrize("path", ["/v1/images/{}", "/v2/images/{}/file"])
def test_record_that_no_header_can_have(api: Api, path: str) -> None:
    """A line break that a test stores where a response has a header is reported with the header's name."""
    image = api.create()
    api("PUT", image["file"], b"012", Content_Type="application/octet-stream")
    api.images[image["id"]]["checksum"] = "a\nb"
    response = api("HEAD", path.format(image["id"]))
    assert response.status_code == 500
    assert "the mock's own response cannot have the header" in response.headers["X-IMS-Mock-Reason"]


def test_largest_number_is_read_again(api: Api) -> None:
    """A number as large as a double can be is in a state, and is read again from there."""
    image = api("POST", "/_ims_mock/images", {"properties": {"a": 1.7e308}}).get_json()
    assert api("PUT", "/_ims_mock/state", api("GET", "/_ims_mock/state").data).status_code == 204
    assert api("GET", image["self"]).get_json()["properties"] == {"a": 1.7e308}


def test_deepest_attribute_is_read_again(api: Api) -> None:
    """An image is nested at most so deep that a state with it can be read."""
    assert api("POST", "/_ims_mock/images", {"properties": {"a": nested(59)}}).status_code == 201
    assert api("PUT", "/_ims_mock/state", api("GET", "/_ims_mock/state").data).status_code == 204
    response = api("POST", "/_ims_mock/images", {"properties": {"a": nested(60)}})
    assert response.get_json()["error"]["message"] == "body: is nested more than 64 deep"


JOB = "00000000000000000000000000000001"


def jobs_of(state: dict[str, Any]) -> dict[str, Any]:
    """Return a whole job and the job within it, under ids that are easy to read."""
    whole = next(job for job in state["jobs"].values() if job["sub_jobs"])
    part = state["jobs"][whole["sub_jobs"][0]]
    other = JOB.replace("1", "2")
    return {JOB: {**whole, "id": JOB, "sub_jobs": [other]}, other: {**part, "id": other, "parent": JOB}}


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        (("", ""), "/jobs/00000000000000000000000000000001/sub_jobs/0: there is no job"),
        (("", "x"), "/jobs/00000000000000000000000000000001/sub_jobs/0: there is no job"),
        (("00000000000000000000000000000002", JOB), "/jobs/00000000000000000000000000000001/parent: there is no job"),
    ],
)
def test_jobs_that_do_not_know_each_other(api: Api, parents: tuple[str, str], message: str) -> None:
    """A job within another one is known to that, so that showing one comes to an end."""
    state = {**saved(), "transitions": [item for item in saved()["transitions"] if item["collection"] == "images"]}
    jobs = jobs_of(state)
    assert api("PUT", "/_ims_mock/state", {**state, "jobs": jobs}).status_code == 204
    changed_jobs = {key: {**job, "parent": parent} for (key, job), parent in zip(jobs.items(), parents, strict=True)}
    response = api("PUT", "/_ims_mock/state", {**state, "jobs": changed_jobs})
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(message)


def test_job_without_the_one_that_it_has_within_it(api: Api) -> None:
    """A job of which a state has no other within it is shown without one."""
    state = {**saved(), "transitions": [item for item in saved()["transitions"] if item["collection"] == "images"]}
    job = {**jobs_of(state)[JOB], "sub_jobs": []}
    assert api("PUT", "/_ims_mock/state", {**state, "jobs": {JOB: job}}).status_code == 204
    assert defects(api) == []
