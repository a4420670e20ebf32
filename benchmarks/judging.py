"""What it costs to judge an exchange, against reading the JSON of its two bodies."""

from __future__ import annotations

import json

from benchmarks.client import side_by_side
from ims_mock.contract import RecordedExchange, RecordedRequest, RecordedResponse, judge
from ims_mock.contract.operations import load_contract


def print_judging() -> None:
    """Compare judging a create, as the documents have it, with json.loads of both bodies."""
    exchange = create()
    assert judge(exchange) == []
    sent, got = exchange.request.body, exchange.response and exchange.response.body
    assert isinstance(sent, bytes)
    assert isinstance(got, bytes)

    def read() -> None:
        json.loads(sent)
        json.loads(got)

    judged, parsed = side_by_side(lambda: judge(exchange), read, count=2000)
    print(f"judging a create {judged:.1f} microseconds, reading its bodies {parsed:.1f}, ratio {judged / parsed:.2f}")


def create() -> RecordedExchange:
    """Return the create of the official page."""
    operation = load_contract().document["paths"]["/v2/images"]["post"]
    sent = operation["requestBody"]["content"]["application/json"]["example"]
    got = operation["responses"]["201"]["content"]["application/json"]["example"]
    headers = [("Content-Type", "application/json"), ("X-Auth-Token", "t"), ("User-Agent", "a benchmark")]
    request = RecordedRequest("POST", "http://127.0.0.1:9292/v2/images", headers, json.dumps(sent).encode(), True)
    return RecordedExchange(request, RecordedResponse(201, headers, json.dumps(got).encode(), has_all_headers=True))
