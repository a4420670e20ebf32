"""Versions 1 and 1.1 of the API: deprecated, and still documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from operator import itemgetter
from typing import Any

from ims_mock.exchange.exchange import Exchange, Later
from ims_mock.exchange.messages import Response
from ims_mock.service.filtering import Filter, of_seen, passed, passing
from ims_mock.service.listing import changed_since, filters, listed_for
from ims_mock.state.image_orders import Among, as_text
from ims_mock.state.images import Image
from ims_mock.state.life_cycle import delete_image, find_image
from ims_mock.state.moments import Moment
from ims_mock.state.packed import Packed, Placed, place_of, unpacked

_NAMED = ("id", "name", "status", "container_format", "disk_format", "min_disk", "min_ram", "protected", "owner")

_ACCEPTED = Among(member_status="accepted")

# What has a place of its own in version 1, or none.
_NO_PROPERTIES = {
    *_NAMED,
    *("created_at", "updated_at", "active_at", "deleted_at", "deleted", "checksum", "size", "virtual_size"),
    *("visibility", "tags", "self", "file", "schema"),
}


def glance_list_images_detail_v1(exchange: Exchange) -> Later:
    """List every image that the caller sees, newest first, and with changes-since its deleted ones too."""
    query, store = exchange.query, exchange.store
    exact = {name: value for name, value in query.items() if isinstance(value, str) and name != "changes-since"}
    sizes = {name: value for name, value in query.items() if not isinstance(value, str)}
    chosen = [listed_for(store, exchange.project_id, "accepted"), *filters({**sizes, "attributes": exact})]
    deleted: list[Placed] = []
    if "changes-since" in query:
        chosen.append(changed_since("changes-since", query["changes-since"]))
        deleted += store.deleted.values()
    seen = Moment(store, exchange.project_id, _ACCEPTED).walk(_ACCEPTED)
    return partial(_details, exchange, chosen, seen, deleted)


def _details(exchange: Exchange, chosen: list[Filter], seen: Iterator[Packed], deleted: list[Placed]) -> Response:
    """Respond with the images that pass, of those that the caller sees and of those that are deleted."""
    there = ((packed[:3], unpacked(packed)) for packed in passed(seen, of_seen(chosen)))
    gone = [(place_of(item), item["image"]) for item in deleted if passing(chosen, item["image"])]
    images = sorted([*there, *gone], key=itemgetter(0), reverse=True) if gone else there
    return exchange.respond({"images": [_v1(image) for _, image in images]})


def glance_show_image_metadata_v1(exchange: Exchange) -> Response:
    """Show an image in headers; of its attributes those whose names and values a header can have."""
    image = _v1(find_image(exchange.store, exchange.path["image_id"], exchange.project_id))
    properties = image.pop("properties")
    headers = {f"X-Image-Meta-{name.capitalize()}": str(value) for name, value in image.items() if value is not None}
    headers |= {
        f"X-Image-Meta-Property-{name}": value
        for name, value in properties.items()
        if re.fullmatch(r"[\w.!#$%&'*+^`|~-]+", name, re.ASCII) and re.fullmatch(r"[^\x00-\x1f\x7f]{0,8000}", value)
    }
    if image["checksum"] is not None:
        headers["Etag"] = image["checksum"]
    return exchange.respond(headers=headers)


def glance_delete_image_v1(exchange: Exchange) -> Response:
    """Delete an image as glance_delete_image does, with another status."""
    delete_image(exchange.store, exchange.path["image_id"], exchange.project_id)
    return exchange.respond()


def _v1(image: Image) -> dict[str, Any]:
    """Return an image in the form of version 1: times without a zone, and its other attributes apart."""
    return {
        **{name: image[name] for name in _NAMED},
        "created_at": _time(image["created_at"]),
        "updated_at": _time(image["updated_at"]),
        "deleted": image.get("deleted", False),
        "deleted_at": _time(image["deleted_at"]) if "deleted_at" in image else None,
        "is_public": image["visibility"] == "public",
        "checksum": image.get("checksum"),
        "size": image.get("size", 0),
        "virtual_size": image.get("virtual_size"),
        "properties": {
            name: as_text(value) for name, value in image.items() if name not in _NO_PROPERTIES and value is not None
        },
    }


def _time(stamp: str) -> str:
    return stamp.removesuffix("Z") + ".000000"
