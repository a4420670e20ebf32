"""What there has to be so that a request gets the response that its consumer knows: states, as Pact has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ims_mock.contract.operations import load_contract

IMAGE = "an image"
BARE = "an image without optional attributes"
QUEUED = "a queued image"
OFFERED = "an image that another project shares"
ACCEPTED = "an image of another project that was accepted"
DONE = "a job that has succeeded"
FAILED = "a job that has failed"
RUNNING = "a job that runs"
PUBLIC = "public images"
FAILURE = "a failure with status "
"""The beginning of the name of a state in which the next request is rejected."""

_OF_OPERATIONS = {
    **dict.fromkeys(("glance_upload_image", "register_image"), QUEUED),
    **dict.fromkeys(("glance_update_image_member", "batch_update_members"), OFFERED),
    "glance_add_image_member": BARE,
}
"""The states that are not to be seen in an operation's path."""

_OF_PARAMETERS = {"job_id": DONE, "image_id": IMAGE}


def state_for(operation_id: str, status: int, request: Mapping[str, Any]) -> str:
    """Return what there has to be for a request to get a status; "" where nothing has to be."""
    if status >= 400:
        return f"{FAILURE}{status}"
    if operation_id in _OF_OPERATIONS:
        return _OF_OPERATIONS[operation_id]
    path = load_contract().operations[operation_id].path
    found = next((state for name, state in _OF_PARAMETERS.items() if f"{{{name}}}" in path), "")
    body = request.get("body")
    is_of_images = isinstance(body, dict) and not body.keys().isdisjoint(("images", "image_id", "resource_id"))
    return found or (IMAGE if is_of_images else "")
