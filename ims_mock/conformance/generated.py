"""Which requests are generated, and what becomes of a generated one before it is sent."""

from __future__ import annotations

from typing import Any

from ims_mock.conformance.client import READS, Call
from ims_mock.conformance.made import Made
from ims_mock.contract.operations import Operation

_OF_ONE_IMAGE = ("images", "cloudimages", "files", "tags", "image_tags", "members")
"""The resources whose writes change nothing but the image in their path."""


def is_generated(operation: Operation) -> bool:
    """Return whether requests of an operation are generated: it reads, or writes to an image of the test alone."""
    if operation.dialect or operation.id == "glance_create_image_metadata":
        return not operation.dialect
    is_read = operation.method in ("GET", "HEAD") or operation.id in READS
    is_of_image = "{image_id}" in operation.path and operation.resource in _OF_ONE_IMAGE
    return is_read or (is_of_image and operation.id != "glance_delete_image")


def call_of(case: Any, image_id: str, made: Made) -> Call:
    """Return what is sent for a generated case, about an image of the test and without generated credentials."""
    body = case.body if isinstance(case.body, dict | list | str | bytes | int | float) else None
    if isinstance(body, dict) and case.operation.definition.raw["operationId"] == "glance_create_image_metadata":
        body = {**body, "name": made.new_name("fuzz")}
    if case.media_type == "application/octet-stream":
        body = body.encode("utf-8", "replace") if isinstance(body, str) else body if isinstance(body, bytes) else b""
    path = {name: str(value) for name, value in (case.path_parameters or {}).items() if name != "project_id"}
    if "image_id" in path:
        path["image_id"] = image_id
    media_type = {"Content-Type": case.media_type} if body is not None and case.media_type else {}
    return Call(body, dict(case.query or {}), media_type, path, meant_wrong=True)
