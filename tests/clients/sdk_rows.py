"""How each method of the official SDK is called, and what is seen of its typed response: a row for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkims import v2
from huaweicloudsdkims.v2 import ImsClient

from ims_mock import ImsMock

UUID = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"
CENTOS = "CentOS 7.0 64bit"
FILE = "bucket:disk.zvhd2"


def connected(mock: ImsMock, user: str, secret: str = "") -> Any:
    """Return the SDK's client as a user, in the user's own project."""
    credentials = BasicCredentials(f"{user}-ak", secret or f"{user}-sk", mock.service.accounts.projects[user].id)
    return ImsClient.new_builder().with_credentials(credentials).with_endpoint(mock.url).build()


class Scene:
    """A mock in which demo has an active image, shared with alt and tagged, and a queued one."""

    def __init__(self, mock: ImsMock) -> None:
        self.mock, self.clients = mock, {user: connected(mock, user) for user in ("demo", "alt")}
        self.demo, self.alt = (mock.service.accounts.projects[user].id for user in ("demo", "alt"))
        shared: dict[str, Any] = {"members": {self.alt: "pending"}, "tags": ["k=v"], "data": b"abc"}
        self.image = str(mock.add_image(name="web", **shared)["id"])
        self.queued = str(mock.add_image(name="new")["id"])

    def new_job(self) -> str:
        """Begin a job of demo, and return its id."""
        request = v2.CopyImageInRegionRequest(self.image, v2.CopyImageInRegionRequestBody(name="copied"))
        job_id: str = self.clients["demo"].copy_image_in_region(request).job_id
        return job_id

    def entities(self, job_id: str) -> Any:
        """Return the typed entities of a job that has succeeded."""
        job = self.clients["demo"].show_job(v2.ShowJobRequest(job_id))
        assert job.status == "SUCCESS"
        return job.entities

    def made(self, job_id: str) -> dict[str, Any]:
        """Return the image that a job has made."""
        return dict(self.mock.images[self.entities(job_id).image_id])

    @property
    def tags(self) -> list[str]:
        """The tags that the active image has by now."""
        tags: list[str] = self.mock.images[self.image]["tags"]
        return tags

    @property
    def members(self) -> dict[str, str]:
        """The members that the active image has by now, with their statuses."""
        listed = self.clients["demo"].glance_list_image_members(v2.GlanceListImageMembersRequest(self.image)).members
        return {member.member_id: member.status for member in listed}


@dataclass(frozen=True)
class Row:
    """How a method is called in a scene, what is seen of its typed response or is left by it, and that value.

    The method is called by demo unless another user is given, and succeeds with 200 unless another status is.
    """

    request: Callable[[Scene], Any]
    seen: Callable[[Scene, Any], Any]
    expected: Any
    status: int = 200
    user: str = "demo"


def by_job(request: Callable[[Scene], Any], name: str, **attributes: Any) -> Row:
    """Return the row of a method whose job makes an active image with a name and with these attributes."""
    expected = {"name": name, "status": "active", **attributes}

    def seen(scene: Scene, response: Any) -> dict[str, Any]:
        image = scene.made(response.job_id)
        return {attribute: image.get(attribute) for attribute in expected}

    return Row(request, seen, expected)


def of_server(request: Any) -> Row:
    """Return the row of a method that makes a system image of a server."""
    body = v2.CreateImageRequestBody(name="a", instance_id=UUID, image_tags=[v2.TagKeyValue("k", "v")], min_ram=1024)
    return by_job(lambda _: request(body=body), "a", __data_origin=f"instance,{UUID}", tags=["k=v"], min_ram=1024)


def data_image(request: Any) -> Row:
    """Return the row of a method that makes a data image of a file."""
    body = v2.CreateDataImageRequestBody(name="a", image_url=FILE, min_disk=60, os_type="Windows")
    return by_job(lambda _: request(body=body), "a", virtual_env_type="DataImage", __os_type="Windows", min_disk=60)


def quick_import(request: Any) -> Row:
    """Return the row of a method that imports a file quickly."""
    body = v2.QuickImportImageByFileRequestBody(
        name="a", image_url=FILE, min_disk=60, os_version=CENTOS, architecture="arm"
    )
    return by_job(lambda _: request(body=body), "a", __os_version=CENTOS, __support_arm="true")


def copy(request: Any) -> Row:
    """Return the row of a method that copies an image in its region."""
    body = v2.CopyImageInRegionRequestBody(name="a", cmk_id="key", description="text")
    return by_job(lambda scene: request(scene.image, body), "a", __system__cmkid="key", __description="text")


def export(request: Any) -> Row:
    """Return the row of a method that exports an image."""
    body = v2.ExportImageRequestBody(bucket_url="bucket:a.vhd", file_format="vhd")
    return Row(
        lambda scene: request(scene.image, body),
        lambda scene, response: scene.entities(response.job_id).image_id == scene.image,
        True,
    )


def batch(request: Any, *, to: str) -> Any:
    """Return a request about sharing the active image with a project."""
    return lambda scene: request(v2.BatchAddMembersRequestBody(images=[scene.image], projects=[getattr(scene, to, to)]))


OWN = {
    "list_images": Row(
        lambda _: v2.ListImagesRequest(tag="k=v", sort_key="name", limit=5),
        lambda _, response: [(image.name, image.tags, image.size, image.protected) for image in response.images],
        [("web", ["k=v"], 3, False)],
    ),
    "update_image": Row(
        lambda scene: v2.UpdateImageRequest(scene.image, [v2.UpdateImageRequestBody("replace", "/name", "b")]),
        lambda _, response: (response.name, response.min_ram, response.os_bit),
        ("b", 0, "64"),
    ),
    "create_image": of_server(v2.CreateImageRequest),
    "create_image_in_safe_mode": of_server(v2.CreateImageInSafeModeRequest),
    "create_data_image": data_image(v2.CreateDataImageRequest),
    "create_data_image_in_safe_mode": data_image(v2.CreateDataImageInSafeModeRequest),
    "import_image_quick": quick_import(v2.ImportImageQuickRequest),
    "import_image_quick_in_safe_mode": quick_import(v2.ImportImageQuickInSafeModeRequest),
    "create_whole_image": by_job(
        lambda _: v2.CreateWholeImageRequest(
            v2.CreateWholeImageRequestBody(name="a", backup_id=UUID, whole_image_type="CBR")
        ),
        "a",
        __whole_image="true",
        __backup_id=UUID,
    ),
    "register_image": Row(
        lambda scene: v2.RegisterImageRequest(scene.queued, v2.RegisterImageRequestBody(image_url=FILE)),
        lambda scene, response: (scene.made(response.job_id)["status"], scene.mock.images[scene.queued]["status"]),
        ("active", "active"),
    ),
    "export_image": export(v2.ExportImageRequest),
    "export_image_in_safe_mode": export(v2.ExportImageInSafeModeRequest),
    "copy_image_in_region": copy(v2.CopyImageInRegionRequest),
    "copy_image_in_region_in_safe_mode": copy(v2.CopyImageInRegionInSafeModeRequest),
    "copy_image_cross_region": by_job(
        lambda scene: v2.CopyImageCrossRegionRequest(
            scene.image,
            v2.CopyImageCrossRegionRequestBody(
                name="a", region="cn-south-1", project_name="cn-south-1", agency_name="agency"
            ),
        ),
        "a",
    ),
    "batch_add_members": Row(
        batch(v2.BatchAddMembersRequest, to="other"),
        lambda scene, response: [
            (result.image_id == scene.image, result.project_id, result.status)
            for result in scene.entities(response.job_id).results
        ],
        [(True, "other", "success")],
    ),
    "batch_update_members": Row(
        lambda scene: v2.BatchUpdateMembersRequest(
            v2.BatchUpdateMembersRequestBody(images=[scene.image], project_id=scene.alt, status="accepted")
        ),
        lambda scene, response: (len(response.job_id), list(scene.members.values())),
        (32, ["accepted"]),
        user="alt",
    ),
    "batch_delete_members": Row(
        batch(v2.BatchDeleteMembersRequest, to="alt"),
        lambda scene, response: (scene.entities(response.job_id).results, scene.members),
        ([], {}),
    ),
    "list_image_members": Row(
        lambda scene: v2.ListImageMembersRequest(image_id=scene.image, limit=5),
        lambda _, response: (
            [(member.status, member.member_type, member.urn) for member in response.members],
            response.page_info.current_count,
        ),
        ([("pending", "project", "")], 1),
    ),
    "show_image_member": Row(
        lambda scene: v2.ShowImageMemberRequest(image_id=scene.image, member_id=scene.alt),
        lambda scene, response: (response.status, response.member_type, response.member_id == scene.alt),
        ("pending", "project", True),
    ),
    "list_tags": Row(lambda _: v2.ListTagsRequest(limit=5, page=1), lambda _, response: response.tags, ["k=v"]),
    "create_or_update_tags": Row(
        lambda scene: v2.CreateOrUpdateTagsRequest(v2.AddOrUpdateTagsRequestBody(image_id=scene.image, tag="a.b")),
        lambda scene, _: scene.tags,
        ["k=v", "a=b"],
        204,
    ),
    "list_images_tags": Row(
        lambda _: v2.ListImagesTagsRequest(),
        lambda _, response: [(tag.key, tag.values) for tag in response.tags],
        [("k", ["v"])],
    ),
    "list_image_tags": Row(
        lambda scene: v2.ListImageTagsRequest(scene.image),
        lambda _, response: [(tag.key, tag.value) for tag in response.tags],
        [("k", "v")],
    ),
    "add_image_tag": Row(
        lambda scene: v2.AddImageTagRequest(scene.image, v2.AddImageTagRequestBody(v2.ResourceTag("a", "b"))),
        lambda scene, _: scene.tags,
        ["k=v", "a=b"],
        204,
    ),
    "delete_image_tag": Row(
        lambda scene: v2.DeleteImageTagRequest(scene.image, "k"), lambda scene, _: scene.tags, [], 204
    ),
    "batch_add_or_delete_tags": Row(
        lambda scene: v2.BatchAddOrDeleteTagsRequest(
            scene.image, v2.BatchAddOrDeleteTagsRequestBody("create", [v2.ResourceTag("a", "b")])
        ),
        lambda scene, _: scene.tags,
        ["k=v", "a=b"],
        204,
    ),
    "batch_delete_tags": Row(
        lambda scene: v2.BatchDeleteTagsRequest(scene.image, v2.BatchDeleteTagsRequestBody([v2.ResourceTag("k", "v")])),
        lambda scene, _: scene.tags,
        [],
        204,
    ),
    "list_image_by_tags": Row(
        lambda _: v2.ListImageByTagsRequest(
            v2.ListImageByTagsRequestBody(action="filter", tags=[v2.Tags("k", ["v"])], limit="1000", offset="0")
        ),
        lambda _, response: (
            response.total_count,
            [(one.resource_name, one.resource_detail.status, one.tags[0].value) for one in response.resources],
        ),
        (1, [("web", "active", "v")]),
    ),
    "list_os_versions": Row(
        lambda _: v2.ListOsVersionsRequest(tag="arm,uefi"),
        lambda _, response: {(one.os_bit, one.os_type) for group in response.body for one in group.version_list},
        {(64, "Linux")},
    ),
    "show_image_quota": Row(
        lambda _: v2.ShowImageQuotaRequest(),
        lambda _, response: [(one.type, one.used, one.quota, one.min, one.max) for one in response.quotas.resources],
        [("image", 2, 1000, 1, 1000)],
    ),
    "show_job": Row(
        lambda scene: v2.ShowJobRequest(scene.new_job()),
        lambda _, response: (response.status, response.job_type, response.error_code, response.entities.image_name),
        ("SUCCESS", "imsCopyImageInRegionJob", None, "copied"),
    ),
    "show_job_progress": Row(
        lambda scene: v2.ShowJobProgressRequest(scene.new_job()),
        lambda _, response: (response.status, response.entities.process_percent, response.entities.current_task),
        ("SUCCESS", 1, ""),
    ),
}
"""A row for each method of IMS's own API."""


def image_of(_: Scene, response: Any) -> tuple[Any, ...]:
    """Return what is seen of the typed image that a method returns."""
    return response.name, response.status, response.min_ram, response.protected


def member_of(scene: Scene, response: Any) -> tuple[Any, ...]:
    """Return what is seen of the typed member that a method returns."""
    return response.image_id == scene.image, response.status


NATIVE = {
    "list_versions": Row(lambda _: v2.ListVersionsRequest(), lambda _, response: len(response.versions) > 1, True, 300),
    "show_version": Row(
        lambda _: v2.ShowVersionRequest("v2.0"), lambda _, response: response.versions[0].status, "SUPPORTED", 300
    ),
    "glance_list_images": Row(
        lambda _: v2.GlanceListImagesRequest(sort_key="name", sort_dir="asc"),
        lambda _, response: [(image.name, image.status) for image in response.images],
        [("new", "queued"), ("web", "active")],
    ),
    "glance_show_image": Row(
        lambda scene: v2.GlanceShowImageRequest(scene.image), image_of, ("web", "active", 0, False)
    ),
    "glance_create_image_metadata": Row(
        lambda _: v2.GlanceCreateImageMetadataRequest(v2.GlanceCreateImageMetadataRequestBody(name="a", min_ram=1024)),
        image_of,
        ("a", "queued", 1024, False),
        201,
    ),
    "glance_update_image": Row(
        lambda scene: v2.GlanceUpdateImageRequest(
            scene.image, [v2.GlanceUpdateImageRequestBody("replace", "/name", "b")]
        ),
        image_of,
        ("b", "active", 0, False),
    ),
    "glance_delete_image": Row(
        lambda scene: v2.GlanceDeleteImageRequest(scene.image, v2.GlanceDeleteImageRequestBody(delete_backup=True)),
        lambda scene, _: list(scene.mock.images) == [scene.queued],
        True,
        204,
    ),
    "glance_create_tag": Row(
        lambda scene: v2.GlanceCreateTagRequest(scene.image, "a b"), lambda scene, _: scene.tags, ["k=v", "a b"], 204
    ),
    "glance_delete_tag": Row(
        lambda scene: v2.GlanceDeleteTagRequest(scene.image, "k=v"), lambda scene, _: scene.tags, [], 204
    ),
    "glance_show_image_schemas": Row(
        lambda _: v2.GlanceShowImageSchemasRequest(),
        lambda _, response: (response.name, response.properties["status"]["type"]),
        ("image", "string"),
    ),
    "glance_list_image_schemas": Row(
        lambda _: v2.GlanceListImageSchemasRequest(),
        lambda _, response: (response.name, response.properties["images"]["type"]),
        ("images", "array"),
    ),
    "glance_show_image_member_schemas": Row(
        lambda _: v2.GlanceShowImageMemberSchemasRequest(),
        lambda _, response: (response.name, response.properties["status"]["type"]),
        ("member", "string"),
    ),
    "glance_list_image_member_schemas": Row(
        lambda _: v2.GlanceListImageMemberSchemasRequest(),
        lambda _, response: (response.name, response.properties["members"]["type"]),
        ("members", "array"),
    ),
    "glance_add_image_member": Row(
        lambda scene: v2.GlanceAddImageMemberRequest(scene.image, v2.GlanceAddImageMemberRequestBody("other")),
        member_of,
        (True, "pending"),
    ),
    "glance_list_image_members": Row(
        lambda scene: v2.GlanceListImageMembersRequest(scene.image),
        lambda _, response: [member.status for member in response.members],
        ["pending"],
    ),
    "glance_show_image_member": Row(
        lambda scene: v2.GlanceShowImageMemberRequest(image_id=scene.image, member_id=scene.alt),
        member_of,
        (True, "pending"),
    ),
    "glance_update_image_member": Row(
        lambda scene: v2.GlanceUpdateImageMemberRequest(
            image_id=scene.image, member_id=scene.alt, body=v2.GlanceUpdateImageMemberRequestBody(status="accepted")
        ),
        member_of,
        (True, "accepted"),
        user="alt",
    ),
    "glance_delete_image_member": Row(
        lambda scene: v2.GlanceDeleteImageMemberRequest(image_id=scene.image, member_id=scene.alt),
        lambda scene, _: scene.members,
        {},
        204,
    ),
}
"""A row for each native method."""

ROWS = {**OWN, **NATIVE}

NEED_NO_CREDENTIAL = ("list_versions", "show_version")
