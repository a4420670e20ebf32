"""A fuzzer against the OpenAPI document: every check, and the stateful phase."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ims_mock import ImsMock
from ims_mock.contract import load_contract

CONFIG = """
[[operations]]
include-operation-id = "glance_list_images"
[operations.checks.positive_data_acceptance]
# 400 too: a random marker is the id of no image, which no schema can say.
expected-statuses = ["2xx", "400", "401", "403", "404", "409"]
"""


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    """Examples, coverage, fuzzing and links between operations break no promise of the document."""
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    with ImsMock(auth="strict") as mock:
        command = [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{mock.url}/_ims_mock/openapi.json"),
            *("--phases", "examples,coverage,fuzzing,stateful", "--checks", "all", "--max-examples", "30"),
            *("--header", f"X-Auth-Token: {mock.token}", "--seed", "1", "--no-color"),
        ]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=150, env=os.environ, check=False
        )
        asked = {entry.operation for entry in mock.journal}
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(phase in done.stdout for phase in ("✅ Examples", "✅ Coverage", "✅ Fuzzing", "✅ Stateful"))
    assert set(load_contract().operations) <= asked
