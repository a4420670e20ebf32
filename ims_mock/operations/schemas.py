"""The schemas that a Glance client reads to validate its own input."""

from __future__ import annotations

from functools import cache

from ims_mock import schema_files
from ims_mock.messages import Request, Response


def glance_show_image_schemas(request: Request) -> Response:
    """Show the documented schema of an image."""
    return Response(_documented_body("glance_show_image_schemas"))


@cache
def _documented_body(operation_id: str) -> object:
    """Return the body that the operation's contract documents: it is the answer itself."""
    operation = schema_files.read(f"operations/schemas/{operation_id}.json")
    return operation["responses"]["200"]["content"]["application/json"]["example"]
