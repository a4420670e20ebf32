"""Each client, unmodified, over HTTPS: with the throw-away authority of the mock, and without it."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import glanceclient
import keystoneauth1.exceptions
import pytest
import requests
from glanceclient import exc
from huaweicloudsdkcore.auth.credentials import BasicCredentials, Credentials
from huaweicloudsdkcore.exceptions.exceptions import SslHandShakeException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkims.v2 import (
    GlanceCreateImageMetadataRequest,
    GlanceCreateImageMetadataRequestBody,
    GlanceListImagesRequest,
    ImsClient,
)
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

from ims_mock import ImsMock
from tests.conftest import needs_curl

pytestmark = [
    # Huawei has moved show, list and delete to its historical APIs, and the SDK says so at each call.
    pytest.mark.filterwarnings("ignore:Method 'glance_:DeprecationWarning"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
    # openstacksdk warns of its own deprecations, at every connection and resource, and where it is imported first.
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated"),
]

FILE = bytes(range(256)) * 10_000  # More than is in one record of TLS.
NOT_TRUSTED = "CERTIFICATE_VERIFY_FAILED"

CLOUD = """\
clouds:
  secure:
    auth:
      auth_url: {url}/v3
      username: demo
      password: secret
      user_domain_name: Default
      project_name: demo
      project_domain_name: Default
    region_name: cn-north-4
"""


@pytest.fixture
def secure(monkeypatch: pytest.MonkeyPatch) -> Iterator[ImsMock]:
    """A mock that serves HTTPS and verifies every credential, where no variable names an authority."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "OS_CACERT", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    with ImsMock(tls=True, auth="strict") as mock:
        yield mock


@pytest.fixture
def ca_file(secure: ImsMock, tmp_path: Path) -> str:
    """The file of the mock's authority."""
    path = tmp_path / "ca.pem"
    path.write_bytes(secure.ca_pem)
    return str(path)


def test_url(secure: ImsMock) -> None:
    """The mock says that it is HTTPS, in its URL and in the links of its responses."""
    assert secure.url.startswith("https://127.0.0.1:")


# The SDK


def sdk(mock: ImsMock, **config: Any) -> Any:
    """demo's client of the SDK."""
    builder = ImsClient.new_builder().with_credentials(BasicCredentials("demo-ak", "demo-sk"))
    return builder.with_http_config(HttpConfig(**config)).with_endpoint(mock.url).build()


def test_sdk(secure: ImsMock, ca_file: str) -> None:
    """The SDK, given the authority, signs and sends over HTTPS."""
    body = GlanceCreateImageMetadataRequestBody(name="web")
    created = sdk(secure, ssl_ca_cert=ca_file).glance_create_image_metadata(GlanceCreateImageMetadataRequest(body))
    assert secure.images[created.id]["name"] == "web"


def test_sdk_in_a_region(secure: ImsMock, ca_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK asks the identity service for its project over HTTPS too."""
    monkeypatch.setenv("HUAWEICLOUD_SDK_IAM_ENDPOINT", secure.url)
    Credentials._CACHE.clear()  # The project, which the SDK asks for once for a process.
    builder = ImsClient.new_builder().with_credentials(BasicCredentials("demo-ak", "demo-sk"))
    builder = builder.with_http_config(HttpConfig(ssl_ca_cert=ca_file))
    client = builder.with_region(Region("cn-north-4", secure.url)).build()
    assert client.glance_list_images(GlanceListImagesRequest()).images == []
    assert [entry.operation for entry in secure.journal] == ["keystone_list_projects", "glance_list_images"]


def test_sdk_without_the_authority(secure: ImsMock) -> None:
    """The SDK that does not know the authority sends nothing."""
    with pytest.raises(SslHandShakeException, match=NOT_TRUSTED):
        sdk(secure).glance_list_images(GlanceListImagesRequest())
    assert len(secure.journal) == 0


# openstacksdk


def test_openstacksdk(secure: ImsMock, ca_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """openstacksdk, given the authority in clouds.yaml, logs in and uploads over HTTPS."""
    import openstack

    (tmp_path / "clouds.yaml").write_text(CLOUD.format(url=secure.url) + f"    cacert: {ca_file}\n", "utf-8")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    with openstack.connect(cloud="secure") as connection:
        created = connection.image.create_image("web", data=FILE)
        assert connection.image.download_image(created.id).content == FILE
        assert connection.image.get_endpoint() == f"{secure.url}/v2/"


def test_openstacksdk_without_the_authority(secure: ImsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """openstacksdk that does not know the authority sends nothing."""
    import openstack

    (tmp_path / "clouds.yaml").write_text(CLOUD.format(url=secure.url), "utf-8")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    with (
        openstack.connect(cloud="secure") as connection,
        pytest.raises(keystoneauth1.exceptions.SSLError, match=NOT_TRUSTED),
    ):
        list(connection.image.images())
    assert len(secure.journal) == 0


# python-glanceclient


def glance(mock: ImsMock, verify: str | bool) -> Any:
    """demo's glanceclient, which logs in."""
    auth = Password(
        f"{mock.url}/v3",
        username="demo",
        password="secret",
        user_domain_name="Default",
        project_name="demo",
        project_domain_name="Default",
    )
    return glanceclient.Client("2", session=Session(auth, verify=verify))


def test_glanceclient(secure: ImsMock, ca_file: str) -> None:
    """glanceclient, whose session knows the authority, logs in and uploads, in chunks, over HTTPS."""
    images = glance(secure, ca_file).images
    created = images.create(name="web", disk_format="raw", container_format="bare")
    images.upload(created["id"], io.BytesIO(FILE))
    assert b"".join(images.data(created["id"])) == FILE


def test_glanceclient_with_a_token(secure: ImsMock, ca_file: str) -> None:
    """glanceclient without a session, given the authority, is served too."""
    client = glanceclient.Client(endpoint=f"{secure.url}/v2", token=secure.token, cacert=ca_file)
    assert list(client.images.list()) == []


def test_glanceclient_without_the_authority(secure: ImsMock) -> None:
    """glanceclient that does not know the authority sends nothing, with a session and without."""
    with pytest.raises(keystoneauth1.exceptions.SSLError, match=NOT_TRUSTED):
        list(glance(secure, True).images.list())
    with pytest.raises(exc.CommunicationError, match=NOT_TRUSTED):
        list(glanceclient.Client(endpoint=f"{secure.url}/v2", token=secure.token).images.list())
    assert len(secure.journal) == 0


# Commands


def printed(mock: ImsMock, client: str, ca_file: str) -> str:
    """Return what `python -m ims_mock env` prints for a client."""
    command = [sys.executable, "-m", "ims_mock", "env", client, "--url", mock.url, "--tls", "--ca-file", ca_file]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def shell(script: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the lines of a script in a shell."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", script],
        env={**os.environ, "HOME": str(home), "PATH": path},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_openstackclient(secure: ImsMock, ca_file: str, tmp_path: Path) -> None:
    """What `ims_mock env openstack --tls` prints is all that the openstack command needs."""
    done = shell(printed(secure, "openstack", ca_file) + "openstack image create web -f value -c name", tmp_path)
    assert (done.returncode, done.stdout) == (0, "web\n"), done.stderr
    assert [image["name"] for image in secure.images.values()] == ["web"]


@pytest.mark.slow
def test_openstackclient_without_the_authority(secure: ImsMock, ca_file: str, tmp_path: Path) -> None:
    """The openstack command that does not know the authority sends nothing, and says what is wrong."""
    unset = "unset OS_CACERT REQUESTS_CA_BUNDLE\n"
    done = shell(printed(secure, "openstack", ca_file) + unset + "openstack image list", tmp_path)
    assert done.returncode == 1
    assert NOT_TRUSTED in done.stderr
    assert len(secure.journal) == 0


@needs_curl
def test_curl(secure: ImsMock, ca_file: str, tmp_path: Path) -> None:
    """What `ims_mock env curl --tls` prints has a token, got over HTTPS, and the authority is given to curl by hand."""
    create = (
        f"""curl -sS --cacert {shlex.quote(ca_file)} -H "X-Auth-Token: $IMS_TOKEN" "$IMS_URL/v2/images" -d '{{}}'"""
    )
    done = shell(printed(secure, "curl", ca_file) + create, tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(secure.images) == 1


@needs_curl
def test_curl_without_the_authority(secure: ImsMock, tmp_path: Path) -> None:
    """curl that does not know the authority ends with 60."""
    assert shell(f"curl -sS {secure.url}/v2/images", tmp_path).returncode == 60
    assert len(secure.journal) == 0


# requests


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_requests(secure: ImsMock, ca_file: str, host: str) -> None:
    """A session of requests is one connection over HTTPS, by either name of this machine."""
    url = secure.url.replace("127.0.0.1", host)
    with requests.Session() as session:
        for _ in range(3):
            response = session.get(url, verify=ca_file, timeout=10)
            assert response.json()["versions"][0]["links"][0]["href"] == f"{url}/v2/"
        (pool,) = session.get_adapter(url).poolmanager.pools._container.values()  # type: ignore[attr-defined]
        assert pool.num_connections == 1


def test_requests_without_the_authority(secure: ImsMock) -> None:
    """requests that does not know the authority sends nothing."""
    with pytest.raises(requests.exceptions.SSLError, match=NOT_TRUSTED):
        requests.get(f"{secure.url}/v2/images", headers={"X-Auth-Token": secure.token}, timeout=10)
    assert len(secure.journal) == 0


def test_authority_of_another_mock(secure: ImsMock, ca_file: str) -> None:
    """Each mock has an authority of its own, and no other is any good."""
    with ImsMock(tls=True) as other:
        assert other.ca_pem != secure.ca_pem
        with pytest.raises(requests.exceptions.SSLError, match=NOT_TRUSTED):
            requests.get(other.url, verify=ca_file, timeout=10)


def test_plain_http_is_not_served(secure: ImsMock, ca_file: str) -> None:
    """A client that speaks HTTP without TLS gets no response, and the next client is served all the same."""
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(secure.url.replace("https", "http"), timeout=10)
    assert requests.get(secure.url, verify=ca_file, timeout=10).status_code == 300
