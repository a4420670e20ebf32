"""What differs between two states of a mock: which records came, went or changed, and which values in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ims_mock.contract.pointers import pointer_to
from ims_mock.evidence.redaction import MASK, is_secret
from ims_mock.state.files import File
from ims_mock.state.packed import as_packed, unpacked

_KINDS = {
    "settings": "setting",
    "projects": "project",
    "users": "user",
    "images": "image",
    "deleted": "deleted image",
    "members": "members of image",
    "files": "file of image",
    "jobs": "job",
    "neighbours": "neighbour",
    "tokens": "token",
    "temporary_credentials": "temporary credential",
}
"""The collections that are compared, each with what one record of it is. Others only follow from these."""

_SECRET_KEYS = ("tokens", "temporary_credentials")
"""The collections whose records are known by what gives access."""

_MISSING = object()


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A value of a record that differs, by its JSON pointer; `before` or `after` is left out where it was not there."""

    path: str
    values: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return it as the control API shows it."""
        return {"path": self.path, **self.values}

    def __str__(self) -> str:
        before, after = (
            json.dumps(self.values[name], ensure_ascii=False) if name in self.values else "nothing"
            for name in ("before", "after")
        )
        return f"{self.path}: {before} -> {after}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A record that was `added`, `removed` or `changed`; `values` are those that differ in one that was changed.

    `kind` is what it is, such as "image", `id` its key, and `name` what it is called, if it is called anything.
    Passwords, tokens and secret keys are masked.
    """

    kind: str
    id: str
    name: str
    change: str
    values: tuple[ValueChange, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as the control API shows it."""
        values = [value.to_json() for value in self.values]
        return {"kind": self.kind, "id": self.id, "name": self.name, "change": self.change, "values": values}

    def __str__(self) -> str:
        name = f" {self.name!r}" if self.name and self.name != self.id else ""
        return "\n".join([f"{self.kind}{name} {self.id} was {self.change}", *(f"    {value}" for value in self.values)])


def compare(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> list[Difference]:
    """Return what differs between the records of two states, by collection and in the order of the records."""
    found = []
    for collection, kind in _KINDS.items():
        one, other = before[collection], after[collection]
        for key in dict.fromkeys([*one, *other]):
            difference = _difference(collection, kind, key, one.get(key, _MISSING), other.get(key, _MISSING))
            if difference is not None:
                found.append(difference)
    return found


def _difference(collection: str, kind: str, key: str, before: Any, after: Any) -> Difference | None:
    if before is after:
        return None
    one, other = (record if record is _MISSING else _document(collection, record) for record in (before, after))
    if one == other:
        return None
    shown = MASK if collection in _SECRET_KEYS else key
    present = one if other is _MISSING else other
    # A deleted image has its attributes one level below.
    named = present.get("image", present) if isinstance(present, Mapping) else {}
    name = str(named.get("name") or "")
    if one is _MISSING or other is _MISSING:
        return Difference(kind, shown, name, "added" if one is _MISSING else "removed")
    hidden = collection == "settings" and is_secret(key)
    return Difference(kind, shown, name, "changed", tuple(_changes(one, other, (), hidden)))


def _document(collection: str, record: Any) -> Any:
    """Return a record as a document that can be compared and shown."""
    if collection == "images":
        return unpacked(as_packed(record))
    if isinstance(record, File):
        return {"size": record.size, "checksum": record.checksum}
    return record


def _changes(before: Any, after: Any, keys: tuple[str, ...], is_hidden: bool) -> Iterator[ValueChange]:
    """Yield the values that differ; lists are compared as wholes."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            hidden = is_hidden or is_secret(str(name))
            one, other = before.get(name, _MISSING), after.get(name, _MISSING)
            if one is not other and one != other:
                yield from _changes(one, other, (*keys, str(name)), hidden)
        return
    sides = {"before": before, "after": after}
    values = {side: MASK if is_hidden else value for side, value in sides.items() if value is not _MISSING}
    yield ValueChange(pointer_to(keys), values)
