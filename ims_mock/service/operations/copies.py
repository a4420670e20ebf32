"""Copies of images, within a region and into another one."""

from __future__ import annotations

from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.service.making import add_arriving_image, begin_making
from ims_mock.service.own_api import image_of
from ims_mock.state.images import Image
from ims_mock.state.life_cycle import file_of

_COPIED = ("container_format", "disk_format", "min_disk", "min_ram", "max_ram", "__image_size", "__description")


def copy_image_in_region(exchange: Exchange) -> Response:
    """Copy an image that the project sees into another one of its own."""
    source = image_of(exchange)
    return begin_making(exchange, "imsCopyImageInRegionJob", [_copy(exchange, source)])


def _copy(exchange: Exchange, source: Image) -> Image:
    body = exchange.body.json
    of_machine = {name: value for name, value in source.items() if name.startswith(("__os_", "__support_", "hw_"))}
    attributes = {**of_machine, **{name: source[name] for name in _COPIED if name in source}, "name": body["name"]}
    return add_arriving_image(exchange, attributes, file_of(exchange.store, source))
