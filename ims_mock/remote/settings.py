"""Settings of a mock in another process: checked here as those of one in this process, and sent as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ims_mock.contract.problems import InvalidError, Keys, wrong_at, wrong_setting
from ims_mock.contract.wording import shown
from ims_mock.faults.rule_text import new_rule
from ims_mock.service.settings import Settings

OF_PROCESS = ("host", "port", "clock", "tls", "allow_hosts")
"""What ImsMock takes beside settings, and a world of a server in another process does not."""


def document_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON; raise InvalidError for wrong ones, and TypeError for what only a server can be given."""
    for name in settings:
        if name in OF_PROCESS:
            raise TypeError(f"{name} is for a mock with a server of this process; use ImsMock({name}=...)")
    Settings().changed(settings)
    document = dict(settings)
    if document.get("faults"):
        document["faults"] = [new_rule(given).settings() for given in document["faults"]]
    for name, value in document.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError):
            text = f"must be made of JSON types for a mock in another process, got {shown(str(value))}"
            raise wrong_setting(name, "type", text) from None
    return document


def encoded(document: Any) -> bytes:
    """Return a document as JSON; raise InvalidError, naming the field, for a value that JSON does not have."""
    try:
        return json.dumps(document).encode()
    except (TypeError, ValueError, RecursionError):
        raise _not_json(document) from None


_DEEPEST = 50


def _not_json(value: Any, path: Keys = ()) -> InvalidError:
    """Return the error of the first value that JSON does not have, with its place."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    for key, member in members if len(path) < _DEEPEST else ():
        try:
            json.dumps(member)
        except (TypeError, ValueError, RecursionError):
            return _not_json(member, (*path, key if isinstance(key, int) else str(key)))
    return wrong_at(path, "type", f"must be made of JSON types, got {shown(repr(value))}")
