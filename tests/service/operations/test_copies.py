"""Copies of images: copy_image_in_region."""

from __future__ import annotations

from typing import Any

from tests.conftest import Api


def copied(api: Api, source_id: str, **body: Any) -> dict[str, Any]:
    """Copy an image within the region, and return the copy."""
    job_id = api("POST", f"/v1/cloudimages/{source_id}/copy", {"name": "copied", **body}).get_json()["job_id"]
    image_id = api("GET", f"/v1/cloudimages/job/{job_id}").get_json()["entities"]["image_id"]
    image: dict[str, Any] = api("GET", f"/v2/images/{image_id}").get_json()
    return image


def test_copy_has_the_file_of_its_source(api: Api) -> None:
    """What is downloaded of a copy is what its source has."""
    source = api.create(name="source", __os_version="Ubuntu 22.04 server 64bit", min_disk=50)
    api("PUT", f"/v2/images/{source['id']}/file", b"0123456789", Content_Type="application/octet-stream")
    image = copied(api, source["id"])
    assert api("GET", f"/v2/images/{image['id']}/file").data == b"0123456789"
    assert (image["name"], image["min_disk"], image["__os_version"]) == ("copied", 50, "Ubuntu 22.04 server 64bit")
    assert image["id"] != source["id"]


def test_image_that_is_not_there(api: Api) -> None:
    """On IMS's own API an image that the project does not see is a rejected request."""
    other = api.images[api.create()["id"]]
    other["owner"] = "another"
    for image_id in ("nothing", other["id"]):
        response = api("POST", f"/v1/cloudimages/{image_id}/copy", {"name": "x"})
        assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0027")
