"""Settings of a mock in another process: checked here as those of one in this process, and sent as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.wording import shown
from ims_mock.faults.rule_text import new_rule
from ims_mock.service.settings import Settings


def document_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON; raise InvalidError for wrong ones, and for what only the mock's own process can have."""
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
