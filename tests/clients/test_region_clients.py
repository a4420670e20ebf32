"""Tests of real clients with two regions of one mock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import glanceclient
import openstack
import pytest
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkims.v2 import (
    GlanceCreateImageMetadataRequest,
    GlanceCreateImageMetadataRequestBody,
    GlanceListImagesRequest,
    ImsClient,
)
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

from ims_mock import ImsMock, SystemClock

pytestmark = [
    pytest.mark.filterwarnings("ignore:Method 'glance_:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning"),
]

NAMES = ["cn-north-4", "cn-south-1"]


@pytest.fixture
def cloud() -> Iterator[ImsMock]:
    """Start a strict mock with two regions."""
    with ImsMock(regions=NAMES, auth="strict", clock=SystemClock()) as mock:
        yield mock


def project_of(mock: ImsMock, region: str) -> str:
    """Return the id of the project that has the name of a region, as a client asks for it."""
    headers = {"X-Auth-Token": mock.token}
    response = requests.get(f"{mock.url}/v3/projects", params={"name": region}, headers=headers, timeout=10)
    [project] = response.json()["projects"]
    return str(project["id"])


def test_openstacksdk(cloud: ImsMock) -> None:
    """The SDK of OpenStack reaches the region of its region_name."""
    for region in NAMES:
        connection = openstack.connect(
            auth_url=f"{cloud.url}/v3",
            username="demo",
            password="secret",
            project_name=region,
            region_name=region,
            user_domain_id="default",
            project_domain_id="default",
            load_yaml_config=False,
            load_envvars=False,
        )
        connection.image.create_image(region, allow_duplicates=True)
        assert [image.name for image in connection.image.images()] == [region]
        connection.close()
    assert {name: len(region.images) for name, region in cloud.regions.items()} == dict.fromkeys(NAMES, 1)


def test_glanceclient(cloud: ImsMock) -> None:
    """glanceclient finds the region of its region_name in the catalogue."""
    names: Any = {"username": "demo", "password": "secret", "user_domain_id": "default", "project_domain_id": "default"}
    for region in NAMES:
        auth = Password(f"{cloud.url}/v3", project_name=region, **names)
        client = glanceclient.Client("2", session=Session(auth), region_name=region)
        client.images.create(name=region)
        assert [image["name"] for image in client.images.list()] == [region]
    assert {name: len(region.images) for name, region in cloud.regions.items()} == dict.fromkeys(NAMES, 1)


def test_openstackclient(cloud: ImsMock) -> None:
    """The command of OpenStack reaches the region of --os-region-name."""
    cloud.region("cn-south-1").add_image(name="south", owner=cloud.project_id)
    command = [sys.executable, "-m", "openstackclient.shell", "--os-region-name", "cn-south-1"]
    names = {"username": "demo", "password": "secret", "project_name": "demo"}
    given = {"auth_url": f"{cloud.url}/v3", **names, "user_domain_id": "default", "project_domain_id": "default"}
    variables = {f"OS_{name.upper()}": value for name, value in given.items()}
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    command += ["image", "list", "-f", "value", "-c", "Name"]
    run = subprocess.run(command, env={**environ, **variables}, capture_output=True, text=True, check=False)
    assert (run.stdout, run.returncode) == ("south\n", 0), run.stderr


def test_huawei_sdk(cloud: ImsMock) -> None:
    """The SDK of Huawei Cloud, which drops the path of an endpoint, reaches the region of its project."""
    for region in NAMES:
        user = cloud.accounts.users["demo"]
        credentials = BasicCredentials(user.access, user.secret, project_of(cloud, region))
        client = ImsClient.new_builder().with_credentials(credentials).with_endpoint(cloud.url).build()
        body = GlanceCreateImageMetadataRequestBody(name=region)
        client.glance_create_image_metadata(GlanceCreateImageMetadataRequest(body=body))
        assert [image.name for image in client.glance_list_images(GlanceListImagesRequest()).images] == [region]
    assert {name: len(region.images) for name, region in cloud.regions.items()} == dict.fromkeys(NAMES, 1)
