"""How an update changes an image: a list of changes, in either of the two dialects of Glance's JSON patch.

https://docs.openstack.org/api-ref/image/v2/index.html#update-image
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ims_mock.contract import load_model
from ims_mock.errors import ImsError
from ims_mock.images import BASE_ATTRIBUTES, Image, checked


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `op` is add, replace or remove; `index` is where in the request's body it stands."""

    op: str
    name: str
    value: Any
    index: int


def changes_of(body: list[dict[str, Any]]) -> Iterator[Change]:
    """Yield the changes that a valid body asks for, be it of the media type v2.1 or v2.0."""
    for index, item in enumerate(body):
        op = item.get("op") or next(op for op in ("add", "replace", "remove") if op in item)
        pointer = item["path"] if "op" in item else item[op]
        name = pointer[1:].replace("~1", "/").replace("~0", "~")
        yield Change(op, name, item.get("value"), index)


def patched(image: Image, changes: Iterable[Change]) -> Image:
    """Return an image with changes made one after the other; the image itself stays as it is.

    Raise 403 for an attribute that cannot be set or removed, 400 for a wrong value, 409 where one that is to be
    replaced or removed is missing, 413 for too many attributes.
    """
    result = dict(image)
    for change in changes:
        _make(change, result)
    return checked(result)


def _make(change: Change, image: Image) -> None:
    name, is_removed = change.name, change.op == "remove"
    # What is removed is as well set to what it is: whether it may be changed at all does not depend on that.
    value = image.get(name, "") if is_removed else change.value
    at = (change.index, "path" if is_removed else "value")
    load_model("image_changes", writing=True).check({name: value}, at)
    if change.op != "add" and name not in image:
        hint = "" if is_removed else "; use add"
        raise ImsError(409, "IMG.0035", reason=f"/{change.index}/path: the image has no attribute {name!r}{hint}")
    if is_removed and name in BASE_ATTRIBUTES:
        raise ImsError(403, "IMG.0161", reason=f"/{change.index}/path: {name!r} can be replaced, and not removed")
    if is_removed:
        del image[name]
    else:
        image[name] = value
