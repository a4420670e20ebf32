"""Examples of errors, by their codes, in the form of the service that rejects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ims_mock.contract import other_services
from ims_mock.contract.errors import IAM, ImsError, documented_message
from ims_mock.contract.pointers import parts_of, value_at

_REQUEST_ID = "21deb34c8a9a3cb2cefba00ba140b3c6"

_GATEWAY = {
    "400": "APIGW.0201",
    "401": "APIGW.0301",
    "403": "APIGW.0302",
    "404": "APIGW.0101",
    "413": "APIGW.0201",
    "500": "APIGW.0601",
    "503": "APIGW.0613",
}
"""What the gateway says where the service could have rejected as well."""

_OF_OTHERS = ("other_service_error", "wrapped_error")

Examples = dict[str, dict[str, Any]]


def usual_examples(response: Mapping[str, Any], status: str, dialect: str = "") -> Examples:
    """Return the errors of a status that an operation can have whatever its request: its own service's, the gateway's.

    Codes and messages are those that the response describes, or the usual ones.
    """
    forms = forms_of(response)
    code = IAM if dialect == "iam" and "iam_error" in forms else response.get("x-code")
    error = ImsError(int(status), code, response.get("x-message"), reason="")
    found = _example(error, dialect)
    if "gateway_error" in forms and len(forms) > 1 and status in _GATEWAY:
        found |= _example(ImsError(int(status), _GATEWAY[status], reason=""), dialect)
    return found


def has_form_of(response: Mapping[str, Any], dialect: str) -> bool:
    """Return whether an error can be in the form of a service that is not IMS."""
    forms = forms_of(response)
    return bool(forms.intersection(_OF_OTHERS) if other_services.is_one(dialect) else "iam_error" in forms)


def forms_of(response: Mapping[str, Any]) -> set[str]:
    """Return the names of the models that an error can be of."""
    schema: Mapping[str, Any] = next((body["schema"] for body in response.get("content", {}).values()), {})
    return {branch["$ref"].rpartition("/")[2] for branch in schema.get("anyOf", [schema]) if "$ref" in branch}


def own_examples(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Examples:
    """Return the errors that the schemas of an operation's request have codes for."""
    dialect = operation.get("x-dialect", "")
    request = {key: operation[key] for key in ("requestBody", "parameters") if key in operation}
    codes = dict.fromkeys(_codes(request, document, frozenset()))
    found: Examples = {}
    for code in codes:
        found |= _example(ImsError(400, code, documented_message(code, 400), reason=""), dialect)
    return found


def _codes(value: Any, document: Mapping[str, Any], above: frozenset[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _codes(item, document, above)
    elif isinstance(value, dict):
        given = value.get("x-code", ())
        yield from [given] if isinstance(given, str) else given.values() if isinstance(given, dict) else given
        reference = value.get("$ref")
        if isinstance(reference, str) and reference not in above:
            yield from _codes(value_at(document, parts_of(reference)), document, above | {reference})
        for key, item in value.items():
            if key not in ("example", "examples", "x-code"):
                yield from _codes(item, document, above)


def _example(error: ImsError, dialect: str) -> Examples:
    """Return an error by its code; that of the identity service is its status."""
    body = error.body(_REQUEST_ID, dialect)
    inside = body.get("error", body)
    return {str(inside.get("code") or inside["error_code"]): {"value": body}}
