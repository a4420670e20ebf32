"""What in a response a client cannot live with, and what it can."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock import ConsumerContract
from ims_mock.contract.recorded import (
    DAMAGED,
    Absence,
    JsonBody,
    RecordedExchange,
    RecordedRequest,
    RecordedResponse,
)
from ims_mock.evidence.consumers.judging import judge_consumer

SHOW = "show_job"
URL = "https://ims.example.com/v1/5b0b9a1f3c7d4e2f8a6b0c1d2e3f4a5b/jobs/1"


def findings(
    operation: dict[str, Any], body: Any, status: int = 200, *, is_partial: bool = False, **request: Any
) -> list[tuple[str, str, str]]:
    """Return the findings, without those about what is not in the recording, of one response to a consumer."""
    contract = ConsumerContract.from_json({"version": 1, "consumer": "web", "operations": {SHOW: operation}})
    recorded = body if isinstance(body, bytes | Absence | JsonBody) else JsonBody(body)
    response = RecordedResponse(status, body=recorded, is_partial=is_partial)
    exchange = RecordedExchange(RecordedRequest("GET", URL, **request), response, "entry 1")
    found = judge_consumer(contract, [exchange])
    assert {finding.entry for finding in found if finding.severity != "note"} <= {"entry 1"}
    return [(finding.id, finding.severity, finding.pointer) for finding in found if finding.severity != "note"]


def reading(use: str = "read", place: str = "/status", status: str = "200", **attribute: Any) -> dict[str, Any]:
    """Return an operation of whose response a client uses one attribute."""
    return {"responses": {status: {place: {"use": use, **attribute}}}}


TEXT: dict[str, Any] = {"type": ["string"]}


@pytest.mark.parametrize("use", ["seen", "read", "needed"])
def test_fine(use: str) -> None:
    """An attribute of the type that a client takes is no finding."""
    assert findings(reading(use, **TEXT), {"status": "SUCCESS"}) == []


@pytest.mark.parametrize(("use", "severity"), [("seen", "drift"), ("read", "break"), ("needed", "break")])
def test_other_type(use: str, severity: str) -> None:
    """Another type is a break where the client reads the attribute, and drift where that is not known."""
    assert findings(reading(use, **TEXT), {"status": 5}) == [("consumer.type", severity, "/status")]


@pytest.mark.parametrize(("use", "count"), [("seen", 0), ("read", 0), ("needed", 1)])
def test_missing(use: str, count: int) -> None:
    """What is missing is a break where the client needs it."""
    assert findings(reading(use, **TEXT), {}) == [("consumer.missing_attribute", "break", "/status")] * count


def test_missing_in_an_item() -> None:
    """Each item of a list has what is needed; the first one that has not is shown, and an empty list is fine."""
    operation = reading("needed", "/jobs/*/id", **TEXT)
    assert findings(operation, {"jobs": []}) == []
    assert findings(operation, {"jobs": [{"id": "a"}, {}, {}]}) == [
        ("consumer.missing_attribute", "break", "/jobs/1/id")
    ]
    assert findings(operation, {}) == [("consumer.missing_attribute", "break", "/jobs")]
    assert findings(operation, {"jobs": None}) == [("consumer.missing_attribute", "break", "/jobs/*")]


def test_any_member() -> None:
    """A * is any member of an object that has an id for its name as well, and no other."""
    operation = reading("read", "/jobs/*/id", **TEXT)
    id_ = "5b0b9a1f3c7d4e2f8a6b0c1d2e3f4a5b"
    assert findings(operation, {"jobs": {id_: {"id": 5}}}) == [("consumer.type", "break", f"/jobs/{id_}/id")]
    assert findings(operation, {"jobs": {"a": {"id": 5}}}) == []


def test_values() -> None:
    """A value that the client does not understand is a break, by a list or by a pattern."""
    assert findings(reading(enum=["SUCCESS", "FAIL"]), {"status": "DONE"}) == [("consumer.value", "break", "/status")]
    assert findings(reading(pattern="^[A-Z]+$"), {"status": "done"}) == [("consumer.value", "break", "/status")]
    assert findings(reading(pattern="^[A-Z]+$", enum=["A"]), {"status": "A"}) == []


def test_when() -> None:
    """What counts under a condition is judged where the condition is met."""
    operation = reading("needed", "/entities/image_id", pattern=".", when={"/status": ["SUCCESS", "DONE"]}, **TEXT)
    assert findings(operation, {"status": "RUNNING"}) == []
    assert findings(operation, {}) == []
    assert findings(operation, {"status": "SUCCESS", "entities": {"image_id": ""}}) == [
        ("consumer.value", "break", "/entities/image_id")
    ]


def test_when_in_an_item() -> None:
    """A condition on an item is one on the same item."""
    operation = reading("needed", "/images/*/active_at", when={"/images/*/status": "active"})
    body = {"images": [{"status": "queued"}, {"status": "active"}]}
    assert findings(operation, body) == [("consumer.missing_attribute", "break", "/images/1/active_at")]


def test_status() -> None:
    """A success that the client does not accept is a break, and drift where it is only not known."""
    assert findings({"accepts": [200]}, {}, 204) == [("consumer.status", "break", "")]
    assert findings({"requests": [{"status": 200}]}, {}, 204) == [("consumer.status", "drift", "")]
    assert findings({"accepts": [200, 204]}, {}, 204) == []
    assert findings({}, {}, 204) == []
    assert findings({"accepts": [200]}, {}, 503) == []


def test_operation_missing() -> None:
    """A service without an operation that the client calls is a break; a resource that is missing is none."""
    body = {"error_code": "APIGW.0101", "error_msg": "The API does not exist"}
    assert findings({}, body, 404) == [("consumer.operation_missing", "break", "")]
    assert findings({}, {"error": {"code": "IMG.0027", "message": ""}}, 404) == []


def test_errors() -> None:
    """What is read of an error is judged by its own status, or by its class."""
    for status in ("404", "4XX"):
        operation = reading("read", "/error/code", status, **TEXT)
        assert findings(operation, {"error": {"code": 404}}, 404) == [("consumer.type", "break", "/error/code")]
    assert findings(reading("read", "/error/code", "400", **TEXT), {"error": {"code": 404}}, 404) == []


def test_no_json() -> None:
    """A body that is no JSON is a break where something of it is needed."""
    assert findings(reading("needed"), b"<html>") == [("consumer.not_json", "break", "")]
    assert findings(reading("read"), b"<html>") == []


def test_not_recorded() -> None:
    """What is not recorded faithfully is not judged."""
    assert findings(reading("needed"), DAMAGED) == []


def test_what_a_recording_leaves_out() -> None:
    """A part of a response lacks nothing, and an example has its type alone."""
    assert findings(reading("needed", "/status"), {}, is_partial=True) == []
    example = JsonBody({"status": "text"}, frozenset({("status",)}))
    assert findings(reading(enum=["SUCCESS"]), example) == []
    assert findings(reading(type=["integer"]), example) == [("consumer.type", "break", "/status")]


def test_meant_wrong() -> None:
    """A request that was made to be refused is none of this client."""
    assert findings(reading("needed"), {}, meant_wrong=True) == []


def judged(*exchanges: RecordedExchange) -> list[str]:
    """Return the findings of a client that needs a success of one operation."""
    operations = {SHOW: {"accepts": [200]}}
    contract = ConsumerContract.from_json({"version": 1, "consumer": "web", "operations": operations})
    return [str(finding) for finding in judge_consumer(contract, exchanges)]


def test_what_was_not_to_be_seen() -> None:
    """An operation that no exchange is of, and a success that never came, are notes."""
    request = RecordedRequest("GET", URL)
    assert judged() == [
        "note: show_job: response: web calls the operation, but no exchange shows it [consumer.not_recorded]",
    ]
    assert judged(RecordedExchange(request, RecordedResponse(503))) == [
        "note: show_job: response: web relies on 200, but only 503 came [consumer.status_never_came]",
    ]
    assert judged(RecordedExchange(request, RecordedResponse(200))) == []


def test_what_is_passed_over() -> None:
    """An operation that the client does not call, one that is unknown, and no response are passed over."""
    others = [
        RecordedExchange(RecordedRequest("GET", "/v2/images"), RecordedResponse(204)),
        RecordedExchange(RecordedRequest("GET", "/nope"), RecordedResponse(204)),
        RecordedExchange(RecordedRequest("GET", URL), None),
    ]
    assert judged(*others) == judged()


def test_words() -> None:
    """A finding says who needs what, and what there was."""
    contract = ConsumerContract.from_json(
        {"version": 1, "consumer": "web", "operations": {SHOW: reading("needed", **TEXT)}}
    )
    exchange = RecordedExchange(
        RecordedRequest("GET", URL), RecordedResponse(200, body=JsonBody({"status": 5})), "entry 1"
    )
    (finding,) = judge_consumer(contract, [exchange])
    assert str(finding) == (
        "entry 1: break: show_job: response /status: web needs /status: must be of type string, got 5 [consumer.type]"
    )
    assert (finding.rule, finding.got) == ('type: ["string"]', 5)
