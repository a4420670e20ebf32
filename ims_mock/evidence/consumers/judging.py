"""Exchanges held against the contract of a consumer: would this client get what it needs from the responses?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ims_mock.contract.findings import Finding, Severity
from ims_mock.contract.operations import load_contract
from ims_mock.contract.pointers import pointer_to, value_at
from ims_mock.contract.problems import Keys
from ims_mock.contract.recorded import Absence, JsonBody, RecordedExchange, RecordedResponse
from ims_mock.contract.routes import find_operation
from ims_mock.contract.wording import cut, shown
from ims_mock.evidence.consumers.contract import ConsumerContract
from ims_mock.evidence.consumers.documents import schema_of
from ims_mock.evidence.consumers.learning import NO_JSON, json_of
from ims_mock.evidence.consumers.places import MISSING, beside, values_at

_NO_API = "APIGW.0101"
"""The gateway's code for a path, or a method, that no API has."""


class _Breach(NamedTuple):
    """What is wrong: the last word of the finding's id, the keys to the value, the rule, what was got, and the text."""

    word: str
    keys: Keys
    rule: str
    got: Any
    text: str


def judge_consumer(contract: ConsumerContract, exchanges: Iterable[RecordedExchange]) -> list[Finding]:
    """Return what in some exchanges a client cannot live with, exchange by exchange, and what was not to be seen.

    What is of an operation that the client does not call is passed over. An operation that no exchange is of, and a
    success of which none came, are notes: a recording says less than a service can do.
    """
    judge = ConsumerJudge(contract)
    found = [finding for exchange in exchanges for finding in judge.findings(exchange)]
    return [*found, *judge.not_seen()]


class ConsumerJudge:
    """Judges exchanges one after the other by the contract of a consumer."""

    def __init__(self, contract: ConsumerContract) -> None:
        self._contract = contract
        self._statuses: dict[str, set[int]] = {}

    def findings(self, exchange: RecordedExchange) -> Iterator[Finding]:
        """Yield what the client cannot live with in an exchange."""
        operation, response = find_operation(exchange.request.method.upper(), exchange.request.url), exchange.response
        wanted = self._contract.operations.get(operation.id) if operation else None
        if operation is None or wanted is None or response is None or exchange.request.meant_wrong:
            return
        self._statuses.setdefault(operation.id, set()).add(response.status)
        report = _Report(self._contract.consumer, operation.id, exchange.entry)
        if exchange.request.method.upper() == "HEAD" and operation.method != "HEAD":
            return
        yield from _of_status(report, wanted, response, operation.success)
        status = str(response.status)
        attributes = wanted.get("responses", {}).get(status) or wanted.get("responses", {}).get(f"{status[0]}XX", {})
        if attributes:
            yield from _of_body(report, response, attributes)

    def not_seen(self) -> Iterator[Finding]:
        """Yield the operations that no exchange was of, and those of which none was a success."""
        for name, wanted in self._contract.operations.items():
            report = _Report(self._contract.consumer, name, "")
            successes = successes_of(wanted) or {load_contract().operations[name].success}
            listed = " or ".join(map(str, sorted(successes)))
            if name not in self._statuses:
                text = f"{report.consumer} calls the operation, but no exchange shows it"
                yield report.finding("note", _Breach("not_recorded", (), "an exchange", None, text))
            elif not self._statuses[name] & successes:
                got = ", ".join(map(str, sorted(self._statuses[name])))
                text = f"{report.consumer} relies on {listed}, but only {got} came"
                yield report.finding("note", _Breach("status_never_came", (), listed, got, text))


class _Report:
    """Makes the findings of one exchange."""

    def __init__(self, consumer: str, operation: str, entry: str) -> None:
        self.consumer = consumer
        self._operation = operation
        self._entry = entry

    def finding(self, severity: Severity, breach: _Breach) -> Finding:
        """Return what is wrong as a finding about the response."""
        word, keys, rule, got, text = breach
        name, pointer = f"consumer.{word}", pointer_to(keys)
        return Finding(name, severity, self._operation, "response", pointer, rule, got, text, self._entry)


def successes_of(wanted: Mapping[str, Any]) -> set[int]:
    """Return the statuses that a client takes for a success or, where nobody knows that, those that it got."""
    got = {request["status"] for request in wanted.get("requests", ())}
    got |= {int(status) for status in wanted.get("responses", {}) if status.isdecimal()}
    return set(wanted.get("accepts", ())) or {status for status in got if status < 400}


def _of_status(
    report: _Report, wanted: Mapping[str, Any], response: RecordedResponse, success: int
) -> Iterator[Finding]:
    status, successes = response.status, successes_of(wanted)
    if status in (404, 405) and _is_no_api(response):
        text = f"{report.consumer} calls the operation, but the service does not have it: got {status}"
        yield report.finding("break", _Breach("operation_missing", (), "the operation", status, text))
    if status // 100 != 2 and status != success:
        return
    listed = " or ".join(map(str, sorted(successes)))
    if "accepts" in wanted and status not in successes:
        text = f"{report.consumer} accepts only {listed} as success, got {status}"
        yield report.finding("break", _Breach("status", (), listed, status, text))
    elif successes and status not in successes:
        text = f"{report.consumer} got only {listed} before, got {status}"
        yield report.finding("drift", _Breach("status", (), listed, status, text))


def _is_no_api(response: RecordedResponse) -> bool:
    """Return whether a response is the gateway's for what no API has, and no resource that is missing."""
    body = None if isinstance(response.body, Absence) else json_of(response.body)
    return isinstance(body, dict) and body.get("error_code") == _NO_API


def _of_body(report: _Report, response: RecordedResponse, attributes: Mapping[str, Any]) -> Iterator[Finding]:
    body = response.body
    if isinstance(body, Absence):
        return
    value = json_of(body)
    if value is NO_JSON:
        if any(attribute["use"] == "needed" for attribute in attributes.values()):
            got = cut(body[:200].decode("utf-8", "replace")) if isinstance(body, bytes) else None
            text = f"{report.consumer} reads JSON, but the body is not JSON"
            yield report.finding("break", _Breach("not_json", (), "JSON", got, text))
        return
    examples = body.examples if isinstance(body, JsonBody) else frozenset[Keys]()
    got_body = _Body(value, examples, is_partial=response.is_partial)
    for place, attribute in attributes.items():
        # One of the items of a list says it all.
        found = next(got_body.breaches(place, attribute), None)
        if found:
            severity: Severity = "drift" if attribute["use"] == "seen" else "break"
            verb = "has seen" if attribute["use"] == "seen" else "reads" if attribute["use"] == "read" else "needs"
            text = f"{report.consumer} {verb} {place or 'the whole body'}: {found.text}"
            yield report.finding(severity, found._replace(text=text))


class _Body:
    """A body that a client reads; values at `examples` only stand for their types."""

    def __init__(self, value: Any, examples: frozenset[Keys], *, is_partial: bool) -> None:
        self._value = value
        self._examples = examples
        self._is_partial = is_partial

    def breaches(self, place: str, attribute: Mapping[str, Any]) -> Iterator[_Breach]:
        """Yield what at a place is not as a client takes it."""
        schema = schema_of(attribute)
        for keys, value in values_at(self._value, place):
            if not self._applies(place, keys, attribute.get("when", {})):
                continue
            if value is MISSING:
                if attribute["use"] == "needed" and not self._is_partial:
                    yield _Breach("missing_attribute", keys, "needed", None, "it is missing")
                continue
            for problem in schema.find_problems(value):
                if problem.keyword == "type" or keys not in self._examples:
                    word = "type" if problem.keyword == "type" else "value"
                    rule = f"{problem.keyword}: {shown(attribute[problem.keyword])}"
                    got = shown(value) if isinstance(value, dict | list) else value
                    yield _Breach(word, keys, rule, got, problem.text)

    def _applies(self, place: str, keys: Keys, when: Mapping[str, Any]) -> bool:
        """Return whether the conditions of an attribute are met beside one of its values."""
        for other, wanted in when.items():
            value = value_at(self._value, beside(place, other, keys), MISSING)
            known = wanted if isinstance(wanted, list) else [wanted]
            if not any(type(value) is type(item) and value == item for item in known):
                return False
        return True
