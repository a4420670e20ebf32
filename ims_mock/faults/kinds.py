"""Every kind of fault, by its name in JSON. What each looks like to a client is in docs/faults.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ims_mock.contract.problems import InvalidError, wrong_setting
from ims_mock.faults import connections, delays, jobs, responses, sequences, stored
from ims_mock.faults.definition import Fault, checked, schema_of

FAMILIES = (responses, delays, connections, stored, jobs, sequences)
"""The modules of the faults: each public class in them that is a Fault is one."""

KINDS: dict[str, type[Fault]] = {
    fault.kind(): fault
    for family in FAMILIES
    for fault in vars(family).values()
    if isinstance(fault, type) and issubclass(fault, Fault) and fault.__module__ == family.__name__
    if not fault.__name__.startswith("_")
}
"""The faults by their name in JSON."""


def fault_from_json(document: Any) -> Fault | None:
    """Return the fault of an object with its `kind` and settings; None of null.

    Raise InvalidError naming what is wrong.
    """
    if document is None:
        return None
    if not isinstance(document, Mapping) or not isinstance(document.get("kind"), str) or document["kind"] not in KINDS:
        raise wrong_setting("kind", "enum", f"must be one of {', '.join(KINDS)}", document)
    kind = KINDS[document["kind"]]
    given = checked(schema_of(kind.kind()), document)
    del given["kind"]
    if kind.nested:
        given[kind.nested] = [_nested(item, kind.nested, number) for number, item in enumerate(given[kind.nested])]
    return kind(**given)


def _nested(document: Any, name: str, number: int) -> Fault | None:
    """Return a fault of a setting that is a list of faults; raise InvalidError with its index."""
    try:
        return fault_from_json(document)
    except InvalidError as error:
        raise error.under(name, number) from None
