"""The contract of a consumer, found out from what it sent and got."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from ims_mock.contract.errors import ImsError
from ims_mock.contract.json_text import parse, plain
from ims_mock.contract.openapi import resolved
from ims_mock.contract.operations import JSON, load_contract
from ims_mock.contract.problems import InvalidError
from ims_mock.contract.recorded import Absence, JsonBody, RecordedExchange, RecordedRequest
from ims_mock.contract.routes import Route, find_route, path_of, query_of
from ims_mock.evidence.consumers.combining import ordered
from ims_mock.evidence.consumers.contract import VERSION, ConsumerContract
from ims_mock.evidence.consumers.places import type_of, walk
from ims_mock.evidence.consumers.requests import described_operation
from ims_mock.evidence.consumers.shapes import without_repetition
from ims_mock.evidence.consumers.stand_ins import StandIns
from ims_mock.evidence.consumers.states import state_for

_HEADERS = ("Authorization", "Range", "X-Auth-Token", "X-Domain-Id", "X-Project-Id", "X-Security-Token")
"""The headers that mean something to every operation, beside those that its file names."""

NO_JSON = object()
"""What is in place of a body that is none of JSON, or is not known."""


def consumer_contract(exchanges: Iterable[RecordedExchange], name: str) -> ConsumerContract:
    """Return what a client of a name sends, and got, in some exchanges; what is of no operation of IMS is left out.

    It has no id, name or credential of theirs: texts that the API's documents do not list are replaced by others of the
    same form. It has the types of all attributes of responses, and not their values. Raises ValueError for no name.
    """
    if not name:
        raise ValueError("a consumer needs a name, such as that of the client's project")
    learnt = _Learnt()
    for exchange in exchanges:
        learnt.add(exchange)
    document = {"version": VERSION, "consumer": name, "operations": learnt.operations}
    return ConsumerContract.from_json(ordered(document))


class _Learnt:
    def __init__(self) -> None:
        self.operations: dict[str, dict[str, Any]] = {}

    def add(self, exchange: RecordedExchange) -> None:
        request, response = exchange.request, exchange.response
        route = find_route(request.method.upper(), path_of(request.url))
        if route is None or response is None or not 100 <= response.status <= 599:
            return
        learnt = self.operations.setdefault(route.operation.id, {"requests": [], "values": {}, "responses": {}})
        status = response.status
        attributes = learnt["responses"].setdefault(str(status), {})
        if not isinstance(response.body, Absence):
            _learn(attributes, json_of(response.body))
        if status < 300 or status >= 400 or status == route.operation.success:
            sent, values = _request(request, route)
            given = state_for(route.operation.id, status, sent)
            learnt["requests"].append({"status": status, **({"given": given} if given else {}), **sent})
            for place, texts in values.items():
                learnt["values"][place] = sorted({*learnt["values"].get(place, ()), *texts})


def _learn(attributes: dict[str, Any], body: Any) -> None:
    """Add the types of what a response has."""
    for place, value in walk(body) if body is not NO_JSON else ():
        types = attributes.get(place, {}).get("type", ())
        attributes[place] = {"use": "seen", "type": sorted({*types, type_of(value)})}


def json_of(body: bytes | JsonBody) -> Any:
    """Return the value of a body; NO_JSON where it is none of JSON, or nested too deep to be one of IMS."""
    try:
        return plain(body.value) if isinstance(body, JsonBody) else parse(body)
    except (ImsError, InvalidError, RecursionError):
        return NO_JSON


def _request(request: RecordedRequest, route: Route) -> tuple[dict[str, Any], dict[str, set[Any]]]:
    """Return a request as a contract has it, and which of the listed values it has."""
    operation = route.operation
    document, described = load_contract().composed, described_operation(operation)
    found: dict[str, Any] = {}
    listed = {item.name for item in operation.path_parameters if "enum" in item.schema.content}
    path = {name: value for name, value in route.path.items() if name in listed}
    if path:
        found["path"] = path
    headers = {name.lower() for name, _ in _known(request.headers)}
    found["headers"] = [
        name for name in (*_HEADERS, *(item.name for item in operation.headers)) if name.lower() in headers
    ]
    media_type = next((value for name, value in _known(request.headers) if name.lower() == "content-type"), "")
    media_type = media_type.partition(";")[0].strip().lower() or next(iter(operation.bodies), "")
    body = NO_JSON if isinstance(request.body, Absence) or operation.takes_bytes else json_of(request.body)
    if operation.bodies and (body is not NO_JSON or operation.takes_bytes):
        found["media_type"] = media_type
    stand_ins = StandIns(document, _body_content(described, media_type), _own_project(request, route))
    if body is not NO_JSON and operation.bodies:
        found["body"] = without_repetition(stand_ins.body(body))
    query = _query(request, described, stand_ins)
    return ({**found, "query": query} if query else found), stand_ins.values


def _known(headers: Any) -> Iterable[tuple[str, str]]:
    return () if isinstance(headers, Absence) else headers


def _own_project(request: RecordedRequest, route: Route) -> str:
    """Return the id of the caller's project; "" where it is not known."""
    named = (value for name, value in _known(request.headers) if name.lower() == "x-project-id")
    return request.project or next(named, "") or route.path.get("project_id", "")


def _body_content(described: Mapping[str, Any], media_type: str) -> Mapping[str, Any]:
    """Return what is said of the body: its schema, and maybe an example."""
    content = described.get("requestBody", {}).get("content", {})
    found: Mapping[str, Any] = content.get(media_type, content.get(JSON, {}))
    return found


def _query(request: RecordedRequest, described: Mapping[str, Any], stand_ins: StandIns) -> dict[str, Any]:
    document = load_contract().composed
    parameters = [resolved(document, item, "")[0] for item in described.get("parameters", ())]
    schemas = {item["name"]: item["schema"] for item in parameters if item["in"] == "query"}
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query_of(request.url), keep_blank_values=True, errors="replace"):
        schema = schemas.get(name, {})
        text = stand_ins.text(value, f"?{name}", schema.get("items", schema))
        before = found.get(name)
        found[name] = text if before is None else [*(before if isinstance(before, list) else [before]), text][:2]
    return found
