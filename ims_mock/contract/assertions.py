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
from ims_mock.contract.wording import cut

_MISSING = "missing_attribute"


def assert_conforms(
    response: Any, *, drift: bool = False, allow: Collection[str] = (), method: str | None = None
) -> None:
    """Raise AssertionError, with all that is wrong, unless a response and its request are what the contract has.

    Takes what `exchange_of` takes. With `drift`, what nobody documents fails too. `allow` are ids of findings that are
    accepted, such as "response.unknown_attribute" or "list_images:response.*". A request of no operation fails as well.
    Raises ValueError for a response whose body has not been read.
    """
    __tracebackhide__ = True
    check_allowed(allow)
    exchange = exchange_of(response, method=method)
    _check_is_read(exchange, response)
    # Unlike in a recording, which may be of anything, a path of no operation is no note here.
    findings = failing(judge(exchange), drift=drift, allow=allow, with_unknown=True)
    if findings:
        text = "\n".join([f"{line_of(exchange)}: not what the contract of IMS has", *lines_of(findings)])
        raise AssertionError(text + _after_redirects(response, findings))


def check_allowed(allow: Collection[str]) -> None:
    """Raise TypeError for what is no collection of ids; a text alone would be one of letters."""
    if isinstance(allow, str) or not all(isinstance(glob, str) for glob in allow):
        raise TypeError(f'allow: must be ids of findings, such as ("response.unknown_attribute",), got {allow!r}')


def failing(
    findings: Iterable[Finding], *, drift: bool, allow: Collection[str], with_unknown: bool = False
) -> list[Finding]:
    """Return the findings that fail a test, worst first: breaks, drift if asked for, and requests of no operation."""
    bad = {"break", "drift"} if drift else {"break"}
    kept = [
        finding
        for finding in findings
        if (finding.severity in bad or (with_unknown and finding.operation is None)) and not is_allowed(finding, allow)
    ]
    return sorted(kept, key=lambda finding: SEVERITIES.index(finding.severity))


def line_of(exchange: RecordedExchange) -> str:
    """Return an exchange in one line: request, status and operation."""
    request, response = exchange.request, exchange.response
    operation = find_operation(request.method.upper(), request.url)
    status = response.status if response else "no response"
    return f"{request.method} {cut(request.url)} -> {status} ({operation.id if operation else 'no operation'})"


def lines_of(findings: Iterable[Finding]) -> Iterator[str]:
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
        advice = f"call {how_to_read(response)} first, so that it is judged"
        raise ValueError(f"{line_of(exchange)}: the body has not been read, or has not been kept; {advice}")


def _after_redirects(response: Any, findings: Iterable[Finding]) -> str:
    """Return what to do where a redirect has led to a path of no operation."""
    before = getattr(response, "history", None)
    if not before or all(finding.operation for finding in findings):
        return ""
    return "\n  it is the response after a redirect; pass response.history[0] for the one that IMS returned"
