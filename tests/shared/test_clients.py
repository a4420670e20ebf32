"""Real clients, of several requests each, through a balancer to three servers that share their state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import glanceclient
import openstack
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkims.v2 import (
    CreateDataImageRequest,
    CreateDataImageRequestBody,
    GlanceDeleteImageRequest,
    GlanceShowImageRequest,
    ImsClient,
    ListImagesRequest,
    ShowJobRequest,
)

from ims_mock import connect
from tests.shared.farm import balancer, replicas
from tests.shared.redis_server import RedisServer

pytestmark = [
    pytest.mark.filterwarnings("ignore:Method '(glance_|show_job):DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Support for InfluxDB"),
    pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, running: RedisServer) -> Iterator[str]:
    """The URL of a balancer before three strict servers."""
    running.client.flushall()
    folder: Path = tmp_path_factory.mktemp("nginx")
    with ExitStack() as stack:
        servers = stack.enter_context(replicas(3, running.url, "--auth", "strict", "--jobs", "*=60"))
        yield stack.enter_context(balancer(folder, [server.port for server in servers]))


def test_huawei_sdk(url: str) -> None:
    """A job is begun, ended by the clock and polled; its image is listed, shown and deleted, with signatures."""
    with connect(url) as mock:
        credentials = BasicCredentials("demo-ak", "demo-sk", mock.project_id)
        client = ImsClient.new_builder().with_credentials(credentials).with_endpoint(url).build()
        body = CreateDataImageRequestBody(name="data", os_type="Linux", image_url="bucket:data.vhd", min_disk=40)
        mock.add_object("bucket:data.vhd", size=1024**3)
        job_id = client.create_data_image(CreateDataImageRequest(body=body)).job_id
        assert client.show_job(ShowJobRequest(job_id=job_id)).status != "SUCCESS"
        mock.clock.advance(61)
        job = client.show_job(ShowJobRequest(job_id=job_id))
        assert job.status == "SUCCESS"
        image_id = job.entities.image_id
        assert image_id in [image.id for image in client.list_images(ListImagesRequest()).images]
        assert client.glance_show_image(GlanceShowImageRequest(image_id=image_id)).name == "data"
        client.glance_delete_image(GlanceDeleteImageRequest(image_id=image_id))
        assert image_id not in mock.images


def test_openstacksdk(url: str) -> None:
    """A password is exchanged for a token; an image is created, uploaded, shared, downloaded and deleted."""
    with connect(url) as mock:
        user = mock.accounts.default_user
        cloud = openstack.connect(
            auth_url=f"{url}/v3",
            username=user.name,
            password=user.password,
            project_name=mock.accounts.own_project(user).name,
            user_domain_name=mock.accounts.domain.name,
            project_domain_name=mock.accounts.domain.name,
            region_name=mock.accounts.region,
        )
        image = cloud.image.create_image(
            name="whole", container_format="bare", disk_format="qcow2", data=b"x" * 700_000, validate_checksum=False
        )
        assert cloud.image.get_image(image.id).status == "active"
        assert cloud.image.download_image(image.id).content == b"x" * 700_000
        assert [found.name for found in cloud.image.images(name="whole")] == ["whole"]
        cloud.image.delete_image(image.id)
        assert image.id not in mock.images


def test_glanceclient(url: str) -> None:
    """An image is created, uploaded, listed page by page and deleted with a token."""
    with connect(url) as mock:
        client = glanceclient.Client(endpoint=f"{url}/v2", token=mock.token)
        made = [
            client.images.create(name=f"n{number}", disk_format="vhd", container_format="bare") for number in range(5)
        ]
        client.images.upload(made[0].id, BytesIO(b"data"))
        assert b"".join(client.images.data(made[0].id)) == b"data"
        listed = [image.name for image in client.images.list(page_size=2, sort_key="name", sort_dir="asc")]
        assert [name for name in listed if name.startswith("n")] == [f"n{number}" for number in range(5)]
        for image in made:
            client.images.delete(image.id)
        assert not mock.images
