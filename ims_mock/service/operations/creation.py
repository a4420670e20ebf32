"""Images made of servers, of disks, of files in buckets and of backups, each by a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ims_mock.contract.operations import Model
from ims_mock.contract.problems import Keys
from ims_mock.contract.sources import sources_of
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.service import backups
from ims_mock.service.creating import attributes_of, os_type_of
from ims_mock.service.making import add_arriving_image, begin_making
from ims_mock.service.own_api import refuse_where
from ims_mock.service.sources import check_one_server, format_of, from_file, from_server, from_volume
from ims_mock.state.collections import Transition
from ims_mock.state.images import Image
from ims_mock.state.life_cycle import check_quota

Body = Mapping[str, Any]
"""The body of a request, or a part of one that is about one image."""

_QUICKLY = "imsImportBigFileImageJob"
"""The type of the job that takes a file as it is, within another job."""

_OF_ISO = "imsImportIsoFileImageJob"
"""The type of the job that brings an ISO file."""

_ISO = {"disk_format": "iso", "virtual_env_type": "IsoImage"}
_DATA = {"virtual_env_type": "DataImage"}


def create_image(exchange: Exchange) -> Response:
    """Create a system image, or data images of disks: what the body names decides what it is made of.

    Raise 400 for a body without a source, and for one with more than one.
    """
    body = exchange.body.json
    source, model = _source(exchange, body)
    model.check(body)
    known = exchange.entry.ignored
    exchange.entry.ignored += tuple(name for name in model.schema.unnamed(body) if name not in known)
    return _CREATE[source](exchange, model.schema.named(body))


create_image_in_safe_mode = create_image
create_image_v1 = create_image


def create_data_image(exchange: Exchange) -> Response:
    """Create a data image of a file in a bucket."""
    return _create(exchange, "imsImportDataImageJob", [{**_of_file(exchange, _read(exchange)), **_DATA}])


create_data_image_in_safe_mode = create_data_image


def import_image_quick(exchange: Exchange) -> Response:
    """Create a system image or a data image of a file that is taken as it is."""
    body = _read(exchange)
    is_data = body.get("type") == "DataImage"
    attributes = _of_file(exchange, body, is_quick=True)
    return _create(exchange, "imsImportDataImageJob" if is_data else "imsImportImageJob", [attributes], _QUICKLY)


import_image_quick_in_safe_mode = import_image_quick


def create_whole_image(exchange: Exchange) -> Response:
    """Create a full-ECS image of a server, of which a backup is made, or of a backup.

    Raise 400 for a body with neither, and for one with both.
    """
    body = _read(exchange)
    source, _ = _source(exchange, body)
    given = attributes_of(exchange, body)
    if source == "backup_id":
        image = {**backups.from_backup(exchange, body), **given}
        made = backups.known_backup(exchange, body)
        return _create(exchange, "imsCreateWholeImageByBackupJob", [image], made=made)
    of_source = {**backups.from_server(exchange, body), **given}
    image, backup = backups.new_backup(exchange, of_source, body["instance_id"], body.get("vault_id", ""))
    return _create(exchange, "imsCreateWholeImageByInstanceJob", [image], made=[backup])


def _source(exchange: Exchange, body: Body) -> tuple[str, Model]:
    """Return what a body says that an image is made of, and the model of such a body."""
    sources = sources_of(exchange.operation.id)
    assert sources is not None
    source = sources.source_of(body)
    return source, sources.model_of(source)


def _read(exchange: Exchange) -> Body:
    """Return the body without what its model does not have, which is not read."""
    model = exchange.operation.bodies["application/json"]
    read: Body = model.schema.named(exchange.body.json) if model else {}
    return read


def _create_of_server(exchange: Exchange, body: Body) -> Response:
    system = {**from_server(exchange, body["instance_id"]), **attributes_of(exchange, body)}
    return _create(exchange, "imsCreateImageByInstance", [system, *_of_volumes(exchange, body)])


def _create_of_volumes(exchange: Exchange, body: Body) -> Response:
    return _create(exchange, "imsVolumesToSysDataImagesJob", _of_volumes(exchange, body))


def _of_volumes(exchange: Exchange, body: Body) -> list[Image]:
    """Return the attributes of the data images of disks that a body asks for."""
    items = [(item, ("data_images", index)) for index, item in enumerate(_data_images(body))]
    images = [
        {**from_volume(exchange, item["volume_id"], path), **attributes_of(exchange, item, path), **_DATA}
        for item, path in items
    ]
    check_one_server(exchange, [item["volume_id"] for item, _ in items], body.get("instance_id"))
    return images


def _data_images(body: Body) -> Iterator[Body]:
    """Yield what a body has of each data image, with what it has of all of them."""
    common = {name: body[name] for name in ("name", "enterprise_project_id") if body.get(name)}
    for item in body.get("data_images", ()):
        yield {**common, **item}


def _create_of_volume(exchange: Exchange, body: Body) -> Response:
    attributes = {**from_volume(exchange, body["volume_id"]), **attributes_of(exchange, body)}
    return _create(exchange, "imsVolumeCreateImageJob", [attributes])


def _create_of_file(exchange: Exchange, body: Body) -> Response:
    format_, is_quick = format_of(exchange, body["image_url"]), body.get("is_quick_import", False)
    is_iso = body["type"] == "IsoImage" if "type" in body else format_ == "iso"
    has_version = "os_version" in body
    data = list(_data_images(body))
    of_system = {"os_type": os_type_of(body)}
    urls = [item["image_url"] for item in (body, *data)]
    refuse_where(
        (is_iso and not has_version, "IMG.0166", "/os_version: is needed for an ISO image"),
        (is_quick and not has_version, "IMG.0159", "/os_version: is needed with is_quick_import"),
        (len(set(urls)) < len(urls), "IMG.0123", "/data_images: each file must be named once"),
        (
            body.get("type") == "Ironic" and bool(body.get("cmk_id")),
            "IMG.0118",
            "/cmk_id: an image for bare metal servers is not encrypted; leave it out",
        ),
    )
    images = [
        {**_of_file(exchange, body, is_quick=is_quick), **(_ISO if is_iso else {})},
        *(
            {**_of_file(exchange, {**of_system, **item}, ("data_images", index)), **_DATA}
            for index, item in enumerate(data)
        ),
    ]
    if format_ == "ova":
        return _create(exchange, "imsImportOvaImageJob", images)
    return _create(exchange, "imsImportImageJob", images, _OF_ISO if is_iso else _QUICKLY if is_quick else "")


def _of_file(exchange: Exchange, body: Body, path: Keys = (), *, is_quick: bool = False) -> Image:
    """Return the attributes of an image of a file that a body, or a part of one at a path, asks for."""
    is_quick = is_quick or body.get("is_quick_import", False)
    return {**from_file(exchange, body, path, is_quick=is_quick), **attributes_of(exchange, body, path)}


def _create(
    exchange: Exchange, job_type: str, images: Sequence[Image], part_type: str = "", made: Sequence[Transition] = ()
) -> Response:
    """Begin the job that makes images of these attributes; raise 400 where the project may not have so many more."""
    check_quota(exchange.store, exchange.project_id, len(images))
    added = [add_arriving_image(exchange, attributes) for attributes in images]
    return begin_making(exchange, job_type, added, part_type, made)


_CREATE = {
    "instance_id": _create_of_server,
    "image_url": _create_of_file,
    "volume_id": _create_of_volume,
    "data_images": _create_of_volumes,
}
"""What makes an image, or several, of each source."""
