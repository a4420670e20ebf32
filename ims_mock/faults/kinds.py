"""Every kind of fault, by its name in JSON. What each looks like to a client is in docs/faults.md."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ims_mock.contract.problems import InvalidError, wrong_setting
from ims_mock.faults.definition import Fault, checked, schema_of

KINDS: dict[str, type[Fault]]
"""The faults by their name in JSON: each public class in the modules below that is a Fault. They are imported when it
is first asked for, as a mock starts without them.
"""


def __getattr__(name: str) -> Any:
    if name == "KINDS":
        return _kinds()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _kinds() -> dict[str, type[Fault]]:
    from ims_mock.faults import connections, delays, jobs, responses, sequences, stored

    return {
        fault.kind(): fault
        for family in (responses, delays, connections, stored, jobs, sequences)
        for fault in vars(family).values()
        if isinstance(fault, type) and issubclass(fault, Fault) and fault.__module__ == family.__name__
        if not fault.__name__.startswith("_")
    }


def fault_from_json(document: Any) -> Fault | None:
    """Return the fault of an object with its `kind` and settings; None of null.

    Raise InvalidError naming what is wrong.
    """
    if document is None:
        return None
    kinds = _kinds()
    if not isinstance(document, Mapping) or not isinstance(document.get("kind"), str) or document["kind"] not in kinds:
        raise wrong_setting("kind", "enum", f"must be one of {', '.join(kinds)}", document)
    kind = kinds[document["kind"]]
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
