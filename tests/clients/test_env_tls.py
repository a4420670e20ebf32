"""The fixture `ims_mock_env` where the mock serves HTTPS: real clients trust it without a line of their own."""

from __future__ import annotations

import pytest

from ims_mock import ImsMock
from tests.conftest import needs_curl
from tests.test_pytest_plugin import LEAN

CONFTEST = """
import pytest

@pytest.fixture(scope="session")
def ims_mock_tls():
    return True
"""

CLIENTS = """
import os
import subprocess
import sys

import httpx
import openstack
import requests
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkims.v2 import GlanceListImagesRequest, ImsClient

before = os.environ.get("SSL_CERT_FILE"), os.environ.get("REQUESTS_CA_BUNDLE")

def test_clients(ims_mock, ims_mock_env, tmp_path):
    assert ims_mock.url.startswith("https://")
    ims_mock.add_image(name="web")
    headers = {"X-Auth-Token": ims_mock.token}
    with openstack.connect(cloud="ims_mock") as cloud:
        assert [image.name for image in cloud.image.images()] == ["web"]
    with openstack.connect(cloud="envvars") as cloud:
        assert [image.name for image in cloud.image.images()] == ["web"]
    client = ImsClient.new_builder().with_region(Region("cn-north-4", ims_mock.url)).build()
    assert [image.name for image in client.glance_list_images(GlanceListImagesRequest()).images] == ["web"]
    for library in (requests, httpx):
        assert library.get(f"{ims_mock.url}/v2/images", headers=headers).status_code == 200
    command = ["curl", "-sSf", f"{ims_mock.url}/v2/images", "-H", f"X-Auth-Token: {ims_mock.token}"]
    assert b"web" in subprocess.run(command, check=True, capture_output=True).stdout
    openstack_command = "import sys; from openstackclient.shell import main; sys.exit(main())"
    command = [sys.executable, "-c", openstack_command, "image", "list", "-f", "value", "-c", "Name"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "web\\n"

def test_after():
    assert before == (os.environ.get("SSL_CERT_FILE"), os.environ.get("REQUESTS_CA_BUNDLE"))
"""


@needs_curl
@pytest.mark.slow
@pytest.mark.parametrize("way", ["here", "there"])
def test_clients_trust_the_mock(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Clients of OpenStack, Huawei's SDK, requests, httpx and curl trust the authority, until the test ends."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "OS_CACERT", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(CLIENTS)
    # Not in this process, in which a library of TLS would be imported twice.
    if way == "here":
        pytester.makeconftest(CONFTEST)
        result = pytester.runpytest_subprocess(*LEAN, "-p", "no:randomly")
    else:
        with ImsMock(tls=True) as server:
            (pytester.path / "ca.pem").write_bytes(server.ca_pem)
            options = (f"--ims-mock-server={server.url}", "--ims-mock-server-ca=ca.pem")
            result = pytester.runpytest_subprocess(*LEAN, "-p", "no:randomly", *options)
    result.assert_outcomes(passed=2)
