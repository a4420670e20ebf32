"""Tags of images as keys and values: list, set, delete, and find images by them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from ims_mock.contract.errors import tag_not_found
from ims_mock.exchange.exchange import Exchange, Later
from ims_mock.exchange.messages import Response
from ims_mock.service import tagging
from ims_mock.service.listing import ordered
from ims_mock.service.own_api import image_of, own_image_of
from ims_mock.service.own_listing import own_filters
from ims_mock.state.image_orders import ALL, Among
from ims_mock.state.images import Image
from ims_mock.state.moments import Moment
from ims_mock.state.packed import unpacked


def list_tags(exchange: Exchange) -> Later:
    """List the tags of the images that the caller can list, each once, as keys and values with "=" between them."""
    found = ordered(exchange.store, own_filters(exchange), [("created_at", "desc")], exchange.project_id, None)
    return lambda: _page_of_tags(exchange, dict.fromkeys(tag for image in found for tag in image["tags"]))


def _page_of_tags(exchange: Exchange, tags: Collection[str]) -> Response:
    limit, page = exchange.query.get("limit"), exchange.query["page"]
    start = (page - 1) * limit if limit else 0
    # One page has all of them where no limit says otherwise.
    stop = start + limit if limit else len(tags) if page == 1 else 0
    return exchange.respond({"tags": list(islice(tags, start, stop))})


def _own(exchange: Exchange, among: Among = ALL) -> Iterator[Image]:
    seen = map(unpacked, Moment(exchange.store, exchange.project_id, among).walk(among))
    return (image for image in seen if image["owner"] == exchange.project_id)


def create_or_update_tags(exchange: Exchange) -> Response:
    """Set one tag of an image, in the old form or as a key and a value."""
    body = exchange.body.json
    image = own_image_of(exchange, body["image_id"])
    pair = tagging.pair_in(body["image_tag"]) if "image_tag" in body else tagging.old_pair(body["tag"])
    tagging.set_tags(exchange, image, [pair])
    return exchange.respond()


def list_images_tags(exchange: Exchange) -> Later:
    """List the keys of the tags of a project's own images, each with its values."""
    return partial(_values_of, exchange, _own(exchange))


def _values_of(exchange: Exchange, images: Iterable[Image]) -> Response:
    values: dict[str, dict[str, None]] = {}
    for image in images:
        for key, value in tagging.pairs_of(image):
            values.setdefault(key, {})[value] = None
    return exchange.respond({"tags": [{"key": key, "values": list(found)} for key, found in values.items()]})


def list_image_tags(exchange: Exchange) -> Response:
    """List the tags of an image."""
    return exchange.respond({"tags": tagging.documents(tagging.pairs_of(image_of(exchange)))})


def add_image_tag(exchange: Exchange) -> Response:
    """Add a tag to an image, or change the value of the one that has its key."""
    tagging.set_tags(exchange, own_image_of(exchange), [tagging.pair_in(exchange.body.json["tag"])])
    return exchange.respond()


def delete_image_tag(exchange: Exchange) -> Response:
    """Delete the tag of an image that has a key; unlike most operations of this API, 404 where there is none."""
    image, key = own_image_of(exchange), exchange.path["key"]
    if key not in dict(tagging.pairs_of(image)):
        raise tag_not_found(image["id"], key)
    tagging.remove_tags(exchange, image, [key])
    return exchange.respond()


def batch_add_or_delete_tags(exchange: Exchange) -> Response:
    """Add tags to an image, all of them or none, or delete those that are there."""
    image, tags = own_image_of(exchange), exchange.body.json["tags"]
    if exchange.body.json["action"] == "delete":
        return batch_delete_tags(exchange)
    tagging.check_new_tags(tags, ("tags",))
    tagging.set_tags(exchange, image, map(tagging.pair_in, tags))
    return exchange.respond()


def batch_delete_tags(exchange: Exchange) -> Response:
    """Delete tags of an image by their keys, those that are there."""
    image, tags = own_image_of(exchange), exchange.body.json["tags"]
    tagging.check_unique(tags, ("tags",))
    tagging.remove_tags(exchange, image, (tag["key"].strip() for tag in tags))
    return exchange.respond()


def list_image_by_tags(exchange: Exchange) -> Later:
    """List, or count, a project's own images by tags, by name and by id."""
    body = exchange.body.json
    is_chosen, matches = tagging.chooser(body), _matcher(body.get("matches", []))
    among = Among(alike=tagging.common_tags(body))
    found = (image for image in _own(exchange, among) if is_chosen(image) and matches(image))
    return lambda: _found(exchange, list(found))


def _found(exchange: Exchange, found: list[Image]) -> Response:
    body = exchange.body.json
    if body["action"] == "count":
        return exchange.respond({"total_count": len(found)})
    start = int(body.get("offset", "0"))
    page = found[start : start + int(body.get("limit", "10"))]
    return exchange.respond({"total_count": len(found), "resources": [_resource(image) for image in page]})


def _matcher(matches: list[dict[str, str]]) -> Callable[[Image], bool]:
    """Return which images some matches choose: a part of the name, whose case does not count, or the id."""
    tagging.check_unique(matches, ("matches",))
    wanted = {match["key"]: match["value"] for match in matches}
    name, image_id = wanted.get("resource_name"), wanted.get("resource_id")

    def is_chosen(image: Image) -> bool:
        is_named = name is None or (name.lower() in image["name"].lower() if name else not image["name"])
        return is_named and (image_id is None or image["id"] == image_id.lower())

    return is_chosen


def _resource(image: Image) -> dict[str, Any]:
    return {
        "resource_id": image["id"],
        "resource_name": image["name"],
        "resource_detail": {"status": image["status"]},
        "tags": tagging.documents(tagging.pairs_of(image)),
    }
