"""The files of the API's contract, wherever the package is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent

# A wheel carries the files inside the package; a checkout and an editable install keep them beside it.
_ROOT = next(path for path in (_PACKAGE / "schemas", _PACKAGE.parent / "schemas") if (path / "models").is_dir())


@cache
def _text(name: str) -> str:
    return (_ROOT / name).read_text("utf-8")


@cache
def _names() -> list[str]:
    return [path.relative_to(_ROOT).as_posix() for path in sorted(_ROOT.rglob("*.json"))]


def read(name: str) -> Any:
    """Return the JSON document `name`, such as "models/image.json"; its file is read once."""
    return json.loads(_text(name))


def read_all() -> None:
    """Read every file, as a test may put others in their place later."""
    for name in _names():
        _text(name)


def names(folder: str) -> Iterator[str]:
    """Yield the name of every JSON file under `folder`, sorted."""
    return (name for name in _names() if not folder or name.startswith(f"{folder}/"))
