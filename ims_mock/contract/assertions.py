"""What a test says of one response: that it is what the contract of IMS has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import Any

from ims_mock.contract.clients import exchange_of, how_to_read
from ims_mock.contract.findings import SEVERITIES, Finding, is_allowed
from ims_mock.contract.recorded import NOT_RECORDED, RecordedExchange
from ims_mock.contract.routes import find_operation
from ims_mock.contract.verdicts import judge

_MISSING = "missing_attribute"

_LONGEST = 300
"""Most characters of a URL that are shown."""


def assert_conforms(
    response: Any, *, drift: bool = False, allow: Collection[str] = (), method: str | None = None
) -> None:
    """Raise AssertionError, with all that is wrong, unless a response and its request agree with the contract.

    Takes what `exchange_of` takes. With `drift`, what nobody documents fails too. `allow` are ids of findings that are
    accepted, such as "response.unknown_attribute" or "list_images:response.*". A request of no operation fails as well.
    Raises ValueError for a response whose body has not been read.
    """
    __tracebackhide__ = True
    check_allowed(allow)
    exchange = exchange_of(response, method=method)
    _check_is_read(exchange, response)
    findings = [finding for finding in judge(exchange) if not is_allowed(finding, allow)]
    # Unlike in a recording, which may be of anything, a path of no operation is no note here.
    if fails(findings, drift=drift) or any(finding.operation is None for finding in findings):
        text = describe(exchange, findings, "the response")
        raise AssertionError(text + _after_redirects(response, findings))


def check_allowed(allow: Collection[str]) -> None:
    """Raise TypeError for what is no collection of ids; a text alone would be one of letters."""
    is_collection = isinstance(allow, Collection) and not isinstance(allow, str)
    if not is_collection or not all(isinstance(glob, str) for glob in allow):
        raise TypeError(f'allow: must be ids of findings, such as ("response.unknown_attribute",), got {allow!r}')


def fails(findings: Iterable[Finding], *, drift: bool) -> bool:
    """Return whether one of some findings fails a test: a break, or drift if that is asked for."""
    return any(finding.severity == "break" or (drift and finding.severity == "drift") for finding in findings)


def describe(exchange: RecordedExchange, findings: Iterable[Finding], what: str) -> str:
    """Return what is wrong with an exchange: `what` it is, its request and status, and the findings, worst first."""
    found = sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    title = f"{_operation(exchange)}: {what} does not match the contract of IMS"
    return "\n".join([title, f"  {_line_of(exchange)}", *_lines_of(found)])


def _operation(exchange: RecordedExchange) -> str:
    operation = find_operation(exchange.request.method.upper(), exchange.request.url)
    return operation.id if operation else "no operation"


def _line_of(exchange: RecordedExchange) -> str:
    request, response = exchange.request, exchange.response
    url = request.url if len(request.url) <= _LONGEST else request.url[:_LONGEST] + "..."
    return f"{request.method} {url} -> {response.status if response else 'no response'}"


def _lines_of(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a line for each finding, but one for all attributes that an object lacks."""
    for (missing, severity, side), group in groupby(findings, _kind):
        found = list(group)
        if missing and len(found) > 1:
            names = ", ".join(sorted(finding.pointer for finding in found))
            yield f"  {severity}: {side}: must have {names} [{found[0].id}]"
        else:
            yield from (_line(finding) for finding in found)


def _kind(finding: Finding) -> tuple[bool, str, str]:
    return finding.id.endswith(_MISSING), finding.severity, finding.side


def _line(finding: Finding) -> str:
    at = f" {finding.pointer}" if finding.pointer else ""
    return f"  {finding.severity}: {finding.side}{at}: {finding.message} [{finding.id}]"


def _check_is_read(exchange: RecordedExchange, response: Any) -> None:
    """Raise ValueError where a body that would be judged is still unread; a file that comes need not be read."""
    request, received = exchange.request, exchange.response
    operation = find_operation(request.method.upper(), request.url)
    if received is None or received.body is not NOT_RECORDED or operation is None or request.method == "HEAD":
        return
    if operation.response_body is not None or received.status >= 400:
        advice = f"call {how_to_read(response)} first, so that it can be checked"
        raise ValueError(f"{_line_of(exchange)}: the body has not been read, or has not been kept; {advice}")


def _after_redirects(response: Any, findings: Iterable[Finding]) -> str:
    """Return what to do where a redirect has led to a path of no operation."""
    before = getattr(response, "history", None)
    if not before or all(finding.operation for finding in findings):
        return ""
    return "\n  it is the response after a redirect; pass response.history[0] for the one that IMS returned"
