"""The schemas that a Glance client reads to validate its own input."""

from __future__ import annotations

from functools import cache
from typing import Any

from ims_mock.contract import schema_files
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response


def glance_show_image_schemas(exchange: Exchange) -> Response:
    """Show the documented schema of an image."""
    return exchange.respond(_documented_body("glance_show_image_schemas"))


def glance_list_image_schemas(exchange: Exchange) -> Response:
    """Show the documented schema of a list of images."""
    return exchange.respond(_list_body("glance_list_image_schemas", "images", "glance_show_image_schemas"))


def glance_show_image_member_schemas(exchange: Exchange) -> Response:
    """Show the documented schema of a member."""
    return exchange.respond(_documented_body("glance_show_image_member_schemas"))


def glance_list_image_member_schemas(exchange: Exchange) -> Response:
    """Show the documented schema of a list of members."""
    body = _list_body("glance_list_image_member_schemas", "members", "glance_show_image_member_schemas")
    return exchange.respond(body)


@cache
def _documented_body(operation_id: str) -> dict[str, Any]:
    """Return the body that the operation's contract documents: it is the response itself."""
    operation = schema_files.read(f"operations/schemas/{operation_id}.json")
    body: dict[str, Any] = operation["responses"]["200"]["content"]["application/json"]["example"]
    return body


def _list_body(operation_id: str, name: str, item_operation_id: str) -> dict[str, Any]:
    """Return the documented schema of a list, with that of its items in it, which the documents repeat."""
    body = _documented_body(operation_id)
    items = {**body["properties"][name], "items": _documented_body(item_operation_id)}
    return {**body, "properties": {**body["properties"], name: items}}
