"""Files of images from and into buckets: register_image, export_image, export_image_in_safe_mode."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock import FailJob
from tests.conftest import Api, remembered
from tests.service.operations.test_copies import active


def register(api: Api, image_id: str, url: Any = "bucket:disk.qcow2") -> TestResponse:
    """Register a file in a bucket."""
    return api("PUT", f"/v1/cloudimages/{image_id}/upload", {"image_url": url})


def export(api: Api, image_id: str, **body: Any) -> TestResponse:
    """Export an image."""
    return api("POST", f"/v1/cloudimages/{image_id}/file", {"bucket_url": "bucket:a.qcow2", **body})


def job_of(api: Api, response: TestResponse) -> dict[str, Any]:
    """Return the job that a request has begun."""
    assert response.status_code == 200, response.headers
    path = f"/v1/{api.service.auth.project_id}/jobs/{response.get_json()['job_id']}"
    job: dict[str, Any] = api("GET", path).get_json()
    return job


def test_registered_image_becomes_active() -> None:
    """A queued image is saving while the job runs, then active, and says where its file is from."""
    api = Api(jobs={"*": 60})
    image_id = str(api.create(name="a")["id"])
    response = register(api, image_id)
    assert api.images[image_id]["status"] == "saving"
    api.clock.advance(60)
    job, image = job_of(api, response), api("GET", f"/v2/images/{image_id}").get_json()
    assert (job["job_type"], job["entities"]) == ("imsNativeImportImageJob", {"image_id": image_id})
    assert (image["status"], image["active_at"]) == ("active", "2016-06-02T07:50:48Z")
    assert image["__data_origin"] == "file,bucket:disk.qcow2"
    assert int(image["__image_size"]) > 0
    assert api("GET", f"/v2/images/{image_id}/file").status_code == 200


def test_failed_registration_leaves_a_queued_image(api: Api) -> None:
    """After a job that has failed, the image takes a file again."""
    image_id = str(api.create()["id"])
    api.service.faults.add(FailJob(at=0.4), times=1)
    assert job_of(api, register(api, image_id))["status"] == "FAIL"
    assert api.images[image_id]["status"] == "queued"
    assert api("GET", f"/v2/images/{image_id}/file").status_code == 204
    assert job_of(api, register(api, image_id))["status"] == "SUCCESS"


@pytest.mark.parametrize("code", ["IMG.0057", "IMG.0069", "IMG.1075"])
def test_codes_of_a_failed_registration(api: Api, code: str) -> None:
    """The documented codes of a registration are those of its job too, each with its message."""
    api.service.faults.add(FailJob(code), times=1)
    job = job_of(api, register(api, str(api.create()["id"])))
    assert (job["status"], job["error_code"]) == ("FAIL", code)
    assert job["fail_reason"]


@pytest.mark.parametrize("url", ["bucket", "bucket:", ":object", "https://bucket:x", 5, None, ""])
def test_wrong_url(api: Api, url: Any) -> None:
    """A file is named by its bucket and its object."""
    response = register(api, str(api.create()["id"]), url)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0017")


def test_only_a_queued_image_takes_a_file(api: Api) -> None:
    """An image that has a file is rejected, and one that does not exist is 404, as the page says."""
    image_id = active(api)
    response = register(api, image_id)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0046")
    assert register(api, "nothing").status_code == 404


@pytest.mark.parametrize("url", ["bucket:disk.ova", "bucket:disk.OVA"])
def test_ova_file_is_not_registered(api: Api, url: str) -> None:
    """Of the formats of files that images are made of, the page of this operation leaves OVA out."""
    response = register(api, str(api.create()["id"]), url)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0057")
    assert register(api, str(api.create()["id"]), "bucket:disk.iso").status_code == 200


def test_another_projects_image_takes_no_file() -> None:
    """A file is registered for an image of one's own, and not for one that is public, or shared."""
    api = Api(public_images=True)
    public_id = next(iter(api.images))
    response = register(api, public_id)
    assert (response.status_code, response.get_json()["error"]["code"]) == (403, "IMG.0047")


def test_image_with_an_upload_under_way_takes_no_other_file() -> None:
    """A registration does not meet an upload that has not ended."""
    api = Api(delays={"queued": 60})
    image_id = str(api.create()["id"])
    api("PUT", f"/v2/images/{image_id}/file", b"x", Content_Type="application/octet-stream")
    response = register(api, image_id)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0046")


@pytest.mark.parametrize("path", ["/v1/cloudimages/{}/file", "/v2.1/cloudimages/{}/file"])
@pytest.mark.parametrize("body", [{"file_format": "qcow2"}, {"file_format": "vmdk"}, {"is_quick_export": True}])
def test_export_is_a_job(api: Api, path: str, body: dict[str, Any]) -> None:
    """An image is exported in a format, or quickly without one; the image stays as it is."""
    image_id = active(api)
    before = dict(api.images[image_id])
    job = job_of(api, api("POST", path.format(image_id), {"bucket_url": "bucket:a", **body}))
    assert (job["job_type"], job["status"], job["entities"]) == (
        "imsNativeExportImageJob",
        "SUCCESS",
        {"image_id": image_id},
    )
    progress = api("GET", f"/v1/cloudimages/job/{job['job_id']}").get_json()["entities"]
    assert progress == {"image_id": image_id, "image_name": "source", "process_percent": 1, "current_task": ""}
    assert dict(api.images[image_id]) == before


@pytest.mark.parametrize(
    ("attributes", "body", "code"),
    [
        ({"visibility": "public", "owner": "service"}, {}, "IMG.0077"),
        ({"__productcode": "c"}, {}, "IMG.0078"),
        ({"__imagetype": "market"}, {}, "IMG.0078"),
        ({"__data_origin": "instance,x", "__platform": "Windows"}, {}, "IMG.0079"),
        ({"__whole_image": "true"}, {}, "IMG.0128"),
        ({"disk_format": "iso"}, {}, "IMG.0167"),
        ({"status": "queued"}, {}, "IMG.0046"),
        ({"__image_size": str(129 * 1024**3)}, {}, "IMG.0160"),
        ({}, {"file_format": None}, "IMG.0072"),
        ({}, {"file_format": "raw"}, "IMG.0072"),
        ({}, {"is_quick_export": True}, "IMG.0072"),
        ({}, {"bucket_url": "bucket"}, "IMG.0075"),
        ({}, {"bucket_url": "bucket:a|b"}, "IMG.0075"),
        ({}, {"bucket_url": "obs://bucket/a"}, "IMG.0075"),
        ({}, {"bucket_url": "bucket:" + "a" * 1100}, "IMG.0074"),
        ({}, {"bucket_url": "bucket:" + "a" * 1024}, "IMG.0074"),
        ({}, {"bucket_url": None}, "IMG.0073"),
        ({}, {"bucket_url": ""}, "IMG.0073"),
        ({}, {"bucket_url": "bucket:"}, "IMG.0073"),
    ],
)
def test_export_that_is_refused(api: Api, attributes: dict[str, Any], body: dict[str, Any], code: str) -> None:
    """What cannot be exported is a rejected request with its documented code."""
    image_id = active(api, **attributes)
    before = remembered(api)
    response = export(api, image_id, **{"file_format": "qcow2", **body})
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, code)
    assert remembered(api) == before


def test_export_needs_a_place(api: Api) -> None:
    """A body without bucket_url is rejected as one whose file has no name."""
    response = api("POST", f"/v1/cloudimages/{active(api)}/file", {"file_format": "vhd"})
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0073")


@pytest.mark.parametrize(
    ("platform", "code"),
    [("SUSE", "IMG.0079"), ("RedHat", "IMG.0079"), ("Oracle Linux", "IMG.0079"), ("Ubuntu", None), ("CentOS", None)],
)
def test_image_of_a_charged_one_is_not_exported(api: Api, platform: str, code: str | None) -> None:
    """What was made from a server of a platform that costs something stays in the service."""
    image_id = active(api, __data_origin="instance,x", __platform=platform)
    assert export(api, image_id, file_format="vhd").get_json().get("error", {}).get("code") == code


def test_export_needs_a_format(api: Api) -> None:
    """Without is_quick_export the format is needed."""
    response = export(api, active(api))
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0072")


def test_large_image_is_exported_quickly(api: Api) -> None:
    """An image of more than 128 GB takes a quick export alone, and one of more than 1 TB takes none."""
    assert export(api, active(api, __image_size=str(1024**4)), is_quick_export=True).status_code == 200
    response = export(api, active(api, __image_size=str(1024**4 + 1)), bucket_url="bucket:b", is_quick_export=True)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0160")


@pytest.mark.parametrize(("body", "format_"), [({"file_format": "vmdk"}, "vmdk"), ({"is_quick_export": True}, "zvhd2")])
def test_exported_file_is_there(body: dict[str, Any], format_: str) -> None:
    """The job adds the file, of which another image can be made, and which is not written again."""
    api = Api(neighbours="listed", jobs={"*": 60})
    image_id = active(api, __image_size="5000")
    export(api, image_id, **body)
    assert register(api, str(api.create()["id"]), "bucket:a.qcow2").get_json()["error"]["code"] == "IMG.0057"
    api.clock.advance(60)
    (added,) = api("GET", "/_ims_mock/neighbours").get_json()["objects"]
    assert (added["name"], added["size"], added["format"]) == ("bucket:a.qcow2", 5000, format_)
    assert register(api, str(api.create()["id"]), "bucket:a.qcow2").status_code == 200
    assert export(api, image_id, **body).get_json()["error"]["code"] == "IMG.0070"


def test_failed_export_adds_no_file(api: Api) -> None:
    """After a job that has failed, the name is free."""
    image_id = active(api)
    api.service.faults.add(FailJob(), times=1)
    assert job_of(api, export(api, image_id, file_format="vhd"))["status"] == "FAIL"
    assert job_of(api, export(api, image_id, file_format="vhd"))["status"] == "SUCCESS"


def test_image_that_is_being_deleted_takes_no_file() -> None:
    """An image that has been deleted, and is still there, is as one that is gone."""
    api = Api(delays={"deleting": 60})
    image_id = str(api.create()["id"])
    assert api("DELETE", f"/v2/images/{image_id}").status_code == 204
    assert api("GET", f"/v2/images/{image_id}").get_json()["status"] == "queued"
    response = register(api, image_id)
    assert (response.status_code, response.get_json()["error"]["code"]) == (404, "IMG.0144")
    assert api("GET", f"/v2/images/{image_id}").get_json()["status"] == "queued"


def test_image_is_exported_once_at_a_time() -> None:
    """While an export runs, another one of the same image is rejected."""
    api = Api(jobs={"*": 60})
    image_id = active(api)
    assert export(api, image_id, file_format="vhd").status_code == 200
    response = export(api, image_id, bucket_url="bucket:b", file_format="vhd")
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0148")
    api.clock.advance(60)
    assert export(api, image_id, bucket_url="bucket:b", file_format="vhd").status_code == 200


def test_another_projects_image_is_not_exported(api: Api) -> None:
    """A member of an image is not its owner."""
    image_id, alt = active(api), api.service.accounts.projects["alt"].id
    api("POST", f"/v2/images/{image_id}/members", {"member": alt})
    token = api.service.identity.new_token_for("alt")
    body = {"bucket_url": "bucket:a", "file_format": "vhd"}
    assert api("POST", f"/v1/cloudimages/{image_id}/file", body, X_Auth_Token=token).status_code == 403
