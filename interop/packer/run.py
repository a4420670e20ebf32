"""Run Packer with its plugin for OpenStack: it logs in, and then needs a compute service, which the mock lacks."""

import json
import os
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

NO_COMPUTE = "No suitable endpoint could be found in the service catalog"


def packer(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Packer, with the plugins of this folder alone."""
    environ = {**os.environ, "PACKER_PLUGIN_PATH": str(Path.cwd() / "plugins"), "CHECKPOINT_DISABLE": "1"}
    return subprocess.run(
        ["bin/packer", *arguments], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def report(check: str, problem: str, outcome: str = "works", note: str = "") -> bool:
    """Print the outcome of a check, which is broken if there is a problem, and return whether it is."""
    row = {"check": check, "outcome": "broken" if problem else outcome, "note": problem or note}
    print(json.dumps({name: value for name, value in row.items() if value}), flush=True)
    return bool(problem)


def log_ins() -> int:
    """Return how many log-ins the mock has accepted."""
    trust = ssl.create_default_context(cafile=os.environ["IMS_MOCK_CA"] or None)
    with urllib.request.urlopen(f"{os.environ['IMS_MOCK_URL']}/_ims_mock/journal", context=trust) as response:
        entries = json.load(response)["entries"]
    return sum(entry["operation"] == "keystone_create_token" and entry["status"] == 201 for entry in entries)


def main() -> int:
    """Install the plugin, and build an image as far as that goes."""
    done = packer("plugins", "install", "--path", "bin/packer-plugin-openstack", "github.com/hashicorp/openstack")
    is_broken = report("install the plugin", done.stderr if done.returncode else "")
    done = packer("validate", "openstack.pkr.hcl")
    problem = done.stdout + done.stderr if done.returncode else "" if log_ins() else "it did not log in"
    is_broken |= report("log in and validate the template", problem)
    done = packer("build", "openstack.pkr.hcl")
    shown = done.stdout + done.stderr
    problem = "" if done.returncode and NO_COMPUTE in shown else shown[-2000:]
    note = f"{NO_COMPUTE}: the builder first asks for a flavor, and the mock has no compute service"
    is_broken |= report("build an image", problem, "refused", note)
    return int(is_broken)


if __name__ == "__main__":
    sys.exit(main())
