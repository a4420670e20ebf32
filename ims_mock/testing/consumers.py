"""Contracts of consumers verified against a mock: each of their requests is sent, and the response judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from ims_mock.contract.findings import Finding
from ims_mock.contract.operations import load_contract
from ims_mock.contract.recorded import RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.evidence.consumers.combining import described
from ims_mock.evidence.consumers.contract import ConsumerContract
from ims_mock.evidence.consumers.judging import judge_consumer
from ims_mock.evidence.consumers.requests import body_of, path_of
from ims_mock.mock import ImsMock
from ims_mock.service.provider_states import provide

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
    method, query = load_contract().operations[operation].method, urlencode(request.get("query", {}), doseq=True)
    target = path_of(operation, request) + (f"?{query}" if query else "")
    headers = headers_of(request, mock)
    body = body_of(operation, request)
    with prepared(mock, request.get("given", "")):
        response = mock.app.test_client().open(target, method=method, headers=headers, data=body)
    recorded = RecordedRequest(method, target, tuple(headers.items()), body or b"", has_all_headers=True)
    got = RecordedResponse(response.status_code, tuple(response.headers), response.get_data(), has_all_headers=True)
    entry = f"{operation} {described(request)}"
    return RecordedExchange(recorded, got, entry), response.headers.get("X-IMS-Mock-Reason", "")


def headers_of(request: Request, mock: ImsMock) -> dict[str, str]:
    """Return the headers of a request, with a token of the mock's for whatever credential the client sends."""
    found = {"X-Auth-Token": mock.token}
    known = {"X-Project-Id": mock.project_id, "X-Subject-Token": mock.token}
    found |= {name: value for name, value in known.items() if name in request.get("headers", ())}
    if "media_type" in request:
        found["Content-Type"] = request["media_type"]
    return found


@contextmanager
def prepared(mock: ImsMock, given: str) -> Iterator[None]:
    """Let a mock have what there has to be for a request, and go back afterwards.

    Raises ValueError for a state that no mock can be in.
    """
    with mock.rollback():
        rule = provide(mock.service, given) if given else None
        try:
            yield
        finally:
            if rule is not None:
                mock.faults.discard(rule)
