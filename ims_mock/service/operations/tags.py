"""The tags of images: add, delete."""

from __future__ import annotations

from ims_mock.contract.errors import tag_not_found
from ims_mock.contract.operations import load_model
from ims_mock.exchange.messages import Request, Response


def glance_create_tag(request: Request) -> Response:
    """Add a tag to an image of one's own, unless it has it already."""
    image, tag = request.backend.find_own_image(request.path["image_id"], request.project_id), request.path["tag"]
    if tag not in image["tags"]:
        tags = [*image["tags"], tag]
        load_model("image_changes", writing=True).check({"tags": tags})
        request.backend.change(image, tags=tags)
    return Response()


def glance_delete_tag(request: Request) -> Response:
    """Delete a tag of an image of one's own."""
    image, tag = request.backend.find_own_image(request.path["image_id"], request.project_id), request.path["tag"]
    if tag not in image["tags"]:
        raise tag_not_found(image["id"], tag)
    request.backend.change(image, tags=[other for other in image["tags"] if other != tag])
    return Response()
