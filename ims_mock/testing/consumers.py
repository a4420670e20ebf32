"""Contracts of consumers verified against a mock: each of their requests is sent, and the response judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from ims_mock.contract.findings import Finding
from ims_mock.contract.openapi import resolved
from ims_mock.contract.operations import load_contract
from ims_mock.contract.recorded import RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.evidence.consumers import states
from ims_mock.evidence.consumers.combining import described
from ims_mock.evidence.consumers.contract import ConsumerContract
from ims_mock.evidence.consumers.judging import judge_consumer
from ims_mock.evidence.consumers.learning import described_operation
from ims_mock.evidence.consumers.stand_ins import IMAGE, IN_PATH, JOB, OTHER, PROJECT
from ims_mock.mock import ImsMock
from ims_mock.state.times import precise_timestamp

Request = Mapping[str, Any]


def verify_consumer(contract: ConsumerContract, mock: ImsMock | None = None) -> list[Finding]:
    """Return what a client would miss if it used a mock; none where the mock is all that it needs.

    Each request of the contract is sent once, with what there has to be for it. The mock is a new one unless it is
    given; then it has its rules, and is afterwards as it was before. It does not have to serve.
    """
    mock = mock or ImsMock()
    found: list[Finding] = []
    exchanges = []
    for name, operation in contract.operations.items():
        for request in operation.get("requests", ()):
            exchange, reason = send(mock, name, request)
            exchanges.append(exchange)
            status = exchange.response.status if exchange.response else 0
            if status != request["status"]:
                text = (
                    f"{contract.consumer} got {request['status']} before, got {status}: {reason or 'no reason given'}"
                )
                rule = str(request["status"])
                found.append(
                    Finding("consumer.other_status", "break", name, "response", "", rule, status, text, exchange.entry)
                )
    return [*found, *judge_consumer(contract, exchanges)]


def send(mock: ImsMock, operation: str, request: Request) -> tuple[RecordedExchange, str]:
    """Send one request of a contract to a mock that has what it needs; return it with the response, and the reason."""
    method, target = load_contract().operations[operation].method, target_of(operation, request)
    headers = headers_of(request, mock)
    body = body_of(operation, request)
    with prepared(mock, operation, request.get("given", "")):
        response = mock.app.test_client().open(target, method=method, headers=headers, data=body)
    recorded = RecordedRequest(method, target, tuple(headers.items()), body or b"", has_all_headers=True)
    got = RecordedResponse(response.status_code, tuple(response.headers), response.get_data(), has_all_headers=True)
    entry = f"{operation} {described(request)}"
    return RecordedExchange(recorded, got, entry), response.headers.get("X-IMS-Mock-Reason", "")


def target_of(operation: str, request: Request) -> str:
    """Return the path and the query of a request; ids in the path are those of what `prepared` makes."""
    known = load_contract().operations[operation]
    document = load_contract().composed
    parameters = [resolved(document, item, "")[0] for item in described_operation(known).get("parameters", ())]
    examples = {item["name"]: str(item.get("example", "")) for item in parameters if item["in"] == "path"}
    own = {"member_id": PROJECT} if request.get("given") in (states.OFFERED, states.ACCEPTED) else {}
    path = known.path
    for name, value in {**examples, **IN_PATH, **own, **request.get("path", {})}.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    query = urlencode(request.get("query", {}), doseq=True)
    return f"{path}?{query}" if query else path


def headers_of(request: Request, mock: ImsMock) -> dict[str, str]:
    """Return the headers of a request, with a token of the mock's for whatever credential the client sends."""
    found = {"X-Auth-Token": mock.token}
    if "X-Project-Id" in request.get("headers", ()):
        found["X-Project-Id"] = mock.project_id
    if "media_type" in request:
        found["Content-Type"] = request["media_type"]
    return found


def body_of(operation: str, request: Request) -> bytes | None:
    """Return the body of a request; that of an upload stands for any file."""
    if load_contract().operations[operation].takes_bytes:
        return b"file"
    return json.dumps(request["body"]).encode() if "body" in request else None


@contextmanager
def prepared(mock: ImsMock, operation: str, given: str) -> Iterator[None]:
    """Let a mock have what there has to be for a request of an operation, and go back afterwards.

    Raises ValueError for a state that no mock can be in.
    """
    if given.startswith(states.FAILURE) and given.removeprefix(states.FAILURE).isdecimal():
        with mock.faults.add(f"{operation}: {given.removeprefix(states.FAILURE)} x1 optional"):
            yield
        return
    if given and given not in _MADE:
        known = ", ".join([*_MADE, f"{states.FAILURE}503"])
        raise ValueError(f"no mock can have {given!r}; there are: {known}")
    with mock.rollback():
        if given:
            _MADE[given](mock)
        yield


def _image(mock: ImsMock) -> None:
    attributes = {"__description": "text", "max_ram": "4096", "min_ram": 1024, "hw_firmware_type": "bios"}
    members = {OTHER: "accepted"}
    mock.add_image(id=IMAGE, name="text", data=b"file", tags=["key=value", "tag"], members=members, **attributes)


def _job(status: str, **attributes: Any) -> Callable[[ImsMock], None]:
    def make(mock: ImsMock) -> None:
        _image(mock)
        now = mock.clock.now()
        has_ended = status in ("SUCCESS", "FAIL")
        job = {
            "id": JOB,
            "type": "imsCopyImageInRegionJob",
            "project_id": mock.project_id,
            "status": status,
            "begin_time": precise_timestamp(now),
            "end_time": precise_timestamp(now) if has_ended else "",
            "error_code": None,
            "fail_reason": None,
            "entities": {"image_id": IMAGE, "image_name": "text"},
            "began": now,
            "duration": {"seconds": 0 if has_ended else 60},
            "end": {"status": "SUCCESS", "at": 1, "attributes": {}},
            "looks": 0,
            "percent": 0,
            "parent": "",
            **{name: [] for name in ("sub_jobs", "on_success", "on_failure")},
        }
        mock.jobs[JOB] = {**job, **attributes}

    return make


_MADE: Mapping[str, Callable[[ImsMock], Any]] = {
    states.IMAGE: _image,
    states.BARE: lambda mock: mock.add_image(id=IMAGE, name="text", data=b"file"),
    states.QUEUED: lambda mock: mock.add_image(id=IMAGE, name="text"),
    states.OFFERED: lambda mock: mock.add_image(
        id=IMAGE, name="text", owner=OTHER, data=b"file", members={mock.project_id: "pending"}
    ),
    states.ACCEPTED: lambda mock: mock.add_image(
        id=IMAGE, name="text", owner=OTHER, data=b"file", members={mock.project_id: "accepted"}
    ),
    states.DONE: _job("SUCCESS"),
    states.FAILED: _job("FAIL", error_code="IMG.0022", fail_reason="The image cannot be copied.", entities={}),
    states.RUNNING: _job("RUNNING"),
    states.PUBLIC: lambda mock: mock.load_public_images(),
}
"""What there can be, as schemas/consumer.json has it in "given"."""
