"""What holds of the contract of a consumer, whatever the consumer has sent and got."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from ims_mock.contract.operations import load_contract
from ims_mock.contract.recorded import JsonBody, RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.evidence.consumers import ConsumerContract, consumer_contract, judge_consumer, judge_release
from ims_mock.testing.consumers import verify_consumer

SECRET = "hunter2"
NAMES = ["name", "id", "tags", "images", "status", "op", "path", "value", "a/b", "~", "*", "0", "", "min_disk", "é"]
TEXTS = [SECRET, f"{SECRET}={SECRET}", f"https://{SECRET}", f"{SECRET}:{SECRET}.iso", "", "true", "qcow2", "40", "é"]

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    leaves | st.sampled_from(TEXTS),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from(NAMES), parts, max_size=4),
    max_leaves=12,
)
operations = st.sampled_from(sorted(load_contract().operations))
queries = st.lists(st.tuples(st.sampled_from(["name", "limit", "id", "sort_key", "a b"]), st.sampled_from(TEXTS)))


@st.composite
def exchanges(draw: Any) -> RecordedExchange:
    """Return an exchange of any operation with any content."""
    operation = load_contract().operations[draw(operations)]
    path = operation.path.replace("{", "").replace("}", "")
    query, body, got = draw(queries), draw(values), draw(values)
    media_type = draw(st.sampled_from(["", "application/json", "text/plain", "application/octet-stream"]))
    headers = (("Content-Type", media_type), ("X-Auth-Token", SECRET), (SECRET, SECRET))
    request = RecordedRequest(operation.method, f"{path}?{urlencode(query)}", headers, json.dumps(body).encode())
    status = draw(st.sampled_from([operation.success, 200, 204, 404, 503]))
    return RecordedExchange(request, RecordedResponse(status, body=JsonBody(got)))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(exchanges(), max_size=4))
def test_any_exchanges(recorded: list[RecordedExchange]) -> None:
    """A contract has no secret, is valid, does not depend on the order, and is fulfilled by what it was learnt of."""
    contract = consumer_contract(recorded, "web")
    text = contract.to_text()
    assert SECRET not in text
    assert ConsumerContract.from_json(json.loads(text)).to_text() == text
    assert consumer_contract(reversed(recorded), "web").to_text() == text
    assert contract.merge(contract) == contract
    assert contract.changes(contract) == []
    assert {finding.severity for finding in judge_consumer(contract, recorded)} <= {"note"}
    json.dumps([contract.to_pact(version) for version in (3, 4)])


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.lists(exchanges(), max_size=3))
def test_any_contract_is_judged(recorded: list[RecordedExchange]) -> None:
    """Whatever is in a contract, a release and a mock are judged by it without an error."""
    contract = consumer_contract(recorded, "web")
    judge_release(contract, load_contract().document)
    verify_consumer(contract)
