"""What a list of IMS's own API asks for, where it differs from the native one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from ims_mock.contract import schema_files
from ims_mock.exchange.exchange import Exchange
from ims_mock.service.filtering import Filter
from ims_mock.service.listing import alike, by_time, exact, listed_for, one_of
from ims_mock.service.tagging import pair_of
from ims_mock.state.image_orders import as_text
from ims_mock.state.images import Image

_FLAVORS = schema_files.read("flavors.json")["families"]
_NO_FILTERS = {"limit", "page", "marker", "sort_key", "sort_dir", "member_status", "attributes"}
_ALL_PROJECTS = "all_granted_eps"


def own_filters(exchange: Exchange) -> list[Filter]:
    """Return what an image must pass for the query of a list: who sees it, and each parameter."""
    query = exchange.query
    return [
        listed_for(exchange.store, exchange.project_id, query["member_status"]),
        *(_filter(name, value) for name, value in _attributes(query)),
    ]


def _attributes(query: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((name, value) for name, value in query.items() if name not in _NO_FILTERS)
    yield from query.get("attributes", {}).items()


def _filter(name: str, wanted: Any) -> Filter:
    special = _SPECIAL.get(name)
    if special is not None:
        return special(name, wanted)
    is_flag = isinstance(wanted, str) and wanted.lower() in ("true", "false")
    return _flag(name, wanted.lower()) if is_flag else exact(name, wanted)


def _flag(name: str, wanted: str) -> Filter:
    """Filter by a flag, which is a text in either case; unlike natively, one that is not there is false."""
    return Filter(lambda value: as_text(value).lower() == wanted, name, absent="false", alike=alike(name, wanted))


def _tags(_: str, wanted: list[str]) -> Filter:
    pairs = {pair_of(text) for text in wanted}
    alike_all = alike("tags", wanted[0], "")
    return Filter(lambda tags: pairs <= {pair_of(text) for text in tags}, "tags", absent=(), alike=alike_all)


def _enterprise_project(name: str, wanted: str) -> Filter:
    if wanted == _ALL_PROJECTS:
        return Filter(lambda _: True, name)
    return Filter(lambda value: bool(value == wanted), name, absent="0", alike=alike(name, wanted, "0"))


def _architecture(_: str, wanted: str) -> Filter:
    return _flag("__support_arm", "true" if wanted.lower() == "arm" else "false")


def architecture_of(image: Image) -> str:
    """Return the architecture of an image: arm or x86."""
    return "arm" if as_text(image.get("__support_arm", "")).lower() == "true" else "x86"


def _flavor(_: str, flavor_id: str) -> Filter:
    """Filter the public images that fit a flavor."""
    family = _family(flavor_id)

    def fits(image: Image) -> bool:
        architecture = architecture_of(image)
        firmware = image.get("hw_firmware_type") or ("uefi" if architecture == "arm" else "bios")
        return (
            image.get("visibility") == "public"
            and image.get("virtual_env_type") == family["virtual_env_type"]
            and architecture == family["architecture"]
            and firmware in family["hw_firmware_type"]
        )

    return Filter(fits, alike=alike("visibility", "public"))


@lru_cache(maxsize=64)
def _family(flavor_id: str) -> Mapping[str, Any]:
    family: Mapping[str, Any] = next(family for family in _FLAVORS if re.search(family["flavors"], flavor_id))
    return family


_SPECIAL: dict[str, Callable[[str, Any], Filter]] = {
    **dict.fromkeys(("name", "status", "container_format", "disk_format"), lambda name, value: one_of(name, {value})),
    "id": lambda name, values: one_of(name, set(values)),
    **dict.fromkeys(("created_at", "updated_at"), by_time),
    "tag": _tags,
    "enterprise_project_id": _enterprise_project,
    "architecture": _architecture,
    "flavor_id": _flavor,
}
