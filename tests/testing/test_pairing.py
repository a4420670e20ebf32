"""Two recordings: which requests are the same, what differs, and what one of them alone has."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.contract.recorded import RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.testing.drift import Drift, compare, new_ids
from tests.recorded_run import kept, recorded

ONE, OTHER = "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86", "0a1b2c3d-0000-4000-8000-00000000000a"
JOB = "9a175ac792fa12d20193002100dd2762"


def exchange(method: str, url: str, body: Any, sent: Any = None, status: int = 200) -> RecordedExchange:
    """Return an exchange of which the bodies are JSON."""
    contents = [b"" if value is None else json.dumps(value).encode() for value in (sent, body)]
    return RecordedExchange(RecordedRequest(method, url, [], contents[0]), RecordedResponse(status, [], contents[1]))


def shown(image_id: str, name: str = "a", **attributes: Any) -> RecordedExchange:
    """Return an exchange that shows an image."""
    return exchange("GET", f"http://a/v2/images/{image_id}", {"id": image_id, "name": name, **attributes})


def lines(drift: Drift) -> list[str]:
    """Return every difference in a line."""
    return [str(difference) for item in drift.differing for difference in item.differences]


@pytest.fixture(scope="module")
def recording() -> list[RecordedExchange]:
    """The recording of every operation."""
    return kept()


def test_two_runs_are_the_same(recording: list[RecordedExchange]) -> None:
    """A second run of the same client has the same requests and responses, with other ids and at other times."""
    second = recorded(ImsMock(seed=5, start="2024-02-29T23:59:58Z", auth="strict", jobs={"*": {"polls": 3}}))
    drift = compare(recording, second, ids=new_ids(["others"]))
    assert lines(drift) == []
    assert len(second) > len(recording)
    assert drift.rules["waiting"] > 0
    assert [line for line in compare(recording, second, ids=new_ids(["waiting"])).lines() if "RUNNING" in line]


def test_pairs_are_found_by_ids() -> None:
    """The requests of two recordings may be in another order: an id that corresponds leads to its own."""
    first = [exchange("POST", "/v2/images", {"id": ONE}), shown(ONE), exchange("DELETE", f"/v2/images/{ONE}", None)]
    second = [shown(ONE, "b"), exchange("POST", "/v2/images", {"id": OTHER}), shown(OTHER)]
    second.append(exchange("DELETE", f"/base/v2/images/{OTHER}", None))
    assert lines(compare(first, second)) == [
        f'request: is there in addition, got "GET /v2/images/{ONE}"',
    ]


def test_request_that_one_side_lacks_is_a_difference() -> None:
    """A request that was not made again is named."""
    drift = compare([shown(ONE), exchange("GET", "/v2/images?limit=1", {"images": []})], [shown(ONE)])
    assert lines(drift) == ['request: is missing, was "GET /v2/images?limit=1"']


@pytest.mark.parametrize(
    ("first", "second", "verdicts"),
    [
        ([False, True], [False, True], ["not compared", "same"]),
        ([False, True], [True], ["not compared", "same"]),
        ([True], [False, True], ["same", "not compared"]),
        ([True], [False], ["not compared"]),
        ([False], [True], ["not compared"]),
    ],
)
def test_request_without_a_response(first: list[bool], second: list[bool], verdicts: list[str]) -> None:
    """What has no response is not compared, and takes no response away from the same request after it."""
    sides = [[shown(ONE) if it else replace(shown(ONE), response=None) for it in side] for side in (first, second)]
    assert [item.verdict for item in compare(*sides).exchanges] == verdicts


def test_requests_are_compared() -> None:
    """The query and the body of a request may not differ, but for ids."""
    first = [shown(ONE), exchange("GET", "/v2/images?limit=1&name=a", {"images": []})]
    second = [shown(OTHER), exchange("GET", "/v2/images?name=b&limit=1", {"images": []})]
    first.append(exchange("PUT", "/v1/cloudimages/tags", None, {"image_id": ONE, "tag": "a"}, 204))
    second.append(exchange("PUT", "/v1/cloudimages/tags", None, {"image_id": OTHER, "tag": "b"}, 204))
    assert lines(compare(first, second)) == [
        'request query: "limit=1&name=a" became "name=b&limit=1"',
        'request /tag: "a" became "b"',
    ]


def test_more_looks_at_a_job_are_no_difference() -> None:
    """A job may be looked at more often, or less; what it ends with is compared."""
    begun = exchange("POST", f"/v1/cloudimages/{ONE}/copy", {"job_id": JOB}, {"name": "b"})

    def look(status: str, **entities: Any) -> RecordedExchange:
        body = {"job_id": JOB, "status": status, "entities": entities}
        return exchange("GET", f"/v1/cloudimages/job/{JOB}", body)

    short = [shown(ONE), begun, look("RUNNING"), look("SUCCESS", image_id=OTHER)]
    long = [shown(ONE), begun, *[look("RUNNING")] * 3, look("SUCCESS", image_id=OTHER)]
    for first, second in ((short, long), (long, short)):
        drift = compare(first, second)
        assert lines(drift) == []
        assert drift.rules["waiting"] > 0
        assert lines(compare(first, second, ids=new_ids(["waiting"])))
    failed = [*long[:-1], look("FAIL")]
    assert 'body /status: "SUCCESS" became "FAIL"' in lines(compare(short, failed))


def test_image_that_goes_may_be_gone() -> None:
    """An image that is deleted after a while may be deleted at once."""
    gone = exchange("GET", f"http://a/v2/images/{ONE}", {"error": {}}, status=404)
    delete = exchange("DELETE", f"/v2/images/{ONE}", None, status=204)
    there = shown(ONE, status="active")
    slow, fast = [there, delete, there, gone], [there, delete, gone, gone]
    for first, second in ((slow, fast), (fast, slow)):
        assert lines(compare(first, second)) == []
        assert lines(compare(first, second, ids=new_ids(["waiting"])))


def test_what_has_no_response_is_not_compared() -> None:
    """A request without a response is said, and not compared."""
    nothing = replace(shown(ONE), response=None)
    (compared,) = compare([nothing], []).exchanges
    assert (compared.verdict, compared.note) == ("not compared", "no response is recorded")
