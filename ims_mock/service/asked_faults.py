"""The fault that a request asks for by a header of its own."""

from __future__ import annotations

from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import Operation
from ims_mock.contract.wording import shown
from ims_mock.faults.definition import Fault
from ims_mock.faults.rule_text import RuleTextError, parse_fault

FAULT_HEADER = "X-IMS-Mock-Fault"
"""The header by which a request asks for a fault of its own."""


def asked_fault(text: str, operation: Operation) -> Fault:
    """Return the fault that a request's own header asks for; raise 400 for one that cannot be."""
    try:
        fault = parse_fault(text)
    except RuleTextError as error:
        raise ImsError(
            400, "APIGW.0201", reason=f"{FAULT_HEADER}: {error.what}, at {shown(text[error.position :])}"
        ) from None
    if fault.is_lasting:
        raise ImsError(400, "APIGW.0201", reason=f"{FAULT_HEADER}: {fault} needs several requests; add a rule for it")
    if not fault.fits(operation):
        raise ImsError(400, "APIGW.0201", reason=f"{FAULT_HEADER}: {fault} does not apply to {operation.id}")
    return fault
