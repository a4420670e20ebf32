"""The clients whose contracts are in the package get what they need from a mock, and miss what is taken away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from ims_mock import ConsumerContract, ImsMock
from ims_mock.contract.operations import Operation, load_contract
from ims_mock.contract.recorded import RecordedExchange
from ims_mock.contract.verdicts import judge
from ims_mock.evidence.consumers.contract import known_consumer, known_consumers
from ims_mock.evidence.consumers.judging import judge_consumer
from ims_mock.evidence.consumers.places import MISSING, values_at
from ims_mock.evidence.consumers.stand_ins import IMAGE, JOB, OTHER, PROJECT
from ims_mock.evidence.consumers.states import state_for
from ims_mock.testing.consumers import prepared, send, verify_consumer
from tests.conftest import ROOT
from tests.examples import example_of

CONSUMERS = known_consumers()


def test_six_consumers() -> None:
    """There are the contracts of six clients."""
    assert [
        *("cloud-custodian", "cloudmux", "gophertelekomcloud", "huaweicloud-sdk", "packer", "terraform"),
    ] == CONSUMERS


@pytest.mark.parametrize("name", CONSUMERS)
def test_verified(name: str) -> None:
    """Each request gets the status that the client knows, and what it needs and reads in the response."""
    assert list(map(str, verify_consumer(known_consumer(name)))) == []


@pytest.mark.parametrize("name", CONSUMERS)
def test_files(name: str) -> None:
    """The file of a contract is as it would be saved, and says where it is from."""
    contract = known_consumer(name)
    assert (ROOT / f"schemas/consumers/{name}.json").read_text("utf-8") == contract.to_text()
    assert all(source["name"] and source["version"] for source in contract.document["sources"])


@cache
def exchanges_of(name: str) -> list[RecordedExchange]:
    """Return each request of a contract with the mock's response."""
    mock = ImsMock()
    operations = known_consumer(name).operations
    return [send(mock, key, request)[0] for key, item in operations.items() for request in item["requests"]]


UNDOCUMENTED = {"/is_config", "/is_config_init"}
"""What cloudmux sends to the quick import, where no document has it."""


@pytest.mark.parametrize("name", CONSUMERS)
def test_contract_judges_the_same(name: str) -> None:
    """The exchanges are as the API's own contract has them: no client sends what it must not."""
    found = [finding for exchange in exchanges_of(name) for finding in judge(exchange)]
    assert [str(finding) for finding in found if finding.severity == "break"] == []
    assert {finding.pointer for finding in found if finding.severity == "drift"} <= UNDOCUMENTED


# Each contract can fail


def uses(name: str) -> Iterator[tuple[RecordedExchange, str, str, tuple[str | int, ...]]]:
    """Yield each use of an attribute in a response: the exchange, the place, the use, and the keys to a value."""
    contract = known_consumer(name)
    for exchange in exchanges_of(name):
        operation = exchange.entry.partition(" ")[0]
        assert exchange.response
        body = json.loads(exchange.response.body or b"null")  # type: ignore[arg-type]
        attributes = contract.operations[operation].get("responses", {}).get(str(exchange.response.status), {})
        for place, attribute in attributes.items():
            found = [keys for keys, value in values_at(body, place) if value is not MISSING]
            if found and place and "when" not in attribute:
                yield exchange, place, attribute["use"], found[-1]


def with_value(exchange: RecordedExchange, keys: tuple[str | int, ...], value: Any) -> RecordedExchange:
    """Return an exchange with another value in its response, or with none."""
    assert exchange.response
    body = json.loads(exchange.response.body)  # type: ignore[arg-type]
    *parents, last = keys
    holder = body
    for key in parents:
        holder = holder[key]
    if value is MISSING:
        del holder[last]
    else:
        holder[last] = value
    return replace(exchange, response=replace(exchange.response, body=json.dumps(body).encode()))


def ids(contract: ConsumerContract, exchange: RecordedExchange) -> set[tuple[str, str]]:
    """Return what a client finds wrong in one exchange."""
    return {(item.id, item.severity) for item in judge_consumer(contract, [exchange]) if item.severity != "note"}


@pytest.mark.parametrize("name", CONSUMERS)
def test_other_type_is_found(name: str) -> None:
    """Whatever a client reads is found when it has another type."""
    contract = known_consumer(name)
    found = 0
    for exchange, place, _, keys in uses(name):
        assert ids(contract, with_value(exchange, keys, [[]])) == {("consumer.type", "break")} or place in ANY, place
        found += 1
    assert found > 5


ANY = {"/images", "/members", "/tags", "/resources", "/projects", "/domains", "/users", "/schemas", "/versions"}
"""Places that are lists, of which the items are of another type then."""


@pytest.mark.parametrize("name", [name for name in CONSUMERS if name != "huaweicloud-sdk"])
def test_missing_is_found(name: str) -> None:
    """Whatever a client needs is found when it is missing. The SDK takes every attribute for optional."""
    contract = known_consumer(name)
    needed = [
        (exchange, keys) for exchange, _, use, keys in uses(name) if use == "needed" and isinstance(keys[-1], str)
    ]
    for exchange, keys in needed:
        assert ids(contract, with_value(exchange, keys, MISSING)) == {("consumer.missing_attribute", "break")}, keys
    assert len(needed) > 3


@pytest.mark.parametrize("name", ["terraform", "gophertelekomcloud", "cloud-custodian"])
def test_other_status_is_found(name: str) -> None:
    """A success that a client takes for a failure is found."""
    contract = known_consumer(name)
    strict = [
        exchange
        for exchange in exchanges_of(name)
        if "accepts" in contract.operations[exchange.entry.partition(" ")[0]] and exchange.response
    ]
    for exchange in strict:
        assert exchange.response
        wrong = replace(exchange, response=replace(exchange.response, status=206))
        assert ("consumer.status", "break") in ids(contract, wrong)
    assert strict


RULES = {
    "a number": ("terraform", 'list_images: mutate(/images/0/max_ram, "value", 4096)', "consumer.type"),
    "a capital letter": (
        *("terraform", 'list_images: mutate(/images/0/__support_arm, "value", "True")', "consumer.value"),
    ),
    "no job": ("terraform", "copy_image_in_region: garble(html_502)", "consumer.other_status"),
    "a job without its image": (
        *("packer", 'show_job: mutate(/entities/image_id, "drop")', "consumer.missing_attribute"),
    ),
    "a rejection": ("packer", "batch_add_members: 403", "consumer.other_status"),
    "an empty body": ("cloud-custodian", "create_whole_image: garble(empty)", "consumer.not_json"),
    "a flag that is text": (
        "gophertelekomcloud",
        'list_images: mutate(/images/0/__support_kvm, "value", true)',
        "consumer.type",
    ),
    "a size that is text": ("cloudmux", 'list_images: mutate(/images/0/size, "retype")', "consumer.type"),
    "no JSON": ("cloudmux", "list_images: garble(text)", "consumer.not_json"),
    "a member of a model": ("huaweicloud-sdk", 'glance_show_image: mutate(/max_ram, "retype")', "consumer.type"),
}
"""A client, a rule that lets a mock respond wrongly, and what the client's contract finds."""


@pytest.mark.parametrize(("name", "rule", "id_"), RULES.values(), ids=RULES)
def test_wrong_mock_is_found(name: str, rule: str, id_: str) -> None:
    """A client would miss what a mock returns wrongly, and its contract says what and where."""
    mock = ImsMock()
    mock.faults.add(rule)
    breaks = [item for item in verify_consumer(known_consumer(name), mock) if item.severity == "break"]
    assert {(item.id, item.operation) for item in breaks} == {(id_, rule.partition(":")[0])}


# What verify_consumer does


def test_mock_is_as_before() -> None:
    """A mock that is given has its images and rules afterwards, and nothing more."""
    mock = ImsMock()
    mock.add_image(name="mine")
    before, rules = mock.snapshot(), list(mock.faults)
    verify_consumer(known_consumer("packer"), mock)
    after = mock.snapshot().to_json()
    assert {**after, "drawn": None} == {**before.to_json(), "drawn": None}
    assert list(mock.faults) == rules


def test_learnt_contract_is_verified() -> None:
    """What was learnt of a mock, failures too, is what a mock does."""
    with ImsMock() as mock:
        client = mock.app.test_client()
        headers = {"X-Auth-Token": "a"}
        mock.faults.add("glance_list_images: 503 x1")
        created = client.post("/v2/images", json={"name": "a"}, headers=headers).get_json()
        for method, path in [("GET", "/v2/images"), ("GET", "/v2/images?limit=5"), ("GET", "/v2/images/none")]:
            client.open(path, method=method, headers=headers)
        client.put(created["file"], data=b"a", headers={**headers, "Content-Type": "application/octet-stream"})
        client.put(created["file"], data=b"a", headers={**headers, "Content-Type": "application/octet-stream"})
        client.delete(created["self"], headers=headers)
        contract = mock.consumer_contract("web")
    statuses = {name: set(item["responses"]) for name, item in contract.operations.items()}
    assert statuses == {
        "glance_create_image_metadata": {"201"},
        "glance_delete_image": {"204"},
        "glance_list_images": {"200", "503"},
        "glance_show_image": {"404"},
        "glance_upload_image": {"204", "409"},
    }
    assert [item for item in verify_consumer(contract) if item.severity != "note"] == []


EXAMPLES = {
    "image_id": IMAGE,
    "project_id": PROJECT,
    "job_id": JOB,
    "backup_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a",
    "tag": "tag",
    "key": "key",
}
OF_IMAGES = re.compile("33ad552d-1149-471c-8190-ff6776174a00|d164b5df-1bc3-4c3f-893e-3e471fd16e64")
"""Images of the documents' examples."""


def ask(mock: ImsMock, operation: Operation) -> int:
    """Send the documents' example of an operation to a mock that has what it needs; return the status."""
    own = operation.id in ("batch_update_members", "glance_update_image_member")
    path = {**EXAMPLES, "member_id": PROJECT if own else OTHER, "enterprise_project_id": "0", "version": "v2"}
    example = example_of(operation, **path)
    text = None if example.body is None else OF_IMAGES.sub(IMAGE, json.dumps(example.body))
    known: dict[str, dict[str, Any]] = {
        "batch_update_members": {"project_id": PROJECT},
        "batch_delete_members": {"projects": [OTHER]},
    }
    if text and operation.id in known:
        text = json.dumps({**json.loads(text), **known[operation.id]})
    headers = {"X-Auth-Token": mock.token, "X-Subject-Token": mock.token}
    headers |= {"Content-Type": next(iter(operation.bodies))} if operation.bodies else {}
    given = state_for(operation.id, operation.success, {"body": json.loads(text)} if text else {})
    with prepared(mock, given):
        return (
            mock.app.test_client()
            .open(example.path, method=operation.method, data=text or b"", headers=headers)
            .status_code
        )


def test_every_operation() -> None:
    """Whatever a client calls, its contract can be learnt, and a mock gives it the same again."""
    mock = ImsMock()
    operations = load_contract().operations
    assert {name: ask(mock, item) for name, item in operations.items()} == {
        name: item.success for name, item in operations.items()
    }
    contract = mock.consumer_contract("all")
    assert set(contract.operations) == set(operations)
    assert list(map(str, verify_consumer(contract))) == []
    assert ConsumerContract.from_json(contract.to_json()) == contract


def test_unknown_state() -> None:
    """What no mock can have is named, with what one can."""
    document = {
        "version": 1,
        "consumer": "web",
        "operations": {"list_images": {"requests": [{"status": 200, "given": "x"}]}},
    }
    with pytest.raises(
        ValueError, match=r'no mock can have the state "x"; the states are an image, .*a failure with status 503'
    ):
        verify_consumer(ConsumerContract.from_json(document))


def test_unknown_consumer() -> None:
    """A client that the package does not know is rejected with those that it does."""
    with pytest.raises(
        ValueError, match=r"no known consumer is called 'ansible'; the known ones are cloud-custodian, cloudmux"
    ):
        known_consumer("ansible")
