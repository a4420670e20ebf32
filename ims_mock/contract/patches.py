"""The changes to an image in a JSON patch, in either of the two dialects of Glance, and what each may set.

https://docs.openstack.org/api-ref/image/v2/index.html#update-image
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ims_mock.contract import schema_files
from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import load_model
from ims_mock.contract.problems import Keys, wrong_at

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


def check_change(change: Change, value: Any) -> None:
    """Raise 403 where a change sets or removes what the service alone sets, 400 for a value that cannot be.

    `value` is what the attribute is to be, or is where it is removed.
    """
    model = load_model("image_changes", writing=True)
    model.check({change.name: value}, change.name_at, change.name_at if change.op == "remove" else change.value_at)


def check_own_name(change: Change) -> None:
    """Raise 400 where an update in IMS's own API cannot change an attribute."""
    name = change.name
    if name in _known() and name not in editable():
        raise forbidden(change, f"{name!r} cannot be changed; {', '.join(editable())} and custom attributes can")


def own_value(change: Change) -> Any:
    """Return the value that a change in IMS's own API sets, a number for a text of digits; raise 400 for others."""
    value = change.value
    if editable().get(change.name, {}).get("type") == "integer" and isinstance(value, str):
        value = int(value) if re.fullmatch("[0-9]{1,10}", value) else value
    load_model("own_image_changes").check({change.name: value}, change.name_at, change.value_at)
    return value


def forbidden(change: Change, text: str) -> ImsError:
    """Return the 400 of a change that IMS's own API does not make."""
    return ImsError(400, "IMG.0161", reason=wrong_at(change.name_at, "readOnly", text, change.name))


@cache
def editable() -> Mapping[str, Any]:
    """Return the attributes that an update in IMS's own API may set, besides custom ones, with their schemas."""
    found: Mapping[str, Any] = schema_files.read("models/own_image_changes.json")["properties"]
    return found


@cache
def _known() -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema_files.read("models/image_attributes.json")["properties"]
    return found
