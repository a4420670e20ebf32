"""Images: create metadata, list, show, update, delete."""

from __future__ import annotations

from itertools import islice
from urllib.parse import parse_qsl, urlencode

from ims_mock.exchange.messages import Request, Response
from ims_mock.service.listing import filters, listed_for, ordered, sorting
from ims_mock.service.patching import changes_of, patched
from ims_mock.state.images import new_image


def glance_create_image_metadata(request: Request) -> Response:
    """Create the metadata of an image; it is queued until a file is uploaded.

    https://support.huaweicloud.com/intl/en-us/api-ims/ims_03_0707.html
    """
    backend = request.backend
    image_id = backend.image_id_for(request.body)
    image = new_image(request.body, image_id, request.project_id, backend.timestamp())
    backend.add(image)
    return Response(image, location=image["self"])


def glance_show_image(request: Request) -> Response:
    """Show one image."""
    return Response(request.backend.find_image(request.path["image_id"], request.project_id))


def glance_update_image(request: Request) -> Response:
    """Update an image, all of the changes or none."""
    image = request.backend.find_own_image(request.path["image_id"], request.project_id)
    changed = patched(image, changes_of(request.body, request.media_type))
    return Response(request.backend.change(changed) if changed != image else image)


def glance_delete_image(request: Request) -> Response:
    """Delete an image, unless it is protected, with its file and its members."""
    request.backend.delete_image(request.path["image_id"], request.project_id)
    return Response()


def glance_list_images(request: Request) -> Response:
    """List a page of the images that the caller sees, newest first."""
    query, backend = request.query, request.backend
    limit = query["limit"]
    tests = [listed_for(backend, request.project_id, query["member_status"]), *filters(query)]
    found = ordered(
        backend,
        sorting(query),
        request.project_id,
        query.get("marker"),
        lambda image: all(test(image) for test in tests),
    )
    # One more than the page holds tells whether another follows.
    page = list(islice(found, limit + 1)) if limit else []
    body = {"images": page[:limit], "schema": "/v2/schemas/images", "first": _page_url(request, None)}
    if len(page) > limit:
        body["next"] = _page_url(request, page[limit - 1]["id"])
    return Response(body)


def _page_url(request: Request, marker: str | None) -> str:
    """Return the relative URL of a page of the same list: the first one, or the one after `marker`."""
    query = [(name, value) for name, value in parse_qsl(request.query_text, keep_blank_values=True) if name != "marker"]
    if marker is not None:
        query.append(("marker", marker))
    return "/v2/images" + ("?" + urlencode(query) if query else "")
