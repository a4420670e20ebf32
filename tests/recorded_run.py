"""A client that asks for every operation of the API, as two users: what tests/data/recordings/ims_mock.har records.

`python -m tests.recorded_run` writes the recording again. It is the mock's own word of today: a later mock that
responds otherwise differs from it. The author of an intended change writes the file again, and the pull request shows
the difference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.test import TestResponse

from ims_mock import ImsMock
from ims_mock.contract.operations import load_contract
from ims_mock.contract.recorded import RecordedExchange
from ims_mock.evidence.har import to_har
from ims_mock.evidence.recordings import har
from ims_mock.evidence.recordings.files import read_recording
from tests.conftest import PAGE, ROOT
from tests.examples import creations

RECORDING = ROOT / "tests/data/recordings/ims_mock.har"

OCTETS = "application/octet-stream"
PATCH = "application/openstack-images-v2.1-json-patch"
NOBODY = "00000000-0000-4000-8000-000000000000"
SETTINGS: dict[str, Any] = {"auth": "strict", "jobs": {"*": {"polls": 1}}, "delays": {"queued": 3, "saving": 4}}


class Client:
    """A user's client; a second passes before each request."""

    def __init__(self, mock: ImsMock, user: str) -> None:
        self._mock = mock
        self._client = mock.app.test_client()
        self._token = mock.new_token(user)
        self.project = mock.accounts.own_project(mock.accounts.users[user]).id

    def __call__(
        self, method: str, path: str, body: Any = None, media_type: str = "application/json", **headers: str
    ) -> TestResponse:
        """Send a request; a body that is not bytes is sent as JSON."""
        self._mock.clock.advance(1)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        typed = {} if data is None else {"Content-Type": media_type}
        sent = {
            "X-Auth-Token": self._token,
            **typed,
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        given = {name: text for name, text in sent.items() if text}
        return self._client.open(path, method=method, data=data, headers=given)

    def create(self, **attributes: Any) -> str:
        """Create an image and return its id."""
        return str(self("POST", "/v2/images", attributes).get_json()["id"])

    def finish(self, response: TestResponse) -> Mapping[str, Any]:
        """Ask for a job until it has ended, in both ways, and return it."""
        assert response.status_code == 200, response.headers
        job_id = response.get_json()["job_id"]
        while True:
            self("GET", f"/v1/cloudimages/job/{job_id}")
            job: Mapping[str, Any] = self("GET", f"/v1/{self.project}/jobs/{job_id}").get_json()
            if job["status"] in ("SUCCESS", "FAIL"):
                return job


def run(mock: ImsMock) -> None:
    """Ask for everything."""
    demo, alt = Client(mock, "demo"), Client(mock, "alt")
    discover(demo)
    image_id = upload(demo)
    list_images(demo)
    share(demo, alt, image_id)
    tag(demo, image_id)
    transfer(demo, image_id)
    make(demo)
    visit_neighbours(demo, image_id)
    err(demo, image_id)
    delete(demo, image_id)


def discover(ask: Client) -> None:
    """Log in, and ask for versions, schemas and accounts."""
    for path in ("/", "/v2", "/versions", "/v3", "/identity", "/v2/schemas/image", "/v2/schemas/images"):
        ask("GET", path, X_Auth_Token="")
    for path in ("/v2/schemas/image", "/v2/schemas/images", "/v2/schemas/member", "/v2/schemas/members"):
        ask("GET", path)
    user = {"name": "demo", "password": "secret", "domain": {"name": "Default"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    token = ask(
        "POST", "/v3/auth/tokens", {"auth": {"identity": identity, "scope": {"project": {"name": "demo"}}}}
    ).headers["X-Subject-Token"]
    ask("GET", "/v3/auth/tokens", X_Subject_Token=token)
    for path in ("auth/catalog", "auth/projects", "auth/domains", "projects", f"projects/{ask.project}", "users"):
        ask("GET", f"/v3/{path}")
    ask("DELETE", "/v3/auth/tokens", X_Subject_Token=token)
    ask("GET", "/v3/auth/tokens", X_Subject_Token=token)


def upload(ask: Client) -> str:
    """Create an image, change it, and give it a file."""
    image_id = ask.create(name="web", tags=["b", "a"], __os_version="Ubuntu 22.04 server 64bit", min_disk=40)
    ask.create(name="db", visibility="private", protected=False, hw_disk_bus="scsi")
    ask("GET", f"/v2/images/{image_id}")
    ask("GET", f"/v2/images/{image_id}/file")
    ask("PATCH", f"/v2/images/{image_id}", [{"op": "replace", "path": "/name", "value": "web-2"}], PATCH)
    ask("PUT", f"/v2/images/{image_id}/file", bytes(range(100)), OCTETS)
    for _ in range(8):
        ask("GET", f"/v2/images/{image_id}")
    ask("GET", f"/v2/images/{image_id}/file")
    ask("PATCH", f"/v2/cloudimages/{image_id}", [{"op": "add", "path": "/description", "value": "größer"}])
    return image_id


def list_images(ask: Client) -> None:
    """Read lists, page by page, in several orders."""
    first = ask("GET", "/v2/images?limit=1&sort_key=name&sort_dir=asc").get_json()
    ask("GET", first["next"])
    marker = first["images"][0]["id"]
    for query in (
        "",
        "?name=db",
        "?status=active",
        "?tag=a&tag=b",
        "?sort=name:desc,created_at",
        "?owner=" + ask.project,
    ):
        ask("GET", f"/v2/images{query}")
    for query in (
        "",
        f"?marker={marker}&limit=1",
        "?__imagetype=private&sort_key=name&sort_dir=asc",
        "?__isregistered=",
    ):
        ask("GET", f"/v2/cloudimages{query}")
    for path in ("/v1.1/images/detail", "/v1/cloudimages/quota", "/v1/cloudimages/tags"):
        ask("GET", path)
    ask("HEAD", f"/v1/images/{marker}")
    ask("GET", "/v1/cloudimages/os_version?tag=arm")


def share(ask: Client, other: Client, image_id: str) -> None:
    """Share an image with another project, which accepts it, natively and by jobs."""
    members = f"/v2/images/{image_id}/members"
    other("GET", f"/v2/images/{image_id}")
    ask("POST", members, {"member": other.project})
    ask("GET", members)
    other("PUT", f"{members}/{other.project}", {"status": "accepted"})
    other("GET", f"{members}/{other.project}")
    other("GET", "/v2/images?visibility=shared&member_status=accepted")
    ask("DELETE", f"{members}/{other.project}")
    other("GET", f"/v2/images/{image_id}")
    batch = {"images": [image_id], "projects": [other.project]}
    ask.finish(ask("POST", "/v1/cloudimages/members", batch))
    ask("GET", f"/v1/{ask.project}/cloudimages/{image_id}/members")
    ask("GET", f"/v1/{ask.project}/cloudimages/{image_id}/members/{other.project}")
    status = {"images": [image_id], "project_id": other.project, "status": "accepted"}
    other.finish(other("PUT", "/v1/cloudimages/members", status))
    ask.finish(ask("DELETE", "/v1/cloudimages/members", batch))


def tag(ask: Client, image_id: str) -> None:
    """Set tags, list them, and take them away."""
    ask("PUT", f"/v2/images/{image_id}/tags/c")
    ask("DELETE", f"/v2/images/{image_id}/tags/c")
    ask("PUT", "/v1/cloudimages/tags", {"image_id": image_id, "tag": "owner.web"})
    tags = f"/v2/{ask.project}/images/{image_id}/tags"
    ask("POST", tags, {"tag": {"key": "stage", "value": "test"}})
    ask(
        "POST",
        f"{tags}/action",
        {"action": "create", "tags": [{"key": "k1", "value": "v1"}, {"key": "k2", "value": ""}]},
    )
    ask("GET", tags)
    ask("GET", f"/v2/{ask.project}/images/tags")
    ask("GET", "/v1/cloudimages/tags")
    wanted = {"action": "filter", "tags": [{"key": "stage", "values": ["test"]}], "limit": "10", "offset": "0"}
    ask("POST", f"/v2/{ask.project}/images/resource_instances/action", wanted)
    ask("DELETE", f"{tags}/stage")
    ask("DELETE", f"/v1/{ask.project}/cloudimages/{image_id}/tags/delete", {"tags": [{"key": "k1"}]})
    ask("GET", f"/v2/images/{image_id}")


def transfer(ask: Client, image_id: str) -> None:
    """Copy an image, export it, and register the file of another one."""
    for version in ("v1", "v2.1"):
        copied = ask.finish(ask("POST", f"/{version}/cloudimages/{image_id}/copy", {"name": f"copied by {version}"}))
        ask("GET", f"/v2/images/{copied['entities']['image_id']}")
    across = {"name": "copied-across", "region": "cn-north-1", "project_name": "cn-north-1", "agency_name": "ims_admin"}
    ask.finish(ask("POST", f"/v1/cloudimages/{image_id}/cross_region_copy", across))
    export = {"bucket_url": "ims-image:export.qcow2", "file_format": "qcow2"}
    ask.finish(ask("POST", f"/v1/cloudimages/{image_id}/file", export))
    fast = {"bucket_url": "ims-image:export.zvhd2", "is_quick_export": True}
    ask.finish(ask("POST", f"/v2.1/cloudimages/{image_id}/file", fast))
    registered = ask.create(name="registered", __os_version="CentOS 7.6 64bit", min_disk=40)
    ask.finish(ask("PUT", f"/v1/cloudimages/{registered}/upload", {"image_url": "ims-image:centos70.qcow2"}))
    ask("GET", f"/v2/images/{registered}")


def make(ask: Client) -> None:
    """Make images of servers, disks, files and backups, as the examples of the schemas have it."""
    for method, path, body in creations():
        ask.finish(ask(method, path, body))
    ask("GET", "/v2/cloudimages?sort_key=created_at&sort_dir=asc")


def visit_neighbours(ask: Client, image_id: str) -> None:
    """Ask the services beside IMS."""
    key = ask("POST", f"/v1.0/{ask.project}/kms/create-key", {"key_alias": "mine"}).get_json()["key_info"]["key_id"]
    ask("POST", f"/v1.0/{ask.project}/kms/describe-key", {"key_id": key})
    ask("POST", f"/v1.0/{ask.project}/kms/schedule-key-deletion", {"key_id": key, "pending_days": "7"})
    ask("GET", "/v2/products/service-types")
    ask("GET", f"/v3/{ask.project}/backups/b1c68c0d-8a09-4a41-a4c5-7a2b8b6f4c2e")
    project = "/v1.0/enterprise-projects/0"
    ask("POST", f"{project}/resources-migrate", {"resource_type": "images", "resource_id": image_id})
    ask("POST", f"{project}/resources/filter", {"resource_types": ["images"]})


def err(ask: Client, image_id: str) -> None:
    """Ask for what is rejected."""
    ask("GET", "/v2/images", X_Auth_Token="")
    ask("GET", f"/v2/images/{NOBODY}")
    ask("GET", "/v2/images?limit=-1")
    ask("GET", "/v2/images?sort_key=nothing")
    ask("GET", "/v2/nothing")
    ask("PUT", f"/v2/images/{image_id}", {})
    ask("POST", "/v2/images", {"min_ram": "much"})
    ask("POST", "/v2/images", {"id": image_id})
    ask("POST", "/v2/images", b"{")
    ask("POST", "/v2/cloudimages/action", {"name": "made"})
    ask("POST", "/v1/cloudimages/members", {"images": [NOBODY], "projects": ["p"]})
    ask("GET", f"/v1/cloudimages/job/{'0' * 32}")


def delete(ask: Client, image_id: str) -> None:
    """Delete images, also one that is protected and one that is gone."""
    protect = [{"op": "replace", "path": "/protected", "value": True}]
    ask("PATCH", f"/v2/images/{image_id}", protect, PATCH)
    ask("DELETE", f"/v2/images/{image_id}")
    ask("PATCH", f"/v2/images/{image_id}", [{**protect[0], "value": False}], PATCH)
    ask("DELETE", f"/v2/images/{image_id}")
    ask("GET", f"/v2/images/{image_id}")
    ask("DELETE", f"/v2/images/{image_id}")
    second = ask.create(name="second")
    ask("DELETE", f"/v1.1/images/{second}")
    ask("GET", "/v2/images")


def recorded(mock: ImsMock) -> list[RecordedExchange]:
    """Return the exchanges of a run with a mock."""
    run(mock)
    return list(har.read(to_har(mock.journal)))


def kept() -> list[RecordedExchange]:
    """Return the exchanges of the recording that is kept."""
    return list(read_recording(RECORDING))


def record() -> dict[str, Any]:
    """Return the recording that is kept."""
    mock = ImsMock(start=PAGE, **SETTINGS)
    run(mock)
    for entry in mock.journal:
        entry.seconds = 0.0  # So that the same run is the same file.
    return to_har(mock.journal)


def in_lines(recording: Mapping[str, Any]) -> str:
    """Return a recording as JSON with an entry in each line, so that a change of one is a change of a line."""
    log = {**recording["log"], "entries": []}
    entries = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in recording["log"]["entries"])
    return json.dumps({"log": log}).replace('"entries": []', f'"entries": [\n{entries}\n]') + "\n"


def missing(recording: Mapping[str, Any]) -> set[str]:
    """Return the operations that a recording lacks."""
    return load_contract().operations.keys() - {entry["_operation"] for entry in recording["log"]["entries"]}


if __name__ == "__main__":
    RECORDING.write_text(in_lines(record()), "utf-8")
