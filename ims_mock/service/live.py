"""The operations of the control API that a page asks again and again, to show a mock as it is."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ims_mock.contract.wording import shown
from ims_mock.evidence.journal import Entry
from ims_mock.service.feed import is_count
from ims_mock.service.missing import NotFoundError
from ims_mock.service.service import Service
from ims_mock.state.files import File
from ims_mock.state.packed import Packed, as_packed, unpacked, value_of

Values = Mapping[str, Any]

_OF_REQUEST = ("number", "request_id", "received_at", "caller", "method", "path", "operation", "status", "reason")
"""What a list of requests has of each, beside its rules and how its response left."""

_OF_IMAGE = (
    *("name", "status", "visibility", "owner", "tags", "protected", "disk_format", "__os_version", "__imagetype"),
    *("created_at", "updated_at"),
)
"""The attributes that a list of images has of each."""


def show_changes(service: Service, values: Values, _body: Any) -> Any:
    """Show which parts have changed, as soon as one has."""
    cursor, parts, is_busy = service.feed.wait(
        values.get("after", ""), values.get("page", ""), values["wait"], values["has_gone"]
    )
    counts = {
        "requests": service.journal.received,
        "images": len(service.store.images),
        "jobs": len(service.store.jobs),
        "rules": len(service.faults),
        "snapshots": len(service.snapshots),
    }
    return {
        "instance": service.feed.instance,
        "cursor": cursor,
        "parts": parts,
        "counts": counts,
        "is_busy": is_busy,
    }


def list_requests(service: Service, values: Values, _body: Any) -> Any:
    """List the requests that have come since a cursor."""
    page = service.feed.requests(values.get("after", ""), values["limit"])
    journal = service.journal
    oldest = next(iter(journal), None)
    return {
        "cursor": page.cursor,
        "is_whole": page.is_whole,
        "has_more": page.has_more,
        "received": journal.received,
        "oldest": oldest.number if oldest else journal.received + 1,
        "requests": [_request(entry) for entry in page.records],
    }


def _request(entry: Entry) -> dict[str, Any]:
    document = {name: getattr(entry, name) for name in _OF_REQUEST}
    is_open = not entry.status and not entry.responded_at
    return {
        **document,
        "rules": list(entry.rules),
        "delivery": str(entry.delivery),
        "seconds": None if is_open else entry.seconds,
    }


def show_request(service: Service, values: Values, _body: Any) -> Any:
    """Show one request of the journal with its response."""
    number = values["number"]
    entry = service.journal.find(int(number)) if is_count(number) else None
    if entry is None:
        first = next((str(kept.number) for kept in service.journal), "")
        known = [f"{first} to {service.journal.received}"] if first else []
        raise NotFoundError(f"the journal keeps no request with the number {shown(number)}", known)
    return entry.to_json()


def list_images(service: Service, values: Values, _body: Any) -> Any:
    """List the images that have changed since a cursor."""
    page = service.feed.images(values.get("after", ""), values["limit"])
    return {
        "cursor": page.cursor,
        "is_whole": page.is_whole,
        "has_more": page.has_more,
        "images": [_image(key, *record) for key, record in page.records],
        "removed": page.removed,
    }


def _image(image_id: str, stored: Any, members: Mapping[str, Any] | None, file: File | None) -> dict[str, Any]:
    packed = as_packed(stored)
    return {
        "id": image_id,
        "place": packed[1],
        **{name.lstrip("_"): value_of(packed, name) for name in _OF_IMAGE},
        "size": _size(packed, file),
        "members": len(members or ()),
    }


def _size(packed: Packed, file: File | None) -> int | None:
    """Return the bytes of an image: those of its file, or what it says of itself."""
    return file.size if file is not None else value_of(packed, "size")


def show_image(service: Service, values: Values, _body: Any) -> Any:
    """Show an image with its members, and the first bytes of its file."""
    image_id = values["id"]
    with service.store.transaction() as store:
        packed, known = store.images.packed(image_id), list(store.images)
        members, file = list(store.members.of(image_id).values()), store.files.get(image_id)
    if packed is None:
        raise NotFoundError(f"no image has the id {shown(image_id)}", known)
    return {"image": unpacked(packed), "members": members, "file": _file(file, values["bytes"])}


def _file(file: File | None, count: int) -> dict[str, Any] | None:
    if file is None:
        return None
    first = b"".join(file.read(range(min(count, file.size))))
    return {"size": file.size, "checksum": file.checksum, "first": base64.b64encode(first).decode("ascii")}
