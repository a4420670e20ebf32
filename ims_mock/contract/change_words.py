"""The changes between two OpenAPI documents as findings: each kind with its severity, its id and its sentence."""

from __future__ import annotations

import json
from typing import Any

from ims_mock.contract.findings import Finding, Severity, Side
from ims_mock.contract.schema_changes import Change

_WORDS: dict[str, tuple[Severity, str]] = {
    "operation.removed": ("break", "the operation was removed"),
    "operation.moved": ("break", "the operation has moved to {new}"),
    "operation.added": ("note", "the operation is new"),
    "operation.renamed": (
        "drift",
        "the operation has the new name {new}, and so do functions of generated clients",
    ),
    "operation.deprecated": ("note", "the operation is deprecated"),
    "request.security": ("break", "the credential {old} is no longer enough; the operation needs {new}"),
    "request.parameter_removed": ("break", "the parameter was removed"),
    "request.parameter_required": ("break", "the parameter is required now"),
    "request.parameter_added": ("note", "the parameter is new"),
    "request.parameter_style": ("break", "the parameter is written as {new} now; it was written as {old}"),
    "request.body_required": ("break", "a body is required now"),
    "request.body_removed": ("break", "a body is no longer read"),
    "request.body_added": ("note", "a body can be sent now"),
    "request.media_type_removed": ("break", "{old} is no longer accepted; {new} is"),
    "request.media_type_added": ("note", "{new} is accepted too now"),
    "request.required": ("break", "is required now"),
    "request.attribute_removed": ("break", "is no longer read"),
    "request.attribute_refused": ("break", "is rejected now"),
    "request.attribute_added": ("note", "is new"),
    "request.other_attributes": ("break", "attributes that the document does not name are rejected now"),
    "request.type": ("break", "must be {new} now; it could be {old}"),
    "request.enum": ("break", "must be one of {new} now; it could be {old}"),
    "request.bound": ("break", "{kind} is {new} now; it was {old}"),
    "request.rule": ("break", "must now keep the rule {kind}: {new}"),
    "request.changed_rule": (
        "drift",
        "{kind} is {new} now; it was {old}; which of them accepts more is not known",
    ),
    "request.default": ("drift", "has the default {new} now; it was {old}"),
    "response.status_removed": ("break", "the status {old} was removed"),
    "response.status_added": ("break", "the status {new} is new"),
    "response.error_removed": ("note", "the error {old} was removed"),
    "response.error_added": ("drift", "the error {new} is new"),
    "response.code_removed": ("note", "the error {old} was removed from the examples"),
    "response.code_added": ("drift", "the error {new} is new in the examples"),
    "response.media_type_removed": ("break", "{old} is no longer returned; {new} is"),
    "response.media_type_added": ("note", "{new} can be returned too now"),
    "response.body_removed": ("break", "the response no longer has a body"),
    "response.body_added": ("note", "the response has a body now"),
    "response.header_removed": ("break", "the header was removed"),
    "response.header_added": ("note", "the header is new"),
    "response.attribute_removed": ("break", "was removed"),
    "response.attribute_added": ("note", "is new"),
    "response.attribute_refused": ("drift", "can be there now"),
    "response.optional": ("break", "is no longer always there"),
    "response.other_attributes": ("drift", "can have attributes now that the document does not name"),
    "response.type": ("break", "can be {new} now; it was {old}"),
    "response.enum": ("break", "can be {new} now; it was one of {old}"),
    "response.bound": ("drift", "{kind} is {new} now; it was {old}"),
    "response.rule": ("drift", "no longer has to keep the rule {kind}: {old}"),
    "response.changed_rule": (
        "drift",
        "{kind} is {new} now; it was {old}; which of them accepts more is not known",
    ),
}
"""The ids of changes, with how bad each is and its sentence."""

_LONGEST = 120
"""Most characters of a value in a sentence."""


def finding_of(operation: str, side: Side, change: Change, place: str) -> Finding:
    """Return a change as a finding; `place` is the method and path of the operation in the old document."""
    name = _id(side, change)
    severity, sentence = _WORDS[name]
    old = _text(change.old, name)
    words = sentence.format(kind=change.kind, old=old, new=_text(change.new, name))
    return Finding(name, severity, operation, side, change.pointer, old, change.new, words, place)


def _id(side: Side, change: Change) -> str:
    """Return the id of a change."""
    kind, of_operation = change.kind, change.kind.startswith("operation_")
    if kind == "operation_removed" and change.new:
        return "operation.moved"
    if of_operation:
        return kind.replace("_", ".", 1)
    if kind == "required" and side == "response":
        return "response.optional"
    if f"{side}.{kind}" in _WORDS:
        return f"{side}.{kind}"
    if kind in _BOUNDS:
        return f"{side}.bound"
    return f"{side}.changed_rule" if change.old is not None and change.new is not None else f"{side}.rule"


_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")


def _text(value: Any, name: str) -> str:
    """Return a value as a sentence has it; where there is none, any other value is meant."""
    if value is None:
        return "any value" if name in ("request.enum", "response.enum") else "none"
    if isinstance(value, list):
        text = ", ".join(map(json.dumps, value))
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
