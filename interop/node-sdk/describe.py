"""Write requests.json: how the generated client of Huawei Cloud's SDK for Node describes the request of each operation.

Its package for IMS is not published, but only its core. The generated code has a description of each request, and hands
it to the core. The same descriptions are made here from the OpenAPI document of IMS.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

NOT_IMS = ("iam", "neighbours")
"""The tags of other services."""

NOT_IN_SDK = (
    "create_image_v1",
    "glance_delete_image_v1",
    "glance_download_image",
    "glance_list_images_detail_v1",
    "glance_list_versions",
    "glance_show_image_metadata_v1",
    "glance_upload_image",
)
"""Operations of IMS that no SDK of Huawei Cloud has."""


def description(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a request that is the same for each call."""
    bodies = operation.get("requestBody", {}).get("content", {})
    return {
        "method": method.upper(),
        "url": path,
        "contentType": next(iter(bodies), "application/json"),
        **({"data": {}} if bodies else {}),
    }


def main() -> None:
    """Write the descriptions of the operations, by their ids."""
    document = json.loads(subprocess.check_output([sys.executable, "-m", "ims_mock", "openapi"]))
    requests = {
        operation["operationId"]: description(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if not set(operation["tags"]).intersection(NOT_IMS) and operation["operationId"] not in NOT_IN_SDK
    }
    Path("requests.json").write_text(json.dumps(requests, indent=2) + "\n", encoding="utf-8")


main()
