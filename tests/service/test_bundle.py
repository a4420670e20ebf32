"""Everything about what a mock has done, in one document."""

from __future__ import annotations

import json

from ims_mock import Fail
from tests.conftest import Api


def test_it_has_what_happened(api: Api) -> None:
    """Requests with their reasons, rules, findings, images and jobs are in it, and the time and the seed."""
    rule = api.service.faults.add(Fail(503), operation="glance_list_images", times=1)
    image = api.create()
    api("GET", "/v2/images")
    api.clock.advance(5)
    document = api("GET", "/_ims_mock/bundle").get_json()
    assert [(entry["status"], entry["rules"]) for entry in document["requests"]] == [(201, []), (503, [rule.id])]
    assert [shown["hits"] for shown in document["rules"]] == [1]
    assert (document["received"], document["now"] - document["started_at"]) == (2, 5.0)
    assert {finding["rule"] for finding in document["findings"]} == {"image_left_queued", "list_without_limit"}
    assert [shown["id"] for shown in document["images"]] == [image["id"]]
    assert (document["seed"], document["jobs"]) == (api.service.store.seed, [])


def test_what_is_secret_is_masked(api: Api) -> None:
    """No token that was sent is in it."""
    api("GET", "/v2/images", X_Auth_Token="my-own-token")
    assert "my-own-token" not in json.dumps(api("GET", "/_ims_mock/bundle").get_json())
