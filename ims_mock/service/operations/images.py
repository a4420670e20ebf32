"""Images: create metadata, list, show, update, delete."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import islice
from urllib.parse import parse_qsl, urlencode

from ims_mock.contract.patches import changes_of
from ims_mock.exchange.exchange import Exchange, Later
from ims_mock.exchange.messages import Response
from ims_mock.service.backups import delete_backup
from ims_mock.service.listing import filters, listed, listed_for, sorting
from ims_mock.service.patching import patched
from ims_mock.state.life_cycle import add_image, change, delete_image, find_image, find_own_image
from ims_mock.state.packed import Packed


def glance_create_image_metadata(exchange: Exchange) -> Response:
    """Create the metadata of an image; it is queued until a file is uploaded.

    https://support.huaweicloud.com/intl/en-us/api-ims/ims_03_0707.html
    """
    image = add_image(exchange.store, exchange.body.json, exchange.project_id)
    return exchange.respond_image(image, location=image["self"])


def glance_show_image(exchange: Exchange) -> Response:
    """Show one image."""
    return exchange.respond_image(find_image(exchange.store, exchange.path["image_id"], exchange.project_id))


def glance_update_image(exchange: Exchange) -> Response:
    """Update an image, all of the changes or none."""
    image = find_own_image(exchange.store, exchange.path["image_id"], exchange.project_id)
    changed = patched(image, changes_of(exchange.body.json, exchange.media_type))
    return exchange.respond_image(change(exchange.store, changed) if changed != image else image)


def glance_delete_image(exchange: Exchange) -> Response:
    """Delete an image, unless it is protected, with its file, its members and, if that is wanted, its backup."""
    image_id = exchange.path["image_id"]
    image = exchange.store.images.get(image_id, {})
    delete_image(exchange.store, image_id, exchange.project_id)
    if (exchange.body.json or {}).get("delete_backup"):
        delete_backup(exchange, image)
    return exchange.respond()


def glance_list_images(exchange: Exchange) -> Later:
    """List a page of the images that the caller sees, newest first."""
    query, store = exchange.query, exchange.store
    limit = query["limit"]
    chosen = [listed_for(store, exchange.project_id, query["member_status"]), *filters(query)]
    found = listed(store, chosen, sorting(query), exchange.project_id, query.get("marker"))
    return partial(_page, exchange, found, limit)


def _page(exchange: Exchange, found: Iterator[Packed], limit: int) -> Response:
    # One more than the page holds says whether another follows.
    page = list(islice(found, limit + 1)) if limit else []
    others = {"schema": "/v2/schemas/images", "first": _page_url(exchange.request.query_text, None)}
    if len(page) > limit:
        others["next"] = _page_url(exchange.request.query_text, page[limit - 1][2])
    return exchange.respond_images(page[:limit], **others)


@lru_cache(maxsize=1024)
def _page_url(query_text: str, marker: str | None) -> str:
    """Return the relative URL of a page of the same list: the first one, or the one after `marker`."""
    given = parse_qsl(query_text, keep_blank_values=True)
    query = [(name, value) for name, value in given if name != "marker"]
    if marker is not None:
        query.append(("marker", marker))
    return "/v2/images" + ("?" + urlencode(query) if query else "")
