"""Files of images that come from a bucket, and go into one."""

from __future__ import annotations

from ims_mock.contract.errors import ImsError, image_not_found
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.service import neighbours
from ims_mock.service.making import LAZY, STUB, begin
from ims_mock.service.own_api import check_active, image_of, own_image_of, refuse_where
from ims_mock.service.sources import format_of, from_file
from ims_mock.state.collections import REMOVED, Transition
from ims_mock.state.files import File
from ims_mock.state.images import Image
from ims_mock.state.jobs import Plan
from ims_mock.state.life_cycle import become, find_own_image, is_leaving, planned

_MOST_BYTES = 128 * 1024**3
"""Largest image that is exported, unless quickly."""

_MOST_BYTES_QUICKLY = 1024 * 1024**3

_QUICK_FORMAT = "zvhd2"

_LONGEST_NAME = 1023
"""Most characters in the name of a file in a bucket."""

_EXPORT = "imsNativeExportImageJob"

_CHARGED = ("Windows", "SUSE", "RedHat", "Oracle Linux")
"""The platforms whose public images cost something, so that what is made of them is not exported."""


def register_image(exchange: Exchange) -> Response:
    """Make a file in a bucket the file of a queued image; it is saving until then, and queued again if that fails.

    Raises 404 for an image that does not exist: the page of this operation says so.
    """
    store = exchange.store
    image = find_own_image(store, exchange.path["image_id"], exchange.project_id)
    status = image["status"]
    if is_leaving(store, image["id"]):
        raise image_not_found(image["id"])
    has_file = image["id"] in store.uploads or bool(planned(store, image["id"]))
    is_ova = format_of(exchange, exchange.body.json["image_url"]) == "ova"
    refuse_where(
        (status != "queued", "IMG.0046", f"/status: only a queued image takes a file, and it is {status}"),
        (
            has_file,
            "IMG.0046",
            "/status: the image has its file, or an upload is under way; create another image",
        ),
        (is_ova, "IMG.0057", "/image_url: an OVA file is not registered; make an image of it with create_image"),
    )
    source = from_file(exchange, exchange.body.json)
    become(store, image, "saving")
    file = File([STUB])
    store.files.put(image["id"], file)
    attributes = {**file.described(), **LAZY, **source}
    success = _transition("images", image, "active", attributes)
    failure = [_transition("images", image, "queued"), _transition("files", image, REMOVED)]
    return begin(exchange, Plan("imsNativeImportImageJob", _entities(image), [success], failure))


def _transition(collection: str, image: Image, status: str, attributes: dict[str, object] | None = None) -> Transition:
    return {"collection": collection, "id": image["id"], "status": status, "attributes": attributes or {}}


def _entities(image: Image) -> dict[str, str]:
    return {"image_id": image["id"], "image_name": image["name"]}


def export_image(exchange: Exchange) -> Response:
    """Export an image of the project into a file of a bucket, which is there once the job has succeeded."""
    body, image = exchange.body.json, image_of(exchange)
    _check_name(body["bucket_url"])
    refuse_where((image["visibility"] == "public", "IMG.0077", "/image_id: a public image cannot be exported"))
    image = own_image_of(exchange)
    check_active(image)
    is_quick, size = body.get("is_quick_export", False), int(image.get("__image_size", 0))
    most, more = (_MOST_BYTES_QUICKLY, "") if is_quick else (_MOST_BYTES, "; a quick export takes up to 1 TB")
    is_charged = (image.get("__data_origin") or "").startswith("instance,") and image["__platform"] in _CHARGED
    is_market = image["__imagetype"] == "market" or bool(image.get("__productcode"))
    refuse_where(
        (is_market, "IMG.0078", "/image_id: an image of the marketplace cannot be exported"),
        (
            is_charged,
            "IMG.0079",
            f"/image_id: an image made of a charged one ({image['__platform']}) cannot be exported",
        ),
        (image.get("__whole_image") == "true", "IMG.0128", "/image_id: a full-ECS image cannot be exported"),
        (image["disk_format"] == "iso", "IMG.0167", "/image_id: an ISO image cannot be exported"),
        (is_quick and "file_format" in body, "IMG.0072", "/file_format: a quick export is ZVHD2; leave it out"),
        (
            not is_quick and "file_format" not in body,
            "IMG.0072",
            "/file_format: is needed unless is_quick_export is true",
        ),
        (size > most, "IMG.0160", f"/image_id: must have at most {most} bytes, got {size}{more}"),
        (
            _is_being_exported(exchange, image["id"]),
            "IMG.0148",
            "/image_id: an export of the image is under way; wait until it has ended",
        ),
    )
    _check_free(exchange, body["bucket_url"])
    format_ = _QUICK_FORMAT if is_quick else body["file_format"]
    exported = neighbours.arriving("objects", {"name": body["bucket_url"], "size": size, "format": format_})
    return begin(exchange, Plan(_EXPORT, _entities(image), [exported]))


export_image_in_safe_mode = export_image


def _check_name(url: str) -> None:
    """Raise 400 for an exported file that has no name, or too long a one."""
    name = url.partition(":")[2]
    refuse_where(
        (not name, "IMG.0073", f"/bucket_url: must have a name of the file after the bucket, got {url!r}"),
        (
            len(name) > _LONGEST_NAME,
            "IMG.0074",
            f"/bucket_url: the name of the file must have at most {_LONGEST_NAME} characters, got {len(name)}",
        ),
    )


def _check_free(exchange: Exchange, url: str) -> None:
    """Raise 400 for a place that has a file already, or with the code with which a test wants it rejected."""
    if neighbours.is_listed(exchange.store, "objects", url):
        neighbours.find(exchange, "objects", url, "IMG.0069", "/bucket_url")
        raise ImsError(
            400, "IMG.0070", reason="/bucket_url: the bucket has a file of this name already; choose another name"
        )


def _is_being_exported(exchange: Exchange, image_id: str) -> bool:
    return any(job["type"] == _EXPORT for job in exchange.store.jobs.pending_of_image(image_id))
