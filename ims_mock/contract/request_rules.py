"""What a request is held to: its query, headers and body, by the operation's own schemas."""

from __future__ import annotations

from urllib.parse import parse_qsl

from ims_mock.contract.errors import ImsError
from ims_mock.contract.findings import Finding, Severity
from ims_mock.contract.judging import Report, Said, header_of, media_type_of, misspelt, value_of
from ims_mock.contract.operations import JSON, load_model
from ims_mock.contract.parameters import Parameter
from ims_mock.contract.patches import Change, changes_of, check_change, check_own_name, own_value
from ims_mock.contract.pointers import pointer_to
from ims_mock.contract.recorded import Absence, JsonBody, RecordedRequest
from ims_mock.contract.routes import Route, query_of
from ims_mock.contract.sources import sources_of
from ims_mock.contract.validation import Schema
from ims_mock.contract.wording import nearest


def judge_request(request: RecordedRequest, route: Route) -> list[Finding]:
    """Return what in a request the contract does not have, or refuses."""
    operation = route.operation
    report = Report(operation, "request")
    for parameter in operation.path_parameters:
        _check_value(report, parameter, route.path[parameter.name], f"{{{parameter.name}}}", "path_parameter")
    if "?" in request.url:
        _check_query(report, query_of(request.url))
    for parameter in operation.headers:
        _check_header(report, parameter, request)
    if operation.bodies:
        _check_body(report, request)
    return report.findings


def _check_query(report: Report, text: str) -> None:
    operation, given = report.operation, set()
    for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
        pointer = f"?{name}"
        if not value and operation.drops_empty:
            continue
        parameter = operation.query.get(name)
        if name in given and operation.query and not (parameter and parameter.repeated):
            report.add("repeated_parameter", pointer, Said("once", value, "the query parameter is given twice"))
        given.add(name)
        if parameter is not None:
            _check_value(report, parameter, value, pointer, "parameter")
        elif name in operation.refused:
            report.add("refused_parameter", pointer, Said("refused", value, operation.refused[name]))
        elif not operation.others or misspelt(name, operation.query):
            _add_unknown_parameter(report, name, value)


def _add_unknown_parameter(report: Report, name: str, value: str) -> None:
    known = list(report.operation.query)
    severity: Severity = "break" if misspelt(name, known) else "drift"
    text = f"the query parameter is not documented{nearest(name, known)}"
    report.add("unknown_parameter", f"?{name}", Said("documented parameters", value, text), severity)


def _check_value(report: Report, parameter: Parameter, text: str, pointer: str, word: str) -> None:
    try:
        parameter.values_of(text)
    except ImsError as error:
        for problem in error.problems:
            report.add(word, pointer, Said(f"{problem.keyword}: {problem.wanted}", text, problem.text))


def _check_header(report: Report, parameter: Parameter, request: RecordedRequest) -> None:
    text = header_of(request.headers, parameter.name.lower())
    if text is not None:
        _check_value(report, parameter, text, parameter.name, "header")
    elif parameter.is_needed and request.has_all_headers:
        report.add("missing_header", parameter.name, Said("required", None, "the header is required"))


def _check_body(report: Report, request: RecordedRequest) -> None:
    operation, body = report.operation, request.body
    if isinstance(body, Absence) or request.method == "HEAD":
        return
    if body == b"":
        if operation.body_required and not operation.takes_bytes and not request.is_partial:
            report.add("missing_body", "", Said("required", None, "must have a body"))
        return
    media_type = _media_type(report, request)
    model = operation.bodies.get(media_type)
    if model is not None:
        report.check_body(model.schema, body, is_partial=request.is_partial)
        if operation.method == "PATCH":
            _check_patch(report, body, model.schema, media_type)
        elif not request.is_partial:
            _check_sources(report, body, model.schema)


def _check_sources(report: Report, body: bytes | JsonBody, schema: Schema) -> None:
    """Add what a body lacks, or has wrong, for what an image is to be made of."""
    sources = sources_of(report.operation.id)
    if sources is None:
        return
    try:
        value = value_of(body)
        if not isinstance(value, dict):
            return
        model = sources.model_of(sources.source_of(value))
    except ImsError as error:
        report.add_problems((item for item in error.problems if item.keyword == "sources"), schema, body)
        return
    known = {(problem.path, problem.keyword) for problem in schema.find_problems(value)}
    found = model.schema.find_problems(value)
    report.add_problems((item for item in found if (item.path, item.keyword) not in known), model.schema, body)


def _check_patch(report: Report, body: bytes | JsonBody, schema: Schema, media_type: str) -> None:
    """Add what the changes of a patch cannot set, and attributes that are a slip away from a documented one."""
    try:
        value = value_of(body)
    except ImsError:
        return
    if schema.find_problems(value):
        return
    known = load_model("image").schema.names_of(())
    for change in changes_of(value, media_type):
        try:
            _check_change(change, is_own=JSON in report.operation.bodies)
        except ImsError as error:
            # What is removed has no value.
            wrong = (item for item in error.problems if change.op != "remove" or item.keyword == "readOnly")
            report.add_problems(wrong, schema, body)
        if misspelt(change.name, known):
            text = f"the attribute is not documented{nearest(change.name, sorted(known))}"
            pointer = pointer_to(change.name_at)
            report.add("unknown_attribute", pointer, Said("documented attributes", change.name, text))


def _check_change(change: Change, *, is_own: bool) -> None:
    if not is_own:
        check_change(change, change.value)
        return
    check_own_name(change)
    if change.op != "remove":
        own_value(change)


def _media_type(report: Report, request: RecordedRequest) -> str:
    """Return which of the operation's media types a body has; add a finding where it has none of them.

    JSON is read whatever its type is said to be, and where no type is recorded it is the first.
    """
    bodies = report.operation.bodies
    if JSON in bodies:
        return JSON
    given = media_type_of(request.headers)
    if not given and not request.has_all_headers:
        return next(iter(bodies))
    if given not in bodies:
        known, got = " or ".join(bodies), given or "none"
        report.add("media_type", "Content-Type", Said(known, got, f"must be {known}, got {got}"))
    return given
