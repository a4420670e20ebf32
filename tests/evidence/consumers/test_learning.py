"""What a client's requests become in its contract."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ims_mock import ConsumerContract, ImsMock
from ims_mock.contract.recorded import DAMAGED, JsonBody, RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.evidence.consumers.judging import judge_consumer
from ims_mock.evidence.consumers.learning import consumer_contract
from ims_mock.evidence.consumers.shapes import shape_of, without_repetition
from ims_mock.evidence.exchanges import exchanges_of
from tests.conftest import Api

SECRET = "hunter2"
UUID = "d164b5df-1bc3-4c3f-893e-3e471fd16e64"


def learnt(*asked: tuple[str, str, Any], **headers: str) -> ConsumerContract:
    """Return the contract of a client that has sent these requests to a mock."""
    api = Api()
    for method, path, body in asked:
        api(method, path, body, **headers)
    return consumer_contract(exchanges_of(api.service.journal), "web")


def requests_of(contract: ConsumerContract, operation: str) -> list[Any]:
    """Return the requests of an operation."""
    return list(contract.operations[operation]["requests"])


def test_request() -> None:
    """A request has its status, the headers that mean something, its media type and its attributes."""
    contract = learnt(("POST", "/v2/images", {"name": "web", "min_disk": 40}), Content_Type="application/json")
    assert requests_of(contract, "glance_create_image_metadata") == [
        {
            "status": 201,
            "headers": ["X-Auth-Token"],
            "media_type": "application/json",
            "body": {"min_disk": 40, "name": "text"},
        }
    ]


def test_types_of_response() -> None:
    """A response has the types of its attributes, which are only seen."""
    contract = learnt(("POST", "/v2/images", {"name": "web"}))
    attributes = contract.operations["glance_create_image_metadata"]["responses"]["201"]
    assert attributes["/id"] == {"use": "seen", "type": ["string"]}
    assert attributes["/protected"] == {"use": "seen", "type": ["boolean"]}
    assert attributes["/tags"] == {"use": "seen", "type": ["array"]}


def test_items_of_response() -> None:
    """The items of a list are one place."""
    contract = learnt(("POST", "/v2/images", {"name": "a"}), ("GET", "/v2/images", None))
    assert "/images/*/id" in contract.operations["glance_list_images"]["responses"]["200"]


def test_listed_values() -> None:
    """Values that the documents list are kept, of bodies and of queries."""
    contract = learnt(
        ("POST", "/v2/images", {"name": "a", "disk_format": "qcow2"}),
        ("POST", "/v2/images", {"name": "a", "disk_format": "vhd"}),
        ("GET", "/v2/images?sort_key=name", None),
    )
    create = contract.operations["glance_create_image_metadata"]
    assert create["values"] == {"/disk_format": ["qcow2", "vhd"]}
    assert len(create["requests"]) == 1
    assert contract.operations["glance_list_images"]["values"] == {"?sort_key": ["name"]}


def test_no_text_of_the_user() -> None:
    """No name, id, tag or credential is in a contract, wherever in a request or a response it was."""
    body = {"name": SECRET, "tags": [f"{SECRET}={SECRET}"], "__description": SECRET, "own": [SECRET, {"a": SECRET}]}
    asked = [
        ("POST", "/v2/images", {**body, "id": UUID}),
        ("POST", "/v2/images", {"name": SECRET, "tags": [SECRET], "own": SECRET}),
        ("PATCH", f"/v2/cloudimages/{UUID}", [{"op": "replace", "path": "/name", "value": SECRET}]),
        ("GET", f"/v2/cloudimages?id={UUID}&name={SECRET}&tag={SECRET}", None),
        ("GET", f"/v2/images/{UUID}?token={SECRET}", None),
        ("POST", "/v3/auth/tokens", {"auth": {"identity": {"methods": ["password"], "password": SECRET}}}),
    ]
    text = learnt(*asked, X_Auth_Token=SECRET, Authorization=f"Basic {SECRET}").to_text()
    assert SECRET not in text
    assert UUID not in text


def test_forms_of_texts() -> None:
    """What stands for a text has its form, so that the service takes it as well."""
    contract = learnt(
        ("GET", f"/v2/cloudimages?id={UUID}&limit=20&protected=True&created_at=gt:2020-01-01T00:00:00Z", None)
    )
    (request,) = requests_of(contract, "list_images")
    assert request["query"] == {
        "created_at": "gt:2016-06-02T07:49:48Z",
        "id": "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86",
        "limit": "20",
        "protected": "True",
    }


def test_text_with_pattern() -> None:
    """A text for which the documents have a pattern becomes one that matches it."""
    body = {"name": "a", "image_url": "secrets:of/mine.qcow2", "min_disk": 40}
    (request,) = requests_of(learnt(("POST", "/v2/cloudimages/action", body)), "create_image")
    assert request["body"]["image_url"] == "bucket:file.qcow2"


def test_repeated_parameter() -> None:
    """A parameter that is given several times is a list."""
    contract = learnt(("GET", f"/v2/cloudimages?id={UUID}&id={UUID}&id={UUID}", None))
    (request,) = requests_of(contract, "list_images")
    assert request["query"]["id"] == ["4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86"] * 2


def test_shapes() -> None:
    """There is a request of each shape: other attributes, another type, an empty text."""
    bodies: list[Any] = [{"name": "a"}, {"name": "b"}, {"name": "a", "own": ""}, {"name": "a", "own": "b"}]
    bodies += [{"name": "a", "own": None}, {"min_disk": 41}, {"min_disk": 40}]
    contract = learnt(*(("POST", "/v2/images", body) for body in bodies))
    sent = [request["body"] for request in requests_of(contract, "glance_create_image_metadata")]
    assert sent == [
        {"min_disk": 40},
        {"name": "text"},
        {"name": "text", "own": ""},
        {"name": "text", "own": "text"},
        {"name": "text", "own": None},
    ]


def test_changes_of_a_patch() -> None:
    """The changes of a patch are kept apart by what they do to which attribute."""
    changes = [{"op": "replace", "path": "/name", "value": "a"}, {"op": "replace", "path": "/min_ram", "value": 1024}]
    contract = learnt(*(("PATCH", f"/v2/cloudimages/{UUID}", [change]) for change in changes))
    sent = [request["body"] for request in requests_of(contract, "update_image")]
    assert sent == [
        [{"op": "replace", "path": "/name", "value": "text"}],
        [{"op": "replace", "path": "/min_ram", "value": 1024}],
    ]


def test_items_of_one_shape() -> None:
    """Of many items of one shape one is kept."""
    contract = learnt(("POST", "/v2/images", {"name": "a", "tags": ["a=b", "c=d", "e"]}))
    (request,) = requests_of(contract, "glance_create_image_metadata")
    assert request["body"]["tags"] == ["key=value"]


def test_very_many_shapes() -> None:
    """Of more than 30 shapes only those are kept that add an attribute."""
    names = [
        "__description",
        "__support_kvm",
        "__os_feature_list",
        "__support_largememory",
        "__lazyloading",
        "__sequence_num",
    ]
    subsets = [{name: "a" for bit, name in enumerate(names) if number >> bit & 1} for number in range(64)]
    contract = learnt(*(("POST", "/v2/images", {"name": "a", **subset}) for subset in subsets))
    sent = [request["body"] for request in requests_of(contract, "glance_create_image_metadata")]
    assert 30 <= len(sent) < 40
    assert {name for body in sent for name in body} >= set(names)


def test_order_does_not_matter() -> None:
    """The same requests in another order make the same file, byte for byte."""
    asked: list[tuple[str, str, Any]] = [
        ("POST", "/v2/images", {"name": "b", "min_disk": 60}),
        ("POST", "/v2/images", {"min_disk": 40, "name": "a"}),
        ("POST", "/v2/images", {"name": "c", "disk_format": "vhd"}),
        ("POST", "/v2/images", {"name": "c", "disk_format": "qcow2"}),
        ("GET", "/v2/images/unknown", None),
    ]
    assert learnt(*asked).to_text() == learnt(*reversed(asked)).to_text()


def test_rejection() -> None:
    """A request that was rejected needs a failure with that status, and its response is there too."""
    contract = learnt(("GET", f"/v2/images/{UUID}", None))
    show = contract.operations["glance_show_image"]
    assert show["requests"] == [{"status": 404, "given": "a failure with status 404", "headers": ["X-Auth-Token"]}]
    assert "/error/code" in show["responses"]["404"]


def test_what_there_has_to_be() -> None:
    """A request that a state is needed for says so."""
    api = Api()
    image = api.create(name="a")
    api("PUT", image["file"], b"abc", Content_Type="application/octet-stream")
    api("GET", image["file"])
    contract = consumer_contract(exchanges_of(api.service.journal), "web")
    (upload,) = requests_of(contract, "glance_upload_image")
    assert (upload["given"], upload["media_type"]) == ("a queued image", "application/octet-stream")
    assert "body" not in upload
    assert requests_of(contract, "glance_download_image")[0]["given"] == "an image"


def test_no_operation() -> None:
    """What is of no operation is left out."""
    assert learnt(("GET", "/nope", None)).operations == {}


def test_what_is_not_recorded() -> None:
    """Of a body that is not recorded faithfully nothing is said, and no response says nothing at all."""
    request = RecordedRequest("POST", "https://ims.example.com/v2/images", body=JsonBody({"name": "a"}))
    exchanges = [
        RecordedExchange(request, RecordedResponse(201, body=DAMAGED)),
        RecordedExchange(RecordedRequest("GET", "/v2/images"), None),
    ]
    contract = consumer_contract(exchanges, "web")
    assert contract.operations == {
        "glance_create_image_metadata": {
            "requests": [{"status": 201, "media_type": "application/json", "body": {"name": "text"}}],
            "responses": {"201": {}},
        }
    }


@pytest.mark.parametrize("depth", [100, 5000])
def test_nested_too_deep(depth: int) -> None:
    """A body that is nested deeper than any of IMS is as one that is no JSON."""
    value: Any = {}
    for _ in range(depth):
        value = {"a": value}
    request = RecordedRequest("POST", "/v2/images", body=JsonBody(value))
    exchange = RecordedExchange(request, RecordedResponse(201, body=JsonBody(value)))
    contract = consumer_contract([exchange], "web")
    assert contract.operations["glance_create_image_metadata"] == {
        "requests": [{"status": 201}],
        "responses": {"201": {}},
    }
    assert [finding.severity for finding in judge_consumer(contract, [exchange])] == []


def test_lists_in_lists() -> None:
    """Each list in a list adds as much to the work as the one before: at twice as much, this body would have no end."""
    value: Any = "x"
    for _ in range(60):
        value = [{"a": value}]
    request = {"status": 201, "body": value}
    assert len(shape_of(request)) < 1000
    assert without_repetition(value) == value
    assert without_repetition([value, value, ["x"]]) == [value, ["x"]]


def test_name() -> None:
    """A consumer has a name."""
    with pytest.raises(ValueError, match="a consumer needs a name"):
        ImsMock().consumer_contract("")


def test_mock() -> None:
    """A mock has the contract of what was sent since the last reset; what a long body had is not guessed."""
    mock = ImsMock()
    client = mock.app.test_client()
    long = {"name": "a", "tags": [f"{number:0200}" for number in range(1000)]}
    for body in ({"name": "a"}, long):
        client.post("/v2/images", json=body, headers={"X-Auth-Token": "a"})
    contract = mock.consumer_contract("web")
    assert contract.consumer == "web"
    bodies = [request.get("body") for request in requests_of(contract, "glance_create_image_metadata")]
    assert {"name": "text"} in bodies
    assert None in bodies
    mock.reset()
    assert (mock.consumer_contract().consumer, mock.consumer_contract().operations) == ("consumer", {})


def test_control_api(api: Api) -> None:
    """The mock's own API has the contract too, for users of other languages."""
    api.create(name="a")
    found = api("GET", "/_ims_mock/consumer_contract?name=web").get_json()
    assert ConsumerContract.from_json(found) == consumer_contract(exchanges_of(api.service.journal), "web")
    assert api("GET", "/_ims_mock/consumer_contract").get_json()["consumer"] == "consumer"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("?name=", "/name: must have at least 1 character"),
        ("?name=a&nme=b", "show_consumer_contract has no such query parameter"),
    ],
)
def test_control_api_with_a_wrong_query(api: Api, query: str, reason: str) -> None:
    """A contract with an empty name, or with an unknown parameter, is 400."""
    response = api("GET", f"/_ims_mock/consumer_contract{query}")
    assert response.status_code == 400
    assert reason in json.loads(response.data)["error"]["message"]
