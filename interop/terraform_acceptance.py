"""Run the acceptance tests of Huawei Cloud's Terraform provider, unchanged, through `ims-mock proxy`.

The working folder has in bin/ the compiled tests, and Terraform, because their library does not know OpenTofu. Its file
`expected.json` names what is run: the tests that need nothing but the services of the mock, and those that need more.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from terraform import VARIABLES, control, proxy

SHARED = "aaaaaaaa-0000-4000-8000-000000000001"
WITHOUT_FILE = "aaaaaaaa-0000-4000-8000-000000000002"
AT_ONCE = "8"


def main() -> int:
    """Run the tests, and print a line of JSON for each."""
    expected = json.loads(Path("expected.json").read_text())
    known = run("-test.list", ".").split()
    with proxy("--auth", "strict", "--public-images"):
        add_images()
        output = run("-test.v", "-test.parallel", AT_ONCE, "-test.run", f"^({'|'.join(expected['run'])})$")
    results = {name: result for result, name in re.findall(r"^--- (PASS|FAIL|SKIP): (\S+)", output, re.M)}
    broken = [name for name in expected["run"] if results.get(name) != "PASS"]
    for name in expected["run"]:
        note = {"note": reason_of(output, name)} if name in broken else {}
        print(json.dumps({"check": name, "outcome": "broken" if note else "works", **note}))
    left = sorted({name for name in known if name.startswith("Test")} - {*expected["run"], *expected["need more"]})
    if left:
        print(json.dumps({"check": "every test is named", "outcome": "broken", "note": ", ".join(left)}))
    return int(bool(broken or left))


def run(*arguments: str) -> str:
    """Run the compiled tests, and return what they print."""
    done = subprocess.run(["bin/ims.test", *arguments], env=environ(), stdout=subprocess.PIPE, text=True)
    sys.stderr.write(done.stdout)
    return done.stdout


def environ() -> dict[str, str]:
    """Return the variables that the tests read: https://developer.hashicorp.com/terraform/plugin/sdkv2/testing"""
    return {
        **os.environ,
        **VARIABLES,
        "TF_ACC": "1",
        "TF_ACC_TERRAFORM_PATH": str(Path("bin/terraform").resolve()),
        "TF_CLI_CONFIG_FILE": os.devnull,
        "CHECKPOINT_DISABLE": "1",
        "HW_ENTERPRISE_PROJECT_ID_TEST": "66666666-6666-4666-8666-666666666666",
        # One test makes an image quickly, for which the file has to be RAW or ZVHD2.
        "HW_IMS_IMAGE_URL": "images:ubuntu.zvhd2",
        "HW_IMS_IMAGE_METADATA_ID": WITHOUT_FILE,
        "HW_IMAGE_SHARE_SOURCE_IMAGE_ID": SHARED,
    }


def add_images() -> None:
    """Add what the tests expect in their account: an image that is shared, one without a file, and one with a tag."""
    ids = {project["name"]: project["id"] for project in control("GET", "accounts")["projects"]}
    shared = {"id": SHARED, "name": "shared", "owner": ids["alt"], "members": {ids["demo"]: "pending"}}
    without_file = {"id": WITHOUT_FILE, "name": "without a file", "status": "queued"}
    for image in (shared, without_file, {"name": "tagged", "tags": ["team=web"]}):
        control("POST", "images", image)


def reason_of(output: str, name: str) -> str:
    """Return what the output says about a test that did not pass: the lines under its name."""
    parts = re.split(r"^=== NAME  (\S+)\n", output, flags=re.M)
    own = [text for title, text in zip(parts[1::2], parts[2::2], strict=True) if title == name]
    return "".join(own)[:3000] or "it did not run"


if __name__ == "__main__":
    sys.exit(main())
