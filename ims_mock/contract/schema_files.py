"""The files of the API's contract, wherever the package is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent

# A wheel carries the files inside the package; a checkout and an editable install keep them beside it.
_ROOT = next(path for path in (_PACKAGE / "schemas", _PACKAGE.parent / "schemas") if (path / "models").is_dir())


def read(name: str) -> Any:
    """Return the JSON document `name`, such as "models/image.json"."""
    return json.loads((_ROOT / name).read_text("utf-8"))


def names(folder: str) -> Iterator[str]:
    """Yield the name of every JSON file under `folder`, sorted."""
    for path in sorted((_ROOT / folder).rglob("*.json")):
        yield path.relative_to(_ROOT).as_posix()
