"""Failure on command."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest

from ims_mock import Fail, ImsError
from ims_mock.faults import Faults, parse_rule, rule_arguments
from ims_mock.messages import Response
from tests.conftest import Api

CREATE = "glance_create_image_metadata"


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "IMG.0001", "The request message format is invalid."),
        (401, "APIGW.0301", "Incorrect IAM authentication information."),
        (403, "IMG.0026", "The role is invalid. You need to apply"),
        (404, "IMG.0144", "The image does not exist."),
        (500, "IMG.0061", "Unknown system error."),
        (503, "APIGW.0613", "The IAM service is currently unavailable."),
        (429, "APIGW.0308", "The throttling threshold has been reached."),
        (504, "APIGW.0201", "Backend timeout."),
        (418, "APIGW.0201", "API request error."),
    ],
)
def test_fail_answers_in_the_body_of_its_status(api: Api, status: int, code: str, message: str) -> None:
    """A fault answers as the documents say of its status, and the work is not done."""
    api.service.faults.add(Fail(status), operation=CREATE)
    answer = api("POST", "/v2/images", {})
    document = answer.get_json()
    assert answer.status_code == status
    if code.startswith("IMG"):
        assert document["error"]["code"] == code
        assert document["error"]["message"].startswith(message)
    else:
        assert (document["error_code"], document["error_msg"]) == (code, message)
        assert document["request_id"] == answer.headers["X-Request-Id"]
    assert answer.headers["X-IMS-Mock-Reason"].startswith(f"fault: Fail(status={status}")
    assert api.images == {}


def test_code_and_message_can_be_set(api: Api) -> None:
    """A fault may say another code, and another text."""
    api.service.faults.add(Fail(400, code="IMG.0015"), times=1)
    api.service.faults.add(Fail(403, code="APIGW.0302", message="no"), times=1)
    first, second = api("GET", "/v2/images").get_json(), api("GET", "/v2/images").get_json()
    assert first["error"]["message"] == "The number of private images has reached the maximum allowed."
    assert (second["error_code"], second["error_msg"]) == ("APIGW.0302", "no")


def statuses(api: Api, count: int) -> list[int]:
    """Return the statuses of a number of lists."""
    return [api("GET", "/v2/images").status_code for _ in range(count)]


def test_times_and_skip(api: Api) -> None:
    """A rule lets `skip` requests pass, strikes `times`, and then no more; `hits` counts the strikes."""
    rule = api.service.faults.add(Fail(503), operation="glance_list_images", times=2, skip=1)
    assert statuses(api, 5) == [200, 503, 503, 200, 200]
    assert rule.hits == 2


def test_without_times_it_never_ends(api: Api) -> None:
    """A rule without `times` strikes for ever."""
    rule = api.service.faults.add(Fail(500))
    assert statuses(api, 3) == [500, 500, 500]
    assert rule.hits == 3


@pytest.mark.parametrize(
    ("glob", "status"), [("*", 503), ("glance_list_*", 503), ("glance_show_*", 200), ("*_images", 503)]
)
def test_operation_is_a_glob(api: Api, glob: str, status: int) -> None:
    """A rule strikes the operations that its glob matches, and no others."""
    api.service.faults.add(Fail(503), operation=glob)
    assert statuses(api, 1) == [status]


def test_first_added_is_outermost(api: Api) -> None:
    """Of two rules the one that was added first answers; the other has its turn when it is reached."""
    rules = [api.service.faults.add(Fail(status), times=1) for status in (503, 500)]
    assert statuses(api, 1) == [503]
    assert [rule.hits for rule in rules] == [1, 0]
    assert statuses(api, 2) == [500, 200]
    assert [entry.rules for entry in api.service.journal] == [("1",), ("2",), ()]


def test_fault_comes_before_the_credential(api: Api) -> None:
    """A gateway that is down asks nobody who he is."""
    api.service.faults.add(Fail(503))
    assert api("GET", "/v2/images", X_Auth_Token="").status_code == 503


def test_remove_and_clear(api: Api) -> None:
    """A rule that is removed strikes no more; clearing removes them all."""
    faults = api.service.faults
    first = faults.add(Fail(503))
    faults.add(Fail(500))
    faults.remove(first.id)
    assert statuses(api, 1) == [500]
    assert len(faults) == 1
    faults.clear()
    assert statuses(api, 1) == [200]
    with pytest.raises(KeyError):
        faults.remove(first.id)


def test_threads_share_the_count() -> None:
    """However many threads ask, a rule strikes exactly `times`."""
    faults = Faults()
    rule = faults.add(Fail(503), times=100)
    struck: list[str] = []

    def ask() -> None:
        for _ in range(100):
            with contextlib.suppress(ImsError):
                faults.around(CREATE, Response, struck.append)()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(struck), rule.hits) == (100, 100)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"operation": "glance_create_image"}, 'did you mean "glance_create_image_metadata"?'),
        ({"operation": "x"}, "there are glance_download_image, glance_upload_image"),
        ({"operation": ""}, 'operation "" matches none'),
        ({"operation": None}, "operation must be a string, got null"),
        ({"times": 0}, "times must be an integer of 1 or more, got 0"),
        ({"times": "2"}, 'times must be an integer of 1 or more, got "2"'),
        ({"times": True}, "times must be an integer of 1 or more, got true"),
        ({"skip": -1}, "skip must be an integer of 0 or more, got -1"),
        ({"skip": None}, "skip must be an integer of 0 or more, got null"),
        ({"fault": 503}, "fault must be one of Fail, got 503"),
        ({"fault": Fail}, "fault must be one of Fail"),
    ],
)
def test_rule_that_cannot_strike_is_refused(arguments: dict[str, Any], reason: str) -> None:
    """A rule that could never strike is refused when it is added, saying what would do."""
    faults = Faults()
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        faults.add(**{"fault": Fail(503), **arguments})
    assert reason in str(caught.value)
    assert len(faults) == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"status": 399}, "status must be an integer from 400 to 599, got 399"),
        ({"status": 600}, "status must be an integer from 400 to 599, got 600"),
        ({"status": "503"}, 'status must be an integer from 400 to 599, got "503"'),
        ({"status": None}, "status must be an integer from 400 to 599, got null"),
        ({"status": 400, "code": "nope"}, 'code must be of the form IMG.nnnn or APIGW.nnnn, got "nope"'),
        ({"status": 400, "code": "IMG.9999"}, "code 'IMG.9999' is not documented"),
        ({"status": 400, "code": 1}, "code must be a string or left out, got 1"),
        ({"status": 400, "message": 1}, "message must be a string or left out, got 1"),
    ],
)
def test_wrong_fail_is_refused(arguments: dict[str, Any], reason: str) -> None:
    """A fault that no answer can be made of is refused where it is written."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        Fail(**arguments)
    assert reason in str(caught.value)


def test_json_form_has_the_fields_of_the_classes() -> None:
    """A rule in JSON has the fields of the rule and of the fault, and `kind` is the fault's class."""
    faults = Faults()
    fault, settings = rule_arguments(
        {"operation": CREATE, "times": 1, "fault": {"kind": "fail", "status": 503, "message": "x"}}
    )
    rule = faults.add(fault, **settings)
    assert rule.fault == Fail(503, message="x")
    assert rule.to_json() == {
        "id": "1",
        "operation": CREATE,
        "times": 1,
        "skip": 0,
        "hits": 0,
        "fault": {"kind": "fail", "status": 503, "code": None, "message": "x"},
    }


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "body: must be an object, got []"),
        ({}, "/fault: must be an object, got null"),
        ({"fault": 503}, "/fault: must be an object, got 503"),
        ({"fault": {}}, "/fault/kind: must be one of fail"),
        ({"fault": {"kind": "Fail", "status": 503}}, "/fault/kind: must be one of fail"),
        ({"fault": {"kind": "fail"}}, "/fault/status: is needed"),
        ({"fault": {"kind": "fail", "status": 200}}, "/fault: status must be an integer from 400 to 599, got 200"),
        (
            {"fault": {"kind": "fail", "status": 503, "mesage": ""}},
            "/fault/mesage: is unknown; there are code, message",
        ),
        (
            {"fault": {"kind": "fail", "status": 503}, "time": 1},
            "/time: is unknown; there are fault, operation, skip, times",
        ),
    ],
)
def test_wrong_json_rule_is_refused(document: Any, reason: str) -> None:
    """A rule in JSON that is wrong is refused by the pointer of what is wrong."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        rule_arguments(document)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize(
    ("text", "fault", "settings"),
    [
        ("503", Fail(503), {"operation": "*", "skip": 0}),
        ("glance_*: 401", Fail(401), {"operation": "glance_*", "skip": 0}),
        (" glance_list_images :500 x3 ", Fail(500), {"operation": "glance_list_images", "skip": 0, "times": 3}),
        ("503 skip 2", Fail(503), {"operation": "*", "skip": 2}),
        ("*: 503 x2 skip 10", Fail(503), {"operation": "*", "skip": 10, "times": 2}),
    ],
)
def test_rule_of_the_command_line(text: str, fault: Fail, settings: dict[str, Any]) -> None:
    """The short form says operation, status, times and skip."""
    assert parse_rule(text) == (fault, settings)


@pytest.mark.parametrize(
    "text", ["", "x2", "glance_*", "glance_*:", "5033", "503 x", "503 skip", "503 skip 1 x2", "503,500"]
)
def test_malformed_rule_of_the_command_line(text: str) -> None:
    """What is not of the short form is refused with the form."""
    with pytest.raises(ValueError, match=r"is no fault: write \[OPERATION:\] STATUS"):
        parse_rule(text)
