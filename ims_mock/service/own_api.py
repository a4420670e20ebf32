"""What the operations of IMS's own API have in common, where they differ from the native ones."""

from __future__ import annotations

from ims_mock.contract.errors import ImsError
from ims_mock.contract.problems import wrong_at
from ims_mock.exchange.exchange import Exchange
from ims_mock.state.images import Image, check_owner, is_visible


def image_of(exchange: Exchange, image_id: str | None = None) -> Image:
    """Return an image that the caller's project sees, by default the one of the path.

    Unlike the native API, raise 400 where there is none: the table of error codes has this status for IMG.0027.
    """
    image_id = exchange.path["image_id"] if image_id is None else image_id
    image: Image | None = exchange.store.images.get(image_id.lower())
    if image is None or not is_visible(image, exchange.project_id, exchange.store.members.of(image_id.lower())):
        text = f"no image {image_id!r} is visible to this project; GET /v2/cloudimages lists those that are"
        raise ImsError(400, "IMG.0027", reason=wrong_at(("image_id",), "visible", text, image_id))
    return image


def own_image_of(exchange: Exchange, image_id: str | None = None) -> Image:
    """Return an image of the caller's project; raise as image_of does, and 403 for an image of another project."""
    image = image_of(exchange, image_id)
    check_owner(image, exchange.project_id)
    return image


def check_active(image: Image) -> None:
    """Raise 400 for an image that has no file yet, or none any more."""
    status = image["status"]
    refuse_where((status != "active", "IMG.0046", f"/status: the image must be active, and is {status}"))


def refuse_where(*refusals: tuple[bool, str, str]) -> None:
    """Raise 400 for the first refusal that applies, each with its code and its reason."""
    for applies, code, reason in refusals:
        if applies:
            raise ImsError(400, code, reason=reason)
