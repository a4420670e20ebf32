"""Texts that stand for a hidden value are judged by their type, and others by all that is known of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ims_mock.contract import JsonBody, RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.contract.recorded import Absence
from ims_mock.evidence.recordings.hidden import without_hidden


def body_of(body: bytes | JsonBody | Absence) -> Any:
    """Return a body of a response without what is hidden in it."""
    exchange = without_hidden(RecordedExchange(RecordedRequest("GET", "/"), RecordedResponse(200, (), body)))
    assert exchange.response
    return exchange.response.body


@pytest.mark.parametrize(
    "text",
    [
        *("<PROJECT_ID>", "<project-id>", "<my id>", "/v2/<PROJECT>/x", "***", "*****", "REDACTED", "redacted"),
        *("[Filtered]", "MASKED", "id-scrubbed"),
    ],
)
def test_hidden(text: str) -> None:
    """What recorders and their users write for a hidden value is an example, wherever it stands."""
    value = {"images": [{"id": "7"}, {"id": text}]}
    assert body_of(json.dumps(value).encode()) == JsonBody(value, frozenset({("images", 1, "id")}))


@pytest.mark.parametrize("text", ["", "web", "**", "<>", "< a>", "<1>", "a < b > c", "unfiltered", "mask"])
def test_not_hidden(text: str) -> None:
    """Other texts are values, and a body of them stays as it is."""
    body = json.dumps({"name": text}).encode()
    assert body_of(body) is body


def test_what_is_no_json() -> None:
    """A file, or a page of HTML, stays as it is."""
    for body in (b"<html>", b"\xff***", b"{"):
        assert body_of(body) is body


def test_value_with_other_examples() -> None:
    """What was an example before stays one."""
    value = {"id": "7", "owner": "<OWNER>"}
    assert body_of(JsonBody(value, frozenset({("id",)}))) == JsonBody(value, frozenset({("id",), ("owner",)}))
