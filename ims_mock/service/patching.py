"""How an update changes an image: a list of changes, in either of the two dialects of Glance's JSON patch.

https://docs.openstack.org/api-ref/image/v2/index.html#update-image
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import load_model
from ims_mock.contract.problems import Keys, wrong_at
from ims_mock.state.images import BASE_ATTRIBUTES, Image, check_custom_attributes, without_repetition

V20 = "application/openstack-images-v2.0-json-patch"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `op` is add, replace or remove.

    `name_at` and `value_at` are where in the request's body the attribute's name and its value stand.
    """

    op: str
    name: str
    value: Any
    name_at: Keys
    value_at: Keys


def changes_of(body: list[dict[str, Any]], media_type: str) -> Iterator[Change]:
    """Yield the changes that a valid body of either media type asks for."""
    for index, item in enumerate(body):
        op = item["op"] if media_type != V20 else next(op for op in ("add", "replace", "remove") if op in item)
        name_key = "path" if media_type != V20 else op
        name = item[name_key][1:].replace("~1", "/").replace("~0", "~")
        yield Change(op, name, item.get("value"), (index, name_key), (index, "value"))


def patched(image: Image, changes: Iterable[Change]) -> Image:
    """Return an image with changes made one after the other; the image itself stays as it is.

    Raise 403 for an attribute that cannot be set or removed, 400 for a wrong value, 409 where one that is to be
    replaced or removed is missing, 413 for too many attributes.
    """
    result = dict(image)
    for change in changes:
        _make(change, result)
    check_custom_attributes(result)
    return {**result, "tags": without_repetition(result["tags"])}


def _make(change: Change, image: Image) -> None:
    name, is_removed = change.name, change.op == "remove"
    # What is removed is as well set to what it is: whether it may be changed at all does not depend on that.
    value = image.get(name, "") if is_removed else change.value
    model = load_model("image_changes", writing=True)
    model.check({name: value}, change.name_at, change.name_at if is_removed else change.value_at)
    if change.op != "add" and name not in image:
        hint = "" if is_removed else "; use add"
        text = f"the image has no attribute {name!r}{hint}"
        raise ImsError(409, "IMG.0035", reason=wrong_at(change.name_at, "exists", text, name))
    if is_removed and name in BASE_ATTRIBUTES:
        text = f"{name!r} can be replaced, and not removed"
        raise ImsError(403, "IMG.0161", reason=wrong_at(change.name_at, "required", text, name))
    if is_removed:
        del image[name]
    else:
        image[name] = value
