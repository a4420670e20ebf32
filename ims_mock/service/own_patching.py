"""How an update in IMS's own API changes an image: other attributes than natively, and other rejections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.patches import Change, check_own_name, editable, forbidden, own_value
from ims_mock.contract.problems import Keys, wrong_at
from ims_mock.state.images import BASE_ATTRIBUTES, Image, check_custom_attributes


def check_updatable(image: Image) -> None:
    """Raise 400 for an image that is public, or not active."""
    if image["visibility"] == "public":
        raise ImsError(400, "IMG.0083", reason="/image_id: the image is public; private ones alone can be updated")
    if image["status"] != "active":
        text = f"an image that is {image['status']} cannot be updated; only an active one can"
        raise ImsError(400, "IMG.0046", reason=wrong_at(("status",), "const", text))


def own_patched(image: Image, changes: Iterable[Change]) -> Image:
    """Return an image with changes made one after the other; the image itself stays as it is.

    Raise 400 for an attribute that cannot be set or removed, for a wrong value, for one that contradicts another, and
    where one that is to be replaced or removed is missing; 413 for too many attributes.
    """
    result, made = dict(image), list(changes)
    for change in made:
        _make(change, result)
    for change in made:
        _check_conflicts(change, result)
    check_custom_attributes(result)
    return result


def _make(change: Change, image: Image) -> None:
    name = change.name
    check_own_name(change)
    if change.op != "add" and name not in image:
        advice = "" if change.op == "remove" else "; use add"
        raise _conflict(change.name_at, f"the image has no attribute {name!r}{advice}", name)
    if change.op == "remove":
        if name in BASE_ATTRIBUTES:
            raise forbidden(change, f"{name!r} can be replaced, and not removed")
        del image[name]
        return
    value = own_value(change)
    image[name] = str(value) if editable().get(name, {}).get("x-stored-as") == "string" else value


def _check_conflicts(change: Change, image: Image) -> None:
    """Raise 400 where the attribute of a change and another one of the image exclude each other."""
    for name, schema in editable().items():
        for other in schema.get("x-excludes", ()):
            if change.name in (name, other) and _is_set(image, name) and _is_set(image, other):
                raise _conflict(
                    change.name_at, f"an image has {name!r} or {other!r}, not both; remove one", change.name
                )
    is_arm = image.get("__support_arm") == "true"
    if change.name == "hw_firmware_type" and is_arm and image.get("hw_firmware_type") == "bios":
        reason = wrong_at(change.value_at, "const", "an image for arm boots with uefi", "bios")
        raise ImsError(400, "IMG.0141", reason=reason)


def _is_set(image: Image, name: str) -> bool:
    return str(image.get(name, "false")) != "false"


def _conflict(path: Keys, text: str, value: Any) -> ImsError:
    return ImsError(400, "IMG.0035", reason=wrong_at(path, "exists", text, value))
