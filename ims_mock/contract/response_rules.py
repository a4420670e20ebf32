"""What a response is held to: its status, headers and body, and the form of an error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from ims_mock.contract import other_services
from ims_mock.contract.errors import ImsError, is_code
from ims_mock.contract.findings import Finding, Severity
from ims_mock.contract.judging import Report, Said, beginning_of, header_of, media_type_of, shortened, value_of
from ims_mock.contract.openapi import resolved
from ims_mock.contract.operations import JSON, Operation, load_contract
from ims_mock.contract.pointers import pointer_to
from ims_mock.contract.recorded import Absence, RecordedResponse
from ims_mock.contract.validation import Schema

_FORMS = {
    "service_error": "the service",
    "gateway_error": "the gateway",
    "iam_error": "the identity service",
    "other_service_error": "another service",
    "wrapped_error": "another service that wraps it",
}
"""The forms of an error, by the model of each, with whose it is."""


class _Documented(NamedTuple):
    """What is documented of one status of an operation.

    `body` is None where there is none, or where it is a file; `forms` are the models that an error can be of.
    """

    media_types: tuple[str, ...]
    body: Schema | None
    required_headers: tuple[str, ...]
    forms: tuple[str, ...]


def judge_response(response: RecordedResponse, operation: Operation, method: str) -> list[Finding]:
    """Return what in a response the contract does not have."""
    report = Report(operation, "response")
    statuses = _documented(operation.id)
    status = response.status
    known = statuses.get(status)
    if known is None:
        listed = ", ".join(map(str, statuses))
        text = f"the status {status} is not documented for {operation.id}; documented are {listed}"
        report.add("undocumented_status", "", Said(listed, status, text), "drift")
    if status >= 400:
        if known is not None and method != "HEAD":
            _check_error(report, response, known)
        return report.findings
    # What comes with a success that nobody documents is held to the documented one: a client reads it so.
    expected = known or statuses[operation.success]
    if known and response.has_all_headers:
        for name in expected.required_headers:
            if header_of(response.headers, name.lower()) is None:
                report.add("missing_header", name, Said("required", None, "the header is missing"))
    if method != "HEAD" and (known is not None or status // 100 == 2):
        _check_body(report, response, expected)
    return report.findings


def _check_body(report: Report, response: RecordedResponse, expected: _Documented) -> None:
    body, status = response.body, response.status
    if isinstance(body, Absence):
        return
    is_empty = body == b""
    if not is_empty and (status == 204 or not expected.media_types):
        severity: Severity = "break" if status == 204 else "drift"
        report.add(
            "unexpected_body",
            "",
            Said("no body", beginning_of(body), f"must have no body with the status {status}"),
            severity,
        )
    if is_empty:
        if expected.body is not None and not response.is_partial:
            report.add("missing_body", "", Said("a body", None, "must have a body"))
        return
    if expected.media_types:
        _check_media_type(report, response, expected.media_types)
    if expected.body is not None:
        report.check_body(expected.body, body, is_partial=response.is_partial)


def _check_media_type(report: Report, response: RecordedResponse, media_types: tuple[str, ...]) -> None:
    given, known = media_type_of(response.headers), " or ".join(media_types)
    is_known = given in media_types or (JSON in media_types and given.endswith("+json"))
    if given and not is_known:
        report.add("media_type", "Content-Type", Said(known, given, f"must be {known}, got {given}"), "drift")


def _check_error(report: Report, response: RecordedResponse, known: _Documented) -> None:
    """Add what is wrong with an error: whose form it has, and what it is made of."""
    body = response.body
    if isinstance(body, Absence) or not known.forms:
        return
    rule = "an error " + " or ".join(f"of {_FORMS[form]}" for form in known.forms)
    if body == b"":
        report.add("error_dialect", "", Said(rule, "", f"must be {rule}, got no body"))
        return
    try:
        value = value_of(body)
    except ImsError as error:
        text = f"must be {rule}, but it is not JSON: {error.reason}"
        report.add("error_dialect", "", Said(rule, beginning_of(body), text))
        return
    if any(_schema_of(form).is_surely_valid(value) for form in known.forms):
        _check_code(report, value)
        return
    form = _form_of(value)
    if form in known.forms:
        report.check_body(_schema_of(form), body, is_partial=response.is_partial)
        return
    whose = f"an error of {_FORMS[form]}" if form else "an error of no documented form"
    report.add("error_dialect", "", Said(rule, shortened(value), f"must be {rule}, got {whose}"))


def _check_code(report: Report, value: Any) -> None:
    """Add a code that no document has."""
    path = ("error_code",) if "error_code" in value else ("error", "error_code")
    if path[0] == "error" and "error_code" not in value["error"]:
        path = ("error", "code")
    code = value
    for key in path:
        code = code[key]
    if isinstance(code, str) and not is_code(code):
        text = f"the code {code} is not documented"
        report.add("undocumented_code", pointer_to(path), Said("documented codes", code, text), "drift")


def _form_of(value: Any) -> str:
    """Return which form of an error a body is meant to have, valid or not; "" for none of them."""
    if not isinstance(value, dict):
        return ""
    if "error_code" in value:
        is_gateway = "request_id" in value or str(value["error_code"]).startswith("APIGW.")
        return "gateway_error" if is_gateway else "other_service_error"
    error = value.get("error")
    if not isinstance(error, dict):
        return ""
    if "error_code" in error:
        return "wrapped_error"
    is_iam = "title" in error or isinstance(error.get("code"), int)
    return "iam_error" if is_iam else "service_error" if "code" in error else ""


@cache
def _schema_of(form: str) -> Schema:
    return Schema(load_contract().composed, f"#/components/schemas/{form}")


@cache
def _documented(operation_id: str) -> Mapping[int, _Documented]:
    """Return what is documented of each status of an operation, its success first."""
    contract = load_contract()
    operation = contract.operations[operation_id]
    base = f"#/paths/{operation.path.replace('~', '~0').replace('/', '~1')}/{operation.method.lower()}/responses"
    raw = contract.composed["paths"][operation.path][operation.method.lower()]["responses"]
    found = {int(status): _status(operation, item, f"{base}/{status}") for status, item in raw.items()}
    return dict(sorted(found.items(), key=lambda item: (item[0] != operation.success, item[0])))


def _status(operation: Operation, item: Mapping[str, Any], pointer: str) -> _Documented:
    composed = load_contract().composed
    response, pointer = resolved(composed, item, pointer)
    content = response.get("content", {})
    is_error = "/4" in pointer[-5:] or "/5" in pointer[-5:]
    schema = content.get(JSON, {}).get("schema", {})
    headers = tuple(name for name, header in response.get("headers", {}).items() if header.get("required"))
    if is_error:
        return _Documented(tuple(content), None, headers, _forms(operation, schema))
    body = Schema(composed, f"{pointer}/content/{JSON.replace('/', '~1')}/schema") if JSON in content else None
    return _Documented(tuple(content), body, headers, ())


def _forms(operation: Operation, schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the forms that an error of an operation can have, of those that its status can have anywhere."""
    branches = [schema, *schema.get("anyOf", ())]
    named = [branch["$ref"].rpartition("/")[2] for branch in branches if "$ref" in branch]
    return tuple(form for form in named if form in {"gateway_error", *_own_forms(operation)})


def _own_forms(operation: Operation) -> tuple[str, ...]:
    if operation.dialect == "iam":
        return ("iam_error",)
    if other_services.is_one(operation.dialect):
        return ("other_service_error", "wrapped_error")
    return ("service_error",)
