"""Write Pact files of each version by pact-python 4.2.0: `python -m tests.data.recordings.make_pact`.

pip install pact-python==4.2.0     in an environment with ims_mock
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from pact import Pact, match

from tests.data.recordings.conversation import BYTES, HERE, written

IMAGE = "b9dabe2a-5761-4277-a87a-f2e1c8f54468"
PATCH = "application/openstack-images-v2.1-json-patch"


def image() -> dict[str, Any]:
    """Return what a client reads of an image, most of it by type."""
    return {
        "id": match.regex(IMAGE, regex="[0-9a-f-]{36}"),
        "name": match.str("an image"),
        "status": "queued",
        "min_disk": match.int(40),
        "tags": match.each_like(match.str("a"), min=1),
    }


def expect(pact: Pact, version: str) -> None:
    """Say what a client of images needs."""
    (
        pact.upon_receiving("a new image")
        .given("nothing")
        .with_request("POST", "/v2/images")
        .with_headers({"X-Auth-Token": "token", "Content-Type": "application/json"})
        .with_body(json.dumps({"name": "an image", "min_disk": 40}), "application/json")
        .will_respond_with(201)
        .with_body(image(), "application/json")
    )
    (
        pact.upon_receiving("a list")
        .with_request("GET", "/v2/images")
        .with_query_parameters({"tag": "a", "limit": "2"})
        .will_respond_with(200)
        .with_header("Content-Type", "application/json")
        .with_body({"images": match.each_like(image(), min=2)}, "application/json")
    )
    (
        pact.upon_receiving("a file")
        .with_request("PUT", f"/v2/images/{IMAGE}/file")
        .with_binary_body(BYTES, "application/octet-stream")
        .will_respond_with(204)
    )
    (
        pact.upon_receiving("a name")
        .with_request("PATCH", f"/v2/images/{IMAGE}")
        .with_header("Content-Type", PATCH)
        .with_body(json.dumps([{"op": "replace", "path": "/name", "value": "x"}]), PATCH)
        .will_respond_with(200)
        .with_body(image(), "application/json")
    )
    (pact.upon_receiving("an end").with_request("DELETE", f"/v2/images/{IMAGE}").will_respond_with(204))
    if version == "V4":
        pact.upon_receiving("a message", "Async").with_body('{"a": 1}', "application/json")


def main() -> None:
    """Write a file of each version."""
    for version in ("V2", "V3", "V4"):
        pact = Pact("client", "ims").with_specification(version)
        expect(pact, version)
        with tempfile.TemporaryDirectory() as folder:
            pact.write_file(folder)
            (file,) = Path(folder).iterdir()
            written(HERE / "pact" / f"{version.lower()}.json", file.read_text(), {})


main()
