"""What was there before a recording began: its images are put into a mock, so that requests about them are the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from ims_mock.contract.recorded import RecordedExchange
from ims_mock.evidence.correspondence import Correspondence, header_of, seconds_of
from ims_mock.evidence.differences import value_of
from ims_mock.mock import ImsMock
from ims_mock.service.catalogue import add_image
from ims_mock.testing.outgoing import is_write, route_of

_NATIVE = {"glance_show_image", "glance_list_images", "list_images"}
"""The operations that show an image with all its attributes."""


def arrange(
    recording: Sequence[RecordedExchange], mock: ImsMock, ids: Correspondence, began: float | None = None
) -> list[str]:
    """Put the images into a mock that a recording shows, and that none of its requests has made; return what to say.

    Private ones are of the mock's own project. An image that the mock could not have is left out, and said. Where the
    recording is a part of a conversation that `began` at a time, its images are those that were created before.
    """
    added, notes = 0, []
    for image in images_before(recording):
        if began is not None and (ids.knows(image["id"]) or not _is_before(image, began)):
            continue
        attributes = dict(image)
        if attributes.get("visibility") != "public" and isinstance(attributes.get("owner"), str):
            ids.pair(attributes["owner"], mock.project_id)
            attributes["owner"] = mock.project_id
        if attributes.get("id") in mock.images:
            continue
        try:
            add_image(mock.service.store, mock.project_id, attributes)
            added += 1
        except (ValueError, TypeError) as error:
            notes.append(f"the image {image['id']} was there before, and cannot be put into the mock: {error}")
    if added:
        notes.insert(0, f"put into the mock first: {added} images that were there before the recording began")
    return notes


def images_before(recording: Sequence[RecordedExchange]) -> list[Mapping[str, Any]]:
    """Return the images that were there before the first request, as they were shown first."""
    began = _beginning(recording)
    found: dict[str, Mapping[str, Any]] = {}
    has_made = False
    for exchange in recording:
        route = route_of(exchange.request)
        for image in _shown(exchange) if route and route.operation.id in _NATIVE else ():
            if not has_made or image.get("visibility") == "public" or _is_before(image, began):
                found.setdefault(image["id"], image)
        is_success = exchange.response is not None and exchange.response.status < 300
        has_made = has_made or (is_success and is_write(exchange.request, route))
    return list(found.values())


def _shown(exchange: RecordedExchange) -> Iterator[Mapping[str, Any]]:
    """Yield the images of a response; what has no id and no status is none."""
    value = value_of(exchange.response) if exchange.response and exchange.response.status == 200 else None
    images = value.get("images", [value]) if isinstance(value, dict) else None
    for image in images if isinstance(images, list) else ():
        if isinstance(image, dict) and isinstance(image.get("id"), str) and isinstance(image.get("status"), str):
            yield image


def _beginning(recording: Sequence[RecordedExchange]) -> float | None:
    """Return when the first response was sent, in seconds since 1970; None where none says it."""
    for exchange in recording:
        date = header_of(exchange.response.headers, "Date") if exchange.response else None
        if date is not None:
            try:
                return parsedate_to_datetime(date).timestamp()
            except ValueError:
                return None
    return None


def _is_before(image: Mapping[str, Any], began: float | None) -> bool:
    """Return whether an image was created before the recording began."""
    created = image.get("created_at")
    moment = seconds_of(created) if isinstance(created, str) else None
    return began is not None and moment is not None and moment < began
