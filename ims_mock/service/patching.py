"""How an update changes an image natively: its changes, one after the other.

https://docs.openstack.org/api-ref/image/v2/index.html#update-image
"""

from __future__ import annotations

from collections.abc import Iterable

from ims_mock.contract.errors import ImsError
from ims_mock.contract.patches import Change, check_change
from ims_mock.contract.problems import wrong_at
from ims_mock.state.images import BASE_ATTRIBUTES, Image, check_custom_attributes, without_repetition


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
    check_change(change, value)
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
