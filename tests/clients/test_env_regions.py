"""What `ims-mock env` prints for a region leads real clients there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ims_mock import ImsMock
from tests.conftest import needs_curl

SDK = """
import os
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkims.v2 import GlanceListImagesRequest, ImsClient
region = Region("cn-south-1", os.environ["HUAWEICLOUD_SDK_REGION_IMS_CN_SOUTH_1"])
client = ImsClient.new_builder().with_region(region).build()
print([image.name for image in client.glance_list_images(GlanceListImagesRequest()).images])
"""

LISTS = {
    "curl": 'curl -sS -H "X-Auth-Token: $IMS_TOKEN" "$IMS_URL/v2/images"',
    "openstack": "openstack image list -f value -c Name",
    "sdk": f"python -W ignore -c '{SDK}'",
}
"""How each client lists the images."""


@needs_curl
@pytest.mark.slow
@pytest.mark.parametrize("client", LISTS)
def test_printed_settings_of_a_region(client: str, tmp_path: Path) -> None:
    """Each client logs in at the region, where every credential is verified, and sees its images."""
    with ImsMock(auth="strict", regions=["cn-north-4", "cn-south-1"]) as mock:
        south = mock.region("cn-south-1")
        south.add_image(name="web")
        mock.clock.run()
        command = [sys.executable, "-m", "ims_mock", "env", client, "--url", south.url]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "HOME": str(tmp_path), "PATH": path}
        script = ["bash", "-c", f"{printed}\n{LISTS[client]}"]
        done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
        assert "web" in done.stdout, done.stderr
        assert {entry.operation for entry in mock.journal} == set()


@pytest.mark.slow
@pytest.mark.parametrize("given", [["--url", "URL"], ["--url", "URL", "--regions", "eu-de", "--regions", "eu-nl"]])
def test_printed_settings_of_openstack_choose_a_region(given: list[str], tmp_path: Path) -> None:
    """With what `env` prints, the command and the SDK of OpenStack choose each region, the first one without a name."""
    with ImsMock(auth="strict", regions=["eu-de", "eu-nl"]) as mock:
        mock.add_image(name="first")
        mock.region("eu-nl").add_image(name="second", owner=mock.project_id)
        mock.clock.run()
        command = [sys.executable, "-m", "ims_mock", "env", "openstack"]
        command += [mock.url if word == "URL" else word for word in given]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "HOME": str(tmp_path), "PATH": path}
        clouds = "".join(line[4:] + "\n" for line in printed.splitlines() if line.startswith("#   "))
        (tmp_path / "clouds.yaml").write_text(clouds, "utf-8")
        script = printed
        for choice in ("", "--os-region-name eu-nl", "--os-cloud ims_mock --os-region-name eu-nl"):
            script += f"\nopenstack {choice} image list -f value -c Name"
        done = subprocess.run(
            ["bash", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.stdout.split() == ["first", "second", "second"], done.stderr


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated")
@pytest.mark.usefixtures("ims_mock_env")
@pytest.mark.ims_mock(regions=["cn-north-4", "cn-south-1"], auth="strict")
def test_cloud_of_the_fixture_has_each_region(ims_mock: ImsMock) -> None:
    """With `ims_mock_env`, openstacksdk takes each region by its name, and the first one without a name."""
    import openstack

    ims_mock.add_image(name="north")
    ims_mock.region("cn-south-1").add_image(name="south", owner=ims_mock.project_id)
    for region, name in ((None, "north"), ("cn-north-4", "north"), ("cn-south-1", "south")):
        for key in ("ims_mock", None):
            with openstack.connect(cloud=key, region_name=region) as cloud:
                assert [image.name for image in cloud.image.images()] == [name]
