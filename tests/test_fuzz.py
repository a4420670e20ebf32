"""A fuzzer against the OpenAPI document: every check, and the stateful phase."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ims_mock import ImsMock
from ims_mock.contract.operations import load_contract

OWN = ", ".join(
    f'"{name}"' for name in load_contract().operations if not re.match("glance_|keystone_|.*versions?$", name)
)

# 400 too, where no schema can say what is wrong: a random marker is the id of nothing, an image has its ten tags, June
# has a 31st, a Range has several ranges, an update leaves too many tags, and a project shares with itself. On IMS's own
# API an image or a job that does not exist is 400.
CONFIG = f"""
[[operations]]
include-operation-id = [
    "glance_list_images", "glance_list_image_members", "glance_list_images_detail_v1", "glance_create_tag",
    "glance_download_image", "glance_update_image", "glance_add_image_member", "glance_upload_image",
    "keystone_create_token", {OWN}
]
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "416"]
"""

# What its serialisers lack.
HOOKS = """
import json
import schemathesis

@schemathesis.serializer(
    "application/openstack-images-v2.0-json-patch", "application/openstack-images-v2.1-json-patch"
)
def json_patch(ctx, value):
    return json.dumps(value).encode()
"""


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.parametrize(
    ("phases", "examples"), [("examples,fuzzing", 1), ("fuzzing,stateful", 3), ("coverage,fuzzing", 10)]
)
def test_schemathesis_finds_nothing(tmp_path: Path, phases: str, examples: int) -> None:
    """Examples, coverage, fuzzing and links between operations break no promise of the document."""
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    (tmp_path / "fuzz_hooks.py").write_text(HOOKS)
    environ = {**os.environ, "PYTHONPATH": str(tmp_path), "SCHEMATHESIS_HOOKS": "fuzz_hooks"}
    with ImsMock(auth="strict", journal_size=100_000) as mock:
        command = [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{mock.url}/_ims_mock/openapi.json"),
            *("--phases", phases, "--checks", "all", "--max-examples", str(examples)),
            *("--header", f"X-Auth-Token: {mock.token}", "--seed", "1", "--no-color"),
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environ, check=False)
        asked = {entry.operation for entry in mock.journal}
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"✅ {phase.capitalize()}" in done.stdout for phase in phases.split(","))
    assert set(load_contract().operations) <= asked
