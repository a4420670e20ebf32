"""The other services of which the mock serves a few calls: the form and the codes of their errors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ims_mock.contract import schema_files


@cache
def _services() -> Mapping[str, Any]:
    services: Mapping[str, Any] = schema_files.read("other_services.json")
    return services


@cache
def _messages() -> Mapping[str, str]:
    return {code: text for service in _services().values() for code, text in service["codes"].items()}


def is_one(dialect: str) -> bool:
    """Return whether a dialect is that of another service; the identity service, and IMS itself, are none."""
    return dialect in _services()


def is_global(dialect: str) -> bool:
    """Return whether a dialect is that of a service which is the same in every region, and knows of all projects."""
    return is_one(dialect) and bool(_services()[dialect]["is_global"])


def message_of(code: str) -> str | None:
    """Return the documented text of a code of any of the services; None for another code."""
    return _messages().get(code)


def code_for(service: str, code: str, status: int) -> str:
    """Return a code if it is the service's own, or else its usual one of a status, or the gateway's."""
    own = _services()[service]
    return code if code in own["codes"] else str(own["statuses"].get(str(status), "APIGW.0201"))


def error_body(service: str, code: str, message: str) -> dict[str, Any]:
    """Return the body of an error in the form of a service."""
    error = {"error_code": code, "error_msg": message}
    return {"error": error} if _services()[service]["is_wrapped"] else error
