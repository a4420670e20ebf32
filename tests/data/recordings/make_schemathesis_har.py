"""Write the archive of Schemathesis: `python -m tests.data.recordings.make_schemathesis_har SCHEMATHESIS`.

pip install schemathesis==4.32.5
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.data.recordings.conversation import HERE, lines_of, servers, written


def main(schemathesis: str) -> None:
    """Let Schemathesis try two operations of the mock, and keep a few entries of each status and type of body."""
    with tempfile.TemporaryDirectory() as folder, servers() as (mock, _):
        archive = Path(folder, "x.har")
        command = [schemathesis, "run", f"{mock.url}/_ims_mock/openapi.json", "--url", mock.url]
        command += ["-H", f"X-Auth-Token: {mock.token}", "--phases", "fuzzing", "--max-examples", "8"]
        command += ["--include-operation-id", "glance_list_images", "--include-operation-id", "glance_upload_image"]
        command += ["--generation-deterministic", "--checks", "not_a_server_error"]
        command += ["--report", "har", "--report-har-path", str(archive)]
        subprocess.run(command, cwd=folder, check=False, stdout=sys.stderr)
        document = json.loads(archive.read_text("utf-8"))
        kept: dict[object, dict[str, object]] = {}
        for entry in document["log"]["entries"]:
            posted = entry["request"].get("postData", {}).get("text", "")
            key = entry["request"]["method"], entry["response"]["status"], "\ufffd" in posted, bool(posted)
            kept.setdefault(key, entry)
        document["log"]["entries"] = list(kept.values())
        ports = {mock.url: "http://127.0.0.1:9292", mock.url.rpartition("/")[2]: "127.0.0.1:9292"}
        written(HERE / "schemathesis" / "fuzzed.har", lines_of(document, "log", "entries"), ports)


main(*sys.argv[1:])
