"""`--world`: other mocks on the port of the command, and what points a client at one of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from ims_mock import ImsMock
from ims_mock.command.healthcheck import regions_of
from tests.command.test_cli import run
from tests.command.test_process import HEADERS, running

SDK = """
import warnings
warnings.simplefilter("ignore")
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkims.v2 import GlanceListImagesRequest, ImsClient
import os
url = os.environ["HUAWEICLOUD_SDK_IAM_ENDPOINT"]
client = ImsClient.new_builder().with_region(Region("cn-north-4", url)).build()
print([image.name for image in client.glance_list_images(GlanceListImagesRequest()).images])
"""


@pytest.mark.slow
def test_worlds_of_a_command(tmp_path: Path) -> None:
    """Worlds are there from the start, with the settings of their files, and stay; `env` points the SDK at one."""
    file = tmp_path / "team-a.json"
    file.write_text(json.dumps({"auth": "strict"}))
    with running("--world", f"team-a={file}", "--world", "b", "--max-worlds", "3", "--max-memory", "1GiB") as (_, url):
        worlds = requests.get(f"{url}/_ims_mock/worlds", timeout=10).json()["worlds"]
        assert [(world["name"], world["locked"]) for world in worlds] == [
            ("default", True),
            ("team-a", True),
            ("b", True),
        ]
        assert requests.get(f"{url}/~b/v2/images", headers=HEADERS, timeout=10).status_code == 200
        assert requests.get(f"{url}/~team-a/v2/images", headers=HEADERS, timeout=10).status_code == 401
        assert requests.get(f"{url}/~c/v2/images", headers=HEADERS, timeout=10).status_code == 503
        requests.post(f"{url}/~team-a/_ims_mock/images", json={"name": "web"}, timeout=10).raise_for_status()
        shown = run("env", "sdk", "--url", f"{url}/~team-a").stdout
        variables = dict(re.findall("export ([A-Z_]+)='?([^'\n]*)'?", shown))
        assert variables["HUAWEICLOUD_SDK_AK"] == "demo-team-a-ak"
        asked = subprocess.run(
            [sys.executable, "-c", SDK], env={**os.environ, **variables}, capture_output=True, text=True, check=True
        )
        assert asked.stdout == "['web']\n"


@pytest.mark.slow
def test_regions_of_a_command() -> None:
    """The regions of a command have any names, the first of which is the region."""
    with running("--regions", "p", "--regions", "q") as (_, url):
        settings = requests.get(f"{url}/_ims_mock/settings", timeout=10).json()
        assert (settings["region"], settings["regions"]) == ("p", ["p", "q"])


def test_environment_of_a_region() -> None:
    """`env` has the region that a URL names, with its project; the access key is that of the world."""
    with ImsMock(regions=["cn-north-4", "cn-south-1"]) as mock:
        mock.world("backup")
        for path, region, key in (
            ("", "cn-north-4", "demo-ak"),
            ("/~cn-south-1", "cn-south-1", "demo-ak"),
            ("/~cn-north-4", "cn-north-4", "demo-ak"),
            ("/~backup", "cn-north-4", "demo-backup-ak"),
            ("/~backup/~cn-south-1", "cn-south-1", "demo-backup-ak"),
        ):
            name = "demo" if region == "cn-north-4" else region
            shown = run("env", "openstack", "--url", mock.url + path).stdout
            # With a name of a region in the URL there is one; else the client chooses one of all.
            assert (f"export OS_REGION_NAME={region}\n" in shown) == path.endswith(("/~cn-south-1", "/~cn-north-4"))
            assert f"export OS_PROJECT_NAME={name}\n" in shown
            shown = run("env", "sdk", "--url", mock.url + path).stdout
            assert f"export HUAWEICLOUD_SDK_PROJECT_ID={mock.accounts.projects[name].id}\n" in shown
            assert f"export HUAWEICLOUD_SDK_AK={key}\n" in shown
            assert f"_REGION_IMS_{region.upper().replace('-', '_')}=" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--world", "Team"), "argument --world: must be NAME or NAME=FILE"),
        (("--world", "a=missing.json"), "--world a=missing.json: cannot read missing.json"),
        (("--world", "a", "--world", "a"), "--world a: the world a exists"),
        (("--world", "default"), "--world default: the world default exists"),
        (("--max-worlds", "0"), "argument --max-worlds: must be at least 1"),
        (("--max-worlds", "1", "--world", "a"), "--world a: the default world is the only one that there may be"),
        (("--max-memory", "2XB"), "argument --max-memory: must be a size, such as 512MiB or 2GiB"),
        (("--max-memory", "1048575"), "argument --max-memory: must be at least 1MiB, got 1048575"),
        (("--max-memory", "1kB"), '--max-memory: must be at least 1MiB, got "1kB"'),
        (("--world-idle", "0"), "argument --world-idle: must be more than 0"),
        (("--world-idle", "1e400"), "argument --world-idle: must be at most 1000000000"),
    ],
)
def test_wrong_worlds(arguments: tuple[str, ...], message: str) -> None:
    """What cannot be a world is refused before the mock serves, with the option that has it."""
    ended = run(*arguments, "--port", "0")
    assert ended.returncode == 2
    assert message in ended.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "must have an object with settings"),
        *((f'{{"{name}": 1}}', f"no setting '{name}'") for name in ("name", "locked", "self", "idle")),
        ('{"auht": "off"}', "no setting 'auht'"),
        ("{", "is not JSON"),
    ],
)
def test_wrong_settings_of_a_world(tmp_path: Path, text: str, message: str) -> None:
    """A file that has no settings is refused, with its name."""
    file = tmp_path / "a.json"
    file.write_text(text)
    ended = run("--world", f"a={file}", "--port", "0")
    assert ended.returncode == 2
    assert f"--world a={file}: " in ended.stderr
    assert message in ended.stderr


def test_env_with_the_regions_of_a_mock(tmp_path: Path) -> None:
    """`env` takes the regions from options, the variable or the config file; its default region is the first one."""
    config = tmp_path / "mock.toml"
    config.write_text('regions = ["eu-de", "eu-nl"]\n')
    nobody = ("--url", "http://127.0.0.1:1")
    for options, variables in (
        (("--regions", "eu-de", "--regions", "eu-nl"), {}),
        (("--config", str(config)), {}),
        ((), {"IMS_MOCK_REGIONS": "eu-de;eu-nl"}),
    ):
        printed = run("env", "openstack", *nobody, *options, **variables).stdout
        assert "OS_REGION_NAME" not in printed
        assert printed.index('"eu-de"') < printed.index('"eu-nl"')
        assert "HUAWEICLOUD_SDK_REGION_IMS_EU_DE=" in run("env", "sdk", *nobody, *options, **variables).stdout


@pytest.mark.parametrize(
    ("path", "first", "exported"),
    [
        ("", "eu-de", []),
        ("/~two", "P", []),
        ("/~new", "eu-de", []),
        ("/~eu-nl", "eu-nl", ["eu-nl"]),
        ("/~two/~Q", "Q", ["Q"]),
    ],
)
def test_env_asks_a_mock_for_its_regions(path: str, first: str, exported: list[str]) -> None:
    """Without `--regions`, `env` asks the mock, also for those of a world; the URL of a region sets that region."""
    with ImsMock(regions=["eu-de", "eu-nl"]) as mock:
        mock.world("two", regions=["P", "Q"])
        printed = run("env", "openstack", "--url", mock.url + path).stdout
        assert re.findall("OS_REGION_NAME=(.*)", printed) == exported
        assert f'  region      = "{first}"\n' in run("env", "otc", "--url", mock.url + path).stdout


def test_env_rejects_a_region_that_is_not_the_first() -> None:
    """A `--region` that the mock does not have first is an error that names the first one."""
    with ImsMock(regions=["eu-de", "eu-nl"]) as mock:
        done = run("env", "openstack", "--url", mock.url, "--region", "eu-nl")
    assert (done.returncode, done.stdout) == (2, "")
    assert "must be the first of the regions, eu-de, or left out" in done.stderr


@pytest.mark.parametrize("body", [b"[]", b'{"regions": 5}', b'{"regions": [null]}'])
def test_regions_of_what_is_no_mock(body: bytes) -> None:
    """What listens at a URL and is no mock has no regions, whatever JSON it responds with."""
    assert regions_of("default", lambda _path: (200, body)) == []
