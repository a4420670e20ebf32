"""The official SDK makes images of servers, disks, files and backups, with every signature verified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkims import v2
from huaweicloudsdkims.v2 import ImsClient

from ims_mock import ImsMock

pytestmark = [
    pytest.mark.ims_mock(auth="strict"),
    # Huawei has moved it to another page, and the SDK says so at each call.
    pytest.mark.filterwarnings("ignore:Method 'show_job':DeprecationWarning"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

SERVER = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"
VAULT = "302a6ef9-c0a9-4f8c-8f2e-1e8ab1c6d0d4"
CENTOS = "CentOS 7.0 64bit"


@pytest.fixture
def client(ims_mock: ImsMock) -> Iterator[Any]:
    """The SDK's client, as the user demo."""
    credentials = BasicCredentials("demo-ak", "demo-sk", ims_mock.project_id)
    client: Any = ImsClient.new_builder().with_credentials(credentials).with_endpoint(ims_mock.url).build()
    with closing(client.get_http_client()):
        yield client


def ended(client: Any, response: Any) -> Any:
    """Return the typed entities of the job that a response names."""
    job = client.show_job(v2.ShowJobRequest(response.job_id))
    assert (job.status, job.error_code) == ("SUCCESS", None)
    return job.entities


def listed(client: Any, entities: Any) -> Any:
    """Return the image of a job as the list has it, typed."""
    (image,) = client.list_images(v2.ListImagesRequest(id=entities.image_id)).images
    assert (image.name, image.status) == (entities.image_name, "active")
    return image


@pytest.mark.parametrize("suffix", ["", "InSafeMode"])
def test_create_image_of_a_server(client: Any, suffix: str) -> None:
    """Tags of the old form, a memory and a description come back typed."""
    body = v2.CreateImageRequestBody(
        name="web", instance_id=SERVER, description="", tags=["aaa.111"], min_ram=1024, max_ram=4096
    )
    ask = client.create_image if not suffix else client.create_image_in_safe_mode
    image = listed(client, ended(client, ask(getattr(v2, f"CreateImage{suffix}Request")(body=body))))
    assert (image.data_origin, image.tags) == (f"instance,{SERVER}", ["aaa=111"])
    assert (image.support_agent_list, image.min_ram, image.max_ram) == ("hss,ces", 1024, "4096")
    assert image.description == ""


def test_create_image_of_disks(client: Any) -> None:
    """Each disk is a typed result of a job within the job."""
    data = [v2.CreateDataImage(name=name, volume_id=SERVER, tags=["a.b"]) for name in ("one", "two")]
    body = v2.CreateImageRequestBody(data_images=data)
    entities = ended(client, client.create_image(v2.CreateImageRequest(body=body)))
    assert [part.entities.image_name for part in entities.sub_jobs_result] == ["one", "two"]
    assert {part.status for part in entities.sub_jobs_result} == {"SUCCESS"}
    assert entities.sub_jobs_list == [part.job_id for part in entities.sub_jobs_result]


def test_create_image_of_an_iso_file(client: Any) -> None:
    """Type, architecture and key of a file's image come back typed."""
    body = v2.CreateImageRequestBody(
        name="web", image_url="b:a.iso", min_disk=40, type="IsoImage", os_version=CENTOS, architecture="arm", cmk_id="k"
    )
    image = listed(client, ended(client, client.create_image(v2.CreateImageRequest(body=body))))
    assert (image.virtual_env_type, image.disk_format, image.support_arm) == ("IsoImage", "iso", "true")
    assert (image.hw_firmware_type, image.system__cmkid, image.os_version) == ("uefi", "k", CENTOS)


def test_create_image_of_a_volume(client: Any) -> None:
    """The tags are keys with values."""
    tags = [v2.TagKeyValue("k", "v")]
    body = v2.CreateImageRequestBody(name="web", volume_id=SERVER, os_version=CENTOS, type="BMS", image_tags=tags)
    image = listed(client, ended(client, client.create_image(v2.CreateImageRequest(body=body))))
    assert (image.virtual_env_type, image.tags) == ("Ironic", ["k=v"])


@pytest.mark.parametrize("suffix", ["", "InSafeMode"])
def test_create_data_image(client: Any, suffix: str) -> None:
    """A data image of a file is listed by its environment."""
    body = v2.CreateDataImageRequestBody(name="data", image_url="b:a.vhd", min_disk=40, os_type="Windows")
    ask = client.create_data_image if not suffix else client.create_data_image_in_safe_mode
    image = listed(client, ended(client, ask(getattr(v2, f"CreateDataImage{suffix}Request")(body=body))))
    assert (image.virtual_env_type, image.os_type, image.data_origin) == ("DataImage", "Windows", "file,b:a.vhd")


@pytest.mark.parametrize("suffix", ["", "InSafeMode"])
def test_import_image_quick(client: Any, suffix: str) -> None:
    """The SDK needs an OS version of every image that is imported quickly."""
    body = v2.QuickImportImageByFileRequestBody(
        name="fast", os_version=CENTOS, image_url="b:a.zvhd2", min_disk=40, hw_firmware_type="uefi", type="ECS"
    )
    ask = client.import_image_quick if not suffix else client.import_image_quick_in_safe_mode
    image = listed(client, ended(client, ask(getattr(v2, f"ImportImageQuick{suffix}Request")(body=body))))
    assert (image.hw_firmware_type, image.os_version) == ("uefi", CENTOS)


def test_refusal_is_typed(client: Any, ims_mock: ImsMock) -> None:
    """The code of a rejection reaches the caller."""
    body = v2.CreateDataImageRequestBody(name="data", image_url="b:a.vhd", min_disk=39)
    with pytest.raises(ClientRequestException) as caught:
        client.create_data_image(v2.CreateDataImageRequest(body=body))
    assert (caught.value.status_code, caught.value.error_code) == (400, "IMG.0055")
    assert not ims_mock.images


def test_create_whole_image(client: Any) -> None:
    """A server in a vault makes a full-ECS image with a backup."""
    body = v2.CreateWholeImageRequestBody(name="whole", instance_id=SERVER, vault_id=VAULT, min_ram=2048)
    entities = ended(client, client.create_whole_image(v2.CreateWholeImageRequest(body=body)))
    image = listed(client, entities)
    assert (image.data_origin, image.min_ram) == (f"server_backup,{VAULT}", 2048)
    assert image.backup_id


def test_create_whole_image_of_a_backup(client: Any) -> None:
    """One backup makes one image, and the code of the second request is typed."""
    body = v2.CreateWholeImageRequestBody(name="whole", backup_id=VAULT, whole_image_type="CBR")
    image = listed(client, ended(client, client.create_whole_image(v2.CreateWholeImageRequest(body=body))))
    assert image.backup_id == VAULT
    with pytest.raises(ClientRequestException) as caught:
        client.create_whole_image(v2.CreateWholeImageRequest(body=body))
    assert caught.value.error_code == "IMG.0029"


def test_server_that_runs(client: Any, ims_mock: ImsMock) -> None:
    """What a test says of a server reaches the caller as the service's code."""
    ims_mock.add_server(id=SERVER, status="ACTIVE")
    with pytest.raises(ClientRequestException) as caught:
        client.create_image(v2.CreateImageRequest(body=v2.CreateImageRequestBody(name="web", instance_id=SERVER)))
    assert (caught.value.status_code, caught.value.error_code) == (400, "IMG.0008")
