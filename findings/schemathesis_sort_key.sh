#!/bin/sh
# Schemathesis hides the value of the query parameter `sort_key` in its recordings, as if it were a secret.
#
# Expected: a VCR or HAR report has each request as it was sent, but for credentials: `?sort_key=name` of a list is in it.
# Seen: the value of `sort_key` is "[Filtered]" in the URI of both reports, and that of `sort_dir` and `limit` is there.
#   The request itself had the value. A name is taken for a secret if it has "key", "token", "auth" and the like in it.
# For tests: a checker of recordings finds a parameter that is out of its enum, and a replay asks for an order that does
#   not exist. Pass over the values "[Filtered]", or record with sanitization turned off.
#
# Versions: schemathesis 4.32.5. Last run: 2026-11-27.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5
"$work/venv/bin/python" - "$work" <<'END'
import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

work = Path(sys.argv[1])
received = []


class Service(BaseHTTPRequestHandler):
    """Lists nothing."""

    def do_GET(self):
        received.append(parse_qs(urlsplit(self.path).query))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


parameters = [
    {"name": name, "in": "query", "required": True, "schema": {"type": "string", "enum": [value]}}
    for name, value in {"sort_key": "name", "sort_dir": "asc", "limit": "25"}.items()
]
operation = {"parameters": parameters, "responses": {"200": {"description": "a page"}}}
document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/images": {"get": operation}}}
(work / "openapi.json").write_text(json.dumps(document))
server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
command = [Path(sys.executable).with_name("schemathesis"), "run", "openapi.json", "--mode", "positive"]
command += ["--url", f"http://127.0.0.1:{server.server_port}", "--phases", "fuzzing", "--max-examples", "1"]
command += ["--generation-deterministic", "--checks", "not_a_server_error"]
command += ["--report", "vcr,har", "--report-vcr-path", "vcr.yaml", "--report-har-path", "all.har"]
subprocess.run(command, cwd=work, check=True, capture_output=True)
server.shutdown()


def values(text):
    """Return the values of the parameters in the first recorded URL."""
    url = unquote(re.search(r"http://127\.0\.0\.1:\d+/images\?[^\s\"']+", text)[0])
    return {name: found[0] for name, found in parse_qs(urlsplit(url).query).items()}


sent = {name: found[0] for name, found in received[-1].items()}
seen = {"sent": sent, "vcr": values((work / "vcr.yaml").read_text()), "har": values((work / "all.har").read_text())}
for name, found in seen.items():
    print(f"{name}: {found}")
good, hidden = {"sort_key": "name", "sort_dir": "asc", "limit": "25"}, {"sort_dir": "asc", "limit": "25"}
still = {"sent": good, "vcr": {**hidden, "sort_key": "[Filtered]"}, "har": {**hidden, "sort_key": "[Filtered]"}}
if seen != still:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}")
print("unchanged")
END
