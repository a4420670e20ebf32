"""The files of the API's contract, wherever the package is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent

# A wheel carries the files inside the package; a checkout and an editable install keep them beside it.
_ROOT = next(path for path in (_PACKAGE / "schemas", _PACKAGE.parent / "schemas") if (path / "models").is_dir())


@cache
def _texts() -> Mapping[str, str]:
    """Return the text of every file by its name, sorted: read once, as a test may put other files in their place."""
    return {path.relative_to(_ROOT).as_posix(): path.read_text("utf-8") for path in sorted(_ROOT.rglob("*.json"))}


def read(name: str) -> Any:
    """Return the JSON document `name`, such as "models/image.json"."""
    return json.loads(_texts()[name])


def names(folder: str) -> Iterator[str]:
    """Yield the name of every JSON file under `folder`, sorted."""
    return (name for name in _texts() if not folder or name.startswith(f"{folder}/"))
