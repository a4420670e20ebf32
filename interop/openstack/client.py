"""The life of an image with the `openstack` command."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from python_checks import exit_code, refused, works

FILE = os.urandom(100_000)


def openstack(*arguments: str) -> str:
    """Run the command, and return what it prints."""
    done = subprocess.run(["venv/bin/openstack", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.stderr)
    return done.stdout


def shown(*arguments: str) -> Any:
    """Run the command, and return the JSON that it prints."""
    return json.loads(openstack(*arguments, "-f", "json"))


Path("disk.raw").write_bytes(FILE)

with works("image create --file"):
    image = shown("image", "create", "web", "--file", "disk.raw", "--disk-format", "raw", "--min-disk", "40")
    assert image["name"] == "web"

with works("image list"):
    assert shown("image", "list", "--private") == [{"ID": image["id"], "Name": "web", "Status": "active"}]

with works("image set"):
    openstack("image", "set", "web", "--name", "db", "--property", "team=a", "--tag", "web server", "--protected")

with works("image show"):
    one = shown("image", "show", "db")
    assert (one["status"], one["size"], one["min_disk"], one["protected"]) == ("active", len(FILE), 40, True)
    assert (one["tags"], one["properties"]["team"]) == (["web server"], "a")

with works("image save"):
    openstack("image", "save", "db", "--file", "copy.raw")
    assert Path("copy.raw").read_bytes() == FILE

with works("image add project"):
    assert shown("image", "add", "project", image["id"], "alt")["status"] == "pending"

with works("image set --accept, as the other project"):
    openstack("--os-username", "alt", "--os-project-name", "alt", "image", "set", "--accept", image["id"])

with works("image member list"):
    assert [member["Status"] for member in shown("image", "member", "list", image["id"])] == ["accepted"]

with works("image remove project"):
    openstack("image", "remove", "project", image["id"], "alt")
    assert shown("image", "member", "list", image["id"]) == []

with refused("image delete of a protected image", OSError, "The protected image cannot be deleted"):
    openstack("image", "delete", "db")

with works("image unset"):
    openstack("image", "unset", "db", "--property", "team", "--tag", "web server")
    one = shown("image", "show", "db")
    assert one["tags"] == []
    assert "team" not in one["properties"], one["properties"]

with works("image delete"):
    openstack("image", "set", "db", "--unprotected")
    openstack("image", "delete", "db")

with refused("image show of an image that does not exist", OSError, "No Image found for db"):
    openstack("image", "show", "db")

raise SystemExit(exit_code())
