"""The mirror: a mock that is asked what the cloud is asked; the cloud here is a second mock with other ids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.contract import NOT_RECORDED, RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.testing.drift_report import Compared
from ims_mock.testing.mirror import Mirror
from ims_mock.testing.proxy import MockCloud

IMS = "https://ims.{}.myhuaweicloud.com"
IMAGES = "/v2/images"


class Cloud:
    """A cloud, and a mirror that is asked the same."""

    def __init__(self, **settings: Any) -> None:
        self.mirror = Mirror(MockCloud())
        self.mock = ImsMock(seed="cloud", **settings)
        self._client = self.mock.app.test_client()

    def ask(self, method: str, path: str, body: Any = None, region: str = "cn-north-4", **more: Any) -> Compared:
        """Ask the cloud, and then the mirror; a file is as the proxy has it: not kept."""
        headers = [("X-Auth-Token", "t"), *more.pop("headers", [])]
        is_file = isinstance(body, bytes)
        data = body if is_file or body is None else json.dumps(body).encode()
        response = self._client.open(path, method=method, headers=headers, data=data)
        request = RecordedRequest(
            method,
            IMS.format(region) + path,
            headers,
            NOT_RECORDED if is_file else data or b"",
            has_all_headers=True,
        )
        self.body: Any = response.get_json(silent=True)
        self.response = RecordedResponse(
            response.status_code, list(response.headers), response.data, has_all_headers=True
        )
        exchange = RecordedExchange(request, more.pop("response", self.response), "exchange 1")
        return self.mirror.compare(exchange, len(body) if is_file else 0)


@pytest.fixture
def cloud() -> Cloud:
    """A cloud with a mirror."""
    return Cloud()


def test_what_is_the_same(cloud: Cloud) -> None:
    """A mock that does as the cloud does is the same by rules: it has other ids, which are known from then on."""
    created = cloud.ask("POST", IMAGES, {"name": "web"})
    image_id = cloud.body["id"]
    shown = cloud.ask("GET", f"{IMAGES}/{image_id}")
    listed = cloud.ask("GET", IMAGES)
    deleted = cloud.ask("DELETE", f"{IMAGES}/{image_id}")
    gone = cloud.ask("GET", f"{IMAGES}/{image_id}")
    verdicts = [item.verdict for item in (created, shown, listed, deleted, gone)]
    assert set(verdicts) <= {"same", "same by rules"}, [list(item.lines()) for item in (created, shown, listed)]
    assert created.operation == "glance_create_image_metadata"
    assert "ids" in created.rules
    assert image_id not in cloud.mirror._mocks.mock().images


@pytest.mark.parametrize("headers", [[], [("Content-Length", "5")]])
def test_file(cloud: Cloud, headers: list[tuple[str, str]]) -> None:
    """Of a file that passed the mock is given as many zeros, so that its image is active too."""
    cloud.ask("POST", IMAGES, {"name": "web"})
    octets = [("Content-Type", "application/octet-stream"), *headers]
    assert cloud.ask("PUT", cloud.body["file"], b"01234", headers=octets).verdict in ("same", "same by rules")
    assert cloud.ask("GET", IMAGES).verdict == "same by rules"
    (image,) = cloud.mirror._mocks.mock().images.values()
    assert (image["status"], image["size"]) == ("active", 5)


def test_what_differs(cloud: Cloud) -> None:
    """What the mock does in another way is said: which attribute, and both values."""
    cloud.ask("POST", IMAGES, {"name": "web"})
    cloud.mock.images[cloud.body["id"]]["min_disk"] = 77
    compared = cloud.ask("GET", f"{IMAGES}/{cloud.body['id']}")
    assert compared.verdict == "differs"
    assert [str(difference) for difference in compared.differences] == ["body /min_disk: 77 became 0"]


def test_another_status() -> None:
    """A request that the cloud rejects, and the mock does not, differs by its status."""
    cloud = Cloud(faults=["glance_create_image_metadata: 403"])
    (difference,) = cloud.ask("POST", IMAGES, {"name": "web"}).differences
    assert (difference.part, difference.first, difference.second) == ("status", 403, 201)


def test_image_that_was_there_before(cloud: Cloud) -> None:
    """An image that the cloud had before is put into the mock, when it is shown first."""
    old = cloud.mock.add_image(name="old", data=b"0", created_at="2016-06-02T07:49:48Z")
    assert cloud.ask("GET", f"{IMAGES}/{old['id']}").verdict in ("same", "same by rules")
    patch = [{"op": "replace", "path": "/name", "value": "new"}]
    compared = cloud.ask("PATCH", f"/v2/cloudimages/{old['id']}", patch, headers=[("Content-Type", "application/json")])
    assert (cloud.response.status, compared.verdict) == (200, "same by rules"), list(compared.lines())
    assert cloud.mirror._mocks.mock().images[old["id"]]["name"] == "new"


def test_page_of_a_cloud_with_more_images(cloud: Cloud) -> None:
    """The cloud has more images than it has shown, so its page has a link to more, and the mock's page none."""
    for number in range(3):
        cloud.mock.add_image(name=f"old {number}", created_at=f"2016-06-02T07:49:4{number}Z")
    first = cloud.ask("GET", f"{IMAGES}?limit=2")
    assert "next" in cloud.body
    second = cloud.ask("GET", cloud.body["next"])
    assert (first.verdict, second.verdict) == ("same by rules", "same"), [*first.lines(), *second.lines()]
    assert first.rules["others"] == 1


def test_image_that_changes_by_itself() -> None:
    """An image that the cloud is still saving may be active in the mock already."""
    cloud = Cloud(delays={"saving": 60})
    cloud.ask("POST", IMAGES, {"name": "web"})
    octets = [("Content-Type", "application/octet-stream")]
    cloud.ask("PUT", cloud.body["file"], b"01234", headers=octets)
    (image_id,) = cloud.mock.images
    compared = cloud.ask("GET", f"{IMAGES}/{image_id}")
    assert compared.verdict == "same by rules"
    assert "waiting" in compared.rules


def test_regions(cloud: Cloud) -> None:
    """Each region of the cloud has its own mock; what is of all regions is the first one's."""
    cloud.ask("POST", IMAGES, {"name": "web"}, region="cn-east-3")
    mocks = cloud.mirror._mocks
    assert [len(mocks.mock(region).images) for region in ("cn-north-4", "cn-east-3")] == [0, 1]
    cloud.ask("GET", "/v3/auth/domains")
    assert len(mocks.mock().journal) == 1


def test_what_is_not_asked(cloud: Cloud) -> None:
    """A request without a response is not compared, and the note says why."""
    compared = cloud.ask("GET", IMAGES, response=None)
    assert (compared.verdict, compared.note) == ("not compared", "no response is recorded")


def test_mock_that_fails(cloud: Cloud) -> None:
    """A mock that does not respond, as by a rule of its own, is not compared, and the cloud's client sees nothing."""
    cloud.mirror._mocks.mock().faults.add("glance_list_images: hangup")
    compared = cloud.ask("GET", IMAGES)
    assert compared.verdict == "not compared"
    assert compared.note.startswith("the mock has not responded: RemoteDisconnected")
