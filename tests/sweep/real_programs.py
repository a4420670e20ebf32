"""Programs that publish an image with a real library: naive ones, as its manual has it, and ones that are ready."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import glanceclient
import openstack
import requests
from glanceclient import exc
from huaweicloudsdkcore.exceptions.exceptions import SdkException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkims.v2 import (
    CreateImageRequest,
    CreateImageRequestBody,
    GlanceDeleteImageRequest,
    GlanceListImagesRequest,
    GlanceShowImageRequest,
    ImsClient,
    ShowJobRequest,
)
from huaweicloudsdkims.v2.region.ims_region import ImsRegion
from keystoneauth1.exceptions import ClientException
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

NAME = "web"
FILE = b"the bytes of a disk" * 4
MD5 = hashlib.md5(FILE, usedforsecurity=False).hexdigest()
FORMATS: dict[str, Any] = {"disk_format": "raw", "container_format": "bare"}
TIMEOUT = 30
"""Seconds for which a response is waited for."""

UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)
"""What the libraries end in where a response is not of the form that they expect."""

OPENSTACK_ERRORS = (openstack.exceptions.SDKException, ClientException, requests.RequestException, *UNREADABLE)
GLANCE_ERRORS = (exc.BaseException, exc.ClientException, ClientException, requests.RequestException, *UNREADABLE)
HUAWEI_ERRORS = (SdkException, requests.RequestException, *UNREADABLE)


class PublishError(Exception):
    """There is no image, and nothing is left of it."""


def remove(found: Callable[[], Iterable[str]], delete: Callable[[str], object], errors: Any) -> None:
    """Delete the images that are found, as far as that is possible."""
    # The first as long as Retry-After says; and an image is not deleted before its job, or its upload, has ended.
    for wait in (30, 60, 120):
        time.sleep(wait)
        try:
            for image_id in found():
                delete(image_id)
        except errors:
            continue
        return


def check(image: Any) -> str:
    """Return the status of an image that is of the file; raise PublishError for any other."""
    if image is None or (image.status, image.checksum) != ("active", MD5):
        raise PublishError("the image is not of the file")
    return str(image.status)


# openstacksdk


def naive_openstack(path: Path) -> str:
    """Upload a file as an image, and return its status."""
    with openstack.connect(cloud="ims_mock") as connection:
        image: Any = connection.create_image(NAME, filename=str(path), wait=True, **FORMATS)
        return str(image.status)


def ready_openstack(path: Path, endpoint: str) -> str:
    """Upload a file as an image, and return its status; without success nothing is left of it."""
    # No search for versions, no second create, and an end to each wait.
    try:
        settings: dict[str, Any] = {
            "auth_type": "v3password",
            "auth": {"auth_url": os.environ["OS_AUTH_URL"]},
            "api_timeout": TIMEOUT,
            "image_endpoint_override": endpoint,
            "image_status_code_retries": 0,
        }
        with openstack.connect(cloud="ims_mock", **settings) as connection:
            images = connection.image
            connection.authorize()
            try:
                image = images.create_image(NAME, filename=str(path), allow_duplicates=True, **FORMATS)
                return check(images.wait_for_status(image, "active", failures=["killed"], interval=5, wait=60))
            except (PublishError, *OPENSTACK_ERRORS):
                remove(
                    lambda: [image.id for image in images.images(name=NAME, limit=50)],
                    images.delete_image,
                    OPENSTACK_ERRORS,
                )
                raise
    except OPENSTACK_ERRORS as error:
        raise PublishError("openstacksdk failed") from error


# python-glanceclient


def new_glance(**settings: Any) -> Any:
    """Return a client for the user of the environment."""
    auth = Password(
        os.environ["OS_AUTH_URL"],
        username=os.environ["OS_USERNAME"],
        password=os.environ["OS_PASSWORD"],
        user_domain_name=os.environ["OS_USER_DOMAIN_NAME"],
        project_name=os.environ["OS_PROJECT_NAME"],
        project_domain_name=os.environ["OS_PROJECT_DOMAIN_NAME"],
    )
    return glanceclient.Client("2", session=Session(auth, **settings))


def naive_glance(path: Path) -> str:
    """Create an image, upload its file, and return its status."""
    client = new_glance()
    image = client.images.create(name=NAME, **FORMATS)
    with path.open("rb") as data:
        client.images.upload(image.id, data)
    return str(client.images.get(image.id).status)


def ready_glance(path: Path) -> str:
    """Create an image, upload its file, and return its status; without success nothing is left of it."""
    try:
        client = new_glance(timeout=TIMEOUT)
        client.http_client.get_token()
        images = client.images
        try:
            image = images.create(name=NAME, **FORMATS)
            with path.open("rb") as data:
                images.upload(image.id, data)
            return check(images.get(image.id))
        except (PublishError, *GLANCE_ERRORS):
            remove(lambda: [image.id for image in images.list(filters={"name": NAME})], images.delete, GLANCE_ERRORS)
            raise
    except GLANCE_ERRORS as error:
        raise PublishError("python-glanceclient failed") from error


# huaweicloudsdkims

Call = Callable[[str, Any], Any]


def new_huawei(config: HttpConfig | None = None) -> Any:
    """Return a client for the region and the user of the environment."""
    return ImsClient.new_builder().with_http_config(config).with_region(ImsRegion.value_of("cn-north-4")).build()


def calling(client: Any, token: str) -> Call:
    """Return what calls a method of the client: signed, or with a token beside the signature."""

    def call(method: str, request: Any) -> Any:
        invoker = getattr(client, f"{method}_invoker")(request)
        if token:
            invoker.add_header("X-Auth-Token", token)
        return invoker.invoke()

    return call


def begin_job(call: Call) -> str:
    """Let an image be made of a file in OBS, and return the id of the job."""
    image_url, os_version = "bucket:disk.qcow2", "Ubuntu 22.04 server 64bit"
    body = CreateImageRequestBody(name=NAME, image_url=image_url, os_version=os_version, min_disk=40)
    job_id: str = call("create_image", CreateImageRequest(body=body)).job_id
    return job_id


def naive_huawei(token: str = "") -> str:
    """Make an image of a file in OBS, and return its status."""
    client = new_huawei()
    with closing(client.get_http_client()):
        call = calling(client, token)
        job_id = begin_job(call)
        job = call("show_job", ShowJobRequest(job_id))
        while job.status != "SUCCESS":
            if job.status == "FAIL":
                raise PublishError(job.fail_reason)
            time.sleep(10)
            job = call("show_job", ShowJobRequest(job_id))
        return str(call("glance_show_image", GlanceShowImageRequest(job.entities.image_id)).status)


def ready_huawei(token: str = "") -> str:
    """Make an image of a file in OBS, and return its status; without success nothing is left of it."""
    client = new_huawei(HttpConfig(timeout=(5, TIMEOUT)))
    with closing(client.get_http_client()):
        call = calling(client, token)

        def found() -> list[str]:
            return [
                image.id for image in call("glance_list_images", GlanceListImagesRequest(name=NAME, limit=50)).images
            ]

        try:
            image_id = wait_for_job(call, begin_job(call))
            status = call("glance_show_image", GlanceShowImageRequest(image_id)).status
            if status != "active":
                raise PublishError(f"the image is {status}")
            return str(status)
        except (PublishError, *HUAWEI_ERRORS) as error:
            remove(
                found, lambda image_id: call("glance_delete_image", GlanceDeleteImageRequest(image_id)), HUAWEI_ERRORS
            )
            raise PublishError("huaweicloudsdkims failed") from error


def wait_for_job(call: Call, job_id: str) -> str:
    """Return the id of the image that a job has made."""
    for _ in range(12):
        job = call("show_job", ShowJobRequest(job_id))
        if job.status == "SUCCESS":
            image_id: str = job.entities.image_id
            return image_id
        if job.status not in ("INIT", "RUNNING"):
            raise PublishError(f"the job failed: {job.status} {job.fail_reason}")
        time.sleep(10)
    raise PublishError("the job does not end")
