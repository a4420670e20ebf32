"""The judge: one exchange, of any origin, held against the contract."""

from __future__ import annotations

import re
from dataclasses import replace

from ims_mock.contract.elsewhere import find_elsewhere
from ims_mock.contract.findings import Finding, Severity
from ims_mock.contract.recorded import RecordedExchange
from ims_mock.contract.request_rules import judge_request
from ims_mock.contract.response_rules import judge_response
from ims_mock.contract.routes import find_route, methods_of, path_of

_LONGEST = 300
"""Most characters of a path that are shown, or looked for elsewhere."""

_CLOUD = "cloud"
"""What the domains of Huawei's clouds, and those of its partners, have in their names."""

_SERVICES = ("ims", "iam", "eps", "kms", "bss", "cbr", "image", "glance")
_VERSION = re.compile("/v[0-9]")


def judge(exchange: RecordedExchange) -> list[Finding]:
    """Return the findings of one exchange, those of the request first; none if it agrees with the contract.

    A request that is wrong and was refused with a 4xx is a note: the service did what it is to do. What matches no
    operation is one finding, and nothing else of it is judged.
    """
    request, response = exchange.request, exchange.response
    method = request.method.upper()
    route = find_route(method, path_of(request.url))
    if route is None:
        return _unknown(method, exchange)
    findings = [] if request.meant_wrong else judge_request(request, route)
    if response is not None:
        if findings and 400 <= response.status < 500:
            findings = [replace(finding, severity="note") for finding in findings]
        findings += judge_response(response, route.operation, method)
    return [replace(finding, entry=exchange.entry) for finding in findings] if findings and exchange.entry else findings


def _unknown(method: str, exchange: RecordedExchange) -> list[Finding]:
    """Return the finding of a request that matches no operation."""
    path = path_of(exchange.request.url)
    severity, name, rule, text = _of_path(method, path) if methods_of(path) else _of_no_path(method, path, exchange)
    return [Finding(name, severity, None, "request", "", rule, f"{method} {path}", text, exchange.entry)]


def _of_path(method: str, path: str) -> tuple[Severity, str, str, str]:
    methods = ", ".join(sorted(methods_of(path)))
    text = f"{method} is not a method of {path}; its methods are {methods}"
    # What a browser asks before it sends a request is no operation anywhere.
    return "note" if method == "OPTIONS" else "break", "request.unknown_method", methods, text


def _of_no_path(method: str, path: str, exchange: RecordedExchange) -> tuple[Severity, str, str, str]:
    known = find_elsewhere(method, path) if len(path) <= _LONGEST else None
    text = f"{method} {path[:_LONGEST]} is not an operation"
    if known:
        text += f'; {known.method} {known.path} is "{known.name}", {known.text}'
    is_ours = known.api == "Glance" if known else is_for_ims(exchange.request.url)
    return "break" if is_ours else "note", "request.unknown_path", "a path of the contract", text


def is_for_ims(url: str) -> bool:
    """Return whether a URL that is of no operation was still meant for IMS, or what it needs.

    That is any path on a host of IMS, and a path with a version in it, unless its host is one of another service.
    """
    host = "" if url.startswith("/") else url.partition("://")[2].partition("/")[0]
    service, _, rest = host.partition(".")
    if service == "ims" and rest:
        return True
    is_other = _CLOUD in rest and service not in _SERVICES
    return not is_other and _VERSION.search(path_of(url)) is not None
