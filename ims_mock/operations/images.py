"""Images: create metadata, show, list, delete."""

from __future__ import annotations

from itertools import islice
from urllib.parse import parse_qsl, urlencode

from ims_mock.errors import ImsError, image_id_taken, image_not_found, image_protected, marker_unknown
from ims_mock.images import Image, is_visible, new_image
from ims_mock.messages import Request, Response


def glance_create_image_metadata(request: Request) -> Response:
    """Create the metadata of an image; it is queued until a file is uploaded.

    https://support.huaweicloud.com/intl/en-us/api-ims/ims_03_0707.html
    """
    backend = request.backend
    image_id = request.body["id"].lower() if "id" in request.body else backend.new_image_id()
    if image_id in backend.images:
        raise image_id_taken(image_id)
    image = new_image(request.body, image_id, request.project_id, backend.timestamp())
    backend.images[image_id] = image
    return Response(image, location=image["self"])


def glance_show_image(request: Request) -> Response:
    """Show one image."""
    return Response(_find_image(request))


def glance_delete_image(request: Request) -> Response:
    """Delete an image, unless it is protected."""
    image = _find_image(request)
    if image["owner"] != request.project_id:
        raise ImsError(
            403, "IMG.0094", reason="/image_id: a public image belongs to another project, which alone may delete it"
        )
    if image["protected"]:
        raise image_protected(image["id"])
    del request.backend.images[image["id"]]
    return Response()


def glance_list_images(request: Request) -> Response:
    """List a page of the images that the caller sees, newest first."""
    limit, marker, name = request.query["limit"], request.query.get("marker"), request.query.get("name")
    visible = (image for image in reversed(request.backend.images.values()) if is_visible(image, request.project_id))
    # Looking for the marker leaves the rest of the images behind it.
    if marker is not None and not any(image["id"] == marker for image in visible):
        raise marker_unknown(marker)
    asked = (image for image in visible if name in (None, image["name"]) and not request.query["os_hidden"])
    # One more than the page holds tells whether another follows.
    page = list(islice(asked, limit + 1)) if limit else []
    body = {"images": page[:limit], "schema": "/v2/schemas/images", "first": _page_url(request, None)}
    if len(page) > limit:
        body["next"] = _page_url(request, page[limit - 1]["id"])
    return Response(body)


def _find_image(request: Request) -> Image:
    """Return the image that the path names; raise 404 when the caller sees none of that id."""
    image_id = request.path["image_id"]
    image = request.backend.images.get(image_id)
    if image is None or not is_visible(image, request.project_id):
        raise image_not_found(image_id)
    return image


def _page_url(request: Request, marker: str | None) -> str:
    """Return the relative URL of a page of the same list: the first one, or the one after `marker`."""
    query = [(name, value) for name, value in parse_qsl(request.query_text, keep_blank_values=True) if name != "marker"]
    if marker is not None:
        query.append(("marker", marker))
    return "/v2/images" + ("?" + urlencode(query) if query else "")
