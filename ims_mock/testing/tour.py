"""A tour of what a service shows without a change: what two endpoints are asked where no recording says what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ims_mock.contract.recorded import RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.evidence.differences import value_of
from ims_mock.testing.credentials import IMS, Outgoing
from ims_mock.testing.targets import Target

_PUBLIC = "/v2/cloudimages?__imagetype=gold&limit=3&sort_key=name&sort_dir=asc"
_PRIVATE = "/v2/cloudimages?__imagetype=private&limit=3"

_FIXED = (
    *("/", "/v2", "/versions", "/v2/schemas/image", "/v2/schemas/images", "/v2/schemas/member", "/v2/schemas/members"),
    *("/v1/cloudimages/quota", "/v1/cloudimages/os_version", "/v1/cloudimages/os_version?tag=arm"),
    *("/v1/cloudimages/tags", "/v2/images?limit=3", "/v2/images?limit=3&sort_key=name&sort_dir=asc"),
    *("/v1.1/images/detail?limit=3", "/v2/cloudimages?limit=0", "/v2/cloudimages?sort_key=nothing", "/v2/nothing"),
    *("/v2/images/00000000-0000-4000-8000-000000000000", "/v1/cloudimages/job/00000000000000000000000000000000"),
)
"""What is asked whatever there is, also what is not there."""

_OF_IMAGES = ("/v2/images/{}", "/v2/images/{}/members", "/v1.1/images/{}")
_OF_PROJECTS = ("/v2/{}/images/tags", "/v2/{}/images/00000000-0000-4000-8000-000000000000/tags")


def take_tour(target: Target) -> list[RecordedExchange]:
    """Ask a target for what it shows, and return the exchanges; raise UnreachableError where it does not respond."""
    exchanges: list[RecordedExchange] = []

    def ask(path: str) -> Any:
        method = "HEAD" if path.startswith("/v1.1/images/") and "detail" not in path else "GET"
        request = RecordedRequest(method, path.replace("/v1.1/", "/v1/") if method == "HEAD" else path, [], b"")
        exchange = RecordedExchange(request, _sent(target, request), f"tour {len(exchanges) + 1}")
        exchanges.append(exchange)
        return value_of(exchange.response) if exchange.response else None

    for path in _FIXED:
        ask(path)
    project = target.project_of("")
    for path in _OF_PROJECTS if project else ():
        ask(path.format(project))
    for listing in (_PUBLIC, _PRIVATE):
        for image_id in list(_ids_of(ask(listing)))[:1]:
            for path in _OF_IMAGES:
                ask(path.format(image_id))
    return exchanges


def _sent(target: Target, request: RecordedRequest) -> RecordedResponse:
    return target.send(Outgoing(request.method, request.url, service=IMS))


def _ids_of(listing: Any) -> Iterator[str]:
    images = listing.get("images") if isinstance(listing, dict) else None
    for image in images if isinstance(images, list) else ():
        if isinstance(image, dict) and isinstance(image.get("id"), str):
            yield image["id"]
