"""Entries of the journal as JSON that loses nothing: what a client library reads of a mock in another process."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from ims_mock.evidence.delivery import Delivery
from ims_mock.evidence.journal import Entry

_BODIES = ("request_body", "response_body")


def to_document(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON, with its bodies in base64 and its delivery as an object."""
    bodies = {name: base64.b64encode(getattr(entry, name)).decode("ascii") for name in _BODIES}
    return {**entry.to_json(), **bodies, "delivery": asdict(entry.delivery)}


def from_document(document: Mapping[str, Any]) -> Entry:
    """Return the entry of a document; what a later version has added to it is left out."""
    known = {item.name for item in fields(Entry)}
    values = {name: value for name, value in document.items() if name in known}
    for name in _BODIES:
        values[name] = base64.b64decode(values[name])
    for name in ("rules", "ignored"):
        values[name] = tuple(values[name])
    values["delivery"] = Delivery(**values["delivery"])
    return Entry(**values)
