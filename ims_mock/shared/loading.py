"""All that the store has of a world, as a server loads it that is new or far behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from ims_mock.shared.attempt import Key
from ims_mock.shared.link import Link


@dataclass(frozen=True)
class Loaded:
    """Records by collection and key, in their order, with their places; documents by name; when each part changed."""

    version: int
    commit: str
    epoch: str
    touched: dict[str, int]
    records: dict[str, dict[str, Any]]
    places: dict[Key, int]
    documents: dict[str, Any]


def load(link: Link, keys: Sequence[str], stored: Callable[[str, Any], Any]) -> Loaded | None:
    """Return what the store has of a world; None for nothing. `stored` makes records of what was written of them."""
    meta_key, state_key = keys[:2]
    meta, state = link.ask(("MULTI",), ("HGETALL", meta_key), ("HGETALL", state_key), ("EXEC",))[-1]
    about = _pairs(meta)
    if b"version" not in about:
        return None
    documents: dict[str, Any] = {}
    found: list[tuple[int, str, str, Any]] = []
    for field, text in _pairs(state).items():
        name, _, key = field.decode().partition("/")
        if name == "document":
            documents[key] = json.loads(text)
        else:
            place, written = json.loads(text)
            found.append((place, name, key, written))
    records: dict[str, dict[str, Any]] = {}
    places: dict[Key, int] = {}
    for place, name, key, written in sorted(found, key=itemgetter(0)):
        places[name, key] = place
        records.setdefault(name, {})[key] = stored(name, written)
    touched = json.loads(about.get(b"touched", b"{}"))
    return Loaded(
        int(about[b"version"]), about[b"commit"].decode(), about[b"epoch"].decode(), touched, records, places, documents
    )


def _pairs(reply: Any) -> dict[bytes, bytes]:
    """Return the fields of a hash, whichever protocol its reply is of."""
    if isinstance(reply, dict):
        return reply
    return dict(zip(reply[::2], reply[1::2], strict=True))
