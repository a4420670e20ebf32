"""What a client needs of the responses: the attributes without which it does something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ims_mock.evidence.consumers.contract import ConsumerContract
from ims_mock.evidence.consumers.learning import consumer_contract
from ims_mock.evidence.consumers.places import place_of
from ims_mock.evidence.exchanges import exchanges_of
from ims_mock.evidence.journal import Entry
from ims_mock.sweep.rows import Judged

_FAMILY = "attribute"
_OF_VALUES = ("type", "enum", "pattern")
"""What an attribute of a contract says of its values."""

Outcomes = dict[str, dict[str, dict[str, bool]]]
"""By operation, place and mode whether every plan was survived."""


def outcomes_of(judged: Iterable[Judged]) -> Outcomes:
    """Return what came of the plans of one optional attribute each that was dropped, null, or of another type."""
    found: Outcomes = {}
    for item in judged:
        injections = item.row.plan.injections
        if len(injections) == 1 and injections[0].fault.family == _FAMILY:
            settings = injections[0].fault.settings()
            modes = found.setdefault(injections[0].step.operation, {}).setdefault(place_of(settings["pointer"]), {})
            mode = settings["mode"]
            modes[mode] = modes.get(mode, True) and item.verdict.name == "survived"
    return found


def needs_of(outcomes: Outcomes) -> dict[str, list[str]]:
    """Return the places, by operation, of the attributes without which the work does not do what it does with them."""
    needed = {
        name: [place for place, modes in places.items() if not modes.get("drop", True)]
        for name, places in outcomes.items()
    }
    return {name: places for name, places in needed.items() if places}


def contract_of(entries: Iterable[Entry], name: str, outcomes: Outcomes) -> ConsumerContract:
    """Return the contract of a client that sent some requests, with what a sweep has found out of its attributes."""
    contract = consumer_contract(exchanges_of(entries), name)
    for operation, pointers in needs_of(outcomes).items():
        contract = contract.needs(operation, pointers)
    operations = {
        operation: _with_outcomes(item, outcomes.get(operation, {})) for operation, item in contract.operations.items()
    }
    return ConsumerContract.from_json({**contract.document, "operations": operations})


def _with_outcomes(operation: Mapping[str, Any], outcomes: Mapping[str, Mapping[str, bool]]) -> dict[str, Any]:
    responses = {
        status: {place: _attribute(item, outcomes.get(place, {})) for place, item in attributes.items()}
        if status[0] == "2"
        else attributes
        for status, attributes in operation.get("responses", {}).items()
    }
    return {**operation, "responses": responses}


def _attribute(attribute: Mapping[str, Any], modes: Mapping[str, bool]) -> Mapping[str, Any]:
    """Return an attribute with its use, and with the types that the client takes."""
    use = "read" if attribute["use"] == "seen" and not all(modes.values()) else attribute["use"]
    found = {**attribute, "use": use}
    if modes.get("retype"):
        return {name: value for name, value in found.items() if name not in _OF_VALUES}
    if modes.get("null") and "type" in found and "null" not in found["type"]:
        found["type"] = [*found["type"], "null"]
    return found
