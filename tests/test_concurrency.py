"""Many clients at once: nothing is lost, and nobody sees a 500."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from ims_mock import ImsMock
from ims_mock.contract.operations import load_contract
from tests.examples import creations, reads

LOGIN = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "secret"}}}}}

ALT = "7be1d20c94f34a0d8e5c6b3a2f1e0d9c"

KEY = "bd66288c-9081-460a-8227-4cbd0c814cb4"
V21 = "application/openstack-images-v2.1-json-patch"
V20 = "application/openstack-images-v2.0-json-patch"
MADE = "made by a job"
ACROSS = {"region": "cn-south-1", "project_name": "cn-south-1", "agency_name": "a"}
EXPORT = {"bucket_url": "bucket:a", "file_format": "vhd"}


class Hammer:
    """One client that sends requests of every operation at random, and keeps count of what it has done."""

    def __init__(self, mock: ImsMock, number: int, requests: int) -> None:
        self._requests = requests
        self._random = random.Random(number)
        self._project = f"project-{number}"
        self._other = f"project-{1 - number}"
        self._connection = http.client.HTTPConnection(urlsplit(mock.url).netloc, timeout=30)
        self.mine: dict[str, bytes | None] = {}
        self.responses: Counter[int] = Counter()
        self.wrong: list[Any] = []
        self._shared: list[str] = []
        self._token = ""
        self._job = "0" * 32

    def __call__(self) -> None:
        """Send the requests."""
        for _ in range(self._requests):
            self._step()
        self._connection.close()

    def _step(self) -> None:
        image_id = self._random.choice(list(self.mine) or ["nope"])
        path = f"/v2/images/{image_id}"
        member = f"{path}/members/{self._other}"
        choice = self._random.randrange(26)
        if choice < 2 or len(self.mine) < 10:
            status, body = self._ask("POST", "/v2/images", {"name": "a", "tags": ["t"]})
            self.mine[json.loads(body)["id"]] = None
            self._expect(status == 201, "create", status)
        elif choice == 2:
            status, _ = self._ask("DELETE", path, {"delete_backup": False})
            self._expect(status == 204, "delete", status)
            del self.mine[image_id]
        elif choice == 3:
            status, _ = self._ask("DELETE", f"/v1.1/images/{image_id}")
            self._expect(status == 200, "delete", status)
            del self.mine[image_id]
        elif choice < 7:
            content = self._random.randbytes(self._random.randrange(2000))
            status, _ = self._ask("PUT", f"{path}/file", content, "application/octet-stream")
            if image_id in self.mine:
                self._expect(status == (409 if self.mine[image_id] is not None else 204), "upload", status)
                self.mine[image_id] = content if status == 204 else self.mine[image_id]
        elif choice < 10:
            status, body = self._ask("GET", f"{path}/file")
            self._expect((body or None) == (self.mine.get(image_id) or None) or status == 404, "download", status)
        else:
            self._ask(*self._random.choice(self._others(path, member)))

    def _others(self, path: str, member: str) -> list[tuple[Any, ...]]:
        value = str(self._random.randrange(5))
        tag = f"t{value}"
        shared = self._random.choice(self._shared or [path])
        return [
            ("GET", "/"),
            ("GET", "/v2"),
            ("GET", "/versions"),
            ("GET", f"/v2/images?limit={value}&sort=name:asc,size&tag=t"),
            ("GET", "/v2/images?status=active&sort_dir=asc"),
            ("GET", "/v2/images?visibility=shared&member_status=all"),
            ("GET", path),
            ("GET", shared),
            ("HEAD", f"/v1/images/{path.rpartition('/')[2]}"),
            ("GET", "/v1.1/images/detail?status=active"),
            ("PATCH", path, [{"op": "add", "path": "/k", "value": value}], V21),
            ("PATCH", path, [{"add": "/name", "value": f"n{value}"}], V20),
            ("PUT", f"{path}/tags/{tag}"),
            ("DELETE", f"{path}/tags/{tag}"),
            ("POST", f"{path}/members", {"member": self._other}),
            ("GET", f"{path}/members"),
            ("GET", member),
            ("DELETE", member),
            ("PUT", f"{shared}/members/{self._project}", {"status": self._random.choice(["accepted", "rejected"])}),
            ("GET", "/v2/schemas/image"),
            ("GET", "/v2/schemas/images"),
            ("GET", "/v2/schemas/member"),
            ("GET", "/v2/schemas/members"),
            ("POST", f"{path.replace('/v2/', '/v1/cloud')}/copy", {"name": MADE}),
            ("GET", f"/v1/{self._project}/jobs/{self._job}"),
            ("GET", f"/v1/cloudimages/job/{self._job}"),
            ("GET", "/identity"),
            *self._batches(path, tag),
            *(
                (read.method, read.path)
                for read in reads(image_id=path.rpartition("/")[2], project_id=self._project, backup_id=KEY)
            ),
            *self._others_of_services(path.rpartition("/")[2]),
            ("GET", "/v3"),
            ("POST", "/v3/auth/tokens", LOGIN),
            ("GET", "/v3/auth/tokens"),
            ("DELETE", "/v3/auth/tokens"),
            ("GET", "/v3/projects"),
            ("GET", "/v3/auth/projects"),
            ("GET", "/v3/auth/domains"),
            ("GET", "/v3/auth/catalog"),
            ("GET", f"/v3/projects/{ALT}"),
        ]

    def _batches(self, path: str, tag: str) -> list[tuple[Any, ...]]:
        image_id, own = path.rpartition("/")[2], f"/v2/{self._project}/images"
        pair, images = {"key": tag, "value": ""}, [image_id]
        members = f"/v1/{self._project}/cloudimages/{image_id}/members"
        safe = f"/v2.1/cloudimages/{image_id}"
        return [
            ("GET", "/v2/cloudimages?sort_key=name&status=active&tag=t&limit=3"),
            ("PATCH", f"/v2/cloudimages/{image_id}", [{"op": "add", "path": "/o", "value": tag}]),
            ("GET", "/v1/cloudimages/os_version"),
            ("GET", "/v1/cloudimages/quota"),
            ("GET", "/v1/cloudimages/tags?limit=3"),
            ("PUT", "/v1/cloudimages/tags", {"image_id": image_id, "tag": f"{tag}.x"}),
            ("GET", f"{own}/tags"),
            ("GET", f"{own}/{image_id}/tags"),
            ("POST", f"{own}/{image_id}/tags", {"tag": pair}),
            ("DELETE", f"{own}/{image_id}/tags/{tag}"),
            ("POST", f"{own}/{image_id}/tags/action", {"action": "create", "tags": [pair]}),
            ("DELETE", f"/v1/{self._project}/cloudimages/{image_id}/tags/delete", {"tags": [pair]}),
            ("POST", f"{own}/resource_instances/action", {"action": "filter", "tags": [{"key": tag, "values": []}]}),
            ("POST", "/v1/cloudimages/members", {"images": images, "projects": [self._other]}),
            ("PUT", "/v1/cloudimages/members", {"images": images, "project_id": self._project, "status": "accepted"}),
            ("DELETE", "/v1/cloudimages/members", {"images": images, "projects": [self._other]}),
            ("POST", f"{safe}/copy", {"name": MADE}),
            ("POST", f"{safe.replace('v2.1', 'v1')}/cross_region_copy", {**ACROSS, "name": MADE}),
            ("PUT", "/v1/cloudimages/nope/upload", {"image_url": "bucket:object"}),
            ("POST", f"{safe}/file", EXPORT),
            ("POST", f"{safe.replace('v2.1', 'v1')}/file", EXPORT),
            ("GET", members),
            ("GET", f"{members}/{self._other}"),
            *((create.method, create.path, {**create.body, "name": MADE}) for create in creations()),
        ]

    def _others_of_services(self, image_id: str) -> list[tuple[Any, ...]]:
        keys, target = f"/v1.0/{self._project}/kms", f"/v1.0/enterprise-projects/{KEY}"
        return [
            ("POST", f"{keys}/create-key", {"key_alias": "a"}),
            ("POST", f"{keys}/describe-key", {"key_id": KEY}),
            ("POST", f"{keys}/schedule-key-deletion", {"key_id": KEY, "pending_days": "7"}),
            ("POST", f"{target}/resources-migrate", {"resource_type": "images", "resource_id": image_id}),
            ("POST", f"{target}/resources/filter", {"resource_types": ["images"], "limit": 3}),
        ]

    def _ask(self, method: str, path: str, body: Any = None, media_type: str = "application/json") -> tuple[int, bytes]:
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body)
        headers = {"X-Auth-Token": "t", "X-Project-Id": self._project, "Content-Type": media_type}
        headers["X-Subject-Token"] = self._token
        self._connection.request(method, path, sent, headers)
        response = self._connection.getresponse()
        self.responses[response.status] += 1
        content = response.read()
        self._token = response.headers.get("X-Subject-Token", self._token)
        if response.status == 200 and b'"job_id"' in content:
            self._job = json.loads(content)["job_id"]
        if "member_status" in path:
            self._shared = [image["self"] for image in json.loads(content)["images"]]
        return response.status, content

    def _expect(self, is_right: bool, what: str, status: int) -> None:
        if not is_right:
            self.wrong.append((what, status))


# The journal keeps every request: among the last 1000 alone, one of the operations is missing now and then.
@pytest.mark.ims_mock(journal_size=20_000)
@pytest.mark.slow
@pytest.mark.parametrize("requests", [1000, pytest.param(5000, marks=pytest.mark.thorough)])
def test_two_threads_lose_nothing(ims_mock: ImsMock, requests: int) -> None:
    """Two threads that hammer every operation, with up to 10,000 requests, leave exactly what each has made."""
    hammers = [Hammer(ims_mock, number, requests) for number in range(2)]
    threads = [threading.Thread(target=hammer) for hammer in hammers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    responses = sum((hammer.responses for hammer in hammers), Counter())
    assert [wrong for hammer in hammers for wrong in hammer.wrong] == []
    assert [status for status in responses if status >= 500] == []
    assert sum(responses.values()) == ims_mock.journal.received >= 2 * requests
    others = {image_id for image_id, image in ims_mock.images.items() if image["name"] == MADE}
    assert set(ims_mock.images) - others == {image_id for hammer in hammers for image_id in hammer.mine}
    for hammer in hammers:
        for image_id, content in hammer.mine.items():
            file = ims_mock.service.store.files.get(image_id)
            assert (None if file is None else b"".join(file.read())) == content
            assert (ims_mock.images[image_id]["status"] == "active") == (content is not None)
    for image_id in ims_mock.images:
        assert (ims_mock.images[image_id]["visibility"] == "shared") == bool(
            ims_mock.service.store.members.of(image_id)
        )
    asked = {entry.operation for entry in ims_mock.journal} - {None}
    assert asked == set(load_contract().operations)
