"""The official SDK against IMS's own list, with every signature verified, and a client that escapes nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkims.v2 import (
    ImsClient,
    ListImagesRequest,
    ListOsVersionsRequest,
    ShowImageQuotaRequest,
    UpdateImageRequest,
    UpdateImageRequestBody,
)

from ims_mock import ImsMock

pytestmark = [
    pytest.mark.ims_mock(auth="strict"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]


@pytest.fixture
def client(ims_mock: ImsMock) -> Iterator[Any]:
    """The SDK's client, as the user demo."""
    credentials = BasicCredentials("demo-ak", "demo-sk", ims_mock.project_id)
    client: Any = ImsClient.new_builder().with_credentials(credentials).with_endpoint(ims_mock.url).build()
    with closing(client.get_http_client()):
        yield client


def names(response: Any) -> list[str]:
    """Return the names of a list."""
    return [image.name for image in response.images]


def test_list_images(client: Any, ims_mock: ImsMock) -> None:
    """Images come as typed objects, chosen and sorted as the request says."""
    for name in "abc":
        ims_mock.add_image(name=name, tags=["k=v"], data=b"abc", __support_kvm="true", protected=name == "c")
    request = ListImagesRequest(
        tag="k=v", status="active", protected=False, isregistered="true", sort_key="name", sort_dir="asc", limit=1000
    )
    response = client.list_images(request)
    assert names(response) == ["a", "b"]
    image = response.images[0]
    assert (image.status, image.support_kvm, image.protected, image.size) == ("active", "true", False, 3)


def test_list_images_by_several_ids(client: Any, ims_mock: ImsMock) -> None:
    """Cloud Custodian gives a list of ids, which the SDK sends one by one."""
    ids = [ims_mock.add_image(name=name)["id"] for name in "abc"]
    request: Any = ListImagesRequest(id=[ids[0], ids[2]], limit=1000)
    assert names(client.list_images(request)) == ["c", "a"]
    assert list(ims_mock.journal)[-1].path.count("id=") == 2


def test_list_images_until_an_empty_page(client: Any, ims_mock: ImsMock) -> None:
    """The last id of each page is the next marker."""
    for name in "abc":
        ims_mock.add_image(name=name)
    found: list[str] = []
    request = ListImagesRequest(limit=2)
    while (response := client.list_images(request)).images:
        found += names(response)
        request.marker = response.images[-1].id
    assert found == ["c", "b", "a"]


def test_list_images_with_raw_blanks(ims_mock: ImsMock) -> None:
    """Terraform with a token sends names as they are."""
    ims_mock.add_image(name="CentOS 7.4 64bit")
    url = urlsplit(ims_mock.url)
    target = "/v2/cloudimages?status=&enterprise_project_id=all_granted_eps&name=CentOS 7.4 64bit&sort_key=name"
    with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
        head = f"GET {target} HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {ims_mock.token}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        response = b"".join(iter(lambda: connection.recv(65536), b""))
    assert response.startswith(b"HTTP/1.1 200 ")
    assert b'"name":"CentOS 7.4 64bit"' in response


def test_update_image(client: Any, ims_mock: ImsMock) -> None:
    """An update returns the image, whose max_ram is text and whose min_ram is a number."""
    image = ims_mock.add_image(name="a", data=b"abc")
    changes = [
        UpdateImageRequestBody("replace", "/name", "b"),
        UpdateImageRequestBody("add", "/max_ram", "4096"),
        UpdateImageRequestBody("replace", "/min_ram", "1024"),
    ]
    response = client.update_image(UpdateImageRequest(image["id"], changes))
    assert (response.name, response.max_ram, response.min_ram) == ("b", "4096", 1024)


def test_update_of_a_missing_attribute(client: Any, ims_mock: ImsMock) -> None:
    """The code at which clients add an attribute instead of replacing it."""
    image = ims_mock.add_image(name="a", data=b"abc")
    changes = [UpdateImageRequestBody("replace", "/__description", "text")]
    with pytest.raises(ClientRequestException) as caught:
        client.update_image(UpdateImageRequest(image["id"], changes))
    assert (caught.value.status_code, caught.value.error_code) == (400, "IMG.0035")


@pytest.mark.ims_mock(auth="strict", quota=20)
def test_show_image_quota(client: Any, ims_mock: ImsMock) -> None:
    """The quota is typed, and counts."""
    ims_mock.add_image(name="a")
    (resource,) = client.show_image_quota(ShowImageQuotaRequest()).quotas.resources
    assert (resource.type, resource.used, resource.quota, resource.min, resource.max) == ("image", 1, 20, 1, 1000)


def test_list_os_versions(client: Any) -> None:
    """The list at the top of the response is read as typed groups."""
    groups = client.list_os_versions(ListOsVersionsRequest(tag="arm,uefi")).body
    versions = [version for group in groups for version in group.version_list]
    assert {(version.os_bit, version.os_type) for version in versions} == {(64, "Linux")}
    assert "NeoKylin" in [group.platform for group in groups]
