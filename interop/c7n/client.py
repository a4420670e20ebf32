"""Policies of Cloud Custodian for images, run by its command `custodian` in pull mode."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import requests
from huaweicloudsdkims import v2
from huaweicloudsdkims.v2.region.ims_region import ImsRegion
from python_checks import exit_code, fails, refused, works

ims = v2.ImsClient.new_builder().with_region(ImsRegion.value_of("cn-north-4")).build()
PROJECT = os.environ["HUAWEI_PROJECT_ID"]
ALT_PROJECT = "7be1d20c94f34a0d8e5c6b3a2f1e0d9c"


def created(name: str) -> str:
    """Import an image, and return its id."""
    body = v2.QuickImportImageByFileRequestBody(
        name=name, image_url="bucket:disk.zvhd2", min_disk=60, os_version="Ubuntu 14.04 server 64bit"
    )
    job_id = ims.import_image_quick(v2.ImportImageQuickRequest(body)).job_id
    return str(ims.show_job(v2.ShowJobRequest(job_id)).entities.image_id)


def add_aged() -> str:
    """Add an image of long ago by the mock's own API, and return its id."""
    response = requests.post(
        f"{os.environ['IMS_MOCK_URL']}/_ims_mock/images",
        json={"name": "aged", "owner": PROJECT, "created_at": "2020-01-01T00:00:00Z", "__os_type": "Windows"},
        verify=os.environ["IMS_MOCK_CA"] or True,
    )
    response.raise_for_status()
    return str(response.json()["id"])


def names() -> list[str]:
    """Return the names of the project's images."""
    return sorted(image.name for image in ims.list_images(v2.ListImagesRequest(owner=PROJECT)).images)


def members(image_id: str) -> list[str]:
    """Return the statuses of the members of an image."""
    request = v2.GlanceListImageMembersRequest(image_id)
    return [member.status for member in ims.glance_list_image_members(request).members]


def run(*command: str) -> None:
    """Run a command, and raise its messages if a policy fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or "Unable to submit action" in done.stderr:
        raise OSError(done.stderr)


def custodian(policies: dict[str, tuple[list[Any], list[Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Run policies, which are filters and actions by a name, and return the images that each has found."""
    listed = [
        {"name": name, "resource": "huaweicloud.ims", "filters": filters, "actions": actions}
        for name, (filters, actions) in policies.items()
    ]
    Path("policies.json").write_text(json.dumps({"policies": listed}), encoding="utf-8")
    run("venv/bin/python", "custodian.py", "run", "--output-dir", "found", "--cache-period", "0", "policies.json")
    return {name: json.loads(Path("found", name, "resources.json").read_text(encoding="utf-8")) for name in policies}


web, old, aged = created("web"), created("old true"), add_aged()
by_name = [{"type": "value", "key": "name", "value": "web"}]
share = {"type": "set-permissions", "projects": [ALT_PROJECT]}
found = custodian(
    {
        "list": (by_name, []),
        "attribute": ([{"type": "image-attribute", "attribute": "__os_type", "key": "Value", "value": "Linux"}], []),
        "older": ([{"type": "image-age", "op": "gt", "days": 1}], []),
        "newer": ([{"type": "image-age", "op": "le", "days": 1}, {"visibility": "private"}], []),
        "copy": (by_name, [{"type": "copy", "name": "copy", "description": "a copy"}]),
        "share": (by_name, [{**share, "op": "add"}]),
    }
)

with works("list, and filter by a value"):
    (image,) = found["list"]
    assert (image["id"], image["status"], image["min_disk"], image["protected"]) == (web, "active", 60, False)

with works("filter by an attribute and by the age"):
    assert {one["id"] for one in found["attribute"]} == {web, old}
    assert {one["id"] for one in found["older"]} == {aged}
    assert {one["id"] for one in found["newer"]} == {web, old}

with fails(
    "the text of an attribute",
    AssertionError,
    "old True",
    "c7n-huaweicloud 0.1.1 writes True, False and None for true, false and null in the text of a name.",
):
    (listed,) = (one["name"] for one in found["attribute"] if one["id"] == old)
    assert listed == "old true", listed

with works("copy"):
    assert names() == ["aged", "copy", "old true", "web"]

with works("set-permissions, add"):
    assert members(web) == ["pending"]

custodian(
    {
        "unshare": (by_name, [{**share, "op": "remove"}]),
        "deregister": ([{"id": old}], ["deregister"]),
    }
)

with works("set-permissions, remove"):
    assert members(web) == []

with works("deregister"):
    assert names() == ["aged", "copy", "web"]

with refused("deregister a protected image", OSError, "The protected image cannot be deleted"):
    changes = [v2.GlanceUpdateImageRequestBody("replace", "/protected", True)]
    ims.glance_update_image(v2.GlanceUpdateImageRequest(web, changes))
    custodian({"protected": (by_name, ["deregister"])})

with fails(
    "the command custodian, without custodian.py",
    OSError,
    "huaweicloud provider not installed",
    "c7n 0.9.53 does not load the provider c7n-huaweicloud 0.1.1.",
):
    run("venv/bin/custodian", "run", "--output-dir", "found", "policies.json")

raise SystemExit(exit_code())
