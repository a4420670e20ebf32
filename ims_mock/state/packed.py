"""Images as a store keeps them: tuples, which take a third of the memory of dicts, and none of which is edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ims_mock.state.images import Image

Place = tuple[str, int, str]
"""The place of an image among the others: time of creation, number, id."""

Packed = tuple[str, int, str, tuple[str, ...], tuple[Any, ...]]
"""An image: its place, the names of its attributes, which many images share, and their values.

Of two images the place says which comes first, so that a packed one is also its row in the order of creation.
"""

Placed = dict[str, Any]
"""An image in a saved state: its `number` among all, the time `created_at` by which it is listed, and the `image`."""


def pack(image: Image, image_id: str, number: int, names: dict[tuple[str, ...], tuple[str, ...]]) -> Packed:
    """Return an image that is packed; `names` are those that other images have, to be shared."""
    own = tuple(image)
    return str(image.get("created_at", "")), number, image_id, names.setdefault(own, own), tuple(image.values())


def as_packed(stored: Any) -> Packed:
    """Return what a backing has kept of an image, which may have made lists of tuples, as JSON does."""
    if type(stored) is tuple:
        return stored
    created_at, number, image_id, names, values = stored
    return created_at, number, image_id, tuple(names), tuple(values)


def unpacked(packed: Packed) -> Image:
    """Return an image as a dict of its own."""
    return dict(zip(packed[3], packed[4], strict=False))


def value_of(packed: Packed, name: str, default: Any = None) -> Any:
    """Return an attribute of an image."""
    names = packed[3]
    return packed[4][names.index(name)] if name in names else default


def changed(packed: Packed, **attributes: Any) -> Packed:
    """Return an image with other values of some of its attributes."""
    return *packed[:4], tuple(map(attributes.get, packed[3], packed[4]))


def placed(packed: Packed) -> Placed:
    """Return an image as a saved state has it; one that a test has robbed of its id has it there again."""
    image = unpacked(packed)
    if image.get("id") != packed[2]:
        image["id"] = packed[2]
    return {"number": packed[1], "created_at": packed[0], "image": image}


def place_of(document: Mapping[str, Any]) -> Place:
    """Return the place of an image in a saved state among the others."""
    return document["created_at"], document["number"], document["image"]["id"]
