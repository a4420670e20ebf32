#!/bin/sh
# Ansible's module openstack.cloud.image writes an image's own properties again in each run, and reports a change.
#
# Expected: a task whose image is already as it says changes nothing, and reports "changed": false.
# Seen: if the task has `properties`, each run sends a PATCH with the values that the image already has, and reports
#   "changed": true. The module looks for a property among the attributes of openstacksdk's image, which has those that
#   it does not know in `properties`. Properties that openstacksdk knows, such as `os_distro`, are not written again.
# For tests: run a playbook twice and look at the requests of the second run; "changed" is true in any case.
#
# Versions: ansible 12.3.0 (openstack.cloud 2.5.0, ansible-core 2.19.14), openstacksdk 4.14.0. With openstacksdk 4.22.0
#   the module ends in "module 'openstack' has no attribute 'version'". Last run: 2026-11-28.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check ansible==12.3.0 ansible-core==2.19.14 \
    openstacksdk==4.14.0
PATH="$work/venv/bin:$PATH" "$work/venv/bin/python" - <<'END'
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ID = "11111111-2222-4333-8444-555555555555"
IMAGE = {"id": ID, "name": "web", "status": "active", "visibility": "private", "team": "a", "os_distro": "ubuntu"}
changes = []


class Service(BaseHTTPRequestHandler):
    """Has one image, and keeps the changes that it receives."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/v2/images":
            return self.respond(200, {"images": [IMAGE]})
        return self.respond(200, IMAGE) if path == f"/v2/images/{ID}" else self.respond(404, {})

    def do_PATCH(self):
        changes.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.respond(200, IMAGE)

    def respond(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
auth = {"endpoint": f"http://127.0.0.1:{server.server_port}/v2", "token": "any"}
seen = {}
for properties in ({}, {"os_distro": "ubuntu"}, {"team": "a"}):
    arguments = {"name": "web", "properties": properties, "auth_type": "admin_token", "auth": auth}
    command = ["ansible", "localhost", "-m", "openstack.cloud.image", "-a", json.dumps(arguments)]
    variables = ["-e", f"ansible_python_interpreter={sys.executable}"]
    done = subprocess.run([*command, *variables], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"CHANGED: {done.stdout} {done.stderr}")
    result = json.loads("{" + done.stdout.partition(" => {")[2])
    seen[json.dumps(properties)] = (result["changed"], len(changes))
    print(f"properties {properties}: changed is {result['changed']}, and the service received {changes}")
    changes.clear()
server.shutdown()

still = {"{}": (False, 0), '{"os_distro": "ubuntu"}': (False, 0), '{"team": "a"}': (True, 1)}
if seen != still:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}")
print("unchanged")
END
