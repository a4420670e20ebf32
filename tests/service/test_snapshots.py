"""Snapshots: the state of a mock, taken, saved, and gone back to."""

from __future__ import annotations

import dataclasses
import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from operator import is_, ne
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ims_mock import BadUpload, Fail, ImsMock, ManualClock, Snapshot, Stale, SystemClock
from ims_mock.contract.operations import load_contract
from ims_mock.service import neighbours, snapshots
from ims_mock.service.catalogue import add_image
from ims_mock.state import image_collection
from ims_mock.state.collections import Collection
from ims_mock.state.store import Store
from ims_mock.state.times import timestamp
from tests.conftest import PAGE, Api
from tests.examples import creations, reads
from tests.identity.test_auth import sign

OCTETS = "application/octet-stream"
PATCH = "application/openstack-images-v2.1-json-patch"
SMALL = b"0123456789"
LARGE = bytes(range(256)) * 5000
"""More than is kept in memory."""

UBUNTU = "Ubuntu 22.04 server 64bit"
LATER = 1000

READS = (
    *("/", "/v2/", "/v2", "/versions", "/nowhere"),
    *("/v2/schemas/images", "/v2/schemas/image", "/v2/schemas/members", "/v2/schemas/member"),
    *("/v2/images", "/v2/images?limit=2", "/v2/images?sort_key=name&sort_dir=asc", "/v2/images?status=active"),
    *("/v2/images?member_status=all", "/v2/images?tag=a"),
    *(
        "/v1/cloudimages/os_version?tag=arm",
        "/v1/cloudimages/quota",
        "/v2/cloudimages",
        "/v2/cloudimages?sort_key=name&status=active&limit=3",
    ),
    *("/v1.1/images/detail", f"/v1.1/images/detail?changes-since={PAGE}"),
    *("/identity", "/v3/", "/v3/projects", "/v3/auth/projects", "/v3/auth/domains", "/v3/auth/catalog"),
)
"""What is asked for at any time."""


BACKUP = "b1c68c0d-8a09-4a41-a4c5-7a2b8b6f4c2e"
"""The id of something that other services have."""


@dataclasses.dataclass(frozen=True)
class Response:
    """All that a client sees of a response."""

    asked: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def json(self) -> Any:
        """The JSON value of the body."""
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """Return the value of a header."""
        return dict(self.headers)[name]


Send = Callable[[str, str, Any, Mapping[str, str]], Response]
"""How a request is sent: method, path, body (bytes or JSON) and headers, with _ for -."""


def in_process(api: Api) -> Send:
    """Return a way to send requests to a service without a socket."""

    def send(method: str, path: str, body: Any, headers: Mapping[str, str]) -> Response:
        response = api(method, path, body, **headers)
        return Response(f"{method} {path}", response.status_code, tuple(response.headers.items()), response.data)

    return send


def over_http(url: str) -> Send:
    """Return a way to send the same requests over a socket."""

    def send(method: str, path: str, body: Any, headers: Mapping[str, str]) -> Response:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"X-Auth-Token": "token", **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.request(method, path, data, {"Host": "localhost", **sent})
        response = connection.getresponse()
        got = tuple((name, value) for name, value in response.getheaders() if name not in ("Server", "Connection"))
        content = response.read()
        connection.close()
        return Response(f"{method} {path}", response.status, got, content)

    return send


class Rich:
    """A state with something of everything, and the names of what is in it. The clock has been moved."""

    def __init__(self, api: Api) -> None:
        self.api = api
        service, identity = api.service, api.service.identity
        neighbours.add(service.store, {"servers": [{"id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a", "system_disk": 50}]})
        service.accounts.add({"projects": [{"name": "web"}], "users": [{"name": "ci", "roles": {"web": ["member"]}}]})
        self.tokens = {"expired": identity.new_token_for("demo")}
        api.clock.advance(LATER)
        for user in ("demo", "alt", "ci", "demo_reader"):
            self.tokens[user] = identity.new_token_for(user)
        self.tokens["revoked"] = identity.new_token_for("demo")
        identity.revoke_token(self.tokens["revoked"])
        self.temporary = [identity.new_temporary_credentials("demo", lifetime) for lifetime in (500, 50_000)]
        self.projects = {name: project.id for name, project in service.accounts.projects.items()}
        self.ids: dict[str, str] = {}
        self._add_images()
        self.jobs = [self._begin_job() for _ in range(2)]
        for access, times in (("demo-ak", 3), ("alt-ak", 6)):
            for _ in range(times):
                headers = signature(api.clock.now(), access, "wrong")
                assert api("GET", "/v2/images", **headers).status_code == 401

    def _begin_job(self) -> str:
        path = f"/v1/cloudimages/{self.ids['small']}/copy"
        job_id: str = self.api("POST", path, {"name": "copy"}, X_Auth_Token=self.tokens["demo"]).get_json()["job_id"]
        return job_id

    def _add_images(self) -> None:
        api, faults = self.api, self.api.service.faults
        self._add("queued", description="größer", tags=["a", "b.c"], __os_version=UBUNTU, custom="x", min_disk=40)
        self._add("small", SMALL)
        self._add("large", LARGE)
        for how in ("killed", "saving", "checksum"):
            with faults.add(BadUpload(how)):
                self._add(f"end {how}", SMALL)
        api.clock.advance(100)
        self._add("protected", protected=True)
        self._add("shared", SMALL)
        for member, status in (("alt", "accepted"), ("web", None)):
            self._share("shared", member, status)
        for name in ("deleted", "deleted too"):
            self._add(name, SMALL)
            assert api("DELETE", self.path(name), X_Auth_Token=self.tokens["demo"]).status_code == 204
        public = add_image(api.service.store, "service", {"name": "public", "visibility": "public"}, b"public")
        self.ids["public"] = public["id"]
        self._add("taken out", SMALL)
        del api.images[self.ids["taken out"]]
        self._add("edited")
        api.images[self.ids["edited"]].update(name="edited in place", size=7)
        self._add("becomes saving", SMALL)
        api.clock.advance(6)
        self._add("becomes active", SMALL)
        self._add("of alt", user="alt")

    def _add(self, name: str, content: bytes | None = None, user: str = "demo", **attributes: Any) -> None:
        """Create an image of a name, and send its file."""
        token = self.tokens[user]
        image = self.api("POST", "/v2/images", {"name": name, **attributes}, X_Auth_Token=token).get_json()
        self.ids[name] = image["id"]
        if content is not None:
            response = self.api("PUT", image["file"], content, X_Auth_Token=token, Content_Type=OCTETS)
            assert response.status_code == 204

    def _share(self, name: str, member: str, status: str | None) -> None:
        path, project = f"{self.path(name)}/members", self.projects[member]
        assert self.api("POST", path, {"member": project}, X_Auth_Token=self.tokens["demo"]).status_code == 200
        if status is not None:
            response = self.api("PUT", f"{path}/{project}", {"status": status}, X_Auth_Token=self.tokens[member])
            assert response.status_code == 200

    def path(self, name: str) -> str:
        """Return the path of an image."""
        return f"/v2/images/{self.ids[name]}"


def rich() -> Rich:
    """Return a service that verifies every credential, with something of everything."""
    return Rich(
        Api(
            auth="strict",
            seed="rich",
            region="eu-west-101",
            token_lifetime=LATER / 2,
            delays={"queued": 5, "saving": 60},
            jobs={"imsCopyImageInRegionJob": {"polls": 1}, "imsAddImageMembersJob": 0, "*": 80},
            max_image_size=2_000_000,
        )
    )


def signature(now: float, access: str, secret: str, **headers: str) -> dict[str, str]:
    """Return the headers of a list of images that is signed at a time."""
    date = timestamp(now).replace("-", "").replace(":", "")
    return sign("GET", "/v2/images", b"", access=access, secret=secret, X_Sdk_Date=date, **headers)


class Series:
    """A long series of requests to a rich state, always the same, over every operation; with every response."""

    def __init__(self, state: Rich, send: Send) -> None:
        self._state, self._send = state, send
        self._now = json.loads(send("GET", "/_ims_mock/clock", None, {}).body)["now"]
        self.responses: list[Response] = []
        self._read("demo")
        self._authenticate()
        self._refuse()
        self._change()
        self.advance(60)
        self._read("demo")
        self.advance(100_000)
        self._read(self._authenticate())

    def ask(self, method: str, path: str, body: Any = None, user: str = "demo", **headers: str) -> Response:
        """Send a request, and keep the response."""
        sent = {"X_Auth_Token": self._state.tokens.get(user, user), **headers}
        self.responses.append(self._send(method, path, body, sent))
        return self.responses[-1]

    def advance(self, seconds: float) -> None:
        """Move the clock, by the control API, and keep what it returns."""
        self._now += seconds
        self.responses.append(self._send("POST", "/_ims_mock/clock", {"advance": seconds}, {}))

    def _read(self, user: str) -> None:
        names = self._state
        for path in (*READS, f"/v2/images?marker={names.ids['shared']}", f"/v3/projects/{names.projects['alt']}"):
            for who in (user, "alt"):
                self.ask("GET", path, user=who)
        for image_id in [*names.ids.values(), "nope"]:
            path = f"/v2/images/{image_id}"
            for suffix in ("", "/file", "/members"):
                self.ask("GET", path + suffix, user=user)
            self.ask("GET", path, user="alt")
            self.ask("HEAD", f"/v1/images/{image_id}", user=user)
            self.ask("GET", f"{path}/file", user=user, Range="bytes=2-4")
            for project in names.projects.values():
                self.ask("GET", f"{path}/members/{project}", user=user)

    def _authenticate(self) -> str:
        names = self._state
        for token in [*names.tokens, "never issued", "ims-mock-token"]:
            self.ask("GET", "/v2/images?limit=1", user=token)
            self.ask("GET", "/v3/auth/tokens", user="demo", X_Subject_Token=names.tokens.get(token, token))
        for access, secret, security_token in (
            *(("demo-ak", "demo-sk", ""), ("alt-ak", "alt-sk", ""), ("ci-ak", "ci-sk", "")),
            *((made["access"], made["secret"], made["security_token"]) for made in names.temporary),
        ):
            more = {"X_Security_Token": security_token} if security_token else {}
            signed = signature(self._now, access, secret, **more)
            self.ask("GET", "/v2/images", **signed)
        self.ask("POST", "/v3/auth/tokens", _login("ci", "web"))
        return self.ask("POST", "/v3/auth/tokens", _login("demo", "demo")).header("X-Subject-Token")

    def _refuse(self) -> None:
        path = self._state.path
        for method, target in (
            *(("DELETE", path("protected")), ("DELETE", path("public")), ("DELETE", path("end saving"))),
            *(("DELETE", path("of alt")), ("DELETE", path("deleted")), ("PUT", path("small"))),
        ):
            self.ask(method, target)
        for image in ("small", "end killed", "becomes saving", "becomes active", "public", "deleted"):
            self.ask("PUT", f"{path(image)}/file", b"other", Content_Type=OCTETS)
        self.ask("POST", "/v2/images", {"id": self._state.ids["deleted"]})
        self.ask("POST", "/v2/images", {"name": 5})
        self.ask("POST", "/v2/images", {}, user="demo_reader")
        self.ask("PUT", f"{path('queued')}/file", b"x" * 2_000_001, Content_Type=OCTETS)
        signed = signature(self._now, "demo-ak", "wrong")
        for _ in range(4):
            self.ask("GET", "/v2/images", **signed)

    def _change(self) -> None:
        path, projects = self._state.path, self._state.projects
        self.ask("POST", "/v2/images", {"name": "new", "tags": ["t"]})
        new = self.ask("POST", "/v2/images", {"name": "new too"}, user="ci").json["id"]
        self.ask("PUT", f"/v2/images/{new}/file", LARGE[::-1], user="ci", Content_Type=OCTETS)
        self.ask("PATCH", path("small"), [{"op": "add", "path": "/name", "value": "other"}], Content_Type=PATCH)
        self.ask("PUT", f"{path('queued')}/tags/new")
        self.ask("DELETE", f"{path('queued')}/tags/a")
        self.ask("PUT", f"{path('shared')}/members/{projects['web']}", {"status": "rejected"}, user="ci")
        self.ask("DELETE", f"{path('shared')}/members/{projects['alt']}")
        self.ask("POST", f"{path('small')}/members", {"member": projects["admin"]})
        self.ask("PUT", f"{path('queued')}/file", SMALL, Content_Type=OCTETS)
        self.ask("DELETE", path("large"))
        self.ask("DELETE", f"/v1.1/images/{self._state.ids['end killed']}")
        login = self.ask("POST", "/v3/auth/tokens", _login("demo", "demo"))
        self.ask("DELETE", "/v3/auth/tokens", X_Subject_Token=login.header("X-Subject-Token"))
        self.ask("DELETE", "/v3/auth/tokens", X_Subject_Token=self._state.tokens["demo_reader"])
        self._work()

    def _work(self) -> None:
        """Begin jobs, and look at them and at those of the state."""
        project = self._state.projects["demo"]
        begun = self.ask("POST", f"/v1/cloudimages/{self._state.ids['small']}/copy", {"name": "copy"}).json["job_id"]
        own, body = f"/v1/cloudimages/{self._state.ids['small']}", {"bucket_url": "bucket:a", "file_format": "vhd"}
        across = {"name": "b", "region": "cn-south-1", "project_name": "cn-south-1", "agency_name": "a"}
        self.ask("POST", f"{own}/cross_region_copy", across)
        self.ask("POST", f"{own}/file", body)
        self.ask("POST", f"{own.replace('v1', 'v2.1')}/copy", {"name": "copy"})
        self.ask("POST", f"/v2.1/cloudimages/{self._state.ids['edited']}/file", {**body, "bucket_url": "bucket:b"})
        of_ci = f"/v2.1/cloudimages/{self._state.ids['end checksum']}/file"
        self.ask("POST", of_ci, {"bucket_url": "bucket:c", "is_quick_export": True})
        new = self.ask("POST", "/v2/images", {"name": "to be registered"}).json["id"]
        self.ask("PUT", f"/v1/cloudimages/{new}/upload", {"image_url": "bucket:object"})
        for create in creations():
            self.ask(create.method, create.path, create.body)
        for job_id in (begun, *self._state.jobs):
            self.ask("GET", f"/v1/{project}/jobs/{job_id}")
            self.ask("GET", f"/v1/cloudimages/job/{job_id}")
        self._batches(self._state.ids["small"], f"/v2/{project}/images")
        for read in reads(image_id=self._state.ids["small"], project_id=project, backup_id=BACKUP):
            self.ask(read.method, read.path)
        self._of_other_services(self._state.ids["small"], f"/v1.0/{project}/kms")

    def _of_other_services(self, image_id: str, keys: str) -> None:
        """Create a key, and move it and an image into an enterprise project."""
        key = self.ask("POST", f"{keys}/create-key", {"key_alias": "a"}).json["key_info"]
        target = f"/v1.0/enterprise-projects/{BACKUP}"
        for resource, type_ in ((image_id, "images"), (key["key_id"], "kms")):
            body = {"resource_type": type_, "resource_id": resource}
            self.ask("POST", f"{target}/resources-migrate", body)
        self.ask("POST", f"{target}/resources/filter", {"resource_types": ["images", "kms"]})
        self.ask("POST", f"{keys}/schedule-key-deletion", {"key_id": key["key_id"], "pending_days": "7"})
        self.ask("POST", f"{keys}/describe-key", {"key_id": key["key_id"]})

    def _batches(self, image_id: str, own: str) -> None:
        """Set tags and members of an image, by IMS's own API."""
        alt, pair = self._state.projects["alt"], {"key": "key", "value": "v"}
        own_image, images = f"{own.replace('/v2/', '/v1/').replace('images', 'cloudimages')}/{image_id}", [image_id]
        self.ask("PUT", "/v1/cloudimages/tags", {"image_id": image_id, "tag": "a.b"})
        self.ask("POST", f"{own}/{image_id}/tags", {"tag": pair})
        self.ask("POST", f"{own}/{image_id}/tags/action", {"action": "create", "tags": [{"key": "c", "value": ""}]})
        for path in ("/v1/cloudimages/tags", f"{own}/tags", f"{own}/{image_id}/tags"):
            self.ask("GET", path)
        self.ask("POST", f"{own}/resource_instances/action", {"action": "filter", "tags": [{"key": "c", "values": []}]})
        self.ask("DELETE", f"{own}/{image_id}/tags/key")
        self.ask("PATCH", f"/v2/cloudimages/{image_id}", [{"op": "add", "path": "/max_ram", "value": 4096}])
        self.ask("DELETE", f"{own_image}/tags/delete", {"tags": [{"key": "c"}]})
        self.ask("POST", "/v1/cloudimages/members", {"images": images, "projects": [alt]})
        body = {"images": images, "project_id": alt, "status": "accepted"}
        self.ask("PUT", "/v1/cloudimages/members", body, user="alt")
        for path in (f"{own_image}/members", f"{own_image}/members/{alt}"):
            self.ask("GET", path)
        self.ask("DELETE", "/v1/cloudimages/members", {"images": images, "projects": [alt]})


def _login(name: str, project: str) -> dict[str, Any]:
    user = {"name": name, "password": "secret", "domain": {"name": "Default"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    return {"auth": {"identity": identity, "scope": {"project": {"name": project}}}}


def first_difference(one: list[Response], other: list[Response]) -> Any:
    """Return the first two responses that are not the same; None where all are."""
    return next(((left, right) for left, right in zip(one, other, strict=True) if left != right), None)


# Every response


def same_mock(api: Api, snapshot: Snapshot, folder: Path) -> Api:
    """Go back, in the mock itself."""
    snapshots.restore(api.service, snapshot)
    return api


def another_mock(api: Api, snapshot: Snapshot, folder: Path) -> Api:
    """Go on, in another mock."""
    other = Api(seed=7)
    other.create()
    snapshots.restore(other.service, snapshot)
    return other


def as_json(api: Api, snapshot: Snapshot, folder: Path) -> Api:
    """Go on in another mock, by way of JSON."""
    return another_mock(api, Snapshot.from_json(json.loads(json.dumps(snapshot.to_json()))), folder)


def as_file(api: Api, snapshot: Snapshot, folder: Path) -> Api:
    """Go on in another mock, by way of a file."""
    snapshot.save(folder / "state.json")
    return another_mock(api, Snapshot.load(folder / "state.json"), folder)


def over_control_api(api: Api, snapshot: Snapshot, folder: Path) -> Api:
    """Go on in another mock, by way of the control API."""
    snapshots.restore(api.service, snapshot)
    saved = api("GET", "/_ims_mock/state").data
    other = Api(seed=7)
    assert other("PUT", "/_ims_mock/state", saved).status_code == 204
    return other


@pytest.mark.slow
@pytest.mark.parametrize("way", [same_mock, another_mock, as_json, as_file, over_control_api])
def test_restored_state_is_equal_in_every_response(way: Callable[..., Api], tmp_path: Path) -> None:
    """After going back to a state each request gets the same response as before, to the last byte of every header."""
    saved = rich()
    snapshot = snapshots.capture(saved.api.service)
    first = Series(saved, in_process(saved.api)).responses
    restored = way(saved.api, snapshot, tmp_path)
    assert first_difference(first, Series(saved, in_process(restored)).responses) is None


def test_series_asks_for_everything() -> None:
    """What restored states are compared by has every operation, successes and refusals, and images of every status."""
    saved = rich()
    statuses = {image["status"] for image in saved.api.images.values()}
    snapshot = snapshots.capture(saved.api.service)
    seen = len(list(saved.api.service.journal))
    Series(saved, in_process(saved.api))
    entries = list(saved.api.service.journal)[seen:]
    assert {entry.operation for entry in entries if entry.status < 400} - {None} == set(load_contract().operations)
    assert {400, 401, 403, 404, 409, 413} <= {entry.status for entry in entries}
    assert not any(entry.status >= 500 for entry in entries)
    assert statuses == {"queued", "saving", "active", "killed"}
    kept = ("deleted", "members", "transitions", "tokens", "temporary_credentials", "wrong_signatures")
    assert all(snapshot.document[name] for name in kept)


@pytest.mark.slow
def test_state_after_the_same_is_the_same() -> None:
    """Going back and doing the same leads to the same state."""
    saved = rich()
    snapshot = snapshots.capture(saved.api.service)
    ends = []
    for _ in range(2):
        Series(saved, in_process(saved.api))
        ends.append(snapshots.capture(saved.api.service).to_json())
        snapshots.restore(saved.api.service, snapshot)
    assert ends[0] == ends[1]
    assert snapshots.capture(saved.api.service).to_json() == snapshot.to_json()


@pytest.mark.slow
def test_named_snapshot_over_the_control_api() -> None:
    """A state that is kept under a name is gone back to by any language, as often as one likes."""
    saved = rich()
    assert saved.api("POST", "/_ims_mock/snapshots", {"name": "before"}).get_json() == {"name": "before"}
    series = [Series(saved, in_process(saved.api)).responses]
    for _ in range(2):
        assert saved.api("POST", "/_ims_mock/snapshots/before/restore").status_code == 204
        series.append(Series(saved, in_process(saved.api)).responses)
    assert first_difference(series[0], series[1]) is first_difference(series[1], series[2]) is None


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Start the command with a saved state; return the process and the URL that it prints, if it serves."""
    started: list[subprocess.Popen[str]] = []

    def start(content: str, *arguments: str) -> tuple[subprocess.Popen[str], str]:
        file = tmp_path / "saved.json"
        file.write_text(content, "utf-8")
        command = [sys.executable, "-m", "ims_mock", "--port", "0", "--quiet", "--state", str(file), *arguments]
        made = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(made)
        assert made.stdout is not None
        return made, made.stdout.readline().strip()

    yield start
    for made in started:
        made.terminate()  # What is killed leaves the files of its images.
        made.communicate(timeout=10)


@pytest.mark.slow
def test_command_begins_with_a_state(process: Callable[..., tuple[subprocess.Popen[str], str]]) -> None:
    """The command that is given a saved state responds as the mock that saved it would have."""
    saved = rich()
    _, url = process(json.dumps(snapshots.capture(saved.api.service).to_json()), "--speed", "0")
    first = Series(saved, in_process(saved.api)).responses
    assert first_difference(first, Series(saved, over_http(url)).responses) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON: Expecting property name"),
        ("{}", '.json: must have "version"'),
        ("[" * 100_000, "saved.json"),
    ],
)
def test_command_refuses_a_file_that_is_no_state(
    process: Callable[..., tuple[subprocess.Popen[str], str]], content: str, message: str
) -> None:
    """A file that is no state ends the command with 2, before it serves: a line names file and fault, one the help."""
    made, url = process(content)
    _, log = made.communicate(timeout=10)
    assert (url, made.returncode, log.count("\n")) == ("", 2, 2)
    assert "saved.json" in log
    assert message in log


changes = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5)), max_size=12)


@settings(max_examples=20, deadline=None)
@given(before=changes, after=changes)
def test_any_state_is_restored(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> None:
    """Whatever was done before, and is done after: by way of JSON, another mock goes on as the first one did."""

    def work(api: Api, todo: list[tuple[int, int]]) -> list[Response]:
        send = in_process(api)
        responses = []
        for kind, number in todo:
            ids = sorted(api.images)
            path = f"/v2/images/{ids[number % len(ids)]}" if ids else "/v2/images/nope"
            method, target, body, headers = (
                ("POST", "/v2/images", {"name": str(number)}, {}),
                ("POST", "/v2/images", {"name": str(number)}, {"X_Project_Id": "other"}),
                ("PUT", f"{path}/file", bytes(number), {"Content_Type": OCTETS}),
                ("DELETE", path, None, {}),
                ("PATCH", path, [{"op": "add", "path": "/name", "value": "x"}], {"Content_Type": PATCH}),
                ("POST", f"{path}/members", {"member": "other"}, {}),
                ("PUT", f"{path}/tags/{number}", None, {}),
                ("POST", "/_ims_mock/clock", {"advance": number / 2}, {}),
                ("GET", "/v1.1/images/detail?changes-since=2016-01-01T00:00:00Z", None, {}),
            )[kind]
            responses.append(send(method, target, body, headers))
            responses += [
                send("GET", "/v2/images", None, {}),
                send("GET", "/v2/images", None, {"X_Project_Id": "other"}),
            ]
        return responses

    api = Api(delays={"queued": 1, "saving": 1.5})
    work(api, before)
    document = json.loads(json.dumps(snapshots.capture(api.service).to_json()))
    other = Api()
    snapshots.restore(other.service, Snapshot.from_json(document))
    assert first_difference(work(api, after), work(other, after)) is None


# Rollback


def test_rollback_goes_back() -> None:
    """What is done in a block of rollback is undone at its end, time included."""
    mock = ImsMock(start=PAGE)
    kept = mock.add_image(name="kept", data=SMALL)["id"]
    before = mock.snapshot().to_json()
    with mock.rollback() as snapshot:
        mock.images.clear()
        mock.clock.advance(100)
        mock.add_image(name="new")
        mock.add_accounts(projects=[{"name": "web"}])
    assert mock.snapshot().to_json() == before == snapshot.to_json()
    assert (list(mock.images), mock.clock.now()) == ([kept], 1464853788)


def test_rollback_after_an_exception() -> None:
    """A block that fails is undone as well, and its exception goes on."""
    mock = ImsMock(start=PAGE)
    before = mock.snapshot().to_json()

    def fail() -> None:
        mock.add_image()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), mock.rollback():
        fail()
    assert mock.snapshot().to_json() == before


def test_rollback_undoes_a_reset() -> None:
    """Even a reset is undone, settings included."""
    mock = ImsMock(seed=5, max_image_size=3)
    mock.add_image()
    before = mock.snapshot().to_json()
    with mock.rollback():
        mock.reset(seed=6, max_image_size=None)
    assert mock.snapshot().to_json() == before


def test_rollback_within_another() -> None:
    """Blocks of rollback stand in each other, and each goes back to its own beginning."""
    mock = ImsMock()
    with mock.rollback():
        mock.add_image(name="outer")
        with mock.rollback():
            mock.add_image(name="inner")
        assert [image["name"] for image in mock.images.values()] == ["outer"]
    assert mock.images == {}


# What a snapshot holds


def test_snapshot_is_not_changed_by_what_happens_later() -> None:
    """Neither requests, nor edits of records in place, nor time change a snapshot that has been taken."""
    saved = rich()
    snapshot = snapshots.capture(saved.api.service)
    before = snapshot.to_json()
    for image in saved.api.images.values():
        image["tags"].append("later")
        image.update(name="later")
    Series(saved, in_process(saved.api))
    saved.api.service.reset()
    assert snapshot.to_json() == before


def test_restored_state_shares_nothing_with_its_snapshot() -> None:
    """What a test does to a record after going back is undone by going back once more."""
    mock = ImsMock()
    image_id = mock.add_image(name="a", tags=["t"])["id"]
    snapshot = mock.snapshot()
    mock.restore(snapshot)
    mock.images[image_id]["tags"].append("later")
    mock.images[image_id]["name"] = "b"
    mock.restore(snapshot)
    assert (mock.images[image_id]["name"], mock.images[image_id]["tags"]) == ("a", ["t"])


def test_snapshot_copies_no_record() -> None:
    """A snapshot has the records themselves, and so has the mock that goes back to it."""
    service = rich().api.service
    snapshot, images = snapshots.capture(service), service.store.images.records
    service.reset()
    snapshots.restore(service, snapshot)
    assert all(map(is_, service.store.images.records.values(), images.values()))
    assert len(images) > 3


@pytest.mark.parametrize("most", [0, 500])
def test_lists_after_going_back(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filters and orders that were asked for before find what there is after going back, in its order."""
    monkeypatch.setattr(image_collection, "MAX_MOVED", most)
    api = Api()
    ids = [api.create(name=name)["id"] for name in "cab"]
    lists = ("", "?sort=name:asc", "?name=a", "?status=queued&sort=name:desc")
    before = [api("GET", f"/v2/images{query}").data for query in lists]
    snapshot = snapshots.capture(api.service)
    api.images[ids[0]]["name"] = "a"
    api("DELETE", f"/v2/images/{ids[1]}")
    api.create(name="d")
    changed = [api("GET", f"/v2/images{query}").data for query in lists]
    snapshots.restore(api.service, snapshot)
    assert [api("GET", f"/v2/images{query}").data for query in lists] == before
    assert all(map(ne, changed, before))


def test_order_of_attributes_and_records_comes_back() -> None:
    """What a test has put in the place of something equal, in another order, is as before after going back."""
    mock = ImsMock()
    for name in "ab":
        mock.add_accounts(projects=[{"name": name}])
    image_id = mock.add_image(name="a")["id"]
    snapshot = mock.snapshot()
    before = json.dumps(snapshot.document)
    mock.images[image_id] = dict(reversed(mock.images[image_id].items()))
    projects = mock.service.store.projects
    with mock.service.store.transaction():
        first = projects["a"]
        projects.remove("a")
        projects.put("a", first)
    assert json.dumps(mock.snapshot().document) != before
    mock.restore(snapshot)
    assert json.dumps(mock.snapshot().document) == before


def test_document_of_a_snapshot_is_a_copy() -> None:
    """What is done to the JSON of a snapshot, got from it or given to it, is not done to the snapshot."""
    mock = ImsMock()
    mock.add_image(name="a")
    document = mock.snapshot().to_json()
    snapshot = Snapshot.from_json(document)
    for edited in (document, snapshot.to_json()):
        edited["images"][0]["image"]["name"] = "b"
        edited["clock"]["now"] = 0
    mock.restore(snapshot)
    assert [image["name"] for image in mock.images.values()] == ["a"]
    assert mock.clock.now() != 0


def test_snapshot_shows_no_secret_by_accident() -> None:
    """A test that fails prints its variables, and a snapshot among them shows neither passwords nor tokens."""
    mock = ImsMock()
    assert repr(mock.snapshot()) == "Snapshot()"


def test_snapshot_has_what_is_due_settled() -> None:
    """What happened while nobody looked has happened in the snapshot."""
    api = Api(delays={"saving": 5})
    image = api.create()
    api("PUT", image["file"], SMALL, Content_Type=OCTETS)
    api.clock.moved = lambda: None
    api.clock.advance(5)
    assert snapshots.capture(api.service).document["transitions"] == []


def test_saved_state_is_as_its_schema_has_it(tmp_path: Path) -> None:
    """A file that is saved is read again, and is the same document."""
    snapshot = snapshots.capture(rich().api.service)
    snapshot.save(tmp_path / "a.json")
    Snapshot.load(tmp_path / "a.json").save(tmp_path / "b.json")
    one, other = (json.loads((tmp_path / name).read_bytes()) for name in ("a.json", "b.json"))
    assert one == other


def test_ids_and_order_go_on() -> None:
    """An image that is created after going back has the next id, and stands behind those of the same second."""
    api = Api()
    for name in "abc":
        api.create(name=name)
    snapshot = snapshots.capture(api.service)
    next_id = api.create(name="d")["id"]
    other = Api()
    snapshots.restore(other.service, snapshot)
    assert other.create(name="d")["id"] == next_id
    assert [image["name"] for image in other("GET", "/v2/images").get_json()["images"]] == ["d", "c", "b", "a"]


def test_rules_denials_and_journal_stay() -> None:
    """Going back is no reset: what a test has set up to watch and to break stays as it is."""
    api = Api()
    snapshot = snapshots.capture(api.service)
    rule = api.service.faults.add(Fail(503), operation="glance_show_image")
    api.service.deny("ims:images:create")
    assert api("GET", "/v2/images/x").status_code == 503
    snapshots.restore(api.service, snapshot)
    assert api("POST", "/v2/images", {}).status_code == 403
    assert api("GET", "/v2/images/x").status_code == 503
    assert (rule.hits, len(api.service.journal)) == (2, 3)


def test_settings_are_restored() -> None:
    """A state brings the settings under which it was saved, until the next reset."""
    api = Api(auth="off")
    snapshots.restore(api.service, snapshots.capture(Api(auth="strict", max_image_size=5, seed=9).service))
    assert api("GET", "/v2/images").status_code == 401
    assert (api.service.settings.max_image_size, api.service.store.seed) == (5, 9)
    api.service.reset()
    assert api("GET", "/v2/images").status_code == 200


def test_accounts_are_restored() -> None:
    """Projects and users that were added later are gone, and those that were changed are as before."""
    mock = ImsMock()
    snapshot, before = mock.snapshot(), mock.accounts.to_json()
    mock.add_accounts(
        projects=[{"name": "web"}], users=[{"name": "demo", "password": "other", "roles": {"web": ["reader"]}}]
    )
    mock.restore(snapshot)
    assert mock.accounts.to_json() == before
    assert mock.project_id == snapshot.document["projects"]["demo"]["id"]


# Time


def test_restore_goes_back_in_time() -> None:
    """The clock shows what it did, and runs as it did."""
    mock = ImsMock(start=PAGE)
    snapshot = mock.snapshot()
    mock.clock.advance(100)
    mock.clock.run(1000)
    mock.restore(snapshot)
    assert (mock.clock.now(), mock.clock.speed) == (1464853788, 0)


def test_restored_clock_runs_on() -> None:
    """A clock that ran when the state was saved runs again, in the mock that goes on."""
    document = ImsMock(start=PAGE, speed=2.0).snapshot().to_json()
    mock = ImsMock()
    mock.restore(Snapshot.from_json(document))
    assert mock.clock.speed == 2.0
    assert mock.clock.now() >= 1464853788


def test_own_clock_is_left() -> None:
    """A clock that cannot be moved shows its own time, and what is due by it happens."""

    class OwnClock(SystemClock):
        seconds = 0.0

        def now(self) -> float:
            return self.seconds

    clock = OwnClock()
    mock = ImsMock(clock=clock)
    api = Api(delays={"saving": 5})
    image = api.create()
    api("PUT", image["file"], SMALL, Content_Type=OCTETS)
    mock.restore(snapshots.capture(api.service))
    given: object = mock.clock
    assert (given, mock.clock.now()) == (clock, 0)
    assert mock.images[image["id"]]["status"] == "saving"
    clock.seconds = api.clock.now() + 5
    assert mock.images[image["id"]]["status"] == "active"


def test_own_manual_clock_goes_back_too() -> None:
    """A clock that was given and can be moved is moved: a restored state has its time."""
    clock = ManualClock(0)
    mock = ImsMock(clock=clock)
    with mock.rollback():
        clock.advance(100)
    assert (mock.clock, clock.now()) == (clock, 0)


def test_what_was_to_come_comes() -> None:
    """A state is restored with what was due, which happens in due order, whatever the order of the document."""
    api = Api(delays={"queued": 5, "saving": 60})
    image = api.create()
    api("PUT", image["file"], SMALL, Content_Type=OCTETS)
    document = snapshots.capture(api.service).to_json()
    document["transitions"].reverse()
    other = Api()
    snapshots.restore(other.service, Snapshot.from_json(document))
    found = []
    for seconds in (4, 1, 59, 1):
        other.clock.advance(seconds)
        found.append(other.images[image["id"]]["status"])
    assert found == ["queued", "saving", "saving", "active"]


# Uploads under way


class Arriving:
    """An upload under way, over a socket: the image is saving, and none of the file's ten bytes has come."""

    def __init__(self, mock: ImsMock, image_id: str) -> None:
        address = urlsplit(mock.url)
        self._connection = socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10)
        head = f"PUT /v2/images/{image_id}/file HTTP/1.1\r\nHost: a\r\nX-Auth-Token: t\r\nContent-Type: {OCTETS}\r\n"
        self._connection.sendall(f"{head}Content-Length: 10\r\nExpect: 100-continue\r\n\r\n".encode())
        assert self._connection.recv(100).startswith(b"HTTP/1.1 100")

    def end(self, content: bytes = SMALL) -> int:
        """Send the rest, or part of it and no more, and return the status of the response."""
        self._connection.sendall(content)
        self._connection.shutdown(socket.SHUT_WR)
        status = int(self._connection.recv(1000).split()[1])
        self._connection.close()
        return status


@pytest.mark.parametrize("delays", [{}, {"queued": 5}, {"saving": 5}])
def test_upload_under_way_has_been_broken_off(ims_mock: ImsMock, delays: dict[str, float]) -> None:
    """In a snapshot an image whose file is arriving is queued, with nothing to come; the upload itself goes on."""
    ims_mock.reset(delays=delays)
    image_id = ims_mock.add_image()["id"]
    upload = Arriving(ims_mock, image_id)
    document = ims_mock.snapshot().to_json()
    assert (document["images"][0]["image"]["status"], document["transitions"], document["files"]) == ("queued", [], {})
    assert upload.end() == 204


def test_state_with_an_upload_under_way_takes_the_next(ims_mock: ImsMock) -> None:
    """An image whose file was arriving takes one where the state goes on."""
    image_id = ims_mock.add_image()["id"]
    upload = Arriving(ims_mock, image_id)
    other = Api()
    snapshots.restore(other.service, ims_mock.snapshot())
    assert other("PUT", f"/v2/images/{image_id}/file", b"new", Content_Type=OCTETS).status_code == 204
    assert upload.end() == 204


@pytest.mark.parametrize(("content", "status"), [(SMALL, 409), (SMALL[:5], 400)])
def test_restore_while_a_file_arrives(ims_mock: ImsMock, content: bytes, status: int) -> None:
    """An upload that is overtaken by going back ends with a refusal, whole or broken off, and changes nothing."""
    image_id = ims_mock.add_image()["id"]
    snapshot = ims_mock.snapshot()
    upload = Arriving(ims_mock, image_id)
    ims_mock.restore(snapshot)
    assert ims_mock.images[image_id]["status"] == "queued"
    assert upload.end(content) == status
    assert ims_mock.snapshot().to_json()["images"] == snapshot.to_json()["images"]
    assert ims_mock.service.store.files == {}


def test_upload_after_going_back_while_another_arrives(ims_mock: ImsMock) -> None:
    """The upload that is overtaken does nothing to the one that came after."""
    image_id = ims_mock.add_image()["id"]
    snapshot = ims_mock.snapshot()
    old = Arriving(ims_mock, image_id)
    ims_mock.restore(snapshot)
    new = Arriving(ims_mock, image_id)
    assert old.end(b"old" * 3 + b"!") == 409
    assert ims_mock.images[image_id]["status"] == "saving"
    assert new.end() == 204
    assert ims_mock.images[image_id]["checksum"] == "781e5e245d69b566979b86e28d23f2c7"


def test_download_goes_on_while_the_state_is_restored() -> None:
    """A download that has begun ends whole."""
    saved = rich()
    response = saved.api("GET", f"{saved.path('large')}/file", X_Auth_Token=saved.tokens["demo"])
    snapshots.restore(saved.api.service, snapshots.capture(Api().service))
    assert response.data == LARGE


# Stale reads


@pytest.mark.parametrize("fault", [Stale(reads=2), Stale(seconds=30)])
def test_stale_reads_after_going_back(fault: Stale) -> None:
    """Reads that lag behind see nothing of the state before: the restored one is all that there has been."""
    api = Api()
    kept = api.create(name="kept")["id"]
    api.clock.advance(1000)
    snapshot = snapshots.capture(api.service)
    api.service.faults.add(fault, optional=True)
    api.create(name="gone")
    api("DELETE", f"/v2/images/{kept}")
    snapshots.restore(api.service, snapshot)
    for _ in range(4):
        listed = api("GET", "/v2/images").get_json()["images"]
        assert [image["id"] for image in listed] == [kept]
        api.clock.advance(10)


@pytest.mark.parametrize(("fault", "seconds"), [(Stale(reads=1), 0), (Stale(seconds=30), 31)])
def test_stale_reads_lag_after_going_back(fault: Stale, seconds: float) -> None:
    """After going back reads lag behind the writes that come then."""
    api = Api()
    api.service.faults.add(fault)
    snapshot = snapshots.capture(api.service)
    api.create()
    snapshots.restore(api.service, snapshot)
    assert api("GET", "/v2/images").get_json()["images"] == []
    api.clock.advance(100)
    api("GET", "/v2/images")
    image = api.create()
    assert api("GET", "/v2/images").get_json()["images"] == []
    api.clock.advance(seconds)
    assert api("GET", "/v2/images").get_json()["images"] == [image]


# What is no state


def changed(path: str, value: Any) -> Callable[[dict[str, Any]], object]:
    """Return a change of a document: another value at a place, whose parts are names and numbers."""
    *parents, name = (int(part) if part.isdigit() else part for part in path.split("/"))

    def change(document: dict[str, Any]) -> None:
        holder: Any = document
        for part in parents:
            holder = holder[part]
        holder[name] = value

    return change


def twice(kind: str, source: str = "images") -> Callable[[dict[str, Any]], object]:
    """Return a change of a document: an image is in it once more."""
    return lambda document: document[kind].append(document[source][0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document.pop("images"), 'body: must have "images"'),
        (changed("version", 2), "/version: must be 1"),
        (changed("more", 1), 'body: has an unknown member "more"; the known members are version'),
        (changed("settings", []), "/settings: must be of type object"),
        (changed("settings/sead", 1), "/settings: ims_mock has no setting 'sead'; the settings are seed"),
        (changed("settings/auth", "lax"), '/settings/auth must be "off" or "lenient" or "strict", got "lax"'),
        (changed("settings/faults", []), "/settings: faults are not part of a state; leave them out"),
        (changed("settings/accounts", {}), "/settings: accounts are not part of a state; leave them out"),
        (changed("clock/now", "noon"), "/clock/now: must be of type number"),
        (changed("clock/now", 1e12), "/clock/now: must be at most 253402300799"),
        (changed("clock/now", float("nan")), "/clock/now: NaN is not a JSON number"),
        (changed("clock/speed", 1e9), "/clock/speed: must be at most 1000000"),
        (changed("clock/speed", -1), "/clock/speed: must be at least 0"),
        (changed("users", {}), "/users: must have at least 1 member"),
        (changed("users/demo/roles", {}), "/users/demo/roles: must have at least 1 member"),
        (
            changed("users/demo/roles", {"nowhere": ["member"]}),
            "/users: demo has roles in nowhere, which is no project; add it to projects",
        ),
        (
            changed("users/demo/roles/demo", ["boss"]),
            '/users/demo/roles/demo/0: must be "admin" or "member" or "reader"',
        ),
        (changed("users/alt/name", "demo"), '/users/alt/name: must be "alt"'),
        (changed("users/alt/access", "demo-ak"), "/users: two have the access demo-ak"),
        (changed("images/0/image", {}), '/images/0/image: must have "schema" and'),
        (changed("images/0/image/id", "ABCDEF01-0000-4000-8000-00000000000A"), "/images/0/image/id: must be in lower"),
        (changed("images/0/created_at", "yesterday"), "/images/0/created_at: must be 2016-06-02T07:49:48Z, as in"),
        (changed("deleted/0/image/updated_at", 5), "/deleted/0/image/updated_at: must be of type string"),
        (changed("images/0/image/name", "\udc00"), "/images/0/image/name: has half of a surrogate pair"),
        (changed("images/0/image/checksum", "a\nb"), "/images/0/image/checksum: must be printable ASCII"),
        (changed("projects/alt/id", "a/b"), "/projects/alt/id: must be 32 hexadecimal digits"),
        (changed("users/alt/access", ""), "/users/alt/access: must be 1 to 128 letters"),
        (changed("transitions/0/attributes/size", "x"), "/transitions/0/attributes/size: must be of type integer"),
        (changed("transitions/0/attributes/owner", "x"), "/transitions/0/attributes/owner: the key must be"),
        (
            lambda document: document["transitions"].append(document["transitions"][0]),
            "/transitions/0/number: two have the number 2",
        ),
        (changed("images/0/number", -1), "/images/0/number: must be at least 0"),
        (twice("images"), "/images/2/image/id: two images have the id "),
        (twice("deleted"), "/deleted/1/image/id: two images have the id "),
        (changed("images/0/image/size", float("inf")), "/images/0/image/size: Infinity is not a JSON number"),
        (changed("images/0/image/tags", {"a"}), "/images/0/image/tags: is not JSON: Object of type set"),
        (lambda document: document["members"].update(x={"y": {}}), "/members/x/y: must have"),
        (lambda document: document["files"].update(x="?"), "/files/x: there is no image"),
        (lambda document: document["files"].update(x=5), "/files/x: must be of type string"),
        (changed("transitions/0/status", "gone"), '/transitions/0/status: must be "saving" or "active" or "killed"'),
        (changed("transitions/0/status", "SUCCESS"), '/transitions/0/status: must be "saving" or "active" or "killed"'),
        (changed("transitions/0/attributes/percent", 1), "/transitions/0/attributes/percent: the key must be"),
        (changed("transitions/0/due", -1e12), "/transitions/0/due: must be at least -62135596800"),
        (changed("tokens/ims-mock-token", {}), "/tokens/ims-mock-token: must have"),
        (changed("tokens/ims-mock-token/expires_at", 1e300), "/tokens/ims-mock-token/expires_at: must be at most"),
        (changed("drawn/images", -1), "/drawn/images: must be at least 0"),
        (changed("wrong_signatures", {"a": {"count": 1}}), '/wrong_signatures/a: must have "last"'),
    ],
)
def test_document_that_is_no_state(change: Callable[[dict[str, Any]], object], message: str) -> None:
    """What a state cannot be of is refused by its place, and what it says there."""
    api = Api(delays={"saving": 5})
    api("DELETE", f"/v2/images/{api.create()['id']}")
    api.create()
    image = api.create()
    api("PUT", image["file"], SMALL, Content_Type=OCTETS)
    document = snapshots.capture(api.service).to_json()
    Snapshot.from_json(document)
    change(document)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        Snapshot.from_json(document)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("document", [None, [], "state", 5])
def test_document_that_is_no_object(document: Any) -> None:
    """A state is an object."""
    with pytest.raises(ValueError, match="body: must be of type object"):
        Snapshot.from_json(document)


def test_refusal_shows_no_secret() -> None:
    """The error for a bad secret does not show it."""
    document = ImsMock().snapshot().to_json()
    document["users"]["demo"]["secret"] = ["hunter2"]
    document["users"]["alt"] = {"password": "hunter2"}
    with pytest.raises(ValueError, match="/users/demo/secret: must be of type string") as caught:
        Snapshot.from_json(document)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", ": is not JSON: Expecting property name"),
        (b"\xff", ": is not UTF-8"),
        (b"{}", ': must have "version" and "settings"'),
        (b"[" * 100_000, ": "),
        (b"", ": is empty"),
    ],
)
def test_file_that_is_no_state(tmp_path: Path, content: bytes, message: str) -> None:
    """A file that is none is refused by its name."""
    file = tmp_path / "state.json"
    file.write_bytes(content)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        Snapshot.load(file)
    assert str(caught.value).startswith(f"{file}{message}")


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that cannot be read is an OSError."""
    with pytest.raises(FileNotFoundError):
        Snapshot.load(tmp_path / "nowhere.json")


# The control API


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, 'body: must have "version"'),
        ([], 400, "body: must be of type object"),
        (b"{", 400, "body: is not JSON"),
        (b"", 400, "body: is empty"),
    ],
)
def test_wrong_state_changes_nothing(api: Api, body: Any, status: int, message: str) -> None:
    """What is no state is refused, and the state stays."""
    api.create()
    before = snapshots.capture(api.service).to_json()
    response = api("PUT", "/_ims_mock/state", body)
    assert (response.status_code, response.get_json()["error"]["code"]) == (status, "invalid")
    assert response.get_json()["error"]["message"].startswith(message)
    assert snapshots.capture(api.service).to_json() == before


def test_state_that_is_too_large(api: Api) -> None:
    """A state may have far more bytes than another body, and one of more than that is 413, before it is read."""
    for length, status in ((2**30 + 1, 413), (2**30, 400)):
        environ = {"CONTENT_LENGTH": str(length)}
        response = api._client.open("/_ims_mock/state", method="PUT", data=b"{}", environ_overrides=environ)
        assert response.status_code == status


def test_list_and_delete_snapshots(api: Api) -> None:
    """Snapshots are listed by name, the first first, and deleted by it."""
    for name in ("b", "a", "b"):
        assert api("POST", "/_ims_mock/snapshots", {"name": name}).status_code == 201
    assert api("GET", "/_ims_mock/snapshots").get_json() == {"snapshots": ["b", "a"]}
    assert api("DELETE", "/_ims_mock/snapshots/b").status_code == 204
    assert api("GET", "/_ims_mock/snapshots").get_json() == {"snapshots": ["a"]}


def test_snapshot_of_a_name_that_is_taken(api: Api) -> None:
    """A snapshot takes the place of another of its name."""
    api("POST", "/_ims_mock/snapshots", {"name": "a"})
    api.create()
    api("POST", "/_ims_mock/snapshots", {"name": "a"})
    api.images.clear()
    api("POST", "/_ims_mock/snapshots/a/restore")
    assert len(api.images) == 1


def test_snapshot_with_a_name_of_any_script(api: Api) -> None:
    """A name is any text without a slash, percent-encoded in a path."""
    api("POST", "/_ims_mock/snapshots", {"name": "vor dem Löschen?"})
    assert api("POST", "/_ims_mock/snapshots/vor%20dem%20L%C3%B6schen%3F/restore").status_code == 204


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, 'body: must have "name", got {}'),
        ({"name": ""}, "/name: must be a text that can be in a path, without '/', got \"\""),
        ({"name": "a/b"}, "/name: must be a text that can be in a path, without '/', got \"a/b\""),
        ({"name": 5}, "/name: must be of type string, got 5"),
        (
            {"nane": "a"},
            'body: has an unknown member "nane"; the known members are name; did you mean "name"?; '
            'body: must have "name", got {"nane": "a"}',
        ),
        ([], "body: must be of type object, got []"),
    ],
)
def test_name_that_cannot_be(api: Api, body: Any, message: str) -> None:
    """A snapshot without a name that a path can have is refused."""
    response = api("POST", "/_ims_mock/snapshots", body)
    assert (response.status_code, response.get_json()["error"]["message"]) == (
        400,
        f"{message} [schemas/control/take_snapshot.json]",
    )


@pytest.mark.parametrize(("method", "path"), [("POST", "/b/restore"), ("DELETE", "/b")])
def test_snapshot_that_is_not_there(api: Api, method: str, path: str) -> None:
    """An unknown name of a snapshot is 404, with the known names."""
    api("POST", "/_ims_mock/snapshots", {"name": "a"})
    response = api(method, f"/_ims_mock/snapshots{path}")
    assert response.status_code == 404
    assert response.get_json()["error"] == {
        "code": "not_found",
        "message": 'no snapshot has the name "b"; the known ones are a',
    }


def test_snapshots_are_a_tests_own(api: Api) -> None:
    """A reset drops every snapshot; going back to one keeps them all."""
    for name in "ab":
        api("POST", "/_ims_mock/snapshots", {"name": name})
    api("POST", "/_ims_mock/snapshots/a/restore")
    assert api("GET", "/_ims_mock/snapshots").get_json() == {"snapshots": ["a", "b"]}
    api("POST", "/_ims_mock/reset")
    assert api("GET", "/_ims_mock/snapshots").get_json() == {"snapshots": []}


@pytest.mark.parametrize(
    ("corrupt", "message"),
    [
        (lambda document: document["images"][0]["image"].update(status="foo"), "/images/0/image/status: must be "),
        (
            lambda document: document["images"][0]["image"].update(name=5),
            "/images/0/image/name: must be of type string",
        ),
        (lambda document: document["images"][0]["image"].pop("owner"), '/images/0/image: must have "owner"'),
        (lambda document: document["files"].update(zzz=""), '/files/zzz: there is no image "zzz"; leave it out'),
        (lambda document: document["members"].update(nope={}), '/members/nope: there is no image "nope"; leave it out'),
    ],
)
def test_image_that_could_not_be_returned_is_refused(
    api: Api, corrupt: Callable[[dict[str, Any]], object], message: str
) -> None:
    """A state is held against the image's own schema before anything is given up for it."""
    api.create()
    document = snapshots.capture(api.service).to_json()
    corrupt(document)
    response = api("PUT", "/_ims_mock/state", document)
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(message)
    assert len(api.images) == 1


def test_state_without_settings_has_the_defaults(api: Api) -> None:
    """Settings that a state leaves out are as they are by default, and every request is served."""
    document = snapshots.capture(api.service).to_json()
    document["settings"] = {}
    assert api("PUT", "/_ims_mock/state", document).status_code == 204
    assert api("GET", "/_ims_mock/health").status_code == 200
    assert api("GET", "/v2/images").status_code == 200
    assert api.service.store.seed == 0


def test_damaged_member_of_a_state_is_refused(api: Api) -> None:
    """A member is held against its own schema before anything is given up for it."""
    image = api.create()
    assert api("POST", f"/v2/images/{image['id']}/members", {"member": "other"}).status_code == 200
    document = snapshots.capture(api.service).to_json()
    document["members"][image["id"]]["other"]["status"] = "x"
    response = api("PUT", "/_ims_mock/state", document)
    assert response.status_code == 400
    assert f"/members/{image['id']}/other/status: must be" in response.get_json()["error"]["message"]


def test_state_has_every_collection_of_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A collection that is declared is in a state file, and is needed there, without a word in the schema."""
    declare = Store.__init__

    def declare_one_more(store: Store, *arguments: Any, **options: Any) -> None:
        declare(store, *arguments, **options)
        store._declare("notes", Collection)

    monkeypatch.setattr(Store, "__init__", declare_one_more)
    snapshots._schema.cache_clear()
    try:
        document = ImsMock().snapshot().to_json()
        assert snapshots.Snapshot.from_json(document).to_json() == document
        del document["notes"]
        with pytest.raises(ValueError, match='body: must have "notes"'):
            snapshots.Snapshot.from_json(document)
    finally:
        snapshots._schema.cache_clear()
