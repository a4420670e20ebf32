"""The tags of images: add, delete."""

from __future__ import annotations

from ims_mock.contract.errors import tag_not_found
from ims_mock.contract.operations import load_model
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.state.life_cycle import change, find_own_image


def glance_create_tag(exchange: Exchange) -> Response:
    """Add a tag to an image of one's own, unless it has it already."""
    image, tag = find_own_image(exchange.store, exchange.path["image_id"], exchange.project_id), exchange.path["tag"]
    if tag not in image["tags"]:
        tags = [*image["tags"], tag]
        load_model("image_changes", writing=True).check({"tags": tags})
        change(exchange.store, image, tags=tags)
    return exchange.respond()


def glance_delete_tag(exchange: Exchange) -> Response:
    """Delete a tag of an image of one's own."""
    image, tag = find_own_image(exchange.store, exchange.path["image_id"], exchange.project_id), exchange.path["tag"]
    if tag not in image["tags"]:
        raise tag_not_found(image["id"], tag)
    change(exchange.store, image, tags=[other for other in image["tags"] if other != tag])
    return exchange.respond()
