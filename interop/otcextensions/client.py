"""Images and jobs with python-otcextensions, the extension of openstacksdk for Open Telekom Cloud."""

from __future__ import annotations

import openstack
from openstack.exceptions import BadRequestException
from otcextensions import sdk
from python_checks import call_alone, exit_code, fails, listed, refused, works

FILE = "bucket:disk.zvhd2"
NO_IMAGE = "00000000-0000-4000-8000-000000000000"

cloud = openstack.connect()
sdk.register_otc_extensions(cloud)


def create() -> str:
    """Begin to create an image, and return what the response has."""
    begun = cloud.imsv2.create_image(name="web", image_url=FILE, os_version="Ubuntu 14.04 server 64bit", min_disk=60)
    return "a job" if begun.job_id else "no job"


call_alone(list=lambda: listed(list(cloud.imsv2.images(limit=50))), create=create)

with works("imsv2.create_image, and imsv1.wait_for_async_job"):
    begun = cloud.imsv2.create_image(name="web", image_url=FILE, os_version="Ubuntu 14.04 server 64bit", min_disk=60)
    job = cloud.imsv1.wait_for_async_job(begun.job_id, wait=1)
    assert (job.status, job.job_type) == ("SUCCESS", "imsImportImageJob"), (job.status, job.job_type)
    image_id = job.entities.image_id

with works("imsv1.get_async_job"):
    assert cloud.imsv1.get_async_job(begun.job_id).entities.image_name == "web"

with works("imsv2.images, with filters"):
    (image,) = cloud.imsv2.images(name="web", __imagetype="private", sort_key="name", limit=5)
    assert (image.id, image.status, image.min_disk, image.protected) == (image_id, "active", 60, False)
    assert (image.platform, image.os_bit, image.imagetype) == ("Ubuntu", "64", "private")

changes = [{"op": "replace", "path": "/name", "value": "db"}]
with fails(
    "imsv2.update_image",
    AttributeError,
    "create_returns_body",
    "otcextensions 0.34.8 reads an attribute that openstacksdk 4.22.0 no longer has. The image is updated.",
):
    cloud.imsv2.update_image(image_id, command_list=changes)

with works("imsv1.export_image"):
    exported = cloud.imsv1.export_image(image_id=image_id, bucket_url="bucket:export.vhd", file_format="vhd")
    assert cloud.imsv1.wait_for_async_job(exported, wait=1).status == "SUCCESS"

with works("the image service of openstacksdk, in the same connection"):
    assert cloud.image.get_image(image_id).name == "db"

with refused("imsv2.create_image without min_disk", BadRequestException, "The memory or disk size is invalid"):
    cloud.imsv2.create_image(name="small", image_url=FILE)

with refused(
    "imsv2.update_image of an image that does not exist", BadRequestException, "image ID in the request does not exist"
):
    cloud.imsv2.update_image(NO_IMAGE, command_list=changes)

with refused("imsv1.get_async_job of a job that does not exist", BadRequestException, "during task query"):
    cloud.imsv1.get_async_job("ff80808288d41e1b018990260955686a")

raise SystemExit(exit_code())
