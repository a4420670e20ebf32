"""Images in IMS's own API: list, update, and what can be made of them."""

from __future__ import annotations

from itertools import islice
from typing import Any

from ims_mock.contract.patches import changes_of
from ims_mock.exchange.exchange import Exchange, Later
from ims_mock.exchange.messages import Response
from ims_mock.service.listing import listed, sorting
from ims_mock.service.own_api import own_image_of
from ims_mock.service.own_listing import own_filters
from ims_mock.service.own_patching import check_updatable, own_patched
from ims_mock.service.sources import check_enterprise_project
from ims_mock.state.images import OS_TAGS, OS_VERSIONS
from ims_mock.state.life_cycle import change, private_images


def list_images(exchange: Exchange) -> Later:
    """List a page of the images that the caller sees; unlike natively, it does not say whether another follows."""
    query = exchange.query
    found = listed(exchange.store, own_filters(exchange), sorting(query), exchange.project_id, query.get("marker"))
    return lambda: exchange.respond_images(list(islice(found, query["limit"])))


def update_image(exchange: Exchange) -> Response:
    """Update an active image, all of the changes or none."""
    image = own_image_of(exchange)
    check_updatable(image)
    changes = list(changes_of(exchange.body.json, exchange.media_type))
    changed = own_patched(image, changes)
    for made in changes:
        if made.name == "enterprise_project_id" and made.op != "remove":
            check_enterprise_project(exchange, made.value, made.value_at)
    return exchange.respond_image(change(exchange.store, changed) if changed != image else image)


def show_image_quota(exchange: Exchange) -> Response:
    """Show how many private images the caller's project has and may have."""
    used, quota = private_images(exchange.store, exchange.project_id), exchange.store.settings.get("quota")
    resource = {"type": "image", "used": used, "quota": _MOST if quota is None else quota, "min": 1, "max": _MOST}
    return exchange.respond({"quotas": {"resources": [resource]}})


_MOST = 1000
"""The greatest quota, as documented; shown as the quota where none is set."""


def list_os_versions(exchange: Exchange) -> Response:
    """List the OS versions that have all of some tags, by platform."""
    wanted = {tag for text in exchange.query.get("tag", ()) for tag in text.split(",") if tag}
    platforms: dict[str, list[dict[str, Any]]] = {}
    for name, derived in OS_VERSIONS.items():
        if wanted <= OS_TAGS[name]:
            platform = derived["__platform"]
            version = {"platform": platform, "os_version_key": name, "os_version": name}
            about = {"os_bit": int(derived["__os_bit"]), "os_type": derived["__os_type"]}
            platforms.setdefault(platform, []).append({**version, **about})
    return exchange.respond([{"platform": name, "version_list": found} for name, found in platforms.items()])
