"""The text of a saved state: JSON with a line for each record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from ims_mock.state.packed import Packed, placed

_encode = json.JSONEncoder(separators=(",", ":")).encode


def text_of(document: Mapping[str, Any], images: Iterable[Packed]) -> str:
    """Return a state as JSON; its `images` are given as they are stored, because there may be many."""
    members = [f"{quoted(name)}: {_lines_of(value)}" for name, value in document.items() if name != "images"]
    lines = ",\n  ".join(map(_Writer(), images))
    return "".join(("{\n ", ",\n ".join(members), ',\n "images": [\n  ', lines, "\n ]\n}\n"))


def _lines_of(value: Any) -> str:
    if isinstance(value, list):
        return _lines("[", map(_encode, value), "]")
    if isinstance(value, Mapping):
        return _lines("{", (f"{quoted(key)}: {_encode(item)}" for key, item in value.items()), "}")
    return _encode(value)


def _lines(start: str, lines: Iterable[str], end: str) -> str:
    text = ",\n  ".join(lines)
    return f"{start}\n  {text}\n {end}" if text else start + end


class _Writer:
    """Writes images, whose names many share: json takes twice as long, also without making dicts of them."""

    def __init__(self) -> None:
        self._templates: dict[tuple[str, ...], tuple[str, int]] = {}

    def __call__(self, packed: Packed) -> str:
        """Return an image with its place as JSON."""
        created_at, number, image_id, names, values = packed
        known = self._templates.get(names)
        if known is None:
            known = self._templates[names] = _template(names)
        template, place_of_id = known
        if place_of_id < 0 or values[place_of_id] != image_id:
            return _encode(placed(packed))
        texts = [quoted(value) if type(value) is str else _text(value) for value in values]
        return template % (number, quoted(created_at), *texts)


def _template(names: tuple[str, ...]) -> tuple[str, int]:
    """Return how images of these names are written, and which of them is the id; -1 where none is."""
    members = ",".join(quoted(name).replace("%", "%%") + ":%s" for name in names)
    return f'{{"number":%d,"created_at":%s,"image":{{{members}}}}}', names.index("id") if "id" in names else -1


def _text(value: Any) -> str:
    kind = type(value)
    if kind is int:
        return repr(value)
    if kind is list and set(map(type, value)) <= {str}:
        return "[" + ",".join(map(quoted, value)) + "]"
    return "true" if value is True else "false" if value is False else _encode(value)
