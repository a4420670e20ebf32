"""Images in IMS's own API: list, update, and what can be made of them."""

from __future__ import annotations

from itertools import islice

from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.service.listing import ordered, sorting
from ims_mock.service.own_api import own_image_of
from ims_mock.service.own_listing import own_filters
from ims_mock.service.own_patching import check_updatable, own_patched
from ims_mock.service.patching import changes_of
from ims_mock.state.life_cycle import change


def list_images(exchange: Exchange) -> Response:
    """List a page of the images that the caller sees; unlike natively, it does not say whether another follows."""
    query = exchange.query
    found = ordered(exchange.store, own_filters(exchange), sorting(query), exchange.project_id, query.get("marker"))
    return exchange.respond({"images": list(islice(found, query["limit"]))})


def update_image(exchange: Exchange) -> Response:
    """Update an active image, all of the changes or none."""
    image = own_image_of(exchange)
    check_updatable(image)
    changed = own_patched(image, changes_of(exchange.body.json, exchange.media_type))
    return exchange.respond(change(exchange.store, changed) if changed != image else image)
