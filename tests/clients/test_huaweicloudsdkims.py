"""The official SDK, unmodified, against a real socket."""

from __future__ import annotations

from typing import Any

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, ServerResponseException
from huaweicloudsdkims.v2 import (
    GlanceCreateImageMetadataRequest,
    GlanceCreateImageMetadataRequestBody,
    GlanceDeleteImageRequest,
    GlanceListImagesRequest,
    GlanceShowImageRequest,
    GlanceShowImageSchemasRequest,
    ImsClient,
)

from ims_mock import Fail, ImsMock

pytestmark = [
    # Huawei has moved show, list and delete to its historical APIs, and the SDK says so at each call.
    pytest.mark.filterwarnings("ignore:Method 'glance_:DeprecationWarning"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

PROJECT = "b912fb4a4c464b568ecfca1071b21b10"


@pytest.fixture
def client(ims_mock: ImsMock) -> Any:
    """An IMS client that signs with an AK/SK and is pointed at the mock."""
    credentials = BasicCredentials("ak", "sk", PROJECT)
    return ImsClient.new_builder().with_credentials(credentials).with_endpoint(ims_mock.url).build()


def create(client: Any, **attributes: Any) -> Any:
    """Create image metadata."""
    body = GlanceCreateImageMetadataRequestBody(**attributes)
    return client.glance_create_image_metadata(GlanceCreateImageMetadataRequest(body=body))


@pytest.mark.ims_mock(start="2016-06-02T07:49:48Z")
def test_page_example(client: Any, page: dict[str, Any]) -> None:
    """The page's example comes back as the SDK's model, with the page's values."""
    request = dict(page["request"])
    image = create(client, os_version=request.pop("__os_version"), **request)
    assert image.status_code == 201
    assert (image.name, image.tags, image.min_disk, image.min_ram) == ("test", request["tags"], 100, 1024)
    assert (image.os_type, image.platform, image.os_bit, image.os_version) == (
        "Linux",
        "Ubuntu",
        "64",
        "Ubuntu 14.04 server 64bit",
    )
    assert (image.owner, image.created_at, image.isregistered) == (PROJECT, "2016-06-02T07:49:48Z", "true")
    assert image._self == f"/v2/images/{image.id}"


def test_show_list_delete(client: Any, ims_mock: ImsMock) -> None:
    """What was created is shown, listed and deleted."""
    image = create(client, name="a")
    assert client.glance_show_image(GlanceShowImageRequest(image.id)).name == "a"
    assert [item.id for item in client.glance_list_images(GlanceListImagesRequest(limit=5)).images] == [image.id]
    assert client.glance_delete_image(GlanceDeleteImageRequest(image.id)).status_code == 204
    assert ims_mock.images == {}


def test_schema(client: Any) -> None:
    """The image schema is the SDK's model of it."""
    assert client.glance_show_image_schemas(GlanceShowImageSchemasRequest()).name == "image"


def test_refusal_is_the_sdks_exception(client: Any, ims_mock: ImsMock) -> None:
    """A refusal has the service's code and text, and the request's id."""
    with pytest.raises(ClientRequestException) as caught:
        create(client, min_disk=39)
    assert (caught.value.status_code, caught.value.error_code) == (400, "IMG.0055")
    assert caught.value.error_msg == "The memory or disk size is invalid."
    assert caught.value.request_id == ims_mock.journal.calls()[0].request_id


def test_missing_body_is_refused(client: Any) -> None:
    """The SDK sends no body when it is given none, which is no create."""
    with pytest.raises(ClientRequestException) as caught:
        client.glance_create_image_metadata(GlanceCreateImageMetadataRequest())
    assert caught.value.error_code == "IMG.0007"


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "IMG.0001", ClientRequestException),
        (401, "APIGW.0301", ClientRequestException),
        (403, "IMG.0026", ClientRequestException),
        (404, "IMG.0144", ClientRequestException),
        (500, "IMG.0061", ServerResponseException),
        (503, "APIGW.0613", ServerResponseException),
    ],
)
def test_faults(client: Any, ims_mock: ImsMock, status: int, code: str, error: type[Exception]) -> None:
    """A fault is the SDK's exception for its status, with the documented code."""
    ims_mock.faults.add(Fail(status), operation="glance_create_image_metadata", times=1)
    with pytest.raises(error) as caught:
        create(client, name="a")
    assert (caught.value.status_code, caught.value.error_code) == (status, code)  # type: ignore[attr-defined]
    assert create(client, name="a").status_code == 201
