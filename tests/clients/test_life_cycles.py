"""Lives of images from their first job to their end, over the official SDK with strict signatures.

Every job takes two looks, as a client sees it that polls.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkims import v2

from ims_mock import FailJob, ImsMock
from tests.clients.sdk_rows import CENTOS, UUID, connected
from tests.clients.sdk_types import wrong_responses

pytestmark = [
    pytest.mark.ims_mock(auth="strict", neighbours="listed", jobs={"*": {"polls": 2}}),
    # Huawei has moved some to its historical APIs, and the SDK says so at each call.
    pytest.mark.filterwarnings("ignore:Method 'glance_:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Method 'show_job':DeprecationWarning"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

GB = 1024**3
VAULT, OTHER_VAULT = "302a6ef9-c0a9-4f8c-8f2e-1e8ab1c6d0d4", "c5dfbd0c-bf0a-4798-a453-61dc6b54aa30"


class Project:
    """A user with a client, and with what a script does again and again."""

    def __init__(self, mock: ImsMock, user: str) -> None:
        self.id, self.client = mock.service.accounts.projects[user].id, connected(mock, user)

    def ended(self, response: Any, status: str = "SUCCESS") -> Any:
        """Look at the job that a response names until it has ended, and return it."""
        seen: list[Any] = []
        while not seen or seen[-1].status in ("INIT", "RUNNING"):
            seen.append(self.client.show_job(v2.ShowJobRequest(response.job_id)))
            assert len(seen) < 10
        percents = [job.entities.process_percent for job in seen[:-1]]
        assert percents == sorted(percents)
        assert seen[-1].status == status
        return seen[-1]

    def made(self, response: Any) -> Any:
        """Return the image that a job makes, as it is listed at its end."""
        return self.listed(self.ended(response).entities.image_id)

    def listed(self, image_id: str) -> Any:
        """Return an image from the list; None where it is not there."""
        images = self.client.list_images(v2.ListImagesRequest(id=image_id)).images
        return images[0] if images else None

    def delete(self, image_id: str, **body: Any) -> None:
        """Delete an image, after which it is not listed."""
        self.client.glance_delete_image(v2.GlanceDeleteImageRequest(image_id, v2.GlanceDeleteImageRequestBody(**body)))
        assert self.listed(image_id) is None

    def code(self, method: str, request: Any) -> str:
        """Return the code with which a request is rejected."""
        with pytest.raises(ClientRequestException) as caught:
            getattr(self.client, method)(request)
        code: str = caught.value.error_code
        return code


@pytest.fixture
def projects(ims_mock: ImsMock) -> Iterator[tuple[Project, Project]]:
    """The projects of demo and of alt; their responses are of the types that the SDK declares."""
    both = Project(ims_mock, "demo"), Project(ims_mock, "alt")
    with ExitStack() as stack:
        for project in both:
            stack.enter_context(closing(project.client.get_http_client()))
        yield both
    assert wrong_responses(ims_mock) == []


@pytest.fixture
def demo(projects: tuple[Project, Project]) -> Project:
    """The project of demo."""
    return projects[0]


def test_image_that_is_imported_shared_copied_and_exported(
    ims_mock: ImsMock, projects: tuple[Project, Project]
) -> None:
    """A file of a bucket becomes an image, which another project accepts, copies and exports; both delete theirs."""
    demo, alt = projects
    ims_mock.add_object("bucket:web.qcow2", size=2 * GB)
    body = v2.CreateImageRequestBody(name="web", image_url="bucket:web.qcow2", min_disk=40, os_version=CENTOS)
    image = demo.made(demo.client.create_image(v2.CreateImageRequest(body)))
    assert (image.status, image.image_size, image.data_origin) == ("active", str(2 * GB), "file,bucket:web.qcow2")

    tag = v2.AddImageTagRequestBody(v2.ResourceTag("team", "web"))
    demo.client.add_image_tag(v2.AddImageTagRequest(image.id, tag))
    share = v2.BatchAddMembersRequestBody(images=[image.id], projects=[alt.id])
    demo.ended(demo.client.batch_add_members(v2.BatchAddMembersRequest(share)))
    assert (demo.listed(image.id).tags, demo.listed(image.id).visibility) == (["team=web"], "shared")

    copy = v2.CopyImageInRegionRequest(image.id, v2.CopyImageInRegionRequestBody(name="ours"))
    assert alt.code("copy_image_in_region", copy) == "IMG.0196"
    accept = v2.BatchUpdateMembersRequestBody(images=[image.id], project_id=alt.id, status="accepted")
    alt.ended(alt.client.batch_update_members(v2.BatchUpdateMembersRequest(accept)))
    ours = alt.made(alt.client.copy_image_in_region(copy))
    assert (ours.owner, ours.data_origin) == (alt.id, f"image,cn-north-4,{image.id}")

    export = v2.ExportImageRequestBody(bucket_url="bucket:ours.vhd", file_format="vhd")
    alt.ended(alt.client.export_image(v2.ExportImageRequest(ours.id, export)))
    assert alt.code("export_image", v2.ExportImageRequest(ours.id, export)) == "IMG.0070"
    demo.delete(image.id)
    assert alt.listed(ours.id).status == "active"
    alt.delete(ours.id)
    assert not ims_mock.images


def test_full_ecs_image_with_its_backup(ims_mock: ImsMock, projects: tuple[Project, Project]) -> None:
    """A server's full-ECS image has a backup in a vault, is accepted into another vault, and takes the backup along."""
    demo, alt = projects
    ims_mock.add_server(id=UUID, status="ACTIVE", os_version=CENTOS, system_disk=100)
    for vault in (VAULT, OTHER_VAULT):
        ims_mock.add_vault(id=vault)
    body = v2.CreateWholeImageRequestBody(name="whole", instance_id=UUID, vault_id=VAULT)
    image = demo.made(demo.client.create_whole_image(v2.CreateWholeImageRequest(body)))
    assert (image.min_disk, image.os_version, image.data_origin) == (100, CENTOS, f"server_backup,{VAULT}")
    backup = f"backups/{image.backup_id}"
    assert backup in ims_mock.service.store.neighbours
    again = v2.CreateWholeImageRequestBody(name="b", backup_id=image.backup_id, whole_image_type="CBR")
    assert demo.code("create_whole_image", v2.CreateWholeImageRequest(again)) == "IMG.0029"

    share = v2.BatchAddMembersRequestBody(images=[image.id], projects=[alt.id])
    demo.ended(demo.client.batch_add_members(v2.BatchAddMembersRequest(share)))
    accept = v2.BatchUpdateMembersRequestBody(images=[image.id], project_id=alt.id, status="accepted")
    assert alt.code("batch_update_members", v2.BatchUpdateMembersRequest(accept)) == "IMG.0184"
    accept.vault_id = OTHER_VAULT
    alt.ended(alt.client.batch_update_members(v2.BatchUpdateMembersRequest(accept)))
    assert alt.listed(image.id).imagetype == "shared"

    demo.delete(image.id, delete_backup=True)
    assert ims_mock.service.store.neighbours[backup]["status"] == "deleted"


def test_iso_image(ims_mock: ImsMock, demo: Project) -> None:
    """An ISO file needs an OS, and its image is neither copied nor exported."""
    ims_mock.add_object("bucket:cd.iso", size=GB)
    body = v2.CreateImageRequestBody(name="cd", image_url="bucket:cd.iso", min_disk=40, type="IsoImage")
    assert demo.code("create_image", v2.CreateImageRequest(body)) == "IMG.0166"
    body.os_version = CENTOS
    image = demo.made(demo.client.create_image(v2.CreateImageRequest(body)))
    assert (image.disk_format, image.virtual_env_type) == ("iso", "IsoImage")
    copy, export = v2.CopyImageInRegionRequestBody(name="b"), v2.ExportImageRequestBody("bucket:b", "vhd")
    assert demo.code("copy_image_in_region", v2.CopyImageInRegionRequest(image.id, copy)) == "IMG.0167"
    assert demo.code("export_image", v2.ExportImageRequest(image.id, export)) == "IMG.0167"
    demo.delete(image.id)


def test_data_images_of_the_disks_of_a_server(ims_mock: ImsMock, demo: Project) -> None:
    """Each disk is a job within the job, which can be looked at by itself, and runs as long as the job does."""
    ims_mock.add_server(id=UUID, volumes=[VAULT, OTHER_VAULT])
    data = [v2.CreateDataImage(name=name, volume_id=id_) for name, id_ in (("one", VAULT), ("two", OTHER_VAULT))]
    response = demo.client.create_image(v2.CreateImageRequest(v2.CreateImageRequestBody(data_images=data)))
    begun = demo.client.show_job(v2.ShowJobRequest(response.job_id))
    assert {part.status for part in begun.entities.sub_jobs_result} <= {"INIT", "RUNNING"}
    job = demo.ended(response)
    parts = [demo.client.show_job(v2.ShowJobRequest(part_id)) for part_id in job.entities.sub_jobs_list]
    assert [(part.job_type, part.status) for part in parts] == [("imsCopyVolumeToImageJob", "SUCCESS")] * 2
    images = [demo.listed(part.entities.image_id) for part in job.entities.sub_jobs_result]
    assert [(image.name, image.data_origin) for image in images] == [
        ("one", f"volume,{VAULT}"),
        ("two", f"volume,{OTHER_VAULT}"),
    ]


def test_quick_import(ims_mock: ImsMock, demo: Project) -> None:
    """A file that was exported quickly is imported quickly, by a job within the job."""
    source = ims_mock.add_image(name="source", data=b"abc", min_disk=300)
    source["__image_size"] = str(200 * GB)
    export = v2.ExportImageRequestBody(bucket_url="bucket:large", is_quick_export=True)
    demo.ended(demo.client.export_image(v2.ExportImageRequest(source["id"], export)))
    new = v2.QuickImportImageByFileRequestBody(
        name="fast", image_url="bucket:large", min_disk=199, os_version=CENTOS, type="ECS"
    )
    assert demo.code("import_image_quick", v2.ImportImageQuickRequest(new)) == "IMG.0055"
    new.min_disk = 200
    response = demo.client.import_image_quick(v2.ImportImageQuickRequest(new))
    progress = demo.client.show_job_progress(v2.ShowJobProgressRequest(response.job_id))
    part = demo.client.show_job(v2.ShowJobRequest(progress.entities.sub_job_id))
    assert part.job_type == "imsImportBigFileImageJob"
    assert demo.made(response).image_size == str(200 * GB)


def test_file_of_a_queued_image_is_registered(ims_mock: ImsMock, demo: Project) -> None:
    """A queued image is saving while the file arrives, and cannot be deleted until it is active."""
    ims_mock.add_object("bucket:a.vhd")
    new = v2.GlanceCreateImageMetadataRequestBody(name="new", os_version=CENTOS)
    image = demo.client.glance_create_image_metadata(v2.GlanceCreateImageMetadataRequest(new))
    file = v2.RegisterImageRequest(image.id, v2.RegisterImageRequestBody(image_url="bucket:a.vhd"))
    response = demo.client.register_image(file)
    assert demo.listed(image.id).status == "saving"
    assert demo.code("glance_delete_image", v2.GlanceDeleteImageRequest(image.id)) == "IMG.0090"
    assert demo.made(response).status == "active"
    assert demo.code("register_image", file) == "IMG.0046"
    demo.delete(image.id)


@pytest.mark.ims_mock(auth="strict", jobs={"*": {"polls": 5}})
def test_job_that_fails_at_two_fifths(ims_mock: ImsMock, demo: Project) -> None:
    """A job gets to 40 % and no further, leaves no image, and the same request succeeds after that."""
    ims_mock.add_object("bucket:a.vhd")
    ims_mock.faults.add(FailJob("IMG.0057", at=0.4), operation="create_data_image", times=1)
    body = v2.CreateDataImageRequestBody(name="data", image_url="bucket:a.vhd", min_disk=40)
    request = v2.CreateDataImageRequest(body)
    job = demo.ended(demo.client.create_data_image(request), "FAIL")
    assert (job.error_code, job.entities.image_id) == ("IMG.0057", None)
    assert demo.client.show_job_progress(v2.ShowJobProgressRequest(job.job_id)).entities.process_percent == 0.4
    assert not ims_mock.images
    assert demo.made(demo.client.create_data_image(request)).status == "active"
