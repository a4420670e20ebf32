"""Two responses to one request: what makes them different, and what rules of likeness allow."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from typing import Any

import pytest

from ims_mock.contract.problems import InvalidError
from ims_mock.contract.recorded import (
    DAMAGED,
    JsonBody,
    RecordedExchange,
    RecordedHeaders,
    RecordedRequest,
    RecordedResponse,
)
from ims_mock.evidence.correspondence import RULES, Correspondence, translated
from ims_mock.evidence.differences import differences
from tests.mutations import GONE, VALUES, nested

ONE, OTHER = "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86", "0a1b2c3d-0000-4000-8000-00000000000a"
THIRD = "ffffffff-0000-4000-8000-00000000000f"
EARLY, LATE = "2016-06-02T07:49:48Z", "2016-06-02T07:50:48Z"


def exchange(
    body: Any, status: int = 200, *, url: str = "/v2/images", headers: RecordedHeaders = (), method: str = "GET"
) -> RecordedExchange:
    """Return an exchange whose response has a body, which is JSON unless it is bytes or a JsonBody."""
    content = body if isinstance(body, (bytes, JsonBody)) else json.dumps(body).encode()
    response = RecordedResponse(status, list(headers), content, has_all_headers=True)
    return RecordedExchange(RecordedRequest(method, url), response)


def found(first: Any, second: Any, ids: Correspondence | None = None) -> list[tuple[str, str, str]]:
    """Return how a body differs from another one: the place, the kind, and the rule that was tried."""
    seen = differences(exchange(first), exchange(second), ids or Correspondence())
    return [(item.pointer, item.kind, item.rule) for item in seen]


DONE = {"job_id": ONE, "status": "SUCCESS", "entities": {"image_id": OTHER}}
MEMBER = {"member_id": "a"}

ALIKE: list[tuple[str, Any, Any]] = [
    ("ids", {"id": ONE}, {"id": OTHER}),
    ("ids", {"self": f"/v2/images/{ONE}"}, {"self": f"/v2/images/{OTHER}"}),
    ("times", {"created_at": EARLY}, {"created_at": LATE}),
    ("times", {"begin_time": "2024-11-06T06:19:43.195Z"}, {"begin_time": "2025-11-06T06:19:43.201Z"}),
    ("times", {"creation_date": "1464853788000"}, {"creation_date": "1577836933000"}),
    ("links", {"href": "https://ims.example.com/v2/"}, {"href": "http://127.0.0.1:9292/v2/"}),
    ("links", {"href": "https://example.com/image/v2/"}, {"href": "http://127.0.0.1:9292/v2/"}),
    ("links", {"next": "/v2/images?limit=1&marker=a"}, {"next": "/v2/images?marker=a&limit=1"}),
    ("secrets", {"token": "first"}, {"token": "second"}),
    ("secrets", {"name": "***"}, {"name": "whatever"}),
    ("secrets", {"password_expires_at": "***"}, {"password_expires_at": ""}),
    ("request-ids", {"request_id": "a"}, {"request_id": "b"}),
    ("order", {"tags": ["a", "b"]}, {"tags": ["b", "a"]}),
    ("order", {"members": [MEMBER, {"member_id": "b"}]}, {"members": [{"member_id": "b"}, MEMBER]}),
    ("others", {"images": []}, {"images": [{"id": ONE, "name": "somebody's"}]}),
    ("others", {"images": [{"id": ONE, "name": "somebody's"}], "next": f"/v2/images?marker={ONE}"}, {"images": []}),
    ("others", {"images": [{"id": ONE}], "next": f"/v2/images?marker={ONE}"}, {"images": [{"id": ONE}]}),
    ("others", {"images": [{"id": ONE}]}, {"images": [{"id": ONE}], "next": f"/v2/images?marker={ONE}"}),
    ("messages", {"error": {"code": "IMG.0027", "message": "a"}}, {"error": {"code": "IMG.0027", "message": "b"}}),
    ("accounts", {"user": {"name": "a"}}, {"user": {"name": "b"}}),
    ("quotas", {"quotas": {"used": 3}}, {"quotas": {"used": 0}}),
    ("waiting", {"job_id": ONE, "status": "RUNNING", "entities": {}}, DONE),
    ("files", {"checksum": "0" * 32}, {"checksum": "1" * 32}),
    ("files", b"abc", b"\0\0\0"),
    ("examples", JsonBody({"name": "a"}, frozenset([("name",)])), {"name": "b"}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "first", "second"), ALIKE)
def test_rule_allows_a_difference(rule: str, first: Any, second: Any) -> None:
    """Each rule allows what it says, and is counted; without it the same is a difference."""
    ids, strict = Correspondence(), Correspondence(strict=[rule])
    ids.has_stand_ins = strict.has_stand_ins = True
    assert found(first, second, ids) == []
    assert ids.applied == {rule: ids.applied[rule]}
    assert found(first, second, strict)
    assert not strict.applied


def test_next_page_that_is_asked_for_has_to_be_there() -> None:
    """A link to more images is missed where the first side goes on after that page."""
    first, second = {"images": [{"id": ONE}], "next": f"/v2/images?marker={ONE}"}, {"images": [{"id": ONE}]}
    ids = Correspondence()
    ids.followed = frozenset([ONE])
    assert found(first, second, ids) == [("/next", "missing", "")]


def test_headers_of_the_contract_alone_are_compared() -> None:
    """Date may differ by the rule `headers`, and so may the charset; Location and the media type may not."""
    first = [
        ("Date", "a"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Location", f"http://a/v2/images/{ONE}"),
    ]
    second = [("Server", "b"), ("Content-Type", "application/json"), ("Location", f"http://b/v2/images/{OTHER}")]
    ids = Correspondence()
    assert differences(exchange({}, headers=first), exchange({}, headers=second), ids) == []
    assert ids.applied == {"headers": 2, "ids": 1, "links": 1}
    wrong = [("Content-Type", "text/html")]
    seen = differences(exchange({}, headers=first), exchange({}, headers=wrong), ids)
    assert [(item.pointer, item.kind) for item in seen] == [("Content-Type", "value"), ("Location", "missing")]


def test_every_rule_has_an_example() -> None:
    """No rule is without a test."""
    assert {rule for rule, _, _ in ALIKE} | {"headers"} == RULES.keys()


WRONG: list[tuple[Any, Any, tuple[str, str, str]]] = [
    ({"name": "a"}, {"name": "b"}, ("/name", "value", "")),
    ({"min_ram": 1}, {"min_ram": "1"}, ("/min_ram", "type", "")),
    ({"protected": True}, {"protected": 1}, ("/protected", "type", "")),
    ({"size": 1}, {}, ("/size", "missing", "")),
    ({"size": None}, {}, ("/size", "missing", "")),
    ({}, {"hw": 1}, ("/hw", "extra", "")),
    ({"created_at": EARLY}, {"created_at": "2016-06-02 07:49:48"}, ("/created_at", "form", "times")),
    ({"created_at": EARLY}, {"created_at": "soon"}, ("/created_at", "value", "")),
    ({"a": EARLY, "b": LATE}, {"a": LATE, "b": EARLY}, ("/b", "order", "times")),
    ({"tags": ["a"]}, {"tags": ["a", "a"]}, ("/tags/1", "extra", "")),
    ({"members": [{"member_id": "a"}]}, {"members": []}, ("/members/0", "missing", "")),
    ({"id": ONE, "image_id": ONE}, {"id": OTHER, "image_id": THIRD}, ("/image_id", "value", "ids")),
    ({"id": ONE, "image_id": OTHER}, {"id": THIRD, "image_id": THIRD}, ("/image_id", "value", "ids")),
    ({"id": ONE}, {"id": OTHER.replace("-", "")}, ("/id", "value", "")),
    ({"error": {"message": "a"}}, {"error": {"message": ""}}, ("/error/message", "value", "messages")),
    (DONE, {"job_id": ONE, "status": "RUNNING", "entities": {}}, ("/status", "value", "waiting")),
    ({"job_id": ONE, "status": "SUCCESS"}, {"job_id": ONE, "status": "FAIL"}, ("/status", "value", "")),
    ([1, 2], [1], ("/1", "missing", "")),
    ({"checksum": "0" * 32}, {"checksum": "1" * 32}, ("/checksum", "value", "")),
    (b"abc", b"\0\0\0", ("", "value", "")),
    ({}, b"<html>", ("", "type", "")),
    (b"abc", b"abd", ("", "value", "")),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "difference"), WRONG)
def test_difference_is_named(first: Any, second: Any, difference: tuple[str, str, str]) -> None:
    """What no rule allows is a difference, with its place, its kind and the rule that was tried."""
    assert difference in found(first, second)
    assert len(found(first, second)) <= 2


def listed(*names: str, at: str = EARLY) -> dict[str, Any]:
    """Return a list of images with these names; those whose name begins with a later letter are newer."""
    return {"images": [{"id": f"{ord(name):08x}{ONE[8:]}", "name": name, "created_at": at} for name in names]}


def test_order_of_images_counts_where_what_sorts_them_differs() -> None:
    """Images that are equal in what sorts them may be in any order, others may not."""
    first = exchange(listed("a", "b"), url="/v2/images")
    second = exchange(listed("b", "a"))
    assert differences(first, second, Correspondence()) == []
    by_name = exchange(listed("a", "b"), url="/v2/images?sort_key=name&sort_dir=asc")
    (difference,) = differences(by_name, second, Correspondence())
    assert (difference.pointer, difference.kind, difference.rule) == ("/images", "order", "order")
    assert (difference.first, difference.second) == (["a", "b"], ["b", "a"])


def test_image_of_this_conversation_is_no_other() -> None:
    """An image that both sides are known to have must be in the list of both."""
    for left_out in (0, 1):
        ids = Correspondence()
        assert found({"id": ONE, "name": "a"}, {"id": OTHER, "name": "a"}, ids) == []
        lists: list[Any] = [{"images": [{"id": ONE, "name": "a"}]}, {"images": [{"id": OTHER, "name": "a"}]}]
        lists[left_out] = {"images": []}
        assert [kind for _, kind, _ in found(lists[0], lists[1], ids)] == ["extra" if left_out == 0 else "missing"]


def test_tag_of_this_conversation_is_no_other() -> None:
    """Of the tags of a project those that a request has set must be in the list of both."""
    first, second = exchange({"tags": ["a=1", "b"]}, url="/v1/cloudimages/tags"), exchange({"tags": []})
    ids = Correspondence()
    translated(RecordedRequest("PUT", "/v2/images/x/tags/b"), ids)
    assert [item.pointer for item in differences(first, second, ids)] == ["/tags/1"]
    translated(RecordedRequest("POST", "/x", body=b'{"tag": {"key": "a", "value": "1"}}'), ids)
    assert [item.pointer for item in differences(first, second, ids)] == ["/tags/0", "/tags/1"]


def test_images_of_both_sides_are_known_by_their_names() -> None:
    """An image that was there before is the one of the same name, and its id corresponds from then on."""
    ids = Correspondence()
    assert found({"images": [{"id": ONE, "name": "a"}]}, {"images": [{"id": OTHER, "name": "a"}]}, ids) == []
    assert ids.counterpart(ONE) == OTHER


def test_image_that_changes_by_itself_may_be_ready() -> None:
    """Of an image that is said to be moving, what does not change is compared."""
    ids = Correspondence()
    ids.moving = frozenset([ONE])
    first = {"id": ONE, "status": "queued", "name": "a", "size": None}
    assert found(first, {"id": ONE, "status": "active", "name": "a", "size": 3}, ids) == []
    assert found(first, {"id": ONE, "status": "active", "name": "b", "size": 3}, ids) == [("/name", "value", "")]


def test_status_says_the_error() -> None:
    """Where the statuses differ, the body is not compared, and the error is shown."""
    error = {"error": {"code": "IMG.0027", "message": "There is no such image."}}
    (difference,) = differences(exchange({}), exchange(error, 404), Correspondence())
    assert str(difference) == 'status: 200 became "404: IMG.0027 There is no such image."'


def test_what_is_not_recorded_is_not_compared() -> None:
    """A body that is damaged, headers that are not there, and no response at all differ from nothing."""
    first = RecordedExchange(RecordedRequest("GET", "/v2/images"), RecordedResponse(200, body=DAMAGED))
    assert differences(first, exchange({"images": []}, headers=[("Location", "x")]), Correspondence()) == []
    nothing = RecordedExchange(RecordedRequest("GET", "/v2/images"), None)
    assert differences(nothing, exchange({}), Correspondence()) == []


def test_partial_response_may_lack_anything() -> None:
    """What a Pact file leaves out may be there."""
    partial = RecordedResponse(200, body=JsonBody({"name": "a"}), is_partial=True)
    first = RecordedExchange(RecordedRequest("GET", "/v2/images"), partial)
    ids = Correspondence()
    assert differences(first, exchange({"name": "a", "size": 1}), ids) == []
    assert ids.applied == {"examples": 1}


def test_request_is_translated() -> None:
    """Ids, tokens and times of the first side become those of the second, wherever a request has them."""
    ids = Correspondence()
    headers = [("X-Subject-Token", "mine")]
    bodies = ({"id": ONE, "created_at": EARLY}, {"id": OTHER, "created_at": LATE})
    first, second = exchange(bodies[0], headers=headers), exchange(bodies[1], headers=[("X-Subject-Token", "yours")])
    assert differences(first, second, ids) == []
    url = f"http://a/v2/images/{ONE.upper()}?created_at=gte:{EARLY}"
    request = RecordedRequest("PUT", url, [("X-Auth-Token", "mine")], json.dumps({"ids": [ONE, THIRD]}).encode())
    sent = translated(request, ids)
    assert sent.url == f"http://a/v2/images/{OTHER}?created_at=gte:{LATE}"
    assert sent.headers == [("X-Auth-Token", "yours")]
    assert isinstance(sent.body, bytes)
    assert json.loads(sent.body) == {"ids": [OTHER, THIRD]}
    value = translated(RecordedRequest("PUT", "/", body=JsonBody({ONE: [ONE, 1]})), ids)
    assert value.body == JsonBody({OTHER: [OTHER, 1]})
    file = RecordedRequest("PUT", "/", [("content-type", "application/octet-stream")], ONE.encode())
    assert translated(file, ids).body == ONE.encode()


def test_unknown_rule_is_rejected() -> None:
    """A rule that is none is rejected, with the rules that exist."""
    with pytest.raises(InvalidError, match=r"must be a rule, got 'tmes'; the rules are ids, .*did you mean"):
        Correspondence(strict=["tmes"])


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No collection of garbage: where the stack is full, what ends an object of another test fails for that alone."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("name", ["id", "job_id", "status", "tags", "images", "created_at", "token", "user", "quotas"])
def test_odd_values_are_compared(name: str) -> None:
    """Whatever stands under a name is the same as itself, and differs from what it is not."""
    for value in [*VALUES, nested(600)]:
        if value is not GONE and value == value:
            body = {"id": ONE, "job_id": ONE, name: value}
            assert found(body, body) == [] or value == nested(600)
            assert found(body, {"id": ONE, "job_id": ONE, name: {"other": 1}}) or name == "images"
            found({"images": [body]}, {"images": [{**body, name: "x"}, value]})
