"""The schema files are read as they stand: nothing in them is lost to a later line."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tests.conftest import ROOT


def test_no_object_has_a_name_twice() -> None:
    """Of two with one name, JSON keeps the last, and an option of another command would be gone."""
    twice: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice.extend(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        return dict(pairs)

    for path in Path(ROOT, "schemas").rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=note)
    assert not twice
