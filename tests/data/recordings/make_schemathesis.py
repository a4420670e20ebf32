"""Records schemathesis/*.yaml: `pip install schemathesis==4.32.5`, and run it with `python` beside `schemathesis`.

Of each report it keeps the interactions that differ in kind, letter by letter as Schemathesis has written them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from ims_mock import Hangup, ImsMock

FOLDER = Path(__file__).parent / "schemathesis"
SETTINGS = "[output.truncation]\nmax-recorded-payload-size = 100\n"
OPERATIONS = ("glance_list_images", "glance_upload_image", "copy_image_in_region", "glance_show_image")
COMMAND = [
    *("--phases", "fuzzing", "--max-examples", "12", "--generation-deterministic"),
    *("--checks", "not_a_server_error", "--report", "vcr", "--report-vcr-path", "report.yaml"),
]


def kind_of(interaction: dict[str, Any]) -> tuple[Any, ...]:
    """Return in what an interaction differs from others."""
    request, response = interaction["request"], interaction["response"]
    return (
        *(request["method"], interaction["generation"]["mode"], "body" in request, "[Filtered]" in request["uri"]),
        *(response and (response["status"]["code"], "truncated_from" in response),),
        "\ufffd" in str(request.get("body")),
        "%5BFiltered%5D" in request["uri"],
    )


def run(name: str, *flags: str) -> None:
    """Write one report."""
    with tempfile.TemporaryDirectory() as folder, ImsMock() as mock:
        for _ in range(3):
            mock.add_image()
        mock.faults.add(Hangup(), operation="glance_show_image")
        Path(folder, "schemathesis.toml").write_text(SETTINGS)
        url = mock.url.replace("://", "://somebody:secret@")
        command = ["run", f"{mock.url}/_ims_mock/openapi.json", "--url", url, "-H", f"X-Auth-Token: {mock.token}"]
        operations = [part for name in OPERATIONS for part in ("--include-operation-id", name)]
        schemathesis = Path(sys.executable).with_name("schemathesis")
        subprocess.run([schemathesis, *command, *operations, *COMMAND, *flags], cwd=folder, check=False)
        text = Path(folder, "report.yaml").read_text("utf-8").replace(mock.url.partition("//")[2], "127.0.0.1:9292")
    head, *entries = text.split("\n- id: ")
    kept = {kind_of(yaml.safe_load(f"- id: {entry}")[0]): entry for entry in reversed(entries)}
    lines = [line for line in head.splitlines() if not line.startswith("command:")]
    chosen = [entry for entry in entries if entry in kept.values()]
    written = "\n- id: ".join(["command: 'schemathesis run'\n" + "\n".join(lines), *chosen])
    (FOLDER / f"{name}.yaml").write_text(written.rstrip("\n") + "\n", "utf-8")


run("vcr")
run("vcr_bytes", "--report-preserve-bytes")
