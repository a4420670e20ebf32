"""Failure on command: each fault, as an in-process client sees it, and what the state is afterwards."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import math
import random
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

import ims_mock
from ims_mock import (
    BadJob,
    BadUpload,
    Delay,
    Drip,
    Fail,
    FailJob,
    Garble,
    Hangup,
    LognormalDelay,
    LoopingMarker,
    LoseResponse,
    Mutate,
    Redirect,
    Reset,
    Sequence,
    Stale,
    Stall,
    StickJob,
    Throttle,
    Truncate,
)
from ims_mock.contract import schema_files
from ims_mock.contract.operations import load_control
from ims_mock.evidence.journal import Entry
from ims_mock.faults.definition import Fault
from ims_mock.faults.kinds import KINDS, fault_from_json
from ims_mock.faults.rules import Rule
from tests.conftest import Api
from tests.examples import KINDS_IN_TABLES

CREATE = "glance_create_image_metadata"
LIST = "glance_list_images"
OCTETS = "application/octet-stream"
JSON_PATCH = "application/openstack-images-v2.1-json-patch"
START = 1464853788.0
"""The time at which a fresh service starts, in seconds since 1970."""

untyped: Any = ims_mock
"""The faults as those use them who check no types."""

EXAMPLES: list[tuple[Fault, dict[str, Any]]] = [
    (Fail(503), {"kind": "fail", "status": 503}),
    (
        Fail(403, "APIGW.0302", "no", 5),
        {"kind": "fail", "status": 403, "code": "APIGW.0302", "message": "no", "retry_after": 5},
    ),
    (Throttle(5, 60), {"kind": "throttle", "limit": 5, "per": 60}),
    (Delay(1.5), {"kind": "delay", "seconds": 1.5}),
    (Delay(2, 1, real_time=True), {"kind": "delay", "seconds": 2, "jitter": 1, "real_time": True}),
    (LognormalDelay(0.5, 1), {"kind": "lognormal_delay", "median": 0.5, "sigma": 1}),
    (LoseResponse(), {"kind": "lose_response"}),
    (LoseResponse("timeout"), {"kind": "lose_response", "mode": "timeout"}),
    (LoseResponse(504), {"kind": "lose_response", "mode": 504}),
    (Reset(), {"kind": "reset"}),
    (Hangup(), {"kind": "hangup"}),
    (Truncate(10), {"kind": "truncate", "at": 10}),
    (Drip(0.5, real_time=True), {"kind": "drip", "bytes_per_second": 0.5, "real_time": True}),
    (Stall(30), {"kind": "stall", "seconds": 30}),
    (Garble("html_502"), {"kind": "garble", "mode": "html_502"}),
    (Mutate("/checksum", "drop"), {"kind": "mutate", "pointer": "/checksum", "mode": "drop"}),
    (
        Mutate("/checksum", "value", [1, {"a": None}]),
        {"kind": "mutate", "pointer": "/checksum", "mode": "value", "value": [1, {"a": None}]},
    ),
    (Stale(reads=2), {"kind": "stale", "reads": 2}),
    (Stale(seconds=2.5), {"kind": "stale", "seconds": 2.5}),
    (LoopingMarker(), {"kind": "looping_marker"}),
    (Redirect(), {"kind": "redirect"}),
    (Redirect("/v2", 307), {"kind": "redirect", "location": "/v2", "status": 307}),
    (BadUpload("killed"), {"kind": "bad_upload", "outcome": "killed"}),
    (FailJob(), {"kind": "fail_job"}),
    (
        FailJob("IMG.0014", "", 0.4, "killed"),
        {"kind": "fail_job", "code": "IMG.0014", "reason": "", "at": 0.4, "leaves": "killed"},
    ),
    (StickJob(), {"kind": "stick_job"}),
    (BadJob("no_image"), {"kind": "bad_job", "outcome": "no_image"}),
    (
        Sequence((Fail(503), None, Reset())),
        {"kind": "sequence", "faults": [{"kind": "fail", "status": 503}, None, {"kind": "reset"}]},
    ),
]


def create(api: Api, **attributes: Any) -> TestResponse:
    """Send a create."""
    return api("POST", "/v2/images", attributes)


def statuses(api: Api, count: int) -> list[int]:
    """Return the statuses of a number of lists."""
    return [api("GET", "/v2/images").status_code for _ in range(count)]


def names(api: Api) -> list[str]:
    """Return the names that a list of images shows."""
    return [image["name"] for image in api("GET", "/v2/images").get_json()["images"]]


def upload(api: Api, image_id: str, data: bytes = b"0123456789") -> TestResponse:
    """Give an image a file."""
    return api("PUT", f"/v2/images/{image_id}/file", data, Content_Type=OCTETS)


def active_image(api: Api, **attributes: Any) -> str:
    """Create an image with a file of ten bytes, and return its id."""
    image_id = str(api.create(**attributes)["id"])
    assert upload(api, image_id).status_code == 204
    return image_id


def last(api: Api) -> Entry:
    """Return the journal's last entry."""
    return list(api.service.journal)[-1]


def passed(api: Api) -> float:
    """Return how many seconds of the clock have passed."""
    return api.clock.now() - START


def message_of(make: Callable[[], object]) -> str:
    """Return what a ValueError says."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared by the caller)
        make()
    return str(caught.value)


# The faults as values.


@pytest.mark.parametrize(
    ("fault", "document"), EXAMPLES, ids=lambda value: str(value) if isinstance(value, Fault) else ""
)
def test_json_form(fault: Fault, document: dict[str, Any]) -> None:
    """A fault in JSON has its kind, and its fields but for those that are as by default."""
    assert fault.to_json() == document


@pytest.mark.parametrize(
    ("fault", "document"), EXAMPLES, ids=lambda value: str(value) if isinstance(value, Fault) else ""
)
def test_json_form_round_trips(fault: Fault, document: dict[str, Any]) -> None:
    """A fault that is written as JSON and read again is equal to itself."""
    assert fault_from_json(json.loads(json.dumps(document))) == fault


def test_kinds() -> None:
    """The kind of a fault is its class's name in snake case."""
    assert {
        *("fail", "throttle", "delay", "lognormal_delay", "lose_response", "reset", "hangup", "truncate", "drip"),
        *("stall", "garble", "mutate", "stale", "looping_marker", "redirect", "bad_upload", "sequence"),
        *("fail_job", "stick_job", "bad_job"),
    } == KINDS_IN_TABLES


def test_every_kind_has_an_example() -> None:
    """No kind is left out of the tests of what all have in common."""
    assert {fault.kind() for fault, _ in EXAMPLES} == KINDS_IN_TABLES


@pytest.mark.parametrize("fault", [fault for fault, _ in EXAMPLES], ids=str)
def test_frozen(fault: Fault) -> None:
    """A fault is not changed after it was made."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        fault.seconds = 5  # type: ignore[attr-defined]


def test_default_may_be_written() -> None:
    """A field that is given as it is by default is the same as one that is left out."""
    assert fault_from_json({"kind": "delay", "seconds": 5, "jitter": 0.0, "real_time": False}) == Delay(5)


def test_no_fault() -> None:
    """Null is no fault, as it is in a sequence."""
    assert fault_from_json(None) is None


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        (Fail(503), "Fail(status=503)"),
        (Delay(5.0, 0.0), "Delay(seconds=5)"),
        (Reset(), "Reset()"),
        (Redirect(status=302), "Redirect()"),
        (Sequence((None, Reset())), "Sequence(faults=[None, Reset()])"),
    ],
)
def test_text_form(fault: Fault, shown: str) -> None:
    """A fault in a reason shows what is not as it is by default."""
    assert str(fault) == shown


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (untyped.Fail(503.0), Fail(503)),
        (untyped.Truncate(1.0), Truncate(1)),
        (untyped.LoseResponse(504.0), LoseResponse(504)),
        (Mutate("/checksum", "value", (1.0, 2.5)), Mutate("/checksum", "value", [1, 2.5])),
        (Sequence([Reset()]), Sequence((Reset(),))),
    ],
)
def test_values_are_those_of_json(made: Fault, expected: Fault) -> None:
    """A number that is whole is an integer and a tuple a list, as if the fault had come in JSON."""
    assert (made, repr(made)) == (expected, repr(expected))


def test_value_is_the_faults_own() -> None:
    """A list that was given can be changed without changing the fault."""
    given = [1]
    fault = Mutate("/checksum", "value", given)
    given.append(2)
    assert fault.value == [1]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: untyped.Fail(399), "status must be at least 400, got 399"),
        (lambda: untyped.Fail(600), "status must be at most 599, got 600"),
        (lambda: untyped.Fail("503"), 'status must be of type integer, got "503"'),
        (lambda: untyped.Fail(None), "status must be of type integer, got null"),
        (lambda: untyped.Fail(True), "status must be of type integer, got true"),
        (lambda: untyped.Fail(503.5), "status must be of type integer, got 503.5"),
        (lambda: untyped.Fail(Fail), "status must be a JSON value, got one of type type"),
        (
            lambda: untyped.Fail(400, "nope"),
            'code must be of the form IMG.nnnn, APIGW.nnnn, EPS.nnnn, KMS.nnnn or CBC.nnnn, got "nope"',
        ),
        (lambda: untyped.Fail(400, "IAM"), "code must be of the form"),
        (lambda: untyped.Fail(400, "IMG.0001\n"), "code must be of the form"),
        (
            lambda: untyped.Fail(400, "IMG.9999"),
            "code 'IMG.9999' is not documented: use one of schemas/error_codes.json, or give",
        ),
        (lambda: untyped.Fail(400, 1), "code must be of type string, got 1"),
        (lambda: untyped.Fail(400, message=1), "message must be of type string, got 1"),
        (lambda: untyped.Fail(400, message="\ud800"), "message has half of a surrogate pair"),
        (lambda: untyped.Fail(400, retry_after=-1), "retry_after must be at least 0, got -1"),
        (lambda: untyped.Fail(400, retry_after=1.5), "retry_after must be of type integer, got 1.5"),
        (
            lambda: untyped.Fail(600, retry_after=-1),
            "status must be at most 599, got 600; retry_after must be at least 0",
        ),
        (lambda: untyped.Throttle(0, 60), "limit must be at least 1, got 0"),
        (lambda: untyped.Throttle(1, 0), "per must be more than 0, got 0"),
        (lambda: untyped.Throttle(1, float("nan")), "per NaN is not a JSON number"),
        (lambda: untyped.Delay(-1), "seconds must be at least 0, got -1"),
        (lambda: untyped.Delay(float("inf")), "seconds Infinity is not a JSON number"),
        (lambda: untyped.Delay(1e10), "seconds must be at most 1000000000.0, got 10000000000"),
        (lambda: untyped.Delay("1"), 'seconds must be of type number, got "1"'),
        (lambda: untyped.Delay(1, jitter=-1), "jitter must be at least 0, got -1"),
        (lambda: untyped.Delay(1, jitter=False), "jitter must be of type number, got false"),
        (lambda: untyped.Delay(1, real_time=1), "real_time must be of type boolean, got 1"),
        (lambda: untyped.LognormalDelay(0, 1), "median must be more than 0, got 0"),
        (lambda: untyped.LognormalDelay(1, 5), "sigma must be at most 4, got 5"),
        (
            lambda: untyped.LoseResponse("later"),
            'mode must be "reset" or "hangup" or "timeout" or 500 or 502 or 503 or 504, got "later"',
        ),
        (lambda: untyped.LoseResponse(501), 'mode must be "reset" or'),
        (lambda: untyped.Truncate(-1), "at must be at least 0, got -1"),
        (lambda: untyped.Drip(0), "bytes_per_second must be more than 0, got 0"),
        (lambda: untyped.Stall(-1), "seconds must be at least 0, got -1"),
        (
            lambda: untyped.Garble("html"),
            'mode must be "html_200" or "html_502" or "text" or "empty" or "invalid_json" or',
        ),
        (
            lambda: untyped.Mutate("checksum", "drop"),
            "pointer must be a JSON pointer such as /checksum or /images/0/checksum",
        ),
        (lambda: untyped.Mutate("", "drop"), "pointer must be a JSON pointer"),
        (
            lambda: untyped.Mutate("/checksum", "remove"),
            'mode must be "drop" or "null" or "retype" or "value", got "remove"',
        ),
        (
            lambda: untyped.Mutate("/checksum", "null", 5),
            "value can only be given with the mode \"value\", got the mode 'null'",
        ),
        (lambda: untyped.Mutate("/checksum", "value", {1}), "value must be a JSON value, got one of type set"),
        (lambda: untyped.Stale(), "must have either reads or seconds"),
        (lambda: untyped.Stale(1, 1), "must have either reads or seconds"),
        (lambda: untyped.Stale(reads=0), "reads must be at least 1, got 0"),
        (lambda: untyped.Stale(seconds=0), "seconds must be more than 0, got 0"),
        (lambda: untyped.Redirect(""), "location must have at least 1 character"),
        (lambda: untyped.Redirect("/a b"), "location must be a URL or a path"),
        (lambda: untyped.Redirect("http://["), 'location must be a URL or a path, got "http://["'),
        (lambda: untyped.Redirect("/", 304), "status must be 301 or 302 or 303 or 307 or 308, got 304"),
        (lambda: untyped.BadUpload("lost"), 'outcome must be "killed" or "saving" or "checksum", got "lost"'),
        (lambda: untyped.Sequence(()), "faults must have at least 1 items, got 0"),
        (lambda: untyped.Sequence([None, None]), "faults must have at least one fault, not only None"),
        (lambda: untyped.Sequence(untyped.Reset()), 'faults must be of type array, got {"kind": "reset"}'),
        (lambda: untyped.Sequence([503]), "faults/0 must be of type object or null, got 503"),
        (
            lambda: untyped.Sequence([{"kind": "reset"}]),
            "faults must be faults other than Throttle, Stale, Sequence, or None",
        ),
        (
            lambda: untyped.Sequence([untyped.Sequence([untyped.Reset()])]),
            "faults must be faults other than Throttle, Stale, Sequence, or None",
        ),
        (
            lambda: untyped.Sequence([untyped.Stale(1)]),
            "faults must be faults other than Throttle, Stale, Sequence, or None, got Stale(",
        ),
        (
            lambda: untyped.Sequence([untyped.Throttle(1, 1)]),
            "faults must be faults other than Throttle, Stale, Sequence, or None",
        ),
        (lambda: fault_from_json(503), "kind must be one of fail, throttle,"),
        (lambda: fault_from_json({"status": 503}), "kind must be one of fail, throttle,"),
        (lambda: fault_from_json({"kind": ["fail"]}), "kind must be one of fail, throttle,"),
        (lambda: fault_from_json({"kind": "Fail", "status": 503}), "kind must be one of fail, throttle,"),
        (lambda: fault_from_json({"kind": "fail"}), 'must have "status", got {"kind": "fail"}'),
        (lambda: fault_from_json({"kind": "reset", "at": 5}), 'has an unknown member "at"; the known members are kind'),
        (
            lambda: fault_from_json({"kind": "sequence", "faults": [{"kind": "fail", "status": 1}]}),
            "faults/0/status must be at least 400, got 1",
        ),
    ],
)
def test_wrong_fault_is_refused(make: Callable[[], object], reason: str) -> None:
    """A fault that no response can be made of is refused where it is written, saying what is wrong."""
    assert message_of(make).startswith(reason)


# The schemas of the faults.


@pytest.mark.parametrize("kind", KINDS)
def test_schema_has_the_fields_of_the_class(kind: str) -> None:
    """The schema of a kind has its fields and no other, and needs those that have no default."""
    schema, fields = schema_files.read(f"faults/kinds/{kind}.json"), dataclasses.fields(KINDS[kind])
    assert schema["properties"]["kind"] == {"const": kind}
    assert list(schema["properties"]) == ["kind", *(field.name for field in fields)]
    needed = [field.name for field in fields if field.default is dataclasses.MISSING]
    assert (schema["required"], schema["additionalProperties"]) == (["kind", *needed], False)


@pytest.mark.parametrize("kind", KINDS)
def test_schema_describes_every_field(kind: str) -> None:
    """The schema of a kind says what it does, and what each of its fields means."""
    schema = schema_files.read(f"faults/kinds/{kind}.json")
    described = [schema, *(item for name, item in schema["properties"].items() if name != "kind")]
    assert all(item["description"].endswith(".") for item in described)


@pytest.mark.parametrize("kind", KINDS)
def test_schema_accepts_the_defaults(kind: str) -> None:
    """What a field is by default keeps the schema too, unless it is None, which says that nothing was given."""
    schema = schema_files.read(f"faults/kinds/{kind}.json")
    for field in dataclasses.fields(KINDS[kind]):
        if field.default not in (dataclasses.MISSING, None):
            jsonschema.validate(field.default, schema["properties"][field.name])


def test_schema_of_a_rule_has_every_kind() -> None:
    """The files of the kinds are those of the faults, and in the document a rule has a branch for each."""
    assert list(schema_files.names("faults/kinds")) == [f"faults/kinds/{kind}.json" for kind in sorted(KINDS)]
    components = load_control().document["components"]["schemas"]
    branches = components["faults_rule"]["properties"]["fault"]["anyOf"]
    assert [branch["$ref"].rpartition("/")[2] for branch in branches] == [
        f"faults_kinds_{kind}" for kind in sorted(KINDS)
    ]


def rules_validator() -> jsonschema.Draft202012Validator:
    """Return the judge of a list of rules, with the schema that the control API shows, as any tool has it."""
    document = load_control().document
    registry: Registry[Any] = Registry().with_resource("control", DRAFT202012.create_resource(document))
    schema = {"type": "array", "items": {"$ref": "control#/components/schemas/faults_rule"}}
    return jsonschema.Draft202012Validator(schema, registry=registry)


@pytest.mark.parametrize(
    ("fault", "document"), EXAMPLES, ids=lambda value: str(value) if isinstance(value, Fault) else ""
)
def test_file_of_rules_may_have_the_fault(fault: Fault, document: dict[str, Any]) -> None:
    """A rule as it is written in JSON keeps the schema of a file of rules."""
    assert rules_validator().is_valid([Rule(fault, times=2).settings()])
    assert not rules_validator().is_valid([{"fault": {**document, "unknown": 1}}])


# Fail.


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "IMG.0001", "Request error."),
        (401, "APIGW.0301", "Authentication failed."),
        (403, "IMG.0026", "You do not have the rights to perform the operation."),
        (404, "IMG.0144", "The requested resource was not found."),
        (409, "IMG.0066", "Request conflict."),
        (418, "APIGW.0201", "API request error."),
        (429, "APIGW.0308", "The throttling threshold has been reached."),
        (500, "IMG.0061", "Internal service error."),
        (502, "APIGW.0201", "Backend unavailable."),
        (503, "APIGW.0613", "The service is unavailable."),
        (504, "APIGW.0201", "Backend timeout."),
        (599, "APIGW.0201", ""),
    ],
)
def test_fail_has_the_body_of_its_status(api: Api, status: int, code: str, message: str) -> None:
    """A fault has the documented code of its status, and the message that the page has for it."""
    api.service.faults.add(Fail(status), operation=CREATE)
    response = create(api)
    document = response.get_json()
    assert response.status_code == status
    if code.startswith("IMG"):
        assert document["error"]["code"] == code
        assert document["error"]["message"].startswith(message)
    else:
        assert document["error_code"] == code
        assert document["error_msg"].startswith(message)
        assert document["request_id"] == response.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("request_line", "status", "code", "message"),
    [
        ("PUT /v2/images/1/file", 409, "IMG.0046", "Request conflict."),
        ("PUT /v2/images/1/file", 500, "IMG.0061", "System error."),
        ("PUT /v2/images/1/file", 400, "IMG.0001", "Request error."),
        ("GET /v2/images/1/file", 416, "IMG.0105", "The operation is not supported."),
        ("PATCH /v2/images/1", 409, "IMG.0035", "Request conflict."),
        ("POST /v2/images/1/members", 409, "IMG.0112", "Request conflict."),
        ("GET /", 404, "IMG.0144", "The requested resource was not found."),
    ],
)
def test_fail_has_what_the_page_of_the_operation_says(
    api: Api, request_line: str, status: int, code: str, message: str
) -> None:
    """The code and the message of a status are those of the operation, where it has its own."""
    api.service.faults.add(Fail(status))
    assert api(*request_line.split()).get_json() == {"error": {"code": code, "message": message}}


@pytest.mark.parametrize("status", range(400, 600))
def test_no_failure_of_the_service_blames_another_service(api: Api, status: int) -> None:
    """No default message of an operation of images mentions the identity service."""
    api.service.faults.add(Fail(status))
    assert "IAM" not in api("GET", "/v2/images").get_data(as_text=True)


@pytest.mark.parametrize("mode", [500, 502, 503, 504])
def test_lost_response_has_the_same_body_as_a_failure(api: Api, mode: int) -> None:
    """A status in place of a lost response has the code and the message that it has without any work."""
    api.service.faults.add(Fail(mode), times=1)
    api.service.faults.add(LoseResponse(mode))
    refused, lost = create(api).get_json(), create(api).get_json()
    assert {**refused, "request_id": ""} == {**lost, "request_id": ""}


def test_fail_does_not_do_the_work(api: Api) -> None:
    """What is refused by a fault is not done."""
    api.service.faults.add(Fail(503))
    create(api)
    assert (len(api.images), last(api).is_done) == (0, False)


def test_fail_gives_its_reason(api: Api) -> None:
    """The response and the journal say that it was a fault, and which."""
    api.service.faults.add(Fail(503, message="caf\u00e9"))
    response = create(api)
    assert response.headers["X-IMS-Mock-Reason"] == "fault: Fail(status=503, message='caf\\xe9')" == last(api).reason


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (Fail(400, "IMG.0015"), "IMG.0015", "The number of private images has reached the maximum allowed."),
        (Fail(503, "IMG.0061", "closed"), "IMG.0061", "closed"),
        (Fail(404, message="gone"), "IMG.0144", "gone"),
        (Fail(400, "IMG.9999", ""), "IMG.9999", ""),
    ],
)
def test_code_and_message_of_the_service(api: Api, fault: Fault, code: str, message: str) -> None:
    """A fault may say another code, and another text; an IMG code has the service's body."""
    api.service.faults.add(fault)
    assert api("GET", "/v2/images").get_json() == {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (Fail(403, "APIGW.0302", "no"), "APIGW.0302", "no"),
        (Fail(404, "APIGW.0101"), "APIGW.0101", "The API does not exist or has not been published in the environment."),
        (Fail(503, message="closed"), "APIGW.0613", "closed"),
    ],
)
def test_code_and_message_of_the_gateway(api: Api, fault: Fault, code: str, message: str) -> None:
    """An APIGW code has the gateway's body."""
    api.service.faults.add(fault)
    document = api("GET", "/v2/images").get_json()
    assert (document["error_code"], document["error_msg"]) == (code, message)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            Fail(400),
            "The server could not comply with the request since it is either malformed or otherwise incorrect.",
        ),
        (Fail(403), "You are not authorized to perform the requested action."),
        (Fail(403, "IMG.0026"), "You are not authorized to perform the requested action."),
        (Fail(404, message="no such user"), "no such user"),
        (Fail(500), "An unexpected error prevented the server from fulfilling your request."),
    ],
)
def test_fail_of_the_identity_service(api: Api, fault: Fail, message: str) -> None:
    """An operation of the identity service is refused in its words and form."""
    api.service.faults.add(fault)
    document = api("POST", "/v3/auth/tokens", {}).get_json()
    assert document["error"]["message"].startswith(message)
    assert document == {
        "error": {
            "code": fault.status,
            "message": document["error"]["message"],
            "title": http.client.responses[fault.status],
        }
    }


@pytest.mark.parametrize("status", [401, 429, 503])
def test_gateway_before_the_identity_service(api: Api, status: int) -> None:
    """What the gateway refuses has the gateway's body before the identity service too."""
    api.service.faults.add(Fail(status))
    assert api("POST", "/v3/auth/tokens", {}).get_json().keys() == {"error_code", "error_msg", "request_id"}


@pytest.mark.parametrize(("given", "header"), [(None, None), (0, "0"), (30, "30")])
def test_retry_after(api: Api, given: int | None, header: str | None) -> None:
    """A fault says in a header when to come back, where it is set to."""
    api.service.faults.add(Fail(503, retry_after=given))
    assert api("GET", "/v2/images").headers.get("Retry-After") == header


def test_fault_comes_before_the_credential(api: Api) -> None:
    """A gateway that is down asks nobody who he is."""
    api.service.faults.add(Fail(503))
    assert api("GET", "/v2/images", X_Auth_Token="").status_code == 503


def test_refused_upload_leaves_the_image_queued(api: Api) -> None:
    """An upload that a fault refuses has not begun."""
    image_id = api.create()["id"]
    api.service.faults.add(Fail(500))
    assert upload(api, image_id).status_code == 500
    assert api.images[image_id]["status"] == "queued"


# Throttle.


def test_throttle_lets_its_limit_pass_at_once(api: Api) -> None:
    """A full bucket lets as many requests pass as it holds, and refuses the others."""
    rule = api.service.faults.add(Throttle(3, 60))
    assert (statuses(api, 5), rule.hits) == ([200, 200, 200, 429, 429], 2)


def test_throttle_fills_as_time_passes(api: Api) -> None:
    """One request passes again each time that a part of the period has passed, and a refused one costs nothing."""
    api.service.faults.add(Throttle(2, 10))
    seen = []
    for seconds in (0, 0, 0, 4.9, 0.1, 0, 4.9, 0.1, 10, 0, 0):
        api.clock.advance(seconds)
        seen += statuses(api, 1)
    assert seen == [200, 200, 429, 429, 200, 429, 429, 200, 200, 200, 429]


def test_bucket_holds_no_more_than_its_limit(api: Api) -> None:
    """However long nobody asks, no more than the limit passes at once."""
    api.service.faults.add(Throttle(2, 10))
    statuses(api, 3)
    api.clock.advance(100_000)
    assert statuses(api, 3) == [200, 200, 429]


@pytest.mark.parametrize(
    ("limit", "per", "waited", "header"),
    [(1, 60, 0, "60"), (1, 60, 20, "40"), (1, 60, 20.5, "40"), (10, 60, 0, "6"), (100, 1, 0, "1"), (1, 0.25, 0, "1")],
)
def test_throttle_says_when_the_next_passes(api: Api, limit: int, per: float, waited: float, header: str) -> None:
    """`Retry-After` is how many seconds of the clock it takes until one passes, rounded up."""
    api.service.faults.add(Throttle(limit, per))
    statuses(api, limit)
    api.clock.advance(waited)
    assert api("GET", "/v2/images").headers["Retry-After"] == header


@pytest.mark.parametrize(("limit", "per"), [(1, 60), (3, 10), (7, 1), (9, 86400), (1, 0.1)])
def test_whoever_waits_as_the_header_says_passes(api: Api, limit: int, per: float) -> None:
    """A client that comes back when `Retry-After` says so is let pass, each time."""
    api.service.faults.add(Throttle(limit, per))
    statuses(api, limit)
    for _ in range(20):
        refused = api("GET", "/v2/images")
        if refused.status_code == 429:
            api.clock.advance(int(refused.headers["Retry-After"]))
            assert statuses(api, 1) == [200]


@pytest.mark.parametrize(
    ("per", "period"), [(60, "1 minute"), (1, "1 second"), (3600, "3600 second"), (0.5, "0.5 second")]
)
def test_throttle_in_the_words_of_the_gateway(api: Api, per: float, period: str) -> None:
    """The refusal is APIGW.0308, with the policy in its text."""
    api.service.faults.add(Throttle(1, per))
    statuses(api, 1)
    document = api("GET", "/v2/images").get_json()
    assert document["error_code"] == "APIGW.0308"
    assert document["error_msg"] == (
        f"The throttling threshold has been reached: policy user over ratelimit,limit:1,time:{period}"
    )


def test_throttle_does_not_do_the_work(api: Api) -> None:
    """What is throttled is not done."""
    api.service.faults.add(Throttle(1, 60))
    assert [create(api).status_code for _ in range(2)] == [201, 429]
    assert len(api.images) == 1


def test_throttle_survives_a_clock_that_goes_back(api: Api) -> None:
    """A clock that is set back takes nothing from the bucket."""
    api.service.faults.add(Throttle(1, 60))
    statuses(api, 1)
    api.clock.jump_to(START - 86400, 0)
    assert api("GET", "/v2/images").headers["Retry-After"] == "60"


# Delay.


@pytest.mark.parametrize("seconds", [0, 0.25, 5, 1e6])
def test_delay_moves_a_clock_that_stands_still(api: Api, seconds: float) -> None:
    """The response comes so much later by the clock, and nobody waits."""
    api.service.faults.add(Delay(seconds))
    assert create(api).status_code == 201
    assert passed(api) == seconds


def test_work_is_done_before_the_delay(api: Api) -> None:
    """What is done is done when the request comes, and the response is dated when it leaves."""
    api.service.faults.add(Delay(3600))
    response = create(api)
    assert response.get_json()["created_at"] == "2016-06-02T07:49:48Z"
    assert response.headers["Date"] == "Thu, 02 Jun 2016 08:49:48 GMT"
    assert (last(api).received_at, last(api).responded_at) == (START, START + 3600)


def test_what_is_due_comes_about_in_a_delay() -> None:
    """Time that a delay lets pass is like any other."""
    api = Api(delays={"saving": 60})
    image_id = api.create()["id"]
    upload(api, image_id)
    api.service.faults.add(Delay(100))
    statuses(api, 1)
    assert (api.images[image_id]["status"], api.images[image_id]["active_at"]) == ("active", "2016-06-02T07:50:48Z")


def test_jitter_follows_from_the_seed() -> None:
    """Each delay is within the jitter, and which it is follows from the seed and the rule."""
    api = Api(seed=7)
    api.service.faults.add(Delay(10, jitter=4))
    source = random.Random("7/rules/1")
    for _ in range(20):
        before = api.clock.now()
        statuses(api, 1)
        assert api.clock.now() - before == pytest.approx(10 + source.uniform(-4, 4), abs=1e-6)


def test_jitter_never_goes_back(api: Api) -> None:
    """A jitter larger than the delay leaves no response before its request."""
    api.service.faults.add(Delay(0, jitter=5))
    seen = [passed(api)]
    for _ in range(20):
        statuses(api, 1)
        seen.append(passed(api))
    assert seen == sorted(seen)
    assert len(set(seen)) < len(seen)


def watched_waits(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list that gets the seconds of each wait, none of which takes any."""
    waits: list[float] = []
    monkeypatch.setattr(api.clock, "wait", lambda seconds, _: waits.append(seconds))
    return waits


@pytest.mark.parametrize("fault", [Delay(5, real_time=True), LognormalDelay(5, 0, real_time=True)])
def test_real_delay(api: Api, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    """A delay that is to be real is waited for, and the clock stands still."""
    waits = watched_waits(api, monkeypatch)
    api.service.faults.add(fault)
    statuses(api, 1)
    assert waits == [pytest.approx(5)]
    assert passed(api) == 0


@pytest.mark.parametrize("fault", [Delay(5), LognormalDelay(5, 0)])
def test_delay_by_a_clock_that_runs(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    """A clock that runs is not moved, but waited for."""
    api = Api(speed=1e-6)
    waits = watched_waits(api, monkeypatch)
    api.service.faults.add(fault)
    statuses(api, 1)
    assert waits == [pytest.approx(5)]
    assert passed(api) < 1


def test_lognormal_delay_follows_from_the_seed() -> None:
    """Delays are spread lognormally around the median, and which one it is follows from the seed and the rule."""
    api = Api(seed=7)
    api.service.faults.add(LognormalDelay(2, 0.5))
    source = random.Random("7/rules/1")
    for _ in range(20):
        before = api.clock.now()
        statuses(api, 1)
        assert api.clock.now() - before == pytest.approx(source.lognormvariate(math.log(2), 0.5), abs=1e-6)


def test_longest_lognormal_delay() -> None:
    """However rare a delay is, none is longer than what a Delay can be."""
    seed = next(
        seed for seed in range(1000) if random.Random(f"{seed}/rules/1").lognormvariate(math.log(1e6), 4) > 1e11
    )
    api = Api(seed=seed)
    api.service.faults.add(LognormalDelay(1e6, 4))
    assert (statuses(api, 1), passed(api)) == ([200], 1e9)


# LoseResponse.

LOST: list[tuple[Fault, type[Exception]]] = [
    (LoseResponse(), ConnectionResetError),
    (LoseResponse("hangup"), http.client.RemoteDisconnected),
    (LoseResponse("timeout"), TimeoutError),
]


@pytest.mark.parametrize(("fault", "seen"), LOST, ids=str)
def test_lost_response_of_a_create(api: Api, fault: Fault, seen: type[Exception]) -> None:
    """The client sees a failure of the network, and the image is there."""
    api.service.faults.add(fault)
    with pytest.raises(seen):
        create(api, name="web")
    assert [image["name"] for image in api.images.values()] == ["web"]
    assert (last(api).is_done, last(api).status, last(api).rules) == (True, 201, ("1",))


@pytest.mark.parametrize(
    ("status", "message"), [(500, "Internal service error."), (502, "Backend unavailable."), (504, "Backend timeout.")]
)
def test_response_lost_to_a_status(api: Api, status: int, message: str) -> None:
    """The client sees the gateway's or the service's refusal, and the image is there."""
    api.service.faults.add(LoseResponse(status))
    response = create(api)
    document = response.get_json()
    assert response.status_code == status
    assert message in (document.get("error_msg"), document.get("error", {}).get("message"))
    assert (len(api.images), last(api).is_done) == (1, True)
    assert last(api).reason == f"fault: LoseResponse(mode={status}); the work is done"


def test_create_that_is_tried_again_leaves_two_images(api: Api) -> None:
    """A client that sends its create again after a lost response has made two."""
    api.service.faults.add(LoseResponse(), times=1)
    with pytest.raises(ConnectionResetError):
        create(api, name="web")
    assert create(api, name="web").status_code == 201
    assert names(api) == ["web", "web"]


def test_lost_response_of_a_delete(api: Api) -> None:
    """A delete whose response is lost has deleted, so that the second one finds nothing."""
    image_id = api.create()["id"]
    api.service.faults.add(LoseResponse("hangup"), times=1)
    with pytest.raises(http.client.RemoteDisconnected):
        api("DELETE", f"/v2/images/{image_id}")
    assert api("DELETE", f"/v2/images/{image_id}").status_code == 404


def test_lost_response_of_an_upload(api: Api) -> None:
    """An upload whose response is lost has made the image active."""
    image_id = api.create()["id"]
    api.service.faults.add(LoseResponse(504))
    assert upload(api, image_id).status_code == 504
    assert api.images[image_id]["status"] == "active"


def test_lost_refusal(api: Api) -> None:
    """A refusal can be lost like any other response, and nothing is done."""
    api.service.faults.add(LoseResponse(), method="DELETE")
    with pytest.raises(ConnectionResetError):
        api("DELETE", "/v2/images/b912fb4a-0000-4000-8000-000000000000")
    assert last(api).is_done is False


# Reset and Hangup.


@pytest.mark.parametrize(
    ("fault", "seen", "left"),
    [
        (Reset(), ConnectionResetError, "nothing was sent, reset"),
        (Hangup(), http.client.RemoteDisconnected, "nothing was sent, hangup"),
    ],
)
def test_connection_that_ends(api: Api, fault: Fault, seen: type[Exception], left: str) -> None:
    """The client sees the end of the connection, nothing is done, and the journal says how it ended."""
    api.service.faults.add(fault)
    with pytest.raises(seen):
        create(api)
    assert api.images == {}
    entry = last(api)
    assert (entry.status, entry.is_done, str(entry.delivery), entry.reason) == (0, False, left, f"fault: {fault}")


@pytest.mark.parametrize("method", ["HEAD", "DELETE"])
@pytest.mark.parametrize(("fault", "seen"), [*LOST, (Reset(), ConnectionResetError)], ids=str)
def test_response_without_a_body_can_be_lost(api: Api, method: str, fault: Fault, seen: type[Exception]) -> None:
    """The connection ends also where the response would have been a head alone."""
    image_id = api.create()["id"]
    api.service.faults.add(fault)
    with pytest.raises(seen):
        api(method, f"/v2/images/{image_id}")


def test_service_goes_on_after_a_reset(api: Api) -> None:
    """The next request gets its response as if nothing had happened."""
    api.service.faults.add(Reset(), times=1)
    with pytest.raises(ConnectionResetError):
        create(api)
    assert create(api).status_code == 201


# Truncate.


@pytest.mark.parametrize("at", [0, 1, 10, 100])
def test_truncated_response(api: Api, at: int) -> None:
    """The client gets so many bytes of those that were promised, and the work is done."""
    api.service.faults.add(Truncate(at))
    with pytest.raises(http.client.IncompleteRead) as caught:
        _ = create(api, name="web").data
    whole = last(api).response_body
    assert caught.value.partial == whole[:at]
    assert caught.value.expected == len(whole) - at
    assert len(api.images) == 1


def test_truncated_file(api: Api) -> None:
    """A download can be cut too."""
    image_id = active_image(api)
    api.service.faults.add(Truncate(4))
    with pytest.raises(http.client.IncompleteRead) as caught:
        _ = api("GET", f"/v2/images/{image_id}/file").data
    assert (caught.value.partial, caught.value.expected) == (b"0123", 6)


def test_response_of_no_more_bytes_is_whole(api: Api) -> None:
    """A response that is as short as it would be cut is left alone, and is no hit."""
    image_id = active_image(api)
    rule = api.service.faults.add(Truncate(10))
    assert (api("GET", f"/v2/images/{image_id}/file").data, rule.hits) == (b"0123456789", 0)


# Drip.


def test_dripping_response(api: Api) -> None:
    """The client gets the whole body, in as much time as it takes."""
    image_id = active_image(api)
    api.service.faults.add(Drip(4))
    assert api("GET", f"/v2/images/{image_id}/file").data == b"0123456789"
    assert passed(api) == pytest.approx(2.5)


def test_dripping_response_does_the_work(api: Api) -> None:
    """A response that drips is one to what was done, and the journal says how it left."""
    api.service.faults.add(Drip(100))
    response = create(api, name="web")
    assert (response.status_code, response.get_json()["name"]) == (201, "web")
    assert passed(api) == pytest.approx(len(response.data) / 100)
    assert str(last(api).delivery) == "at 100 bytes a second"


def test_real_time_dripping_response(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `real_time` real seconds pass, and the clock stands still."""
    image_id = active_image(api)
    waits = watched_waits(api, monkeypatch)
    api.service.faults.add(Drip(4, real_time=True))
    assert api("GET", f"/v2/images/{image_id}/file").data == b"0123456789"
    assert sum(waits) == pytest.approx(2.5)
    assert passed(api) == 0


# Stall.


def test_stalled_response(api: Api) -> None:
    """The client waits until it gives up, and the work is done."""
    api.service.faults.add(Stall(30))
    with pytest.raises(TimeoutError):
        _ = create(api).data
    assert (len(api.images), str(last(api).delivery)) == (1, "0 bytes were sent, silence for 30 s, hangup")


def test_stall_of_no_time_is_a_cut(api: Api) -> None:
    """A connection that is closed right after the headers is one that is cut."""
    api.service.faults.add(Stall(0))
    with pytest.raises(http.client.IncompleteRead):
        _ = create(api).data


@pytest.mark.parametrize("fault", [Truncate(0), Drip(1), Stall(1)], ids=str)
@pytest.mark.parametrize(("method", "status"), [("DELETE", 204), ("HEAD", 200)])
def test_response_without_a_body_is_left_alone(api: Api, fault: Fault, method: str, status: int) -> None:
    """Where there is no body nothing can be cut, drip or stall, and it is no hit."""
    image_id = api.create()["id"]
    rule = api.service.faults.add(fault)
    assert (api(method, f"/v2/images/{image_id}").status_code, rule.hits, passed(api)) == (status, 0, 0)


# Garble.


@pytest.mark.parametrize(
    ("form", "status", "media_type"),
    [
        ("html_200", 200, "text/html"),
        ("html_502", 502, "text/html"),
        ("text", 201, "text/plain"),
        ("empty", 201, "application/json"),
        ("invalid_json", 201, "application/json"),
        ("invalid_utf8", 201, "application/json"),
        ("content_type", 201, "text/html"),
    ],
)
def test_garbled_response(api: Api, form: str, status: int, media_type: str) -> None:
    """The work is done, and the response has another status, type or body, of the length that it says."""
    api.service.faults.add(Garble(form))
    response = create(api)
    assert (response.status_code, response.headers["Content-Type"]) == (status, media_type)
    assert response.headers["Content-Length"] == str(len(response.data))
    assert (len(api.images), last(api).reason) == (1, f"fault: Garble(mode='{form}')")


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("html_200", b"<html><head><title>Welcome</title>"),
        ("html_502", b"<html><head><title>502 Bad Gateway</title>"),
        ("text", b"upstream connect error\n"),
    ],
)
def test_page_of_a_gateway(api: Api, form: str, begins: bytes) -> None:
    """A page or a line of text stands where JSON should."""
    api.service.faults.add(Garble(form))
    assert create(api).data.startswith(begins)


def test_empty_response(api: Api) -> None:
    """A body of no bytes stands where JSON should."""
    api.service.faults.add(Garble("empty"))
    assert create(api).data == b""


def test_invalid_json(api: Api) -> None:
    """The body is JSON but for its end, and UTF-8."""
    api.service.faults.add(Garble("invalid_json"))
    with pytest.raises(json.JSONDecodeError):
        json.loads(create(api).data)


def test_invalid_utf8(api: Api) -> None:
    """The body has a byte that is none of UTF-8's."""
    api.service.faults.add(Garble("invalid_utf8"))
    with pytest.raises(UnicodeDecodeError):
        create(api).data.decode()


def test_json_that_is_said_to_be_html(api: Api) -> None:
    """The body is what it should be, and its type is not."""
    api.service.faults.add(Garble("content_type"))
    assert json.loads(create(api, name="web").data)["name"] == "web"


@pytest.mark.parametrize(("form", "status"), [("html_200", 200), ("html_502", 502), ("text", 200)])
def test_page_where_nothing_should_be(api: Api, form: str, status: int) -> None:
    """Where a response has no body, a page gives it one, and a status that may have it."""
    image_id = api.create()["id"]
    api.service.faults.add(Garble(form))
    response = api("DELETE", f"/v2/images/{image_id}")
    assert (response.status_code, bool(response.data), len(api.images)) == (status, True, 0)


@pytest.mark.parametrize("form", ["empty", "invalid_json", "invalid_utf8", "content_type"])
def test_nothing_to_garble(api: Api, form: str) -> None:
    """Where a response has no body there is nothing to empty or to damage, and it is no hit."""
    image_id = api.create()["id"]
    rule = api.service.faults.add(Garble(form))
    assert (api("DELETE", f"/v2/images/{image_id}").status_code, rule.hits) == (204, 0)


def test_page_in_place_of_a_file(api: Api) -> None:
    """A download can be a gateway's page."""
    image_id = active_image(api)
    api.service.faults.add(Garble("html_200"))
    assert api("GET", f"/v2/images/{image_id}/file").data.startswith(b"<html>")


def test_garbled_refusal(api: Api) -> None:
    """A refusal can be garbled like any other response."""
    api.service.faults.add(Garble("text"))
    response = api("GET", "/v2/images/nothing")
    assert (response.status_code, response.data) == (404, b"upstream connect error\n")


# Mutate.


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Mutate("/checksum", "null"), None),
        (Mutate("/checksum", "retype"), 32),
        (Mutate("/size", "retype"), "10"),
        (Mutate("/deleted", "retype"), "false"),
        (Mutate("/locations", "retype"), {}),
        (Mutate("/properties", "retype"), []),
        (Mutate("/checksum", "value", "abc"), "abc"),
        (Mutate("/checksum", "value", {"a": [1, None]}), {"a": [1, None]}),
        (Mutate("/checksum", "value"), None),
    ],
    ids=str,
)
def test_mutated_attribute(api: Api, fault: Mutate, expected: Any) -> None:
    """One attribute of the response has become something else, and the rest of it is as it was."""
    image_id = active_image(api)
    api.images[image_id] = {**api.images[image_id], "locations": [], "properties": {}, "deleted": False}
    honest = api("GET", f"/v2/images/{image_id}").get_json()
    api.service.faults.add(fault)
    response = api("GET", f"/v2/images/{image_id}")
    assert response.get_json() == {**honest, fault.pointer[1:]: expected}
    assert response.headers["Content-Length"] == str(len(response.data))


def test_dropped_attribute(api: Api) -> None:
    """One attribute of the response is not there."""
    image_id = active_image(api)
    honest = api("GET", f"/v2/images/{image_id}").get_json()
    api.service.faults.add(Mutate("/checksum", "drop"))
    del honest["checksum"]
    assert api("GET", f"/v2/images/{image_id}").get_json() == honest


def test_mutation_leaves_the_state_alone(api: Api) -> None:
    """What the service remembers is not changed."""
    image_id = active_image(api)
    before = api.images[image_id]
    api.service.faults.add(Mutate("/checksum", "drop"))
    api("GET", f"/v2/images/{image_id}")
    assert api.images[image_id] == before


def test_mutation_in_a_list(api: Api) -> None:
    """A pointer leads into one of the images of a page."""
    for name in ("a", "b"):
        active_image(api, name=name)
    api.service.faults.add(Mutate("/images/1/checksum", "null"))
    images = api("GET", "/v2/images").get_json()["images"]
    assert [image["checksum"] is None for image in images] == [False, True]


@pytest.mark.parametrize(("how", "value"), [("null", None), ("value", "abc")])
def test_attribute_that_was_not_there(api: Api, how: str, value: Any) -> None:
    """A response that does not have the attribute is given it."""
    image_id = api.create()["id"]
    api.service.faults.add(Mutate("/checksum", how, value))
    assert api("GET", f"/v2/images/{image_id}").get_json()["checksum"] == value


@pytest.mark.parametrize("how", ["drop", "retype"])
def test_attribute_that_is_not_there(api: Api, how: str) -> None:
    """What is not there cannot be dropped or changed, and it is no hit."""
    rule = api.service.faults.add(Mutate("/checksum", how))
    assert (create(api).status_code, rule.hits) == (201, 0)


def test_mutation_of_a_response_that_has_no_attributes(api: Api) -> None:
    """A refusal, and a response without a body, are left alone, and are no hit."""
    image_id = active_image(api)
    rule = api.service.faults.add(Mutate("/checksum", "null"))
    api("GET", "/v2/images/nothing")
    api("HEAD", f"/v2/images/{image_id}")
    assert rule.hits == 0


def test_mutation_beyond_the_end_of_a_list(api: Api) -> None:
    """A page that has fewer images is left alone, and is no hit."""
    rule = api.service.faults.add(Mutate("/images/0/checksum", "null"))
    assert (statuses(api, 1), rule.hits) == ([200], 0)


@pytest.mark.parametrize(
    "pointer",
    [
        *(
            "/id",
            "/name",
            "/status",
            "/created_at",
            "/images",
            "/images/0/id",
            "/images/0/tags",
            "/member_id",
            "/members",
        ),
        *("/token", "/catalog", "/projects", "/unknown", "/images/0/unknown", "/images/checksum", "/checksum/0"),
    ],
)
@pytest.mark.parametrize("how", ["drop", "null", "retype", "value"])
def test_mutation_of_what_is_not_optional_is_refused(api: Api, pointer: str, how: str) -> None:
    """What the documents require, or do not have, cannot be changed."""
    reason = message_of(lambda: api.service.faults.add(Mutate(pointer, how)))
    assert reason.startswith(f"Mutate(pointer='{pointer}', mode='{how}') applies to no operation")


# Stale.


def test_new_image_is_not_listed_yet(api: Api) -> None:
    """So many reads after a write do not see it."""
    api.create(name="old")
    rule = api.service.faults.add(Stale(reads=2))
    api.create(name="new")
    assert [names(api) for _ in range(4)] == [["old"], ["old"], ["new", "old"], ["new", "old"]]
    assert rule.hits == 2


def test_deleted_image_is_still_listed(api: Api) -> None:
    """A deleted image is there until the reads have caught up."""
    image_id = api.create(name="old")["id"]
    api.service.faults.add(Stale(reads=1))
    assert api("DELETE", f"/v2/images/{image_id}").status_code == 204
    assert [names(api), names(api)] == [["old"], []]


def test_show_is_stale(api: Api) -> None:
    """A new image cannot be shown yet, a changed one is as it was, and a deleted one still there."""
    api.service.faults.add(Stale(reads=1))
    image_id = api.create(name="a")["id"]
    path, renaming = f"/v2/images/{image_id}", [{"op": "replace", "path": "/name", "value": "b"}]
    assert [api("GET", path).status_code for _ in range(2)] == [404, 200]
    api("PATCH", path, renaming, Content_Type=JSON_PATCH)
    assert [api("GET", path).get_json()["name"] for _ in range(2)] == ["a", "b"]
    api("DELETE", path)
    assert [api("GET", path).status_code for _ in range(2)] == [200, 404]


def test_members_are_stale(api: Api) -> None:
    """Members too are listed and shown as they were."""
    image_id = active_image(api)
    rule = api.service.faults.add(Stale(reads=2))
    assert api("POST", f"/v2/images/{image_id}/members", {"member": "a" * 32}).status_code == 200
    assert api("GET", f"/v2/images/{image_id}/members").get_json()["members"] == []
    shown = [api("GET", f"/v2/images/{image_id}/members/{'a' * 32}").status_code for _ in range(3)]
    listed = [len(api("GET", f"/v2/images/{image_id}/members").get_json()["members"]) for _ in range(2)]
    assert (shown, listed, rule.hits) == ([404, 404, 200], [0, 1], 4)


def test_version_1_is_stale(api: Api) -> None:
    """The operations of version 1 see what those of version 2 do."""
    api.service.faults.add(Stale(reads=2))
    image_id = api.create(name="new")["id"]
    assert api("GET", "/v1.1/images/detail").get_json()["images"] == []
    assert [api("HEAD", f"/v1/images/{image_id}").status_code for _ in range(3)] == [404, 404, 200]


def test_writes_are_not_stale(api: Api) -> None:
    """What is written is there at once for the client that writes."""
    api.service.faults.add(Stale(reads=100))
    image_id = api.create()["id"]
    assert upload(api, image_id).status_code == 204
    assert api("GET", f"/v2/images/{image_id}/file").data == b"0123456789"
    assert api("DELETE", f"/v2/images/{image_id}").status_code == 204


def test_stale_of_one_operation(api: Api) -> None:
    """A rule for one operation leaves the others as they are."""
    api.service.faults.add(Stale(reads=1), operation=LIST)
    image_id = api.create(name="new")["id"]
    assert api("GET", f"/v2/images/{image_id}").status_code == 200
    assert [names(api), names(api)] == [[], ["new"]]


def test_each_write_begins_again(api: Api) -> None:
    """Reads that have not caught up with one write do not see the next one either."""
    api.service.faults.add(Stale(reads=2))
    api.create(name="a")
    first = names(api)
    api.create(name="b")
    assert [first, names(api), names(api), names(api)] == [[], [], [], ["b", "a"]]


def test_nothing_is_stale_without_a_write(api: Api) -> None:
    """Reads of what has not changed are right, and are no hits."""
    api.create(name="old")
    rule = api.service.faults.add(Stale(reads=5))
    assert ([names(api), names(api)], rule.hits) == ([["old"], ["old"]], 0)


def test_stale_by_the_clock(api: Api) -> None:
    """A write is seen when so many seconds of the clock have passed."""
    api.service.faults.add(Stale(seconds=10))
    seen = []
    for name in ("a", "b", "c"):
        api.create(name=name)
        seen.append(names(api))
        api.clock.advance(4)
    api.clock.advance(1.9)
    seen.append(names(api))
    api.clock.advance(0.1)
    seen.append(names(api))
    api.clock.advance(4)
    seen.append(names(api))
    assert seen == [[], [], [], ["a"], ["b", "a"], ["c", "b", "a"]]


def test_deleted_image_by_the_clock(api: Api) -> None:
    """A deleted image is there until so many seconds have passed, with its members."""
    image_id = active_image(api, name="old")
    api("POST", f"/v2/images/{image_id}/members", {"member": "a" * 32})
    api.service.faults.add(Stale(seconds=10))
    api("DELETE", f"/v2/images/{image_id}")
    api.clock.advance(9)
    assert names(api) == ["old"]
    assert len(api("GET", f"/v2/images/{image_id}/members").get_json()["members"]) == 1
    api.clock.advance(1)
    assert (names(api), api("GET", f"/v2/images/{image_id}").status_code) == ([], 404)


def test_order_of_a_stale_list(api: Api) -> None:
    """Images that were deleted are where they were in the list."""
    ids = [api.create(name=name)["id"] for name in ("a", "b", "c")]
    api.service.faults.add(Stale(seconds=10))
    api("DELETE", f"/v2/images/{ids[1]}")
    assert names(api) == ["c", "b", "a"]


def test_what_came_about_by_itself_is_stale_from_then_on() -> None:
    """An image is seen to be active so many seconds after it has become so, whenever that was noticed."""
    api = Api(delays={"saving": 60})
    api.service.faults.add(Stale(seconds=30))
    image_id = active_image(api)
    seen = []
    for seconds in (80, 9, 1):
        api.clock.advance(seconds)
        seen.append(api("GET", f"/v2/images/{image_id}").get_json()["status"])
    assert seen == ["saving", "saving", "active"]


def test_stale_gives_its_reason(api: Api) -> None:
    """The journal says that a response was stale."""
    api.service.faults.add(Stale(reads=1))
    api.create()
    names(api)
    assert (last(api).reason, last(api).rules) == ("fault: Stale(reads=1)", ("1",))


def test_two_stale_rules(api: Api) -> None:
    """Of two stale rules the staler one is what a client sees."""
    api.service.faults.add(Stale(seconds=10))
    api.service.faults.add(Stale(seconds=20))
    api.create(name="new")
    api.clock.advance(15)
    seen = [names(api)]
    api.clock.advance(5)
    assert [*seen, names(api)] == [[], ["new"]]


# LoopingMarker.


def test_page_that_leads_to_itself(api: Api) -> None:
    """The next page of a page is that page, for ever."""
    for name in ("a", "b", "c"):
        api.create(name=name)
    api.service.faults.add(LoopingMarker())
    page = api("GET", "/v2/images?limit=2").get_json()
    assert page["next"] == "/v2/images?limit=2"
    assert api("GET", page["next"]).get_json() == page


def test_later_page_that_leads_to_itself(api: Api) -> None:
    """A rule that skips the first page lets a client loop on the second."""
    ids = [api.create()["id"] for _ in range(3)]
    api.service.faults.add(LoopingMarker(), skip=1)
    first = api("GET", "/v2/images?limit=1").get_json()
    second = api("GET", first["next"]).get_json()
    assert (first["images"][0]["id"], second["images"][0]["id"]) == (ids[2], ids[1])
    assert second["next"] == first["next"]


def test_last_page_does_not_loop(api: Api) -> None:
    """A page without a next one is left alone, and is no hit."""
    api.create()
    rule = api.service.faults.add(LoopingMarker())
    assert ("next" in api("GET", "/v2/images").get_json(), rule.hits) == (False, 0)


# Redirect.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (None, "http://localhost/v2/images?limit=1"),
        ("/v2/other", "http://localhost/v2/other"),
        ("other?a=b", "http://localhost/v2/other?a=b"),
        ("http://other.example/v2", "http://other.example/v2"),
    ],
)
def test_redirect(api: Api, status: int, location: str | None, expected: str) -> None:
    """The client is sent elsewhere, to the same place without a location, and nothing is done."""
    api.service.faults.add(Redirect(location, status))
    response = api("POST", "/v2/images?limit=1", {})
    assert (response.status_code, response.headers["Location"], response.data) == (status, expected, b"")
    assert (len(api.images), last(api).is_done) == (0, False)


# BadUpload.


def test_killed_upload(api: Api) -> None:
    """The upload has the usual response, and the image is killed and has no file."""
    image_id = api.create()["id"]
    api.service.faults.add(BadUpload("killed"))
    assert upload(api, image_id).status_code == 204
    image = api("GET", f"/v2/images/{image_id}").get_json()
    assert (image["status"], "checksum" in image, "size" in image) == ("killed", False, False)
    assert api("GET", f"/v2/images/{image_id}/file").status_code == 204


def test_killed_upload_can_be_deleted(api: Api) -> None:
    """What was killed can be deleted."""
    image_id = api.create()["id"]
    api.service.faults.add(BadUpload("killed"))
    upload(api, image_id)
    assert api("DELETE", f"/v2/images/{image_id}").status_code == 204


def test_upload_that_stays_saving(api: Api) -> None:
    """The upload has the usual response, and the image is saving for ever."""
    image_id = api.create()["id"]
    api.service.faults.add(BadUpload("saving"))
    assert upload(api, image_id).status_code == 204
    api.clock.advance(1e8)
    assert api("GET", f"/v2/images/{image_id}").get_json()["status"] == "saving"


def test_upload_with_another_checksum(api: Api) -> None:
    """The image is active, its file is what was sent, and its checksum is another."""
    image_id, honest = api.create()["id"], active_image(api)
    api.service.faults.add(BadUpload("checksum"))
    assert upload(api, image_id).status_code == 204
    image = api("GET", f"/v2/images/{image_id}").get_json()
    assert (image["status"], image["size"], len(image["checksum"])) == ("active", 10, 32)
    assert image["checksum"] != api.images[honest]["checksum"]
    assert api("GET", f"/v2/images/{image_id}/file").data == b"0123456789"


@pytest.mark.parametrize(("how", "status"), [("killed", "killed"), ("saving", "saving"), ("checksum", "active")])
def test_damaged_upload_takes_its_time(how: str, status: str) -> None:
    """Where uploads take time, a damaged one does too."""
    api = Api(delays={"queued": 5, "saving": 60})
    api.service.faults.add(BadUpload(how))
    image_id = active_image(api)
    seen = []
    for seconds in (0, 5, 59, 1):
        api.clock.advance(seconds)
        seen.append(api.images[image_id]["status"])
    assert seen == ["queued", "saving", "saving", status]


def test_only_the_upload_that_the_rule_applied_to_is_damaged(api: Api) -> None:
    """The next upload ends well."""
    api.service.faults.add(BadUpload("killed"), times=1)
    assert [api.images[active_image(api)]["status"] for _ in range(2)] == ["killed", "active"]


def test_refused_upload_is_not_damaged(api: Api) -> None:
    """An upload that is refused has nothing to damage, and is no hit."""
    rule = api.service.faults.add(BadUpload("killed"))
    assert (upload(api, "b912fb4a-0000-4000-8000-000000000000").status_code, rule.hits) == (404, 0)


# Sequence.


def test_sequence(api: Api) -> None:
    """One fault comes after the other, None lets a request pass, and then it is over."""
    rule = api.service.faults.add(Sequence((Fail(503), None, Fail(500))))
    assert (statuses(api, 5), rule.hits, rule.times) == ([503, 200, 500, 200, 200], 3, 3)


def test_sequence_begins_again(api: Api) -> None:
    """With more times than faults it begins again."""
    api.service.faults.add(Sequence((Fail(503), Fail(500))), times=5)
    assert statuses(api, 6) == [503, 500, 503, 500, 503, 200]


def test_sequence_counts_what_it_spares(api: Api) -> None:
    """A fault that has nothing to change has had its turn."""
    rule = api.service.faults.add(Sequence((Truncate(10_000), Fail(503))))
    assert (statuses(api, 3), rule.hits) == ([200, 503, 200], 2)


def test_sequence_of_faults_of_the_wire(api: Api) -> None:
    """Faults of every sort can follow each other."""
    api.service.faults.add(Sequence((Reset(), LoseResponse("hangup"), Garble("empty"))))
    with pytest.raises(ConnectionResetError):
        create(api)
    with pytest.raises(http.client.RemoteDisconnected):
        create(api)
    assert (create(api).data, len(api.images)) == (b"", 2)


def test_sequence_goes_on_only_where_every_fault_means_something(api: Api) -> None:
    """An operation on which one of the faults means nothing takes no turn."""
    rule = api.service.faults.add(Sequence((Fail(503), LoopingMarker())))
    assert (create(api).status_code, rule.hits) == (201, 0)


# Faults around faults.


@pytest.mark.parametrize("outer", [Truncate(10), Drip(1), Stall(5), Garble("html_502"), Garble("empty")], ids=str)
def test_lost_response_cannot_be_cut_or_garbled(api: Api, outer: Fault) -> None:
    """What an inner fault has lost stays lost in the same way, and the outer one has not fired."""
    rules = [api.service.faults.add(fault) for fault in (outer, LoseResponse("reset"))]
    with pytest.raises(ConnectionResetError):
        create(api)
    assert [rule.hits for rule in rules] == [0, 1]


@pytest.mark.parametrize(("outer", "inner", "got"), [(5, 3, 3), (3, 5, 3), (5, 5, 5)])
def test_response_that_is_cut_twice(api: Api, outer: int, inner: int, got: int) -> None:
    """Of two cuts the shorter is what a client gets."""
    for at in (outer, inner):
        api.service.faults.add(Truncate(at))
    with pytest.raises(http.client.IncompleteRead) as caught:
        _ = create(api).data
    assert len(caught.value.partial) == got


def test_response_that_drips_and_is_cut(api: Api) -> None:
    """A cut response can drip until it is cut."""
    api.service.faults.add(Truncate(20))
    api.service.faults.add(Drip(10))
    with pytest.raises(http.client.IncompleteRead):
        _ = create(api).data
    assert passed(api) == pytest.approx(2)


def test_delay_of_a_refusal(api: Api) -> None:
    """A refusal can come late."""
    api.service.faults.add(Delay(5))
    api.service.faults.add(Fail(503))
    assert (statuses(api, 1), passed(api)) == ([503], 5)


def test_same_seed_and_requests_give_the_same_bytes() -> None:
    """Two mocks of one seed return the same responses to the same requests, byte for byte."""
    seen = []
    for _ in range(2):
        api = Api(seed=42)
        api.service.faults.add(Delay(1, jitter=1), probability=0.5)
        api.service.faults.add(Fail(503), probability=0.3, optional=True)
        api.service.faults.add(Throttle(3, 10))
        api.service.faults.add(Garble("invalid_json"), every=4)
        responses = [create(api, name=str(number)) for number in range(40)]
        seen.append([(response.status, list(response.headers), response.data) for response in responses])
    assert seen[0] == seen[1]
    assert len({status for status, _, _ in seen[0]}) == 3


# Faults that a request's own header asks for.


@pytest.mark.parametrize(
    ("text", "status"),
    [("503", 503), ("418", 418), ("fail(500)", 500), ('429(message="slow down")', 429), ("garble(html_502)", 502)],
)
def test_fault_of_ones_own_header(api: Api, text: str, status: int) -> None:
    """The fault that a request asks for applies to it, and not to the next one."""
    responses = [api("GET", "/v2/images", X_IMS_Mock_Fault=text), api("GET", "/v2/images")]
    assert [response.status_code for response in responses] == [status, 200]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("reset", ConnectionResetError),
        ("hangup", http.client.RemoteDisconnected),
        ("lose_response(timeout)", TimeoutError),
        ("truncate(5)", http.client.IncompleteRead),
        ("stall(1)", TimeoutError),
    ],
)
def test_fault_of_the_wire_by_header(api: Api, text: str, seen: type[Exception]) -> None:
    """A request can ask for a fault of the wire too."""
    with pytest.raises(seen):
        _ = api("GET", "/v2/images", X_IMS_Mock_Fault=text).data


def test_header_fault_is_written_down(api: Api) -> None:
    """The journal says which request asked for its fault itself, and no rule is left behind."""
    api("GET", "/v2/images", X_IMS_Mock_Fault="503")
    assert (last(api).rules, last(api).reason) == ((f"header of {last(api).request_id}",), "fault: Fail(status=503)")
    assert len(api.service.faults) == 0


def test_header_fault_is_inside_the_rules(api: Api) -> None:
    """A rule is around what a request asks for."""
    api.service.faults.add(Fail(500), times=1)
    assert [api("GET", "/v2/images", X_IMS_Mock_Fault="503").status_code for _ in range(2)] == [500, 503]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", "must be a status such as 503, or one of fail,"),
        ("200", 'fail: status must be at least 400, got 200, at "200"'),
        ("503 x2", 'must be the end, at "x2"'),
        ("glance_list_images: 503", "must be a status such as 503"),
        ("throttle(1, 60)", "Throttle(limit=1, per=60) needs several requests; add a rule for it"),
        ("stale(1)", "Stale(reads=1) needs several requests; add a rule for it"),
        (
            "sequence(503)",
            "Sequence(faults=[Fail(status=503)]) needs several requests; add a rule for it",
        ),
        ("bad_upload(killed)", "BadUpload(outcome='killed') does not apply to glance_list_images"),
        ("mutate(/id, drop)", "Mutate(pointer='/id', mode='drop') does not apply to glance_list_images"),
        ("delay(" + "[" * 5000 + ")", "delay: seconds must be of type number"),
    ],
)
def test_wrong_header_is_refused(api: Api, text: str, reason: str) -> None:
    """A fault that one request cannot have is refused with 400, saying why."""
    response = api("GET", "/v2/images", X_IMS_Mock_Fault=text)
    assert (response.status_code, response.get_json()["error_code"]) == (400, "APIGW.0201")
    assert response.headers["X-IMS-Mock-Reason"].startswith(f"X-IMS-Mock-Fault: {reason}")


def test_header_faults_can_be_turned_off() -> None:
    """Where they are off the header does nothing, and the journal says that it was not read."""
    api = Api(header_faults=False)
    assert api("GET", "/v2/images", X_IMS_Mock_Fault="503").status_code == 200
    assert (last(api).ignored, last(api).rules) == (("X-IMS-Mock-Fault",), ())


def test_header_that_is_obeyed_is_not_ignored(api: Api) -> None:
    """Where they are on, the header is among what was read."""
    api("GET", "/v2/images", X_IMS_Mock_Fault="garble(text)")
    assert last(api).ignored == ()


# Several at once, and again and again.

ANY = [
    Fail(503),
    Throttle(1, 10),
    Delay(3, 2),
    LognormalDelay(2, 1),
    *(LoseResponse(then) for then in ("reset", "hangup", "timeout", 504)),
    Reset(),
    Hangup(),
    Truncate(7),
    Drip(100),
    Stall(3),
    *(Garble(form) for form in ("html_200", "empty", "invalid_json", "invalid_utf8", "content_type")),
    Mutate("/checksum", "value", 5),
    Mutate("/next", "null"),
    Stale(reads=1),
    LoopingMarker(),
    Redirect(),
    BadUpload("killed"),
    FailJob(),
    StickJob(),
    BadJob("no_image"),
    Sequence([Fail(500), None, Reset()]),
]


def test_every_kind_is_among_those() -> None:
    """What follows is of every kind of fault."""
    assert {fault.kind() for fault in ANY} == KINDS_IN_TABLES


@pytest.mark.slow
@pytest.mark.parametrize("outer", ANY, ids=str)
def test_any_two_go_together(api: Api, outer: Fault) -> None:
    """Whichever fault is around which, neither is taken aback by what the other does to a response."""
    for inner in ANY:
        api.service.reset()
        image_id = active_image(api)
        for fault in (outer, inner):
            api.service.faults.add(fault, optional=True)
        for method, path in (("POST", "/v2/images"), ("GET", f"/v2/images/{image_id}"), ("GET", "/v2/images?limit=1")):
            with contextlib.suppress(OSError, http.client.HTTPException):
                _ = api(method, path, {} if method == "POST" else None).data
        assert [entry.reason for entry in api.service.journal if "unexpected" in entry.reason] == []


@pytest.mark.slow
@pytest.mark.parametrize("times", [20, pytest.param(200, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("fault", ANY, ids=str)
def test_always_the_same(api: Api, fault: Fault, times: int) -> None:
    """The same seed, start and requests give the same, byte for byte, every time."""
    seen: set[Any] = set()
    for _ in range(times):
        api.service.reset()
        image_id = api.create()["id"]
        api.service.faults.add(fault, optional=True)
        for method, path, body in TWO[fault.kind()]:
            try:
                response = api(method, path.format(image_id), body, Content_Type=OCTETS)
                seen.add((path, response.status_code, str(response.headers), response.data))
            except (OSError, http.client.HTTPException) as error:
                seen.add((path, repr(error)))
    assert len(seen) == len(TWO[fault.kind()])


TWO: dict[str, list[tuple[str, str, bytes | None]]] = {
    **{kind: [("GET", "/v2/images?limit=1", None)] for kind in KINDS},
    "bad_upload": [("PUT", "/v2/images/{}/file", b"x")],
    **{kind: [("POST", "/v1/cloudimages/{}/copy", b'{"name": "x"}')] for kind in ("fail_job", "stick_job", "bad_job")},
}
"""The request that each kind of fault applies to."""


@pytest.mark.parametrize("text", ["", " "])
def test_empty_header_is_no_fault(api: Api, text: str) -> None:
    """A header that asks for nothing is refused, and not passed over."""
    response = api("GET", "/v2/images", X_IMS_Mock_Fault=text)
    assert response.status_code == 400
    assert response.headers["X-IMS-Mock-Reason"].startswith("X-IMS-Mock-Fault: must be a status such as 503")


def test_outer_damage_wins(api: Api) -> None:
    """Of two faults that would damage one upload the outer one does, and the inner waits for its turn."""
    rules = [api.service.faults.add(BadUpload(how), times=1) for how in ("killed", "checksum")]
    first, second = active_image(api), active_image(api)
    assert [api.images[image_id]["status"] for image_id in (first, second)] == ["killed", "active"]
    assert [rule.hits for rule in rules] == [1, 1]
    assert api.images[second]["checksum"] != api.service.store.files[second].checksum


def test_refusal_keeps_its_reason(api: Api) -> None:
    """What is done to a refusal does not hide why it was one, and nothing is said to be done that was not."""
    api.service.faults.add(LoseResponse(500), times=1)
    api.service.faults.add(Garble("text"), times=1)
    reasons = []
    for _ in range(2):
        api("POST", "/v2/images", {"min_disk": 1})
        reasons.append(last(api).reason)
    assert all(reason.startswith("/min_disk: must be at least 40, got 1 [") for reason in reasons)
    assert not any("the work is done" in reason for reason in reasons)
    assert "fault: " in reasons[0]


def test_delay_ends_with_the_calendar(api: Api) -> None:
    """A clock that is at its end is moved no further."""
    api.service.reset(start="9999-12-31T23:59:00Z")
    api.service.faults.add(Delay(1e9))
    assert statuses(api, 1) == [200]
